"""Unknown outcomes: nobody sends again blindly. First the evidence (read back, then the network's own idempotency key
inside its window), then a person with two buttons."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from wagtail_syndicate import database
from wagtail_syndicate.accounts import refresh
from wagtail_syndicate.delivery import lanes, ledger
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.guards import delivery_obstacle
from wagtail_syndicate.delivery.lanes import Lane
from wagtail_syndicate.exceptions import AccountProblem, CredentialsLost, DuplicateContent, NetworkError
from wagtail_syndicate.models import Attempt, Delivery
from wagtail_syndicate.types import Receipt


State = Delivery.State

FIRST_LOOK = 5.0  # seconds after an unclear answer; a find is proof at any time
ABSENT_LOOKS = 2  # so many looks, the network's settling time apart, must agree that it is not there
SLOWEST_REPEAT = 600.0  # seconds between two repeats of a request whose key the network remembers
MAX_FAILED_LOOKS = 20
SKEW = timedelta(minutes=5)  # how far the network's clock may be off ours


def take_over(lane: Lane, delivery: Delivery) -> None:
    """A delivery was left "sending" by a worker that is gone: it may or may not have left."""
    _close_interrupted(delivery)
    ledger.write(
        lane, delivery, state=State.UNKNOWN, reason="interrupted", **_next_look(delivery.public_backend, delivery)
    )


def unclear(lane: Lane, delivery: Delivery, error: NetworkError, backend) -> None:
    """A request may have been accepted: the delivery is unknown from now on."""
    ledger.write(
        lane,
        delivery,
        state=State.UNKNOWN,
        reason=error.reason,
        detail=error.detail[:1000],
        **_next_look(backend, delivery, error.retry_after),
    )


def postpone(lane: Lane, delivery: Delivery, error: NetworkError, seconds: float | None = None) -> None:
    """The question cannot be answered right now; ask again later, and a person when it never can."""
    wait = seconds or error.retry_after or _settling(delivery)
    gave_up = delivery.attempts.exclude(reason="").count() >= MAX_FAILED_LOOKS
    ledger.write(
        lane,
        delivery,
        state=State.UNKNOWN,
        reason="unclear" if gave_up else "looking",
        detail=error.detail[:1000],
        due_at=None if gave_up else DatabaseNow() + timedelta(seconds=wait),
    )


def look(lane: Lane, delivery: Delivery, send) -> bool:
    """Find out what became of an unknown delivery.

    :param send: sends it (again, with the same key); used where the network recognises the key.
    :returns: whether the lane may go on.
    """
    backend = delivery.public_backend
    if backend is not None and backend.can_find():
        return _read_back(lane, delivery)
    page = delivery.page.specific if delivery.page_id else None
    may_be_sent = not delivery_obstacle(delivery, page) and not delivery.account.is_assisted
    if _key_is_remembered(backend, delivery) and may_be_sent:
        return send(lane, delivery)
    ledger.rest(lane, delivery, State.UNKNOWN, "unclear", delivery.detail)
    return True


def is_anothers(delivery: Delivery, receipt: Receipt) -> bool:
    """Whether the post that the network names is known to be another delivery's, with the same words."""
    known = Delivery.objects.filter(account=delivery.account_id, remote_id=receipt.remote_id)
    return database.insist(known.exclude(pk=delivery.pk).exists)


def _close_interrupted(delivery: Delivery) -> None:
    """Nobody is at it any more who could say how an earlier try or look ended."""
    Attempt.objects.filter(delivery=delivery, finished_at=None).update(
        outcome="interrupted", reason="interrupted", finished_at=DatabaseNow()
    )


