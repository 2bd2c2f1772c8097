"""Sending what is due: claim a lane, guard, compose and freeze, commit the intent, call, record."""

from __future__ import annotations

import logging
import random
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from wagtail_syndicate import conf, database
from wagtail_syndicate.accounts import environment, refresh
from wagtail_syndicate.backends.redaction import redact
from wagtail_syndicate.compose.article import address
from wagtail_syndicate.delivery import (
    approval,
    chosen,
    content,
    lanes,
    ledger,
    media,
    probe,
    reconcile,
    rehearsal,
    wishes,
)
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.guards import cap_wait, delivery_obstacle
from wagtail_syndicate.delivery.lanes import Lane, LaneLost
from wagtail_syndicate.delivery.logs import about
from wagtail_syndicate.exceptions import (
    AccountProblem,
    AwayFromHome,
    ComposeError,
    CredentialsLost,
    DuplicateContent,
    MediaRejected,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    TokenExpired,
)
from wagtail_syndicate.models import Account, Delivery


logger = logging.getLogger("wagtail_syndicate.delivery")

State = Delivery.State

BACKOFF_BASE = 5.0  # seconds
BACKOFF_CAP = 600.0
PAUSE = 5.0  # seconds in which an account rests whose work was broken off


def drain(budget: float = 20.0, call_help: Callable[[], None] | None = None) -> int:
    """Work on everything that is due, lane by lane, until nothing is left or ``budget`` seconds are over.

    :param call_help: wakes another worker. Called once, when there are more accounts than this one, so that workers
        wake each other until each has an account, and a slow network keeps nobody waiting.
    :returns: how many deliveries were worked on.
    """
    until = time.monotonic() + budget
    worked, served = 0, set()
    while time.monotonic() < until:
        accounts = lanes.due_accounts(without=served)
        lane = next((lane for account_id in accounts if (lane := lanes.claim(account_id))), None)
        if lane is not None:
            if call_help and len(accounts) > 1:
                call_help()
                call_help = None
            served.add(lane.account_id)
            worked += _serve(lane, until)
        elif served:
            served = set()  # from the beginning: something may have become due meanwhile
        else:
            break
    return worked


def _serve(lane: Lane, until: float) -> int:
    """Work for one account and give its lane back.

    :returns: how many of its deliveries were worked on.
    :raises database.AWAY: the database does not come back; the lease ends by itself.
    """
    try:
        worked = _work(lane, until)
    except LaneLost as error:
        logger.info("%s", error, extra={"account_id": lane.account_id})
        worked = 0
    except Exception as error:
        # The database is away, or we made a mistake where none was expected. Nothing is concluded from either: whoever
        # takes the lane next finds out how far we came. Other accounts go on.
        told = "The work for account %s was broken off by %s\n%s"
        extra = {"account_id": lane.account_id}
        logger.error(told, lane.account_id, type(error).__name__, _trace(error), extra=extra)
        lanes.stand_back(lane, PAUSE)
        return 0
    except BaseException:
        lanes.release(lane)
        raise
    lanes.release(lane)
    return worked


def _work(lane: Lane, until: float) -> int:
    """Work on one lane's due deliveries, in order, until it has to wait."""
    worked = 0
    while time.monotonic() < until:
        delivery = lanes.next_of(lane.account_id)
        if delivery is None:
            break
        lanes.keep(lane)
        worked += 1
        if not _step(lane, delivery):
            break
    return worked


def _step(lane: Lane, delivery: Delivery) -> bool:
    """Bring one delivery one step further.

    :returns: whether the lane may go on; ``False`` when the account has to wait.
    """
    try:
        if delivery.state == State.SENDING:
            reconcile.take_over(lane, delivery)
            return True
        if delivery.state == State.UNKNOWN and conf.is_dry_run():
            # Nobody is asked now whether it is there.
            ledger.write(lane, delivery, due_at=DatabaseNow() + timedelta(seconds=BACKOFF_CAP))
            return True
        if delivery.state == State.UNKNOWN:
            return reconcile.look(lane, delivery, send=_send)
        if delivery.state == State.SENT:
            return wishes.fulfil(lane, delivery)
        if not _prepare(lane, delivery):
            return True
        if wait := cap_wait(delivery.account):
            ledger.write(lane, delivery, reason="account_cap")
            lanes.rest(lane, wait)
            return False
        return _send(lane, delivery)
    except (LaneLost, *database.AWAY):
        raise
    except Exception as error:
        _own_fault(lane, delivery, error)
        return True


