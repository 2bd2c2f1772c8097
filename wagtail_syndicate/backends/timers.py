"""Many timers on one thread. ``threading.Timer`` starts a thread for each, which takes longer than a request."""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable


class _Timers:
    def __init__(self):
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, list]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def add(self, seconds: float, function: Callable[[], None]) -> Callable[[], None]:
        cell = [function]
        entry = (time.monotonic() + seconds, next(self._numbers), cell)
        with self._changed:
            heapq.heappush(self._heap, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="wagtail-syndicate-timers", daemon=True)
                self._thread.start()
            elif self._heap[0] is entry:
                self._changed.notify()
        return cell.clear

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._heap and not self._heap[0][2]:
                    heapq.heappop(self._heap)
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                _at, _number, cell = heapq.heappop(self._heap)
                due = list(cell)
            for function in due:
                function()


_timers = _Timers()


def call_later(seconds: float, function: Callable[[], None]) -> Callable[[], None]:
    """Call ``function`` on another thread in so many seconds. It must be quick, and raise nothing.

    :returns: what calls it off.
    """
    return _timers.add(seconds, function)


def _begin_anew() -> None:
    # A process of its own has none of its parent's threads, and perhaps a lock that nobody will release.
    global _timers
    _timers = _Timers()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_begin_anew)
