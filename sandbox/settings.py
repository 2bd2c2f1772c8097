"""The sandbox: the newsroom of a maker of water-quality instruments, made to be run on a developer's machine.

Every address and secret here is for that machine only. These environment variables change what it runs on:

``SANDBOX_VAR``         folder for everything that is written (default ``sandbox/var``)
``SANDBOX_URL``         address of the site (default ``http://localhost:8000``)
``SANDBOX_DEBUG``       ``0`` switches Django's debug mode off
``DATABASE_URL``        ``postgres://``, ``mysql://`` or ``sqlite://`` (default: a SQLite file in ``SANDBOX_VAR``)
``CELERY_BROKER_URL``   Redis or RabbitMQ (default: files in ``SANDBOX_VAR``)
``FAKENET_URL``         where the imitation of the networks listens (default ``http://127.0.0.1:8900``)
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import wagtail

from sandbox import environment
from sandbox.networks import networks_of


BASE_DIR = Path(__file__).resolve().parent
VAR_DIR = Path(os.environ.get("SANDBOX_VAR", BASE_DIR / "var")).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)

SANDBOX_URL = os.environ.get("SANDBOX_URL", "http://localhost:8000").rstrip("/")
SANDBOX_CONTENT = BASE_DIR / "content"
FAKENET = os.environ.get("FAKENET_URL", "http://127.0.0.1:8900").rstrip("/")

DEBUG = os.environ.get("SANDBOX_DEBUG", "1") != "0"
SECRET_KEY = "sandbox-only-not-a-secret-2f1c9a7e4b6d8035"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", urlsplit(SANDBOX_URL).hostname]
CSRF_TRUSTED_ORIGINS = [SANDBOX_URL]

INSTALLED_APPS = [
    "wagtail_syndicate",
    "wagtail.contrib.redirects",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.locales",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "sandbox.home",  # after "wagtail": its page types inherit from whichever base page model is in use
    "modelcluster",
    "taggit",
    "django_filters",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
if wagtail.VERSION >= (8, 0):
    INSTALLED_APPS += ["wagtail.api.v3", "ninja"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]

ROOT_URLCONF = "sandbox.urls"
WSGI_APPLICATION = "sandbox.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

if "DATABASE_URL" in os.environ:
    DATABASES = {"default": environment.database(os.environ["DATABASE_URL"])}
else:
    DATABASES = {"default": environment.sqlite(VAR_DIR / "db.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "Europe/Paris"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = WAGTAIL_CONTENT_LANGUAGES = [
    ("en", "English"),
    ("fr", "Français"),
    ("de", "Deutsch"),
    ("ru", "Русский"),
    ("zh-hans", "简体中文"),
    ("ja", "日本語"),
]
WAGTAIL_I18N_ENABLED = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"

WAGTAIL_SITE_NAME = "Aquametrica"
WAGTAIL_GRAVATAR_PROVIDER_URL = None  # the sandbox needs no internet
WAGTAILADMIN_BASE_URL = SANDBOX_URL
WAGTAILEMBEDS_FINDERS = [
    {"class": "sandbox.home.embeds.SandboxVideoFinder"},
    {"class": "wagtail.embeds.finders.oembed"},
]

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "filesystem://")
CELERY_BROKER_TRANSPORT_OPTIONS = environment.broker_options(CELERY_BROKER_URL, VAR_DIR / "broker")
CELERY_BROKER_CONNECTION_TIMEOUT = 1  # seconds
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Without its own intervals a policy gets those of Kombu, which waits two seconds before the first retry.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
CELERY_TASK_DEFAULT_QUEUE = "syndicate"
CELERY_BEAT_SCHEDULE = {"sweep": {"task": "wagtail_syndicate.sweep", "schedule": 15}}  # seconds
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

WAGTAIL_SYNDICATE = {
    "NETWORKS": networks_of(FAKENET),
    "ALLOW_LOCAL_HOSTS": True,
    "ENVIRONMENT": "sandbox",
    "DRY_RUN": False,  # the networks are only imitated here
    "KEYS": ["1-JdoqY1fNXUHJnXAlirYfx6yx6y75vwb4lZgfY_io0="],
}
