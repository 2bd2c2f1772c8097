"""The record of a page's posts, and what people do about them."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry, PageLogEntry

from tests.accounts.fixtures import script  # noqa: F401 (fixture)
from tests.admin import editing
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, UserFactory, publish, site_root
from wagtail_syndicate import tasks
from wagtail_syndicate.admin import deliveries
from wagtail_syndicate.delivery import send
from wagtail_syndicate.models import Account, Attempt, Delivery


State = Delivery.State

MESSAGE = {"text": "Clean water\n\nfor all", "link": "https://news.example/water/", "language": "en"}


@pytest.fixture
def editor(client, db):
    site_root()  # which a test with real transactions may have taken with it
    user = editing.person("use_account")
    client.force_login(user)
    return user


@pytest.fixture
def rings(monkeypatch):
    """How often a worker was told that something is due."""
    found = []
    monkeypatch.setattr(tasks, "ring", lambda: found.append(True))
    return found


def record(client, page):
    response = client.get(reverse("wagtail_syndicate:record", args=[page.pk]))
    assert response.status_code == 200
    return editing.WagtailTestUtils.get_soup(response.content)


def act(client, delivery, action, **data):
    return client.post(reverse("wagtail_syndicate:action", args=[delivery.pk, action]), data)


def delivered(state, **values):
    """A delivery in this state, as the database's constraints want it."""
    if state == State.SENT:
        values.setdefault("remote_id", "1")
    if state == State.SENDING:
        values.setdefault("maybe_sent", True)
    return DeliveryFactory(state=state, **values)


def buttons(soup):
    return [button.get_text(strip=True) for button in soup.select("button[data-action='syndication#act']")]


# The record


@pytest.mark.parametrize("state", State, ids=str)
def test_every_state_is_told_in_words(client, editor, state):
    delivery = delivered(state)

    soup = record(client, delivery.page)

    entry = soup.find(attrs={"data-delivery": str(delivery.pk)})
    assert str(state.label) in entry.find(class_="syndicate-state").get_text()
    assert delivery.account_label in entry.get_text()


@pytest.mark.parametrize(
    "state, expected",
    [
        (State.WAITING, ["Cancel"]),
        (State.SENDING, []),
        (State.SENT, ["Update the post", "Delete the post", "Post it again"]),
        (State.FAILED, ["Try again"]),
        (State.MISSED, ["Try again"]),
        (State.UNKNOWN, ["It is there", "Send again"]),
        (State.ASSISTED, ["Mark as posted", "Cancel"]),
        (State.POSTED, ["Post it again"]),
        (State.REMOVED, ["Post it again"]),
    ],
    ids=str,
)
def test_buttons_for_what_makes_sense(client, editor, state, expected):
    assert buttons(record(client, delivered(state).page)) == expected


def test_a_post_that_was_sent_has_a_link(client, editor):
    delivery = delivered(State.SENT, permalink="https://social.example/1", sent_at=timezone.now())

    soup = record(client, delivery.page)

    link = soup.find("a", href="https://social.example/1")
    assert "opens in a new tab" in link.get_text()
    assert "noopener" in link["rel"]
    assert soup.find("time")


def test_reasons_notices_and_attempts_are_explained(client, editor):
    delivery = delivered(State.FAILED, reason="content_refused", notice="image_refused")
    Attempt.objects.create(delivery=delivery, outcome="Rejected", reason="content_refused", status_code=422)
    Attempt.objects.create(delivery=delivery, kind=Attempt.Kind.PERSON, outcome="retry", user=editor)

    text = " ".join(record(client, delivery.page).get_text().split())

    assert "refused the text. Change the wording, then try again." in text
    assert "the post went out without it" in text
    assert "2 attempts" in text
    assert "(422)" in text
    assert f"{editor.username}: asked to try again" in text


@pytest.mark.django_db(transaction=True)
def test_what_the_network_says_of_a_post_that_it_took_is_told(client, editor, script):  # noqa: F811
    page = publish(NewsPageFactory(), AccountFactory(network="renewing"))
    send.drain()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.notice) == (State.SENT, "draft")
    entry = record(client, page).find(attrs={"data-delivery": str(delivery.pk)})
    text = " ".join(entry.get_text().split())
    assert "Sent" in text and "Renewing keeps it as a draft. Publish it there." in text


def test_an_assisted_post_has_its_text_and_the_way_to_the_network(client, editor):
    account = AccountFactory(network="xing")
    delivery = delivered(State.ASSISTED, account=account, payload=MESSAGE)

    soup = record(client, delivery.page)

    assert soup.textarea.get_text().strip() == "Clean water\n\nfor all"
    assert quote("https://news.example/water/", safe="") in delivery.share_link
    assert soup.textarea.has_attr("readonly") and not soup.textarea.has_attr("name")
    assert soup.find("a", href=delivery.share_link).get_text(strip=True).startswith("Open XING")


def test_without_a_share_dialog_the_text_to_paste_holds_the_address(client, editor):
    delivery = delivered(State.ASSISTED, account=AccountFactory(by_hand=True), payload=MESSAGE)

    soup = record(client, delivery.page)

    assert delivery.share_link == ""
    assert soup.textarea.get_text().strip() == "Clean water\n\nfor all\n\nhttps://news.example/water/"


