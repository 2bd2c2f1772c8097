"""Connecting accounts by signing in at the network, against the imitation of networks, and disconnecting them."""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import time
from datetime import timedelta

import pytest
import requests
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from tests.accounts.fixtures import consent, fakenet, fakenet_server, order, secrets_of  # noqa: F401 (fixtures)
from tests.admin.accounts import (  # noqa: F401 (fixtures)
    CALLBACK,
    INDEX,
    admin,
    beside,
    come_back,
    connect,
    everything_logged,
    leave,
    logged,
    new,
    text,
    url,
)
from tests.factories import AccountFactory, UserFactory
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.accounts.connection import CLIENT_ID, connection_of
from wagtail_syndicate.admin.connect import SESSION
from wagtail_syndicate.models import Account, OAuthApp


pytestmark = pytest.mark.django_db


# X: OAuth 2.0 with a challenge, and OAuth 1.0a


def test_connecting_x(admin, fakenet):
    account = new("x", failures=3, blocked_until=timezone.now())
    page = text(admin.get(url(account)))
    assert "X charges for posting" in page
    assert CALLBACK in admin.get(url(account)).content.decode()
    assert "3. Connect: OAuth 2.0" in page and "Or connect: OAuth 1.0a" in page
    response = connect(admin, account)
    assert "Connected as @newsroom." in text(response)
    assert account.status == "connected"
    assert account.auth_method == "oauth2"
    assert account.remote_id == fakenet.state.account("x", "newsroom").id
    assert account.profile_url == f"{fakenet.url}/x/web/newsroom"
    assert account.connected_by.username == "admin"
    assert account.credentials_expire_at > timezone.now() + timedelta(minutes=100)
    assert (account.failures, account.blocked_until) == (0, None)
    assert set(connection_of(account).credentials) == {"access_token", "refresh_token"}
    assert [entry.data for entry in logged("connect")] == [{"handle": "@newsroom", "method": "oauth2"}]
    assert "@newsroom" in text(admin.get(INDEX))


def test_connecting_x_with_oauth1(admin, fakenet):
    account = new("x")
    assert "Connected as @newsroom." in text(connect(admin, account, "oauth1"))
    assert (account.status, account.auth_method, account.credentials_expire_at) == ("connected", "oauth1", None)
    assert set(connection_of(account).credentials) == {"oauth_token", "oauth_token_secret"}
    response = admin.post(url(account), {"check": "1"}, follow=True)
    assert "The access works: this is @newsroom. Nothing was posted." in text(response)


@pytest.mark.parametrize("method", ["oauth2", "oauth1"])
def test_consent_that_is_denied_changes_nothing(admin, fakenet, method):
    account = new("x")
    params, _address = consent(leave(admin, account, method), "deny")
    response = come_back(admin, params)
    assert "Access was denied at X, so nothing was changed" in text(response)
    assert response.redirect_chain[-1][0] == url(account)
    account.refresh_from_db()
    assert (account.status, account.sealed_credentials) == ("new", "")


@pytest.mark.parametrize("method", ["oauth2", "oauth1"])
def test_an_answer_counts_once(admin, fakenet, method):
    account = new("x")
    params, _address = consent(leave(admin, account, method))
    come_back(admin, params)
    Account.objects.update(status="new", sealed_credentials="")
    assert "used already" in text(come_back(admin, params))
    account.refresh_from_db()
    assert account.status == "new"


def test_an_answer_that_nobody_asked_for_is_refused(admin, fakenet):
    account = new("x")
    consent(leave(admin, account))
    for params in ({}, {"state": "made-up", "code": "x"}, {"oauth_token": "x", "oauth_verifier": "y"}):
        assert "does not belong to a sign-in that you started" in text(come_back(admin, params))
    account.refresh_from_db()
    assert account.status == "new"


def test_an_answer_in_another_persons_browser_is_refused(admin, fakenet):
    account = new("x")
    params, _address = consent(leave(admin, account))
    other = Client()
    other.force_login(UserFactory(username="other"))
    assert "does not belong to a sign-in that you started" in text(come_back(other, params))
    # Even with the first one's memory in her session.
    session = other.session
    session[SESSION] = admin.session[SESSION]
    session.save()
    assert "Start again" in text(come_back(other, params))
    account.refresh_from_db()
    assert (account.status, account.sealed_credentials) == ("new", "")


def test_an_answer_that_took_too_long_is_refused(admin, fakenet, monkeypatch):
    account = new("x")
    params, _address = consent(leave(admin, account))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 601)
    assert "Too much time has passed" in text(come_back(admin, params))
    account.refresh_from_db()
    assert account.status == "new"


