"""From a waiting delivery to a post, with everything that can happen on the way."""

import threading
from datetime import timedelta

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import PageViewRestriction

from sandbox.home.models import NewsPage
from tests.factories import AccountFactory, NewsPageFactory, picture_of, publish
from wagtail_syndicate import conf, exceptions
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import content, lanes, ledger, send
from wagtail_syndicate.models import Account, Attempt, Delivery
from wagtail_syndicate.types import Receipt


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State

QUERIES = 24  # of one delivery more in a lane: savepoints, whose site this is, who ticked and the audit log included


@pytest.fixture
def account():
    return AccountFactory()


@pytest.fixture
def page(account):
    return publish(NewsPageFactory(), account)


def only():
    return Delivery.objects.get()


def due_again():
    """Let the time pass that the network, or we, wanted to wait."""
    Account.objects.update(blocked_until=None)
    Delivery.objects.exclude(due_at=None).update(due_at=timezone.now() - timedelta(seconds=1))


def test_sent(page, account):
    assert send.drain() == 1
    delivery = only()
    assert delivery.state == State.SENT
    assert delivery.remote_id == "1"
    assert delivery.permalink == f"https://memory.example/{account.handle}/1"
    assert delivery.sent_at is not None
    assert [attempt.outcome for attempt in delivery.attempts.all()] == ["Sent"]
    assert Account.objects.get().lease_until is None


def test_preview_equals_what_is_sent_byte_for_byte(page, account):
    preview = content.message_for(content.article_of(page), account)
    send.drain()
    assert Memory.outbox[0].message == preview
    assert page.full_url in preview.text


def test_wording_of_the_editor_is_sent(account):
    page = NewsPageFactory()
    publish(page, account, wordings={account.pk: "In our own words.\n\nTwice."})
    send.drain()
    assert Memory.outbox[0].message.text.startswith("In our own words.\n\nTwice.")


def test_each_account_gets_its_own_post(account):
    accounts = [account, *AccountFactory.create_batch(3)]
    publish(NewsPageFactory(), *accounts)
    assert send.drain() == 4
    assert {post.handle for post in Memory.outbox} == {account.handle for account in accounts}


def test_order_per_account_is_kept(account):
    titles = [publish(NewsPageFactory(), account).title for _ in range(4)]
    send.drain()
    assert [post.message.title for post in Memory.outbox] == titles


@pytest.mark.parametrize("change", ["unpublished", "private", "deleted", "inactive"])
def test_guards_are_asked_again_before_sending(page, account, change):
    if change == "unpublished":
        NewsPage.objects.update(live=False)
    elif change == "private":
        PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    elif change == "deleted":
        Delivery.objects.update(page=None)
    else:
        Account.objects.update(active=False)
    send.drain()
    assert only().state == State.SKIPPED
    assert only().explanation
    assert Memory.outbox == []


def test_too_late_is_missed(page):
    Delivery.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    send.drain()
    assert only().state == State.MISSED
    assert Memory.outbox == []


def test_account_that_needs_reconnecting_keeps_its_deliveries_waiting(page, account):
    Memory.fail_with(exceptions.AccountProblem("reconnect", "revoked", 401))
    send.drain()
    assert (only().state, only().reason, only().maybe_sent) == (State.WAITING, "reconnect", False)
    assert Account.objects.get().status == Account.Status.RECONNECT
    assert send.drain() == 0
    Account.objects.update(status=Account.Status.CONNECTED)
    send.drain()
    assert only().state == State.SENT


def test_not_sent_is_tried_again_after_the_stated_time(page):
    Memory.fail_with(exceptions.NotSent("rate_limited", "slow down", 429, retry_after=300))
    send.drain()
    delivery = only()
    assert (delivery.state, delivery.reason, delivery.maybe_sent) == (State.WAITING, "rate_limited", False)
    assert timedelta(seconds=280) < delivery.due_at - timezone.now() < timedelta(seconds=320)
    assert send.drain() == 0
    due_again()
    send.drain()
    assert only().state == State.SENT
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["NotSent", "Sent"]


