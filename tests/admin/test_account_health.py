"""Each account says how it is; and what waited for one leaves when it is connected again."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.accounts.fixtures import fakenet, fakenet_server  # noqa: F401 (fixtures)
from tests.admin.accounts import text
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, UserFactory, publish, site_root
from wagtail_syndicate import tasks
from wagtail_syndicate.accounts import refresh
from wagtail_syndicate.admin.accounts import with_last_posted
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.backends.vk import Backend as VK
from wagtail_syndicate.delivery import send, sweep
from wagtail_syndicate.delivery.release import release
from wagtail_syndicate.exceptions import AccountProblem
from wagtail_syndicate.models import Account, Delivery


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State
INDEX = "/admin/syndication/accounts/"
KEYS = {"access_token": "vk1.a.fakenet-101", "group_id": "101"}


@pytest.fixture
def rings(monkeypatch):
    found = []
    monkeypatch.setattr(tasks, "ring", lambda: found.append(True))
    return found


@pytest.fixture(autouse=True)
def site():
    """Wagtail's menus ask for its pages, once there are some."""
    site_root()


@pytest.fixture
def admin(client):
    client.force_login(UserFactory())
    client.defaults["HTTP_HOST"] = "localhost:8000"
    return client


def connect(client, account):
    method = VK.auth[0].name
    data = {"method": method, **{f"{method}-{name}": value for name, value in KEYS.items()}}
    return client.post(reverse("wagtail_syndicate:connect", args=[account.pk]), data, follow=True)


def test_a_post_notes_when_the_network_accepted_the_access(rings):
    Memory.reset()
    account = AccountFactory()
    publish(NewsPageFactory(), account)
    assert Account.objects.get().checked_at is None
    send.drain()
    row = with_last_posted(Account.objects).get()
    assert timezone.now() - row.checked_at < timedelta(minutes=1)
    assert row.last_posted == Delivery.objects.get().sent_at


def test_a_refused_post_notes_nothing(rings):
    Memory.reset()
    Memory.fail_with(AccountProblem("reconnect"))
    publish(NewsPageFactory(), AccountFactory())
    send.drain()
    assert Account.objects.get().checked_at is None
    assert with_last_posted(Account.objects).get().last_posted is None


def test_last_posted_is_the_last_one_also_by_hand():
    account, by_hand = AccountFactory(), AccountFactory()
    times = [timezone.now() - timedelta(days=days) for days in (3, 1, 2)]
    for at in times:
        sent = {"state": State.SENT, "remote_id": str(at), "first_sent_at": at, "sent_at": at}
        DeliveryFactory(account=account, **sent)
        DeliveryFactory(account=by_hand, state=State.POSTED, sent_at=at)
    DeliveryFactory(account=account, state=State.FAILED, first_sent_at=timezone.now())
    assert {row.last_posted for row in with_last_posted(Account.objects)} == {times[1]}


def test_the_list_takes_the_same_queries_for_many_accounts(admin):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries():
        with CaptureQueriesContext(connection) as found:
            assert admin.get(INDEX).status_code == 200
        return [query["sql"].partition(" WHERE ")[0] for query in found]

    AccountFactory(environment="production@www.example.org")
    admin.get(INDEX)
    few = queries()
    for account in AccountFactory.create_batch(12, environment="production@www.example.org"):
        DeliveryFactory(account=account, state=State.SENT, remote_id=str(account.pk), first_sent_at=timezone.now())
    assert queries() == few


def test_the_list_and_the_page_say_when_and_what_mends_it(admin):
    now = timezone.now()
    account = AccountFactory(checked_at=now)
    DeliveryFactory(account=account, state=State.SENT, remote_id="1", first_sent_at=now, sent_at=now)
    shown = text(admin.get(INDEX))
    assert "checked" in shown
    assert "posted" in shown
    page = text(admin.get(reverse("wagtail_syndicate:connect", args=[account.pk])))
    assert "Last checked:" in page
    assert "Last posted:" in page
    assert "Connect again" not in shown
    refresh.mark_broken(account, "reconnect")
    broken = admin.get(INDEX).content.decode()
    assert "Connect again" in broken
    assert reverse("wagtail_syndicate:connect", args=[account.pk]) in broken


def test_a_dead_token_holds_posts_and_connecting_again_releases_those_in_time(admin, fakenet, rings):  # noqa: F811
    """Guard: ``release`` in ``delivery.release``, and its words in ``admin.connect.say_released``."""
    account = AccountFactory(network="vk", status="new", remote_id="", handle="", sealed_credentials="", label="VK")
    assert "Connected as" in text(connect(admin, account))
    fakenet.state.revoke_grants("vk", "101")
    in_time = publish(NewsPageFactory(title="In time"), Account.objects.get())
    late = publish(NewsPageFactory(title="Rather late"), Account.objects.get())
    later = publish(NewsPageFactory(title="Tomorrow"), Account.objects.get())
    sweep.sweep()
    assert Account.objects.get().status == "reconnect"
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.WAITING}
    Delivery.objects.filter(page=late).update(expires_at=timezone.now() - timedelta(seconds=1))
    Delivery.objects.filter(page=later).update(due_at=timezone.now() + timedelta(days=1))
    sweep.tidy()
    assert Delivery.objects.get(page=late).state == State.MISSED

    fakenet.state.account("vk", "101").blocked = False
    rings.clear()
    said = text(connect(admin, account))
    assert "1 post that waited for it leaves now." in said
    assert "It is too late for 1 post: “Rather late”." in said
    assert "In time" not in said
    assert rings
    assert Delivery.objects.get(page=in_time).reason == ""
    send.drain()
    states = dict(Delivery.objects.values_list("page__title", "state"))
    assert states == {"In time": State.SENT, "Rather late": State.MISSED, "Tomorrow": State.WAITING}


def test_what_was_missed_before_the_account_broke_is_not_told_again(rings):
    Memory.reset()
    account = AccountFactory()
    DeliveryFactory(account=account, state=State.MISSED, reason="missed")
    assert release(account).too_late == []
    refresh.mark_broken(account, "reconnect")
    DeliveryFactory(account=account, state=State.MISSED, reason="missed", page_title="Second")
    assert [delivery.page_title for delivery in release(account).too_late] == ["Second"]


def test_what_is_over_but_not_ended_yet_is_too_late(rings):
    account = AccountFactory()
    past = timezone.now() - timedelta(seconds=1)
    DeliveryFactory(account=account, due_at=past, expires_at=past)
    released = release(account)
    assert (released.leaving, len(released.too_late)) == (0, 1)


def test_a_check_that_finds_the_access_good_again_releases_too(admin, rings):
    account = AccountFactory(handle="name", remote_id="name")
    refresh.mark_broken(account, "reconnect")
    DeliveryFactory(account=account, due_at=timezone.now(), reason="reconnect")
    address = reverse("wagtail_syndicate:connect", args=[account.pk])
    said = text(admin.post(address, {"check": "1"}, follow=True))
    assert "1 post that waited for it leaves now." in said
    assert rings
