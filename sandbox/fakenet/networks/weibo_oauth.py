"""Weibo: consent and tokens. No PKCE and no refresh tokens for web apps.

Source: open.weibo.com/wiki Oauth2/authorize, Oauth2/access_token (2022-10), get_token_info, revokeoauth2. While a
grant is still valid, authorizing again in the same browser redirects at once, unless ``forcelogin`` is set.
"""

import secrets

from flask import Blueprint, make_response, request

from .. import consent
from ..exchange import current_state, endpoint
from .weibo_manners import APP_KEY, APP_NAME, APP_SECRET, MANNERS, NETWORK, oauth_error, signed_in


CODE_SECONDS = 600
COOKIE = "fakenet_weibo"

blueprint = Blueprint("weibo_oauth", __name__)


@blueprint.route("/weibo/api/oauth2/authorize", methods=["GET", "POST"])
@endpoint(MANNERS, "connect")
def authorize():
    given = request.args
    uri, scopes = given.get("redirect_uri", ""), [part for part in given.get("scope", "").split(",") if part]
    if given.get("client_id") != APP_KEY:
        return consent.refuse(NETWORK, "访问出错了！", "error: invalid_client, error_code: 21324")
    if not consent.redirect_uri_is_good(uri):
        return consent.refuse(NETWORK, "访问出错了！", "error: redirect_uri_mismatch, error_code: 21322")
    if given.get("response_type", "code") != "code":
        return consent.refuse(NETWORK, "访问出错了！", "error: unsupported_response_type, error_code: 21329")
    if request.method == "GET":
        known = request.cookies.get(COOKIE, "")
        if _grant_is_valid(known) and given.get("forcelogin") != "true":
            return _allow(known, uri, scopes)
        return consent.ask(NETWORK, APP_NAME, scopes)
    if not consent.allowed():
        return consent.send_back(
            uri,
            error="access_denied",
            error_code="21330",
            error_description="user denied your request.",
            error_uri="/oauth2/authorize",
            state=given.get("state"),
        )
    try:
        handle = consent.chosen_handle(NETWORK)
    except consent.InvalidHandle as error:
        return consent.ask(NETWORK, APP_NAME, scopes, str(error))
    return _allow(handle, uri, scopes)


def _grant_is_valid(handle) -> bool:
    state = current_state()
    return (
        bool(handle)
        and state.settings["weibo_silent_renewal"]
        and any(
            token.handle == handle and token.network == NETWORK and not token.revoked and not state.expired(token)
            for token in state.tokens.values()
        )
    )


def _allow(handle, uri, scopes):
    code = consent.issue_code(NETWORK, APP_KEY, handle, uri, scopes, seconds=CODE_SECONDS)
    response = make_response(consent.send_back(uri, state=request.args.get("state"), code=code))
    response.set_cookie(COOKIE, handle, httponly=True, samesite="Lax")
    return response


@blueprint.post("/weibo/api/oauth2/access_token")
@endpoint(MANNERS, "token")
def access_token():
    given = request.values
    if given.get("client_id") != APP_KEY or not secrets.compare_digest(given.get("client_secret", ""), APP_SECRET):
        return oauth_error(21324, "invalid_client", "client_id or client_secret is invalid")
    if given.get("grant_type") != "authorization_code":
        return oauth_error(21328, "unsupported_grant_type", "the grant type is not supported")
    code = consent.redeem(NETWORK, given.get("code"), APP_KEY, given.get("redirect_uri"))
    if code is None:
        known = consent.peek_code(NETWORK, given.get("code"))
        if known and not known.used and known.redirect_uri != given.get("redirect_uri"):
            return oauth_error(21322, "redirect_uri_mismatch", "the redirect_uri does not match")
        return oauth_error(21325, "invalid_grant", f"invalid authorization code:{given.get('code', '')}")
    return issue(code.handle, code.scopes)


def issue(handle, scopes=()):
    """A new token as Weibo answers it, numbers partly as text."""
    state = current_state()
    lifetime = int(state.settings["weibo_expires_in"])
    token = state.add_token(
        NETWORK,
        handle,
        APP_KEY,
        scopes=tuple(scopes),
        expires_at=state.now() + lifetime,
        value="2.00" + secrets.token_hex(14),
    )
    return {
        "access_token": token.value,
        "remind_in": str(lifetime),
        "expires_in": lifetime,
        "uid": state.account(NETWORK, handle).id,
        "isRealName": "true",
    }


@blueprint.post("/weibo/api/oauth2/get_token_info")
@endpoint(MANNERS, "connect")
def get_token_info():
    token, refusal = signed_in()
    if refusal:
        return refusal
    state = current_state()
    return {
        "uid": int(state.account(NETWORK, token.handle).id),
        "appkey": token.client_id,
        "scope": ",".join(token.scopes) or None,
        "create_at": int(token.created_at),
        "expire_in": int(token.expires_at - state.now()),
    }


@blueprint.route("/weibo/api/oauth2/revokeoauth2", methods=["GET", "POST"])
@endpoint(MANNERS, "revoke")
def revoke():
    token, refusal = signed_in()
    if refusal:
        return refusal
    token.revoked = True
    return {"result": "true"}
