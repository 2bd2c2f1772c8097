"""Who may do what with accounts, and which accounts a page is offered."""

from __future__ import annotations

from django.db.models import QuerySet

from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.models import Account


def can_use(user) -> bool:
    """Whether ``user`` may tick accounts on pages."""
    return user.has_perm("wagtail_syndicate.use_account")


def can_manage(user) -> bool:
    """Whether ``user`` may connect, test and disconnect accounts."""
    return user.has_perm("wagtail_syndicate.change_account")


def usable_accounts(user) -> QuerySet[Account]:
    """The accounts that ``user`` may tick on some page: the active ones, none without the permission."""
    return Account.objects.filter(active=True) if can_use(user) else Account.objects.none()


def seen_accounts(user) -> QuerySet[Account]:
    """The accounts whose posts ``user`` may read about: those to tick or to manage, switched off or not."""
    return Account.objects.all() if can_manage(user) or can_use(user) else Account.objects.none()


def accounts_for_page(page, user, parent=None) -> list[Account]:
    """The accounts that ``user`` may tick on ``page``: meant for its language and site, on networks that are known.

    Takes three queries and one for the site, whatever the number of accounts.

    :param parent: where ``page`` will be, when it is not saved yet.
    """
    accounts = list(usable_accounts(user).prefetch_related("locales", "sites"))
    if not accounts:
        return []
    placed = page if page.pk else parent
    site = placed.get_site() if placed is not None else None
    site_id = site.pk if site else None
    return [account for account in accounts if _is_known(account) and account.fits(page, site_id)]


def _is_known(account: Account) -> bool:
    try:
        return account.backend_class is not None
    except ConfigurationError:
        return False
