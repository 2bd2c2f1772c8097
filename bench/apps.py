"""The benches as a Django app: it shortens the package's waiting times, so that a storm of minutes tells as much as
one of an hour."""

from dataclasses import replace

from celery.signals import worker_ready
from django.apps import AppConfig
from django.conf import settings


READY = "bench: ready"


class Bench(AppConfig):
    name = "bench"

    def ready(self):
        worker_ready.connect(say_so)
        if settings.BENCH_SCALE != 1:
            shorten(settings.BENCH_SCALE)


def say_so(**kwargs) -> None:
    """A worker takes tasks now: ``stage.Process`` reads it in the log."""
    print(READY, flush=True)


def shorten(scale: float) -> None:
    """Divide every time limit, lease, back-off and settling time by ``scale``; their proportions stay.

    :raises AttributeError: one of them was renamed, and the bench has to follow.
    """
    from wagtail_syndicate import database, tasks
    from wagtail_syndicate.backends import base, http, registry
    from wagtail_syndicate.delivery import lanes, posting, reconcile, send

    for room, names in (
        (http, ("CONNECT_TIMEOUT", "READ_TIMEOUT", "DEADLINE")),
        (lanes, ("LEASE", "FRESH", "MARGIN", "NEIGHBOURS_LATER")),
        (send, ("SLICE",)),
        (posting, ("BACKOFF_BASE", "BACKOFF_CAP", "PAUSE")),
        (database, ("PATIENCE",)),
        (reconcile, ("FIRST_LOOK", "SLOWEST_REPEAT")),
        (tasks, ("BROKEN_FOR",)),
        (base.BaseBackend, ("settle_seconds",)),
    ):
        for name in names:
            setattr(room, name, getattr(room, name) / scale)
    for backend in registry.all_backends():
        backend.errors = tuple(
            # An hour's waiting shows nothing that a second's does not.
            replace(row, retry_after=min(row.retry_after / scale, 1.0)) if row.retry_after else row
            for row in backend.errors
        )
        if "settle_seconds" in vars(backend):
            backend.settle_seconds /= scale
