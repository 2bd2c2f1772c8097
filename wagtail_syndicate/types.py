"""The frozen values that travel between the rooms: article -> message -> receipt.

Nothing here knows the database, the network or Wagtail, so that composing and sending can be
tested, and written by others, without any of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Reach(TextChoices):
    """How a network can be reached today, told to people before they rely on it."""

    AUTOMATIC = "automatic", _("Automatic")
    CONDITIONAL = "conditional", _("Conditional")
    ASSISTED = "assisted", _("Assisted")


class Region(TextChoices):
    """Where the readers of a network are; the panel groups accounts by it."""

    GLOBAL = "global", _("Worldwide")
    CHINA = "china", _("China")
    RUSSIA = "russia", _("Russia and neighbours")
    DACH = "dach", _("Germany, Austria, Switzerland")
    FRANCE = "france", _("France")
    JAPAN = "japan", _("Japan")
    KOREA = "korea", _("Korea")
    ASIA = "asia", _("South-East Asia")


class LinkPlace(TextChoices):
    """Where the article's address goes in a post."""

    TEXT = "text", _("In the text")
    CARD = "card", _("As a card beside the text")


class Shape(TextChoices):
    """What posts look like on a network, roughly: the panel's preview is drawn in it."""

    SHORT = "short", _("Short post")
    FEED = "feed", _("Post in a feed")
    CHAT = "chat", _("Message in a chat")
    ARTICLE = "article", _("Article")
    LINK = "link", _("Link with a title")


@dataclass(frozen=True)
class Image:
    """A picture of an article.

    ``reference`` is the primary key of the picture in the site's image model, as text;
    ``alt`` describes it for people who do not see it; ``width`` and ``height`` are pixels.
    """

    reference: str
    alt: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Block:
    """One piece of an article's body, in reading order.

    ``kind`` is one of ``heading``, ``paragraph``, ``list``, ``quote``, ``caption``, ``table``, ``code``.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Article:
    """What a page says, without any of its markup.

    ``language`` is the page's content language (BCP 47); ``url`` its public address;
    ``teaser`` the words that its editor wrote as a summary ("" when there are none) and
    ``teaser_source`` the name of the field they came from.
    """

    title: str
    url: str
    language: str
    teaser: str = ""
    teaser_source: str = ""
    blocks: tuple[Block, ...] = ()
    images: tuple[Image, ...] = ()
    tags: tuple[str, ...] = ()

    def __hash__(self):
        # Not of all its words: an article is looked up again and again while it is composed for many networks.
        return hash((self.title, self.url, self.language, len(self.blocks)))


@dataclass(frozen=True)
class ImageLimits:
    """What pictures a network takes: how many, how heavy (bytes), how large and how small (pixels), which types.

    ``ratio`` is the shape, as width and height, that the network cuts every picture to, (191, 100) for a card: then we
    cut, around the editor's focal point. ``None``: pictures are shown as they are.
    ``needed``: whether the network takes no post without a picture.
    """

    count: int = 1
    max_bytes: int = 5_000_000
    max_width: int = 4096
    max_height: int = 4096
    content_types: tuple[str, ...] = ("image/jpeg", "image/png")
    alt_length: int = 0
    """Characters of alternative text that the network keeps; 0 when it has no place for any."""
    min_width: int = 0
    min_height: int = 0
    ratio: tuple[int, int] | None = None
    needed: bool = False


@dataclass(frozen=True)
class Limits:
    """How long a post may be, counted as the network counts."""

    length: int
    count: Callable[[str], int] = len
    link: LinkPlace = LinkPlace.TEXT
    images: ImageLimits | None = None
    caption_length: int | None = None
    """The limit that holds instead of ``length`` when a picture is attached."""

    def length_with(self, images: int) -> int:
        """The limit for a post that carries ``images`` pictures."""
        return self.caption_length if images and self.caption_length is not None else self.length


@dataclass(frozen=True)
class Style:
    """How a post on the network reads: the habits that a summary is shaped to.

    ``title``: "" (the card shows it), "line" (first line), "bold" (first line, emphasised) or "brackets" (【title】
    before the text).
    ``target``: the length, in the network's units, at which a good post there stops.
    ``sentences``: how many sentences a summary has (0: as many as fit); more while less than half is full.
    ``body``: whether the body goes on where an editor's teaser leaves room.
    ``hook``: whether the first sentence stands alone, for networks that fold the rest away.
    ``hashtags``: how many tags are customary (0: none, or forbidden); ``hashtag``: how one is written.
    ``paragraphs``: whether the summary may take several paragraphs.
    ``plain``: makes harmless what the network would take for markup (mentions), without changing how it reads.
    """

    title: str = ""
    target: int = 280
    sentences: int = 0
    body: bool = False
    hook: bool = False
    hashtags: int = 0
    hashtag: str = "#{}"
    paragraphs: bool = False
    plain: Callable[[str], str] = str


# What does not follow an address where it stands by itself, and not as the beginning of a longer one.
LINK_ENDS = r"(?![\w/#&=%-]|[.?]\w)"


def names_link(text: str, link: str) -> bool:
    """Whether this very address stands in a text, not only a longer one that begins with it."""
    return bool(re.search(re.escape(link) + LINK_ENDS, text))


def without_link(text: str, link: str, instead: str = "") -> str:
    """A text without this very address; longer ones that begin with it stay. For dialogs that take it apart."""
    return re.sub(re.escape(link) + LINK_ENDS, instead, text) if link else text


@dataclass(frozen=True)
class Voice:
    """How one account speaks, as its admin set it; everything counts in the limit.

    ``template``: the shape of a generated post, with ``{title}``, ``{summary}``, ``{hashtags}`` and ``{link}``; "" for
    the network's own shape. ``before`` and ``after``: words that stand in every post ("Advertisement"), in the page's
    language. ``tracking``: query parameters that are added to the article's address. ``key_phrases``: whether what a
    page without tags is about becomes its hashtags.
    """

    template: str = ""
    before: str = ""
    after: str = ""
    tracking: str = ""
    key_phrases: bool = False


@dataclass(frozen=True)
class SummaryRequest:
    """What a summariser is asked for: the text of one post, in the article's language.

    ``budget``: the length to aim at, in the network's units. ``count``: the length of a text in these units. ``fits``:
    whether the whole post, with its link and all that stands around the text, is within the network's limit; a text
    that does not fit is not used. ``network``: its name (``"mastodon"``); ``style``: its habits. ``with_title``:
    whether the title stands above the text, which need not say it again.
    """

    article: Article
    budget: int
    count: Callable[[str], int]
    fits: Callable[[str], bool]
    network: str = ""
    style: Style = Style()
    with_title: bool = False

    @property
    def language(self) -> str:
        """The language of the article, and of the text (BCP 47)."""
        return self.article.language


@dataclass(frozen=True)
class Span:
    """Emphasis on a part of a message's text; ``offset`` and ``length`` are code points."""

    kind: str
    offset: int
    length: int


