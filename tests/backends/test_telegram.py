"""Telegram: what is sent to a channel, and what the Bot API's answers mean."""

import json
from dataclasses import replace
from io import BytesIO
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
import responses
from werkzeug.formparser import parse_form_data

from wagtail_syndicate.backends import telegram
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NetworkError, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import Connection, Media, Message, Receipt, Span
from wagtail_syndicate.types import Image as ArticleImage


TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qc"  # the example of the Bot API's documentation
API = f"https://api.telegram.org/bot{TOKEN}/"
LINK = "https://example.org/water/"
TEXT = f"🌊 Wasser 🧪 messen\n\nOhne Reagenzien. {LINK}"
BOLD = Span("bold", 0, 17)
ITALIC = Span("italic", 19, 4)
MESSAGE = Message(TEXT, LINK, "de", title="🌊 Wasser 🧪 messen", spans=(BOLD, ITALIC))
PICTURE = Media(b"\x89PNG\r\n\x1a\n picture", "image/png", "wasser.png", "no place for this")
CHANNEL = {"id": -1001234567890, "type": "channel", "title": "Aquametrica", "username": "aquametrica"}


def backend(**kwargs):
    fields = {"remote_id": "-1001234567890", "handle": "@aquametrica", "credentials": {"bot_token": TOKEN}} | kwargs
    return telegram.Backend(Connection(**fields))


def result(value):
    return {"ok": True, "result": value}


def message(number=77, chat=CHANNEL):
    return result({"message_id": number, "date": 1795420800, "chat": chat, "text": TEXT})


def refusal(code, text, **parameters):
    return {"ok": False, "error_code": code, "description": text} | ({"parameters": parameters} if parameters else {})


def post(body=None, uploads=(), **kwargs):
    method = "sendPhoto" if uploads else "sendMessage"
    responses.add(responses.POST, API + method, json=body, **kwargs)
    return backend().publish(MESSAGE, uploads, "unused")


def units(text):
    """The text in UTF-16 code units, as Telegram sees it."""
    data = text.encode("utf-16-le")
    return [data[index : index + 2] for index in range(0, len(data), 2)]


@responses.activate
def test_message_with_emphasis_counted_in_utf16():
    receipt = post(message())
    assert (receipt.remote_id, receipt.permalink) == ("77", "https://t.me/aquametrica/77")
    [call] = responses.calls
    fields = json.loads(call.request.body)
    assert fields["chat_id"] == -1001234567890
    assert fields["text"] == TEXT
    assert fields["link_preview_options"] == {"url": LINK}
    emphasised = {}
    for entity in fields["entities"]:
        part = units(TEXT)[entity["offset"] : entity["offset"] + entity["length"]]
        emphasised[entity["type"]] = b"".join(part).decode("utf-16-le")
    assert emphasised == {"bold": "🌊 Wasser 🧪 messen", "italic": "Ohne"}
    assert "Authorization" not in call.request.headers


@responses.activate
def test_message_without_link_shows_no_preview():
    responses.add(responses.POST, API + "sendMessage", json=message())
    backend().publish(Message("Nur Worte", "", "de"), [], "unused")
    fields = json.loads(responses.calls[0].request.body)
    assert fields["link_preview_options"] == {"is_disabled": True}
    assert "entities" not in fields


@responses.activate
def test_picture_travels_with_its_caption():
    receipt = post(message(), uploads=[backend().upload(PICTURE)])
    assert receipt.permalink == "https://t.me/aquametrica/77"
    request = responses.calls[0].request
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": request.headers["Content-Type"],
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.input": BytesIO(request.body),
    }
    _, form, files = parse_form_data(environ)
    assert (form["chat_id"], form["caption"]) == ("-1001234567890", TEXT)
    assert json.loads(form["caption_entities"])[0] == {"type": "bold", "offset": 0, "length": 19}
    assert (files["photo"].read(), files["photo"].content_type) == (PICTURE.data, "image/png")


