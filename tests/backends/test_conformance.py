"""The networks of the first releases stand what the conformance kit throws at them.

Those that came later have their class in their own test file.
"""

import html

import pytest

from wagtail_syndicate.backends import mastodon, telegram, weibo, x, xing
from wagtail_syndicate.exceptions import AccountProblem, DuplicateContent, MediaRejected, OutcomeUnknown, Rejected
from wagtail_syndicate.exceptions import TokenExpired as Expired
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import AppKeys, Connection


@pytest.fixture
def as_specified():
    """The kit's server breaks on purpose; what it answers is not held against the networks' contracts."""


def paragraphs(text):
    """A text as servers write it in HTML: escaped, addresses as links that show only a part of themselves."""
    lines = [
        f'<a href="{html.escape(line)}"><span class="invisible">https://</span>{html.escape(line[8:20])}</a>'
        if line.startswith("https://")
        else html.escape(line)
        for line in text.split("\n")
    ]
    return f"<p>{'<br />'.join(lines)}</p>"


class TestMastodonConformance(BackendConformance):
    CASSETTES = "Mastodon.py b9f2eff, cassettes of a server 4.x, 2026-08-01, shortened"
    DOCUMENTS = "docs.joinmastodon.org, 2026-07-02"

    backend = mastodon.Backend
    connection = Connection(remote_id="117020565966271181", credentials={"access_token": "mastodon-token-of-the-test"})
    status = {
        "id": "117020585924712638",
        "created_at": "2026-08-01T13:53:56.596Z",
        "content": "<p>Toot!</p>",
        "url": "http://localhost:3000/@mastodonpy_test/117020585924712638",
        "media_attachments": [],
    }
    answers = {
        "GET /api/v1/accounts/verify_credentials": Captured(
            200,
            {"id": "117020565966271181", "acct": "mastodonpy_test", "url": "http://localhost:3000/@mastodonpy_test"},
            source=CASSETTES,
        ),
        "GET /api/v2/instance": Captured(
            200,
            {"domain": "localhost:3000", "configuration": {"statuses": {"max_characters": 500}}},
            source=CASSETTES,
        ),
        "POST /api/v2/media": Captured(202, {"id": "117020585900000001", "url": None}, source=DOCUMENTS),
        "GET /api/v1/media/*": (
            Captured(206, {"id": "117020585900000001", "url": None}, source=DOCUMENTS),
            Captured(200, {"id": "117020585900000001", "url": "http://localhost:3000/1.jpeg"}, source=DOCUMENTS),
        ),
        "POST /api/v1/statuses": Captured(200, status, source=CASSETTES),
        "GET /api/v1/statuses/*": Captured(200, status, source=CASSETTES),
        "PUT /api/v1/statuses/*": Captured(200, status, source=CASSETTES),
        "DELETE /api/v1/statuses/*": Captured(200, status, source=DOCUMENTS),
    }
    optional = ("GET /api/v2/instance",)  # without it the usual limits hold
    refusals = (
        Refusal(
            "POST /api/v1/statuses",
            Captured(
                422, {"error": "Validation failed: Text character limit of 500 exceeded"}, source="mastodon/mastodon"
            ),
            Rejected,
            "content_refused",
        ),
        Refusal(
            "POST /api/v2/media",
            Captured(422, {"error": "Validation failed: File content type is invalid"}, source=DOCUMENTS),
            MediaRejected,
            "image_refused",
        ),
    )
    expired = Refusal(
        "*", Captured(401, {"error": "The access token is invalid"}, source=DOCUMENTS), AccountProblem, "reconnect"
    )
    page = 40
    gone = {"* /api/v1/statuses/*": Captured(404, {"error": "Not Found"}, source=CASSETTES)}

    def shown(self, posts, request):
        if not request.is_like("GET /api/v1/accounts/*/statuses"):
            return None
        listed = [
            {
                **self.status,
                "id": post.remote_id,
                "created_at": post.at.isoformat(),
                "content": paragraphs(post.message.text),
            }
            for post in posts
            if post.mine
        ]
        ids = [status["id"] for status in listed]
        start = ids.index(request.query["max_id"]) + 1 if "max_id" in request.query else 0
        return Captured(200, listed[start : start + self.page], source=self.CASSETTES)


