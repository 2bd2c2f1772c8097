"""When and where an account is posted to, on its form: time zone and posting times, where it is ticked by default, and
what becomes of its posts when their page goes."""

from __future__ import annotations

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.models import get_page_models

from wagtail_syndicate.admin.page_form import has_panel
from wagtail_syndicate.admin.posting_times import slots_field, zone_field


COLUMNS = ("time_zone", "slots", "on_unpublish", "default_section", "default_page_types")


class HabitsFormMixin:
    """The part of an account's form that is about when and where. What a form does not hold is left as it is."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["time_zone"] = zone_field()
        self.fields["slots"] = slots_field()
        self.fields["default_page_types"] = forms.MultipleChoiceField(
            label=_("Only on these page types"),
            required=False,
            choices=page_type_choices(self.instance.default_page_types),
            widget=forms.CheckboxSelectMultiple,
            help_text=_("Tick it by default on pages of these types only. None ticked: on pages of every type."),
        )

        if "on_unpublish" in self.fields:
            self.fields["on_unpublish"].required = False  # forms of scripts know nothing of it

    def clean(self):
        cleaned = super().clean()
        for name in COLUMNS:
            # Checkboxes that are not ticked are not sent; they go with the rest of the form.
            sent = "time_zone" if name == "default_page_types" else name
            if name in cleaned and self._is_not_sent(sent):
                cleaned[name] = getattr(self.instance, name)
        if "on_unpublish" in cleaned:
            cleaned["on_unpublish"] = cleaned["on_unpublish"] or self.instance.on_unpublish
        return cleaned

    def _is_not_sent(self, name: str) -> bool:
        field = self.fields.get(name)
        return field is None or field.widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))


def page_type_choices(kept=()) -> list[tuple[str, str]]:
    """The page types that have the panel, and those of ``kept`` that the site knows no more, by name."""
    known = {
        model._meta.label_lower: capfirst(model.get_verbose_name())
        for model in get_page_models()
        if not model._meta.abstract and model.is_creatable and has_panel(model)
    }
    gone = {label: label for label in kept if label not in known}
    return sorted({**known, **gone}.items(), key=lambda choice: str(choice[1]).casefold())


def times_panel() -> MultiFieldPanel:
    """The section about when the account posts."""
    return MultiFieldPanel([FieldPanel("time_zone"), FieldPanel("slots")], heading=_("When it posts"))


def use_panels() -> list[FieldPanel]:
    """What stands beside the other switches of how the account is used."""
    return [FieldPanel("default_section"), FieldPanel("default_page_types"), FieldPanel("on_unpublish")]
