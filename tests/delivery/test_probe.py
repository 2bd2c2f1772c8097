"""What a reader would meet at the page's public address."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from wagtail_syndicate.backends import http
from wagtail_syndicate.delivery import probe


CARD = '<meta property="og:title" content="Sensors"><meta name="og:image" content="/river.jpg">'


@pytest.fixture
def reader():
    """A web server: ``pages`` maps a path to (status, headers, body); ``requests`` holds what was asked."""
    pages, requests = {}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append((self.path, dict(self.headers)))
            status, headers, body = pages.get(self.path, (404, {}, "nothing here"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.pages, server.requests = pages, requests
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def switched_on(settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "PROBE": True}


def test_a_page_that_is_fit(reader):
    reader.pages["/news/"] = (200, {"Set-Cookie": "a=b"}, f"<head>{CARD}</head>")
    assert probe.look(f"{reader.url}/news/") == probe.Seen()


def test_it_comes_without_cookies_and_credentials(reader):
    reader.pages["/news/"] = (200, {"Set-Cookie": "a=b"}, "")
    probe.look(f"{reader.url}/news/?1")
    probe.look(f"{reader.url}/news/?2")
    for _path, headers in reader.requests:
        assert not {"Cookie", "Authorization"} & set(headers)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 503])
def test_a_page_that_does_not_answer_200(reader, status):
    reader.pages["/news/"] = (status, {}, CARD)
    seen = probe.look(f"{reader.url}/news/")
    assert seen.reason == "probe_status"
    assert str(status) in seen.detail


@pytest.mark.parametrize(
    "page",
    [
        (200, {"X-Robots-Tag": "noindex, nofollow"}, CARD),
        (200, {}, f'{CARD}<META NAME="Robots" CONTENT="NOINDEX">'),
    ],
)
def test_a_page_that_search_engines_must_not_show(reader, page):
    reader.pages["/news/"] = page
    assert probe.look(f"{reader.url}/news/").reason == "probe_noindex"


def test_a_page_behind_a_login(reader):
    reader.pages["/news/"] = (302, {"Location": "/login/?next=/news/"}, "")
    reader.pages["/login/?next=/news/"] = (200, {}, CARD)
    seen = probe.look(f"{reader.url}/news/")
    assert seen.reason == "probe_elsewhere"
    assert "/login/" in seen.detail


def test_another_spelling_of_the_same_address(reader):
    reader.pages["/news"] = (301, {"Location": "/news/"}, "")
    reader.pages["/news/"] = (200, {}, CARD)
    assert probe.look(f"{reader.url}/news") == probe.Seen()


@pytest.mark.parametrize("target", ["/round/", "file:///etc/passwd"])
def test_redirects_that_lead_nowhere(reader, target):
    reader.pages["/round/"] = (302, {"Location": target}, "")
    assert probe.look(f"{reader.url}/round/").reason == "probe_elsewhere"
    assert len(reader.requests) <= probe.REDIRECTS + 1


@pytest.mark.parametrize("body, missing", [("<title>x</title>", "og:title, og:image"), (CARD[:45], "og:image")])
def test_a_bare_link_card_is_worth_a_notice(reader, body, missing):
    reader.pages["/news/"] = (200, {}, body)
    assert probe.look(f"{reader.url}/news/") == probe.Seen(notice="card_incomplete", detail=missing)


def test_a_server_that_is_away():
    assert probe.look("http://127.0.0.1:1/news/").reason == "probe_unreachable"


@pytest.mark.parametrize("address", ["", "news/", "http://", "gopher://example.org/"])
def test_what_is_no_web_address(address):
    assert probe.look(address).reason == "probe_unreachable"


def test_no_more_than_the_head_of_a_page_is_read(reader):
    reader.pages["/long/"] = (200, {}, f"<head>{CARD}</head>" + "x" * 3 * http.MAX_BYTES)
    assert probe.look(f"{reader.url}/long/") == probe.Seen()


def test_a_page_that_never_ends_is_given_up(monkeypatch):
    """It drips, so that no time limit of the socket holds."""
    monkeypatch.setattr(http, "DEADLINE", 1.0)
    with _endless() as url:
        assert probe.look(url).reason in ("probe_unreachable", "probe_status")


@contextmanager
def _endless():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                self.wfile.write(b"HTTP/1.0 ")
                while True:
                    self.wfile.write(b"2")
                    time.sleep(0.1)
            except OSError:
                pass

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_redirect_to_another_machine_may_not_lead_into_a_private_network(reader, settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ALLOW_LOCAL_HOSTS": False}
    reader.pages["/news/"] = (302, {"Location": reader.url.replace("127.0.0.1", "localhost") + "/inner/"}, "")
    reader.pages["/inner/"] = (200, {}, CARD)
    seen = probe.look(f"{reader.url}/news/")
    assert seen.reason == "probe_unreachable"
    assert [path for path, _headers in reader.requests] == ["/news/"]


def test_a_page_that_is_fit_is_fetched_once_for_all_accounts(reader):
    reader.pages["/news/"] = (200, {}, CARD)
    for _account in range(3):
        probe.look(f"{reader.url}/news/")
    assert len(reader.requests) == 1


def test_a_page_that_is_not_fit_is_fetched_again(reader):
    probe.look(f"{reader.url}/news/")
    reader.pages["/news/"] = (200, {}, CARD)
    assert probe.look(f"{reader.url}/news/") == probe.Seen()


def test_it_is_off_by_default(reader, settings):
    settings.WAGTAIL_SYNDICATE = {}
    assert probe.look(f"{reader.url}/news/") == probe.Seen()
    assert reader.requests == []
