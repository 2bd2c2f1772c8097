"""How VK is spoken to: methods and their errors.

Sources: dev.vk.com/en/api/api-requests and /reference/errors, errors.json of the official schema 5.199
(VKCOM/vk-api-schema, 251 codes), June 2026.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.exceptions import NotSent


VERSION = "5.199"
HOUR = 3600.0  # seconds
QUARTER_DAY = 6 * HOUR


class Methods(BaseBackend):
    """The API of VK. Errors of sections that a post never enters (messages, market, ads) have no row."""

    hosts = {"api": "https://api.vk.ru", "web": "https://vk.com"}
    reasons = {
        "wrong_key": _(
            "{network} does not let this kind of key post. "
            "A site admin must connect the account again, with an access key of the community itself."
        ),
        "no_card": _("{network} could not make a card of the link. Put the address into the wording, then try again."),
        "community_key": _(
            "{network} does not let a community's key do this. Do it at {network} yourself, or have a site admin "
            "connect the account again with the token of a person."
        ),
    }
    errors = (
        ErrorRow(Reaction.UNKNOWN, "unclear_answer", codes=("1", "10", "36")),
        ErrorRow(Reaction.REJECTED, "app_setup", codes=("2", "4", "11", "38", "42", "101")),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("3", "8", "12", "13", "16", "33", "34", "35")),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("113", "220", "9999")),
        ErrorRow(Reaction.RECONNECT, "reconnect", codes=("5", "1118")),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("6",), retry_after=2.0),
        ErrorRow(Reaction.REJECTED, "permission", codes=("7", "15", "20", "21", "27", "30")),
        ErrorRow(Reaction.REJECTED, "permission", codes=("200", "203", "210", "225", "260")),
        ErrorRow(Reaction.REJECTED, "wrong_key", codes=("28", "1051")),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("9", "103", "219", "224", "1105"), retry_after=HOUR),
        ErrorRow(Reaction.REJECTED, "human_check", codes=("14", "17", "24", "25", "41", "703", "704", "11500")),
        ErrorRow(Reaction.REJECTED, "human_check", codes=("3300", "3301", "3302", "3303", "3304")),
        ErrorRow(Reaction.RECONNECT, "account_blocked", codes=("18", "37", "3610", "3611")),
        ErrorRow(Reaction.REJECTED, "content_forbidden", codes=("19",)),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("22", "105", "114", "118", "121", "122", "129", "300")),
        ErrorRow(Reaction.REJECTED, "retired", codes=("23",)),
        # The quota's day is not documented, so a new try is made some hours later rather than tomorrow.
        ErrorRow(Reaction.RETRY, "daily_limit", codes=("29", "601"), retry_after=QUARTER_DAY),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("32",), retry_after=60.0),
        ErrorRow(Reaction.REJECTED, "target_missing", codes=("39", "40", "125")),
        ErrorRow(Reaction.RETRY, "network_busy", codes=("43",), retry_after=HOUR),
        ErrorRow(Reaction.REJECTED, "no_card", codes=("100",), contains="link_photo_sizing_rule"),
        ErrorRow(Reaction.REJECTED, "no_card", codes=("3102",)),
        ErrorRow(Reaction.REJECTED, "content_refused", codes=("100",)),
        ErrorRow(Reaction.REJECTED, "post_gone", codes=("104",)),
        ErrorRow(Reaction.RETRY, "daily_limit", codes=("214",), contains="posts a day", retry_after=QUARTER_DAY),
        ErrorRow(Reaction.REJECTED, "permission", codes=("214",)),
        ErrorRow(Reaction.REJECTED, "link_forbidden", codes=("222",)),
        # Neither kind of key can be refreshed, so an old one is a lost one.
        ErrorRow(Reaction.RECONNECT, "expired_token", codes=("1114", "1116", "1117", "3609")),
    )

    def headers(self) -> dict[str, str]:
        credentials = self.connection.credentials
        token = credentials.get("user_token") or credentials.get("access_token")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def problem(self, answer: Answer) -> Problem | None:
        """Errors come with status 200. Of them only the words are kept: ``request_params`` echoes what was sent."""
        if 200 <= answer.status < 300 and answer.get("response") is not None:
            return None
        code = answer.get("error", "error_code")
        words = (answer.get("error", "error_msg"), answer.get("error", "error_text"))
        text = ": ".join(word for word in words if isinstance(word, str)) or "an answer that is not VK's"
        return Problem(answer.status, "" if code is None else str(code), text, answer.retry_after)

    def method(self, name: str, params: dict[str, Any], irreversible: bool = False) -> Answer:
        """Call a method of the API; parameters as :meth:`call` has them."""
        return self.call("POST", f"{{api}}/method/{name}", irreversible=irreversible, data={**params, "v": VERSION})

    def listed(self, answer: Answer) -> list[Any]:
        """What a method lists; older versions of some answer with the bare list.

        :raises NotSent: it lists nothing, which is not the same as an empty list.
        """
        found = answer.get("response")
        for name in ("items", "groups"):
            found = found.get(name, found) if isinstance(found, dict) else found
        if not isinstance(found, list):
            raise NotSent("network_busy", "the answer holds no list", answer.status)
        return found
