"""What the headers of an answer say about limits: how long to wait, and whether one is spent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


MAX_WAIT = 24 * 3600.0  # no stated waiting time is believed beyond this

# X counts the day's posts apart (plhery/node-twitter-api-v2 issues 495 and 553).
HEADERS = (
    "X-RateLimit-",
    "RateLimit-",
    "X-Rate-Limit-",
    "X-App-Limit-24hour-",
    "X-User-Limit-24hour-",
)


def is_spent(headers: Mapping[str, str]) -> bool:
    """Whether a limit is spent, so that the next request would be refused."""
    return any(headers.get(f"{prefix}Remaining", "").strip() == "0" for prefix in HEADERS)


def waiting_time(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds to wait: Retry-After (seconds, date) or the reset (epoch seconds, ISO date) of a limit that is spent."""
    now = now or datetime.now(UTC)
    waits = [
        _seconds(part.strip(), now, relative=True) for part in _retry_after_values(headers.get("Retry-After", ""))
    ]
    if not any(wait is not None for wait in waits):
        for prefix in HEADERS:
            if headers.get(f"{prefix}Remaining", "0").strip() == "0" and headers.get(f"{prefix}Reset"):
                waits.append(_seconds(headers[f"{prefix}Reset"].strip(), now, relative=False))
    known = [wait for wait in waits if wait is not None]
    return min(max(max(known), 0.0), MAX_WAIT) if known else None


def _retry_after_values(value: str) -> list[str]:
    # A starting server was seen to send two headers, seconds and a date; HTTP clients join them with a comma,
    # and dates have a comma of their own.
    first, comma, rest = value.partition(",")
    return [first, rest] if comma and first.strip().isdigit() else [value]


def _seconds(value: str, now: datetime, relative: bool) -> float | None:
    try:
        number = float(value)
    except ValueError:
        pass
    else:
        if math.isnan(number):
            return None
        return number if relative or number < 10_000_000 else number - now.timestamp()
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = parse(value.strip())
        except (ValueError, TypeError, OverflowError):
            continue
        return (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds()
    return None
