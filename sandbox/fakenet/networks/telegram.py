"""Telegram: the Bot API for channels. A bot cannot read a channel's history.

Source: Bot API 10.1 (2026-06-11) and the error texts of tdlib/telegram-bot-api. That 4,096 and 1,024 are UTF-16 units
is not in the documents; it is the strict reading.
"""

import json

from flask import Blueprint, g, request

from .. import cards, pictures
from ..exchange import Manners, accept, current_state, endpoint, reply
from ..state import Account, Post
from ..texts import find_links, utf16_length
from . import telegram_text
from .faces import Face


NETWORK = "telegram"
FACE = Face("Telegram", "Paste the bot token and a channel name.")
BOT_TOKEN = "110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P"
BOT = {
    "id": 110201543,
    "is_bot": True,
    "first_name": "Fakenet bot",
    "username": "fakenet_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}
TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
MAX_PHOTO_BYTES, MAX_PHOTO_SIDES, MAX_PHOTO_RATIO = 10 * 1024 * 1024, 10_000, 20
OPERATIONS = {
    "sendmessage": "publish",
    "sendphoto": "publish",
    "editmessagetext": "update",
    "editmessagecaption": "update",
    "deletemessage": "delete",
}
RIGHTS_NEVER_NEEDED = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)

blueprint = Blueprint("telegram", __name__)


class BotError(Exception):
    """A refusal: ``code`` is both HTTP status and error_code."""

    def __init__(self, code: int, description: str, **parameters):
        super().__init__(description)
        self.code, self.parameters = code, parameters

    def answer(self):
        """The JSON of the refusal."""
        body = {"ok": False, "error_code": self.code, "description": str(self)}
        if self.parameters:
            body["parameters"] = self.parameters
        return reply(body, self.code, content_type="application/json")


def parameters() -> dict:
    """The request's parameters from JSON, form, multipart or query."""
    body = request.get_json(silent=True) if request.is_json else None
    return body if isinstance(body, dict) else request.values.to_dict()


def _object(name):
    """A parameter that is JSON: sent as such, or as text within a form."""
    value = parameters().get(name)
    if isinstance(value, str):
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise BotError(400, f"Bad Request: can't parse {name} JSON object") from None
    return value


class TelegramManners(Manners):
    network = NETWORK

    def handle(self):
        named = str(parameters().get("chat_id") or "")
        if named.startswith("@"):
            return named[1:]
        channel = current_state().account_by_id(NETWORK, named.removeprefix("-100"))
        return channel.handle if channel else None

    def rate_limited(self, retry_after):
        return BotError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after).answer()

    def server_error(self):
        return BotError(500, "Internal Server Error").answer()

    def without_id(self, operation):
        return reply({"ok": True, "result": {"date": int(current_state().now())}}, content_type="application/json")

    def image_refused(self):
        return BotError(400, "Bad Request: IMAGE_PROCESS_FAILED").answer()


MANNERS = TelegramManners()


@blueprint.route("/telegram/api/bot<token>/<method>", methods=["GET", "POST"])
@endpoint(MANNERS, lambda token, method: OPERATIONS.get(method.lower(), "connect"))
def call(token, method):
    perform = METHODS.get(method.lower())
    try:
        if ":" not in token:
            raise BotError(404, "Not Found")
        if token != BOT_TOKEN or current_state().account(NETWORK, BOT["username"]).blocked:
            raise BotError(401, "Unauthorized")
        if perform is None:
            raise BotError(404, "Not Found: method not found")
        return reply({"ok": True, "result": perform()}, content_type="application/json")
    except BotError as refused:
        return refused.answer()


def _channel() -> Account:
    """The channel meant by chat_id; raises ``BotError`` when the bot cannot see it."""
    state = current_state()
    named = str(parameters().get("chat_id") or "")
    if not named:
        raise BotError(400, "Bad Request: chat_id is empty")
    if named.startswith("@") and len(named) > 1 and not named.startswith("@private_"):
        channel = state.account(NETWORK, named[1:])
    else:
        channel = state.account_by_id(NETWORK, named.removeprefix("-100")) if named.startswith("-100") else None
    if channel is None or channel.handle == BOT["username"]:
        raise BotError(400, "Bad Request: chat not found")
    g.exchange.handle = channel.handle
    return channel


def _may_post(channel: Account) -> bool:
    return not channel.handle.startswith("readonly_")


def _writable_channel() -> Account:
    channel = _channel()
    if channel.blocked:
        raise BotError(403, "Forbidden: bot was kicked from the channel chat")
    if not _may_post(channel):
        raise BotError(400, "Bad Request: not enough rights to send text messages to the chat")
    return channel


def _chat(channel: Account) -> dict:
    return {"id": -int("100" + channel.id), "title": channel.name, "username": channel.handle, "type": "channel"}


def _parsed(text, entities_name):
    try:
        return telegram_text.parse(text, parameters().get("parse_mode"), _object(entities_name))
    except telegram_text.CannotParse as problem:
        raise BotError(400, f"Bad Request: can't parse entities: {problem}") from None


