"""What all networks have in common where a person posts: nothing to connect, nothing to send, a text that fits."""

from datetime import UTC, datetime

import pytest

from wagtail_syndicate.backends import registry
from wagtail_syndicate.backends.auth import NoDoor
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.types import Article, LinkPlace, Reach


BY_HAND = [backend for backend in map(registry.get, registry.built_in()) if backend.reach == Reach.ASSISTED]
ARTICLE = Article(
    "The new bridge",
    "https://www.example.com/bridge/",
    "en",
    teaser="The new bridge over the river opens on Monday, and it is free for bicycles and for people on foot. " * 5,
)


def test_who_is_posted_to_by_hand():
    assert {backend.name for backend in BY_HAND} == {"hatena", "kakao", "reddit", "viadeo", "xing"}


@pytest.mark.parametrize("backend", BY_HAND)
def test_a_person_posts(backend, message):
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
