"""LinkedIn: who is calling, versions, error bodies.

Source: learn.microsoft.com/linkedin (API versioning, error handling, rate limits) as quoted in notes of 2026-09 and
2026-10; bodies as quoted in public issues (Arisamiga/Linkedin-RSS issue 5, ComposioHQ/composio issue 3468).
"""

import hashlib
import re

from flask import g, request

from ..exchange import Manners, current_state, reply
from ..state import Token


NETWORK = "linkedin"
# What the apps were granted: client id -> secret, scopes, whether refresh tokens are given.
APPS = {
    "fakenet-linkedin-client": ("fakenet-linkedin-secret", ("openid", "profile", "email", "w_member_social"), False),
    "fakenet-linkedin-pages": (
        "fakenet-linkedin-pages-secret",
        ("r_organization_social", "w_organization_social", "rw_organization_admin"),
        True,
    ),
}
# Every member works for these pages: number -> vanity name, name, role.
PAGES = {
    "10204080": ("example-company", "Example Company", "ADMINISTRATOR"),
    "10204081": ("example-labs", "Example Labs", "CONTENT_ADMINISTRATOR"),
    "10204082": ("example-club", "Example Club", "ANALYST"),
}
OLDEST_VERSION, NEWEST_VERSION = "202511", "202610"
LIMITS = {"publish": (150, 86400)}
URN = re.compile(r"urn:li:(person|organization):([A-Za-z0-9_-]+)")


def person(handle: str) -> str:
    """The URN of a member, different for each app at the real network."""
    return "urn:li:person:" + hashlib.sha256(handle.lower().encode()).hexdigest()[:10]


def error(status: int, code: str, message: str, service_code: int = 0):
    """An error as the API writes it."""
    return reply({"message": message, "serviceErrorCode": service_code, "code": code, "status": status}, status)


def input_error(status: int, code: str, description: str, message: str = ""):
    """An error about the request's content."""
    return reply(
        {
            "errorDetailType": "com.linkedin.common.error.BadRequest",
            "message": message or description,
            "errorDetails": {"inputErrors": [{"description": description, "input": {}, "code": code}]},
            "status": status,
        },
        status,
    )


def denied(resource: str):
    """403 for a right that the token does not hold."""
    return error(403, "ACCESS_DENIED", f"Not enough permissions to access: {resource}", 100)


class LinkedInManners(Manners):
    network = NETWORK

    def token(self) -> Token | None:
        """The token sent, unchecked."""
        sent = request.headers.get("Authorization", "")
        return current_state().token(NETWORK, sent[7:].strip() if sent.startswith("Bearer ") else "")

    def handle(self):
        found = self.token() or current_state().token(NETWORK, request.form.get("refresh_token", ""))
        found = found or current_state().codes.get((NETWORK, request.form.get("code", "")))
        return found.handle if found else None

    def limit(self, operation):
        return LIMITS.get(operation)

    def rate_limited(self, retry_after):
        message = "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."
        return error(429, "TOO_MANY_REQUESTS", message, 101)

    def server_error(self):
        return error(500, "INTERNAL_SERVER_ERROR", "Internal Server Error")

    def without_id(self, operation):
        return reply("", 201)

    def image_refused(self):
        return input_error(400, "MEDIA_ASSET_PROCESSING_FAILED", "Media asset processing failed")


MANNERS = LinkedInManners()


def signed_in(*scopes: str, versioned: bool = True):
    """The valid token that holds one of ``scopes``, or the answer that refuses it: (token, refusal)."""
    found, state = MANNERS.token(), current_state()
    if not request.headers.get("Authorization"):
        return None, error(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token", 65604)
    if found is None or found.kind != "access":
        return None, error(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600)
    if found.revoked:
        return None, error(
            401, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user", 65601
        )
    if state.expired(found):
        return None, error(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", 65602)
    g.exchange.handle = found.handle
    if versioned and (refusal := _version_refusal()):
        return None, refusal
    if not set(scopes) & set(found.scopes):
        return None, denied(request.path.rsplit("/", 1)[-1])
    return found, None


def _version_refusal():
    version = request.headers.get("LinkedIn-Version", "")
    if not version:
        return error(400, "VERSION_MISSING", "A version must be present. Please specify a version.")
    if not re.fullmatch(r"\d{6}(\.\d\d)?", version) or not OLDEST_VERSION <= version[:6] <= NEWEST_VERSION:
        message = f"Requested version {version}01 is not active"
        return reply({"status": 426, "code": "NONEXISTENT_VERSION", "message": message}, 426)
    return None


def handle_of(author, token: Token, right: str = "w"):
    """Whose timeline a URN means for this token: (handle, refusal); ``right`` is ``w`` or ``r``."""
    found = URN.fullmatch(author or "")
    if not found:
        return None, input_error(400, "INVALID_URN_TYPE", f"{author} is not a person or organization")
    kind, number = found.groups()
    if kind == "person":
        allowed = author == person(token.handle) and f"{right}_member_social" in token.scopes
        return (token.handle, None) if allowed else (None, denied("posts"))
    page = PAGES.get(number)
    if page is None or page[2] == "ANALYST" or f"{right}_organization_social" not in token.scopes:
        return None, denied("posts")
    current_state().account(NETWORK, page[0], page[1])
    return page[0], None


def author_of(handle: str) -> str:
    """The URN of whoever's timeline it is."""
    number = next((number for number, page in PAGES.items() if page[0] == handle), None)
    return f"urn:li:organization:{number}" if number else person(handle)