def test_an_account_that_must_wait_sends_nothing_else(account):
    publish(NewsPageFactory(), account)
    publish(NewsPageFactory(), account)
    Memory.fail_with(exceptions.NotSent("rate_limited", "slow down", 429, retry_after=300))
    assert send.drain() == 1
    assert Memory.outbox == []


def test_one_broken_account_does_not_stop_the_others(account):
    publish(NewsPageFactory(), account, AccountFactory())
    Memory.fail_with(exceptions.NotSent("network_down"))
    send.drain()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == [State.SENT, State.WAITING]


def test_after_many_tries_it_fails(page, settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "MAX_ATTEMPTS": 3}
    Memory.fail_with(*[exceptions.NotSent("network_down") for _ in range(3)])
    for _ in range(3):
        due_again()
        send.drain()
    assert (only().state, only().reason) == (State.FAILED, "gave_up")


def test_rejected_fails_with_the_reason(page):
    Memory.fail_with(exceptions.Rejected("content_refused", "Validation failed", 422))
    send.drain()
    delivery = only()
    assert (delivery.state, delivery.reason, delivery.maybe_sent) == (State.FAILED, "content_refused", False)
    assert "Change the wording" in str(delivery.explanation)
    assert send.drain() == 0


def test_a_refused_picture_does_not_hold_up_the_text(account):
    picture = picture_of("A probe")
    page = NewsPageFactory(lead_image=picture)
    publish(page, account)
    Memory.fail_with(exceptions.MediaRejected("image_refused", "not a picture", 422))
    send.drain()
    delivery = only()
    assert (delivery.state, delivery.notice) == (State.SENT, "image_refused")
    assert Memory.outbox[0].uploads == ()
    assert "without" in str(delivery.notice_text)


def test_pictures_go_out_with_their_alternative_text(account):
    picture = picture_of("A probe")
    publish(NewsPageFactory(lead_image=picture), account)
    send.drain()
    [upload] = Memory.outbox[0].uploads
    assert (upload.alt, upload.content_type) == ("A probe", "image/png")
    assert upload.data.startswith(b"\x89PNG")


def test_a_lost_picture_does_not_hold_up_the_text(account):
    picture = picture_of("A probe")
    publish(NewsPageFactory(lead_image=picture), account)
    picture.file.storage.delete(picture.file.name)
    send.drain()
    assert (only().state, only().notice) == (State.SENT, "image_unreadable")


def test_wording_that_no_longer_fits_fails_and_says_so(account):
    publish(NewsPageFactory(), account, wordings={account.pk: "word " * 200})
    send.drain()
    assert (only().state, only().reason) == (State.FAILED, "too_long")
    assert "500" in only().detail


def test_posted_by_hand(account):
    Account.objects.update(by_hand=True, status=Account.Status.NEW)
    page = publish(NewsPageFactory(), account)
    send.drain()
    delivery = only()
    assert (delivery.state, delivery.reason) == (State.ASSISTED, "prefers_person")
    assert delivery.message.text.endswith(page.full_url)
    assert Memory.outbox == []


def test_a_bug_before_sending_is_said_and_nothing_leaves(page, monkeypatch, caplog):
    monkeypatch.setattr(content, "article_of", lambda page: 1 / 0)
    most = conf.get("MAX_ATTEMPTS")
    for number in range(1, most + 1):
        send.drain()
        delivery = only()
        assert delivery.attempts_made == number
        expected = (State.WAITING, "site_trouble") if number < most else (State.FAILED, "internal")
        assert (delivery.state, delivery.reason, delivery.detail) == (*expected, "ZeroDivisionError")
        assert number == most or delivery.due_at > timezone.now()  # later, and later still
        Delivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    assert "ZeroDivisionError" in caplog.text
    assert Memory.outbox == []


def test_what_the_site_needs_may_be_away_for_a_while(page, monkeypatch):
    """Wagtail keeps in the cache where its sites are; a cache that is restarted is no reason to fail."""

    def broken(*args, **kwargs):
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(LocMemCache, "get", broken)
        send.drain()
    assert (only().state, only().reason) == (State.WAITING, "site_trouble")
    Delivery.objects.update(due_at=timezone.now())
    send.drain()
    assert only().state == State.SENT


