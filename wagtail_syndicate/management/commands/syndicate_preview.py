"""What every network would get of a page, or of a text file: for writers, and for reading aloud in reviews."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import swapper
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from wagtail.models import Locale, Site

from wagtail_syndicate import summarisers
from wagtail_syndicate.backends import registry
from wagtail_syndicate.compose import message as messages
from wagtail_syndicate.compose.text import one_line, paragraphs
from wagtail_syndicate.delivery import content
from wagtail_syndicate.exceptions import ComposeError, ConfigurationError
from wagtail_syndicate.models import Account, site_id_of, targets_of
from wagtail_syndicate.reasons import explain
from wagtail_syndicate.types import Article, Block, LinkPlace, Message


class Command(BaseCommand):
    help = (
        "Prints the post that each network would get of a page's latest draft, or of a text file (with --title). "
        "Sends nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("source", metavar="PAGE", help="a page's id or path; with --title a text file, or -")
        parser.add_argument("--network", action="append", metavar="NAME", help="only this network; may be repeated")
        parser.add_argument("--accounts", action="store_true", help="the connected accounts, as they speak")
        parser.add_argument("--language", "--lang", metavar="CODE", help="the page's translation; a file's language")
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument("--title", help="the title of a text file, whose paragraphs are parted by blank lines")
        parser.add_argument("--url", default="", help="the article's address, for a text file")

    def handle(self, *args, source, network, accounts, language, title, url, **options):
        networks = [backend_of(name) for name in network] if network else registry.all_backends()
        page = None if title else page_of(source, language)
        article = content.article_of(page) if page else article_of(source, title, language, url)
        if accounts:
            found = list(for_accounts(article, page, {backend.name for backend in networks}))
            if not found:
                raise CommandError("No account is connected for this.")
        else:
            found = [for_network(article, backend) for backend in networks]
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n\n".join(map(readable, found)))


def backend_of(name: str):
    try:
        return registry.get(name)
    except ConfigurationError as error:
        raise CommandError(str(error)) from error


# The article


def page_of(source: str, language: str | None) -> Any:
    """The latest draft of the page with this id, path or address, or of its translation."""
    Page = swapper.load_model("wagtailcore", "Page")
    pages = Page.objects.filter(pk=source) if source.isdecimal() else Page.objects.filter(url_path__in=paths(source))
    if language and not source.isdecimal() and pages.filter(locale__language_code=language).exists():
        pages = pages.filter(locale__language_code=language)
    if len(pages) > 1:
        raise CommandError(f"Several pages have the path {source}; give an id: {', '.join(str(p.pk) for p in pages)}.")
    if not (page := pages.first()):
        is_file = not source.isdecimal() and Path(source).is_file()
        raise CommandError(f"There is no page {source}." + (" For a text file, add --title." if is_file else ""))
    if language and page.locale.language_code != language:
        locale = Locale.objects.filter(language_code=language).first()
        if not (page := page.get_translation_or_none(locale) if locale else None):
            raise CommandError(f"The page {source} has no translation into {language}.")
    return page.get_latest_revision_as_object()


def paths(source: str) -> list[str]:
    """Where in the page tree a path may lead: below the root page of any site, or from the tree's own root."""
    path = f"/{urlsplit(source).path.strip('/')}/".replace("//", "/")
    roots = Site.objects.select_related("root_page")
    return [path, *(site.root_page.url_path.rstrip("/") + path for site in roots)]


def article_of(source: str, title: str, language: str | None, url: str) -> Article:
    """An article of a plain text; blank lines part its paragraphs."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{source} cannot be read as a text in UTF-8: {error}") from error
    if not (blocks := tuple(Block("paragraph", part) for part in paragraphs(text))):
        raise CommandError(f"{source} is empty.")
    return Article(one_line(title), url, language or settings.LANGUAGE_CODE, blocks=blocks)


# The posts


def for_network(article: Article, backend) -> dict[str, Any]:
    """The post of an account without wishes of its own."""
    ways = {"limits": backend.limits, "style": backend.style, "summariser": summarisers.of(backend.name)}
    count, limit = messages.measure(article, **ways)
    found = {"network": backend.name, "label": str(backend.label), "account": "", "count": count, "limit": limit}
    try:
        return found | described(messages.compose(article, **ways), backend.limits.link)
    except ComposeError as error:
        return found | {"error": str(explain(error.reason, backend.label, backend.reasons))}


def for_accounts(article: Article, page: Any, networks: set[str]) -> Iterator[dict[str, Any]]:
    """The posts of the connected accounts that are meant for the page, with the wordings that it holds for them."""
    wordings = {target.account_id: target.wording for target in targets_of(page)} if page else {}
    site_id = site_id_of(page) if page else None
    for account in Account.objects.filter(active=True, status=Account.Status.CONNECTED, network__in=networks):
        if page and not account.fits(page, site_id):
            continue
        backend, wording = account.backend_class, wordings.get(account.pk, "")
        count, limit = content.measure_for(article, account, wording)
        found = {"network": account.network, "label": str(backend.label), "account": account.label}
        found |= {"count": count, "limit": limit}
        try:
            found |= described(content.message_for(article, account, wording), backend.limits.link)
        except ComposeError as error:
            found |= {"error": str(explain(error.reason, backend.label, backend.reasons))}
        yield found


def described(message: Message, link: LinkPlace) -> dict[str, Any]:
    card = {"title": message.title, "description": message.description, "url": message.link}
    return {
        "source": message.source,
        "language": message.language,
        "text": message.text,
        "bold": [message.text[span.offset : span.offset + span.length] for span in message.spans],
        "card": card if link == LinkPlace.CARD and message.link else None,
        "images": [image.alt for image in message.images],
    }


def readable(found: dict[str, Any]) -> str:
    """One post as its readers see it, below a line with its figures."""
    name = f"{found['label']}, {found['account']}" if found["account"] else found["label"]
    head = f"=== {name}: {found['count']} of {found['limit']}"
    if error := found.get("error"):
        return f"{head}\n{error}"
    text = found["text"]
    for bold in found["bold"]:
        text = text.replace(bold, f"**{bold}**", 1)
    lines = [f"{head}, from: {found['source']}", text]
    if card := found["card"]:
        lines.append("[" + " | ".join(part for part in card.values() if part) + "]")
    lines += [f"(picture: {alt or 'without a description'})" for alt in found["images"]]
    return "\n".join(lines)
