"""Addresses of servers that people type in: made uniform, and kept away from this site's own network."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

from wagtail_syndicate import conf
from wagtail_syndicate.backends.addresses import addresses_of, is_public, parsed


NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?")
SPACE = re.compile(r"[\s\x00-\x1f\x7f]")


def normalise(text: str) -> str:
    """The address of a server, as ``https://mastodon.example``, from whatever people copy for it.

    ``mastodon.example``, ``https://mastodon.example/@me`` and ``@me@mastodon.example`` all mean the same server.

    :raises ValidationError: it is no address, leads nowhere, or leads into a private network although the setting
        ``ALLOW_LOCAL_HOSTS`` is off.
    """
    scheme, host, port = _parts(text.strip())
    local = _is_allowed_local(host, port or 443)
    return _origin(scheme if local else "https", host, port)


def web_address(text: str) -> str:
    """A complete web address that requests may be sent to, path and parameters included, with its host made uniform.

    :raises ValidationError: as :func:`normalise`; also when it is not encrypted (unless it leads to this machine or
        a private network and ``ALLOW_LOCAL_HOSTS`` is on), or holds a name or a password.
    """
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = punycode(parts.hostname or "").rstrip("."), parts.port
    except (ValueError, UnicodeError):
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or not (NAME.fullmatch(host) or _is_address(host)) or SPACE.search(text):
        raise ValidationError(
            _("This is not a web address. It looks like https://www.example.com/path."), code="invalid"
        )
    if "@" in parts.netloc:
        raise ValidationError(_("Enter the address without a name and password."), code="invalid")
    if not _is_allowed_local(host, port or {"http": 80, "https": 443}[parts.scheme]) and parts.scheme != "https":
        raise ValidationError(_("The address must begin with https://."), code="plain")
    return _origin(parts.scheme, host, port) + parts.path + (f"?{parts.query}" if parts.query else "")


def is_safe(url: str) -> bool:
    """Whether keys may be sent to ``url``: it is encrypted, or it is a developer's own machine and that is allowed."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    if parts.scheme != "http" or not parts.hostname or not conf.get("ALLOW_LOCAL_HOSTS"):
        return False
    try:
        return is_local(parts.hostname, parts.port or 80)
    except ValidationError:
        return False


def is_local(host: str, port: int) -> bool:
    """Whether any of the host's addresses is not public (RFC 6890: loopback, private, link-local ...).

    :raises ValidationError: the host has no address.
    """
    try:
        found = addresses_of(host, port)
    except (OSError, UnicodeError):
        raise ValidationError(
            _("The server %(host)s was not found. Check the address for typing errors.") % {"host": host},
            code="not_found",
        ) from None
    return any(not is_public(parsed(address)) for address in found)


def _is_allowed_local(host: str, port: int) -> bool:
    """Whether the host is on this machine or in a private network, and may be.

    :raises ValidationError: it may not, or the host has no address.
    """
    local = is_local(host, port)
    if local and not conf.get("ALLOW_LOCAL_HOSTS"):
        raise ValidationError(
            _("%(host)s is on this machine or in a private network. Enter the address of a public server.")
            % {"host": host},
            code="private",
        )
    return local


def _origin(scheme: str, host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + (f":{port}" if port and port != {"http": 80, "https": 443}[scheme] else "")


def _parts(text: str) -> tuple[str, str, int | None]:
    if "://" not in text:
        # "@me@mastodon.example": what follows the last @ is the server.
        text = "https://" + text.rpartition("@")[2]
    try:
        parts = urlsplit(text)
        host, port = punycode(parts.hostname or ""), parts.port
    except (ValueError, UnicodeError):
        host, port = "", None
    else:
        if parts.scheme not in ("http", "https"):
            host = ""
    if not (NAME.fullmatch(host) or _is_address(host)):
        raise ValidationError(
            _("This is not the address of a server. It looks like https://mastodon.example."), code="invalid"
        )
    return parts.scheme, host.rstrip("."), port


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
