"""From a publication to delivery rows, in the publisher's own transaction and without any remote call."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Case, F, TextField, Value, When

from wagtail_syndicate import conf
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.guards import account_obstacle, page_obstacle, site_id_of
from wagtail_syndicate.models import Account, Delivery, targets_of


State = Delivery.State

# What a person may ask to be sent anew; it should then say what the page says now. A post that may be under way keeps
# its frozen message, whatever its wording says.
RETRIED = (State.FAILED, State.MISSED, State.CANCELLED, State.UNKNOWN, State.SENDING)


@transaction.atomic
def plan(page, revision=None) -> bool:
    """Write the deliveries that this publication of ``page`` calls for.

    The first publication sends to every ticked account; a later one only to accounts that are newly ticked. What was
    never sent (skipped, unticked, unpublished) gets a new chance, unless a person cancelled it; what was unticked
    before it left is cancelled. The number of queries does not depend on the number of accounts.

    :param page: the specific page, as it was just published.
    :param revision: the revision that was published, when there is one; it may tell who did it.
    :returns: whether anything is due now.
    """
    targets = {target.account_id: target for target in targets_of(page)}
    known = _latest_deliveries(page)
    if not targets and not known:
        return False
    accounts = _accounts(targets)
    obstacle = page_obstacle(page)
    site_id = site_id_of(page) if not obstacle else None

    new, revived, renewed, reworded = [], [], [], []
    for account in accounts:
        target = targets[account.pk]
        reason = obstacle or account_obstacle(account, page, site_id)
        delivery = known.get(account.pk)
        if delivery is None:
            new.append(_new_delivery(page, account, target.wording, revision, reason))
        elif delivery.was_never_sent and not reason:
            delivery.wording = target.wording
            revived.append(delivery)
        elif delivery.state in (State.WAITING, State.ASSISTED) and not delivery.maybe_sent:
            delivery.wording = target.wording
            renewed.append(delivery)
        elif delivery.state in RETRIED and delivery.wording != target.wording:
            delivery.wording = target.wording
            reworded.append(delivery)
    unticked = [delivery.pk for account_id, delivery in known.items() if account_id not in targets]

    if new:
        # Two publications at the same moment: the unique constraint lets one of them write.
        Delivery.objects.bulk_create(new, ignore_conflicts=True)
    if revived:
        _start_over(revived, Delivery.NEVER_SENT)
    if renewed:
        _start_over(renewed, (State.WAITING, State.ASSISTED))
    if reworded:
        Delivery.objects.filter(pk__in=_keys(reworded), state__in=RETRIED).update(wording=_wordings(reworded))
    if unticked:
        cancel(Delivery.objects.filter(pk__in=unticked), "unticked")
    return bool(revived or renewed or any(delivery.state == State.WAITING for delivery in new))


def cancel(deliveries, reason: str) -> int:
    """Stop those of ``deliveries`` (a queryset) that have not left; what may have been sent is not touched."""
    return deliveries.filter(state__in=(State.WAITING, State.ASSISTED), maybe_sent=False).update(
        state=State.CANCELLED, reason=reason, detail="", due_at=None, updated_at=DatabaseNow()
    )


def withdraw(page) -> int:
    """Stop what has not left of a page that was unpublished or is being deleted."""
    return cancel(Delivery.objects.filter(page_id=page.pk), "unpublished")


def _accounts(account_ids) -> list[Account]:
    if not account_ids:
        return []
    return list(Account.objects.filter(pk__in=account_ids).prefetch_related("locales", "sites"))


def _latest_deliveries(page) -> dict[int, Delivery]:
    found = Delivery.objects.filter(page_id=page.pk, account__isnull=False).order_by("generation")
    return {delivery.account_id: delivery for delivery in found}


def _new_delivery(page, account: Account, wording: str, revision, reason: str) -> Delivery:
    now = DatabaseNow()
    return Delivery(
        page_id=page.pk,
        account=account,
        page_title=page.get_admin_display_title()[:255],
        account_label=account.label,
        network=account.network,
        language=page.locale.language_code,
        revision=revision,
        published_by_id=getattr(revision, "user_id", None),
        wording=wording,
        state=State.SKIPPED if reason else State.WAITING,
        reason=reason,
        due_at=None if reason else now,
        expires_at=now + timedelta(seconds=conf.get("WINDOW")),
    )


def _start_over(deliveries: list[Delivery], states) -> None:
    """Make rows that never left due again, each with its wording of today, in one statement."""
    Delivery.objects.filter(pk__in=_keys(deliveries), state__in=states, maybe_sent=False).update(
        state=State.WAITING,
        reason="",
        detail="",
        notice="",
        payload=None,
        wording=_wordings(deliveries),
        due_at=DatabaseNow(),
        expires_at=DatabaseNow() + timedelta(seconds=conf.get("WINDOW")),
        updated_at=DatabaseNow(),
    )


def _keys(deliveries: list[Delivery]) -> list[int]:
    return [delivery.pk for delivery in deliveries]


def _wordings(deliveries: list[Delivery]) -> Case:
    return Case(
        *(When(pk=delivery.pk, then=Value(delivery.wording)) for delivery in deliveries),
        default=F("wording"),
        output_field=TextField(),
    )
