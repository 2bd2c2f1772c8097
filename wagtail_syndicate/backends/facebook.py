"""Facebook Pages: a link with its card, or photos, posted with the page's own token.

Sources: developers.facebook.com/docs (Pages API, page access tokens, Graph API v26.0 of 2026-07), the official
parameter lists (facebook-python-business-sdk, 2026-06), error codes from public clients (2026-08). Nothing was tried
with a real page.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.errors import ErrorRow, Reaction
from wagtail_syndicate.backends.graph import HOUR, REASONS, ROWS, GraphBackend, moment
from wagtail_syndicate.backends.likeness import same_text
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import NotSent, Rejected
from wagtail_syndicate.types import (
    Grant,
    Identity,
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


VERSION = "v26.0"
POST = "CREATE_CONTENT"  # the task that lets a person post as a page
PAGE_FIELDS = "id,name,username,link"
TARGETS_AT_ONCE, TARGET_PAGES = 100, 20
POSTS_AT_ONCE, POST_PAGES = 50, 2
# @[123] is a mention of the page 123; an invisible sign (U+2060) breaks it without changing how it reads.
MENTION = re.compile(r"@(?=\[)")


class Backend(GraphBackend):
    """A Facebook Page.

    A page's list of posts is documented as incomplete, so ``find`` proves that a post is there and never that it is
    not; and Facebook knows no idempotency keys. After an unclear answer a person has the last word.
    """

    name = "facebook"
    label = "Facebook"
    icon = "syndicate-facebook"
    region = Region.GLOBAL
    reach = Reach.AUTOMATIC
    auth = (
        OAuth2(
            authorize_url="{web}/{version}/dialog/oauth",
            token_url="{api}/{version}/oauth/access_token",  # noqa: S106 (an address)
            token_method="GET",  # noqa: S106 (a method)
            # Without business_management, pages of a business portfolio are left out of the list of pages.
            scopes=("pages_show_list", "pages_read_engagement", "pages_manage_posts", "business_management"),
            scope_separator=",",
            optional_scopes=("business_management",),
            pkce=False,
            label=_("Sign in at Facebook"),
            console="https://developers.facebook.com/apps/",
            preparation=(
                _("Make an app for managing pages, and add the permissions named below."),
                _("Under Facebook Login, Settings, enter the callback address as a valid OAuth redirect URI."),
                _("Give everybody who will connect a page a role in the app; others need Meta's App Review first."),
            ),
            key_labels=("App ID", "App secret"),
        ),
    )
    conditions = (
        _("Facebook Pages only: personal timelines and groups cannot be posted to by software."),
        _("Free of charge. Needs an app of your own at Meta, in which the person who connects the page has a role."),
        _("The access is that person's: it ends when they change their password or leave the page."),
    )
    hosts = {"api": "https://graph.facebook.com", "web": "https://www.facebook.com"}
    node = "{{api}}/{{version}}/{}"
    # No page of Meta's names the length or its unit; 63,206 is what clients keep to. Nor does one say how many photos
    # a post takes by this way or how long their descriptions may be: both are careful here.
    limits = Limits(length=63_206, count=counting.utf16, link=LinkPlace.CARD)
    photos = Limits(length=63_206, count=counting.utf16, images=ImageLimits(4, 4_000_000, 2048, 2048, alt_length=1000))
    style = Style(target=400, sentences=3, body=True, paragraphs=True, plain=lambda text: MENTION.sub("@\u2060", text))
    reasons = {
        **REASONS,
        "no_page": _(
            "The person who signed in may not create content on any page at {network}. "
            "A site admin must connect the account as somebody who may, and choose the page there."
        ),
        "no_role": _(
            "The person who connected the account has no role on the page any more. "
            "A site admin must connect it again as somebody who has."
        ),
        "link_unreadable": _(
            "{network} could not read the page behind the link. Check that everybody can open it, then try again."
        ),
        "not_listed": _(
            "The list of posts that {network} gives does not show the post, but it leaves some out. "
            "Look at the page, then say whether the post is there."
        ),
    }
    errors = (
        ErrorRow(Reaction.RECONNECT, "no_role", codes=("102/492", "190/492")),
        ErrorRow(Reaction.DUPLICATE, "duplicate", codes=("506", "1404082", "1366051")),
        # "Temporary: wait", says Meta, and not how long; hammering makes it worse.
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("1390008",), retry_after=6 * HOUR),
        ErrorRow(Reaction.REJECTED, "human_check", codes=("4854002", "1404078", "1404006")),
        ErrorRow(Reaction.REJECTED, "content_forbidden", codes=("1346003", "1404102")),
        ErrorRow(Reaction.REJECTED, "account_blocked", codes=("368", "1404112")),
        ErrorRow(Reaction.REJECTED, "link_unreadable", codes=("1609005",)),
        ErrorRow(Reaction.REJECTED, "link_forbidden", codes=("1609008", "2061006")),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("1366046", "2069019")),
        ErrorRow(Reaction.REJECTED, "content_refused", codes=("1349125",)),
        # Temporarily unavailable. Whether such a post was made is not documented, so it is looked for.
        ErrorRow(Reaction.UNKNOWN, "unclear_answer", codes=("1363047", "1609010")),
        *ROWS,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # A proof is in the addresses of requests, and no library may log it.
        self.http.secrets += tuple(self.signature().values())

    def url(self, template: str) -> str:
        return super().url(template.replace("{version}", self.option("VERSION", VERSION)))

    def signature(self) -> dict[str, str]:
        """The proof that the token is used by the app it was given to (docs: Securing Graph API requests)."""
        token, secret = self.connection.credentials.get("access_token", ""), self.connection.app.client_secret
        if not token or not secret:
            return {}
        return {"appsecret_proof": hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()}

    # Connecting

    def exchange(self) -> Grant:
        """A person's token of an hour or two for one of 60 days: tokens of pages that it gives do not end."""
        app = self.connection.app
        fields = {
            "grant_type": "fb_exchange_token",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "fb_exchange_token": self.connection.credentials.get("access_token", ""),
        }
        token = self.node.format("oauth/access_token")
        answer = BaseBackend.call(self, "GET", token, params=fields, headers={"Authorization": None})
        # What is kept is the page's token.
        return Grant(self.grant(answer).credentials)

    def granted_scopes(self) -> frozenset[str]:
        """What the person allowed: the answer with the token does not say, and each can be declined apart."""
        given = self.listed("me/permissions", {}, 1)
        return frozenset(str(one.get("permission")) for one in given if one.get("status") == "granted")

    def targets(self) -> Sequence[Identity]:
        """The pages that the person who signed in may post as."""
        fields = {"fields": f"{PAGE_FIELDS},access_token,tasks", "limit": TARGETS_AT_ONCE}
        pages = {}
        for page in self.listed("me/accounts", fields, TARGET_PAGES):
            token, tasks = page.get("access_token"), page.get("tasks")
            if isinstance(token, str) and token and isinstance(tasks, list) and POST in tasks:
                pages[page.get("id")] = self._identity(page, {"access_token": token})
        if not pages:
            raise Rejected("no_page")
        return tuple(pages.values())

    def identify(self) -> Identity:
        page = self.ask("GET", self.connection.remote_id or "me", {"fields": PAGE_FIELDS})
        return self._identity(page.data if isinstance(page.data, dict) else {})

    def _identity(self, page: dict[str, Any], credentials: dict[str, str] | None = None) -> Identity:
        number = page.get("id")
        if not isinstance(number, str) or not number:
            raise NotSent("network_busy", "the answer holds no id")
        name = page.get("name") or page.get("username") or number
        link = page.get("link") or f"{self.host('web')}/{number}"
        return Identity(number, name, link, credentials=credentials or {})

    # Publishing

    def upload(self, media: Media) -> str:
        """Hand over a photo that nobody sees before a post shows it.

        :returns: its id.
        """
        fields = {"published": "false"}
        if media.alt:
            fields["alt_text_custom"] = media.alt
        files = {"source": (media.filename, media.data, media.content_type)}
        return self.ask_for_id(f"{self.connection.remote_id}/photos", fields, files=files)

    def publish(self, message: Message, uploads: Sequence[str], key: str) -> Receipt:
        fields = {"message": message.text, "published": "true", "fields": "id,permalink_url"}
        if uploads:
            fields["message"] = message.text_with_link
            fields["attached_media"] = json.dumps([{"media_fbid": photo} for photo in uploads])
        elif message.link:
            fields["link"] = message.link
        answer = self.ask("POST", f"{self.connection.remote_id}/feed", fields, irreversible=True)
        made, permalink = answer.get("id"), answer.get("permalink_url")
        return self.receipt(made, permalink if isinstance(permalink, str) else self._permalink(str(made)))

    def find(self, message: Message, since: datetime) -> Receipt:
        """Look through the page's latest posts.

        :raises NotSent: it is not among them. That is no proof: "approximately 600 ranked, published posts per year"
            are given (docs, Page published posts, 2026-11), so the answer "it is not there" does not exist here.
        """
        fields = {"fields": "id,message,created_time,permalink_url", "limit": POSTS_AT_ONCE}
        for post in self.listed(f"{self.connection.remote_id}/published_posts", fields, POST_PAGES, "not_listed"):
            created, text = moment(post.get("created_time")), post.get("message")
            if created and created >= since and isinstance(text, str) and same_text(message.text, text):
                return self.receipt(post.get("id"), post.get("permalink_url") or self._permalink(str(post.get("id"))))
        raise NotSent("not_listed", "the page's list does not show it, and does not show everything")

    def edit(self, remote_id: str, message: Message) -> Receipt:
        self.confirm(self.ask("POST", remote_id, {"message": message.text}))
        return Receipt(remote_id, self._permalink(remote_id))

    def share_link(self, message: Message) -> str:
        return link_to(f"{self.host('web')}/sharer/sharer.php", u=message.link) if message.link else ""

    def _permalink(self, remote_id: str) -> str:
        page, _underscore, post = remote_id.partition("_")
        return f"{self.host('web')}/{page}/posts/{post}" if post else ""
