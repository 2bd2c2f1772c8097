"""Consent at networks: the answer is the right network's, taken by the right person, once, and for all that is needed.

The first line of each test names the guard that it protects; without that guard it fails.
"""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import base64
import hashlib
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client
from wagtail.models import GroupCollectionPermission

from tests.accounts.fixtures import consent, order
from tests.admin.accounts import (  # noqa: F401 (fixtures)
    CALLBACK,
    admin,
    come_back,
    connect,
    everything_logged,
    leave,
    new,
    text,
    url,
)
from tests.admin.editing import person
from tests.factories import UserFactory
from wagtail_syndicate.accounts import oauth2, settle
from wagtail_syndicate.accounts.connection import connection_of
from wagtail_syndicate.accounts.problems import ConnectRefused
from wagtail_syndicate.accounts.scopes import missing_scopes
from wagtail_syndicate.admin.connect import SESSION
from wagtail_syndicate.backends import registry
from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.facebook import Backend as Facebook
from wagtail_syndicate.backends.linkedin import Backend as LinkedIn
from wagtail_syndicate.backends.mastodon import Backend as Mastodon
from wagtail_syndicate.backends.x import Backend as X
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Connection, Grant, Identity


pytestmark = pytest.mark.django_db

# What each network's documents say: whether it takes a code challenge, and the permissions that posting needs.
DOORS = {
    ("facebook", "oauth2"): (False, "pages_show_list pages_read_engagement pages_manage_posts business_management"),
    ("linkedin", "member"): (False, "openid profile w_member_social"),
    ("linkedin", "organisation"): (False, "w_organization_social r_organization_social rw_organization_admin"),
    ("mastodon", "oauth2"): (True, "write:statuses write:media read:statuses read:accounts"),
    ("ok", "oauth2"): (False, "VALUABLE_ACCESS LONG_ACCESS_TOKEN GROUP_CONTENT PHOTO_CONTENT"),
    ("threads", "oauth2"): (False, "threads_basic threads_content_publish threads_delete"),
    ("weibo", "oauth2"): (False, ""),
    ("x", "oauth2"): (True, "tweet.read tweet.write users.read media.write offline.access"),
}


def unchanged(account):
    account.refresh_from_db()
    return (account.status, account.sealed_credentials, account.remote_id) == ("new", "", "")


def query(address):
    return parse_qs(urlsplit(address).query)


@pytest.fixture
def account():
    return new("x")


# Who may answer, and how often


def test_guard_of_single_use(admin, fakenet, account):
    """admin.connect.take: an answer is taken out of the session, so that it counts once."""
    params, _address = consent(leave(admin, account))
    assert "Connected as" in text(come_back(admin, params))
    Account.objects.update(status="new", sealed_credentials="", remote_id="")
    assert "used already" in text(come_back(admin, params))
    assert unchanged(account)


def test_guard_of_the_session(admin, fakenet, account):
    """CallbackView: an answer counts only in the session that asked, though it is the same person."""
    params, _address = consent(leave(admin, account))
    other = Client()
    other.force_login(UserFactory._meta.model.objects.get(username="admin"))
    assert "does not belong to a sign-in that you started in this browser" in text(come_back(other, params))
    assert unchanged(account)


def test_guard_of_the_user(admin, fakenet, account):
    """settle.recall: only the one who began may finish, whatever session the memory of it got into."""
    params, _address = consent(leave(admin, account))
    other = Client()
    other.force_login(UserFactory(username="other"))
    session = other.session
    session[SESSION] = admin.session[SESSION]
    session.save()
    assert "Start again" in text(come_back(other, params))
    assert unchanged(account)


def test_guard_of_the_permission_at_the_callback(client, fakenet, account):
    """CallbackView.get, its first line: who may manage no account any more is told nothing of sign-ins.

    Of an account the next guard would be enough.
    """
    user = person("change_account", username="leaving")
    client.force_login(user)
    params, _address = consent(leave(client, account))
    GroupCollectionPermission.objects.filter(group__user=user, permission__codename="change_account").delete()
    for answer in ({**params, "state": "unheard of"}, params):
        read = text(come_back(client, answer))
        assert "do not have permission" in read and "does not belong to a sign-in" not in read
    assert unchanged(account)


def test_guard_of_the_permission_for_the_account_at_the_callback(client, fakenet, account):
    """CallbackView.get, before connect.finish: who still manages others, but not this one, does not finish."""
    user = person("change_account", username="moving")
    client.force_login(user)
    params, _address = consent(leave(client, account))
    elsewhere = account.collection.add_child(name="Elsewhere")
    GroupCollectionPermission.objects.filter(group__user=user, permission__codename="change_account").update(
        collection=elsewhere
    )
    assert "do not have permission" in text(come_back(client, params))
    assert unchanged(account)


