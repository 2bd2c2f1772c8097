import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import make_picture


CALLBACK = "http://127.0.0.1:9/callback"
APP = {"client_id": "271828182845904", "client_secret": "fakenet-meta-secret"}
API = "/facebook/api/v26.0"
LINK = "https://www.example.org/news/1/"


def dialog(fakenet, decision="allow", handle="newsroom", **changes):
    query = {"client_id": APP["client_id"], "redirect_uri": CALLBACK, "scope": "pages_show_list"} | changes
    data = {"decision": decision, "handle": handle}
    return fakenet.post("/facebook/web/v26.0/dialog/oauth", params={**query, "state": "s"}, data=data)


def query_of(response):
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def exchange(fakenet, **fields):
    return fakenet.get(f"{API}/oauth/access_token", params=APP | fields)


@pytest.fixture
def person(fakenet):
    code = query_of(dialog(fakenet))["code"]
    return exchange(fakenet, code=code, redirect_uri=CALLBACK).json()["access_token"]


@pytest.fixture
def page(fakenet, person):
    return pages(fakenet, person)[0]


def pages(fakenet, token, **query):
    query = {"fields": "id,name,access_token,tasks", "access_token": token} | query
    return fakenet.get(f"{API}/me/accounts", params=query).json()["data"]


def feed(fakenet, page, **fields):
    return fakenet.post(f"{API}/{page['id']}/feed", data={"access_token": page["access_token"]} | fields)


def problem(answer):
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")


def test_consent_code_and_tokens(fakenet, person):
    back = query_of(dialog(fakenet))
    assert back["state"] == "s"
    first = exchange(fakenet, code=back["code"], redirect_uri=CALLBACK)
    assert first.json()["expires_in"] == 7200
    assert problem(exchange(fakenet, code=back["code"], redirect_uri=CALLBACK)) == (400, 100, 36007)
    long = exchange(fakenet, grant_type="fb_exchange_token", fb_exchange_token=person).json()
    assert (long["token_type"], long["expires_in"]) == ("bearer", 5184000)
    state = fakenet.state
    assert state.token("facebook", pages(fakenet, person)[0]["access_token"]).expires_at is not None
    assert state.token("facebook", pages(fakenet, long["access_token"])[0]["access_token"]).expires_at is None


def test_consent_that_is_refused_or_misplaced(fakenet):
    assert query_of(dialog(fakenet, "deny"))["error"] == "access_denied"
    assert dialog(fakenet, client_id="1").status_code == 400
    assert dialog(fakenet, handle="no name!").status_code == 422
    assert problem(exchange(fakenet, client_secret="wrong"))[1] == 1
    assert problem(exchange(fakenet, client_id="1"))[1] == 101


def test_people_run_pages(fakenet, person):
    found = pages(fakenet, person)
    assert [(each["name"], "CREATE_CONTENT" in each["tasks"]) for each in found] == [
        ("newsroom", True),
        ("newsroom.jobs", True),
        ("newsroom.archive", False),
    ]
    first = fakenet.get(f"{API}/me/accounts", params={"access_token": person, "limit": 2}).json()
    rest = pages(fakenet, person, limit=2, after=first["paging"]["cursors"]["after"])
    assert (len(first["data"]), len(rest)) == (2, 1)
    nobody = query_of(dialog(fakenet, handle="nobody"))["code"]
    token = exchange(fakenet, code=nobody, redirect_uri=CALLBACK).json()["access_token"]
    assert pages(fakenet, token) == []


def test_post_read_edit_delete(fakenet, page):
    made = feed(fakenet, page, message="Hello", link=LINK, fields="id,permalink_url").json()
    assert made["id"].startswith(page["id"] + "_")
    assert fakenet.get(made["permalink_url"]).status_code == 200
    key = {"access_token": page["access_token"]}
    listed = fakenet.get(f"{API}/{page['id']}/published_posts", params=key).json()["data"]
    assert [(post["id"], post["message"]) for post in listed] == [(made["id"], "Hello")]
    assert set(listed[0]) == {"id", "message", "created_time"}
    assert fakenet.post(f"{API}/{made['id']}", data=key | {"message": "Better"}).json() == {"success": True}
    assert fakenet.get(f"{API}/{made['id']}", params=key | {"fields": "message"}).json()["message"] == "Better"
    assert fakenet.call("DELETE", f"{API}/{made['id']}", params=key).json() == {"success": True}
    assert problem(fakenet.call("DELETE", f"{API}/{made['id']}", params=key)) == (400, 100, 33)
    assert [line["operation"] for line in fakenet.log(network="facebook")][-6:] == [
        "publish",
        "read",
        "update",
        "read",
        "delete",
        "delete",
    ]


