"""LinkedIn by its Posts API: a member's own posts, or those of a page that the member may post for.

Facts: learn.microsoft.com/linkedin (Posts API, Images API) as quoted in dated notes of 2026-09 and 2026-10 and read by
production clients (gitroomhq/postiz-app, 2026-08); what a repeated text is answered with: Arisamiga/Linkedin-RSS#5
(2023-12), ComposioHQ/composio#2710 (2026-02). None of it could be tried with a real app.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate import keys
from wagtail_syndicate.backends.base import link_to
from wagtail_syndicate.backends.likeness import same_text
from wagtail_syndicate.backends.linkedin_api import FINDER, LinkedIn
from wagtail_syndicate.backends.linkedin_doors import DOORS
from wagtail_syndicate.backends.linkedin_text import little, plain_text
from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import DuplicateContent, MediaRejected, NetworkError, NotSent, Rejected
from wagtail_syndicate.types import (
    Choice,
    ImageLimits,
    Limits,
    LinkPlace,
    Media,
    Message,
    Reach,
    Receipt,
    Region,
    Style,
)


TITLE_LENGTH, DESCRIPTION_LENGTH = 400, 1000  # characters of a card; how long a description may be is not documented
MEDIA_WAITS = (1, 2, 3)  # seconds between tries while a picture is being prepared
PAGE, PAGES = 50, 3
CLOCK_SKEW = timedelta(seconds=2)
# The first bits of these numbers are the milliseconds at which they were made.
POST = re.compile(r"urn:li:(?:share|ugcPost):(\d{15,20})(?!\d)")


class Backend(LinkedIn):
    """A member or a page.

    Settings: ``VERSION``, the month (``YYYYMM``) of the interface that is spoken; ``CLIENT_ID`` and ``CLIENT_SECRET``
    of the app for members, ``ORGANISATION_CLIENT_ID`` and ``ORGANISATION_CLIENT_SECRET`` of the one for pages: the
    Community Management API is given only to apps that have nothing else, and consent to other rights would end
    earlier consent to the same app. A refresh token is used where LinkedIn gives one; ordinary apps get none.
    """

    name = "linkedin"
    label = "LinkedIn"
    icon = "syndicate-linkedin"
    region = Region.GLOBAL
    reach = Reach.AUTOMATIC
    auth = DOORS
    conditions = (
        _("For pages LinkedIn must have granted the app its Community Management API: registered organisations only."),
        _("Access ends after 60 days unless LinkedIn allows the app to renew it. A site admin then connects again."),
        _("A member's posts cannot be looked up. After a broken connection a person has to look."),
    )
    choices = (
        Choice(
            "visibility",
            _("Who sees the posts"),
            (("PUBLIC", _("Everybody")), ("LOGGED_IN", _("Members of LinkedIn")), ("CONNECTIONS", _("Connections"))),
            _("For members only: the posts of pages are always public."),
        ),
    )
    limits = Limits(
        length=3000,
        count=counting.linkedin,
        link=LinkPlace.CARD,
        # The picture of an article's card, which is cut to this shape.
        images=ImageLimits(content_types=("image/jpeg", "image/png", "image/gif"), alt_length=4086, ratio=(191, 100)),
    )
    style = Style(target=700, sentences=5, body=True, hook=True, hashtags=3, paragraphs=True)

    sleep = staticmethod(time.sleep)

    def upload(self, media: Media) -> tuple[str, str]:
        """Ask for an address and send the picture there.

        :returns: the picture's URN and its alternative text.
        """
        order = {"initializeUploadRequest": {"owner": self.connection.remote_id}}
        answer = self.call("POST", "{api}/rest/images?action=initializeUpload", json=order)
        address, urn = answer.get("value", "uploadUrl"), answer.get("value", "image")
        if not isinstance(address, str) or not isinstance(urn, str) or not self.is_safe(address):
            raise NotSent("network_busy", "the answer holds no address for the picture", answer.status)
        try:
            self.call("PUT", address, data=media.data, headers={"Content-Type": media.content_type})
        except Rejected as error:
            raise MediaRejected("image_refused", error.detail, error.status) from None
        return urn, media.alt[: self.limits.images.alt_length]

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        """Post, with some patience while LinkedIn prepares the picture: until then it refuses the post."""
        body = {
            "author": self.connection.remote_id,
            "commentary": little(message.text),
            "visibility": "PUBLIC" if self.is_organisation() else self.chosen("visibility"),
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        if content := self._content(message, *(uploads[0] if uploads else ("", ""))):
            body["content"] = content
        waits = iter(MEDIA_WAITS)
        while True:
            began = datetime.now(UTC)
            try:
                answer = self.call("POST", "{api}/rest/posts", irreversible=True, json=body)
            except DuplicateContent as error:
                return self._own(error, key, began)
            except NotSent as error:
                if error.reason != "linkedin_picture" or (wait := next(waits, None)) is None:
                    raise
                self.sleep(wait)
            else:
                return self._posted(unquote(answer.headers.get("x-restli-id", "")))

    def _content(self, message: Message, picture: str, alt: str) -> dict[str, Any]:
        """The card, which LinkedIn does not make by itself; without a link the picture."""
        if not message.link:
            return {"media": {"id": picture, "altText": alt}} if picture else {}
        card = {"source": message.link, "title": (message.title or message.link)[:TITLE_LENGTH]}
        more = {"description": message.description[:DESCRIPTION_LENGTH], "thumbnail": picture}
        return {"article": card | {name: value for name, value in more.items() if value}}

    def _own(self, error: DuplicateContent, key: str, began: datetime) -> Receipt:
        """The receipt of the post that a refused repeat names, where it can only be this delivery's own: one that was
        made after the delivery was planned and before this request began.

        An older one has the same words for another reason. A newer one is a ghost: while LinkedIn remembers a post
        that was deleted, each refusal names a URN of its own, made on the spot, that leads nowhere.

        :raises DuplicateContent: it is another's, or that cannot be told; :raises Rejected: it is a ghost.
        """
        found = POST.search(error.detail)
        if found is None:
            raise error
        urn, made = found[0], datetime.fromtimestamp((int(found[1]) >> 22) / 1000, UTC)
        if self.is_organisation() and self._is_gone(urn):
            raise Rejected("linkedin_ghost", urn, error.status)
        with suppress(ValueError):
            if keys.moment(key) <= made < began - CLOCK_SKEW:
                return self._posted(urn)
        raise error

    def _is_gone(self, urn: str) -> bool:
        try:
            self.call("GET", f"{{api}}/rest/posts/{quote(urn, safe='')}")
        except NetworkError as error:
            return error.status == 404
        return False

    def _posted(self, urn: str) -> Receipt:
        return self.receipt(urn, self.url(f"{{web}}/feed/update/{urn}"))

    def can_find(self) -> bool:
        """Only posts of pages can be read: the right to read members' posts is given to nobody new."""
        return self.is_organisation()

    def find(self, message: Message, since: datetime) -> Receipt | None:
        """Look through the page's posts, the one that was changed last first."""
        params = {"q": "author", "author": self.connection.remote_id, "sortBy": "LAST_MODIFIED", "count": PAGE}
        look, params["start"] = Look(since), 0
        for _page in range(PAGES):
            answer = self.call("GET", "{api}/rest/posts", params=params, headers=FINDER)
            posts, total, links = answer.get("elements"), answer.get("paging", "total"), answer.get("paging", "links")
            try:
                for post in posts:
                    recent = look.meet(post["id"], _moment(post["lastModifiedAt"]))
                    if recent and _moment(post["createdAt"]) >= since and _says(post, message):
                        return self._posted(post["id"])
            except (AttributeError, KeyError, TypeError):
                raise NotSent("network_busy", "LinkedIn did not list the page's posts") from None
            is_end = not posts and total is None and links == []
            if look.has_passed or look.has_all(total) or is_end:
                return None
            params["start"] += len(posts)  # there may be fewer on a page than were asked for
        raise look.unsure()

    def edit(self, remote_id: str, message: Message) -> Receipt:
        patch = {"patch": {"$set": {"commentary": little(message.text)}}}
        headers = {"X-RestLi-Method": "PARTIAL_UPDATE"}
        self.call("POST", f"{{api}}/rest/posts/{quote(remote_id, safe='')}", json=patch, headers=headers)
        return self._posted(remote_id)

    def delete(self, remote_id: str) -> None:
        try:
            self.call("DELETE", f"{{api}}/rest/posts/{quote(remote_id, safe='')}")
        except Rejected as error:
            if error.status != 404:
                raise

    def share_link(self, message: Message) -> str:
        """LinkedIn's share dialog, which takes the address alone (in use by public share buttons, 2026)."""
        return link_to(self.url("{web}/sharing/share-offsite/"), url=message.link) if message.link else ""


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _says(post: dict[str, Any], message: Message) -> bool:
    """Whether a post has the message's words and, where both name one, its article."""
    article = post.get("content", {}).get("article", {}).get("source", "")
    same_link = not article or not message.link or same_text(message.link, article)
    return same_link and same_text(message.text, plain_text(post.get("commentary", "")))
