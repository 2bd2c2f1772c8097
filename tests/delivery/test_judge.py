"""The judge can see: each of these was taken out of the engine, or put in, and has to be noticed."""

import inspect
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.delivery import world as worlds
from tests.delivery.machine import (
    an_hour_ahead,
    an_hour_behind,
    another_is_in_the_call_at_once,
    another_sends_again,
    another_takes_over,
    approval_is_wanted,
    at_every_stop,
    changes,
    killed,
)
from wagtail_syndicate.delivery import (
    lanes,
    ledger,
    plain,
    plan,
    posting,
    reconcile,
    send,
    together,
)
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Delivery


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


def without(room, name, words):
    """A function of the engine with some of its words replaced."""

    def mutate(monkeypatch):
        source = inspect.getsource(getattr(room, name))
        for old, new in words.items():
            assert old in source, f"{name} was rewritten: say anew what it would be without its safety."
            source = source.replace(old, new)
        made = {}
        exec(compile(source, f"{name}, mutated", "exec", dont_inherit=True), vars(room), made)
        monkeypatch.setattr(room, name, made[name])

    return mutate


def with_another(room, name, function):
    """``function`` instead of one of the engine's."""
    return lambda monkeypatch: monkeypatch.setattr(room, name, function)


def send_again_blindly(lane, delivery):
    ledger.write(lane, delivery, state=State.WAITING, maybe_sent=False, due_at=DatabaseNow())


def ask_our_own_clock(backend, delivery):
    return backend.key_seconds and timezone.now() - delivery.first_sent_at < timedelta(seconds=backend.key_seconds)


def on_our_own_clock(lane, delivery):
    late = timezone.now() - max(filter(None, [delivery.first_sent_at, delivery.looked_at]))
    looks = delivery.looks + (late.total_seconds() >= 60)
    if looks >= reconcile.ABSENT_LOOKS:
        send_again_blindly(lane, delivery)
    else:
        next_look = DatabaseNow() + timedelta(seconds=60)
        ledger.write(lane, delivery, looks=looks, looked_at=DatabaseNow(), due_at=next_look)


def begin_and_give_back(self, begin=together.Together._begin):
    lanes_of_this_round = list(self.ready)
    begin(self)
    lanes.release_all(lanes_of_this_round)


def waits(*seconds):
    def wait(example):
        for some in seconds:
            example.rounds(some, 1)

    return wait


LEASE = '_is_over(f"{prefix}lease_until", LONGEST_LEASE * LEASE)'
STOPPED = {"Delivery.UNSENT": "(*Delivery.UNSENT, State.SENDING, State.UNKNOWN)", "maybe_sent=False": ""}
FENCE = 'Account.objects.values_list("fence", flat=True).get(pk=account_id)'
CONTROLS = {
    "no intent": (
        without(ledger, "_intent", {'"state": State.SENDING,': ""}),
        *("neither", ["accepted"], killed, "no intent|may have been sent"),
    ),
    "no fence in writes": (
        without(ledger, "write", {".filter(lane.is_ours())": ""}),
        *("keyed", ["accepted"], another_sends_again, "who lost the lane wrote"),
    ),
    "the fence is not raised": (
        without(lanes, "claim", {'fence=F("fence") + 1, ': ""}),
        *("keyed", ["accepted"], another_takes_over, "under one fence|lost the lane"),
    ),
    "the fence is read too late": (
        without(lanes, "claim", {"fence + 1, began": f"{FENCE}, began"}),
        *("keyed", ["accepted"], another_takes_over, "under one fence"),
    ),
    "claimed in spite of a lease": (
        without(lanes, "free", {LEASE: "Q()"}),
        *("neither", ["accepted"], changes("start", None), "under another's lease"),
    ),
    "no look at the clock before the call": (
        with_another(lanes.Lane, "check_margin", lambda lane: None),
        *("keyed", ["accepted"], changes("time_passes", 130), "after the lease"),
    ),
    "left sending, so sent again": (
        with_another(reconcile, "take_over", send_again_blindly),
        *("neither", ["accepted"], killed, "may have been accepted"),
    ),
    "unknown, so sent again": (
        with_another(reconcile, "look", lambda lane, delivery, send: send(lane, delivery)),
        *("read_back", ["answer lost"], waits(130), "may have been accepted"),
    ),
    "one look is enough": (
        with_another(reconcile, "ABSENT_LOOKS", 1),
        *("read_back", ["request lost"], waits(130, 70), "may have been accepted"),
    ),
    "lists need no time to settle": (
        with_another(reconcile, "_settling", lambda delivery: 0.0),
        *("read_back", ["request lost"], waits(11, 1, 1), "may have been accepted"),
    ),
    "absence by the clock of the process": (
        with_another(reconcile, "_absent", on_our_own_clock),
        *("read_back", [], an_hour_ahead, "may have been accepted"),
    ),
    "keys are remembered for ever": (
        with_another(reconcile, "_key_is_remembered", lambda backend, delivery: bool(backend.key_seconds)),
        *("keyed", ["answer lost"], waits(4000), "may have been accepted"),
    ),
    "keys by the clock of the process": (
        with_another(reconcile, "_key_is_remembered", ask_our_own_clock),
        *("keyed", [], an_hour_behind, "may have been accepted"),
    ),
    "cancelled, though it may have been sent": (
        without(plan, "cancel", STOPPED),
        *("neither", ["answer lost"], changes("a_page_changes", 0, "unpublished"), "from|may have been sent"),
    ),
    "nobody asks for approval": (
        without(send, "_prepare", {"if approval.is_missing(delivery):": "if False:"}),
        *("neither", ["accepted"], approval_is_wanted, "without approval"),
    ),
    "a refusal is the last word": (
        without(posting, "_not_accepted", {"if doubtful:": "if False:"}),
        *("keyed", ["answer lost", "rejected"], waits(130, 70), "posts"),
    ),
    "the promise to post later is forgotten": (
        with_another(reconcile, "_was_accepted", lambda delivery: False),
        *("read_back", ["accepted for later"], waits(130, 70, 70), "2 posts"),
    ),
}


