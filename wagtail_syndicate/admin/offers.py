"""The accounts that the panel offers, grouped by where their readers are and by network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_syndicate.admin.record import Entry
from wagtail_syndicate.admin.ticks import Chosen
from wagtail_syndicate.delivery import schedule
from wagtail_syndicate.models import Account
from wagtail_syndicate.reasons import explain
from wagtail_syndicate.types import Reach, Region


REACHES = {
    Reach.AUTOMATIC: gettext_lazy("posted automatically"),
    Reach.CONDITIONAL: gettext_lazy("posted automatically, under conditions"),
    Reach.ASSISTED: gettext_lazy("posted by a person"),
}


@dataclass
class Offer:
    """One account as the panel offers it, with what became of its posts (the newest first)."""

    account: Account
    ticked: bool = False
    chosen: Chosen = Chosen()
    errors: dict[str, list[str]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    @property
    def has_card(self) -> bool:
        """Whether its inputs are part of the page; the browser makes those that hold nothing yet.

        What was typed for an account that is not ticked is not lost.
        """
        return any(self.chosen) or bool(self.errors)

    @property
    def reach(self) -> str:
        """How posts get there."""
        return REACHES[Reach.ASSISTED if self.account.is_assisted else self.account.backend_class.reach]

    @property
    def takes_pictures(self) -> bool:
        """Whether the network takes pictures from us."""
        return self.account.backend_class(self.account.public_connection).get_limits().images is not None

    @property
    def keeps_alt(self) -> bool:
        """Whether the network has a place for the description of a picture."""
        images = self.account.backend_class(self.account.public_connection).get_limits().images
        return images is not None and images.alt_length > 0

    @property
    def zone(self) -> str:
        """The account's time zone."""
        return schedule.zone_name(schedule.zone_of(self.account))

    @property
    def problem(self) -> str:
        """Why a post would have to wait, before it is promised."""
        account = self.account
        if account.is_assisted or account.status == Account.Status.CONNECTED:
            return ""
        reason = "not_connected" if account.status == Account.Status.NEW else account.problem or "reconnect"
        return explain(reason, account.backend_class.label, account.backend_class.reasons)

    @property
    def note(self) -> str:
        """What the next publication means for an account that was published to before."""
        return self.entries[0].note if self.entries else ""

    @property
    def caption(self) -> str:
        """What to call the post that is composed now."""
        return _("How it would read now") if self.note else _("What will be posted")


@dataclass
class Network:
    """The accounts of one network."""

    label: str
    icon: str
    offers: list[Offer] = field(default_factory=list)

    @property
    def is_single(self) -> bool:
        """Whether its one account says all; a heading of its own would only take room."""
        return len(self.offers) == 1


@dataclass
class Group:
    """The networks whose readers are in one part of the world."""

    region: Region
    networks: list[Network] = field(default_factory=list)


def grouped(offers: Iterable[Offer]) -> list[Group]:
    """The offers by region and network: regions in the order of ``types.Region``, networks by name."""
    found: dict[Region, dict[str, Network]] = {}
    for offer in offers:
        backend = offer.account.backend_class
        networks = found.setdefault(Region(backend.region), {})
        network = networks.setdefault(backend.name, Network(str(backend.label), backend.icon))
        network.offers.append(offer)
    return [
        Group(region, sorted(found[region].values(), key=lambda network: network.label.casefold()))
        for region in Region
        if region in found
    ]
