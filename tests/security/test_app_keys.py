"""App keys that an admin enters: sealed, never shown again, overruled by settings, changed only by those who may.

The first line of each test names the guard that it protects; without that guard it fails.
"""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import json

import pytest
from bs4 import BeautifulSoup
from cryptography.fernet import Fernet
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse
from wagtail.models import ModelLogEntry

from tests.accounts.fixtures import consent
from tests.admin.accounts import admin, beside, come_back, connect, everything_logged, leave, new, text, url  # noqa: F401
from tests.admin.editing import person
from tests.factories import UserFactory
from wagtail_syndicate.accounts import app_keys, vault
from wagtail_syndicate.accounts.connection import app_of, connection_of
from wagtail_syndicate.backends.mastodon import Backend as Mastodon
from wagtail_syndicate.backends.ok import Backend as Ok
from wagtail_syndicate.backends.x import Backend as X
from wagtail_syndicate.exceptions import CredentialsLost
from wagtail_syndicate.models import OAuthApp


pytestmark = pytest.mark.django_db

INDEX = "/admin/syndication/app-keys/"
SECRET = "fakenet-x-secret"
KEYS = {"CLIENT_ID": "fakenet-x-client", "CLIENT_SECRET": SECRET}


@pytest.fixture
def keyless(fakenet, settings):
    """A site whose settings hold no keys of X."""
    options = settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"]
    for name in ("CLIENT_ID", "CLIENT_SECRET", "CONSUMER_KEY", "CONSUMER_SECRET"):
        del options[name]
    return fakenet


def place(network="x", method="oauth2", name="app_keys_edit"):
    return reverse(f"wagtail_syndicate:{name}", args=[network, method])


def enter(admin, **keys):
    return admin.post(place(), {**KEYS, **keys}, follow=True)


def value_of(response, name):
    return BeautifulSoup(response.content, "html.parser").find(attrs={"name": name}).get("value")


def test_keys_that_were_entered_connect_an_account(admin, keyless):
    """accounts.connection.app_of: what an admin enters is used for consent, tokens and posts."""
    account = new("x")
    page = admin.get(url(account))
    assert "The keys of the app are missing." in text(page) and place() in page.content.decode()
    assert "Missing" in text(admin.get(INDEX))
    assert "are stored" in text(enter(admin))
    assert "Entered here" in text(admin.get(INDEX))
    assert "Connected as @newsroom." in text(connect(admin, account))
    assert connection_of(account).app.client_secret == SECRET


def test_guard_of_secrets_at_rest(admin, keyless):
    """app_keys.store seals the secret; the row and its log entry hold none."""
    enter(admin)
    row = OAuthApp.objects.get()
    assert SECRET not in json.dumps([str(value) for value in vars(row).values()])
    assert vault.unseal(row.sealed_secret) == {"CLIENT_SECRET": SECRET}
    [entry] = ModelLogEntry.objects.filter(action="wagtail_syndicate.app_keys")
    assert entry.user.username == "admin"
    assert entry.data == {"network": "x", "method": "oauth2", "server": "", "client_id": "fakenet-x-client"}


def test_guard_of_write_only_secrets(admin, keyless, everything_logged):
    """KeysForm: a secret is in no page and no log, neither stored nor just typed in with a mistake beside it."""
    pages = [enter(admin), admin.get(place()), admin.get(INDEX), admin.get("/admin/reports/site-history/")]
    pages.append(enter(admin, CLIENT_ID="with space"))
    assert "holds no spaces" in beside(pages[-1], "CLIENT_ID")
    assert "Changed the app keys" in text(pages[3])
    for page in pages:
        assert page.status_code == 200
        assert SECRET not in page.content.decode()
    assert not value_of(admin.get(place()), "CLIENT_SECRET")
    assert value_of(admin.get(place()), "CLIENT_ID") == "fakenet-x-client"
    assert SECRET not in everything_logged.text


def test_guard_of_stored_secrets(admin, keyless):
    """app_keys.store keeps a secret that is left empty, and KeysForm never gives it to another app."""
    enter(admin)
    enter(admin, CLIENT_SECRET="")
    assert vault.unseal(OAuthApp.objects.get().sealed_secret) == {"CLIENT_SECRET": SECRET}
    response = enter(admin, CLIENT_ID="another", CLIENT_SECRET="")
    assert "This is another app. Enter its secret too." in beside(response, "CLIENT_SECRET")
    assert OAuthApp.objects.get().client_id == "fakenet-x-client"


