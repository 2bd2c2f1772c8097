"""A process that dies at the n-th step of its work: really, in a child that ends without cleaning up.

Steps are found mechanically: before and after each function of the rooms on the way to a network, each statement and
commit in the database, each piece of a request that leaves, and its answer. What a dead process leaves behind is what
it wrote and what it sent. So by default two deaths between which it did neither are one, and only the first is died;
``EVERY_STEP=1`` in the environment dies at all of them.
"""

from __future__ import annotations

import functools
import http.client
import importlib
import inspect
import mmap
import os
import pkgutil
import struct
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from wagtail_syndicate import delivery
from wagtail_syndicate.accounts import refresh, upkeep
from wagtail_syndicate.backends.http import Http


ROOMS = (
    *(importlib.import_module(f"{delivery.__name__}.{room.name}") for room in pkgutil.iter_modules(delivery.__path__)),
    refresh,
    upkeep,
)
CALLS = ("renew", "upload", "publish", "find", "edit", "delete")  # of a backend
WRITES = ("INSERT", "UPDATE", "DELETE")
DIED = 86  # exit code


@dataclass(frozen=True)
class Death:
    """Where a process died, and how many whole requests it had sent by then."""

    step: str
    requests: int


class Elapsed:
    """Seconds that have been let pass, in memory that children share with their parent."""

    def __init__(self):
        self._memory = mmap.mmap(-1, 8)

    def __call__(self) -> float:
        return struct.unpack("d", self._memory)[0]

    def set(self, seconds: float) -> None:
        self._memory[:] = struct.pack("d", seconds)

    def clock(self) -> SimpleNamespace:
        """What stands in for the module ``time``."""
        return SimpleNamespace(time=lambda: time.time() + self(), monotonic=time.monotonic, sleep=time.sleep)


class Walk:
    """Counts the steps of this process and ends it at one of them."""

    def __init__(self, last: int, report: Callable[[str], None]):
        self.last, self.report = last, report
        self.every = os.environ.get("EVERY_STEP") == "1"
        self.count, self.changed, self.paused = 0, True, False

    def step(self, name: str) -> None:
        if self.paused or not (self.changed or self.every):
            return
        self.changed = False
        self.count += 1
        if self.count == self.last:
            self.report(f"died {name}\n")
            os._exit(DIED)

    def change(self, name: str) -> None:
        """Something left the process, or came to it."""
        self.changed = True
        self.step(name)

    @contextmanager
    def pause(self):
        """What is done meanwhile is no part of the walk."""
        self.paused = True
        yield
        self.paused = False

    def around(self, function, name):
        """``function`` as a step."""

        @functools.wraps(function)
        def walked(*args, **kwargs):
            self.step(f"before {name}")
            result = function(*args, **kwargs)
            self.step(f"after {name}")
            return result

        return walked

    def install(self, backend_class) -> None:
        """For good: the process is not meant to live on."""
        for room in ROOMS:
            for name, value in list(vars(room).items()):
                if inspect.isfunction(value) and value.__module__.startswith("wagtail_syndicate."):
                    setattr(room, name, self.around(value, f"{value.__module__.rpartition('.')[2]}.{name}"))
        for name in filter(backend_class.offers, CALLS):  # what it does not offer stays recognisable as that
            setattr(backend_class, name, self.around(getattr(backend_class, name), name))
        for name in ("request", "_read"):
            setattr(Http, name, self.around(getattr(Http, name), f"Http.{name}"))
        self._watch_wire()
        connection.execute_wrappers.append(self._statement)
        commit = BaseDatabaseWrapper._commit

        def committing(wrapper):
            self.step("before COMMIT")
            commit(wrapper)
            self.change("after COMMIT")

        BaseDatabaseWrapper._commit = committing

    def _statement(self, execute, sql, params, many, context):
        what = " ".join(sql.split()[:3])
        self.step(f"before {what}")
        result = execute(sql, params, many, context)
        if sql.lstrip().upper().startswith(WRITES) and not self.paused:
            self.change(f"after {what}")
        return result

    def _watch_wire(self) -> None:
        sends, answers = http.client.HTTPConnection.send, http.client.HTTPConnection.getresponse

        def sending(wire, data):
            self.step("before bytes are sent")
            sends(wire, data)
            self.change("after bytes were sent")

        def answering(wire):
            if not self.paused:
                self.report("request\n")
            self.change("before the answer is read")
            answer = answers(wire)
            self.change("after the answer's head")
            return answer

        http.client.HTTPConnection.send, http.client.HTTPConnection.getresponse = sending, answering


def dies(work: Callable[[Walk], None], last: int, backend_class) -> Death | None:
    """Do ``work`` in a child that dies at its step number ``last``.

    :param work: gets the walk, so that it can pause it.
    :returns: ``None`` when the child came to its end alive.
    """
    connections.close_all()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _live(work, last, backend_class, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, DIED), f"The child failed ({code}): {said}"
    step = next((line.removeprefix("died ") for line in said if line.startswith("died ")), "")
    return Death(step, said.count("request")) if code == DIED else None


def _live(work, last, backend_class, writing) -> None:
    code = 1
    try:
        walk = Walk(last, lambda line: os.write(writing, line.encode()))
        walk.install(backend_class)
        work(walk)
        code = 0
    except BaseException:
        os.write(writing, traceback.format_exc().encode())
        sys.stderr.flush()
    finally:
        os._exit(code)
