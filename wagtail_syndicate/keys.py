"""The key of a delivery: a UUID of version 7 (RFC 9562), unique everywhere, that tells when it was made."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime


def new_key() -> uuid.UUID:
    """A key for a new delivery: 48 bits of Unix time in milliseconds, then 74 random ones."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=number)


def moment(key: uuid.UUID | str) -> datetime:
    """When a key was made.

    :raises ValueError: it is no UUID of version 7.
    """
    key = uuid.UUID(str(key))
    if key.version != 7:
        raise ValueError(f"{key} is no UUID of version 7.")
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)
