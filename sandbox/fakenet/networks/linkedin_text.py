"""LinkedIn: reading the little text format, as its parser does.

Source: the grammar in learn.microsoft.com/linkedin, "little text format" (2026-05). Where the text breaks the grammar,
all that follows is dropped without an error (n8n-io/n8n issue 10179, ComposioHQ/composio issue 3185).
"""

import regex


RESERVED = r"|{}@\[\]()<>#\\*_~"
_PART = regex.compile(
    rf"""
      (?P<plain> [^{RESERVED}]+ )
    | \\(?P<escaped> [{RESERVED}] )
    | \#(?P<word> [\p{{L}}\p{{M}}\p{{N}}]+ )
    | \{{hashtag\|\\?(?P<sign>[\#＃])\|(?P<value> (?: [^{RESERVED}] | \\[{RESERVED}] )+ )\}}
    | @\[(?P<name> (?: [^{RESERVED}] | \\[{RESERVED}] )+ )\]\((?P<urn> urn:li:(?:person|organization):[\w-]+ )\)
    """,
    regex.VERBOSE,
)


def read(commentary: str) -> tuple[str, list[str]]:
    """What readers see of a commentary, and the hashtags in it; whatever follows a mistake is lost."""
    shown, tags, position = [], [], 0
    while found := _PART.match(commentary, position):
        position = found.end()
        if found["word"] or found["value"]:
            tag = found["word"] or _without_backslashes(found["value"])
            tags.append(tag)
            shown.append((found["sign"] or "#") + tag)
        else:
            shown.append(found["plain"] or found["escaped"] or _without_backslashes(found["name"]))
    return "".join(shown), tags


def _without_backslashes(text):
    return regex.sub(r"\\(.)", r"\1", text)
