"""What a lost bell would have missed."""

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from tests.factories import AccountFactory, NewsPageFactory, publish
from wagtail_syndicate import signals
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import sweep
from wagtail_syndicate.models import Account, Delivery, Heartbeat


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


@pytest.fixture
def waiting():
    publish(NewsPageFactory(), AccountFactory())
    return Delivery.objects.get()


def test_the_sweep_sends_what_no_bell_announced(waiting):
    assert sweep.sweep() == 1
    assert Delivery.objects.get().state == State.SENT


def test_the_command_does_the_same(waiting, capsys):
    call_command("syndicate_sweep")
    assert Delivery.objects.get().state == State.SENT
    assert "1 deliveries worked on" in capsys.readouterr().out


def test_what_is_overdue_is_missed_also_when_its_account_cannot_be_used(waiting):
    Account.objects.update(status=Account.Status.RECONNECT)
    Delivery.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    sweep.sweep()
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.MISSED, "missed")
    assert Memory.outbox == []


def test_what_is_left_without_an_account_is_cancelled(waiting):
    waiting.account.delete()
    sweep.sweep()
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.CANCELLED, "account_gone")


@pytest.mark.parametrize(("posts", "calls"), [(1, []), (2, [1]), (3, [1, 2])])
def test_help_is_called_while_there_is_more(slow, monkeypatch, posts, calls):
    """After each slice of the sweep's time, the last one too: nobody else may have heard the others."""
    monkeypatch.setattr(sweep, "SLICE", 0.1)
    called, account = [], AccountFactory()
    for _post in range(posts):
        publish(NewsPageFactory(), account)
    sweep.sweep(budget=0.3, call_help=lambda: called.append(len(Memory.outbox)))
    assert called == calls


def test_a_second_sweep_finds_nothing(waiting):
    sweep.sweep()
    assert sweep.sweep() == 0
    assert len(Memory.outbox) == 1


def test_what_is_overdue_to_the_second(waiting):
    Delivery.objects.update(expires_at=timezone.now() + timedelta(seconds=30), due_at=timezone.now())
    sweep.tidy()
    assert Delivery.objects.get().state == State.WAITING
    Delivery.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    sweep.tidy()
    assert Delivery.objects.get().state == State.MISSED


def test_what_was_held_by_the_probe_has_failed_when_it_is_overdue(waiting):
    Delivery.objects.update(
        reason="probe_noindex", detail="seen", expires_at=timezone.now() - timedelta(minutes=1), due_at=timezone.now()
    )
    sweep.tidy()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason, delivery.detail) == (State.FAILED, "probe_noindex", "seen")
    assert delivery.due_at is None


def test_a_row_that_a_worker_holds_is_left_to_it(waiting):
    Account.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    Delivery.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert sweep.tidy() == 0
    assert Delivery.objects.get().state == State.WAITING


def test_whoever_listens_hears_what_the_sweep_ends(waiting):
    heard = []

    def listen(sender, delivery, before, **kwargs):
        heard.append((delivery.pk, before, delivery.state))

    signals.delivery_changed.connect(listen)
    try:
        Delivery.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
        sweep.tidy()
        sweep.tidy()
    finally:
        signals.delivery_changed.disconnect(listen)
    assert heard == [(waiting.pk, State.WAITING, State.MISSED)]


@pytest.mark.parametrize("part", ["plan_late", "tidy", "renew_due"])
def test_a_part_that_fails_does_not_stop_the_others(waiting, monkeypatch, caplog, part):
    def fail():
        raise RuntimeError("a bug")

    fail.__name__ = part
    owner = {"plan_late": sweep.plan, "tidy": sweep, "renew_due": sweep.upkeep}[part]
    monkeypatch.setattr(owner, part, fail)
    sweep.sweep()
    assert Delivery.objects.get().state == State.SENT
    assert Heartbeat.objects.exists()
    assert f"could not {part}" in caplog.text


def test_a_sweep_leaves_a_sign_of_life(waiting):
    sweep.sweep()
    Heartbeat.objects.update(at=timezone.now() - timedelta(hours=1))
    sweep.sweep()
    assert timezone.now() - Heartbeat.objects.get().at < timedelta(minutes=1)


def test_a_sweep_that_is_to_stop_begins_nothing_new():
    accounts = AccountFactory.create_batch(3)
    publish(NewsPageFactory(), *accounts)
    assert sweep.sweep(stopping=lambda: True) == 0
    assert Memory.outbox == []


def test_several_sweeps_at_once_send_everything_once():
    accounts = AccountFactory.create_batch(4)
    for _page in range(3):
        publish(NewsPageFactory(), *accounts)
    start, worked = threading.Barrier(4), []

    def work():
        try:
            start.wait(20)
            worked.append(sweep.sweep())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(worked) == 4
    assert len(Memory.outbox) == 12
    assert sum(worked) == 12
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}


def test_the_loop_outlives_a_database_that_is_away(waiting, monkeypatch, caplog):
    from wagtail_syndicate.management.commands import syndicate_sweep

    rounds = []

    def sweep_twice(stopping):
        rounds.append(stopping)
        if len(rounds) == 1:
            raise OperationalError("the server is gone")
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    monkeypatch.setattr(syndicate_sweep, "sweep", sweep_twice)
    before = signal.getsignal(signal.SIGTERM)
    call_command("syndicate_sweep", loop=True, interval=0.01)
    assert len(rounds) == 2
    assert "The sweep failed: OperationalError" in caplog.text
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_single_round_tells_cron_that_it_failed(monkeypatch):
    from wagtail_syndicate.management.commands import syndicate_sweep

    def fail(stopping):
        raise OperationalError("the server is gone")

    monkeypatch.setattr(syndicate_sweep, "sweep", fail)
    with pytest.raises(OperationalError):
        call_command("syndicate_sweep")
