"""The sandbox's settings, for the benches: a queue of their own, and all waiting times divided by ``BENCH_SCALE``."""

import os

from sandbox.settings import *  # noqa: F403
from sandbox.settings import CELERY_BROKER_TRANSPORT_OPTIONS, CELERY_BROKER_URL, INSTALLED_APPS, WAGTAIL_SYNDICATE


BENCH_SCALE = float(os.environ.get("BENCH_SCALE", "1"))

INSTALLED_APPS = [*INSTALLED_APPS, "bench.apps.Bench"]

if CELERY_BROKER_URL.startswith("redis"):
    # After so many seconds Redis hands out again what a worker took and never finished: an hour unless it is told.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        **CELERY_BROKER_TRANSPORT_OPTIONS,
        "visibility_timeout": float(os.environ.get("BENCH_VISIBILITY", "3600")),
        "unacked_restore_interval": 5,
        "socket_timeout": 5,
    }
CELERY_TASK_DEFAULT_QUEUE = "syndicate-bench"
CELERY_TASK_ROUTES = {"bench.*": {"queue": "bench"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "wagtail_syndicate.sweep",
        "schedule": 15 / BENCH_SCALE,
        # Sweeps that nobody took are not kept: the next one sees the same.
        "options": {"expires": 60},
    }
}

WAGTAIL_SYNDICATE = {
    **WAGTAIL_SYNDICATE,
    "NETWORKS": {
        **WAGTAIL_SYNDICATE["NETWORKS"],
        "memory": {},
        "bench": {
            "BACKEND": "bench.network.Backend",
            "HOSTS": {"api": os.environ.get("BENCH_NETWORK", "http://127.0.0.1:1")},
        },
    },
    "QUEUE": CELERY_TASK_DEFAULT_QUEUE,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "wagtail_syndicate": {
            "handlers": ["console"],
            "level": os.environ.get("BENCH_LOG_LEVEL", "INFO"),
            "propagate": False,
        }
    },
}
