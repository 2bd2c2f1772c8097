"""Credentials at rest: sealed with Fernet (AES-128-CBC and HMAC-SHA256, https://github.com/fernet/spec).

The keys are those of the setting ``KEYS``, newest first: the first one seals, all of them unseal. Behind them stand
keys derived from ``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS`` (HKDF with SHA-256), so that a site works before it has
any keys of its own and loses nothing when it gets some.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from wagtail_syndicate import conf
from wagtail_syndicate.exceptions import ConfigurationError, CredentialsLost


PURPOSE = b"wagtail-syndicate: credentials of accounts"


@sensitive_variables()
def seal(values: Mapping[str, Any]) -> str:
    """``values`` (JSON-ready) as text that only this site can read; "" for none.

    :raises ConfigurationError: a key in the settings is not a Fernet key.
    """
    if not values:
        return ""
    return _fernet().encrypt(json.dumps(dict(values)).encode()).decode("ascii")


@sensitive_variables()
def unseal(text: str) -> dict[str, Any]:
    """What :func:`seal` was given; ``{}`` for "".

    :raises CredentialsLost: none of the keys opens it.
    :raises ConfigurationError: a key in the settings is not a Fernet key.
    """
    if not text:
        return {}
    try:
        return json.loads(_fernet().decrypt(text.encode()))
    except InvalidToken:
        raise CredentialsLost("None of this site's keys opens the stored credentials.") from None


def reseal(text: str) -> str:
    """The same, sealed with the newest key.

    :raises CredentialsLost: none of the keys opens it.
    """
    try:
        return _fernet().rotate(text.encode()).decode("ascii")
    except InvalidToken:
        raise CredentialsLost("None of this site's keys opens the stored credentials.") from None


def check_keys() -> None:
    """See whether the keys of the settings can be used.

    :raises ConfigurationError: one cannot; the message tells which, not what it is.
    """
    _fernet()


@sensitive_variables()
def _fernet() -> MultiFernet:
    keys = conf.get("KEYS") or []
    if isinstance(keys, str | bytes):
        raise ConfigurationError(f'{conf.SETTING}["KEYS"] must be a list of keys, newest first.')
    fernets = []
    for position, key in enumerate(keys, start=1):
        try:
            fernets.append(Fernet(key))
        except (ValueError, TypeError):
            raise ConfigurationError(
                f'Key number {position} in {conf.SETTING}["KEYS"] is not a Fernet key (32 bytes, URL-safe base64).'
            ) from None
    for secret in (settings.SECRET_KEY, *getattr(settings, "SECRET_KEY_FALLBACKS", ())):
        fernets.append(Fernet(_derived(secret)))
    return MultiFernet(fernets)


@sensitive_variables()
def _derived(secret: str | bytes) -> bytes:
    material = secret.encode() if isinstance(secret, str) else secret
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=PURPOSE).derive(material)
    return base64.urlsafe_b64encode(key)
