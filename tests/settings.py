"""The sandbox's settings, made fast and free of traces: database and cache in memory, files in a temporary folder."""

import os
import tempfile


# Lives as long as the test run: Python removes the folder when it ends.
VAR = tempfile.TemporaryDirectory(prefix="wagtail-syndicate-")
os.environ["SANDBOX_VAR"] = VAR.name

from sandbox import environment  # noqa: E402
from sandbox.settings import *  # noqa: E402, F403


if "DATABASE_URL" not in os.environ:
    # A file, not ":memory:": only then do threads wait for each other's locks as processes do.
    DATABASES = {"default": environment.sqlite(":memory:")}
    DATABASES["default"]["TEST"] = {"NAME": f"{VAR.name}/test.sqlite3"}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
CELERY_TASK_ALWAYS_EAGER = False
WAGTAIL_SYNDICATE["NETWORKS"]["memory"] = {}  # noqa: F405
