"""On the dashboard: the accounts that need the person who looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import cached_property

from wagtail_syndicate.accounts import environment, health, permissions
from wagtail_syndicate.admin.accounts import status_of
from wagtail_syndicate.admin.site_notice import Notice
from wagtail_syndicate.mails import recipients
from wagtail_syndicate.models import Account


@dataclass(frozen=True)
class Trouble:
    """An account, how it stands, and where the one who looks at it may mend it ("" when somebody else has to)."""

    account: Account
    status: dict[str, str]
    url: str


class AccountsNotice(Notice):
    """For an account's contacts: its access ends soon, or does not work any more."""

    name = "syndication_accounts"
    template_name = "wagtail_syndicate/accounts/accounts_notice.html"
    order = 110

    @cached_property
    def troubles(self) -> list[Trouble]:
        """The accounts that this person is a contact of, and that need somebody."""
        broken = Q(status=Account.Status.RECONNECT) | health.ending()
        accounts = Account.objects.filter(broken, environment.at_home(), active=True, by_hand=False)
        own = (recipients.address_of(self.user) or "").lower()
        found = []
        for account in accounts.select_related("connected_by").order_by("label", "pk"):
            if not health.is_known(account):
                continue
            needs_somebody = account.status == Account.Status.RECONNECT or health.ends_soon(account)
            if needs_somebody and _concerns(account, own):
                url = reverse("wagtail_syndicate:connect", args=[account.pk])
                url = url if permissions.can_manage(self.user, account) else ""
                found.append(Trouble(account, status_of(account), url))
        return found

    def get_context_data(self, parent_context):
        return {**(super().get_context_data(parent_context) or {}), "troubles": self.troubles}


def _concerns(account: Account, address: str) -> bool:
    return bool(address) and address in {one.lower() for one in recipients.of_account(account)}
