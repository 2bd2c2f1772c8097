"""What other code may listen to."""

from django.dispatch import Signal


delivery_changed = Signal()
"""A worker changed a delivery's state. Arguments: ``delivery``, and ``before``, the state it had.

Sent inside the worker's transaction: keep receivers quick and without remote calls.
"""
