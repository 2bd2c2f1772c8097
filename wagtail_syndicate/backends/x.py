"""X, formerly Twitter, by its API v2.

Facts: docs.x.com as of 2026-08-22 and its OpenAPI description 2.167; prices of 2026-04-20; real answers as quoted in
public issues (duplicate: akrherz/iembot#163, 2026-02; limits of a day: plhery/node-twitter-api-v2#495).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from requests_oauthlib import OAuth1 as Signature

from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.backends.likeness import same_text
from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.backends.x_doors import DOORS
from wagtail_syndicate.backends.x_text import plain_text
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import MediaRejected, NetworkError, NotSent, Rejected
from wagtail_syndicate.types import (
    Caution,
    Identity,
    ImageLimits,
    Limits,
    Media,
    Message,
    Reach,
    Receipt,
    Region,
    Shape,
    Style,
)


PAGE = 20  # posts; each post read is billed
PAGES = 5
# The description 2.167 knows only the first name, the pages of docs.x.com only the second.
FIELDS = ("post.fields", "tweet.fields")
PICTURE_REFUSED = (400, 413, 415, 422)  # statuses at the upload that are about the file


class Backend(BaseBackend):
    """One account; the app behind it pays for every post."""

    name = "x"
    label = "X"
    icon = "syndicate-x"
    shape = Shape.SHORT
    region = Region.GLOBAL
    reach = Reach.AUTOMATIC
    auth = DOORS
    conditions = (
        _("X charges for posting: about $0.20 for a post with a link and $0.015 for one without (April 2026)."),
        _("Credits are bought in advance in X's developer console. When they are used up, X refuses every post."),
        _("Pictures and their descriptions cost a little extra, and so may posts that X refuses."),
    )
    hosts = {"api": "https://api.x.com", "web": "https://x.com"}
    limits = Limits(
        length=280,
        count=counting.x_weighted,
        images=ImageLimits(4, 5_000_000, content_types=("image/jpeg", "image/png", "image/webp"), alt_length=1000),
    )
    style = Style(target=200, sentences=1, hashtags=1)
    reasons = {
        "price_link": _("{network} charges for this post: about $0.20, because it holds a link (April 2026)."),
        "price": _("{network} charges for this post: about $0.015 (April 2026)."),
        "x_forbidden": _(
            "{network} refused the post. The text may break a rule, or the app may not post. "
            "Change the wording, or let a site admin check the app in X's developer console, then try again."
        ),
    }
    # No row for 5xx: X may have the post. No row retries a 403: X may charge for it.
    errors = (
        ErrorRow(Reaction.EXPIRED, "expired_token", status=(401,)),
        ErrorRow(Reaction.REJECTED, "credits", status=(402,)),
        ErrorRow(Reaction.DUPLICATE, "duplicate", status=(403,), contains="duplicate content"),
        ErrorRow(Reaction.REJECTED, "app_setup", status=(403,), codes=("client-not-enrolled",)),
        ErrorRow(Reaction.REJECTED, "credits", status=(403,), codes=("usage-capped",)),
        ErrorRow(Reaction.RECONNECT, "account_blocked", status=(403,), codes=("user-suspended",)),
        ErrorRow(Reaction.RECONNECT, "reconnect", status=(403,), codes=("unsupported-authentication",)),
        ErrorRow(Reaction.REJECTED, "content_refused", status=(403,), contains="cashtag"),
        ErrorRow(Reaction.REJECTED, "content_refused", status=(403,), contains="@mentions"),
        ErrorRow(Reaction.REJECTED, "link_forbidden", status=(403,), contains="invalid url"),
        ErrorRow(Reaction.REJECTED, "x_forbidden", status=(403,)),
        # Some pictures are refused only here (plhery/node-twitter-api-v2 issue 501).
        ErrorRow(Reaction.MEDIA, "image_refused", status=(400,), contains="media ids are invalid"),
        ErrorRow(Reaction.REJECTED, "content_refused", status=(400, 422)),
        ErrorRow(Reaction.REJECTED, "bad_request", status=(404, 405, 413, 415)),
        # Without a waiting time in the headers a cap of the plan is spent, not the quarter of an hour's.
        ErrorRow(Reaction.RETRY, "rate_limited", status=(429,), retry_after=3600),
    )

    def cautions(self, message: Message) -> Sequence[Caution]:
        return (Caution("price_link" if "://" in message.text_with_link else "price"),)

    def signature(self) -> Signature | None:
        """OAuth 1.0a for accounts that were connected with it; JSON and file bodies are not part of what is signed."""
        keys, app = self.connection.credentials, self.connection.app
        if not keys.get("oauth_token"):
            return None
        return Signature(app.client_id, app.client_secret, keys["oauth_token"], keys.get("oauth_token_secret", ""))

    def call(self, method: str, template: str, **kwargs: Any) -> Answer:
        """As in the base class, signed where the account needs it."""
        return super().call(method, template, auth=self.signature(), **kwargs)

    def problem(self, answer: Answer) -> Problem | None:
        """X tells the kind of trouble in ``reason`` or at the end of ``type``, details in a list of errors."""
        if 200 <= answer.status < 300:
            return None
        code = answer.get("reason") or str(answer.get("type") or "").rpartition("/")[2]
        words = self.error_text(answer)
        if isinstance(more := answer.get("errors", 0, "message"), str):
            words = f"{words} {more[:500]}".strip()
        return Problem(answer.status, str(code), words, answer.retry_after)

    def identify(self) -> Identity:
        """Whose token this is (``GET /2/users/me``)."""
        answer = self.call("GET", "{api}/2/users/me")
        username = self.named(answer, "username")
        return Identity(self.named(answer), f"@{username}", self.url(f"{{web}}/{username}"))

    def named(self, answer: Answer, field: str = "id") -> str:
        """A field in the answer to a harmless request.

        :raises NotSent: it is missing; asking again does no harm.
        """
        if not isinstance(value := answer.get("data", field), str) or not value:
            raise NotSent("network_busy", f"the answer holds no {field}", answer.status)
        return value

    def upload(self, media: Media) -> str:
        """Hand over a picture, then its description; a description that is refused costs the picture nothing.

        :returns: the id of the picture, good for a day.
        """
        try:
            answer = self.call(
                "POST",
                "{api}/2/media/upload",
                files={"media": (media.filename, media.data, media.content_type)},
                data={"media_category": "tweet_image"},
            )
        except Rejected as error:
            if error.status in PICTURE_REFUSED:
                raise MediaRejected("image_refused", error.detail, error.status) from None
            raise
        media_id = self.named(answer)
        if alt := media.alt[: self.limits.images.alt_length]:
            with suppress(NetworkError):
                body = {"id": media_id, "metadata": {"alt_text": {"text": alt}}}
                self.call("POST", "{api}/2/media/metadata", json=body)
        return media_id

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        """Post. X knows no idempotency key; it refuses the same text again, without naming the post."""
        body: dict[str, Any] = {"text": message.text}
        if uploads:
            body["media"] = {"media_ids": list(uploads)}
        answer = self.call("POST", "{api}/2/tweets", irreversible=True, json=body)
        return self.posted(answer.get("data", "id"))

    def delete(self, remote_id: str) -> None:
        """Delete the post. When X says that it did not, it is asked once (for half a cent) whether there is one."""
        try:
            if self.call("DELETE", f"{{api}}/2/tweets/{remote_id}").get("data", "deleted") is True:
                return
            shown = self.call("GET", f"{{api}}/2/tweets/{remote_id}")
        except Rejected as error:
            if error.status != 404:
                raise
            return
        kinds = [str(error.get("type")) for error in shown.get("errors") or ()]
        if shown.get("data") is not None or not any(kind.endswith("/resource-not-found") for kind in kinds):
            raise NotSent("network_busy", "X did not delete the post", shown.status)

    def find(self, message: Message, since: datetime) -> Receipt | None:
        """Look through the account's posts since then. Each post that X returns is billed."""
        params: dict[str, Any] = {
            "max_results": PAGE,
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "exclude": "replies,retweets",
        }
        look = Look(since)
        for _page in range(PAGES):
            answer = self._own_posts(params)
            posts = answer.get("data") or ()
            for post in posts:
                # X's start_time knows no parts of a second.
                recent = look.meet(post["id"], datetime.fromisoformat(post["created_at"]))
                if recent and same_text(message.text, plain_text(post)):
                    return self.posted(post["id"])
            if answer.get("meta", "result_count") != len(posts):
                raise NotSent("network_busy", "X did not list all of the account's posts", answer.status)
            if not (following := answer.get("meta", "next_token")):
                return None
            params["pagination_token"] = following
        raise look.unsure()

    def _own_posts(self, params: dict[str, Any]) -> Answer:
        """A page of the account's posts, with what tells them apart."""
        for name in FIELDS:
            fields = {name: "created_at,entities"}
            try:
                answer = self.call(
                    "GET", f"{{api}}/2/users/{self.connection.remote_id}/tweets", params=params | fields
                )
            except Rejected as error:
                if error.status != 400 or name == FIELDS[-1]:
                    raise
            else:
                if all("created_at" in post for post in answer.get("data") or ()):
                    return answer
        raise NotSent("network_busy", "X did not say when the account's posts were made")

    def posted(self, remote_id: Any) -> Receipt:
        """The receipt for a post; its address works with any name in it, also after the account is renamed."""
        name = self.connection.handle.lstrip("@") or "i"
        return self.receipt(remote_id, self.url(f"{{web}}/{name}/status/{remote_id}"))

    def share_link(self, message: Message) -> str:
        """X's own dialog for a new post (docs, Web Intent)."""
        return link_to(self.url("{web}/intent/tweet"), text=message.text_with_link)
