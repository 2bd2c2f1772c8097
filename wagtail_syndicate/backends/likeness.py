"""Whether a post that a network shows is the one that was sent."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote


def fingerprint(text: str) -> str:
    """``text`` without everything that networks change on the way: spaces, quotes, case, schemes and encoding of URLs.

    Only letters and digits are left; all of the text when it has none (emoji).
    """
    text = unicodedata.normalize("NFKC", unquote(text)).casefold()
    return re.sub(r"https?://|[\W_]+", "", text) or re.sub(r"\s+", "", text)


def same_text(sent: str, shown: str) -> bool:
    """Whether ``shown``, with shortened links already written out, says what ``sent`` says."""
    return fingerprint(sent) == fingerprint(shown)
