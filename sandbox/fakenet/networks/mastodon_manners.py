"""Mastodon: whose token, error bodies, rate-limit headers.

Source: mastodon/documentation api/rate-limits.md (2026-07); headers as recorded from a 4.6 server.
"""

from flask import g, request

from ..exchange import Manners, current_state, reply
from ..state import Token, iso


HAND_MADE = "fakenet-mastodon-"


def unauthorized(message: str):
    """401 with Mastodon's one-field error."""
    return reply({"error": message}, 401)


def forbidden(message: str):
    """403 with Mastodon's one-field error."""
    return reply({"error": message}, 403)


class MastodonManners(Manners):
    network = "mastodon"

    def bearer(self) -> str:
        """The token sent, "" without one."""
        sent = request.headers.get("Authorization", "")
        return sent[7:].strip() if sent[:7].lower() == "bearer " else request.values.get("access_token", "")

    def token(self) -> Token | None:
        """The token sent; one made by hand in the preferences is known without having been issued."""
        state = current_state()
        value = self.bearer()
        found = state.token(self.network, value)
        handle = value.removeprefix(HAND_MADE)
        if found is None and value.startswith(HAND_MADE) and handle:
            account = state.account(self.network, handle)
            found = Token(value, self.network, handle, "by-hand", scopes=("read", "write"), revoked=account.blocked)
        return found

    def handle(self):
        found = self.token()
        if found:
            return found.handle
        code = current_state().codes.get((self.network, request.values.get("code", "")))
        return code.handle if code else None

    def limit(self, operation):
        return (30, 1800) if operation in {"upload", "delete"} else (300, 300)

    def rate_limited(self, retry_after):
        return reply({"error": "Too many requests"}, 429)

    def server_error(self):
        return reply("<!DOCTYPE html><title>503</title><h1>This Mastodon server is down for maintenance</h1>", 503)

    def without_id(self, operation):
        return reply({"created_at": iso(current_state().now()), "content": "", "visibility": "public"})

    def image_refused(self):
        return reply({"error": "Validation failed: File content type is invalid, File is invalid"}, 422)

    def sign(self, response, exchange):
        if exchange.window and request.path.startswith("/api/"):
            limit, remaining, reset = exchange.window
            response.headers["X-RateLimit-Limit"] = str(limit)
            response.headers["X-RateLimit-Remaining"] = str(remaining)
            response.headers["X-RateLimit-Reset"] = iso(reset)
        if request.path.startswith("/api/") and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        return response


MANNERS = MastodonManners()


def signed_in(*scopes: str):
    """The token of a person with at least one of ``scopes``, or the answer that refuses it: (token, refusal)."""
    found = MANNERS.token()
    if found is None:
        return None, unauthorized("The access token is invalid")
    if found.revoked:
        return None, unauthorized("The access token was revoked")
    if current_state().expired(found):
        return None, unauthorized("The access token expired")
    if found.kind == "app":
        return None, reply({"error": "This method requires an authenticated user"}, 422)
    granted = set(found.scopes)
    if not any(scope in granted or scope.split(":")[0] in granted for scope in scopes):
        return None, forbidden("This action is outside the authorized scopes")
    g.exchange.handle = found.handle
    return found, None
