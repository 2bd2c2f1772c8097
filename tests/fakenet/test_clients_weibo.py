"""Driven by ``weibo``, a client from the years when Weibo's interface was open to everybody."""

import pytest
import requests
from weibo import Client

from .test_weibo import APP, CALLBACK, LINK, authorize, query_of


@pytest.fixture
def client(fakenet):
    """The client, let in by the code flow."""
    client = Client(APP["client_id"], APP["client_secret"], CALLBACK)
    client.authorization_url, client.token_url, client.api_url = (
        f"{fakenet.url}/weibo/api/{path}" for path in ("oauth2/authorize", "oauth2/access_token", "2/")
    )
    assert client.authorize_url.startswith(client.authorization_url)
    client.set_code(query_of(authorize(fakenet))["code"])
    return client


def test_weibo_signs_in_publishes_with_a_picture_reads_and_deletes(client, fakenet, picture):
    assert client.alive
    assert client.get("users/show", uid=client.uid)["screen_name"] == "新闻编辑部"
    posted = client.post("statuses/share", status=f"今天的新闻 {LINK}", rip="203.0.113.7", pic=picture)
    assert posted["user"]["idstr"] == client.uid
    [shown] = client.get("statuses/user_timeline", base_app=1)["statuses"]
    assert shown["idstr"] == posted["idstr"] and "http://t.cn/" in shown["text"]
    assert requests.get(shown["original_pic"], timeout=5).headers["Content-Type"].startswith("image/")
    assert client.post("statuses/destroy", id=posted["idstr"])["idstr"] == posted["idstr"]
    assert client.get("statuses/user_timeline", base_app=1)["statuses"] == []


def test_weibo_is_told_what_is_wrong(client, fakenet):
    for words, code in (("没有链接", "10017"), (f"#话题# {LINK}", "10017"), ("水" * 141 + LINK, "20012")):
        with pytest.raises(RuntimeError, match=code):
            client.post("statuses/share", status=words, rip="203.0.113.7")
    client.post("statuses/share", status=f"今天的新闻 {LINK}", rip="203.0.113.7")
    with pytest.raises(RuntimeError, match="20019"):
        client.post("statuses/share", status=f"今天的新闻 {LINK}", rip="203.0.113.7")
    assert len(fakenet.posts("weibo")) == 1
