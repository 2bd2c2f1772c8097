"""What happens around a worker while it works: people, clocks, other code. Found by review, each once a defect."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.models import F
from django.utils import timezone

from tests.factories import AccountFactory, NewsPageFactory, picture_of, publish
from wagtail_syndicate import signals
from wagtail_syndicate.accounts import refresh
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import actions, lanes, send, sweep
from wagtail_syndicate.exceptions import AccountProblem, CredentialsLost, OutcomeUnknown, TokenExpired
from wagtail_syndicate.models import Account, Delivery


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


def only():
    return Delivery.objects.get()


def pass_time(seconds):
    step = timedelta(seconds=seconds)
    Account.objects.update(blocked_until=F("blocked_until") - step, lease_until=F("lease_until") - step)
    Delivery.objects.update(due_at=F("due_at") - step, first_sent_at=F("first_sent_at") - step)


def unclear(network):
    page = publish(NewsPageFactory(), AccountFactory(network=network))
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=False)
    send.drain()
    pass_time(10)
    return page


def test_published_again_while_pictures_are_handed_over(monkeypatch):
    account = AccountFactory()
    page = publish(NewsPageFactory(lead_image=picture_of("A probe")), account, wordings={account.pk: "Old words"})
    upload = Memory.upload

    def publish_again(self, media):
        monkeypatch.setattr(Memory, "upload", upload)
        publish(page, account, wordings={account.pk: "New words"})
        return media

    monkeypatch.setattr(Memory, "upload", publish_again)
    send.drain()
    assert only().state == State.SENT
    assert [post.message.text.splitlines()[0] for post in Memory.outbox] == ["New words"]


def test_slow_uploads_do_not_eat_the_lease(monkeypatch):
    account = AccountFactory()
    publish(NewsPageFactory(lead_image=picture_of("A probe")), account)
    monkeypatch.setattr(lanes, "LEASE", lanes.MARGIN + 0.2)

    def upload_slowly(self, media):
        import time

        time.sleep(0.3)
        return media

    monkeypatch.setattr(Memory, "upload", upload_slowly)
    send.drain()
    assert only().state == State.SENT
    assert only().attempts_made == 1


@pytest.mark.parametrize("account_is", ["deleted", "broken"])
def test_sending_that_nobody_can_take_up_is_left_to_a_person(account_is):
    publish(NewsPageFactory(), AccountFactory(network="neither"))
    lane = lanes.claim(Account.objects.get().pk)
    Delivery.objects.update(state=State.SENDING, maybe_sent=True, fence=lane.fence, due_at=None)
    pass_time(lanes.LEASE + 1)
    if account_is == "deleted":
        Account.objects.all().delete()
    else:
        Account.objects.update(status=Account.Status.RECONNECT)
    sweep.sweep()
    assert (only().state, only().reason, only().due_at) == (State.UNKNOWN, "interrupted", None)
    assert "confirm" in actions.allowed(only())


def test_sending_that_is_under_way_is_left_alone():
    publish(NewsPageFactory(), AccountFactory())
    lanes.claim(Account.objects.get().pk)
    Account.objects.update(status=Account.Status.RECONNECT)
    Delivery.objects.update(state=State.SENDING, maybe_sent=True)
    sweep.sweep()
    assert only().state == State.SENDING


def test_lost_credentials_do_not_make_a_doubtful_post_a_new_one(monkeypatch):
    unclear("keyed")

    def lost(*args, **kwargs):
        raise CredentialsLost

    with monkeypatch.context() as patch:
        patch.setattr(refresh, "fresh_backend", lost)
        send.drain()
    assert (only().state, only().maybe_sent) == (State.UNKNOWN, True)
    assert Account.objects.get().status == Account.Status.RECONNECT


@pytest.mark.parametrize("change", ["unpublished", "inactive", "by_hand"])
def test_the_guards_hold_for_a_second_call_with_the_same_key(change):
    page = unclear("keyed")
    if change == "unpublished":
        page.unpublish()
    else:
        Account.objects.update(**({"active": False} if change == "inactive" else {"by_hand": True}))
    send.drain()
    assert (only().state, only().due_at) == (State.UNKNOWN, None)
    assert Memory.outbox == []


def test_what_was_unticked_cannot_be_retried():
    account = AccountFactory()
    page = publish(NewsPageFactory(), account)
    publish(page)
    assert not actions.retry(only())
    assert only().reason == "unticked"


@pytest.mark.parametrize("error", [TokenExpired("expired_token"), AccountProblem("reconnect")])
def test_an_expired_token_is_renewed_while_looking(monkeypatch, error):
    unclear("read_back")
    renewed = []
    fresh_backend = refresh.fresh_backend

    def fresh(account, force=False):
        renewed.append(force)
        return fresh_backend(account)

    def find(*args):
        raise error

    monkeypatch.setattr(refresh, "fresh_backend", fresh)
    monkeypatch.setattr(Memory, "find", find)
    send.drain()
    expired = isinstance(error, TokenExpired)
    assert renewed == ([False, True] if expired else [False])
    assert (Account.objects.get().status == Account.Status.CONNECTED) is expired
    assert only().state == State.UNKNOWN


def test_a_receiver_that_breaks_stops_nothing(caplog):
    def broken(**kwargs):
        raise RuntimeError

    publish(NewsPageFactory(), AccountFactory(), AccountFactory())
    signals.delivery_changed.connect(broken)
    try:
        send.drain()
    finally:
        signals.delivery_changed.disconnect(broken)
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}
    assert "RuntimeError" in caplog.text


def test_send_again_uses_the_wording_of_today():
    account = AccountFactory(network="neither")
    page = publish(NewsPageFactory(), account, wordings={account.pk: "Old words"})
    Memory.fail_with(OutcomeUnknown("unclear"), accepted=False)
    send.drain()
    publish(page, account, wordings={account.pk: "New words"})
    assert actions.send_again(only())
    send.drain()
    assert [post.message.text.splitlines()[0] for post in Memory.outbox] == ["New words"]


def test_the_share_dialog_of_an_account_posted_to_by_hand_is_on_its_own_server(settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": {"mastodon": {}}}
    account = AccountFactory(network="mastodon", host="https://social.example.org", by_hand=True)
    publish(NewsPageFactory(), account)
    send.drain()
    assert only().state == State.ASSISTED
    assert only().share_link.startswith("https://social.example.org/share?")


def test_an_endless_permalink_does_not_cost_the_success(monkeypatch):
    publish(NewsPageFactory(), AccountFactory())
    monkeypatch.setattr(Memory, "hosts", {"web": "https://memory.example/" + "x" * 600})
    send.drain()
    assert (only().state, only().permalink) == (State.SENT, "")
    assert only().updated_at <= timezone.now()


# The database's clock, which may be set back


@pytest.mark.parametrize("field, days", [("lease_until", 1), ("blocked_until", 3)])
def test_a_moment_too_far_ahead_does_not_stop_an_account(field, days):
    """It was written before the clock was set back; nobody waits for so long."""
    account = AccountFactory()
    publish(NewsPageFactory(), account)
    Account.objects.update(**{field: timezone.now() + timedelta(days=days)})
    send.drain()
    assert only().state == State.SENT


@pytest.mark.parametrize("field, seconds", [("lease_until", 2 * lanes.LEASE - 5), ("blocked_until", 24 * 3600)])
def test_a_moment_that_may_well_be_meant_is_waited_for(field, seconds):
    publish(NewsPageFactory(), AccountFactory())
    Account.objects.update(**{field: timezone.now() + timedelta(seconds=seconds)})
    send.drain()
    assert only().state == State.WAITING


def test_sending_that_seems_held_for_days_is_taken_up():
    publish(NewsPageFactory(), AccountFactory(network="neither"))
    Account.objects.update(status=Account.Status.RECONNECT, lease_until=timezone.now() + timedelta(days=2))
    Delivery.objects.update(state=State.SENDING, maybe_sent=True, due_at=None)
    sweep.sweep()
    assert (only().state, only().reason) == (State.UNKNOWN, "interrupted")


# One in flight


def test_what_was_left_in_flight_is_seen_to_before_anything_is_sent():
    account = AccountFactory(network="neither")
    first, second = publish(NewsPageFactory(), account), publish(NewsPageFactory(), account)
    Delivery.objects.filter(page=second).update(state=State.SENDING, maybe_sent=True, due_at=None)
    seen = []

    def see(delivery, before, **kwargs):
        seen.append((delivery.page_id, str(delivery.state)))

    signals.delivery_changed.connect(see)
    try:
        send.drain()
    finally:
        signals.delivery_changed.disconnect(see)
    assert seen == [(second.pk, "unknown"), (first.pk, "sending"), (first.pk, "sent")]


@pytest.mark.skipif(not connection.features.supports_partial_indexes, reason="This database has no partial indexes.")
def test_the_database_refuses_a_second_request_in_flight():
    account = AccountFactory()
    publish(NewsPageFactory(), account), publish(NewsPageFactory(), account)
    with pytest.raises(IntegrityError):
        Delivery.objects.update(state=State.SENDING, maybe_sent=True)
