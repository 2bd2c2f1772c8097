import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest


APP_ID, APP_KEY, APP_SECRET = "512000000001", "FAKENETOKPUBLICKEY", "fakenet-ok-secret"
CALLBACK = "http://127.0.0.1:9/callback"
SCOPES = "VALUABLE_ACCESS;LONG_ACCESS_TOKEN;GROUP_CONTENT;PHOTO_CONTENT"
GID = "55000000000101"


def consent(fakenet, scopes=SCOPES, **more):
    page = {"client_id": APP_ID, "response_type": "code", "redirect_uri": CALLBACK, "scope": scopes, "state": "s"}
    form = {"decision": "allow", "handle": "newsroom"} | more
    answer = fakenet.post("/ok/connect/oauth/authorize", params=page, data=form)
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def exchange(fakenet, **given):
    keys = {"client_id": APP_ID, "client_secret": APP_SECRET, "redirect_uri": CALLBACK}
    return fakenet.post("/ok/api/oauth/token.do", data=keys | {"grant_type": "authorization_code"} | given)


@pytest.fixture
def token(fakenet):
    return exchange(fakenet, code=consent(fakenet)["code"][0]).json()["access_token"]


def call(fakenet, token, method, sig=None, **parameters):
    fields = {"application_key": APP_KEY, "format": "json", "method": method} | parameters
    line = "".join(f"{name}={fields[name]}" for name in sorted(fields))
    secret = hashlib.md5((token + APP_SECRET).encode()).hexdigest()
    fields["sig"] = sig or hashlib.md5((line + secret).encode()).hexdigest()
    answer = fakenet.post("/ok/api/fb.do", data=fields | {"access_token": token})
    assert answer.status_code == 200
    body = answer.json()
    if isinstance(body, dict) and "error_code" in body:
        assert answer.headers["invocation-error"] == str(body["error_code"])
    return body


def post(fakenet, token, *media, gid=GID, **more):
    attachment = json.dumps({"media": list(media) or [{"type": "text", "text": "Hello"}], "onBehalfOfGroup": "true"})
    fields = {"type": "GROUP_THEME", "gid": gid, "attachment": attachment} | more
    return call(fakenet, token, "mediatopic.post", **fields)


def test_consent_leads_to_a_long_lived_token(fakenet):
    answer = consent(fakenet)
    assert answer["state"] == ["s"]
    given = exchange(fakenet, code=answer["code"][0]).json()
    assert given["expires_in"] == "2592000" and "refresh_token" not in given
    assert exchange(fakenet, code=answer["code"][0]).status_code == 400


def test_short_lived_token_is_refreshed(fakenet):
    given = exchange(fakenet, code=consent(fakenet, "VALUABLE_ACCESS")["code"][0]).json()
    fakenet.settings(clock_offset_seconds=1801)
    assert call(fakenet, given["access_token"], "users.getCurrentUser")["error_code"] == 102
    fresh = exchange(fakenet, grant_type="refresh_token", refresh_token=given["refresh_token"]).json()
    assert call(fakenet, fresh["access_token"], "users.getCurrentUser")["name"] == "newsroom"
    assert exchange(fakenet, grant_type="refresh_token", refresh_token="wrong").json()["error"] == "invalid_token"


def test_use_prolongs_a_long_lived_token(fakenet, token):
    day = 86400
    for days in (29, 58):
        fakenet.settings(clock_offset_seconds=days * day)
        assert "uid" in call(fakenet, token, "users.getCurrentUser")
    fakenet.settings(clock_offset_seconds=(58 + 31) * day)
    assert call(fakenet, token, "users.getCurrentUser")["error_code"] == 102


@pytest.mark.parametrize(
    ("form", "scopes", "error"), [({"decision": "deny"}, SCOPES, "access_denied"), ({}, "READ", "invalid_scope")]
)
def test_no_consent(fakenet, form, scopes, error):
    assert consent(fakenet, scopes, **form)["error"] == [error]


def test_topic_is_posted_read_and_deleted(fakenet, token, picture):
    place = call(fakenet, token, "photosV2.getUploadUrl", gid=GID, count="1")
    [photo] = fakenet.post(place["upload_url"], files={"pic1": picture}).json()["photos"].values()
    media = (
        {"type": "text", "text": "Hello"},
        {"type": "photo", "list": [{"id": photo["token"]}]},
        {"type": "link", "url": "https://example.org/a"},
    )
    topic_id = post(fakenet, token, *media)
    assert isinstance(topic_id, str)
    [shown] = fakenet.posts("ok", handle=GID)
    assert (shown["text"], shown["link"], len(shown["images"])) == ("Hello", "https://example.org/a", 1)
    assert shown["permalink"] == f"{fakenet.url}/ok/web/group/{GID}/topic/{topic_id}"
    assert "Hello" in fakenet.get(shown["permalink"]).text
    [topic] = call(fakenet, token, "mediatopic.getTopics", gid=GID)["media_topics"]
    assert (topic["id"], [part["type"] for part in topic["media"]]) == (topic_id, ["text", "photo", "link"])
    assert call(fakenet, token, "mediatopic.deleteTopic", gid=GID, topic_id=topic_id)["success"] is True
    assert call(fakenet, token, "mediatopic.getByIds", topic_ids=topic_id) == {"media_topics": []}
    assert call(fakenet, token, "mediatopic.deleteTopic", gid=GID, topic_id=topic_id)["error_code"] == 100


def test_groups_and_their_names(fakenet, token):
    groups = call(fakenet, token, "group.getUserGroupsV2")["groups"]
    assert [group["status"] for group in groups] == ["ADMIN", "MODERATOR", "ACTIVE"]
    assert call(fakenet, token, "group.getInfo", uids=GID, fields="uid,name") == [
        {"uid": GID, "name": "Example Company"}
    ]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"sig": "0" * 32}, 104),
        ({"application_key": ""}, 101),
        ({"gid": "55000000000103"}, 50),
        ({"type": "USER"}, 100),
        ({"attachment": "{}"}, 100),
        ({"attachment": '{"media":[{"type":"photo","list":[{"id":"unknown"}]}]}'}, 100),
    ],
)
def test_refusals(fakenet, token, parameters, code):
    assert post(fakenet, token, **parameters)["error_code"] == code
    assert fakenet.posts("ok") == []


def test_permissions_and_unknown_things(fakenet, token):
    narrow = exchange(fakenet, code=consent(fakenet, "VALUABLE_ACCESS")["code"][0]).json()["access_token"]
    assert post(fakenet, narrow)["error_code"] == 10
    assert call(fakenet, token, "mediatopic.Post")["error_code"] == 3
    assert call(fakenet, "unknown", "users.getCurrentUser")["error_code"] == 103
    fakenet.post("/_fakenet/accounts/ok/newsroom/revoke")
    assert post(fakenet, token)["error_code"] == 103


def test_failed_upload_names_no_photo(fakenet, token):
    place = call(fakenet, token, "photosV2.getUploadUrl", gid=GID, count="1")
    assert fakenet.post(place["upload_url"], files={"pic1": b"text"}).json()["error_code"] == 505
