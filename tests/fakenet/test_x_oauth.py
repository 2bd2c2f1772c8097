import base64
import hashlib
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from requests_oauthlib import OAuth1, OAuth1Session


CALLBACK = "http://127.0.0.1:9/callback"
SCOPES = "tweet.read tweet.write users.read media.write offline.access"
BASIC = ("fakenet-x-client", "fakenet-x-secret")
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CONSUMER = ("fakenet-x-consumer", "fakenet-x-consumer-secret")


def consent(fakenet, decision="allow", **changes):
    query = {
        "response_type": "code",
        "client_id": BASIC[0],
        "redirect_uri": CALLBACK,
        "scope": SCOPES,
        "state": "abc",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    return fakenet.post("/x/web/i/oauth2/authorize", params=query, data={"decision": decision, "handle": "newsroom"})


def code_from(response):
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert query["state"] == ["abc"]
    return query["code"][0]


def exchange(fakenet, code, auth=BASIC, **changes):
    data = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    } | changes
    return fakenet.post("/x/api/2/oauth2/token", data=data, auth=auth)


def refresh(fakenet, token):
    data = {"grant_type": "refresh_token", "refresh_token": token}
    return fakenet.post("/x/api/2/oauth2/token", data=data, auth=BASIC)


def me(fakenet, token):
    return fakenet.get("/x/api/2/users/me", headers={"Authorization": f"Bearer {token}"})


