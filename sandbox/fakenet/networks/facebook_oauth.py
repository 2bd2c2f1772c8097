"""Facebook: consent and tokens. A person's token lasts an hour or two, or 60 days once it was exchanged.

Source: developers.facebook.com/docs/facebook-login/guides (manual flow, access tokens: long-lived; read 2026-11).
"""

from flask import Blueprint, request

from .. import consent
from ..exchange import current_state, endpoint
from ..state import Account, Token
from .graph_manners import APP_ID, APP_NAME, HOUR, LONG_LIVED, GraphManners, app_refusal, error, lasting


NETWORK = "facebook"
PEOPLE = "facebook-user"  # where people and their tokens are kept, apart from pages and theirs
EVERYTHING = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MESSAGING", "MODERATE"]
SHORT_LIVED = 2 * HOUR
CODE_SECONDS = 600

MANNERS = GraphManners(NETWORK, {"": (4800, 24 * HOUR)})

blueprint = Blueprint("facebook_oauth", __name__)


def person_token() -> Token | None:
    """The token of a person that was sent, unchecked."""
    return current_state().token(PEOPLE, MANNERS.access_token())


def pages_of(person: str) -> list[tuple[Account, list[str]]]:
    """The pages that a person has to do with, and what they may do there."""
    if person == "nobody":
        return []
    may = {person: EVERYTHING, f"{person}.jobs": EVERYTHING, f"{person}.archive": ["ANALYZE"]}
    return [(current_state().account(NETWORK, handle), tasks) for handle, tasks in may.items()]


@blueprint.route("/facebook/web/<version>/dialog/oauth", methods=["GET", "POST"])
@endpoint(MANNERS, "connect")
def dialog(version):
    given = request.args
    uri, scopes = given.get("redirect_uri", ""), [part for part in given.get("scope", "").split(",") if part]
    if given.get("client_id") != APP_ID:
        return consent.refuse(NETWORK, "Invalid App ID", "The provided app ID does not look like a valid app ID.")
    if not consent.redirect_uri_is_good(uri):
        return consent.refuse(NETWORK, "URL Blocked", "This redirect failed: the redirect URI is not whitelisted.")
    if request.method == "GET":
        return consent.ask(NETWORK, APP_NAME, scopes, each=True)
    if not consent.allowed():
        return consent.send_back(
            uri,
            error="access_denied",
            error_code="200",
            error_description="Permissions error",
            error_reason="user_denied",
            state=given.get("state"),
        )
    try:
        person = consent.chosen_handle(NETWORK)
    except consent.InvalidHandle as problem:
        return consent.ask(NETWORK, APP_NAME, scopes, str(problem), each=True)
    allowed = consent.not_declined(scopes)
    code = consent.issue_code(PEOPLE, APP_ID, person, uri, allowed, seconds=CODE_SECONDS)
    return consent.send_back(uri, code=code, state=given.get("state"))


@blueprint.get("/facebook/api/<version>/oauth/access_token")
@blueprint.get("/facebook/api/oauth/access_token", defaults={"version": ""}, endpoint="unversioned")
@endpoint(MANNERS, "token")
def access_token(version):
    if refusal := app_refusal():
        return refusal
    given = request.args
    if given.get("grant_type") == "fb_exchange_token":
        short = current_state().token(PEOPLE, given.get("fb_exchange_token", ""))
        if short is None or short.revoked or current_state().expired(short):
            return error(190, "Error validating access token: the session is invalid.", 467)
        return lasting(_token(short.handle, short.scopes, LONG_LIVED, "long-lived"))
    code = consent.redeem(PEOPLE, given.get("code"), APP_ID, given.get("redirect_uri"))
    if code is None:
        return error(100, "This authorization code has expired or was used already.", 36007)
    return lasting(_token(code.handle, code.scopes, SHORT_LIVED, "short-lived"))


def _token(person, scopes, seconds, kind) -> Token:
    state = current_state()
    return state.add_token(PEOPLE, person, APP_ID, scopes=scopes, kind=kind, expires_at=state.now() + seconds)
