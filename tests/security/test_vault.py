"""Credentials at rest: sealed, re-sealed with newer keys, and a lost key is a sentence, never a traceback.

Each test names its guard, and fails when that line is taken out.
"""

import json
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from tests.factories import AccountFactory, NewsPageFactory, UserFactory, publish
from wagtail_syndicate import checks, doctor
from wagtail_syndicate.accounts import connect, health, refresh, upkeep, vault
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import send, sweep
from wagtail_syndicate.exceptions import AccountProblem, CredentialsLost
from wagtail_syndicate.models import Account, Delivery, OAuthApp


pytestmark = pytest.mark.django_db(transaction=True)
OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
SECRET = "hush-hush-token"


@pytest.fixture
def keys(settings):
    def use(*values):
        settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "KEYS": list(values)}

    use(OLD)
    return use


@pytest.fixture
def account(keys):
    Memory.reset()
    return AccountFactory(sealed_credentials=vault.seal({"access_token": SECRET}))


def test_no_column_of_any_table_of_ours_holds_the_secret(account):
    """Guard: ``Fernet.encrypt`` in ``vault.seal``."""
    OAuthApp.objects.create(network="x", client_id="id", sealed_secret=vault.seal({"client_secret": SECRET}))
    for model in (Account, OAuthApp):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            rows = cursor.fetchall()
        assert rows
        assert SECRET not in repr(rows)


def test_the_newest_key_seals_and_all_of_them_open(account, keys):
    """Guard: the order of keys in ``vault._fernet``."""
    keys(NEW, OLD)
    assert vault.unseal(account.sealed_credentials) == {"access_token": SECRET}
    assert json.loads(Fernet(NEW).decrypt(vault.seal({"a": "b"}).encode())) == {"a": "b"}


def test_after_rotating_the_old_key_can_go(account, keys):
    """Guard: ``rotate`` in ``vault.reseal``; of accounts and of apps."""
    app = OAuthApp.objects.create(network="x", client_id="id", sealed_secret=vault.seal({"client_secret": SECRET}))
    keys(NEW, OLD)
    call_command("syndicate_rotate_keys")
    keys(NEW)
    account.refresh_from_db()
    app.refresh_from_db()
    assert vault.unseal(account.sealed_credentials) == {"access_token": SECRET}
    assert vault.unseal(app.sealed_secret) == {"client_secret": SECRET}
    publish(NewsPageFactory(), account)
    send.drain()
    assert Delivery.objects.get().state == "sent"


# The key is lost: each way in ends in a sentence.


def lost(account):
    row = Account.objects.get(pk=account.pk)
    return (row.status, row.problem) == ("reconnect", "lost_credentials")


def test_a_post_waits_and_the_account_needs_reconnecting(account, keys):
    """Guard: ``CredentialsLost`` in ``delivery.posting.post``."""
    publish(NewsPageFactory(), account)
    keys(OTHER)
    send.drain()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == ("waiting", "lost_credentials")
    assert "connect the account again" in str(delivery.explanation)
    assert lost(account)


def test_a_check_says_so(account, keys):
    """Guard: ``CredentialsLost`` in ``accounts.health.check``."""
    keys(OTHER)
    with pytest.raises(AccountProblem, match="lost_credentials"):
        health.check(account)
    assert lost(account)


def test_the_sweep_and_whoever_asks_about_renewal_go_on(account, keys, script, monkeypatch):
    """Guards: ``CredentialsLost`` in ``accounts.upkeep.renew_due`` and in ``accounts.refresh.renews_itself``."""
    from tests.accounts.networks import Renewing

    monkeypatch.setattr(Renewing, "renew_early", timedelta(days=5))
    soon = timezone.now() + timedelta(days=1)
    Account.objects.update(network="x", auth_method="oauth2", credentials_expire_at=soon)
    renewed = AccountFactory(
        network="renewing", credentials_expire_at=soon, sealed_credentials=account.sealed_credentials
    )
    keys(OTHER)
    assert upkeep.renew_due() == 0
    assert lost(renewed)
    account.refresh_from_db()
    assert refresh.renews_itself(account) is False
    sweep.sweep()


def test_disconnecting_and_rotating_work_all_the_same(account, keys, capsys):
    """Guards: ``CredentialsLost`` in ``accounts.connect.disconnect`` and in ``syndicate_rotate_keys``."""
    keys(OTHER)
    call_command("syndicate_rotate_keys")
    assert "none of the keys opens its credentials" in capsys.readouterr().err
    assert lost(account)
    connect.disconnect(Account.objects.get(), UserFactory())
    assert Account.objects.get().sealed_credentials == ""


def test_every_page_of_the_admin_still_opens(account, keys, client):
    """Guards: ``CredentialsLost`` in ``accounts.health.check`` (the button) and in ``accounts.refresh.renews_itself``
    (the pages tell whose access ends soon)."""
    Account.objects.update(credentials_expire_at=timezone.now() + timedelta(days=2))
    client.force_login(UserFactory())
    page = publish(NewsPageFactory(), account)
    keys(OTHER)
    for address in (
        "/admin/",
        "/admin/syndication/accounts/",
        f"/admin/syndication/accounts/edit/{account.pk}/",
        reverse("wagtail_syndicate:connect", args=[account.pk]),
        reverse("wagtailadmin_pages:edit", args=[page.pk]),
    ):
        assert client.get(address).status_code == 200, address
    answer = client.post(reverse("wagtail_syndicate:connect", args=[account.pk]), {"check": "1"}, follow=True)
    assert "can no longer be read on this server" in answer.content.decode()
    assert "Needs reconnecting" in client.get("/admin/syndication/accounts/").content.decode()


def test_the_doctor_names_the_account(account, keys):
    """Guard: ``CredentialsLost`` in ``doctor._lost_credentials``."""
    keys(OTHER)
    found = [finding for finding in doctor.examine(broker=False) if finding.name == "lost_credentials"]
    assert [account.label in finding.problem for finding in found] == [True]


@pytest.mark.parametrize("read", [vault.unseal, vault.reseal])
def test_what_cannot_be_opened_shows_nothing_of_it(account, keys, read):
    """Guards: the words and ``from None`` in ``vault.unseal`` and ``vault.reseal``: logs show no sealed text, and no
    traceback of what was tried."""
    keys(OTHER)
    with pytest.raises(CredentialsLost) as error:
        read(account.sealed_credentials)
    assert error.value.args == ("None of this site's keys opens the stored credentials.",)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_a_key_derived_from_the_secret_key_is_warned_of(keys):
    """Guard: ``W001`` in ``checks.check_keys``."""
    assert checks.check_keys() == []
    keys()
    assert [message.id for message in checks.check_keys()] == ["wagtail_syndicate.W001"]
