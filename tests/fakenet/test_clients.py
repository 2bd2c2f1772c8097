"""Driven by clients other people wrote."""

import asyncio
import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from mastodon import Mastodon
from mastodon.errors import MastodonUnauthorizedError
from requests import HTTPError
from telegram import Bot, LinkPreviewOptions
from telegram.error import BadRequest, RetryAfter
from xdk import Client as XClient


CALLBACK = "http://127.0.0.1:9/callback"
SCOPES = ["read:accounts", "read:statuses", "write:statuses", "write:media"]
BOT_TOKEN = "110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P"


@pytest.fixture
def api(fakenet):
    client_id, secret = Mastodon.create_app("Wagtail", scopes=SCOPES, redirect_uris=CALLBACK, api_base_url=fakenet.url)
    client = Mastodon(client_id=client_id, client_secret=secret, api_base_url=fakenet.url, version_check_mode="none")
    page = client.auth_request_url(redirect_uris=CALLBACK, scopes=SCOPES, allow_http=True)
    back = fakenet.post(page, data={"decision": "allow", "handle": "newsroom"}).headers["Location"]
    client.log_in(
        code=parse_qs(urlsplit(back).query)["code"][0], redirect_uri=CALLBACK, scopes=SCOPES, allow_http=True
    )
    return client


def test_mastodon_py_publishes_with_a_picture_and_reads_back(api, fakenet, picture):
    media = api.media_post(picture, mime_type="image/png", description="A square")
    first = api.status_post("Hello", media_ids=[media], idempotency_key="k", language="en", visibility="public")
    again = api.status_post("Hello", media_ids=[media], idempotency_key="k", language="en", visibility="public")
    assert first.id == again.id and first.url == f"{fakenet.url}/@newsroom/{first.id}"
    listed = api.account_statuses(api.me(), exclude_reblogs=True)
    assert [status.id for status in listed] == [first.id]
    api.status_update(first, "Better")
    assert api.status_source(first).text == "Better"
    api.status_delete(first)
    assert fakenet.posts("mastodon") == []


def test_mastodon_py_sees_a_withdrawn_token(api, fakenet):
    fakenet.post("/_fakenet/accounts/mastodon/newsroom/revoke")
    with pytest.raises(MastodonUnauthorizedError):
        api.status_post("Hello")


def test_python_telegram_bot_publishes_edits_and_deletes(fakenet, picture):
    async def work():
        async with Bot(BOT_TOKEN, base_url=fakenet.url + "/telegram/api/bot") as bot:
            assert bot.username == "fakenet_bot"
            chat = await bot.get_chat("@newsroom")
            member = await bot.get_chat_member(chat.id, bot.id)
            assert member.can_post_messages
            message = await bot.send_message(
                "@newsroom",
                '<a href="https://example.org/a">Read</a>',
                parse_mode="HTML",
                link_preview_options=LinkPreviewOptions(prefer_large_media=True),
            )
            assert message.entities[0].url == "https://example.org/a"
            await bot.edit_message_text("Better", chat.id, message.message_id)
            photo = await bot.send_photo("@newsroom", picture, caption="A square")
            assert (photo.photo[0].width, photo.caption) == (40, "A square")
            with pytest.raises(BadRequest, match="(?i)there is no text in the message to edit"):
                await bot.edit_message_text("Better", chat.id, photo.message_id)
            photo = await bot.edit_message_caption(chat.id, photo.message_id, caption="A teal square")
            assert await bot.delete_message(chat.id, message.message_id)
            with pytest.raises(BadRequest, match="(?i)chat not found"):
                await bot.send_message("@private_club", "Hello")
            fakenet.fault("telegram", "rate_limit", retry_after=41)
            with pytest.raises(RetryAfter):
                await bot.send_message("@newsroom", "Hello")

    asyncio.run(work())
    assert [post["text"] for post in fakenet.posts("telegram")] == ["A teal square"]


def test_xdk_publishes_with_a_picture_reads_and_deletes(fakenet, picture):
    client = XClient(base_url=fakenet.url + "/x/api", access_token=fakenet.token("x")["access_token"])
    me = client.users.get_me().data.id
    media = client.media.upload(
        body={"media": base64.b64encode(picture).decode(), "media_category": "tweet_image"}
    ).data.id
    client.media.create_metadata(body={"id": media, "metadata": {"alt_text": {"text": "A square"}}})
    body = {"text": "Hello https://example.org/", "media": {"media_ids": [media]}}
    post = client.posts.create(body=body).data.id
    with pytest.raises(HTTPError, match="403"):
        client.posts.create(body={"text": body["text"]})
    [page] = client.users.get_posts(me, post_fields=["created_at", "entities"])
    [listed] = page.model_dump()["data"]
    assert listed["id"] == post and listed["entities"]["urls"][0]["expanded_url"] == "https://example.org/"
    assert client.posts.get_by_id(post).data.id == post
    assert [image["alt"] for image in fakenet.posts("x")[0]["images"]] == ["A square"]
    assert client.posts.delete(post).data.deleted is True
    assert fakenet.posts("x") == []
    fakenet.settings(x_credits=0)
    with pytest.raises(HTTPError, match="402"):
        client.posts.create(body={"text": "No money"})
