"""What an article without tags is about: words of its title that its text returns to.

More than half of what any method finds in a text alone are no tags that an editor would give (measured 2026-11), so
only words of the title are taken, and only for accounts that ask for them.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import regex

from wagtail_syndicate.compose.analysis import Analysis
from wagtail_syndicate.types import Article


WORD = regex.compile(r"[\p{L}\p{M}][\p{L}\p{M}\p{N}'’-]*")
WIDE_RUN = regex.compile(r"\p{Han}+|[\p{Katakana}ー]+|\p{Hangul}+")
HAS_WIDE = regex.compile(r"[\p{Han}\p{Katakana}\p{Hiragana}]")
SHORTEST = 4
"""Letters below which a word is a particle more often than a topic."""
COMMON = 0.4
"""Share of the sentences above which a word belongs to the language, not to the topic."""


def key_phrases(article: Article, analysis: Analysis) -> list[str]:
    """The words or, in Chinese and Japanese, runs of characters, the likeliest topic first."""
    texts = [sentence.text.casefold() for sentence in analysis.sentences]
    found = Counter()
    for place, phrase in enumerate(candidates(article.title)):
        among = sum(phrase.casefold() in text for text in texts)
        if among >= 2 and (among <= COMMON * len(texts) or among <= 3):
            found.setdefault(phrase, among * 100 - place)
    return [phrase for phrase, _weight in found.most_common()]


def candidates(title: str) -> list[str]:
    if not HAS_WIDE.search(title):
        return [word for word in WORD.findall(title) if len(word) >= SHORTEST]
    phrases = []
    for run in WIDE_RUN.findall(title):
        phrases += [run] if len(run) <= SHORTEST else ["".join(pair) for pair in pairwise(halves(run))]
    return [phrase for phrase in phrases if len(phrase) > 1]


def halves(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(0, len(run), 2)]
