"""The forms of accounts: what an account is, and what connects it."""

from __future__ import annotations

import json

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList

from wagtail_syndicate.accounts import hosts
from wagtail_syndicate.backends import registry
from wagtail_syndicate.backends.auth import NoDoor, Pasted
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.types import Region


def network_choices():
    """The networks that an admin may add accounts of, by region, each with how it can be reached."""
    backends = registry.all_backends()
    groups = [("", _("Choose a network"))]
    for region in Region:
        found = sorted((b for b in backends if b.region == region), key=lambda backend: str(backend.label).lower())
        if found:
            names = [(b.name, format_lazy("{} ({})", b.label, b.reach.label.lower())) for b in found]
            groups.append((region.label, names))
    return groups


class AccountForm(WagtailAdminModelForm):
    """An account without its credentials. Network and server are settled once credentials depend on them."""

    network = forms.ChoiceField(
        label=_("Network"),
        choices=network_choices,
        help_text=_(
            "Automatic: posted by software. Conditional: the same, under conditions that you will read first. "
            "Assisted: the text is prepared here and a person posts it."
        ),
    )

    class Meta:
        widgets = {
            "locales": forms.CheckboxSelectMultiple,
            "sites": forms.CheckboxSelectMultiple,
            "host": forms.TextInput(
                attrs={"placeholder": "https://mastodon.example", "autocomplete": "off", "spellcheck": "false"}
            ),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        account = self.instance
        if account.pk:
            network = self.fields["network"]
            network.disabled = True
            network.choices = [(account.network, account.backend_class.label)]
            network.help_text = _("The network cannot be changed. For another network, add another account.")
            if not account.backend_class.many_servers:
                del self.fields["host"]
            elif account.remote_id or account.sealed_credentials:
                self.fields["host"].disabled = True
                self.fields["host"].help_text = _("The server cannot be changed once an account was connected.")
        # One language or one site leaves nothing to choose, unless a choice was made when there were more.
        for name in ("locales", "sites"):
            if name in self.fields and self.fields[name].queryset.count() < 2:
                if not (account.pk and getattr(account, name).exists()):
                    del self.fields[name]

    def clean(self):
        cleaned = super().clean()
        network = cleaned.get("network") or self.instance.network
        if cleaned.get("host") and not self.fields["host"].disabled and network in many_server_networks():
            try:
                cleaned["host"] = hosts.normalise(cleaned["host"])
            except ValidationError as error:
                # The model would complain of an empty server beside this.
                self.instance.host = cleaned["host"]
                self.add_error("host", error)
        return cleaned


def many_server_networks() -> list[str]:
    """Names of the networks whose accounts live on servers of their own."""
    return [backend.name for backend in registry.all_backends() if backend.many_servers]


class ServerPanel(FieldPanel):
    """The field for the server: shown while a network of many servers is chosen."""

    class BoundPanel(FieldPanel.BoundPanel):
        @property
        def attrs(self):
            if self.instance is not None and self.instance.pk:
                return self.panel.attrs
            rule = json.dumps({"network": many_server_networks()})
            return {**self.panel.attrs, "data-w-rules-target": "show", "data-w-rules": rule}


class FormPanels(ObjectList):
    """Panels that follow what is chosen elsewhere in the form (Wagtail's ``w-rules``)."""

    BASE_ATTRS = {"data-controller": "w-rules", "data-action": "change->w-rules#resolve"}


def account_panels() -> ObjectList:
    """The panels of an account's form."""
    return FormPanels(
        [
            FieldPanel("label"),
            FieldPanel("network"),
            ServerPanel("host"),
            FieldPanel("locales"),
            FieldPanel("sites"),
            MultiFieldPanel(
                [FieldPanel("default_ticked"), FieldPanel("by_hand"), FieldPanel("active")],
                heading=_("How it is used"),
            ),
        ],
        base_form_class=AccountForm,
    )


class MethodForm(forms.Form):
    """What one way of connecting asks for: the server where it may still be changed, and the fields to paste into.

    Secret values are never shown again, also not after a mistake.
    """

    def __init__(self, *args, account, method, **kwargs):
        super().__init__(*args, prefix=method.name, **kwargs)
        self.account = account
        self.method = method
        if account.backend_class.many_servers and not account.remote_id:
            self.fields["host"] = forms.CharField(
                label=_("Server"),
                max_length=255,
                initial=account.host,
                help_text=_("The address of the server that the account is on, for example https://mastodon.example."),
            )
        if isinstance(method, Pasted | NoDoor):
            for field in method.fields:
                self.fields[field.name] = self._field(field)

    def _field(self, field) -> forms.Field:
        known = {"handle": self.account.handle, "profile_url": self.account.profile_url, **self.account.options}
        attrs = {"autocomplete": "off", "spellcheck": "false"}
        if field.secret:
            # "off" is ignored for passwords; this keeps browsers from offering the admin's own one.
            widget = forms.PasswordInput(attrs={**attrs, "autocomplete": "new-password"})
        else:
            widget = forms.TextInput(attrs=attrs)
        return forms.CharField(
            label=field.label,
            help_text=field.help_text,
            required=field.required,
            max_length=4096 if field.secret else 255,
            initial=None if field.secret else known.get(field.name),
            validators=[URLValidator(schemes=["http", "https"])] if field.name == "profile_url" else [],
            widget=widget,
        )

    def clean_host(self):
        return hosts.normalise(self.cleaned_data["host"])

    @property
    def first_field(self) -> dict[bool, str]:
        """The name of the first secret field and of the first open one: where an error is shown that names none."""
        fields = getattr(self.method, "fields", ())
        return {secret: next((f.name for f in fields if f.secret == secret), "") for secret in (True, False)}


def known_backend(account):
    """The account's backend, ``None`` when the site knows its network no more."""
    try:
        return account.backend_class
    except ConfigurationError:
        return None
