import json

import pytest

from .conftest import make_picture


API = "/wechat/api/cgi-bin/"
SECRET = "fakenet-wechat-app-secret"
CREDENTIALS = {"grant_type": "client_credential", "appid": "wxfakenet-newsroom", "secret": SECRET}


def call(fakenet, method, body=None, token=None, **options):
    params = {"access_token": token} if token else {}
    answer = fakenet.post(API + method, params=params | options.pop("params", {}), json=body, **options)
    assert answer.status_code == 200
    return answer.json()


def stable_token(fakenet, **changes):
    return call(fakenet, "stable_token", CREDENTIALS | changes)


@pytest.fixture
def token(fakenet):
    return stable_token(fakenet)["access_token"]


@pytest.fixture
def cover(fakenet, token, picture):
    files = {"media": ("a.png", picture)}
    return call(fakenet, "material/add_material", token=token, params={"type": "image"}, files=files)


@pytest.fixture
def article(cover):
    return {
        "title": "新大桥",
        "digest": "Short",
        "content": f'<p><img src="{cover["url"]}" alt="A &amp; B"></p><p>One &lt;two&gt;</p><p>Three</p>',
        "content_source_url": "https://example.org/a",
        "thumb_media_id": cover["media_id"],
    }


def add(fakenet, token, article):
    return call(
        fakenet, "draft/add", token=token, data=json.dumps({"articles": [article]}, ensure_ascii=False).encode()
    )


def test_token_is_the_same_until_it_is_about_to_end(fakenet):
    first = stable_token(fakenet)
    assert first["expires_in"] == 7200
    fakenet.settings(clock_offset_seconds=6800)
    again = stable_token(fakenet)
    assert again["access_token"] == first["access_token"] and 390 <= again["expires_in"] <= 400
    fakenet.settings(clock_offset_seconds=6950)
    new = stable_token(fakenet)["access_token"]
    assert new != first["access_token"]
    # The old one goes on working until its end.
    for token in (new, first["access_token"]):
        assert fakenet.get(f"{API}draft/count", params={"access_token": token}).json() == {"total_count": 0}
    fakenet.settings(clock_offset_seconds=7201)
    refused = fakenet.get(f"{API}draft/count", params={"access_token": first["access_token"]}).json()
    assert refused["errcode"] == 42001


def test_forced_token_ends_the_one_before(fakenet, token):
    assert stable_token(fakenet, force_refresh=True)["access_token"] != token
    assert fakenet.get(f"{API}draft/count", params={"access_token": token}).json()["errcode"] == 40001


@pytest.mark.parametrize(
    ("changes", "code"), [({"secret": "wrong"}, 40125), ({"appid": "wx1"}, 40013), ({"grant_type": "x"}, 40002)]
)
def test_wrong_keys(fakenet, changes, code):
    assert stable_token(fakenet, **changes)["errcode"] == code


def test_server_that_is_not_listed(fakenet):
    fakenet.settings(wechat_listed=False)
    refused = stable_token(fakenet)
    assert refused["errcode"] == 40164
    assert refused["errmsg"].startswith("invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: ")


def test_draft_is_kept_listed_and_deleted(fakenet, token, article):
    media_id = add(fakenet, token, article)["media_id"]
    [post] = fakenet.posts("wechat", handle="newsroom")
    assert (post["id"], post["visibility"], post["link"]) == (media_id, "draft", "https://example.org/a")
    assert post["text"] == "One <two>\n\nThree" and post["images"][0]["alt"] == "A & B"
    assert "Three" in fakenet.get(post["permalink"]).text
    listed = call(fakenet, "draft/batchget", {"offset": 0, "count": 20, "no_content": 1}, token)
    [item] = listed["item"]
    assert (listed["total_count"], item["media_id"]) == (1, media_id)
    [news] = item["content"]["news_item"]
    assert (news["title"], news["digest"], "content" in news) == ("新大桥", "Short", False)
    assert call(fakenet, "draft/delete", {"media_id": media_id}, token)["errcode"] == 0
    assert call(fakenet, "draft/delete", {"media_id": media_id}, token)["errcode"] == 40007