class TestTelegramConformance(BackendConformance):
    BOT_API = "Bot API 10.1 of 11 June 2026"
    ERRORS = "tdlib/telegram-bot-api 01a3679"
    CHAT = {"id": -1001234567890, "type": "channel", "title": "News", "username": "example_news"}
    TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"

    backend = telegram.Backend
    connection = Connection(remote_id="-1001234567890", credentials={"bot_token": TOKEN})
    answers = {
        "POST */getMe": Captured(200, {"ok": True, "result": {"id": 1, "username": "example_bot"}}, source=BOT_API),
        "POST */getChat": Captured(200, {"ok": True, "result": CHAT}, source=BOT_API),
        "POST */getChatMember": Captured(
            200, {"ok": True, "result": {"status": "administrator", "can_post_messages": True}}, source=BOT_API
        ),
        "POST */send*": Captured(
            200, {"ok": True, "result": {"message_id": 4521, "date": 1780000000, "chat": CHAT}}, source=BOT_API
        ),
        "POST */editMessage*": Captured(
            200, {"ok": True, "result": {"message_id": 4521, "date": 1780000000, "chat": CHAT}}, source=BOT_API
        ),
        "POST */deleteMessage": Captured(200, {"ok": True, "result": True}, source=BOT_API),
    }
    refusals = (
        Refusal(
            "POST */sendMessage",
            Captured(
                400, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}, source=ERRORS
            ),
            Rejected,
            "target_missing",
        ),
        Refusal(
            "POST */sendPhoto",
            Captured(
                400, {"ok": False, "error_code": 400, "description": "Bad Request: PHOTO_INVALID"}, source=ERRORS
            ),
            MediaRejected,
            "image_refused",
        ),
    )
    expired = Refusal(
        "*",
        Captured(401, {"ok": False, "error_code": 401, "description": "Unauthorized"}, source=ERRORS),
        AccountProblem,
        "reconnect",
    )
    gone = {
        f"POST */{method}": Captured(
            400,
            {"ok": False, "error_code": 400, "description": f"Bad Request: message to {verb} not found"},
            source=ERRORS,
        )
        for method, verb, ERRORS in (
            ("editMessage*", "edit", "tdlib/telegram-bot-api 01a3679"),
            ("deleteMessage", "delete", "tdlib/telegram-bot-api 01a3679"),
        )
    }


class TestWeiboConformance(BackendConformance):
    WIKI = "open.weibo.com/wiki, 2026-11"

    backend = weibo.Backend
    connection = Connection(
        remote_id="3456676543",
        handle="linyan",
        credentials={"access_token": "2.00weiboTokenOfTheTest"},
        app=AppKeys("1234567890", "weibo-secret-of-the-app"),
    )
    answers = {
        "GET /2/account/get_uid.json": Captured(200, {"uid": "3456676543"}, source="weiboclient4j, account_uid.json"),
        "GET /2/users/show.json": Captured(
            200, {"idstr": "3456676543", "screen_name": "linyan"}, source=f"{WIKI}/2/users/show"
        ),
        "POST /2/statuses/share.json": Captured(
            200,
            {
                "id": 3491273850170657,
                "idstr": "3491273850170657",
                "text": "x",
                "user": {"id": 3456676543, "idstr": "3456676543"},
            },
            source=f"{WIKI}/2/statuses/share",
        ),
        "POST /2/statuses/destroy.json": Captured(
            200, {"id": 3491273850170657, "idstr": "3491273850170657"}, source=f"{WIKI}/2/statuses/destroy"
        ),
    }
    optional = ("GET /2/users/show.json",)  # without it the account is called by its number
    refusals = (
        Refusal(
            "POST /2/statuses/share.json",
            Captured(
                400,
                {"error": "text not find domain!", "error_code": 10017, "request": "/2/statuses/share.json"},
                source="github.com/sinaweibosdk/weibo_ios_sdk/issues/311",
            ),
            Rejected,
            "link_domain",
        ),
        Refusal(
            "POST /2/statuses/share.json",
            Captured(200, {"error": "repeat content!", "error_code": "20019"}, source=f"{WIKI}/Error_code"),
            DuplicateContent,
            "duplicate",
        ),
        Refusal(
            "POST /2/statuses/share.json",
            Captured(400, {"error": "system error", "error_code": 10001}, source=f"{WIKI}/Error_code"),
            OutcomeUnknown,
            "unclear_answer",
        ),
    )
    expired = Refusal(
        "*",
        Captured(403, {"error": "expired_token", "error_code": 21327}, source=f"{WIKI}/Error_code"),
        AccountProblem,
    )
    page = 100
    gone = {
        "POST /2/statuses/destroy.json": Captured(
            400, {"error": "target weibo does not exist!", "error_code": 20101}, source=f"{WIKI}/Error_code"
        )
    }

    def shown(self, posts, request):
        if not request.is_like("GET /2/statuses/user_timeline.json"):
            return None
        listed = [
            {
                "idstr": post.remote_id,
                "created_at": post.at.strftime("%a %b %d %H:%M:%S +0000 %Y"),
                "text": html.escape(post.message.text.replace(post.message.link, "http://t.cn/RxabcDe")),
                "user": {"idstr": "3456676543"},
            }
            for post in posts
            if post.mine
        ]
        body = {"statuses": listed[: self.page], "total_number": len(listed)}
        return Captured(200, body, source=f"{self.WIKI}/2/statuses/user_timeline")


