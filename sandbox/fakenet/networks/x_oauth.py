"""X: OAuth 2.0 with PKCE for a confidential client; refresh tokens are good for one use.

Source: xdevplatform/docs fundamentals/authentication/oauth-2-0 (2026-08): codes live 30 s, access tokens 2 h, the
redirect address must match exactly. Refusals as reported by developers (plhery/node-twitter-api-v2 issue 496).
"""

import secrets

from flask import Blueprint, request

from .. import consent
from ..exchange import current_state, endpoint, reply
from .x_manners import MANNERS, NETWORK


CLIENT_ID = "fakenet-x-client"
CLIENT_SECRET = "fakenet-x-secret"
APP_NAME = "Your app on X"
CODE_SECONDS = 30
REFRESH_SECONDS = 180 * 86400
SCOPES = {
    "tweet.read",
    "tweet.write",
    "tweet.moderate.write",
    "users.read",
    "users.email",
    "follows.read",
    "follows.write",
    "offline.access",
    "space.read",
    "mute.read",
    "mute.write",
    "like.read",
    "like.write",
    "list.read",
    "list.write",
    "block.read",
    "block.write",
    "bookmark.read",
    "bookmark.write",
    "media.write",
    "dm.read",
    "dm.write",
}
WRONG = ("Something went wrong", "You weren’t able to give access to the App. Go back and try logging in again.")

blueprint = Blueprint("x_oauth", __name__)


@blueprint.route("/x/web/i/oauth2/authorize", methods=["GET", "POST"])
@endpoint(MANNERS, "connect")
def authorize():
    given = request.args
    uri = given.get("redirect_uri", "")
    scopes = given.get("scope", "").split()
    method = given.get("code_challenge_method", "plain")
    complete = (
        given.get("client_id") == CLIENT_ID
        and consent.redirect_uri_is_good(uri)
        and given.get("response_type") == "code"
        and 0 < len(given.get("state", "")) <= 500
        and given.get("code_challenge")
        and method in {"S256", "plain"}
        and scopes
        and set(scopes) <= SCOPES
    )
    if not complete:
        return consent.refuse(NETWORK, *WRONG)
    if request.method == "GET":
        return consent.ask(NETWORK, APP_NAME, scopes)
    if not consent.allowed():
        return consent.send_back(uri, error="access_denied", state=given["state"])
    try:
        handle = consent.chosen_handle(NETWORK)
    except consent.InvalidHandle as error:
        return consent.ask(NETWORK, APP_NAME, scopes, str(error))
    code = consent.issue_code(
        NETWORK,
        CLIENT_ID,
        handle,
        uri,
        scopes,
        seconds=CODE_SECONDS,
        challenge=given["code_challenge"],
        method=method,
    )
    return consent.send_back(uri, state=given["state"], code=code)


def _token_operation():
    return "refresh" if request.form.get("grant_type") == "refresh_token" else "token"


def _client_is_known() -> bool:
    basic = request.authorization
    return bool(
        basic
        and basic.type == "basic"
        and basic.username == CLIENT_ID
        and secrets.compare_digest(basic.password or "", CLIENT_SECRET)
    )


def _refused(status, error, description):
    return reply({"error": error, "error_description": description}, status)


@blueprint.post("/x/api/2/oauth2/token")
@endpoint(MANNERS, _token_operation)
def token():
    if not _client_is_known():
        return _refused(401, "unauthorized_client", "Missing valid authorization header")
    grant_type = request.form.get("grant_type")
    if grant_type == "authorization_code":
        return _exchange_code()
    if grant_type == "refresh_token":
        return _refresh()
    return _refused(400, "unsupported_grant_type", "Value passed for the grant type was invalid.")


def _exchange_code():
    code = consent.redeem(
        NETWORK,
        request.form.get("code"),
        CLIENT_ID,
        request.form.get("redirect_uri"),
        request.form.get("code_verifier"),
    )
    if code is None:
        return _refused(400, "invalid_request", "Value passed for the authorization code was invalid.")
    return issue(code.handle, code.scopes)


def _refresh():
    state = current_state()
    old = state.token(NETWORK, request.form.get("refresh_token", ""))
    if old is None or old.kind != "refresh" or old.revoked or state.expired(old):
        return _refused(400, "invalid_request", "Value passed for the token was invalid.")
    old.revoked = True
    for token in state.tokens.values():
        if token.network == NETWORK and token.grant == old.grant and token.kind == "access":
            token.revoked = True
    return issue(old.handle, old.scopes, old.grant)


def issue(handle, scopes, grant=None):
    """A new access token, and a refresh token if ``offline.access`` was granted."""
    state = current_state()
    grant = grant or secrets.token_hex(8)
    lifetime = int(state.settings["x_access_token_seconds"])
    access = state.add_token(
        NETWORK, handle, CLIENT_ID, scopes=tuple(scopes), expires_at=state.now() + lifetime, grant=grant
    )
    body = {
        "token_type": "bearer",
        "expires_in": lifetime,
        "access_token": access.value,
        "scope": " ".join(scopes),
    }
    if "offline.access" in scopes:
        refresh = state.add_token(
            NETWORK,
            handle,
            CLIENT_ID,
            scopes=tuple(scopes),
            kind="refresh",
            expires_at=state.now() + REFRESH_SECONDS,
            grant=grant,
        )
        body["refresh_token"] = refresh.value
    return reply(body, headers={"Cache-Control": "no-store"})


@blueprint.post("/x/api/2/oauth2/revoke")
@endpoint(MANNERS, "revoke")
def revoke():
    if not _client_is_known():
        return _refused(401, "unauthorized_client", "Missing valid authorization header")
    found = current_state().token(NETWORK, request.form.get("token", ""))
    if found:
        found.revoked = True
    return {"revoked": True}
