"""XING: nothing to connect, nothing to send; a share link, a limit and honest words."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from wagtail_syndicate.backends import registry
from wagtail_syndicate.backends.auth import NoDoor
from wagtail_syndicate.backends.xing import Backend
from wagtail_syndicate.types import LinkPlace, Reach, Region


def test_a_person_posts(message):
    assert registry.get("xing") is Backend
    assert (Backend.reach, Backend.region) == (Reach.ASSISTED, Region.DACH)
    assert not Backend().can_find()
    with pytest.raises(NotImplementedError):
        Backend().publish(message, [], "key-1")
    with pytest.raises(NotImplementedError):
        Backend().find(message, datetime.now(UTC))


def test_nothing_secret_is_asked_for():
    (door,) = Backend.auth
    assert isinstance(door, NoDoor)
    assert [field.name for field in door.fields] == ["handle", "profile_url"]
    assert not any(field.secret for field in door.fields)


def test_the_share_link_holds_the_address_and_nothing_else(message):
    tricky = replace(message, link="https://www.example.com/neu/?a=1&b=ü ü#oben")
    link = Backend().share_link(tricky)
    assert link.startswith("https://www.xing.com/spi/shares/new?url=https%3A%2F%2Fwww.example.com")
    assert "+" not in link
    assert parse_qs(urlsplit(link).query) == {"url": [tricky.link]}
    assert Backend().share_link(replace(message, link="")) == ""


def test_420_characters_without_the_link():
    limits = Backend().get_limits()
    assert (limits.length, limits.link, limits.images) == (420, LinkPlace.CARD, None)
    assert limits.count("ü👍") == 2


def test_the_fake_dialog_takes_the_link(fakenet, message):
    answer = requests.get(Backend().share_link(message), timeout=5)
    assert answer.status_code == 200
    assert message.link in answer.text