class XConformance(BackendConformance):
    DOCUMENTS = "docs.x.com, OpenAPI 2.167, 2026-08-22"

    backend = x.Backend
    answers = {
        "GET /2/users/me": Captured(200, {"data": {"id": "2244994945", "username": "example"}}, source=DOCUMENTS),
        "POST /2/media/upload": Captured(200, {"data": {"id": "1880028106020515840"}}, source=DOCUMENTS),
        "POST /2/media/metadata": Captured(200, {"data": {"id": "1880028106020515840"}}, source=DOCUMENTS),
        "POST /2/tweets": Captured(
            201,
            {"data": {"id": "1456012973835788293", "text": "Test Tweet"}},
            source="tweepy, test_client_create_and_delete_tweet.yaml, 2021-11-03",
        ),
        "DELETE /2/tweets/*": Captured(
            200,
            {"data": {"deleted": True}},
            source="tweepy, test_client_create_and_delete_tweet.yaml, 2021-11-03",
        ),
    }
    optional = ("POST /2/media/metadata",)
    refusals = (
        Refusal(
            "POST /2/tweets",
            Captured(
                403,
                {
                    "detail": "You are not allowed to create a Tweet with duplicate content.",
                    "type": "about:blank",
                    "title": "Forbidden",
                    "status": 403,
                },
                source="github.com/akrherz/iembot/issues/163, 2026-02-13",
            ),
            DuplicateContent,
            "duplicate",
        ),
    )
    expired = Refusal(
        "*",
        Captured(
            401,
            {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
            source=DOCUMENTS,
        ),
        Expired,
        "expired_token",
    )
    page = 20
    gone = {
        "DELETE /2/tweets/*": Captured(
            404,
            {
                "title": "Not Found Error",
                "type": "https://api.twitter.com/2/problems/resource-not-found",
                "status": 404,
                "detail": "Could not find tweet with id.",
            },
            source=DOCUMENTS,
        )
    }

    def shown(self, posts, request):
        if not request.is_like("GET /2/users/*/tweets"):
            return None
        listed = []
        for post in posts:
            if post.mine:
                url = {"url": "https://t.co/a1B2c3D4e5", "expanded_url": post.message.link}
                text = html.escape(post.message.text.replace(post.message.link, url["url"]), quote=False)
                time = post.at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
                listed.append({"id": post.remote_id, "text": text, "created_at": time, "entities": {"urls": [url]}})
        start = int(request.query.get("pagination_token", "0"))
        following = {"next_token": str(start + self.page)} if start + self.page < len(listed) else {}
        listed = listed[start : start + self.page]
        body = {"meta": {"result_count": len(listed)} | following} | ({"data": listed} if listed else {})
        return Captured(200, body, source=self.DOCUMENTS)


class TestXConformance(XConformance):
    connection = Connection(
        remote_id="2244994945",
        handle="@example",
        credentials={"access_token": "x-access-token-of-the-test", "refresh_token": "x-refresh-token-of-the-test"},
        app=AppKeys("x-client-id", "x-secret-of-the-app"),
    )


class TestXWithOAuth1Conformance(XConformance):
    connection = Connection(
        remote_id="2244994945",
        handle="@example",
        credentials={"oauth_token": "x-oauth-token/of+the test", "oauth_token_secret": "x-oauth-secret/of+the test"},
        app=AppKeys("x-consumer-key", "x-secret/of+the=app"),
    )


class TestXINGConformance(BackendConformance):
    backend = xing.Backend
