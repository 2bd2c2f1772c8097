"""What a lost bell would have missed."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.factories import AccountFactory, NewsPageFactory, publish
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import sweep
from wagtail_syndicate.models import Account, Delivery


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


def test_a_second_sweep_finds_nothing(waiting):
    sweep.sweep()
    assert sweep.sweep() == 0
    assert len(Memory.outbox) == 1
