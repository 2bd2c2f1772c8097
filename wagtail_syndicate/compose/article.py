"""What a page says: title, teaser, body, pictures, tags, language, address. Works on any page type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import regex
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.utils.module_loading import import_string
from wagtail.blocks import StreamValue
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Site
from wagtail.rich_text import RichText

from wagtail_syndicate import conf
from wagtail_syndicate.compose.body import Piece, picture, pieces_of
from wagtail_syndicate.compose.html import blocks_of
from wagtail_syndicate.compose.text import one_line, paragraphs
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.types import Article, Block, Image


ABOVE_BODY = ("intro", "introduction", "teaser", "summary", "abstract", "standfirst", "lead", "lede", "excerpt")
TEASERS = ("social_text", "search_description", *ABOVE_BODY, "subtitle")
"""Where an editor's own summary is looked for: written for posts, for search results, for the page itself."""

METADATA = frozenset("title draft_title slug url_path seo_title search_description social_text subtitle".split())
ASIDE = regex.compile(
    r"(?:^|_)(?:footer|sidebar|disclaimer|thank_you|confirmation|internal|notes?|keywords|meta|biography|bio|address"
    r"|html|script|css|json|code|url|email)(?:$|_)"
)
LEAD_IMAGES = ("social", "share", "lead", "hero", "main", "cover", "header", "feature", "image")
"""Parts of the names of picture fields, the likeliest face of the page first."""


def read(page: Any, url: str | None = None) -> Article:
    """What a page says, without markup.

    Reads the page object that it is given, so that a draft is read as the draft; touches the database only for the
    page's own relations (pictures, tags, locale, the site of its address).

    A page may have the last word: its own ``get_syndication_article(article)`` gets what was read and returns what
    counts.

    :param page: a page of any type.
    :param url: the page's public address when the caller knows better; ``None``: see :func:`address`.
    :raises ConfigurationError: ``PAGE_URL`` is neither an address nor names a callable.
    """
    page = getattr(page, "specific", None) or page
    teaser, source = teaser_of(page)
    pieces = list(body_of(page, source))
    article = Article(
        title=one_line(str(getattr(page, "title", ""))),
        url=address(page) if url is None else url,
        language=language_of(page),
        teaser=teaser,
        teaser_source=source,
        blocks=tuple(piece for piece in pieces if isinstance(piece, Block)),
        images=each_once([*lead_images(page), *(piece for piece in pieces if isinstance(piece, Image))]),
        tags=tags_of(page),
    )
    own = getattr(page, "get_syndication_article", None)
    return own(article) if own else article


def address(page: Any) -> str:
    """The page's public address: the page's own ``get_syndication_url()``, else by the setting ``PAGE_URL``, else
    Wagtail's. "" when none of them knows one.

    :raises ConfigurationError: ``PAGE_URL`` is neither an address nor names a callable.
    """
    strategies = [getattr(page, "get_syndication_url", None)]
    if setting := conf.get("PAGE_URL"):
        strategies.append(lambda: page_url_callable(setting)(page))
    strategies.append(getattr(page, "get_full_url", None))
    return next((found for strategy in strategies if strategy and (found := strategy())), "")


def page_url_callable(setting: Any) -> Any:
    """What the setting ``PAGE_URL`` stands for: a callable, or the address of a site in front of this one.

    :raises ConfigurationError: it is neither.
    """
    if isinstance(setting, str) and setting.startswith(("https://", "http://")):
        if not urlsplit(setting).hostname or urlsplit(setting).query or urlsplit(setting).fragment:
            raise ConfigurationError(f"WAGTAIL_SYNDICATE['PAGE_URL']: {setting!r} is no address of a site.")
        return partial(address_at, setting.rstrip("/"))
    try:
        found = import_string(setting) if isinstance(setting, str) else setting
    except ImportError as error:
        raise ConfigurationError(f"WAGTAIL_SYNDICATE['PAGE_URL']: {setting!r} cannot be imported.") from error
    if not callable(found):
        raise ConfigurationError(f"WAGTAIL_SYNDICATE['PAGE_URL']: {setting!r} cannot be called.")
    return found


def address_at(base: str, page: Any) -> str:
    """Where the page is at another address than this site's: its path stays. "" for a page that is in no site."""
    parts = page.get_url_parts()
    path = parts[2] if parts else None
    if not path:
        # Without Wagtail's own URLs, as on many headless sites, there is no path; it is the page's place in the tree.
        place = getattr(page, "url_path", None) or ""
        roots = [root.root_path for root in Site.get_site_root_paths() if place.startswith(root.root_path)]
        path = f"/{place.removeprefix(max(roots, key=len))}" if roots else None
    return "" if path is None else base + path


