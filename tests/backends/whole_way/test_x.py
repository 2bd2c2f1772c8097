"""X, the whole way: from the connection to the post, at the imitation of the network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wagtail_syndicate.backends.x import Backend
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    OutcomeUnknown,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.types import AppKeys, Receipt


SCOPES = Backend.auth[0].scopes


@pytest.fixture
def daily(connect):
    """The account "daily" at the fake network."""
    return Backend(connect("x", "daily", scopes=SCOPES))


def test_a_post_with_a_picture(fakenet, daily, message, picture):
    receipt = daily.publish(message, [daily.upload(picture)], "key-1")
    (post,) = fakenet.state.timeline("x", "daily")
    assert receipt == Receipt(post.id, f"{fakenet.url}/x/web/daily/status/{post.id}")
    assert post.text == message.text
    (image,) = post.images
    assert (image.data, image.alt) == (picture.data, picture.alt)


def test_a_signed_post_with_a_picture(fakenet, connect, message, picture):
    fakenet.state.account("x", "weekly")
    token = fakenet.state.add_token("x", "weekly", "fakenet-x-consumer", kind="oauth1", secret="very-secret")
    connection = connect("x", "weekly", oauth_token=token.value, oauth_token_secret="very-secret")
    backend = Backend(replace(connection, app=AppKeys("fakenet-x-consumer", "fakenet-x-consumer-secret")))
    assert backend.identify().handle == "@weekly"
    receipt = backend.publish(message, [backend.upload(picture)], "key-1")
    assert backend.find(message, datetime.now(UTC) - timedelta(minutes=1)) == receipt
    assert fakenet.state.timeline("x", "weekly")[0].images[0].alt == picture.alt
    wrong = Backend(replace(backend.connection, app=AppKeys("fakenet-x-consumer", "wrong")))
    with pytest.raises(TokenExpired):
        wrong.identify()


def test_the_same_post_again_is_a_duplicate_and_can_be_found(fakenet, daily, message, a_minute_ago):
    receipt = daily.publish(message, [], "key-1")
    with pytest.raises(DuplicateContent):
        daily.publish(message, [], "key-1")
    assert len(fakenet.state.timeline("x", "daily")) == 1
    assert daily.find(message, a_minute_ago) == receipt


def test_find_finds_what_was_sent_and_nothing_else(fakenet, daily, connect, message, picture, a_minute_ago):
    assert daily.find(message, a_minute_ago) is None
    wanted = daily.publish(message, [daily.upload(picture)], "key-1")
    daily.publish(replace(message, text=message.text.replace("Monday", "Tuesday")), [], "key-2")
    daily.publish(replace(message, text=message.text.replace("new-bridge/", "new-bridge/?page=2")), [], "key-3")
    other = Backend(connect("x", "weekly", scopes=SCOPES))
    other.publish(message, [], "key-4")
    assert daily.find(message, a_minute_ago) == wanted
    assert daily.find(replace(message, text=message.text.replace("Monday", "Friday")), a_minute_ago) is None
    assert daily.find(replace(message, text=message.text.replace("bridge/", "tunnel/")), a_minute_ago) is None
    assert daily.find(message, datetime.now(UTC) + timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Bare example.com and https://example.org/a?b=1&c=%C3%A4#d, in a sentence. #news",
        "三座桥开放 https://example.com/bridge/ 👨‍👩‍👧",
        "👍🎉",
        "5 < 6 > 4 'quoted' “quoted” & more",
    ],
)
def test_find_recognises_texts_of_all_kinds(daily, message, a_minute_ago, text):
    odd = replace(message, text=text, link="")
    receipt = daily.publish(odd, [], "key-1")
    assert daily.find(odd, a_minute_ago) == receipt


def test_a_post_is_taken_back(fakenet, daily, message):
    receipt = daily.publish(message, [], "key-1")
    for _again in range(2):
        daily.delete(receipt.remote_id)
    assert fakenet.state.timeline("x", "daily") == []
    # What is gone may be said again.
    assert daily.publish(message, [], "key-2") != receipt


def test_without_credits_nothing_is_posted_and_nothing_tried_again(fakenet, daily, message):
    fakenet.state.change_settings({"x_credits": 0.2})
    daily.publish(message, [], "key-1")
    with pytest.raises(Rejected, match="credits") as caught:
        daily.publish(replace(message, text="Other words"), [], "key-2")
    assert type(caught.value) is Rejected
    assert len(fakenet.state.timeline("x", "daily")) == 1


def test_an_expired_token_may_be_refreshed(fakenet, daily, message, picture, a_minute_ago):
    fakenet.state.expire_tokens("x", "daily")
    attempts = (
        daily.identify,
        lambda: daily.upload(picture),
        lambda: daily.publish(message, [], "key-1"),
        lambda: daily.find(message, a_minute_ago),
    )
    for attempt in attempts:
        with pytest.raises(TokenExpired):
            attempt()
    assert fakenet.state.timeline("x", "daily") == []


def test_a_revoked_token_is_refused(fakenet, daily, message):
    fakenet.state.revoke_grants("x", "daily")
    with pytest.raises(AccountProblem):
        daily.publish(message, [], "key-1")


def test_a_text_over_the_limit_is_refused_for_good(daily, message):
    longest = replace(message, text="x" * (280 - 24) + " " + message.link)
    assert daily.get_limits().count(longest.text) == 280
    assert daily.publish(longest, [], "key-1")
    with pytest.raises(Rejected) as caught:
        daily.publish(replace(longest, text="x" + longest.text), [], "key-2")
    assert caught.value.reason == "x_forbidden"


def test_a_file_that_is_no_picture_is_refused(daily, picture):
    with pytest.raises(MediaRejected):
        daily.upload(replace(picture, data=b"no picture"))


@pytest.mark.parametrize(
    ("kind", "posts"),
    [
        ("reset_before", 0),
        ("reset_after", 1),
        ("stall_after", 1),
        ("empty_200", 0),
        ("html_200", 0),
        ("no_id", 0),
        ("error", 0),
        ("error_after", 1),
    ],
)
def test_a_broken_answer_leaves_a_doubt_that_finding_settles(
    fakenet, daily, message, break_fakenet, impatient, a_minute_ago, kind, posts
):
    break_fakenet("x", "publish", kind, delay=0.5)
    with pytest.raises(OutcomeUnknown):
        daily.publish(message, [], "key-1")
    assert len(fakenet.state.timeline("x", "daily")) == posts
    assert bool(daily.find(message, a_minute_ago)) == bool(posts)


def test_find_works_by_the_older_name_of_a_parameter(fakenet, daily, message, a_minute_ago):
    fakenet.state.change_settings({"x_fields_parameter": "tweet.fields"})
    receipt = daily.publish(message, [], "key-1")
    assert daily.find(message, a_minute_ago) == receipt