def test_a_bug_in_a_backend_while_sending_is_unknown_and_tells_no_secret(page, monkeypatch, caplog):
    secret = "-".join(["token", "1234567"])  # not to be found in the source that a traceback quotes

    def publish(self, *args):
        raise ValueError(f"{secret} is wrong")

    monkeypatch.setattr(Memory, "publish", publish)
    send.drain()
    assert only().state == State.UNKNOWN
    assert secret not in caplog.text + only().detail


# One call, whoever tries


def test_a_second_bell_finds_nothing(page):
    assert send.drain() == 1
    assert send.drain() == 0
    assert len(Memory.outbox) == 1


def test_a_delivery_takes_a_fixed_number_of_queries(account):
    """The same for the tenth of a lane as for the second, and with ten thousand old ones as with none."""

    def queries(number):
        for _page in range(number):
            publish(NewsPageFactory(), account)
        send.drain()  # what is looked up once for the process
        for _page in range(number):
            publish(NewsPageFactory(), account)
        with CaptureQueriesContext(connection) as captured:
            assert send.drain() == number
        return len(captured)

    one, four = queries(1), queries(4)
    assert (four - one) / 3 <= QUERIES


@pytest.mark.parametrize(("accounts", "times"), [(1, 0), (3, 1)])
def test_help_is_called_once_when_there_is_more_than_one_account(one_by_one, accounts, times):
    called = []
    publish(NewsPageFactory(), *AccountFactory.create_batch(accounts))
    assert send.drain(call_help=lambda: called.append(len(Memory.outbox))) == accounts
    assert called == [0] * times, "Help comes before the first post, or not in time."


@pytest.mark.parametrize(("posts", "calls"), [(1, []), (2, [1])])
def test_help_is_called_when_the_time_is_over_before_the_work(slow, account, posts, calls):
    """Until the next sweep it would be nobody's."""
    called = []
    for _post in range(posts):
        publish(NewsPageFactory(), account)
    assert send.drain(budget=0.1, call_help=lambda: called.append(len(Memory.outbox))) == 1
    assert called == calls


def test_what_was_written_is_on_the_object(account, page):
    lane = lanes.claim(account.pk)
    delivery = lanes.next_of(account.pk)
    ledger.intend(lane, delivery)
    assert (delivery.state, delivery.maybe_sent, delivery.attempts_made) == (State.SENDING, True, 1)
    for field in Delivery._meta.concrete_fields:
        assert getattr(delivery, field.attname) == getattr(only(), field.attname), field.name


def test_a_held_lane_is_not_claimed_twice(page, account):
    assert lanes.claim(account.pk) is not None
    assert lanes.claim(account.pk) is None
    assert send.drain() == 0


def test_a_lane_can_be_claimed_when_the_lease_is_over(page, account):
    first = lanes.claim(account.pk)
    Account.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = lanes.claim(account.pk)
    assert second.fence == first.fence + 1
    with pytest.raises(lanes.LaneLost):
        lanes.renew(first)


def test_a_worker_that_lost_its_lane_writes_nothing(page, account, monkeypatch):
    def publish_slowly(self, message, uploads, key):
        # While this request is under way the lease runs out and another worker takes the lane over.
        Account.objects.update(fence=99)
        return self.receipt("too-late")

    monkeypatch.setattr(Memory, "publish", publish_slowly)
    send.drain()
    assert (only().state, only().remote_id) == (State.SENDING, "")


def test_a_worker_that_slept_too_long_sends_nothing(page, account, monkeypatch):
    lane = lanes.claim(account.pk)
    lane.until -= lanes.LEASE - lanes.MARGIN + 1
    with pytest.raises(lanes.LaneLost):
        send._step(lane, lanes.next_of(account.pk))
    assert Memory.outbox == []


