"""OK: consent and tokens. Scopes are joined with ``;``, codes live two minutes, there is no PKCE.

Source: apiok.ru/en/ext/oauth (permissions; 2026-11), social-core. A token with LONG_ACCESS_TOKEN lives for 30 days
from its last use and has no refresh token here; the other kind lives for 30 minutes (not confirmed) and has one.
"""

import secrets

from flask import Blueprint, request

from .. import consent
from ..exchange import current_state, endpoint, reply
from .ok_manners import APP_ID, APP_SECRET, LONG, LONG_SECONDS, MANNERS, NETWORK, SHORT_SECONDS


APP_NAME = "Your app on OK"
CODE_SECONDS = 120
REFRESH_SECONDS = 30 * 86400
PERMISSIONS = {"VALUABLE_ACCESS", LONG, "GROUP_CONTENT", "PHOTO_CONTENT", "VIDEO_CONTENT", "GET_EMAIL"}

blueprint = Blueprint("ok_oauth", __name__)


@blueprint.route("/ok/connect/oauth/authorize", methods=["GET", "POST"])
@endpoint(MANNERS, "connect")
def authorize():
    given = request.args
    uri, scopes = given.get("redirect_uri", ""), [part for part in given.get("scope", "").split(";") if part]
    if given.get("client_id") != APP_ID or given.get("response_type") != "code":
        return consent.refuse(NETWORK, "Ошибка авторизации", "invalid client_id")
    if not consent.redirect_uri_is_good(uri):
        return consent.refuse(NETWORK, "Ошибка авторизации", "redirect_uri is not in the settings of the app")
    if not set(scopes) <= PERMISSIONS:
        return consent.send_back(uri, error="invalid_scope", state=given.get("state"))
    if request.method == "GET":
        return consent.ask(NETWORK, APP_NAME, scopes)
    if not consent.allowed():
        return consent.send_back(uri, error="access_denied", state=given.get("state"))
    try:
        handle = consent.chosen_handle(NETWORK)
    except consent.InvalidHandle as error:
        return consent.ask(NETWORK, APP_NAME, scopes, str(error))
    code = consent.issue_code(NETWORK, APP_ID, handle, uri, scopes, seconds=CODE_SECONDS)
    return consent.send_back(uri, code=code, state=given.get("state"))


def _refused(name, description, status=400):
    return reply({"error": name, "error_description": description}, status)


@blueprint.post("/ok/api/oauth/token.do")
@endpoint(MANNERS, lambda: "refresh" if request.form.get("grant_type") == "refresh_token" else "token")
def token():
    given, state = request.values, current_state()
    if given.get("client_id") != APP_ID or not secrets.compare_digest(given.get("client_secret", ""), APP_SECRET):
        return _refused("invalid_client", "Unknown client")
    if given.get("grant_type") == "refresh_token":
        old = state.token(NETWORK, given.get("refresh_token", ""))
        if old is None or old.kind != "refresh" or old.revoked or state.expired(old):
            return _refused("invalid_token", "Expired or wrong refresh token")
        return issue(old.handle, old.scopes, with_refresh=False)
    code = consent.redeem(NETWORK, given.get("code"), APP_ID, given.get("redirect_uri"))
    return issue(code.handle, code.scopes) if code else _refused("invalid_request", "Expired code")


def issue(handle, scopes, with_refresh=True):
    """New tokens as OK answers them; the seconds are text."""
    state, long = current_state(), LONG in scopes
    lifetime = LONG_SECONDS if long else SHORT_SECONDS
    fresh = state.add_token(NETWORK, handle, APP_ID, scopes=tuple(scopes), expires_at=state.now() + lifetime)
    answer = {"access_token": fresh.value, "token_type": "session", "expires_in": str(lifetime)}
    if with_refresh and not long:
        until = state.now() + REFRESH_SECONDS
        kept = state.add_token(NETWORK, handle, APP_ID, scopes=tuple(scopes), expires_at=until, kind="refresh")
        answer["refresh_token"] = kept.value
    return answer
