import pytest


TOKEN = "110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P"


def call(fakenet, method, token=TOKEN, files=None, **parameters):
    if files:
        return fakenet.post(f"/telegram/api/bot{token}/{method}", data=parameters, files=files)
    return fakenet.post(f"/telegram/api/bot{token}/{method}", json=parameters)


def send(fakenet, text="Hello https://example.org/a", chat_id="@newsroom", **more):
    return call(fakenet, "sendMessage", chat_id=chat_id, text=text, **more)


def test_checks_when_connecting(fakenet):
    bot = call(fakenet, "getMe").json()["result"]
    chat = call(fakenet, "getChat", chat_id="@newsroom").json()["result"]
    assert (chat["type"], chat["username"], str(chat["id"])[:4]) == ("channel", "newsroom", "-100")
    member = call(fakenet, "getChatMember", chat_id=chat["id"], user_id=bot["id"]).json()["result"]
    assert member["status"] == "administrator" and member["can_post_messages"] is True
    readonly = call(fakenet, "getChatMember", chat_id="@readonly_x", user_id=bot["id"]).json()["result"]
    assert readonly["can_post_messages"] is False


def test_message_has_a_permalink_page_and_a_preview(fakenet):
    result = send(fakenet).json()["result"]
    assert result["entities"] == [{"offset": 6, "length": 21, "type": "url"}]
    [post] = fakenet.posts("telegram", handle="newsroom")
    assert post["permalink"] == f"{fakenet.url}/telegram/web/newsroom/{result['message_id']}"
    assert post["card"]["url"] == "https://example.org/a"
    assert "Hello" in fakenet.get(post["permalink"]).text


def test_by_chat_id_and_as_a_form(fakenet):
    chat_id = send(fakenet).json()["result"]["chat"]["id"]
    form = fakenet.post(
        f"/telegram/api/bot{TOKEN}/sendMessage",
        data={"chat_id": chat_id, "text": "Form", "link_preview_options": '{"is_disabled": true}'},
    )
    assert form.json()["result"]["link_preview_options"] == {"is_disabled": True}
    assert [post["text"] for post in fakenet.posts("telegram")][1] == "Form"


def test_preview_may_be_disabled_or_of_another_link(fakenet):
    send(fakenet, link_preview_options={"is_disabled": True})
    send(fakenet, link_preview_options={"url": "https://example.org/b"})
    send(fakenet, '<a href="https://example.org/c">Read</a>', parse_mode="HTML")
    cards = [post["card"] and post["card"]["url"] for post in fakenet.posts("telegram")]
    assert cards == [None, "https://example.org/b", "https://example.org/c"]


def test_photo_with_caption(fakenet, picture):
    answer = call(
        fakenet,
        "sendPhoto",
        files={"photo": ("a.png", picture)},
        chat_id="@newsroom",
        caption="<b>Title</b> more",
        parse_mode="HTML",
    ).json()["result"]
    assert (answer["caption"], answer["photo"][0]["width"]) == ("Title more", 40)
    assert answer["caption_entities"] == [{"offset": 0, "length": 5, "type": "bold"}]
    assert fakenet.posts("telegram")[0]["images"][0]["bytes"] == len(picture)
    again = call(fakenet, "sendPhoto", chat_id="@newsroom", photo=answer["photo"][0]["file_id"])
    assert again.status_code == 200


def test_editing_and_deleting(fakenet):
    message_id = send(fakenet).json()["result"]["message_id"]
    target = {"chat_id": "@newsroom", "message_id": message_id}
    edited = call(fakenet, "editMessageText", text="Better", **target).json()["result"]
    assert edited["text"] == "Better" and edited["edit_date"]
    same = call(fakenet, "editMessageText", text="Better", **target)
    assert same.status_code == 400 and "message is not modified" in same.json()["description"]
    assert call(fakenet, "deleteMessage", **target).json() == {"ok": True, "result": True}
    assert call(fakenet, "deleteMessage", **target).json()["description"] == (
        "Bad Request: message to delete not found"
    )
    assert fakenet.posts("telegram") == []


@pytest.mark.parametrize(
    ("parameters", "code", "description"),
    [
        ({"chat_id": "@private_club"}, 400, "Bad Request: chat not found"),
        ({"chat_id": "-100123"}, 400, "Bad Request: chat not found"),
        ({"chat_id": ""}, 400, "Bad Request: chat_id is empty"),
        ({"chat_id": "@readonly_club"}, 400, "Bad Request: not enough rights to send text messages to the chat"),
        ({"text": " \n "}, 400, "Bad Request: message text is empty"),
        ({"text": "😀" * 2049}, 400, "Bad Request: message is too long"),
        (
            {"text": "<p>x</p>", "parse_mode": "HTML"},
            400,
            'Bad Request: can\'t parse entities: Unsupported start tag "p" at byte offset 0',
        ),
    ],
)
def test_refusals(fakenet, parameters, code, description):
    refused = send(fakenet, **parameters)
    assert refused.status_code == code
    assert refused.json() == {"ok": False, "error_code": code, "description": description}
    assert fakenet.posts("telegram") == []


def test_longest_text_and_caption(fakenet, picture):
    assert send(fakenet, "😀" * 2048).status_code == 200
    for caption, status in (("😀" * 512, 200), ("😀" * 512 + "a", 400)):
        files = {"photo": ("a.png", picture)}
        assert call(fakenet, "sendPhoto", files=files, chat_id="@a", caption=caption).status_code == status


def test_photo_that_is_none(fakenet):
    refused = call(fakenet, "sendPhoto", files={"photo": ("a.png", b"text")}, chat_id="@newsroom")
    assert refused.json()["description"] == "Bad Request: IMAGE_PROCESS_FAILED"
    by_url = call(fakenet, "sendPhoto", chat_id="@newsroom", photo="https://example.org/a.png")
    assert by_url.json()["description"] == "Bad Request: failed to get HTTP URL content"


def test_wrong_token_unknown_method_and_kicked_bot(fakenet):
    assert call(fakenet, "getMe", token="1:wrong").json() == {
        "ok": False,
        "error_code": 401,
        "description": "Unauthorized",
    }
    assert call(fakenet, "getMe", token="wrong").status_code == 404
    assert call(fakenet, "noSuchMethod").json()["description"] == "Not Found: method not found"
    fakenet.post("/_fakenet/accounts/telegram/newsroom/revoke")
    assert send(fakenet).json()["description"] == "Forbidden: bot was kicked from the channel chat"
    fakenet.post("/_fakenet/accounts/telegram/fakenet_bot/revoke")
    assert call(fakenet, "getMe").status_code == 401


def test_flood_limit(fakenet):
    fakenet.fault("telegram", "rate_limit", retry_after=41)
    refused = send(fakenet)
    assert refused.status_code == 429
    assert refused.json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 41",
        "parameters": {"retry_after": 41},
    }
    assert send(fakenet).status_code == 200


def test_bot_token_is_not_in_the_log(fakenet):
    send(fakenet)
    line = fakenet.log(network="telegram", operation="publish")[0]
    assert line["path"] == "/telegram/api/bot***/sendMessage" and line["accepted"] and line["handle"] == "newsroom"
