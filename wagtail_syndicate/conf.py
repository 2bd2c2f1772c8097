"""The settings of this package: one dict, ``WAGTAIL_SYNDICATE``, read when needed so that tests can change it."""

from __future__ import annotations

from typing import Any

from django.conf import settings


SETTING = "WAGTAIL_SYNDICATE"

DEFAULTS: dict[str, Any] = {
    # Networks that admins may connect: {name: {options}}. None: all built-in ones.
    "NETWORKS": None,
    # Fernet keys that seal credentials, newest first. Empty: one is derived from SECRET_KEY.
    "KEYS": [],
    # Page types ("app.Model") that have the panel; None: every page type.
    "PAGE_TYPES": None,
    # Page types that never have it.
    "EXCLUDED_PAGE_TYPES": [],
    # Whether the panel is added to every page type by itself. Off: place SyndicationPanel() by hand.
    "ADD_PANEL": True,
    # For headless sites: the address of the site that readers see, or a dotted path to a callable (page) -> URL.
    "PAGE_URL": None,
    # May user-given servers be on this machine or a private network? For development only.
    "ALLOW_LOCAL_HOSTS": False,
    # The Celery queue of our two tasks.
    "QUEUE": "syndicate",
    # Dotted path to a callable (SummaryRequest) -> str that words posts; None: the embedded summariser.
    "SUMMARISER": None,
    # Seconds that it may take.
    "SUMMARISER_SECONDS": 10,
    # Seconds after which a delivery that could not be sent is missed and not sent any more.
    "WINDOW": 24 * 3600,
    # Attempts after which a delivery that was never accepted has failed.
    "MAX_ATTEMPTS": 12,
    # Posts to one account within an hour; None: as many as come. A network's option of that name goes first.
    "MAX_PER_HOUR": None,
    # Whether the page's public address is fetched, as any reader would, before it is posted.
    "PROBE": False,
    # A name of this installation ("production"). An account speaks only where it was connected: there, and with the
    # default site's host name that it had then.
    "ENVIRONMENT": "",
    # Whether everything happens but the call to a network, which is shown instead; None: as DEBUG says.
    "DRY_RUN": None,
    # Days before access ends that its contacts are told.
    "ANNOUNCE_DAYS": 7,
    # Seconds that mails wait, so that what goes wrong together is told together; None: no mails are sent.
    "MAIL_DELAY": 300,
    # The token that a monitoring system sends to read the health view; "": only staff may.
    "HEALTH_TOKEN": "",
}


def get(name: str) -> Any:
    """The value of one setting, or its default.

    :raises KeyError: for a name that does not exist (a bug here, not a wrong setting).
    """
    return getattr(settings, SETTING, {}).get(name, DEFAULTS[name])


def is_dry_run() -> bool:
    """Whether requests to networks are written down instead of sent: the setting ``DRY_RUN``, or else ``DEBUG``."""
    value = get("DRY_RUN")
    return bool(settings.DEBUG if value is None else value)


def network_options(name: str) -> dict[str, Any]:
    """What the settings say about one network: ``HOSTS``, ``CLIENT_ID``, ``SUMMARISER`` ..."""
    return (get("NETWORKS") or {}).get(name) or {}
