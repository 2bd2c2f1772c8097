"""The imitation of Bluesky answers as the reference server was recorded to."""

import base64
import json
import re

import pytest
import requests

from sandbox.fakenet.networks.bluesky_manners import APP_PASSWORD, OWN_PASSWORD

from .conftest import make_picture


HANDLE = "newsroom.bsky.social"
POSTS = "app.bsky.feed.post"
RECORD = {"$type": POSTS, "text": "Grüße", "createdAt": "2026-11-23T10:00:00.000Z", "langs": ["de"]}
CARD = "app.bsky.embed.external"
RKEY = "3kabcdefgh22a"


@pytest.fixture
def pds(fakenet):
    return Pds(fakenet)


class Pds:
    """Requests of one account with one session."""

    def __init__(self, fakenet):
        self.fakenet = fakenet
        self.session = self.log_in().json()
        self.did, self.token = self.session["did"], self.session["accessJwt"]

    def call(self, verb, method, token=None, **kwargs):
        headers = kwargs.pop("headers", {})
        if token := self.token if token is None else token:
            headers["Authorization"] = f"Bearer {token}"
        return self.fakenet.call(verb, f"/bluesky/pds/xrpc/com.atproto.{method}", headers=headers, **kwargs)

    def log_in(self, handle=HANDLE, password=APP_PASSWORD):
        given = {"identifier": handle, "password": password}
        return self.fakenet.post("/bluesky/pds/xrpc/com.atproto.server.createSession", json=given)

    def write(self, method="putRecord", record=RECORD, rkey=RKEY, token=None, **more):
        given = {"repo": self.did, "collection": POSTS, "record": record, **({"rkey": rkey} if rkey else {}), **more}
        return self.call("POST", f"repo.{method}", token, json=given)

    def read(self, rkey=RKEY):
        return self.call("GET", "repo.getRecord", "", params={"repo": self.did, "collection": POSTS, "rkey": rkey})

    def records(self, **params):
        return self.call(
            "GET", "repo.listRecords", "", params={"repo": self.did, "collection": POSTS, **params}
        ).json()

    def upload(self, data, content_type="image/png"):
        return self.call("POST", "repo.uploadBlob", data=data, headers={"Content-Type": content_type})


def refused(answer):
    return answer.status_code, answer.json()["error"], answer.json()["message"]


def said(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_session_says_who_and_for_how_long(pds):
    assert pds.session["handle"] == HANDLE
    assert pds.session["active"] is True
    assert re.fullmatch(r"did:plc:[a-z2-7]{24}", pds.did)
    assert pds.session["didDoc"]["service"][0]["serviceEndpoint"] == f"{pds.fakenet.url}/bluesky/pds"
    access, refresh = said(pds.token), said(pds.session["refreshJwt"])
    assert (access["scope"], access["exp"] - access["iat"]) == ("com.atproto.appPass", 7200)
    assert (refresh["scope"], refresh["exp"] - refresh["iat"]) == ("com.atproto.refresh", 90 * 86400)
    assert said(pds.log_in(password=OWN_PASSWORD).json()["accessJwt"])["scope"] == "com.atproto.access"
    assert pds.call("GET", "server.getSession").json()["did"] == pds.did
    assert pds.call("GET", "identity.resolveHandle", "", params={"handle": HANDLE}).json() == {"did": pds.did}
    assert pds.call("GET", "server.describeServer", "").json()["availableUserDomains"]


@pytest.mark.parametrize(
    ("handle", "password"), [(HANDLE, "x"), ("newsroom", APP_PASSWORD), ("a@b.org", APP_PASSWORD)]
)
def test_wrong_password_or_handle(pds, handle, password):
    expected = (401, "AuthenticationRequired", "Invalid identifier or password")
    assert refused(pds.log_in(handle, password)) == expected


def test_did_signs_in_as_well(pds):
    assert pds.log_in(pds.did).json()["handle"] == HANDLE


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", (401, "AuthMissing", "Authentication Required")),
        ("garbage", (400, "InvalidToken", "Token could not be verified")),
    ],
)
def test_tokens_that_are_none(pds, token, expected):
    assert refused(pds.write(token=token)) == expected


def test_refresh_token_is_no_access_token_and_the_other_way_round(pds):
    wrong = (400, "InvalidToken", "Invalid token type")
    assert refused(pds.write(token=pds.session["refreshJwt"])) == wrong
    assert refused(pds.call("POST", "server.refreshSession")) == wrong


def test_access_ends_after_two_hours(pds):
    pds.fakenet.settings(clock_offset_seconds=7201)
    assert refused(pds.write()) == (400, "ExpiredToken", "Token has expired")