def test_guard_of_expiry(admin, fakenet, account, monkeypatch):
    """settle.recall: ten minutes."""
    params, _address = consent(leave(admin, account))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 601)
    assert "Too much time has passed" in text(come_back(admin, params))
    assert unchanged(account)


def test_guard_of_the_state(admin, fakenet, account):
    """connect._check_answer: the answer carries the state of this very question, also of an account with two."""
    address = leave(admin, account)
    state = query(address)["state"][0]
    assert len(state) >= 43  # 256 bits
    assert query(leave(admin, account))["state"][0] != state
    params, _address = consent(address)
    session = admin.session
    session[SESSION] = {"forged": session[SESSION][state]}
    session.save()
    assert "does not belong to the sign-in" in text(come_back(admin, {**params, "state": "forged"}))
    assert unchanged(account)


# Which network answers


@pytest.mark.parametrize("issuer", ["https://evil.example", "{fakenet}.evil.example", "http://[::", ""])
def test_guard_of_the_issuer(admin, fakenet, account, issuer):
    """oauth2.is_issuer (RFC 9207): an answer that another server gave is not taken to this one."""
    params, _address = consent(leave(admin, account))
    said = issuer.replace("{fakenet}", fakenet.url)
    response = come_back(admin, {**params, "iss": said} if said else params)
    if said:
        assert "was not given by X" in text(response)
        assert unchanged(account)
    else:
        assert "Connected as" in text(response)


def test_guard_of_the_issuer_of_an_error(admin, fakenet, account):
    """connect._check_answer: a refusal is believed of the right network only."""
    params, _address = consent(leave(admin, account), "deny")
    assert "was not given by X" in text(come_back(admin, {**params, "iss": "https://evil.example"}))


def test_guard_of_an_issuer_that_is_always_sent(fakenet):
    """OAuth2.issuer: where a network is known to name itself, an answer without a name is refused too."""
    backend = X(Connection())
    door = replace(X.auth[0], issuer="https://x.example/issuer")
    assert oauth2.is_issuer(backend, door, "https://x.example/issuer")
    assert not oauth2.is_issuer(backend, door, "") and not oauth2.is_issuer(backend, door, "https://x.example")
    assert oauth2.is_issuer(backend, X.auth[0], fakenet.url) and oauth2.is_issuer(backend, X.auth[0], "")


def test_guard_of_the_confirmed_callback(admin, fakenet, account):
    """oauth1.begin: without its confirmation (RFC 5849) the answer might go somewhere else."""
    said = "oauth_token=a&oauth_token_secret=b"
    order(fakenet, "x", "connect", "error", status=200, body=said)
    response = admin.post(url(account), {"method": "oauth1"})
    assert response.status_code == 200 and "The account was not connected" in text(response)


def test_guard_of_encrypted_endpoints(settings):
    """oauth2.endpoint: neither people nor keys are sent to an address in the open."""
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"x": {"HOSTS": {"web": "http://x.example", "api": "http://x.example"}}}}
    with pytest.raises(ConfigurationError, match="does not begin with https"):
        oauth2.begin(X(Connection()), X.auth[0], CALLBACK)


# What is asked


def test_doors_ask_what_networks_take_and_need():
    """The declarations of the backends: a challenge wherever the network takes one, and no more rights than needed."""
    found = {
        (name, door.name): (door.pkce, " ".join(door.scopes))
        for name in registry.built_in()
        for door in registry.get(name).auth
        if isinstance(door, OAuth2)
    }
    assert found == DOORS


@pytest.mark.parametrize("network", ["x", "mastodon"])
def test_guard_of_the_challenge(admin, fakenet, network):
    """oauth2.begin and finish (RFC 7636): S256, a new verifier each time, which only the token's request shows."""
    more = {"oauth2-host": fakenet.url} if network == "mastodon" else {}
    account = new(network, host=fakenet.url if more else "")
    addresses = [leave(admin, account, **more) for _time in range(2)]
    asked = [query(address) for address in addresses]
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["code_challenge"] != asked[1]["code_challenge"]
    assert "code_verifier" not in asked[0]
    params, _address = consent(addresses[1])
    [code] = [code for code in fakenet.state.codes.values() if code.value == params["code"]]
    assert code.challenge == asked[1]["code_challenge"][0]
    fakenet.state.codes[network, code.value].challenge = (
        base64.urlsafe_b64encode(hashlib.sha256(b"somebody else's verifier").digest()).rstrip(b"=").decode()
    )
    assert "refused the sign-in" in text(come_back(admin, params))
    assert unchanged(account)
    assert "Connected as" in text(connect(admin, account, **more))


