"""Shortening a text that does not fit as a whole: at a clause, else at a word, never inside a character or address."""

from __future__ import annotations

from collections.abc import Callable

import regex

from wagtail_syndicate.compose.text import is_wide


ELLIPSIS = "…"
CLAUSE_SHARE = 0.6
"""A clause is preferred when it keeps at least this share of what a cut at the last word would keep."""

WHOLE = regex.compile(r"https?://[^\s\p{Han}\p{Hiragana}\p{Katakana}。、，！？；：）」』]+|[#＃@]\w+|&#?\w+;")
CLUSTER = regex.compile(r"\X")
# What may not begin a line in Chinese and Japanese: closing punctuation, small Kana, marks of length and repetition.
NO_START = regex.compile(
    r"[\p{Pe}\p{Pf}\p{Po}ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶーｰ々〻ゝゞヽヾ～〜—―\u00a0\u202f%％℃°]"
)
NO_END = regex.compile(r"[\p{Ps}\p{Pi}#＃@\u00a0\u202f—―]")
CLAUSE_END = regex.compile(r"[,;:–—，；：、]\s*$|(?<=[\p{Han}\p{Kana}\p{Hiragana}])[,;:]$")
OPENS = regex.compile(r"\s*\p{Ps}")
DANGLING = regex.compile(r"[\s.,;:\p{Pd}\p{Ps}\p{Pi}。、，；：・]+", regex.REVERSE)


def cut(text: str, budget: int, count: Callable[[str], int]) -> str:
    """The text, or as much of its beginning as fits the budget, with "…" at the end.

    :param budget: the most that ``count`` may give.
    :param count: the length of a text, in the network's units; called with the ellipsis included.
    :returns: "" when not even one word or character fits.
    """
    if count(text) <= budget:
        return text
    wholes = [match.span() for match in WHOLE.finditer(text, overlapped=True)]
    clusters = [match.end() for match in CLUSTER.finditer(text)][:-1]
    outside = [end for end in clusters if not any(a < end < b for a, b in wholes)]
    words = [end for end in outside if may_part(text, end)]
    # A single word that does not fit is parted all the same: Thai, Lao and Khmer have no spaces between words.
    return longest(text, words, wholes, budget, count) or longest(text, outside, wholes, budget, count)


def may_part(text: str, end: int) -> bool:
    """Whether a line might end here: before white space, or between characters of scripts without spaces."""
    before, after = text[end - 1], text[end]
    if after.isspace() and after not in "\u00a0\u202f":
        return not before.isspace()
    return (is_wide(before) or is_wide(after)) and not NO_START.match(after) and not NO_END.match(before)


def longest(
    text: str, ends: list[int], wholes: list[tuple[int, int]], budget: int, count: Callable[[str], int]
) -> str:
    """The longest beginning that stops at one of ``ends`` and fits; a clause rather than a word."""
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        if count(stopped(text, ends[middle], wholes)) <= budget:
            low = middle + 1
        else:
            high = middle
    # Counting is not strictly increasing: a longer part may turn into an address, which costs less or more.
    fitting = (
        (end, part) for end in reversed(ends[:low]) if (part := stopped(text, end, wholes)) and count(part) <= budget
    )
    last, kept = next(fitting, (0, ""))
    for end, part in fitting:
        if end < CLAUSE_SHARE * last:
            break
        if CLAUSE_END.search(text[max(0, end - 4) : end]) or OPENS.match(text, end):
            return part
    return kept


def stopped(text: str, end: int, wholes: list[tuple[int, int]]) -> str:
    """The beginning of the text with an ellipsis; "" when nothing but punctuation is left."""
    if any(b == end for _, b in wholes):
        # Set off, so that nobody takes it for a part of the address.
        return f"{text[:end]} {ELLIPSIS}"
    dangling = DANGLING.match(text, 0, end)
    kept = text[: dangling.start() if dangling else end]
    if any(a < len(kept) < b for a, b in wholes):
        return f"{text[:end]} {ELLIPSIS}"
    return kept and kept + ELLIPSIS
