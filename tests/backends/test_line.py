"""LINE: the card that is sent, what answers mean, and that a repeated broadcast reaches nobody twice."""

import json

import pytest
import requests
import responses

from wagtail_syndicate.backends.line import ALT_TEXT, Backend
from wagtail_syndicate.compose.counting import utf16
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    NotSent,
    OutcomeUnknown,
    Rejected,
)
from wagtail_syndicate.keys import new_key
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import Connection, Image, LinkPlace, Media, Message


TOKEN = "line/no+real=channel0token"
LINK = "https://www.example.com/ja/hashi/"
API = "https://api.line.me/v2/bot/"
BROADCAST = f"{API}message/broadcast"
PICTURE = "https://www.example.com/media/hashi.jpg"
MESSAGE = Message(
    "川の上の新しい橋が月曜日に開通します。", LINK, "ja", title="新しい橋", images=(Image("1", "橋", 1200, 800),)
)
REQUEST_ID = "123e4567-e89b-12d3-a456-426655440001"
ACCEPTED = {"x-line-request-id": "123e4567-e89b-12d3-a456-426655440002", "x-line-accepted-request-id": REQUEST_ID}
ACCEPTED_BEFORE = {"message": "The retry key is already accepted"}
MONTHLY_LIMIT = {"message": "You have reached your monthly limit."}
RATE_LIMIT = {"message": "The API rate limit has been exceeded. Try again later."}


def backend(**fields):
    return Backend(Connection(remote_id="U1", handle="@hashi", credentials={"access_token": TOKEN}, **fields))


def broadcast(message=MESSAGE, uploads=(), key="", status=200, body=None, headers=None):
    headers = {"x-line-request-id": REQUEST_ID} if headers is None else headers
    responses.add(responses.POST, BROADCAST, json={} if body is None else body, status=status, headers=headers)
    return backend().publish(message, uploads, key or str(new_key()))


def sent():
    [message] = json.loads(responses.calls[-1].request.body)["messages"]
    return message


# What is sent


@responses.activate
def test_card_with_picture_title_text_and_button():
    key = str(new_key())
    receipt = broadcast(uploads=[PICTURE], key=key)
    assert (receipt.remote_id, receipt.permalink, receipt.notice) == (REQUEST_ID, "", "")
    [call] = responses.calls
    assert call.request.headers["X-Line-Retry-Key"] == key
    assert call.request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "新しい橋".encode() in call.request.body
    card = sent()
    assert (card["type"], card["altText"]) == ("flex", "新しい橋")
    bubble = card["contents"]
    assert [part["text"] for part in bubble["body"]["contents"]] == [MESSAGE.title, MESSAGE.text]
    open_article = {"type": "uri", "label": "続きを読む", "uri": LINK}
    assert bubble["footer"]["contents"][0]["action"] == open_article
    hero = bubble["hero"]
    assert (hero["url"], hero["aspectRatio"], hero["action"]) == (PICTURE, "1200:800", open_article)
    assert bubble["direction"] == "ltr"


@responses.activate
def test_without_a_link_it_is_plain_text():
    broadcast(Message("Only words", "", "en"))
    assert sent() == {"type": "text", "text": "Only words"}


@responses.activate
def test_address_too_long_for_a_button_stands_in_the_text():
    long = LINK + "x" * 1000
    broadcast(Message("Words", long, "en", title="Title"))
    assert sent() == {"type": "text", "text": f"Words\n\n{long}"}
    with pytest.raises(Rejected, match="too_long"):
        backend().publish(Message("Words", LINK + "x" * 5000, "en"), [], str(new_key()))
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize(
    ("language", "label"),
    [("zh-hant", "閱讀全文"), ("zh-hans-cn", "阅读全文"), ("zh-CN", "阅读全文"), ("th", "อ่านต่อ"), ("de", "Read more")],
)
def test_button_speaks_the_readers_language(language, label):
    broadcast(Message("x", LINK, language, title="y"))
    assert sent()["contents"]["footer"]["contents"][0]["action"]["label"] == label


@responses.activate
def test_addresses_are_percent_encoded():
    broadcast(Message("x", "https://example.org/橋/?a=b c", "ja", title="y"))
    uri = sent()["contents"]["footer"]["contents"][0]["action"]["uri"]
    assert uri == "https://example.org/%E6%A9%8B/?a=b%20c"


@responses.activate
@pytest.mark.parametrize(
    ("width", "height", "ratio"), [(1200, 800, "1200:800"), (100, 900, "100:300"), (0, 0, "20:13")]
)
def test_picture_keeps_its_shape_as_far_as_line_allows(width, height, ratio):
    images = (Image("1", "", width, height),)
    broadcast(Message("x", LINK, "en", title="y", images=images), uploads=[PICTURE])
    assert sent()["contents"]["hero"]["aspectRatio"] == ratio


@responses.activate
def test_notification_is_short_and_never_empty():
    broadcast(Message("x", LINK, "en", title="\U0001f309 bridge " * 100))
    assert 300 < utf16(sent()["altText"]) <= ALT_TEXT
    broadcast(Message("Two\nlines", LINK, "ar"))
    assert sent()["altText"] == "Two lines"
    assert [part["text"] for part in sent()["contents"]["body"]["contents"]] == ["Two\nlines"]
    assert sent()["contents"]["direction"] == "rtl"


