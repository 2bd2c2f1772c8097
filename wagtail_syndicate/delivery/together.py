"""Several lanes at once: their calls are in the air at the same time, and the database is asked once for all of them.

Each lane still has one post in the air, behind an intent of its own, and its next one waits for that.
"""

from __future__ import annotations

import logging
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import connections

from wagtail_syndicate import database
from wagtail_syndicate.accounts import environment
from wagtail_syndicate.delivery import lanes, ledger, plain, posting
from wagtail_syndicate.delivery.lanes import Lane, LaneLost
from wagtail_syndicate.delivery.posting import Flight
from wagtail_syndicate.models import Delivery
from wagtail_syndicate.types import Receipt


logger = logging.getLogger("wagtail_syndicate.delivery")

WIDTH = 32  # accounts that one worker serves at the same time; more are for another
GATHER = 0.02  # seconds for which answers are waited for that are written down with the first
THREADS = 256  # of a process, whatever the number of its workers

_threads: ThreadPoolExecutor


class Together:
    """The lanes that one worker holds, and their posts that are in the air.

    :param held: the lanes; :meth:`serve` gives all of them back.
    :param until: the moment on the monotonic clock after which nothing is begun.
    """

    def __init__(self, held: Sequence[Lane], until: float):
        self.ready, self.until = list(held), until
        self.in_air: dict[Future, Flight] = {}
        self.left: set[int] = set()
        """Accounts that have something due which has to be taken alone."""
        self.worked = 0
        """How many deliveries were worked on."""

    def serve(self) -> None:
        """Send what is plain, in order for each account, until nothing is left or the time is up.

        :raises database.AWAY: the database does not come back; the leases end by themselves.
        """
        try:
            while self.ready or self.in_air:
                self._begin()
                self._land()
        except BaseException as error:
            if not isinstance(error, Exception):
                # Not those whose call is in the air: it may still make its post, so nobody may look for that yet.
                lanes.release_all(self.ready)
            raise

    def _begin(self) -> None:
        """Let the next post of each lane that is ready leave, and give back the lanes that have none."""
        flights = []
        if self.ready and time.monotonic() < self.until:
            try:
                flights = self._intended()
            except Exception as error:
                # Nothing left. Whose fault it is shows when they are taken one by one.
                _log(error)
                self.left |= {lane.account_id for lane in self.ready}
        for flight in flights:
            self.in_air[_threads.submit(_call, flight)] = flight
        self.worked += len(flights)
        gone = {flight.lane.account_id for flight in flights}
        staying, self.ready = [lane for lane in self.ready if lane.account_id not in gone], []
        lanes.release_all(staying)

    def _intended(self) -> list[Flight]:
        """The posts that leave now, their intents committed.

        :raises LaneLost: one of the lanes is not ours any more, or somebody changed one of the deliveries.
        """
        composed, alone = plain.next_of_each({lane.account_id: lane for lane in self.ready})
        self.left |= alone
        flights = [flight for flight, _values in composed]
        if flights:
            attempts = ledger.intend_all([(flight.lane, flight.delivery, values) for flight, values in composed])
            for flight, attempt in zip(flights, attempts, strict=True):
                flight.attempt = attempt
        return flights

    def _land(self) -> None:
        """Wait for calls to end, and write down what became of them."""
        if not self.in_air:
            return
        wait(self.in_air, return_when=FIRST_COMPLETED)
        done, _others = wait(self.in_air, GATHER)  # what left together comes back together, or nearly so
        landed = {self.in_air.pop(future): future.result() for future in done}
        made = _write_down(landed)
        for flight, outcome in landed.items():
            if _goes_on(flight) if flight in made else _land_alone(flight, outcome):
                self.ready.append(flight.lane)


def _write_down(landed: Mapping[Flight, Receipt | Exception]) -> set[Flight]:
    """Note the posts that were made, all of them or none.

    :returns: those that were noted; the others have to be looked at one by one.
    """
    receipts = {flight: outcome for flight, outcome in landed.items() if isinstance(outcome, Receipt)}
    try:
        for flight in _anothers(receipts):
            del receipts[flight]
        if receipts:
            ledger.sent_all(
                [(flight.lane, flight.delivery, flight.attempt, receipt) for flight, receipt in receipts.items()],
                also=lambda: _note_success(receipts),
            )
    except Exception as error:
        _log(error)
        return set()
    return set(receipts)


def _anothers(receipts: Mapping[Flight, Receipt]) -> list[Flight]:
    """Those whose post is known to be another delivery's (``reconcile.is_anothers``)."""
    known = Delivery.objects.filter(
        account__in=[flight.account.pk for flight in receipts],
        remote_id__in=[receipt.remote_id for receipt in receipts.values()],
    )
    taken = set(known.values_list("account", "remote_id")) if receipts else set()
    return [flight for flight, receipt in receipts.items() if (flight.account.pk, receipt.remote_id) in taken]


def _note_success(flights: Iterable[Flight]) -> None:
    by_home = defaultdict(list)
    for flight in flights:
        by_home[flight.account.environment].append(flight)
    for alike in by_home.values():
        lanes.succeeded_all([flight.lane for flight in alike], **environment.settle_in(alike[0].account))


def _goes_on(flight: Flight) -> bool:
    """Whether the lane may have its next post at once; else it is given back."""
    if flight.backend.pause:
        lanes.rest(flight.lane, flight.backend.pause)
        lanes.release(flight.lane)
    return not flight.backend.pause


def _land_alone(flight: Flight, outcome: Receipt | Exception) -> bool:
    """Write down what became of a call.

    :returns: whether the lane may have its next post; else it is given back.
    :raises database.AWAY: as :meth:`Together.serve`.
    """
    lane = flight.lane
    try:
        try:
            goes_on = posting.land(flight, outcome)
        except (LaneLost, *database.AWAY):
            raise
        except Exception as error:
            posting.own_fault(lane, flight.delivery, error)
            goes_on = True
    except Exception as error:
        posting.break_off(lane, error)
        return False
    if not goes_on:
        lanes.release(lane)
    return goes_on


def _log(error: Exception) -> None:
    if not isinstance(error, LaneLost):
        told = "Accounts are served one by one, because together they could not: %s\n%s"
        logger.error(told, type(error).__name__, posting.trace(error))
    database.mend()


def _call(flight: Flight) -> Receipt | Exception:
    try:
        flight.lane.check_margin()  # this thread may have had to wait
        return posting.call(flight)
    except LaneLost as error:
        return error
    finally:
        connections.close_all()


def _new_threads() -> None:
    # At first, and in each process that is forked: it has none of its parent's threads.
    global _threads
    _threads = ThreadPoolExecutor(THREADS, "wagtail-syndicate-call")


_new_threads()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_new_threads)
