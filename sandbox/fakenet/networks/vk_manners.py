"""VK: kinds of keys, errors behind HTTP 200, request_params.

Source: VKCOM/vk-api-schema 5.199 (errors.json, wall and photos methods), its issue 242 (error 27 with a community
key), gitroomhq/postiz-app issue 1408 (1051 for a VK ID token). The echo of the parameters is kept complete,
keys included: whoever logs it must scrub it.
"""

from dataclasses import dataclass

from flask import g, request

from ..exchange import Manners, current_state, reply


NETWORK = "vk"
COMMUNITY_KEY = "vk1.a.fakenet-"
USER_TOKEN = "vk1.a.fakenet-user-"
VK_ID_TOKEN = "vk2.a."
SERVICE_KEY = "fakenet-vk-service-key"
NO_GROUP_AUTH = (27, "Group authorization failed: method is unavailable with group auth.")
COMMUNITY_NAMES = {"101": "Example Company", "102": "Компания «Пример»"}


@dataclass(frozen=True)
class Key:
    """An access key: ``kind`` is group, user, service or vkid; ``owner`` a community id or a user's handle."""

    kind: str
    owner: str = ""


class VKError(Exception):
    """An answer with an ``error`` object."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


def error(code: int, message: str, **more):
    """HTTP 200 with VK's error object, which repeats the request's parameters."""
    echo = [{"key": "method", "value": (request.view_args or {}).get("method", "")}, {"key": "oauth", "value": "1"}]
    echo += [{"key": name, "value": value} for name, value in request.values.items()]
    return reply({"error": {"error_code": code, "error_msg": message, **more, "request_params": echo}})


def access_token() -> str:
    """The key sent as parameter or as Bearer."""
    sent = request.headers.get("Authorization", "")
    return request.values.get("access_token") or (sent[7:].strip() if sent.startswith("Bearer ") else "")


def read_key() -> Key | None:
    """What kind of key was sent, None for an unknown one."""
    value = access_token()
    if value == SERVICE_KEY:
        return Key("service")
    if value.startswith(VK_ID_TOKEN):
        return Key("vkid")
    if value.startswith(USER_TOKEN) and len(value) > len(USER_TOKEN):
        return Key("user", value.removeprefix(USER_TOKEN))
    if value.startswith(COMMUNITY_KEY) and value.removeprefix(COMMUNITY_KEY).isdigit():
        return Key("group", value.removeprefix(COMMUNITY_KEY))
    return None


def community(group_id: str):
    """The account of a community; it is made on first sight."""
    return current_state().account(NETWORK, group_id, COMMUNITY_NAMES.get(group_id, f"Community {group_id}"))


def checked_key(*kinds: str) -> Key:
    """The key, if it lives and is of one of ``kinds``; raises ``VKError`` as VK words it."""
    key = read_key()
    if not access_token():
        raise VKError(5, "User authorization failed: no access_token passed.")
    if key is None:
        raise VKError(5, "User authorization failed: invalid access_token (4).")
    if key.kind == "group" and community(key.owner).blocked:
        raise VKError(5, "User authorization failed: invalid access_token (4).")
    if key.kind == "user" and current_state().account(NETWORK, user_handle(key)).blocked:
        raise VKError(5, "User authorization failed: access_token has expired.")
    if key.kind == "vkid":
        raise VKError(
            1051, "Method is not available for this profile type: method is unavailable with current profile type"
        )
    if key.kind not in kinds:
        if key.kind == "group":
            raise VKError(*NO_GROUP_AUTH)
        raise VKError(28, "Application authorization failed: method is unavailable with service token.")
    g.exchange.handle = key.owner if key.kind == "group" else g.exchange.handle
    return key


def user_handle(key: Key) -> str:
    """The account name of a user token, kept apart from community ids."""
    return f"user-{key.owner}"


def group_of_request() -> str | None:
    """The community the parameters speak of."""
    named = request.values.get("owner_id") or request.values.get("group_id") or request.values.get("posts") or ""
    named = named.lstrip("-").split("_")[0]
    return named if named.isdigit() else None


class VKManners(Manners):
    network = NETWORK

    def handle(self):
        key = read_key()
        return key.owner if key and key.kind == "group" else group_of_request()

    def rate_limited(self, retry_after):
        return error(6, "Too many requests per second")

    def server_error(self):
        return error(10, "Internal server error: Unknown error, try later")

    def without_id(self, operation):
        return reply({"response": {}})

    def image_refused(self):
        return reply({"server": 0, "photo": "[]", "hash": ""})

    def link_card_refused(self):
        return error(
            100,
            "One of the parameters specified was missing or invalid: link_photo_sizing_rule, No photo given",
        )

    def asks_link_card(self):
        return any(part.strip().startswith("http") for part in request.values.get("attachments", "").split(","))


MANNERS = VKManners()