def test_inputs_of_the_record_are_no_part_of_the_page_form(client, editor):
    delivery = delivered(State.UNKNOWN)

    assert not record(client, delivery.page).find_all(["form"])
    assert not [node for node in record(client, delivery.page).find_all(["input", "textarea"]) if node.get("name")]


def test_deleted_and_unticked_accounts_are_still_there(client, editor):
    delivery = delivered(State.SENT, permalink="https://social.example/1")
    Account.objects.all().delete()

    soup = editing.opened(client, editing.edit_url(delivery.page))

    entry = soup.find(attrs={"data-delivery": str(delivery.pk)})
    assert "account deleted" in entry.get_text()
    assert entry.find("a", href="https://social.example/1")


@pytest.mark.parametrize(
    "state, due, is_busy",
    [
        (State.WAITING, True, True),
        (State.SENDING, False, True),
        (State.UNKNOWN, True, True),
        (State.UNKNOWN, False, False),
        (State.SENT, False, False),
        (State.FAILED, False, False),
    ],
    ids=str,
)
def test_the_browser_looks_again_only_while_something_moves(client, editor, state, due, is_busy):
    delivery = delivered(state, due_at=timezone.now() if due else None)

    assert bool(record(client, delivery.page).find(attrs={"data-syndication-busy": True})) is is_busy


def test_a_post_that_waits_for_an_admin_says_so(client, editor):
    account = AccountFactory(status=Account.Status.RECONNECT, problem="expired_token")
    delivery = delivered(State.WAITING, account=account, due_at=timezone.now() + timedelta(hours=1))

    soup = record(client, delivery.page)

    text = " ".join(soup.get_text().split())
    assert "A site admin must connect the account again." in text
    assert "Next try" not in text
    assert not soup.find(attrs={"data-syndication-busy": True})


def test_a_post_that_waits_for_its_time_names_it(client, editor):
    delivery = delivered(State.WAITING, reason="rate_limited", due_at=timezone.now() + timedelta(hours=1))

    assert "Next try: " in record(client, delivery.page).get_text()


def test_the_panel_says_that_a_post_is_not_repeated(client, editor):
    delivery = delivered(State.SENT)

    offer = editing.opened(client, editing.edit_url(delivery.page)).find(class_="syndicate-offer")

    assert "Publishing the page again does not post it again." in offer.get_text()


def test_the_record_takes_a_fixed_number_of_queries(client, editor):
    page = NewsPageFactory()

    def read():
        with CaptureQueriesContext(connection) as captured:
            record(client, page)
        return len(captured)

    def add():
        delivery = delivered(State.FAILED, page=page)
        Attempt.objects.create(delivery=delivery, kind=Attempt.Kind.PERSON, outcome="retry", user=UserFactory())

    add()
    read()
    few = read()
    for _number in range(10):
        add()

    assert read() == few


def test_only_people_who_may_edit_the_page_see_its_record(client, db):
    delivery = delivered(State.SENT)
    address = reverse("wagtail_syndicate:record", args=[delivery.page.pk])
    client.force_login(editing.person("use_account", pages=()))

    assert client.get(address, headers={"X-Requested-With": "XMLHttpRequest"}).status_code in (302, 403)

    client.logout()

    assert client.get(address).status_code == 302


def test_no_record_of_a_page_that_is_not_there(rf, editor):
    with pytest.raises(Http404):
        deliveries.record(rf.get("/"), 999999)


# Actions


@pytest.mark.parametrize(
    "before, action, after, is_due",
    [
        (State.FAILED, "retry", State.WAITING, True),
        (State.MISSED, "retry", State.WAITING, True),
        (State.UNKNOWN, "confirm", State.POSTED, False),
        (State.UNKNOWN, "send_again", State.WAITING, True),
        (State.ASSISTED, "mark_posted", State.POSTED, False),
        (State.ASSISTED, "cancel", State.CANCELLED, False),
        (State.WAITING, "cancel", State.CANCELLED, False),
        (State.SENT, "edit", State.SENT, True),
        (State.SENT, "delete", State.SENT, True),
        (State.POSTED, "share_again", State.POSTED, True),
    ],
    ids=str,
)
def test_actions(client, editor, rings, django_capture_on_commit_callbacks, before, action, after, is_due):
    delivery = delivered(before)

    with django_capture_on_commit_callbacks(execute=True):
        response = act(client, delivery, action)

    delivery.refresh_from_db()
    assert response.status_code == 200
    assert delivery.state == after
    assert bool(rings) is is_due
    assert str(after.label) in response.content.decode()
    entry = PageLogEntry.objects.get(action=f"wagtail_syndicate.{action}")
    assert (entry.user, entry.data) == (
        editor,
        {"account": delivery.account_label, "network": delivery.network},
    )
    assert delivery.attempts.get().user == editor


