"""What other code may listen to."""

import logging

from django.dispatch import Signal


logger = logging.getLogger("wagtail_syndicate.delivery")

delivery_changed = Signal()
"""A worker or the sweep changed a delivery's state. Arguments: ``delivery``, and ``before``, the state it had.

Sent while the account is held: keep receivers quick and without remote calls. What they raise is logged, no more.
"""


def announce(delivery, before: str) -> None:
    """Send ``delivery_changed``; never raises."""
    for receiver, answer in delivery_changed.send_robust(type(delivery), delivery=delivery, before=before):
        if isinstance(answer, Exception):
            logger.error("The receiver %r of delivery_changed failed: %s", receiver, type(answer).__name__)
