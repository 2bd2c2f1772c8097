"""The words and pictures of a page's body fields: rich text, StreamField values, plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import regex
from wagtail import blocks as wagtail_blocks
from wagtail.contrib.typed_table_block.blocks import TypedTable
from wagtail.rich_text import RichText

from wagtail_syndicate.compose.html import blocks_of
from wagtail_syndicate.compose.text import one_line, paragraphs
from wagtail_syndicate.types import Block, Image


# What a plain text is for, by the name that the site's developer gave to its block.
ROLES = {
    "heading": "heading headline title subheading subtitle header kicker question h1 h2 h3 h4 h5 h6",
    "quote": "quote blockquote pullquote pull_quote quotation testimonial",
    "caption": "caption credit attribution source author cite citation byline legend name person speaker"
    " role label button link_text link_title job_title position",
    "code": "code snippet",
}
KIND_BY_NAME = {name: kind for kind, names in ROLES.items() for name in names.split()}
NOT_TEXT = (
    wagtail_blocks.RawHTMLBlock,
    wagtail_blocks.URLBlock,
    wagtail_blocks.EmailBlock,
    wagtail_blocks.ChoiceBlock,
    wagtail_blocks.RegexBlock,
)
HIDDEN_NAME = regex.compile(
    r"(?:^|_)(?:id|slug|anchor|url|href|css|class|colou?r|icon|html|script|embed|json|email)(?:$|_)"
)
# Parts of a page that call for something or lead elsewhere, whatever stands in them.
ASIDE_NAME = regex.compile(
    r"(?:^|_)(?:cta|call_to_action|newsletter|sign_?up|subscri(?:be|ption)|promo(?:tion)?|advert(?:isement)?|banner"
    r"|related|read_more|sharing|share_buttons|cookies?|disclaimer|author_bio|footnotes?|buttons?|form)(?:$|_)"
)
ALT_NAMES = ("alt_text", "alt", "image_alt", "image_alt_text")

Piece = Block | Image


def is_image(value: Any) -> bool:
    """Whether the value is a picture of the site's image model, whichever that is."""
    return hasattr(value, "get_rendition") and hasattr(value, "file")


def picture(image: Any, alt: str | None = None) -> Image:
    """A picture; its description stands in for a text that nobody wrote for this place. Never its title or file name.

    :param alt: what was written for this place; ``None`` when there is no place to write it.
    """
    if alt is None:
        alt = contextual_alt(image)
    return Image(str(image.pk), one_line(alt), getattr(image, "width", 0) or 0, getattr(image, "height", 0) or 0)


def contextual_alt(image: Any) -> str:
    """The alternative text that an ImageBlock left on the picture, else the picture's own description."""
    if getattr(image, "decorative", False):
        return ""
    written = getattr(image, "contextual_alt_text", None)
    # Where an older block became an ImageBlock, Wagtail fills in the title.
    if written and written != getattr(image, "title", None):
        return written
    # "description" is Wagtail's; the others are usual in image models older than that (Wagtail 6.3).
    texts = (getattr(image, name, None) for name in ("description", "alt_text", "alt"))
    return next((text for text in texts if isinstance(text, str) and text), "")


def pieces_of(value: Any, block: Any = None, name: str = "") -> Iterator[Piece]:
    """The blocks and pictures in a field's or block's value, in reading order.

    :param block: the Wagtail block that the value belongs to; ``None`` for a field that is no StreamField.
    :param name: the name of the field or block: tells headings, quotations and captions from running text.
    """
    if not value or isinstance(block, NOT_TEXT) or HIDDEN_NAME.search(name) or ASIDE_NAME.search(name):
        return
    if is_image(value):
        yield picture(value)
    elif isinstance(value, RichText):
        found, images = blocks_of(value.source)
        yield from found
        yield from images
    elif isinstance(value, wagtail_blocks.StreamValue):
        for child in value:
            yield from pieces_of(child.value, child.block, child.block_type)
    elif isinstance(block, wagtail_blocks.ListBlock):
        for item in value:
            yield from pieces_of(item, block.child_block, name)
    elif isinstance(block, wagtail_blocks.StructBlock):
        yield from struct_pieces(value, block, name)
    elif isinstance(value, TypedTable):
        yield from typed_table_pieces(value)
    elif isinstance(value, Mapping):
        yield from table_pieces(value)
    elif isinstance(value, str) and renders_itself(block):
        found, images = blocks_of(str(block.render_basic(value)))
        yield from found
        yield from images
    elif isinstance(value, str):
        yield from text_pieces(value, block, name)


def struct_pieces(value: Any, block: Any, name: str) -> Iterator[Piece]:
    """The pieces of a StructBlock; an alternative text beside a picture belongs to the picture."""
    alt = next((value[key] or "" for key in ALT_NAMES if key in block.child_blocks), None)
    # In a quotation, the text is the quotation whatever else the block holds; beside code stands its language.
    role = kind if (kind := kind_of(block, name)) in ("quote", "code") else ""
    for key, child in block.child_blocks.items():
        inner = value.get(key)
        if key in ALT_NAMES:
            continue
        if inner and is_image(inner) and alt is not None:
            yield picture(inner, alt or None)
        elif role and key not in KIND_BY_NAME:
            yield from (
                Block(role, piece.text) if isinstance(piece, Block) and piece.kind == "paragraph" else piece
                for piece in pieces_of(inner, child, key)
            )
        else:
            yield from pieces_of(inner, child, key)


def table_pieces(value: Mapping) -> Iterator[Piece]:
    """The rows of a table: a TableBlock's value."""
    if caption := value.get("table_caption"):
        yield Block("caption", one_line(caption))
    for row in value.get("data") or ():
        if text := " | ".join(one_line(str(cell)) for cell in row if cell):
            yield Block("table", text)


def typed_table_pieces(value: TypedTable) -> Iterator[Piece]:
    """The rows of a TypedTableBlock's value, whose cells are blocks of their own."""
    if value.caption:
        yield Block("caption", one_line(value.caption))
    for row in value.rows:
        cells = [" ".join(p.text for p in pieces_of(c.value, c.block) if isinstance(p, Block)) for c in row]
        if text := " | ".join(filter(None, cells)):
            yield Block("table", text)


def renders_itself(block: Any) -> bool:
    """Whether a text block makes HTML of what it holds, as one for Markdown does: its text is what readers see."""
    return (
        isinstance(block, wagtail_blocks.CharBlock | wagtail_blocks.TextBlock)
        and not isinstance(block, wagtail_blocks.BlockQuoteBlock)
        and type(block).render_basic is not wagtail_blocks.Block.render_basic
    )


def text_pieces(value: str, block: Any, name: str) -> Iterator[Piece]:
    kind = kind_of(block, name)
    for text in paragraphs(value):
        yield Block(kind, text)


def kind_of(block: Any, name: str) -> str:
    """What a plain text is, by its block's class, else by its own name or its block's class name."""
    if isinstance(block, wagtail_blocks.BlockQuoteBlock):
        return "quote"
    class_name = regex.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(block).__name__).lower().removesuffix("_block")
    words = name.lower().removesuffix("_block")
    return (
        KIND_BY_NAME.get(words)
        or KIND_BY_NAME.get(words.rpartition("_")[2])
        or KIND_BY_NAME.get(class_name, "paragraph")
    )
