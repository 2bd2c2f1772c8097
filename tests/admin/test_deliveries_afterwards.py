"""What people do about posts that are there, or that wait for their time, and what they read of it."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from sandbox.home.models import NewsPage
from tests.admin.test_deliveries import act, buttons, delivered, editor, record, rings  # noqa: F401 (fixtures)
from tests.factories import AccountFactory, NewsPageFactory, publish
from wagtail_syndicate.delivery import send
from wagtail_syndicate.models import Account, Delivery, Target


State, Wish = Delivery.State, Delivery.Wish

pytestmark = pytest.mark.usefixtures("rings")


def words(soup):
    return " ".join(soup.get_text().split())


@pytest.fixture
def scheduled(editor):  # noqa: F811
    account = AccountFactory(time_zone="Asia/Shanghai")
    publish(NewsPageFactory(), Target(account.pk, when="+90"))
    return Delivery.objects.get()


def test_a_post_that_is_scheduled(client, scheduled):
    soup = record(client, scheduled.page)
    assert buttons(soup) == ["Post now", "Choose another time", "Cancel"]
    assert "It is scheduled" in words(soup)
    assert not soup.find(attrs={"data-syndication-busy": True}), "nothing moves for an hour"


def test_posted_now(client, scheduled, rings, django_capture_on_commit_callbacks):  # noqa: F811
    with django_capture_on_commit_callbacks(execute=True):
        assert act(client, scheduled, "send_now").status_code == 200
    assert rings and Delivery.objects.get().due_at <= timezone.now() + timedelta(seconds=1)
    assert act(client, scheduled, "send_now").status_code == 409


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("", "Choose a date"),
        ("tomorrow", "no date and time"),
        ("2020-01-01T09:00", "past"),
        ("slot", "no posting times"),
    ],
)
def test_a_time_that_cannot_be_used_is_explained_and_nothing_changes(client, scheduled, when, told):
    response = act(client, scheduled, "reschedule", when=when)
    assert response.status_code == 422
    [entry] = response.context_data["entries"]
    assert told in entry.error and entry.typed == when
    assert Delivery.objects.get().due_at == scheduled.due_at


def test_another_time(client, scheduled):
    day = (timezone.now() + timedelta(days=3)).date()
    assert act(client, scheduled, "reschedule", when=f"{day}T09:00").status_code == 200
    delivery = Delivery.objects.get()
    assert delivery.due_at.strftime("%H:%M") == "01:00" and delivery.when == f"{day}T09:00"


def test_what_is_wished_is_said_and_looked_at(client, editor):  # noqa: F811
    delivery = delivered(State.SENT)
    soup = record(client, delivery.page)
    assert not soup.find(attrs={"data-syndication-busy": True})
    act(client, delivery, "delete")
    soup = record(client, delivery.page)
    assert "is being deleted" in words(soup) and buttons(soup) == ["Leave the post as it is"]
    assert soup.find(attrs={"data-syndication-busy": True})
    assert act(client, delivery, "edit").status_code == 409


def test_a_wish_that_waits_for_an_admin_says_so(client, editor):  # noqa: F811
    account = AccountFactory(status=Account.Status.RECONNECT, problem="expired_token")
    delivery = delivered(State.SENT, account=account, wish=Wish.DELETE, reason="deleting", due_at=timezone.now())
    soup = record(client, delivery.page)
    assert "A site admin must connect the account again." in words(soup)
    assert not soup.find(attrs={"data-syndication-busy": True})


def test_a_question_and_its_answers(client, editor):  # noqa: F811
    delivery = delivered(State.SENT)
    NewsPage.objects.get(pk=delivery.page_id).unpublish()
    soup = record(client, delivery.page)
    assert "Say whether the post" in words(soup)
    assert buttons(soup) == ["Delete the post", "It is deleted there", "Leave the post as it is"]
    assert act(client, delivery, "mark_removed").status_code == 200
    assert Delivery.objects.get().state == State.REMOVED


def test_only_the_last_of_several_posts_is_posted_again(client, editor):  # noqa: F811
    first = delivered(State.SENT)
    act(client, first, "share_again")
    Delivery.objects.filter(generation=2).update(state=State.POSTED)
    entries = {entry.delivery.generation: entry for entry in _entries(client, first.page)}
    assert "share_again" not in [button.name for button in entries[1].buttons]
    assert [button.name for button in entries[2].buttons] == ["share_again"]


def test_a_post_that_is_out_of_date(client, editor):  # noqa: F811
    cache.clear()
    page = publish(NewsPageFactory(), AccountFactory())
    send.drain()
    assert [entry.is_outdated for entry in _entries(client, page)] == [False]
    page.title = "Quite another title"
    page.save_revision()
    assert [entry.is_outdated for entry in _entries(client, page)] == [False], "a draft"
    page.get_latest_revision().publish()
    assert [entry.is_outdated for entry in _entries(client, page)] == [True]


def _entries(client, page):
    from django.urls import reverse

    return client.get(reverse("wagtail_syndicate:record", args=[page.pk])).context_data["entries"]
