import time

import pytest
import requests

from sandbox.fakenet import create_app, serve_in_thread


HEADERS = {"Authorization": "Bearer fakenet-mastodon-newsroom"}


def publish(fakenet, text="Hello", **options):
    return fakenet.post("/api/v1/statuses", json={"status": text}, headers=HEADERS, **options)


def texts(fakenet):
    return [post["text"] for post in fakenet.posts("mastodon")]


def test_health_and_reset(fakenet):
    assert fakenet.get("/_fakenet/health").json()["ok"] is True
    publish(fakenet)
    fakenet.settings(mastodon_max_characters=7)
    fakenet.post("/_fakenet/reset")
    assert texts(fakenet) == [] and fakenet.log() == []
    assert fakenet.get("/_fakenet/settings").json()["mastodon_max_characters"] == 500


def test_log_tells_what_was_accepted_without_secrets(fakenet):
    fakenet.post(
        "/api/v1/statuses?access_token=secret-in-query",
        data={"status": "x" * 501},
        headers=HEADERS | {"Idempotency-Key": "k"},
    )
    publish(fakenet)
    refused, accepted = fakenet.log(network="mastodon", operation="publish")
    assert (refused["status"], refused["accepted"], refused["handle"]) == (422, False, "newsroom")
    assert refused["headers"]["Idempotency-Key"] == "k"
    assert (accepted["status"], accepted["accepted"], accepted["path"]) == (200, True, "/api/v1/statuses")
    assert "secret" not in str(refused) and "fakenet-mastodon" not in str(accepted)


@pytest.mark.parametrize(
    ("kind", "more", "status", "body", "posted"),
    [
        ("error", {"status": 502, "body": {"error": "Bad gateway"}}, 502, '"Bad gateway"', False),
        ("error", {}, 503, "down for maintenance", False),
        ("error_after", {"status": 500, "body": "<h1>Oops</h1>"}, 500, "Oops", True),
        ("empty_200", {}, 200, "", False),
        ("html_200", {}, 200, "<h1>", False),
        ("no_id", {}, 200, '"visibility"', False),
    ],
)
def test_kinds_that_answer(fakenet, kind, more, status, body, posted):
    fakenet.fault("mastodon", kind, headers={"X-Odd": "1"}, **more)
    answer = publish(fakenet)
    assert answer.status_code == status and body in answer.text
    if kind == "no_id":
        assert "id" not in answer.json()
    if kind.startswith("error"):
        assert answer.headers["X-Odd"] == "1"
    assert bool(texts(fakenet)) is posted
    assert fakenet.log()[0]["accepted"] is posted
    assert publish(fakenet, "Next").status_code == 200


@pytest.mark.parametrize(("kind", "posted"), [("reset_before", False), ("reset_after", True)])
def test_kinds_that_close_the_connection(fakenet, kind, posted):
    fakenet.fault("mastodon", kind)
    with pytest.raises(requests.ConnectionError):
        publish(fakenet)
    assert bool(texts(fakenet)) is posted
    line = fakenet.log()[0]
    assert (line["status"], line["accepted"]) == (None, posted)


@pytest.mark.parametrize(("kind", "posted"), [("stall_before", False), ("stall_after", True)])
def test_kinds_that_stall_longer_than_the_client_waits(fakenet, kind, posted):
    fakenet.fault("mastodon", kind, delay=0.6)
    with pytest.raises(requests.ReadTimeout):
        publish(fakenet, timeout=0.2)
    time.sleep(0.8)
    assert bool(texts(fakenet)) is posted


def test_stalling_ends_with_an_answer_for_who_waits(fakenet):
    fakenet.fault("mastodon", "stall_before", delay=0.2)
    started = time.monotonic()
    assert publish(fakenet).status_code == 200
    assert time.monotonic() - started >= 0.2


def test_refused_request_is_not_spoilt_into_an_accepted_one(fakenet):
    fakenet.fault("mastodon", "error_after", status=500)
    assert publish(fakenet, "x" * 501).status_code == 422


def test_times_handle_and_operation(fakenet):
    fakenet.fault("mastodon", "error", status=500, times=2)
    fakenet.fault("mastodon", "error", status=501, handle="other")
    fakenet.fault("mastodon", "error", operation="read", status=502, times=None)
    assert [publish(fakenet, str(number)).status_code for number in range(3)] == [500, 500, 200]
    other = {"Authorization": "Bearer fakenet-mastodon-other"}
    assert fakenet.post("/api/v1/statuses", json={"status": "a"}, headers=other).status_code == 501
    assert [fakenet.get("/api/v1/statuses/1").status_code for _ in range(3)] == [502, 502, 502]
    assert fakenet.call("DELETE", "/_fakenet/faults").status_code == 200
    assert fakenet.get("/_fakenet/faults").json() == []
    assert fakenet.get("/api/v1/statuses/1").status_code == 404


