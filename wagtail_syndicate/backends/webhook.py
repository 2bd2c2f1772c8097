"""A receiver of one's own: every post as a signed event, by the Standard Webhooks specification.

Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md (2026-08-17). The shape of the events is ours
and is documented in docs/networks/webhook.md; :data:`VERSION` changes when a receiver would have to.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate import conf
from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.errors import ErrorRow, Reaction
from wagtail_syndicate.backends.http import Answer, Http
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected
from wagtail_syndicate.keys import moment, new_key
from wagtail_syndicate.types import (
    Choice,
    Connection,
    Identity,
    ImageLimits,
    Limits,
    LinkPlace,
    Media,
    Message,
    Receipt,
    Region,
    Style,
)


VERSION = 1
PREFIX = "whsec_"
KEY_BYTES = 24  # the shortest key that the specification allows
LONGEST_ID = 255  # characters of a receiver's id that are kept
REMEMBERED = 24 * 3600  # seconds for which a receiver that drops repeats has to know an id


def signing_key(secret: str) -> bytes:
    """The bytes of a secret: ``whsec_`` and base64, or any other text as it is.

    :raises AccountProblem: it is no base64, or too short to be secret.
    """
    key = secret.encode()
    if secret.startswith(PREFIX):
        encoded = secret.removeprefix(PREFIX).rstrip("=")
        try:
            key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except (binascii.Error, ValueError):
            key = b""
    if len(key) < KEY_BYTES:
        raise AccountProblem("weak_secret")
    return key


class Backend(BaseBackend):
    """One receiver. Whether it drops what it gets twice is its admin's word: the specification asks for it, but no
    sender can see it."""

    name = "webhook"
    label = _("Webhook")
    icon = "syndicate-webhook"
    region = Region.GLOBAL
    auth = (
        Pasted(
            (
                PastedField(
                    "url",
                    _("Address of the receiver"),
                    _("It begins with https:// and answers signed POST requests."),
                    secret=False,
                    address=True,
                ),
                PastedField(
                    "secret",
                    _("Secret"),
                    _("The receiver has the same. whsec_ and base64, or any text of at least 24 characters."),
                ),
            ),
            label=_("Address and secret"),
        ),
    )
    conditions = (
        _("For systems of your own: the receiver has to check signatures by the Standard Webhooks specification."),
        _("When an account is connected or tested, the receiver gets a signed “ping” and has to accept it."),
    )
    choices = (
        Choice(
            "repeats",
            _("After a broken connection"),
            (
                ("ask", _("A person looks and decides")),
                ("repeat", _("Send again: the receiver drops an event whose webhook-id it has seen in the last day")),
            ),
            _("Choose to send again only where the receiver really does drop repeats, or a post may come out twice."),
        ),
    )
    limits = Limits(length=5000, link=LinkPlace.CARD, images=ImageLimits(count=4, alt_length=1500))
    shares_server = False
    style = Style(target=600, paragraphs=True)
    reasons = {
        "endpoint_gone": _(
            "The receiver said that it is gone for good. A site admin must enter a new address, or remove the account."
        ),
        "endpoint_moved": _(
            "The receiver sent us to another address, which is not followed. A site admin must enter the new address."
        ),
        "weak_secret": _(
            "The secret is no good. It is whsec_ and base64 of at least 24 bytes, or any text of at least 24 "
            "characters. A site admin must enter it again."
        ),
    }
    # By the specification only 2xx is a success. No row for 5xx: a gateway says 502 and 504 also when the receiver
    # behind it had the event, so it is sent again only where repeats are dropped.
    errors = (
        ErrorRow(Reaction.REJECTED, "endpoint_moved", status=range(300, 400)),
        ErrorRow(Reaction.RECONNECT, "endpoint_gone", status=(410,)),
        ErrorRow(Reaction.RECONNECT, "reconnect", status=(401, 403)),
        ErrorRow(Reaction.REJECTED, "target_missing", status=(404,)),
        ErrorRow(Reaction.DUPLICATE, "duplicate", status=(409,)),
        ErrorRow(Reaction.REJECTED, "too_long", status=(413,)),
        ErrorRow(Reaction.REJECTED, "content_refused", status=(422,)),
        ErrorRow(Reaction.REJECTED, "bad_request", status=(400, 405, 406, 415)),
        ErrorRow(Reaction.RETRY, "rate_limited", status=(429,), retry_after=60.0),
    )

    def __init__(self, connection: Connection = Connection(), http: Http | None = None):  # noqa: B008 (frozen)
        super().__init__(connection, http)
        self.key_seconds = REMEMBERED if self.chosen("repeats") == "repeat" else 0

    def url(self, template: str) -> str:
        """The receiver has one address for everything."""
        return self.connection.options.get("url", "")

    def identify(self) -> Identity:
        """Send a signed ``ping``; the receiver may tell its name (``{"name": "Intranet"}``)."""
        answer = self._send("ping", {}, str(new_key()))
        address = self.url("")
        name = answer.get("name")
        handle = name[:100] if isinstance(name, str) and name else urlsplit(address).hostname or address
        return Identity(hashlib.sha256(address.encode()).hexdigest(), handle)

    def upload(self, media: Media) -> Media:
        """Nothing is handed over: the event holds the address of the picture."""
        if not media.url:
            raise MediaRejected("picture_address")
        return media

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        """Send ``article.published``; ``webhook-id`` and ``timestamp`` are the same for every attempt."""
        pictures = [{"url": media.url, "alt": media.alt, "content_type": media.content_type} for media in uploads]
        data = {**self._content(message), "images": pictures}
        answer = self._send("article.published", data, key, irreversible=True)
        return self.receipt(self._id(answer) or key, self._permalink(answer))

    def edit(self, remote_id: str, message: Message) -> Receipt:
        """Send ``article.changed``, with the new words."""
        answer = self._send("article.changed", {"id": remote_id, **self._content(message)}, str(new_key()))
        return self.receipt(remote_id, self._permalink(answer))

    def delete(self, remote_id: str) -> None:
        """Send ``article.withdrawn``."""
        self._send("article.withdrawn", {"id": remote_id}, str(new_key()))

    def _send(self, kind: str, data: dict[str, Any], key: str, irreversible: bool = False) -> Answer:
        event = {
            "type": kind,
            "version": VERSION,
            "timestamp": _when(key).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "data": {"account": self.connection.handle, **data},
        }
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        stamp = str(int(time.time()))
        signed = b".".join((key.encode(), stamp.encode(), body))
        secret = signing_key(self.connection.credentials.get("secret", ""))
        signature = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{signature}",
        }
        return self.call("POST", "", irreversible=irreversible, data=body, headers=headers)

    @staticmethod
    def _content(message: Message) -> dict[str, Any]:
        return {
            "text": message.text,
            "title": message.title,
            "description": message.description,
            "link": message.link,
            "language": message.language,
        }

    @staticmethod
    def _id(answer: Answer) -> str:
        """The receiver's own id for the post, "" when it named none that can be kept."""
        given = answer.get("id")
        known = isinstance(given, str | int) and not isinstance(given, bool) and len(str(given)) <= LONGEST_ID
        return str(given) if known else ""

    @staticmethod
    def _permalink(answer: Answer) -> str:
        given = answer.get("url")
        schemes = ("https://", "http://") if conf.get("ALLOW_LOCAL_HOSTS") else ("https://",)
        return given if isinstance(given, str) and given.startswith(schemes) else ""


def _when(key: str) -> datetime:
    """When the event came about: when its delivery was planned, by the key."""
    try:
        return moment(key)
    except ValueError:
        return datetime.now(UTC)
