"""How OK is spoken to: signed calls, errors behind status 200, and what its address for tokens says.

Sources: apiok.ru (methods, errors; read 2026-11), social-core for the signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer


HOUR = 3600.0  # seconds


def md5(text: str) -> str:
    """The digest that OK signs with."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def signature(params: Mapping[str, str], token: str, app_secret: str) -> str:
    """The ``sig`` of a call: its parameters without the token, sorted and run together, and the session's secret."""
    return md5("".join(f"{name}={params[name]}" for name in sorted(params)) + md5(token + app_secret))


class Methods(BaseBackend):
    """The REST interface of OK."""

    hosts = {"api": "https://api.ok.ru", "connect": "https://connect.ok.ru", "web": "https://ok.ru"}
    # apiok.ru/en/dev/errors
    errors = (
        ErrorRow(Reaction.UNKNOWN, "unclear_answer", codes=("1", "2")),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("3", "4", "21")),
        ErrorRow(Reaction.REJECTED, "account_blocked", codes=("7",)),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("8", "11"), retry_after=HOUR),
        ErrorRow(Reaction.REJECTED, "app_setup", codes=("9", "101", "104")),
        ErrorRow(Reaction.REJECTED, "permission", codes=("10", "24", "50")),
        ErrorRow(Reaction.REJECTED, "human_check", codes=("12", "22")),
        ErrorRow(Reaction.REJECTED, "app_setup", codes=("100",), contains="not allowed for this application"),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("100",), contains="missed required parameter"),
        ErrorRow(Reaction.REJECTED, "content_refused", codes=("100",)),
        ErrorRow(Reaction.EXPIRED, "expired_token", codes=("102",)),
        ErrorRow(Reaction.EXPIRED, "reconnect", codes=("103",)),
    )
    # What the address for tokens says instead, by RFC 6749 and 8628; what neither knows is tried again.
    token_errors = (
        ErrorRow(Reaction.RETRY, "network_busy", status=range(500, 600)),
        ErrorRow(Reaction.RETRY, "network_busy", codes=("server_error", "temporarily_unavailable")),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("slow_down",), retry_after=HOUR),
        ErrorRow(Reaction.RETRY, "rate_limited", status=(429,), retry_after=HOUR),
        ErrorRow(Reaction.REJECTED, "app_setup", codes=("invalid_client", "unauthorized_client")),
        ErrorRow(Reaction.RECONNECT, "expired_token", codes=("invalid_grant", "invalid_token", "102", "103")),
        *errors,
    )

    def headers(self) -> dict[str, str]:
        """The token is a parameter."""
        return {}

    def problem(self, answer: Answer) -> Problem | None:
        """Errors come with status 200; the header was added for answers that are no objects."""
        code = answer.get("error_code")
        code = answer.headers.get("invocation-error") if code is None else code
        if 200 <= answer.status < 300 and code is None and answer.data is not None:
            return None
        return Problem(answer.status, "" if code is None else str(code), self.error_text(answer), answer.retry_after)

    def error_text(self, answer: Answer) -> str:
        words = answer.get("error_msg")
        return words if isinstance(words, str) else super().error_text(answer)

    def method(self, name: str, *, irreversible: bool = False, **params: str) -> Answer:
        """Call a method of the API; ``irreversible`` as for :meth:`call`."""
        token = self.connection.credentials.get("access_token", "")
        public = self.connection.app.more.get("APPLICATION_KEY") or self.option("APPLICATION_KEY", "")
        params |= {"method": name, "format": "json", "application_key": str(public)}
        signed = {"access_token": token, "sig": signature(params, token, self.connection.app.client_secret)}
        return self.call("POST", "{api}/fb.do", irreversible=irreversible, data=params | signed)
