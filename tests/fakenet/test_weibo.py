from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.fakenet.networks.weibo import base62

from .conftest import make_picture


CALLBACK = "http://127.0.0.1:9/callback"
APP = {"client_id": "3141592653", "client_secret": "fakenet-weibo-secret"}
LINK = "http://localhost:8000/news/1/"


def authorize(fakenet, decision="allow", browser=requests, handle="新闻编辑部", method="POST", **changes):
    query = {"client_id": APP["client_id"], "redirect_uri": CALLBACK, "response_type": "code", "state": "s"} | changes
    return browser.request(
        method,
        fakenet.url + "/weibo/api/oauth2/authorize",
        params=query,
        data={"decision": decision, "handle": handle} if method == "POST" else None,
        allow_redirects=False,
        timeout=10,
    )


def query_of(response):
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def exchange(fakenet, code, **changes):
    data = APP | {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK} | changes
    return fakenet.post("/weibo/api/oauth2/access_token", data=data)


@pytest.fixture
def token(fakenet):
    return fakenet.token("weibo")["access_token"]


def share(fakenet, token, text=f"今天的新闻 {LINK}", files=None, **more):
    data = {"access_token": token, "status": text, "rip": "203.0.113.7"} | more
    return fakenet.post("/weibo/api/2/statuses/share.json", data=data, files=files)


def read(fakenet, token, path, **query):
    return fakenet.get(f"/weibo/api/2/{path}.json", params=query, headers={"Authorization": f"OAuth2 {token}"}).json()


def test_code_flow_token_info_and_revocation(fakenet):
    back = query_of(authorize(fakenet))
    assert back["state"] == "s"
    token = exchange(fakenet, back["code"]).json()
    assert (token["expires_in"], token["remind_in"], token["isRealName"]) == (604800, "604800", "true")
    uid = read(fakenet, token["access_token"], "account/get_uid")["uid"]
    assert str(uid) == token["uid"]
    assert read(fakenet, token["access_token"], "users/show", uid=uid)["screen_name"] == "新闻编辑部"
    data = {"access_token": token["access_token"]}
    info = fakenet.post("/weibo/api/oauth2/get_token_info", data=data).json()
    assert info["uid"] == uid and 604790 < info["expire_in"] <= 604800
    assert fakenet.post("/weibo/api/oauth2/revokeoauth2", data=data).json() == {"result": "true"}
    refused = share(fakenet, token["access_token"])
    assert (refused.status_code, refused.json()["error_code"]) == (400, 21319)


def test_code_is_good_once_and_for_its_address(fakenet):
    code = query_of(authorize(fakenet))["code"]
    assert exchange(fakenet, code, redirect_uri=CALLBACK + "2").json()["error_code"] == 21322
    assert exchange(fakenet, code, client_secret="wrong").json()["error_code"] == 21324
    assert exchange(fakenet, code).status_code == 200
    assert exchange(fakenet, code).json() == {
        "error": "invalid_grant",
        "error_code": 21325,
        "request": "/oauth2/access_token",
        "error_uri": "/oauth2/access_token",
        "error_description": f"invalid authorization code:{code}",
    }


def test_denying_and_broken_requests(fakenet):
    back = query_of(authorize(fakenet, decision="deny"))
    assert (back["error"], back["error_code"], back["state"]) == ("access_denied", "21330", "s")
    assert "21324" in authorize(fakenet, client_id="1").text
    assert "21322" in authorize(fakenet, redirect_uri="nowhere").text


def test_authorizing_again_redirects_at_once_unless_a_login_is_forced(fakenet):
    with requests.Session() as browser:
        exchange(fakenet, query_of(authorize(fakenet, browser=browser))["code"])
        again = authorize(fakenet, browser=browser, method="GET")
        assert again.status_code == 302 and exchange(fakenet, query_of(again)["code"]).status_code == 200
        assert authorize(fakenet, browser=browser, method="GET", forcelogin="true").status_code == 200
    assert authorize(fakenet, method="GET").status_code == 200