def test_guard_of_settings_that_win(admin, fakenet, settings):
    """app_keys.find asks the settings first, never mixes them with what was entered, and the screen says so."""
    options = settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"]
    method = X.auth[0]
    app_keys.store(X, method, "", {"CLIENT_ID": "entered", "CLIENT_SECRET": "entered-secret"}, UserFactory())
    assert app_of(X, method).client_id == "fakenet-x-client"
    page = text(admin.get(place()))
    assert "Settings win" in page and "they are not used" in page
    assert 'WAGTAIL_SYNDICATE["NETWORKS"]["x"]["CLIENT_SECRET"]' in page
    assert "so nothing was changed" in text(enter(admin))
    assert OAuthApp.objects.get().client_id == "entered"
    del options["CLIENT_SECRET"]
    found = app_keys.find(X, method)
    assert (found.source, found.missing, found.app.client_secret) == ("settings", ("CLIENT_SECRET",), "")
    del options["CLIENT_ID"]
    assert app_of(X, method).client_secret == "entered-secret"


@pytest.mark.parametrize("name", ["app_keys", "app_keys_edit", "app_keys_delete"])
@pytest.mark.parametrize("verb", ["get", "post"])
def test_guard_of_the_permission(client, keyless, name, verb):
    """KeysPage.dispatch: who manages accounts does not by that change the apps they speak through."""
    user = person("change_account", "add_account", username="manager")
    client.force_login(user)
    address = reverse(f"wagtail_syndicate:{name}", args=[] if name == "app_keys" else ["x", "oauth2"])
    response = getattr(client, verb)(address, KEYS, follow=True)
    assert "do not have permission" in text(response)
    assert not OAuthApp.objects.exists()
    page = client.get(url(new("x")))
    assert "Somebody who may change app keys enters them" in text(page)
    assert place() not in page.content.decode() and INDEX not in page.content.decode()
    user.user_permissions.add(Permission.objects.get(codename="change_oauthapp"))
    assert client.get(reverse("wagtail_syndicate:app_keys")).status_code == 200
    assert place() in client.get(url(new("x"))).content.decode()


def test_guard_of_an_app_that_changes_meanwhile(admin, keyless):
    """connect._stranger compares the app that asked with the one that would redeem the code."""
    enter(admin)
    account = new("x")
    params, _address = consent(leave(admin, account))
    enter(admin, CLIENT_ID="another-app", CLIENT_SECRET="another-secret")
    assert "were changed in the meantime" in text(come_back(admin, params))
    account.refresh_from_db()
    assert (account.status, account.sealed_credentials) == ("new", "")


def test_deleting_is_asked_about_and_logged(admin, keyless):
    """app_keys.forget"""
    enter(admin)
    address = place(name="app_keys_delete")
    assert "Yes, delete the keys" in text(admin.get(address))
    assert OAuthApp.objects.exists()
    admin.post(address)
    assert not OAuthApp.objects.exists()
    assert ModelLogEntry.objects.filter(action="wagtail_syndicate.app_keys_delete").count() == 1


def test_guard_of_rotation(keyless, settings, capsys):
    """syndicate_rotate_keys reseals what was entered, and does not throw away what it cannot open."""
    old, fresh = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    ours = settings.WAGTAIL_SYNDICATE
    settings.WAGTAIL_SYNDICATE = {**ours, "KEYS": [old]}
    app_keys.store(X, X.auth[0], "", KEYS, UserFactory())
    settings.WAGTAIL_SYNDICATE = {**ours, "KEYS": [fresh, old]}
    call_command("syndicate_rotate_keys")
    settings.WAGTAIL_SYNDICATE = {**ours, "KEYS": [fresh]}
    assert app_of(X, X.auth[0]).client_secret == SECRET
    settings.WAGTAIL_SYNDICATE = {**ours, "KEYS": [old]}
    call_command("syndicate_rotate_keys")
    assert "must enter it again" in capsys.readouterr().err
    assert OAuthApp.objects.get().client_id == "fakenet-x-client"


