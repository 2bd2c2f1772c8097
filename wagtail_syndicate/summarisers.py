"""Summarisers that a site brings: asked within a time, checked, and their texts kept so that the preview is what goes
out. Whatever goes wrong, the answer is "" and the embedded summariser words the post.

A summariser is a callable ``(types.SummaryRequest) -> str``, named by the setting ``SUMMARISER``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import regex
from django.core.cache import cache
from django.db import connections
from django.utils.module_loading import import_string

from wagtail_syndicate import conf
from wagtail_syndicate.compose.text import glue, paragraphs
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.types import SummaryRequest


logger = logging.getLogger("wagtail_syndicate.summarisers")

PREFIX = "wagtail_syndicate.summary"
KEPT = 90 * 24 * 3600  # seconds; a page may be published long after it was previewed
FAILURE_KEPT = 3600  # seconds in which a post that was previewed with the embedded text is not worded anew
REST = 60  # seconds in which a summariser that was too slow is not asked

# Words that lead somewhere, or call somebody, that the article's author did not choose.
LEADS_AWAY = regex.compile(r"https?://|\bwww\.|(?<!\w)[@＠]\w", regex.IGNORECASE)


@dataclass(frozen=True)
class Summariser:
    """A site's summariser, as it words posts for one network. Called with a request it gives a text, or ""."""

    network: str
    name: str
    ask: Callable[[SummaryRequest], str]

    def __call__(self, request: SummaryRequest) -> str:
        return answers([(self, request)])[0]


def of(network: str) -> Summariser | None:
    """The summariser that the settings name for a network; ``None``: the embedded one."""
    setting = setting_of(network)
    if not setting:
        return None
    try:
        return Summariser(network, name_of(setting), load(setting))
    except ConfigurationError as error:
        logger.error("%s The embedded summariser is used.", error)
        return None


def kept(network: str) -> Callable[[SummaryRequest], str] | None:
    """A summariser that knows only what was said before, and asks nobody; ``None``: the site has none of its own."""
    one = of(network)
    return (lambda request: cache.get(key_of(one, request)) or "") if one else None


def setting_of(network: str) -> Any:
    """What the settings say for a network, else for all."""
    return conf.network_options(network).get("SUMMARISER", conf.get("SUMMARISER"))


def load(setting: Any) -> Callable[[SummaryRequest], str]:
    """The callable that a setting names.

    :raises ConfigurationError: there is none of that name.
    """
    try:
        found = import_string(setting) if isinstance(setting, str) else setting
    except Exception as error:  # importing runs somebody's module
        raise ConfigurationError(f"The summariser {setting!r} cannot be imported.") from error
    if not callable(found):
        raise ConfigurationError(f"The summariser {setting!r} cannot be called.")
    return found


def name_of(setting: Any) -> str:
    return setting if isinstance(setting, str) else f"{setting.__module__}.{getattr(setting, '__qualname__', '')}"


def answers(asked: Sequence[tuple[Summariser, SummaryRequest]]) -> list[str]:
    """The texts for some posts, of which those that are not known yet are asked for at the same time.

    :returns: for each of them a text that fits, or "" where the embedded summariser is to be used.
    """
    requests = {key_of(one, request): (one, replace(request, network=one.network)) for one, request in asked}
    known: dict[str, str] = cache.get_many(requests)
    missing = {key: pair for key, pair in requests.items() if key not in known}
    resting = {name for name in {one.name for one, _request in missing.values()} if cache.get(rest_key(name))}
    outcomes = in_time(
        {key: pair for key, pair in missing.items() if pair[0].name not in resting}, conf.get("SUMMARISER_SECONDS")
    )
    for key, (one, request) in missing.items():
        if one.name in resting:
            text, problem = "", "it was too slow a moment ago"
        elif key not in outcomes:
            text, problem = "", "it took too long"
            cache.set(rest_key(one.name), True, REST)
        else:
            text, problem = checked(outcomes[key], request)
        if problem:
            logger.warning("Summariser %s, for %s: %s. The embedded one is used.", one.name, one.network, problem)
        # Who was quicker is followed: somebody may have seen that text already.
        cache.add(key, text, KEPT if text else FAILURE_KEPT)
        known[key] = cache.get(key, text)
    return [known[key_of(one, request)] for one, request in asked]


def in_time(
    asked: Mapping[str, tuple[Summariser, SummaryRequest]], seconds: float
) -> dict[str, str | BaseException | Any]:
    """What the summarisers say within so many seconds, each in a thread of its own.

    A thread cannot be stopped: one that hangs goes on in the background, and does not keep the process from ending.

    :returns: texts, or what was raised; nothing for those that took longer.
    """
    said: SimpleQueue[tuple[str, Any]] = SimpleQueue()

    def run(key: str, one: Summariser, request: SummaryRequest) -> None:
        try:
            said.put((key, one.ask(request)))
        except BaseException as error:
            said.put((key, error))
        finally:
            for connection in connections.all(initialized_only=True):
                connection.close()

    for key, pair in asked.items():
        Thread(target=run, args=(key, *pair), daemon=True, name="summariser").start()
    found: dict[str, Any] = {}
    until = time.monotonic() + seconds
    while len(found) < len(asked):
        try:
            key, outcome = said.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            break
        found[key] = outcome
    return found


def checked(outcome: Any, request: SummaryRequest) -> tuple[str, str]:
    """A text as posts take it, or "" and why it cannot be used; says nothing of what was in it."""
    if isinstance(outcome, BaseException):
        return "", f"it failed with {type(outcome).__name__}"
    if not isinstance(outcome, str):
        return "", f"it gave {type(outcome).__name__} instead of a text"
    text = tidy(outcome, request)
    if not text:
        return "", "it gave no text"
    if LEADS_AWAY.search(text):
        return "", "its text holds an address or a mention"
    if not request.fits(text):
        return "", f"its text is too long ({request.count(text)}, asked for {request.budget})"
    return text, ""


def tidy(text: str, request: SummaryRequest) -> str:
    """The text in clean paragraphs, or in one where the network's posts have no more."""
    parts = paragraphs(text)
    if request.style.paragraphs or request.style.hook:
        return "\n\n".join(parts)
    joined = ""
    for part in parts:
        joined = f"{joined}{glue(joined, part)}{part}" if joined else part
    return joined


def key_of(one: Summariser, request: SummaryRequest) -> str:
    """Under which a text is kept: by all that a summary may depend on, and nothing that publishing changes."""
    article = request.article
    blocks = [[block.kind, block.text] for block in article.blocks]
    parts = [one.name, one.network, request.budget, request.with_title, article.language, article.title, blocks]
    return f"{PREFIX}.{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"


def rest_key(name: str) -> str:
    return f"{PREFIX}.rest.{hashlib.sha256(name.encode()).hexdigest()}"
