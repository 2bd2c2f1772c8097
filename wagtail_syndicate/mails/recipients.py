"""Who is written to, and in which language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.db.models.functions import Lower

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.models import Account, Delivery


MOST_MANAGERS = 20  # that are written to when an account has nobody of its own


@dataclass(frozen=True)
class Recipient:
    """An address, and how its owner reads: a language and a time zone, the site's own for people without a user."""

    address: str
    language: str
    time_zone: str


def of_account(account: Account) -> list[str]:
    """The addresses for news of an account: its contacts, else whoever connected it, else all who may manage it."""
    if contacts := account.contact_addresses:
        return contacts
    if address := address_of(account.connected_by):
        return [address]
    managers = permissions.managers_of(account)[:MOST_MANAGERS]
    return list(dict.fromkeys(filter(None, map(address_of, managers))))


def of_delivery(delivery: Delivery) -> list[str]:
    """The addresses for news of a delivery: whoever published the page, and those for its account."""
    found = [address_of(delivery.published_by), *(of_account(delivery.account) if delivery.account else ())]
    return list({address.lower(): address for address in reversed(found) if address}.values())


def address_of(user) -> str:
    """A user's address, "" for nobody, for a user without one and for one that was switched off."""
    if user is None or not user.is_active:
        return ""
    return getattr(user, get_user_model().get_email_field_name(), "") or ""


def known(addresses: Iterable[str]) -> dict[str, Recipient]:
    """How the owners of these addresses read; one query for all of them."""
    addresses = list(addresses)
    User = get_user_model()
    field = User.get_email_field_name()
    lower = {address.lower() for address in addresses}
    users = User._default_manager.annotate(syndicate_address=Lower(field))
    users = users.filter(Q(syndicate_address__in=lower), is_active=True).select_related("wagtail_userprofile")
    profiles = {user.syndicate_address: getattr(user, "wagtail_userprofile", None) for user in users}
    return {address: _recipient(address, profiles.get(address.lower())) for address in addresses}


def _recipient(address: str, profile) -> Recipient:
    language = (profile.preferred_language if profile else "") or settings.LANGUAGE_CODE
    zone = (profile.current_time_zone if profile else "") or settings.TIME_ZONE
    return Recipient(address, language, zone)
