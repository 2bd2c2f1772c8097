"""The networks' machine-readable contracts, held against every request of a test and every answer of fakenet.

The contracts lie beside the repository (``../shared/specs``) and are no part of it; without them nothing is checked.
A network is added as one more line of :data:`CONTRACTS`: who it is, where it lives, and two functions that raise
``AssertionError``. A fixture of ``tests/conftest.py`` switches the checks on for every test (:func:`watch`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import requests

from sandbox.fakenet.faults import Faults
from tests.contracts.meta import facebook_answer, facebook_request, threads_answer, threads_request
from tests.contracts.openapi import line_refusal, mastodon_answer, openapi_answer, openapi_request, x_refusal
from tests.contracts.specs import SPECS
from tests.contracts.telegram import telegram_answer, telegram_request
from tests.contracts.vk import vk_answer, vk_request


@dataclass(frozen=True)
class Contract:
    """One network's contract.

    :param spec: a file of it, without which nothing is checked; :param real: its addresses; :param fake: its
        addresses at fakenet, without the host. Both have a group ``path``, which the checks get.
    :param request: raises ``AssertionError`` for a request; :param answer: the same for one of fakenet's answers.
    :param outside: paths that the contract does not speak of.
    """

    spec: str
    real: str
    fake: str
    request: Callable[[requests.PreparedRequest, str], None]
    answer: Callable[[requests.PreparedRequest, str, requests.Response], None]
    outside: str = "(?!)"

    def path(self, url: str) -> str | None:
        """The path that the contract knows; ``None`` when the address is not its network's."""
        found = re.fullmatch(self.real, url) or re.fullmatch(rf"http://127\.0\.0\.1:\d+{self.fake}", url)
        return found["path"] if found and not re.match(self.outside, found["path"]) else None


CONTRACTS = (
    Contract(
        "x-openapi.json",
        r"https://api\.x\.com(?P<path>/.*)",
        r"/x/api(?P<path>/.*)",
        openapi_request("x-openapi.json", "https://api.x.com", also=("tweet.fields",)),
        openapi_answer("x-openapi.json", "https://api.x.com", x_refusal),
        outside=r"/2/oauth2/|/oauth/",
    ),
    Contract(
        "mastodon-openapi.json",
        r"https://mastodon\.example(?P<path>/.*)",
        r"(?P<path>/(?:api/v\d|oauth)/.*)",
        openapi_request("mastodon-openapi.json", "https://mastodon.example"),
        mastodon_answer,
        # The contract knows JSON only; people are sent to pages, and tokens are asked for with forms (RFC 6749).
        outside=r"/oauth/|/api/v1/apps",
    ),
    Contract(
        "telegram-bot-api.json",
        r"https://api\.telegram\.org(?P<path>/.*)",
        r"/telegram/api(?P<path>/.*)",
        telegram_request,
        telegram_answer,
    ),
    Contract(
        "vk/schema.json",
        r"https://api\.vk\.(?:ru|com)(?P<path>/method/.*)",
        r"/vk/api(?P<path>/method/.*)",
        vk_request,
        vk_answer,
    ),
    Contract(
        "line-messaging-api-strict.yml",
        r"https://api\.line\.me(?P<path>/v2/bot/.*)",
        r"/line/api(?P<path>/v2/bot/.*)",
        openapi_request("line-messaging-api-strict.yml", "https://api.line.me"),
        openapi_answer("line-messaging-api-strict.yml", "https://api.line.me", line_refusal),
    ),
    Contract(
        "fb-Page.json",
        r"https://graph\.facebook\.com(?P<path>/.*)",
        r"/facebook/api(?P<path>/.*)",
        facebook_request,
        facebook_answer,
        # About people and apps, of which the list does not speak.
        outside=r"/(?:v[\d.]+/)?(?:oauth/|me/accounts|me\b|debug_token)",
    ),
    Contract(
        "threads-postman.json",
        r"https://graph\.threads\.net(?P<path>/.*)",
        r"/threads/api(?P<path>/.*)",
        threads_request,
        threads_answer,
        # The example has words in place of everything; the documents show the profile's number as a number.
        outside=r"/oauth/",
    ),
    # The next network's contract goes here.
)


def contract_of(url: str) -> tuple[Contract | None, str]:
    """The contract that an address falls under, and the path there."""
    for contract in CONTRACTS:
        if (SPECS / contract.spec).exists() and (path := contract.path(url)) is not None:
            return contract, path
    return None, ""


def watch(monkeypatch, *, requests_too: bool = True) -> None:
    """Check what is sent and answered from now on. Answers that a fault was armed for are not fakenet's own words.

    :param requests_too: off where tests send on purpose what no network takes.
    """
    send, take = requests.Session.send, Faults.take
    struck = []

    def watched_take(self, *args, **kwargs):
        fault = take(self, *args, **kwargs)
        if fault is not None:
            struck.append(fault)
        return fault

    def watched_send(self, request, **kwargs):
        contract, path = contract_of(request.url)
        if contract is None:
            return send(self, request, **kwargs)
        if requests_too:
            contract.request(request, path)
        before = len(struck)
        answer = send(self, request, **kwargs)
        # What was struck while this request was under way may have been another one: accounts are served together.
        if request.url.startswith("http://127.0.0.1:") and len(struck) == before:
            try:
                contract.answer(request, path, answer)
            except (KeyError, TypeError, ValueError) as error:
                raise AssertionError(f"{type(error).__name__} {error} in {answer.text[:500]}") from None
        return answer

    monkeypatch.setattr(Faults, "take", watched_take)
    monkeypatch.setattr(requests.Session, "send", watched_send)
