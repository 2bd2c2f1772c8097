"""The OAuth 1.0a flow (RFC 5849), signed by requests-oauthlib and sent through our own HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from django.views.decorators.debug import sensitive_variables
from oauthlib.common import add_params_to_uri
from requests_oauthlib import OAuth1 as Signature

from wagtail_syndicate.accounts.oauth2 import endpoint
from wagtail_syndicate.backends.auth import OAuth1
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.backends.redaction import redact
from wagtail_syndicate.exceptions import NetworkError, NotSent, Rejected
from wagtail_syndicate.types import Grant


@sensitive_variables()
def begin(backend: BaseBackend, method: OAuth1, callback_url: str) -> tuple[str, str, dict[str, str]]:
    """Where to send the admin for consent.

    :returns: the address, the request token by which the answer is recognised, and its secret.
    :raises Rejected: the network refuses the app or the callback address; :raises NotSent: it could not be asked.
    """
    app = backend.connection.app
    signature = Signature(app.client_id, app.client_secret, callback_uri=callback_url)
    answer = backend.http.request("POST", endpoint(backend, method.request_token_url), auth=signature)
    given = _given(answer)
    # Without the confirmation (RFC 5849, 2.1) the answer might come back to another address than ours.
    if given is None or given.get("oauth_callback_confirmed") != "true":
        raise _problem(backend, answer, "app_setup")
    address = add_params_to_uri(endpoint(backend, method.authorize_url), [("oauth_token", given["oauth_token"])])
    return address, given["oauth_token"], {"token_secret": given["oauth_token_secret"]}


@sensitive_variables()
def finish(
    backend: BaseBackend, method: OAuth1, callback_url: str, kept: Mapping[str, str], params: Mapping[str, str]
) -> Grant:
    """Exchange the request token, which the admin approved, for an access token. It does not expire by itself.

    :raises Rejected: the network refuses it; :raises NotSent: it could not be asked.
    """
    app = backend.connection.app
    signature = Signature(
        app.client_id,
        app.client_secret,
        resource_owner_key=params.get("oauth_token", ""),
        resource_owner_secret=kept["token_secret"],
        verifier=params.get("oauth_verifier", ""),
    )
    answer = backend.http.request("POST", endpoint(backend, method.access_token_url), auth=signature)
    given = _given(answer)
    if given is None:
        raise _problem(backend, answer, "sign_in_failed")
    return Grant({name: given[name] for name in ("oauth_token", "oauth_token_secret")})


@sensitive_variables()
def _given(answer: Answer) -> dict[str, str] | None:
    given = dict(parse_qsl(answer.text)) if 200 <= answer.status < 300 else {}
    return given if given.get("oauth_token") and given.get("oauth_token_secret") else None


def _problem(backend: BaseBackend, answer: Answer, reason: str) -> NetworkError:
    detail = redact(backend.error_text(answer), backend.connection.secrets)
    if answer.status == 429:
        return NotSent("rate_limited", detail, answer.status, answer.retry_after)
    if answer.status in (400, 401, 403):
        return Rejected(reason, detail, answer.status)
    return NotSent("network_busy", detail, answer.status, answer.retry_after)
