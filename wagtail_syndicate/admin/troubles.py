"""The accounts that need the person who looks: as their manager, or as one who is told of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from wagtail_syndicate.accounts import environment, health, permissions
from wagtail_syndicate.admin.accounts import status_of
from wagtail_syndicate.mails import recipients
from wagtail_syndicate.models import Account


@dataclass(frozen=True)
class Trouble:
    """An account, how it stands, and where the one who looks at it may mend it ("" when somebody else has to)."""

    account: Account
    status: dict[str, str]
    url: str


def troubles(user) -> list[Trouble]:
    """The accounts whose access is broken or ends soon, and that ``user`` manages or is a contact of."""
    broken = Q(status=Account.Status.RECONNECT) | health.ending()
    accounts = Account.objects.filter(broken, environment.at_home(), active=True, by_hand=False)
    own = (recipients.address_of(user) or "").lower()
    found = []
    for account in (
        environment.with_home(accounts).select_related("connected_by", "collection").order_by("label", "pk")
    ):
        if not health.is_known(account):
            continue
        if account.status != Account.Status.RECONNECT and not health.ends_soon(account):
            continue
        manages = permissions.can_manage(user, account)
        if manages or _concerns(account, own):
            url = reverse("wagtail_syndicate:connect", args=[account.pk]) if manages else ""
            found.append(Trouble(account, status_of(account), url))
    return found


def _concerns(account: Account, address: str) -> bool:
    return bool(address) and address in {one.lower() for one in recipients.of_account(account)}
