"""The pages for people, and the cards a crawler fills."""

import http.server
import threading
import time

import pytest
import requests
from bs4 import BeautifulSoup

from sandbox.fakenet import serve_in_thread

from .conftest import make_picture


OPEN_GRAPH = b"""<title>T</title><meta property="og:title" content="Our article">
<meta property="og:image" content="/og.png">"""
HEADERS = {"Authorization": "Bearer fakenet-mastodon-newsroom"}


def page(fakenet, path):
    response = fakenet.get(path)
    assert response.status_code == 200
    soup = BeautifulSoup(response.text, "html.parser")
    assert "not the real network" in soup.select_one(".stand-in").get_text()
    assert soup.html["lang"] == "en"
    return soup


def test_index_lists_accounts_and_timelines_show_newest_first(fakenet, picture):
    media = fakenet.post(
        "/api/v2/media", files={"file": picture}, data={"description": "A <square>"}, headers=HEADERS
    ).json()
    fakenet.post(
        "/api/v1/statuses",
        data={"status": "Eins\nzwei <b>", "language": "de", "media_ids[]": media["id"]},
        headers=HEADERS,
    )
    fakenet.post("/api/v1/statuses", json={"status": "See https://example.org/b"}, headers=HEADERS)
    assert page(fakenet, "/").select_one('a[href="/timeline/mastodon/newsroom"]').find_next("span").text == "2 posts"
    second, first = page(fakenet, "/timeline/mastodon/newsroom").select("article")
    assert second.select_one(".text a")["href"] == second.select_one("a.card")["href"] == "https://example.org/b"
    text = first.select_one(".text")
    assert text.get_text() == "Eins\nzwei <b>" and text["lang"] == "de"
    image = first.select_one("figure img")
    assert image["alt"] == "A <square>" and "A <square>" in first.select_one("figcaption").text
    assert fakenet.get(image["src"]).headers["Content-Type"] == "image/png"
    assert first.select_one("time")["datetime"] and not first.select_one("a.card")


def test_entities_of_telegram_are_shown(fakenet):
    text = '<b>Titel 😀</b> &amp; <a href="https://example.org/c">mehr</a>.'
    token = "110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P"
    fakenet.post(
        f"/telegram/api/bot{token}/sendMessage", json={"chat_id": "@newsroom", "text": text, "parse_mode": "HTML"}
    )
    shown = page(fakenet, "/timeline/telegram/newsroom").select_one(".text")
    assert shown.get_text() == "Titel 😀 & mehr."
    assert shown.strong.text == "Titel 😀" and shown.a["href"] == "https://example.org/c"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/@newsroom", "/timeline/mastodon/newsroom"),
        ("/x/web/newsroom", "/timeline/x/newsroom"),
        ("/vk/web/club101", "/timeline/vk/101"),
        ("/telegram/web/newsroom", "/timeline/telegram/newsroom"),
    ],
)
def test_profile_addresses(fakenet, path, target):
    assert fakenet.get(path).headers["Location"] == target
    page(fakenet, target)


def test_keys_that_can_be_pasted(fakenet):
    keys = [tag.get_text() for tag in page(fakenet, "/keys").select(".key")]
    assert {"vk1.a.fakenet-101", "fakenet-x-client", "3141592653", fakenet.url} <= set(keys)


def test_unknown_posts_and_networks(fakenet):
    for path in ("/@newsroom/1", "/weibo/web/1/yCirT0Iox", "/timeline/nowhere/a", "/media/x/1"):
        assert fakenet.get(path).status_code == 404


@pytest.fixture
def site():
    """A page with Open Graph tags and its picture, on loopback."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body, kind = (make_picture(), "image/png") if self.path == "/og.png" else (OPEN_GRAPH, "text/html")
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/article"
    server.shutdown()
    server.server_close()


def test_card_is_read_from_the_page(site):
    with serve_in_thread(crawl_links=True) as server:
        created = requests.post(
            server.url + "/api/v1/statuses", json={"status": f"Read {site}"}, headers=HEADERS, timeout=5
        ).json()
        assert created["card"] is None
        for _ in range(100):
            card = requests.get(f"{server.url}/api/v1/statuses/{created['id']}", timeout=5).json()["card"]
            if card["image"]:
                break
            time.sleep(0.05)
        assert card["title"] == "Our article"
        assert requests.get(card["image"], timeout=5).headers["Content-Type"] == "image/png"