@responses.activate
@pytest.mark.parametrize(
    ("chat", "permalink"),
    [
        (CHANNEL | {"username": "renamed"}, "https://t.me/renamed/77"),
        ({"id": -1001234567890, "type": "channel", "title": "Intern"}, "https://t.me/c/1234567890/77"),
        ({"id": -4711, "type": "group", "title": "Kleine Gruppe"}, ""),
        (None, ""),
    ],
)
def test_permalink(chat, permalink):
    assert post(message(chat=chat)).permalink == permalink


MEANINGS = [
    (400, "Bad Request: chat not found", Rejected, "target_missing"),
    (400, "Bad Request: chat_id is empty", Rejected, "target_missing"),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", Rejected, "target_missing"),
    (400, "Bad Request: not enough rights to send text messages to the chat", Rejected, "permission"),
    (400, "Bad Request: need administrator rights in the channel chat", Rejected, "permission"),
    (400, "Bad Request: have no rights to send a message", Rejected, "permission"),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", Rejected, "permission"),
    (400, "Bad Request: CHAT_ADMIN_REQUIRED", Rejected, "permission"),
    (400, "Bad Request: can't parse entities: byte offset 2", Rejected, "content_refused"),
    (400, "Bad Request: message is too long", Rejected, "too_long"),
    (400, "Bad Request: message caption is too long", Rejected, "too_long"),
    (400, "Bad Request: message text is empty", Rejected, "empty"),
    (400, "Bad Request: text must be non-empty", Rejected, "empty"),
    (400, "Bad Request: failed to get HTTP URL content", MediaRejected, "image_refused"),
    (400, "Bad Request: wrong type of the web page content", MediaRejected, "image_refused"),
    (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", MediaRejected, "image_refused"),
    (400, "Bad Request: IMAGE_PROCESS_FAILED", MediaRejected, "image_refused"),
    (400, "Bad Request: file is too big", MediaRejected, "image_refused"),
    (413, "Request Entity Too Large", MediaRejected, "image_refused"),
    (401, "Unauthorized", AccountProblem, "reconnect"),
    (401, "Unauthorized: invalid token specified", AccountProblem, "reconnect"),
    (404, "Not Found", AccountProblem, "reconnect"),
    (404, "Not Found: method not found", Rejected, "bad_request"),
    (403, "Forbidden: bot is not a member of the channel chat", Rejected, "permission"),
    (403, "Forbidden: bot was kicked from the channel chat", Rejected, "permission"),
    (403, "Forbidden: the group chat was deleted", Rejected, "target_missing"),
    (429, "Too Many Requests: retry after 41", NotSent, "rate_limited"),
    (400, "Bad Request: something that is new", OutcomeUnknown, "unclear_answer"),
    # A flood limit behind 400 was seen where a part had been sent (rubenlagus/TelegramBots issue 1520).
    (400, 'Bad Request: failed with "Too Many Requests: retry after 8"', OutcomeUnknown, "unclear_answer"),
    (500, "Internal Server Error: restart", OutcomeUnknown, "unclear_answer"),
    (500, "Internal Server Error: message is too long", OutcomeUnknown, "unclear_answer"),
    (502, "Bad Gateway", OutcomeUnknown, "unclear_answer"),
]


@responses.activate
@pytest.mark.parametrize(("code", "text", "kind", "reason"), MEANINGS)
def test_error(code, text, kind, reason):
    with pytest.raises(kind) as caught:
        post(refusal(code, text), status=code)
    assert type(caught.value) is kind
    assert (caught.value.reason, caught.value.detail, caught.value.status) == (reason, text, code)
    assert reason in REASONS


@responses.activate
def test_telegram_says_how_long_to_wait():
    with pytest.raises(NotSent) as caught:
        post(refusal(429, "Too Many Requests: retry after 41", retry_after=41), status=429)
    assert caught.value.retry_after == 41


@responses.activate
def test_group_that_moved_is_named_and_not_followed():
    body = refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009876543210)
    with pytest.raises(Rejected) as caught:
        post(body, status=400)
    assert caught.value.reason == "target_missing"
    assert "-1009876543210" in caught.value.detail
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize(
    "body", [message(0), message() | {"ok": False}, result({}), result(True), {"ok": True}, [], "ok"]
)
def test_success_without_an_id_is_an_unknown_outcome(body):
    with pytest.raises(OutcomeUnknown):
        post(body)


