"""Figures for monitoring: right, for those who may read them, and without secrets."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, UserFactory
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.delivery import monitor
from wagtail_syndicate.health import health
from wagtail_syndicate.models import Account, Delivery, Heartbeat


pytestmark = pytest.mark.django_db
State = Delivery.State
TOKEN = "a token for monitoring"


@pytest.fixture(autouse=True)
def token(settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "HEALTH_TOKEN": TOKEN}


def ask(authorization=f"Bearer {TOKEN}", user=None, method="get"):
    headers = {"Authorization": authorization} if authorization else {}
    request = getattr(RequestFactory(headers=headers), method)("/syndication/health/")
    if user:
        request.user = user
    return health(request)


def figures():
    import json

    return json.loads(ask().content)


def test_a_site_that_is_well():
    monitor.beat()
    found = figures()
    assert found["ok"] is True
    assert found["due"] == 0
    assert found["oldest_due_seconds"] == 0
    assert found["last_sweep_seconds"] < 60


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_nobody_else_reads_them(authorization):
    answer = ask(authorization)
    assert answer.status_code == 403
    assert b"deliveries" not in answer.content


@pytest.mark.parametrize("unset", ["", None])
def test_without_a_token_in_the_settings_none_is_good(settings, unset):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "HEALTH_TOKEN": unset}
    for given in ("Bearer", "Bearer ", "Bearer None"):
        assert ask(given).status_code == 403


def test_staff_may_read_them():
    assert ask("", UserFactory(is_staff=True)).status_code == 200
    assert ask("", UserFactory(is_staff=False, is_superuser=False)).status_code == 403
    assert ask("", UserFactory(is_staff=True, is_active=False)).status_code == 403


def test_they_are_read_only_and_never_kept():
    assert ask(method="post").status_code == 405
    assert "no-store" in ask()["Cache-Control"]


def test_deliveries_are_counted_by_state():
    account, page = AccountFactory(), NewsPageFactory()
    for number, state in enumerate([State.FAILED, State.FAILED, State.ASSISTED, State.SENT, State.CANCELLED], start=1):
        DeliveryFactory(account=account, page=page, state=state, remote_id="1", generation=number)
    assert figures()["deliveries"] == {
        "waiting": 0,
        "sending": 0,
        "unknown": 0,
        "approval": 0,
        "assisted": 1,
        "failed": 2,
        "missed": 0,
    }


def test_the_age_of_what_is_due():
    account = AccountFactory()
    for minutes in (5, 30, -30):
        DeliveryFactory(account=account, due_at=timezone.now() - timedelta(minutes=minutes))
    monitor.beat()
    found = figures()
    assert found["due"] == 2
    assert found["oldest_due_seconds"] == pytest.approx(1800, abs=60)
    assert found["ok"] is False


@pytest.mark.parametrize(
    "state", [{"status": Account.Status.RECONNECT}, {"blocked_until": timezone.now() + timedelta(days=1)}]
)
def test_what_waits_for_its_account_is_not_late(state):
    DeliveryFactory(account=AccountFactory(**state), due_at=timezone.now() - timedelta(hours=5))
    monitor.beat()
    assert figures()["due"] == 0
    assert figures()["ok"] is True


@pytest.mark.parametrize("minutes", [None, 30])
def test_sweeps_that_do_not_come(minutes):
    if minutes:
        Heartbeat.objects.create(name=monitor.SWEEP, at=timezone.now() - timedelta(minutes=minutes))
    assert figures()["ok"] is False


def test_accounts_are_counted():
    AccountFactory()
    AccountFactory(status=Account.Status.RECONNECT)
    AccountFactory(blocked_until=timezone.now() + timedelta(minutes=5))
    AccountFactory(active=False, status=Account.Status.RECONNECT)
    assert figures()["accounts"] == {"connected": 2, "reconnect": 1, "blocked": 1}


def test_no_secrets():
    AccountFactory(label="Label", sealed_credentials=vault.seal({"access_token": "hush"}))
    text = ask().content.decode()
    assert "hush" not in text
    assert TOKEN not in text
    assert "Label" not in text


def test_the_number_of_queries_is_fixed():
    counts = []
    for number in (1, 20):
        for _row in range(number):
            DeliveryFactory(due_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            monitor.figures()
        counts.append(len(queries))
    assert counts[0] == counts[1]
