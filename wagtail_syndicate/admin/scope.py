"""Which deliveries a person may read about, and which ones decide about; as querysets, for long lists."""

from __future__ import annotations

from django.db.models import Q
from wagtail.permission_policies.pages import PagePermissionPolicy

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.models import Delivery


def may_read(user) -> bool:
    """Whether any delivery may be read about by ``user``."""
    return permissions.can_see(user)


def seen_deliveries(user):
    """The deliveries that ``user`` may read about: of accounts that the user may know of.

    For those who may manage accounts also of accounts that were deleted.
    """
    if user.is_superuser:
        return Delivery.objects.all()
    seen = Q(account__in=permissions.seen_accounts(user).values("pk"))
    if permissions.can_manage(user):
        seen |= Q(account=None)
    return Delivery.objects.filter(seen)


def decidable_deliveries(user):
    """The deliveries that ``user`` may decide about, as ``record.may_act`` says but for approvals: of pages that the
    user may publish and accounts that the user may use or manage; of pages that were deleted, of accounts that the
    user may manage.
    """
    if user.is_superuser:
        return Delivery.objects.all()
    managed = Q(account__in=permissions.managed_accounts(user).values("pk"))
    used = managed | Q(account__in=permissions.usable_accounts(user).values("pk"))
    manages = permissions.can_manage(user)
    if manages or permissions.can_use(user):
        used |= Q(account=None)
    if manages:
        managed |= Q(account=None)
    pages = PagePermissionPolicy().instances_user_has_permission_for(user, "publish").order_by().values("pk")
    return Delivery.objects.filter((Q(page__in=pages) & used) | (Q(page=None) & managed))


def approvable_deliveries(user):
    """The deliveries that wait for ``user``, among others, to read and approve them (``approval.may_decide``)."""
    found = Delivery.objects.filter(state=Delivery.State.APPROVAL, payload__isnull=False)
    managed = permissions.managed_accounts(user).values("pk")
    return found.filter(account__in=managed).exclude(published_by=user).exclude(ticked_by=user)
