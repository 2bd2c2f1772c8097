"""An article, a network's limits, an account's voice and an editor's wording -> the message.

What is previewed and what is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from wagtail_syndicate.compose.analysis import analyse, units
from wagtail_syndicate.compose.cutting import ELLIPSIS, cut
from wagtail_syndicate.compose.frame import Frame
from wagtail_syndicate.compose.hashtags import hashtags, without_hashes
from wagtail_syndicate.compose.links import tracked
from wagtail_syndicate.compose.phrases import key_phrases
from wagtail_syndicate.compose.sentences import split
from wagtail_syndicate.compose.summarise import apart, repeats, rest, shorten, summarise
from wagtail_syndicate.compose.text import clean, one_line, width
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.types import Article, Image, Limits, LinkPlace, Message, Span, Style, SummaryRequest, Voice


Summariser = Callable[[SummaryRequest], str]

DESCRIPTION = 300
"""Width of a card's description, where a Chinese character counts two; networks show less."""
FRAGMENT = 40
"""Units below which the cut first sentence says too little to stand under a title."""


@dataclass(frozen=True)
class Draft:
    """A post before it is held against its limit; ``title`` is the article's where it stands in the text."""

    text: str
    limit: int
    link: str = ""
    source: str = ""
    title: str = ""
    images: tuple[Image, ...] = ()


def compose(
    article: Article,
    limits: Limits,
    style: Style,
    wording: str = "",
    images: bool = True,
    voice: Voice = Voice(),  # noqa: B008 (frozen)
    summariser: Summariser | None = None,
) -> Message:
    """The post for one account, exactly as the network will get it. Same input, same bytes.

    An editor's wording is the post's text as it is. Without one the text is the page's teaser, else a summary of its
    body, else its title; with the title where the network's style has it, with the page's tags where they are
    customary. The account's fixed words stand in both. The article's address follows on its own line where the network
    wants it in the text.

    :param wording: what the editor wrote for this account; "" for a generated text.
    :param images: whether the article's pictures go with the post.
    :param summariser: asked for the text instead of the embedded summariser, which helps out where it answers "" or
        too much; raises nothing.
    :raises ComposeError: ``too_long`` when the wording (in a generated post: the address alone) does not fit, with
        "count / limit" as its detail; ``empty`` when there are no words to post.
    """
    draft = make(article, limits, style, wording, images, voice, summariser)
    if not draft.source or not draft.text:
        raise ComposeError("empty")
    if (length := limits.count(draft.text)) > draft.limit:
        raise ComposeError("too_long", f"{length} / {draft.limit}")
    return Message(
        text=draft.text,
        link=draft.link,
        language=article.language,
        title=one_line(article.title),
        description=describe(article, draft.text),
        images=draft.images,
        spans=emphasis(draft) if style.title == "bold" else (),
        source=draft.source,
    )


def measure(
    article: Article,
    limits: Limits,
    style: Style,
    wording: str = "",
    images: bool = True,
    voice: Voice = Voice(),  # noqa: B008 (frozen)
    summariser: Summariser | None = None,
) -> tuple[int, int]:
    """How long the post would be and how long it may be, in the network's units, for counters. Refuses nothing."""
    draft = make(article, limits, style, wording, images, voice, summariser)
    return limits.count(draft.text), draft.limit


def generated_words(
    article: Article,
    limits: Limits,
    style: Style,
    images: bool = True,
    voice: Voice = Voice(),  # noqa: B008 (frozen)
    summariser: Summariser | None = None,
) -> str:
    """The generated text as an editor would have written it: without the account's fixed words and without the link,
    which are added to her words as they are to generated ones. As a wording it makes the same post.
    """
    pictures = choose_images(article, limits) if images else ()
    limit = limits.length_with(len(pictures))
    address = clean(article.url).strip()
    link = tracked(address, voice.tracking) if limits.link == LinkPlace.TEXT else ""
    frame = Frame(style, voice, link, address)
    title, body, source = generate(article, limits, frame, limit, summariser)
    tags = fitting_tags(article, limits, frame, limit, title, body) if source else ""
    return Frame(style, replace(voice, before="", after="")).generated(title, body, tags)


def make(
    article: Article,
    limits: Limits,
    style: Style,
    wording: str,
    images: bool,
    voice: Voice,
    summariser: Summariser | None = None,
) -> Draft:
    """The post, whether it fits or not."""
    pictures = choose_images(article, limits) if images else ()
    limit = limits.length_with(len(pictures))
    address = clean(article.url).strip()
    link = tracked(address, voice.tracking)
    frame = Frame(style, voice, link if limits.link == LinkPlace.TEXT else "", address)
    if wording := clean(wording).strip():
        return Draft(frame.worded(wording), limit, link, "account", images=pictures)
    title, body, source = generate(article, limits, frame, limit, summariser)
    tags = fitting_tags(article, limits, frame, limit, title, body) if source else ""
    return Draft(frame.generated(title, body, tags), limit, link, source, title, pictures)


