"""Telegram channels, through a bot that is one of the channel's administrators.

Sources: Bot API 10.1 of 11 June 2026 (PaulSonOfLars/telegram-bot-api-spec), error texts of tdlib/telegram-bot-api.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer, Http
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import Rejected
from wagtail_syndicate.types import (
    Connection,
    Identity,
    ImageLimits,
    Limits,
    Message,
    Reach,
    Receipt,
    Region,
    Shape,
    Style,
    without_link,
)


MAY_POST = ("creator", "administrator", "member")


def rows(reaction: Reaction, reason: str, *texts: str) -> tuple[ErrorRow, ...]:
    """Rows for answers with code 400, which Telegram tells apart by their words only."""
    return tuple(ErrorRow(reaction, reason, codes=("400",), contains=text) for text in texts)


def secret_forms(secrets: Iterable[str]) -> list[str]:
    """Each secret as it is and as it may stand in an address, longest first."""
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=":"), quote(secret, safe=""))}
    return sorted(forms, key=len, reverse=True)


class Backend(BaseBackend):
    """Telegram. It recognises no repeated post and bots cannot read a channel: the first answer is all there is.

    The token is a part of every address, so addresses are made here and shown nowhere.
    """

    name = "telegram"
    label = _("Telegram")
    icon = "syndicate-telegram"
    shape = Shape.CHAT
    region = Region.GLOBAL
    reach = Reach.AUTOMATIC
    auth = (
        Pasted(
            (
                PastedField("bot_token", _("Token of the bot"), _("@BotFather gives it when the bot is made.")),
                PastedField(
                    "channel",
                    _("Channel"),
                    _("@name of a public channel, or the number of a private one (it begins with -100)."),
                    secret=False,
                ),
            ),
            label=_("Bot token"),
        ),
    )
    conditions = (
        _("The bot must be an administrator of the channel with the right to post."),
        _("Telegram cannot be asked whether a post arrived. After a broken connection a person has to look."),
    )
    hosts = {"api": "https://api.telegram.org", "web": "https://t.me"}
    limits = Limits(
        length=4096,
        count=counting.utf16,
        # Width and height together may be 10,000 pixels.
        images=ImageLimits(max_bytes=10_000_000, max_width=5000, max_height=5000),
        caption_length=1024,
    )
    style = Style(title="bold", target=600, sentences=4, body=True, hashtags=2, paragraphs=True)
    reasons = {
        "not_modified": _("{network} has these very words already."),
        "no_text": _("The post has no text at {network} that could be changed."),
        "too_old": _("{network} does not let the bot change or delete this post any more. Do it in the app."),
    }
    errors = (
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("404",), contains="method not found"),
        ErrorRow(Reaction.RECONNECT, "reconnect", codes=("401", "404")),
        ErrorRow(Reaction.REJECTED, "target_missing", codes=("403",), contains="was deleted"),
        ErrorRow(Reaction.REJECTED, "permission", codes=("403",)),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("429",), retry_after=60.0),
        ErrorRow(Reaction.MEDIA, "image_refused", status=(413,)),
        *rows(Reaction.REJECTED, "target_missing", "chat not found", "upgraded to a supergroup", "chat_id is empty"),
        *rows(Reaction.REJECTED, "permission", "not enough rights", "administrator rights", "have no rights to send"),
        *rows(Reaction.REJECTED, "permission", "member list is inaccessible", "CHAT_ADMIN_REQUIRED"),
        *rows(Reaction.REJECTED, "permission", "CHAT_WRITE_FORBIDDEN"),
        *rows(Reaction.REJECTED, "content_refused", "can't parse entities"),
        *rows(Reaction.REJECTED, "too_long", "message is too long", "caption is too long", "caption too long"),
        *rows(Reaction.REJECTED, "empty", "message text is empty", "text must be non-empty"),
        *rows(Reaction.MEDIA, "image_refused", "failed to get HTTP URL content", "wrong type of the web page content"),
        *rows(Reaction.MEDIA, "image_refused", "PHOTO_INVALID", "IMAGE_PROCESS_FAILED", "PHOTO_SAVE_FILE_INVALID"),
        *rows(Reaction.MEDIA, "image_refused", "file is too big", "wrong file_id"),
        # Editing and deleting.
        *rows(Reaction.REJECTED, "not_modified", "message is not modified"),
        *rows(Reaction.REJECTED, "no_text", "there is no text in the message", "there is no caption in the message"),
        *rows(Reaction.REJECTED, "post_gone", "message to edit not found", "message to delete not found"),
        *rows(Reaction.REJECTED, "post_gone", "MESSAGE_ID_INVALID"),
        *rows(Reaction.REJECTED, "too_old", "message can't be edited", "message can't be deleted"),
        *rows(Reaction.REJECTED, "too_old", "MESSAGE_DELETE_FORBIDDEN", "MESSAGE_EDIT_TIME_EXPIRED"),
    )

    def __init__(self, connection: Connection = Connection(), http: Http | None = None):  # noqa: B008 (frozen)
        super().__init__(connection, http or Http(secret_forms(connection.secrets)))

    def identify(self) -> Identity:
        bot = self._method("getMe", {})
        chat = self._method("getChat", {"chat_id": self._chat_id()})
        member = self._method("getChatMember", {"chat_id": chat.get("id"), "user_id": bot.get("id")})
        in_channel = chat.get("type") == "channel"
        # Owners have every right, so only administrators are told which.
        may_post = member.get("status") == "creator" or member.get("can_post_messages") is True
        if chat.get("type") == "private" or member.get("status") not in MAY_POST or (in_channel and not may_post):
            raise Rejected("permission", f"@{bot.get('username', '')} may not post there")
        remote_id, username = str(chat.get("id")), chat.get("username", "")
        handle = f"@{username}" if username else chat.get("title") or remote_id
        return Identity(remote_id, handle, f"{self.host('web')}/{username}" if username else "")

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        if uploads:
            # A form holds texts only.
            form = {
                name: value if isinstance(value, str) else json.dumps(value)
                for name, value in self._caption(message).items()
            }
            files = {"photo": (uploads[0].filename, uploads[0].data, uploads[0].content_type)}
            sent = self._method("sendPhoto", irreversible=True, data=form, files=files)
        else:
            sent = self._method("sendMessage", self._text(message), irreversible=True)
        number = sent.get("message_id")
        return self.receipt(number, self._permalink(sent.get("chat") or {}, number))

    def edit(self, remote_id: str, message: Message) -> Receipt:
        """Change the text, or a picture's caption: a post's number does not tell which it has, so both are tried."""
        ways = [("editMessageText", self._text(message)), ("editMessageCaption", self._caption(message))]
        if message.images:
            ways.reverse()
        for method, fields in ways:
            try:
                sent = self._method(method, {**fields, "message_id": int(remote_id)})
            except Rejected as error:
                if error.reason == "not_modified":
                    return Receipt(remote_id)
                if error.reason != "no_text":
                    raise
                refused = error
            else:
                return Receipt(remote_id, self._permalink(sent.get("chat") or {}, remote_id))
        raise refused

    def delete(self, remote_id: str) -> None:
        try:
            self._method("deleteMessage", {"chat_id": self._chat_id(), "message_id": int(remote_id)})
        except Rejected as error:
            if error.reason != "post_gone":
                raise

    def share_link(self, message: Message) -> str:
        words = without_link(message.text, message.link).strip()
        return link_to(f"{self.host('web')}/share/url", url=message.link, text=words)

    def problem(self, answer: Answer) -> Problem | None:
        result = answer.get("result")
        if 200 <= answer.status < 300 and answer.get("ok") is True and (isinstance(result, dict) or result is True):
            return None
        text = answer.get("description")
        text = text if isinstance(text, str) else "an answer that is not Telegram's"
        if moved := answer.get("parameters", "migrate_to_chat_id"):
            text = f"{text} (its number is now {moved})"
        code, wait = answer.get("error_code"), answer.get("parameters", "retry_after")
        seconds = float(wait) if isinstance(wait, int | float) else answer.retry_after
        return Problem(answer.status, "" if code is None else str(code), text, seconds)

    def _method(self, method: str, fields: dict[str, Any] | None = None, **kwargs: Any) -> dict[str, Any]:
        token = quote(self.connection.credentials.get("bot_token", ""), safe=":")
        result = self.call("POST", f"{{api}}/bot{token}/{method}", json=fields, **kwargs).get("result")
        # A method that has nothing to show answers "true".
        return result if isinstance(result, dict) else {}

    def _chat_id(self) -> int | str:
        given = str(self.connection.remote_id or self.connection.options.get("channel", "")).strip()
        if re.fullmatch(r"-?\d+", given):
            return int(given)
        name = re.sub(r"^(?:https?://)?(?:t|telegram)\.me/", "", given).strip("@/ ")
        if not name:
            raise Rejected("target_missing", given)
        return f"@{name}"

    def _text(self, message: Message) -> dict[str, Any]:
        preview = {"url": message.link} if message.link else {"is_disabled": True}
        fields = {"chat_id": self._chat_id(), "text": message.text, "link_preview_options": preview}
        return fields | ({"entities": entities} if (entities := self._entities(message)) else {})

    def _caption(self, message: Message) -> dict[str, Any]:
        fields = {"chat_id": self._chat_id(), "caption": message.text}
        return fields | ({"caption_entities": entities} if (entities := self._entities(message)) else {})

    def _entities(self, message: Message) -> list[dict[str, Any]]:
        """The message's spans with offsets in UTF-16 code units, as the Bot API counts."""
        return [
            {
                "type": span.kind,
                "offset": counting.utf16(message.text[: span.offset]),
                "length": counting.utf16(message.text[span.offset : span.offset + span.length]),
            }
            for span in message.spans
        ]

    def _permalink(self, chat: dict[str, Any], number: Any) -> str:
        if username := chat.get("username"):
            return f"{self.host('web')}/{username}/{number}"
        chat_id = str(chat.get("id", ""))
        return f"{self.host('web')}/c/{chat_id[4:]}/{number}" if chat_id.startswith("-100") else ""
