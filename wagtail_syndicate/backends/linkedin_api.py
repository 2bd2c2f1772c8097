"""Speaking with LinkedIn: its versions, its errors, and who a key belongs to.

Facts: learn.microsoft.com/linkedin (API versioning, error handling, organization access control) as quoted in dated
notes of 2026-09 and 2026-10; the codes are those of the Posts API. Real answers as quoted in public issues
(Arisamiga/Linkedin-RSS#5, ComposioHQ/composio#3468, jeyben/IOSLinkedInAPI#13).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.exceptions import NetworkError, NotSent, Rejected
from wagtail_syndicate.types import Identity


VERSION = "202609"  # the newest that was seen; each lives for a year at least
DAY = 86400  # seconds
ORGANISATION = "urn:li:organization:"
POSTING_ROLES = ("ADMINISTRATOR", "CONTENT_ADMIN", "CONTENT_ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER")
FINDER = {"X-RestLi-Method": "FINDER"}
# Where pictures are sent to, with the account's key: www.linkedin.com/dms-uploads/ in the documents.
UPLOAD = re.compile(r"https://(?:[\w-]+\.)*(?:linkedin|licdn)\.com(?::443)?/.*", re.ASCII | re.IGNORECASE)


class LinkedIn(BaseBackend):
    """What holds for every request; ``remote_id`` is the whole URN of a member or a page."""

    hosts = {"api": "https://api.linkedin.com", "web": "https://www.linkedin.com"}
    reasons = {
        "linkedin_version": _(
            "{network} no longer speaks the version of its interface that this site asks for. "
            "A developer must raise the setting VERSION of the network, then try again."
        ),
        "linkedin_right": _(
            "{network} does not let this account post there. A site admin must check its role on the page and the "
            "products of the app at {network}, then connect the account again."
        ),
        "linkedin_ghost": _(
            "{network} still remembers a deleted post with the same words, and refuses them for a day or two. "
            "Change the wording, or try again after that."
        ),
        "linkedin_picture": _("{network} is still preparing the picture. It will be tried again automatically."),
    }
    # No row for 5xx: LinkedIn may have the post.
    errors = (
        ErrorRow(Reaction.REJECTED, "linkedin_version", codes=("NONEXISTENT_VERSION", "VERSION_MISSING")),
        ErrorRow(Reaction.REJECTED, "linkedin_version", status=(426,)),
        ErrorRow(Reaction.RETRY, "linkedin_picture", codes=("MEDIA_ASSET_WAITING_UPLOAD",), retry_after=60),
        ErrorRow(Reaction.RETRY, "linkedin_picture", codes=("MEDIA_ASSET_PROCESSING",), retry_after=60),
        ErrorRow(Reaction.RETRY, "linkedin_picture", codes=("EXPIRED_UPLOAD_URL",), retry_after=60),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("MEDIA_ASSET_PROCESSING_FAILED", "INVALID_IMAGE_ID")),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("UPDATING_ASSET_FAILED",)),
        ErrorRow(Reaction.REJECTED, "too_long", codes=("FIELD_LENGTH_TOO_LONG",)),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("MISSING_FIELD", "INVALID_VALUE_FOR_FIELD")),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("INVALID_URN_TYPE", "INVALID_URN_ID")),
        ErrorRow(Reaction.DUPLICATE, "duplicate", codes=("DUPLICATE_POST",)),
        ErrorRow(Reaction.EXPIRED, "expired_token", status=(401,), contains="expired"),
        ErrorRow(Reaction.EXPIRED, "expired_token", status=(401,), codes=("EXPIRED_ACCESS_TOKEN",)),
        ErrorRow(Reaction.RECONNECT, "reconnect", status=(401,)),
        ErrorRow(Reaction.RECONNECT, "linkedin_right", status=(403,)),
        ErrorRow(Reaction.REJECTED, "bad_request", status=(404,)),
        ErrorRow(Reaction.RETRY, "network_busy", status=(409,), retry_after=60),
        ErrorRow(Reaction.REJECTED, "content_refused", status=(400, 422)),
        ErrorRow(Reaction.RETRY, "daily_limit", status=(429,)),
    )

    def url(self, template: str) -> str:
        """As in the base class; addresses that LinkedIn gave for uploads are whole already."""
        return super().url(template) if template.startswith("{") else template

    def is_safe(self, address: str) -> bool:
        """Whether the account's key may be sent there: to LinkedIn, encrypted, or to a host that settings name."""
        named = ["/".join(host.split("/", 3)[:3]) for host in (self.option("HOSTS") or {}).values()]
        return bool(UPLOAD.fullmatch(address)) or any(address.startswith(f"{origin}/") for origin in named)

    def headers(self) -> dict[str, str]:
        """The version is asked for by name; LinkedIn ends each about a year after its month."""
        version = str(self.option("VERSION", VERSION))
        return super().headers() | {"LinkedIn-Version": version, "X-Restli-Protocol-Version": "2.0.0"}

    def problem(self, answer: Answer) -> Problem | None:
        """The code that says most stands deepest. Limits are a day's, which ends at midnight UTC; nothing says so."""
        if 200 <= answer.status < 300:
            return None
        code, words = (answer.get("errorDetails", "inputErrors", 0, name) for name in ("code", "description"))
        text = ": ".join(part for part in (self.error_text(answer), words) if part and isinstance(part, str))
        wait = answer.retry_after
        if answer.status == 429 and wait is None:
            wait = DAY - datetime.now(UTC).timestamp() % DAY
        return Problem(answer.status, str(code or answer.get("code") or ""), text, wait)

    def is_organisation(self) -> bool:
        """Whether the account is a page."""
        return self.connection.remote_id.startswith(ORGANISATION)

    def targets(self) -> Sequence[Identity]:
        """The member, or the pages that the member may post for: each door's rights open only one of the two."""
        try:
            return (self._member(),)
        except NetworkError as error:
            if error.status != 403:
                raise
        return self._organisations()

    def identify(self) -> Identity:
        found = self._organisations() if self.is_organisation() else self.targets()
        known = next((one for one in found if one.remote_id == self.connection.remote_id), None)
        if known is None and self.is_organisation():
            raise Rejected("target_missing", "the member may no longer post for this page")
        return known or found[0]

    def _member(self) -> Identity:
        answer = self.call("GET", "{api}/v2/userinfo")
        if not isinstance(sub := answer.get("sub"), str) or not sub:
            raise NotSent("network_busy", "the answer names no member", answer.status)
        return Identity(f"urn:li:person:{sub}", str(answer.get("name") or sub))

    def _organisations(self) -> tuple[Identity, ...]:
        params = {"q": "roleAssignee", "state": "APPROVED", "count": 100}
        answer = self.call("GET", "{api}/rest/organizationAcls", params=params, headers=FINDER)
        if not isinstance(roles := answer.get("elements"), list):
            raise NotSent("network_busy", "LinkedIn did not list the pages", answer.status)
        urns = [str(role.get("organization", "")) for role in roles if role.get("role") in POSTING_ROLES]
        numbers = list(dict.fromkeys(urn.removeprefix(ORGANISATION) for urn in urns if urn.startswith(ORGANISATION)))
        if not numbers:
            raise Rejected("target_missing", "the member may post for no page", answer.status)
        # Rest.li wants its lists as they are, not encoded.
        pages = self.call("GET", f"{{api}}/rest/organizations?ids=List({','.join(numbers)})")
        if not isinstance(pages.get("results"), dict):
            raise NotSent("network_busy", "LinkedIn did not name the pages", pages.status)
        return tuple(
            Identity(
                ORGANISATION + number,
                str(pages.get("results", number, "localizedName") or number),
                self.url(f"{{web}}/company/{pages.get('results', number, 'vanityName') or number}"),
            )
            for number in numbers
        )
