"""Changing and deleting posts that are there, as was wished: by the holder of the lane, with a record of each try.

Both may be repeated: a change sets the same words once more, what is deleted already counts as deleted. So an answer
that got lost leaves the wish as it was. What cannot be done goes back to people, with the reason.
"""

from __future__ import annotations

import logging
import random
from datetime import timedelta

from django.db.models import Case, F, Q, Value, When

from wagtail_syndicate import conf, database
from wagtail_syndicate.accounts import refresh
from wagtail_syndicate.delivery import content, lanes, ledger, outdated
from wagtail_syndicate.delivery.chosen import target_of
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.guards import edit_obstacle
from wagtail_syndicate.delivery.lanes import Lane, LaneLost
from wagtail_syndicate.delivery.logs import about
from wagtail_syndicate.delivery.telling import telling
from wagtail_syndicate.exceptions import (
    AccountProblem,
    AwayFromHome,
    ComposeError,
    CredentialsLost,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    Rejected,
)
from wagtail_syndicate.models import Attempt, Delivery
from wagtail_syndicate.types import Message, Receipt


logger = logging.getLogger("wagtail_syndicate.delivery")

State, Wish, Kind = Delivery.State, Delivery.Wish, Attempt.Kind

GONE = "post_gone"
FIRST_WAIT = 15.0  # seconds until a try that failed is repeated; then longer and longer
LONGEST_WAIT = 3600.0
ACCOUNT_WAIT = 60.0  # seconds until an account that was refused is tried again, where it still may be


def fulfil(lane: Lane, delivery: Delivery) -> bool:
    """Do what is wished for a post that is there.

    :returns: whether the lane may go on.
    """
    Attempt.objects.filter(delivery=delivery, kind__in=(Kind.EDIT, Kind.DELETE), finished_at=None).update(
        outcome="broken_off", finished_at=DatabaseNow()
    )
    if delivery.wish not in (Wish.EDIT, Wish.DELETE):  # nothing that a worker does
        ledger.write(lane, delivery, {"wish": delivery.wish}, due_at=None)
        return True
    try:
        return _delete(lane, delivery) if delivery.wish == Wish.DELETE else _edit(lane, delivery)
    except (LaneLost, *database.AWAY):
        raise
    except Exception as error:
        # A bug of ours, or of a backend: nothing is repeated for ever.
        logger.error(
            "The wish for delivery %s failed with %s", delivery.pk, type(error).__name__, extra=about(delivery)
        )
        _give_back(lane, delivery, "internal", type(error).__name__)
        return True


def _edit(lane: Lane, delivery: Delivery) -> bool:
    page = delivery.page.specific if delivery.page_id else None
    if reason := edit_obstacle(delivery, page):
        _give_back(lane, delivery, reason)
        return True
    try:
        # With the pictures that it has: networks let words be changed, not pictures.
        article = outdated.with_its_pictures(content.article_of(page), delivery)
        message = content.message_for(article, delivery.account, target_of(delivery, page).wording)
    except ComposeError as error:
        _give_back(lane, delivery, error.reason, error.detail)
        return True

    def change(backend) -> Receipt:
        return backend.edit(delivery.remote_id, message)

    return _ask(lane, delivery, Kind.EDIT, change, lambda receipt: _edited(lane, delivery, page, message, receipt))


def _delete(lane: Lane, delivery: Delivery) -> bool:
    def take_back(backend) -> None:
        backend.delete(delivery.remote_id)

    return _ask(lane, delivery, Kind.DELETE, take_back, lambda _nothing: _removed(lane, delivery))