def test_picture_needs_a_public_https_address():
    media = Media(b"x", "image/jpeg", "x.jpg", url=PICTURE)
    assert backend().upload(media) == PICTURE
    for url in ("", "http://www.example.com/x.jpg", "https://www.example.com/" + "x" * 2000):
        with pytest.raises(MediaRejected) as caught:
            backend().upload(Media(b"x", "image/jpeg", "x.jpg", url=url))
        assert caught.value.reason == "picture_address"


# What answers mean


@responses.activate
def test_key_that_was_accepted_before_is_a_success():
    receipt = broadcast(status=409, body=ACCEPTED_BEFORE, headers=ACCEPTED)
    assert receipt.remote_id == REQUEST_ID


MEANINGS = [
    (429, MONTHLY_LIMIT, Rejected, "monthly_quota"),
    (429, RATE_LIMIT, NotSent, "rate_limited"),
    (401, {"message": "Authentication failed. Confirm that ..."}, AccountProblem, "reconnect"),
    (403, {"message": "Not available in your region"}, Rejected, "permission"),
    (400, {"message": "Invalid retry key"}, Rejected, "bad_request"),
    (400, {"message": "The request body has 1 error(s)"}, Rejected, "content_refused"),
    (404, {"message": "Not found"}, Rejected, "bad_request"),
    (413, {"message": "Payload Too Large"}, Rejected, "too_long"),
    (409, ACCEPTED_BEFORE, DuplicateContent, "duplicate"),
    (500, {"message": "Internal server error"}, OutcomeUnknown, "unclear_answer"),
    (502, "<html>", OutcomeUnknown, "unclear_answer"),
    (418, {"message": "?"}, OutcomeUnknown, "unclear_answer"),
    (200, {"message": "Something went wrong"}, OutcomeUnknown, "unclear_answer"),
    (200, [], OutcomeUnknown, "unclear_answer"),
]


@responses.activate
@pytest.mark.parametrize(("status", "body", "kind", "reason"), MEANINGS)
def test_answers_to_a_broadcast(status, body, kind, reason):
    with pytest.raises(kind) as caught:
        broadcast(status=status, body=body)
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert reason in {**REASONS, **Backend.reasons}


@responses.activate
def test_quota_is_not_tried_again_but_a_rate_limit_is():
    with pytest.raises(NotSent) as caught:
        broadcast(status=429, body=RATE_LIMIT)
    assert caught.value.retry_after == 300


@responses.activate
@pytest.mark.parametrize(
    ("detail", "kind", "reason"),
    [
        (
            {"message": "invalid uri scheme", "property": "messages[0].contents.hero.url"},
            MediaRejected,
            "image_refused",
        ),
        ({"message": "Length must be between 0 and 5000", "property": "messages[0].text"}, Rejected, "too_long"),
        ({"message": "May not be empty", "property": "messages[0].text"}, Rejected, "content_refused"),
    ],
)
def test_details_say_what_is_wrong(detail, kind, reason):
    with pytest.raises(kind) as caught:
        broadcast(status=400, body={"message": "The request body has 1 error(s)", "details": [detail]})
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert detail["message"] in caught.value.detail and detail["property"] in caught.value.detail


@responses.activate
def test_success_without_an_id_is_unknown_and_the_key_finds_out():
    with pytest.raises(OutcomeUnknown):
        broadcast(headers={})


@responses.activate
@pytest.mark.parametrize(
    "failure", [requests.exceptions.ReadTimeout(), requests.exceptions.ConnectionError(ConnectionResetError())]
)
def test_broken_connection_is_unknown(failure):
    responses.add(responses.POST, BROADCAST, body=failure)
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], str(new_key()))


@responses.activate
def test_recorded_answers(recorded):
    seen = json.loads((recorded / "LINE/seen-in-issues.json").read_text())
    limit = next(case for case in seen if "status" in case)
    with pytest.raises(Rejected) as caught:
        broadcast(status=limit["status"], body=limit["body"])
    assert caught.value.reason == "monthly_quota"


INFO = {
    "userId": "U4af4980629",
    "basicId": "@216ruabc",
    "displayName": "橋の会社",
    "chatMode": "bot",
    "markAsReadMode": "auto",
}


@responses.activate
@pytest.mark.parametrize(("quota", "value"), [({"type": "limited", "value": 200}, 200), ({"type": "none"}, None)])
def test_identify_keeps_what_the_plan_allows(quota, value):
    responses.add(responses.GET, f"{API}info", json=INFO)
    responses.add(responses.GET, f"{API}message/quota", json=quota)
    responses.add(responses.GET, f"{API}message/quota/consumption", json={"totalUsage": 12})
    found = backend().identify()
    assert (found.remote_id, found.handle) == ("U4af4980629", "@216ruabc")
    assert found.profile_url == "https://line.me/R/ti/p/%40216ruabc"
    assert found.options == {"name": "橋の会社", "quota": value, "quota_used": 12}


