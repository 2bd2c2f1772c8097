"""From what a network gave to a connected account: what lasts, and who is posted as."""

import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.accounts.fixtures import consent
from tests.accounts.networks import OURS, THEIRS
from tests.factories import AccountFactory, UserFactory
from wagtail_syndicate.accounts import connect, settle, vault
from wagtail_syndicate.accounts.connection import CLIENT_ID, connection_of, method_of
from wagtail_syndicate.accounts.problems import ConnectRefused
from wagtail_syndicate.backends.mastodon import Backend as Mastodon
from wagtail_syndicate.exceptions import AccountProblem, NotSent, Rejected
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Grant, Identity


pytestmark = pytest.mark.django_db

CALLBACK = "https://www.example.com/callback/"
NEVER_CONNECTED = {"status": "new", "remote_id": "", "handle": "", "auth_method": ""}


@pytest.fixture
def user():
    return UserFactory()


def sign_in(account, user):
    """Consent at the network, and what follows from it."""
    url, pending = connect.begin(account, method_of(account, "oauth2"), CALLBACK, user)
    params, _address = consent(url)
    return connect.finish(pending, params, user)


def paste(account, user, **more):
    return connect.paste(account, method_of(account, "pasted"), {"key": "pasted-key", **more}, user)


def as_stored(account):
    return Account.objects.filter(pk=account.pk).values().get()


# What lasts


def test_what_consent_gave_is_exchanged_for_what_lasts(pages, user):
    ends = timezone.now() + timedelta(days=60)
    pages.lasting, pages.targets = Grant({"access_token": "long-lived"}, ends), [OURS]
    account = sign_in(AccountFactory(network="x", **NEVER_CONNECTED), user)
    [asked] = pages.asked("exchange")
    assert asked.credentials["access_token"] != "long-lived" and asked.app.client_id == "fakenet-x-client"
    [shown] = pages.asked("targets")
    assert shown.credentials == {**asked.credentials, "access_token": "long-lived"}
    account = Account.objects.get(pk=account.pk)
    assert account.credentials_expire_at == ends
    assert connection_of(account).credentials == {**shown.credentials, "page_token": "secret-of-page-7"}


def test_what_lasts_for_ever_does_not_end_with_what_it_was_got_for(pages, user):
    pages.lasting, pages.targets = Grant({"access_token": "long-lived"}), [OURS]
    account = sign_in(AccountFactory(network="x", **NEVER_CONNECTED), user)
    assert account.credentials_expire_at is None


def test_without_an_exchange_everything_stays_as_it_was_given(pages, user):
    pages.targets = [OURS]
    account = sign_in(AccountFactory(network="x", **NEVER_CONNECTED), user)
    assert set(connection_of(account).credentials) == {"access_token", "refresh_token", "page_token"}
    assert account.credentials_expire_at > timezone.now() + timedelta(minutes=100)


def test_a_pasted_key_stays_beside_what_it_was_exchanged_for(script, user):
    ends = timezone.now() + timedelta(hours=2)
    script.lasting = Grant({"access_token": "session"}, ends)
    account = paste(AccountFactory(network="renewing", **NEVER_CONNECTED), user)
    assert connection_of(account).credentials == {
        "key": "pasted-key",
        "access_token": "session",
        "page_token": "secret-of-page-7",
    }
    assert account.credentials_expire_at == ends
    assert account.options == {"name": "Our page"}


@pytest.mark.parametrize("error", [AccountProblem("reconnect"), NotSent("network_down"), Rejected("app_setup")])
@pytest.mark.parametrize("step", ["lasting", "targets"])
def test_nothing_is_stored_when_the_network_does_not_play_along(script, user, step, error):
    account = AccountFactory(network="renewing", **NEVER_CONNECTED)
    before = as_stored(account)
    setattr(script, step, error)
    with pytest.raises(type(error)):
        paste(account, user)
    assert as_stored(account) == before


def test_nobody_to_post_as_is_no_account(script, user):
    script.targets = []
    with pytest.raises(Rejected) as refused:
        paste(AccountFactory(network="renewing", **NEVER_CONNECTED), user)
    assert refused.value.reason == "target_missing"


# Who is posted as


def test_several_are_offered_and_nothing_is_stored_until_one_is_chosen(pages, user):
    account = AccountFactory(network="x", **NEVER_CONNECTED)
    before = as_stored(account)
    offer = sign_in(account, user)
    assert as_stored(account) == before
    assert [(identity.handle, identity.credentials) for identity in settle.offered(offer.pending, user)] == [
        ("@ours", {}),
        ("@theirs", {}),
    ]
    account = settle.choose(offer.pending, "8", user)
    assert (account.status, account.remote_id, account.handle) == ("connected", "8", "@theirs")
    assert account.profile_url == "https://pages.example/theirs"
    assert account.connected_by == user
    assert account.credentials_expire_at > timezone.now() + timedelta(minutes=100)
    credentials = connection_of(Account.objects.get(pk=account.pk)).credentials
    assert set(credentials) == {"access_token", "refresh_token", "page_token"}
    assert credentials["page_token"] == "secret-of-page-8"


