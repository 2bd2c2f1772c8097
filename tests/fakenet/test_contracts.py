"""What the checks of ``tests.contracts`` do not meet by themselves, and that they do notice what is wrong."""

import pytest
import requests
import responses

from sandbox.fakenet.networks import telegram
from tests.contracts import CONTRACTS, contract_of
from tests.contracts.openapi import openapi
from tests.contracts.specs import SPECS, load


BOT = f"/telegram/api/bot{telegram.BOT_TOKEN}/"

pytestmark = pytest.mark.skipif(not SPECS.exists(), reason="the networks' contracts are not beside the repository")


def test_mastodon_discovery(fakenet):
    metadata = fakenet.get("/.well-known/oauth-authorization-server").json()
    contract = openapi("mastodon-openapi.json")
    schema = contract.spec / "components" / "schemas" / "DiscoverOauthServerConfigurationResponse"
    assert set(schema.read_value()["required"]) <= set(metadata)


def test_vk_has_the_codes_that_fakenet_answers_with():
    codes = {entry["code"] for entry in load("vk/errors.json")["errors"].values()}
    assert {3, 5, 6, 8, 10, 15, 27, 28, 100, 118, 121, 129} <= codes


def test_telegram_errors_are_ones_the_server_knows(fakenet):
    recorded = SPECS.parent / "recorded" / "TELEGRAM" / "bot-api-server-error-strings.txt"
    known = {line.strip().strip('"') for line in recorded.read_text().splitlines()}
    fakenet.post("/_fakenet/accounts/telegram/kicked/revoke")
    for chat_id in ("@private_a", "", "@kicked"):
        answer = fakenet.post(BOT + "sendMessage", json={"chat_id": chat_id, "text": "x"}).json()
        assert answer["description"] in known


# The checks see what is wrong

X = "https://api.x.com"
MASTODON = "https://mastodon.example/api"
TELEGRAM = "https://api.telegram.org/bot1:x"
VK = "https://api.vk.ru/method"
PAGE = "https://graph.facebook.com/v26.0/123"
THREADS = "https://graph.threads.net/v1.0"
WRONG_REQUESTS = [
    ("POST", f"{X}/2/tweets", {"json": {"text": "x", "sent_by": "us"}}),
    ("POST", f"{X}/2/no-such-path", {"json": {}}),
    ("GET", f"{X}/2/users/1/tweets?max_results=1000", {}),
    ("GET", f"{X}/2/users/1/tweets?newest=1", {}),
    ("POST", f"{MASTODON}/v1/statuses", {"json": {"status": 5}}),
    ("GET", f"{MASTODON}/v1/no-such-path", {}),
    ("POST", f"{TELEGRAM}/sendMessage", {"json": {"chat_id": "@a"}}),
    ("POST", f"{TELEGRAM}/sendMessage", {"json": {"chat_id": "@a", "text": "x", "disable_web_page_preview": True}}),
    ("POST", f"{TELEGRAM}/sendMessage", {"json": {"chat_id": "@a", "text": "x", "entities": [{"type": "bold"}]}}),
    ("POST", f"{TELEGRAM}/sendPhoto", {"data": {"chat_id": "@a", "photo": "{}", "caption_entities": "{}"}}),
    ("POST", f"{TELEGRAM}/sendNothing", {"json": {}}),
    ("POST", f"{VK}/wall.post", {"data": {"message": "x"}}),
    ("POST", f"{VK}/wall.post", {"data": {"v": "5.199", "text": "x"}}),
    ("POST", f"{VK}/wall.post", {"data": {"v": "5.199", "owner_id": "me"}}),
    ("POST", f"{VK}/wall.nothing", {"data": {"v": "5.199"}}),
    ("POST", f"{PAGE}/feed", {"data": {"text": "x"}}),
    ("POST", f"{PAGE}/feed", {"data": {"message": "x", "published": "yes"}}),
    ("POST", f"{PAGE}/feed", {"data": {"attached_media": "1,2"}}),
    ("POST", f"{PAGE}/nothing", {"data": {}}),
    ("GET", f"{PAGE}?fields=id,no_such_field", {}),
    ("GET", f"{PAGE}/published_posts?count=5", {}),
    ("POST", f"{THREADS}/me/threads", {"data": {"message": "x"}}),
    ("POST", f"{THREADS}/17/threads", {"data": {"media_type": "PHOTO"}}),
    ("POST", f"{THREADS}/me/publish", {"data": {}}),
    ("GET", f"{THREADS}/me/threads?fields=id,words", {}),
    ("GET", f"{THREADS}/18?fields=id,state", {}),
    ("GET", "https://graph.threads.net/refresh_access_token?grant_type=x&token=y", {}),
]


