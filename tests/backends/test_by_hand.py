"""Networks where a person posts: nothing to connect, nothing to send; a link, a limit and honest words."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from wagtail_syndicate.backends import hatena, kakao, reddit, registry, viadeo
from wagtail_syndicate.backends.auth import NoDoor
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.testing import BackendConformance
from wagtail_syndicate.types import Article, Connection, LinkPlace, Reach, Region


BY_HAND = [reddit.Backend, hatena.Backend, kakao.Backend, viadeo.Backend]
TRICKY = "https://www.example.com/neu/?a=1&b=ü ü#oben"
ARTICLE = Article(
    "The new bridge",
    "https://www.example.com/bridge/",
    "en",
    teaser="The new bridge over the river opens on Monday, and it is free for bicycles and for people on foot. " * 5,
)


@pytest.mark.parametrize("backend", BY_HAND)
def test_a_person_posts(backend, message):
    assert registry.get(backend.name) is backend
    assert backend.reach == Reach.ASSISTED
    assert not backend().can_find()
    with pytest.raises(NotImplementedError):
        backend().publish(message, [], "key-1")
    with pytest.raises(NotImplementedError):
        backend().find(message, datetime.now(UTC))


@pytest.mark.parametrize("backend", BY_HAND)
def test_nothing_secret_is_asked_for(backend):
    (door,) = backend.auth
    assert isinstance(door, NoDoor)
    assert [field.required for field in door.fields] == [True, False]
    assert door.fields[0].name == "handle"
    assert not any(field.secret for field in door.fields)


@pytest.mark.parametrize("backend", BY_HAND)
def test_a_generated_text_fits(backend):
    composed = compose(ARTICLE, backend.limits, backend.style)
    assert 0 < backend.limits.count(composed.text) <= backend.limits.length
    assert (ARTICLE.url in composed.text) == (backend.limits.link == LinkPlace.TEXT)


@pytest.mark.parametrize(
    ("backend", "region", "length", "start", "query"),
    [
        (
            reddit.Backend,
            Region.GLOBAL,
            300,
            "https://www.reddit.com/submit?url=https%3A%2F%2Fwww",
            {"url": [TRICKY], "title": ["The new bridge"]},
        ),
        (
            hatena.Backend,
            Region.JAPAN,
            100,
            "https://b.hatena.ne.jp/entry/panel/?url=https%3A%2F%2Fwww",
            {"url": [TRICKY], "btitle": ["The new bridge"]},
        ),
        (kakao.Backend, Region.KOREA, 2000, "https://story.kakao.com/share?url=https%3A%2F%2Fwww", {"url": [TRICKY]}),
    ],
)
def test_share_links(backend, region, length, start, query, message):
    link = backend().share_link(replace(message, link=TRICKY))
    assert (backend.region, backend.limits.length) == (region, length)
    assert link.startswith(start)
    assert "+" not in link
    assert parse_qs(urlsplit(link).query) == query
    assert backend().share_link(replace(message, link="")) == ""


def test_on_reddit_the_editors_wording_is_the_title(message):
    worded = reddit.Backend().share_link(replace(message, text="Bicycles\nfirst", source="account"))
    assert parse_qs(urlsplit(worded).query)["title"] == ["Bicycles first"]
    long = reddit.Backend().share_link(replace(message, title="x" * 400))
    assert parse_qs(urlsplit(long).query)["title"] == ["x" * 300]


@pytest.mark.parametrize("backend", [reddit.Backend, hatena.Backend, kakao.Backend])
def test_the_fake_dialogs_take_the_link(backend, fakenet, message):
    answer = requests.get(backend().share_link(message), timeout=5)
    assert answer.status_code == 200
    assert message.link in answer.text


def test_viadeo_is_offered_only_where_settings_name_it(settings):
    assert "viadeo" not in registry.names()
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"viadeo": {}}}
    assert registry.names() == ["viadeo"]
    assert viadeo.Backend.retired
    assert str(viadeo.Backend.label) == "Viadeo"


@pytest.mark.parametrize(
    ("page", "opened"),
    [
        ("https://intranet.example.com/viadeo/", "https://intranet.example.com/viadeo/"),
        ("", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_viadeo_opens_the_page_that_an_admin_named(page, opened, message):
    assert viadeo.Backend(Connection(options={"page_url": page})).share_link(message) == opened
    assert viadeo.Backend().share_link(message) == ""


def test_viadeo_knows_no_address_of_its_own():
    assert viadeo.Backend.hosts == {}


class TestRedditConformance(BackendConformance):
    backend = reddit.Backend


class TestHatenaConformance(BackendConformance):
    backend = hatena.Backend


class TestKakaoConformance(BackendConformance):
    backend = kakao.Backend


class TestViadeoConformance(BackendConformance):
    backend = viadeo.Backend
