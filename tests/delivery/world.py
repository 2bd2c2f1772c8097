"""A small world around the real engine: workers that stop wherever a test wants, networks whose every outcome is
chosen, one clock that is told how late it is, and a judge who sees each write.

Workers are threads, but only one moves at a time: a worker runs until it reaches the next place of the wanted kind and
hands back control. So every interleaving of statements and calls can be had, and always the same one again.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from django.db import connection, connections
from django.db.models import DateTimeField, F

from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import lanes, send, sweep, together
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.exceptions import AccountProblem, DuplicateContent, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.models import Account, Attempt, Delivery
from wagtail_syndicate.types import Receipt


State = Delivery.State

PATIENCE = 30  # seconds of real time; a worker that takes longer hangs
LAG = 25.0  # seconds until a network's list shows a post
LATE = 30.0  # seconds after which a network accepts a request that it left unanswered
MUCH_LATER = 400.0  # and one that it said it would accept later
KEY_MEMORY = 3600.0  # seconds for which a network remembers a key
OPEN_STATES = {State.WAITING, State.SENDING, State.UNKNOWN}
# States that say: nothing left, or the network refused it.
UNSENT = {
    State.WAITING,
    State.APPROVAL,
    State.FAILED,
    State.MISSED,
    State.CANCELLED,
    State.SKIPPED,
    State.ASSISTED,
}
LEGAL = {
    "worker": {
        State.WAITING: {
            State.SENDING,
            State.ASSISTED,
            State.FAILED,
            State.SKIPPED,
            State.MISSED,
            State.CANCELLED,
            State.APPROVAL,
        },
        State.APPROVAL: {State.WAITING, State.FAILED, State.SKIPPED, State.MISSED, State.CANCELLED},
        State.SENDING: {State.SENT, State.UNKNOWN, State.WAITING, State.FAILED},
        State.UNKNOWN: {State.SENT, State.SENDING, State.WAITING},
        State.SENT: {State.REMOVED},
    },
    "person": {
        State.WAITING: {State.CANCELLED},
        State.APPROVAL: {State.WAITING, State.CANCELLED},
        State.ASSISTED: {State.CANCELLED, State.POSTED},
        State.FAILED: {State.WAITING},
        State.MISSED: {State.WAITING},
        State.CANCELLED: {State.WAITING},
        State.UNKNOWN: {State.POSTED, State.WAITING},
        State.SENT: {State.REMOVED},
        State.POSTED: {State.REMOVED},
    },
    "page": {
        State.WAITING: {State.CANCELLED, State.APPROVAL},
        State.APPROVAL: {State.CANCELLED, State.WAITING},
        State.ASSISTED: {State.CANCELLED, State.WAITING, State.APPROVAL},
        State.SKIPPED: {State.WAITING, State.APPROVAL},
        State.CANCELLED: {State.WAITING, State.APPROVAL},
    },
}

# What becomes of a request: whether there is a post, at once or when; and the answer.
FATES = {
    "accepted": (0.0, None),
    "answer lost": (0.0, OutcomeUnknown("unclear", "ReadTimeout")),
    "request lost": (None, OutcomeUnknown("unclear", "ReadTimeout")),
    "accepted late": (LATE, OutcomeUnknown("unclear", "ReadTimeout")),
    "accepted for later": (MUCH_LATER, OutcomeUnknown("accepted_later")),
    "busy": (None, NotSent("rate_limited", retry_after=30)),
    "rejected": (None, Rejected("content_refused")),
    "repeated": (None, DuplicateContent("duplicate")),
    "not our account": (None, AccountProblem("reconnect")),
    "our bug": (0.0, RuntimeError("a bug after the request")),
}
CLEAR = (NotSent, Rejected, AccountProblem)


class Killed(BaseException):
    """The worker's process is gone."""


class Violation(BaseException):
    """What must never happen did. No handler of the engine catches it."""


@dataclass
class Request:
    """One irreversible request, as the network sees it."""

    delivery: int
    handle: str
    key: str
    text: str
    at: float
    posts_at: float | None
    error: Exception | None
    post: object = None
    clear: bool = False
    """Whether a worker that still held the lane was told that it was surely not accepted."""
    settled: bool = False
    """Whether the network has made of it what it ever will."""


