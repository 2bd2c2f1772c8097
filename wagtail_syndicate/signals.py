"""What other code may listen to."""

from django.dispatch import Signal


delivery_changed = Signal()
"""A worker changed a delivery's state. Arguments: ``delivery``, and ``before``, the state it had.

Sent while the account is held: keep receivers quick and without remote calls. What they raise is logged, no more.
"""
