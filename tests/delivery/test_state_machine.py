"""Any number of workers, in any order of their steps, with people, clocks and networks that do what they like.

``EXAMPLES=2000`` in the environment looks further, and at random; without it the same examples run every time, and
each kind of disturbance meets one kind of network.
"""

import inspect
import os
from datetime import timedelta
from itertools import count

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sandbox.home.models import NewsPage
from tests.delivery import world as worlds
from tests.factories import AccountFactory, NewsPageFactory, UserFactory
from wagtail_syndicate.delivery import (
    actions,
    approval,
    lanes,
    ledger,
    plain,
    plan,
    posting,
    reconcile,
    send,
    sweep,
    together,
)
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Account, Attempt, Delivery, Target, set_targets


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State

EXAMPLES = int(os.environ.get("EXAMPLES", 0))
WORKERS = 3
INDEX = st.integers(0, 3)
STOPS = st.integers(1, 40) | st.none()  # sending one post is about 35 statements and calls
PERSON = ["retry", "confirm", "mark_posted", "cancel", "approve", "reject", "send_again", "send_again, having looked"]
PERSON += ["edit", "delete", "delete", "keep", "mark_removed"]
POLICIES = ["ask", "keep", "delete"]


class Machine(RuleBasedStateMachine):
    """The rules. What must never happen is the world's to judge."""

    monkeypatch: pytest.MonkeyPatch
    pages: list

    def __init__(self):
        super().__init__()
        self.world, self.workers, self.offset = worlds.World(), [], 0.0
        self.patch = pytest.MonkeyPatch()
        worlds.install(self.patch, self.world)
        now = timezone.now
        self.patch.setattr(timezone, "now", lambda: now() + timedelta(seconds=self.offset))

    @initialize(
        kinds=st.lists(st.sampled_from(list(worlds.KINDS)), min_size=1, max_size=2),
        fates=st.lists(st.sampled_from(list(worlds.FATES)), max_size=4),
    )
    def begin(self, kinds, fates):
        self.accounts = [
            AccountFactory(network=kind, handle=f"{kind}.{number}", on_unpublish="delete")
            for number, kind in enumerate(kinds)
        ]
        self.manager = UserFactory()
        self.world.fates += fates
        self.a_page_changes(0, "published")

    def checked(self, who):
        self.world.watch(who)
        assert not self.world.violations, self.world.violations

    # Workers

    @precondition(lambda self: len(self.workers) < WORKERS)
    @rule(stops=STOPS, work=st.sampled_from([send.drain, send.drain, sweep.sweep]))
    def start(self, stops, work=send.drain):
        """A bell rings, or rings twice, or the sweep begins."""
        worker = worlds.Worker(self.world, work)
        self.workers.append(worker)
        self._advance(worker, stops)

    @precondition(lambda self: self.workers)
    @rule(which=INDEX, stops=STOPS)
    def go_on(self, which, stops):
        self._advance(self.workers[which % len(self.workers)], stops)

    @precondition(lambda self: self.workers)
    @rule(which=INDEX)
    def kill(self, which):
        worker = self.workers.pop(which % len(self.workers))
        worker.kill()
        self.checked("worker")

    def _advance(self, worker, stops):
        """Let a worker go on for so many statements and calls; ``None``: until it is done, 0: not at all."""
        if stops is None:
            worker.advance("end")
        for _ in range(stops or 0):
            worker.advance("statement")
        if worker.done and worker in self.workers:
            self.workers.remove(worker)
        self.checked("worker")

    # Time and networks

    @rule(seconds=st.sampled_from([1, 11, 70, 130, 130, 700, 4000, 100_000]))
    def time_passes(self, seconds):
        self.world.pass_time(seconds)
        self.checked("worker")

    @rule(seconds=st.sampled_from([11, 70, 70, 130, 130, 4000]), times=st.integers(1, 4))
    def rounds(self, seconds, times):
        """All is well for a while."""
        for _ in range(times):
            self.world.pass_time(seconds)
            self._advance(worlds.Worker(self.world, sweep.sweep), None)

    @rule(
        hours=st.sampled_from([-24, -2, 0, 0, 2, 24]), fates=st.lists(st.sampled_from(list(worlds.FATES)), max_size=3)
    )
    def the_world_is_not_perfect(self, hours, fates):
        """Processes have the wrong time, networks fail."""
        self.offset = hours * 3600.0
        self.world.fates += fates

    # People

    @rule(which=INDEX, change=st.sampled_from(["published", "published", "reworded", "unpublished"]))
    def a_page_changes(self, which, change):
        page = self.pages[which % len(self.pages)]
        NewsPage.objects.filter(pk=page.pk).update(live=change != "unpublished")
        page = NewsPage.objects.get(pk=page.pk)
        if change == "unpublished":
            plan.withdraw(page)
        else:
            words = f"Other words of {page.title}." if change == "reworded" else ""
            set_targets(page, [Target(account.pk, words) for account in self.accounts])
            plan.plan(page)
        self.checked("page")

    @rule(which=INDEX, change=st.sampled_from(["connected", "connected", "connected", "active", "by_hand", *POLICIES]))
    def an_admin_changes_an_account(self, which, change):
        account = Account.objects.get(pk=self.accounts[which % len(self.accounts)].pk)
        if change in POLICIES:
            Account.objects.filter(pk=account.pk).update(on_unpublish=change)
        elif change == "connected":
            Account.objects.filter(pk=account.pk).update(status=Account.Status.CONNECTED)
        else:
            Account.objects.filter(pk=account.pk).update(**{change: not getattr(account, change)})

    # A worker that has just asked would not see it; the judge cannot know what it has read.
    @precondition(lambda self: not self.workers)
    @rule(which=INDEX)
    def an_admin_wants_approval_or_not(self, which):
        account = Account.objects.get(pk=self.accounts[which % len(self.accounts)].pk)
        Account.objects.filter(pk=account.pk).update(needs_approval=not account.needs_approval)

    @rule(which=INDEX, action=st.sampled_from(PERSON))
    def a_person_acts(self, which, action):
        """Who has looked sends again only what is not there and cannot come; who has not gets what was asked for."""
        if not (delivery := self._delivery(which)):
            return
        if action in approval.ACTIONS:
            self._decides(delivery, action)
            return
        if not action.startswith("send_again"):
            if actions.ACTIONS[action](delivery) and action == "mark_removed":
                for post in self.world.posts_of(delivery.pk):
                    post.gone = True
            self.checked("person")
            return
        there = len(self.world.posts_of(delivery.pk)) + len(self.world.may_come(delivery.pk))
        if (action == "send_again" or not there) and actions.send_again(delivery):
            self.world.allowed[delivery.pk] = there + 1
            self.world.trusted[delivery.pk] = len([r for r in self.world.requests if r.delivery == delivery.pk])
        self.checked("person")

    def _decides(self, delivery, action):
        """Somebody who manages the account has read the post."""
        if action == "reject":
            actions.reject(delivery, self.manager)
        elif actions.approve(delivery, self.manager, approval.mark_of(delivery)):
            self.world.approved.setdefault(delivery.pk, []).append(delivery.message.text)
        self.checked("person")

    def _delivery(self, which):
        found = list(Delivery.objects.order_by("pk"))
        return found[which % len(found)] if found else None

    # The end

    @invariant()
    def nothing_is_wrong(self):
        assert not self.world.violations, self.world.violations

    def teardown(self):
        try:
            if hasattr(self, "accounts"):
                self._end()
        finally:
            for worker in self.workers:
                worker.kill()
            self.patch.undo()
            for model in (Attempt, Delivery, Account, get_user_model()):
                model.objects.all().delete()

    def _end(self):
        """Everybody comes to an end, and nothing more goes wrong: each delivery rests, and says what is true."""
        self.offset, self.world.fates = 0.0, []
        for worker in list(self.workers):
            self._advance(worker, None)
        Account.objects.update(status=Account.Status.CONNECTED)
        for seconds in (130, 70, 70, 70, 700, 700, 700, 4000, 100_000):
            if all(map(rests, Delivery.objects.all())):
                break
            self.world.pass_time(seconds)
            self._advance(worlds.Worker(self.world, sweep.sweep), None)
        self.world.pass_time(worlds.MUCH_LATER)
        self.checked("worker")
        for delivery in Delivery.objects.all():
            posts = self.world.posts_of(delivery.pk)
            told = f"{delivery.network}: {delivery.state} ({delivery.reason}), {len(posts)} posts"
            assert rests(delivery), told
            if delivery.state in worlds.UNSENT and delivery.pk not in self.world.trusted:
                assert not posts, told
            if delivery.state == State.SENT:
                assert posts, told
                [own] = [post for post in posts if post.remote_id == delivery.remote_id]
                # Where a deletion was stopped when it had begun, a person is told to look.
                assert not own.gone or delivery.notice == "wish_stopped" or delivery.wish == "ask", told