def test_used_refresh_token_is_good_for_two_hours_and_the_same_successor(pds):
    first, again = (pds.call("POST", "server.refreshSession", pds.session["refreshJwt"]).json() for _ in range(2))
    assert first == again
    assert first["refreshJwt"] != pds.session["refreshJwt"]
    assert pds.write(token=first["accessJwt"]).status_code == 200
    pds.fakenet.settings(clock_offset_seconds=7201)
    late = pds.call("POST", "server.refreshSession", pds.session["refreshJwt"])
    assert refused(late) == (400, "ExpiredToken", "Token has been revoked")
    assert pds.call("POST", "server.refreshSession", first["refreshJwt"]).status_code == 200


def test_ended_session(pds):
    assert pds.call("POST", "server.deleteSession", pds.session["refreshJwt"]).status_code == 200
    ended = pds.call("POST", "server.refreshSession", pds.session["refreshJwt"])
    assert refused(ended) == (400, "ExpiredToken", "Token has been revoked")
    assert pds.write().status_code == 200


def test_withdrawn_app_password_opens_no_session_but_the_running_one_goes_on(pds):
    pds.fakenet.post(f"/_fakenet/accounts/bluesky/{HANDLE}/revoke")
    assert pds.log_in().status_code == 401
    assert pds.call("POST", "server.refreshSession", pds.session["refreshJwt"]).status_code == 400
    assert pds.write().status_code == 200


def test_put_makes_one_record_and_repeats_change_nothing(pds):
    first, again = pds.write().json(), pds.write().json()
    assert first["uri"] == f"at://{pds.did}/{POSTS}/{RKEY}"
    assert first["validationStatus"] == "valid"
    assert "commit" in first
    assert again == {name: value for name, value in first.items() if name != "commit"}
    assert pds.write(swapRecord=None).json() == again
    assert pds.read().json() == {"uri": first["uri"], "cid": first["cid"], "value": RECORD}


def test_put_over_another_record(pds):
    first = pds.write().json()
    other = {**RECORD, "text": "Other"}
    assert refused(pds.write(record=other, swapRecord=None)) == (400, "InvalidSwap", f"Record was at {first['cid']}")
    assert pds.write(record=other, swapRecord=first["cid"]).status_code == 200
    assert pds.read().json()["value"]["text"] == "Other"
    assert [post["text"] for post in pds.fakenet.posts("bluesky")] == ["Other"]


def test_create_with_a_key_that_is_taken_is_a_500(pds):
    assert pds.write("createRecord").status_code == 200
    assert refused(pds.write("createRecord")) == (500, "InternalServerError", "Internal Server Error")
    assert re.search(r"/3[234567a-z]{12}$", pds.write("createRecord", rkey=None).json()["uri"])


def test_delete_is_idempotent_and_its_key_can_be_used_again(pds):
    pds.write()
    place = {"repo": pds.did, "collection": POSTS, "rkey": RKEY}
    assert "commit" in pds.call("POST", "repo.deleteRecord", json=place).json()
    assert pds.call("POST", "repo.deleteRecord", json=place).json() == {}
    assert refused(pds.read()) == (
        400,
        "RecordNotFound",
        f"Could not locate record: at://{pds.did}/{POSTS}/{RKEY}",
    )
    assert pds.write().status_code == 200


def test_records_are_listed_by_key_newest_first(pds):
    keys = ["3kabcdefgh22b", "3kabcdefgh22c", "3kabcdefgh22a"]
    for rkey in keys:
        pds.write(rkey=rkey)
    listed = [record["uri"][-1] for record in pds.records()["records"]]
    assert listed == ["c", "b", "a"]
    page = pds.records(limit=2)
    assert [record["uri"][-1] for record in page["records"]] == ["c", "b"]
    assert [record["uri"][-1] for record in pds.records(cursor=page["cursor"])["records"]] == ["a"]
    assert [record["uri"][-1] for record in pds.records(reverse="true")["records"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"text": "x" * 301}, "grapheme too big (maximum 300, got 301) at $.record.text"),
        ({"text": "👩‍👩‍👧‍👦" * 121}, "string too big (maximum 3000, got 3025) at $.record.text"),
        ({"createdAt": "2026-01-01"}, 'Invalid datetime (got "2026-01-01") at $.record.createdAt'),
        ({"langs": ["a", "b", "c", "d"]}, "array too big (maximum 3, got 4) at $.record.langs"),
        (
            {
                "embed": {
                    "$type": CARD,
                    "external": {"uri": "not a uri", "title": "", "description": ""},
                }
            },
            'Invalid uri (got "not a uri") at $.record.embed.external.uri',
        ),
    ],
)
def test_records_that_are_refused(pds, changes, problem):
    assert refused(pds.write(record={**RECORD, **changes})) == (
        400,
        "InvalidRequest",
        f"Invalid {POSTS} record: {problem}",
    )