def test_guard_of_a_lost_key(admin, keyless, settings):
    """app_keys.find: a secret that cannot be read is said to be, and asked for again; no page breaks."""
    enter(admin)
    account = new("x")
    connect(admin, account)
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "KEYS": []}
    settings.SECRET_KEY = "another-key-of-the-site"
    admin.force_login(UserFactory(username="later"))
    with pytest.raises(CredentialsLost):
        app_of(X, X.auth[0])
    assert "Secret cannot be read" in text(admin.get(INDEX))
    assert "cannot be read with this site's keys" in text(admin.get(place()))
    assert "The keys of the app are missing." in text(admin.get(url(account)))
    assert "field is required" in beside(enter(admin, CLIENT_SECRET=""), "CLIENT_SECRET")
    enter(admin)
    assert app_of(X, X.auth[0]).client_secret == SECRET


def test_further_keys_go_with_the_app(admin, fakenet, settings):
    """AppKeys.more: OK's third key may come from the screen as well, and then signs the calls."""
    options = settings.WAGTAIL_SYNDICATE["NETWORKS"]["ok"]
    keys = {name: options.pop(name) for name in ("CLIENT_ID", "CLIENT_SECRET", "APPLICATION_KEY")}
    page = admin.get(place("ok"))
    assert "Application public key" in text(page)
    admin.post(place("ok"), {**keys, "APPLICATION_KEY": ""})
    assert not OAuthApp.objects.exists()
    admin.post(place("ok"), keys)
    assert app_of(Ok, Ok.auth[0]).more == {"APPLICATION_KEY": keys["APPLICATION_KEY"]}
    account = new("ok")
    assert "Which of these should this account post as?" in text(connect(admin, account, handle="editor_ru"))


# An app on a server of its own


def registered_by_hand(fakenet):
    app = {"client_id": "by-hand", "client_secret": "secret-by-hand", "name": "Ours", "redirect_uris": []}
    app["redirect_uris"] = ["http://localhost:8000/admin/syndication/connect/callback/"]
    app["scopes"] = ["read", "write"]
    fakenet.state.apps["by-hand"] = app
    return {"CLIENT_ID": "by-hand", "CLIENT_SECRET": "secret-by-hand"}


@pytest.mark.parametrize("source", ["settings", "admin"])
def test_an_app_of_a_server_may_be_given_instead_of_registered(admin, fakenet, settings, source):
    """registration.app_of_server and connection._app_of_server: keys for one server, from settings or the screen."""
    keys = registered_by_hand(fakenet)
    if source == "settings":
        settings.WAGTAIL_SYNDICATE["NETWORKS"]["mastodon"]["APPS"] = {fakenet.url: keys}
    else:
        new("mastodon", host=fakenet.url)
        assert "Registers itself" in text(admin.get(INDEX))
        response = admin.post(f"{place('mastodon')}?host={fakenet.url}", keys, follow=True)
        assert "are stored" in text(response)
    account = new("mastodon", host=fakenet.url)
    connect(admin, account, **{"oauth2-host": fakenet.url})
    assert account.status == "connected"
    app = connection_of(account).app
    assert (app.client_id, app.client_secret) == ("by-hand", "secret-by-hand")
    assert OAuthApp.objects.exclude(callback_url="").count() == 0  # nothing registered itself
    assert app_keys.find(Mastodon, Mastodon.auth[0], "https://elsewhere.example").source == ""


def test_guard_of_what_a_person_entered(admin, fakenet):
    """registration.forget: a server that refuses the app does not make us throw away what a person entered."""
    admin.post(f"{place('mastodon')}?host={fakenet.url}", {**registered_by_hand(fakenet), "CLIENT_SECRET": "wrong"})
    account = new("mastodon", host=fakenet.url)
    params, _address = consent(leave(admin, account, **{"oauth2-host": fakenet.url}))
    assert "check the app" in text(come_back(admin, params))
    assert OAuthApp.objects.get().client_id == "by-hand"


def test_guard_of_the_server_that_keys_are_for(admin, fakenet, settings):
    """AppKeysEdit.is_good: keys are stored for public servers only."""
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = False
    keys = {"CLIENT_ID": "a", "CLIENT_SECRET": "b"}
    response = admin.post(f"{place('mastodon')}?host=https://127.0.0.1", keys)
    assert "in a private network" in text(response)
    assert not OAuthApp.objects.exists()
    for address in (place("mastodon"), f"{place()}?host=https://127.0.0.1", place("vk", "pasted"), place("x", "none")):
        assert admin.get(address, follow=True).status_code == 404