def rests(delivery):
    if delivery.state == State.SENT:
        return delivery.due_at is None
    return delivery.state not in Delivery.OPEN or (delivery.state == State.UNKNOWN and delivery.due_at is None)


@pytest.fixture
def machine(settings):
    """The class, with the pages that all examples share."""
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": worlds.KINDS}
    return type("Machine", (Machine,), {"pages": [NewsPageFactory(live=True) for _ in range(2)]})


def test_anything_may_happen(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES or 60,
            stateful_step_count=40,
            deadline=None,
            derandomize=not EXAMPLES,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
            print_blob=True,
        ),
    )


# Chance does not find everything: what is known to be dangerous is done at every single stop of a worker.


def at_every_stop(machine, kind, fates, what, kinds_of_stops="statement", accounts=1):
    """Stop a worker at its first place, at its second and so on; let something happen, and all come to an end.

    :param accounts: how many have a post due; several are served together.
    """
    for stops in count(1):
        example = machine()
        try:
            example.begin(accounts * [kind], fates)
            example.start(0)
            for _ in range(stops):
                example.workers[0].advance(kinds_of_stops)
            if example.workers[0].done:
                assert stops > 8, "The worker stopped nowhere."
                return
            what(example)
        finally:
            example.teardown()


def another_takes_over(example):
    example.time_passes(130)
    example.start(None)


