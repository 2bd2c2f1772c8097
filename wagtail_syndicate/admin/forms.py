"""The page form with the panel's field: which accounts a page goes to, in which words, with which picture and when."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import swapper
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.admin import pictures
from wagtail_syndicate.admin.ticks import Chosen, SyndicationField, Ticks, as_ticks
from wagtail_syndicate.delivery import content, schedule
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.models import Account, Target, set_targets, targets_of
from wagtail_syndicate.models.target import NO_IMAGE


FIELD = "syndication"


class SyndicationFormMixin:
    """Keeps the ticks of a page. Made part of a page form by :func:`with_syndication`.

    A form without the field (its user may not tick accounts) or without the panel's inputs changes nothing.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.choice_errors: dict[str, dict[str, list[str]]] = {}
        """What is wrong with what was chosen, by account and by input (``models.target.CHOSEN``)."""
        self.check_choices = True
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

    def clean_syndication(self) -> list[tuple[Account, Chosen]] | None:
        """The ticked accounts with what was chosen for them; ``None`` to leave all as it is."""
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
                choice = ticks.of(key)
                for name in ("wording", "alt"):
                    try:
                        _text_field().clean(getattr(choice, name))
                    except ValidationError as error:
                        self._add_choice_error(account, name, error.messages)
                        choice = choice._replace(**{name: ""})
                chosen.append((account, choice))
        return chosen

    def _post_clean(self):
        # Only now does the page hold what was typed into the other fields.
        super()._post_clean()
        if not self.check_choices:
            return
        chosen = self.cleaned_data.get(FIELD) or ()
        self._check_times(chosen)
        self._check_images(chosen)
        if not self.is_deferred_validation:
            # A draft may still be too long, as it may lack what a page needs; else autosave would stop over it.
            self._check_lengths([(account, choice) for account, choice in chosen if choice.wording])

    def _check_times(self, chosen) -> None:
        earlier = {target.account_id: target.when for target in self.current_targets}
        for account, choice in chosen:
            # A time that was good when it was chosen may be past by now, and the page must still be saved.
            if choice.when and choice.when != earlier.get(account.pk):
                try:
                    schedule.validate(choice.when, account, timezone.now())
                except ValidationError as error:
                    self._add_choice_error(account, "when", error.messages)

    def _check_images(self, chosen) -> None:
        asked = {choice.image for _account, choice in chosen} - {"", NO_IMAGE}
        asked -= {target.image for target in self.current_targets}
        if not asked:
            return
        usable = pictures.choosable(asked, self.for_user)
        if asked - usable:
            usable |= {image.reference for image in content.article_of(self.instance).images}
        for account, choice in chosen:
            if choice.image in asked - usable:
                message = _("This picture does not exist, or you may not use it. Choose another one.")
                self._add_choice_error(account, "image", [message])

    def _check_lengths(self, worded) -> None:
        if not worded:
            return
        variants = pictures.Variants(content.article_of(self.instance))
        for account, choice in worded:
            article, _notice = variants.of(choice)
            try:
                length, limit = content.measure_for(article, account, choice.wording)
            except ComposeError:
                continue
            if length > limit:
                self._add_choice_error(account, "wording", [_too_long(account, length, limit)])

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
        found = {account: before.get(account.pk, Target(account.pk)) for account, _choice in chosen}
        known = permissions.people({target.by for target in found.values()} - {""})
        left = permissions.not_permitted({account: target.by for account, target in found.items()}, known)
        signed = []
        for account, choice in chosen:
            target = replace(found[account], **choice._asdict())
            if account.pk in left or target != before.get(account.pk):
                target = replace(target, by=str(self.for_user.pk))
            signed.append(target)
        return signed

    def _initial_ticks(self) -> Ticks:
        offered = {account.pk for account in self.offered_accounts}
        ticked = {target.account_id for target in self.current_targets}
        if self.instance.pk is None and not self.is_bound:
            ticked |= {account.pk for account in self._default_accounts()}
        return as_ticks(self.current_targets, ticked & offered)

    def _default_accounts(self) -> list[Account]:
        """The accounts that a new page of this type, here, goes to unless somebody unticks them."""
        default = [account for account in self.offered_accounts if account.default_ticked]
        sections = {account.default_section_id for account in default} - {None}
        Page = swapper.load_model("wagtailcore", "Page")
        paths = dict(Page.objects.filter(pk__in=sections).values_list("pk", "path")) if sections else {}
        parent, label = getattr(self, "parent_page", None), self.instance._meta.label_lower
        here = parent.path if parent is not None else ""
        return [
            account
            for account in default
            if (not account.default_page_types or label in map(str.lower, account.default_page_types))
            and (account.default_section_id is None or here.startswith(paths[account.default_section_id]))
        ]

    def _add_choice_error(self, account: Account, name: str, messages) -> None:
        self.choice_errors.setdefault(str(account.pk), {}).setdefault(name, []).extend(messages)
        self.add_error(FIELD, [ValidationError(f"{account}: {message}", code="choice") for message in messages])


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
def _text_field() -> forms.Field:
    return forms.CharField(required=False)


def _too_long(account: Account, length: int, limit: int) -> str:
    message = _("With its link this text counts %(length)d at %(network)s, which takes %(limit)d at most. Shorten it.")
    return message % {"length": length, "network": account.backend_class.label, "limit": limit}
