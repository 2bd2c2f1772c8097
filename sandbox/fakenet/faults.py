"""Faults: what a test or a person told a network to do wrong, and how often."""

import itertools
import threading
from dataclasses import asdict, dataclass, field


BEFORE_KINDS = {
    "error",
    "reset_before",
    "stall_before",
    "empty_200",
    "html_200",
    "no_id",
    "rate_limit",
    "refuse_image",
    "refuse_link_card",
}
AFTER_KINDS = {"error_after", "reset_after", "stall_after"}
KINDS = BEFORE_KINDS | AFTER_KINDS


@dataclass
class Fault:
    """One order to misbehave.

    ``operation``: publish, upload, read, update, delete, token, refresh, revoke, connect; ``times`` None: until
    deleted; ``delay`` and ``retry_after`` in seconds; ``handle`` None: any account.
    """

    network: str
    operation: str
    kind: str
    times: int | None = 1
    status: int | None = None
    body: object = None
    headers: dict = field(default_factory=dict)
    delay: float = 5.0
    retry_after: int | None = None
    handle: str | None = None
    id: int = 0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}, one of {', '.join(sorted(KINDS))}")

    def concerns(self, network, operation, handle, has_image, has_link_card) -> bool:
        """Whether this fault strikes a request of that description."""
        if self.times is not None and self.times <= 0:
            return False
        if self.network != network or (self.handle and self.handle.lstrip("@") != (handle or "").lstrip("@")):
            return False
        if self.kind == "refuse_image":
            return has_image
        if self.kind == "refuse_link_card":
            return has_link_card
        return self.operation == operation


class Faults:
    """The faults in the order they were asked for; thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Arm ``fault`` and give it its number."""
        with self._lock:
            fault.id = next(self._numbers)
            self._faults.append(fault)
            return fault

    def take(self, network, operation, handle, *, has_image=False, has_link_card=False) -> Fault | None:
        """The first fault for this request, used up by one."""
        with self._lock:
            for fault in self._faults:
                if fault.concerns(network, operation, handle, has_image, has_link_card):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times == 0:
                            self._faults.remove(fault)
                    return fault
            return None

    def pending(self) -> list[dict]:
        """What is still armed, as plain data."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def clear(self):
        """Disarm everything."""
        with self._lock:
            self._faults.clear()
