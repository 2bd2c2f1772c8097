"""When a post goes out: what an editor chose for a tick (``Target.when``) -> a moment. Asks no database and no clock.

Clocks are changed twice a year in most time zones. A time that they skip counts as so much later (02:30 is 03:30), one
that they show twice is the first of the two; :func:`remark` says so to whoever chose it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.models.target import NEXT_SLOT


MOST_MINUTES = 366 * 24 * 60
"""How many minutes after the publication a post may wait."""
SLOT_DAYS = 2 * 366
"""How many days ahead a free posting time is looked for."""

MINUTES = re.compile(r"\+([0-9]{1,6})", re.ASCII)
WALL_CLOCK = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", re.ASCII)


class WhenError(ValidationError):
    """The time cannot be used; its messages tell an editor why."""


@dataclass(frozen=True)
class When:
    """What ``Target.when`` says; all empty: at once.

    ``minutes`` after the publication; ``wall``: a time without zone, on the clocks of the account's zone; ``slot``:
    the account's next posting time.
    """

    minutes: int = 0
    wall: datetime | None = None
    slot: bool = False


class Times(NamedTuple):
    """One moment, as two people read it on their clocks. ``same``: both clocks show the same."""

    there: str
    """Date and time in the account's zone, in the reader's language."""
    there_zone: str
    here: str
    """Date and time in the editor's zone, in the reader's language."""
    here_zone: str
    same: bool


def zone_of(account: Any) -> tzinfo:
    """The account's time zone; the site's own where it has none, or one that this server does not know."""
    try:
        return ZoneInfo(account.time_zone) if account.time_zone else timezone.get_default_timezone()
    except (KeyError, OSError, ValueError):  # not found (a KeyError), a folder, no key at all
        return timezone.get_default_timezone()


def parse(when: str) -> When:
    """What ``when`` says; the only place that knows how it is written.

    :raises WhenError: it is none of the four forms.
    """
    if not when:
        return When()
    if when == NEXT_SLOT:
        return When(slot=True)
    if found := MINUTES.fullmatch(when):
        minutes = int(found[1])
        if minutes > MOST_MINUTES:
            raise WhenError(_("A post can wait for a year at most. Choose a date and time instead."), code="too_late")
        return When(minutes=minutes)
    try:
        if WALL_CLOCK.fullmatch(when):
            return When(wall=datetime.fromisoformat(when))
    except ValueError:  # the 31st of February
        pass
    raise WhenError(
        _("This is no date and time. Choose a day of the calendar and a time between 00:00 and 23:59."), code="invalid"
    )


def validate(when: str, account: Any, now: datetime) -> None:
    """Refuse what cannot be meant by somebody who chooses it at ``now``.

    :raises WhenError: it is badly written, past, more than two years away, or the account has no posting times.
    """
    wanted = parse(when)
    if wanted.slot and not any(_daily(account, day) for day in range(7)):
        raise WhenError(
            _("This account has no posting times. Choose another time, or ask a site admin to enter some."),
            code="no_slots",
        )
    if wanted.wall is None:
        return
    moment = _resolved(wanted.wall, zone_of(account))
    if moment <= now:
        raise WhenError(
            _("This time is past: where the account is, it is %(now)s now. Choose a later time."),
            code="past",
            params={"now": _text(now, zone_of(account))},
        )
    if moment > now + timedelta(days=SLOT_DAYS):
        raise WhenError(_("This is more than two years away. Check the year."), code="too_late")


def remark(when: str, account: Any) -> str:
    """What an editor should know of the time that she chose, "" when it is plain; a lazy string otherwise."""
    try:
        wall = parse(when).wall
    except WhenError:
        return ""
    if wall is None:
        return ""
    zone = zone_of(account)
    shown = _resolved(wall, zone).astimezone(zone)
    if shown.replace(tzinfo=None) != wall:
        return _("The clocks are put forward then, and skip this time. It will be posted at %(time)s.") % {
            "time": date_format(shown, "TIME_FORMAT")
        }
    if wall.replace(tzinfo=zone, fold=0).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset():
        return _("The clocks are put back then, and show this time twice. It will be posted the first time.")
    return ""


def due_at(when: str, account: Any, published_at: datetime, taken: Collection[datetime] = ()) -> datetime:
    """The moment (UTC) at which a post is due whose page is published at ``published_at``; never before that.

    What cannot be read, or a posting time of an account that has none (any more), is due at once: the form refused it
    when it was chosen, and a publication must not fail.

    :param taken: posting times that other posts of the account have.
    """
    published_at = published_at.astimezone(UTC)
    try:
        wanted = parse(when)
    except WhenError:
        return published_at
    if wanted.slot:
        return next_slot(account, published_at, taken) or published_at
    if wanted.wall:
        return max(_resolved(wanted.wall, zone_of(account)), published_at)
    return published_at + timedelta(minutes=wanted.minutes)


def next_slot(account: Any, after: datetime, taken: Collection[datetime] = ()) -> datetime | None:
    """The account's first posting time (UTC) after ``after`` that is not taken; ``None`` when there is none."""
    taken = set(taken)  # aware datetimes are equal, and hash alike, when they are the same moment
    return next((slot for slot in slots(account, after) if slot not in taken), None)


def slots(account: Any, after: datetime) -> Iterator[datetime]:
    """The account's posting times (UTC) after ``after``, in order, for two years."""
    zone = zone_of(account)
    after = after.astimezone(UTC)
    first = after.astimezone(zone).date()
    daily = [_daily(account, day) for day in range(7)]
    moved: set[datetime] = set()
    # From the day before: a time of that day, moved because the clocks skip it, may be after midnight.
    for number in range(-1, SLOT_DAYS):
        day = first + timedelta(days=number)
        moments = moved | {_resolved(datetime.combine(day, at), zone) for at in daily[day.weekday()]}
        moved = {moment for moment in moments if moment.astimezone(zone).date() > day}
        yield from sorted(moment for moment in moments - moved if moment > after)


def times(moment: datetime, account: Any) -> Times:
    """A moment for people: on the account's clocks and on the reader's, whose zone Wagtail's admin has activated."""
    there, here = zone_of(account), timezone.get_current_timezone()
    same = moment.astimezone(there).utcoffset() == moment.astimezone(here).utcoffset()
    return Times(_text(moment, there), zone_name(there), _text(moment, here), zone_name(here), same)


def zone_name(zone: tzinfo) -> str:
    """What people call a time zone: ``Europe/Berlin``, without underscores."""
    return str(zone).replace("_", " ")


def _text(moment: datetime, zone: tzinfo) -> str:
    return date_format(moment.astimezone(zone), "DATETIME_FORMAT")


def _resolved(wall: datetime, zone: tzinfo) -> datetime:
    # With fold=0 a time that is skipped is read with the offset from before the change, which moves it by as much as
    # the clocks are; one that is there twice is the first. In UTC, because Python compares times of one zone by what
    # the clocks show.
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _daily(account: Any, weekday: int) -> list[time]:
    """The account's posting times on a weekday (Monday is 0); entries that cannot be read are passed over."""
    found = []
    for slot in account.slots or ():
        try:
            if weekday in slot["days"]:
                found.append(time.fromisoformat(slot["time"]))
        except (KeyError, TypeError, ValueError):
            continue
    return found
