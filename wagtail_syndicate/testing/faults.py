"""What can go wrong on the way to a network and back."""

from __future__ import annotations

from dataclasses import dataclass

from wagtail_syndicate.exceptions import MediaRejected, NetworkError, NotSent
from wagtail_syndicate.testing.play import REFUSED
from wagtail_syndicate.testing.server import CUT, RESET_AFTER, RESET_BEFORE, SILENCE, Captured


PAGE = "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"
# As several networks put it; what it means for the post is in no table.
SORRY = {
    "error": "internal_error",
    "message": "Something went wrong",
    "errors": [{"message": "Something went wrong"}],
}
WAIT = 7.0  # seconds, as Retry-After says


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong instead of an answer.

    :param definite: whether the request was surely not accepted.
    :param reaction: what a request that can be repeated must end with.
    :param strange: whether the answer has status 200 and does not say that it was done; only where the real one does.
    """

    name: str
    does: str | Captured
    definite: bool = False
    reaction: tuple[type[NetworkError], ...] = (NotSent,)
    strange: bool = False


FAULTS = (
    Fault("connection refused", REFUSED, definite=True),
    Fault("reset before the answer", RESET_BEFORE),
    Fault("reset after acceptance", RESET_AFTER),
    Fault("answer cut short", CUT),
    Fault("timeout", SILENCE),
    Fault("429 with Retry-After", Captured(429, "", {"Retry-After": str(int(WAIT))}), definite=True),
    Fault("429 without Retry-After", Captured(429, ""), definite=True),
    Fault("500", Captured(500, {"error": "Internal Server Error"}), reaction=(NotSent, MediaRejected)),
    Fault("502 with HTML", Captured(502, PAGE)),
    # A gateway says these also when the server behind it had the request.
    Fault("503", Captured(503, PAGE)),
    Fault("504", Captured(504, PAGE)),
    Fault("408", Captured(408, "")),
    Fault("520", Captured(520, PAGE)),
    Fault("524", Captured(524, PAGE)),
    Fault("200 with HTML", Captured(200, PAGE), reaction=(NotSent, MediaRejected), strange=True),
    Fault("200 with an empty body", Captured(200, ""), reaction=(NotSent, MediaRejected), strange=True),
    Fault("200 with null", Captured(200, None), reaction=(NotSent, MediaRejected), strange=True),
    Fault("200 with {}", Captured(200, {}), reaction=(NotSent, MediaRejected), strange=True),
    Fault("200 with an error body", Captured(200, SORRY), reaction=(NotSent, MediaRejected), strange=True),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
