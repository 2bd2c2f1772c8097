"""The receiver: what it checks, what it does with repeats, what people see."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from sandbox.fakenet.networks.webhook import SECRET


IN = "/webhook/in/newsroom"
BODY = (
    '{"type":"article.published","version":1,"timestamp":"2026-11-23T10:00:00Z","data":{"account":"x","text":"Hello",'
    '"title":"A title","description":"","link":"https://example.org/a","language":"en","images":[]}}'
)


def send(fakenet, body=BODY, key="msg_1", when=None, secret=SECRET, path=IN):
    when = when or datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(secret).sign(key, when, body),
    }
    return fakenet.post(path, data=body, headers=headers)


def event(kind, data='"id":"newsroom-1"'):
    return f'{{"type":"{kind}","version":1,"timestamp":"2026-11-23T10:00:00Z","data":{{{data}}}}}'


def test_an_event_becomes_a_post_with_a_page(fakenet):
    answer = send(fakenet)
    assert (answer.status_code, answer.json()["id"]) == (201, "newsroom-1")
    [post] = fakenet.posts("webhook")
    assert (post["text"], post["card"]["title"], post["idempotency_key"]) == ("Hello", "A title", "msg_1")
    assert "Hello" in fakenet.get(answer.json()["url"]).text
    assert "Hello" in fakenet.get("/timeline/webhook/newsroom").text
    assert SECRET in fakenet.get("/").text
    assert fakenet.get("/webhook/web/newsroom/other").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"secret": "whsec_" + "A" * 32},
        {"when": timedelta(minutes=-6)},
        {"when": timedelta(minutes=6)},
    ],
)
def test_what_is_not_signed_now_and_with_the_secret_is_refused(fakenet, change):
    if "when" in change:
        change = {"when": datetime.now(UTC) + change["when"]}
    assert send(fakenet, **change).status_code == 401
    assert fakenet.posts("webhook") == []


def test_unsigned_and_altered_events_are_refused(fakenet):
    assert fakenet.post(IN, data=BODY).status_code == 401
    headers = {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1"}
    assert fakenet.post(IN, data=BODY, headers=headers).status_code == 401
    sent = send(fakenet).request
    headers = {name: sent.headers[name] for name in sent.headers if name.startswith("webhook-")}
    assert fakenet.post(IN, data=BODY.replace("Hello", "Hullo"), headers=headers).status_code == 401
    assert len(fakenet.posts("webhook")) == 1


def test_repeats_are_dropped_but_not_by_plain_receivers(fakenet):
    first, second = send(fakenet), send(fakenet)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json() and len(fakenet.posts("webhook")) == 1
    for _again in range(2):
        assert send(fakenet, path="/webhook/in/plain_one").status_code == 201
    assert len(fakenet.posts("webhook")) == 3


def test_changes_and_withdrawals(fakenet):
    send(fakenet)
    changed = event("article.changed", '"id":"newsroom-1","text":"Better","title":"T","link":"https://example.org/a"')
    assert send(fakenet, changed, "msg_2").status_code == 200
    assert fakenet.posts("webhook")[0]["text"] == "Better" and fakenet.posts("webhook")[0]["edited_at"]
    for key in ("msg_3", "msg_4"):
        assert send(fakenet, event("article.withdrawn"), key).status_code == 200
    assert fakenet.posts("webhook") == []
    assert send(fakenet, changed, "msg_5").status_code == 404


def test_ping_and_events_that_nobody_knows_are_accepted(fakenet):
    assert send(fakenet, event("ping", "")).json()["name"] == "Receiver of newsroom"
    assert send(fakenet, event("something.else", "")).status_code == 200
    assert send(fakenet, "no JSON").status_code == 200
    assert fakenet.posts("webhook") == []


def test_an_event_without_its_content_is_refused(fakenet):
    assert send(fakenet, event("article.published", '"title":"x"')).status_code == 422


def test_a_receiver_that_is_gone(fakenet):
    fakenet.post("/_fakenet/accounts/webhook/newsroom/revoke")
    assert send(fakenet).status_code == 410


def test_faults(fakenet):
    fakenet.fault("webhook", "rate_limit", retry_after=41)
    refused = send(fakenet)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "41")
    fakenet.fault("webhook", "no_id")
    assert send(fakenet).status_code == 204
    assert fakenet.log(network="webhook", operation="publish")[0]["handle"] == "newsroom"
