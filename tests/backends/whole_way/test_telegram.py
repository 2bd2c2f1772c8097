"""Telegram, the whole way: from the connection to the post, at the imitation of the network."""

from io import BytesIO

import pytest
from PIL import Image

from sandbox.fakenet.networks.telegram import BOT_TOKEN
from tests.backends.test_telegram import LINK, MESSAGE, TEXT, backend
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.types import Media, Message, Span


@pytest.fixture
def channel(fakenet):
    sender = backend(remote_id="", options={"channel": "@aquametrica"}, credentials={"bot_token": BOT_TOKEN})
    identity = sender.identify()
    return fakenet, backend(remote_id=identity.remote_id, credentials={"bot_token": BOT_TOKEN})


def test_whole_way(channel):
    fakenet, sender = channel
    receipt = sender.publish(MESSAGE, [], "unused")
    [found] = fakenet.state.timeline("telegram", "aquametrica")
    assert (found.text, found.id, found.link) == (TEXT, receipt.remote_id, LINK)
    assert {"type": "bold", "offset": 0, "length": 19} in found.entities
    assert receipt.permalink == fakenet.url + found.path


def test_whole_way_with_a_picture(channel, picture):
    fakenet, sender = channel
    receipt = sender.publish(MESSAGE, [sender.upload(picture)], "unused")
    [found] = fakenet.state.timeline("telegram", "aquametrica")
    assert (found.text, found.id, found.images[0].width) == (TEXT, receipt.remote_id, 32)
    assert found.entities[0]["length"] == 19


@pytest.mark.parametrize("pictures", [0, 1])
def test_post_is_edited_and_taken_back(channel, picture, pictures):
    fakenet, sender = channel
    receipt = sender.publish(MESSAGE, [picture] * pictures, "unused")
    shorter = Message("Kurz", "", "de", spans=(Span("bold", 0, 4),))
    for _again in range(2):
        assert sender.edit(receipt.remote_id, shorter).remote_id == receipt.remote_id
    [found] = fakenet.state.timeline("telegram", "aquametrica")
    assert (found.text, len(found.images), found.entities[0]["length"]) == ("Kurz", pictures, 4)
    for _again in range(2):
        sender.delete(receipt.remote_id)
    assert fakenet.state.timeline("telegram", "aquametrica") == []
    with pytest.raises(Rejected, match="post_gone"):
        sender.edit(receipt.remote_id, MESSAGE)


def test_refused_picture_leaves_the_text(channel, picture, break_fakenet):
    fakenet, sender = channel
    flat = BytesIO()
    Image.new("RGB", (400, 4)).save(flat, "PNG")
    for bad in (Media(b"no picture", "image/png", "x.png"), Media(flat.getvalue(), "image/png", "x.png")):
        with pytest.raises(MediaRejected):
            sender.publish(MESSAGE, [bad], "unused")
    break_fakenet("telegram", "publish", "refuse_image")
    with pytest.raises(MediaRejected):
        sender.publish(MESSAGE, [picture], "unused")
    assert sender.publish(MESSAGE, [], "unused").remote_id


@pytest.mark.parametrize(("pictures", "length"), [(0, 4096), (1, 1024)])
def test_limit_is_the_networks(channel, picture, pictures, length):
    _, sender = channel
    uploads = [picture] * pictures
    assert sender.get_limits().length_with(pictures) == length
    fits = "🌊" * (length // 2)
    assert sender.publish(Message(fits, "", "de"), uploads, "unused").remote_id
    with pytest.raises(Rejected, match="too_long"):
        sender.publish(Message(f"{fits}.", "", "de"), uploads, "unused")


def test_withdrawn_token_and_lost_right(channel):
    fakenet, sender = channel
    fakenet.state.revoke_grants("telegram", "aquametrica")
    with pytest.raises(Rejected, match="permission"):
        sender.publish(MESSAGE, [], "unused")
    with pytest.raises(Rejected, match="permission"):
        sender.identify()
    with pytest.raises(AccountProblem):
        backend(credentials={"bot_token": "123:old"}).publish(MESSAGE, [], "unused")
    with pytest.raises(AccountProblem):
        backend(credentials={"bot_token": "nonsense"}).identify()


@pytest.mark.parametrize(("name", "reason"), [("@readonly_news", "permission"), ("@private_news", "target_missing")])
def test_channels_that_are_not_open_to_the_bot(channel, name, reason):
    _, sender = channel
    stranger = backend(remote_id="", options={"channel": name}, credentials=sender.connection.credentials)
    with pytest.raises(Rejected, match=reason):
        stranger.identify()


@pytest.mark.parametrize(
    ("fault", "posts"),
    [("reset_before", 0), ("reset_after", 1), ("empty_200", 0), ("html_200", 0), ("no_id", 0), ("error", 0)],
)
def test_unclear_outcomes(channel, fault, posts, break_fakenet):
    fakenet, sender = channel
    break_fakenet("telegram", "publish", fault)
    with pytest.raises(OutcomeUnknown) as caught:
        sender.publish(MESSAGE, [], "unused")
    assert len(fakenet.state.timeline("telegram", "aquametrica")) == posts
    assert BOT_TOKEN not in f"{caught.value!s}{caught.value!r}"


def test_flood_limit(channel, break_fakenet):
    fakenet, sender = channel
    break_fakenet("telegram", "publish", "rate_limit", retry_after=23)
    with pytest.raises(NotSent) as caught:
        sender.publish(MESSAGE, [], "unused")
    assert caught.value.retry_after == 23
