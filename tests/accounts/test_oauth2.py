"""Tokens that are asked for in an address, and keys that are more than two."""

import json
import logging
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest
from django.utils import timezone

from tests.accounts.networks import Pages
from tests.factories import AccountFactory, UserFactory
from wagtail_syndicate.accounts import connect, refresh, vault
from wagtail_syndicate.accounts.connection import app_of, connection_of, method_of, missing_keys
from wagtail_syndicate.exceptions import Rejected
from wagtail_syndicate.models import Account


pytestmark = pytest.mark.django_db

CALLBACK = "https://www.example.com/callback/"
SECRET = "s&cr/t+of=the app"
CODE = "c0de/with+signs"


class Server(ThreadingHTTPServer):
    """Answers to every request as it is told, and keeps the requests."""

    status, answer, asked = 200, {}, ()


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.asked += ((self.command, urlsplit(self.path).path, parse_qs(urlsplit(self.path).query), body),)
        said = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


@pytest.fixture
def server(script, settings):
    running = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = True
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["by_address"] |= {
        "HOSTS": {"api": f"http://127.0.0.1:{running.server_port}"},
        "CLIENT_ID": "the-app",
        "CLIENT_SECRET": SECRET,
    }
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def account():
    return AccountFactory(network="by_address", status="new", remote_id="", handle="", auth_method="")


def finish(account):
    user = UserFactory()
    _url, pending = connect.begin(account, method_of(account, "oauth2"), CALLBACK, user)
    return connect.finish(pending, {"state": pending["state"], "code": CODE}, user)


def test_tokens_are_asked_for_in_the_address_and_written_nowhere(server, account, caplog):
    caplog.set_level(logging.DEBUG)
    server.answer = {"access_token": "given/token+1", "expires_in": 3600}
    assert finish(account).status == "connected"
    [(verb, path, asked, body)] = server.asked
    assert (verb, path, body) == ("GET", "/token", "")
    assert {name: value for name, [value] in asked.items()} == {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": CALLBACK,
        "client_id": "the-app",
        "client_secret": SECRET,
    }
    assert "/token" in caplog.text  # the request was logged, so what follows means something
    for secret in (SECRET, CODE, "given/token+1"):
        for written in (secret, quote(secret, safe=""), quote_plus(secret)):
            assert written not in caplog.text


def test_an_address_that_is_refused_is_not_told_in_the_error(server, account):
    server.status, server.answer = 400, {"error": "invalid_grant", "error_description": f"code {CODE} of {SECRET}"}
    with pytest.raises(Rejected) as refused:
        finish(account)
    assert refused.value.reason == "sign_in_failed"
    assert CODE not in str(refused.value) and SECRET not in str(refused.value)
    assert Account.objects.get().status == "new"


def test_access_is_refreshed_in_the_same_way(server):
    account = AccountFactory(
        network="by_address",
        auth_method="oauth2",
        credentials_expire_at=timezone.now() + timedelta(seconds=5),
        sealed_credentials=vault.seal({"access_token": "old", "refresh_token": "again"}),
    )
    server.answer = {"access_token": "new", "expires_in": "60"}
    refresh.fresh_backend(account)
    [(verb, _path, asked, body)] = server.asked
    assert (verb, asked["refresh_token"], body) == ("GET", ["again"], "")
    assert connection_of(account).credentials == {"access_token": "new", "refresh_token": "again"}


def test_every_key_of_the_app_that_is_missing_is_named(pages, settings):
    options = settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"]
    [method] = Pages.auth
    assert missing_keys(Pages, method) == []
    app = app_of(Pages, method)
    assert (app.client_id, app.client_secret) == (options["CLIENT_ID"], options["CLIENT_SECRET"])
    del options["CLIENT_ID"]
    options["CONFIG_ID"] = ""
    assert missing_keys(Pages, method) == [
        'WAGTAIL_SYNDICATE["NETWORKS"]["x"]["CLIENT_ID"]',
        'WAGTAIL_SYNDICATE["NETWORKS"]["x"]["CONFIG_ID"]',
    ]
