"""Mastodon: registering an app, consent, tokens.

Source: mastodon/documentation methods/apps.md, methods/oauth.md, spec/oauth.md (2026-07), Mastodon OpenAPI 4.7.
"""

import secrets

from flask import Blueprint, render_template, request

from .. import consent
from ..exchange import current_state, endpoint, reply
from .mastodon_manners import MANNERS, unauthorized


NETWORK = "mastodon"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
CODE_SECONDS = 600
SCOPES = {
    "profile",
    "read",
    "write",
    "follow",
    "push",
    *(
        f"{verb}:{noun}"
        for verb in ("read", "write")
        for noun in ("accounts blocks bookmarks favourites filters follows lists mutes notifications statuses".split())
    ),
    "read:search",
    "write:conversations",
    "write:media",
    "write:reports",
}
INVALID_CLIENT = {
    "error": "invalid_client",
    "error_description": "Client authentication failed due to unknown client, no client authentication included,"
    " or unsupported authentication method.",
}
INVALID_GRANT = {
    "error": "invalid_grant",
    "error_description": "The provided authorization grant is invalid, expired, revoked, does not match the"
    " redirection URI used in the authorization request, or was issued to another client.",
}

blueprint = Blueprint("mastodon_oauth", __name__)


def parameters() -> dict:
    """The request's parameters, from a form, JSON or the query."""
    body = request.get_json(silent=True) if request.is_json else None
    return body if isinstance(body, dict) else request.values.to_dict()


@blueprint.post("/api/v1/apps")
@endpoint(MANNERS, "connect")
def register():
    given = parameters()
    uris = request.form.getlist("redirect_uris[]") or given.get("redirect_uris") or []
    uris = uris.split() if isinstance(uris, str) else list(uris)
    scopes = (given.get("scopes") or "read").split()
    if not given.get("client_name"):
        return {"error": "Validation failed: Application name can't be blank"}, 422
    if not uris:
        return {"error": "Validation failed: Redirect URI can't be blank"}, 422
    if not all(uri == OUT_OF_BAND or consent.is_web_address(uri) for uri in uris):
        return {"error": "Validation failed: Redirect URI must be an absolute URI."}, 422
    if not set(scopes) <= SCOPES:
        return {"error": "Validation failed: Scopes doesn't match configured on the server."}, 422
    state = current_state()
    app = {
        "id": str(len(state.apps) + 1),
        "name": given["client_name"],
        "website": given.get("website") or None,
        "scopes": scopes,
        "redirect_uris": uris,
        "redirect_uri": "\n".join(uris),
        "vapid_key": "BFAKENETNoPushHere",
        "client_id": secrets.token_urlsafe(32),
        "client_secret": secrets.token_urlsafe(32),
        "client_secret_expires_at": 0,
    }
    state.apps[app["client_id"]] = app
    return app


