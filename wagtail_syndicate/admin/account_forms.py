"""The forms of accounts: what an account is, and what connects it."""

from __future__ import annotations

import json

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.forms.collections import CollectionChoiceField
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList, Panel
from wagtail.models import Collection

from wagtail_syndicate.accounts import hosts, permissions
from wagtail_syndicate.admin import account_habits, account_voice
from wagtail_syndicate.backends import registry
from wagtail_syndicate.backends.auth import NoDoor, Pasted
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Region


MOST_RADIO_BUTTONS = 4  # longer lists are menus
OWN_COLUMNS = (
    *("label", "collection", "network", "host", "default_ticked", "by_hand", "needs_approval", "active", "contacts"),
    *account_voice.COLUMNS,
    *account_habits.COLUMNS,
)


def network_choices():
    """The networks that an admin may add accounts of, by region, each with how it can be reached."""
    backends = registry.all_backends()
    groups = [("", _("Choose a network"))]
    for region in Region:
        found = sorted((b for b in backends if b.region == region), key=lambda backend: str(backend.label).lower())
        if found:
            groups.append((region.label, [(b.name, network_label(b)) for b in found]))
    return groups


def network_label(backend):
    """What a network is called where one is chosen: with how it is reached, or that it is gone."""
    note = _("retired") if backend.retired else backend.reach.label.lower()
    return format_lazy("{} ({})", backend.label, note)