@dataclass
class Post:
    delivery: int
    handle: str
    key: str
    text: str
    remote_id: str
    at: float
    gone: bool = False


@dataclass
class Change:
    """One request to change or delete a post, as the network sees it."""

    post: Post
    kind: str
    text: str
    does_at: float | None
    settled: bool = False


@dataclass
class Look:
    """One look that found nothing."""

    delivery: int
    at: float


@dataclass
class World:
    """What is true, whatever the database says."""

    elapsed: float = 0.0
    fates: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    posts: list = field(default_factory=list)
    looks: list = field(default_factory=list)
    changes: list = field(default_factory=list)
    wished: set = field(default_factory=set)
    """Deliveries and what was wished for their posts, at any time."""
    allowed: dict = field(default_factory=dict)
    """By delivery: how many posts people have asked for, where it is not one."""
    approved: dict = field(default_factory=dict)
    """By delivery: the texts that somebody has approved."""
    trusted: dict = field(default_factory=dict)
    """By delivery: the number of requests that a person has vouched for."""
    holders: set = field(default_factory=set)
    """Account and fence of every claim there was."""
    held: dict = field(default_factory=dict)
    """By account: the lane that was claimed last, until it is given back."""
    violations: list = field(default_factory=list)
    known: dict = field(default_factory=dict)

    # Time

    def now(self) -> float:
        return time.monotonic() + self.elapsed

    def clock(self):
        """What stands in for the module ``time``."""
        return SimpleNamespace(monotonic=self.now, time=time.time, sleep=time.sleep)

    def pass_time(self, seconds: float) -> None:
        """It is later everywhere: for the database, for processes, for networks."""
        step = timedelta(seconds=seconds)
        for model in (Account, Delivery, Attempt):
            times = [item.name for item in model._meta.fields if isinstance(item, DateTimeField)]
            model.objects.update(**{name: F(name) - step for name in times})
        self.elapsed += seconds
        self.settle()

    def settle(self) -> None:
        """The networks do what they are going to do by now."""
        for request in self.requests:
            if request.settled or (request.posts_at is not None and request.posts_at > self.now()):
                continue
            request.settled = True
            if request.posts_at is not None:
                request.post = self._known(request) or self._made(request)

        for change in self.changes:
            if change.settled or (change.does_at is not None and change.does_at > self.now()):
                continue
            change.settled = True
            if change.does_at is not None and change.kind == "delete":
                change.post.gone = True
            elif change.does_at is not None:
                change.post.text = change.text

    def _known(self, request):
        if kind_of(request.handle) != "keyed":
            return None
        return next((p for p in self.posts if p.key == request.key and request.at - p.at < KEY_MEMORY), None)

    def _made(self, request):
        post = Post(*self._who(request), str(len(self.posts) + 1), max(request.at, request.posts_at))
        self.posts.append(post)
        allowed = self.allowed.get(request.delivery, 1)
        if len(self.posts_of(request.delivery)) > allowed:
            self.violate(f"{len(self.posts_of(request.delivery))} posts of delivery {request.delivery}")
        return post

    @staticmethod
    def _who(request):
        return request.delivery, request.handle, request.key, request.text

    def posts_of(self, delivery: int) -> list:
        return [post for post in self.posts if post.delivery == delivery]

    def may_come(self, delivery: int) -> list:
        """Requests that may still become posts."""
        return [r for r in self.requests if r.delivery == delivery and not r.settled and r.posts_at is not None]

    # The judge

    def violate(self, what: str) -> None:
        self.violations.append(what)
        raise Violation(what)

    def called(self, worker, request: Request) -> None:
        """A request begins: may it?"""
        delivery = Delivery.objects.select_related("account").get(pk=request.delivery)
        told = f"a call for delivery {delivery.pk} ({delivery.network})"
        if delivery.state != State.SENDING or not delivery.maybe_sent:
            self.violate(f"{told} in state {delivery.state}: no intent")
        if not delivery.attempts.filter(kind="publish", finished_at=None, fence=delivery.fence).exists():
            self.violate(f"{told} without a record")
        self._holds(worker, delivery, told)
        earlier = [r for r in self.requests if r.delivery == delivery.pk][self.trusted.get(delivery.pk, 0) :]
        unclear = [r for r in earlier if not r.clear]
        if delivery.account.needs_approval and not earlier and request.text not in self.approved.get(delivery.pk, ()):
            self.violate(f"{told} without approval")
        if any(r.text != request.text for r in unclear):
            self.violate(f"{told} with other words than the earlier one, which may have been accepted")
        for doubt in unclear:
            if not self._evidence(delivery, request, doubt):
                self.violate(f"{told} while an earlier one may have been accepted")

    def called_to_change(self, worker, delivery, kind: str) -> None:
        """A request to change or delete a post begins: may it?"""
        told = f"a call to {kind} the post of delivery {delivery.pk}"
        if delivery.state != State.SENT or (delivery.pk, kind) not in self.wished:
            self.violate(f"{told} in state {delivery.state}, which nobody wished")
        if not delivery.attempts.filter(kind=kind, finished_at=None, fence=delivery.fence).exists():
            self.violate(f"{told} without a record")
        self._holds(worker, delivery, told)

    def _holds(self, worker, delivery, told) -> None:
        lane = worker.lanes.get(delivery.account_id)
        if not lane or not delivery.fence == delivery.account.fence == lane.fence:
            self.violate(f"{told} by a worker who lost the lane")
        if not Account.objects.filter(pk=delivery.account_id, lease_until__gt=DatabaseNow()).exists():
            self.violate(f"{told} after the lease")

    def _evidence(self, delivery, request, doubt) -> bool:
        if delivery.network == "keyed":
            return request.key == doubt.key and request.at - doubt.at < KEY_MEMORY
        if delivery.network == "read_back":
            settle = delivery.backend_class.settle_seconds - 1
            counted = doubt.at
            looks = 0
            for look in self.looks:
                if look.delivery == delivery.pk and look.at - counted >= settle:
                    counted, looks = look.at, looks + 1
            return looks >= 2
        return False

    def watch(self, who: str) -> None:
        """Look at all deliveries after ``who`` ("worker", "person", "page") has written."""
        for row in Delivery.objects.values("pk", "state", "maybe_sent", "remote_id", "wish", "due_at"):
            self.wished.add((row["pk"], row["wish"]))
            before, after = self.known.get(row["pk"]), State(row["state"])
            if before not in (None, after) and after not in LEGAL[who].get(before, ()):
                self.violate(f"a {who} took delivery {row['pk']} from {before} to {after}")
            self.known[row["pk"]] = after
            if after in UNSENT and row["maybe_sent"]:
                self.violate(f"delivery {row['pk']} is {after}, and may have been sent")
            ours = {post.remote_id for post in self.posts_of(row["pk"])}
            if after == State.SENT and row["remote_id"] not in ours:
                self.violate(f"delivery {row['pk']} is sent as {row['remote_id']!r}, which it is not")
            is_due = row["due_at"] is not None
            if after == State.SENT and is_due != (row["wish"] in ("edit", "delete")):
                self.violate(f"delivery {row['pk']} is sent, with the wish {row['wish']!r}, and due: {is_due}")
            there = [post for post in self.posts_of(row["pk"]) if not post.gone and post.remote_id == row["remote_id"]]
            if after == State.REMOVED and there:
                self.violate(f"delivery {row['pk']} is removed, and its post is there")
        if missing := Delivery.objects.filter(state=State.WAITING, due_at=None).first():
            self.violate(f"delivery {missing.pk} waits for nothing")


