"""X's texts as it shows them: escaped for HTML, links replaced by its own short ones.

Source: docs.x.com (2026-08), the entities of posts.
"""

from __future__ import annotations

import html
from typing import Any


def plain_text(post: dict[str, Any]) -> str:
    """What a post says, with X's short links written out and without the links that stand for its pictures."""
    text = html.unescape(post.get("text") or "")
    for link in (post.get("entities") or {}).get("urls") or ():
        text = text.replace(link["url"], "" if link.get("media_key") else link.get("expanded_url") or "")
    return text
