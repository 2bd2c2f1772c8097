"""What a reader who follows the link would meet: the page's public address, fetched anonymously before it is posted.

Off unless the setting ``PROBE`` is on. It sees what no guard in the database can: a page behind the company's login, a
server that does not know the page yet, a copy that asks search engines to stay away.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from bs4 import BeautifulSoup
from django.core.cache import cache

from wagtail_syndicate import conf
from wagtail_syndicate.backends import http
from wagtail_syndicate.backends.addresses import deadline, only_public


WAIT = 60.0  # seconds until a page that was not fit is looked at again
REMEMBERED = 60  # seconds for which a page that was fit is not fetched again for the next account
REDIRECTS = 4
MAX_BYTES = 256 * 1024  # what is asked of a page stands in its head

REASONS = ("probe_unreachable", "probe_status", "probe_noindex", "probe_elsewhere")
"""Reasons that hold a delivery until its window has passed; then it has failed for that reason."""


@dataclass(frozen=True)
class Seen:
    """What was found: ``reason`` why the page is not fit to be posted ("" when it is), ``detail`` what was seen, and
    ``notice`` what a person should know of a page that is fit."""

    reason: str = ""
    detail: str = ""
    notice: str = ""


def look(address: str) -> Seen:
    """Fetch ``address`` as a reader without cookies would; at once "fit" when the setting ``PROBE`` is off.

    Takes up to ``http.DEADLINE`` seconds, and never raises for what the server does.
    """
    if not conf.get("PROBE"):
        return Seen()
    key = f"wagtail_syndicate.probe.{hashlib.sha256(address.encode()).hexdigest()}"
    if known := cache.get(key):
        return Seen(**known)
    seen = _look(address)
    if not seen.reason:
        cache.set(key, asdict(seen), REMEMBERED)
    return seen


def _look(address: str) -> Seen:
    url = address
    try:
        with deadline(http.DEADLINE):
            for _step in range(REDIRECTS + 1):
                # The site's own address may well be a private one here; another that it names may not.
                abroad = urlsplit(url).hostname != urlsplit(address).hostname and not conf.get("ALLOW_LOCAL_HOSTS")
                with only_public(abroad), _get(url) as response:
                    target = response.headers.get("Location", "") if response.is_redirect else ""
                    if not target:
                        return _judge(address, url, response, _head(response))
                url = urljoin(url, target)
                if urlsplit(url).scheme not in ("http", "https"):
                    break
    except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:
        return Seen("probe_unreachable", type(error).__name__)
    return Seen("probe_elsewhere", url[:200])


def _get(url: str) -> requests.Response:
    return http.session().get(
        url,
        headers={"Accept": "text/html,application/xhtml+xml"},
        timeout=(http.CONNECT_TIMEOUT, http.READ_TIMEOUT),
        allow_redirects=False,
        stream=True,
    )


def _head(response: requests.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_content(16384):
        body += piece
        if len(body) >= MAX_BYTES or b"</head>" in body:
            break
    return bytes(body)


def _judge(address: str, url: str, response: requests.Response, body: bytes) -> Seen:
    if response.status_code != 200:
        return Seen("probe_status", f"{response.status_code} {url[:200]}")
    if _path(url) != _path(address):
        return Seen("probe_elsewhere", url[:200])  # most likely a page where people sign in
    page = BeautifulSoup(body, "html.parser")
    if "noindex" in response.headers.get("X-Robots-Tag", "").lower() or "noindex" in _meta(page, "robots").lower():
        return Seen("probe_noindex")
    missing = [name for name in ("og:title", "og:image") if not _meta(page, name).strip()]
    return Seen(notice="card_incomplete" if missing else "", detail=", ".join(missing))


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _meta(page: BeautifulSoup, name: str) -> str:
    """The content of a ``meta``; Open Graph names its own ``property`` (https://ogp.me), many a site ``name``."""
    for tag in page.find_all("meta"):
        if str(tag.get("property") or tag.get("name") or "").lower() == name:
            return str(tag.get("content") or "")
    return ""