def generate(
    article: Article, limits: Limits, frame: Frame, limit: int, summariser: Summariser | None = None
) -> tuple[str, str, str]:
    """The words of a post that nobody worded: the title, the text with it, and whose words these are."""
    plain = without_hashes if forbids_hashes(frame.style) else str
    title = plain(one_line(article.title))

    def counted_with(above: str) -> Callable[[str], int]:
        return lambda body: limits.count(frame.generated(above, body))

    if title and frame.has_title and counted_with(title)("") <= limit:
        if not frame.has_summary:
            return title, "", "title"
        body, source = words(article, frame.style, limits, limit, counted_with(title), summariser, True)
        body = plain(body)
        says_little = body.endswith(ELLIPSIS) and limits.count(body) < FRAGMENT
        if not body or says_little or body.casefold() == title.casefold():
            return title, "", "title"
        return title, body, source
    body, source = words(article, frame.style, limits, limit, counted_with(""), summariser)
    if body:
        return "", plain(body), source
    # With no room for a word, the title as a whole shows by how much it is too long.
    return "", cut(title, limit, counted_with("")) or ("" if frame.link else title), "title" if title else source


def words(
    article: Article,
    style: Style,
    limits: Limits,
    limit: int,
    count: Callable[[str], int],
    summariser: Summariser | None = None,
    with_title: bool = False,
) -> tuple[str, str]:
    """As much as fits of the teaser, else of the body, and which of them it is; no text where nothing fits."""
    goal = min(style.target, limit)
    if one_line(article.teaser):
        # What somebody wrote for posts is a post: nothing is added to it.
        then = rest(article, article.teaser) if style.body and article.teaser_source != "social_text" else ()
        text = shorten(article.teaser, goal, count, limit, style, article.language, then)
        return text, article.teaser_source or "teaser"
    if summariser and article.blocks:
        # What stands around the text, with the line breaks that come with it.
        around = count("x") - limits.count("x")
        request = SummaryRequest(
            article, goal - around, limits.count, lambda text: count(text) <= limit, style=style, with_title=with_title
        )
        if request.budget >= FRAGMENT and (text := summariser(request)) and request.fits(text):
            return text, "summariser"
    return summarise(article, goal, count, limit, style, limits.count), "body" if article.blocks else ""


def fitting_tags(article: Article, limits: Limits, frame: Frame, limit: int, title: str, body: str) -> str:
    """As many of the page's tags as are customary and fit, in one line."""
    line = ""
    if not frame.has_hashtags or forbids_hashes(frame.style):
        return line
    tags = by_topic(article) or (key_phrases(article, analyse(article)) if frame.voice.key_phrases else ())
    for tag in hashtags(tags, frame.style.hashtag)[: frame.style.hashtags]:
        longer = f"{line} {tag}".strip()
        if limits.count(frame.generated(title, body, longer)) <= limit:
            line = longer
    return line


def by_topic(article: Article) -> list[str]:
    """The page's tags, those first that its title names, then those that its text returns to."""
    analysis = analyse(article)

    def weight(tag: str) -> tuple[float, int]:
        own = frozenset(units(tag))
        among = sum(own <= sentence.units for sentence in analysis.sentences)
        return -len(own & analysis.title) / (len(own) or 1), -among

    return sorted(article.tags, key=weight)


def forbids_hashes(style: Style) -> bool:
    """Whether the network refuses posts with number signs in their words."""
    return not style.hashtags and not style.hashtag


def emphasis(draft: Draft) -> tuple[Span, ...]:
    """Where the title stands in the text."""
    place = draft.text.find(draft.title) if draft.title else -1
    return (Span("bold", place, len(draft.title)),) if place >= 0 else ()


def choose_images(article: Article, limits: Limits) -> tuple[Image, ...]:
    """The pictures that the network takes, with alternative texts as long as it keeps them."""
    if limits.images is None:
        return ()
    longest = limits.images.alt_length
    return tuple(
        replace(image, alt=cut(one_line(image.alt), longest, len) if longest else image.alt)
        for image in article.images[: limits.images.count]
    )


@lru_cache(maxsize=4)
def description(article: Article) -> tuple[str, frozenset[str]]:
    """What a card says of an article, whatever the post says, and what its first sentence is compared by."""
    words = shorten(article.teaser, DESCRIPTION, width, language=article.language)
    words = words or summarise(article, DESCRIPTION, width)
    return words, frozenset(units(next(iter(split(words, article.language)), "")))


def describe(article: Article, text: str) -> str:
    """What a link card says under its title: the teaser, else a summary; where the post says that, what follows."""
    words, begin = description(article)
    if not repeats(begin, text):
        return words
    return shorten("", DESCRIPTION, width, then=apart(article, text))