@responses.activate
@pytest.mark.parametrize(
    "answer",
    [{"body": ""}, {"body": "<html>hello</html>"}, {"body": "no", "status": 404}, {"body": "", "status": 504}],
)
def test_answer_that_is_not_json_is_an_unknown_outcome(answer):
    responses.add(responses.POST, API + "sendMessage", **answer)
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], "unused")


@responses.activate
@pytest.mark.parametrize(
    "failure", [requests.exceptions.ReadTimeout(API), requests.exceptions.ConnectionError(ConnectionResetError(API))]
)
@pytest.mark.parametrize("uploads", [[], [PICTURE]])
def test_broken_connection_is_an_unknown_outcome(failure, uploads):
    responses.add(responses.POST, API + ("sendPhoto" if uploads else "sendMessage"), body=failure)
    with pytest.raises(OutcomeUnknown) as caught:
        backend().publish(MESSAGE, uploads, "unused")
    assert TOKEN not in f"{caught.value!s}{caught.value!r}"


def test_refused_connection_is_surely_not_sent(settings, refused_address):
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"telegram": {"HOSTS": {"api": refused_address}}}}
    with pytest.raises(NotSent) as caught:
        backend().publish(MESSAGE, [], "unused")
    assert TOKEN not in f"{caught.value!s}{caught.value!r}"


@responses.activate
@pytest.mark.parametrize("shape", [TOKEN, quote(TOKEN), quote(TOKEN, safe=":")])
@pytest.mark.parametrize("code", [400, 401, 500])
def test_token_is_shown_in_no_form(shape, code):
    with pytest.raises(NetworkError) as caught:
        post(refusal(code, f"Bad Request: no route for /bot{shape}/sendMessage"), status=code)
    sender = backend()
    shown = f"{caught.value!s} {caught.value!r} {caught.value.detail} {sender!r} {sender.connection!r}"
    assert TOKEN not in shown
    assert quote(TOKEN, safe="") not in shown
    assert "no route" in shown


@responses.activate
def test_token_with_signs_of_an_address_stays_one_part_of_the_path():
    responses.add(responses.POST, "https://api.telegram.org/bot1%3F%2F..%2Fx/sendMessage", json=message())
    sender = backend(credentials={"bot_token": "1?/../x"})
    sender.publish(MESSAGE, [], "unused")
    assert urlsplit(responses.calls[0].request.url).query == ""


@responses.activate
def test_recorded_answers(recorded):
    file = recorded / "TELEGRAM/seen-in-issues.json"
    for seen in json.loads(file.read_text()):
        responses.reset()
        with pytest.raises(NetworkError) as caught:
            post(seen.get("body") or seen["body_partial"], status=seen["status"])
        # The one that surely was not sent says so; the others are not about single messages and stay unknown.
        assert type(caught.value) is (NotSent if seen["status"] == 429 else OutcomeUnknown)


@responses.activate
def test_recorded_error_texts_are_never_taken_for_success_and_rarely_for_try_again(recorded):
    file = recorded / "TELEGRAM/bot-api-server-error-strings.txt"
    codes = {"Bad Request": 400, "Unauthorized": 401, "Forbidden": 403, "Not Found": 404, "Conflict": 409}
    codes |= {"Too Many Requests": 429, "Internal Server Error": 500}
    kinds = {401: AccountProblem, 403: Rejected, 409: OutcomeUnknown, 429: NotSent, 500: OutcomeUnknown}
    for line in file.read_text().splitlines():
        text = line.strip('"\\ ')
        code = codes[text.partition(":")[0]]
        responses.reset()
        with pytest.raises(NetworkError) as caught:
            post(refusal(code, text), status=code)
        assert type(caught.value) is kinds.get(code, type(caught.value))
        assert isinstance(caught.value, NotSent) == (code == 429)


# Editing and deleting

NO_TEXT = "Bad Request: there is no text in the message to edit"
NO_CAPTION = "Bad Request: there is no caption in the message to edit"
NOT_MODIFIED = "Bad Request: message is not modified: specified new message content is the same"


def answering(**methods):
    for method, body in methods.items():
        responses.add(responses.POST, API + method, json=body, status=body.get("error_code", 200))


