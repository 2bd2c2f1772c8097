"""LINE: one message to every friend of an Official Account, as a card with the article's link.

Sources: line/line-openapi (messaging-api.yml), developers.line.biz (Messaging API reference, retrying API requests),
as stored in November 2026. None of it could be tried with a real account.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.compose import counting
from wagtail_syndicate.compose.cutting import cut
from wagtail_syndicate.exceptions import MediaRejected, NotSent, Rejected
from wagtail_syndicate.types import (
    Identity,
    ImageLimits,
    Limits,
    LinkPlace,
    Media,
    Message,
    Receipt,
    Region,
    Shape,
    Style,
)


TEXT = 5000  # UTF-16 code units
# The reference names 1,500 today and named 400 for years; a notification shows less than either.
ALT_TEXT = 400
BUTTON_URL = 1000  # characters
PICTURE_URL = 2000
# Readers of the account see the button, so it speaks the article's language and not an admin's.
BUTTONS = {
    "id": "Baca selengkapnya",
    "ja": "続きを読む",
    "ko": "자세히 보기",
    "th": "อ่านต่อ",
    "vi": "Đọc tiếp",
    "zh-hans": "阅读全文",
    "zh-cn": "阅读全文",
    "zh": "閱讀全文",
}
BUTTON = "Read more"
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")


class Backend(BaseBackend):
    """A LINE Official Account.

    One door, the long-lived token of the channel: it does not end by itself, nothing has to be renewed, and the
    channel's secret, which would open much more, stays out of the site. The delivery's key goes along as the retry
    key, so a repeated broadcast reaches nobody twice; that is also the only way to learn what became of one.
    """

    name = "line"
    label = "LINE"
    icon = "syndicate-line"
    shape = Shape.CHAT
    region = Region.JAPAN
    auth = (
        Pasted(
            (
                PastedField(
                    "access_token",
                    _("Channel access token (long-lived)"),
                    _("In the LINE Developers Console: press “Issue” at the end of the page “Messaging API”."),
                ),
            ),
            label=_("Channel access token"),
        ),
    )
    conditions = (
        _("Each post is a message on the phone of every friend of the account. It cannot be changed or taken back."),
        _("Each friend who gets a post counts as one message of the plan's monthly number. More have to be paid for."),
        _("LINE fetches pictures itself: they are shown only where the site's pictures have a public https address."),
    )
    hosts = {
        "api": "https://api.line.me",
        "web": "https://line.me",
        "share": "https://social-plugins.line.me",
    }
    limits = Limits(
        length=TEXT,
        count=counting.utf16,
        link=LinkPlace.CARD,
        images=ImageLimits(max_bytes=10_000_000, max_width=1024, max_height=1024),
    )
    style = Style(target=160, sentences=2)
    # LINE remembers a key for 24 hours; an hour less, so that no slow request comes too late.
    key_seconds = 23 * 3600
    reasons = {
        "monthly_quota": _(
            "The account has sent all the messages that its plan at {network} allows in a month. "
            "A site admin must buy more there or wait for the next month, then try again."
        ),
    }
    # developers.line.biz, status codes and error messages, November 2026. Nothing here stands for 5xx: whether the
    # message was accepted is then not known, and the retry key finds out.
    errors = (
        ErrorRow(Reaction.REJECTED, "monthly_quota", status=(429,), contains="monthly limit"),
        # 60 broadcasts an hour for a channel; LINE does not say when the next one is possible.
        ErrorRow(Reaction.RETRY, "rate_limited", status=(429,), retry_after=300.0),
        ErrorRow(Reaction.RECONNECT, "reconnect", status=(401,)),
        ErrorRow(Reaction.REJECTED, "permission", status=(403,)),
        ErrorRow(Reaction.MEDIA, "image_refused", status=(400,), contains="hero"),
        ErrorRow(Reaction.REJECTED, "bad_request", status=(400,), contains="retry key"),
        ErrorRow(Reaction.REJECTED, "too_long", status=(400,), contains="length must be"),
        ErrorRow(Reaction.REJECTED, "content_refused", status=(400,)),
        ErrorRow(Reaction.REJECTED, "too_long", status=(413,)),
        ErrorRow(Reaction.REJECTED, "bad_request", status=(404, 405, 410, 415)),
        # The key was accepted before, but the answer does not name the request that was.
        ErrorRow(Reaction.DUPLICATE, "duplicate", status=(409,)),
    )

    def identify(self) -> Identity:
        """Whose token this is, and what the plan allows in a month (``quota`` is ``None`` where it has no limit)."""
        account = self.call("GET", "{api}/v2/bot/info")
        remote_id, handle = account.get("userId"), account.get("basicId")
        if not remote_id or not handle:
            raise NotSent("network_busy", "the answer holds no account", account.status)
        quota = self.call("GET", "{api}/v2/bot/message/quota")
        used = self.call("GET", "{api}/v2/bot/message/quota/consumption")
        if quota.get("type") not in ("limited", "none") or not isinstance(used.get("totalUsage"), int):
            raise NotSent("network_busy", "the answer holds no quota", quota.status)
        options = {
            "name": account.get("displayName") or "",
            "quota": quota.get("value") if quota.get("type") == "limited" else None,
            "quota_used": used.get("totalUsage"),
        }
        return Identity(remote_id, handle, f"{self.host('web')}/R/ti/p/{quote(handle, safe='')}", options)

    def facts(self) -> Sequence[str]:
        used, quota = self.connection.options.get("quota_used"), self.connection.options.get("quota")
        if used is None:
            return ()
        told = _("Messages this month, when it was last tested: %(used)s of the %(quota)s that the plan allows.")
        if quota is None:
            told = _("Messages this month, when it was last tested: %(used)s. The plan sets no limit.")
        return (told % {"used": used, "quota": quota},)

    def upload(self, media: Media) -> str:
        """The address where LINE will fetch the picture; nothing is handed over."""
        if not media.url.startswith("https://") or len(media.url) > PICTURE_URL:
            raise MediaRejected("picture_address", media.url[:200])
        return media.url

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        """Send to all friends. The id is that of the request which LINE accepted: this one, or an earlier one."""
        answer = self.call(
            "POST",
            "{api}/v2/bot/message/broadcast",
            irreversible=True,
            # Real UTF-8: escaped, a card of Japanese would be twice as long and might exceed LINE's 30 KB.
            data=json.dumps({"messages": [as_line(message, uploads)]}, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json", "X-Line-Retry-Key": key},
        )
        accepted = answer.headers.get("x-line-accepted-request-id")
        return self.receipt(accepted or answer.headers.get("x-line-request-id"))

    def share_link(self, message: Message) -> str:
        return link_to(f"{self.host('share')}/lineit/share", url=message.link, text=message.text)

    def problem(self, answer: Answer) -> Problem | None:
        """409 with the id of an earlier request is a success: that request, with the same key, was accepted."""
        if answer.status == 409 and answer.headers.get("x-line-accepted-request-id"):
            return None
        if 200 <= answer.status < 300 and isinstance(answer.data, dict) and "message" not in answer.data:
            return None
        return Problem(answer.status, "", self.error_text(answer), answer.retry_after)

    def error_text(self, answer: Answer) -> str:
        """The message and its details, each with the place in the request that it is about."""
        details = answer.get("details")
        told = [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []
        parts = [f"{detail.get('property', '')}: {detail.get('message', '')}" for detail in told]
        return "; ".join([super().error_text(answer), *parts])


def as_line(message: Message, uploads: Sequence[str]) -> dict[str, Any]:
    """The message object: a card with a button where there is a link, else plain text.

    :raises Rejected: an address that is too long for a button does not fit into the text either.
    """
    uri = iri_to_uri(message.link)
    if message.link and len(uri) <= BUTTON_URL:
        return card(message, uri, uploads)
    if counting.utf16(message.text_with_link) > TEXT:
        raise Rejected("too_long", f"{counting.utf16(message.text_with_link)} / {TEXT}")
    return {"type": "text", "text": message.text_with_link}


def card(message: Message, uri: str, uploads: Sequence[str]) -> dict[str, Any]:
    """A flex message: picture, title, text and a button; its ``altText`` is what a phone's notification shows."""
    language = message.language.lower()
    label = BUTTONS.get(language) or BUTTONS.get(language[:7]) or BUTTONS.get(language.partition("-")[0], BUTTON)
    open_article = {"type": "uri", "label": label, "uri": uri}
    words = [{"type": "text", "text": message.title, "weight": "bold", "size": "lg", "wrap": True}]
    words.append({"type": "text", "text": message.text, "wrap": True})
    bubble = {
        "type": "bubble",
        "direction": "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr",
        "body": {
            "type": "box",
            "layout": "vertical",
            "spacing": "md",
            "contents": [part for part in words if part["text"]],
        },
        "footer": {
            "type": "box",
            "layout": "vertical",
            "contents": [{"type": "button", "style": "link", "action": open_article}],
        },
    }
    if uploads:
        bubble["hero"] = {
            "type": "image",
            "url": uploads[0],
            "size": "full",
            "aspectMode": "cover",
            "aspectRatio": aspect_ratio(message),
            "action": open_article,
        }
    alt_text = cut(" ".join((message.title or message.text).split()), ALT_TEXT, counting.utf16)
    return {"type": "flex", "altText": alt_text, "contents": bubble}


def aspect_ratio(message: Message) -> str:
    """The picture's own shape; LINE takes nothing that is more than three times as high as wide."""
    width, height = (message.images[0].width, message.images[0].height) if message.images else (0, 0)
    if not width or not height:
        return "20:13"
    return f"{width}:{min(height, 3 * width)}"
