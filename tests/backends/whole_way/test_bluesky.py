"""Bluesky, the whole way: from the connection to the post, at the imitation of the network."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import requests

from sandbox.fakenet.networks.bluesky_manners import APP_PASSWORD, OWN_PASSWORD, did_of
from tests.backends.test_bluesky import KEY, LINK, MESSAGE
from wagtail_syndicate.backends import bluesky
from wagtail_syndicate.exceptions import (
    AccountProblem,
    NotSent,
    OutcomeUnknown,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.keys import new_key
from wagtail_syndicate.types import Connection


HANDLE = "newsroom.bsky.social"


def signed_in(password=APP_PASSWORD, handle=HANDLE):
    unknown = bluesky.Backend(Connection(options={"handle": handle}, credentials={"app_password": password}))
    credentials = {"app_password": password, **unknown.exchange().credentials}
    found = bluesky.Backend(Connection(credentials=credentials)).identify()
    return bluesky.Backend(Connection(remote_id=found.remote_id, handle=found.handle, credentials=credentials))


@pytest.fixture
def newsroom(fakenet):
    return fakenet, signed_in()


def timeline(fakenet):
    return fakenet.state.timeline("bluesky", HANDLE)


def test_whole_way(newsroom, picture):
    fakenet, sender = newsroom
    receipt = sender.publish(MESSAGE, [sender.upload(picture)], KEY)
    assert sender.publish(MESSAGE, [sender.upload(picture)], KEY) == receipt
    [post] = timeline(fakenet)
    assert (post.text, post.link, post.language) == (MESSAGE.text, LINK, "de")
    assert post.card["image"]
    page = requests.get(receipt.permalink, timeout=5)
    assert page.status_code == 200
    assert "Der Sensor" in page.text
    sender.delete(receipt.remote_id)
    sender.delete(receipt.remote_id)
    assert timeline(fakenet) == []


def test_repeat_with_another_picture_changes_nothing(newsroom, picture):
    fakenet, sender = newsroom
    receipt = sender.publish(MESSAGE, [sender.upload(picture)], KEY)
    assert sender.publish(MESSAGE, [], KEY) == receipt
    [post] = timeline(fakenet)
    assert post.card["image"]


def test_repeats_at_the_same_moment(newsroom):
    fakenet, sender = newsroom
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: sender.publish(MESSAGE, [], KEY), range(8)))) == 1
    assert len(timeline(fakenet)) == 1


@pytest.mark.parametrize(
    "fault", ["reset_before", "reset_after", "error", "empty_200", "html_200", "no_id", "error_after"]
)
def test_every_unclear_outcome_is_cured_by_the_same_key(newsroom, fault, break_fakenet):
    fakenet, sender = newsroom
    break_fakenet("bluesky", "publish", fault)
    with pytest.raises(OutcomeUnknown):
        sender.publish(MESSAGE, [], KEY)
    sender.publish(MESSAGE, [], KEY)
    assert len(timeline(fakenet)) == 1


def test_too_many_requests(newsroom, break_fakenet):
    _, sender = newsroom
    break_fakenet("bluesky", "publish", "rate_limit", retry_after=40)
    with pytest.raises(NotSent, match="rate_limited") as caught:
        sender.publish(MESSAGE, [], KEY)
    assert 30 < caught.value.retry_after <= 41


def test_expired_session(newsroom):
    fakenet, sender = newsroom
    fakenet.state.expire_tokens("bluesky", HANDLE)
    with pytest.raises(TokenExpired):
        sender.publish(MESSAGE, [], KEY)
    credentials = {**sender.connection.credentials, **sender.renew().credentials}
    bluesky.Backend(replace(sender.connection, credentials=credentials)).publish(MESSAGE, [], KEY)
    assert len(timeline(fakenet)) == 1


def test_withdrawn_app_password(newsroom):
    fakenet, sender = newsroom
    fakenet.state.revoke_grants("bluesky", HANDLE)
    with pytest.raises(AccountProblem, match="wrong_password"):
        sender.renew()


def test_own_password_at_the_imitation(fakenet):
    with pytest.raises(AccountProblem, match="own_password"):
        signed_in(OWN_PASSWORD)


def test_text_beyond_the_limit(newsroom):
    _, sender = newsroom
    for text in ("x" * 301, "👩‍👩‍👧‍👦" * 150):
        with pytest.raises(Rejected, match="too_long"):
            sender.publish(replace(MESSAGE, text=text), [], str(new_key()))


def test_another_accounts_session(newsroom):
    fakenet, sender = newsroom
    fakenet.state.account("bluesky", "other.bsky.social")
    other = bluesky.Backend(replace(sender.connection, remote_id=did_of("other.bsky.social")))
    with pytest.raises(TokenExpired):
        other.publish(MESSAGE, [], KEY)