def _ask(lane: Lane, delivery: Delivery, kind: str, call, record) -> bool:
    """Ask the network, and record what it answered.

    :param call: gets the backend; :param record: gets what ``call`` returned.
    :returns: whether the lane may go on.
    """
    account = delivery.account  # as it is now: what the network says holds for these credentials only
    try:
        backend = refresh.fresh_backend(account)
    except AwayFromHome as error:  # nobody may be asked from here; the original, or this site as the new home, goes on
        return _put_off(lane, delivery, error, ACCOUNT_WAIT)
    except CredentialsLost:
        refresh.mark_broken(account, "lost_credentials")
        return _failed(lane, delivery, ledger.begin(lane, delivery, kind), AccountProblem("lost_credentials"))
    except NetworkError as error:
        return _failed(lane, delivery, ledger.begin(lane, delivery, kind), error)
    if backend.http.rehearses:
        _give_back(lane, delivery, "wish_rehearsed")
        return True
    attempt = ledger.begin(lane, delivery, kind)
    try:
        answer = call(backend)
    except NetworkError as error:
        if isinstance(error, Rejected) and error.reason == GONE:
            ledger.finish(attempt, "Gone", error)
            _removed(lane, delivery, GONE)
            return True
        return _failed(lane, delivery, attempt, error)
    except Exception as error:
        ledger.finish(attempt, type(error).__name__, OutcomeUnknown("internal", type(error).__name__))
        raise
    ledger.finish(attempt, "Edited" if kind == Kind.EDIT else "Deleted")
    record(answer)
    lanes.succeeded(lane)
    if backend.pause:
        lanes.rest(lane, backend.pause)
        return False
    return True


def _edited(lane: Lane, delivery: Delivery, page, message: Message, receipt: Receipt) -> None:
    # Meanwhile the page may have gone: the wish of today is not the one that was fulfilled.
    fulfilled = Q(wish=Wish.EDIT)
    ledger.write(
        lane,
        delivery,
        payload=message.to_dict(),
        wording=target_of(delivery, page).wording,
        revision_id=page.live_revision_id,
        remote_id=receipt.remote_id[:255],
        permalink=receipt.permalink if ledger.is_link(receipt.permalink) else delivery.permalink,
        notice=receipt.notice or delivery.notice,
        due_at=Case(When(fulfilled, then=Value(None)), default=F("due_at")),
        reason=Case(When(fulfilled, then=Value("")), default=F("reason")),
        detail="",
        wish=Case(When(fulfilled, then=Value("")), default=F("wish")),
    )


def _removed(lane: Lane, delivery: Delivery, reason: str = "") -> None:
    """It is gone, whatever was wished meanwhile."""
    ledger.write(lane, delivery, state=State.REMOVED, wish="", reason=reason, detail="", due_at=None)


def _failed(lane: Lane, delivery: Delivery, attempt: Attempt, error: NetworkError) -> bool:
    """The network did not do it, or nobody knows whether it did: repeat it later, or give it back to people.

    :returns: whether the lane may go on.
    """
    ledger.finish(attempt, type(error).__name__, error)
    is_accounts = isinstance(error, AccountProblem)
    if is_accounts:
        refresh.recover(delivery.account, error)
    elif not isinstance(error, NotSent | OutcomeUnknown):
        _give_back(lane, delivery, error.reason, error.detail)
        return True
    if delivery.attempts_made >= conf.get("MAX_ATTEMPTS"):
        _give_back(lane, delivery, "wish_gave_up", error.detail)
        return True
    wait = error.retry_after or (ACCOUNT_WAIT if is_accounts else _wait(delivery.attempts_made))
    _put_off(lane, delivery, error, wait)
    if error.retry_after or error.reason == "network_down":
        lanes.block(lane, wait)
        return False
    return not is_accounts


def _put_off(lane: Lane, delivery: Delivery, error: NetworkError, seconds: float) -> bool:
    """Leave the wish as it is for a while. Its reason stays: it says what is wished, and the attempts say why it has
    not been done yet.

    :returns: ``False``, for whoever wants the lane to wait as well.
    """
    later = DatabaseNow() + timedelta(seconds=seconds)
    ledger.write(lane, delivery, {"wish": delivery.wish}, due_at=later, detail=error.detail[:1000])
    return False


def _give_back(lane: Lane, delivery: Delivery, reason: str, detail: str = "") -> None:
    """It cannot be done: what was to be deleted is for people to decide, what was to be changed stays."""
    values = {"wish": Wish.ASK if delivery.wish == Wish.DELETE else "", "reason": reason, "detail": detail[:1000]}
    news = telling(delivery.state, reason)
    ledger.write(lane, delivery, {"wish": delivery.wish}, **values, **news, due_at=None)


def _wait(tries: int) -> float:
    return random.uniform(0.5, 1.0) * min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries, 16))  # noqa: S311
