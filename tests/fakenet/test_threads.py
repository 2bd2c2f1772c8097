from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.fakenet import pictures
from sandbox.fakenet.networks.threads import length_of


CALLBACK = "https://www.example.org/callback"
APP = {"client_id": "271828182845904", "client_secret": "fakenet-meta-secret"}
API = "/threads/api/v1.0"
DAY = 86400


def authorize(fakenet, decision="allow", **changes):
    query = {"client_id": APP["client_id"], "redirect_uri": CALLBACK, "scope": "threads_basic"} | changes
    data = {"decision": decision, "handle": "newsroom"}
    return fakenet.post("/threads/web/oauth/authorize", params={**query, "state": "s"}, data=data)


def query_of(response):
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def problem(answer):
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")


@pytest.fixture
def token(fakenet):
    state = fakenet.state
    return state.add_token("threads", "newsroom", "x", expires_at=state.now() + 60 * DAY).value


@pytest.fixture
def call(fakenet, token):
    def call(method, path, **fields):
        where = "data" if method == "POST" else "params"
        return fakenet.call(method, f"{API}/{path}", **{where: {"access_token": token} | fields})

    return call


def publish(call, **fields):
    container = call("POST", "me/threads", **({"media_type": "TEXT"} | fields)).json()["id"]
    return call("POST", "me/threads_publish", creation_id=container).json()["id"]


def test_tokens(fakenet):
    back = query_of(authorize(fakenet))
    assert back["state"] == "s"
    data = APP | {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": CALLBACK}
    short = fakenet.post("/threads/api/oauth/access_token", data=data).json()
    assert set(short) == {"access_token", "user_id"} and isinstance(short["user_id"], int)
    assert problem(fakenet.post("/threads/api/oauth/access_token", data=data)) == (400, 100, 36009)
    query = {"grant_type": "th_exchange_token", "client_secret": APP["client_secret"]}
    query["access_token"] = short["access_token"]
    long = fakenet.get("/threads/api/access_token", params=query).json()
    assert (long["token_type"], long["expires_in"]) == ("bearer", 60 * DAY)
    assert problem(fakenet.get("/threads/api/access_token", params=query | {"client_secret": "wrong"}))[1] == 1
    query = {"grant_type": "th_refresh_token", "access_token": long["access_token"]}
    assert problem(fakenet.get("/threads/api/refresh_access_token", params=query))[1] == 100
    fakenet.settings(clock_offset_seconds=30 * DAY)
    again = fakenet.get("/threads/api/refresh_access_token", params=query).json()
    assert again == {"access_token": long["access_token"], "token_type": "bearer", "expires_in": 60 * DAY}
    fakenet.settings(clock_offset_seconds=91 * DAY)
    assert problem(fakenet.get("/threads/api/refresh_access_token", params=query)) == (400, 190, 463)


def test_consent_that_is_refused_or_misplaced(fakenet):
    assert query_of(authorize(fakenet, "deny"))["error"] == "access_denied"
    assert authorize(fakenet, client_id="1").status_code == 400
    assert authorize(fakenet, scope="").status_code == 400


def test_container_publish_read_delete(fakenet, call):
    container = call(
        "POST", "me/threads", media_type="TEXT", text="Hello", link_attachment="https://example.org/"
    ).json()
    assert call("GET", container["id"], fields="id,status").json() == {"id": container["id"], "status": "FINISHED"}
    assert fakenet.posts("threads") == []
    made = call("POST", "me/threads_publish", creation_id=container["id"]).json()["id"]
    assert made != container["id"]
    gone = call("GET", container["id"], fields="status")
    assert gone.json()["error"]["message"] == "Tried accessing nonexisting field (status)"
    assert problem(call("POST", "me/threads_publish", creation_id=container["id"])) == (400, 24, 4279009)
    post = call("GET", made, fields="permalink,text,timestamp").json()
    assert post["text"] == "Hello" and fakenet.get(post["permalink"]).status_code == 200
    assert [each["id"] for each in call("GET", "me/threads").json()["data"]] == [made]
    assert call("GET", "me/threads", since=fakenet.state.now() + 60).json()["data"] == []
    assert call("GET", "me/threads_publishing_limit").json()["data"][0]["quota_usage"] == 1
    assert call("DELETE", made).json() == {"success": True, "deleted_id": made}
    assert problem(call("DELETE", made)) == (400, 100, 33)


def test_picture_is_fetched_and_takes_a_moment(fakenet, call, picture):
    stored = pictures.store(fakenet.state, "threads", "newsroom", picture)
    address = fakenet.url + pictures.path_of(stored)
    fields = {"media_type": "IMAGE", "image_url": address, "alt_text": "A square", "text": "Look"}
    container = call("POST", "me/threads", **fields).json()["id"]
    assert problem(call("POST", "me/threads_publish", creation_id=container)) == (400, 24, 4279009)
    assert [call("GET", container).json()["status"] for _ in range(2)] == ["IN_PROGRESS", "FINISHED"]
    call("POST", "me/threads_publish", creation_id=container)
    assert fakenet.posts("threads")[0]["images"][0]["alt"] == "A square"
    for nowhere in (f"{fakenet.url}/media/threads/none", "https://www.example.org/a.jpg"):
        assert problem(call("POST", "me/threads", **fields | {"image_url": nowhere})) == (400, 1, 2207052)


def test_container_expires(fakenet, call):
    container = call("POST", "me/threads", media_type="TEXT", text="Hello").json()["id"]
    fakenet.settings(clock_offset_seconds=2 * DAY)
    assert call("GET", container).json()["status"] == "EXPIRED"
    assert problem(call("POST", "me/threads_publish", creation_id=container)) == (400, 24, 4279009)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": "x" * 501}, "at most 500"),
        ({"text": "🌉" * 126}, "at most 500"),
        ({"text": " ".join(f"https://example.org/{n}" for n in range(6))}, "LINK_LIMIT"),
        ({"text": ""}, "required"),
        ({"media_type": "VIDEO"}, "media_type"),
        ({"media_type": "IMAGE", "text": "x"}, "Invalid"),
    ],
)
def test_refused_containers(call, fields, words):
    answer = call("POST", "me/threads", **({"media_type": "TEXT"} | fields))
    assert answer.status_code == 400 and words in answer.json()["error"]["message"]


def test_emoji_count_as_their_bytes():
    assert [length_of(text) for text in ("abc", "é", "水", "🌉", "☕")] == [3, 1, 1, 4, 3]


def test_withdrawn_access(fakenet, call):
    fakenet.post("/_fakenet/accounts/threads/newsroom/revoke")
    assert problem(call("GET", "me")) == (400, 190, 458)


def test_profile_for_people(fakenet, call):
    publish(call, text="Hello")
    assert fakenet.get("/threads/web/@newsroom").headers["Location"] == "/timeline/threads/newsroom"
    assert fakenet.get("/threads/web/@newsroom/post/none").status_code == 404
