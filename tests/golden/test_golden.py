"""What readers see: an article a language, on every network. Read the files aloud when they change.

``UPDATE_GOLDEN=1 pytest tests/golden`` writes them anew; their diff is the review.
"""

import os
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from tests.sandbox.conftest import loaded, loaded_module  # noqa: F401 (fixtures)
from wagtail_syndicate.backends import registry
from wagtail_syndicate.compose.text import one_line
from wagtail_syndicate.delivery import content
from wagtail_syndicate.management.commands.syndicate_preview import for_network, readable
from wagtail_syndicate.types import Reach


FOLDER = Path(__file__).parent
# With a teaser of one sentence, of several, without any; none depends on a field that a site may not have.
ARTICLES = {
    "de": "wie-viel-ozon-braucht-ein-regentag",
    "en": "boston-lab-calibrates-nitrate-probes",
    "fr": "quand-l-eau-du-reseau-prend-chaud",
    "ja": "saigai-suishitsukei-kashidashi",
    "ru": "seminar-onlayn-kontrol-vody-2027",
    "zh-hans": "2027-shuizhi-zaixian-jiance-jiaoliuhui",
}
BACKENDS = [registry.get(name) for name in registry.built_in() if name not in ("memory", "webhook")]
BACKENDS = [backend for backend in BACKENDS if backend.reach != Reach.ASSISTED or backend.name == "xing"]


def article_in(language, pages):
    page = next(page for page in pages if page.slug == ARTICLES[language])
    article = content.article_of(page)
    return replace(article, url=f"https://newsroom.example.org/{language}/{page.slug}/")


@pytest.mark.parametrize("language", ARTICLES)
def test_posts_read_as_they_were_approved(language, loaded):  # noqa: F811
    posts = [for_network(article_in(language, loaded), backend) for backend in BACKENDS]
    text = "\n\n".join(map(readable, posts)) + "\n"
    file = FOLDER / f"{language}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), "See above; UPDATE_GOLDEN=1 approves it."


@pytest.mark.parametrize("language", ARTICLES)
def test_one_article_is_not_one_text_cut_at_many_lengths(language, loaded):  # noqa: F811
    """Six networks' posts have six shapes, and mostly other words: each pair differs in more than the length."""
    article = article_in(language, loaded)
    shown = ("x", "mastodon", "linkedin", "telegram", "weibo", "vk")
    posts = [for_network(article, backend) for backend in BACKENDS if backend.name in shown]
    words = {one_line(own_words(post, article)) for post in posts}
    assert len(words) >= 4
    for one, other in combinations(posts, 2):
        differences = sum(a != b for a, b in zip(shape(one, article), shape(other, article), strict=True))
        assert differences >= 2, (one["network"], other["network"])


def own_words(post, article):
    """A post's text without title, link and hashtags."""
    lines = [
        line for line in post["text"].splitlines() if not line.startswith(("#", "http")) and line != article.title
    ]
    return "\n".join(lines).replace(f"【{article.title}】", "").strip()


def shape(post, article):
    """What a reader sees of a post before reading it."""
    text = post["text"]
    body = own_words(post, article)
    return {
        "title": "bold" if post["bold"] else article.title in text,
        "link": article.url in text,
        "tags": text.count("#"),
        "paragraphs": body.count("\n\n"),
        "opening": len(body.split("\n")[0]),
        "length": len(body) // 60,
    }.values()