@responses.activate
def test_identify_without_an_account_is_no_success():
    responses.add(responses.GET, f"{API}info", json={})
    with pytest.raises(NotSent):
        backend().identify()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"quota": 1000, "quota_used": 0}, ["0 of the 1000 that the plan allows"]),
        ({"quota": None, "quota_used": 7}, ["tested: 7. The plan sets no limit."]),
        ({}, []),
    ],
)
def test_admins_are_told_what_is_left_of_the_plan(options, told):
    facts = Backend(Connection(options=options)).facts()
    assert len(facts) == len(told)
    assert all(words in str(fact) for words, fact in zip(told, facts, strict=True))


def test_share_dialog():
    link = backend().share_link(Message("Two words", "https://example.org/?a=1&b=2", "en"))
    assert link == (
        "https://social-plugins.line.me/lineit/share?url=https%3A%2F%2Fexample.org%2F%3Fa%3D1%26b%3D2&text=Two%20words"
    )


def test_facts_for_the_rest_of_the_package():
    assert Backend.limits.link is LinkPlace.CARD
    assert Backend.limits.count("\U0001f309") == 2
    # Shorter than LINE's 24 hours: a repeat must never come after them.
    assert 12 * 3600 <= Backend.key_seconds < 24 * 3600
    assert not backend().can_find()


# At the fake network


@pytest.fixture
def daily(connect):
    return Backend(connect("line", "daily"))


def shown(fakenet):
    return [post for post in fakenet.state.posts if post.network == "line"]


def test_publishing_at_the_fake_network(fakenet, daily):
    assert daily.identify().options["quota"] == 1000
    receipt = daily.publish(MESSAGE, [PICTURE], str(new_key()))
    [post] = shown(fakenet)
    assert (post.id, post.link, post.card["image"]) == (receipt.remote_id, LINK, PICTURE)
    assert post.text == f"{MESSAGE.title}\n\n{MESSAGE.text}"


@pytest.mark.parametrize("kind", ["reset_after", "error_after"])
def test_repeat_after_a_lost_answer_reaches_nobody_twice(fakenet, daily, break_fakenet, kind):
    key = str(new_key())
    break_fakenet("line", "publish", kind)
    with pytest.raises(OutcomeUnknown):
        daily.publish(MESSAGE, [], key)
    receipt = daily.publish(MESSAGE, [], key)
    [post] = shown(fakenet)
    assert post.id == receipt.remote_id


def test_repeat_of_what_never_arrived_is_sent(fakenet, daily, break_fakenet):
    key = str(new_key())
    break_fakenet("line", "publish", "reset_before")
    with pytest.raises(OutcomeUnknown):
        daily.publish(MESSAGE, [], key)
    assert daily.publish(MESSAGE, [], key).remote_id == shown(fakenet)[0].id


def test_plan_that_is_used_up(fakenet, daily):
    fakenet.state.change_settings({"line_monthly_quota": 5})
    daily.publish(MESSAGE, [], str(new_key()))
    with pytest.raises(Rejected) as caught:
        daily.publish(MESSAGE, [], str(new_key()))
    assert caught.value.reason == "monthly_quota"
    assert daily.identify().options["quota_used"] == 3


def test_withdrawn_token(fakenet, daily):
    fakenet.state.revoke_grants("line", "daily")
    with pytest.raises(AccountProblem):
        daily.publish(MESSAGE, [], str(new_key()))


class TestLineConformance(BackendConformance):
    SPECIFICATION = "line/line-openapi, messaging-api.yml, and developers.line.biz, November 2026"

    backend = Backend
    connection = Connection(remote_id="U4af4980629", handle="@216ruabc", credentials={"access_token": TOKEN})
    answers = {
        "GET /v2/bot/info": Captured(200, INFO, source=SPECIFICATION),
        "GET /v2/bot/message/quota": Captured(200, {"type": "limited", "value": 1000}, source=SPECIFICATION),
        "GET /v2/bot/message/quota/consumption": Captured(200, {"totalUsage": 500}, source=SPECIFICATION),
        "POST /v2/bot/message/broadcast": Captured(200, {}, {"x-line-request-id": REQUEST_ID}, source=SPECIFICATION),
    }
    refusals = (
        Refusal(
            "POST /v2/bot/message/broadcast",
            Captured(429, MONTHLY_LIMIT, source="line/line-bot-sdk-java issue 426, 2019-12-09"),
            Rejected,
            "monthly_quota",
        ),
        Refusal(
            "POST /v2/bot/message/broadcast",
            Captured(
                400,
                {
                    "message": "The request body has 1 error(s)",
                    "details": [{"message": "May not be empty", "property": "messages[0].text"}],
                },
                source=SPECIFICATION,
            ),
            Rejected,
            "content_refused",
        ),
    )
    expired = Refusal(
        "*",
        Captured(
            401,
            {"message": "Authentication failed. Confirm that the access token in the authorization header is valid."},
            source=SPECIFICATION,
        ),
        AccountProblem,
        "reconnect",
    )

    @pytest.fixture(autouse=True)
    def as_specified(self):
        """The kit's server breaks on purpose."""
