"""The OAuth 2.0 authorization code flow (RFC 6749, PKCE of RFC 7636), for the doors that backends describe.

oauthlib makes the parameters; the requests go through our own HTTP, because the sessions of requests-oauthlib write
tokens into debug logs and allow plain HTTP only through an environment variable that holds for the whole process.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import WebApplicationClient
from requests.auth import HTTPBasicAuth

from wagtail_syndicate.accounts import hosts
from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.http import Answer, Http
from wagtail_syndicate.backends.redaction import redact
from wagtail_syndicate.exceptions import AccountProblem, ConfigurationError, NetworkError, NotSent, Rejected
from wagtail_syndicate.types import Grant


VERIFIER_LENGTH = 64  # characters; RFC 7636 takes 43 to 128
# RFC 6749, 5.2: these are about the app or the request, never about the person's grant.
APP_ERRORS = ("invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope")
WEIBO_APP_CODES = ("21322", "21323", "21324")


def endpoint(backend: BaseBackend, template: str) -> str:
    """An address of a door, complete.

    :raises ConfigurationError: keys would travel unencrypted to another machine.
    """
    url = backend.url(template) if template.startswith("{") else template
    if not hosts.is_safe(url):
        raise ConfigurationError(f"{url} does not begin with https://, so no keys are sent to it.")
    return url


@sensitive_variables()
def begin(backend: BaseBackend, method: OAuth2, callback_url: str) -> tuple[str, str, dict[str, str]]:
    """Where to send the admin for consent.

    :returns: the address, the state that comes back, and what must stay secret until then.
    """
    client = WebApplicationClient(backend.connection.app.client_id)
    state = secrets.token_urlsafe(32)
    params = [
        ("response_type", "code"),
        ("client_id", client.client_id),
        ("redirect_uri", callback_url),
        ("state", state),
    ]
    if method.scopes:
        params.append(("scope", method.scope_separator.join(method.scopes)))
    kept = {}
    if method.pkce:
        kept["verifier"] = client.create_code_verifier(VERIFIER_LENGTH)
        params += [
            ("code_challenge", client.create_code_challenge(kept["verifier"], "S256")),
            ("code_challenge_method", "S256"),
        ]
    return add_params_to_uri(endpoint(backend, method.authorize_url), params), state, kept


def is_issuer(backend: BaseBackend, method: OAuth2, said: str) -> bool:
    """Whether ``said``, the ``iss`` of an answer, names the network that was asked (RFC 9207).

    Networks that are not known to send one may leave it out. Where it is sent, it must be of the same origin as the
    page of consent: an answer of another server is never taken for this one's.
    """
    if method.issuer:
        return said == (backend.url(method.issuer) if method.issuer.startswith("{") else method.issuer)
    try:
        return not said or urlsplit(said)[:2] == urlsplit(endpoint(backend, method.authorize_url))[:2]
    except ValueError:
        return False


@sensitive_variables()
def finish(
    backend: BaseBackend, method: OAuth2, callback_url: str, kept: Mapping[str, str], params: Mapping[str, str]
) -> Grant:
    """Exchange the code that came back for tokens.

    :raises Rejected: the network refuses the code or the app; :raises NotSent: it could not be asked.
    """
    body = {"grant_type": "authorization_code", "code": params.get("code", ""), "redirect_uri": callback_url}
    if method.pkce:
        body["code_verifier"] = kept["verifier"]
    answer = _ask(backend, method, method.token_url, body, method.token_method)
    if tokens := _tokens(answer):
        return tokens
    raise _problem(answer, _secrets(backend, body), Rejected("sign_in_failed"))


@sensitive_variables()
def refresh(backend: BaseBackend, method: OAuth2, refresh_token: str) -> Grant:
    """New tokens for a refresh token; the answer's credentials hold a new one only when the network gave one.

    :raises AccountProblem: the refresh token is dead; :raises Rejected: the app is refused;
    :raises NotSent: the network could not be asked.
    """
    body = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    answer = _ask(backend, method, method.token_url, body, method.token_method)
    if tokens := _tokens(answer):
        return tokens
    raise _problem(answer, _secrets(backend, body), AccountProblem("expired_token"))


@sensitive_variables()
def revoke(backend: BaseBackend, method: OAuth2, tokens: Mapping[str, Any]) -> None:
    """Give the tokens back to the network (RFC 7009), the one that makes new ones first.

    :raises NetworkError: the network could not be asked.
    """
    for name in ("refresh_token", "access_token"):
        if token := tokens.get(name):
            # Weibo (Oauth2/revokeoauth2) wants it as access_token; RFC 7009 lets servers ignore what they do not know.
            body = {"token": token, "token_type_hint": name, "access_token": tokens.get("access_token", "")}
            _ask(backend, method, method.revoke_url, body)


@sensitive_variables()
def _ask(backend: BaseBackend, method: OAuth2, template: str, body: dict[str, str], verb: str = "POST") -> Answer:
    app = backend.connection.app
    auth = None
    if method.client_auth == "basic":
        auth = HTTPBasicAuth(app.client_id, app.client_secret)
    else:
        body = {**body, "client_id": app.client_id, "client_secret": app.client_secret}
    # All of it may end up in an address, and so in a log: Meta wants GET.
    http = Http(_secrets(backend, body))
    sent = {"params": body} if verb == "GET" else {"data": body}
    return http.request(verb, endpoint(backend, template), auth=auth, headers={"Accept": "application/json"}, **sent)


def _secrets(backend: BaseBackend, body: Mapping[str, str]) -> list[str]:
    """What neither errors nor logs may show, longest first: all of it, for who knows what is secret there."""
    return sorted({*backend.connection.secrets, *body.values()}, key=len, reverse=True)


@sensitive_variables()
def _tokens(answer: Answer) -> Grant | None:
    # Some networks report errors with status 200, so only a token counts as success.
    token = answer.get("access_token")
    if not (200 <= answer.status < 300) or not isinstance(token, str) or not token or answer.get("error"):
        return None
    credentials = {"access_token": token}
    if isinstance(refresh_token := answer.get("refresh_token"), str) and refresh_token:
        credentials["refresh_token"] = refresh_token
    return Grant(credentials, _expiry(answer.get("expires_in")), scopes_in(answer.get("scope")))


def scopes_in(said: Any) -> frozenset[str] | None:
    """The scopes that an answer names: a list, or a text with spaces (RFC 6749) or commas (LinkedIn) between them."""
    if isinstance(said, str):
        said = re.split(r"[\s,;]+", said)
    if not isinstance(said, list):
        return None
    return frozenset(scope for scope in said if isinstance(scope, str) and scope) or None


def _expiry(seconds: Any) -> datetime | None:
    """When access ends; Weibo sends the seconds as text, VK says 0 for never."""
    try:
        lifetime = int(seconds)
    except (TypeError, ValueError):
        return None
    return timezone.now() + timedelta(seconds=lifetime) if lifetime > 0 else None


@sensitive_variables()
def _problem(answer: Answer, hidden: Iterable[str], refused: NetworkError) -> NetworkError:
    code = answer.get("error")
    number = answer.get("error_code")
    text = answer.get("error_description") or (code if isinstance(code, str) else "") or ""
    detail = redact(str(text), hidden)[:300]
    if answer.status == 429 or code == "slow_down":
        return NotSent("rate_limited", detail, answer.status, answer.retry_after)
    if answer.status >= 500 or code in ("server_error", "temporarily_unavailable"):
        return NotSent("network_busy", detail, answer.status, answer.retry_after)
    if code in APP_ERRORS or str(number) in WEIBO_APP_CODES:
        return Rejected("app_setup", detail, answer.status)
    if code or answer.status in (400, 401):
        return type(refused)(refused.reason, detail, answer.status)
    return NotSent("network_busy", detail, answer.status, answer.retry_after)