def test_photos(fakenet, page, picture):
    key = {"access_token": page["access_token"]}
    address = f"{API}/{page['id']}/photos"
    unseen = fakenet.post(
        address, data=key | {"published": "false", "alt_text_custom": "A square"}, files={"source": picture}
    )
    assert set(unseen.json()) == {"id"} and fakenet.posts("facebook") == []
    media = json.dumps([{"media_fbid": unseen.json()["id"]}])
    assert feed(fakenet, page, message="Look", attached_media=media).status_code == 200
    assert fakenet.posts("facebook")[0]["images"][0]["alt"] == "A square"
    assert problem(feed(fakenet, page, message="Again", attached_media=media)) == (400, 100, None)
    seen = fakenet.post(address, data=key | {"caption": "Seen"}, files={"source": picture}).json()
    assert set(seen) == {"id", "post_id"}
    gif = make_picture(form="GIF")
    for data in (b"no picture", gif):
        assert problem(fakenet.post(address, data=key, files={"source": data})) == (400, 100, 1366046)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (400, 100, None)),
        ({"message": "x" * 63207}, (400, 100, None)),
        ({"message": "x", "link": "no address"}, (400, 100, 2061006)),
        ({"message": "x", "link": "https://www.facebook.com/x"}, (400, 100, 1609008)),
        ({"message": "x", "attached_media": "[{}]"}, (400, 100, None)),
    ],
)
def test_refused_posts(fakenet, page, fields, expected):
    assert problem(feed(fakenet, page, **fields)) == expected
    assert fakenet.posts("facebook") == []


def test_the_same_again_is_refused_until_something_else_was_posted(fakenet, page):
    for text, expected in (("Hello", 200), ("Hello", 400), ("Other", 200), ("Hello", 200)):
        answer = feed(fakenet, page, message=text, link=LINK)
        assert answer.status_code == expected
        if expected == 400:
            assert problem(answer) == (400, 506, 1455006)


def test_tokens_that_open_nothing(fakenet, person, page):
    state, key = fakenet.state, page["access_token"]
    assert problem(feed(fakenet, page, message="x", access_token="")) == (400, 104, None)
    assert problem(feed(fakenet, page, message="x", access_token="unknown")) == (400, 190, None)
    assert problem(feed(fakenet, page, message="x", access_token=person)) == (403, 200, None)
    other = pages(fakenet, person)[1]
    assert problem(feed(fakenet, page, message="x", access_token=other["access_token"])) == (400, 100, 33)
    state.expire_tokens("facebook", "newsroom")
    assert problem(feed(fakenet, page, message="x")) == (400, 190, 463)
    state.token("facebook", key).revoked = True
    assert problem(feed(fakenet, page, message="x")) == (400, 190, 458)


def test_proof_of_the_app(fakenet, page):
    good = hmac.new(b"fakenet-meta-secret", page["access_token"].encode(), hashlib.sha256).hexdigest()
    assert feed(fakenet, page, message="x", appsecret_proof=good).status_code == 200
    assert problem(feed(fakenet, page, message="y", appsecret_proof="0" * 64))[1] == 100


def test_usage_headers_and_the_limit(fakenet, page):
    answer = feed(fakenet, page, message="x")
    assert json.loads(answer.headers["X-App-Usage"])["call_count"] == 0
    assert list(json.loads(answer.headers["X-Business-Use-Case-Usage"])) == [page["id"]]
    fakenet.fault("facebook", "rate_limit", retry_after=600)
    answer = feed(fakenet, page, message="y")
    assert problem(answer)[1] == 32
    [business] = json.loads(answer.headers["X-Business-Use-Case-Usage"])[page["id"]]
    assert (business["call_count"], business["estimated_time_to_regain_access"]) == (100, 10)


def test_page_for_people(fakenet, page):
    assert fakenet.get(f"/facebook/web/{page['id']}").headers["Location"] == "/timeline/facebook/newsroom"
    assert fakenet.get("/facebook/web/1").status_code == 404
    assert fakenet.get(f"/facebook/web/{page['id']}/posts/1").status_code == 404
