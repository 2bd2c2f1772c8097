"""Unknown outcomes: evidence first, then a person; never a blind second call."""

from datetime import timedelta

import pytest
from django.db.models import F

from tests.delivery.networks import KINDS
from tests.factories import AccountFactory, NewsPageFactory, UserFactory, publish
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import actions, lanes, ledger, reconcile, send
from wagtail_syndicate.exceptions import DuplicateContent, NetworkError, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.models import Account, Delivery
from wagtail_syndicate.types import Receipt


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


def published_to(network):
    return publish(NewsPageFactory(), AccountFactory(network=network))


def only():
    return Delivery.objects.get()


def pass_time(seconds):
    """Let the clock run: everything that was written lies further back."""
    step = timedelta(seconds=seconds)
    Account.objects.update(blocked_until=F("blocked_until") - step, lease_until=F("lease_until") - step)
    Delivery.objects.update(
        due_at=F("due_at") - step,
        first_sent_at=F("first_sent_at") - step,
        looked_at=F("looked_at") - step,
        expires_at=F("expires_at") - step,
    )


def settle(rounds=6):
    """Send and look until nothing changes any more."""
    for _ in range(rounds):
        send.drain()
        pass_time(70)


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("network", ["keyed", "read_back"])
def test_unclear_ends_with_exactly_one_post(network, accepted):
    published_to(network)
    Memory.fail_with(OutcomeUnknown("unclear", "ReadTimeout"), accepted=accepted)
    send.drain()
    assert (only().state, only().maybe_sent) == (State.UNKNOWN, True)
    settle()
    assert only().state == State.SENT
    assert len(Memory.outbox) == 1


@pytest.mark.parametrize("accepted", [True, False])
def test_a_network_with_neither_is_never_asked_twice(accepted):
    published_to("neither")
    Memory.fail_with(OutcomeUnknown("unclear", "ReadTimeout"), accepted=accepted)
    settle()
    assert (only().state, only().due_at) == (State.UNKNOWN, None)
    assert len(Memory.outbox) == accepted
    assert "Look at the account" in str(only().explanation)


def test_absence_counts_only_after_the_timeline_had_time_to_settle():
    published_to("read_back")
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=False)
    send.drain()
    pass_time(6)
    send.drain()
    assert only().looks == 0
    pass_time(70)
    send.drain()
    assert (only().state, only().looks) == (State.UNKNOWN, 1)
    pass_time(70)
    send.drain()
    assert only().state == State.SENT


def test_a_post_that_appears_late_is_found(monkeypatch):
    published_to("read_back")
    hidden = []
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=True)
    send.drain()
    hidden, Memory.outbox[:] = list(Memory.outbox), []
    pass_time(70)
    send.drain()
    assert only().state == State.UNKNOWN
    Memory.outbox[:] = hidden
    pass_time(70)
    send.drain()
    assert only().state == State.SENT
    assert len(Memory.outbox) == 1


def test_a_key_that_is_forgotten_proves_nothing(monkeypatch):
    published_to("keyed")
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=True)
    send.drain()
    pass_time(Memory.key_seconds + 60)
    send.drain()
    assert (only().state, only().due_at) == (State.UNKNOWN, None)
    assert len(Memory.outbox) == 1


@pytest.mark.parametrize(
    "error", [Rejected("content_refused"), DuplicateContent("duplicate"), NotSent("rate_limited")]
)
def test_a_refusal_after_an_unclear_attempt_is_not_a_refusal(error):
    published_to("keyed")
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=True)
    send.drain()
    Memory.fail_with(error)
    pass_time(10)
    send.drain()
    assert (only().state, only().maybe_sent) == (State.UNKNOWN, True)
    settle()
    assert only().state == State.SENT
    assert len(Memory.outbox) == 1


def test_a_network_that_cannot_be_asked_is_asked_later(monkeypatch):
    published_to("read_back")
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=True)
    send.drain()
    pass_time(10)
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "find", lambda *args: (_ for _ in ()).throw(NotSent("network_down")))
        send.drain()
    assert (only().state, only().reason) == (State.UNKNOWN, "looking")
    settle()
    assert only().state == State.SENT


def test_a_network_that_can_never_be_asked_is_left_to_a_person(monkeypatch):
    published_to("read_back")
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=True)
    monkeypatch.setattr(Memory, "find", lambda *args: (_ for _ in ()).throw(NetworkError("network_down")))
    monkeypatch.setattr(reconcile, "MAX_FAILED_LOOKS", 3)
    settle(10)
    assert (only().state, only().due_at) == (State.UNKNOWN, None)


@pytest.mark.parametrize("network", KINDS)
@pytest.mark.parametrize("accepted", [True, False])
def test_a_worker_that_died_while_sending(network, accepted):
    published_to(network)
    account = Account.objects.get()
    lane = lanes.claim(account.pk)
    delivery = lanes.next_of(account.pk)
    assert send._prepare(lane, delivery)
    ledger.intend(lane, delivery)
    if accepted:
        from wagtail_syndicate.accounts import refresh

        refresh.fresh_backend(account).publish(delivery.message, [], str(delivery.key))
    # Here it is killed. Nobody touches the lane before its lease is over.
    assert send.drain() == 0
    pass_time(lanes.LEASE + 1)
    settle()
    delivery = only()
    if network == "neither":
        assert (delivery.state, delivery.due_at) == (State.UNKNOWN, None)
        assert len(Memory.outbox) == accepted
    else:
        assert delivery.state == State.SENT
        assert len(Memory.outbox) == 1
    assert not delivery.attempts.filter(finished_at=None).exists()


