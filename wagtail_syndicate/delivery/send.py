"""Sending what is due: claim a lane, guard, compose and freeze, commit the intent, call, record."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from wagtail_syndicate import conf, database
from wagtail_syndicate.compose.article import address
from wagtail_syndicate.delivery import (
    approval,
    chosen,
    content,
    lanes,
    ledger,
    plain,
    posting,
    probe,
    reconcile,
    wishes,
)
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.guards import cap_wait, delivery_obstacle
from wagtail_syndicate.delivery.lanes import Lane, LaneLost
from wagtail_syndicate.delivery.together import WIDTH, Together
from wagtail_syndicate.exceptions import (
    ComposeError,
)
from wagtail_syndicate.models import Delivery


logger = logging.getLogger("wagtail_syndicate.delivery")

State = Delivery.State

SLICE = 5.0  # seconds after which lanes that have to be taken alone get their turn


def drain(budget: float = 20.0, call_help: Callable[[], None] | None = None) -> int:
    """Work on everything that is due until nothing is left or ``budget`` seconds are over: what is plain for several
    accounts together, everything else lane by lane.

    :param call_help: wakes another worker. Called when there are more accounts than this one serves, so that workers
        wake each other until each account has one, and a slow network keeps nobody waiting; and when the time is over
        before the work is, which would else wait for the next sweep.
    :returns: how many deliveries were worked on.
    """
    until = time.monotonic() + budget
    worked, served = 0, set()
    alone, others = set(), set()  # accounts that are not served together, and those that others are just taking
    help_is_coming = call_help is None
    while time.monotonic() < until:
        accounts = lanes.due_accounts(without=served | others)
        several = [account_id for account_id in accounts if account_id not in alone][:WIDTH]
        if len(several) > 1 and plain.is_possible():
            held = lanes.claim_all(several)
            if held and not help_is_coming and len(accounts) > len(held):
                call_help()
                help_is_coming = True
            together = Together(held, min(until, time.monotonic() + SLICE))
            together.serve()
            worked += together.worked
            alone |= together.left
            taken = {lane.account_id for lane in held}
            served |= taken - alone
            others |= set(several) - taken
            continue
        lane = next((lane for account_id in accounts if (lane := lanes.claim(account_id))), None)
        if lane is not None:
            if not help_is_coming and len(accounts) > 1:
                call_help()
                help_is_coming = True
            served.add(lane.account_id)
            worked += _serve(lane, until)
        elif served:
            served = set()  # from the beginning: something may have become due meanwhile
        else:
            break
    else:
        if call_help and lanes.due_accounts(limit=1):
            call_help()
    return worked


def _serve(lane: Lane, until: float) -> int:
    """Work for one account and give its lane back.

    :returns: how many of its deliveries were worked on.
    :raises database.AWAY: the database does not come back; the lease ends by itself.
    """
    try:
        worked = _work(lane, until)
    except Exception as error:
        posting.break_off(lane, error)  # other accounts go on
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
            ledger.write(lane, delivery, due_at=DatabaseNow() + timedelta(seconds=posting.BACKOFF_CAP))
            return True
        if delivery.state == State.UNKNOWN:
            return reconcile.look(lane, delivery, send=posting.post)
        if delivery.state == State.SENT:
            return wishes.fulfil(lane, delivery)
        if not _prepare(lane, delivery):
            return True
        if wait := cap_wait(delivery.account):
            ledger.write(lane, delivery, reason="account_cap")
            lanes.rest(lane, wait)
            return False
        return posting.post(lane, delivery)
    except (LaneLost, *database.AWAY):
        raise
    except Exception as error:
        posting.own_fault(lane, delivery, error)
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
        posting.hold(lane, delivery, seen.reason, seen.detail, wait=probe.WAIT)
        return False
    if seen.notice and not delivery.notice:
        ledger.write(lane, delivery, notice=seen.notice)
    lanes.renew(lane)  # a slow page must not eat the time that the post needs
    return True
