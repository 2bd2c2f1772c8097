"""Old details go; what keeps a page from being posted twice stays."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories import DeliveryFactory
from wagtail_syndicate.management.commands import syndicate_prune
from wagtail_syndicate.models import Attempt, Delivery


pytestmark = pytest.mark.django_db
State = Delivery.State


def old(state, days=100, **values):
    delivery = DeliveryFactory(state=state, remote_id="1", maybe_sent=True, **values)
    for _attempt in range(3):
        Attempt.objects.create(delivery=delivery, outcome="Sent")
    Delivery.objects.filter(pk=delivery.pk).update(updated_at=timezone.now() - timedelta(days=days))
    return delivery


def prune(days=90):
    call_command("syndicate_prune", older_than=days)


@pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.MISSED, State.CANCELLED, State.SKIPPED])
def test_attempts_of_what_is_over_for_long(state, monkeypatch, capsys):
    monkeypatch.setattr(syndicate_prune, "BATCH", 2)
    delivery = old(state)
    prune()
    assert Attempt.objects.count() == 0
    assert Delivery.objects.get() == delivery
    assert "3 attempts and 0 deliveries deleted" in capsys.readouterr().out


@pytest.mark.parametrize("state", [State.WAITING, State.SENDING, State.UNKNOWN, State.ASSISTED])
def test_what_is_not_over_keeps_its_attempts(state):
    old(state)
    prune()
    assert Attempt.objects.count() == 3


def test_what_is_younger_keeps_its_attempts():
    old(State.SENT, days=80)
    prune()
    assert Attempt.objects.count() == 3


def test_deliveries_of_pages_that_are_gone():
    gone, kept = old(State.SENT), old(State.SENT)
    Delivery.objects.filter(pk=gone.pk).update(page=None)
    prune()
    assert Delivery.objects.get() == kept


@pytest.mark.parametrize("days", [0, -1])
def test_not_by_mistake(days):
    with pytest.raises(CommandError):
        prune(days)