def kind_of(handle: str) -> str:
    """Accounts are called after the kind of their network."""
    return handle.partition(".")[0]


# Networks


class Scripted(Memory):
    """Does what the world says."""

    world: World

    def publish(self, message, uploads, key):
        world, worker = self.world, threading.current_thread()
        at = world.now()
        later, error = FATES[world.fates.pop(0) if world.fates else "accepted"]
        with worker.unseen():
            delivery = Delivery.objects.get(page_title=message.title, account__handle=self.connection.handle)
            posts_at = None if later is None else at + later
            request = Request(delivery.pk, self.connection.handle, key, message.text, at, posts_at, error)
            world.called(worker, request)
        world.requests.append(request)
        worker.pause("call")  # it is on its way: others act, time may pass
        world.settle()
        worker.pause("call")  # it has arrived, the answer has not
        with worker.unseen():
            request.clear = isinstance(error, CLEAR) and worker.holds_lane(delivery.account_id)
        if error:
            raise error
        return Receipt(request.post.remote_id)

    def find(self, message, since):
        world, worker = self.world, threading.current_thread()
        worker.pause("call")
        world.settle()
        seen = [post for post in world.posts if world.now() - post.at >= LAG]
        seen = [post for post in seen if not post.gone]
        found = [post for post in seen if (post.handle, post.text) == (self.connection.handle, message.text)]
        found = [post for post in found if datetime.now(UTC) - timedelta(seconds=world.now() - post.at) >= since]
        at = world.now()
        worker.pause("call")
        if found:
            return Receipt(found[0].remote_id)
        with worker.unseen():
            delivery = Delivery.objects.get(page_title=message.title, account__handle=self.connection.handle)
        world.looks.append(Look(delivery.pk, at))
        return None

    def edit(self, remote_id, message):
        self._change("edit", remote_id, message.text)
        return Receipt(remote_id)

    def delete(self, remote_id):
        self._change("delete", remote_id)

    def _change(self, kind, remote_id, text=""):
        world, worker = self.world, threading.current_thread()
        fate = world.fates.pop(0) if world.fates else "accepted"
        later, error = FATES[fate]
        post = next(post for post in world.posts if post.remote_id == remote_id)
        with worker.unseen():
            world.called_to_change(worker, Delivery.objects.select_related("account").get(pk=post.delivery), kind)
        # What a network would do later, it does now or never: nothing is known to change posts late.
        does_at = None if later else later
        world.changes.append(Change(post, kind, text, None if does_at is None else world.now()))
        worker.pause("call")
        world.settle()
        worker.pause("call")
        if error:
            raise error


