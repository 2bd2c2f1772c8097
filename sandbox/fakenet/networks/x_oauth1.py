"""X: three-legged OAuth 1.0a with HMAC-SHA1; these tokens do not expire.

Source: xdevplatform/docs fundamentals/authentication/oauth-1-0a (2026-08). Pressing Cancel sends ``denied`` back.
"""

import secrets
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from .. import consent
from ..exchange import current_state, endpoint, reply
from .x_manners import CONSUMER_KEY, MANNERS, NETWORK, oauth1_parameters, oauth1_signature_fits
from .x_oauth import APP_NAME


FORM = "text/html;charset=utf-8"
RIGHTS = ("Read and write",)
OUT_OF_BAND = "oob"

blueprint = Blueprint("x_oauth1", __name__)


def _not_authenticated(code=32, message="Could not authenticate you."):
    return reply({"errors": [{"code": code, "message": message}]}, 401)


@blueprint.post("/x/api/oauth/request_token")
@endpoint(MANNERS, "connect")
def request_token():
    callback = oauth1_parameters().get("oauth_callback") or request.values.get("oauth_callback")
    if not oauth1_signature_fits():
        return _not_authenticated()
    if callback != OUT_OF_BAND and not consent.redirect_uri_is_good(callback):
        return reply(
            {"errors": [{"code": 415, "message": "Callback URL not approved for this client application."}]}, 403
        )
    state = current_state()
    issued = state.add_token(NETWORK, "", CONSUMER_KEY, kind="request", secret=secrets.token_urlsafe(24))
    state.scratch["oauth1", issued.value] = {"callback": callback, "verifier": None}
    return reply(
        urlencode(
            {"oauth_token": issued.value, "oauth_token_secret": issued.secret, "oauth_callback_confirmed": "true"}
        ),
        content_type=FORM,
    )


@blueprint.route("/x/api/oauth/authorize", methods=["GET", "POST"])
@blueprint.route("/x/api/oauth/authenticate", methods=["GET", "POST"], endpoint="authenticate")
@endpoint(MANNERS, "connect")
def authorize():
    state = current_state()
    found = state.token(NETWORK, request.args.get("oauth_token", ""))
    flow = state.scratch.get(("oauth1", found.value)) if found and found.kind == "request" else None
    if flow is None or found.revoked or flow["verifier"]:
        return consent.refuse(
            NETWORK, "Whoa there!", "The request token for this page is invalid. It may have already been used.", 403
        )
    if request.method == "GET":
        return consent.ask(NETWORK, APP_NAME, RIGHTS)
    if not consent.allowed():
        found.revoked = True
        if flow["callback"] == OUT_OF_BAND:
            return render_template("code.html", network=NETWORK, code=None, error="access_denied")
        return consent.send_back(flow["callback"], denied=found.value)
    try:
        found.handle = consent.chosen_handle(NETWORK)
    except consent.InvalidHandle as error:
        return consent.ask(NETWORK, APP_NAME, RIGHTS, str(error))
    state.account(NETWORK, found.handle).blocked = False
    if flow["callback"] == OUT_OF_BAND:
        flow["verifier"] = f"{secrets.randbelow(10**7):07}"
        return render_template("code.html", network=NETWORK, code=flow["verifier"], error=None)
    flow["verifier"] = secrets.token_urlsafe(24)
    return consent.send_back(flow["callback"], oauth_token=found.value, oauth_verifier=flow["verifier"])


@blueprint.post("/x/api/oauth/access_token")
@endpoint(MANNERS, "token")
def access_token():
    state = current_state()
    given = oauth1_parameters()
    found = state.token(NETWORK, given.get("oauth_token", ""))
    flow = state.scratch.get(("oauth1", found.value)) if found and found.kind == "request" else None
    verifier = given.get("oauth_verifier") or request.values.get("oauth_verifier")
    if flow is None or found.revoked or not oauth1_signature_fits(found.secret):
        return _not_authenticated()
    if not flow["verifier"] or verifier != flow["verifier"]:
        return _not_authenticated(message="Error processing your OAuth request: Invalid oauth_verifier parameter")
    found.revoked = True
    owner = state.account(NETWORK, found.handle)
    issued = state.add_token(
        NETWORK,
        found.handle,
        CONSUMER_KEY,
        kind="oauth1",
        value=f"{owner.id}-{secrets.token_urlsafe(24)}",
        secret=secrets.token_urlsafe(32),
    )
    return reply(
        urlencode(
            {
                "oauth_token": issued.value,
                "oauth_token_secret": issued.secret,
                "user_id": owner.id,
                "screen_name": owner.handle,
            }
        ),
        content_type=FORM,
    )
