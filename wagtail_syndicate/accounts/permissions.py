"""Who may see, use and manage which accounts, and which accounts a page is offered.

That is Wagtail's own permission system: an account is in a collection, and the groups of a user may do this or that
there and in the collections below it. Actions are ``view``, ``use`` (tick it on pages), ``add``, ``change`` (manage
it: connect, check, disconnect, approve) and ``delete``. Superusers may all, people who are switched off nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth import get_user_model
from django.db.models import F, QuerySet
from wagtail.models import GroupCollectionPermission
from wagtail.permission_policies.collections import CollectionPermissionPolicy

from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.models import Account, site_id_of


SEES = ("view", "use", "change", "delete")
"""Who may do one of these with an account, knows that it is there."""

policy = CollectionPermissionPolicy(Account)


def can_use(user, account: Account | None = None) -> bool:
    """Whether ``user`` may tick ``account`` on pages; without an account: any."""
    return _may(user, ("use",), account)


def can_add(user) -> bool:
    """Whether there is a collection that ``user`` may add accounts to."""
    return _may(user, ("add",))


def can_manage(user, account: Account | None = None) -> bool:
    """Whether ``user`` may connect, check and disconnect ``account``; without an account: any."""
    return _may(user, ("change",), account)


def can_see(user, account: Account | None = None) -> bool:
    """Whether ``user`` may know of ``account``; without an account: of any."""
    return _may(user, SEES, account)


def managers_of(account: Account) -> QuerySet:
    """The users who may manage ``account``."""
    return policy.users_with_any_permission_for_instance(["change"], account).order_by("pk")


def usable_accounts(user) -> QuerySet[Account]:
    """The accounts that ``user`` may tick on some page: the active ones, none without the permission."""
    return _accounts(user, ("use",)).filter(active=True)


def managed_accounts(user) -> QuerySet[Account]:
    """The accounts that ``user`` may manage."""
    return _accounts(user, ("change",))


def seen_accounts(user) -> QuerySet[Account]:
    """The accounts that ``user`` may know of, switched off or not."""
    return _accounts(user, SEES)


def accounts_for_page(page, user, parent=None) -> list[Account]:
    """The accounts that ``user`` may tick on ``page``: meant for its language and site, on networks that are known.

    Takes five queries at most, whatever the number of accounts and groups.

    :param parent: where ``page`` will be, when it is not saved yet.
    """
    accounts = list(usable_accounts(user).prefetch_related("locales", "sites"))
    if not accounts:
        return []
    placed = page if page.pk else parent
    site_id = site_id_of(placed) if placed is not None else None
    return [account for account in accounts if _is_known(account) and account.fits(page, site_id)]


def people(keys) -> dict[str, object]:
    """The users with these primary keys (as text), by key, their permissions with them; those who are gone are left
    out. Takes two queries, whatever the number of users and groups."""
    found = {str(user.pk): user for user in get_user_model()._default_manager.filter(pk__in=set(keys))} if keys else {}
    if found:
        granted = {key: [] for key in found}
        permissions = GroupCollectionPermission.objects.filter(group__user__in=found.values())
        for one in permissions.annotate(holder=F("group__user")).select_related("permission", "collection"):
            granted[str(one.holder)].append(one)
        for key, user in found.items():
            # Where the policy would keep what it asks for user by user.
            setattr(user, policy.permission_cache_name, granted[key])
    return found


def not_permitted(ticked: Mapping[Account, str], known: Mapping[str, object]) -> set[int]:
    """Of these accounts, each with the primary key (as text) of who ticked it: those that this person may not use.

    ``""`` stands for code, which is trusted. People who were switched off or deleted may use nothing.

    :param known: :func:`people`, as far as they exist.
    :returns: primary keys of accounts.
    """
    return {account.pk for account, by in ticked.items() if by and not (by in known and can_use(known[by], account))}


def _accounts(user, actions) -> QuerySet[Account]:
    # With the collection, so that what one may do with each of them is known without another query.
    return policy.instances_user_has_any_permission_for(user, actions).select_related("collection")


def _may(user, actions, account: Account | None = None) -> bool:
    if account is None:
        return policy.user_has_any_permission(user, actions)
    return policy.user_has_any_permission_for_instance(user, actions, account)


def _is_known(account: Account) -> bool:
    try:
        return account.backend_class is not None
    except ConfigurationError:
        return False
