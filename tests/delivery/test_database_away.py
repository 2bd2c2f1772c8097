"""The database is cut off at every step of sending, looking and sweeping: nothing is concluded from that, nothing is
lost or sent twice, and whoever works goes on or ends with an error, but neither hangs nor spins."""

import itertools
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models import F

from tests.delivery.dying import WRITES
from tests.factories import AccountFactory, NewsPageFactory, picture_of, publish
from wagtail_syndicate import database, signals
from wagtail_syndicate.accounts import refresh, vault
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import lanes, media, plan, send, sweep
from wagtail_syndicate.exceptions import NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.models import Account, Attempt, Delivery, TargetSet


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State

KINDS = ("keyed", "read_back", "neither")
MOST = 400  # steps of a walk, and statements that a worker may need to get over a cut


class Cut:
    """The connection to the database breaks at one step of this process: before or after a statement or a commit.

    :param at: the number of the step; 0 for a connection that holds.
    :param lasting: whether new connections are refused as well, until :meth:`back` is called.
    """

    def __init__(self, monkeypatch, at, lasting=False, error=OperationalError):
        self.at, self.lasting, self.stayed, self.error = at, lasting, lasting, error
        self.steps, self.tries, self.broken, self.name = 0, 0, False, ""
        connection = self.connection = connections["default"]
        self.original = {name: getattr(connection, name) for name in ("_commit", "_rollback", "close", "is_usable")}
        for name in self.original:
            monkeypatch.setattr(connection, name, getattr(self, f"do_{name.lstrip('_')}"))
        monkeypatch.setattr(connection, "execute_wrappers", [*connection.execute_wrappers, self.statement])

    def back(self):
        """The database is there again, for new connections."""
        self.lasting, self.at = False, 0
        self.connection.close()

    def step(self, name):
        self.steps += 1
        if self.steps == self.at:
            self.broken, self.name = True, name
        self.raise_if_broken()

    def raise_if_broken(self):
        if self.broken:
            self.tries += 1
            assert self.tries < MOST, "Somebody spins."
            self.connection.errors_occurred = True
            raise self.error("the connection was closed")

    def statement(self, execute, sql, params, many, context):
        self.raise_if_broken()
        what = " ".join(sql.split()[:3])
        self.step(f"before {what}")
        result = execute(sql, params, many, context)
        if sql.lstrip().upper().startswith(WRITES):  # what was read makes no difference
            self.step(f"after {what}")
        return result

    def do_commit(self):
        self.raise_if_broken()
        self.step("before COMMIT")
        self.original["_commit"]()
        self.step("after COMMIT")

    def do_rollback(self):
        self.original["_rollback"]()  # as the server does when the connection breaks
        self.raise_if_broken()

    def do_is_usable(self):
        return not self.broken and self.original["is_usable"]()

    def do_close(self):
        self.original["close"]()
        self.broken = self.broken and self.lasting


@pytest.fixture(autouse=True)
def hours(monkeypatch):
    """Whoever waits for the database does not really wait."""
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    clock.sleep = lambda seconds: setattr(clock, "now", clock.now + seconds)
    monkeypatch.setattr(database, "time", clock)
    return clock


def only():
    return Delivery.objects.get()


def pass_time(seconds):
    step = timedelta(seconds=seconds)
    Account.objects.update(blocked_until=F("blocked_until") - step, lease_until=F("lease_until") - step)
    times = ("due_at", "first_sent_at", "looked_at")
    Delivery.objects.update(**{name: F(name) - step for name in times})


def live_on(step=130):
    """Sweep every ``step`` seconds, until nothing is left to do."""
    for _round in range(10):
        if only().state not in Delivery.OPEN or (only().state == State.UNKNOWN and not only().due_at):
            return
        pass_time(step)
        sweep.sweep()
    pytest.fail(f"It never ends: {Delivery.objects.values()}")


class Scene:
    """A delivery with a picture, and the way back to its beginning."""

    def __init__(self, network):
        publish(NewsPageFactory(lead_image=picture_of("A probe")), AccountFactory(network=network))
        self.remember()

    def remember(self):
        """Take this moment for the beginning."""
        self.rows = [(model, row.pk, values_of(row)) for model in (Account, Delivery) for row in model.objects.all()]
        self.attempts, self.posts = list(Attempt.objects.all()), list(Memory.outbox)

    def begin(self, *faults):
        """Everything is as it was. The network's first answers may be faults, after which there is no post."""
        Memory.reset()
        Memory.outbox.extend(self.posts)
        Memory.fail_with(*faults)
        Attempt.objects.all().delete()
        Attempt.objects.bulk_create(self.attempts)
        for model, pk, values in self.rows:
            model.objects.filter(pk=pk).update(**values)


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.fields if not field.primary_key}


