"""The form field of the panel: which accounts a page goes to, and in which words.

It is one field, read from three kinds of inputs: ``syndication-present`` (that the panel was there at all),
``syndication-accounts`` (one value for each tick) and ``syndication-wording-<account>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.delivery import content
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.models import Account, Target, set_targets, targets_of


FIELD = "syndication"


@dataclass(frozen=True)
class Ticks:
    """What the panel's inputs say; keys are primary keys of accounts, as text.

    ``wordings`` also holds those of accounts that are not ticked, so that nothing typed is lost when the form is shown
    again.
    """

    ticked: frozenset[str] = frozenset()
    wordings: Mapping[str, str] = field(default_factory=dict)

    def chosen(self) -> dict[str, str]:
        """The wordings of the ticked accounts only: what will be kept."""
        return {key: self.wordings.get(key, "") for key in self.ticked}


class SyndicationWidget(forms.Widget):
    """Reads the panel's inputs. The panel draws them; elsewhere nothing is drawn, and the ticks are left alone."""

    def value_from_datadict(self, data, files, name) -> Ticks | None:
        """The ticks; ``None`` when the form had no panel, as in a PATCH through the API."""
        if self.value_omitted_from_data(data, files, name):
            return None
        ticked = data.getlist(f"{name}-accounts") if hasattr(data, "getlist") else data.get(f"{name}-accounts", ())
        start = f"{name}-wording-"
        return Ticks(
            frozenset(ticked),
            {key.removeprefix(start): _plain(data[key]) for key in data if key.startswith(start)},
        )

    def value_omitted_from_data(self, data, files, name):
        return f"{name}-present" not in data

    def render(self, name, value, attrs=None, renderer=None):
        return ""


class SyndicationField(forms.Field):
    """Ticks as the widget read them; who may tick what is for the form to say."""

    widget = SyndicationWidget

    def __init__(self, **kwargs):
        super().__init__(required=False, **kwargs)

    def has_changed(self, initial, data):
        return data is not None and data.chosen() != (initial or Ticks()).chosen()

    def bound_data(self, data, initial):
        return initial if data is None else data


