"""A database that does not answer: restarted, failed over, cut off, locked for too long. That says nothing about what
was being done, so nothing is concluded from it; and it passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, InternalError, OperationalError, close_old_connections, transaction


AWAY = (OperationalError, InterfaceError, InternalError)
"""What a database raises for reasons of its own; an InternalError is, say, a copy that takes no writes yet."""

PATIENCE = 10.0  # seconds for which something that must not be forgotten is tried again
FIRST_WAIT, LONGEST_WAIT = 0.1, 1.0  # seconds between two tries

Result = TypeVar("Result")


def mend() -> None:
    """Let go of this thread's connections that are broken; the next query opens new ones."""
    close_old_connections()


def insist(work: Callable[..., Result], *args, **kwargs) -> Result:
    """Do ``work``, which must not be forgotten, again on a new connection for as long as the database is away.

    Inside a transaction it is done once: what went before in it would be lost.

    :param work: does the same when it is done twice, because its first try may have succeeded without an answer.
    :raises AWAY: the database stayed away for ``PATIENCE`` seconds.
    """
    until, wait = time.monotonic() + PATIENCE, FIRST_WAIT
    while True:
        try:
            return work(*args, **kwargs)
        except AWAY:
            if transaction.get_connection().in_atomic_block or time.monotonic() + wait > until:
                raise
        mend()
        time.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)
