"""The form for the keys of one app."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from wagtail_syndicate.accounts import app_keys
from wagtail_syndicate.models import OAuthApp


class KeysForm(forms.Form):
    """The keys of one app. The first is its id and shown; the others are secret and only ever go in."""

    def __init__(self, *args, method, row: OAuthApp | None, kept: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.row, self.kept = row, kept
        self.names = app_keys.names_of(method)
        labels = (*getattr(method, "key_labels", ()), *self.names[len(getattr(method, "key_labels", ())) :])
        for name, label in zip(self.names, labels, strict=True):
            self.fields[name] = self._field(name, label, secret=name != self.names[0])

    def _field(self, name: str, label: str, secret: bool) -> forms.Field:
        attrs = {"autocomplete": "off", "spellcheck": "false"}
        if not secret:
            initial = self.row.client_id if self.row else ""
            return forms.CharField(label=label, max_length=255, initial=initial, widget=forms.TextInput(attrs=attrs))
        widget = forms.PasswordInput(attrs={**attrs, "autocomplete": "new-password"})
        kept = _("It is stored and never shown. Leave this empty to keep it.") if self.kept else ""
        return forms.CharField(label=label, max_length=4096, required=not self.kept, help_text=kept, widget=widget)

    @sensitive_variables()
    def clean(self):
        cleaned = super().clean()
        first, *others = self.names
        for name, value in list(cleaned.items()):
            if any(sign.isspace() or not sign.isprintable() for sign in value):
                self.add_error(name, _("A key holds no spaces and no line breaks. Copy it again."))
        if self.row and cleaned.get(first) and cleaned[first] != self.row.client_id:
            for name in others:
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("This is another app. Enter its secret too."))
        return cleaned
