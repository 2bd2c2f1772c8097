"""Making one post: access and pictures first, then the committed intent, the call, and what it said written down."""

from __future__ import annotations

import logging
import random
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from wagtail_syndicate import conf, database
from wagtail_syndicate.accounts import environment, refresh
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.redaction import redact
from wagtail_syndicate.delivery import lanes, ledger, media, reconcile, rehearsal
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.lanes import Lane, LaneLost
from wagtail_syndicate.delivery.logs import about
from wagtail_syndicate.exceptions import (
    AccountProblem,
    AwayFromHome,
    CredentialsLost,
    DuplicateContent,
    MediaRejected,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    TokenExpired,
)
from wagtail_syndicate.models import Account, Attempt, Delivery
from wagtail_syndicate.types import Receipt


logger = logging.getLogger("wagtail_syndicate.delivery")

State = Delivery.State

BACKOFF_BASE = 5.0  # seconds
BACKOFF_CAP = 600.0
PAUSE = 5.0  # seconds in which an account rests whose work was broken off


@dataclass(eq=False)
class Flight:
    """A post that is ready to leave, or has left.

    ``account`` is as it was when ``backend`` was made of it: what the network says holds for these credentials only.
    ``doubtful``: an earlier attempt may have made the post, so that what follows is no proof of absence.
    ``attempt`` is the record of this one, there once it is committed.
    """

    lane: Lane
    delivery: Delivery
    account: Account
    backend: BaseBackend
    uploads: Sequence[Any] = ()
    doubtful: bool = False
    attempt: Attempt | None = None


def post(lane: Lane, delivery: Delivery) -> bool:
    """Make the post.

    :returns: whether the lane may go on.
    """
    account = delivery.account  # as it is now: what the network says holds for these credentials only
    doubtful = delivery.maybe_sent  # an earlier attempt may have made the post: what follows is no proof of absence
    try:
        backend = refresh.fresh_backend(account)
        if backend.http.rehearses:
            return _rehearse(lane, delivery, backend)
        uploads = _upload(lane, delivery, backend)
    except CredentialsLost:
        refresh.mark_broken(account, "lost_credentials")
        if doubtful:
            reconcile.postpone(lane, delivery, AccountProblem("lost_credentials"))
            return False
        return hold(lane, delivery, "lost_credentials")
    except AwayFromHome as error:  # since the lane was claimed
        if doubtful:
            reconcile.postpone(lane, delivery, error)
            return False
        return hold(lane, delivery, error.reason)
    except NetworkError as error:
        ledger.note(lane, delivery, error)
        return _not_accepted(lane, delivery, account, error, doubtful)

    flight = Flight(lane, delivery, account, backend, uploads, doubtful, ledger.intend(lane, delivery))
    return land(flight, call(flight))


def call(flight: Flight) -> Receipt | Exception:
    """The one irreversible call. It asks the database nothing, so it may be made in a thread of its own.

    :returns: what the network said, or what went wrong.
    """
    try:
        return flight.backend.publish(flight.delivery.message, flight.uploads, str(flight.delivery.key))
    except Exception as error:
        return error


def land(flight: Flight, outcome: Receipt | Exception) -> bool:
    """Write down what became of a call.

    :returns: whether the lane may go on.
    :raises LaneLost: it is not ours any more.
    """
    lane, delivery, account, backend = flight.lane, flight.delivery, flight.account, flight.backend
    if isinstance(outcome, LaneLost):
        raise outcome
    if isinstance(outcome, NetworkError):
        error = outcome
        error.detail = redact(error.detail, backend.http.secrets)  # backends of other packages may forget to
        ledger.finish(flight.attempt, type(error).__name__, error)
        if isinstance(error, OutcomeUnknown) or reconcile.is_evidence(error, delivery, backend):
            reconcile.unclear(lane, delivery, error, backend)
            return True
        return _not_accepted(lane, delivery, account, error, flight.doubtful)
    if isinstance(outcome, Exception):
        # A bug after the request may have left: nobody knows.
        _log(delivery, outcome, backend.connection.secrets)
        unclear = OutcomeUnknown("unclear_answer", type(outcome).__name__)
        ledger.finish(flight.attempt, type(outcome).__name__, unclear)
        reconcile.unclear(lane, delivery, unclear, backend)
        return True
    if reconcile.is_anothers(delivery, outcome):
        # Networks that refuse repeated words name the first post with them, which is not this one.
        error = DuplicateContent("duplicate", outcome.remote_id)
        ledger.finish(flight.attempt, type(error).__name__, error)
        return _not_accepted(lane, delivery, account, error, flight.doubtful)
    ledger.finish(flight.attempt, "Sent")
    ledger.sent(lane, delivery, outcome)
    lanes.succeeded(lane, **environment.settle_in(account))
    if backend.pause:
        lanes.rest(lane, backend.pause)
        return False
    return True


