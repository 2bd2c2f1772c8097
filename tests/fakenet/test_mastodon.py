import base64
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.fakenet.networks import mastodon_entities as entities

from .conftest import make_picture


CALLBACK = "http://127.0.0.1:9/callback?next=1"
SCOPES = "read:accounts read:statuses write:statuses write:media"
HEADERS = {"Authorization": "Bearer fakenet-mastodon-newsroom"}


def register(fakenet, **changes):
    data = {"client_name": "Wagtail", "redirect_uris": CALLBACK, "scopes": SCOPES} | changes
    return fakenet.post("/api/v1/apps", data=data)


def authorize(fakenet, app, decision="allow", **changes):
    query = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": CALLBACK,
        "scope": SCOPES,
        "state": "s t",
    } | changes
    return fakenet.post("/oauth/authorize", params=query, data={"decision": decision, "handle": "@editors"})


def query_of(response):
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def publish(fakenet, headers=None, **fields):
    fields.setdefault("status", "Hello https://example.org/a")
    return fakenet.post("/api/v1/statuses", data=fields, headers=HEADERS | (headers or {}))


def test_app_is_registered_discovered_and_used_for_the_code_flow_with_pkce(fakenet):
    metadata = fakenet.get("/.well-known/oauth-authorization-server").json()
    assert metadata["token_endpoint"] == fakenet.url + "/oauth/token"
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    app = register(fakenet).json()
    assert app["redirect_uris"] == [CALLBACK] and app["client_secret_expires_at"] == 0
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
    page = fakenet.get(
        "/oauth/authorize",
        params={
            "response_type": "code",
            "client_id": app["client_id"],
            "redirect_uri": CALLBACK,
            "scope": SCOPES,
            "login_hint": "editors",
        },
    )
    assert "Wagtail asks for access" in page.text and 'value="editors"' in page.text and "write:media" in page.text
    back = query_of(authorize(fakenet, app, **pkce))
    assert back["state"] == "s t" and back["next"] == "1"
    exchange = {
        "grant_type": "authorization_code",
        "code": back["code"],
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": CALLBACK,
        "code_verifier": "wrong",
    }
    refused = fakenet.post("/oauth/token", data=exchange)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    token = fakenet.post("/oauth/token", data=exchange | {"code_verifier": verifier}).json()
    assert token["token_type"] == "Bearer" and token["scope"] == SCOPES and "expires_in" not in token
    assert fakenet.post("/oauth/token", data=exchange | {"code_verifier": verifier}).status_code == 400
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    me = fakenet.get("/api/v1/accounts/verify_credentials", headers=headers).json()
    assert me["username"] == "editors"
    revoked = fakenet.post("/oauth/revoke", data={**exchange, "token": token["access_token"]})
    assert (revoked.status_code, revoked.json()) == (200, {})
    gone = fakenet.get("/api/v1/accounts/verify_credentials", headers=headers)
    assert (gone.status_code, gone.json()) == (401, {"error": "The access token was revoked"})


def test_denying_goes_back_with_access_denied(fakenet):
    back = query_of(authorize(fakenet, register(fakenet).json(), decision="deny"))
    assert back["error"] == "access_denied" and back["state"] == "s t" and "code" not in back


@pytest.mark.parametrize(
    ("changes", "status"), [({"client_id": "unknown"}, 401), ({"redirect_uri": "http://127.0.0.1:9/other"}, 400)]
)
def test_unknown_app_or_address_is_never_redirected_to(fakenet, changes, status):
    response = authorize(fakenet, register(fakenet).json(), **changes)
    assert response.status_code == status and "Location" not in response.headers


def test_scope_the_app_has_not_asked_for_is_refused(fakenet):
    app = register(fakenet, scopes="read").json()
    assert query_of(authorize(fakenet, app))["error"] == "invalid_scope"
    token = fakenet.token("mastodon", scopes=["read"])["access_token"]
    refused = publish(fakenet, headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json()["error"]) == (403, "This action is outside the authorized scopes")


def test_publishing_shows_everywhere_and_can_be_edited_and_deleted(fakenet):
    created = publish(fakenet, language="de", visibility="unlisted")
    status = created.json()
    assert created.status_code == 200
    assert created.headers["X-RateLimit-Limit"] == "300"
    assert datetime.fromisoformat(created.headers["X-RateLimit-Reset"]).tzinfo
    assert status["url"] == f"{fakenet.url}/@newsroom/{status['id']}" and status["card"] is None
    assert fakenet.get(status["url"]).status_code == 200
    shown = fakenet.get(f"/api/v1/statuses/{status['id']}").json()
    assert shown["card"]["url"] == "https://example.org/a" and shown["language"] == "de"
    listed = fakenet.get(f"/api/v1/accounts/{status['account']['id']}/statuses", headers=HEADERS).json()
    assert [item["id"] for item in listed] == [status["id"]]
    edited = fakenet.call(
        "PUT", f"/api/v1/statuses/{status['id']}", json={"status": "Better\n\ntext"}, headers=HEADERS
    ).json()
    assert edited["content"] == "<p>Better</p><p>text</p>" and edited["edited_at"]
    source = fakenet.get(f"/api/v1/statuses/{status['id']}/source", headers=HEADERS).json()
    assert source["text"] == "Better\n\ntext"
    deleted = fakenet.call("DELETE", f"/api/v1/statuses/{status['id']}", headers=HEADERS).json()
    assert deleted["text"] == "Better\n\ntext" and "content" not in deleted
    assert fakenet.get(f"/api/v1/statuses/{status['id']}").status_code == 404