def test_an_answer_with_another_state_does_not_fit(admin, fakenet):
    """Two sign-ins in two tabs: each answer goes to its own account."""
    first, second = new("x"), new("x")
    first_params, _address = consent(leave(admin, first), handle="first")
    second_params, _address = consent(leave(admin, second), handle="second")
    come_back(admin, second_params)
    come_back(admin, first_params)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.handle, second.handle) == ("@first", "@second")


def test_a_code_that_the_network_refuses_is_explained(admin, fakenet):
    account = new("x")
    params, _address = consent(leave(admin, account))
    response = come_back(admin, {**params, "code": "made-up"})
    assert "X refused the sign-in" in text(response)
    account.refresh_from_db()
    assert account.status == "new"


def test_a_challenge_goes_with_every_request(admin, fakenet):
    address = leave(admin, new("x"))
    assert "code_challenge_method=S256" in address
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fadmin%2Fsyndication%2Fconnect%2Fcallback%2F" in address


def test_a_network_that_is_down_while_signing_in_changes_nothing(admin, fakenet):
    account = new("x")
    params, _address = consent(leave(admin, account))
    order(fakenet, "x", "token", "reset_before")
    assert "X could not be reached. Nothing was changed." in text(come_back(admin, params))
    account.refresh_from_db()
    assert (account.status, account.sealed_credentials) == ("new", "")


@pytest.mark.parametrize(
    "body", [{"error": "invalid_client"}, {"access_token": ""}, {"errors": [1]}, "<h1>Hello</h1>"]
)
def test_an_answer_without_a_token_is_no_success_whatever_its_status(admin, fakenet, body):
    account = new("x")
    params, _address = consent(leave(admin, account))
    order(fakenet, "x", "token", "error", status=200, body=body)
    assert "Connected" not in text(come_back(admin, params))
    account.refresh_from_db()
    assert (account.status, account.sealed_credentials) == ("new", "")


def test_keys_that_are_missing_from_the_settings_are_named(admin, fakenet, settings):
    options = settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"]
    del options["CLIENT_SECRET"], options["CONSUMER_KEY"]
    account = new("x")
    for response in (admin.get(url(account)), admin.post(url(account), {"method": "oauth2"})):
        assert 'WAGTAIL_SYNDICATE["NETWORKS"]["x"]["CLIENT_SECRET"]' in text(response)
        assert 'WAGTAIL_SYNDICATE["NETWORKS"]["x"]["CONSUMER_KEY"]' in text(response)
        assert '["CLIENT_ID"]' not in text(response)


def test_wrong_keys_in_the_settings_are_explained(admin, fakenet, settings):
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"]["CLIENT_SECRET"] = "wrong-secret-of-the-app"
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"]["CONSUMER_SECRET"] = "wrong-secret-of-the-app"
    account = new("x")
    params, _address = consent(leave(admin, account))
    assert "A site admin must check the app's keys" in text(come_back(admin, params)).replace("’", "'")
    response = admin.post(url(account), {"method": "oauth1"})
    assert "A site admin must check the app's keys" in text(response).replace("’", "'")
    assert b"wrong-secret-of-the-app" not in response.content


def test_a_plain_address_of_a_stranger_gets_no_keys(admin, fakenet, settings):
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"]["HOSTS"]["api"] = "http://x.example"
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"]["HOSTS"]["web"] = "http://x.example"
    assert "does not begin with https://" in text(admin.post(url(new("x")), {"method": "oauth2"}))


def test_connecting_somebody_else_again_is_refused(admin, fakenet):
    account = new("x")
    connect(admin, account)
    before = Account.objects.filter(pk=account.pk).values().get()
    response = connect(admin, account, handle="rival")
    assert "This account is @newsroom, but the access given is for @rival, so nothing was changed" in text(response)
    assert Account.objects.filter(pk=account.pk).values().get() == before


def test_connecting_again_cures_an_account(admin, fakenet):
    account = new("x")
    connect(admin, account)
    Account.objects.update(status="reconnect", problem="expired_token")
    assert "A site admin must connect the account again" in text(admin.get(url(account)))
    connect(admin, account)
    assert (account.status, account.problem) == ("connected", "")


def test_the_same_account_twice_is_pointed_out(admin, fakenet):
    connect(admin, new("x", label="First"))
    assert "“First” is the same account at X." in text(connect(admin, new("x", label="Second")))


def test_an_admin_at_another_address_is_told(admin, fakenet):
    page = admin.get(url(new("x")), HTTP_HOST="127.0.0.1:8000")
    assert "you are signed in at another address here" in text(page)
    assert "another address" not in text(admin.get(url(new("x")), HTTP_HOST="localhost:8000"))
    assert "another address" not in text(admin.get(url(new("vk")), HTTP_HOST="127.0.0.1:8000"))


# Mastodon: an app for each server


def test_connecting_mastodon_registers_an_app(admin, fakenet):
    account = new("mastodon", host=fakenet.url)
    assert "Connected as @newsroom@" in text(connect(admin, account, **{"oauth2-host": fakenet.url}))
    app = OAuthApp.objects.get()
    assert (app.network, app.host, app.callback_url) == ("mastodon", fakenet.url, CALLBACK)
    assert vault.unseal(app.sealed_secret)["client_secret"] not in app.sealed_secret
    connection = connection_of(account)
    assert connection.app.client_id == app.client_id
    assert vault.unseal(account.sealed_credentials)[CLIENT_ID] == app.client_id
    assert set(connection.credentials) == {"access_token"}
    assert account.options["limits"]["max_characters"] == 500
    assert account.credentials_expire_at is None


def test_the_app_of_a_server_is_used_again_until_the_callback_changes(admin, fakenet, settings):
    connect(admin, new("mastodon", host=fakenet.url), **{"oauth2-host": fakenet.url})
    connect(admin, new("mastodon", host=fakenet.url), handle="second", **{"oauth2-host": fakenet.url})
    assert OAuthApp.objects.count() == 1
    settings.WAGTAILADMIN_BASE_URL = "https://www.example.com"
    leave(admin, new("mastodon", host=fakenet.url), **{"oauth2-host": fakenet.url})
    assert set(OAuthApp.objects.values_list("callback_url", flat=True)) == {
        CALLBACK,
        "https://www.example.com/admin/syndication/connect/callback/",
    }


def test_an_app_that_nobody_used_is_registered_again(admin, fakenet):
    account = new("mastodon", host=fakenet.url)
    leave(admin, account, **{"oauth2-host": fakenet.url})
    first = OAuthApp.objects.get().client_id
    leave(admin, account, **{"oauth2-host": fakenet.url})
    assert OAuthApp.objects.get().client_id == first
    OAuthApp.objects.update(created_at=timezone.now() - timedelta(days=2))
    leave(admin, account, **{"oauth2-host": fakenet.url})
    assert OAuthApp.objects.get().client_id != first


def test_a_server_that_does_not_know_the_app_any_more_gives_a_new_one(admin, fakenet):
    account = new("mastodon", host=fakenet.url)
    params, _address = consent(leave(admin, account, **{"oauth2-host": fakenet.url}))
    order(fakenet, "mastodon", "token", "error", status=401, body={"error": "invalid_client"})
    come_back(admin, params)
    assert not OAuthApp.objects.exists()
    assert "Connected" in text(connect(admin, account, **{"oauth2-host": fakenet.url}))


def test_a_wrong_server_can_be_corrected_beside_the_field(admin, fakenet):
    account = new("mastodon", host="http://127.0.0.1:9")
    response = admin.post(url(account), {"method": "oauth2", "oauth2-host": "http://127.0.0.1:9"})
    assert "127.0.0.1:9 could not be reached" in beside(response, "oauth2-host")
    response = admin.post(url(account), {"method": "oauth2", "oauth2-host": "mastodn.example"})
    assert "was not found" in beside(response, "oauth2-host")
    assert 'value="mastodn.example"' in response.content.decode()
    connect(admin, account, **{"oauth2-host": fakenet.url + "/about"})
    assert (account.host, account.status) == (fakenet.url, "connected")


def test_a_server_of_another_kind_is_recognised(admin, fakenet):
    order(fakenet, "mastodon", "connect", "html_200")
    response = admin.post(url(new("mastodon", host=fakenet.url)), {"method": "oauth2", "oauth2-host": fakenet.url})
    assert "does not answer like a server of Mastodon" in beside(response, "oauth2-host")


def test_a_server_cannot_put_a_script_into_a_link(admin, fakenet, monkeypatch):
    from wagtail_syndicate.backends.mastodon import Backend
    from wagtail_syndicate.types import Identity

    monkeypatch.setattr(Backend, "identify", lambda self: Identity("1", "@x", "javascript:alert(1)"))
    account = new("mastodon", host=fakenet.url)
    connect(admin, account, **{"oauth2-host": fakenet.url})
    assert (account.status, account.profile_url) == ("connected", "")


# Weibo: lifetimes as text, no challenge


def test_connecting_weibo(admin, fakenet):
    fakenet.state.settings["weibo_expires_in"] = 86400
    account = new("weibo")
    address = leave(admin, account)
    assert "code_challenge" not in address
    params, _address = consent(address)
    assert "Connected as newsroom." in text(come_back(admin, params))
    account.refresh_from_db()
    assert timedelta(hours=23) < account.credentials_expire_at - timezone.now() < timedelta(hours=25)
    assert "Connected, expires soon" in text(admin.get(INDEX))


