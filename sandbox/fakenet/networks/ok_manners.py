"""OK: signatures, tokens, errors behind HTTP 200 with a header that names them.

Source: apiok.ru (errors, oauth/permissions; 2026-11), social-core's odnoklassniki backend for the signature, recorded
error texts (101, 102, 100). The words of the other errors are made in their likeness.
"""

import hashlib

from flask import g, request

from ..exchange import Manners, current_state, reply
from ..state import Token


NETWORK = "ok"
APP_ID = "512000000001"
APP_KEY = "FAKENETOKPUBLICKEY"
APP_SECRET = "fakenet-ok-secret"
LONG = "LONG_ACCESS_TOKEN"
LONG_SECONDS = 30 * 86400
SHORT_SECONDS = 1800
# A person's standing in the groups that have a name: (status, role).
GROUPS = {
    "55000000000101": ("Example Company", "ADMIN", None),
    "55000000000102": ("Компания «Пример»", "MODERATOR", "EDITOR"),
    "55000000000103": ("Readers", "ACTIVE", None),
}
WRITERS = {"ADMIN", "MODERATOR"}


class OKError(Exception):
    """An answer with an ``error_code``."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


def error(code: int, message: str):
    """HTTP 200 with OK's error object and header."""
    body = {"error_code": code, "error_msg": message, "error_data": None}
    return reply(body, headers={"invocation-error": str(code)})


def group(group_id: str):
    """The account of a group; it is made on first sight."""
    name = GROUPS[group_id][0] if group_id in GROUPS else f"Group {group_id}"
    return current_state().account(NETWORK, group_id, name)


def groups_of(person: str) -> dict[str, tuple]:
    """The groups of a person; ``nobody`` is in none."""
    return {} if person == "nobody" else GROUPS


def own_group() -> str:
    """The group that the parameters name, if the person may write there; raises ``OKError``."""
    group_id = request.values.get("gid", "")
    _name, status, _role = groups_of(g.person).get(group_id, ("", "", None))
    if status not in WRITERS:
        raise OKError(50, "NOT_ADMIN : User is not an administrator of the group")
    return group_id


def expected_signature(secret: str) -> str:
    """What ``sig`` has to be, as OK's documents describe it."""
    left_out = {"sig", "access_token", "session_key"}
    line = "".join(f"{name}={request.values[name]}" for name in sorted(set(request.values) - left_out))
    return hashlib.md5((line + secret).encode(), usedforsecurity=False).hexdigest()


def check_call() -> Token:
    """The token of a call that is signed well; raises ``OKError``."""
    given, state = request.values, current_state()
    if not given.get("application_key"):
        raise OKError(101, "PARAM_API_KEY : No application key")
    if given["application_key"] != APP_KEY:
        raise OKError(101, "PARAM_API_KEY : Application does not exist")
    value = given.get("access_token")
    if not value:
        raise OKError(100, "PARAM : Missed required parameter: access_token")
    session_secret = hashlib.md5((value + APP_SECRET).encode(), usedforsecurity=False).hexdigest()
    if given.get("sig") != expected_signature(session_secret):
        raise OKError(104, "PARAM_SIGNATURE : Invalid signature")
    token = state.token(NETWORK, value)
    if token is None or token.revoked or token.kind != "access":
        raise OKError(103, "PARAM_SESSION_KEY : Invalid session key")
    if state.expired(token):
        raise OKError(102, "PARAM_SESSION_EXPIRED : Session expired")
    if LONG in token.scopes:
        token.expires_at = state.now() + LONG_SECONDS
    g.person = token.handle
    return token


def need(token: Token, *permissions: str) -> None:
    """Raise ``OKError`` unless the person granted the permissions."""
    for name in ("VALUABLE_ACCESS", *permissions):
        if name not in token.scopes:
            raise OKError(10, f"PERMISSION_DENIED : User must grant an access to permission '{name}'")


class OKManners(Manners):
    network = NETWORK

    def handle(self):
        named = request.values.get("gid")
        if named:
            return named
        token = current_state().token(NETWORK, request.values.get("access_token", ""))
        return token.handle if token else None

    def rate_limited(self, retry_after):
        return error(8, "FLOOD_BLOCKED : The method was called too often")

    def server_error(self):
        return error(2, "SERVICE : Service temporary unavailable")

    def without_id(self, operation):
        return reply("null", content_type="application/json; charset=utf-8")

    def image_refused(self):
        return reply({"error_code": 505, "error_msg": "PHOTO_INVALID_FORMAT : Invalid photo format"})


MANNERS = OKManners()
