"""Weibo: error bodies, tokens, short links.

Source: open.weibo.com/wiki Error_code and Oauth2 (2022-10), recorded answers. Weibo sends no rate-limit headers.
"""

import hashlib
from datetime import datetime, timedelta, timezone

from flask import g, request

from ..exchange import Manners, current_state, reply
from ..state import Token


NETWORK = "weibo"
APP_KEY = "3141592653"
APP_SECRET = "fakenet-weibo-secret"
APP_NAME = "Your app on Weibo"
CHINA = timezone(timedelta(hours=8))
FORBIDDEN_CODES = {10004, 10005, 10014, 10022, 10023, 10024, 20015, 20016, 20022}


def error(code: int, message: str):
    """The error object of the API; permission and frequency answer 403, the rest 400."""
    path = request.path.removeprefix("/weibo/api")
    status = 403 if code in FORBIDDEN_CODES else 400
    return reply({"error": message, "error_code": code, "request": path}, status)


def oauth_error(code: int, name: str, description: str):
    """The error object of the OAuth endpoints."""
    path = request.path.removeprefix("/weibo/api")
    return reply(
        {
            "error": name,
            "error_code": code,
            "request": path,
            "error_uri": path,
            "error_description": description,
        },
        400,
    )


def weibo_time(moment: float) -> str:
    """Epoch seconds as ``Wed Oct 24 23:49:17 +0800 2012``, always in English and Chinese time."""
    local = datetime.fromtimestamp(moment, CHINA)
    day = "Mon Tue Wed Thu Fri Sat Sun".split()[local.weekday()]
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[local.month - 1]
    return f"{day} {month} {local:%d %H:%M:%S %z %Y}"


def short_link(link: str) -> str:
    """The t.cn address that stands for ``link``."""
    return "http://t.cn/A6" + hashlib.sha256(link.encode()).hexdigest()[:6]


class WeiboManners(Manners):
    network = NETWORK

    def access_token(self) -> str:
        """The token sent as parameter or as ``Authorization: OAuth2``."""
        sent = request.headers.get("Authorization", "")
        return request.values.get("access_token") or (sent[7:].strip() if sent.startswith("OAuth2 ") else "")

    def token(self) -> Token | None:
        """The token sent, unchecked."""
        return current_state().token(NETWORK, self.access_token())

    def handle(self):
        found = self.token() or current_state().codes.get((NETWORK, request.values.get("code", "")))
        return found.handle if found else None

    def rate_limited(self, retry_after):
        return error(10023, "User requests out of rate limit!")

    def server_error(self):
        return reply(
            {"error": "System error!", "error_code": 10001, "request": request.path.removeprefix("/weibo/api")}, 500
        )

    def without_id(self, operation):
        return reply({"created_at": weibo_time(current_state().now()), "text": request.form.get("status", "")})

    def image_refused(self):
        return error(20005, "unsupport image type, only suport JPG, GIF, PNG!")


MANNERS = WeiboManners()


def signed_in():
    """The valid token, or the answer that refuses it: (token, refusal)."""
    found = MANNERS.token()
    if not MANNERS.access_token():
        return None, error(10006, "source paramter(appkey) is missing")
    if found is None:
        return None, error(21332, "invalid_access_token")
    if found.revoked:
        return None, error(21319, "Accessor was revoked")
    if current_state().expired(found):
        return None, error(21327, "expired_token")
    g.exchange.handle = found.handle
    return found, None
