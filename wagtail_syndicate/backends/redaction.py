"""Secrets stay out of what is logged, stored and shown: errors, answers, what libraries say."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus


HIDDEN = "•••"

_local = threading.local()


def redact(text: str, secrets: Iterable[str]) -> str:
    """``text`` without any of ``secrets``, also as they stand in addresses and in JSON."""
    for secret in filter(None, secrets):
        for written in _ways_to_write(secret):
            text = text.replace(written, HIDDEN)
    return text


@contextmanager
def kept_out_of_logs(secrets: Iterable[str]) -> Iterator[None]:
    """What HTTP libraries log in this thread meanwhile does not show ``secrets``."""
    _local.secrets = tuple(secrets)
    try:
        yield
    finally:
        _local.secrets = ()


def _ways_to_write(secret: str) -> set[str]:
    """A secret as it is, as it stands in addresses, and as it stands in JSON."""
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace"), *escaped}


class _Redactor(logging.Filter):
    """Takes the secrets of the request that is under way out of what a library logs about it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if secrets := getattr(_local, "secrets", ()):
            record.msg, record.args = redact(record.getMessage(), secrets), None
        return True


def _silence_libraries() -> None:
    # At DEBUG urllib3 logs whole addresses, and Telegram's hold its token; the OAuth libraries log their tokens.
    logging.getLogger("urllib3.connectionpool").addFilter(_Redactor())
    for name in ("oauthlib", "requests_oauthlib"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)


_silence_libraries()
