"""VK community walls: text with a link card, posted with a community's own access key.

Sources: dev.vk.com (access rights, requests, wall.post; June 2026), the official VK schema 5.199
(VKCOM/vk-api-schema), gitroomhq/postiz-app issue 1408 (2026-07-25) for what a community key may do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import MediaRejected, Rejected
from wagtail_syndicate.types import Identity, Limits, LinkPlace, Media, Message, Reach, Receipt, Region, Style


VERSION = "5.199"
HOUR = 3600.0  # seconds
QUARTER_DAY = 6 * HOUR
# An address, a mention in brackets, or a mention that begins with @ or *.
MARKUP = re.compile(
    r"(?P<address>https?://\S+)"
    r"|(?P<bracket>\[)(?=(?:id|club|public|event)\d+(?::[^|\]]*)?\|)"
    r"|(?<![\w/])(?P<at>@)(?=[A-Za-z0-9_])"
    r"|(?<!\w)(?P<star>\*)(?=(?:id|club|public|event)\d)"
)
WORD_JOINER = "\u2060"


def without_mentions(text: str) -> str:
    """``text`` as it reads, with nothing in it that VK takes for a mention: an invisible sign breaks the markup."""
    return MARKUP.sub(lambda found: found[0] if found["address"] else found[0] + WORD_JOINER, text)


class Backend(BaseBackend):
    """VK, for communities.

    ``guid`` (the delivery's key) goes out with each post, and VK is said to recognise it for an hour; but what a
    repeated one is answered with is not documented, so ``key_seconds`` is 0 and nothing relies on it. A community key
    may not read the wall (error 27), so posts cannot be looked up. Pictures need a user's key: the card shows the
    picture of the page instead.
    """

    name = "vk"
    label = _("VK")
    region = Region.RUSSIA
    reach = Reach.AUTOMATIC
    auth = (
        Pasted(
            (
                PastedField(
                    "access_token",
                    _("Access key of the community"),
                    _("In the community: Manage, API usage, Access tokens. Tick the community and its wall."),
                ),
                PastedField(
                    "group_id",
                    _("Number of the community"),
                    _("Digits only: 123456 when the address is vk.com/club123456."),
                    secret=False,
                ),
            ),
            label=_("Community access key"),
        ),
    )
    conditions = (
        _("Posts appear in the name of the community. Its access key cannot add pictures: the link's card shows one."),
        _("VK cannot be asked whether a post arrived. After a broken connection a person has to look."),
    )
    hosts = {"api": "https://api.vk.ru", "web": "https://vk.com"}
    # VK publishes no maximum; 4,000 is what other clients keep to.
    limits = Limits(length=4000, count=counting.characters, link=LinkPlace.CARD)
    style = Style(title="", target=600, hashtags=3, paragraphs=True, plain=without_mentions)
    reasons = {
        "wrong_key": _(
            "{network} does not let this kind of key post. "
            "A site admin must connect the account again, with an access key of the community itself."
        ),
        "no_card": _("{network} could not make a card of the link. Put the address into the wording, then try again."),
    }
    # dev.vk.com/en/reference/errors and errors.json of the schema 5.199 (251 codes), June 2026.
    errors = (
        ErrorRow(Reaction.UNKNOWN, "unclear_answer", codes=("1", "10", "36")),
        ErrorRow(Reaction.REJECTED, "app_setup", codes=("2", "11", "38", "42")),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("3", "8", "33", "34", "35", "220", "9999")),
        ErrorRow(Reaction.RECONNECT, "reconnect", codes=("5",)),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("6",), retry_after=2.0),
        ErrorRow(Reaction.REJECTED, "permission", codes=("7", "15", "20", "21", "27", "30")),
        ErrorRow(Reaction.REJECTED, "permission", codes=("200", "203", "210", "225")),
        ErrorRow(Reaction.REJECTED, "wrong_key", codes=("28", "1051")),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("9", "103", "219", "224"), retry_after=HOUR),
        ErrorRow(Reaction.REJECTED, "human_check", codes=("14", "17", "24", "25", "703", "704")),
        ErrorRow(Reaction.REJECTED, "human_check", codes=("3300", "3301", "3302", "3303", "3304")),
        ErrorRow(Reaction.RECONNECT, "account_blocked", codes=("18", "37", "3610")),
        ErrorRow(Reaction.REJECTED, "content_forbidden", codes=("19",)),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("22", "118", "121", "129")),
        ErrorRow(Reaction.REJECTED, "retired", codes=("23",)),
        # The quota's day is not documented, so a new try is made some hours later rather than tomorrow.
        ErrorRow(Reaction.RETRY, "daily_limit", codes=("29", "601"), retry_after=QUARTER_DAY),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("32",), retry_after=60.0),
        ErrorRow(Reaction.RETRY, "network_busy", codes=("43",), retry_after=HOUR),
        ErrorRow(Reaction.REJECTED, "no_card", codes=("100",), contains="link_photo_sizing_rule"),
        ErrorRow(Reaction.REJECTED, "content_refused", codes=("100",)),
        ErrorRow(Reaction.RETRY, "daily_limit", codes=("214",), contains="posts a day", retry_after=QUARTER_DAY),
        ErrorRow(Reaction.REJECTED, "permission", codes=("214",)),
        ErrorRow(Reaction.REJECTED, "link_forbidden", codes=("222",)),
        # A community's key cannot be refreshed, so an old one is a lost one.
        ErrorRow(Reaction.RECONNECT, "expired_token", codes=("1114", "1116", "1117", "3609")),
    )

    def identify(self) -> Identity:
        number = self._group_id()
        found = self._method("groups.getById", {"group_id": number}).get("response")
        # Older versions of the method answer with the bare list.
        groups = found.get("groups") if isinstance(found, dict) else found
        group = next((group for group in groups or () if str(group.get("id")) == number), None)
        if group is None:
            raise Rejected("target_missing", number)
        name = group.get("screen_name") or f"club{number}"
        options = {"group_id": number, "name": group.get("name", "")}
        return Identity(number, name, f"{self.host('web')}/{name}", options)

    def upload(self, media: Media) -> Any:
        """Refused without asking: VK answers community keys with error 27 (VKCOM/vk-api-schema issue 242, 2026-04)."""
        raise MediaRejected("image_refused", "a community's key cannot upload pictures to the wall")

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        if not message.link:
            return self._post(message.text, "", key)
        try:
            return self._post(message.text, message.link, key)
        except Rejected as error:
            # VK makes no card of pages without a picture it likes; surely not posted, so once more without one.
            if error.reason != "no_card":
                raise
            return self._post(message.text_with_link, "", key)

    def share_link(self, message: Message) -> str:
        return link_to(f"{self.host('web')}/share.php", url=message.link, title=message.title, comment=message.text)

    def problem(self, answer: Answer) -> Problem | None:
        """Errors come with status 200. Of them only the words are kept: ``request_params`` echoes what was sent."""
        if 200 <= answer.status < 300 and answer.get("response") is not None:
            return None
        code = answer.get("error", "error_code")
        words = (answer.get("error", "error_msg"), answer.get("error", "error_text"))
        text = ": ".join(word for word in words if isinstance(word, str)) or "an answer that is not VK's"
        return Problem(answer.status, "" if code is None else str(code), text, answer.retry_after)

    def _group_id(self) -> str:
        given = str(self.connection.remote_id or self.connection.options.get("group_id", "")).strip()
        digits = re.fullmatch(r"(?:(?:https?://)?(?:m\.)?vk\.(?:com|ru)/)?(?:-|club|public|event)?(\d+)/?", given)
        if digits is None:
            raise Rejected("target_missing", given)
        return digits[1]

    def _method(self, name: str, params: dict[str, Any], irreversible: bool = False) -> Answer:
        return self.call("POST", f"{{api}}/method/{name}", irreversible=irreversible, data={**params, "v": VERSION})

    def _post(self, text: str, link: str, key: str) -> Receipt:
        owner = f"-{self._group_id()}"
        params = {"owner_id": owner, "from_group": 1, "message": text, "guid": key}
        if link:
            # Attachments are a list with commas.
            params["attachments"] = link.replace(",", "%2C")
        answer = self._method("wall.post", params, irreversible=True)
        post_id = answer.get("response", "post_id")
        return self.receipt(post_id, f"{self.host('web')}/wall{owner}_{post_id}")