def _prepare(lane: Lane, delivery: Delivery) -> bool:
    """Guard and compose.

    :returns: whether there is something for the network now.
    """
    if delivery.is_overdue:
        if delivery.reason in probe.REASONS:
            ledger.rest(lane, delivery, State.FAILED, delivery.reason, delivery.detail)
        else:
            ledger.rest(lane, delivery, State.MISSED, "missed")
        return False
    page = delivery.page.specific if delivery.page_id else None
    if reason := delivery_obstacle(delivery, page):
        ledger.rest(lane, delivery, State.SKIPPED, reason)
        return False
    if delivery.payload is None:
        article, notice = content.with_picture(content.article_of(page), delivery.image, delivery.alt)
        try:
            message = content.message_for(article, delivery.account, delivery.wording)
        except ComposeError as error:
            ledger.rest(lane, delivery, State.FAILED, error.reason, error.detail)
            return False
        mended = {"reason": chosen.its_time(), "detail": ""} if delivery.reason == lanes.TROUBLE else {}
        ledger.write(lane, delivery, payload=message.to_dict(), notice=notice, **mended)
    if approval.is_missing(delivery):
        if delivery.state != State.APPROVAL:
            ledger.write(lane, delivery, state=State.APPROVAL, reason="", detail="")
        return False
    if delivery.state == State.APPROVAL:
        ledger.write(lane, delivery, state=State.WAITING)  # it goes out when it is due, which may be later
        return False
    if delivery.account.is_assisted:
        ledger.rest(lane, delivery, State.ASSISTED, "prefers_person" if delivery.account.by_hand else "needs_person")
        return False
    return _is_fit(lane, delivery, page)


def _is_fit(lane: Lane, delivery: Delivery, page) -> bool:
    """Whether a reader would find the page now; if not, the delivery is held, and others of the account go on."""
    if not conf.get("PROBE") or conf.is_dry_run():
        return True
    seen = probe.look(address(page))
    if seen.reason:
        _hold(lane, delivery, seen.reason, seen.detail, wait=probe.WAIT)
        return False
    if seen.notice and not delivery.notice:
        ledger.write(lane, delivery, notice=seen.notice)
    lanes.renew(lane)  # a slow page must not eat the time that the post needs
    return True


def _send(lane: Lane, delivery: Delivery) -> bool:
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
        return _hold(lane, delivery, "lost_credentials")
    except AwayFromHome as error:  # since the lane was claimed
        if doubtful:
            reconcile.postpone(lane, delivery, error)
            return False
        return _hold(lane, delivery, error.reason)
    except NetworkError as error:
        ledger.note(lane, delivery, error)
        return _not_accepted(lane, delivery, account, error, doubtful)

    attempt = ledger.intend(lane, delivery)
    try:
        receipt = backend.publish(delivery.message, uploads, str(delivery.key))
    except NetworkError as error:
        error.detail = redact(error.detail, backend.http.secrets)  # backends of other packages may forget to
        ledger.finish(attempt, type(error).__name__, error)
        if isinstance(error, OutcomeUnknown) or reconcile.is_evidence(error, delivery, backend):
            reconcile.unclear(lane, delivery, error, backend)
            return True
        return _not_accepted(lane, delivery, account, error, doubtful)
    except Exception as error:
        # A bug after the request may have left: nobody knows.
        _log(delivery, error, backend.connection.secrets)
        unclear = OutcomeUnknown("unclear_answer", type(error).__name__)
        ledger.finish(attempt, type(error).__name__, unclear)
        reconcile.unclear(lane, delivery, unclear, backend)
        return True
    if reconcile.is_anothers(delivery, receipt):
        # Networks that refuse repeated words name the first post with them, which is not this one.
        error = DuplicateContent("duplicate", receipt.remote_id)
        ledger.finish(attempt, type(error).__name__, error)
        return _not_accepted(lane, delivery, account, error, doubtful)
    ledger.finish(attempt, "Sent")
    ledger.sent(lane, delivery, receipt)
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
        return _hold(lane, delivery, error.reason, error.detail, **proof)
    if isinstance(error, MediaRejected) and delivery.message.images:
        _leave_pictures(
            lane, delivery, (), error.reason, state=State.WAITING, reason="", due_at=DatabaseNow(), **proof
        )
        return True
    if isinstance(error, NotSent) and delivery.attempts_made < conf.get("MAX_ATTEMPTS"):
        wait = error.retry_after or _backoff(account.failures)
        lanes.block(lane, wait)
        if error.reason == "network_down" and account.failures and account.backend_class.shares_server:
            lanes.block_neighbours(account, wait)
        return _hold(lane, delivery, error.reason, error.detail, wait=wait, **proof)
    reason = "gave_up" if isinstance(error, NotSent) else error.reason
    ledger.write(lane, delivery, state=State.FAILED, reason=reason, detail=error.detail[:1000], due_at=None, **proof)
    return True


def _expired_before(delivery: Delivery) -> bool:
    """Whether the token that was just refused is already a new one."""
    recent = delivery.attempts.filter(started_at__gt=timezone.now() - timedelta(minutes=10))
    return database.insist(recent.filter(outcome=TokenExpired.__name__).count) > 1


def _hold(lane: Lane, delivery: Delivery, reason: str, detail: str = "", wait: float = 0.0, **values) -> bool:
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


def _backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row; spread out, so that not all come back at once."""
    return random.uniform(0.5, 1.0) * min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(failures, 16))  # noqa: S311


def _own_fault(lane: Lane, delivery: Delivery, error: Exception) -> None:
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
            _hold(lane, delivery, lanes.TROUBLE, fault.detail, wait=_backoff(delivery.attempts_made - 1))


def _log(delivery: Delivery, error: Exception, secrets=()) -> None:
    text = _trace(error, secrets)
    logger.error("Delivery %s failed with %s\n%s", delivery.pk, type(error).__name__, text, extra=about(delivery))


def _trace(error: Exception, secrets=()) -> str:
    """Where it happened, without the exception's own text, which a library may have filled with anything."""
    return redact("".join(traceback.format_tb(error.__traceback__)), secrets)
