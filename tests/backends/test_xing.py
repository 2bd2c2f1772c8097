"""XING: nothing to connect, nothing to send; a share link, a limit and honest words."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import requests

from wagtail_syndicate.backends import registry
from wagtail_syndicate.backends.xing import Backend
from wagtail_syndicate.testing import BackendConformance
from wagtail_syndicate.types import LinkPlace, Reach, Region


def test_facts_for_the_rest_of_the_package():
    assert registry.get("xing") is Backend
    assert (Backend.reach, Backend.region) == (Reach.ASSISTED, Region.DACH)


def test_a_company_page_is_an_account():
    (door,) = Backend.auth
    assert [field.name for field in door.fields] == ["handle", "profile_url"]
    assert "company page" in str(door.fields[0].label)


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


class TestXINGConformance(BackendConformance):
    backend = Backend