def _rehearse(lane: Lane, delivery: Delivery, backend) -> bool:
    """Write down what would be sent.

    :returns: whether the lane may go on.
    """
    if receipt := rehearsal.rehearse(lane, delivery, backend):
        logger.error("%s posted in a dry run: it does not use our HTTP", delivery.network, extra=about(delivery))
        ledger.intend(lane, delivery)
        ledger.sent(lane, delivery, receipt)
    return True


def _upload(lane: Lane, delivery: Delivery, backend) -> list:
    """Hand over the pictures. One that is refused is left behind: the text goes out, and the delivery says so."""
    limits = backend.get_limits().images
    uploads, kept, notice = [], [], ""
    for image in delivery.message.images if limits else ():
        try:
            uploads.append(backend.upload(media.fit(image, limits)))
            kept.append(image)
            # Slow uploads must not eat the time that the post itself needs.
            lanes.renew(lane)
        except media.MediaUnreadable:
            notice = "image_unreadable"
        except MediaRejected as error:
            notice = error.reason
    if notice:
        _leave_pictures(lane, delivery, tuple(kept), notice)
    return uploads


def _leave_pictures(lane: Lane, delivery: Delivery, kept: tuple, notice: str, **values) -> None:
    message = replace(delivery.message, images=kept)
    ledger.write(lane, delivery, payload=message.to_dict(), notice=notice, **values)


def _not_accepted(lane: Lane, delivery: Delivery, account: Account, error: NetworkError, doubtful: bool) -> bool:
    """The network surely did not accept this request. Decide what becomes of the delivery.

    :param account: with the credentials that were used; others may have been stored since.
    :param doubtful: whether an *earlier* request may have been accepted; then nothing here is the last word.
    :returns: whether the lane may go on.
    """
    if doubtful:
        if isinstance(error, AccountProblem):
            refresh.recover(account, error)
        if isinstance(error, DuplicateContent) and not reconcile.can_be_settled(delivery.public_backend, delivery):
            # The network has these words, most likely from our earlier attempt, but cannot be asked under which id.
            ledger.rest(lane, delivery, State.UNKNOWN, "unclear", error.detail)
            return True
        if error.retry_after:
            lanes.block(lane, error.retry_after)
        # A refusal after an unclear attempt is not a refusal: look before concluding.
        reconcile.postpone(lane, delivery, error)
        return not isinstance(error, NotSent | AccountProblem)
    proof = {"maybe_sent": False, "first_sent_at": None}
    if isinstance(error, TokenExpired) and not _expired_before(delivery):
        # Once: a new token that is refused as well is a case for the admin.
        try:
            refresh.fresh_backend(account, force=True)
        except NetworkError as failure:
            error = failure
        else:
            ledger.write(lane, delivery, state=State.WAITING, due_at=DatabaseNow(), **proof)
            return True
    if isinstance(error, AccountProblem):
        refresh.mark_broken(account, error.reason)
        return hold(lane, delivery, error.reason, error.detail, **proof)
    if isinstance(error, MediaRejected) and delivery.message.images:
        _leave_pictures(
            lane, delivery, (), error.reason, state=State.WAITING, reason="", due_at=DatabaseNow(), **proof
        )
        return True
    if isinstance(error, NotSent) and delivery.attempts_made < conf.get("MAX_ATTEMPTS"):
        wait = error.retry_after or backoff(account.failures)
        lanes.block(lane, wait)
        if error.reason == "network_down" and account.failures and account.backend_class.shares_server:
            lanes.block_neighbours(account, wait)
        return hold(lane, delivery, error.reason, error.detail, wait=wait, **proof)
    reason = "gave_up" if isinstance(error, NotSent) else error.reason
    ledger.write(lane, delivery, state=State.FAILED, reason=reason, detail=error.detail[:1000], due_at=None, **proof)
    return True