def test_code_flow_and_rotating_refresh(fakenet):
    first = exchange(fakenet, code_from(consent(fakenet))).json()
    assert (first["token_type"], first["expires_in"], first["scope"]) == ("bearer", 7200, SCOPES)
    assert me(fakenet, first["access_token"]).json()["data"]["username"] == "newsroom"
    second = refresh(fakenet, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert me(fakenet, second["access_token"]).status_code == 200
    used_up = refresh(fakenet, first["refresh_token"])
    assert (used_up.status_code, used_up.json()["error"]) == (400, "invalid_request")
    assert me(fakenet, first["access_token"]).status_code == 401


def test_code_dies_after_30_seconds_and_after_one_use(fakenet):
    late, used = code_from(consent(fakenet)), code_from(consent(fakenet))
    assert exchange(fakenet, used).status_code == 200
    assert exchange(fakenet, used).json()["error_description"] == (
        "Value passed for the authorization code was invalid."
    )
    fakenet.settings(clock_offset_seconds=31)
    assert exchange(fakenet, late).status_code == 400


def test_verifier_address_and_client_must_fit(fakenet):
    code = code_from(consent(fakenet))
    assert exchange(fakenet, code, code_verifier="wrong").status_code == 400
    assert exchange(fakenet, code, redirect_uri=CALLBACK + "/").status_code == 400
    refused = exchange(fakenet, code, auth=("fakenet-x-client", "wrong"))
    assert (refused.status_code, refused.json()["error"]) == (401, "unauthorized_client")
    assert exchange(fakenet, code).status_code == 200


@pytest.mark.parametrize(
    "changes", [{"client_id": "other"}, {"redirect_uri": "/relative"}, {"code_challenge": ""}, {"scope": "no.such"}]
)
def test_broken_requests_end_on_an_error_page(fakenet, changes):
    response = consent(fakenet, **changes)
    assert response.status_code == 400 and "Something went wrong" in response.text


def test_denied(fakenet):
    location = consent(fakenet, decision="deny").headers["Location"]
    assert parse_qs(urlsplit(location).query) == {"error": ["access_denied"], "state": ["abc"]}


def test_handle_must_be_one_x_allows(fakenet):
    query = dict(parse_qsl(urlsplit(consent(fakenet).request.url).query))
    response = fakenet.post(
        "/x/web/i/oauth2/authorize", params=query, data={"decision": "allow", "handle": "much-too-long-for-x"}
    )
    assert response.status_code == 422 and "up to 15 letters" in response.text


def test_access_token_expires_and_lifetime_is_adjustable(fakenet):
    fakenet.settings(x_access_token_seconds=5)
    token = exchange(fakenet, code_from(consent(fakenet))).json()
    assert token["expires_in"] == 5
    fakenet.settings(clock_offset_seconds=6)
    refused = me(fakenet, token["access_token"])
    assert (refused.status_code, refused.json()["title"]) == (401, "Unauthorized")
    assert refused.headers["Content-Type"].startswith("application/problem+json")
    assert refresh(fakenet, token["refresh_token"]).status_code == 200


def test_revoking_by_app_and_by_owner(fakenet):
    token = exchange(fakenet, code_from(consent(fakenet))).json()
    revoked = fakenet.post("/x/api/2/oauth2/revoke", data={"token": token["access_token"]}, auth=BASIC)
    assert revoked.json() == {"revoked": True}
    assert me(fakenet, token["access_token"]).status_code == 401
    token = exchange(fakenet, code_from(consent(fakenet))).json()
    fakenet.post("/_fakenet/accounts/x/newsroom/revoke")
    assert me(fakenet, token["access_token"]).status_code == 401
    assert refresh(fakenet, token["refresh_token"]).status_code == 400


def three_legs(fakenet, callback=CALLBACK):
    session = OAuth1Session(*CONSUMER, callback_uri=callback)
    asked = session.fetch_request_token(fakenet.url + "/x/api/oauth/request_token")
    assert asked["oauth_callback_confirmed"] == "true"
    page = session.authorization_url(fakenet.url + "/x/api/oauth/authorize")
    return session, page


def test_oauth1_three_legs_then_a_signed_json_post(fakenet):
    session, page = three_legs(fakenet)
    assert "Sign in as" in fakenet.get(page).text
    back = fakenet.post(page, data={"decision": "allow", "handle": "newsroom"}).headers["Location"]
    session.parse_authorization_response(back)
    token = session.fetch_access_token(fakenet.url + "/x/api/oauth/access_token")
    assert token["screen_name"] == "newsroom" and token["oauth_token"].startswith(token["user_id"] + "-")
    signed = OAuth1(*CONSUMER, token["oauth_token"], token["oauth_token_secret"])
    created = fakenet.post("/x/api/2/tweets", json={"text": "Signed"}, auth=signed)
    assert created.status_code == 201
    assert fakenet.get("/x/api/2/users/me", params={"user.fields": "id"}, auth=signed).status_code == 200


def test_oauth1_wrong_secret_replayed_nonce_and_old_timestamp_are_refused(fakenet):
    token = fakenet.token("x", oauth1=True)
    wrong = OAuth1(*CONSUMER, token["access_token"], "wrong")
    assert fakenet.post("/x/api/2/tweets", json={"text": "a"}, auth=wrong).status_code == 401
    replay = OAuth1(*CONSUMER, token["access_token"], token["token_secret"], nonce="once")
    assert fakenet.post("/x/api/2/tweets", json={"text": "a"}, auth=replay).status_code == 201
    assert fakenet.post("/x/api/2/tweets", json={"text": "b"}, auth=replay).status_code == 401
    old = OAuth1(*CONSUMER, token["access_token"], token["token_secret"], timestamp="1700000000")
    assert fakenet.post("/x/api/2/tweets", json={"text": "c"}, auth=old).status_code == 401
    bad_consumer = OAuth1("fakenet-x-consumer", "wrong", callback_uri=CALLBACK)
    refused = fakenet.post("/x/api/oauth/request_token", auth=bad_consumer)
    assert refused.json() == {"errors": [{"code": 32, "message": "Could not authenticate you."}]}


def test_oauth1_denied_and_pin(fakenet):
    _, page = three_legs(fakenet)
    back = fakenet.post(page, data={"decision": "deny"}).headers["Location"]
    assert list(parse_qs(urlsplit(back).query)) == ["denied"]
    _, page = three_legs(fakenet, callback="oob")
    assert "Copy this code" in fakenet.post(page, data={"decision": "allow", "handle": "newsroom"}).text
