"""The sentences of an article that are worth a post: the first whole ones that fit, or others that are clearly better.

From running text only. How much is gained over the first sentences alone is measured by ``bench/summaries.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby
from operator import attrgetter

import regex

from wagtail_syndicate.compose.analysis import Sentence, analyse, units
from wagtail_syndicate.compose.cutting import cut
from wagtail_syndicate.compose.ranking import better_span
from wagtail_syndicate.compose.sentences import is_complete, split
from wagtail_syndicate.compose.text import glue, paragraphs, width
from wagtail_syndicate.types import Article, Style


ANY_STYLE = Style()
LONELY = 40
"""Width below which a sentence says too little to be all that is left of a paragraph."""
SHORT = 2
"""Sentences in a short paragraph; a last one more is not left alone."""
ASKS = regex.compile(r"[?？\u061f\u037e]\P{L}*$")
APART = " · "
"""What stands between items of a list, or other lines that end without punctuation, in the same paragraph."""
REPEATS = 0.4
"""Share of words that were said already from which on a text says nothing new."""


def summarise(
    article: Article,
    budget: int,
    count: Callable[[str], int],
    limit: int | None = None,
    style: Style = ANY_STYLE,
    length: Callable[[str], int] = len,
) -> str:
    """A summary of an article's body, in the body's own words. Same input, same output.

    :param budget: the length to aim at, in the units of ``count``.
    :param count: the length of the whole post with a text in it; :param length: that of a text alone, in such units.
    :param limit: the length that a single sentence may take rather than be cut; the budget unless given.
    :param style: how many sentences and paragraphs the network's posts have.
    :returns: whole sentences that stand together in the body; the first one cut with "…" when it alone is too long;
        "" when there is no running text or nothing fits.
    """
    analysis = analyse(article)
    empty = count("")
    if span := better_span(analysis, length, budget - empty, style.sentences):
        # What is best may be short: where the network has so many sentences, the next ones follow.
        found = analysis.sentences[analysis.sentences.index(span[0]) :] if style.sentences else span
        text = fill(by_paragraph(found), budget, count, limit, style)
        if span[-1].text in text:
            return text
    return fill(analysis.paragraphs, budget, count, limit, style)


def shorten(
    text: str,
    budget: int,
    count: Callable[[str], int],
    limit: int | None = None,
    style: Style = ANY_STYLE,
    language: str = "",
    then: Sequence[list[str]] = (),
) -> str:
    """A text that somebody wrote, by the same rules: all of it, else its first whole sentences, else a cut.

    :param then: sentences, by paragraph, that go on where there is room.
    """
    return fill([*(split(part, language) for part in paragraphs(text)), *then], budget, count, limit, style)


def rest(article: Article, said: str) -> list[list[str]]:
    """The body's sentences, by paragraph, from the first that stands alone and repeats nothing of what was said."""
    sentences = analyse(article).sentences
    return by_paragraph(sentences[next(fresh(sentences, said), len(sentences)) :])


def apart(article: Article, said: str) -> list[list[str]]:
    """The same, for who reads it apart from what was said: not from the middle of a paragraph, except of the first one
    as long as nothing of it was said, nor from a few words that announce what comes, where there is anything else."""
    sentences = analyse(article).sentences
    begun = {sentence.paragraph for sentence in sentences if sentence.text in said}

    def begins_well(number: int) -> bool:
        paragraph = sentences[number].paragraph
        opens = not number or sentences[number - 1].paragraph != paragraph
        return paragraph not in begun and (opens or not paragraph) and sentences[number].width >= LONELY

    first = next(fresh(sentences, said), len(sentences))
    return by_paragraph(sentences[next(filter(begins_well, fresh(sentences, said)), first) :])


def fresh(sentences: Sequence[Sentence], said: str) -> Iterator[int]:
    """Which sentences stand alone and repeat nothing."""
    return (number for number, one in enumerate(sentences) if one.alone and not repeats(one.units, said))


def by_paragraph(sentences: Iterable[Sentence]) -> list[list[str]]:
    return [[s.text for s in group] for _paragraph, group in groupby(sentences, key=attrgetter("paragraph"))]


def repeats(words: frozenset[str], said: str) -> bool:
    """Whether words (as :func:`units` gives them) say little that was not said."""
    return len(words & heard(said)) >= REPEATS * len(words)


@lru_cache(maxsize=32)
def heard(said: str) -> frozenset[str]:
    return frozenset(units(said))


def fill(parts: list[list[str]], budget: int, count: Callable[[str], int], limit: int | None, style: Style) -> str:
    """The first sentences of the parts that fit together: as many as the style has, more while less than half is full.

    Questions in a row stay together. A short sentence that opens a paragraph announces what comes: it does not stand
    last where it can be left out.
    """
    text = without = last = ""
    count = cache(count)
    empty = count("")

    def half_full(text: str) -> bool:
        return 2 * max(count(text) - empty, width(text)) >= budget - empty

    for number, (before, sentence, opens) in enumerate(spaced(parts, style)):
        is_lonely = bool(without) and not opens
        may_end = half_full(without) if is_lonely else half_full(text) and not asks_on(last, sentence)
        is_enough = 0 < style.sentences <= number and may_end
        if is_enough or count(text + before + sentence) > budget:
            kept = without if is_lonely and half_full(without) else text
            return kept or one_sentence(sentence, budget, count, limit)
        without = text if opens and width(sentence) < LONELY else ""
        text += before + sentence
        last = sentence
    return text


def spaced(parts: list[list[str]], style: Style) -> Iterator[tuple[str, str, bool]]:
    """Each sentence, the white space before it, and whether it opens a paragraph.

    Where the first sentence stands alone, paragraphs are short.
    """
    hook = style.hook
    last = ""
    together = 0
    for part in parts:
        for place, sentence in enumerate(part):
            ends_hook = hook and last and not asks_on(last, sentence)
            is_full = style.hook and style.paragraphs and together >= SHORT and len(part) > place + 1
            if not last:
                yield "", sentence, True
            elif ends_hook or (style.paragraphs and place == 0) or is_full:
                yield "\n\n", sentence, place == 0
                together = 0
            else:
                is_apart = place == 0 and not is_complete(last)
                yield (APART if is_apart else glue(last, sentence)), sentence, place == 0
            together += 1
            hook = hook and not ends_hook
            last = sentence


def asks_on(last: str, sentence: str) -> bool:
    """Whether a sentence asks on after a question."""
    return bool(ASKS.search(last) and ASKS.search(sentence))


def one_sentence(sentence: str, budget: int, count: Callable[[str], int], limit: int | None) -> str:
    """A sentence that is longer than the budget: whole as far as the limit, else cut."""
    most = budget if limit is None else limit
    if count(sentence) <= most:
        return sentence
    return cut(sentence, budget, count) or cut(sentence, most, count)