def _expired_before(delivery: Delivery) -> bool:
    """Whether the token that was just refused is already a new one."""
    recent = delivery.attempts.filter(started_at__gt=timezone.now() - timedelta(minutes=10))
    return database.insist(recent.filter(outcome=TokenExpired.__name__).count) > 1


def hold(lane: Lane, delivery: Delivery, reason: str, detail: str = "", wait: float = 0.0, **values) -> bool:
    """Keep the delivery waiting: for a moment, or for an admin to mend the account."""
    ledger.write(
        lane,
        delivery,
        state=State.WAITING,
        reason=reason,
        detail=detail[:1000],
        due_at=DatabaseNow() + timedelta(seconds=wait),
        **values,
    )
    return False


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row; spread out, so that not all come back at once."""
    return random.uniform(0.5, 1.0) * min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(failures, 16))  # noqa: S311


def own_fault(lane: Lane, delivery: Delivery, error: Exception) -> None:
    """A mistake of ours or of a backend, or something that this site needs is away: its cache, say. Nothing left.

    It is tried again as after a network's trouble, because much of that passes; then the page says that it has failed.
    """
    _log(delivery, error)
    delivery.refresh_from_db()
    fault = OutcomeUnknown("unclear", type(error).__name__)
    if delivery.state == State.SENDING:
        # Whether a look can tell more is asked then: the mistake may well be in the answer to that.
        later = DatabaseNow() + timedelta(seconds=reconcile.FIRST_LOOK)
        ledger.write(lane, delivery, state=State.UNKNOWN, reason="unclear", detail=fault.detail, due_at=later)
    elif delivery.state == State.UNKNOWN:
        ledger.note(lane, delivery, NetworkError(lanes.TROUBLE, fault.detail))
        reconcile.postpone(lane, delivery, fault)
    elif delivery.state in (State.WAITING, State.APPROVAL):
        ledger.note(lane, delivery, NetworkError(lanes.TROUBLE, fault.detail))
        if delivery.attempts_made >= conf.get("MAX_ATTEMPTS"):
            ledger.rest(lane, delivery, State.FAILED, "internal", fault.detail)
        elif delivery.state == State.APPROVAL:
            # It keeps its time, which may be far ahead, and is composed again long before that (``lanes.due``).
            ledger.write(lane, delivery, reason=lanes.TROUBLE, detail=fault.detail)
        else:
            hold(lane, delivery, lanes.TROUBLE, fault.detail, wait=backoff(delivery.attempts_made - 1))


def break_off(lane: Lane, error: Exception) -> None:
    """Give back a lane whose work ended before its time: the database is away, or we made a mistake where none was
    expected. Nothing is concluded from either: whoever takes the lane next finds out how far we came.

    :raises database.AWAY: the database does not come back; the lease ends by itself.
    """
    extra = {"account_id": lane.account_id}
    if isinstance(error, LaneLost):
        logger.info("%s", error, extra=extra)
        lanes.release(lane)
        return
    told = "The work for account %s was broken off by %s\n%s"
    logger.error(told, lane.account_id, type(error).__name__, trace(error), extra=extra)
    lanes.stand_back(lane, PAUSE)


def _log(delivery: Delivery, error: Exception, secrets=()) -> None:
    text = trace(error, secrets)
    logger.error("Delivery %s failed with %s\n%s", delivery.pk, type(error).__name__, text, extra=about(delivery))


def trace(error: Exception, secrets=()) -> str:
    """Where it happened, without the exception's own text, which a library may have filled with anything."""
    return redact("".join(traceback.format_tb(error.__traceback__)), secrets)
