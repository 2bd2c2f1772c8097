"""Consent pages and the codes they lead to, shared by the networks that speak OAuth."""

import base64
import hashlib
import hmac
import re
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import redirect, render_template, request

from .exchange import current_state
from .state import AuthorizationCode


DEFAULT_HANDLE = "newsroom"
_HANDLES = {
    "mastodon": (re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,28}[A-Za-z0-9_])?"), "letters, digits and underscores"),
    "x": (re.compile(r"[A-Za-z0-9_]{1,15}"), "up to 15 letters, digits and underscores"),
    "weibo": (re.compile(r"[\w-]{2,30}"), "2 to 30 letters, Chinese characters, digits, hyphens and underscores"),
}
_OTHERS = (re.compile(r"[\w.-]{1,40}"), "letters, digits, dots and hyphens")


class InvalidHandle(ValueError):
    """What was typed is no name this network allows; the message says what is."""


def ask(network: str, app_name: str, scopes, problem: str = "", each: bool = False):
    """The page that asks a person to allow ``app_name`` the ``scopes``; its form posts to the same address.

    :param each: whether each scope can be declined apart.
    """
    handle = request.form.get("handle") or request.args.get("login_hint") or DEFAULT_HANDLE
    asked = {"network": network, "app_name": app_name, "scopes": list(scopes), "each": each}
    page = render_template("consent.html", **asked, handle=handle, problem=problem)
    return page, 422 if problem else 200


def refuse(network: str, title: str, detail: str, status: int = 400):
    """The error page for an app or address the network does not know; it never redirects."""
    return render_template("refused.html", network=network, title=title, detail=detail), status


def allowed() -> bool:
    """Whether the person pressed Allow."""
    return request.form.get("decision") == "allow"


def not_declined(scopes) -> list[str]:
    """The scopes that the person left as they were asked for."""
    return [scope for scope in scopes if scope not in request.form.getlist("declined")]


def chosen_handle(network: str) -> str:
    """The account the person signed in as; raises ``InvalidHandle``."""
    handle = (request.form.get("handle") or DEFAULT_HANDLE).strip().lstrip("@")
    pattern, rule = _HANDLES.get(network, _OTHERS)
    if not pattern.fullmatch(handle):
        raise InvalidHandle(f"Please use {rule}.")
    return handle


def is_web_address(address: str | None) -> bool:
    """Whether ``address`` is an absolute http(s) address."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def redirect_uri_is_good(uri: str | None) -> bool:
    """Whether ``uri`` is absolute, has no fragment and is one of the setting ``redirect_uris`` (None: any)."""
    known = current_state().settings["redirect_uris"]
    return is_web_address(uri) and "#" not in uri and (known is None or uri in known)


def send_back(uri: str, **parameters):
    """Redirect to the app with ``parameters`` added to its address; empty ones are left out."""
    parts = urlsplit(uri)
    query = parse_qsl(parts.query, keep_blank_values=True)
    query += [(name, value) for name, value in parameters.items() if value not in (None, "")]
    return redirect(urlunsplit(parts._replace(query=urlencode(query))), 302)


def issue_code(network, client_id, handle, redirect_uri, scopes, *, seconds, challenge=None, method=None) -> str:
    """Remember what was allowed; returns the code, good for ``seconds`` and one exchange."""
    state = current_state()
    state.account(network, handle).blocked = False
    code = AuthorizationCode(
        secrets.token_urlsafe(24),
        network,
        client_id,
        handle,
        redirect_uri,
        tuple(scopes),
        state.now() + seconds,
        challenge,
        method,
    )
    state.codes[network, code.value] = code
    return code.value


def peek_code(network: str, value: str | None) -> AuthorizationCode | None:
    """The code, good or not."""
    return current_state().codes.get((network, value or ""))


def redeem(network, value, client_id, redirect_uri, verifier=None) -> AuthorizationCode | None:
    """The code, if it is fresh, unused and of this client and address, and the PKCE verifier fits."""
    state = current_state()
    code = state.codes.get((network, value or ""))
    if code is None or code.used or code.expires_at <= state.now():
        return None
    if (code.client_id, code.redirect_uri) != (client_id, redirect_uri):
        return None
    if code.challenge and not _verifier_fits(code, verifier or ""):
        return None
    code.used = True
    return code


def _verifier_fits(code, verifier) -> bool:
    if code.challenge_method == "plain":
        return hmac.compare_digest(verifier, code.challenge)
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), code.challenge)
