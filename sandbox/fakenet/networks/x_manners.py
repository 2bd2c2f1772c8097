"""X: who is calling (OAuth 2.0 or 1.0a), problem bodies, rate-limit headers.

Source: xdevplatform/docs (2026-08), OpenAPI spec 2.167, recorded answers. Post creation and uploads take both kinds of
token. The refusal of a bad OAuth 2.0 grant follows what developers report (plhery/node-twitter-api-v2 issue 496).
"""

import re

from flask import g, request
from oauthlib.common import Request as OAuthRequest
from oauthlib.oauth1.rfc5849 import signature

from ..exchange import Manners, current_state, reply
from ..state import Token


NETWORK = "x"
PROBLEM = "application/problem+json; charset=utf-8"
CONSUMER_KEY = "fakenet-x-consumer"
CONSUMER_SECRET = "fakenet-x-consumer-secret"
TIMESTAMP_WINDOW_SECONDS = 300
LIMITS = {
    "publish": (100, 900),
    "delete": (50, 900),
    "upload": (500, 900),
    "metadata": (500, 900),
    "read": (900, 900),
    "connect": (75, 900),
}


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more):
    """A problem document as the v2 API sends it."""
    return reply({"title": title, "detail": detail, "type": kind, "status": status, **more}, status, None, PROBLEM)


def invalid_request(message: str, parameters: dict | None = None):
    """400 with the list of what is wrong."""
    return reply(
        {
            "errors": [{"parameters": parameters or {}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": "https://api.x.com/2/problems/invalid-request",
        },
        400,
        None,
        PROBLEM,
    )


def unauthorized():
    """401 of the v2 API."""
    return problem(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str):
    """403 of the v2 API."""
    return problem(403, "Forbidden", detail)


def oauth1_parameters() -> dict[str, str]:
    """The oauth_ parameters of the Authorization header, empty without one."""
    header = request.headers.get("Authorization", "")
    if not header.startswith("OAuth "):
        return {}
    return dict(signature.collect_parameters(headers={"Authorization": header}, exclude_oauth_signature=False))


def oauth1_signature_fits(token_secret: str = "") -> bool:
    """Whether consumer, timestamp, nonce and HMAC-SHA1 signature are right (RFC 5849); JSON bodies are not signed."""
    given = oauth1_parameters()
    state = current_state()
    stamp = given.get("oauth_timestamp", "")
    if given.get("oauth_consumer_key") != CONSUMER_KEY or given.get("oauth_signature_method") != "HMAC-SHA1":
        return False
    if not stamp.isdigit() or abs(state.now() - int(stamp)) > TIMESTAMP_WINDOW_SECONDS:
        return False
    form = request.form.items(multi=True) if request.mimetype == "application/x-www-form-urlencoded" else ()
    pairs = [(name, value) for name, value in given.items() if name not in {"realm", "oauth_signature"}]
    signed = OAuthRequest(request.base_url, http_method=request.method)
    signed.params = pairs + list(request.args.items(multi=True)) + list(form)
    signed.signature = given.get("oauth_signature", "")
    if not signature.verify_hmac_sha1(signed, CONSUMER_SECRET, token_secret):
        return False
    nonce = ("nonce", NETWORK, stamp, given.get("oauth_nonce"))
    if not given.get("oauth_nonce") or nonce in state.scratch:
        return False
    state.scratch[nonce] = True
    return True


class XManners(Manners):
    network = NETWORK

    def token(self) -> Token | None:
        """The token sent, of either kind, unchecked."""
        sent = request.headers.get("Authorization", "")
        value = sent[7:].strip() if sent.startswith("Bearer ") else oauth1_parameters().get("oauth_token", "")
        return current_state().token(NETWORK, value)

    def handle(self):
        found = self.token()
        if found is None:
            found = current_state().token(NETWORK, request.form.get("refresh_token", ""))
        if found is None:
            found = current_state().codes.get((NETWORK, request.form.get("code", "")))
        return found.handle if found else None

    def limit(self, operation):
        return LIMITS.get(operation)

    def rate_limited(self, retry_after):
        return problem(429, "Too Many Requests", "Too Many Requests")

    def server_error(self):
        return problem(503, "Service Unavailable", "Service Unavailable")

    def without_id(self, operation):
        text = (request.get_json(silent=True) or {}).get("text", "")
        return reply({"data": {"text": text}}, 201)

    def image_refused(self):
        return invalid_request("media type unrecognized.", {"media": ["(binary)"]})

    def sign(self, response, exchange):
        response.headers["api-version"] = "2.167"
        if not exchange.window:
            return response
        limit, remaining, reset = exchange.window
        headers = {"x-rate-limit-limit": limit, "x-rate-limit-remaining": remaining, "x-rate-limit-reset": int(reset)}
        if exchange.operation == "publish":
            day_end = int(reset) // 86400 * 86400 + 86400
            spent = response.status_code == 429
            for name, daily in (("app", 10000), ("user", 100)):
                headers[f"x-{name}-limit-24hour-limit"] = daily
                headers[f"x-{name}-limit-24hour-remaining"] = daily - 1 if not spent or name == "app" else 0
                headers[f"x-{name}-limit-24hour-reset"] = day_end
        for name, value in headers.items():
            response.headers[name] = str(value)
        return response


MANNERS = XManners()


def signed_in(*scopes: str):
    """The valid token of a person holding all ``scopes``, or the answer that refuses it: (token, refusal)."""
    found = MANNERS.token()
    if found is None or found.revoked or found.kind not in {"access", "oauth1"} or current_state().expired(found):
        return None, unauthorized()
    if found.kind == "oauth1":
        if not oauth1_signature_fits(found.secret):
            return None, unauthorized()
    elif not set(scopes) <= set(found.scopes):
        return None, forbidden("You are not permitted to perform this action.")
    g.exchange.handle = found.handle
    return found, None


def is_post_id(value: str) -> bool:
    """Whether ``value`` has the form of an id."""
    return bool(re.fullmatch(r"[0-9]{1,19}", value))