def test_sharing_shows_and_reads_back_with_short_link(fakenet, token):
    answer = share(fakenet, token).json()
    assert answer["idstr"] == answer["mid"] == str(answer["id"])
    assert answer["text"].startswith("今天的新闻 http://t.cn/") and LINK not in answer["text"]
    assert datetime.strptime(answer["created_at"], "%a %b %d %H:%M:%S %z %Y").utcoffset().total_seconds() == 8 * 3600
    [post] = fakenet.posts("weibo", handle="newsroom")
    assert post["text"] == f"今天的新闻 {LINK}" and post["link"] == LINK
    assert post["permalink"] == f"{fakenet.url}/weibo/web/{answer['user']['idstr']}/{base62(answer['idstr'])}"
    assert "今天的新闻" in fakenet.get(post["permalink"]).text
    listed = read(fakenet, token, "statuses/user_timeline", base_app=1)
    assert [status["idstr"] for status in listed["statuses"]] == [answer["idstr"]]
    assert read(fakenet, token, "statuses/show", id=answer["idstr"])["text"] == answer["text"]
    fakenet.post("/weibo/api/2/statuses/destroy.json", data={"access_token": token, "id": answer["idstr"]})
    assert read(fakenet, token, "statuses/show", id=answer["idstr"])["error_code"] == 20101


def test_base62_of_the_known_example():
    assert base62("3491273850170657") == "yCirT0Iox"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("没有链接", 10017),
        ("别的网站 https://example.org/", 10017),
        (f"#话题# {LINK}", 10017),
        ("", 20008),
        ("字" * 131 + LINK, 20012),
        ("a" * 261 + LINK, 20012),
    ],
)
def test_refused_texts(fakenet, token, text, code):
    refused = share(fakenet, token, text)
    assert (refused.status_code, refused.json()["error_code"]) == (400, code)
    assert refused.json()["request"] == "/2/statuses/share.json"


@pytest.mark.parametrize("text", ["字" * 130 + LINK, "a" * 260 + LINK, f"说 {LINK}#top 一个#号"])
def test_texts_that_just_fit(fakenet, token, text):
    assert share(fakenet, token, text).status_code == 200


def test_same_text_again(fakenet, token):
    share(fakenet, token)
    assert share(fakenet, token).json()["error_code"] == 20019


def test_domains_and_rip_are_settings(fakenet, token):
    assert share(fakenet, token, rip="").json()["error_code"] == 10016
    fakenet.settings(weibo_rip_required=False, weibo_bound_domains=["example.org"])
    assert share(fakenet, token, "看 https://www.example.org/a", rip="").status_code == 200
    assert share(fakenet, token).json()["error"] == "text not find domain!"
    fakenet.settings(weibo_bound_domains=[])
    assert share(fakenet, token).json()["error"] == "appkey not bind domain!"


def test_picture(fakenet, token, picture):
    answer = share(fakenet, token, files={"pic": ("a.png", picture)}).json()
    assert requests.get(answer["original_pic"], timeout=10).content == picture
    assert share(fakenet, token, f"二 {LINK}", files={"pic": b"text"}).json()["error_code"] == 20005
    webp = make_picture(form="WEBP")
    assert share(fakenet, token, f"三 {LINK}", files={"pic": webp}).json()["error_code"] == 20005
    big = picture + b"\0" * (5 * 1024 * 1024)
    assert share(fakenet, token, f"四 {LINK}", files={"pic": big}).json()["error_code"] == 20006
    assert len(fakenet.posts("weibo")) == 1


def test_tokens_missing_wrong_and_expired(fakenet, token):
    assert share(fakenet, "").json()["error_code"] == 10006
    assert share(fakenet, "2.00nonsense").json()["error_code"] == 21332
    expired = fakenet.post("/_fakenet/expire", json={"network": "weibo", "handle": "newsroom"}).json()
    assert expired == {"expired": 1}
    assert share(fakenet, token).json()["error_code"] == 21327


def test_old_posting_calls_are_withdrawn(fakenet, token):
    refused = fakenet.post("/weibo/api/2/statuses/update.json", data={"access_token": token, "status": "x"})
    assert refused.json()["error_code"] == 10014