def _read_back(lane: Lane, delivery: Delivery) -> bool:
    _close_interrupted(delivery)
    account = delivery.account  # as it is now: what the network says holds for these credentials only
    attempt = Attempt.objects.create(delivery=delivery, kind=Attempt.Kind.FIND, fence=lane.fence)
    try:
        backend = refresh.fresh_backend(account)
        receipt = backend.find(delivery.message, delivery.first_sent_at - SKEW)
    except CredentialsLost:
        refresh.mark_broken(account, "lost_credentials")
        error = NetworkError("lost_credentials")
        ledger.finish(attempt, type(error).__name__, error)
        postpone(lane, delivery, error)
        return False
    except NetworkError as error:
        if isinstance(error, AccountProblem):
            refresh.recover(account, error)
        if error.retry_after:
            lanes.block(lane, error.retry_after)
        ledger.finish(attempt, type(error).__name__, error)
        postpone(lane, delivery, error)
        return False
    if receipt is not None and is_anothers(delivery, receipt):
        receipt = None
    if receipt is not None:
        ledger.finish(attempt, "found")
        ledger.sent(lane, delivery, receipt)
        return True
    ledger.finish(attempt, "absent")
    _absent(lane, delivery)
    return True


def _absent(lane: Lane, delivery: Delivery) -> None:
    # A look right after the attempt, or right after the last look, proves nothing: timelines lag. The clock that wrote
    # these times is asked, the database's: this process's may be wrong.
    settled = DatabaseNow() - timedelta(seconds=_settling(delivery))
    unlooked = Q(looked_at=None) | Q(looked_at__lte=settled)
    counts = Delivery.objects.filter(unlooked, pk=delivery.pk, first_sent_at__lte=settled).exists()
    looks = delivery.looks + counts
    if looks >= ABSENT_LOOKS and _was_accepted(delivery):
        # The network said yes and does not show it yet: it may still come, so nobody but a person may decide.
        ledger.rest(lane, delivery, State.UNKNOWN, "unclear", delivery.detail)
        return
    if looks >= ABSENT_LOOKS:
        ledger.write(
            lane,
            delivery,
            state=State.WAITING,
            maybe_sent=False,
            first_sent_at=None,
            looks=0,
            looked_at=None,
            reason="",
            detail="",
            due_at=DatabaseNow(),
        )
        return
    ledger.write(
        lane,
        delivery,
        reason="looking",
        looks=looks,
        looked_at=DatabaseNow() if counts else delivery.looked_at,
        due_at=DatabaseNow() + timedelta(seconds=_settling(delivery)),
    )


def _settling(delivery: Delivery) -> float:
    """Seconds that the network's own list of posts may lag; only absence after that counts."""
    return delivery.backend_class.settle_seconds if delivery.backend_class else 60.0


def is_evidence(error: NetworkError, delivery: Delivery, backend) -> bool:
    """Whether a refusal says that an earlier request, whose post was not found, had made it after all."""
    unclear = delivery.attempts.filter(kind=Attempt.Kind.PUBLISH, outcome__in=("OutcomeUnknown", "interrupted"))
    return isinstance(error, DuplicateContent) and backend.can_find() and database.insist(unclear.exists)


def _was_accepted(delivery: Delivery) -> bool:
    """Whether the network said that it took the post and will show it later, or that it has these words already."""
    said = Q(reason="accepted_later") | Q(outcome="DuplicateContent")
    return delivery.attempts.filter(said, kind=Attempt.Kind.PUBLISH).exists()


def can_be_settled(backend, delivery: Delivery) -> bool:
    """Whether the network can be asked what became of the post: by a look, or by the same request once more."""
    return backend is not None and (backend.can_find() or _key_is_remembered(backend, delivery))


def _key_is_remembered(backend, delivery: Delivery) -> bool:
    if backend is None or not backend.key_seconds:
        return False
    now = DatabaseNow()
    # A time in the future was written before the clock was set back: how old the key is nobody knows.
    known = Q(first_sent_at__gt=now - timedelta(seconds=backend.key_seconds)) & Q(first_sent_at__lte=now + SKEW)
    return database.insist(Delivery.objects.filter(known, pk=delivery.pk).exists)


def _next_look(backend, delivery: Delivery, wanted: float | None = None) -> dict:
    possible = can_be_settled(backend, delivery)
    wait = FIRST_LOOK
    if possible and not backend.can_find():
        # The next look is the request itself once more: a network in trouble is not asked every few seconds.
        wait = wanted or min(SLOWEST_REPEAT, FIRST_LOOK * 2 ** min(delivery.attempts_made, 16))
    return {"due_at": DatabaseNow() + timedelta(seconds=wait) if possible else None}
