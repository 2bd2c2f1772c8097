"""Reddit: a form for a new post that takes address and title; the title is the post."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import requests

from wagtail_syndicate.backends.reddit import Backend
from wagtail_syndicate.testing import BackendConformance
from wagtail_syndicate.types import LinkPlace, Region


TRICKY = "https://www.example.com/neu/?a=1&b=ü ü#oben"


def test_facts_for_the_rest_of_the_package():
    assert (str(Backend.label), Backend.region) == ("Reddit", Region.GLOBAL)
    assert (Backend.limits.length, Backend.limits.link, Backend.limits.images) == (300, LinkPlace.CARD, None)
    assert Backend.limits.count("ü👍") == 2


def test_share_link(message):
    link = Backend().share_link(replace(message, link=TRICKY))
    assert link.startswith("https://www.reddit.com/submit?url=https%3A%2F%2Fwww")
    assert "+" not in link
    assert parse_qs(urlsplit(link).query) == {"url": [TRICKY], "title": ["The new bridge"]}
    assert Backend().share_link(replace(message, link="")) == ""


def test_the_editors_wording_is_the_title(message):
    worded = Backend().share_link(replace(message, text="Bicycles\nfirst", source="account"))
    assert parse_qs(urlsplit(worded).query)["title"] == ["Bicycles first"]
    long = Backend().share_link(replace(message, title="x" * 400))
    assert parse_qs(urlsplit(long).query)["title"] == ["x" * 300]


def test_the_fake_dialog_takes_the_link(fakenet, message):
    answer = requests.get(Backend().share_link(message), timeout=5)
    assert answer.status_code == 200
    assert message.link in answer.text


class TestRedditConformance(BackendConformance):
    backend = Backend
