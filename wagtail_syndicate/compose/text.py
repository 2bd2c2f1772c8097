"""Text as networks take it: NFC, no control characters, tidy white space."""

from __future__ import annotations

import unicodedata

import regex


NEWLINES = regex.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
# Lone surrogates cannot be sent; U+FEFF, U+FFFE and U+FFFF make X refuse a post (twitter-text, read 2026-11).
NEVER = regex.compile(r"[\p{Cs}\p{Noncharacter_Code_Point}\ufeff]|(?!\n)\p{Cc}")
SPACES = regex.compile(r"[ \t\n\u1680\u2000-\u200a\u205f\u3000\ufffc]+")
SOFT = regex.compile(r"[\u00ad\u200b\u2060]")
WIDE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\u3000-\u303f\uff00-\uffef]")
CLOSING = regex.compile(r"[\p{Pf}\"'\s]+$")
WIDE_MARK = regex.compile(r"(?=\p{P})[\u3001-\u303f\uff01-\uffef]")
BREAKS = regex.compile(r"\n\s*\n\s*")


def clean(text: str) -> str:
    """The text in NFC, without control characters except the line feed; its white space as it is."""
    text = NEWLINES.sub("\n", text).replace("\t", " ")
    return unicodedata.normalize("NFC", NEVER.sub("", text))


def one_line(text: str) -> str:
    """The text as one line: white space collapsed and stripped, no invisible hyphens. No-break spaces stay."""
    if text.isascii() and text.isprintable() and "  " not in text:  # as most texts of Latin letters are, by now
        return text.strip()
    return SPACES.sub(" ", SOFT.sub("", clean(text))).strip()


def paragraphs(text: str) -> list[str]:
    """The text's paragraphs, which blank lines part, each as one line."""
    return [line for part in BREAKS.split(clean(text)) if (line := one_line(part))]


def is_wide(character: str) -> bool:
    """Whether the character belongs to a script that is written without spaces between sentences: Han, Kana."""
    return bool(WIDE.match(character))


def width(text: str) -> int:
    """The room that a text takes: a Chinese character that of two letters."""
    return len(text) if text.isascii() else len(text) + len(WIDE.findall(text))


def glue(before: str, after: str) -> str:
    """What stands between two sentences: nothing in scripts without spaces, else a space."""
    core = CLOSING.sub("", before)[-1:]
    after = after.lstrip("“‘\"'")
    if WIDE_MARK.match(core) or not core or not after:
        return "" if core else " "
    # "……" and "——" stand in both kinds of scripts: what comes next tells which this is.
    return "" if is_wide(after[0]) and (is_wide(core) or core in "…—") else " "