def cuts(monkeypatch, work, prepare, **how):
    """Do ``work`` with a connection that breaks at each step of it, one after the other.

    :yields: the cut, and the error with which the work ended, if it did.
    """
    for at in itertools.count(1):
        assert at < MOST
        prepare()
        with monkeypatch.context() as patch:
            cut, error = Cut(patch, at, **how), None
            try:
                work()
            except database.AWAY as raised:
                error = raised
            happened = bool(cut.name)
            cut.back()
        if not happened:
            assert at > 20, "The walk is too short to have seen anything."
            return
        blamed = Delivery.objects.filter(reason__in=("internal", "site_trouble"))
        assert not blamed.exists(), f"{cut.name}: the database's trouble is nobody's mistake"
        yield cut, error


def judge(network, cut, fates=()):
    delivery = only()
    told = f"cut {cut.name} ({cut.at}): {delivery.state} ({delivery.reason}, {delivery.detail})"
    assert len(Memory.outbox) <= 1, told
    assert not delivery.attempts.filter(finished_at=None).exists(), told
    if delivery.state == State.SENT:
        assert len(Memory.outbox) == 1, told
    elif network == "neither" and delivery.state == State.UNKNOWN:
        assert delivery.due_at is None, told
    else:
        assert delivery.state in fates, told
    assert delivery.reason not in ("internal", "site_trouble"), told
    # A lane that could not be given back is free when its lease ends.
    assert cut.stayed or Account.objects.get().lease_until is None, told
    return delivery.state


@pytest.mark.parametrize("network, error", [*zip(KINDS, database.AWAY, strict=True)])
def test_a_connection_that_breaks(monkeypatch, network, error):
    """The database takes new connections at once: the worker goes on by itself."""
    asked = []
    for cut, raised in cuts(monkeypatch, send.drain, Scene(network).begin, error=error):
        # Where no lane is held there is nothing to be done; the next sweep begins anew.
        assert raised is None or only().state in (State.WAITING, State.SENT), f"{cut.name}: {raised!r}"
        live_on()
        if judge(network, cut) == State.UNKNOWN:
            asked.append(cut.name)
    # Only where nobody can know whether the intent was committed; an outcome that is known is written down.
    assert asked == (["after COMMIT"] if network == "neither" else [])


@pytest.mark.parametrize("network", KINDS)
def test_a_database_that_stays_away(monkeypatch, network):
    states = set()
    for cut, error in cuts(monkeypatch, send.drain, Scene(network).begin, lasting=True):
        assert error is not None, f"{cut.name}: who works has to say that the database is away"
        states.add(only().state)
        assert only().reason == "", cut.name
        live_on()
        judge(network, cut)
    assert states == {State.WAITING, State.SENDING, State.SENT}


@pytest.mark.parametrize("network", ["keyed", "read_back"])
@pytest.mark.parametrize("lasting", [False, True])
def test_while_looking_for_an_unclear_post(monkeypatch, network, lasting):
    scene = Scene(network)
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=True)
    send.drain()
    assert only().state == State.UNKNOWN
    pass_time(10)
    scene.remember()
    for cut, _error in cuts(monkeypatch, send.drain, scene.begin, lasting=lasting):
        live_on()
        assert judge(network, cut) == State.SENT, cut.name


@pytest.mark.parametrize("network", KINDS)
@pytest.mark.parametrize("error", [NotSent("network_busy", retry_after=3600), Rejected("content_refused")])
def test_while_a_refusal_is_written_down(monkeypatch, network, error):
    scene = Scene(network)
    for cut, _error in cuts(monkeypatch, send.drain, lambda: scene.begin(error)):
        if only().reason == "network_busy":
            asked_for = Account.objects.get().blocked_until - only().updated_at
            assert asked_for > timedelta(seconds=3000), "what the network asked for is kept"
        live_on(step=3700)
        end = judge(network, cut, {State.FAILED} if isinstance(error, Rejected) else ())
        assert end != State.UNKNOWN or cut.name == "after COMMIT", cut.name


def test_every_change_is_announced_once(monkeypatch):
    """Also when the answer to the statement was lost that made it."""
    scene, heard = Scene("memory"), []

    def hear(delivery, before, **kwargs):
        heard.append((str(before), str(delivery.state)))

    signals.delivery_changed.connect(hear)
    try:
        for cut, _error in cuts(monkeypatch, send.drain, lambda: (scene.begin(), heard.clear())):
            live_on()
            ends = [change for change in heard if change[1] == "sent"]
            assert len(ends) == 1, f"{cut.name} ({cut.at}): {heard}"
    finally:
        signals.delivery_changed.disconnect(hear)


def test_one_account_whose_work_always_breaks_off_does_not_stop_the_others(one_by_one, monkeypatch):
    bad, good = AccountFactory(), AccountFactory()
    publish(NewsPageFactory(), bad)
    publish(NewsPageFactory(), good)
    step, seen = send._step, []

    def broken_step(lane, delivery):
        if delivery.account_id == bad.pk:
            seen.append(delivery.pk)
            raise OperationalError("no such table")
        return step(lane, delivery)

    monkeypatch.setattr(send, "_step", broken_step)
    sweep.sweep()
    assert [post.handle for post in Memory.outbox] == [good.handle]
    assert len(seen) == 1, "Somebody spins."
    bad.refresh_from_db()
    assert (bad.lease_until, bad.failures) == (None, 1)
    assert Delivery.objects.get(account=bad).state == State.WAITING