def test_guard_of_the_exact_redirect_address(admin, fakenet, account):
    """oauth2.begin and finish: one address, the same to the letter, and it is the one that the page shows."""
    fakenet.state.settings["redirect_uris"] = [CALLBACK]
    page = admin.get(url(account)).content.decode()
    assert f'value="{CALLBACK}"' in page and 'data-action="w-clipboard#copy"' in page
    address = leave(admin, account)
    assert query(address)["redirect_uri"] == [CALLBACK]
    assert requests.get(address.replace("callback%2F", "callback"), timeout=10).status_code == 400
    params, came_to = consent(address)
    assert came_to == CALLBACK
    assert "Connected as" in text(come_back(admin, params))


# What was granted


@pytest.mark.parametrize(
    ("network", "method", "scope", "missing"),
    [
        ("x", "oauth2", "tweet.read users.read offline.access", "tweet.write, media.write"),
        ("linkedin", "member", "openid,profile", "w_member_social"),
        ("x", "oauth2", ["tweet.read"], "tweet.write, users.read, media.write, offline.access"),
    ],
)
def test_guard_of_granted_scopes(admin, fakenet, network, method, scope, missing):
    """scopes.check: access that is not good for posting is refused, what is missing is named, nothing is stored."""
    account = new(network)
    params, _address = consent(leave(admin, account, method))
    body = {"access_token": "less", "token_type": "bearer", "expires_in": 7200, "scope": scope}
    order(fakenet, network, "token", "error", status=200, body=body)
    response = text(come_back(admin, params))
    assert f"Missing: {missing}." in response and "nothing was changed" in response
    assert unchanged(account)


@pytest.mark.parametrize(
    ("declined", "missing"), [("pages_manage_posts", "pages_manage_posts"), ("business_management", "")]
)
def test_guard_of_scopes_that_are_asked_for(admin, fakenet, declined, missing):
    """scopes.check: where the answer with the token says nothing, the network is asked; and ``optional_scopes``."""
    account = new("facebook")
    address = leave(admin, account)
    decision = {"decision": "allow", "handle": "newsroom", "declined": declined}
    answer = requests.post(address, data=decision, timeout=10, allow_redirects=False)
    params = {name: values[0] for name, values in query(answer.headers["Location"]).items()}
    response = text(come_back(admin, params))
    if missing:
        assert f"Missing: {missing}." in response
        assert unchanged(account)
    else:
        assert "Which of these should this account post as?" in response


@pytest.mark.parametrize("status", ["declined", "expired"])
def test_guard_of_scopes_that_are_listed_but_not_granted(admin, fakenet, status):
    """Facebook's granted_scopes reads the status: its list also holds what was declined."""
    account = new("facebook")
    params, _address = consent(leave(admin, account))
    listed = [{"permission": scope, "status": "granted"} for scope in Facebook.auth[0].scopes]
    listed[-2]["status"] = status
    order(fakenet, "facebook", "connect", "error", status=200, body={"data": listed})
    assert f"Missing: {listed[-2]['permission']}." in text(come_back(admin, params))
    assert unchanged(account)


def test_scopes_that_include_others():
    """scopes.missing_scopes: Mastodon's "write" gives "write:statuses"; LinkedIn's commas are read."""
    [door] = Mastodon.auth
    assert missing_scopes(door, {"read", "write"}) == []
    assert missing_scopes(door, {"read", "write:statuses"}) == ["write:media"]
    assert missing_scopes(LinkedIn.auth[0], oauth2.scopes_in("openid, profile,w_member_social")) == []
    assert oauth2.scopes_in(None) is None and oauth2.scopes_in("") is None and oauth2.scopes_in(7) is None


# Whose access it is


@pytest.mark.parametrize("method", ["oauth2", "oauth1"])
def test_guard_of_the_same_account(admin, fakenet, account, method):
    """settle.settle: connecting again takes the same remote account only; anything else changes nothing.

    settle.store asks once more, with the row locked, and would be enough here; the next test is about that line.
    """
    connect(admin, account, method)
    before = Account.objects.filter(pk=account.pk).values().get()
    assert "is @newsroom, but the access given is for @rival, so nothing was changed" in text(
        connect(admin, account, method, handle="rival")
    )
    assert Account.objects.filter(pk=account.pk).values().get() == before
    connect(admin, account, method)
    assert connection_of(account).handle == "@newsroom"


def test_guard_of_the_same_account_in_between(admin, fakenet, account):
    """settle.store: an account that became somebody after settle.settle had looked stays that."""
    before_that = Account.objects.get(pk=account.pk)
    connect(admin, account)
    before = Account.objects.filter(pk=account.pk).values().get()
    with pytest.raises(ConnectRefused, match="is @newsroom, but the access given is for @rival"):
        rival = Identity("9", "@rival")
        settle.store(before_that, X.auth[0], {}, Grant({"access_token": "a"}), rival, UserFactory())
    assert Account.objects.filter(pk=account.pk).values().get() == before
