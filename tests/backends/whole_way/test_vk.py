"""VK, the whole way: from the connection to the post, at the imitation of the network."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.backends.vk_facts import KEY, LINK, MESSAGE, backend, person
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.types import Media, Message


@pytest.fixture
def community(fakenet):
    key = {"access_token": "vk1.a.fakenet-101"}
    return fakenet, backend(remote_id="101", credentials=key)


def test_whole_way(community):
    fakenet, sender = community
    assert sender.identify().remote_id == "101"
    receipt = sender.publish(MESSAGE, [], KEY)
    [found] = fakenet.state.timeline("vk", "101")
    assert (found.text, found.link, found.id) == (MESSAGE.text, LINK, receipt.remote_id)
    assert found.author is None
    assert found.extra["link_attachment"] == LINK
    assert requests.get(receipt.permalink, timeout=5).status_code == 200


def test_whole_way_without_a_card(community, break_fakenet):
    fakenet, sender = community
    break_fakenet("vk", "publish", "refuse_link_card", times=None)
    sender.publish(MESSAGE, [], KEY)
    [found] = fakenet.state.timeline("vk", "101")
    assert found.text == MESSAGE.text_with_link
    assert found.extra["link_attachment"] is None


@pytest.fixture
def newsroom(fakenet):
    return fakenet, person(remote_id="101", credentials={"user_token": "vk1.a.fakenet-user-newsroom"})


def test_whole_way_of_a_person(newsroom, picture):
    fakenet, sender = newsroom
    assert [found.remote_id for found in sender.targets()] == ["101"]
    began = datetime.now(UTC) - timedelta(seconds=5)
    receipt = sender.publish(MESSAGE, [sender.upload(picture), sender.upload(picture)], KEY)
    [found] = fakenet.state.timeline("vk", "101")
    assert [image.alt for image in found.images] == [picture.alt, picture.alt]
    assert (found.text, found.link, found.author) == (MESSAGE.text, LINK, None)
    assert sender.find(MESSAGE, began) == receipt
    assert sender.find(Message("Другое", LINK, "ru"), began) is None
    better = Message("Лучше", LINK, "ru")
    assert sender.edit(receipt.remote_id, better) == receipt
    [found] = fakenet.state.timeline("vk", "101")
    assert (found.text, len(found.images), found.extra["link_attachment"]) == ("Лучше", 2, LINK)
    sender.delete(receipt.remote_id)
    sender.delete(receipt.remote_id)
    assert fakenet.state.timeline("vk", "101") == []
    assert sender.find(better, began) is None


def test_picture_that_is_none(newsroom):
    _, sender = newsroom
    with pytest.raises(MediaRejected):
        sender.upload(Media(b"words", "image/png", "words.png"))


def test_community_key_in_the_door_for_persons(newsroom):
    with pytest.raises(Rejected, match="permission"):
        person(remote_id="101", credentials={"user_token": "vk1.a.fakenet-101"}).targets()


def test_lost_answer_is_found_by_reading_back(newsroom, break_fakenet):
    _, sender = newsroom
    break_fakenet("vk", "publish", "reset_after")
    with pytest.raises(OutcomeUnknown):
        sender.publish(MESSAGE, [], KEY)
    assert sender.find(MESSAGE, datetime.now(UTC) - timedelta(minutes=1)).remote_id == "1"


def test_withdrawn_key(community):
    fakenet, sender = community
    fakenet.state.revoke_grants("vk", "101")
    for call in (sender.identify, lambda: sender.publish(MESSAGE, [], KEY)):
        with pytest.raises(AccountProblem):
            call()


def test_text_beyond_the_limit(community):
    fakenet, sender = community
    fakenet.state.change_settings({"vk_max_characters": 10})
    with pytest.raises(Rejected, match="content_refused"):
        sender.publish(MESSAGE, [], KEY)


@pytest.mark.parametrize(
    ("fault", "posts"),
    [("reset_before", 0), ("reset_after", 1), ("empty_200", 0), ("html_200", 0), ("no_id", 0), ("error", 0)],
)
def test_unclear_outcomes(community, fault, posts, break_fakenet):
    fakenet, sender = community
    break_fakenet("vk", "publish", fault)
    with pytest.raises(OutcomeUnknown):
        sender.publish(MESSAGE, [], KEY)
    assert len(fakenet.state.timeline("vk", "101")) == posts


def test_too_many_calls(community, break_fakenet):
    fakenet, sender = community
    break_fakenet("vk", "publish", "rate_limit")
    with pytest.raises(NotSent, match="rate_limited"):
        sender.publish(MESSAGE, [], KEY)


def test_key_of_the_wrong_kind(community):
    _, sender = community
    with pytest.raises(Rejected, match="wrong_key"):
        backend(remote_id="101", credentials={"access_token": "vk2.a.whatever"}).publish(MESSAGE, [], KEY)
    with pytest.raises(Rejected, match="permission"):
        backend(remote_id="102", credentials=sender.connection.credentials).publish(MESSAGE, [], KEY)
