"""The second pair of eyes: who may approve, what exactly is approved, and that nothing leaves without it.

Each test names its guard in its first line: without it, the test fails.
"""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import PageLogEntry

from tests.admin import editing
from tests.factories import AccountFactory, NewsPageFactory, publish, root_collection, site_root, tick
from wagtail_syndicate import tasks
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import actions, approval, send, sweep
from wagtail_syndicate.models import Account, Attempt, Delivery


pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture(autouse=True)
def a_site_and_nothing_posted():
    site_root()
    Memory.reset()


@pytest.fixture
def account():
    return AccountFactory(needs_approval=True, label="Careful")


@pytest.fixture
def author():
    return editing.person("use_account", "change_account", first_name="Anna")


@pytest.fixture
def reader():
    return editing.person("change_account", first_name="Ruth")


@pytest.fixture
def published(account, author, client):
    """A page that the author ticked and published, its post composed."""
    page = NewsPageFactory()
    client.force_login(author)
    editing.saved(client, page, "action-publish", syndication__accounts=account.pk)
    send.drain()
    return type(page).objects.get(pk=page.pk)


def delivery_of(page):
    return Delivery.objects.get(page=page)


def state_of(page):
    return delivery_of(page).state


def record(client, page):
    return editing.WagtailTestUtils.get_soup(client.get(reverse("wagtail_syndicate:record", args=[page.pk])).content)


def button(soup, name):
    """The button of this label, ``None`` when there is none."""
    return next((found for found in soup.find_all("button") if found.get_text(strip=True) == name), None)


def press(client, page, name, **data):
    """Press a button of the page's record."""
    return client.post(button(record(client, page), name)["data-syndication-url-param"], data)


def forge(client, page, name, **query):
    """Ask for an action without a button."""
    address = reverse("wagtail_syndicate:action", args=[delivery_of(page).pk, name])
    return client.post(address, query_params={"mark": approval.mark_of(delivery_of(page)), **query})


def approve(page, user):
    delivery = delivery_of(page)
    assert actions.approve(delivery, user, approval.mark_of(delivery))


def again(page, client, user, account, **values):
    """The page is published again, with something changed."""
    client.force_login(user)
    response = editing.saved(client, page, "action-publish", **values)
    assert response.status_code == 302


# Waiting and being approved


def test_a_post_waits_composed_until_somebody_else_approves_it(
    published, reader, client, monkeypatch, django_capture_on_commit_callbacks
):
    """Guards: plan sets the state; lanes.due composes early; approval.is_missing holds it."""
    rings = []
    monkeypatch.setattr(tasks, "ring", lambda: rings.append(True))
    assert state_of(published) == State.APPROVAL
    assert Memory.outbox == []

    client.force_login(reader)
    soup = record(client, published)
    assert delivery_of(published).message.text in soup.get_text()
    with django_capture_on_commit_callbacks(execute=True):
        assert press(client, published, "Approve").status_code == 200

    delivery = delivery_of(published)
    assert (delivery.state, delivery.approved_by) == (State.WAITING, reader)
    assert delivery.approved_at
    assert rings
    send.drain()
    assert state_of(published) == State.SENT
    assert len(Memory.outbox) == 1
    entry = PageLogEntry.objects.get(action="wagtail_syndicate.approve")
    assert (entry.user, entry.data["account"]) == (reader, "Careful")
    assert Attempt.objects.filter(kind="person", outcome="approve", user=reader).exists()


def test_it_waits_from_the_first_moment(account):
    """Guard: plan sets the state; a worker that is quick finds nothing to send."""
    page = publish(NewsPageFactory(), account)
    delivery = delivery_of(page)
    assert (delivery.state, delivery.payload) == (State.APPROVAL, None)
    assert delivery.due_at


def test_nothing_can_be_approved_before_it_can_be_read(account, reader, client):
    """Guards: actions.allowed; actions.approve wants the mark of a message."""
    page = publish(NewsPageFactory(), account)
    client.force_login(reader)
    assert button(record(client, page), "Approve") is None

    assert forge(client, page, "approve", mark="").status_code == 409
    assert not actions.approve(delivery_of(page), reader, "")

    assert state_of(page) == State.APPROVAL


# Who


def test_not_by_the_one_who_published(published, author, client):
    """Guard: approval.may_decide."""
    soup = record(client, published)
    assert button(soup, "Cancel")
    assert not button(soup, "Approve") and not button(soup, "Reject")

    for name in ("approve", "reject"):
        assert forge(client, published, name).status_code in (302, 403)
    assert not actions.approve(delivery_of(published), author, approval.mark_of(delivery_of(published)))
    assert not actions.reject(delivery_of(published), author)

    assert state_of(published) == State.APPROVAL


