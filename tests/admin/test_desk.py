"""What people find around the panel: what waits for them, a page for each delivery, marks on pages."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import PageLogEntry

from tests.admin.editing import person
from tests.factories import (
    AccountFactory,
    DeliveryFactory,
    NewsPageFactory,
    UserFactory,
    picture_of,
    publish,
    site_root,
    tick,
)
from wagtail_syndicate import tasks
from wagtail_syndicate.admin import waiting
from wagtail_syndicate.delivery.send import drain
from wagtail_syndicate.models import Account, Attempt, Delivery


pytestmark = pytest.mark.django_db
State = Delivery.State

MESSAGE = {"text": "Clean water\n\nfor all", "link": "https://news.example/water/", "language": "en"}
WAITING = "/admin/syndication/waiting/"


@pytest.fixture
def admin(client):
    site_root()
    client.force_login(UserFactory(username="admin"))
    return client


@pytest.fixture
def rings(monkeypatch):
    found = []
    monkeypatch.setattr(tasks, "ring", lambda: found.append(True))
    return found


def soup(response, status=200):
    assert response.status_code == status
    return BeautifulSoup(response.content, "html.parser")


def text(response):
    return " ".join(soup(response).find("main").get_text(" ").split())


def page_of(delivery):
    return reverse("wagtail_syndicate:delivery", args=[delivery.pk])


def menu_label(user, rf):
    request = rf.get("/admin/")
    request.user = user
    [item] = [item for item in _menu(request) if item.name == "syndication-waiting"]
    return item.render_component(request).label


def _menu(request):
    from wagtail.admin.menu import admin_menu

    return admin_menu.menu_items_for_request(request)


# Waiting for you


def test_each_kind_of_thing_waits_under_its_own_heading(admin):
    DeliveryFactory(state=State.ASSISTED, page_title="By hand")
    DeliveryFactory(state=State.UNKNOWN, due_at=None, page_title="Nobody knows")
    DeliveryFactory(state=State.UNKNOWN, due_at=timezone.now(), page_title="Still looked for")
    DeliveryFactory(state=State.APPROVAL, payload=MESSAGE, page_title="Second pair of eyes")
    DeliveryFactory(state=State.SENT, remote_id="1", wish="ask", page_title="Gone page")
    DeliveryFactory(state=State.FAILED, page_title="Failed")
    AccountFactory(label="VK, broken", network="vk", status="reconnect", problem="reconnect")
    found = soup(admin.get(WAITING))
    groups = {}
    for section in found.find_all("section", class_="syndicate-group"):
        heading = section.find(role="heading").get_text(" ", strip=True)
        groups[heading] = [item.span.get_text(strip=True) for item in section.find_all("li")]
    assert groups == {
        "Accounts that need you 1": ["VK, broken"],
        "Approve before they are sent 1": ["Second pair of eyes"],
        "Post by hand 1": ["By hand"],
        "Say whether the post is there 1": ["Nobody knows"],
        "Say whether the post should go, as its page did 1": ["Gone page"],
    }


def test_nothing_waits(admin):
    assert "Nothing waits for you." in text(admin.get(WAITING))
    assert "waiting for you" not in text(admin.get("/admin/")).lower()


def test_the_dashboard_and_the_menu_tell(admin, rf):
    delivery = DeliveryFactory(state=State.ASSISTED)
    DeliveryFactory.create_batch(2, state=State.UNKNOWN, due_at=None)
    panel = soup(admin.get("/admin/")).find(id="syndication-waiting-section") or soup(admin.get("/admin/"))
    assert panel.find("a", href=page_of(delivery))
    assert menu_label(UserFactory(), rf) == "Waiting for you (3)"


def test_nobody_approves_what_they_published(client, rf):
    author = UserFactory(username="author")
    DeliveryFactory(state=State.APPROVAL, payload=MESSAGE, published_by=author)
    assert waiting.count_for(author) == 0
    assert waiting.count_for(UserFactory(username="other")) == 1


def test_who_approves_and_who_waits_for_it_read_different_words(client):
    site_root()
    author = UserFactory(username="author")
    delivery = DeliveryFactory(state=State.APPROVAL, payload=MESSAGE, published_by=author)
    client.force_login(UserFactory(username="other"))
    told = text(client.get(page_of(delivery)))
    assert "Read this post. Then approve it, or reject it and say what should be different." in told
    assert "Somebody else" not in told
    client.force_login(author)
    told = text(client.get(page_of(delivery)))
    assert "Somebody else who may manage the account has to read this post and approve it." in told
    assert "Then approve it" not in told


def test_only_what_one_can_see_to(client):
    """Guard: scope.decidable_deliveries. Whoever may not publish the page is not asked about its posts."""
    DeliveryFactory(state=State.ASSISTED)
    writer = person("use_account", pages=("add", "change"), username="writer")
    publisher = person("use_account", username="publisher")
    assert waiting.count_for(writer) == 0
    assert waiting.count_for(publisher) == 1


def test_without_any_right_to_accounts_there_is_nothing_to_see(client, rf):
    """Guard: scope.may_read."""
    delivery = DeliveryFactory(state=State.ASSISTED, payload=MESSAGE)
    user = person(username="stranger")
    client.force_login(user)
    for address in (WAITING, page_of(delivery), reverse("wagtail_syndicate:report")):
        assert client.get(address, follow=False).status_code in (302, 403, 404)
    request = rf.get("/admin/")
    request.user = user
    assert "syndication-waiting" not in [item.name for item in _menu(request)]


def test_long_lists_are_cut_and_say_so(admin, monkeypatch):
    monkeypatch.setattr(waiting, "SHOWN", 2)
    monkeypatch.setattr(waiting, "COUNTED", 4)
    page = NewsPageFactory(live=True)
    for _ in range(5):
        DeliveryFactory(state=State.ASSISTED, page=page)
    [group] = waiting.groups_for(UserFactory())
    assert len(group.deliveries) == 2
    assert group.count_text == "3+"


def test_the_menu_costs_a_fixed_number_of_queries(admin, rf):
    user = UserFactory()
    costs = []
    for number in (1, 20):
        DeliveryFactory.create_batch(number, state=State.ASSISTED)
        AccountFactory.create_batch(number, credentials_expire_at=timezone.now() + timedelta(days=90))
        with CaptureQueriesContext(connection) as queries:
            waiting.count_for(user)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 7


# One delivery


def test_an_assisted_post_is_made_on_a_phone(admin):
    account = AccountFactory(network="xing", label="XING", status=Account.Status.CONNECTED)
    delivery = DeliveryFactory(account=account, state=State.ASSISTED, payload=MESSAGE)
    found = soup(admin.get(page_of(delivery)))
    assert found.find("textarea").string.strip() == MESSAGE["text"]
    [dialog] = [link["href"] for link in found.find("main").find_all("a") if "Open XING" in link.get_text()]
    assert dialog == delivery.share_link
    assert found.find("svg", class_="segno")
    answer = admin.post(page_of(delivery), {"action": "mark_posted", "permalink": "https://www.xing.com/p/1"})
    assert answer["Location"] == page_of(delivery)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.permalink) == (State.POSTED, "https://www.xing.com/p/1")
    assert delivery.attempts.get().outcome == "mark_posted"
    assert "Posted by hand" in text(admin.get(page_of(delivery)))


def test_a_wrong_address_is_told_beside_it_and_kept(admin):
    delivery = DeliveryFactory(state=State.ASSISTED, payload=MESSAGE)
    answer = admin.post(page_of(delivery), {"action": "mark_posted", "permalink": "javascript:alert(1)"})
    found = soup(answer, 422)
    assert "beginning with https://" in found.find(id="syndication-permalink-error").get_text()
    assert found.find(id="syndication-permalink")["value"] == "javascript:alert(1)"
    delivery.refresh_from_db()
    assert delivery.state == State.ASSISTED


def test_a_button_of_a_page_that_was_left_open(admin):
    delivery = DeliveryFactory(state=State.SENT, remote_id="1")
    answer = admin.post(page_of(delivery), {"action": "retry"}, follow=True)
    assert "had already changed" in " ".join(str(message) for message in answer.context["messages"])
    assert not Attempt.objects.exists()


def test_who_may_not_publish_the_page_sees_and_decides_nothing(client):
    """Guard: record.may_act in acting.asked_for."""
    delivery = DeliveryFactory(state=State.FAILED, payload=MESSAGE)
    client.force_login(person("use_account", pages=("add", "change"), username="writer"))
    assert not soup(client.get(page_of(delivery))).find("button", attrs={"name": "action"})
    assert client.post(page_of(delivery), {"action": "retry"}).status_code in (302, 403)
    delivery.refresh_from_db()
    assert delivery.state == State.FAILED


def test_its_pictures_can_be_saved_as_the_network_takes_them(admin):
    image = picture_of("A river")
    payload = {**MESSAGE, "images": [{"reference": str(image.pk), "alt": "A river", "width": 640, "height": 480}]}
    delivery = DeliveryFactory(account=AccountFactory(network="mastodon"), state=State.ASSISTED, payload=payload)
    address = reverse("wagtail_syndicate:picture", args=[delivery.pk, 0])
    assert soup(admin.get(page_of(delivery))).find("a", href=address, download=True)
    answer = admin.get(address)
    assert answer["Content-Type"] in ("image/jpeg", "image/png")
    assert answer["Content-Disposition"].startswith("attachment")
    assert admin.get(reverse("wagtail_syndicate:picture", args=[delivery.pk, 1]), follow=True).status_code == 404
    image.delete()
    assert admin.get(address, follow=True).status_code == 404


def test_of_a_page_that_was_deleted(admin):
    delivery = DeliveryFactory(state=State.UNKNOWN, page=None, page_title="Gone", due_at=None)
    assert "Gone" in text(admin.get(page_of(delivery)))
    admin.post(page_of(delivery), {"action": "confirm"})
    delivery.refresh_from_db()
    assert delivery.state == State.POSTED


# Pages


def test_a_listed_page_tells_how_often_it_was_posted(admin):
    page = NewsPageFactory(live=True)
    other = NewsPageFactory(live=True)
    for _ in range(2):
        DeliveryFactory(page=page, state=State.SENT, remote_id="1")
    DeliveryFactory(page=page, state=State.FAILED)
    DeliveryFactory(page=other, state=State.FAILED)
    found = soup(admin.get(reverse("wagtailadmin_explore", args=[page.get_parent().pk])))
    assert [" ".join(link.get_text(" ").split()) for link in found.find_all("a", href=posts(page))] == [
        "Posted to 2 accounts"
    ]
    assert not found.find("a", href=posts(other))


def posts(page):
    return reverse("wagtail_syndicate:posts", args=[page.pk])


def test_listing_pages_costs_no_query_more(admin):
    parent = NewsPageFactory(live=True).get_parent()
    address = reverse("wagtailadmin_explore", args=[parent.pk])
    admin.get(address)
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            admin.get(address)
        costs.append(sum("wagtail_syndicate_delivery" in query["sql"] for query in queries))
        for page in [NewsPageFactory(live=True) for _ in range(8)]:
            DeliveryFactory(page=page, state=State.SENT, remote_id="1")
    assert costs[0] == costs[1]


def test_the_header_of_a_page_names_the_accounts(admin):
    page = NewsPageFactory(live=True)
    for label in ("VK, Moscow", "XING"):
        DeliveryFactory(page=page, account=AccountFactory(label=label), state=State.SENT, remote_id="1")
    found = soup(admin.get(reverse("wagtailadmin_pages:edit", args=[page.pk])))
    [link] = found.find_all("a", href=posts(page))
    assert " ".join(link.get_text(" ").split()) == "Posted to VK, Moscow · XING"
    assert "VK, Moscow" in text(admin.get(posts(page)))


# History


@pytest.mark.django_db(transaction=True)
def test_the_history_of_a_page_shows_every_send(admin):
    author = UserFactory(username="author")
    account = AccountFactory(label="Weibo, Beijing")
    page = NewsPageFactory()
    tick(page, account).publish(user=author)
    drain()
    entry = PageLogEntry.objects.get(action="wagtail_syndicate.sent")
    assert entry.data["account"] == "Weibo, Beijing"
    assert entry.message == "Posted to Weibo, Beijing"
    address = reverse("wagtailadmin_pages:history", args=[page.pk])
    assert "Posted to Weibo, Beijing" in text(admin.get(address))


@pytest.mark.django_db(transaction=True)
def test_a_post_that_was_missed_is_in_the_history(admin):
    page = publish(NewsPageFactory(), AccountFactory())
    Delivery.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    drain()
    entry = PageLogEntry.objects.get(action="wagtail_syndicate.missed")
    assert entry.page_id == page.pk
    assert "was not sent in time" in entry.message
