"""May this page be posted at all? Asked when a delivery is planned and again when it is about to be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.utils import timezone

from wagtail_syndicate import conf
from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.compose.article import address
from wagtail_syndicate.delivery import approval
from wagtail_syndicate.models import Account, Attempt, Delivery, Target, site_id_of, targets_of


HOUR = timedelta(hours=1)


def page_obstacle(page) -> str:
    """The reason why ``page`` must not be posted now, "" when it may.

    :param page: the specific page; ``None`` when it was deleted.
    """
    if page is None:
        return "page_gone"
    if not page.live:
        return "not_live"
    if page.expire_at and page.expire_at <= timezone.now():
        return "page_expired"  # Wagtail unpublishes it only when its command runs the next time
    if page.get_view_restrictions().exists():
        return "private"
    if not address(page):
        return "no_site"
    return ""


def account_obstacle(account, page, site_id: int | None) -> str:
    """The reason why ``account`` must not post ``page``, "" when it may.

    :param site_id: the site that the page belongs to.
    """
    if account is None:
        return "account_gone"
    if not account.active:
        return "account_inactive"
    if not account.fits_locale(page.locale_id):
        return "locale"
    if not account.fits_site(site_id):
        return "site"
    return ""


def delivery_obstacle(delivery, page) -> str:
    """The reason why this delivery must not be sent now, "" when it may; ``page`` is its specific page."""
    return (
        page_obstacle(page)
        or account_obstacle(delivery.account, page, site_id_of(page))
        or ticker_obstacle(delivery, page)
    )


def ticker_obstacle(delivery, page) -> str:
    """The reason why what somebody ticked must not be sent, "" when it may: who ticked it has to be permitted still.

    People who are switched off or deleted are permitted nothing. What code ticked is trusted.
    """
    by = ticker_of(delivery, lambda: targets_of(page))
    known = permissions.people({by} - {""})
    return "not_permitted" if permissions.not_permitted({delivery.account: by}, known) else ""


def ticker_of(delivery: Delivery, targets: Callable[[], Iterable[Target]]) -> str:
    """Who ticked the account, the user's primary key as text; "" for code.

    :param targets: the page's; asked where the delivery does not know.
    """
    # A user who was deleted leaves no trace on the delivery, but in the tick.
    known = str(delivery.ticked_by_id or "")
    return known or next((target.by for target in targets() if target.account_id == delivery.account_id), "")


def edit_obstacle(delivery: Delivery, page) -> str:
    """The reason why a post that is there must not be changed to what its page says, "" when it may.

    Whoever asked for it has to be permitted still, not whoever ticked the account; what code asked for is trusted.

    :param page: its specific page.
    """
    if page_obstacle(page):
        return "edit_pointless"
    if reason := account_obstacle(delivery.account, page, site_id_of(page)):
        return reason
    asked = delivery.attempts.filter(kind=Attempt.Kind.PERSON, outcome="edit").select_related("user").last()
    by = str(asked.user_id or "") if asked else ""
    account = delivery.account
    if permissions.not_permitted({account: by}, permissions.people({by} - {""})) and not _manages(asked, account):
        return "not_permitted"
    if not approval.may_change(asked.user if asked else None, delivery, lambda: approval.authors_of(page)):
        return "edit_unread"
    published_since = asked is not None and page.last_published_at and page.last_published_at > asked.started_at
    return "edit_unread" if account.needs_approval and published_since else ""


def _manages(asked: Attempt, account: Account) -> bool:
    return asked.user is not None and permissions.can_manage(asked.user, account)


def cap_wait(account: Account) -> float:
    """Seconds until ``account`` may be posted to again, 0 when it may be now.

    The cap is the network's option ``MAX_PER_HOUR``, or the setting of that name; ``None`` or 0: there is none. What
    may have been sent counts as sent.
    """
    cap = conf.network_options(account.network).get("MAX_PER_HOUR", conf.get("MAX_PER_HOUR"))
    if not cap:
        return 0.0
    now = timezone.now()
    recent = Delivery.objects.filter(account=account.pk, first_sent_at__gt=now - HOUR).order_by("-first_sent_at")
    times = list(recent.values_list("first_sent_at", flat=True)[:cap])
    return max((times[-1] + HOUR - now).total_seconds(), 1.0) if len(times) == cap else 0.0
