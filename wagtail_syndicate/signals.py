"""What other code may listen to."""

import logging

from django.dispatch import Signal


logger = logging.getLogger("wagtail_syndicate.delivery")

delivery_changed = Signal()
"""A worker or the sweep changed a delivery's state. Arguments: ``delivery``, and ``before``, the state it had.

Sent while the account is held: keep receivers quick and without remote calls. What they raise is logged, no more.
"""

deliveries_changed = Signal()
"""The same for receivers that are quicker with several at once. Argument: ``changes``, pairs of ``delivery`` and
``before``."""


def announce(changes) -> None:
    """Send both signals; never raises.

    :param changes: pairs of a delivery and the state that it had, at least one.
    """
    sender = type(changes[0][0])
    _listened("deliveries_changed", deliveries_changed.send_robust(sender, changes=changes))
    for delivery, before in changes:
        _listened("delivery_changed", delivery_changed.send_robust(sender, delivery=delivery, before=before))


def _listened(name: str, answers) -> None:
    for receiver, answer in answers:
        if isinstance(answer, Exception):
            logger.error("The receiver %r of %s failed: %s", receiver, name, type(answer).__name__)
