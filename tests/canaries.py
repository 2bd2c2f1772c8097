"""Every secret that a test uses is a canary: none may be seen in anything that is written or shown meanwhile.

What is sealed for an account or an app, what the imitated networks give out, and the app secrets of the settings are
the canaries. At the end of each test (``tests/conftest.py``) they are looked for in all log records, in every answer
to Django's test client, in what our HTTP room raised, in mails, and, where the test had a database, in every row of
our tables and of Wagtail's audit logs. A test that shows one fails.

A test that puts a secret somewhere on purpose says so with ``@pytest.mark.shows_secrets``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import mail
from django.db import DatabaseError
from django.db.transaction import TransactionManagementError
from django.test import Client

from wagtail_syndicate.accounts import vault
from wagtail_syndicate.backends.http import Http
from wagtail_syndicate.backends.redaction import redact


CANARY = "canary-3f9d0c71-access-token"
"""What the accounts of ``tests.factories`` have for a key."""
SHORTEST = 8  # characters; shorter texts are found anywhere
# What is sealed beside secrets and is none: who an account is, when its access ends.
NOT_SECRET = ("options", "handle", "remote_id", "profile_url", "name", "expires_at", "key_id")
# Not ours: the imitated networks run in this process too.
STRANGERS = ("werkzeug", "sandbox.fakenet")
LIBRARIES = ("urllib3",)
"""Their records count while our HTTP room speaks; tests speak to networks through them as well."""
MOST = 500  # rows of one table

_local = threading.local()


class Cage:
    """The canaries of one test, and what it has shown so far."""

    def __init__(self):
        self.secrets: set[str] = set()
        self.shown: list[tuple[str, str]] = []

    def keep(self, values: Any) -> None:
        """Take the secrets out of what is sealed, or given out."""
        self.secrets.update(secret for secret in strings(values) if len(secret) >= SHORTEST)

    def show(self, where: str, text: str) -> None:
        self.shown.append((where, text))

    def leak(self) -> str:
        """Where the first canary is seen and between which words, without the canary; "" when none is."""
        secrets = sorted(self.secrets, key=len, reverse=True)
        for where, text in self.shown:
            for secret in secrets:
                if (at := text.find(secret)) >= 0:
                    around = text[max(0, at - 150) : at + len(secret) + 50]
                    return f"{where} shows a secret: {redact(around, secrets)!r}"
        return ""


cage = Cage()


def strings(values: Any) -> Iterator[str]:
    if isinstance(values, str):
        if not values.startswith(("http://", "https://")):
            yield values
    elif isinstance(values, dict):
        for name, value in values.items():
            if name not in NOT_SECRET and not name.startswith("_"):
                yield from strings(value)
    elif isinstance(values, list | tuple):
        for value in values:
            yield from strings(value)


class Listener(logging.Handler):
    """Hears every record, down to DEBUG."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(STRANGERS):
            return
        if record.name.startswith(LIBRARIES) and not getattr(_local, "speaking", False):
            return
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += f" {record.exc_info[1]!r}"
        cage.show(f"A log record of {record.name}", text)


def listen() -> None:
    """Put ears to everything; once, for the whole run."""
    from sandbox.fakenet.state import State

    root = logging.getLogger()
    root.addHandler(Listener())
    root.setLevel(logging.DEBUG)
    _after(vault, "seal", lambda sealed, values, *args: cage.keep(dict(values)))
    # The name of a token of OAuth 1.0a is none: it goes through the browser.
    _after(State, "add_token", lambda token, *args, **kwargs: cage.keep(token.secret or token.value))
    _after(Client, "request", _hear_answer)
    _hear_our_http()


def new_cage() -> Cage:
    """Begin a test."""
    global cage
    cage = Cage()
    for options in (getattr(settings, "WAGTAIL_SYNDICATE", {}).get("NETWORKS") or {}).values():
        cage.keep([value for name, value in options.items() if name.endswith("_SECRET")])
    return cage


def look_through_mails() -> None:
    for message in getattr(mail, "outbox", ()):
        cage.show("A mail", f"{message.subject}\n{message.body}")


def look_through_tables() -> None:
    """Every row of our tables and of the audit logs, as the database has them."""
    from wagtail.models import ModelLogEntry, PageLogEntry

    from wagtail_syndicate import models

    ours = (models.Account, models.OAuthApp, models.Delivery, models.Attempt, models.TargetSet)
    for model in (*ours, ModelLogEntry, PageLogEntry):
        try:
            rows = list(model._default_manager.order_by("-pk").values_list()[:MOST])
        except (DatabaseError, TransactionManagementError):
            continue  # the test ended with a broken transaction, or without this table
        if rows:
            cage.show(f"The table of {model.__name__}", repr(rows))


def _after(owner, name: str, hear) -> None:
    original = getattr(owner, name)

    def heard(*args, **kwargs):
        result = original(*args, **kwargs)
        hear(result, *(args[1:] if isinstance(owner, type) else args), **(kwargs if name == "add_token" else {}))
        return result

    heard.__wrapped__ = original
    setattr(owner, name, heard)


def _hear_answer(response, *args) -> None:
    if not getattr(response, "streaming", False):
        cage.show(f"The answer to {response.request.get('PATH_INFO', '')}", response.content.decode(errors="replace"))
    for name, value in response.headers.items():
        cage.show(f"The header {name}", str(value))


def _hear_our_http() -> None:
    original = Http.request

    def request(self, *args, **kwargs):
        before, _local.speaking = getattr(_local, "speaking", False), True
        try:
            return original(self, *args, **kwargs)
        except Exception as error:
            cage.show("An exception of our HTTP room", f"{error!r} {error} {error.__cause__!r}")
            raise
        finally:
            _local.speaking = before

    request.__wrapped__ = original
    Http.request = request
