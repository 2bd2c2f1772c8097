"""An article, a network's limits and an editor's wording -> the message. What is previewed and what is sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

import regex

from wagtail_syndicate.compose.cutting import ELLIPSIS, cut
from wagtail_syndicate.compose.hashtags import hashtags, without_hashes
from wagtail_syndicate.compose.summarise import shorten, summarise
from wagtail_syndicate.compose.text import clean, one_line
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.types import Article, Image, Limits, LinkPlace, Message, Span, Style


DESCRIPTION = 300
"""Characters of a card's description; networks show less."""
FRAGMENT = 40
"""Units below which the cut first sentence says too little to stand under a title."""


@dataclass(frozen=True)
class Draft:
    """A post before it is held against its limit; ``above`` is the title where it is the first line."""

    text: str
    limit: int
    source: str = ""
    above: str = ""
    images: tuple[Image, ...] = ()


def compose(article: Article, limits: Limits, style: Style, wording: str = "", images: bool = True) -> Message:
    """The post for one account, exactly as the network will get it. Same input, same bytes.

    An editor's wording is the post's text as it is. Without one the text is the page's teaser, else a summary of its
    body, else its title; under the title where the network's style has it, with the page's tags where they are
    customary. The article's address follows on its own line where the network wants it in the text.

    :param wording: what the editor wrote for this account; "" for a generated text.
    :param images: whether the article's pictures go with the post.
    :raises ComposeError: ``too_long`` when the wording (in a generated post: the address alone) does not fit, with
        "count / limit" as its detail; ``empty`` when there are no words to post.
    """
    draft = make(article, limits, style, wording, images)
    if not draft.source or not draft.text:
        raise ComposeError("empty")
    if (length := limits.count(draft.text)) > draft.limit:
        raise ComposeError("too_long", f"{length} / {draft.limit}")
    return Message(
        text=draft.text,
        link=clean(article.url).strip(),
        language=article.language,
        title=one_line(article.title),
        description=describe(article),
        images=draft.images,
        spans=(Span("bold", 0, len(draft.above)),) if draft.above and style.title == "bold" else (),
        source=draft.source,
    )


def measure(article: Article, limits: Limits, style: Style, wording: str = "", images: bool = True) -> tuple[int, int]:
    """How long the post would be and how long it may be, in the network's units, for counters. Refuses nothing."""
    draft = make(article, limits, style, wording, images)
    return limits.count(draft.text), draft.limit


def make(article: Article, limits: Limits, style: Style, wording: str, images: bool) -> Draft:
    """The post, whether it fits or not."""
    pictures = choose_images(article, limits) if images else ()
    limit = limits.length_with(len(pictures))
    link = clean(article.url).strip() if limits.link == LinkPlace.TEXT else ""
    if wording := clean(wording).strip():
        text = join(style, wording, "" if link and holds(wording, link) else link)
        return Draft(text, limit, "account", images=pictures)
    above, body, source = generate(article, limits, style, limit, link)
    tags = fitting_tags(article, limits, style, limit, (above, body), link) if source else ""
    return Draft(join(style, above, body, tags, link), limit, source, above, pictures)


def generate(article: Article, limits: Limits, style: Style, limit: int, link: str) -> tuple[str, str, str]:
    """The words of a post that nobody worded: the title above, the text below it, and whose words these are."""
    if not style.hashtags and not style.hashtag:
        article = unhashed(article)
    title = one_line(article.title)

    def counted_with(*above: str) -> Callable[[str], int]:
        return lambda body: limits.count(join(style, *above, body, link))

    if title and style.title and counted_with(title)("") <= limit:
        body, source = words(article, style, limit, counted_with(title))
        says_little = body.endswith(ELLIPSIS) and limits.count(body) < FRAGMENT
        if not body or says_little or body.casefold() == title.casefold():
            return title, "", "title"
        return title, body, source
    body, source = words(article, style, limit, counted_with())
    if body:
        return "", body, source
    # With no room for a word, the title as a whole shows by how much it is too long.
    return "", cut(title, limit, counted_with()) or ("" if link else title), "title" if title else source


def words(article: Article, style: Style, limit: int, count: Callable[[str], int]) -> tuple[str, str]:
    """As much as fits of the teaser, else of the body, and which of them it is; no text where nothing fits."""
    goal = min(style.target, limit)
    teaser = shorten(article.teaser, goal, count, limit, style.paragraphs, article.language)
    if teaser or one_line(article.teaser):
        return teaser, article.teaser_source or "teaser"
    return summarise(article, goal, count, limit, style.paragraphs), "body" if article.blocks else ""


def fitting_tags(article: Article, limits: Limits, style: Style, limit: int, parts: tuple[str, ...], link: str) -> str:
    """As many of the page's tags as are customary and fit, in one line."""
    line = ""
    for tag in hashtags(article.tags, style.hashtag)[: style.hashtags]:
        longer = f"{line} {tag}".strip()
        if limits.count(join(style, *parts, longer, link)) <= limit:
            line = longer
    return line


def join(style: Style, *parts: str) -> str:
    """The parts of a post, each from its own line on."""
    between = "\n\n" if style.paragraphs else "\n"
    return style.plain(unicodedata.normalize("NFC", between.join(part for part in parts if part)))


def holds(wording: str, link: str) -> bool:
    """Whether the wording holds this very address, not only a longer one that begins with it."""
    return bool(regex.search(regex.escape(link) + r"(?![\w/#&=%-]|[.?]\w)", wording))


def unhashed(article: Article) -> Article:
    """The article without number signs in its words."""
    return replace(
        article,
        title=without_hashes(article.title),
        teaser=without_hashes(article.teaser),
        blocks=tuple(replace(block, text=without_hashes(block.text)) for block in article.blocks),
    )


def choose_images(article: Article, limits: Limits) -> tuple[Image, ...]:
    """The pictures that the network takes, with alternative texts as long as it keeps them."""
    if limits.images is None:
        return ()
    longest = limits.images.alt_length
    return tuple(
        replace(image, alt=cut(one_line(image.alt), longest, len) if longest else image.alt)
        for image in article.images[: limits.images.count]
    )


def describe(article: Article) -> str:
    """What a link card says under its title."""
    if article.teaser.strip():
        return shorten(article.teaser, DESCRIPTION, len, language=article.language)
    return summarise(article, DESCRIPTION, len)