@blueprint.get("/.well-known/oauth-authorization-server")
@endpoint(MANNERS, "connect")
def metadata():
    base = request.host_url
    return {
        "issuer": base,
        "service_documentation": "https://docs.joinmastodon.org/",
        "authorization_endpoint": base + "oauth/authorize",
        "token_endpoint": base + "oauth/token",
        "revocation_endpoint": base + "oauth/revoke",
        "userinfo_endpoint": base + "oauth/userinfo",
        "app_registration_endpoint": base + "api/v1/apps",
        "scopes_supported": sorted(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
    }


@blueprint.route("/oauth/authorize", methods=["GET", "POST"])
@endpoint(MANNERS, "connect")
def authorize():
    given = request.args
    app = current_state().apps.get(given.get("client_id", ""))
    if app is None:
        return consent.refuse(NETWORK, "An error has occurred", INVALID_CLIENT["error_description"], 401)
    uri = given.get("redirect_uri", "")
    if uri not in app["redirect_uris"]:
        return consent.refuse(
            NETWORK,
            "An error has occurred",
            "The requested redirect uri is malformed or doesn't match client redirect URI.",
        )
    back = {"state": given.get("state")}
    scopes = (given.get("scope") or "read").split()
    problem = _problem(app, scopes)
    if problem:
        return _finish(uri, **problem, **back)
    if request.method == "GET":
        return consent.ask(NETWORK, app["name"], scopes)
    if not consent.allowed():
        return _finish(
            uri,
            error="access_denied",
            error_description="The resource owner or authorization server denied the request.",
            **back,
        )
    try:
        handle = consent.chosen_handle(NETWORK)
    except consent.InvalidHandle as error:
        return consent.ask(NETWORK, app["name"], scopes, str(error))
    code = consent.issue_code(
        NETWORK,
        app["client_id"],
        handle,
        uri,
        scopes,
        seconds=CODE_SECONDS,
        challenge=given.get("code_challenge"),
        method=given.get("code_challenge_method"),
    )
    return _finish(uri, code=code, **back)


def _problem(app, scopes) -> dict | None:
    if request.args.get("response_type") != "code":
        return {
            "error": "unsupported_response_type",
            "error_description": "The authorization server does not support this response type.",
        }
    if not set(scopes) <= set(app["scopes"]) | {s for s in scopes if s.split(":")[0] in app["scopes"]}:
        return {
            "error": "invalid_scope",
            "error_description": "The requested scope is invalid, unknown, or malformed.",
        }
    if request.args.get("code_challenge") and request.args.get("code_challenge_method") != "S256":
        return {
            "error": "invalid_code_challenge_method",
            "error_description": "The code_challenge_method must be S256.",
        }
    return None


def _finish(uri, **given):
    if uri == OUT_OF_BAND:
        return render_template("code.html", network=NETWORK, code=given.get("code"), error=given.get("error"))
    return consent.send_back(uri, **given)


def _client() -> dict | None:
    given = parameters()
    basic = request.authorization if request.authorization and request.authorization.type == "basic" else None
    client_id = basic.username if basic else given.get("client_id")
    secret = basic.password if basic else given.get("client_secret")
    app = current_state().apps.get(client_id or "")
    return app if app and secrets.compare_digest(app["client_secret"], secret or "") else None


@blueprint.post("/oauth/token")
@endpoint(MANNERS, "token")
def token():
    given = parameters()
    app = _client()
    if app is None:
        return INVALID_CLIENT, 401
    state = current_state()
    if given.get("grant_type") == "client_credentials":
        scopes = tuple((given.get("scope") or "read").split())
        issued = state.add_token(NETWORK, "", app["client_id"], scopes=scopes, kind="app")
    elif given.get("grant_type") == "authorization_code":
        code = consent.redeem(
            NETWORK, given.get("code"), app["client_id"], given.get("redirect_uri"), given.get("code_verifier")
        )
        if code is None:
            return INVALID_GRANT, 400
        issued = state.add_token(NETWORK, code.handle, app["client_id"], scopes=code.scopes)
    else:
        return {
            "error": "unsupported_grant_type",
            "error_description": "The authorization grant type is not supported by the authorization server.",
        }, 400
    return reply(
        {
            "access_token": issued.value,
            "token_type": "Bearer",
            "scope": " ".join(issued.scopes),
            "created_at": int(issued.created_at),
        },
        headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
    )


@blueprint.post("/oauth/revoke")
@endpoint(MANNERS, "revoke")
def revoke():
    app = _client()
    found = current_state().token(NETWORK, parameters().get("token", ""))
    if app is None or (found and found.client_id != app["client_id"]):
        return {
            "error": "unauthorized_client",
            "error_description": "You are not authorized to revoke this token",
        }, 403
    if found:
        found.revoked = True
    return {}


@blueprint.get("/oauth/userinfo")
@endpoint(MANNERS, "connect")
def userinfo():
    found = current_state().token(NETWORK, MANNERS.bearer())
    if found is None or found.revoked:
        return unauthorized("The access token is invalid")
    base = request.host_url
    profile = f"{base}@{found.handle}"
    return {
        "iss": base,
        "sub": f"{base}ap/users/{current_state().account(NETWORK, found.handle).id}",
        "name": found.handle,
        "preferred_username": found.handle,
        "profile": profile,
    }
