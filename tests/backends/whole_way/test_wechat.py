"""WeChat, the whole way: from the connection to the post, at the imitation of the network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.backends.test_wechat import KEY, LINK, MESSAGE
from wagtail_syndicate.backends.wechat import Backend
from wagtail_syndicate.exceptions import (
    OutcomeUnknown,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.types import Connection


@pytest.fixture
def account(fakenet):
    """An account that connected by pasting AppID and AppSecret."""

    def connect(mode):
        options = {"app_id": "wxfakenet-qiao", "mode": mode}
        pasted = Connection(options=options, credentials={"app_secret": "fakenet-wechat-app-secret"})
        granted = Backend(pasted).exchange().credentials
        return Backend(replace(pasted, credentials={**pasted.credentials, **granted}))

    return connect


def test_all_workers_get_the_same_token(account):
    assert account("draft").renew().credentials == account("draft").renew().credentials


def test_draft_at_the_fake_network(fakenet, account, picture):
    wechat = account("draft")
    assert wechat.identify().remote_id == "wxfakenet-qiao"
    receipt = wechat.publish(MESSAGE, [wechat.upload(picture)], KEY)
    [post] = fakenet.state.posts
    assert (post.id, post.visibility, post.link) == (receipt.remote_id, "draft", LINK)
    assert post.text == f"{MESSAGE.text}\n\n原文：{LINK}"
    assert [image.alt for image in post.images] == [picture.alt]
    assert wechat.find(MESSAGE, datetime.now(UTC) - timedelta(minutes=1)) == receipt


def test_lost_answer_to_a_draft_is_found(fakenet, account, picture, break_fakenet):
    wechat = account("draft")
    uploads = [wechat.upload(picture)]
    break_fakenet("wechat", "publish", "reset_after")
    with pytest.raises(OutcomeUnknown):
        wechat.publish(MESSAGE, uploads, KEY)
    assert wechat.find(MESSAGE, datetime.now(UTC) - timedelta(minutes=1)).notice == "draft_saved"


def test_publishing_at_the_fake_network(fakenet, account, picture):
    wechat = account("publish")
    receipt = wechat.publish(MESSAGE, [wechat.upload(picture)], KEY)
    [post] = fakenet.state.posts
    assert (post.id, post.visibility) == (receipt.remote_id, "public")
    assert requests.get(receipt.permalink, timeout=5).status_code == 200
    assert wechat.find(MESSAGE, datetime.now(UTC) - timedelta(minutes=1)) == receipt


def test_account_without_the_right_to_publish(fakenet, account, picture):
    fakenet.state.change_settings({"wechat_may_publish": False})
    wechat = account("publish")
    with pytest.raises(Rejected) as caught:
        wechat.publish(MESSAGE, [wechat.upload(picture)], KEY)
    assert caught.value.reason == "draft_only"
    assert fakenet.state.timeline("wechat") == []
    assert account("draft").publish(MESSAGE, [wechat.upload(picture)], KEY).notice == "draft_saved"


def test_token_that_ended_is_renewed(fakenet, account, picture):
    wechat = account("draft")
    fakenet.state.expire_tokens("wechat", "qiao")
    with pytest.raises(TokenExpired):
        wechat.upload(picture)
    granted = wechat.renew().credentials
    assert granted["access_token"] != wechat.connection.credentials["access_token"]