# The same for accounts that are served together.
TOGETHER = {
    "nobody asks whether the lanes are ours": (
        without(
            ledger,
            "write_all",
            {"if not lanes.are_ours([lane for lane, _delivery, _values in changes]):": "if False:"},
        ),
        *("keyed", ["accepted"], another_sends_again, "who lost the lane wrote"),
    ),
    "nobody asks whether the delivery is as it was": (
        without(
            ledger, "write_all", {"if changed != len(rows):": "if False:", ", state=state, maybe_sent=maybe_sent": ""}
        ),
        *("neither", ["accepted"], changes("a_page_changes", 0, "unpublished"), "from|no intent|took"),
    ),
    "the fences are not raised": (
        without(lanes, "claim_all", {'fence=F("fence") + 1, ': ""}),
        *("keyed", ["accepted"], another_takes_over, "under one fence|lost the lane"),
    ),
    "claimed in spite of a lease": (
        without(lanes, "claim_all", {".filter(free())": ""}),
        *("neither", ["accepted"], another_is_in_the_call_at_once, "under another's lease"),
    ),
    "no look at the clock before the call": (
        with_another(lanes.Lane, "check_margin", lambda lane: None),
        *("keyed", ["accepted"], changes("time_passes", 130), "after the lease"),
    ),
    "a lane is given back while its call is in the air": (
        with_another(together.Together, "_begin", begin_and_give_back),
        *("neither", ["accepted"], changes("start", None), "by a worker who lost the lane"),
    ),
    "a post of an account that needs approval is plain": (
        without(plain, "_is_simple", {"account.needs_approval or ": ""}),
        *("neither", ["accepted"], approval_is_wanted, "without approval"),
    ),
    "a post that may be there is plain": (
        without(
            plain, "_is_simple", {"delivery.state == State.WAITING\n        and not (delivery.maybe_sent or ": "not ("}
        ),
        *("read_back", ["answer lost", "answer lost"], waits(130), "may have been accepted"),
    ),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_the_judge_is_not_blind(machine, monkeypatch, control):
    mutate, kind, fates, what, seen = CONTROLS[control]
    mutate(monkeypatch)
    with pytest.raises((worlds.Violation, AssertionError), match=seen):
        at_every_stop(machine, kind, fates, what)


@pytest.mark.parametrize("control", TOGETHER)
def test_the_judge_sees_several_accounts(machine, monkeypatch, control):
    mutate, kind, fates, what, seen = TOGETHER[control]
    mutate(monkeypatch)
    with pytest.raises((worlds.Violation, AssertionError), match=seen):
        at_every_stop(machine, kind, fates, what, accounts=2)
