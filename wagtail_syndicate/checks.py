"""System checks: wrong settings, said at start-up in words rather than later as an exception."""

from __future__ import annotations

from difflib import get_close_matches
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Info, Tags, Warning, register
from django.db import DatabaseError, router

from wagtail_syndicate import conf, summarisers
from wagtail_syndicate.accounts import environment, vault
from wagtail_syndicate.backends import registry
from wagtail_syndicate.compose import article as articles
from wagtail_syndicate.compose.links import is_public
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.models import Account


MOST_LETTERS = 100  # of the name; a host name stands beside it


@register("wagtail_syndicate")
def check_networks(app_configs=None, **kwargs):
    """E001: a network that does not exist, or whose backend, of the settings' or another package's, is none."""
    networks = conf.get("NETWORKS")
    is_sound = isinstance(networks, dict) and all(isinstance(value, dict) for value in networks.values())
    if networks is not None and not is_sound:
        return [
            Error(
                f'{conf.SETTING}["NETWORKS"] must be a dict of dicts.',
                hint='For example {"mastodon": {}, "vk": {}}; None offers all built-in networks.',
                id="wagtail_syndicate.E001",
            )
        ]
    found = []
    for name in registry.names():
        try:
            registry.get(name)
        except ConfigurationError as error:
            hint = 'Correct the name, or give the dotted path of the backend class as "BACKEND".'
            if networks is None:
                hint = "Repair or remove the package that brings this network by an entry point."
            found.append(Error(str(error), hint=hint, id="wagtail_syndicate.E001"))
    return found


@register("wagtail_syndicate")
def check_keys(app_configs=None, **kwargs):
    """E002: a key that is no Fernet key. W001: credentials depend on SECRET_KEY."""
    try:
        vault.check_keys()
    except ConfigurationError as error:
        hint = "Make a key with cryptography.fernet.Fernet.generate_key()."
        return [Error(str(error), hint=hint, id="wagtail_syndicate.E002")]
    if conf.get("KEYS") or settings.DEBUG:
        return []
    return [
        Warning(
            "The credentials of accounts are sealed with a key derived from SECRET_KEY.",
            hint=f'Set {conf.SETTING}["KEYS"], so that changing SECRET_KEY does not disconnect all accounts.',
            id="wagtail_syndicate.W001",
        )
    ]


@register("wagtail_syndicate")
def check_environment(app_configs=None, **kwargs):
    """E005: a name of this installation that is none. W006: there is none. I001, W007: nothing is sent anywhere."""
    name = conf.get("ENVIRONMENT")
    found = []
    if not isinstance(name, str) or len(name) > MOST_LETTERS:
        hint = f'For example {conf.SETTING}["ENVIRONMENT"] = "production", of {MOST_LETTERS} letters at most.'
        found.append(Error(f'{conf.SETTING}["ENVIRONMENT"] must be a short text.', hint=hint, id=_id("E005")))
    elif not name and not conf.is_dry_run():
        found.append(
            Warning(
                "Nothing tells this installation from a copy of it, save the default site's host name.",
                hint=f'Set {conf.SETTING}["ENVIRONMENT"] to another name on each: "production", "staging".',
                id=_id("W006"),
            )
        )
    if conf.is_dry_run():
        kind, number = (Info, "I001") if conf.get("DRY_RUN") is None else (Warning, "W007")
        hint = f'Set {conf.SETTING}["DRY_RUN"] to False to post, also with DEBUG.'
        found.append(kind("This site only rehearses: no request is sent to any network.", hint=hint, id=_id(number)))
    return found


@register("wagtail_syndicate", Tags.database)
def check_home(app_configs=None, databases=None, **kwargs):
    """W005: accounts that were connected on another site. Asks the database, so Django runs it only when told to."""
    if not databases or router.db_for_read(Account) not in databases:
        return []
    try:
        count = environment.strangers().filter(active=True).count()
    except DatabaseError:  # before the first migration
        return []
    if not count:
        return []
    return [
        Warning(
            f"{count} accounts were connected on another site, of which this may be a copy; nothing is sent for them.",
            hint="Leave a copy as it is. If the site moved, an admin says so under Settings > Syndication accounts.",
            id=_id("W005"),
        )
    ]


def _id(number: str) -> str:
    return f"wagtail_syndicate.{number}"


@register("wagtail_syndicate")
def check_panel(app_configs=None, **kwargs):
    """E003: this version of Wagtail has no place where the panel can be added by itself."""
    from wagtail_syndicate.admin import page_form

    problem = page_form.injection_problem()
    if not problem:
        return []
    hint = f'Set {conf.SETTING}["ADD_PANEL"] to False and add SyndicationPanel() to the page types by hand.'
    return [Error(problem, hint=hint, id="wagtail_syndicate.E003")]


@register("wagtail_syndicate")
def check_names(app_configs=None, **kwargs):
    """W003: a setting that does not exist, most likely a typing error."""
    found = []
    for name in getattr(settings, conf.SETTING, {}):
        if name not in conf.DEFAULTS:
            near = get_close_matches(str(name), conf.DEFAULTS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known settings: {', '.join(conf.DEFAULTS)}."
            found.append(Warning(f"{conf.SETTING} has no setting {name!r}.", hint=hint, id="wagtail_syndicate.W003"))
    return found


@register("wagtail_syndicate")
def check_page_url(app_configs=None, **kwargs):
    """E005: the setting for public addresses leads nowhere. W005: it leads readers to this machine."""
    if not (setting := conf.get("PAGE_URL")):
        return []
    try:
        articles.page_url_callable(setting)
    except ConfigurationError as error:
        hint = "Give the address of the site that readers see, or the dotted path of a callable (page) -> address."
        return [Error(str(error), hint=hint, id="wagtail_syndicate.E005")]
    if settings.DEBUG or not isinstance(setting, str) or is_public(urlsplit(setting).hostname):
        return []
    problem = f"{conf.SETTING}['PAGE_URL']: links would lead to {setting}, where no reader finds the page."
    return [Warning(problem, hint="Give the public host name.", id="wagtail_syndicate.W005")]


@register("wagtail_syndicate")
def check_summarisers(app_configs=None, **kwargs):
    """E004: a summariser that cannot be called. W004: its texts are kept where other processes do not find them."""
    networks = conf.get("NETWORKS")
    names = networks if isinstance(networks, dict) else ()  # E001 tells what else is wrong with it
    if not (chosen := set(filter(None, [conf.get("SUMMARISER"), *map(summarisers.setting_of, names)]))):
        return []
    found = []
    for setting in sorted(chosen, key=str):
        try:
            summarisers.load(setting)
        except ConfigurationError as error:
            hint = "Give the dotted path of a callable (SummaryRequest) -> str; None for the embedded summariser."
            found.append(Error(str(error), hint=hint, id="wagtail_syndicate.E004"))
    backend = settings.CACHES.get("default", {}).get("BACKEND", "")
    if backend.endswith((".LocMemCache", ".DummyCache")):
        found.append(
            Warning(
                "What a summariser wrote for a preview is kept in a cache that the workers do not share.",
                hint="Set CACHES to one that all processes share; else what is sent may read otherwise.",
                id="wagtail_syndicate.W004",
            )
        )
    return found
