"""What an editor should know before she publishes, rather than afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import regex
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wagtail_syndicate.accounts import refresh
from wagtail_syndicate.compose.article import address
from wagtail_syndicate.models import Account
from wagtail_syndicate.reasons import explain
from wagtail_syndicate.types import Limits, Message


CRITICAL, WARNING, INFO = "critical", "warning", "info"
LINK = regex.compile(r"https?://[^\s<>\"]+")


class Warning(NamedTuple):
    """``level``: critical (nothing will be posted, or it will be refused), warning, or info."""

    level: str
    text: str


def of_page(page, parent=None) -> Iterator[Warning]:
    """What holds for every post of the page; one query, and those for its address.

    :param parent: where a page will be that is not saved yet.
    """
    placed = page if page.pk else parent
    if placed is not None and placed.get_view_restrictions().exists():
        yield Warning(CRITICAL, _("This page is private, so it will not be posted. Change that under “Privacy”."))
    elif page.pk and not address(page):
        yield Warning(CRITICAL, _("This page has no public address, so it will not be posted. Ask a site admin."))
    if page.expire_at and page.expire_at <= timezone.now():
        yield Warning(CRITICAL, _("This page has expired, so it will not be posted. Change its schedule."))
    elif goes_live_later(page):
        text = _("This page goes live on %s. Until then nothing is posted.")
        yield Warning(INFO, text % date_format(timezone.localtime(page.go_live_at), "DATETIME_FORMAT"))


def goes_live_later(page) -> bool:
    """Whether publishing the page now would only schedule it."""
    return bool(page.go_live_at and page.go_live_at > timezone.now())


def of_account(account: Account, due: datetime) -> Iterator[Warning]:
    """What holds for every post to the account that is due then. May unseal credentials; asks no network."""
    backend = account.backend_class
    if account.is_assisted:
        return
    if account.status != Account.Status.CONNECTED:
        reason = "not_connected" if account.status == Account.Status.NEW else account.problem or "reconnect"
        yield Warning(CRITICAL, explain(reason, backend.label, backend.reasons))
    elif account.credentials_expire_at and account.credentials_expire_at <= due and not refresh.renews_itself(account):
        text = _("The account's access to %(network)s ends on %(time)s, before this is posted. Tell a site admin.")
        ends = date_format(timezone.localtime(account.credentials_expire_at), "DATETIME_FORMAT")
        yield Warning(CRITICAL, text % {"network": backend.label, "time": ends})


def of_message(message: Message, account: Account, limits: Limits, picture_notice: str = "") -> Iterator[Warning]:
    """What holds for this very post.

    :param picture_notice: the reason of what people should know of the picture that was chosen.
    """
    backend = account.backend_class
    if picture_notice:
        yield Warning(WARNING, explain(picture_notice, backend.label, backend.reasons))
    if limits.images and limits.images.needed and not message.images:
        text = _("%s takes no post without a picture. Choose one, or add one to the page.")
        yield Warning(CRITICAL, text % backend.label)
    if limits.images and limits.images.alt_length and any(not image.alt for image in message.images):
        yield Warning(WARNING, _("The picture has no description, so people who cannot see it miss it. Write one."))
    first = first_link(message)
    if first and message.link and not leads_to(first, message.link):
        text = _("The first link leads to %s, so most networks show the card of that page instead of this one.")
        yield Warning(WARNING, text % urlsplit(first).hostname)
    for caution in backend(account.public_connection).cautions(message):
        text = explain(caution.reason, backend.label, backend.reasons)
        yield Warning(CRITICAL if caution.refused else INFO, text)


def first_link(message: Message) -> str:
    """The first address in the post; the card's where its text holds none."""
    found = LINK.search(message.text)
    return found[0].rstrip(".,;:!?)") if found else message.link


def leads_to(address: str, link: str) -> bool:
    """Whether an address that stands in a text is the article's, be it with or without tracking parameters."""
    return link.rstrip("/").startswith(address.rstrip("/"))
