"""How WeChat is spoken to: tokens, requests in real UTF-8, errors behind HTTP 200.

Sources: developers.weixin.qq.com (stable_token, global error codes, error codes of the single calls), as stored in
November 2026.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.exceptions import AccountProblem, NotSent, TokenExpired
from wagtail_syndicate.types import Grant


MINUTE = 60.0  # seconds
QUARTER_DAY = 6 * 3600.0


class Api(BaseBackend):
    """What every call to ``api.weixin.qq.com`` has in common.

    The access token is WeChat's stable one: whoever asks gets the same until shortly before it ends, so that workers
    (and other programs that ask the same way) do not take it from each other. It is never forced to be a new one.
    """

    hosts = {"api": "https://api.weixin.qq.com"}
    # A new token can be had five minutes before the old one ends, and the old one goes on working until then.
    renew_early = timedelta(minutes=4)
    # developers.weixin.qq.com, global error codes and those of the calls below, November 2026. 53503 to 53505, the
    # checks of a draft that is submitted, are from memory of the documents.
    errors = (
        ErrorRow(Reaction.UNKNOWN, "unclear_answer", codes=("-1",)),
        ErrorRow(Reaction.EXPIRED, "expired_token", codes=("40001", "40014", "41001", "42001")),
        ErrorRow(Reaction.RECONNECT, "reconnect", codes=("40002", "40013", "40125", "41002", "41004")),
        ErrorRow(Reaction.RECONNECT, "ip_not_listed", codes=("40164", "61004")),
        ErrorRow(Reaction.RECONNECT, "human_check", codes=("89501", "89503", "89506", "89507")),
        ErrorRow(Reaction.RECONNECT, "account_blocked", codes=("40243", "48004", "50002", "50004", "50007")),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("40004", "40005", "40006", "40009", "40012", "45001")),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("40007", "41005", "41006", "43002", "44002", "47001")),
        ErrorRow(Reaction.REJECTED, "too_long", codes=("45002", "45003", "45004", "45005")),
        ErrorRow(Reaction.RETRY, "daily_limit", codes=("45009",), retry_after=QUARTER_DAY),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("45011",), retry_after=MINUTE),
        ErrorRow(Reaction.REJECTED, "content_forbidden", codes=("45166", "87014")),
        ErrorRow(Reaction.REJECTED, "draft_only", codes=("48001",)),
        ErrorRow(Reaction.REJECTED, "draft_check", codes=("53503", "53504", "53505")),
    )

    @property
    def app_id(self) -> str:
        """As the admin pasted it."""
        return str(self.connection.options.get("app_id", "")).strip()

    def exchange(self) -> Grant:
        """AppID and AppSecret for an access token; the row of the account is what all workers share it by.

        :raises AccountProblem: WeChat does not accept them, or not from this server's address.
        """
        wanted = {
            "grant_type": "client_credential",
            "appid": self.app_id,
            "secret": str(self.connection.credentials.get("app_secret", "")),
            "force_refresh": False,
        }
        try:
            answer = self.post("stable_token", wanted)
        except TokenExpired as error:
            # The same code as for an old token; here it means the secret.
            raise AccountProblem("reconnect", error.detail, error.status) from None
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int | float):
            raise NotSent("network_busy", "the answer holds no token", answer.status)
        return Grant({"access_token": token}, datetime.now(UTC) + timedelta(seconds=seconds))

    def renew(self) -> Grant:
        return self.exchange()

    def headers(self) -> dict[str, str]:
        """None of their own: the token stands in the address."""
        return {}

    def problem(self, answer: Answer) -> Problem | None:
        """Errors come with status 200; some successes have a code as well, 0."""
        code = answer.get("errcode")
        if 200 <= answer.status < 300 and isinstance(answer.data, dict) and code in (None, 0, "0"):
            return None
        text = answer.get("errmsg")
        text = text if isinstance(text, str) else self.error_text(answer)
        return Problem(answer.status, "" if code is None else str(code), text, answer.retry_after)

    def token(self) -> dict[str, str]:
        """The parameter of the address that says who asks."""
        return {"access_token": str(self.connection.credentials.get("access_token", ""))}

    def post(self, method: str, body: Mapping[str, Any], irreversible: bool = False) -> Answer:
        """Call a method with JSON; ``irreversible`` as for :meth:`call`."""
        return self.call(
            "POST",
            f"{{api}}/cgi-bin/{method}",
            irreversible=irreversible,
            params=None if method == "stable_token" else self.token(),
            # Real UTF-8: WeChat shows escaped characters as they are written, \u4f60 and all.
            data=json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )
