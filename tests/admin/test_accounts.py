"""Accounts in the Wagtail admin: from the empty list to every way of connecting, against the imitation of networks."""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import logging
import time
from datetime import timedelta

import pytest
import requests
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from sandbox.fakenet.networks.telegram import BOT_TOKEN
from tests.accounts.fixtures import consent, fakenet, fakenet_server, order, secrets_of  # noqa: F401 (fixtures)
from tests.factories import AccountFactory, UserFactory
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.accounts.connection import CLIENT_ID, connection_of
from wagtail_syndicate.admin.connect import SESSION
from wagtail_syndicate.models import Account, OAuthApp


pytestmark = pytest.mark.django_db

INDEX = "/admin/syndication/accounts/"
CALLBACK = "http://localhost:8000/admin/syndication/connect/callback/"
VK_KEY = "vk1.a.fakenet-101"


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(username="admin"))
    return client


@pytest.fixture(autouse=True)
def everything_logged(caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "factory")
    return caplog


def new(network, **fields):
    return AccountFactory(network=network, status="new", handle="", remote_id="", auth_method="", **fields)


def url(account, name="connect"):
    return reverse(f"wagtail_syndicate:{name}", args=[account.pk])


def text(response):
    """What a person reads: messages and the page, without its furniture."""
    soup = BeautifulSoup(response.content, "html.parser")
    return " ".join(soup.get_text(" ").split())


def beside(response, field):
    """The error that is shown beside a field."""
    soup = BeautifulSoup(response.content, "html.parser")
    wrapper = soup.find(attrs={"name": field}).find_parent(class_="w-field")
    return " ".join(wrapper.find(class_="w-field__errors").get_text(" ").split())


def leave(admin, account, method="oauth2", **fields):
    """Press the button that leads to the network; returns the address of its consent page."""
    response = admin.post(url(account), {"method": method, **fields})
    assert response.status_code == 302, text(response)
    return response["Location"]


def come_back(admin, params):
    return admin.get(reverse("wagtail_syndicate:callback"), params, follow=True)


def connect(admin, account, method="oauth2", handle="newsroom", **fields):
    params, address = consent(leave(admin, account, method, **fields), handle=handle)
    assert address == CALLBACK
    response = come_back(admin, params)
    account.refresh_from_db()
    return response


def logged(action):
    return list(ModelLogEntry.objects.filter(action=f"wagtail_syndicate.{action}"))


# The list and the forms


def test_the_menu_leads_to_an_empty_list_that_says_what_to_do(admin):
    assert INDEX in admin.get("/admin/").content.decode()
    page = text(admin.get(INDEX))
    assert "No accounts yet" in page
    assert "Add an account" in page


def test_wagtails_own_account_page_is_still_there(admin):
    assert "wagtail_syndicate" not in admin.get("/admin/account/").resolver_match.view_name


