"""LINE: channel tokens, error bodies, the ids of requests.

Source: line/line-openapi messaging-api.yml (ErrorResponse), developers.line.biz (status codes, messages, retrying
API requests), line/line-bot-sdk-java issue 426 (the words about the monthly limit). LINE sends neither rate limit
headers nor Retry-After. The words about a retry key that is no UUID are not documented.
"""

import uuid

from flask import g, request

from ..exchange import Manners, current_state, reply


NETWORK = "line"
CHANNEL_TOKEN = "fakenet-line-channel-token-"
ACCEPTED_HEADER = "X-Line-Accepted-Request-Id"
BROADCASTS = (60, 3600)


class LineError(Exception):
    """An answer with LINE's error object."""

    def __init__(self, status: int, message: str, details: tuple = (), headers: dict | None = None):
        super().__init__(message)
        self.status, self.details, self.headers = status, details, headers

    def answer(self):
        """The answer; ``details`` is left out where there are none, as LINE does."""
        body = {"message": str(self)}
        if self.details:
            body["details"] = [{"message": message, "property": place} for place, message in self.details]
        return reply(body, self.status, self.headers, "application/json")


def handle_of_token() -> str | None:
    """Whose token was sent: of one that was issued, or of one that is known by its beginning."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    found = current_state().token(NETWORK, sent)
    if found:
        return None if found.revoked or current_state().expired(found) else found.handle
    return sent.removeprefix(CHANNEL_TOKEN) or None if sent.startswith(CHANNEL_TOKEN) else None


def signed_in() -> str:
    """The account whose token was sent; raises ``LineError``."""
    handle = handle_of_token()
    if handle is None or current_state().account(NETWORK, handle).blocked:
        raise LineError(
            401,
            "Authentication failed. Confirm that the access token in the authorization header is valid.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    g.exchange.handle = handle
    return handle


def request_id() -> str:
    """The id of the request that is being answered."""
    if "line_request_id" not in g:
        g.line_request_id = str(uuid.uuid4())
    return g.line_request_id


class LineManners(Manners):
    network = NETWORK

    def handle(self):
        return handle_of_token()

    def limit(self, operation):
        return BROADCASTS if operation == "publish" else None

    def rate_limited(self, retry_after):
        return LineError(429, "The API rate limit has been exceeded. Try again later.").answer()

    def server_error(self):
        return LineError(500, "Internal server error").answer()

    def without_id(self, operation):
        g.line_request_id = ""
        return reply({}, content_type="application/json")

    def image_refused(self):
        place = "messages[0].contents.hero.url"
        return LineError(
            400, "A message (messages[0]) in the request body is invalid", ((place, "invalid uri"),)
        ).answer()

    def sign(self, response, exchange):
        if request_id():
            response.headers["X-Line-Request-Id"] = request_id()
        return response


MANNERS = LineManners()
