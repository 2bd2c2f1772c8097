"""Small questions about requests, answers and addresses that the checks ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from wagtail_syndicate.backends.likeness import fingerprint
from wagtail_syndicate.testing.server import Captured, Request
from wagtail_syndicate.types import Message


def matches(pattern: str, request: str) -> bool:
    """Whether ``pattern`` names a request that is written as ``METHOD /path``."""
    return fnmatchcase(request, pattern)


def named(requests: Iterable[Any]) -> str:
    return ", ".join(map(str, requests)) or "no request"


def listed(found: Any) -> list[Captured]:
    """The answers of one entry of ``answers``; what a function answers is known only when it is asked."""
    if callable(found):
        return []
    return [found] if isinstance(found, Captured) else list(found)


def own_id(remote_id: str, request: Request) -> bool:
    """Whether the id of a post comes from the request: the backend made it."""
    given = [*request.texts, *request.headers.values(), unquote(request.target)]
    return any(remote_id == text or (len(text) > 5 and text in remote_id) for text in given)


def without_id(answer: Captured, remote_id: str) -> Captured:
    """A captured answer in which every trace of the new post's id is missing."""
    exact = _stripped(answer, lambda text: unquote(text) == remote_id)
    return (
        exact if exact != answer else _stripped(answer, lambda text: remote_id in text or 0 < text_in(text, remote_id))
    )


def text_in(text: str, remote_id: str) -> int:
    """Length of ``text`` where it is a part of a composed id (``<page>_<post>``), else 0."""
    return len(text) if len(text) > 1 and text in remote_id else 0


def _stripped(answer: Captured, is_id) -> Captured:
    def strip(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: strip(inner) for name, inner in value.items() if not is_leaf_id(inner)}
        if isinstance(value, list | tuple):
            return [strip(inner) for inner in value if not is_leaf_id(inner)]
        return value

    def is_leaf_id(value: Any) -> bool:
        return isinstance(value, str | int) and not isinstance(value, bool) and is_id(str(value))

    body = "" if is_leaf_id(answer.body) else strip(answer.body)
    return replace(answer, body=body, headers=strip(answer.headers))


def other_id(remote_id: str) -> str:
    """An id of the same form."""
    return remote_id[:-1] + ("1" if remote_id[-1] != "1" else "2")


def other_ids(remote_id: str, count: int) -> Iterator[str]:
    """As many ids of the same form, none of them ``remote_id``; newer posts have greater numbers."""
    if digits := re.search(r"\d+(?=\D*$)", remote_id):
        first, last = digits.span()
        for number in range(int(digits[0]) + count, int(digits[0]), -1):
            yield f"{remote_id[:first]}{number}{remote_id[last:]}"
    else:
        yield from (f"{remote_id}{number}" for number in range(count, 0, -1))


def repeating(answer: Captured, secret: str) -> Captured:
    """The answer of a server that repeats what it was sent: with ``secret`` in all of its words."""

    def repeat(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: repeat(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [repeat(inner) for inner in value]
        # Codes and types are short and without spaces; the words for people are not.
        return f"{value} (key: {secret})" if isinstance(value, str) and " " in value else value

    body = repeat(answer.body)
    if body == answer.body:
        words = f"no such key: {secret}"
        body = {**body, "message": words} if isinstance(body, Mapping) and "message" not in body else words
    return replace(answer, body=body)


def share_link_faults(address: str, message: Message) -> str:
    """What is wrong with a share dialog's address, in words; "" when nothing is, or when there is no address."""
    if not address:
        return ""
    if not re.fullmatch(r"[!-~]+", address):
        return "it has spaces or characters that are not ASCII"
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "it is no web address"
    if re.search(r"%(?![0-9A-Fa-f]{2})", address):
        return "a % stands alone: quote each value once"
    if "+" in parts.query:
        return "spaces are written + and many dialogs show them so: use link_to()"
    values = [value for _name, value in parse_qsl(parts.query, keep_blank_values=True)]
    values += [unquote(part) for part in (parts.fragment, parts.path)]
    if not values:
        return "it hands over nothing"
    known = json.dumps([message.link, message.text, message.text_with_link, message.title], ensure_ascii=False)
    twice = [value for value in values if re.search(r"%[0-9A-Fa-f]{2}", value) and "%" not in known]
    if twice:
        return f"{twice[0]!r} is percent-encoded twice"
    whole = "".join(fingerprint(value) for value in values)
    if message.link and not any(message.link in value for value in values):
        return f"the article's address {message.link} is not in it as it is"
    if not message.link and message.text and fingerprint(message.text)[:20] not in whole:
        return "the words are not in it"
    return ""
