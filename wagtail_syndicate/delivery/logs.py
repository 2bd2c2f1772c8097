"""What every log record about a delivery carries, so that logs can be searched by it."""

from __future__ import annotations

from typing import Any

from wagtail_syndicate.models import Delivery


def about(delivery: Delivery) -> dict[str, Any]:
    """The ``extra`` of a log record: ``delivery_id``, ``account_id``, ``network`` and ``state``; nothing secret."""
    return {
        "delivery_id": delivery.pk,
        "account_id": delivery.account_id,
        "network": delivery.network,
        "state": str(delivery.state),
    }
