"""Weibo: one dense paragraph and at most one picture, through ``statuses/share``.

Sources: open.weibo.com/wiki (2/statuses/share, Oauth2/authorize, Oauth2/access_token of 2022-10-11, Error_code,
Rate-limiting), as stored in November 2026. None of it could be tried with a real app.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import NotSent, Rejected
from wagtail_syndicate.types import (
    Caution,
    Identity,
    ImageLimits,
    Limits,
    Message,
    Reach,
    Receipt,
    Region,
    Shape,
    Style,
    without_link,
)


HOUR = 3600.0  # seconds
PAGE = 100  # posts; the most that a timeline gives at once
CLOCK_SKEW = timedelta(minutes=5)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ADDRESS = re.compile(r"https?://[!-~]+")
HOST = re.compile(r"https?://([^/?#:\s]+)")
TOPIC = re.compile(r"#[^#\s][^#\n]*#")


def short_id(number: int | str) -> str:
    """The id of a post as it stands in its address: groups of seven digits, from the right, each in base 62."""
    decimal = str(int(number))
    short = ""
    while decimal:
        group, decimal = int(decimal[-7:]), decimal[:-7]
        part = ""
        while group or not part:
            group, digit = divmod(group, 62)
            part = DIGITS[digit] + part
        short = (part.rjust(4, "0") if decimal else part) + short
    return short


def bare(text: str, link: str = "") -> str:
    """``text`` without addresses, which Weibo replaces by its own, and without differences of white space."""
    text = unescape(without_link(text, link, " "))
    return " ".join(ADDRESS.sub(" ", text).replace("\u200b", " ").split())


class Backend(BaseBackend):
    """Weibo, for apps that its review has passed.

    Settings: ``BOUND_DOMAINS``, the domains bound to the app (a list; an account's ``bound_domains`` comes first), so
    that a link elsewhere is refused here, in words; ``RIP``, this server's public address, which Weibo's documents ask
    for. Access cannot be refreshed: it ends when Weibo said it would, and the account is connected again.
    """

    name = "weibo"
    label = _("Weibo")
    icon = "syndicate-weibo"
    shape = Shape.SHORT
    region = Region.CHINA
    reach = Reach.CONDITIONAL
    auth = (
        OAuth2(
            authorize_url="{api}/oauth2/authorize",
            token_url="{api}/oauth2/access_token",  # noqa: S106 (an address)
            revoke_url="{api}/oauth2/revokeoauth2",
            pkce=False,
            scope_separator=",",
            console="https://open.weibo.com/developers",
            preparation=(
                _("Have the organisation verified as a developer, and make an app."),
                _("Enter the callback address, and bind the domain of the articles to the app."),
                _("Ask for the review of the app. Until it is passed only its test users can post."),
            ),
            key_labels=("App Key", "App Secret"),
        ),
    )
    conditions = (
        _("Weibo must have verified the organisation and reviewed its app; before that only test users can post."),
        _("Each post must link to a domain that is bound to the app in Weibo's developer console."),
        _("Access ends after some days or weeks, as Weibo decides. A site admin then connects the account again."),
    )
    hosts = {"api": "https://api.weibo.com", "web": "https://weibo.com", "share": "https://service.weibo.com"}
    limits = Limits(
        length=140,
        count=counting.weibo,
        images=ImageLimits(max_bytes=4_900_000, content_types=("image/jpeg", "image/png", "image/gif")),
    )
    # Ten short of the limit: how the API counts links is not documented.
    style = Style(title="brackets", target=130, body=True, hashtags=0, hashtag="")
    reasons = {
        "not_reviewed": _(
            "{network} has not reviewed the app yet, so only its listed test users may post. "
            "A site admin must have the app reviewed, or add the account to the test users there."
        ),
        "topic": _("{network} takes no #topic# in posts of apps. Write it without number signs."),
        "domains_unknown": _(
            "{network} takes only links to domains that are bound to its app. This site does not know which; a site "
            "admin can check it in Weibo's developer console."
        ),
    }
    # open.weibo.com/wiki/Error_code, November 2026.
    errors = (
        ErrorRow(Reaction.UNKNOWN, "unclear_answer", codes=("10001", "10002", "10003", "10009", "10010", "10011")),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("10004", "10022", "10023", "10024"), retry_after=HOUR),
        ErrorRow(Reaction.REJECTED, "app_setup", codes=("10005", "10006", "10014", "20014", "21322")),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("10008", "10012", "10016", "10018", "10020", "10021")),
        ErrorRow(Reaction.REJECTED, "target_missing", codes=("10013",)),
        ErrorRow(Reaction.REJECTED, "post_gone", codes=("20101",)),
        ErrorRow(Reaction.REJECTED, "link_domain", codes=("10017",), contains="domain"),
        ErrorRow(Reaction.REJECTED, "content_refused", codes=("10017",)),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("20005", "20006", "20007")),
        ErrorRow(Reaction.REJECTED, "empty", codes=("20008",)),
        ErrorRow(Reaction.REJECTED, "too_long", codes=("20012",)),
        ErrorRow(Reaction.REJECTED, "account_blocked", codes=("20015",)),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("20016", "20022"), retry_after=HOUR),
        ErrorRow(Reaction.DUPLICATE, "duplicate", codes=("20017", "20019", "20111")),
        ErrorRow(Reaction.REJECTED, "content_forbidden", codes=("20018", "20020", "20021", "21602")),
        ErrorRow(Reaction.REJECTED, "human_check", codes=("20031",)),
        ErrorRow(Reaction.UNKNOWN, "accepted_later", codes=("20032",)),
        ErrorRow(Reaction.REJECTED, "permission", codes=("20102", "21330")),
        ErrorRow(Reaction.RECONNECT, "expired_token", codes=("21315", "21327")),
        ErrorRow(Reaction.RECONNECT, "reconnect", codes=("20003", "21301", "21314", "21316", "21317", "21319")),
        ErrorRow(Reaction.RECONNECT, "reconnect", codes=("21325", "21332")),
        ErrorRow(Reaction.REJECTED, "not_reviewed", codes=("21321",)),
    )

    def identify(self) -> Identity:
        if not (uid := self._read("account/get_uid").get("uid")):
            raise NotSent("network_busy", "the answer holds no uid")
        user = self._read("users/show", uid=uid)
        remote_id = str(user.get("idstr") or uid)
        return Identity(remote_id, user.get("screen_name") or remote_id, f"{self.host('web')}/u/{remote_id}")

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        self._check(message.text)
        fields = {"status": message.text}
        if address := self.option("RIP"):
            fields["rip"] = address
        files = [("pic", (media.filename, media.data, media.content_type)) for media in uploads[:1]]
        answer = self.call("POST", "{api}/2/statuses/share.json", irreversible=True, data=fields, files=files)
        return self._receipt(answer.data)

    def delete(self, remote_id: str) -> None:
        """Delete the post (``statuses/destroy``; that today's apps may call it is not documented)."""
        try:
            self.call("POST", "{api}/2/statuses/destroy.json", data={"id": remote_id})
        except Rejected as error:
            if error.reason != "post_gone":
                raise

    def cautions(self, message: Message) -> Sequence[Caution]:
        found = []
        if TOPIC.search(ADDRESS.sub(" ", message.text)):
            found.append(Caution("topic", refused=True))
        if not (bound := self._bound()):
            found.append(Caution("domains_unknown"))
        elif not self._leads_home([host.lower() for host in HOST.findall(message.text)], bound):
            found.append(Caution("link_domain", refused=True))
        return found

    def find(self, message: Message, since: datetime) -> Receipt | None:
        look, answer = Look(since - CLOCK_SKEW), self._read("statuses/user_timeline", base_app=1, count=PAGE)
        try:
            for post in answer.data["statuses"]:
                recent = look.meet(post.get("idstr") or post["id"], parsedate_to_datetime(post["created_at"]))
                if recent and bare(post["text"]) == bare(message.text, message.link):
                    return self._receipt(post)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise NotSent("network_busy", "the answer holds no timeline") from None
        # Some apps are given the latest five posts of many.
        if look.has_passed or look.has_all(answer.get("total_number")):
            return None
        raise look.unsure()

    def share_link(self, message: Message) -> str:
        words = without_link(message.text, message.link).strip()
        return link_to(f"{self.host('share')}/share/share.php", url=message.link, title=words)

    def headers(self) -> dict[str, str]:
        """The token's scheme is called ``OAuth2``, not ``Bearer``."""
        return {"Authorization": f"OAuth2 {self.connection.credentials.get('access_token', '')}"}

    def problem(self, answer: Answer) -> Problem | None:
        """Errors were seen with status 200 too, their codes as numbers or as text."""
        code = answer.get("error_code")
        if 200 <= answer.status < 300 and code is None and isinstance(answer.data, dict):
            return None
        return Problem(answer.status, "" if code is None else str(code), self.error_text(answer), answer.retry_after)

    def _check(self, text: str) -> None:
        """What Weibo would refuse, refused here, where the reason can be told in words."""
        if TOPIC.search(ADDRESS.sub(" ", text)):
            raise Rejected("content_refused", "#topic# is not allowed in posts of apps")
        hosts = [host.lower() for host in HOST.findall(text)]
        if (bound := self._bound()) and not self._leads_home(hosts, bound):
            raise Rejected("link_domain", ", ".join(hosts) or "the text holds no link")

    def _bound(self) -> list[str]:
        """The domains that are bound to the app, as far as the site knows them."""
        domains = self.connection.options.get("bound_domains") or self.option("BOUND_DOMAINS") or ()
        return [domain.lower().removeprefix("www.") for domain in domains]

    def _leads_home(self, hosts: Sequence[str], bound: Sequence[str]) -> bool:
        return any(host == domain or host.endswith(f".{domain}") for host in hosts for domain in bound)

    def _read(self, method: str, **params: Any) -> Answer:
        return self.call("GET", f"{{api}}/2/{method}.json", params=params)

    def _receipt(self, post: dict[str, Any]) -> Receipt:
        remote_id = post.get("idstr") or post.get("id")
        uid = (post.get("user") or {}).get("idstr") or self.connection.remote_id
        known = str(remote_id or "").isdigit() and uid
        return self.receipt(remote_id, f"{self.host('web')}/{uid}/{short_id(remote_id)}" if known else "")