def test_refresh_is_spoilt_after_it_rotated(fakenet):
    old = fakenet.token("x")["refresh_token"]
    fakenet.fault("x", "reset_after", operation="refresh")
    request = {
        "data": {"grant_type": "refresh_token", "refresh_token": old},
        "auth": ("fakenet-x-client", "fakenet-x-secret"),
    }
    with pytest.raises(requests.ConnectionError):
        fakenet.post("/x/api/2/oauth2/token", **request)
    assert fakenet.post("/x/api/2/oauth2/token", **request).status_code == 400


def test_refused_refresh_stays_refused_whatever_is_ordered(fakenet):
    fakenet.fault("x", "error_after", operation="refresh", status=500)
    answer = fakenet.post(
        "/x/api/2/oauth2/token",
        data={"grant_type": "refresh_token", "refresh_token": "unknown"},
        auth=("fakenet-x-client", "fakenet-x-secret"),
    )
    assert answer.status_code == 400


def test_rate_limits_in_each_networks_own_manner(fakenet):
    for network in ("mastodon", "x", "vk", "weibo"):
        fakenet.fault(network, "rate_limit", retry_after=90)
    mastodon = publish(fakenet)
    assert mastodon.status_code == 429 and mastodon.headers["X-RateLimit-Remaining"] == "0"
    assert mastodon.headers["X-RateLimit-Reset"].endswith("Z") and "Retry-After" not in mastodon.headers
    x_headers = {"Authorization": "Bearer " + fakenet.token("x")["access_token"]}
    x = fakenet.post("/x/api/2/tweets", json={"text": "a"}, headers=x_headers)
    assert x.status_code == 429 and x.headers["x-rate-limit-remaining"] == "0"
    assert 85 < int(x.headers["x-rate-limit-reset"]) - time.time() <= 91
    vk = fakenet.post("/vk/api/method/wall.post", data={"access_token": "vk1.a.fakenet-101", "v": "5.199"})
    assert (vk.status_code, vk.json()["error"]["error_code"]) == (200, 6)
    weibo = fakenet.post("/weibo/api/2/statuses/share.json")
    assert (weibo.status_code, weibo.json()["error_code"]) == (403, 10023)


def test_real_rate_limits_can_be_enforced(fakenet, picture):
    fakenet.settings(enforce_rate_limits=True)
    answers = [fakenet.post("/api/v2/media", files={"file": picture}, headers=HEADERS).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]


def test_refuse_image_strikes_only_pictures(fakenet, picture):
    fakenet.fault("telegram", "refuse_image")
    address = "/telegram/api/bot110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P/"
    assert fakenet.post(address + "sendMessage", json={"chat_id": "@a", "text": "x"}).status_code == 200
    refused = fakenet.post(address + "sendPhoto", data={"chat_id": "@a"}, files={"photo": picture})
    assert refused.json()["description"] == "Bad Request: IMAGE_PROCESS_FAILED"


def test_read_back_may_lag(fakenet):
    fakenet.settings(read_lag_seconds=60)
    status = publish(fakenet).json()
    assert fakenet.get(f"/api/v1/statuses/{status['id']}").status_code == 404
    assert fakenet.get(f"/api/v1/accounts/{status['account']['id']}/statuses").json() == []
    assert texts(fakenet) == ["Hello"]
    fakenet.settings(clock_offset_seconds=61)
    assert fakenet.get(f"/api/v1/statuses/{status['id']}").status_code == 200


def test_withdrawn_access(fakenet):
    token = fakenet.token("mastodon")["access_token"]
    assert fakenet.post("/_fakenet/accounts/mastodon/@newsroom/revoke").json() == {"revoked": 1}
    for value in (token, "fakenet-mastodon-newsroom"):
        refused = fakenet.get("/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {value}"})
        assert refused.json() == {"error": "The access token was revoked"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"network": "mastodon", "operation": "publish", "kind": "no such"}),
        ("faults", {"network": "nowhere", "kind": "error"}),
        ("faults", {"network": "x", "kind": "error", "staus": 500}),
        ("settings", {"no_such_setting": 1}),
        ("tokens", {"network": "vk", "handle": "101"}),
    ],
)
def test_orders_that_make_no_sense(fakenet, path, body):
    answer = fakenet.post(f"/_fakenet/{path}", json=body)
    assert answer.status_code == 400 and answer.json()["error"]


def test_settings_at_the_start_survive_a_reset():
    with serve_in_thread(mastodon_max_characters=80) as server:
        requests.post(server.url + "/_fakenet/reset", timeout=5)
        instance = requests.get(server.url + "/api/v2/instance", timeout=5).json()
    assert instance["configuration"]["statuses"]["max_characters"] == 80
    with pytest.raises(KeyError):
        create_app(no_such_setting=1)
