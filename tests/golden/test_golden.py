"""What readers see: an article a language, on every network. Read the files aloud when they change.

``UPDATE_GOLDEN=1 pytest tests/golden`` writes them anew; their diff is the review.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sandbox.conftest import loaded, loaded_module  # noqa: F401 (fixtures)
from wagtail_syndicate.backends import registry
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
    article = article_in(language, loaded)
    shown = ("x", "mastodon", "linkedin", "telegram", "weibo", "vk")
    texts = [for_network(article, backend)["text"] for backend in BACKENDS if backend.name in shown]
    assert len(set(texts)) == len(shown)
    assert not any(longer.startswith(text) for text in texts for longer in texts if longer != text)
