"""What Facebook and Threads share: the Graph API's errors, tokens, lists, fields and usage headers.

Source: developers.facebook.com/docs/graph-api (error-handling, rate-limiting, results), answers that public clients
recorded (2026).
"""

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import g, request

from ..exchange import Manners, current_state, reply
from ..state import Token


APP_ID = "271828182845904"
APP_SECRET = "fakenet-meta-secret"
APP_NAME = "Your app at Meta"
HOUR = 3600
LONG_LIVED = 5_184_000
NOT_THERE = "Object with ID '{}' does not exist, cannot be loaded due to missing permissions, or does not support it"


def error(code, message, subcode=None, *, status=400, kind="OAuthException", title=None, text=None, transient=False):
    """The error object of the Graph."""
    body = {"message": message, "type": kind, "code": code}
    if subcode:
        body["error_subcode"] = subcode
    if title:
        body |= {"is_transient": transient, "error_user_title": title, "error_user_msg": text}
    elif transient:
        body["is_transient"] = True
    return reply({"error": body | {"fbtrace_id": "A" + secrets.token_urlsafe(16)}}, status)


def missing(node):
    """The answer for an object that is not there, or not for this token."""
    verb = request.method.lower()
    return error(100, f"Unsupported {verb} request. {NOT_THERE.format(node)}.", 33, kind="GraphMethodException")


def graph_time(moment: float) -> str:
    """Epoch seconds as ``2026-11-23T10:00:00+0000``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def wanted(thing: dict, *usual: str) -> dict:
    """``thing`` with what ``fields`` asks for, or with the ``usual``; always with its id."""
    names, depth = [""], 0
    for sign in request.values.get("fields", ""):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "," and not depth:
            names.append("")
        else:
            names[-1] += sign
    chosen = [name.partition("{")[0].partition(".")[0].strip() for name in names if name.strip()] or list(usual)
    return {name: thing[name] for name in chosen if name in thing} | {"id": thing["id"]}


def page_of(things: list, most: int = 100) -> dict:
    """A list and the way to what follows; cursors are opaque to clients."""
    size = max(1, min(request.args.get("limit", 25, type=int), most))
    after = request.args.get("after", "")
    start = int(after.removeprefix("QVF"), 16) if after.startswith("QVF") else 0
    shown = things[start : start + size]
    body = {"data": shown}
    if shown:
        cursor = f"QVF{start + len(shown):x}"
        body["paging"] = {"cursors": {"before": f"QVF{start:x}", "after": cursor}}
        if len(things) > start + size:
            query = urlencode({**request.args.to_dict(), "limit": size, "after": cursor})
            body["paging"]["next"] = f"{request.base_url}?{query}"
    return body


class GraphManners(Manners):
    """``calls``: calls allowed and seconds, by operation; everything else has those of ``""``."""

    def __init__(self, network: str, calls: dict[str, tuple[int, int]]):
        self.network, self.calls = network, calls

    def access_token(self) -> str:
        """The token sent as a parameter or as a bearer."""
        return request.values.get("access_token") or request.headers.get("Authorization", "").removeprefix("Bearer ")

    def token(self) -> Token | None:
        """The token sent, unchecked."""
        return current_state().token(self.network, self.access_token())

    def handle(self):
        found = self.token()
        return found.handle if found else None

    def limit(self, operation):
        return self.calls.get(operation, self.calls[""])

    def rate_limited(self, retry_after):
        return error(
            32,
            "(#32) Page request limit reached",
            status=403,
            title="Limit reached",
            text="Try later.",
            transient=True,
        )

    def server_error(self):
        return error(
            2, "An unexpected error has occurred. Please retry your request later.", status=500, transient=True
        )

    def without_id(self, operation):
        return reply({"success": True})

    def image_refused(self):
        return error(
            100,
            "Invalid parameter",
            1366046,
            title="Can't Read Files",
            text="Your photos couldn't be uploaded. Photos should be smaller than 4 MB and saved as JPG or PNG.",
        )

    def link_card_refused(self):
        return error(
            1609005,
            "Could not scrape the URL",
            title="Error Parsing URL",
            text="Your URL could not be scraped because it returned an error.",
        )

    def sign(self, response, exchange):
        if exchange.window and exchange.handle:
            most, remaining, end = exchange.window
            used = round(100 * (most - remaining) / most)
            usage = {"call_count": used, "total_cputime": 0, "total_time": 0}
            response.headers["X-App-Usage"] = json.dumps(usage)
            wait = max(0, int(end - current_state().now()) // 60 + 1) if not remaining else 0
            business = {"type": "pages", **usage, "estimated_time_to_regain_access": wait}
            owner = current_state().account(self.network, exchange.handle).id
            response.headers["X-Business-Use-Case-Usage"] = json.dumps({owner: [business]})
        return response

    def refusal_of(self, token: Token | None):
        """Why a token opens nothing, or ``None``."""
        state, sent = current_state(), self.access_token()
        if not sent:
            return error(104, "An access token is required to request this resource.")
        if token is None:
            return error(190, "Invalid OAuth access token - Cannot parse access token")
        if token.revoked:
            return error(190, f"Error validating access token: The user has not authorized application {APP_ID}.", 458)
        if state.expired(token):
            ended = datetime.fromtimestamp(token.expires_at, UTC).strftime("%A, %d-%b-%y %H:%M:%S UTC")
            return error(190, f"Error validating access token: Session has expired on {ended}.", 463)
        proof = request.values.get("appsecret_proof")
        if proof and not hmac.compare_digest(proof, proof_of(sent)):
            return error(100, "Invalid appsecret_proof provided in the API argument", kind="GraphMethodException")
        g.exchange.handle = token.handle if token.network == self.network else None
        return None


def proof_of(token: str) -> str:
    """What shows that the app itself sends the token."""
    return hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


def app_refusal(needs_id: bool = True):
    """Why the app's keys are refused, or ``None``."""
    if needs_id and request.values.get("client_id") != APP_ID:
        return error(101, "Error validating application. Invalid application ID.")
    if not hmac.compare_digest(request.values.get("client_secret", ""), APP_SECRET):
        return error(1, "Error validating client secret.")
    return None


def lasting(token: Token) -> dict:
    """A long-lived token as it is answered."""
    left = round(token.expires_at - current_state().now())
    return {"access_token": token.value, "token_type": "bearer", "expires_in": left}
