"""Mastodon, the whole way: from the connection to the post, at the imitation of the network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wagtail_syndicate.backends.mastodon import Backend
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, OutcomeUnknown, Rejected, TokenExpired
from wagtail_syndicate.types import Receipt


SCOPES = Backend.auth[0].scopes


@pytest.fixture
def daily(fakenet, connect):
    """The account "daily" at the fake network."""
    return Backend(connect("mastodon", "daily", host=fakenet.url, scopes=SCOPES))


def test_a_post_with_a_picture(fakenet, daily, message, picture):
    receipt = daily.publish(message, [daily.upload(picture)], "key-1")
    (post,) = fakenet.state.timeline("mastodon", "daily")
    assert receipt == Receipt(post.id, f"{fakenet.url}/@daily/{post.id}")
    assert (post.text, post.language, post.visibility) == (message.text, "en", "public")
    (image,) = post.images
    assert (image.data, image.alt) == (picture.data, picture.alt)


def test_a_repeated_key_makes_no_second_post(fakenet, daily, message):
    receipts = {daily.publish(message, [], "key-1") for _ in range(3)}
    assert len(receipts) == len(fakenet.state.timeline("mastodon", "daily")) == 1
    assert daily.publish(message, [], "key-2") not in receipts


def test_a_server_that_ignores_the_key_is_asked_what_it_has(fakenet, daily, message, break_fakenet, a_minute_ago):
    """Two servers that are not Mastodon made two posts: so the account is read before anything is repeated."""
    fakenet.state.change_settings({"mastodon_ignore_idempotency_key": True})
    break_fakenet("mastodon", "publish", "reset_after")
    with pytest.raises(OutcomeUnknown):
        daily.publish(message, [], "key-1")
    assert daily.can_find()
    assert daily.find(message, a_minute_ago).remote_id == fakenet.state.timeline("mastodon", "daily")[0].id


def test_a_post_is_edited_and_taken_back(fakenet, daily, message, picture):
    receipt = daily.publish(message, [daily.upload(picture)], "key-1")
    assert daily.edit(receipt.remote_id, replace(message, text="Andere Worte", language="de")) == receipt
    (post,) = fakenet.state.timeline("mastodon", "daily")
    assert (post.text, post.language, post.images[0].alt) == ("Andere Worte", "de", picture.alt)
    for _again in range(2):
        daily.delete(receipt.remote_id)
    assert fakenet.state.timeline("mastodon", "daily") == []
    with pytest.raises(Rejected):
        daily.edit(receipt.remote_id, message)


def test_find_finds_what_was_sent_and_nothing_else(fakenet, daily, connect, message, picture, a_minute_ago):
    assert daily.find(message, a_minute_ago) is None
    wanted = daily.publish(message, [daily.upload(picture)], "key-1")
    daily.publish(replace(message, text="Something else. https://www.example.com/else/"), [], "key-2")
    daily.publish(replace(message, text=message.text.replace("Monday", "Tuesday")), [], "key-3")
    other = Backend(connect("mastodon", "weekly", host=fakenet.url, scopes=SCOPES))
    other.publish(message, [], "key-4")
    assert daily.find(message, a_minute_ago) == wanted
    assert daily.find(replace(message, text=message.text.replace("Monday", "Friday")), a_minute_ago) is None
    assert daily.find(replace(message, text=message.text.replace("bridge/", "tunnel/")), a_minute_ago) is None
    assert daily.find(message, datetime.now(UTC) + timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Zwei Absätze.\n\nUnd https://example.com/ä?b=1&c=%C3%A4#d, mitten im Satz. #Käse #Brot",
        "三座桥开放 https://example.com/桥/ 👨‍👩‍👧",
        "👍🎉",
        "@nobody@example.com and 5 < 6 > 4 'quoted' “quoted”",
    ],
)
def test_find_recognises_texts_of_all_kinds(daily, message, a_minute_ago, text):
    odd = replace(message, text=text, link="")
    receipt = daily.publish(odd, [], "key-1")
    assert daily.find(odd, a_minute_ago) == receipt


def test_identity(fakenet, daily):
    identity = daily.identify()
    assert identity.remote_id == fakenet.state.account("mastodon", "daily").id
    assert identity.handle == f"@daily@{fakenet.url.partition('://')[2]}"
    assert identity.profile_url == f"{fakenet.url}/@daily"
    assert identity.options["limits"]["max_characters"] == 500


def test_a_revoked_token_asks_to_connect_again(fakenet, daily, message, picture):
    fakenet.state.revoke_grants("mastodon", "daily")
    for attempt in (daily.identify, lambda: daily.upload(picture), lambda: daily.publish(message, [], "key-1")):
        with pytest.raises(AccountProblem) as caught:
            attempt()
        assert not isinstance(caught.value, TokenExpired)


def test_a_text_over_the_limit_is_refused_for_good(daily, message):
    limits = daily.get_limits()
    longest = replace(message, text="x" * (limits.length - 24) + f" {message.link}")
    assert limits.count(longest.text) == limits.length
    assert daily.publish(longest, [], "key-1")
    with pytest.raises(Rejected) as caught:
        daily.publish(replace(longest, text="x" + longest.text), [], "key-2")
    assert caught.value.reason == "content_refused"


def test_a_file_that_is_no_picture_is_refused(daily, picture):
    with pytest.raises(MediaRejected):
        daily.upload(replace(picture, data=b"no picture"))


def test_a_slow_picture_is_waited_for(fakenet, daily, message, picture):
    fakenet.state.change_settings({"mastodon_media_processing_seconds": 0.7})
    daily.publish(message, [daily.upload(picture)], "key-1")
    assert fakenet.state.timeline("mastodon", "daily")[0].images


@pytest.mark.parametrize(
    ("kind", "posts"),
    [("reset_before", 0), ("reset_after", 1), ("stall_after", 1), ("empty_200", 0), ("html_200", 0), ("no_id", 0),
     ("error", 0), ("error_after", 1)],
)  # fmt: skip
def test_a_broken_answer_leaves_a_doubt_that_finding_settles(
    fakenet, daily, message, break_fakenet, impatient, a_minute_ago, kind, posts
):
    break_fakenet("mastodon", "publish", kind, delay=0.5)
    with pytest.raises(OutcomeUnknown):
        daily.publish(message, [], "key-1")
    assert len(fakenet.state.timeline("mastodon", "daily")) == posts
    assert bool(daily.find(message, a_minute_ago)) == bool(posts)
    daily.publish(message, [], "key-1")
    assert len(fakenet.state.timeline("mastodon", "daily")) == 1
