import pytest
from requests_oauthlib import OAuth1

from .conftest import make_picture


@pytest.fixture
def headers(fakenet):
    return {"Authorization": "Bearer " + fakenet.token("x")["access_token"]}


def publish(fakenet, headers, text="Read https://example.org/long/address", **body):
    return fakenet.post("/x/api/2/tweets", json={"text": text, **body}, headers=headers)


def test_publish_read_back_and_delete(fakenet, headers):
    created = publish(fakenet, headers)
    data = created.json()["data"]
    assert created.status_code == 201 and data["id"].isdigit()
    assert data["text"].startswith("Read https://t.co/") and "example.org" not in data["text"]
    assert created.headers["x-rate-limit-limit"] == "100" and created.headers["x-rate-limit-reset"].isdigit()
    assert "x-user-limit-24hour-remaining" in created.headers
    shown = fakenet.get(f"/x/api/2/tweets/{data['id']}", params={"post.fields": "entities"}, headers=headers).json()
    url = shown["data"]["entities"]["urls"][0]
    assert url["expanded_url"] == "https://example.org/long/address"
    assert shown["data"]["text"][url["start"] : url["end"]] == url["url"]
    me = fakenet.get("/x/api/2/users/me", headers=headers).json()["data"]
    listed = fakenet.get(f"/x/api/2/users/{me['id']}/tweets", headers=headers).json()
    assert listed["meta"]["result_count"] == 1 and listed["data"][0]["id"] == data["id"]
    assert fakenet.posts("x")[0]["permalink"] == f"{fakenet.url}/x/web/newsroom/status/{data['id']}"
    assert fakenet.get(f"/x/web/i/status/{data['id']}").status_code == 200
    deleted = fakenet.call("DELETE", f"/x/api/2/tweets/{data['id']}", headers=headers)
    assert deleted.json() == {"data": {"deleted": True}} and deleted.headers["x-rate-limit-limit"] == "50"
    missing = fakenet.get(f"/x/api/2/tweets/{data['id']}", headers=headers)
    assert missing.status_code == 200 and missing.json()["errors"][0]["title"] == "Not Found Error"
    assert fakenet.get(f"/x/api/2/users/{me['id']}/tweets", headers=headers).json() == {"meta": {"result_count": 0}}


def test_duplicate_is_refused_without_naming_the_first(fakenet, headers):
    publish(fakenet, headers)
    again = publish(fakenet, headers)
    assert again.status_code == 403
    assert again.json() == {
        "title": "Forbidden",
        "detail": "You are not allowed to create a Tweet with duplicate content.",
        "type": "about:blank",
        "status": 403,
    }


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("中" * 140, 201),
        ("中" * 141, 403),
        ("a" * 257 + " http://127.0.0.1:8000/x", 403),
        ("a" * 256 + " wagtail.io", 201),
    ],
)
def test_weighted_length(fakenet, headers, text, status):
    assert publish(fakenet, headers, text).status_code == status


def test_unknown_body_key_is_named(fakenet, headers):
    refused = publish(fakenet, headers, link="https://example.org/")
    assert refused.status_code == 400 and "[$.link] is not defined" in refused.json()["errors"][0]["message"]


def test_media_that_is_no_list(fakenet, headers):
    assert publish(fakenet, headers, media={"media_ids": "1"}).status_code == 400
    assert publish(fakenet, headers, media=["1"]).status_code == 400


def test_missing_scope(fakenet):
    token = fakenet.token("x", scopes=["tweet.read", "users.read"])["access_token"]
    assert publish(fakenet, {"Authorization": f"Bearer {token}"}).status_code == 403


def upload(fakenet, headers, data, **fields):
    return fakenet.post(
        "/x/api/2/media/upload",
        files={"media": ("a.png", data)},
        data={"media_category": "tweet_image"} | fields,
        headers=headers,
    )


def test_picture_with_alternative_text(fakenet, headers, picture):
    media = upload(fakenet, headers, picture).json()["data"]
    assert (media["expires_after_secs"], media["size"]) == (86400, len(picture))
    described = fakenet.post(
        "/x/api/2/media/metadata",
        json={"id": media["id"], "metadata": {"alt_text": {"text": "A square"}}},
        headers=headers,
    )
    assert described.status_code == 200
    assert publish(fakenet, headers, media={"media_ids": [media["id"]]}).status_code == 201
    post = fakenet.posts("x")[0]
    assert post["images"][0]["alt"] == "A square" and post["card"] is None


def test_upload_in_pieces_signed_with_oauth1(fakenet, picture):
    token = fakenet.token("x", oauth1=True)
    auth = OAuth1("fakenet-x-consumer", "fakenet-x-consumer-secret", token["access_token"], token["token_secret"])
    about = {"media_type": "image/png", "total_bytes": len(picture), "media_category": "tweet_image"}
    base = "/x/api/2/media/upload"
    media_id = fakenet.post(f"{base}/initialize", json=about, auth=auth).json()["data"]["id"]
    for index, piece in enumerate((picture[:50], picture[50:])):
        sent = fakenet.post(
            f"{base}/{media_id}/append", files={"media": piece}, data={"segment_index": index}, auth=auth
        )
        assert sent.status_code == 200
    assert fakenet.post(f"{base}/{media_id}/finalize", auth=auth).json()["data"]["size"] == len(picture)
    status = fakenet.get(base, params={"command": "STATUS", "media_id": media_id}, auth=auth).json()
    assert status["data"]["processing_info"]["state"] == "succeeded"
    created = fakenet.post("/x/api/2/tweets", json={"text": "Pieces", "media": {"media_ids": [media_id]}}, auth=auth)
    assert created.status_code == 201


def test_foreign_expired_or_broken_media(fakenet, headers):
    other = {"Authorization": "Bearer " + fakenet.token("x", handle="other")["access_token"]}
    foreign = upload(fakenet, other, make_picture()).json()["data"]["id"]
    refused = publish(fakenet, headers, media={"media_ids": [foreign]})
    assert refused.status_code == 400 and refused.json()["errors"][0]["message"] == "Your media IDs are invalid."
    own = upload(fakenet, headers, make_picture()).json()["data"]["id"]
    fakenet.state.images[own].uploaded_at -= 86401
    assert publish(fakenet, headers, media={"media_ids": [own]}).status_code == 400
    assert upload(fakenet, headers, b"no picture").status_code == 400
    assert upload(fakenet, headers, make_picture(), media_category="other").status_code == 400
