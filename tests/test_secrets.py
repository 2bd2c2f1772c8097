"""Tokens appear nowhere: one walk through every network, with everything that is written and shown looked through."""

import io
import json
import logging
import traceback

import pytest
import requests
from django.core import serializers
from django.urls import reverse
from wagtail.models import ModelLogEntry, PageLogEntry

from tests.accounts.fixtures import consent, fakenet, fakenet_server  # noqa: F401 (fixtures)
from tests.factories import NewsPageFactory, UserFactory, picture_of, publish, root_collection
from wagtail_syndicate.accounts import refresh, vault
from wagtail_syndicate.accounts.connection import backend_of
from wagtail_syndicate.delivery import send
from wagtail_syndicate.models import Account, Attempt, Delivery, OAuthApp


pytestmark = pytest.mark.django_db(transaction=True)
BOT_TOKEN = "110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P"
VK_KEY = "vk1.a.fakenet-101"


@pytest.fixture
def logged():
    """Everything that any library logs, down to DEBUG."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    # fakenet is in this process too, and what a network logs is its own business.
    quiet = logging.getLogger("werkzeug")
    quiet.disabled = True
    yield stream
    quiet.disabled = False
    root.removeHandler(handler)
    root.setLevel(level)


def connected(client, label, network, method="", host="", **pasted):
    account = Account.objects.create(label=label, network=network, host=host, collection=root_collection())
    way = next(way for way in account.backend_class.auth if not method or way.name == method)
    address = reverse("wagtail_syndicate:connect", args=[account.pk])
    typed = {f"{way.name}-{name}": value for name, value in {**pasted, "host": host}.items()}
    shown = client.post(address, {"method": way.name, **typed})
    pages = [shown]
    if not pasted:
        assert shown.status_code == 302, shown.content.decode()
        back, _ = consent(shown["Location"], handle=label.lower().replace(" ", ""))
        pages.append(client.get(reverse("wagtail_syndicate:callback"), back))
    account.refresh_from_db()
    assert account.status == Account.Status.CONNECTED, label
    return account, pages


def test_nothing_secret_is_written_or_shown(client, fakenet, logged, monkeypatch):  # noqa: F811
    client.defaults["HTTP_HOST"] = "localhost:8000"  # where WAGTAILADMIN_BASE_URL says that the admin is
    user = UserFactory()
    client.force_login(user)
    seen = []
    accounts = []
    for arguments in (
        {"label": "Mastodon", "network": "mastodon", "host": fakenet.url},
        {"label": "X 2", "network": "x", "method": "oauth2"},
        {"label": "X 1", "network": "x", "method": "oauth1"},
        {"label": "Weibo", "network": "weibo"},
        {"label": "VK", "network": "vk", "access_token": VK_KEY, "group_id": "101"},
        {"label": "Telegram", "network": "telegram", "bot_token": BOT_TOKEN, "channel": "@aquametrica"},
    ):
        account, pages = connected(client, **arguments)
        accounts.append(account)
        seen += [page.content.decode() for page in pages]
    x = Account.objects.get(label="X 2")
    before = vault.unseal(x.sealed_credentials)
    refresh.fresh_backend(x, force=True)
    secrets = {value for account in Account.objects.all() for value in _values(account)} | {
        before["access_token"],
        before["refresh_token"],
    }
    secrets |= {vault.unseal(app.sealed_secret)["client_secret"] for app in OAuthApp.objects.all()}
    secrets |= {"fakenet-x-secret", "fakenet-weibo-secret", "fakenet-x-consumer-secret", BOT_TOKEN, VK_KEY}
    secrets = {secret for secret in secrets if len(secret) > 8 and not secret.startswith("http")}
    assert len(secrets) >= 12

    # Posts that go well, posts that are refused, and networks that break off.
    publish(NewsPageFactory(lead_image=picture_of("A probe")), *accounts)
    send.drain()
    for fault in ({"kind": "error", "status": 400}, {"kind": "reset_after"}):
        for account in Account.objects.all():
            # A server that repeats the keys which it refuses.
            fault = {**fault, "network": account.network, "handle": account.handle, "operation": "publish", "times": 5}
            fault["body"] = {"error": " ".join(_values(account))}
            requests.post(f"{fakenet.url}/_fakenet/faults", json=fault, timeout=10).raise_for_status()
        page = publish(NewsPageFactory(), *accounts)
        send.drain()
        requests.delete(f"{fakenet.url}/_fakenet/faults", timeout=10)
    assert Attempt.objects.exclude(detail="").exists()

    for account in accounts:
        backend = backend_of(account)
        seen += [repr(backend), repr(backend.connection), str(backend.connection), repr(backend.connection.app)]
        seen += [repr(account), str(account)]
        requests.post(f"{fakenet.url}/_fakenet/accounts/{account.network}/{account.handle}/revoke", timeout=10)
        try:
            backend.identify()
        except Exception as error:
            seen += [repr(error), str(error), "".join(traceback.format_exception(error))]

    # What people see, and what is exported
    for address in (
        "/admin/syndication/accounts/",
        *(reverse("wagtail_syndicate:connect", args=[account.pk]) for account in accounts),
        *(f"/admin/syndication/accounts/edit/{account.pk}/" for account in accounts),
        *(f"/admin/syndication/accounts/history/{account.pk}/" for account in accounts),
        reverse("wagtailadmin_pages:edit", args=[page.pk]),
        reverse("wagtailadmin_pages:history", args=[page.pk]),
        reverse("wagtail_syndicate:record", args=[page.pk]),
        "/admin/reports/site-history/",
        "/admin/reports/site-history/?export=csv",
    ):
        answer = client.get(address)
        seen.append(b"".join(answer).decode(errors="replace"))
    seen.append(json.dumps([list(Delivery.objects.values()), list(Attempt.objects.values())], default=str))
    for model in (Account, OAuthApp, Delivery, Attempt, PageLogEntry, ModelLogEntry):
        seen.append(serializers.serialize("json", model.objects.all()))

    # An error page with everything that Django would tell a developer
    monkeypatch.setattr("wagtail_syndicate.admin.connect.ConnectView.get", _breaks)
    client.raise_request_exception = False
    seen.append(client.get(reverse("wagtail_syndicate:connect", args=[accounts[0].pk])).content.decode())
    seen.append(logged.getvalue())

    everything = "\n".join(seen)
    assert "Aquametrica" in everything or "Mastodon" in everything
    for secret in secrets:
        where = everything.find(secret)
        assert where < 0, f"{secret[:6]}… is shown: {everything[max(0, where - 200) : where + 20]!r}"


def _values(account):
    return [str(value) for name, value in vault.unseal(account.sealed_credentials).items() if name[0] != "_"]


def _breaks(self, request, *args, **kwargs):
    backend = backend_of(Account.objects.get(pk=self.kwargs["pk"]))
    backend.connection.credentials["no such thing"]
