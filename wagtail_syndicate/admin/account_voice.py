"""How an account speaks, on its form: the shape of its posts, words that stand in all of them, tracking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, Panel
from wagtail.admin.staticfiles import versioned_static
from wagtail.models import Locale

from wagtail_syndicate.backends import registry
from wagtail_syndicate.compose.frame import own_words
from wagtail_syndicate.compose.message import forbids_hashes
from wagtail_syndicate.compose.text import one_line


COLUMNS = ("template", "fixed_words", "tracking", "key_phrases")
PLACES = {"before": _("Before the text"), "after": _("After the text")}
SHARE = 3  # fixed words before, the text, fixed words after


class Spoken(NamedTuple):
    """A language that an account may speak; ``code`` is "" for all that have no words of their own."""

    code: str
    label: str
    locale: int | None = None


class VoiceFormMixin:
    """The part of an account's form that is about how it speaks. What a form does not hold is left as it is."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.spoken = list(languages(self.instance))
        for language in self.spoken:
            words = self.instance.fixed_words.get(language.code, {})
            for place, label in PLACES.items():
                self.fields[name_of(language, place)] = forms.CharField(
                    label=label,
                    required=False,
                    initial=words.get(place, ""),
                    widget=forms.TextInput(attrs={"lang": language.code, "dir": "auto"} if language.code else {}),
                )

    def clean(self):
        cleaned = super().clean()
        for name in COLUMNS:
            # A checkbox that is not ticked is not sent either; it goes with the rest of its section.
            sent = "template" if name == "key_phrases" else name
            if name in cleaned and self._is_missing(sent):
                cleaned[name] = getattr(self.instance, name)
        if network := cleaned.get("network") or self.instance.network:
            self._check_words(registry.get(network)(self.instance.public_connection), cleaned)
        return cleaned

    def fixed_words(self) -> dict[str, dict[str, str]]:
        """The words for every language that has any, as the account keeps them."""
        found = {code: dict(words) for code, words in self.instance.fixed_words.items()}
        for language, place, name in self._inputs():
            if not self._is_missing(name):
                found.setdefault(language.code, {})[place] = one_line(self.cleaned_data[name])
        kept = {code: {place: text for place, text in words.items() if text} for code, words in found.items()}
        return {code: words for code, words in kept.items() if words}

    def _check_words(self, backend, cleaned) -> None:
        limits = backend.get_limits()
        limit = min(limits.length, limits.length_with(1))
        most = limit // SHARE
        texts = {name: one_line(cleaned.get(name) or "") for _language, _place, name in self._inputs()}
        texts["template"] = own_words(cleaned.get("template") or "")
        for name, text in texts.items():
            length = limits.count(text)
            if length > most:
                message = gettext(
                    "These words take %(length)d of the %(limit)d that a post at %(network)s may have. Shorten them "
                    "to %(most)d at most, so that there is room for what it says."
                )
                values = {"length": length, "limit": limit, "network": backend.label, "most": most}
                self.add_error(name, ValidationError(message % values))
            elif forbids_hashes(backend.style) and ("#" in text or "＃" in text):
                message = gettext("%(network)s refuses posts with number signs. Leave them out.")
                self.add_error(name, ValidationError(message % {"network": backend.label}))

    def _inputs(self) -> Iterator[tuple[Spoken, str, str]]:
        for language in self.spoken:
            for place in PLACES:
                yield language, place, name_of(language, place)

    def _is_missing(self, name: str) -> bool:
        field = self.fields.get(name)
        return field is None or field.widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))


def name_of(language: Spoken, place: str) -> str:
    """The name of the form field for the words at one place in a language."""
    return f"words-{language.code}-{place}"


def languages(account) -> Iterator[Spoken]:
    """The languages that words can be given for: those of the site's content, and the rest."""
    locales = list(Locale.objects.all())
    codes = {locale.language_code for locale in locales}
    gone = [code for code in account.fixed_words if code and code not in codes]
    if len(locales) < 2 and not gone and not codes & account.fixed_words.keys():
        yield Spoken("", gettext("In every post"))
        return
    for locale in locales:
        yield Spoken(locale.language_code, str(locale), locale.pk)
    for code in gone:
        yield Spoken(code, code)
    yield Spoken("", gettext("In all other languages"))


class WordsPanel(Panel):
    """Two inputs for each language."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_syndicate/accounts/words.html"

        @property
        def media(self):
            return forms.Media(css={"all": [versioned_static("wagtail_syndicate/css/accounts.css")]})

        @property
        def rows(self):
            """Each language with its fields, and the attributes that show it while the account is meant for it."""
            for language in self.form.spoken:
                fields = [self.form[name_of(language, place)] for place in PLACES]
                yield language.label, fields, self._shown_for(language, any(field.errors for field in fields))

        def _shown_for(self, language: Spoken, has_errors: bool) -> dict[str, str]:
            if language.locale is None or has_errors or "locales" not in self.form.fields:
                return {}
            rules = [["locales", []], ["locales", [str(language.locale)]]]
            return {"data-w-rules-target": "show", "data-w-rules": json.dumps(rules), "data-w-rules-match": "any"}


class VoicePanel(MultiFieldPanel):
    """Folded away while there is nothing in it."""

    class BoundPanel(MultiFieldPanel.BoundPanel):
        def classes(self):
            is_empty = not any(getattr(self.instance, name) for name in COLUMNS)
            return [*super().classes(), *(["collapsed"] if is_empty and not self.form.is_bound else [])]


def voice_panel() -> VoicePanel:
    """The section of an account's form that is about how it speaks."""
    return VoicePanel(
        [
            FieldPanel("template"),
            WordsPanel(heading=_("Words that stand in every post")),
            FieldPanel("tracking"),
            FieldPanel("key_phrases"),
        ],
        heading=_("How the account speaks"),
    )
