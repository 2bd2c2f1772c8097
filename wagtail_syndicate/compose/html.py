"""Rich text -> blocks: the words of an HTML fragment, element by element."""

from __future__ import annotations

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString

from wagtail_syndicate.compose.text import one_line
from wagtail_syndicate.types import Block, Image


KINDS = {
    "p": "paragraph",
    "li": "list",
    "dt": "list",
    "dd": "list",
    "blockquote": "quote",
    "figcaption": "caption",
    "caption": "caption",
    "pre": "code",
    "tr": "table",
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
}
CONTAINERS = frozenset(
    "div section article main header footer aside nav figure ul ol dl table thead tbody tfoot details form".split()
)
# Of an annotated character ("ruby"), the annotation says the character again.
SILENT = frozenset(
    "script style template noscript svg iframe video audio embed object button input select hr rt rp".split()
)


def blocks_of(html: str) -> tuple[list[Block], list[Image]]:
    """The blocks of rich text in reading order, and the pictures that stand in it.

    :param html: HTML as Wagtail stores it: pictures are ``<embed embedtype="image" id alt>``. Nothing is looked up.
    """
    soup = BeautifulSoup(html, "html.parser")
    images = [
        Image(reference=str(tag["id"]), alt=one_line(tag.get("alt", "")))
        for tag in soup.find_all("embed", embedtype="image")
        if tag.get("id")
    ]
    collector = Collector()
    collector.walk(soup, "paragraph")
    collector.close("paragraph")
    return collector.blocks, images


class Collector:
    """Gathers running text and closes a block wherever an element of the page's structure begins or ends."""

    def __init__(self):
        self.blocks: list[Block] = []
        self.words: list[str] = []

    def close(self, kind: str) -> None:
        """End the block that is being gathered, when it holds anything."""
        if text := one_line("".join(self.words)):
            self.blocks.append(Block(kind, text))
        self.words = []

    def walk(self, element: Tag, kind: str) -> None:
        for child in element.children:
            if isinstance(child, NavigableString):
                if not isinstance(child, PreformattedString):
                    self.words.append(str(child))
            elif child.name == "br":
                # A bold line before a break is a heading that somebody made by hand.
                self.close("heading") if only_bold(child) else self.words.append(" ")
            elif child.name in ("td", "th"):
                self.words.append(" | " if one_line("".join(self.words)) else "")
                self.walk(child, kind)
            elif child.name in KINDS or child.name in CONTAINERS:
                self.close(kind)
                # Paragraphs within a quotation or an item are part of it.
                inner = KINDS.get(child.name, kind)
                inner = kind if inner == "paragraph" else inner
                self.walk(child, inner)
                self.close(inner)
            elif child.name not in SILENT:
                self.walk(child, kind)


def only_bold(line_break: Tag) -> bool:
    """Whether everything before the line break, in its paragraph, is set in bold."""
    before = [node for node in line_break.previous_siblings if one_line(node.get_text())]
    return len(before) == 1 and getattr(before[0], "name", None) in ("b", "strong")