def asked():
    return [call.request.url.rpartition("/")[2] for call in responses.calls]


@responses.activate
def test_edited_text_has_emphasis_and_preview_like_a_new_one():
    answering(editMessageText=message())
    assert backend().edit("77", MESSAGE) == Receipt("77", "https://t.me/aquametrica/77")
    sent = json.loads(responses.calls[0].request.body)
    assert (sent["message_id"], sent["text"], sent["link_preview_options"]) == (77, TEXT, {"url": LINK})
    assert sent["entities"][0] == {"type": "bold", "offset": 0, "length": 19}


@responses.activate
def test_post_with_a_picture_has_a_caption_to_edit():
    # What was composed now may have a picture more or less than what was posted then.
    answering(editMessageText=refusal(400, NO_TEXT), editMessageCaption=message())
    assert backend().edit("77", MESSAGE).remote_id == "77"
    assert asked() == ["editMessageText", "editMessageCaption"]
    assert json.loads(responses.calls[1].request.body)["caption"] == TEXT
    responses.reset()
    answering(editMessageText=message(), editMessageCaption=refusal(400, NO_CAPTION))
    backend().edit("77", replace(MESSAGE, images=(ArticleImage("1"),)))
    assert asked() == ["editMessageCaption", "editMessageText"]


@responses.activate
def test_same_words_again_are_an_edit_that_is_done():
    answering(editMessageText=refusal(400, NO_TEXT), editMessageCaption=refusal(400, NOT_MODIFIED))
    assert backend().edit("77", MESSAGE) == Receipt("77")


@responses.activate
@pytest.mark.parametrize(
    ("text", "code", "kind", "reason"),
    [
        ("Bad Request: message to edit not found", 400, Rejected, "post_gone"),
        ("Bad Request: MESSAGE_ID_INVALID", 400, Rejected, "post_gone"),
        ("Bad Request: message can't be edited", 400, Rejected, "too_old"),
        ("Bad Request: message is too long", 400, Rejected, "too_long"),
        (NO_TEXT, 400, Rejected, "no_text"),
        ("Bad Request: something that is new", 400, NotSent, "network_busy"),
        ("Internal Server Error", 500, NotSent, "network_busy"),
        ("Unauthorized", 401, AccountProblem, "reconnect"),
    ],
)
def test_edit_that_is_refused(text, code, kind, reason):
    answering(editMessageText=refusal(code, text), editMessageCaption=refusal(code, text))
    with pytest.raises(kind) as caught:
        backend().edit("77", MESSAGE)
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert reason in {**REASONS, **telegram.Backend.reasons}
    assert len(responses.calls) == (2 if reason == "no_text" else 1)


@responses.activate
@pytest.mark.parametrize("answer", [result(True), refusal(400, "Bad Request: message to delete not found")])
def test_deleted_and_gone_are_the_same(answer):
    answering(deleteMessage=answer)
    backend().delete("77")
    assert json.loads(responses.calls[0].request.body) == {"chat_id": -1001234567890, "message_id": 77}


@responses.activate
@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (refusal(400, "Bad Request: message can't be deleted for everyone"), Rejected, "too_old"),
        (refusal(400, "Bad Request: not enough rights to delete a message"), Rejected, "permission"),
        (refusal(400, "Bad Request: chat not found"), Rejected, "target_missing"),
        (refusal(403, "Forbidden: bot was kicked from the channel chat"), Rejected, "permission"),
        ({"ok": True, "result": False}, NotSent, "network_busy"),
        ({}, NotSent, "network_busy"),
    ],
)
def test_delete_that_did_not_happen(answer, kind, reason):
    answering(deleteMessage=answer)
    with pytest.raises(kind) as caught:
        backend().delete("77")
    assert (type(caught.value), caught.value.reason) == (kind, reason)


# Connecting


BOT = {"id": 4839574812, "is_bot": True, "first_name": "Aquametrica", "username": "aquametrica_bot"}
ADMINISTRATOR = {"status": "administrator", "user": BOT, "can_post_messages": True}