class SyndicationFormMixin:
    """Keeps the ticks of a page. Made part of a page form by :func:`with_syndication`.

    A form without the field (its user may not tick accounts) or without the panel's inputs changes nothing.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.wording_errors: dict[str, list[str]] = {}
        """What is wrong with a wording, by account."""
        self.check_lengths = True
        if self.for_user is not None and not permissions.can_use(self.for_user):
            self.fields.pop(FIELD, None)
        if FIELD in self.fields:
            self.fields[FIELD].initial = self._initial_ticks

    @cached_property
    def offered_accounts(self) -> list[Account]:
        """The accounts that the form's user may tick on this page."""
        if self.for_user is None:
            return []
        page, parent = self.instance, getattr(self, "parent_page", None)
        if page.locale_id is None and parent is not None:
            page.locale = parent.locale
        return permissions.accounts_for_page(page, self.for_user, parent)

    @cached_property
    def current_targets(self) -> list[Target]:
        """What is ticked in the version of the page that is being edited."""
        return targets_of(self.instance)

    @property
    def kept_targets(self) -> list[Target]:
        """Ticks that this user cannot see or change here."""
        offered = {account.pk for account in self.offered_accounts}
        return [target for target in self.current_targets if target.account_id not in offered]

    def clean_syndication(self) -> list[tuple[Account, str]] | None:
        """The ticked accounts with their wordings ("" for generated text); ``None`` to leave all as it is."""
        ticks = self.cleaned_data[FIELD]
        if ticks is None:
            return None
        offered = {str(account.pk): account for account in self.offered_accounts}
        if ticks.ticked - offered.keys() - {str(target.account_id) for target in self.kept_targets}:
            raise ValidationError(
                _("You ticked an account that you cannot use for this page. It was left out; save again to go on."),
                code="not_offered",
            )
        chosen = []
        for key, account in offered.items():
            if key in ticks.ticked:
                try:
                    chosen.append((account, _wording_field().clean(ticks.wordings.get(key, ""))))
                except ValidationError as error:
                    self._add_wording_error(account, error.messages)
        return chosen

    def _post_clean(self):
        # Only now does the page hold what was typed into the other fields.
        super()._post_clean()
        if not self.check_lengths:
            return
        worded = [(account, wording) for account, wording in self.cleaned_data.get(FIELD) or () if wording]
        if not worded:
            return
        article = content.article_of(self.instance)
        for account, wording in worded:
            try:
                length, limit = content.measure_for(article, account, wording)
            except ComposeError:
                continue
            if length > limit:
                self._add_wording_error(account, [_too_long(account, length, limit)])

    def save(self, commit=True):
        chosen = self.cleaned_data.get(FIELD) if FIELD in self.fields else None
        if chosen is not None:
            set_targets(self.instance, self._targets(chosen))
        return super().save(commit=commit)

    def _targets(self, chosen) -> list[Target]:
        """What is ticked from now on, in the order of ticking."""
        wanted = {target.account_id: target for target in self.kept_targets}
        wanted |= {target.account_id: target for target in self._signed(chosen)}
        earlier = [target.account_id for target in self.current_targets if target.account_id in wanted]
        return [wanted[key] for key in dict.fromkeys([*earlier, *wanted])]

    def _signed(self, chosen) -> list[Target]:
        """The chosen ticks, each with the user who made it what it is.

        A tick that was not touched stays the one of whoever made it; one of somebody who may not use the account any
        more is taken over by this user, who may and leaves it ticked.
        """
        before = {target.account_id: target for target in self.current_targets}
        found = {account: before.get(account.pk, Target(account.pk)) for account, _wording in chosen}
        known = permissions.people({target.by for target in found.values()} - {""})
        left = permissions.not_permitted({account: target.by for account, target in found.items()}, known)
        signed = []
        for account, wording in chosen:
            target = replace(found[account], wording=wording)
            if account.pk in left or target != before.get(account.pk):
                target = replace(target, by=str(self.for_user.pk))
            signed.append(target)
        return signed

    def _initial_ticks(self) -> Ticks:
        offered = {account.pk for account in self.offered_accounts}
        wordings = {str(target.account_id): target.wording for target in self.current_targets}
        ticked = {target.account_id for target in self.current_targets}
        if self.instance.pk is None and not self.is_bound:
            ticked |= {account.pk for account in self.offered_accounts if account.default_ticked}
        return Ticks(frozenset(map(str, ticked & offered)), wordings)

    def _add_wording_error(self, account: Account, messages) -> None:
        self.wording_errors.setdefault(str(account.pk), []).extend(messages)
        self.add_error(FIELD, [ValidationError(f"{account}: {message}", code="wording") for message in messages])


@cache
def with_syndication(form_class):
    """The same form class, with the panel's field.

    :param form_class: a page form, or any model form of Wagtail's that a page type uses.
    """
    if issubclass(form_class, SyndicationFormMixin):
        return form_class
    # The metaclass finds fields in the bases only where they are forms themselves.
    attributes = {FIELD: SyndicationField(), "__module__": __name__}
    return type(form_class)(f"Syndication{form_class.__name__}", (SyndicationFormMixin, form_class), attributes)


@cache
def _wording_field() -> forms.Field:
    return forms.CharField(required=False)


def _plain(wording: str) -> str:
    # Browsers send line ends as CRLF, which networks would count and show as two.
    return wording.replace("\r\n", "\n").replace("\r", "\n").strip()


def _too_long(account: Account, length: int, limit: int) -> str:
    message = _("With its link this text counts %(length)d at %(network)s, which takes %(limit)d at most. Shorten it.")
    return message % {"length": length, "network": account.backend_class.label, "limit": limit}