def test_escaped_characters_are_shown_as_they_are_written(fakenet, token, article):
    call(fakenet, "draft/add", token=token, data=json.dumps({"articles": [article]}).encode())
    listed = call(fakenet, "draft/batchget", {"offset": 0, "count": 1}, token)
    assert listed["item"][0]["content"]["news_item"][0]["title"] == "\\u65b0\\u5927\\u6865"


def test_pictures_from_elsewhere_are_taken_out(fakenet, token, article):
    add(fakenet, token, article | {"content": '<p>x</p><img src="https://elsewhere.example/a.jpg">'})
    news = call(fakenet, "draft/batchget", {"offset": 0, "count": 1}, token)["item"][0]["content"]["news_item"][0]
    assert news["content"] == "<p>x</p>"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "x" * 33}, 45003),
        ({"title": ""}, 45003),
        ({"digest": "x" * 129}, 45004),
        ({"content": "x" * 20_000}, 45002),
        ({"content_source_url": "https://example.org/" + "x" * 1024}, 45005),
        ({"thumb_media_id": "nothing"}, 40007),
    ],
)
def test_refused_articles(fakenet, token, article, changes, code):
    assert add(fakenet, token, article | changes)["errcode"] == code
    assert fakenet.posts("wechat") == []


def test_digest_is_made_of_the_beginning(fakenet, token, article):
    add(fakenet, token, article | {"digest": "", "content": f"<p>{'字' * 80}</p>"})
    news = call(fakenet, "draft/batchget", {"offset": 0, "count": 1}, token)["item"][0]["content"]["news_item"][0]
    assert news["digest"] == "字" * 54


def test_refused_pictures(fakenet, token):
    def upload(method, data, **params):
        return call(fakenet, method, token=token, params=params, files={"media": ("a.jpg", data)})["errcode"]

    assert upload("material/add_material", b"text", type="image") == 40005
    assert upload("material/add_material", make_picture(), type="news") == 40004
    assert upload("media/uploadimg", make_picture(form="GIF")) == 40005
    assert upload("media/uploadimg", b"x" * (1024 * 1024 + 1)) == 40009


def test_publishing_takes_a_while_and_ends_the_draft(fakenet, token, article):
    media_id = add(fakenet, token, article)["media_id"]
    job = call(fakenet, "freepublish/submit", {"media_id": media_id}, token)["publish_id"]
    assert call(fakenet, "freepublish/get", {"publish_id": job}, token)["publish_status"] == 1
    done = call(fakenet, "freepublish/get", {"publish_id": job}, token)
    assert done["publish_status"] == 0
    [post] = fakenet.posts("wechat")
    assert (post["id"], post["visibility"]) == (done["article_id"], "public")
    assert done["article_detail"]["item"][0]["article_url"] == post["permalink"]
    assert call(fakenet, "draft/batchget", {"offset": 0, "count": 20}, token)["total_count"] == 0
    [item] = call(fakenet, "freepublish/batchget", {"offset": 0, "count": 20}, token)["item"]
    assert item["article_id"] == post["id"] and item["content"]["news_item"][0]["url"] == post["permalink"]


def test_article_that_fails_the_check_stays_a_draft(fakenet, token, article):
    fakenet.settings(wechat_looks=0, wechat_publish_status=2)
    media_id = add(fakenet, token, article)["media_id"]
    job = call(fakenet, "freepublish/submit", {"media_id": media_id}, token)["publish_id"]
    failed = call(fakenet, "freepublish/get", {"publish_id": job}, token)
    assert (failed["publish_status"], failed["fail_idx"]) == (2, [1])
    assert fakenet.posts("wechat")[0]["visibility"] == "draft"


def test_right_to_publish(fakenet, token, article):
    fakenet.settings(wechat_may_publish=False)
    media_id = add(fakenet, token, article)["media_id"]
    assert call(fakenet, "freepublish/submit", {"media_id": media_id}, token)["errcode"] == 48001
    assert call(fakenet, "freepublish/batchget", {"offset": 0, "count": 20}, token)["errcode"] == 48001


def test_faults_are_worded_as_wechat_does(fakenet, token, article):
    for kind, code in (("rate_limit", 45009), ("error", -1)):
        fakenet.fault("wechat", kind)
        assert add(fakenet, token, article)["errcode"] == code
    fakenet.fault("wechat", "no_id")
    assert "media_id" not in add(fakenet, token, article)