def test_a_double_click_changes_nothing_twice(client, editor, rings, django_capture_on_commit_callbacks):
    delivery = delivered(State.FAILED)

    with django_capture_on_commit_callbacks(execute=True):
        first, second = act(client, delivery, "retry"), act(client, delivery, "retry")

    assert (first.status_code, second.status_code) == (200, 409)
    assert "Nothing was done" in second.content.decode()
    assert len(rings) == 1
    assert delivery.attempts.count() == 1
    assert PageLogEntry.objects.filter(action="wagtail_syndicate.retry").count() == 1


def test_history_tells_it(client, editor):
    delivery = delivered(State.FAILED)
    act(client, delivery, "retry")

    history = client.get(reverse("wagtailadmin_pages:history", args=[delivery.page.pk]))

    assert "Asked to try the post again" in history.content.decode()


@pytest.mark.parametrize("action, state", [("confirm", State.UNKNOWN), ("mark_posted", State.ASSISTED)])
def test_the_address_of_a_post_is_kept(client, editor, action, state):
    delivery = delivered(state)

    act(client, delivery, action, permalink=" https://social.example/posts/7 ")

    delivery.refresh_from_db()
    assert delivery.permalink == "https://social.example/posts/7"
    assert delivery.state == State.POSTED


@pytest.mark.parametrize(
    "wrong", ["javascript:alert(1)", "ftp://social.example/1", "not a link", "https://social.example/" + "x" * 500]
)
def test_a_wrong_address_is_explained_and_kept(client, editor, wrong):
    delivery = delivered(State.ASSISTED)

    response = act(client, delivery, "mark_posted", permalink=wrong)

    soup = editing.WagtailTestUtils.get_soup(response.content)
    field = soup.find(id=f"syndication-permalink-{delivery.pk}")
    delivery.refresh_from_db()
    assert response.status_code == 422
    assert delivery.state == State.ASSISTED
    assert field["value"] == wrong
    assert field["aria-invalid"] == "true"
    assert soup.find(id=field["aria-describedby"]).get_text(strip=True)


@pytest.mark.parametrize(
    "codenames, pages, expected",
    [
        (("use_account",), ("add", "change"), 403),
        ((), ("add", "change", "publish"), 403),
        (("use_account",), ("add", "change", "publish"), 200),
        (("change_account",), ("add", "change", "publish"), 200),
    ],
)
def test_who_may_act(client, db, codenames, pages, expected):
    delivery = delivered(State.FAILED)
    client.force_login(editing.person(*codenames, pages=pages))

    response = act(client, delivery, "retry")

    delivery.refresh_from_db()
    assert response.status_code == expected or (expected == 403 and response.status_code == 302)
    assert (delivery.state == State.WAITING) is (expected == 200)
    assert bool(buttons(record(client, delivery.page))) is (expected == 200)


def test_those_who_may_not_act_see_the_record_without_buttons(client, db):
    delivery = delivered(State.FAILED)
    client.force_login(editing.person("use_account", pages=("add", "change")))

    soup = record(client, delivery.page)

    assert soup.find(attrs={"data-delivery": str(delivery.pk)})
    assert buttons(soup) == []


@pytest.mark.parametrize("codename, allowed", [("change_account", True), ("use_account", False)])
def test_of_a_deleted_page_those_decide_who_manage_accounts(client, db, codename, allowed):
    delivery = delivered(State.UNKNOWN, page=None, page_title="Deleted")
    client.force_login(editing.person(codename))

    response = act(client, delivery, "confirm")

    delivery.refresh_from_db()
    assert (delivery.state == State.POSTED) is allowed
    if allowed:
        assert delivery.account_label in response.content.decode()
        entry = ModelLogEntry.objects.get(action="wagtail_syndicate.confirm")
        assert entry.content_type == ContentType.objects.get_for_model(Delivery)


def test_of_a_deleted_account(client, editor):
    delivery = delivered(State.UNKNOWN)
    Account.objects.all().delete()

    assert buttons(record(client, delivery.page)) == ["It is there"]
    assert act(client, delivery, "confirm").status_code == 200


def test_unknown_actions_and_deliveries(client, rf, editor):
    delivery = delivered(State.FAILED)

    with pytest.raises(Http404):
        deliveries.act(rf.post("/"), delivery.pk, "refresh_from_db")
    with pytest.raises(Http404):
        deliveries.act(rf.post("/"), 999999, "retry")
    assert client.get(reverse("wagtail_syndicate:action", args=[delivery.pk, "retry"])).status_code == 405


def test_a_dead_broker_does_not_break_a_click(client, editor, monkeypatch, django_capture_on_commit_callbacks):
    def broken():
        raise ConnectionError

    monkeypatch.setattr(tasks, "ring", broken)
    delivery = delivered(State.FAILED)

    with django_capture_on_commit_callbacks(execute=True):
        response = act(client, delivery, "retry")

    assert response.status_code == 200


@pytest.mark.parametrize("state, is_open", [(State.ASSISTED, True), (State.APPROVAL, True), (State.SENT, False)])
def test_what_somebody_else_may_see_to_is_looked_at_again(client, editor, state, is_open):
    delivery = delivered(state)
    assert bool(record(client, delivery.page).find(attrs={"data-syndication-open": True})) == is_open
