"""What the demo prints: each article with what its networks received, then the networks in one table."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from sandbox.stage.newsroom import Row
from wagtail_syndicate.backends import registry


INDENT = "      "


def width_of(text: str) -> int:
    """Columns of a terminal that ``text`` takes: East Asian characters take two, combining ones none."""
    columns = 0
    for sign in text:
        if not unicodedata.combining(sign):
            columns += 2 if unicodedata.east_asian_width(sign) in "WF" else 1
    return columns


def padded(text: str, columns: int) -> str:
    """``text`` with spaces up to a number of columns."""
    return text + " " * (columns - width_of(text))


def wrapped(line: str, columns: int) -> Iterator[str]:
    """``line`` in pieces that fit into so many columns, cut at spaces where there are any."""
    while width_of(line) > columns:
        end = next(end for end in range(1, len(line) + 1) if width_of(line[:end]) > columns) - 1
        end = max(end, 1)
        space = end if line[end] == " " else line.rfind(" ", 0, end)
        cut = space if space > 0 else end
        yield line[:cut].rstrip()
        line = line[cut:].lstrip()
    yield line


def articles(rows: Iterable[Row], columns: int) -> Iterator[str]:
    """Lines: every article once, below it each account with the text that arrived."""
    for (title, language), posts in groupby(rows, lambda row: (row.article, row.language)):
        yield "═" * columns
        yield from wrapped(f"{title}  [{language}]", columns)
        for row in posts:
            yield ""
            yield f"  {row.account} · {row.state} · {row.permalink or 'no public address'}"
            for line in (row.text or "(nothing received)").splitlines():
                yield from (INDENT + piece for piece in wrapped(line, columns - len(INDENT)))
    yield "═" * columns


def networks(rows: list[Row]) -> Iterator[str]:
    """Lines: a table of the networks, with what became of their posts and what editors are told about these."""
    table = [("NETWORK", "HOW IT IS REACHED", "POSTS", "IN")]
    notices = {}
    for name in dict.fromkeys(row.network for row in sorted(rows, key=lambda row: row.network)):
        backend, posts = registry.get(name), [row for row in rows if row.network == name]
        states = Counter(row.state for row in posts)
        marks = []
        for notice in dict.fromkeys(row.notice for row in posts if row.notice):
            marks.append(notices.setdefault(notice, len(notices) + 1))
        table.append(
            (
                str(backend.label),
                str(backend.reach.label) + (" (retired)" if backend.retired else ""),
                ", ".join(f"{count} {state}" for state, count in states.items())
                + "".join(f" [{mark}]" for mark in marks),
                ", ".join(dict.fromkeys(row.language for row in posts)),
            )
        )
    widths = [max(width_of(line[column]) for line in table) + 3 for column in range(3)]
    for *cells, last in table:
        yield "".join(padded(cell, columns) for cell, columns in zip(cells, widths, strict=True)) + last
    if notices:
        yield ""
    for notice, mark in notices.items():
        yield f"[{mark}] {notice}"