def test_what_may_have_been_sent_is_never_missed_or_cancelled():
    page = published_to("neither")
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=True)
    send.drain()
    pass_time(10 * 24 * 3600)
    from wagtail_syndicate.delivery.sweep import sweep

    sweep()
    page.unpublish()
    assert only().state == State.UNKNOWN


# The person


@pytest.fixture
def unknown():
    published_to("neither")
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=False)
    send.drain()
    return only()


def test_it_is_there(unknown):
    user = UserFactory()
    assert actions.confirm(unknown, user, "https://memory.example/1")
    assert (unknown.state, unknown.permalink) == (State.POSTED, "https://memory.example/1")
    assert unknown.attempts.last().user == user
    settle()
    assert Memory.outbox == []


def test_send_again(unknown):
    key = unknown.key
    assert actions.send_again(unknown)
    assert not actions.send_again(unknown)  # a double click
    settle()
    assert only().state == State.SENT
    assert only().key != key
    assert len(Memory.outbox) == 1


def test_retry_after_failure():
    published_to("neither")
    Memory.fail_with(Rejected("permission"))
    send.drain()
    assert actions.allowed(only()) == ("retry",)
    assert actions.retry(only())
    assert not actions.retry(only())
    send.drain()
    assert only().state == State.SENT
    assert actions.allowed(only()) == ("edit", "delete", "share_again")


def test_mark_as_posted():
    account = AccountFactory(by_hand=True)
    publish(NewsPageFactory(), account)
    send.drain()
    assert actions.mark_posted(only(), None, "https://memory.example/9")
    assert (only().state, only().permalink) == (State.POSTED, "https://memory.example/9")
    assert not actions.mark_posted(only())


def test_cancel():
    published_to("memory")
    assert actions.cancel(only())
    assert send.drain() == 0
    assert (only().state, only().reason) == (State.CANCELLED, "cancelled")


# What the network promised


def test_what_was_accepted_for_later_is_never_sent_again():
    published_to("read_back")
    Memory.fail_with(OutcomeUnknown("accepted_later", "will show in two minutes"))
    settle(10)
    assert (only().state, only().reason) == (State.UNKNOWN, "unclear")
    assert Memory.outbox == []
    assert only().attempts.filter(kind="publish").count() == 1


def test_a_network_in_trouble_is_repeated_more_and_more_slowly(monkeypatch):
    published_to("keyed")
    monkeypatch.setattr(Memory, "publish", lambda *args: raised(OutcomeUnknown("unclear_answer", "500", 500)))
    waits = []
    for _ in range(8):
        Delivery.objects.update(due_at=F("created_at"))
        send.drain()
        waits.append((only().due_at - only().updated_at).total_seconds())
    assert waits == sorted(waits)
    assert waits[0] < 20
    assert waits[-1] == reconcile.SLOWEST_REPEAT


def test_a_network_may_settle_slowly(monkeypatch):
    published_to("read_back")
    monkeypatch.setattr(Memory, "settle_seconds", 600.0)
    Memory.fail_with(OutcomeUnknown("unclear", "ReadTimeout"))
    settle(5)
    assert (only().state, Memory.outbox) == (State.UNKNOWN, [])


def test_the_id_of_another_deliverys_post_is_not_taken_for_ours(monkeypatch):
    account = AccountFactory(network="neither")
    publish(NewsPageFactory(), account)
    send.drain()
    first = only()
    monkeypatch.setattr(Memory, "publish", lambda *args: Receipt(first.remote_id))
    publish(NewsPageFactory(), account)
    send.drain()
    second = Delivery.objects.exclude(pk=first.pk).get()
    assert (second.state, second.reason, second.remote_id) == (State.FAILED, "duplicate", "")


def raised(error):
    raise error


def test_a_network_that_asks_for_patience_when_it_is_looked_at_gets_it(monkeypatch):
    account = AccountFactory(network="read_back")
    publish(NewsPageFactory(), account)
    Memory.fail_with(OutcomeUnknown("unclear", "ReadTimeout"))
    send.drain()
    monkeypatch.setattr(Memory, "find", lambda *args: raised(NotSent("rate_limited", "", 429, retry_after=3600)))
    pass_time(10)
    publish(NewsPageFactory(), account)
    send.drain()
    account.refresh_from_db()
    assert account.blocked_until is not None
    assert not Delivery.objects.filter(state=State.SENT).exists()


def test_a_backend_that_fails_while_we_think_takes_no_worker(monkeypatch):
    """It is asked again a few times, then the delivery is left to a person; the lane, and the others, go on."""
    published_to("read_back")
    publish(NewsPageFactory(), AccountFactory(network="neither"))
    careless = "tests.delivery.networks.ReadBack.can_find"
    monkeypatch.setattr(careless, lambda backend: backend.connection.credentials["x"])
    Memory.fail_with(OutcomeUnknown("unclear", "ReadTimeout"))
    assert send.drain(5) < 10
    states = dict(Delivery.objects.values_list("network", "state"))
    assert states == {"read_back": State.UNKNOWN, "neither": State.SENT}
    for _look in range(reconcile.MAX_FAILED_LOOKS + 1):
        pass_time(3600)
        send.drain()
    assert list(Delivery.objects.filter(state=State.UNKNOWN).values_list("reason", "due_at")) == [("unclear", None)]
    assert len(Memory.outbox) == 1
