"""New keys: everything is sealed with the newest one, so that the old ones can go."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from tests.factories import AccountFactory
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.models import Account, OAuthApp


pytestmark = pytest.mark.django_db
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def keys(settings):
    def use(*keys):
        settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "KEYS": list(keys)}

    use(OLD)
    return use


def rotated(capsys):
    call_command("syndicate_rotate_keys")
    return capsys.readouterr()


def test_after_rotating_the_old_key_is_not_needed(keys, settings, capsys):
    account = AccountFactory(sealed_credentials=vault.seal({"access_token": "t0ken"}))
    app = OAuthApp.objects.create(network="mastodon", host="https://a.example", sealed_secret=vault.seal({"a": "b"}))
    keys(NEW, OLD)
    assert "2" in rotated(capsys).out
    keys(NEW)
    account.refresh_from_db()
    app.refresh_from_db()
    assert vault.unseal(account.sealed_credentials) == {"access_token": "t0ken"}
    assert vault.unseal(app.sealed_secret) == {"a": "b"}


def test_what_no_key_opens_is_told_and_left_to_an_admin(keys, capsys):
    lost = AccountFactory(label="Lost one", sealed_credentials=vault.seal({"access_token": "t0ken"}))
    secret = {"network": "mastodon", "host": "https://a.example", "sealed_secret": vault.seal({"a": "b"})}
    registered = OAuthApp.objects.create(callback_url="https://www.example.com/callback/", **secret)
    entered = OAuthApp.objects.create(method="oauth2", client_id="by-hand", **secret)
    keys(NEW)
    said = rotated(capsys).err
    lost.refresh_from_db()
    assert (lost.status, lost.problem) == (Account.Status.RECONNECT, "lost_credentials")
    assert "Lost one" in said
    assert "t0ken" not in said
    # One registers itself again; what a person entered is hers to enter again.
    assert list(OAuthApp.objects.all()) == [entered] != [registered]
    assert "registers the app again" in said and "must enter it again under Syndication app keys" in said


def test_a_token_that_is_refreshed_meanwhile_is_not_overwritten(keys, monkeypatch):
    account = AccountFactory(sealed_credentials=vault.seal({"access_token": "old"}))
    reseal = vault.reseal

    def slowly(text):
        Account.objects.update(sealed_credentials=vault.seal({"access_token": "newer"}))
        return reseal(text)

    monkeypatch.setattr(vault, "reseal", slowly)
    call_command("syndicate_rotate_keys")
    account.refresh_from_db()
    assert vault.unseal(account.sealed_credentials) == {"access_token": "newer"}
