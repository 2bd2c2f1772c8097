"""LinkedIn: consent and tokens; 60 days, and refresh tokens only for apps that LinkedIn trusts with them.

Source: learn.microsoft.com/linkedin (authorization code flow, programmatic refresh tokens) as quoted in notes of
2026-09. Consent to other rights ends what the member had granted the app before.
"""

import secrets

from flask import Blueprint, request

from .. import consent
from ..exchange import current_state, endpoint, reply
from .linkedin_manners import APPS, MANNERS, NETWORK, PAGES, person, signed_in


APP_NAME = "Your app on LinkedIn"
CODE_SECONDS = 1800
ACCESS_SECONDS = 60 * 86400
REFRESH_SECONDS = 365 * 86400
WRONG_CODE = (
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. "
    "Or authorization code expired. Or external member binding exists"
)

blueprint = Blueprint("linkedin_oauth", __name__)


@blueprint.route("/linkedin/web/oauth/v2/authorization", methods=["GET", "POST"])
@endpoint(MANNERS, "connect")
def authorize():
    given = request.args
    uri, scopes = given.get("redirect_uri", ""), given.get("scope", "").split()
    app = APPS.get(given.get("client_id"))
    if app is None or given.get("response_type") != "code":
        return consent.refuse(NETWORK, "Bummer, something went wrong.", "The passed in client_id is invalid")
    if not consent.redirect_uri_is_good(uri):
        return consent.refuse(NETWORK, "Bummer, something went wrong.", "The redirect_uri does not match")
    if not scopes or not set(scopes) <= set(app[1]):
        missing = sorted(set(scopes) - set(app[1]))
        return consent.send_back(
            uri,
            error="unauthorized_scope_error",
            error_description=f'Scope "{" ".join(missing)}" is not authorized for your application',
            state=given.get("state"),
        )
    if request.method == "GET":
        return consent.ask(NETWORK, APP_NAME, scopes)
    if not consent.allowed():
        return consent.send_back(
            uri,
            error="user_cancelled_authorize",
            error_description="The user cancelled the authorization",
            state=given.get("state"),
        )
    try:
        handle = consent.chosen_handle(NETWORK)
    except consent.InvalidHandle as error:
        return consent.ask(NETWORK, APP_NAME, scopes, str(error))
    code = consent.issue_code(NETWORK, given["client_id"], handle, uri, scopes, seconds=CODE_SECONDS)
    return consent.send_back(uri, code=code, state=given.get("state"))


def _refused(error, description, status=400):
    return reply({"error": error, "error_description": description}, status)


@blueprint.post("/linkedin/web/oauth/v2/accessToken")
@endpoint(MANNERS, lambda: "refresh" if request.form.get("grant_type") == "refresh_token" else "token")
def access_token():
    given = request.form
    client_id = given.get("client_id", "")
    if client_id not in APPS or not secrets.compare_digest(given.get("client_secret", ""), APPS[client_id][0]):
        return _refused("invalid_client", "Client authentication failed", 401)
    if given.get("grant_type") == "authorization_code":
        code = consent.redeem(NETWORK, given.get("code"), client_id, given.get("redirect_uri"))
        return issue(code.handle, code.scopes, client_id) if code else _refused("invalid_request", WRONG_CODE)
    if given.get("grant_type") != "refresh_token":
        return _refused("unsupported_grant_type", "The grant type is not supported")
    state = current_state()
    old = state.token(NETWORK, given.get("refresh_token", ""))
    if old is None or old.kind != "refresh" or old.client_id != client_id or old.revoked or state.expired(old):
        return _refused("invalid_grant", "The provided authorization grant or refresh token is invalid or expired")
    return issue(old.handle, old.scopes, client_id, old)


def issue(handle, scopes, client_id, refresh=None):
    """A new access token; with ``refresh`` that token is given again, and its end stays where it was."""
    state = current_state()
    for token in state.tokens.values():
        same = (token.network, token.handle, token.client_id) == (NETWORK, handle, client_id)
        if same and set(token.scopes) != set(scopes):
            token.revoked = True
    access = state.add_token(NETWORK, handle, client_id, scopes=tuple(scopes), expires_at=state.now() + ACCESS_SECONDS)
    body = {
        "access_token": access.value,
        "expires_in": ACCESS_SECONDS,
        "scope": ",".join(scopes),
        "token_type": "Bearer",
    }
    if APPS[client_id][2]:
        refresh = refresh or state.add_token(
            NETWORK, handle, client_id, scopes=tuple(scopes), kind="refresh", expires_at=state.now() + REFRESH_SECONDS
        )
        body |= {
            "refresh_token": refresh.value,
            "refresh_token_expires_in": int(refresh.expires_at - state.now()),
        }
    return body


@blueprint.get("/linkedin/api/v2/userinfo")
@endpoint(MANNERS, "connect")
def userinfo():
    token, refusal = signed_in("openid", versioned=False)
    if refusal:
        return refusal
    name = current_state().account(NETWORK, token.handle).name
    return {
        "sub": person(token.handle).rsplit(":", 1)[-1],
        "name": name,
        "given_name": name,
        "locale": {"country": "US", "language": "en"},
    }


@blueprint.get("/linkedin/api/rest/organizationAcls")
@endpoint(MANNERS, "connect")
def organization_acls():
    token, refusal = signed_in("rw_organization_admin")
    if refusal:
        return refusal
    elements = [
        {
            "role": role,
            "organization": f"urn:li:organization:{number}",
            "roleAssignee": person(token.handle),
            "state": "APPROVED",
        }
        for number, (_vanity, _name, role) in PAGES.items()
    ]
    return {"paging": {"start": 0, "count": 100, "links": []}, "elements": elements}


@blueprint.get("/linkedin/api/rest/organizations")
@endpoint(MANNERS, "connect")
def organizations():
    _token, refusal = signed_in("rw_organization_admin")
    if refusal:
        return refusal
    numbers = request.args.get("ids", "").removeprefix("List(").removesuffix(")").split(",")
    results = {
        number: {"id": int(number), "localizedName": PAGES[number][1], "vanityName": PAGES[number][0]}
        for number in numbers
        if number in PAGES
    }
    return {"results": results, "statuses": {}, "errors": {}}