@responses.activate
@pytest.mark.parametrize(
    ("given", "chat_id"),
    [
        ("@aquametrica", "@aquametrica"),
        (" aquametrica ", "@aquametrica"),
        ("https://t.me/aquametrica", "@aquametrica"),
        ("t.me/aquametrica/", "@aquametrica"),
        ("-1001234567890", -1001234567890),
    ],
)
def test_identify(given, chat_id):
    answering(getMe=result(BOT), getChat=result(CHANNEL), getChatMember=result(ADMINISTRATOR))
    found = backend(remote_id="", options={"channel": given}).identify()
    assert (found.remote_id, found.handle) == ("-1001234567890", "@aquametrica")
    assert found.profile_url == "https://t.me/aquametrica"
    _, chat, member = (json.loads(call.request.body) for call in responses.calls)
    assert chat == {"chat_id": chat_id}
    assert member == {"chat_id": -1001234567890, "user_id": 4839574812}


@responses.activate
def test_private_channel_is_known_by_its_title():
    private = {"id": -1001234567890, "type": "channel", "title": "Intern"}
    answering(getMe=result(BOT), getChat=result(private), getChatMember=result(ADMINISTRATOR))
    found = backend().identify()
    assert (found.handle, found.profile_url) == ("Intern", "")


@responses.activate
@pytest.mark.parametrize(
    ("kind", "member", "allowed"),
    [
        ("channel", {"status": "creator"}, True),
        ("channel", {"status": "administrator", "can_post_messages": True}, True),
        ("channel", {"status": "administrator", "can_post_messages": False}, False),
        ("channel", {"status": "administrator"}, False),
        ("channel", {"status": "member"}, False),
        ("channel", {"status": "left"}, False),
        ("supergroup", {"status": "member"}, True),
        ("supergroup", {"status": "kicked"}, False),
        ("private", {"status": "member"}, False),
    ],
)
def test_bot_must_be_allowed_to_post(kind, member, allowed):
    answering(getMe=result(BOT), getChat=result(CHANNEL | {"type": kind}), getChatMember=result(member))
    if allowed:
        assert backend().identify().remote_id == "-1001234567890"
    else:
        with pytest.raises(Rejected) as caught:
            backend().identify()
        assert caught.value.reason == "permission"


@responses.activate
@pytest.mark.parametrize(
    ("answers", "kind", "reason"),
    [
        ({"getMe": refusal(401, "Unauthorized")}, AccountProblem, "reconnect"),
        ({"getMe": result(BOT), "getChat": refusal(400, "Bad Request: chat not found")}, Rejected, "target_missing"),
        (
            {
                "getMe": result(BOT),
                "getChat": result(CHANNEL),
                "getChatMember": refusal(400, "Bad Request: member list is inaccessible"),
            },
            Rejected,
            "permission",
        ),
        ({"getMe": refusal(500, "Internal Server Error")}, NotSent, "network_busy"),
    ],
)
def test_identify_when_it_cannot_be(answers, kind, reason):
    answering(**answers)
    with pytest.raises(kind) as caught:
        backend().identify()
    assert caught.value.reason == reason


@pytest.mark.parametrize("given", ["", "@", " "])
def test_channel_needs_a_name(given):
    with pytest.raises(Rejected, match="target_missing"):
        backend(remote_id="", options={"channel": given}).publish(MESSAGE, [], "unused")


def test_facts_for_the_rest_of_the_package():
    limits = telegram.Backend.limits
    assert (limits.length_with(0), limits.length_with(1)) == (4096, 1024)
    assert limits.count("🌊") == 2
    assert telegram.Backend.key_seconds == 0
    assert not telegram.Backend().can_find()


def test_share_link():
    address = urlsplit(backend().share_link(MESSAGE))
    assert address.netloc + address.path == "t.me/share/url"
    assert parse_qs(address.query) == {"url": [LINK], "text": ["🌊 Wasser 🧪 messen\n\nOhne Reagenzien."]}


def test_share_link_leaves_longer_addresses_whole():
    longer = f"Mehr: {LINK}2025/ und {LINK}"
    address = urlsplit(backend().share_link(Message(longer, LINK, "de")))
    assert parse_qs(address.query)["text"] == [f"Mehr: {LINK}2025/ und"]


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
