"""Mails about accounts: once for each end of access, once when one stopped working."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import formats, timezone
from wagtail.users.models import UserProfile

from tests.admin.editing import person
from tests.factories import AccountFactory, DeliveryFactory, UserFactory, site_root
from wagtail_syndicate.accounts import health, refresh, vault
from wagtail_syndicate.mails.round import deliver
from wagtail_syndicate.models import Account, Delivery


pytestmark = pytest.mark.django_db(transaction=True)


def ends_in(span, **more):
    """An account whose access nobody but a person can renew."""
    more = {"label": "Weibo, Beijing", "contacts": "desk@example.org", **more}
    ends = timezone.now() + span
    return AccountFactory(network="weibo", auth_method="oauth2", credentials_expire_at=ends, **more)


@pytest.mark.parametrize(
    ("span", "lifetime", "told"),
    [
        (timedelta(days=6), timedelta(days=60), True),
        (timedelta(days=8), timedelta(days=60), False),
        (timedelta(days=6), timedelta(days=7), False),  # it was connected yesterday
        (timedelta(days=3), timedelta(days=7), True),
        (timedelta(hours=23), timedelta(days=1), True),
    ],
)
def test_the_end_of_access_is_told_in_time_and_once(span, lifetime, told):
    account = ends_in(span)
    Account.objects.update(connected_at=account.credentials_expire_at - lifetime)
    assert deliver() == told
    assert deliver() == 0
    if told:
        [message] = mail.outbox
        assert message.to == ["desk@example.org"]
        assert message.subject.startswith("“Weibo, Beijing” has to be connected again by ")
        assert "does not let software renew it" in message.body
        assert f"http://localhost:8000{reverse('wagtail_syndicate:connect', args=[account.pk])}" in message.body
        assert "\n\n\n" not in message.body


def test_a_time_is_told_as_its_readers_clock_shows_it(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    UserProfile.objects.create(user=UserFactory(email="desk@example.org"), current_time_zone="Asia/Shanghai")
    account = ends_in(timedelta(days=2), contacts="desk@example.org\nhans@example.org")
    deliver()
    by_address = {message.to[0]: message.body for message in mail.outbox}
    for address, zone in (("desk@example.org", "Asia/Shanghai"), ("hans@example.org", "Europe/Berlin")):
        when = timezone.localtime(account.credentials_expire_at, ZoneInfo(zone))
        assert f"ends on {formats.date_format(when, 'DATETIME_FORMAT')}" in by_address[address]


def test_the_next_end_is_told_again():
    account = ends_in(timedelta(days=2))
    assert deliver() == 1
    Account.objects.update(credentials_expire_at=account.credentials_expire_at + timedelta(days=1))
    assert deliver() == 1


def test_the_days_are_a_setting(settings):
    ends_in(timedelta(days=20))
    assert deliver() == 0
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ANNOUNCE_DAYS": 30}
    assert deliver() == 1


@pytest.mark.parametrize(
    "more",
    [
        {"active": False},
        {"by_hand": True},
        {"environment": "production@www.example.org"},
        {"network": "unheard_of"},
        {"network": "x", "sealed_credentials": "renews itself"},
    ],
)
def test_accounts_that_need_nobody_are_left_out(more):
    if "sealed_credentials" in more:
        more["sealed_credentials"] = vault.seal({"access_token": "a", "refresh_token": "b"})
    account = ends_in(timedelta(days=2))
    Account.objects.filter(pk=account.pk).update(**more)
    assert deliver() == 0


def test_a_broken_account_is_told_once_until_it_breaks_again():
    account = ends_in(timedelta(days=40))
    DeliveryFactory.create_batch(2, account=account)
    refresh.mark_broken(account, "reconnect")
    assert deliver() == 1
    assert deliver() == 0
    text = mail.outbox[0].body
    assert "no longer accepts the account" in text
    assert "2 posts wait for it" in text
    assert Account.objects.get().problem_announced
    # As connecting leaves it
    Account.objects.update(status="connected", problem_announced=False)
    refresh.mark_broken(Account.objects.get(), "reconnect")
    assert deliver() == 1


def test_an_account_that_was_found_to_work_again_may_be_told_of_again():
    account = AccountFactory(status="reconnect", problem="reconnect", problem_announced=True, remote_id="name")
    Account.objects.update(handle="name")
    health.check(Account.objects.get(pk=account.pk))
    row = Account.objects.get()
    assert (row.status, row.problem_announced) == ("connected", False)
    assert row.checked_at is not None


def test_several_accounts_are_one_mail_to_each_person():
    ends_in(timedelta(days=2), label="Ends", contacts="desk@example.org\nboss@example.org")
    refresh.mark_broken(AccountFactory(label="Broken", contacts="desk@example.org"), "reconnect")
    assert deliver() == 2
    by_address = {message.to[0]: message for message in mail.outbox}
    assert by_address["desk@example.org"].subject == "2 accounts have to be connected again"
    assert "Ends" in by_address["desk@example.org"].body
    assert "Broken" not in by_address["boss@example.org"].body


def test_a_mail_server_that_is_away_loses_nothing(monkeypatch):
    from wagtail_syndicate.mails import post

    ends_in(timedelta(days=2))
    working = post._post
    monkeypatch.setattr(post, "_post", lambda *args: 1 / 0)
    assert deliver() == 0
    assert Account.objects.get().expiry_announced is None
    monkeypatch.setattr(post, "_post", working)
    assert deliver() == 1


# On the dashboard and in the form


def test_contacts_are_told_on_the_dashboard_and_others_are_not(client):
    site_root()
    account = ends_in(timedelta(days=2))
    desk = UserFactory(email="Desk@example.org")
    client.force_login(desk)
    shown = client.get("/admin/").content.decode()
    assert "Accounts that need you" in shown
    assert account.label in shown
    assert reverse("wagtail_syndicate:connect", args=[account.pk]) in shown
    client.force_login(person("use_account", email="other@example.org"))
    assert "Accounts that need you" not in client.get("/admin/").content.decode()
    Account.objects.update(credentials_expire_at=timezone.now() + timedelta(days=40))
    client.force_login(desk)
    assert "Accounts that need you" not in client.get("/admin/").content.decode()
    refresh.mark_broken(Account.objects.get(), "reconnect")
    assert "no longer accepts the account" in client.get("/admin/").content.decode()


def test_contacts_are_checked_and_kept_one_a_line(client):
    account = AccountFactory()
    client.force_login(UserFactory())
    address = f"/admin/syndication/accounts/edit/{account.pk}/"
    data = {"label": account.label, "active": "on", "fixed_words-TOTAL_FORMS": "0"}
    answer = client.post(address, {**data, "contacts": "desk@example.org\nnot an address"})
    assert answer.status_code == 200
    assert "“not an address” is not an e-mail address" in answer.context["form"].errors["contacts"][0]
    saved = client.post(
        address, {**data, "contacts": " desk@example.org \r\n\r\nboss@example.org\r\ndesk@example.org"}
    )
    assert saved.status_code == 302, saved.context["form"].errors
    assert Account.objects.get().contacts == "desk@example.org\nboss@example.org"


def test_deliveries_of_other_states_are_not_counted_as_waiting():
    account = ends_in(timedelta(days=40))
    DeliveryFactory(account=account, state=Delivery.State.FAILED)
    refresh.mark_broken(account, "reconnect")
    deliver()
    assert "wait for it" not in mail.outbox[0].body
