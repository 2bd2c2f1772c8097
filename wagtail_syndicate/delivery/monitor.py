"""How delivery stands, in figures: for the health view, the doctor, and whoever asks the database for more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Min, Q

from wagtail_syndicate.delivery import lanes
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Account, Delivery, Heartbeat, TargetSet


State = Delivery.State

SWEEP = "sweep"

SWEEP_LATE = timedelta(minutes=10)  # also a sweep from cron comes more often than that
DUE_LATE = timedelta(minutes=10)

# States that are not over, or that somebody should know of. The others are history, and counting it would take long.
COUNTED = (*Delivery.OPEN, State.APPROVAL, State.ASSISTED, State.FAILED, State.MISSED)


@dataclass(frozen=True)
class Figures:
    """How delivery stands at one moment, by the database's clock."""

    now: datetime
    states: dict[str, int]
    """How many deliveries are in each state that is not history."""
    due: int
    """How many deliveries could be worked on now, by accounts that may be used and need not wait."""
    due_since: datetime | None
    """Since when the oldest of them has been due."""
    unplanned: int
    """Publications that wait for the sweep to plan them."""
    last_sweep: datetime | None
    accounts: dict[str, int]
    """Active accounts: ``connected``, ``reconnect`` and ``blocked`` (told to wait, or their network fails)."""

    @property
    def due_age(self) -> float:
        """Seconds for which the oldest due delivery has been waiting; 0 when nothing is due."""
        return max((self.now - self.due_since).total_seconds(), 0.0) if self.due_since else 0.0

    @property
    def sweep_age(self) -> float | None:
        """Seconds since a sweep came to its end; ``None`` when none ever did."""
        return max((self.now - self.last_sweep).total_seconds(), 0.0) if self.last_sweep else None

    @property
    def is_swept(self) -> bool:
        """Whether sweeps come as they should."""
        return self.sweep_age is not None and self.sweep_age <= SWEEP_LATE.total_seconds()

    @property
    def is_late(self) -> bool:
        """Whether something that could be sent has been waiting for long."""
        return self.due_age > DUE_LATE.total_seconds()


def figures() -> Figures:
    """Ask the database; takes a fixed number of queries, none of which reads what was sent long ago."""
    counted = Delivery.objects.filter(state__in=COUNTED).order_by().values_list("state").annotate(Count("pk"))
    due = Delivery.objects.filter(lanes.due()).filter(lanes.free("account__"))
    due = due.aggregate(number=Count("pk"), since=Min("due_at"))
    active = Account.objects.filter(active=True).aggregate(
        connected=Count("pk", filter=Q(status=Account.Status.CONNECTED)),
        reconnect=Count("pk", filter=Q(status=Account.Status.RECONNECT)),
        blocked=Count("pk", filter=Q(blocked_until__gt=DatabaseNow())),
    )
    return Figures(
        now=database_time(),
        states={**dict.fromkeys(map(str, COUNTED), 0), **dict(counted)},
        due=due["number"],
        due_since=due["since"],
        unplanned=TargetSet.objects.filter(plan_at__lte=DatabaseNow()).count(),
        last_sweep=Heartbeat.objects.filter(name=SWEEP).values_list("at", flat=True).first(),
        accounts=active,
    )


def database_time() -> datetime:
    """The database's present moment."""
    # Any table would do that is never empty.
    return ContentType.objects.annotate(now=DatabaseNow()).values_list("now", flat=True)[:1].get()


def beat(name: str = SWEEP) -> None:
    """Note that what has to happen again and again has just happened."""
    if not Heartbeat.objects.filter(name=name).update(at=DatabaseNow()):
        Heartbeat.objects.bulk_create([Heartbeat(name=name, at=DatabaseNow())], ignore_conflicts=True)
