"""The rules of the property tests: what workers, people, networks and clocks may do, in any order."""

import os
from datetime import timedelta
from itertools import count

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from sandbox.home.models import NewsPage
from tests.delivery import world as worlds
from tests.factories import AccountFactory, UserFactory
from wagtail_syndicate.delivery import (
    actions,
    approval,
    plan,
    send,
    sweep,
)
from wagtail_syndicate.models import Account, Attempt, Delivery, Target, set_targets


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