class Keyed(Scripted):
    name = "keyed"
    key_seconds = 1800
    find = BaseBackend.find


class ReadBack(Scripted):
    name = "read_back"
    key_seconds = 0


class Neither(Scripted):
    name = "neither"
    key_seconds = 0
    find = BaseBackend.find


KINDS = {
    name: {"BACKEND": f"{__name__}.{kind}"}
    for name, kind in (("keyed", "Keyed"), ("read_back", "ReadBack"), ("neither", "Neither"))
}


# Workers


class Worker(threading.Thread):
    """A process that works for the lanes. It stops before statements and in the middle of calls."""

    FINENESS = {"statement": ("statement", "write", "call"), "write": ("write", "call"), "call": ("call",), "end": ()}

    def __init__(self, world: World, work):
        super().__init__(daemon=True)
        self.world, self.work = world, work
        self.stops = ("statement",)
        self.dead, self.done, self.quiet = False, False, False
        self.lanes, self.error, self.place = {}, None, "not begun"
        self.transaction = None
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self.start()

    # From outside

    def advance(self, to: str = "end") -> None:
        """Let it run to its next stop: before a "statement" or a "write", in a "call", or to its "end"."""
        if self.done:
            return
        self.stops = self.FINENESS[to]
        self._go.release()
        assert self._back.acquire(timeout=PATIENCE), f"The worker hangs at {self.place}."
        if self.done:
            self.join()
        if self.error:
            raise self.error

    def kill(self) -> None:
        """The process is gone where it stands: it says and writes nothing more."""
        self.dead = True
        self.advance()

    # From inside

    def run(self):
        self._go.acquire()
        try:
            if not self.dead:
                with connection.execute_wrapper(self._statement):
                    self.work()
        except Killed:
            pass
        except BaseException as error:
            self.error = error
        finally:
            connections.close_all()
            self.done = True
            self._back.release()

    def pause(self, kind: str) -> None:
        if self.dead:
            raise Killed
        if kind not in self.stops:
            return
        self._back.release()
        self._go.acquire()
        if self.dead:
            raise Killed

    @contextmanager
    def unseen(self):
        """Questions of the judge's own."""
        quiet, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = quiet

    def holds_lane(self, account_id: int) -> bool:
        lane = self.lanes.get(account_id)
        return lane is None or Account.objects.filter(pk=account_id, fence=lane.fence).exists()

    def _statement(self, execute, sql, params, many, context):
        if self.quiet:
            return execute(sql, params, many, context)
        self.place = " ".join(sql.split()[:3])
        writes = sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
        if not connection.in_atomic_block or self._begins() or self.dead:
            # A transaction is whole or not at all: nobody is stopped within.
            self.pause("write" if writes else "statement")
        if not writes:
            return execute(sql, params, many, context)
        with self.unseen():
            lost = [account_id for account_id in self.lanes if not self.holds_lane(account_id)]
            before = self._written(lost)
            result = execute(sql, params, many, context)
            if before != self._written(lost):
                self.world.violate("a worker who lost the lane wrote")
            self.world.watch("worker")
        return result

    def _begins(self) -> bool:
        """Whether the statement is the first of a transaction; SQLite's first one is seen before, the BEGIN."""
        before, self.transaction = self.transaction, connection.atomic_blocks[0]
        return self.transaction is not before and connection.vendor != "sqlite"

    def _written(self, accounts):
        lane = Account.objects.values_list("lease_until", "blocked_until", "failures", "fence")
        return list(Delivery.objects.filter(account__in=accounts).order_by("pk").values()), list(
            lane.filter(pk__in=accounts).order_by("pk")
        )


