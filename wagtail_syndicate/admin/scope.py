"""Which deliveries a person may read about, and which ones decide about; as querysets, for long lists."""

from __future__ import annotations

from wagtail.permission_policies.pages import PagePermissionPolicy

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.models import Delivery


def may_read(user) -> bool:
    """Whether any delivery may be read about by ``user``."""
    return permissions.can_use(user) or permissions.can_manage(user)


def seen_deliveries(user):
    """The deliveries that ``user`` may read about: of accounts that the user may see.

    For those who may manage accounts also of accounts that were deleted.
    """
    if user.is_superuser:
        return Delivery.objects.all()
    seen = Delivery.objects.filter(account__in=permissions.seen_accounts(user))
    return seen | Delivery.objects.filter(account=None) if permissions.can_manage(user) else seen


def decidable_deliveries(user):
    """The deliveries that ``user`` may decide about, as ``record.may_act`` says: of pages that the user may publish.

    For those who may manage accounts also of pages that were deleted.
    """
    if user.is_superuser:
        return Delivery.objects.all()
    pages = PagePermissionPolicy().instances_user_has_permission_for(user, "publish")
    of_pages = seen_deliveries(user).filter(page__in=pages.order_by().values("pk"))
    return of_pages | seen_deliveries(user).filter(page=None) if permissions.can_manage(user) else of_pages
