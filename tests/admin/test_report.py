"""The report of all deliveries: filters, export, and many at once."""

import csv
import io
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.admin.editing import person
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, UserFactory
from wagtail_syndicate import tasks
from wagtail_syndicate.admin import report
from wagtail_syndicate.models import Attempt, Delivery


pytestmark = pytest.mark.django_db
State = Delivery.State
REPORT = "/admin/syndication/report/"


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(username="admin"))
    return client


@pytest.fixture
def rings(monkeypatch):
    found = []
    monkeypatch.setattr(tasks, "ring", lambda: found.append(True))
    return found


def titles(client, **query):
    response = client.get(REPORT, query)
    assert response.status_code == 200
    return [delivery.page_title for delivery in response.context["object_list"]]


def made(title, network="mastodon", state=State.SENT, **values):
    values.setdefault("account", AccountFactory(network=network))
    return DeliveryFactory(page_title=title, state=state, remote_id="1", network=network, **values)


def test_the_newest_first(admin):
    made("old")
    made("new")
    assert titles(admin) == ["new", "old"]


def test_each_filter(admin):
    vk = made("vk", network="vk", language="ru")
    made("weibo", network="weibo", state=State.FAILED, language="zh-hans")
    old = made("old")
    Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    assert titles(admin, state="failed") == ["weibo"]
    assert titles(admin, account=vk.account_id) == ["vk"]
    assert titles(admin, network=["vk", "weibo"]) == ["weibo", "vk"]
    assert titles(admin, region="russia") == ["vk"]
    assert titles(admin, language="zh-hans") == ["weibo"]
    yesterday = (timezone.now() - timedelta(days=1)).date()
    assert titles(admin, created_at_from=yesterday.isoformat()) == ["weibo", "vk"]
    assert titles(admin, created_at_to=yesterday.isoformat()) == ["old"]
    assert titles(admin, page_type=vk.page.content_type_id) == ["old", "weibo", "vk"]
    assert titles(admin, region="russia", state="failed") == []


def test_the_results_alone_renew_themselves(admin):
    made("one")
    found = BeautifulSoup(admin.get(f"{REPORT}results/").content, "html.parser")
    assert "one" in found.get_text()
    assert not found.find("html")


def test_export(admin):
    made("weibo", network="weibo", state=State.FAILED, reason="rejected")
    answer = admin.get(REPORT, {"export": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0]["Page"] == "weibo"
    assert rows[0]["State"] == "failed"
    assert rows[0]["Reason"]


def test_only_what_one_may_read_about(client):
    """Guard: scope.seen_deliveries."""
    made("of an account")
    made("of a deleted account", account=None, account_label="Gone")
    client.force_login(person("use_account", username="editor"))
    assert titles(client) == ["of an account"]
    client.force_login(person("use_account", "change_account", username="manager"))
    assert titles(client) == ["of a deleted account", "of an account"]
    client.force_login(person(username="stranger"))
    assert client.get(REPORT).status_code in (302, 403)


def test_queries_do_not_grow_and_counting_ends(admin, monkeypatch):
    monkeypatch.setattr(report, "COUNTED", 4)
    page = NewsPageFactory(live=True)
    costs = []
    for _ in range(2):
        for _ in range(5):
            made("one", page=page)
        with CaptureQueriesContext(connection) as queries:
            response = admin.get(REPORT)
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert "More than 3 deliveries" in response.content.decode()


def bulk(client, action, *deliveries, **data):
    address = reverse("wagtail_bulk_action", args=["wagtail_syndicate", "delivery", action])
    query = "&".join(f"id={delivery.pk}" for delivery in deliveries)
    return client.post(f"{address}?{query}&next={REPORT}", data) if data else client.get(f"{address}?{query}")


def test_many_are_tried_again(admin, rings, django_capture_on_commit_callbacks):
    failed, sent = [made("failed", state=State.FAILED) for _ in range(3)], made("sent")
    asked = BeautifulSoup(bulk(admin, "retry", *failed, sent).content, "html.parser").find("main").get_text(" ")
    assert asked.count("failed →") == 3
    assert "These are left as they are" in asked
    with django_capture_on_commit_callbacks(execute=True):
        answer = bulk(admin, "retry", *failed, sent, go=1)
    assert answer["Location"] == REPORT
    assert set(Delivery.objects.filter(page_title="failed").values_list("state", flat=True)) == {State.WAITING}
    assert Attempt.objects.filter(outcome="retry").count() == 3
    assert rings
    sent.refresh_from_db()
    assert sent.state == State.SENT


def test_many_are_cancelled(admin):
    waiting = [made("waiting", state=State.WAITING) for _ in range(2)]
    bulk(admin, "cancel", *waiting, go=1)
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.CANCELLED}


def test_bulk_actions_ask_who_may_decide(client):
    """Guard: scope.decidable_deliveries in bulk.DeliveryBulkAction."""
    failed = made("failed", state=State.FAILED)
    client.force_login(person("use_account", pages=("add", "change"), username="writer"))
    bulk(client, "retry", failed, go=1)
    failed.refresh_from_db()
    assert failed.state == State.FAILED
    client.force_login(person(username="stranger"))
    assert bulk(client, "retry", failed, go=1).status_code in (302, 403)


def test_all_in_the_listing_is_not_offered(admin):
    made("failed", state=State.FAILED)
    address = reverse("wagtail_bulk_action", args=["wagtail_syndicate", "delivery", "retry"])
    admin.post(f"{address}?id=all&next={REPORT}", {"go": 1})
    assert Delivery.objects.get().state == State.FAILED
