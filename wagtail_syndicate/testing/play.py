"""One call of a backend against a server on this machine, and everything that could be seen of it."""

from __future__ import annotations

import base64
import logging
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock
from urllib.parse import quote, quote_plus, urlsplit

from django.test import override_settings

from wagtail_syndicate import conf
from wagtail_syndicate.backends import http
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.testing.server import SILENCE, Captured, Request, Server, fill
from wagtail_syndicate.types import Connection


REFUSED = "connection refused"
MOST_REQUESTS = 100  # of one call; more is a loop
SHORT = 0.3  # seconds that a test waits for an answer that never comes

Answers = Mapping[str, Any]


class Endless(AssertionError):
    """A backend that asks and asks."""


@dataclass
class Sent:
    """A request that went through the HTTP room."""

    method: str
    url: str
    irreversible: bool

    def __str__(self):
        return f"{self.method} {urlsplit(self.url).path}"


@dataclass
class Run:
    """What one call did: its value or its error, what it sent, what it was answered, what was logged meanwhile."""

    backend: BaseBackend
    value: Any = None
    error: Exception | None = None
    sent: list[Sent] = field(default_factory=list)
    received: list[Request] = field(default_factory=list)
    answered: list[Captured] = field(default_factory=list)
    unanswered: list[Request] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)
    """How many of several answers for one request were given."""

    @property
    def decisive(self) -> list[int]:
        """The places of the irreversible requests."""
        return [place for place, request in enumerate(self.sent) if request.irreversible]

    def shown(self) -> Iterator[tuple[str, str]]:
        """Every text that people or log files may get to see, and where."""
        if self.error is not None:
            yield "the exception", f"{self.error!s} {self.error!r} {self.error.args!r} {vars(self.error)!r}"
            yield "the traceback", "".join(traceback.format_exception(self.error))
        yield "what the call returned", repr(self.value)
        yield "repr(backend)", repr(self.backend)
        yield "repr(backend.connection)", repr(self.backend.connection)
        for text in self.logged:
            yield "a log record", text


def play(
    backend: type[BaseBackend],
    connection: Connection,
    action: Callable[[BaseBackend], Any],
    answer: Callable[[Request, Run], Captured | None],
    *,
    options: Mapping[str, Any] = {},
    stage: int | None = None,
    fault: str | Captured | None = None,
) -> Run:
    """Call ``action`` with a backend whose network is here.

    :param answer: what the network answers; :param options: what the settings say about the network.
    :param stage: the request, counted from 0, at which ``fault`` happens in place of an answer.
    """
    run: Run

    def answered(request: Request) -> Captured | None:
        found = answer(request, run)
        if found is not None:
            run.answered.append(found.at(server.url))
        return found

    server = Server(answered)
    real = http.Http.request

    def request(self, method, url, *, irreversible=False, **kwargs):
        place = len(run.sent)
        if place >= MOST_REQUESTS:
            raise Endless(f"more than {MOST_REQUESTS} requests")
        run.sent.append(Sent(method, url, irreversible))
        if place != stage:
            return real(self, method, url, irreversible=irreversible, **kwargs)
        if fault == REFUSED:
            server.refuse()
        else:
            server.fault = fault
        patience = SHORT if fault == SILENCE else http.READ_TIMEOUT
        with mock.patch.object(http, "READ_TIMEOUT", patience):
            return real(self, method, url, irreversible=irreversible, **kwargs)

    with ExitStack() as stack:
        stack.callback(server.close)
        stack.enter_context(override_settings(**{conf.SETTING: settings_for(backend, server.url, options)}))
        stack.enter_context(mock.patch.object(http.Http, "request", request))
        stack.enter_context(mock.patch.object(time, "sleep", _no_sleep))
        if hasattr(backend, "sleep"):
            stack.enter_context(mock.patch.object(backend, "sleep", staticmethod(_no_sleep)))
        run = Run(backend(connected(backend, connection, server.url)))
        run.logged = stack.enter_context(log_records(backend.__module__.partition(".")[0]))
        try:
            run.value = action(run.backend)
        except Exception as error:
            run.error = error
        run.received, run.unanswered = server.received, server.unanswered
    return run


def _no_sleep(seconds: float = 0.0) -> None:
    """Waiting is not what is tested."""


def settings_for(backend: type[BaseBackend], address: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings under which the network's hosts are here; their paths stay."""
    hosts = {role: address + urlsplit(host).path for role, host in backend.hosts.items()}
    own = {**fill(dict(options), address), "HOSTS": hosts}
    return {"NETWORKS": {backend.name: own}, "ALLOW_LOCAL_HOSTS": True}


def connected(backend: type[BaseBackend], connection: Connection, address: str) -> Connection:
    """The connection with the server's address where it says ``{server}``, and as its host where there are many."""
    return replace(
        connection,
        host=address if backend.many_servers else fill(connection.host, address),
        options=fill(dict(connection.options), address),
        credentials=fill(dict(connection.credentials), address),
    )


def pick(answers: Answers, request: Request, run: Run) -> Captured | None:
    """The answer that ``answers`` holds for a request; of several for one request, each once and then the last."""
    for pattern, found in answers.items():
        if not request.is_like(pattern):
            continue
        if callable(found):
            found = found(request)
        if isinstance(found, Sequence):
            before = run.taken.get(pattern, 0)
            run.taken[pattern] = before + 1
            found = found[min(before, len(found) - 1)]
        return found
    return None


@contextmanager
def log_records(package: str) -> Iterator[list[str]]:
    """All that is logged meanwhile, down to DEBUG; loggers that were silenced on purpose stay so."""
    texts: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record):
            texts.append(f"{record.name}: {record.getMessage()} {record.args!r}")
            if record.exc_info:
                texts.append("".join(traceback.format_exception(*record.exc_info)))

    keep, known = Keep(), logging.Logger.manager.loggerDict
    loud = [logging.getLogger(name) for name in (None, "wagtail_syndicate", "urllib3", "requests", package)]
    deaf = [logger for logger in known.values() if isinstance(logger, logging.Logger) and not logger.propagate]
    levels = [(logger, logger.level) for logger in loud]
    listening = {logging.getLogger(), *deaf}
    for logger in loud:
        logger.setLevel(logging.DEBUG)
    for logger in listening:
        logger.addHandler(keep)
    try:
        yield texts
    finally:
        for logger in listening:
            logger.removeHandler(keep)
        for logger, level in reversed(levels):
            logger.setLevel(level)


def secret_forms(connection: Connection) -> dict[str, str]:
    """Each secret in the forms that it may be met in, and what the form is."""
    forms: dict[str, str] = {}
    secrets = [
        secret for secret in (*strings(connection.credentials), connection.app.client_secret) if len(secret) > 3
    ]
    for secret in secrets:
        forms.setdefault(secret, "as it is")
    for secret in secrets:
        for form in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
            forms.setdefault(form, "percent-encoded")
    names = ("", connection.app.client_id, connection.remote_id, connection.handle)
    for pair in {*secrets, *pairs(names, secrets), *pairs(secrets, ("",)), *pairs(secrets, secrets)}:
        forms.setdefault(base64.b64encode(pair.encode()).decode(), "in base64, as in HTTP Basic")
    return forms


def strings(value: Any) -> Iterator[str]:
    """Every text among credentials, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def pairs(names: Iterable[str], secrets: Iterable[str]) -> Iterator[str]:
    secrets = tuple(secrets)
    return (f"{name}:{secret}" for name in names for secret in secrets)
