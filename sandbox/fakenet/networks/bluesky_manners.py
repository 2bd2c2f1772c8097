"""Bluesky: sessions, error bodies, rate-limit headers of a PDS.

Source: answers recorded from the reference PDS 0.4.217 and 0.5.35 (2026-11) and its sources (auth-verifier,
account-manager): an access token is believed until it ends, also when its app password is withdrawn; a refresh token
that was used stays good for two hours and gives the same successor.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets

from flask import g, request

from ..exchange import Manners, current_state, reply
from ..state import Account, Token


NETWORK = "bluesky"
APP_PASSWORD = "fake-nets-apps-word"
OWN_PASSWORD = "fakenet-bluesky-own-password"
HANDLE = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
REFRESH_SCOPE = "com.atproto.refresh"
ACCESS_SECONDS, REFRESH_SECONDS, GRACE_SECONDS = 120 * 60, 90 * 86400, 2 * 3600
LIMITS = {"token": (30, 300), "publish": (2500, 3600), "update": (2500, 3600), "delete": (5000, 3600)}


class XrpcError(Exception):
    """An answer with ``error`` and ``message``."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code = status, code


def refuse(error: XrpcError):
    """The answer to a request that went wrong."""
    return reply({"error": error.code, "message": str(error)}, error.status)


def did_of(handle: str) -> str:
    """The DID of a handle, the same on every run; ``did:plc`` with 24 characters as the real ones."""
    digest = hashlib.sha256(f"bluesky:{handle}".encode()).digest()
    return "did:plc:" + base64.b32encode(digest).decode().lower()[:24]


def find_account(identifier: str) -> Account | None:
    """The account of a handle (made on first sight) or of a DID that was seen before."""
    state, identifier = current_state(), identifier.lower()
    if identifier.startswith("did:"):
        known = [account for account in state.accounts.values() if account.network == NETWORK]
        return next((account for account in known if did_of(account.handle) == identifier), None)
    return state.account(NETWORK, identifier) if HANDLE.fullmatch(identifier) else None


def sign_in(identifier: str, password: str) -> dict:
    """What createSession answers; raises ``XrpcError``."""
    account = find_account(identifier)
    right = {APP_PASSWORD: "com.atproto.appPass", OWN_PASSWORD: "com.atproto.access"}
    if account is None or password not in right or (account.blocked and password == APP_PASSWORD):
        raise XrpcError(401, "AuthenticationRequired", "Invalid identifier or password")
    g.exchange.handle = account.handle
    return session(account, *_issue(account.handle, right[password]))


def refresh() -> dict:
    """What refreshSession answers; raises ``XrpcError``."""
    state, token = current_state(), signed_in("refresh")
    memory = (NETWORK, "refreshed", token.value)
    if state.recall(memory, float("inf")) is None:
        scope = token.scopes[0]
        state.remember(memory, json.dumps(_issue(token.handle, scope)))
    successor = state.recall(memory, GRACE_SECONDS)
    if token.revoked or successor is None:
        raise XrpcError(400, "ExpiredToken", "Token has been revoked")
    return session(state.account(NETWORK, token.handle), *json.loads(successor))


def session(account: Account, access: str = "", refresh: str = "") -> dict:
    """The account as sessions describe it, with the tokens of a new one."""
    did = did_of(account.handle)
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer"}
    tokens = {"accessJwt": access, "refreshJwt": refresh} if access else {}
    return {
        **tokens,
        "did": did,
        "didDoc": {
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": did,
            "alsoKnownAs": [f"at://{account.handle}"],
            "service": [{**service, "serviceEndpoint": request.host_url + "bluesky/pds"}],
        },
        "handle": account.handle,
        "active": True,
    }


def _issue(handle: str, scope: str) -> tuple[str, str]:
    kinds = {
        "access": ("at+jwt", scope, ACCESS_SECONDS),
        "refresh": ("refresh+jwt", "com.atproto.refresh", REFRESH_SECONDS),
    }
    state, made = current_state(), []
    for kind, (form, said, seconds) in kinds.items():
        now = state.now()
        payload = {"scope": said, "sub": did_of(handle), "aud": "did:web:localhost", "jti": secrets.token_hex(8)}
        value = _jwt({"typ": form, "alg": "HS256"}, {**payload, "iat": int(now), "exp": int(now) + seconds})
        fields = {"kind": kind, "scopes": (scope,), "expires_at": now + seconds}
        made.append(state.add_token(NETWORK, handle, "app-password", value=value, **fields).value)
    return tuple(made)


def _jwt(*parts: dict) -> str:
    body = b".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return (body + b"." + _encoded(hmac.digest(b"fakenet", body, "sha256"))).decode()


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def bearer() -> str:
    """The token sent, "" without one."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()


def signed_in(kind: str = "access") -> Token:
    """The token of the request; raises ``XrpcError``."""
    state = current_state()
    if not bearer():
        raise XrpcError(401, "AuthMissing", "Authentication Required")
    token = state.token(NETWORK, bearer())
    if token is None:
        raise XrpcError(400, "InvalidToken", "Token could not be verified")
    if token.kind != kind:
        raise XrpcError(400, "InvalidToken", "Invalid token type")
    if state.expired(token):
        raise XrpcError(400, "ExpiredToken", "Token has expired")
    return token


class BlueskyManners(Manners):
    network = NETWORK

    def handle(self):
        if token := current_state().token(NETWORK, bearer()):
            return token.handle
        given = request.get_json(silent=True)
        return str(given.get("identifier") or "").lower() or None if isinstance(given, dict) else None

    def limit(self, operation):
        return LIMITS.get(operation, (3000, 300))

    def rate_limited(self, retry_after):
        return refuse(XrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded"))

    def server_error(self):
        return refuse(XrpcError(500, "InternalServerError", "Internal Server Error"))

    def without_id(self, operation):
        return reply(
            {"cid": "bafyreid33r5x2qjh2muphgcqff2okk2uiekkbuj36omzuyceb3srdgltlq", "validationStatus": "valid"}
        )

    def image_refused(self):
        return refuse(XrpcError(400, "InvalidMimeType", "Invalid MIME type"))

    def sign(self, response, exchange):
        if exchange.window:
            limit, remaining, reset = exchange.window
            response.headers["RateLimit-Limit"] = str(limit)
            response.headers["RateLimit-Remaining"] = str(remaining)
            response.headers["RateLimit-Reset"] = str(int(reset))
            response.headers["RateLimit-Policy"] = f"{limit};w={self.limit(exchange.operation)[1]}"
        return response


MANNERS = BlueskyManners()
