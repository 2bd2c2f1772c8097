"""How long an answer says to wait."""

from datetime import UTC, datetime

import pytest
from requests.structures import CaseInsensitiveDict

from wagtail_syndicate.backends.rate_limits import waiting_time


NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "90"}, 90),
        ({"Retry-After": "Mon, 23 Nov 2026 12:05:00 GMT"}, 300),
        # A starting server sent seconds and a date as two headers, which arrive as one: the longer counts.
        ({"Retry-After": "30, Mon, 23 Nov 2026 12:05:00 GMT"}, 300),
        ({"Retry-After": "600, Mon, 23 Nov 2026 12:05:00 GMT"}, 600),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "Mon, 23 Nov 99999999999 12:05:00 GMT"}, None),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "9999999"}, 86_400),
        # Bluesky: epoch seconds; Mastodon: an ISO date; X: epoch seconds under another name.
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(NOW.timestamp()) + 120)}, 120),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-23T12:05:00.000000Z"}, 300),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(NOW.timestamp()) + 900)}, 900),
        # A limit that is not spent is not what the server complains of.
        ({"x-rate-limit-remaining": "39998", "x-rate-limit-reset": str(int(NOW.timestamp()) + 900)}, None),
        (
            {
                "x-rate-limit-remaining": "98",
                "x-rate-limit-reset": str(int(NOW.timestamp()) + 900),
                "x-app-limit-24hour-remaining": "9000",
                "x-app-limit-24hour-reset": str(int(NOW.timestamp()) + 50_000),
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": str(int(NOW.timestamp()) + 40_000),
            },
            40_000,
        ),
        # Retry-After is said about this very request, a reset about a limit.
        ({"Retry-After": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-11-23T12:05:00Z"}, 5),
    ],
)
def test_how_long_to_wait(headers, seconds):
    waiting = waiting_time(CaseInsensitiveDict(headers), NOW)
    assert waiting == (None if seconds is None else pytest.approx(seconds))
