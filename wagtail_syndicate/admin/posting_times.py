"""When an account posts, on its form: its time zone, and posting times as an admin writes them, a rule a line.

``Mon-Fri 09:30, 17:00`` or ``Sat 11:00`` or ``12:00`` (every day). Days are named in the admin's language, in full or
short, or in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from zoneinfo import available_timezones

import regex
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.delivery.schedule import zone_name


CLOCK = regex.compile(r"(?<!\d)(\d{1,2})[:.h](\d{2})(?!\d)(?:\s*([ap])\.?m\b\.?)?", regex.IGNORECASE)
DASH = regex.compile(r"\s*[-–—~〜]\s*")
BETWEEN = regex.compile(r"[\s,;、，；]+")
MOST_LINES = 50


def zone_field() -> forms.ChoiceField:
    """The field for a time zone; every zone that this server knows."""
    return forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        choices=zone_choices,
        help_text=_("Where its readers are. Dates and posting times of this account are on the clocks there."),
    )


def zone_choices() -> list[tuple[str, str]]:
    """Time zones by place; the names that only old systems use are left out."""
    own = zone_name(timezone.get_default_timezone())
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    site = gettext("As the site (%(zone)s)") % {"zone": own}
    return [("", site), ("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class SlotsField(forms.CharField):
    """Posting times as text, to and from what ``Account.slots`` keeps."""

    widget = forms.Textarea

    def __init__(self, **kwargs):
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.widget.attrs.update({"rows": 3, "dir": "auto", "spellcheck": "false", "placeholder": _example()})

    def prepare_value(self, value):
        return value if isinstance(value, str) else as_text(value or [])

    def to_python(self, value):
        return as_slots(super().to_python(value))

    def has_changed(self, initial, data):
        try:
            return self.to_python(data) != (initial or [])
        except ValidationError:
            return True


def slots_field() -> SlotsField:
    """The field for posting times."""
    return SlotsField(
        label=_("Posting times"),
        help_text=lazy(_help, str)(),
    )


def as_slots(text: str) -> list[dict]:
    """Posting times as they are kept.

    :raises ValidationError: with a sentence for each line that cannot be read.
    """
    found, errors = [], []
    lines = [line.strip() for line in text.splitlines()]
    if len([line for line in lines if line]) > MOST_LINES:
        raise ValidationError(gettext("These are more than %d lines. Write several times in one.") % MOST_LINES)
    for number, line in enumerate(lines, 1):
        try:
            found += [slot for slot in _read(line) if slot not in found] if line else []
        except ValueError as error:
            values = {"number": number, "line": line[:60], "problem": str(error)}
            errors.append(ValidationError(gettext("Line %(number)d, “%(line)s”: %(problem)s") % values))
    if errors:
        raise ValidationError(errors)
    return found


def as_text(slots: list[dict]) -> str:
    """Posting times as an admin reads them, in the language that is active; several times of the same days share a
    line."""
    rows: dict[tuple[int, ...], list[str]] = {}
    for slot in slots:
        rows.setdefault(tuple(sorted(slot["days"])), []).append(slot["time"])
    return "\n".join(f"{_days_as_text(days)} {', '.join(sorted(times))}".strip() for days, times in rows.items())


def _read(line: str) -> list[dict]:
    times = [_time(found) for found in CLOCK.finditer(line)]
    if not times:
        raise ValueError(gettext("there is no time. Write it as 09:30."))
    days = sorted(set(_days(CLOCK.sub(" ", line)))) or list(range(7))
    return [{"days": days, "time": at} for at in dict.fromkeys(times)]


def _time(found) -> str:
    hour, minute, half = int(found[1]), int(found[2]), (found[3] or "").lower()
    try:
        if half and not 1 <= hour <= 12:
            raise ValueError
        return f"{time(hour % 12 + 12 * (half == 'p') if half else hour, minute):%H:%M}"
    except ValueError:
        raise ValueError(gettext("“%s” is no time of the day. Write it as 09:30.") % found[0].strip()) from None


def _days(text: str) -> Iterator[int]:
    names = _names()
    for word in filter(None, BETWEEN.split(DASH.sub("-", text))):
        ends = [names.get(_plain(end)) for end in word.split("-")]
        if None in ends or len(ends) > 2:
            raise ValueError(
                gettext("“%(word)s” is no day. Write days as in “%(example)s”.")
                % {
                    "word": word,
                    "example": _example(),
                }
            )
        first, last = ends[0], ends[-1]
        # Over the end of the week, too: Sat-Mon.
        yield from ((first + number) % 7 for number in range((last - first) % 7 + 1))


def _names() -> dict[str, int]:
    """All names of the days, of the active language and then English ones: in full, as Django shortens them, and by
    their first letters where no other day begins like that."""
    found: dict[str, int] = {}
    for language in (translation.get_language() or "en", "en"):
        with translation.override(language):
            full = [_plain(str(WEEKDAYS[day])) for day in range(7)]
            short = [_plain(str(WEEKDAYS_ABBR[day])) for day in range(7)]
        for names in (full, short, [name[:3] for name in full], [name[:2] for name in full]):
            for day, name in enumerate(names):
                if names.count(name) == 1:
                    found.setdefault(name, day)
    return found


def _plain(name: str) -> str:
    return name.casefold().rstrip(".")


def _days_as_text(days: tuple[int, ...]) -> str:
    if len(days) == 7:
        return ""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    name = {day: str(WEEKDAYS_ABBR[day]) for day in range(7)}
    return ", ".join(
        f"{name[run[0]]}-{name[run[-1]]}" if len(run) > 2 else ", ".join(name[day] for day in run) for run in runs
    )


def _example() -> str:
    return as_text([{"days": [0, 1, 2, 3, 4], "time": "09:30"}])


def _help() -> str:
    text = gettext(
        "What editors choose as “next posting time”: one rule a line, for example “%(some)s”; without days, every "
        "day. The times are on the clocks of the account's time zone. Each takes one post; another one waits for the "
        "next."
    )
    return text % {"some": f"{_example()}, 17:00"}