class OneAfterTheOther:
    """Stands in for the threads of ``together``: calls are made when they are waited for, by the worker itself, so
    that what a worker does has one order, and it can be stopped in its calls."""

    @staticmethod
    def submit(call, *args):
        future = Future()
        future.make = lambda: future.set_result(call(*args))
        return future

    @staticmethod
    def wait(futures, timeout=None, return_when=None):
        for future in futures:
            if not future.done():
                future.make()
        return set(futures), set()


def install(monkeypatch, world: World) -> None:
    """Put the world around the engine: its clocks, and who holds which lane."""
    Scripted.world = world
    for room in (lanes, send, sweep, together):
        monkeypatch.setattr(room, "time", world.clock(), raising=False)
    monkeypatch.setattr(together, "_threads", OneAfterTheOther)
    monkeypatch.setattr(together, "wait", OneAfterTheOther.wait)
    monkeypatch.setattr(together, "connections", SimpleNamespace(close_all=lambda: None))
    claim, claim_all, release, release_all = lanes.claim, lanes.claim_all, lanes.release, lanes.release_all

    def holds(lane):
        threading.current_thread().lanes[lane.account_id] = lane
        if (lane.account_id, lane.fence) in world.holders:
            world.violate("two workers hold one lane under one fence")
        held = world.held.get(lane.account_id)
        if held and world.now() < held.until - 1:
            world.violate(f"account {lane.account_id} was claimed under another's lease")
        world.holders.add((lane.account_id, lane.fence))
        world.held[lane.account_id] = lane

    def claimed(account_id):
        threading.current_thread().lanes.pop(account_id, None)
        if lane := claim(account_id):
            holds(lane)
        return lane

    def claimed_all(account_ids):
        for account_id in account_ids:
            threading.current_thread().lanes.pop(account_id, None)
        held = claim_all(account_ids)
        for lane in held:
            holds(lane)
        return held

    def is_free(lane):
        if world.held.get(lane.account_id) is lane:
            del world.held[lane.account_id]
        threading.current_thread().lanes.pop(lane.account_id, None)

    def released(lane):
        release(lane)
        is_free(lane)

    def released_all(held):
        release_all(held)
        for lane in held:
            is_free(lane)

    monkeypatch.setattr(lanes, "claim", claimed)
    monkeypatch.setattr(lanes, "claim_all", claimed_all)
    monkeypatch.setattr(lanes, "release", released)
    monkeypatch.setattr(lanes, "release_all", released_all)
