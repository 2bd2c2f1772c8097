"""ROUGE for any script: the mean F1 of common words, pairs of words and the longest common sequence.

A character is a word in Chinese, Japanese and Korean, where the usual tokenizer finds none.
"""

import unicodedata
from collections import Counter

import regex


TOKEN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]|[^\W\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+")


def tokens(text: str) -> list[str]:
    return TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def score(ours: list[str], editors: list[str]) -> float:
    """How near a summary is to the editor's, from 0 to 1: the mean of ROUGE-1, ROUGE-2 and ROUGE-L, each as F1."""
    if not ours or not editors:
        return 0.0
    pairs = list(zip(ours, ours[1:], strict=False)), list(zip(editors, editors[1:], strict=False))
    return (
        f1(common(ours, editors), len(ours), len(editors))
        + f1(common(*pairs), len(pairs[0]), len(pairs[1]))
        + f1(common_sequence(ours, editors), len(ours), len(editors))
    ) / 3


def f1(matches: int, ours: int, theirs: int) -> float:
    return 2 * matches / (ours + theirs) if matches else 0.0


def common(ours: list, theirs: list) -> int:
    return sum((Counter(ours) & Counter(theirs)).values())


def common_sequence(ours: list[str], theirs: list[str]) -> int:
    """The length of the longest common subsequence, with a row of the table in the bits of one number (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, token in enumerate(theirs):
        places[token] = places.get(token, 0) | 1 << place
    row = full = (1 << len(theirs)) - 1
    for token in ours:
        matching = row & places.get(token, 0)
        row = ((row + matching) | (row - matching)) & full
    return len(theirs) - row.bit_count()
