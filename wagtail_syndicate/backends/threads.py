"""Threads: a container is made, looked after until it is ready, then published.

Sources: developers.facebook.com/docs/threads (overview, create posts, long-lived tokens, troubleshooting; 2026-11),
Meta's own collection of requests (fbsamples/threads_api, 2026-01), answers seen in public issues (2026). Nothing was
tried with a real profile.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import link_to
from wagtail_syndicate.backends.errors import ErrorRow, Reaction
from wagtail_syndicate.backends.graph import REASONS, ROWS, GraphBackend, is_public, moment
from wagtail_syndicate.backends.likeness import fingerprint
from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import MediaRejected, NetworkError, NotSent, Rejected
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
    Shape,
    Style,
    names_link,
)


VERSION = "v1.0"
MAX_LINKS = 5
READY_WAITS = (0.5, 1.0, 1.5, 2.0, 2.0, 2.0)  # seconds between two looks at a container
SETTLE = 2.0  # seconds; a container that is ready may be unknown for a moment where it is published
PATIENCE = 15.0  # seconds for all that, so that the lane's lease leaves enough for the answer
PAGE, PAGES = 50, 5
LINK = re.compile(r"https?://\S+")
# "@name" notifies a person, and people of that name may have nothing to do with the article. An invisible sign
# (U+2060) breaks the mention without changing how it reads; addresses stay as they are.
MENTION = re.compile(r"(?P<address>https?://\S+)|(?<![\w/])@(?=[A-Za-z0-9_.])")
HASHTAG = re.compile(r"(?<!\w)#\w+")


class Backend(GraphBackend):
    """A profile on Threads.

    A container is invisible, and can be published once; ``threads_publish`` is the call that counts. It cannot be
    told from a container what became of it later, so an unclear answer is cleared up by the profile's own posts.
    """

    name = "threads"
    label = "Threads"
    icon = "syndicate-threads"
    shape = Shape.SHORT
    region = Region.GLOBAL
    reach = Reach.AUTOMATIC
    auth = (
        OAuth2(
            authorize_url="{web}/oauth/authorize",
            token_url="{api}/oauth/access_token",  # noqa: S106 (an address)
            scopes=("threads_basic", "threads_content_publish", "threads_delete"),
            scope_separator=",",
            pkce=False,
            label=_("Sign in at Threads"),
            console="https://developers.facebook.com/apps/",
            preparation=(
                _("Make an app for the Threads API, and add the permissions named below."),
                _("Enter the callback address among the redirect callback URLs. It must be https, and not localhost."),
                _("Under App roles invite the profile as a Threads tester; its owner accepts in the Threads app."),
            ),
            key_labels=("Threads app ID", "Threads app secret"),
        ),
    )
    conditions = (
        _("Free of charge. Needs an app of your own at Meta, with the Threads use case and the profile as a tester."),
        _("Threads fetches pictures itself, so the site's media must have public https addresses."),
        _("The access lasts for 60 days and is renewed by itself while the site runs."),
    )
    hosts = {"api": "https://graph.threads.net", "web": "https://www.threads.net"}
    node = f"{{{{api}}}}/{VERSION}/{{}}"
    absent = ("target_missing", "preparing")
    limits = Limits(length=500, count=counting.threads, link=LinkPlace.CARD)
    photos = Limits(
        length=500,
        count=counting.threads,
        images=ImageLimits(1, 8_000_000, 1440, 1440, alt_length=1000, min_width=320),
    )
    # One topic a post: its first hashtag.
    style = Style(
        target=260, sentences=2, hashtags=1, plain=lambda text: MENTION.sub(lambda m: m["address"] or "@\u2060", text)
    )
    reasons = {
        **REASONS,
        "preparing": _("{network} is still preparing the post. It will be tried again automatically."),
        "too_many_links": _("{network} takes five links in a post. Take some out of the wording, then try again."),
        "picture_unreachable": _(
            "{network} could not fetch the picture from this site, so the post went out without it. "
            "A developer must check whether everybody can open the site's media."
        ),
    }
    errors = (
        # The container is not known yet where it is published; nothing is posted (fbsamples/threads_api issue 70).
        ErrorRow(Reaction.RETRY, "preparing", codes=("24/4279009",), retry_after=60.0),
        ErrorRow(Reaction.REJECTED, "target_missing", codes=("24",)),
        ErrorRow(Reaction.REJECTED, "too_many_links", contains="link_limit"),
        ErrorRow(Reaction.REJECTED, "too_long", contains="at most 500 characters"),
        ErrorRow(Reaction.MEDIA, "picture_unreachable", codes=("2207052",)),
        ErrorRow(Reaction.MEDIA, "picture_unreachable", contains="could not be fetched"),
        ErrorRow(Reaction.REJECTED, "human_check", codes=("2207051",)),
        ErrorRow(Reaction.REJECTED, "account_blocked", codes=("4279013",)),
        *ROWS,
    )
    renew_early = timedelta(days=30)

    sleep = staticmethod(time.sleep)

    def headers(self) -> dict[str, str]:
        """None: the documents know the token as a parameter only."""
        return {}

    def signature(self) -> dict[str, str]:
        token = self.connection.credentials.get("access_token")
        return {"access_token": token} if token else {}

    # Connecting

    def exchange(self) -> Grant:
        """A token of an hour for one of 60 days."""
        fields = {"grant_type": "th_exchange_token", "client_secret": self.connection.app.client_secret}
        return self._lasting("{api}/access_token", fields)

    def renew(self) -> Grant:
        """60 more days for a token that is a day old at least and has not ended."""
        return self._lasting("{api}/refresh_access_token", {"grant_type": "th_refresh_token"})

    def _lasting(self, address: str, fields: dict[str, str]) -> Grant:
        return self.grant(self.call("GET", address, params={**fields, **self.signature()}))

    def identify(self) -> Identity:
        answer = self.ask("GET", "me", {"fields": "id,username"})
        number, name = answer.get("id"), answer.get("username")
        if not isinstance(number, str) or not number or not isinstance(name, str):
            raise NotSent("network_busy", "the answer names nobody", answer.status)
        return Identity(number, f"@{name}", f"{self.host('web')}/@{name}")

    # Publishing

    def upload(self, media: Media) -> Media:
        """Nothing is handed over: Threads fetches the picture when its container is made.

        :raises MediaRejected: there is no address where it could.
        """
        if not is_public(media.url):
            raise MediaRejected("picture_address")
        return media

    def publish(self, message: Message, uploads: Sequence[Media], key: str) -> Receipt:
        began = time.monotonic()
        profile = f"{self.connection.remote_id or 'me'}"
        container = self.ask_for_id(f"{profile}/threads", self._container(message, uploads))
        self._await(container, began, bool(uploads))
        made = self.ask("POST", f"{profile}/threads_publish", {"creation_id": container}, irreversible=True).get("id")
        receipt = self.receipt(made)
        # The post is there: whatever happens now must not lose it.
        with suppress(NetworkError):
            permalink = self.ask("GET", made, {"fields": "permalink"}).get("permalink")
            return Receipt(receipt.remote_id, permalink if isinstance(permalink, str) else "")
        return receipt

    def _container(self, message: Message, uploads: Sequence[Media]) -> dict[str, str]:
        text = message.text_with_link if uploads else message.text
        fields = {"media_type": "TEXT", "text": text}
        if uploads:
            fields |= {"media_type": "IMAGE", "image_url": uploads[0].url}
            if uploads[0].alt:
                fields["alt_text"] = uploads[0].alt
        elif message.link and not names_link(text, message.link):
            fields["link_attachment"] = message.link
        if len({*LINK.findall(text), *([message.link] if message.link else [])}) > MAX_LINKS:
            raise Rejected("too_many_links")
        return fields

    def _await(self, container: str, began: float, has_picture: bool) -> None:
        """Wait until the container can be published.

        :raises MediaRejected: Threads cannot use the picture; :raises Rejected: the text;
        :raises NotSent: it is not ready in time; another one is made at the next try.
        """
        for wait in (*READY_WAITS, None):
            answer = self.ask("GET", container, {"fields": "id,status,error_message"})
            status, words = answer.get("status"), str(answer.get("error_message") or "")[:200]
            if status == "FINISHED" and time.monotonic() - began < PATIENCE:
                self.sleep(SETTLE)
                return
            if status == "ERROR":
                raise MediaRejected("image_refused", words) if has_picture else Rejected("content_refused", words)
            if status == "EXPIRED" or wait is None or time.monotonic() - began + wait > PATIENCE:
                break
            self.sleep(wait)
        raise NotSent("preparing", f"the container is {status}", retry_after=60.0)

    def find(self, message: Message, since: datetime) -> Receipt | None:
        """Look through the profile's own posts, newest first, back to ``since``.

        The list's own ``since`` is not used: an empty answer would say that the post is not there.
        """
        look, fields = Look(since), {"fields": "id,text,permalink,timestamp", "limit": PAGE}
        for posts in self.pages("me/threads", fields, PAGES, "looking", to_the_end=True):
            for post in posts:
                made, text = moment(post.get("timestamp")), post.get("text")
                if made is None:
                    raise NotSent("network_busy", "a post without a time")
                recent = look.meet(post.get("id"), made)
                if recent and isinstance(text, str) and looks_like(message.text, text):
                    return self.receipt(post.get("id"), post.get("permalink") or "")
            if look.has_passed:
                break
        return None

    def share_link(self, message: Message) -> str:
        return link_to(f"{self.host('web')}/intent/post", text=message.text_with_link)


def looks_like(sent: str, shown: str) -> bool:
    """Whether a post that is shown is the one that was sent; its topic may be kept apart from its text, and so may an
    address that became a card (not documented, so both are taken for the same)."""
    bare = LINK.sub("", sent)
    alike = {fingerprint(text) for text in (sent, bare, HASHTAG.sub("", sent, 1), HASHTAG.sub("", bare, 1))}
    return fingerprint(shown) in alike - {""}
