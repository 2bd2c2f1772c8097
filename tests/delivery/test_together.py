"""Several accounts at once: everything is as if each had been alone, only sooner."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import PageLogEntry

from tests.delivery.networks import Keyed
from tests.factories import AccountFactory, NewsPageFactory, publish
from wagtail_syndicate import signals
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import actions, content, lanes, ledger, plain, send, together
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    NotSent,
    OutcomeUnknown,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.models import Account, Attempt, Delivery
from wagtail_syndicate.types import Receipt


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


def publishing(monkeypatch, replacement):
    """Let ``replacement(backend, publish)`` make the posts."""
    original = Memory.publish

    def publish(backend, *args):
        return replacement(backend, lambda: original(backend, *args))

    monkeypatch.setattr(Memory, "publish", publish)


def of(account):
    return Delivery.objects.get(account=account)


def everything():
    """What is told of all deliveries, attempts and accounts, by account."""
    names = ("network", "state", "reason", "detail", "notice", "wish", "maybe_sent", "attempts_made", "looks", "fence")
    times = ("due_at", "first_sent_at", "sent_at", "tell_at", "looked_at", "remote_id", "permalink", "payload")
    deliveries = [
        [row[name] for name in names] + [bool(row[name]) for name in times]
        for row in Delivery.objects.order_by("account_id", "pk").values()
    ]
    attempts = [
        (attempt.kind, attempt.outcome, attempt.reason, attempt.detail, attempt.status_code, attempt.fence)
        for attempt in Attempt.objects.order_by("delivery__account_id", "pk")
    ]
    rows = Account.objects.order_by("pk").values_list(
        "status", "problem", "failures", "fence", "lease_until", "environment"
    )
    blocked = [(row.blocked_until is not None, row.checked_at is not None) for row in Account.objects.order_by("pk")]
    history = PageLogEntry.objects.filter(action__startswith="wagtail_syndicate.").order_by("pk")
    told = sorted((entry.action, entry.data["network"], entry.data["reason"], entry.user_id) for entry in history)
    return deliveries, attempts, list(rows), blocked, told


# Together, and no less in order


def test_their_calls_are_in_the_air_at_the_same_time(accounts, monkeypatch):
    all_are_here = threading.Barrier(len(accounts), timeout=10)

    def wait_for_the_others(backend, publish):
        all_are_here.wait()
        return publish()

    publishing(monkeypatch, wait_for_the_others)
    publish(NewsPageFactory(), *accounts)
    assert send.drain() == len(accounts)
    assert {delivery.state for delivery in Delivery.objects.all()} == {State.SENT}
    assert not Account.objects.exclude(lease_until=None).exists()


def test_each_account_has_one_post_in_the_air_and_gets_them_in_order(accounts, monkeypatch):
    in_air, most = {account.handle: 0 for account in accounts}, set()

    def count(backend, publish):
        in_air[backend.connection.handle] += 1
        most.add(in_air[backend.connection.handle])
        time.sleep(0.01)
        receipt = publish()
        in_air[backend.connection.handle] -= 1
        return receipt

    publishing(monkeypatch, count)
    pages = [publish(NewsPageFactory(), *accounts) for _ in range(4)]
    assert send.drain() == 12
    assert most == {1}
    for account in accounts:
        titles = [post.message.title for post in Memory.outbox if post.handle == account.handle]
        assert titles == [page.title for page in pages]


def test_a_slow_network_holds_nobody_up(accounts, monkeypatch):
    slow = accounts[0]

    def wait_for_the_others(backend, publish):
        if backend.connection.handle == slow.handle:
            until = time.monotonic() + 10
            while len(Memory.outbox) < 4 and time.monotonic() < until:
                time.sleep(0.01)
        return publish()

    publishing(monkeypatch, wait_for_the_others)
    for _ in range(2):
        publish(NewsPageFactory(), *accounts)
    assert send.drain() == 6
    assert [post.handle for post in Memory.outbox[4:]] == [slow.handle] * 2, "Others waited for it."


def test_without_a_broker_one_sweep_serves_all_at_once(accounts, bulk):
    publish(NewsPageFactory(), *accounts)
    call_command("syndicate_sweep")
    assert sum(bulk) == 3 and len(Memory.outbox) == 3


def test_the_number_of_queries_does_not_grow_with_that_of_accounts(monkeypatch):
    monkeypatch.setattr(together, "GATHER", 10.0)  # all come back in one group

    def queries(number):
        publish(NewsPageFactory(), *AccountFactory.create_batch(number))
        with CaptureQueriesContext(connection) as captured:
            assert send.drain() == number
        return len(captured)

    queries(2)  # what is looked up once for the process
    assert queries(5) == queries(30)


# As if each had been alone

OUTCOMES = {
    "made": None,
    "not sent": NotSent("rate_limited", "later", retry_after=60),
    "refused": Rejected("content_refused", "no"),
    "unclear": OutcomeUnknown("unclear", "reset"),
    "a duplicate": DuplicateContent("duplicate", "same words"),
    "not our account": AccountProblem("reconnect", "revoked"),
    "an old token": TokenExpired("expired_token", "old"),
    "a bug": ZeroDivisionError("a bug"),
}


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        *((outcome, "neither") for outcome in OUTCOMES),
        *((outcome, kind) for outcome in ("unclear", "a duplicate", "a bug") for kind in ("keyed", "read_back")),
    ],
)
def test_every_outcome_is_what_it_is_alone(outcome, kind, monkeypatch):
    """Guard: together._write_down takes receipts only; together._land_alone hands the others to posting.land."""
    error = OUTCOMES[outcome]

    def fail_there(backend, publish):
        if error is not None and backend.connection.handle.startswith("bad"):
            raise error
        return publish()

    publishing(monkeypatch, fail_there)

    def told():
        fresh = Account.objects.count()
        made = [AccountFactory(network=kind, handle=f"{name}{fresh}") for name in ("good", "bad")]
        publish(NewsPageFactory(), *made, *AccountFactory.create_batch(1, handle=f"other{fresh}"))
        assert send.drain() == 3
        found = everything()
        for model in (Attempt, Delivery, Account, PageLogEntry):
            model.objects.all().delete()
        return found

    together_told = told()
    monkeypatch.setattr(plain, "is_possible", lambda: False)
    assert together_told == told()


def test_who_is_left_alone_has_a_turn_soon(accounts, monkeypatch):
    """Guard: send.SLICE."""
    given = []

    class Noted(together.Together):
        def __init__(self, held, until):
            given.append(until - time.monotonic())
            super().__init__(held, until)

    monkeypatch.setattr(send, "Together", Noted)
    publish(NewsPageFactory(), *accounts)
    send.drain(budget=100)
    assert given and max(given) <= send.SLICE


def test_accounts_that_others_are_just_taking_are_left_to_them(accounts, monkeypatch):
    """Guard: ``others`` in send.drain; nobody asks again and again."""
    publish(NewsPageFactory(), *accounts)
    asked = []
    monkeypatch.setattr(lanes, "claim_all", lambda account_ids: asked.append(account_ids) or [])
    assert send.drain(budget=5) == 0
    assert len(asked) == 1


# Somebody was quicker


def test_a_delivery_that_is_cancelled_while_it_is_composed(accounts, monkeypatch):
    publish(NewsPageFactory(), *accounts)
    original = content.message_for

    def cancelled_meanwhile(article, account, *args):
        if account.pk == accounts[0].pk:
            actions.cancel(of(accounts[0]))
        return original(article, account, *args)

    monkeypatch.setattr(content, "message_for", cancelled_meanwhile)
    send.drain()
    assert of(accounts[0]).state == State.CANCELLED
    assert sorted(post.handle for post in Memory.outbox) == sorted(account.handle for account in accounts[1:])


def test_a_lane_that_was_lost_while_the_call_was_in_the_air(accounts, monkeypatch):
    def lose(backend, publish):
        receipt = publish()
        if backend.connection.handle == accounts[0].handle:
            Account.objects.filter(pk=accounts[0].pk).update(fence=99)
        return receipt

    publishing(monkeypatch, lose)
    publish(NewsPageFactory(), *accounts)
    send.drain()
    assert (of(accounts[0]).state, of(accounts[0]).remote_id) == (State.SENDING, "")
    assert {of(account).state for account in accounts[1:]} == {State.SENT}


def test_a_receipt_that_names_the_post_of_another_delivery(accounts, monkeypatch):
    """Guard: together._anothers."""
    publishing(monkeypatch, lambda backend, publish: Receipt("the same"))
    publish(NewsPageFactory(), *accounts)
    send.drain()
    publish(NewsPageFactory(), *accounts)
    send.drain()
    reasons = [(d.state, d.reason) for d in Delivery.objects.order_by("pk")]
    assert reasons == [(State.SENT, "")] * 3 + [(State.FAILED, "duplicate")] * 3


def test_an_intent_that_is_too_late_is_none(accounts):
    """Guard: check_margin in ledger.intend_all."""
    publish(NewsPageFactory(), *accounts)
    held = lanes.claim_all([account.pk for account in accounts])
    for lane in held:
        lane.until -= lanes.LEASE - lanes.MARGIN + 1
    group = together.Together(held, time.monotonic() + 5)
    group.serve()
    assert Memory.outbox == [] and group.left == {account.pk for account in accounts}
    assert {delivery.state for delivery in Delivery.objects.all()} == {State.WAITING}


def test_a_call_that_had_to_wait_for_a_thread_until_it_is_too_late(accounts, monkeypatch):
    """Guard: check_margin in together._call."""
    publish(NewsPageFactory(), *accounts)
    check, asked = lanes.Lane.check_margin, []

    def late(lane):
        asked.append(lane)
        if len(asked) > len(accounts):
            raise lanes.LaneLost
        check(lane)

    monkeypatch.setattr(lanes.Lane, "check_margin", late)
    send.drain()
    assert Memory.outbox == []
    assert {(d.state, d.reason) for d in Delivery.objects.all()} == {(State.UNKNOWN, "interrupted")}


def test_when_the_time_is_up_nothing_is_begun(accounts):
    publish(NewsPageFactory(), *accounts)
    held = lanes.claim_all([account.pk for account in accounts])
    together.Together(held, time.monotonic()).serve()
    assert Memory.outbox == []
    assert not Account.objects.exclude(lease_until=None).exists()


def test_lanes_that_others_hold_are_not_claimed(accounts):
    publish(NewsPageFactory(), *accounts)
    lanes.claim(accounts[1].pk)
    held = lanes.claim_all([account.pk for account in accounts])
    assert [lane.account_id for lane in held] == [accounts[0].pk, accounts[2].pk]
    assert [lane.fence for lane in held] == list(
        Account.objects.filter(pk__in=[lane.account_id for lane in held])
        .order_by("pk")
        .values_list("fence", flat=True)
    )
    with transaction.atomic():
        assert lanes.are_ours(held)
        Account.objects.filter(pk=accounts[2].pk).update(fence=99)
        assert not lanes.are_ours(held)


# Something goes wrong


def test_what_cannot_be_written_together_is_written_one_by_one(accounts, monkeypatch):
    def broken(*args, **kwargs):
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(ledger, "sent_all", broken)
    publish(NewsPageFactory(), *accounts)
    assert send.drain() == 3
    assert {delivery.state for delivery in Delivery.objects.all()} == {State.SENT}
    assert not Account.objects.exclude(lease_until=None).exists()


@pytest.mark.parametrize("name", ["next_of_each", "intend_all"])
def test_what_cannot_be_prepared_together_is_taken_one_by_one(accounts, monkeypatch, name):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(plain if name == "next_of_each" else ledger, name, broken)
    publish(NewsPageFactory(), *accounts)
    assert send.drain() == 3
    assert {delivery.state for delivery in Delivery.objects.all()} == {State.SENT}


def test_a_page_that_breaks_stops_only_its_own_posts(accounts, bulk, monkeypatch):
    broken = publish(NewsPageFactory(), accounts[0])
    publish(NewsPageFactory(), *accounts[1:])
    original = content.article_of

    def article_of(page):
        if page.pk == broken.pk:
            raise ZeroDivisionError
        return original(page)

    monkeypatch.setattr(content, "article_of", article_of)
    send.drain()
    assert (of(accounts[0]).state, of(accounts[0]).reason) == (State.WAITING, lanes.TROUBLE)
    assert sum(bulk) == 2


def test_who_is_stopped_gives_back_what_is_not_in_the_air(accounts, monkeypatch):
    """Guard: Together.serve keeps the lanes whose call may still make a post."""
    rests = threading.Event()
    publishing(monkeypatch, lambda backend, publish: rests.wait(10) and publish())
    publish(NewsPageFactory(), *accounts[:2])

    def stopped(*args, **kwargs):
        raise SystemExit

    monkeypatch.setattr(together, "wait", stopped)
    with pytest.raises(SystemExit):
        send.drain()
    held = Account.objects.exclude(lease_until=None)
    assert {account.pk for account in held} == {account.pk for account in accounts[:2]}
    assert {delivery.state for delivery in Delivery.objects.all()} == {State.SENDING}
    rests.set()


def test_everybody_hears_of_every_change(accounts):
    heard, together_heard = [], []

    def hear(sender, delivery, before, **kwargs):
        heard.append((delivery.pk, before, delivery.state))

    def hear_all(sender, changes, **kwargs):
        together_heard.extend((delivery.pk, before) for delivery, before in changes)

    signals.delivery_changed.connect(hear)
    signals.deliveries_changed.connect(hear_all)
    try:
        publish(NewsPageFactory(), *accounts)
        send.drain()
    finally:
        signals.delivery_changed.disconnect(hear)
        signals.deliveries_changed.disconnect(hear_all)
    pks = list(Delivery.objects.values_list("pk", flat=True))
    assert sorted(heard) == sorted(
        [(pk, "waiting", "sending") for pk in pks] + [(pk, "sending", "sent") for pk in pks]
    )
    assert sorted(together_heard) == sorted([(pk, "waiting") for pk in pks] + [(pk, "sending") for pk in pks])


def test_networks_of_all_kinds_are_written_in_one_transaction(bulk, monkeypatch):
    """What the database works out differs: some posts can be deleted by software, some cannot."""
    monkeypatch.setattr(Keyed, "delete", BaseBackend.delete)
    monkeypatch.setattr(together, "GATHER", 5.0)
    made = [AccountFactory(network=kind) for kind in ("keyed", "read_back", "memory")]
    publish(NewsPageFactory(), *made)
    Delivery.objects.update(wish="delete")
    send.drain(budget=0.5)
    assert bulk[:1] == [3]
    assert (of(made[0]).state, of(made[0]).wish, of(made[0]).reason) == (State.SENT, "ask", "delete_there")


def test_a_limit_that_is_nearly_spent_slows_each_account_down(accounts, monkeypatch):
    def slow_down(backend, publish):
        backend.pause = 60.0
        return publish()

    publishing(monkeypatch, slow_down)
    for _ in range(2):
        publish(NewsPageFactory(), *accounts)
    send.drain()
    assert len(Memory.outbox) == 3
    for account in Account.objects.all():
        assert account.lease_until is None and account.blocked_until > timezone.now() + timedelta(seconds=50)
