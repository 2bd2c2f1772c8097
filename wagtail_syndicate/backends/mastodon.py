"""Mastodon and servers that speak its API.

Facts: https://docs.joinmastodon.org (state of 2026-07-02, API of 4.6) and the sources of the server (idempotency,
length). Two other servers were tried as well: they ignore the idempotency key and word their errors differently,
so errors are told apart by status alone and every answer that leaves a doubt is one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from bs4 import BeautifulSoup
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.errors import ErrorRow, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.backends.likeness import same_text
from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NotSent, Rejected
from wagtail_syndicate.types import (
    Choice,
    Identity,
    ImageLimits,
    Limits,
    Media,
    Message,
    Receipt,
    Region,
    Shape,
    Style,
)


POLL_WAITS = (0.5, 1.0, 1.5, 2.0, 2.0, 2.0)  # seconds between two looks at a picture that is being processed
STILL_PROCESSING = (202, 206)
STATUS_LIMITS = ("max_characters", "characters_reserved_per_url", "max_media_attachments")
PICTURE_LIMITS = ("description_limit", "image_size_limit")
PAGE = 40  # statuses; the most that the API gives at once
PAGES = 5


class Backend(BaseBackend):
    """One account on one server; what the server allows is asked when the account is connected."""

    name = "mastodon"
    label = "Mastodon"
    icon = "syndicate-mastodon"
    shape = Shape.SHORT
    region = Region.GLOBAL
    many_servers = True
    auth = (
        OAuth2(
            register_url="{server}/api/v1/apps",
            authorize_url="{server}/oauth/authorize",
            token_url="{server}/oauth/token",  # noqa: S106 (an address)
            revoke_url="{server}/oauth/revoke",
            scopes=("write:statuses", "write:media", "read:statuses", "read:accounts"),
            keys=None,
        ),
    )
    conditions = (
        _("Free of charge. Some servers do not want automated or company accounts: read your server's rules first."),
        _("Posts can be deleted, but not from servers that keep the copy they already have."),
    )
    choices = (
        Choice(
            "visibility",
            _("Who sees the posts"),
            (
                ("public", _("Everybody")),
                ("unlisted", _("Everybody, but left out of public timelines and searches")),
                ("private", _("Followers only")),
            ),
        ),
    )
    limits = Limits(
        length=500,
        count=counting.mastodon,
        images=ImageLimits(4, 16_777_216, content_types=("image/jpeg", "image/png", "image/webp"), alt_length=1500),
    )
    style = Style(target=320, sentences=3, body=True, hashtags=3)
    key_seconds = 1800  # the server remembers a key for an hour, but forgets it when it crashes: half is trusted
    # No row for 5xx: gateways in front of large servers also send 503 when the server behind them had the request.
    errors = (
        ErrorRow(Reaction.RECONNECT, "reconnect", status=(401, 403)),
        ErrorRow(Reaction.REJECTED, "target_missing", status=(404, 410)),
        ErrorRow(Reaction.REJECTED, "content_refused", status=(400, 422)),
        ErrorRow(Reaction.REJECTED, "too_long", status=(413,)),
        ErrorRow(Reaction.RETRY, "rate_limited", status=(429,), retry_after=300),
    )

    sleep = staticmethod(time.sleep)

    def get_limits(self) -> Limits:
        """The server's own limits, as they were when the account was connected."""
        own = self.connection.options.get("limits") or {}
        usual = self.limits.images
        return Limits(
            length=own.get("max_characters", self.limits.length),
            count=partial(counting.mastodon, url_length=own.get("characters_reserved_per_url", 23)),
            images=replace(
                usual,
                count=own.get("max_media_attachments", usual.count),
                max_bytes=own.get("image_size_limit", usual.max_bytes),
                alt_length=own.get("description_limit", usual.alt_length),
            ),
        )

    def facts(self) -> Sequence[str]:
        limits = self.get_limits()
        told = _("The server takes posts of %(length)s characters with up to %(count)s pictures.")
        return (told % {"length": limits.length, "count": limits.images.count},)

    def identify(self) -> Identity:
        """Whose token this is, and what the server allows (``/api/v2/instance``; docs, methods/instance)."""
        try:
            account = self.call("GET", "{server}/api/v1/accounts/verify_credentials")
        except Rejected as error:
            # One server says 400, as a web page, to a token that it does not know; nothing else was sent here.
            if error.status != 400:
                raise
            raise AccountProblem("reconnect", error.detail, error.status) from None
        remote_id = self.named(account)
        server = self.call("GET", "{server}/api/v2/instance")
        told = {name: server.get("configuration", "statuses", name) for name in STATUS_LIMITS}
        told |= {name: server.get("configuration", "media_attachments", name) for name in PICTURE_LIMITS}
        limits = {name: value for name, value in told.items() if isinstance(value, int) and value > 0}
        domain = server.get("domain") or self.host("server").partition("://")[2]
        handle = f"@{account.get('acct') or account.get('username')}@{domain}"
        return Identity(remote_id, handle, account.get("url") or "", {"limits": limits})

    def named(self, answer: Answer) -> str:
        """The id in an answer to a harmless request.

        :raises NotSent: there is none; asking again does no harm.
        """
        if not isinstance(value := answer.get("id"), str) or not value:
            raise NotSent("network_busy", "the answer holds no id", answer.status)
        return value

    def upload(self, media: Media) -> str:
        """Hand over a picture and wait until the server has processed it.

        :returns: the id of the attachment.
        :raises NotSent: the server is still at it after ten seconds.
        """
        description = media.alt[: self.get_limits().images.alt_length]
        try:
            answer = self.call(
                "POST",
                "{server}/api/v2/media",
                files={"file": (media.filename, media.data, media.content_type)},
                data={"description": description} if description else None,
            )
            media_id = self.named(answer)
            waits = iter(POLL_WAITS)
            while answer.status in STILL_PROCESSING:
                if (wait := next(waits, None)) is None:
                    raise NotSent("network_busy", "the picture is still being processed", answer.status, 30)
                self.sleep(wait)
                answer = self.call("GET", f"{{server}}/api/v1/media/{media_id}")
                self.named(answer)
        except (Rejected, NotSent) as error:
            # 500 is how servers say that their image software failed on the file; trying again seldom helps.
            if isinstance(error, Rejected) or error.status == 500:
                raise MediaRejected("image_refused", error.detail, error.status) from None
            raise
        return media_id

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        """Post a status; language and visibility are always said, because servers differ in what they assume."""
        status = self._status(message, uploads) | {"visibility": self.chosen("visibility")}
        answer = self.call(
            "POST", "{server}/api/v1/statuses", irreversible=True, json=status, headers={"Idempotency-Key": key}
        )
        return self.receipt(answer.get("id"), answer.get("url") or "")

    @staticmethod
    def _status(message: Message, media_ids: Sequence[Any]) -> dict[str, Any]:
        status: dict[str, Any] = {"status": message.text}
        language = message.language.partition("-")[0].lower()
        if len(language) == 2:
            status["language"] = language
        if media_ids:
            status["media_ids"] = list(media_ids)
        return status

    def edit(self, remote_id: str, message: Message) -> Receipt:
        """Change the words. The pictures are named again, or the server would take them away (methods/statuses)."""
        address = f"{{server}}/api/v1/statuses/{remote_id}"
        attached = self.call("GET", address).get("media_attachments")
        if not isinstance(attached, list):
            raise NotSent("network_busy", "the server did not show the post")
        answer = self.call("PUT", address, json=self._status(message, [picture["id"] for picture in attached]))
        return Receipt(self.named(answer), answer.get("url") or "")

    def delete(self, remote_id: str) -> None:
        """Delete the post. Nobody looks whether it is gone: one server shows a deleted post for a while."""
        try:
            self.call("DELETE", f"{{server}}/api/v1/statuses/{remote_id}")
        except Rejected as error:
            if error.reason != "target_missing":
                raise

    def find(self, message: Message, since: datetime) -> Receipt | None:
        """Look through the account's own statuses, newest first (some servers: after pinned ones), to ``since``."""
        params: dict[str, Any] = {"limit": PAGE, "exclude_replies": "true", "exclude_reblogs": "true"}
        look = Look(since)
        for _page in range(PAGES):
            statuses = self.call(
                "GET", f"{{server}}/api/v1/accounts/{self.connection.remote_id}/statuses", params=params
            ).data
            if not isinstance(statuses, list):
                raise NotSent("network_busy", "the server did not list the account's posts")
            for status in statuses:
                made = datetime.fromisoformat(status["created_at"])
                recent = look.meet(status["id"], made, status.get("pinned") is True)
                if recent and same_text(message.text, plain_text(status.get("content") or "")):
                    return self.receipt(status["id"], status.get("url") or "")
            # Servers may give less than was asked for, so only an empty page is the end.
            if look.has_passed or not statuses:
                return None
            params["max_id"] = statuses[-1]["id"]
        raise look.unsure()

    def share_link(self, message: Message) -> str:
        """The server's own share page (``/share``; in use by public share buttons, 2026)."""
        return link_to(self.url("{server}/share"), text=message.text_with_link) if self.connection.host else ""


def plain_text(html: str) -> str:
    """The text of a status, links written out: servers shorten what they show of them."""
    soup = BeautifulSoup(html, "html.parser")
    for link in soup.find_all("a", href=True):
        if not link.get_text().lstrip().startswith(("#", "@")):
            link.replace_with(f" {link['href']} ")
    return soup.get_text(" ")
