"""Weibo, the whole way: from the connection to the post, at the imitation of the network."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.backends.test_weibo import KEY, LINK, MESSAGE, TEXT, backend
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    NotSent,
    OutcomeUnknown,
    Rejected,
)
from wagtail_syndicate.types import Media, Message


@pytest.fixture
def account(fakenet, settings):
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["weibo"]["RIP"] = "203.0.113.9"
    fakenet.state.change_settings({"weibo_bound_domains": ["example.org"]})
    moment = fakenet.state.now()
    token = fakenet.state.add_token("weibo", "shuizhi", "3141592653", expires_at=moment + 3600)
    uid = fakenet.state.account("weibo", "shuizhi").id
    return fakenet, backend(remote_id=uid, handle="shuizhi", credentials={"access_token": token.value})


def test_whole_way_with_a_picture(account, picture):
    fakenet, sender = account
    identity = sender.identify()
    assert (identity.remote_id, identity.handle) == (sender.connection.remote_id, "shuizhi")
    receipt = sender.publish(MESSAGE, [sender.upload(picture)], KEY)
    [found] = fakenet.state.timeline("weibo", "shuizhi")
    assert (found.text, found.id, found.images[0].width) == (TEXT, receipt.remote_id, 32)
    assert receipt.permalink == fakenet.url + found.path


def test_finds_exactly_what_was_sent(account):
    fakenet, sender = account
    began = datetime.now(UTC)
    other = Message(TEXT.replace("水质", "空气"), LINK, "zh-hans")
    sender.publish(other, [], KEY)
    assert sender.find(MESSAGE, began) is None
    receipt = sender.publish(MESSAGE, [], KEY)
    assert sender.find(MESSAGE, began) == receipt
    assert sender.find(other, began) != receipt
    assert sender.find(MESSAGE, began + timedelta(hours=1)) is None


def test_found_after_the_connection_broke(account, break_fakenet):
    fakenet, sender = account
    began = datetime.now(UTC)
    break_fakenet("weibo", "publish", "reset_after")
    with pytest.raises(OutcomeUnknown):
        sender.publish(MESSAGE, [], KEY)
    [there] = fakenet.state.timeline("weibo", "shuizhi")
    assert sender.find(MESSAGE, began).remote_id == there.id
    with pytest.raises(DuplicateContent):
        sender.publish(MESSAGE, [], KEY)


def test_post_is_taken_back(account):
    fakenet, sender = account
    receipt = sender.publish(MESSAGE, [], KEY)
    for _again in range(2):
        sender.delete(receipt.remote_id)
    assert fakenet.state.timeline("weibo", "shuizhi") == []


def test_post_held_back_for_a_check_is_found_when_it_shows(account):
    """20032: accepted, and shown some minutes later. Until then it is nowhere to be seen."""
    fakenet, sender = account
    fakenet.state.change_settings({"weibo_hold_seconds": 90})
    began = datetime.now(UTC)
    with pytest.raises(OutcomeUnknown) as caught:
        sender.publish(MESSAGE, [], KEY)
    assert caught.value.reason == "accepted_later"
    assert sender.find(MESSAGE, began) is None
    fakenet.state.change_settings({"clock_offset_seconds": 91})
    [there] = fakenet.state.timeline("weibo", "shuizhi")
    assert sender.find(MESSAGE, began).remote_id == there.id


@pytest.mark.parametrize("fault", ["reset_before", "empty_200", "html_200", "no_id", "error"])
def test_unclear_outcomes(account, fault, break_fakenet):
    fakenet, sender = account
    began = datetime.now(UTC)
    break_fakenet("weibo", "publish", fault)
    with pytest.raises(OutcomeUnknown):
        sender.publish(MESSAGE, [], KEY)
    assert sender.find(MESSAGE, began) is None


def test_refused_picture_leaves_the_text(account, picture, break_fakenet):
    fakenet, sender = account
    with pytest.raises(MediaRejected):
        sender.publish(MESSAGE, [Media(b"no picture", "image/png", "shui.png")], KEY)
    break_fakenet("weibo", "publish", "refuse_image")
    with pytest.raises(MediaRejected):
        sender.publish(MESSAGE, [picture], KEY)
    assert sender.publish(MESSAGE, [], KEY).remote_id


def test_refusals_in_words(account, break_fakenet):
    fakenet, sender = account
    with pytest.raises(Rejected, match="too_long"):
        sender.publish(Message(f"{'水' * 200} {LINK}", LINK, "zh-hans"), [], KEY)
    elsewhere = "https://elsewhere.example/"
    with pytest.raises(Rejected, match="link_domain"):
        sender.publish(Message(f"水 {elsewhere}", elsewhere, "zh-hans"), [], KEY)
    break_fakenet("weibo", "publish", "rate_limit")
    with pytest.raises(NotSent, match="rate_limited"):
        sender.publish(MESSAGE, [], KEY)


def test_text_of_exactly_the_limit_is_taken(account):
    _, sender = account
    limits, text = sender.get_limits(), f" {LINK}"
    while limits.count("水" + text) <= limits.length:
        text = "水" + text
    assert sender.publish(Message(text, LINK, "zh-hans"), [], KEY).remote_id


@pytest.mark.parametrize(("end", "reason"), [("expire_tokens", "expired_token"), ("revoke_grants", "reconnect")])
def test_ended_access(account, end, reason):
    fakenet, sender = account
    getattr(fakenet.state, end)("weibo", "shuizhi")
    for call in (sender.identify, lambda: sender.publish(MESSAGE, [], KEY)):
        with pytest.raises(AccountProblem) as caught:
            call()
        assert caught.value.reason == reason
