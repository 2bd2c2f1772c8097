"""From a publication to delivery rows, in the publisher's own transaction and without any remote call.

A publication that could not be planned keeps its date in ``TargetSet.plan_at``: the sweep plans it (``plan_late``).
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import swapper
from django.db import IntegrityError, transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from wagtail.log_actions import get_active_log_context

from wagtail_syndicate import conf, database
from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.delivery import afterwards
from wagtail_syndicate.delivery.chosen import Dates, each, give, target_of
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.guards import account_obstacle, page_obstacle
from wagtail_syndicate.delivery.telling import telling
from wagtail_syndicate.models import Account, Delivery, TargetSet, site_id_of
from wagtail_syndicate.models.target import CHOSEN, PLANNED_WITHIN, RELATION, targets_in


logger = logging.getLogger("wagtail_syndicate.delivery")

State = Delivery.State

# Rows without an account that tell, beside the page's posts, that the publication itself was not planned.
UNPLANNED = ("unplanned", "plan_failed")
PLAN_AGAIN = timedelta(minutes=5)
LATE_AT_ONCE = 20  # publications that one sweep plans, so that posts do not wait for long

# What a person may ask to be sent anew; it should then say what the page says now. A post that may be under way keeps
# its frozen message, whatever its wording says.
RETRIED = (State.FAILED, State.MISSED, State.CANCELLED, State.UNKNOWN, State.SENDING)

# What was chosen for a post, by whom, and who published it.
THEIRS = (*CHOSEN, "ticked_by", "published_by")


@transaction.atomic
def plan(page, revision=None, expires_at=None) -> bool:
    """Write the deliveries that this publication of ``page`` calls for.

    The first publication sends to every ticked account; a later one only to accounts that are newly ticked. What was
    never sent (skipped, unticked, unpublished) gets a new chance, unless a person cancelled it; what was unticked
    before it left is cancelled. Of several deliveries to one account the latest counts. What was to be deleted because
    the page was gone stays. The number of queries does not depend on the number of accounts.

    :param page: the specific page, as it was just published.
    :param revision: the revision that was published, when there is one; it may tell who did it.
    :param expires_at: when the posts will be too late; a ``WINDOW`` from now if not given.
    :returns: whether anything is due now.
    """
    rows = list(getattr(page, RELATION).all())
    targets = {target.account_id: target for target in targets_in(rows)}
    known, notes = _deliveries_of(page)
    for row in rows:
        if row.plan_at is not None:  # one that a later publication set stays
            TargetSet.objects.filter(pk=row.pk, plan_at=row.plan_at).update(plan_at=None)
    if notes:
        Delivery.objects.filter(pk__in=notes).delete()
    if not targets and not known:
        return False
    accounts = _accounts(targets)
    dates = Dates(page, accounts, targets, expires_at)
    obstacle = page_obstacle(page)
    site_id = site_id_of(page) if not obstacle else None
    publisher = _publisher(revision)
    tickers = permissions.people({target.by for target in targets.values() if target.by})
    barred = permissions.not_permitted({account: targets[account.pk].by for account in accounts}, tickers)

    new, revived, renewed, reworded = [], [], [], []
    for account in accounts:
        target = targets[account.pk]
        reason = obstacle or account_obstacle(account, page, site_id)
        if not reason and account.pk in barred:
            reason = "not_permitted"
        delivery = known.get(account.pk)
        if delivery is None:
            chosen = {} if reason else dates.of(account)
            delivery = give(_new_delivery(page, account, revision, reason), target, chosen)
            new.append(delivery)
        elif (delivery.was_never_sent or _is_answer(delivery, target)) and not reason:
            revived.append(give(delivery, target, dates.of(account)))
        elif delivery.state in Delivery.UNSENT and not delivery.maybe_sent:
            renewed.append(give(delivery, target, dates.of(account, delivery)))
        elif delivery.state in RETRIED:
            reworded.append(give(delivery, target))
        else:
            continue
        delivery.ticked_by = tickers.get(target.by)
        delivery.published_by_id = publisher
    unticked = [delivery.pk for account_id, delivery in known.items() if account_id not in targets]

    if new:
        # Two publications at the same moment: the unique constraint lets one of them write.
        Delivery.objects.bulk_create(new, ignore_conflicts=True)
    careful = [account.pk for account in accounts if account.needs_approval]
    if revived:
        _start_over(revived, Delivery.NEVER_SENT, careful)
    if renewed:
        _start_over(renewed, Delivery.UNSENT, careful)
    if reworded:
        Delivery.objects.filter(pk__in=_keys(reworded), state__in=RETRIED).update(**each(reworded, THEIRS))
    if unticked:
        cancel(Delivery.objects.filter(pk__in=unticked), "unticked")
    afterwards.page_is_back(page, known.values())
    return bool(revived or renewed or any(delivery.state != State.SKIPPED for delivery in new))


def once_more(delivery: Delivery, user=None) -> bool:
    """A person wants the page of this delivery posted to its account again: as the page is now, and at once.

    :returns: whether there is a new delivery; ``False`` when there is a later one already, or nothing to post.
    """
    page = delivery.page.specific if delivery.page_id else None
    if page is None or delivery.account is None:
        return False
    new = _new_delivery(page, delivery.account, page.live_revision, page_obstacle(page))
    target = replace(target_of(delivery, page), when="")
    dates = Dates(page, [delivery.account], {delivery.account_id: target})
    give(new, target, {} if new.reason else dates.of(delivery.account))
    new.generation = delivery.generation + 1
    new.published_by = new.ticked_by = user
    later = Delivery.objects.filter(page=page.pk, account=delivery.account_id, generation__gt=delivery.generation)
    if later.exists():
        return False
    try:
        with transaction.atomic():
            new.save(force_insert=True)
    except IntegrityError:  # somebody else was quicker
        return False
    return True


def cancel(deliveries, reason: str) -> int:
    """Stop those of ``deliveries`` (a queryset) that have not left; what may have been sent is not touched."""
    return deliveries.filter(state__in=Delivery.UNSENT, maybe_sent=False).update(
        state=State.CANCELLED, reason=reason, detail="", due_at=None, updated_at=DatabaseNow()
    )


def withdraw(page) -> bool:
    """Stop what has not left of a page that was unpublished or is being deleted, and see to what has, as its accounts
    are set up.

    :returns: whether anything is due now.
    """
    _forget(page.pk)
    cancel(Delivery.objects.filter(page_id=page.pk), "unpublished")
    return afterwards.page_is_gone(page)


def not_planned(page, revision=None, again: bool = True) -> None:
    """Tell on the page that its publication was not planned, and let the sweep do it.

    :param again: whether the sweep is to try; ``False``: it is too late, people have to publish again.
    """
    soon, reason = DatabaseNow() + PLANNED_WITHIN, "unplanned" if again else "plan_failed"
    with transaction.atomic():
        _notes(page.pk).delete()
        Delivery.objects.create(
            page_id=page.pk,
            page_title=page.title[:255],
            language=page.locale.language_code,
            revision=revision,
            published_by_id=getattr(revision, "user_id", None),
            state=State.FAILED,
            reason=reason,
            **telling(State.FAILED, reason),
        )
        TargetSet.objects.filter(page_id=page.pk).update(plan_at=Coalesce("plan_at", soon) if again else None)


def plan_late(most: int = LATE_AT_ONCE) -> int:
    """Plan publications that were not planned when they should have been. Several processes may do it at once.

    :param most: how many publications are looked at.
    :returns: how many of them were planned.
    """
    late = TargetSet.objects.filter(plan_at__lte=DatabaseNow()).order_by("plan_at")
    return sum(_plan_one(*found) for found in late.values_list("pk", "page_id", "plan_at")[:most])


def _plan_one(pk: int, page_id: int, plan_at) -> bool:
    # Moved before it is tried: one process takes it, and one that dies of it does not do so at every round.
    if not TargetSet.objects.filter(pk=pk, plan_at=plan_at).update(plan_at=DatabaseNow() + PLAN_AGAIN):
        return False
    pages = swapper.load_model("wagtailcore", "Page").objects.filter(pk=page_id)
    try:
        with transaction.atomic():
            # A publication at this moment waits until we are done, and then has the last word.
            page = pages.select_for_update().get()
            if not page.live or page.alias_of_id or page.last_published_at is None:
                _forget(page_id)
                return False
            too_late = page.last_published_at + timedelta(seconds=conf.get("WINDOW"))
            if too_late < timezone.now():
                not_planned(page, page.live_revision, again=False)
                return False
            plan(page.specific, page.live_revision, too_late)
            return True
    except database.AWAY:
        raise  # which is no mistake in planning; it comes round again
    except Exception as error:
        logger.error("Page %s is still not planned: %s", page_id, type(error).__name__, exc_info=True)
    if page := pages.first():
        not_planned(page, page.live_revision)
    return False


def _forget(page_id: int) -> None:
    """Nothing has to be planned for the page any more."""
    TargetSet.objects.filter(page_id=page_id, plan_at__isnull=False).update(plan_at=None)
    _notes(page_id).delete()


def _notes(page_id: int):
    return Delivery.objects.filter(page_id=page_id, account=None, reason__in=UNPLANNED)


def _accounts(account_ids) -> list[Account]:
    if not account_ids:
        return []
    found = Account.objects.filter(pk__in=account_ids)
    return list(found.select_related("collection").prefetch_related("locales", "sites"))


def _publisher(revision) -> int | None:
    """The primary key of who published; ``None`` when nobody knows, as when a script did.

    A revision names its author, not who let it go live: that is the person whose request this is, if it is one.
    """
    user = get_active_log_context().user
    return user.pk if user else getattr(revision, "user_id", None)


def _is_answer(delivery: Delivery, target) -> bool:
    """Whether a post that was rejected comes back with other words."""
    return delivery.reason == "rejected" and delivery.wording != target.wording


def _deliveries_of(page) -> tuple[dict[int, Delivery], list[int]]:
    """The latest delivery to each account, and the primary keys of notes that the page was not planned."""
    found = list(Delivery.objects.filter(page_id=page.pk).order_by("generation"))
    notes = [row.pk for row in found if row.account_id is None and row.reason in UNPLANNED]
    return {row.account_id: row for row in found if row.account_id is not None}, notes


def _new_delivery(page, account: Account, revision, reason: str) -> Delivery:
    return Delivery(
        page_id=page.pk,
        account=account,
        page_title=page.get_admin_display_title()[:255],
        account_label=account.label,
        network=account.network,
        language=page.locale.language_code,
        revision=revision,
        state=State.SKIPPED if reason else State.APPROVAL if account.needs_approval else State.WAITING,
        reason=reason,
        **(telling(State.SKIPPED, reason) if reason else {}),
    )


def _start_over(deliveries: list[Delivery], states, careful) -> None:
    """Make rows that never left due again, each with what was chosen today, in one statement.

    :param careful: primary keys of the accounts whose posts need approval.
    """
    Delivery.objects.filter(pk__in=_keys(deliveries), state__in=states, maybe_sent=False).update(
        state=Case(When(account_id__in=careful, then=Value(State.APPROVAL)), default=Value(State.WAITING)),
        detail="",
        notice="",
        payload=None,
        **each(deliveries, (*THEIRS, "reason", "due_at", "expires_at")),
        updated_at=DatabaseNow(),
    )


def _keys(deliveries: list[Delivery]) -> list[int]:
    return [delivery.pk for delivery in deliveries]