def test_the_list_tells_in_words_how_each_account_stands(admin, settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": {"weibo": {}, "xing": {}, "vk": {}}}
    soon = timezone.now() + timedelta(days=3)
    AccountFactory(network="weibo", label="Beijing", auth_method="oauth2", credentials_expire_at=soon, locales=["ja"])
    AccountFactory(network="vk", label="Moscow", status="reconnect", problem="reconnect")
    AccountFactory(network="vk", label="Minsk", status="new", handle="")
    AccountFactory(network="vk", label="Kazan", active=False)
    AccountFactory(network="vk", label="Omsk", by_hand=True, status="new")
    AccountFactory(network="xing", label="Hamburg", profile_url="https://www.xing.com/pages/ours")
    AccountFactory(network="xing", label="Bremen", status="new")
    AccountFactory(network="viadeo", label="Paris")
    rows = {
        row.find("td").get_text().split()[0]: " ".join(row.get_text(" ").split())
        for row in BeautifulSoup(admin.get(INDEX).content, "html.parser").select("tbody tr")
    }
    assert "Weibo Conditional" in rows["Beijing"] and "Connected, expires soon" in rows["Beijing"]
    assert "日本語" in rows["Beijing"]
    assert "Needs reconnecting" in rows["Moscow"] and "no longer accepts" in rows["Moscow"]
    assert "Not connected" in rows["Minsk"]
    assert "Switched off" in rows["Kazan"]
    assert "Posted by hand" in rows["Omsk"]
    assert "XING Assisted" in rows["Hamburg"] and "Posted by hand" in rows["Hamburg"]
    assert "Not ready" in rows["Bremen"] and "Set up" in rows["Bremen"]
    assert "Unknown network" in rows["Paris"]


def test_the_number_of_queries_does_not_grow(admin, django_assert_max_num_queries):
    for _number in range(15):
        AccountFactory(locales=["en"])
    admin.get(INDEX)
    with django_assert_max_num_queries(14):
        admin.get(INDEX)


def create(admin, **fields):
    data = {"label": "Newsroom", "host": "", "active": "on", **fields}
    return admin.post(reverse("syndication_accounts:add"), data)


def test_a_new_account_goes_straight_to_its_connection(admin):
    form = admin.get(reverse("syndication_accounts:add")).content.decode()
    assert "VK (automatic)" in form and "XING (assisted)" in form and "Weibo (conditional)" in form
    response = create(admin, network="vk")
    account = Account.objects.get()
    assert (account.label, account.network, account.status) == ("Newsroom", "vk", "new")
    assert response["Location"] == url(account)


def test_an_account_that_is_posted_to_by_hand_needs_no_connection(admin):
    assert create(admin, network="vk", by_hand="on")["Location"] == INDEX


def test_only_networks_of_many_servers_ask_for_one(admin, fakenet):
    response = create(admin, network="mastodon")
    assert "Enter the address of the server" in beside(response, "host")
    response = create(admin, network="mastodon", host="mastodn.example")
    assert "was not found" in beside(response, "host")
    assert "mastodn.example" in response.content.decode()
    create(admin, network="mastodon", host=f"{fakenet.url}/@newsroom")
    create(admin, network="vk", host="http://127.0.0.1")
    assert list(Account.objects.order_by("pk").values_list("host", flat=True)) == [fakenet.url, ""]


def test_a_private_server_is_refused_in_production(admin, fakenet, settings):
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = False
    assert "private network" in beside(create(admin, network="mastodon", host=fakenet.url), "host")
    assert not Account.objects.exists()


def test_network_and_server_cannot_be_changed_under_the_credentials(admin, fakenet):
    account = new("mastodon", host=fakenet.url)
    connect(admin, account, **{"oauth2-host": fakenet.url})
    data = {"label": "Other", "network": "vk", "host": "https://mastodon.example", "active": "on"}
    admin.post(reverse("syndication_accounts:edit", args=[account.pk]), data)
    account.refresh_from_db()
    assert (account.label, account.network, account.host) == ("Other", "mastodon", fakenet.url)


def test_an_account_of_an_unknown_network_can_only_be_deleted(admin):
    account = AccountFactory(network="viadeo")
    for address in (reverse("syndication_accounts:edit", args=[account.pk]), url(account)):
        assert "no longer in the site's settings" in text(admin.get(address, follow=True)).replace("’", "'")
    admin.post(reverse("syndication_accounts:delete", args=[account.pk]))
    assert not Account.objects.exists()


def test_accounts_cannot_be_copied_or_inspected(admin):
    account = AccountFactory()
    for name in ("copy", "inspect"):
        assert admin.get(f"{INDEX}{name}/{account.pk}/", follow=True).status_code == 404


# Who may


@pytest.mark.parametrize("right", ["use_account", "view_account", ""])
def test_nobody_without_the_right_gets_near_a_connection(client, right):
    user = UserFactory(is_superuser=False)
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", right]))
    client.force_login(user)
    account = new("vk")
    for address in (INDEX, url(account), url(account, "disconnect"), reverse("wagtail_syndicate:callback")):
        assert client.get(address).status_code == 302, address
        assert client.get(address)["Location"] == "/admin/"
    data = {"method": "pasted", "pasted-access_token": VK_KEY, "pasted-group_id": "101"}
    assert client.post(url(account), data)["Location"] == "/admin/"
    account.refresh_from_db()
    assert account.status == "new"


def test_people_who_may_change_accounts_may_connect_them(client):
    user = UserFactory(is_superuser=False)
    user.user_permissions.set(Permission.objects.filter(codename__in=["access_admin", "change_account"]))
    client.force_login(user)
    assert client.get(url(new("vk"))).status_code == 200


def test_strangers_are_asked_to_sign_in(client):
    assert "/admin/login/" in client.get(url(new("vk")))["Location"]


# X: OAuth 2.0 with a challenge, and OAuth 1.0a


def test_connecting_x(admin, fakenet):
    account = new("x", failures=3, blocked_until=timezone.now())
    page = text(admin.get(url(account)))
    assert "X charges for posting" in page
    assert CALLBACK in admin.get(url(account)).content.decode()
    assert "Connect with OAuth 2.0 (recommended)" in page and "Or connect with OAuth 1.0a" in page
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


# Keys that are pasted


def paste(admin, account, follow=True, **fields):
    data = {"method": "pasted", **{f"pasted-{name}": value for name, value in fields.items()}}
    return admin.post(url(account), data, follow=follow)


def test_connecting_vk(admin, fakenet):
    account = new("vk")
    assert "cannot add pictures" in text(admin.get(url(account)))
    response = paste(admin, account, access_token=f" {VK_KEY} ", group_id="101")
    assert "Connected as" in text(response)
    account.refresh_from_db()
    assert (account.status, account.remote_id, account.auth_method) == ("connected", "101", "pasted")
    assert account.options["group_id"] == "101"
    assert connection_of(account).credentials == {"access_token": VK_KEY}


def test_a_wrong_key_of_vk_is_shown_beside_it_and_never_again(admin, fakenet):
    account = new("vk")
    response = paste(admin, account, access_token="vk1.a.wrong-and-secret", group_id="101")
    assert "VK does not accept this key" in beside(response, "pasted-access_token")
    assert b"wrong-and-secret" not in response.content
    assert 'value="101"' in response.content.decode()
    account.refresh_from_db()
    assert (account.status, account.sealed_credentials, account.options) == ("new", "", {})


def test_a_wrong_community_is_shown_beside_its_number(admin, fakenet):
    response = paste(admin, new("vk"), access_token=VK_KEY, group_id="not-a-number")
    assert "was not found at VK" in beside(response, "pasted-group_id")


def test_a_missing_value_is_asked_for(admin, fakenet):
    response = paste(admin, new("vk"), access_token=VK_KEY, group_id="")
    assert "required" in beside(response, "pasted-group_id")
    assert VK_KEY.encode() not in response.content


def test_vk_being_down_is_no_fault_of_the_key(admin, fakenet):
    order(fakenet, "vk", "connect", "reset_before", times=None)
    order(fakenet, "vk", "read", "reset_before", times=None)
    response = paste(admin, new("vk"), access_token=VK_KEY, group_id="101")
    assert "VK could not be reached. Nothing was changed." in text(response)
    assert beside(response, "pasted-access_token") == ""


def test_another_community_is_another_account(admin, fakenet):
    account = new("vk")
    paste(admin, account, access_token=VK_KEY, group_id="101")
    response = paste(admin, account, access_token="vk1.a.fakenet-102", group_id="102")
    assert "so nothing was changed" in text(response)
    account.refresh_from_db()
    assert (account.remote_id, account.options["group_id"]) == ("101", "101")
    assert connection_of(account).credentials == {"access_token": VK_KEY}


def test_connecting_telegram(admin, fakenet):
    account = new("telegram")
    response = paste(admin, account, bot_token=BOT_TOKEN, channel="@newsroom")
    assert "Connected as @newsroom." in text(response)
    account.refresh_from_db()
    assert connection_of(account).credentials == {"bot_token": BOT_TOKEN}
    assert account.status == "connected"


def test_mistakes_at_telegram_are_shown_where_they_were_made(admin, fakenet):
    account = new("telegram")
    response = paste(admin, account, bot_token="110201543:no-such-token", channel="@newsroom")
    assert "Telegram does not accept this key" in beside(response, "pasted-bot_token")
    assert b"no-such-token" not in response.content
    response = paste(admin, account, bot_token=BOT_TOKEN, channel="-1009999")
    assert "was not found at Telegram" in beside(response, "pasted-channel")
    assert 'value="-1009999"' in response.content.decode()
    assert BOT_TOKEN.encode() not in response.content
    response = paste(admin, account, bot_token=BOT_TOKEN, channel="@readonly_news")
    assert "not allowed to post there" in beside(response, "pasted-channel")


# A person posts


def test_xing_is_ready_when_it_has_a_name(admin, fakenet):
    account = new("xing")
    page = text(admin.get(url(account)))
    assert "XING closed its interface" in page
    assert "Test without posting" not in page
    data = {"method": "none", "none-handle": "Example Company", "none-profile_url": "https://www.xing.com/pages/ours"}
    response = admin.post(url(account), data, follow=True)
    assert "is ready. A person posts for it." in text(response)
    account.refresh_from_db()
    assert (account.status, account.handle, account.profile_url) == (
        "connected",
        "Example Company",
        "https://www.xing.com/pages/ours",
    )
    assert (account.sealed_credentials, account.options) == ("", {})
    data["none-handle"] = "Example Group"
    admin.post(url(account), data)
    account.refresh_from_db()
    assert account.handle == "Example Group"


def test_the_address_of_a_page_at_xing_is_a_web_address(admin):
    data = {"method": "none", "none-handle": "Example Company", "none-profile_url": "javascript:alert(1)"}
    response = admin.post(url(new("xing")), data)
    assert "Enter a valid URL" in beside(response, "none-profile_url")


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


def test_credentials_that_cannot_be_read_do_not_stand_in_the_way(admin, fakenet, settings):
    account = new("vk")
    paste(admin, account, access_token=VK_KEY, group_id="101")
    settings.SECRET_KEY, settings.WAGTAIL_SYNDICATE["KEYS"] = "another", []
    admin.force_login(UserFactory())
    response = admin.post(url(account), {"check": "1"}, follow=True)
    assert "can no longer be read on this server" in text(response)
    assert "Needs reconnecting" in text(admin.get(INDEX))
    assert "Connected as" in text(paste(admin, account, access_token=VK_KEY, group_id="101"))
    settings.SECRET_KEY = "a third one"
    admin.force_login(UserFactory())
    assert "is disconnected" in text(admin.post(url(account, "disconnect"), follow=True))


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


@pytest.mark.parametrize(("network", "key", "field"), [("vk", VK_KEY, "group_id"), ("telegram", BOT_TOKEN, "channel")])
def test_pasted_keys_are_shown_and_logged_nowhere(admin, fakenet, caplog, network, key, field):
    account = new(network)
    name = {"vk": "access_token", "telegram": "bot_token"}[network]
    wrong, right = {"vk": ("102", "101"), "telegram": ("-1009999", "@newsroom")}[network]
    responses = [
        paste(admin, account, **{name: key, field: wrong}),
        paste(admin, account, **{name: key, field: right}),
    ]
    responses += [admin.get(address) for address in (INDEX, url(account), f"{INDEX}edit/{account.pk}/")]
    for response in responses:
        assert key.encode() not in response.content
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]
    assert key not in "".join(record.getMessage() for record in ours)
    assert key not in "".join(str(entry.data) for entry in ModelLogEntry.objects.all())
    account.refresh_from_db()
    assert key not in str(account.options) + account.sealed_credentials


def test_error_reports_of_developers_hide_what_was_pasted(admin, fakenet, monkeypatch, rf):
    from django.views.debug import get_exception_reporter_filter

    from wagtail_syndicate.accounts import connect as connecting

    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(connecting, "_store", broken)
    account = new("vk")
    admin.raise_request_exception = False
    request = paste(admin, account, access_token=VK_KEY, group_id="101").wsgi_request
    assert VK_KEY in request.POST.values()
    shown = get_exception_reporter_filter(request).get_post_parameters(request)
    assert VK_KEY not in str(shown)


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


def test_a_wrong_server_is_told_once(admin):
    data = {"label": "Mastodon", "network": "mastodon", "host": "no-such-server.invalid", "active": "on"}
    response = admin.post("/admin/syndication/accounts/new/", data)
    assert response.status_code == 200
    assert len(response.context["form"].errors["host"]) == 1
    assert not Account.objects.exists()