def test_cancelled_while_it_was_prepared(page, monkeypatch):
    original = content.message_for

    def cancelled_meanwhile(*args):
        Delivery.objects.update(state=State.CANCELLED, reason="cancelled", due_at=None)
        return original(*args)

    monkeypatch.setattr(content, "message_for", cancelled_meanwhile)
    send.drain()
    assert only().state == State.CANCELLED
    assert Memory.outbox == []


def test_workers_at_the_same_time_make_one_call(account):
    for _ in range(5):
        publish(NewsPageFactory(), account, AccountFactory())
    errors = []

    def work():
        try:
            send.drain()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send.drain()
    assert errors == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}
    assert len(Memory.outbox) == 10 == Attempt.objects.count()


def test_sent_without_a_remote_id_cannot_be_stored(page):
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        Delivery.objects.update(state=State.SENT, remote_id="")


def test_sending_without_the_intent_cannot_be_stored(page):
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        Delivery.objects.update(state=State.SENDING, maybe_sent=False)


def test_a_dead_network_does_not_hold_up_its_neighbours_one_by_one(account, monkeypatch):
    """Whoever finds the network gone for the second time tells it to all its accounts; others are not concerned."""
    asked = []

    def publish_to(backend, *args):
        asked.append(backend.name)
        if backend.name == "memory":
            raise exceptions.NotSent("network_down", "ConnectionRefusedError", retry_after=30)
        return publishing(backend, *args)

    publishing = Memory.publish
    monkeypatch.setattr(Memory, "publish", publish_to)
    Account.objects.filter(pk=account.pk).update(failures=1)
    elsewhere = AccountFactory(network="neither")
    publish(NewsPageFactory(), account, AccountFactory(), AccountFactory(), elsewhere)
    send.drain()
    assert [delivery.account for delivery in Delivery.objects.filter(state=State.SENT)] == [elsewhere]
    assert sorted(asked) == ["memory", "neither"]


def test_a_limit_that_is_nearly_spent_slows_the_account_down(account, monkeypatch):
    monkeypatch.setattr(Memory, "publish", pausing(Memory.publish))
    publish(NewsPageFactory(), account)
    publish(NewsPageFactory(), account)
    send.drain()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == [State.SENT, State.WAITING]
    account.refresh_from_db()
    assert account.blocked_until is not None
    assert account.failures == 0


def test_what_a_receipt_tells_stays_with_the_delivery(page, monkeypatch):
    monkeypatch.setattr(Memory, "publish", lambda *args: Receipt("d1", notice="image_refused"))
    send.drain()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.notice) == (State.SENT, "image_refused")
    assert delivery.notice_text


def pausing(publish):
    def slowed(backend, *args):
        backend.pause = 600.0
        return publish(backend, *args)

    return slowed


def test_neighbours_wait_for_others_only_once(account):
    """A server that stays gone for one account may be there for another: each finds out by itself in the end."""
    neighbour = AccountFactory(network=account.network)
    lanes.block_neighbours(account, 30)
    neighbour.refresh_from_db()
    first = neighbour.blocked_until
    lanes.block_neighbours(account, 3000)
    neighbour.refresh_from_db()
    assert neighbour.blocked_until == first
    lanes.succeeded(lanes.Lane(neighbour.pk, neighbour.fence))
    neighbour.refresh_from_db()
    assert neighbour.blocked_until is None


def test_an_account_that_was_reconnected_meanwhile_stays_connected(page, account, monkeypatch):
    """What the network says of the old key says nothing about the new one."""

    publish, newer = Memory.publish, {"access_token": "a newer one"}

    def refuse_the_old_key(backend, *args):
        if backend.connection.credentials != newer:
            Account.objects.filter(pk=account.pk).update(sealed_credentials=vault.seal(newer))
            raise exceptions.AccountProblem("reconnect")
        return publish(backend, *args)

    monkeypatch.setattr(Memory, "publish", refuse_the_old_key)
    send.drain()
    account.refresh_from_db()
    assert account.status == Account.Status.CONNECTED
    assert Delivery.objects.get().state == State.SENT
