"""Which neighbouring sentences of an article make a better post than its first ones.

Spans of whole sentences are scored by a small forest of regression trees, the same for all languages: where a span
begins, how much of the title and of the text's topics it holds, how near it is to the whole. The first sentences stay
unless another span wins clearly: on news nothing beats them, on other pages greetings, notes on status and credits
come first. ``bench/fit_ranking.py`` grows the trees and writes ``ranking.json``; ``bench/summaries.py`` measures them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from wagtail_syndicate.compose import forest
from wagtail_syndicate.compose.analysis import Analysis, Sentence


FIRST = 24
"""Sentences among which a span may begin."""
LONGEST = 12
"""Sentences that a span may have."""
SAMPLE = 4
"""Sentences that tell how a network counts this text."""
MARGIN = 0.025
"""By how much a span's score must be better than that of the first sentences. With less, long posts in English get
worse (2026-11)."""


def features(analysis: Analysis, first: int, last: int) -> list[float]:
    """What the trees know of the span from sentence ``first`` to ``last``; its order is that of ``ranking.json``."""
    span = analysis.sentences[first : last + 1]
    held = frozenset().union(*(sentence.units for sentence in span))
    in_title = len(analysis.title & held)
    width, capitals, digits, commas = (
        after - before for before, after in zip(analysis.sums[first], analysis.sums[last + 1], strict=True)
    )
    return [
        math.log1p(first),
        first / len(analysis.sentences),
        len(span),
        math.log1p(width),
        math.log1p(span[0].width),
        in_title / len(analysis.title) if analysis.title else 0.0,
        in_title / (len(held) or 1),
        span[0].title,
        len(analysis.topics & held) / (len(analysis.topics) or 1),
        max(sentence.central for sentence in span),
        capitals / (width or 1),
        digits / (width or 1),
        commas / len(span),
    ]


def better_span(analysis: Analysis, length: Callable[[str], int], budget: int, longest: int = 0) -> list[Sentence]:
    """The neighbouring sentences that are clearly better than the first ones that fit.

    :param length: how the network counts; :param budget: how much the sentences may add to the post, about.
    :param longest: how many sentences there may be; 0: any number.
    :returns: nothing when the first sentences are good enough, or not even one of them fits.
    """
    spans = fitting(analysis, length, budget, longest or LONGEST)
    lead = max((last for first, last in spans if first == 0), default=None)
    if lead is None:
        return []
    # A text that begins with "However" or "He" has no right to that beginning: whatever is better is taken.
    margin = MARGIN if analysis.sentences[0].alone else 0.0
    best, found = score_of(analysis, 0, lead) + margin, slice(0)
    for first, last in spans:
        if first and score_of(analysis, first, last) > best:
            best, found = score_of(analysis, first, last), slice(first, last + 1)
    return list(analysis.sentences[found])


def fitting(
    analysis: Analysis, length: Callable[[str], int], budget: int, longest: int = LONGEST
) -> list[tuple[int, int]]:
    """The first and last sentence of each span that fits the budget and can be understood by itself."""
    spans = []
    each = lengths(analysis, length)
    for first in range(min(FIRST, len(each))):
        if first and not analysis.sentences[first].alone:
            continue
        total = 0
        for last in range(first, min(first + longest, len(each))):
            total += each[last] + 1
            if total > budget:
                break
            spans.append((first, last))
    return spans


def score_of(analysis: Analysis, first: int, last: int) -> float:
    """The score of a span, worked out once for all networks."""
    if (first, last) not in analysis.scores:
        analysis.scores[first, last] = forest.ranking()(features(analysis, first, last))
    return analysis.scores[first, last]


def lengths(analysis: Analysis, length: Callable[[str], int]) -> list[int]:
    """About how long the sentences are, by what ``length`` makes of the first ones; once for all that count alike.

    Whoever takes a span counts it exactly.
    """
    if length not in analysis.lengths:
        sample = " ".join(sentence.text for sentence in analysis.sentences[:SAMPLE])
        share = length(sample) / len(sample) if sample else 1.0
        near = analysis.sentences[: FIRST + LONGEST]
        analysis.lengths[length] = [math.ceil(len(sentence.text) * share) for sentence in near]
    return analysis.lengths[length]
