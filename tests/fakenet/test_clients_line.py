"""Driven by LINE's own client."""

import uuid

import pytest
from linebot.v3.messaging import (
    ApiClient,
    ApiException,
    BroadcastRequest,
    Configuration,
    FlexContainer,
    FlexMessage,
    MessagingApi,
    TextMessage,
    ValidateMessageRequest,
)


BUBBLE = """{"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": [
    {"type": "text", "text": "The new bridge", "weight": "bold"},
    {"type": "button", "action": {"type": "uri", "label": "Read more", "uri": "https://example.org/bridge"}}]}}"""


@pytest.fixture
def api(fakenet):
    configuration = Configuration(host=f"{fakenet.url}/line/api", access_token="fakenet-line-channel-token-newsroom")
    with ApiClient(configuration) as client:
        yield MessagingApi(client)


def test_line_bot_sdk_knows_the_account_and_its_plan(api):
    assert api.get_bot_info().basic_id == "@newsroom"
    assert api.get_message_quota().value == 1000
    assert api.get_message_quota_consumption().total_usage == 0


def test_line_bot_sdk_broadcasts_once_for_a_key(api, fakenet):
    card = FlexMessage(alt_text="The new bridge", contents=FlexContainer.from_json(BUBBLE))
    api.validate_broadcast(ValidateMessageRequest(messages=[card]))
    key = str(uuid.uuid4())
    first = api.broadcast_with_http_info(BroadcastRequest(messages=[card]), x_line_retry_key=key)
    with pytest.raises(ApiException) as caught:
        api.broadcast(BroadcastRequest(messages=[card]), x_line_retry_key=key)
    assert caught.value.status == 409
    assert caught.value.headers["x-line-accepted-request-id"] == first.headers["x-line-request-id"]
    [post] = fakenet.posts("line")
    assert (post["text"], post["link"]) == ("The new bridge", "https://example.org/bridge")
    assert api.get_message_quota_consumption().total_usage == 3


def test_line_bot_sdk_is_told_what_is_wrong(api, fakenet):
    with pytest.raises(ApiException) as caught:
        api.broadcast(BroadcastRequest(messages=[TextMessage(text="x" * 5001)]))
    assert caught.value.status == 400 and "messages[0].text" in caught.value.body
    fakenet.post("/_fakenet/accounts/line/newsroom/revoke")
    with pytest.raises(ApiException) as caught:
        api.get_bot_info()
    assert caught.value.status == 401