def test_not_by_the_one_who_ticked_it_when_another_publishes(account, author, reader, client):
    """Guard: approval.may_decide."""
    page = NewsPageFactory()
    client.force_login(author)
    editing.saved(client, page, syndication__accounts=account.pk)
    moderator = editing.person()
    client.force_login(moderator)
    editing.saved(client, page, "action-publish")
    send.drain()

    delivery = delivery_of(page)
    assert (delivery.ticked_by, delivery.published_by) == (author, moderator)
    assert not approval.may_decide(author, delivery)
    assert not approval.may_decide(moderator, delivery)
    assert approval.may_decide(reader, delivery)


def test_the_publisher_is_who_pressed_the_button(account, author, reader, client):
    """Guard: plan._publisher; a revision names its author only, who is not the one who let it go live."""
    page = NewsPageFactory()
    client.force_login(author)
    editing.saved(client, page, syndication__accounts=account.pk)
    client.force_login(reader)

    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    client.post(f"{url}?id={page.pk}")
    send.drain()

    delivery = delivery_of(page)
    assert (delivery.state, delivery.published_by) == (State.APPROVAL, reader)
    assert not approval.may_decide(reader, delivery)


@pytest.mark.parametrize("rights", [(), ("use_account",), ("view_account", "add_account", "delete_account")])
def test_only_by_people_who_manage_accounts(published, rights, client):
    """Guard: approval.may_decide."""
    client.force_login(editing.person(*rights))
    assert not button(record(client, published), "Approve")
    assert forge(client, published, "approve").status_code in (302, 403)
    assert state_of(published) == State.APPROVAL


def test_only_by_people_who_manage_this_account(published, account, client):
    """Guard: approval.may_decide asks for the account itself."""
    elsewhere = root_collection().add_child(name="Elsewhere")
    client.force_login(editing.person("change_account", collection=elsewhere))
    assert forge(client, published, "approve").status_code in (302, 403)
    assert state_of(published) == State.APPROVAL


def test_who_approves_need_not_be_allowed_to_touch_the_page(published, client):
    """Guard: none; the answer shows this one post, not the page's others."""
    reader = editing.person("change_account", pages=())
    client.force_login(reader)

    response = forge(client, published, "approve")

    assert response.status_code == 200
    assert "Careful" in response.content.decode()
    assert delivery_of(published).approved_by == reader


# What


def test_what_is_approved_is_what_was_read(published, account, author, reader, client):
    """Guard: approval.mark_of; the page was published again while the record stood open."""
    client.force_login(reader)
    address = button(record(client, published), "Approve")["data-syndication-url-param"]
    again(published, client, author, account, **{editing.wording_of(account): "Other words"})
    send.drain()
    client.force_login(reader)

    assert client.post(address).status_code == 409

    delivery = delivery_of(published)
    assert (delivery.state, delivery.approved_payload) == (State.APPROVAL, None)
    assert "Other words" in delivery.message.text


def test_other_words_need_approval_again(published, account, author, reader, client):
    """Guard: approval.is_missing compares with what was approved."""
    approve(published, reader)
    again(published, client, author, account, **{editing.wording_of(account): "Other words"})

    send.drain()

    assert state_of(published) == State.APPROVAL
    assert Memory.outbox == []
    approve(published, reader)
    send.drain()
    assert [post.message.text for post in Memory.outbox] == [delivery_of(published).message.text]


def test_words_of_a_worker_are_compared_not_trusted(published, reader):
    """Guard: the same; whatever composes a waiting post anew, somebody has to read it."""
    approve(published, reader)
    delivery = delivery_of(published)
    Delivery.objects.filter(pk=delivery.pk).update(payload=None, wording="From anywhere")

    send.drain()

    assert state_of(published) == State.APPROVAL
    assert Memory.outbox == []


def test_the_same_words_stay_approved(published, account, author, reader, client):
    """Guard: none; nobody is asked twice about one text."""
    approve(published, reader)
    again(published, client, author, account)
    assert state_of(published) == State.APPROVAL  # until it is composed

    send.drain()

    assert state_of(published) == State.SENT


def test_who_changed_the_words_does_not_approve_them(published, account, reader, client):
    """Guard: ticked_by and published_by follow the words."""
    other = editing.person("use_account", "change_account")
    again(published, client, other, account, **{editing.wording_of(account): "Other words"})
    send.drain()

    delivery = delivery_of(published)
    assert not approval.may_decide(other, delivery)
    assert approval.may_decide(reader, delivery)


def test_a_picture_that_was_refused_needs_no_other_approval():
    """Guard: approval._covers."""
    first, second = {"rendition": 1, "alt": "a"}, {"rendition": 2, "alt": "b"}
    approved = {"text": "x", "link": "y", "images": [first, second]}
    assert approval._covers(approved, {**approved, "images": [first]})
    assert approval._covers(approved, {**approved, "images": []})
    assert not approval._covers(approved, {**approved, "images": [first, {"rendition": 3, "alt": ""}]})
    assert not approval._covers(approved, {**approved, "text": "z"})
    assert not approval._covers(approved, {**approved, "link": "z"})
    assert not approval._covers(None, approved)
    assert not approval._covers(approved, None)


# Rejecting