@dataclass(frozen=True)
class Message:
    """A post, composed for one account, exactly as the network will get it.

    ``text`` already holds the link where the network wants it in the text; ``link`` is the
    article's address for a card; ``title`` and ``description`` are for cards that the sender
    fills in; ``source`` says whose words these are (``account``, a field's name, or ``body``).
    """

    text: str
    link: str
    language: str
    title: str = ""
    description: str = ""
    images: tuple[Image, ...] = ()
    spans: tuple[Span, ...] = ()
    source: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, the same as comes back from a database: what is frozen in a delivery."""
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Message:
        """The message that :meth:`to_dict` described."""
        return cls(
            **{
                **data,
                "images": tuple(Image(**image) for image in data.get("images", ())),
                "spans": tuple(Span(**span) for span in data.get("spans", ())),
            }
        )

    @property
    def text_with_link(self) -> str:
        """The text with the address in it, for when a card is refused or a person pastes it."""
        if not self.link or names_link(self.text, self.link):
            return self.text
        return f"{self.text}\n\n{self.link}" if self.text else self.link


@dataclass(frozen=True, repr=False)
class Media:
    """The bytes of one picture, fitted to a network's limits.

    ``url`` is where the same bytes can be fetched by anybody, for networks that fetch pictures themselves; "" when
    the site has no such address.
    """

    data: bytes
    content_type: str
    filename: str
    alt: str = ""
    url: str = ""

    def __repr__(self):
        return f"<Media {self.filename} {self.content_type} {len(self.data)} bytes>"


@dataclass(frozen=True)
class Receipt:
    """What the network answered to a post: its id there (never empty) and its address.

    ``notice`` is the reason (``reasons.REASONS``, or the backend's own) of what a person should know or do about a
    post that was accepted: that it is a draft, that its picture was left out.
    """

    remote_id: str
    permalink: str = ""
    notice: str = ""

    def __post_init__(self):
        if not self.remote_id or not isinstance(self.remote_id, str):
            raise ValueError("A receipt needs the id that the network gave to the post, as text.")
        if not isinstance(self.permalink, str):
            # The post is there; a strange address is no reason to doubt it.
            object.__setattr__(self, "permalink", "")


@dataclass(frozen=True)
class Caution:
    """What an editor should know before a post goes out: the reason (``reasons.REASONS``, or the backend's own).

    ``refused``: the network is known to refuse the post as it is.
    """

    reason: str
    refused: bool = False


@dataclass(frozen=True)
class Identity:
    """Who an account is at the network; ``options`` are facts to keep (limits, device id ...), no secrets.

    ``credentials`` are secrets of this identity alone (a page's own token), kept beside those that are there.
    """

    remote_id: str
    handle: str
    profile_url: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, repr=False)
class Grant:
    """What a network gave: ``credentials`` to seal, and when access ends (``None``: not by itself).

    ``scopes`` are what they are good for, ``None`` where the network's answer did not say.
    """

    credentials: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True)
class Choice:
    """Something about posting that an admin chooses for an account: its visibility, the form of its posts.

    ``values`` are pairs of a key, kept in the account's options under ``name``, and what people read; the first is
    the default.
    """

    name: str
    label: str
    values: tuple[tuple[str, str], ...]
    help_text: str = ""


@dataclass(frozen=True, repr=False)
class AppKeys:
    """The keys of the application that speaks for the account, as the network's developer pages give them.

    ``more`` are those that few networks have, by their names in the settings.
    """

    client_id: str = ""
    client_secret: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self):
        return bool(self.client_id)


@dataclass(frozen=True, repr=False)
class Connection:
    """All that a backend knows of one account: who it is there, and with what it opens the door.

    ``host`` is the address of the server for networks that have many (``https://mastodon.example``);
    ``credentials`` are secret and never shown: neither here nor in any exception or log record.
    """

    host: str = ""
    remote_id: str = ""
    handle: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, Any] = field(default_factory=dict)
    app: AppKeys = AppKeys()

    def __repr__(self):
        return f"<Connection {self.handle or self.remote_id or '?'} {self.host}>".replace(" >", ">")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must not be seen, longest first."""
        values = [str(value) for value in self.credentials.values() if isinstance(value, str)]
        values.append(self.app.client_secret)
        return tuple(sorted({value for value in values if len(value) > 3}, key=len, reverse=True))
