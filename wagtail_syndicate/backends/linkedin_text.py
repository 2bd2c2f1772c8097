"""LinkedIn's little text format: the texts of posts, with backslashes before what it reserves.

Source: learn.microsoft.com/linkedin, "little text format" (versions 2023-03 to 2026-05). From a reserved character
without a backslash on, a text vanishes without an error (n8n-io/n8n#10179, PipedreamHQ/pipedream#17353).
"""

from __future__ import annotations

import re


# What is reserved, but for the "#" of a hashtag: one word with a letter in it, after white space.
RESERVED = re.compile(r"[|{}@\[\]()<>\\*_~]|#(?!(?<!\S.)\d*[^\W\d_])", re.DOTALL)
HASHTAG = re.compile(r"\{hashtag\|\\?([#＃])\|(.*?)(?<!\\)\}", re.DOTALL)
MENTION = re.compile(r"(?<!\\)@\[(.*?)(?<!\\)\]\(.*?(?<!\\)\)", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def little(text: str) -> str:
    """``text`` in the little text format, hashtags left alive. A hashtag ends before its first underscore."""
    return RESERVED.sub(lambda found: f"\\{found[0]}", text)


def plain_text(commentary: str) -> str:
    """What a text in the little text format says."""
    return ESCAPED.sub(r"\1", MENTION.sub(r"\1", HASHTAG.sub(r"\1\2", commentary)))