def test_a_rejected_post_says_why(published, reader, author, client):
    """Guard: actions.reject."""
    client.force_login(reader)
    assert press(client, published, "Reject", note="Name the river.").status_code == 200

    delivery = delivery_of(published)
    assert (delivery.state, delivery.reason) == (State.CANCELLED, "rejected")
    entry = PageLogEntry.objects.get(action="wagtail_syndicate.reject")
    assert (entry.user, entry.data["note"]) == (reader, "Name the river.")
    client.force_login(author)
    words = record(client, published).get_text(" ")
    assert "rejected it" in words and "Name the river." in words
    send.drain()
    assert Memory.outbox == []


def test_rejected_with_the_same_words_stays_rejected(published, account, author, reader, client):
    """Guard: Delivery.was_never_sent: a person decided."""
    actions.reject(delivery_of(published), reader)
    again(published, client, author, account)
    assert (state_of(published), delivery_of(published).reason) == (State.CANCELLED, "rejected")


def test_rejected_and_published_with_other_words_it_waits_again(published, account, author, reader, client):
    """Guard: plan._is_answer."""
    actions.reject(delivery_of(published), reader)
    again(published, client, author, account, **{editing.wording_of(account): "The river Spree"})
    send.drain()
    assert state_of(published) == State.APPROVAL
    assert "Spree" in delivery_of(published).message.text


def test_rejected_and_asked_for_again_it_waits_again(published, author, reader, client):
    """Guard: approval.is_missing, however a post became due."""
    actions.reject(delivery_of(published), reader)
    client.force_login(author)
    assert press(client, published, "Try again").status_code == 200
    send.drain()
    assert state_of(published) == State.APPROVAL
    assert Memory.outbox == []


# The account, the page and the clock


def test_switched_on_later_it_holds_what_waits(reader):
    """Guard: approval.is_missing in the worker."""
    account = AccountFactory()
    page = publish(NewsPageFactory(), account)
    assert state_of(page) == State.WAITING
    Account.objects.update(needs_approval=True)

    send.drain()
    assert state_of(page) == State.APPROVAL
    assert Memory.outbox == []

    approve(page, reader)
    send.drain()
    assert state_of(page) == State.SENT


def test_switched_off_it_lets_go(published):
    """Guard: sweep._let_go."""
    Account.objects.update(needs_approval=False)
    sweep.sweep()
    assert state_of(published) == State.SENT


def test_approved_too_late_it_is_missed(published):
    """Guard: sweep.tidy."""
    Delivery.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    sweep.sweep()
    assert (state_of(published), delivery_of(published).reason) == (State.MISSED, "missed")


@pytest.mark.parametrize("how", ["unpublished", "unticked", "cancelled"])
def test_what_waits_for_approval_can_be_taken_back(published, account, author, client, how):
    """Guard: Delivery.UNSENT."""
    if how == "unpublished":
        published.unpublish()
    elif how == "unticked":
        again(published, client, author, account, syndication__accounts=None)
    else:
        press(client, published, "Cancel")
    assert (state_of(published), delivery_of(published).reason) == (State.CANCELLED, how)


def test_a_person_posts_only_what_was_approved(client, reader):
    """Guard: approval comes before the work of a person, too."""
    page = publish(NewsPageFactory(), AccountFactory(by_hand=True, needs_approval=True))
    send.drain()
    assert state_of(page) == State.APPROVAL
    approve(page, reader)
    send.drain()
    assert state_of(page) == State.ASSISTED


def test_guards_are_asked_again_after_approval(published, account, reader):
    """Guard: guards.delivery_obstacle in the worker."""
    approve(published, reader)
    account.locales.set([site_root().locale.__class__.objects.get_or_create(language_code="ja")[0]])
    send.drain()
    assert (state_of(published), delivery_of(published).reason) == (State.SKIPPED, "locale")


def test_a_mistake_while_it_is_composed_is_told_and_ends(account, monkeypatch, settings):
    """Guards: send._own_fault; lanes.due. It is tried again because it may pass, not in a circle and not for ever."""
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "MAX_ATTEMPTS": 3}
    page = publish(NewsPageFactory(), account)
    tries = []

    def broken(*args):
        tries.append(True)
        raise ZeroDivisionError

    monkeypatch.setattr("wagtail_syndicate.delivery.content.message_for", broken)
    for number in (1, 2):
        send.drain(budget=2)
        delivery = delivery_of(page)
        assert (delivery.state, delivery.reason, len(tries)) == (State.APPROVAL, "site_trouble", number)
        Delivery.objects.update(updated_at=timezone.now() - timedelta(seconds=61))
    send.drain(budget=2)
    assert (state_of(page), delivery_of(page).reason, len(tries)) == (State.FAILED, "internal", 3)
    send.drain(budget=2)
    assert len(tries) == 3


def test_other_accounts_of_the_page_do_not_wait(account):
    """Guard: none; approval is an account's."""
    other = AccountFactory()
    page = NewsPageFactory()
    tick(page, account, other).publish()
    send.drain()
    assert Delivery.objects.get(account=other).state == State.SENT
    assert Delivery.objects.get(account=account).state == State.APPROVAL
