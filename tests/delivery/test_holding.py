"""What keeps a delivery waiting for a while: the account's cap, and a page that a reader would not find."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from tests.factories import AccountFactory, NewsPageFactory, publish
from wagtail_syndicate import signals
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import probe, send, sweep
from wagtail_syndicate.exceptions import NotSent
from wagtail_syndicate.models import Account, Delivery


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


@pytest.fixture
def seen(monkeypatch, settings):
    """What the probe sees, by the page's slug; fit when it is not told otherwise."""
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "PROBE": True}
    told = {}

    def look(address):
        return next((found for slug, found in told.items() if slug in address), probe.Seen())

    monkeypatch.setattr(probe, "look", look)
    return told


def pass_time(seconds):
    step = timedelta(seconds=seconds)
    Account.objects.update(blocked_until=F("blocked_until") - step)
    Delivery.objects.update(due_at=F("due_at") - step, first_sent_at=F("first_sent_at") - step)


def titles():
    return [post.message.title for post in Memory.outbox]


def test_a_capped_account_goes_on_after_the_hour_in_order(settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "MAX_PER_HOUR": 2}
    account, other = AccountFactory(), AccountFactory()
    for number in range(5):
        publish(NewsPageFactory(title=f"Page {number}"), account)
    publish(NewsPageFactory(title="Page of another account"), other)
    send.drain()
    assert sorted(titles()) == ["Page 0", "Page 1", "Page of another account"]
    held = Delivery.objects.filter(account=account, state=State.WAITING).order_by("pk").first()
    assert held.reason == "account_cap"
    assert held.attempts_made == 0
    assert send.drain() == 0
    for hour in (2, 3):
        pass_time(3605)
        send.drain()
        assert len(titles()) == min(2 * hour, 5) + 1
    assert [title for title in titles() if title != "Page of another account"] == [f"Page {n}" for n in range(5)]


def test_what_had_to_wait_goes_first():
    account = AccountFactory()
    for number in range(3):
        publish(NewsPageFactory(title=f"Page {number}"), account)
    Memory.fail_with(NotSent("network_busy"))
    send.drain()
    assert titles() == []
    pass_time(3600)
    send.drain()
    assert titles() == ["Page 0", "Page 1", "Page 2"]


def test_an_assisted_account_is_not_capped(settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "MAX_PER_HOUR": 1}
    account = AccountFactory(by_hand=True)
    for _page in range(3):
        publish(NewsPageFactory(), account)
    send.drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.ASSISTED}


def test_a_page_that_is_not_fit_waits_and_others_go_on(seen):
    account = AccountFactory()
    publish(NewsPageFactory(title="Hidden", slug="hidden"), account)
    publish(NewsPageFactory(title="Open", slug="open"), account)
    seen["hidden"] = probe.Seen("probe_status", "403 https://www.example.org/hidden/")
    send.drain()
    assert titles() == ["Open"]
    held = Delivery.objects.get(state=State.WAITING)
    assert (held.reason, held.detail) == (
        "probe_status",
        "403 https://www.example.org/hidden/",
    )
    assert held.due_at > timezone.now() + timedelta(seconds=probe.WAIT / 2)
    del seen["hidden"]
    pass_time(probe.WAIT)
    send.drain()
    assert titles() == ["Open", "Hidden"]
    assert Delivery.objects.get(pk=held.pk).reason == ""


@pytest.mark.parametrize("who", ["worker", "sweep"])
def test_a_page_that_never_gets_fit_has_failed_after_the_window(seen, who):
    publish(NewsPageFactory(slug="hidden"), AccountFactory())
    seen["hidden"] = probe.Seen("probe_noindex")
    send.drain()
    Delivery.objects.update(expires_at=timezone.now() - timedelta(seconds=1), due_at=timezone.now())
    send.drain() if who == "worker" else sweep.tidy()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == (State.FAILED, "probe_noindex")


def test_a_bare_card_is_told_with_the_post(seen):
    publish(NewsPageFactory(slug="bare"), AccountFactory())
    seen["bare"] = probe.Seen(notice="card_incomplete")
    send.drain()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.notice) == (State.SENT, "card_incomplete")
    assert "og:image" in str(delivery.notice_text)


def test_a_receiver_that_breaks_the_transaction_does_not_stop_the_post():
    def broken(sender, delivery, before, **kwargs):
        Delivery.objects.create(pk=delivery.pk)  # the primary key is taken

    signals.delivery_changed.connect(broken)
    try:
        publish(NewsPageFactory(), AccountFactory())
        send.drain()
    finally:
        signals.delivery_changed.disconnect(broken)
    assert Delivery.objects.get().state == State.SENT