def test_what_waits_for_the_choice_is_plain_data_without_secrets(pages, user):
    pages.lasting = Grant({"access_token": "long-lived"}, timezone.now() + timedelta(days=60))
    offer = sign_in(AccountFactory(network="x", **NEVER_CONNECTED), user)
    kept = json.dumps(offer.pending)
    [shown] = pages.asked("targets")
    for secret in (*shown.credentials.values(), "secret-of-page-7", "secret-of-page-8"):
        assert secret not in kept + repr(offer)
    assert json.loads(kept) == offer.pending


def test_pasted_keys_may_open_several_doors_too(script, user):
    script.targets = [OURS, THEIRS]
    offer = paste(AccountFactory(network="renewing", **NEVER_CONNECTED), user)
    account = settle.choose(offer.pending, "7", user)
    assert connection_of(account).credentials == {"key": "pasted-key", "page_token": "secret-of-page-7"}
    assert account.options == {"name": "Our page"}


def test_an_app_that_registered_itself_is_remembered_with_the_choice(fakenet, user, monkeypatch):
    monkeypatch.setattr(Mastodon, "targets", lambda self: [OURS, THEIRS])
    offer = sign_in(AccountFactory(network="mastodon", host=fakenet.url, **NEVER_CONNECTED), user)
    account = settle.choose(offer.pending, "7", user)
    assert connection_of(account).app.client_id == vault.unseal(account.sealed_credentials)[CLIENT_ID] != ""


@pytest.fixture
def offer(script, user):
    script.targets = [OURS, THEIRS]
    return paste(AccountFactory(network="renewing", **NEVER_CONNECTED), user)


def too_late(monkeypatch, settings):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 601)


def moved(monkeypatch, settings):
    Account.objects.update(host="https://elsewhere.example")


def deleted(monkeypatch, settings):
    Account.objects.all().delete()


def other_keys(monkeypatch, settings):
    settings.SECRET_KEY, settings.WAGTAIL_SYNDICATE["KEYS"] = "another", []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (too_late, "Too much time"),
        (moved, "was changed"),
        (deleted, "was deleted"),
        (other_keys, "keys of this site were changed"),
    ],
)
def test_an_offer_does_not_outlive_what_it_was_made_for(offer, user, monkeypatch, settings, change, words):
    change(monkeypatch, settings)
    for attempt in (lambda: settle.offered(offer.pending, user), lambda: settle.choose(offer.pending, "7", user)):
        with pytest.raises(ConnectRefused, match=words):
            attempt()
    assert not Account.objects.filter(status="connected").exists()


def test_an_offer_is_for_the_one_who_asked(offer):
    with pytest.raises(ConnectRefused, match="Start again"):
        settle.choose(offer.pending, "7", UserFactory())


def test_only_what_was_offered_can_be_chosen(offer, user):
    with pytest.raises(ConnectRefused, match="not one of those"):
        settle.choose(offer.pending, "9", user)
    assert Account.objects.get().status == "new"


# Connecting again


def test_connecting_again_takes_the_same_one_without_asking(pages, user):
    account = AccountFactory(network="x", remote_id="8", handle="@theirs", status="reconnect")
    account = sign_in(account, user)
    assert (account.status, account.remote_id) == ("connected", "8")
    assert connection_of(account).credentials["page_token"] == "secret-of-page-8"


def test_connecting_again_without_the_same_one_says_what_there_was(pages, user):
    account = AccountFactory(network="x", remote_id="9", handle="@third", status="reconnect")
    before = as_stored(account)
    with pytest.raises(ConnectRefused) as refused:
        sign_in(account, user)
    assert "This account is @third, but the access given is for @ours, @theirs, so nothing" in refused.value.message
    assert as_stored(account) == before


def test_a_long_list_of_others_is_cut(pages, user):
    pages.targets = [Identity(str(number), f"@page{number}") for number in range(100, 140)]
    with pytest.raises(ConnectRefused) as refused:
        sign_in(AccountFactory(network="x", remote_id="9", handle="@third"), user)
    assert "@page109, …" in refused.value.message and "@page110" not in refused.value.message


def test_an_account_that_became_somebody_meanwhile_stays_that(offer, user):
    Account.objects.update(remote_id="8", handle="@theirs", status="connected")
    with pytest.raises(ConnectRefused, match="This account is @theirs"):
        settle.choose(offer.pending, "7", user)


def test_what_an_admin_chose_for_the_account_survives_and_is_known_at_connecting(script, user):
    chosen = {"visibility": "few", "form": "f3"}
    account = AccountFactory(network="renewing", options={**chosen, "old": "fact"}, **NEVER_CONNECTED)
    account = paste(account, user)
    assert account.options == {**chosen, "name": "Our page"}
    assert script.asked("targets")[0].options == chosen
    script.targets = [Identity("7", "@ours", "", {"visibility": "all"})]
    assert paste(account, user).options == chosen


# Addresses


def test_an_address_is_looked_at_again_when_it_is_used(script, user, settings):
    """Between the form and here, or in a script, a name may come to lead into the own network."""
    account = AccountFactory(network="renewing", **NEVER_CONNECTED)
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = False
    with pytest.raises(ConnectRefused) as refused:
        paste(account, user, hook="https://127.0.0.1/hook")
    assert (refused.value.field, script.calls) == ("hook", [])
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = True
    account = paste(account, user, hook=" http://127.0.0.1:8900/hook?a=1 ")
    assert account.options["hook"] == script.asked("targets")[0].options["hook"] == "http://127.0.0.1:8900/hook?a=1"
