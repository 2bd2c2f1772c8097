"""KakaoStory: a share dialog that takes the address and nothing else."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import requests

from wagtail_syndicate.backends.kakao import Backend
from wagtail_syndicate.testing import BackendConformance
from wagtail_syndicate.types import LinkPlace, Region


TRICKY = "https://www.example.com/neu/?a=1&b=ü ü#oben"


def test_facts_for_the_rest_of_the_package():
    assert (str(Backend.label), Backend.region) == ("KakaoStory", Region.KOREA)
    assert (Backend.limits.length, Backend.limits.link, Backend.limits.images) == (2000, LinkPlace.CARD, None)
    assert Backend.limits.count("ü👍") == 2


def test_share_link(message):
    link = Backend().share_link(replace(message, link=TRICKY))
    assert link.startswith("https://story.kakao.com/share?url=https%3A%2F%2Fwww")
    assert "+" not in link
    assert parse_qs(urlsplit(link).query) == {"url": [TRICKY]}
    assert Backend().share_link(replace(message, link="")) == ""


def test_the_fake_dialog_takes_the_link(fakenet, message):
    answer = requests.get(Backend().share_link(message), timeout=5)
    assert answer.status_code == 200
    assert message.link in answer.text


class TestKakaoStoryConformance(BackendConformance):
    backend = Backend
