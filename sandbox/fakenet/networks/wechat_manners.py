"""WeChat: AppIDs and secrets, the stable access token, errors behind HTTP 200.

Source: developers.weixin.qq.com (stable_token, global error codes); the words of 40164 as quoted in its community. An
AppID here is ``wxfakenet-`` and the name of an account.
"""

import json
import secrets

from flask import g, request

from ..exchange import Manners, current_state, reply
from ..state import Token


NETWORK = "wechat"
APP_ID = "wxfakenet-"
APP_SECRET = "fakenet-wechat-app-secret"
TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300
ADDRESS = "203.0.113.7"  # where this site comes from, as far as the fake network is concerned


class WeChatError(Exception):
    """An answer with ``errcode`` and ``errmsg``."""

    def __init__(self, code: int, words: str):
        super().__init__(words)
        self.code = code

    def answer(self):
        """The answer, with the number of the request that WeChat adds to its words."""
        words = f"{self} rid: {secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        return reply({"errcode": self.code, "errmsg": words})


def body() -> dict:
    """The JSON of the request. Escaped characters stay escaped, as WeChat is known to show them."""
    try:
        found = json.loads(request.get_data().decode().replace("\\u", "\\\\u"))
    except ValueError:
        raise WeChatError(47001, "data format error") from None
    if not isinstance(found, dict):
        raise WeChatError(47001, "data format error")
    return found


def stable_token(wanted: dict) -> Token:
    """The token that is valid now, or a new one when it is about to end; raises ``WeChatError``."""
    state = current_state()
    app_id = str(wanted.get("appid", ""))
    if not app_id.startswith(APP_ID) or app_id == APP_ID:
        raise WeChatError(40013, "invalid appid")
    handle = app_id.removeprefix(APP_ID)
    g.exchange.handle = handle
    if wanted.get("grant_type") != "client_credential":
        raise WeChatError(40002, "invalid grant_type")
    if wanted.get("secret") != APP_SECRET or state.account(NETWORK, handle).blocked:
        raise WeChatError(40125, "invalid appsecret")
    if not state.settings["wechat_listed"]:
        raise WeChatError(40164, f"invalid ip {ADDRESS} ipv6 ::ffff:{ADDRESS}, not in whitelist")
    known = [t for t in state.tokens.values() if (t.network, t.handle) == (NETWORK, handle) and not t.revoked]
    lasting = [t for t in known if t.expires_at is None or t.expires_at > state.now() + OVERLAP_SECONDS]
    if lasting and not wanted.get("force_refresh"):
        return lasting[-1]
    for token in lasting:
        token.revoked = True
    return state.add_token(NETWORK, handle, app_id, expires_at=state.now() + TOKEN_SECONDS)


def token_sent() -> Token | None:
    """The token in the address, unchecked."""
    return current_state().token(NETWORK, request.args.get("access_token", ""))


def signed_in() -> str:
    """The account whose token was sent; raises ``WeChatError``."""
    if not request.args.get("access_token"):
        raise WeChatError(41001, "access_token missing")
    token = token_sent()
    if token is None or token.revoked:
        raise WeChatError(40001, "invalid credential, access_token is invalid or not latest")
    if current_state().expired(token):
        raise WeChatError(42001, "access_token expired")
    g.exchange.handle = token.handle
    return token.handle


class WeChatManners(Manners):
    network = NETWORK

    def handle(self):
        token = token_sent()
        return token.handle if token else None

    def rate_limited(self, retry_after):
        return WeChatError(45009, "reach max api daily quota limit").answer()

    def server_error(self):
        return WeChatError(-1, "system error").answer()

    def without_id(self, operation):
        return reply({"errcode": 0, "errmsg": "ok"})

    def image_refused(self):
        return WeChatError(40005, "invalid file type").answer()


MANNERS = WeChatManners()
