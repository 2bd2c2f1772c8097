"""WeChat Official Accounts: an article with a cover, saved as a draft or published.

Sources: developers.weixin.qq.com (subscription and service account documents: stable_token, material, draft,
freepublish, error codes), as stored in November 2026. None of it could be tried with a real account.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.backends.wechat_api import Api
from wagtail_syndicate.backends.wechat_article import CONTENT, FRAME, article, changed_at, is_listed, written
from wagtail_syndicate.exceptions import NetworkError, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.types import (
    Choice,
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
)


POLL_WAITS = (1.0, 2.0, 3.0, 4.0, 5.0)  # seconds between two looks at an article that is being published
PAGE = 20  # articles; the most that a list gives at once
PAGES = 10
# publish_status of freepublish/get: 0 done, 1 at work, and why it will never be done.
DONE, AT_WORK = 0, 1
REFUSALS = {2: "originality", 3: "publish_failed", 4: "content_forbidden", 5: "removed_there", 6: "content_forbidden"}


class Backend(Api):
    """A WeChat Official Account.

    What cannot be taken back is ``draft/add`` when drafts are all that is wanted, else ``freepublish/submit``.
    """

    name = "wechat"
    label = _("WeChat Official Account")
    icon = "syndicate-wechat"
    shape = Shape.ARTICLE
    region = Region.CHINA
    reach = Reach.CONDITIONAL
    auth = (
        Pasted(
            (
                PastedField(
                    "app_id",
                    "AppID",
                    _("On mp.weixin.qq.com: Settings and Development, Basic Configuration. It begins with wx."),
                    secret=False,
                ),
                PastedField("app_secret", "AppSecret", _("Shown once, on the same page, when it is made.")),
                PastedField(
                    "account_name",
                    _("Name of the account"),
                    _("Only to tell accounts apart here; WeChat does not say it."),
                    secret=False,
                    required=False,
                ),
            ),
            label=_("AppID and AppSecret"),
        ),
    )
    choices = (
        Choice(
            "mode",
            _("What becomes of an article"),
            (
                ("draft", _("Save as draft: a person publishes it on mp.weixin.qq.com")),
                ("publish", _("Publish at once: only for accounts of verified companies")),
            ),
            _("WeChat lets only accounts of verified companies publish through its interface."),
        ),
    )
    conditions = (
        _("This server's address must be on the account's IP allow list at mp.weixin.qq.com."),
        _("Since July 2025 only accounts of verified companies may publish. For all others articles become drafts."),
        _("Every article needs a picture, its cover. Published articles are not pushed to followers."),
    )
    limits = Limits(
        length=CONTENT - FRAME,
        count=written,
        link=LinkPlace.CARD,
        images=ImageLimits(max_bytes=1_000_000, max_width=1920, max_height=1920, alt_length=200, needed=True),
    )
    style = Style(target=800, sentences=8, body=True, paragraphs=True)
    reasons = {
        "draft_saved": _("Saved as a draft. A person must publish it on mp.weixin.qq.com, under Drafts."),
        "draft_check": _(
            "{network} saved the draft but wants a person to look at it. Open it on mp.weixin.qq.com, under Drafts, "
            "save it there and publish it."
        ),
        "draft_only": _(
            "{network} does not let this account do that. A site admin must choose “Save as draft” for the account; "
            "where that is chosen already, WeChat gives the account no right to use its interface."
        ),
        "ip_not_listed": _(
            "{network} does not know this server. A site admin must add the server's address to the IP allow list on "
            "mp.weixin.qq.com (Settings and Development, Basic Configuration), then connect the account again."
        ),
        "needs_picture": _("{network} takes no article without a picture. Add one to the page, then try again."),
        "originality": _(
            "{network} takes the article for somebody else's work. Publish it on mp.weixin.qq.com, or change it and "
            "try again."
        ),
        "publish_failed": _(
            "{network} could not publish the draft and does not say why. Publish it on mp.weixin.qq.com, under Drafts."
        ),
        "removed_there": _("The article was published and then deleted on mp.weixin.qq.com."),
    }
    sleep = staticmethod(time.sleep)

    def identify(self) -> Identity:
        """The AppID, once it is proved that drafts can be reached with it; WeChat tells no name."""
        drafts = self.call("GET", "{api}/cgi-bin/draft/count", params=self.token())
        if not isinstance(drafts.get("total_count"), int):
            raise NotSent("network_busy", "the answer holds no number of drafts", drafts.status)
        return Identity(self.app_id, str(self.connection.options.get("account_name") or self.app_id))

    def upload(self, media: Media) -> dict[str, str]:
        """Hand over the picture twice: as permanent material for the cover, and for the article itself."""
        files = {"media": (media.filename, media.data, media.content_type)}
        cover = self.call(
            "POST", "{api}/cgi-bin/material/add_material", params={**self.token(), "type": "image"}, files=files
        )
        inside = self.call("POST", "{api}/cgi-bin/media/uploadimg", params=self.token(), files=files)
        if not cover.get("media_id") or not inside.get("url"):
            raise NotSent("network_busy", "the answer holds no picture", cover.status)
        return {"cover": cover.get("media_id"), "url": inside.get("url"), "alt": media.alt}

    def publish(self, message: Message, uploads: Sequence[Mapping[str, str]], key: str) -> Receipt:
        if not uploads:
            raise Rejected("needs_picture")
        drafts_only = self.chosen("mode") == "draft"
        answer = self.post("draft/add", {"articles": [article(message, uploads[0])]}, irreversible=drafts_only)
        draft = answer.get("media_id")
        if drafts_only:
            return self._noted(draft, "draft_saved")
        if not draft:
            raise NotSent("network_busy", "the answer holds no draft", answer.status)
        try:
            job = self.post("freepublish/submit", {"media_id": draft}, irreversible=True).get("publish_id")
        except OutcomeUnknown:
            raise
        except NetworkError as error:
            if error.reason == "draft_check":
                return self._noted(draft, "draft_check")
            # Surely not published: the next try makes a draft of its own.
            with contextlib.suppress(NetworkError):
                self.post("draft/delete", {"media_id": draft})
            raise
        return self._published(job)

    def find(self, message: Message, since: datetime) -> Receipt | None:
        """Look for the draft or, where articles are published at once, for the published article.

        That one is not published proves nothing: WeChat may still be checking it. So it is never "surely not there".
        """
        if self.chosen("mode") == "draft":
            draft = next(self._listed("draft/batchget", message, since), None)
            return self._noted(draft.get("media_id"), "draft_saved") if draft else None
        for item in self._listed("freepublish/batchget", message, since):
            news = item["content"]["news_item"][0]
            if not news.get("is_deleted"):
                return self.receipt(item.get("article_id"), news.get("url") or "")
        raise NotSent("network_busy", "not published yet, which does not say that it never will be")

    def _noted(self, media_id: Any, notice: str) -> Receipt:
        return Receipt(self.receipt(media_id).remote_id, notice=notice)

    def _published(self, job: Any) -> Receipt:
        """Wait until an article is out, for a quarter of a minute.

        :raises OutcomeUnknown: it is not yet; :raises Rejected: it will never be.
        """
        if not job:
            raise OutcomeUnknown("unclear_answer", "the answer names no job")
        for wait in POLL_WAITS:
            self.sleep(wait)
            try:
                answer = self.post("freepublish/get", {"publish_id": job})
            except NetworkError as error:
                # Submitted it is, whatever goes wrong with asking.
                raise OutcomeUnknown("accepted_later", error.detail, error.status) from None
            state = answer.get("publish_status")
            if state == DONE:
                return self.receipt(
                    answer.get("article_id"), answer.get("article_detail", "item", 0, "article_url") or ""
                )
            if state in REFUSALS:
                raise Rejected(REFUSALS[state], f"publish_status {state}", answer.status)
            if state != AT_WORK:
                raise OutcomeUnknown("unclear_answer", "a state that is not documented", answer.status)
        raise OutcomeUnknown("accepted_later", "still being checked")

    def _listed(self, method: str, message: Message, since: datetime) -> Iterator[Mapping[str, Any]]:
        """The articles like the message that changed since then; the lists are in no order that is documented.

        :raises NotSent: the list cannot be read, or is too long to be looked through.
        """
        sent, look, offset = article(message), Look(since), 0
        for _page in range(PAGES):
            answer = self.post(method, {"offset": offset, "count": PAGE, "no_content": 1})
            total = answer.get("total_count")
            items = answer.get("item") or ([] if total == 0 else None)
            if not isinstance(items, list) or not isinstance(total, int):
                raise NotSent("network_busy", "the answer holds no list", answer.status)
            try:
                for item in items:
                    look.meet(item.get("media_id") or item["article_id"], changed_at(item))
                yield from [item for item in items if is_listed(item, sent, since)]
            except (AttributeError, LookupError, TypeError, ValueError):
                raise NotSent("network_busy", "an article that cannot be read", answer.status) from None
            if look.has_all(total):
                return
            offset += len(items)
        raise look.unsure()