def another_is_in_the_call(example):
    example.time_passes(130)
    example.start(0)
    example.workers[1].advance("call")


def another_is_in_the_call_at_once(example):
    example.start(0)
    example.workers[1].advance("call")


def another_sends_again(example):
    another_takes_over(example)
    example.time_passes(70)
    example.start(0)
    example.workers[-1].advance("call")


def another_was_in_the_call_and_died(example):
    another_is_in_the_call(example)
    if len(example.workers) > 1:
        example.kill(1)
    example.rounds(70, 3)


def killed(example):
    example.kill(0)
    example.rounds(70, 2)


FROZEN = [
    (another_takes_over, ["accepted"]),
    (another_is_in_the_call, ["answer lost"]),
    (another_sends_again, ["accepted"]),
    (another_was_in_the_call_and_died, ["request lost", "accepted late"]),
]
EVERYTHING_FROZEN = [(what, fates) for what, _fates in FROZEN for _what, fates in FROZEN]


@pytest.mark.parametrize(("what", "fates"), EVERYTHING_FROZEN if EXAMPLES else FROZEN)
@pytest.mark.parametrize("kind", worlds.KINDS)
@pytest.mark.parametrize("accounts", [1, 2])
def test_frozen_at_every_stop(machine, kind, what, fates, accounts):
    """A process that stood still for longer than its lease goes on as if nothing had happened."""
    at_every_stop(machine, kind, fates, what, accounts=accounts)


def test_several_accounts_are_served_together(machine, monkeypatch):
    """What the tests with two accounts rely on."""
    sent = []
    monkeypatch.setattr(
        ledger,
        "sent_all",
        lambda landed, also, sent_all=ledger.sent_all: (sent.append(len(landed)), sent_all(landed, also)),
    )
    example = machine()
    try:
        example.begin(["keyed", "neither"], [])
        example.start(None)
        assert sent == [2]
    finally:
        example.teardown()


def changes(name, *arguments):
    def change(example):
        getattr(example, name)(*arguments)

    return change


def an_hour_behind(example):
    """A process believes that it is earlier than it is: a key is forgotten, and nobody notices."""
    example.the_world_is_not_perfect(-2, ["answer lost"])
    example.go_on(0, None)
    example.rounds(4000, 2)


def an_hour_ahead(example):
    """A process believes that it is later than it is: a list of posts is read too soon, and believed."""
    example.the_world_is_not_perfect(2, ["request lost"])
    example.go_on(0, None)
    example.rounds(11, 1)
    example.rounds(70, 1)


def approval_is_wanted(example):
    """From now on, and of what was planned before; the worker that was at it is gone."""
    example.kill(0)
    example.an_admin_wants_approval_or_not(0)
    example.rounds(70, 2)


DISTURBED = [
    ("neither", approval_is_wanted),
    ("neither", changes("a_person_acts", 0, "cancel")),
    ("keyed", changes("a_page_changes", 0, "reworded")),
    ("keyed", changes("a_page_changes", 0, "unpublished")),
    ("keyed", changes("an_admin_changes_an_account", 0, "active")),
    ("read_back", changes("an_admin_changes_an_account", 0, "by_hand")),
    ("neither", changes("start", None)),
    ("keyed", an_hour_behind),
    ("read_back", an_hour_ahead),
    ("read_back", killed),
]
EVERYTHING_DISTURBED = [(kind, what) for _kind, what in DISTURBED for kind in worlds.KINDS]


@pytest.mark.parametrize(("kind", "what"), EVERYTHING_DISTURBED if EXAMPLES else DISTURBED)
def test_disturbed_at_every_stop(machine, kind, what):
    at_every_stop(machine, kind, ["busy", "answer lost"], what, "write")


# The judge can see: each of these was taken out of the engine, or put in, and has to be noticed.


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