class AccountForm(account_habits.HabitsFormMixin, account_voice.VoiceFormMixin, WagtailAdminModelForm):
    """An account without its credentials. Network and server are settled once credentials depend on them."""

    network = forms.ChoiceField(
        label=_("Network"),
        choices=network_choices,
        help_text=_(
            "Automatic: posted by software. Conditional: the same, under conditions that you will read first. "
            "Assisted: the text is prepared here and a person posts it."
        ),
    )

    collection = CollectionChoiceField(
        label=_("Collection"),
        queryset=Collection.objects.all(),
        empty_label=None,
        help_text=_("Says which groups may see, use and manage the account; see the settings of groups."),
    )

    class Meta:
        widgets = {
            "locales": forms.CheckboxSelectMultiple,
            "sites": forms.CheckboxSelectMultiple,
            "template": forms.Textarea(attrs={"rows": 3, "dir": "auto", "spellcheck": "false"}),
            "contacts": forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
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
            network.choices = [(account.network, network_label(account.backend_class))]
            network.help_text = _("The network cannot be changed. For another network, add another account.")
            if not account.backend_class.many_servers:
                del self.fields["host"]
            elif account.remote_id or account.sealed_credentials:
                self.fields["host"].disabled = True
                self.fields["host"].help_text = _("The server cannot be changed once an account was connected.")
        self._limit_collections()
        # One language or one site leaves nothing to choose, unless a choice was made when there were more.
        for name in ("locales", "sites"):
            if name in self.fields and self.fields[name].queryset.count() < 2:
                if not (account.pk and getattr(account, name).exists()):
                    del self.fields[name]
        self.backends = [account.backend_class] if account.pk else registry.all_backends()
        for backend in self.backends:
            chosen = backend(account.public_connection).chosen
            for choice in backend.choices:
                self.fields[choice_field_name(backend, choice)] = choice_field(choice, chosen(choice.name))

    def _limit_collections(self) -> None:
        """Only where the user may add accounts, and where the account is already; one collection is no choice."""
        collections = Collection.objects.all()
        if self.for_user is not None:
            collections = permissions.policy.collections_user_has_permission_for(self.for_user, "add")
        if self.instance.pk:
            collections |= Collection.objects.filter(pk=self.instance.collection_id)
        found = list(collections)
        if len(found) == 1:
            self.instance.collection = found[0]
            del self.fields["collection"]
        else:
            self.fields["collection"].queryset = collections

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

    def save(self, commit=True):
        """Save what the form is about, and nothing else: workers write to the same row."""
        account = super().save(commit=False)
        account.fixed_words = self.fixed_words()
        if not commit:
            account.options = {**account.options, **self.chosen()}
            return account
        with transaction.atomic():
            if account.pk:
                stored = Account.objects.select_for_update().only("options").get(pk=account.pk)
                account.options = {**stored.options, **self.chosen()}
                account.save(update_fields=[*OWN_COLUMNS, "options"])
            else:
                account.options = self.chosen()
                account.save()
            self.save_m2m()
        return account

    def chosen(self) -> dict[str, str]:
        """What was chosen for the account, of what its network offers; the networks not chosen do not count."""
        found = {}
        for backend in self.backends:
            if backend.name == self.instance.network:
                for choice in backend.choices:
                    # A script may post a form without them.
                    if value := self.cleaned_data.get(choice_field_name(backend, choice)):
                        found[choice.name] = value
        return found


def choice_field_name(backend, choice) -> str:
    """The name of a form field for one of a network's choices."""
    return f"choice-{backend.name}-{choice.name}"


def choice_field(choice, value: str) -> forms.ChoiceField:
    """The form field for one of a network's choices, with ``value`` chosen."""
    return forms.ChoiceField(
        label=choice.label,
        help_text=choice.help_text,
        choices=choice.values,
        initial=value,
        required=False,
        widget=forms.RadioSelect if len(choice.values) <= MOST_RADIO_BUTTONS else forms.Select,
    )


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


class ChoicesPanel(Panel):
    """What the chosen network offers to choose from; not shown for the others."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_syndicate/accounts/choices.html"

        @property
        def networks(self) -> list[str]:
            return [backend.name for backend in self.form.backends if backend.choices]

        @property
        def attrs(self):
            return {**self.panel.attrs, **self._shown_for(self.networks)}

        def is_shown(self):
            return bool(self.networks)

        @property
        def fields(self):
            """Each field, with the attributes that show it while its network is chosen."""
            for backend in self.form.backends:
                for choice in backend.choices:
                    yield self.form[choice_field_name(backend, choice)], self._shown_for([backend.name])

        def _shown_for(self, networks: list[str]) -> dict[str, str]:
            if self.instance.pk:
                return {}
            return {"data-w-rules-target": "show", "data-w-rules": json.dumps({"network": networks})}


class FormPanels(ObjectList):
    """Panels that follow what is chosen elsewhere in the form (Wagtail's ``w-rules``)."""

    BASE_ATTRS = {"data-controller": "w-rules", "data-action": "change->w-rules#resolve"}

    class BoundPanel(ObjectList.BoundPanel):
        def render_missing_fields(self):
            """Nothing: every field has its panel, but Wagtail knows only those of the model."""
            return ""


def account_panels() -> ObjectList:
    """The panels of an account's form."""
    return FormPanels(
        [
            FieldPanel("label"),
            FieldPanel("collection"),
            FieldPanel("network"),
            ServerPanel("host"),
            FieldPanel("locales"),
            FieldPanel("sites"),
            ChoicesPanel(heading=_("How it posts")),
            account_voice.voice_panel(),
            account_habits.times_panel(),
            FieldPanel("contacts"),
            MultiFieldPanel(
                [
                    FieldPanel("default_ticked"),
                    FieldPanel("needs_approval"),
                    *account_habits.use_panels(),
                    FieldPanel("by_hand"),
                    FieldPanel("active"),
                ],
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
        if field.address:
            attrs["placeholder"] = "https://"
        if field.secret:
            # "off" is ignored for passwords; this keeps browsers from offering the admin's own one.
            widget = forms.PasswordInput(attrs={**attrs, "autocomplete": "new-password"})
        else:
            widget = forms.TextInput(attrs=attrs)
        return forms.CharField(
            label=field.label,
            help_text=field.help_text,
            required=field.required,
            max_length=4096 if field.secret else 2000 if field.address else 255,
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
