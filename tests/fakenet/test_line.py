import uuid

import pytest


TOKEN = "fakenet-line-channel-token-newsroom"
API = "/line/api/v2/bot/"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
BUTTON = {"type": "button", "action": {"type": "uri", "label": "Read", "uri": "https://example.org/a"}}
TEXT = {"type": "text", "text": "Hello"}
LONG = {"type": "text", "text": "x" * 31_000}


def flex(**blocks):
    body = {"type": "box", "layout": "vertical", "contents": [TEXT, BUTTON]}
    return {"type": "flex", "altText": "Hello", "contents": {"type": "bubble", "body": body, **blocks}}


def broadcast(fakenet, *messages, key=None, headers=HEADERS):
    key = {"X-Line-Retry-Key": key} if key else {}
    body = {"messages": list(messages) or [TEXT]}
    return fakenet.post(f"{API}message/broadcast", json=body, headers={**headers, **key})


def test_broadcast_is_named_by_its_request(fakenet):
    answer = broadcast(fakenet, flex(hero={"type": "image", "url": "https://example.org/a.jpg"}))
    assert (answer.status_code, answer.json()) == (200, {})
    [post] = fakenet.posts("line", handle="newsroom")
    assert (post["id"], post["text"]) == (answer.headers["X-Line-Request-Id"], "Hello")
    assert (post["link"], post["card"]["image"]) == ("https://example.org/a", "https://example.org/a.jpg")
    assert "Hello" in fakenet.get(post["permalink"]).text


def test_retry_key_is_remembered_for_a_day(fakenet):
    key = str(uuid.uuid4())
    first, again = broadcast(fakenet, key=key), broadcast(fakenet, key=key)
    assert (again.status_code, again.json()) == (409, {"message": "The retry key is already accepted"})
    assert again.headers["X-Line-Accepted-Request-Id"] == first.headers["X-Line-Request-Id"]
    assert again.headers["X-Line-Request-Id"] != first.headers["X-Line-Request-Id"]
    assert broadcast(fakenet, key=str(uuid.uuid4())).status_code == 200
    fakenet.settings(clock_offset_seconds=24 * 3600 + 1)
    assert broadcast(fakenet, key=key).status_code == 200


def test_key_of_a_refused_request_is_not_used_up(fakenet):
    key = str(uuid.uuid4())
    assert broadcast(fakenet, {"type": "text", "text": ""}, key=key).status_code == 400
    assert broadcast(fakenet, key=key).status_code == 200


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ({"type": "text", "text": ""}, "messages[0].text"),
        ({"type": "text", "text": "\U0001f309" * 2501}, "messages[0].text"),
        ({"type": "sticker"}, "messages[0].type"),
        (flex() | {"altText": ""}, "messages[0].altText"),
        (flex(hero={"type": "image", "url": "http://example.org/a.jpg"}), "messages[0].contents.hero.url"),
        (
            flex(hero={"type": "image", "url": "https://a.example/a.jpg", "aspectRatio": "1:4"}),
            "messages[0].contents.hero.aspectRatio",
        ),
        (
            flex(footer={"type": "box", "layout": "vertical", "contents": [BUTTON | {"action": {"type": "uri"}}]}),
            "messages[0].contents.footer.contents[0].action.uri",
        ),
        (
            flex(body={"type": "box", "layout": "vertical", "contents": [TEXT | {"text": "x" * 31_000}]}),
            "messages[0].contents",
        ),
    ],
)
def test_refused_messages_say_where(fakenet, message, place):
    answer = broadcast(fakenet, message)
    assert answer.status_code == 400
    assert [detail["property"] for detail in answer.json()["details"]] == [place]
    assert fakenet.posts("line") == []


def test_retry_key_has_to_be_a_uuid(fakenet):
    assert broadcast(fakenet, key="delivery-1").status_code == 400


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_token_is_needed(fakenet, headers):
    answer = broadcast(fakenet, headers=headers)
    assert answer.status_code == 401 and answer.json()["message"].startswith("Authentication failed")


def test_withdrawn_token(fakenet):
    fakenet.post("/_fakenet/accounts/line/newsroom/revoke")
    assert broadcast(fakenet).status_code == 401


def test_plan_counts_friends_and_ends_with_the_month(fakenet):
    fakenet.settings(line_friends=40, line_monthly_quota=100)
    assert [broadcast(fakenet).status_code for _ in range(3)] == [200, 200, 429]
    refusal = broadcast(fakenet)
    assert refusal.json() == {"message": "You have reached your monthly limit."}
    used = fakenet.get(f"{API}message/quota/consumption", headers=HEADERS).json()
    assert used == {"totalUsage": 80}
    assert fakenet.get(f"{API}message/quota", headers=HEADERS).json() == {"type": "limited", "value": 100}
    fakenet.settings(clock_offset_seconds=32 * 86400)
    assert broadcast(fakenet).status_code == 200


def test_rate_limit_has_other_words_and_no_headers(fakenet):
    fakenet.fault("line", "rate_limit")
    answer = broadcast(fakenet)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, False)
    assert "monthly" not in answer.json()["message"]


def test_sixty_broadcasts_an_hour(fakenet):
    fakenet.settings(enforce_rate_limits=True, line_monthly_quota=None)
    assert [broadcast(fakenet).status_code for _ in range(61)] == [200] * 60 + [429]


def test_answer_may_lack_its_id(fakenet):
    fakenet.fault("line", "no_id")
    assert "X-Line-Request-Id" not in broadcast(fakenet).headers


def test_validation_sends_nothing(fakenet):
    answer = fakenet.post(f"{API}message/validate/broadcast", json={"messages": [TEXT]}, headers=HEADERS)
    assert answer.status_code == 200 and fakenet.posts("line") == []


def test_account_and_its_pages(fakenet):
    account = fakenet.get(f"{API}info", headers=HEADERS).json()
    assert (account["basicId"], account["displayName"]) == ("@newsroom", "newsroom")
    profile = fakenet.get("/line/web/R/ti/p/%40newsroom")
    assert profile.headers["Location"] == "/timeline/line/newsroom"
    share = fakenet.get("/line/share/lineit/share", params={"url": "https://example.org/a", "text": "Two words"})
    assert "https://example.org/a" in share.text