def test_what_is_missing_is_named(pds):
    record = {"$type": POSTS, "text": "x"}
    assert refused(pds.write(record=record))[2].endswith('Missing required key "createdAt" at $.record')
    assert refused(pds.call("POST", "repo.putRecord", json={}))[2] == 'Input must have the property "repo"'


def test_key_that_is_no_tid(pds):
    problem = f'Invalid record key for {POSTS}: Invalid TID string (got "article-17") at $'
    assert refused(pds.write(rkey="article-17")) == (400, "InvalidRequest", problem)


def test_facets_are_not_checked_against_the_text(pds):
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/a"}
    facet = {"index": {"byteStart": 5, "byteEnd": 9000}, "features": [feature]}
    assert pds.write(record={**RECORD, "facets": [facet]}).status_code == 200


def card(blob):
    external = {"uri": "https://example.org/a", "title": "T", "description": "D", "thumb": blob}
    return {**RECORD, "embed": {"$type": CARD, "external": external}}


def test_card_with_a_picture_is_shown(pds):
    picture = make_picture()
    blob = pds.upload(picture).json()["blob"]
    assert (blob["$type"], blob["mimeType"], blob["size"]) == ("blob", "image/png", len(picture))
    assert pds.upload(picture).json()["blob"] == blob
    assert pds.write(record=card(blob)).status_code == 200
    page = pds.fakenet.get(f"/bluesky/web/profile/{pds.did}/post/{RKEY}")
    assert page.status_code == 200
    assert f"/media/bluesky/{blob['ref']['$link']}" in page.text
    assert pds.fakenet.get(f"/media/bluesky/{blob['ref']['$link']}").content == picture
    assert pds.fakenet.get(f"/bluesky/web/profile/{pds.did}").headers["Location"] == f"/timeline/bluesky/{HANDLE}"
    assert "Grüße" in pds.fakenet.get(f"/timeline/bluesky/{HANDLE}").text


def test_content_ids_of_blobs_are_the_real_ones(pds):
    # The raw CID of these bytes as the library multiformats computes it.
    blob = pds.upload(b"hello world", "text/plain").json()["blob"]
    assert blob["ref"]["$link"] == "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    assert blob["mimeType"] == "text/plain"


def test_pictures_that_are_refused(pds):
    text = pds.upload(b"hello world", "text/plain").json()["blob"]
    assert refused(pds.write(record=card(text)))[2].endswith("at $.record.embed.external.thumb.mimeType")
    large = pds.upload(make_picture() + b"\0" * 1_000_001).json()["blob"]
    assert "blob too big (maximum 1000000" in refused(pds.write(record=card(large)))[2]
    unknown = {**large, "size": 9, "ref": {"$link": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"}}
    assert refused(pds.write(record=card(unknown)))[:2] == (400, "BlobNotFound")
    assert pds.upload(b"\0" * (5 * 1024 * 1024 + 1)).status_code == 413


def test_anothers_repository(pds):
    other = pds.log_in("other.bsky.social").json()
    assert refused(pds.write(token=other["accessJwt"]))[:2] == (401, "AuthenticationRequired")


def test_unknown_methods(pds):
    assert refused(pds.call("GET", "server.nothing"))[:2] == (501, "MethodNotImplemented")
    assert refused(pds.call("GET", "repo.putRecord"))[:2] == (400, "InvalidRequest")


def test_sign_ins_are_limited_and_say_until_when(pds):
    pds.fakenet.settings(enforce_rate_limits=True)
    answers = [pds.log_in() for _ in range(31)]
    limited = answers[-1]
    assert refused(limited) == (429, "RateLimitExceeded", "Rate Limit Exceeded")
    assert limited.headers["RateLimit-Policy"] == "30;w=300"
    assert limited.headers["RateLimit-Remaining"] == "0"
    assert int(limited.headers["RateLimit-Reset"]) > 1_700_000_000
    assert "Retry-After" not in limited.headers


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_broken_connections(pds, kind):
    pds.fakenet.fault("bluesky", kind)
    with pytest.raises(requests.ConnectionError):
        pds.write()
    assert len(pds.fakenet.posts("bluesky")) == (kind == "reset_after")
    [line] = pds.fakenet.log(network="bluesky", operation="publish")
    assert (line["handle"], line["accepted"]) == (HANDLE, kind == "reset_after")