def test_min_id_lists_only_what_came_later(fakenet):
    first, second = publish(fakenet, status="one").json(), publish(fakenet, status="two").json()
    path = f"/api/v1/accounts/{first['account']['id']}/statuses"
    assert [s["id"] for s in fakenet.get(path, params={"min_id": first["id"]}).json()] == [second["id"]]


def test_idempotency_key_returns_the_same_status_for_an_hour(fakenet):
    key = {"Idempotency-Key": "abc"}
    first, again = publish(fakenet, key).json(), publish(fakenet, key).json()
    assert first["id"] == again["id"]
    assert [post["idempotency_key"] for post in fakenet.posts("mastodon")] == ["abc"]
    fakenet.settings(clock_offset_seconds=3601)
    assert publish(fakenet, key).json()["id"] != first["id"]


def test_idempotency_key_can_be_ignored_as_other_servers_do(fakenet):
    fakenet.settings(mastodon_ignore_idempotency_key=True)
    key = {"Idempotency-Key": "abc"}
    assert publish(fakenet, key).json()["id"] != publish(fakenet, key).json()["id"]


def test_length_counts_a_link_as_23_and_clusters_as_one(fakenet):
    long_link = "https://example.org/" + "a" * 300
    fits = "👩‍👩‍👧‍👦" * 476 + " " + long_link
    assert publish(fakenet, status=fits).status_code == 200
    refused = publish(fakenet, status="x" + fits)
    assert refused.status_code == 422
    assert refused.json() == {"error": "Validation failed: Text character limit of 500 exceeded"}


def test_media_is_uploaded_described_attached_once(fakenet, picture):
    uploaded = fakenet.post(
        "/api/v2/media", files={"file": ("a.png", picture)}, data={"description": "A square"}, headers=HEADERS
    )
    media = uploaded.json()
    assert uploaded.status_code == 200 and uploaded.headers["X-RateLimit-Limit"] == "30"
    assert (media["description"], media["meta"]["original"]["width"]) == ("A square", 40)
    status = publish(fakenet, **{"media_ids[]": media["id"]}).json()
    assert [item["id"] for item in status["media_attachments"]] == [media["id"]]
    assert fakenet.get(media["url"]).content == picture
    assert fakenet.get(f"/api/v1/media/{media['id']}", headers=HEADERS).status_code == 404
    assert publish(fakenet, status="again", **{"media_ids[]": media["id"]}).status_code == 422
    assert fakenet.posts("mastodon")[0]["images"] == [
        {"alt": "A square", "content_type": "image/png", "width": 40, "height": 30, "bytes": len(picture)}
    ]


def test_slow_media_is_202_then_206_then_200(fakenet, picture):
    fakenet.settings(mastodon_media_processing_seconds=60)
    uploaded = fakenet.post("/api/v2/media", files={"file": ("a.png", picture)}, headers=HEADERS)
    media = uploaded.json()
    path = f"/api/v1/media/{media['id']}"
    assert (uploaded.status_code, media["url"]) == (202, None)
    assert fakenet.get(path, headers=HEADERS).status_code == 206
    refused = publish(fakenet, **{"media_ids[]": media["id"]})
    assert refused.status_code == 422 and "not finished processing" in refused.json()["error"]
    fakenet.settings(clock_offset_seconds=61)
    assert fakenet.get(path, headers=HEADERS).status_code == 200


def test_what_is_no_picture_is_refused(fakenet):
    refused = fakenet.post("/api/v2/media", files={"file": ("a.txt", b"text")}, headers=HEADERS)
    assert refused.status_code == 422
    assert refused.json()["error"].startswith("Validation failed: File content type")


def test_unknown_token_and_unknown_media(fakenet):
    refused = publish(fakenet, headers={"Authorization": "Bearer nonsense"})
    assert (refused.status_code, refused.json()) == (401, {"error": "The access token is invalid"})
    assert publish(fakenet, **{"media_ids[]": "1"}).status_code == 422


def test_limit_of_the_instance_is_announced_and_enforced(fakenet):
    fakenet.settings(mastodon_max_characters=60)
    statuses = fakenet.get("/api/v2/instance").json()["configuration"]["statuses"]
    assert statuses == {"max_characters": 60, "max_media_attachments": 4, "characters_reserved_per_url": 23}
    assert publish(fakenet, status="x" * 61).status_code == 422


def test_more_than_four_pictures_are_refused(fakenet):
    ids = [
        fakenet.post("/api/v2/media", files={"file": make_picture(9, number)}, headers=HEADERS).json()["id"]
        for number in range(5, 10)
    ]
    assert publish(fakenet, **{"media_ids[]": ids}).status_code == 422
    assert publish(fakenet, **{"media_ids[]": ids[:4]}).status_code == 200


def test_same_key_at_the_same_moment_makes_one_status(fakenet, monkeypatch):
    def slow_new_id(state, made=entities.new_id):
        time.sleep(0.05)
        return made(state)

    monkeypatch.setattr(entities, "new_id", slow_new_id)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: publish(fakenet, {"Idempotency-Key": "abc"}).json()["id"], range(4)))
    assert len(set(answers)) == 1 and len(fakenet.posts("mastodon")) == 1
