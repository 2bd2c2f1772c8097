"""What Facebook and Threads share, being faces of one Graph API: how errors, tokens, lists and usage are told.

Sources: developers.facebook.com/docs/graph-api/guides/error-handling (codes below 1000) and overview/rate-limiting
(usage headers); the seven-digit codes from the sources of public clients (postiz, 2026-08). Read 2026-11.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate import conf
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.card_or_picture import FORM
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.backends.rate_limits import MAX_WAIT
from wagtail_syndicate.exceptions import NotSent, Rejected
from wagtail_syndicate.types import Grant, Limits


HOUR = 3600.0  # seconds
CAREFUL_FROM = 80.0  # percent of a limit; Meta's own advice is to slow down before it is spent
SHORTEST_PAUSE = 60.0  # seconds, at CAREFUL_FROM
LONGEST_PAUSE = HOUR  # seconds, at 100 percent: the app's limit counts the last hour
USED = ("call_count", "total_time", "total_cputime")  # percent
THROTTLED = ("4", "17", "32", "341", "613", "80001")
PERMISSIONS = ("3", "10", *map(str, range(200, 300)))
LONG_SUBCODE = 7  # digits; a subcode that long means the same behind any code

# A row names a code ("190"), a code with its subcode ("190/463"), or a long code or subcode alone ("1390008").
ROWS = (
    ErrorRow(Reaction.REJECTED, "app_setup", codes=("1",), contains="client secret"),
    ErrorRow(Reaction.REJECTED, "app_setup", codes=("100", "104"), contains="appsecret_proof"),
    ErrorRow(Reaction.REJECTED, "app_setup", codes=("100",), contains="app secret proof"),
    ErrorRow(Reaction.REJECTED, "app_setup", codes=("101", "104", "191")),
    ErrorRow(Reaction.UNKNOWN, "unclear_answer", codes=("1", "2")),
    ErrorRow(Reaction.RETRY, "rate_limited", codes=THROTTLED, retry_after=HOUR),
    ErrorRow(Reaction.RECONNECT, "rights", codes=PERMISSIONS),
    # No token of theirs can be renewed once it has ended.
    ErrorRow(Reaction.RECONNECT, "expired_token", codes=("102/463", "190/463")),
    ErrorRow(Reaction.RECONNECT, "checkpoint", codes=("102/459", "102/464", "190/459", "190/464")),
    ErrorRow(Reaction.RECONNECT, "reconnect", codes=("102", "190")),
    ErrorRow(Reaction.REJECTED, "target_missing", codes=("100/33", "803")),
    ErrorRow(Reaction.REJECTED, "target_missing", codes=("100",), contains="does not exist"),
    ErrorRow(Reaction.REJECTED, "content_refused", codes=("100",)),
)
REASONS = {
    "rights": _(
        "{network} says that the account lacks a right. "
        "A site admin must connect it again, and allow everything that is asked for there."
    ),
    "checkpoint": _(
        "{network} wants the person who connected the account to sign in there and confirm something. "
        "A site admin must connect the account again after that."
    ),
}


class GraphBackend(BaseBackend):
    """A network of Meta's."""

    node = ""
    """The address of an object of the Graph, with ``{}`` for its id."""
    photos = Limits(length=0)
    """The limits of a post with pictures; ``limits`` are those of one with a card."""
    absent = ("target_missing",)
    """Reasons that an object which is not there is refused with."""
    choices = (FORM,)

    def get_limits(self) -> Limits:
        return self.photos if self.chosen("form") == "photo" else self.limits

    def signature(self) -> dict[str, str]:
        """Parameters that every request carries to show whose it is."""
        return {}

    def ask(self, method: str, path: str, fields: dict[str, Any] | None = None, **kwargs) -> Answer:
        """Send a request; its fields go into the body of a POST and the address of everything else.

        :param path: an object's id and what follows it, to be put into ``node``.
        :raises NetworkError: as :meth:`call`.
        """
        where = "data" if method == "POST" else "params"
        return self.call(method, self.node.format(path), **{where: {**(fields or {}), **self.signature()}}, **kwargs)

    def ask_for_id(self, path: str, fields: dict[str, Any], **kwargs) -> str:
        """The id of something that is invisible, made by a POST.

        :raises NotSent: the answer holds none; asking again does no harm.
        """
        answer = self.ask("POST", path, fields, **kwargs)
        if not isinstance(found := answer.get("id"), str) or not found:
            raise NotSent("network_busy", "the answer holds no id", answer.status)
        return found

    def listed(
        self, path: str, fields: dict[str, Any], pages: int, reason: str = "network_busy"
    ) -> Iterator[dict[str, Any]]:
        """The entries of a list; parameters and errors as for :meth:`pages`."""
        for entries in self.pages(path, fields, pages, reason):
            yield from entries

    def pages(
        self, path: str, fields: dict[str, Any], most: int, reason: str = "network_busy", to_the_end: bool = False
    ) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list.

        :param to_the_end: whether to follow a page's cursor also where no next page is named, until one is empty.
        :raises NotSent: for ``reason``: the list goes on after ``most`` pages, or in a way that cannot be followed;
            what was not met may be there nevertheless.
        """
        for _page in range(most):
            answer = self.ask("GET", path, fields)
            entries = answer.get("data")
            if not isinstance(entries, list):
                raise NotSent("network_busy", "the answer is no list", answer.status)
            yield [entry for entry in entries if isinstance(entry, dict)]
            cursor = answer.get("paging", "cursors", "after")
            if not answer.get("paging", "next") and not (to_the_end and cursor and entries):
                return
            # The address of the next page holds the token, so it is made anew.
            if not cursor:
                break
            fields = {**fields, "after": cursor}
        raise NotSent(reason, "the list is too long to look through it all")

    def grant(self, answer: Answer) -> Grant:
        """The token in an answer, with the moment it ends."""
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token:
            raise NotSent("network_busy", "the answer holds no token", answer.status)
        lasts = isinstance(seconds, int) and seconds > 0
        return Grant({"access_token": token}, timezone.now() + timedelta(seconds=seconds) if lasts else None)

    def delete(self, remote_id: str) -> None:
        try:
            answer = self.ask("DELETE", remote_id)
        except (NotSent, Rejected) as error:
            if error.reason not in self.absent:
                raise
            # The same words are said of what is gone and of what may not be seen any more.
            self.identify()
            return
        self.confirm(answer)

    def confirm(self, answer: Answer) -> None:
        """Check the answer to a change.

        :raises NotSent: it does not say that the change was made.
        """
        if answer.get("success") is not True:
            raise NotSent("network_busy", "the change was not confirmed", answer.status)

    # Errors and usage

    def problem(self, answer: Answer) -> Problem | None:
        error = answer.get("error")
        if 200 <= answer.status < 300 and error is None:
            return None
        code = self._row_code(answer.get("error", "code"), answer.get("error", "error_subcode"))
        # The title and text for people say more than the message, which may be "Invalid parameter" only.
        words = [answer.get("error", name) for name in ("message", "error_user_title", "error_user_msg")]
        text = ": ".join(word for word in words if isinstance(word, str) and word) or self.error_text(answer)
        wait = answer.retry_after
        if wait is None and code in THROTTLED:
            wait = usage_pause(answer) or None
        return Problem(answer.status, code, text, wait)

    def _row_code(self, code: Any, subcode: Any) -> str:
        """What the table calls this pair of numbers."""
        known = {name for row in self.errors for name in row.codes}
        names = [f"{code}/{subcode}", *([str(subcode)] if len(str(subcode)) >= LONG_SUBCODE else [])]
        return next((name for name in names if name in known), "" if code is None else str(code))

    def wanted_pause(self, answer: Answer) -> float:
        return max(super().wanted_pause(answer), usage_pause(answer))


def moment(value: Any) -> datetime | None:
    """A time as the Graph writes it (``2026-11-23T10:00:00+0000``); ``None`` for anything else."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None