def test_weibo_tells_lifetimes_as_text(admin, fakenet):
    account = new("weibo")
    params, _address = consent(leave(admin, account))
    token = requests.post(
        f"{fakenet.url}/_fakenet/tokens", json={"network": "weibo", "handle": "newsroom"}, timeout=10
    ).json()
    body = {"access_token": token["access_token"], "expires_in": "157679999", "remind_in": "1", "uid": token["uid"]}
    order(fakenet, "weibo", "token", "error", status=200, body=body)
    come_back(admin, params)
    account.refresh_from_db()
    assert account.credentials_expire_at > timezone.now() + timedelta(days=1800)


def test_an_error_of_weibo_is_explained(admin, fakenet, settings):
    account = new("weibo")
    params, _address = consent(leave(admin, account))
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["weibo"]["CLIENT_SECRET"] = "wrong"
    assert "check the app" in text(come_back(admin, params))


# Taking it apart


@pytest.mark.parametrize("network", ["x", "weibo", "mastodon"])
def test_disconnecting_gives_the_access_back(admin, fakenet, network):
    account = new(network, host=fakenet.url if network == "mastodon" else "")
    connect(admin, account, **({"oauth2-host": fakenet.url} if network == "mastodon" else {}))
    assert "Disconnect" in text(admin.get(url(account, "disconnect")))
    account.refresh_from_db()
    assert account.status == "connected"
    admin.post(url(account, "disconnect"))
    account.refresh_from_db()
    assert (account.status, account.sealed_credentials, account.credentials_expire_at) == ("new", "", None)
    assert account.handle
    assert all(token.revoked for token in fakenet.state.tokens.values() if token.handle == "newsroom")
    assert len(logged("disconnect")) == 1


def test_disconnecting_works_when_the_network_does_not(admin, fakenet):
    account = new("x")
    connect(admin, account)
    order(fakenet, "x", "revoke", "reset_before", times=None)
    assert "is disconnected" in text(admin.post(url(account, "disconnect"), follow=True))
    account.refresh_from_db()
    assert (account.status, account.sealed_credentials) == ("new", "")


def test_disconnecting_one_of_two_leaves_the_other_connected(admin, fakenet):
    first, second = new("weibo"), new("weibo")
    connect(admin, first)
    connect(admin, second)
    admin.post(url(first, "disconnect"))
    assert not any(token.revoked for token in fakenet.state.tokens.values())


def test_deleting_gives_the_access_back_too(admin, fakenet):
    account = new("x")
    connect(admin, account)
    admin.post(reverse("syndication_accounts:delete", args=[account.pk]))
    assert not Account.objects.exists()
    assert all(token.revoked for token in fakenet.state.tokens.values())


# Nothing secret anywhere


@pytest.mark.parametrize("method", ["oauth2", "oauth1"])
def test_no_secret_is_shown_kept_in_the_open_or_logged(admin, fakenet, caplog, method):
    account = new("x")
    params, _address = consent(leave(admin, account, method))
    session = str(admin.session[SESSION])
    responses = [come_back(admin, params)]
    responses += [admin.post(url(account), {"check": "1"}, follow=True)]
    responses += [admin.get(address) for address in (INDEX, url(account), f"{INDEX}edit/{account.pk}/")]
    responses += [admin.get(f"{INDEX}history/{account.pk}/")]
    account.refresh_from_db()
    seen = "".join(response.content.decode() for response in responses) + session + repr(account.__dict__)
    seen += "".join(str(entry.data) + entry.label for entry in ModelLogEntry.objects.all())
    secrets = [*connection_of(account).credentials.values(), "fakenet-x-secret", "fakenet-x-consumer-secret"]
    secrets += [token.secret for token in fakenet.state.tokens.values() if token.secret]
    for secret in secrets:
        assert secret not in seen
    # oauthlib writes the tokens that it signs with, but no secrets, into its own debug log.
    kept = [value for value in secrets if not (method == "oauth1" and value == secrets[0])]
    for secret in kept:
        assert secret not in caplog.text
    assert len(secrets_of(fakenet.state)) >= 2


def test_every_form_of_the_connection_page_works_in_a_real_browser(fakenet):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(UserFactory())
    account = AccountFactory(network="x")
    for address in (url(account), url(account, "disconnect")):
        soup = BeautifulSoup(browser.get(address).content, "html.parser")
        forms = soup.select("main form[method=POST]")
        assert forms
        for form in forms:
            data = {item["name"]: item.get("value", "") for item in form.select("[name]")}
            assert browser.post(address, data).status_code != 403
