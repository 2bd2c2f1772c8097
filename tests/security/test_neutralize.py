"""The command that makes a copy silent for good. Each test names its guard, and fails when that line is taken out."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from wagtail.models import ModelLogEntry

from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, publish, site_root
from tests.security.fixtures import on_x, operations
from wagtail_syndicate.accounts import environment, vault
from wagtail_syndicate.delivery import sweep
from wagtail_syndicate.management.commands import syndicate_neutralize
from wagtail_syndicate.models import Account, Delivery, OAuthApp, TargetSet


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


def neutralize(capsys):
    call_command("syndicate_neutralize", "--yes")
    return capsys.readouterr().out


@pytest.fixture
def account(fakenet):
    found = on_x(fakenet, contacts="desk@example.org")
    fakenet.state.log.clear()
    return found


def test_access_and_keys_are_gone_and_no_network_was_asked(account, fakenet, capsys):
    """Guard: ``accounts.neutralise.wipe``."""
    AccountFactory(
        network="webhook", auth_method="pasted", sealed_credentials="", options={"url": "https://a.example"}
    )
    by_person = AccountFactory(network="xing", auth_method="none", sealed_credentials="")
    OAuthApp.objects.create(
        network="mastodon", client_id="id", sealed_secret=vault.seal({"client_secret": "hush-hush"})
    )
    out = neutralize(capsys)
    assert "2 accounts disconnected" in out
    assert "1 keys of apps deleted" in out
    assert not Account.objects.exclude(sealed_credentials="").exists()
    assert not OAuthApp.objects.exists()
    statuses = dict(Account.objects.values_list("network", "status"))
    assert statuses == {"x": "new", "webhook": "new", "xing": "connected"}
    assert by_person.pk
    account.refresh_from_db()
    assert (account.remote_id != "", account.handle) == (True, "@newsroom")  # only the same one can be connected again
    assert operations(fakenet) == []
    entries = ModelLogEntry.objects.filter(action="wagtail_syndicate.neutralise")
    assert [entry.data for entry in entries.order_by("pk")][0] == {"handle": "@newsroom"}
    assert entries.count() == 2


@pytest.mark.parametrize("state", [State.WAITING, State.ASSISTED, State.APPROVAL])
def test_what_waits_is_cancelled(account, capsys, state):
    """Guard: ``waiting`` in ``delivery.neutralise.cancel_pending``."""
    DeliveryFactory(account=account, state=state, due_at=timezone.now() + timedelta(days=3))
    assert "1 waiting posts cancelled" in neutralize(capsys)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason, delivery.due_at) == (State.CANCELLED, "neutralised", None)
    assert "copy" in str(delivery.explanation)


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_what_may_have_left_is_looked_for_no_more(account, fakenet, capsys, state):
    """Guard: ``unclear`` in ``delivery.neutralise.cancel_pending``."""
    publish(NewsPageFactory(), account)
    now = timezone.now()
    Delivery.objects.update(
        state=state, maybe_sent=True, first_sent_at=now, due_at=now if state != State.SENDING else None
    )
    assert "1 unclear posts" in neutralize(capsys)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.due_at, delivery.maybe_sent) == (State.UNKNOWN, None, True)


def test_wishes_mails_and_late_publications_are_forgotten(account, capsys, mailoutbox):
    """Guards: ``wishes``, ``unplanned`` and ``tell_at`` in ``delivery.neutralise.cancel_pending``."""
    publish(NewsPageFactory(), account)
    past = timezone.now() - timedelta(seconds=1)
    TargetSet.objects.update(plan_at=past)
    sent = {"state": State.SENT, "remote_id": "1"}
    Delivery.objects.update(**sent, due_at=past, wish=Delivery.Wish.DELETE, tell_at=past)
    failed = DeliveryFactory(account=account, state=State.FAILED, reason="content_refused", tell_at=past)
    out = neutralize(capsys)
    assert "1 changes and deletions" in out
    assert "1 publications" in out
    assert not Delivery.objects.exclude(wish="").exists()
    assert not TargetSet.objects.exclude(plan_at=None).exists()
    call_command("syndicate_sweep", verbosity=0)
    assert mailoutbox == []
    assert Delivery.objects.get(pk=failed.pk).state == State.FAILED  # history stays


def test_afterwards_nothing_leaves_and_a_second_time_finds_nothing(account, fakenet, capsys):
    publish(NewsPageFactory(), account)
    neutralize(capsys)
    before = list(Account.objects.values())
    lines = neutralize(capsys).splitlines()
    assert [line.split()[0] for line in lines] == ["0"] * 6
    assert list(Account.objects.values()) == before
    sweep.sweep()
    assert operations(fakenet) == []


def test_it_asks_first(account, monkeypatch, capsys):
    """Guard: ``_ask`` in the command."""
    with pytest.raises(CommandError, match="--yes"):
        call_command("syndicate_neutralize")
    monkeypatch.setattr(syndicate_neutralize.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "no")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("syndicate_neutralize")
    assert Account.objects.get().sealed_credentials
    site_root()
    Account.objects.update(environment=environment.fingerprint())
    monkeypatch.setattr("builtins.input", lambda question: "Yes")
    call_command("syndicate_neutralize")
    assert not Account.objects.get().sealed_credentials
    assert "looks like the original" in capsys.readouterr().out