def test_a_mistake_outside_of_any_delivery_does_not_stop_the_others(one_by_one, monkeypatch):
    bad, good = AccountFactory(), AccountFactory()
    publish(NewsPageFactory(), bad, good)
    keep = lanes.keep

    def broken_keep(lane):
        if lane.account_id == bad.pk:
            raise ZeroDivisionError
        keep(lane)

    monkeypatch.setattr(lanes, "keep", broken_keep)
    send.drain()
    assert [post.handle for post in Memory.outbox] == [good.handle]


def test_a_picture_is_not_left_behind_because_the_database_is_away(monkeypatch):
    def away(*args):
        raise OperationalError

    with pytest.raises(OperationalError):
        media.render(SimpleNamespace(get_rendition=away), "max-10x10")


def test_what_breaks_in_one_part_of_a_sweep_is_mended_for_the_next(monkeypatch):
    """Planning, tidying and renewing are no reason not to send."""
    scene, sent = Scene("memory"), []
    for cut, _error in cuts(monkeypatch, sweep.sweep, scene.begin):
        sent.append(only().state == State.SENT)
        live_on()
        judge("memory", cut)
    assert sent[0], "a cut in the first query costs that part of the sweep only"


def test_a_plan_that_the_database_broke_off_is_made_later(monkeypatch):
    Scene("memory")

    began = Delivery.objects.get().created_at

    def prepare():
        Delivery.objects.all().delete()
        TargetSet.objects.update(plan_at=began)

    def late():
        sweep._try(plan.plan_late)

    for cut, _error in cuts(monkeypatch, late, prepare):
        told = list(Delivery.objects.filter(account=None).values_list("reason", flat=True))
        assert told == [], f"{cut.name}: {told}"
        if TargetSet.objects.get().plan_at is not None:
            TargetSet.objects.update(plan_at=began)
            plan.plan_late()
        assert only().state == State.WAITING, cut.name


# Access that can be renewed once


def test_new_access_is_stored_though_the_connection_breaks(monkeypatch):
    account = AccountFactory(sealed_credentials=vault.seal({"refresh_token": "1"}))
    stored = vault.unseal(account.sealed_credentials)
    for name in ("before", "after"):
        account.refresh_from_db()
        with monkeypatch.context() as patch:
            cut = Cut(patch, 0)
            swap = refresh._swap

            def swapping(*args, cut=cut, swap=swap, name=name):
                if not cut.name and name == "before":
                    cut.at = cut.steps + 1
                    return swap(*args)
                done = swap(*args)
                if not cut.name:
                    cut.at = cut.steps + 1
                    cut.step("after the swap")
                return done

            patch.setattr(refresh, "_swap", swapping)
            new = {**stored, "refresh_token": name}
            assert refresh._replace(account, new, None), name
            assert cut.name, "The connection never broke."
        account.refresh_from_db()
        assert vault.unseal(account.sealed_credentials)["refresh_token"] == name


# Publishing


def test_a_publication_that_the_database_rolled_back_does_not_look_saved(monkeypatch):
    """MySQL ends the whole transaction of whoever loses a deadlock; Django would leave it without a word."""
    page = NewsPageFactory()

    def deadlock(*args):
        transaction.set_rollback(True)
        raise OperationalError("Deadlock found")

    monkeypatch.setattr(plan, "plan", deadlock)
    with pytest.raises(OperationalError), transaction.atomic():
        publish(page, AccountFactory())


def test_a_publication_in_a_transaction_of_its_own_survives_our_deadlock(monkeypatch):
    def deadlock(*args):
        raise OperationalError("Deadlock found")

    monkeypatch.setattr(plan, "_deliveries_of", deadlock)
    with transaction.atomic():
        page = publish(NewsPageFactory(), AccountFactory())
    page.refresh_from_db()
    assert page.live
    assert list(Delivery.objects.values_list("reason", flat=True)) == ["unplanned"]


# The tool itself


def test_inside_a_transaction_nothing_is_done_twice():
    tries = []

    def work():
        tries.append(1)
        raise OperationalError

    with pytest.raises(OperationalError), transaction.atomic():
        database.insist(work)
    assert len(tries) == 1


def test_patience_ends(hours):
    tries = []

    def work():
        tries.append(hours.now)
        raise InterfaceError

    with pytest.raises(InterfaceError):
        database.insist(work)
    assert 5 < len(tries) < 30
    assert hours.now <= database.PATIENCE


def test_what_is_no_trouble_of_the_database_is_not_tried_again():
    tries = []

    def work():
        tries.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.insist(work)
    assert len(tries) == 1