def usage_pause(answer: Answer) -> float:
    """Seconds to send nothing, by the usage headers: none below 80 percent of any limit, a minute there, growing
    steadily to an hour at 100 percent; and as long as Meta says that access will be barred."""
    limits = [_parsed(answer, "X-App-Usage"), _parsed(answer, "X-Page-Usage")]
    business = _parsed(answer, "X-Business-Use-Case-Usage")
    for entries in business.values() if isinstance(business, dict) else ():
        limits += entries if isinstance(entries, list) else ()
    limits = [limit for limit in limits if isinstance(limit, dict)]
    used = max((_number(limit, name) for limit in limits for name in USED), default=0.0)
    barred = 60 * max((_number(limit, "estimated_time_to_regain_access") for limit in limits), default=0.0)
    pause = 0.0
    if used >= CAREFUL_FROM:
        share = (min(used, 100.0) - CAREFUL_FROM) / (100.0 - CAREFUL_FROM)
        pause = SHORTEST_PAUSE * (LONGEST_PAUSE / SHORTEST_PAUSE) ** share
    return min(max(pause, barred), MAX_WAIT)


def _parsed(answer: Answer, name: str) -> Any:
    try:
        return json.loads(answer.headers.get(name, ""))
    except (ValueError, RecursionError):
        return None


def _number(limit: dict, name: str) -> float:
    value = limit.get(name)
    # NaN is JSON to Python; it compares as false.
    return float(value) if isinstance(value, int | float) and value > 0 else 0.0


def is_public(address: str) -> bool:
    """Whether Meta could fetch something there; on a developer's machine any address will do."""
    parts = urlsplit(address)
    if conf.get("ALLOW_LOCAL_HOSTS"):
        return bool(parts.hostname)
    host = parts.hostname or ""
    try:
        return parts.scheme == "https" and ipaddress.ip_address(host).is_global
    except ValueError:
        return parts.scheme == "https" and "." in host.strip(".") and not host.endswith((".local", ".localhost"))