def related(page: Any, name: str) -> Any:
    """What a relation of the page leads to; ``None`` when it leads nowhere."""
    try:
        return getattr(page, name, None)
    except ObjectDoesNotExist:
        return None


def language_of(page: Any) -> str:
    return getattr(related(page, "locale"), "language_code", None) or settings.LANGUAGE_CODE


def tags_of(page: Any) -> tuple[str, ...]:
    """The names of the page's tags, as django-taggit keeps them, sorted as its form shows them."""
    try:
        manager = getattr(page, "tags", None)
    except ValueError:
        # django-taggit gives no tags to what was never saved.
        return ()
    if not hasattr(manager, "all") or not hasattr(manager, "names"):
        return ()
    return tuple(sorted(one_line(str(tag.name)) for tag in manager.all()))


def fields_of(page: Any) -> list[Any]:
    """The page's own fields, in the order of its edit form, else of its model."""
    meta = getattr(page, "_meta", None)
    order = {name: place for place, name in enumerate(names_in(panels_of(page)))}
    return sorted(getattr(meta, "concrete_fields", ()), key=lambda field: order.get(field.name, len(order)))


def panels_of(page: Any) -> Iterable[Any]:
    """The panels of the page's edit form: of its own edit handler, else of its content tab."""
    handler = getattr(page, "edit_handler", None)
    return [handler] if handler else getattr(page, "content_panels", None) or ()


def names_in(panels: Iterable[Any]) -> Iterator[str]:
    for panel in panels:
        if isinstance(panel, str):
            yield panel
        elif name := getattr(panel, "field_name", None):
            yield name
        else:
            yield from names_in(getattr(panel, "children", None) or ())


def teaser_of(page: Any) -> tuple[str, str]:
    """The words that an editor wrote as a summary, and the name of their field."""
    rich = {field.name for field in fields_of(page) if isinstance(field, RichTextField)}
    for name in TEASERS:
        value = related(page, name)
        if isinstance(value, str) and name not in rich:
            text = "\n\n".join(paragraphs(value))
        elif isinstance(value, str | RichText | StreamValue):
            pieces = blocks_of(value)[0] if isinstance(value, str) else pieces_of(value)
            text = "\n\n".join(p.text for p in pieces if isinstance(p, Block) and p.kind != "heading")
        else:
            continue
        if text:
            return text, name
    return "", ""


def body_of(page: Any, teaser_source: str) -> Iterator[Piece]:
    """The page's body, field by field, without the one that is its teaser."""
    shown = set(names_in(panels_of(page)))
    for field in fields_of(page):
        name = field.name
        if field.is_relation or name == teaser_source or name in METADATA or ASIDE.search(name):
            continue  # what a relation leads to would be read for nothing: whole revisions, for one
        value = related(page, name)
        if isinstance(field, RichTextField) and isinstance(value, str):
            blocks, images = blocks_of(value)
            yield from blocks
            yield from images
        elif isinstance(field, StreamField):
            yield from pieces_of(value)
        elif isinstance(value, str) and is_running_text(field, shown):
            yield from (Block("paragraph", text) for text in paragraphs(value))


def is_running_text(field: Any, shown: set[str]) -> bool:
    """Whether a plain field holds text for readers: an introduction, or a text area among the page's content."""
    is_area = field.get_internal_type() == "TextField" and (not shown or field.name in shown)
    return field.name in ABOVE_BODY or is_area


def lead_images(page: Any) -> list[Image]:
    """The pictures that fields of the page hold, the likeliest face of the page first."""
    names = [
        field.name for field in fields_of(page) if field.many_to_one and hasattr(field.related_model, "get_rendition")
    ]
    names.sort(key=lambda name: next((place for place, part in enumerate(LEAD_IMAGES) if part in name), 99))
    images = []
    for name in names:
        if image := related(page, name):
            written = getattr(page, f"{name}_alt_text", None) or getattr(page, f"{name}_alt", None)
            images.append(picture(image, written or None))
    return images


def each_once(images: Iterable[Image]) -> tuple[Image, ...]:
    """Every picture once, where it stands first, with the first alternative text that it has anywhere."""
    found: dict[str, Image] = {}
    for image in images:
        known = found.get(image.reference)
        if known is None or (image.alt and not known.alt):
            found[image.reference] = image
    return tuple(found.values())
