"""Link cards: what a network's crawler would make of the page behind a link.

Only loopback addresses are ever fetched; for any other link the card shows the address alone.
"""

import threading
import urllib.error
import urllib.request
from html.parser import HTMLParser
from urllib.parse import urljoin

from .pictures import NotAPicture, path_of, store
from .state import Post, State, host_of


LOOPBACK = {"localhost", "127.0.0.1", "::1"}
MAX_BYTES = 5_000_000
TIMEOUT_SECONDS = 5


class _LoopbackOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if host_of(newurl) not in LOOPBACK:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _OpenGraph(HTMLParser):
    """Collects og: properties, the description and the title of a page."""

    def __init__(self):
        super().__init__()
        self.found = {}
        self._in_title = False

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        name = attributes.get("property") or attributes.get("name")
        if tag == "meta" and name in {"og:title", "og:description", "og:image", "og:site_name", "description"}:
            self.found.setdefault(name, attributes.get("content") or "")
        self._in_title = tag == "title"

    def handle_data(self, data):
        if self._in_title:
            self.found.setdefault("title", data.strip())
            self._in_title = False


def attach(state: State, post: Post, link: str | None, *, title: str | None = None) -> None:
    """Give ``post`` a card for ``link`` and, if allowed, fill it in the background."""
    if not link:
        return
    post.card = {"url": link, "title": title or link, "description": "", "site": host_of(link), "image": None}
    if state.settings["crawl_links"] and host_of(link) in LOOPBACK:
        threading.Thread(target=_crawl, args=(state, post, link, title), daemon=True).start()


def _crawl(state, post, link, title):
    try:
        page = _OpenGraph()
        page.feed(_fetch(link).decode("utf-8", "replace"))
    except (OSError, ValueError, urllib.error.URLError):
        return
    found = page.found
    card = {
        "url": link,
        "title": title or found.get("og:title") or found.get("title") or link,
        "description": found.get("og:description") or found.get("description") or "",
        "site": found.get("og:site_name") or host_of(link),
        "image": _picture(state, post, urljoin(link, found["og:image"])) if found.get("og:image") else None,
    }
    with state.lock:
        post.card = card


def _picture(state, post, address):
    if host_of(address) not in LOOPBACK:
        return None
    try:
        return path_of(store(state, post.network, post.handle, _fetch(address)))
    except (OSError, ValueError, urllib.error.URLError, NotAPicture):
        return None


def _fetch(address) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _LoopbackOnly)
    request = urllib.request.Request(address, headers={"User-Agent": "fakenet-link-preview/1.0"})
    with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
        return answer.read(MAX_BYTES)
