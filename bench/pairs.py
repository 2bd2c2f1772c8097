"""Pairs "article, teaser by the site's own editor" to measure summaries with."""

import json
from pathlib import Path

from wagtail_syndicate.types import Article, Block


def read_pairs(path: Path) -> list[dict]:
    """The pairs of a file, one JSON object a line.

    Each has ``id``, ``lang``, ``title``, ``text`` (its paragraphs parted by blank lines), ``summary`` (the editor's),
    ``domain`` (``cms`` or news) and ``set`` (where it is from).
    """
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def article_of(pair: dict) -> Article:
    blocks = tuple(Block("paragraph", text) for text in pair["text"].split("\n\n"))
    return Article(title=pair["title"] or "", url="https://example.org/", language=pair["lang"], blocks=blocks)


def budgets(language: str) -> tuple[int, int]:
    """A small and a large budget, in characters: a post on X or Weibo, one on LinkedIn."""
    return {"zh": (70, 140), "ja": (70, 140), "ko": (100, 200)}.get(language.split("-")[0], (200, 400))
