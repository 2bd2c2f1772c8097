"""OK, the whole way: from the connection to the post, at the imitation of the network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.backends.test_ok import GID, LINK, MESSAGE, PHOTOS, backend
from wagtail_syndicate.backends import ok
from wagtail_syndicate.exceptions import (
    MediaRejected,
    NotSent,
    OutcomeUnknown,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.types import AppKeys, Connection, Media, Message


SCOPES = ok.Backend.auth[0].scopes


@pytest.fixture
def network(fakenet):
    token = fakenet.state.add_token("ok", "newsroom", "app", scopes=SCOPES)
    keys = AppKeys("512000000001", "fakenet-ok-secret")
    return fakenet, backend(credentials={"access_token": token.value}, app=keys)


def test_whole_way(network, picture):
    fakenet, sender = network
    stranger = ok.Backend(Connection(credentials=sender.connection.credentials, app=sender.connection.app))
    assert [found.handle for found in stranger.targets()] == ["Example Company", "Компания «Пример»"]
    assert sender.identify().profile_url == f"{fakenet.url}/ok/web/group/{GID}"
    began = datetime.now(UTC) - timedelta(seconds=5)
    receipt = sender.publish(MESSAGE, [], "key")
    [found] = fakenet.state.timeline("ok", GID)
    assert (found.text, found.link, found.author, found.images) == (MESSAGE.text, LINK, None, [])
    assert requests.get(receipt.permalink, timeout=5).status_code == 200
    assert sender.find(MESSAGE, began) == receipt
    assert sender.find(Message("Другое", LINK, "ru"), began) is None
    sender.delete(receipt.remote_id)
    sender.delete(receipt.remote_id)
    assert fakenet.state.timeline("ok", GID) == []
    assert sender.find(MESSAGE, began) is None
    assert sender.renew().expires_at


def test_pictures_at_the_fake_network(network, picture):
    fakenet, sender = network
    connection = replace(sender.connection, options=PHOTOS["options"])
    ok.Backend(connection).publish(MESSAGE, [sender.upload(picture), sender.upload(picture)], "key")
    [found] = fakenet.state.timeline("ok", GID)
    assert (found.text, found.link or None, len(found.images)) == (f"{MESSAGE.text}\n\n{LINK}", None, 2)


@pytest.mark.parametrize(
    ("fault", "posts"),
    [("reset_before", 0), ("reset_after", 1), ("empty_200", 0), ("html_200", 0), ("no_id", 0), ("error", 0)],
)
def test_unclear_outcomes(network, fault, posts, break_fakenet):
    fakenet, sender = network
    break_fakenet("ok", "publish", fault)
    with pytest.raises(OutcomeUnknown):
        sender.publish(MESSAGE, [], "key")
    assert len(fakenet.state.timeline("ok", GID)) == posts


@pytest.mark.parametrize(
    ("change", "kind", "reason"),
    [
        ({"app": AppKeys("512000000001", "wrong")}, Rejected, "app_setup"),
        ({"remote_id": "55000000000103"}, Rejected, "permission"),
        ({"credentials": {"access_token": "unknown-token"}}, TokenExpired, "reconnect"),
    ],
)
def test_refusals(network, change, kind, reason):
    sender = network[1].connection
    fields = {"credentials": sender.credentials, "app": sender.app} | change
    with pytest.raises(kind, match=reason):
        backend(**fields).publish(MESSAGE, [], "key")


def test_expired_and_withdrawn_access(network):
    fakenet, sender = network
    fakenet.state.expire_tokens("ok", "newsroom")
    with pytest.raises(TokenExpired, match="expired_token"):
        sender.publish(MESSAGE, [], "key")
    fakenet.state.revoke_grants("ok", "newsroom")
    with pytest.raises(TokenExpired, match="reconnect"):
        sender.publish(MESSAGE, [], "key")


def test_too_many_calls_and_a_picture_that_is_none(network, break_fakenet):
    _, sender = network
    break_fakenet("ok", "publish", "rate_limit")
    with pytest.raises(NotSent, match="rate_limited"):
        sender.publish(MESSAGE, [], "key")
    with pytest.raises(MediaRejected, match="image_refused"):
        sender.upload(Media(b"words", "image/png", "words.png"))
