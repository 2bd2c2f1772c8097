"""Threads: consent and tokens: an hour, then 60 days, renewed for 60 more from the second day on.

Source: developers.facebook.com/docs/threads/get-started (access and long-lived tokens; read 2026-11). What is answered
when a token is renewed on its first day is not documented; code 100 is used.
"""

from flask import Blueprint, request

from .. import consent
from ..exchange import current_state, endpoint
from .graph_manners import APP_ID, APP_NAME, HOUR, LONG_LIVED, GraphManners, app_refusal, error, lasting


NETWORK = "threads"
CODE_SECONDS = 600
DAY = 24 * HOUR

MANNERS = GraphManners(NETWORK, {"": (48_000, DAY), "publish": (250, DAY), "delete": (100, DAY)})

blueprint = Blueprint("threads_oauth", __name__)


@blueprint.route("/threads/web/oauth/authorize", methods=["GET", "POST"])
@endpoint(MANNERS, "connect")
def authorize():
    given = request.args
    uri, scopes = given.get("redirect_uri", ""), [part for part in given.get("scope", "").split(",") if part]
    if given.get("client_id") != APP_ID:
        return consent.refuse(NETWORK, "Invalid Request", "Request parameters are invalid: Invalid client_id")
    if not consent.redirect_uri_is_good(uri) or "threads_basic" not in scopes:
        return consent.refuse(NETWORK, "Invalid Request", "Request parameters are invalid: redirect_uri or scope")
    if request.method == "GET":
        return consent.ask(NETWORK, APP_NAME, scopes)
    if not consent.allowed():
        denied = {"error": "access_denied", "error_reason": "user_denied", "error_description": "The user denied it."}
        return consent.send_back(uri, **denied, state=given.get("state"))
    try:
        handle = consent.chosen_handle(NETWORK)
    except consent.InvalidHandle as problem:
        return consent.ask(NETWORK, APP_NAME, scopes, str(problem))
    code = consent.issue_code(NETWORK, APP_ID, handle, uri, scopes, seconds=CODE_SECONDS)
    return consent.send_back(uri, code=code, state=given.get("state"))


@blueprint.post("/threads/api/oauth/access_token")
@endpoint(MANNERS, "token")
def access_token():
    if refusal := app_refusal():
        return refusal
    given = request.values
    code = consent.redeem(NETWORK, given.get("code"), APP_ID, given.get("redirect_uri"))
    if given.get("grant_type") != "authorization_code" or code is None:
        return error(100, "Invalid verification code format.", 36009)
    token = _token(code.handle, code.scopes, HOUR)
    # The number is a number here, text everywhere else (recorded).
    return {"access_token": token.value, "user_id": int(current_state().account(NETWORK, code.handle).id)}


@blueprint.get("/threads/api/access_token")
@endpoint(MANNERS, "token")
def exchange():
    found = MANNERS.token()
    if refusal := app_refusal(needs_id=False) or MANNERS.refusal_of(found):
        return refusal
    if request.args.get("grant_type") != "th_exchange_token":
        return error(100, "Invalid parameter", kind="THApiException")
    return lasting(_token(found.handle, found.scopes, LONG_LIVED))


@blueprint.get("/threads/api/refresh_access_token")
@endpoint(MANNERS, "refresh")
def refresh():
    found, state = MANNERS.token(), current_state()
    if refusal := MANNERS.refusal_of(found):
        return refusal
    if request.args.get("grant_type") != "th_refresh_token" or state.now() - found.created_at < DAY:
        return error(100, "The access token cannot be refreshed yet.", kind="THApiException")
    found.expires_at = state.now() + LONG_LIVED
    return lasting(found)


def _token(handle, scopes, seconds):
    state = current_state()
    return state.add_token(NETWORK, handle, APP_ID, scopes=scopes, expires_at=state.now() + seconds)