@pytest.mark.parametrize(("method", "url", "body"), WRONG_REQUESTS)
def test_a_wrong_request_is_noticed(method, url, body):
    contract, path = contract_of(url)
    with pytest.raises(AssertionError):
        contract.request(requests.Request(method, url, **body).prepare(), path)


WRONG_ANSWERS = [
    ("POST", f"{X}/2/tweets", 201, {"data": {"id": 5, "text": "x"}}),
    ("POST", f"{X}/2/tweets", 403, {"error": "no"}),
    ("POST", f"{MASTODON}/v1/statuses", 200, {"id": "5"}),
    ("POST", f"{MASTODON}/v1/statuses", 422, {"message": "no"}),
    ("DELETE", f"{MASTODON}/v1/statuses/5", 200, {"id": "5"}),
    ("POST", f"{TELEGRAM}/getMe", 200, {"ok": True, "result": {"id": 5, "is_bot": 1, "first_name": "x"}}),
    ("POST", f"{TELEGRAM}/deleteMessage", 200, {"ok": True, "result": {}}),
    ("POST", f"{TELEGRAM}/getMe", 400, {"ok": False, "error_code": 401, "description": "x"}),
    ("POST", f"{VK}/wall.post", 200, {"response": {"post_id": "5"}}),
    ("POST", f"{VK}/wall.post", 200, {"error": {"error_msg": "x"}}),
    ("POST", f"{PAGE}/feed", 200, {"id": 5}),
    ("POST", f"{PAGE}/feed", 400, {"error": {"message": "x", "type": "OAuthException", "code": "100"}}),
    ("GET", f"{PAGE}/published_posts", 200, {"data": {}}),
    ("GET", PAGE, 200, {"id": "123", "name": 5}),
    ("POST", f"{THREADS}/me/threads", 200, {"id": 5}),
    ("GET", f"{THREADS}/me/threads", 200, {"data": [{"id": "5", "words": "x"}]}),
    ("GET", f"{THREADS}/me/threads", 200, {"data": [], "paging": {"cursors": {"after": 5}}}),
    ("DELETE", f"{THREADS}/5", 200, {"success": "yes"}),
]


@pytest.mark.parametrize(("method", "url", "status", "body"), WRONG_ANSWERS)
def test_a_wrong_answer_is_noticed(method, url, status, body):
    contract, path = contract_of(url)
    with responses.RequestsMock() as network:
        network.add(method, url, status=status, json=body)
        answer = requests.request(method, url, timeout=1)
    with pytest.raises((AssertionError, KeyError)):
        contract.answer(answer.request, path, answer)


def test_every_contract_is_found_at_both_of_its_places(fakenet):
    real = (f"{X}/2/tweets", f"{MASTODON}/v1/statuses", f"{TELEGRAM}/getMe", f"{VK}/wall.post")
    fake = ("/x/api/2/tweets", "/api/v1/statuses", BOT + "getMe", "/vk/api/method/wall.post")
    for contract, url, path in zip(CONTRACTS, real, fake, strict=False):
        assert contract_of(url)[0] is contract_of(fakenet.url + path)[0] is contract
    assert contract_of("https://example.org/2/tweets") == (None, "")
