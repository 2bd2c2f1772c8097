"""Celery's part: a doorbell and a round. The only file that imports Celery.

The broker holds nothing that matters: a bell that is lost costs the time until the next sweep, one that rings twice
finds nothing to do. So nothing is retried or postponed here; due times live in the database.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from celery import current_app, shared_task

from wagtail_syndicate import conf
from wagtail_syndicate.delivery import send, sweep
from wagtail_syndicate.mails import round as mails


logger = logging.getLogger("wagtail_syndicate.tasks")

EXPIRES = 60  # seconds after which a bell has been made needless by the sweep
HELP_EXPIRES = 5  # seconds after which no worker is idle: calls for help must not keep the sweep waiting in the queue
BROKEN_FOR = 30.0  # seconds during which a broker that did not answer is not asked again

BELL = "wagtail-syndicate-bell"

_broken_until = 0.0


@shared_task(name="wagtail_syndicate.drain", ignore_result=True)
def drain_task():
    """Something is due."""
    send.drain(call_help=_other_worker())


@shared_task(name="wagtail_syndicate.sweep", ignore_result=True)
def sweep_task():
    """See to everything that is due, and tell people. To be run by Celery beat, about every 15 seconds."""
    sweep.sweep(call_help=_other_worker())
    mails.deliver()


def ring(expires: int = EXPIRES) -> None:
    """Tell a worker that something is due; never raises, never waits for the broker.

    Call it after the commit: ``transaction.on_commit(ring, robust=True)``.

    :param expires: seconds for which the bell may wait for a worker.
    """
    if current_app.conf.task_always_eager:
        _ring(expires)
        return
    if time.monotonic() < _broken_until:
        return
    threading.Thread(target=_ring, args=(expires,), name=BELL, daemon=True).start()


def _other_worker() -> Callable[[], None] | None:
    """What wakes another worker; nothing where tasks run at once, in the caller."""
    return None if current_app.conf.task_always_eager else partial(ring, HELP_EXPIRES)


def workers(timeout: float = 2.0) -> dict[str, set[str]]:
    """The workers that answer, and the queues that each of them takes tasks from.

    :param timeout: seconds in which workers have to answer.
    :raises ConnectionError: the broker cannot be reached, or does not answer in time.
    """
    answers = []

    def ask():
        try:
            with current_app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, timeout=timeout)
                control = current_app.control.inspect(timeout=timeout, connection=connection)
                answers.append(control.active_queues() or {})
        except Exception as error:  # whatever a broker's client raises
            answers.append(error)

    # A thread, because not every broker's client can be told how long to wait.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(3 * timeout)
    if not answers or isinstance(answers[0], Exception):
        raise ConnectionError(type(answers[0]).__name__ if answers else "no answer") from None
    return {name: {queue["name"] for queue in queues} for name, queues in answers[0].items()}


def is_scheduled() -> bool:
    """Whether Celery beat's settings hold the sweep; schedules that are kept elsewhere are not seen."""
    return any(entry.get("task") == sweep_task.name for entry in (current_app.conf.beat_schedule or {}).values())


@atexit.register
def _hear_the_last_bell() -> None:
    """A script or management command may end right after it published: give its bell a moment."""
    for thread in threading.enumerate():
        if thread.name == BELL:
            thread.join(2.0)


def _ring(expires: int = EXPIRES) -> None:
    global _broken_until
    try:
        drain_task.apply_async(
            queue=conf.get("QUEUE"),
            expires=expires,
            retry=True,
            # Without a retry policy a refused Redis holds the caller for seconds, with retry=False even longer.
            retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2},
        )
    except Exception as error:  # whatever a broker's client raises: the sweep will find the work
        _broken_until = time.monotonic() + BROKEN_FOR
        logger.warning("The broker could not be reached (%s); the sweep will send.", type(error).__name__)
