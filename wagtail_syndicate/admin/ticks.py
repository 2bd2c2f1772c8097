"""What the panel's inputs say: a value for the page form, read from many inputs with names of their own.

``syndication-present`` (that the panel was there at all), ``syndication-accounts`` (one value for each tick), and for
an account ``syndication-wording-<account>``, ``-image-``, ``-alt-`` and ``-when-``. The last is "", ``slot``,
``after`` (with ``syndication-minutes-<account>``), ``at`` (with ``syndication-at-<account>``), or whatever
``Target.when`` holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django import forms

from wagtail_syndicate.models.target import CHOSEN, NEXT_SLOT, Target


AFTER, AT = "after", "at"
SECONDS = re.compile(r"(T[0-9]{2}:[0-9]{2}):[0-9.]+$")


class Chosen(NamedTuple):
    """What was chosen for one account; the fields of :class:`~wagtail_syndicate.models.target.Target`, as typed."""

    wording: str = ""
    image: str = ""
    alt: str = ""
    when: str = ""

    @classmethod
    def of(cls, target: Target) -> Chosen:
        """What a tick that was kept says."""
        return cls(*(getattr(target, name) for name in CHOSEN))

    @property
    def way(self) -> str:
        """Which of the ways to say a time it is: "", ``after``, ``at`` or ``slot``."""
        if self.when.startswith("+"):
            return AFTER
        return self.when if self.when in ("", NEXT_SLOT) else AT

    @property
    def minutes(self) -> str:
        """The minutes, as typed."""
        return self.when[1:] if self.way == AFTER else ""

    @property
    def at(self) -> str:
        """Date and time, as typed."""
        return self.when if self.way == AT and self.when != AT else ""


@dataclass(frozen=True)
class Ticks:
    """What the panel's inputs say; keys are primary keys of accounts, as text.

    ``choices`` also holds those of accounts that are not ticked, so that nothing typed is lost when the form is shown
    again.
    """

    ticked: frozenset[str] = frozenset()
    choices: Mapping[str, Chosen] = field(default_factory=dict)

    def of(self, key: str) -> Chosen:
        """What was chosen for an account, ticked or not."""
        return self.choices.get(key, Chosen())

    def kept(self) -> dict[str, Chosen]:
        """The choices of the ticked accounts only: what will be kept."""
        return {key: self.of(key) for key in self.ticked}


class SyndicationWidget(forms.Widget):
    """Reads the panel's inputs. The panel draws them; elsewhere nothing is drawn, and the ticks are left alone."""

    def value_from_datadict(self, data, files, name) -> Ticks | None:
        """The ticks; ``None`` when the form had no panel, as in a PATCH through the API."""
        if self.value_omitted_from_data(data, files, name):
            return None
        ticked = data.getlist(f"{name}-accounts") if hasattr(data, "getlist") else data.get(f"{name}-accounts", ())
        keys = {key for key in map(_account_in(name), data) if key}
        return Ticks(frozenset(ticked), {key: _chosen(data, name, key) for key in keys})

    def value_omitted_from_data(self, data, files, name):
        return f"{name}-present" not in data

    def render(self, name, value, attrs=None, renderer=None):
        return ""


class SyndicationField(forms.Field):
    """Ticks as the widget read them; who may tick what is for the form to say."""

    widget = SyndicationWidget

    def __init__(self, **kwargs):
        super().__init__(required=False, **kwargs)

    def has_changed(self, initial, data):
        return data is not None and data.kept() != (initial or Ticks()).kept()

    def bound_data(self, data, initial):
        return initial if data is None else data


def as_ticks(targets: Iterable[Target], ticked: Iterable[int]) -> Ticks:
    """The value that shows these targets, with these accounts ticked."""
    return Ticks(frozenset(map(str, ticked)), {str(target.account_id): Chosen.of(target) for target in targets})


def _account_in(name: str):
    inputs = re.compile(rf"{re.escape(name)}-(?:{'|'.join(CHOSEN)})-(.+)")

    def account_in(key: str) -> str:
        found = inputs.fullmatch(key)
        return found[1] if found else ""

    return account_in


def _chosen(data, name: str, key: str) -> Chosen:
    values = {field: _plain(data.get(f"{name}-{field}-{key}", "")) for field in CHOSEN}
    if values["when"] == AFTER:
        values["when"] = f"+{data.get(f'{name}-minutes-{key}', '').strip()}"
    elif values["when"] == AT:
        # Some browsers add seconds.
        values["when"] = SECONDS.sub(r"\1", data.get(f"{name}-at-{key}", "").strip()) or AT
    return Chosen(**values)


def _plain(text: str) -> str:
    # Browsers send line ends as CRLF, which networks would count and show as two.
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
