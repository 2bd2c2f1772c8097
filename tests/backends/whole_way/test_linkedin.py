"""LinkedIn, the whole way: from the connection to the post, at the imitation of the network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from sandbox.fakenet.networks.linkedin_manners import person
from tests.backends.test_linkedin import LINK, MEMBER_SCOPES, MESSAGE, PAGE, PAGE_SCOPES, key_of
from wagtail_syndicate.backends import linkedin
from wagtail_syndicate.exceptions import (
    NotSent,
    OutcomeUnknown,
    Rejected,
)


@pytest.fixture
def member(connect):
    return linkedin.Backend(replace(connect("linkedin", "amira", scopes=MEMBER_SCOPES), remote_id=person("amira")))


@pytest.fixture
def page(connect):
    return linkedin.Backend(replace(connect("linkedin", "amira", scopes=PAGE_SCOPES), remote_id=PAGE))


def unknown_to(backend):
    """The same access before anybody said whose it is."""
    return linkedin.Backend(replace(backend.connection, remote_id="", handle=""))


def test_a_member_is_the_only_target_of_the_members_door(member):
    [target] = unknown_to(member).targets()
    assert (target.remote_id, target.handle) == (person("amira"), "amira")
    assert member.identify() == unknown_to(member).identify() == target
    assert not member.can_find()


def test_pages_that_the_member_may_post_for(page):
    targets = unknown_to(page).targets()
    assert [(target.remote_id, target.handle) for target in targets] == [
        (PAGE, "Example Company"),
        ("urn:li:organization:10204081", "Example Labs"),
    ]
    assert targets[0].profile_url.endswith("/company/example-company")
    assert page.identify() == targets[0]
    assert page.can_find()


def test_a_page_that_was_lost(page):
    lost = linkedin.Backend(replace(page.connection, remote_id="urn:li:organization:10204082"))
    with pytest.raises(Rejected) as caught:
        lost.identify()
    assert caught.value.reason == "target_missing"


@pytest.mark.parametrize("who", ["member", "page"])
def test_post_with_a_card(who, request, fakenet, picture):
    account = request.getfixturevalue(who)
    receipt = account.publish(MESSAGE, [account.upload(picture)], key_of(datetime.now(UTC)))
    [post] = fakenet.state.timeline("linkedin")
    assert (post.id, post.text, post.link) == (receipt.remote_id, MESSAGE.text, LINK)
    assert (post.card["title"], post.card["description"]) == (MESSAGE.title, MESSAGE.description)
    assert post.card["image"]
    assert post.extra["tags"] == ["bridge"]
    assert requests.get(receipt.permalink, timeout=5).status_code == 200


def test_post_with_a_picture(member, fakenet, picture):
    member.publish(replace(MESSAGE, link=""), [member.upload(picture)], "key")
    [post] = fakenet.state.timeline("linkedin")
    assert [image.alt for image in post.images] == [picture.alt]


def test_an_old_version_is_told(member, settings):
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["linkedin"]["VERSION"] = "202401"
    with pytest.raises(Rejected) as caught:
        member.publish(MESSAGE, [], "key")
    assert caught.value.reason == "linkedin_version"


@pytest.mark.parametrize("who", ["member", "page"])
def test_a_repeat_after_a_lost_answer_gives_the_receipt(who, request, fakenet, break_fakenet):
    account = request.getfixturevalue(who)
    key = key_of(datetime.now(UTC) - timedelta(minutes=1))
    fakenet.state.settings["clock_offset_seconds"] = -30  # the first try was half a minute ago
    break_fakenet("linkedin", "publish", "reset_after")
    with pytest.raises(OutcomeUnknown):
        account.publish(MESSAGE, [], key)
    fakenet.state.settings["clock_offset_seconds"] = 0
    receipt = account.publish(MESSAGE, [], key)
    assert [post.id for post in fakenet.state.timeline("linkedin")] == [receipt.remote_id]


def test_the_ghost_of_a_deleted_post(member, page):
    for account, reason in ((member, "duplicate"), (page, "linkedin_ghost")):
        key = key_of(datetime.now(UTC) - timedelta(minutes=1))
        account.delete(account.publish(MESSAGE, [], key).remote_id)
        with pytest.raises(Rejected) as caught:
            account.publish(MESSAGE, [], key)
        assert caught.value.reason == reason


def test_find(page, a_minute_ago):
    message = replace(MESSAGE, text="Prices (50% <off>) #bridge #5G")
    assert page.find(message, a_minute_ago) is None
    receipt = page.publish(message, [], "key")
    page.publish(replace(message, text="Something else"), [], "key")
    assert page.find(message, a_minute_ago) == receipt
    assert page.find(replace(message, link="https://example.org/other/"), a_minute_ago) is None
    assert page.find(message, datetime.now(UTC) + timedelta(minutes=1)) is None


def test_find_goes_on_to_the_next_pages(page, a_minute_ago, monkeypatch):
    monkeypatch.setattr(linkedin, "PAGE", 2)
    receipt = page.publish(MESSAGE, [], "key")
    for number in range(4):
        page.publish(replace(MESSAGE, text=f"News {number}"), [], "key")
    assert page.find(MESSAGE, a_minute_ago) == receipt
    for number in range(4, 8):
        page.publish(replace(MESSAGE, text=f"News {number}"), [], "key")
    with pytest.raises(NotSent):
        page.find(MESSAGE, a_minute_ago)


def test_edit_and_delete(member, page, fakenet):
    for account in (member, page):
        receipt = account.publish(MESSAGE, [], "key")
        assert account.edit(receipt.remote_id, replace(MESSAGE, text="Better (now)")) == receipt
        assert fakenet.state.post("linkedin", receipt.remote_id).text == "Better (now)"
        account.delete(receipt.remote_id)
        account.delete(receipt.remote_id)
    assert fakenet.state.timeline("linkedin") == []