def _message(post: Post) -> dict:
    channel = current_state().account(NETWORK, post.handle)
    body = {
        "message_id": int(post.id),
        "sender_chat": _chat(channel),
        "chat": _chat(channel),
        "date": int(post.created_at),
    }
    if post.edited_at:
        body["edit_date"] = int(post.edited_at)
    if post.images:
        image = post.images[0]
        body["photo"] = [
            {
                "file_id": image.id,
                "file_unique_id": image.id[:12],
                "file_size": len(image.data),
                "width": image.width,
                "height": image.height,
            }
        ]
    if post.text:
        body["caption" if post.images else "text"] = post.text
    if post.entities:
        body["caption_entities" if post.images else "entities"] = post.entities
    if post.extra.get("preview"):
        body["link_preview_options"] = post.extra["preview"]
    return body


def _attach_preview(post: Post):
    options = _object("link_preview_options") or {}
    post.extra["preview"] = options
    links = [entity["url"] for entity in post.entities if entity["type"] == "text_link"]
    written = [link for _, _, link in find_links(post.text)]
    post.link = options.get("url") or next(iter(written + links), None)
    post.card = None
    if not options.get("is_disabled") and not post.images:
        cards.attach(current_state(), post, post.link)


def _add(channel, text, entities, images=()):
    state = current_state()
    post_id = str(state.rising_id(f"telegram-{channel.handle}", 2))
    post = Post(
        NETWORK,
        channel.handle,
        post_id,
        text,
        state.now(),
        f"/telegram/web/{channel.handle}/{post_id}",
        images=list(images),
        entities=entities,
    )
    _attach_preview(post)
    state.add_post(post)
    accept()
    return _message(post)


def _checked_text():
    text, entities = _parsed(str(parameters().get("text") or ""), "entities")
    if not text:
        raise BotError(400, "Bad Request: message text is empty")
    if utf16_length(text) > TEXT_LIMIT:
        raise BotError(400, "Bad Request: message is too long")
    return text, entities


def _checked_caption():
    text, entities = _parsed(str(parameters().get("caption") or ""), "caption_entities")
    if utf16_length(text) > CAPTION_LIMIT:
        raise BotError(400, "Bad Request: message caption is too long")
    return text, entities


def get_chat():
    return _chat(_channel()) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }


def get_chat_member():
    channel = _channel()
    if str(parameters().get("user_id")) != str(BOT["id"]):
        raise BotError(400, "Bad Request: user not found")
    user = {name: BOT[name] for name in ("id", "is_bot", "first_name", "username")}
    if channel.blocked:
        return {"status": "kicked", "user": user, "until_date": 0}
    may_post = _may_post(channel)
    rights = dict.fromkeys(RIGHTS_NEVER_NEEDED, False)
    return {
        "status": "administrator",
        "user": user,
        **rights,
        "can_manage_chat": True,
        "can_delete_messages": may_post,
        "can_post_messages": may_post,
        "can_edit_messages": may_post,
    }


def send_message():
    channel = _writable_channel()
    return _add(channel, *_checked_text())


def _uploaded_photo(channel):
    state = current_state()
    named = parameters().get("photo")
    file = request.files.get("photo")
    if file is None and isinstance(named, str) and named.startswith("attach://"):
        file = request.files.get(named.removeprefix("attach://"))
    if file is None:
        known = state.images.get(str(named or ""))
        if known and known.network == NETWORK:
            return known
        if str(named or "").startswith(("http://", "https://")):
            raise BotError(400, "Bad Request: failed to get HTTP URL content")
        raise BotError(400, "Bad Request: there is no photo in the request")
    data = file.read()
    if len(data) > MAX_PHOTO_BYTES:
        raise BotError(400, "Bad Request: file is too big")
    try:
        image = pictures.store(state, NETWORK, channel.handle, data)
    except pictures.NotAPicture:
        raise BotError(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
    sides = sorted((image.width, image.height))
    if sum(sides) > MAX_PHOTO_SIDES or sides[1] > MAX_PHOTO_RATIO * sides[0]:
        del state.images[image.id]
        raise BotError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    return image


def send_photo():
    channel = _writable_channel()
    text, entities = _checked_caption()
    return _add(channel, text, entities, [_uploaded_photo(channel)])


def _own_message(purpose):
    post = current_state().post(NETWORK, str(parameters().get("message_id") or ""), _writable_channel().handle)
    if post is None:
        raise BotError(400, f"Bad Request: message to {purpose} not found")
    return post


def _change(post, text, entities):
    if (post.text, post.entities) == (text, entities):
        raise BotError(
            400,
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the"
            " same as a current content and reply markup of the message",
        )
    post.text, post.entities, post.edited_at = text, entities, current_state().now()
    _attach_preview(post)
    accept()
    return _message(post)


def edit_message_text():
    post = _own_message("edit")
    if post.images:
        raise BotError(400, "Bad Request: there is no text in the message to edit")
    return _change(post, *_checked_text())


def edit_message_caption():
    post = _own_message("edit")
    if not post.images:
        raise BotError(400, "Bad Request: there is no caption in the message to edit")
    return _change(post, *_checked_caption())


def delete_message():
    post = _own_message("delete")
    post.deleted = True
    accept()
    return True


METHODS = {
    "getme": lambda: BOT,
    "getchat": get_chat,
    "getchatmember": get_chat_member,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "editmessagetext": edit_message_text,
    "editmessagecaption": edit_message_caption,
    "deletemessage": delete_message,
}
