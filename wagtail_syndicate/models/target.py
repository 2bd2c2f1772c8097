"""What an editor ticked: this page goes to this account, with this wording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import swapper
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey


swapper.set_app_prefix("wagtailcore", "wagtail")

RELATION = "syndication_targets"


@dataclass(frozen=True)
class Target:
    """One tick: the account's primary key, and the editor's words for it ("" for generated ones)."""

    account_id: int
    wording: str = ""


class TargetSet(models.Model):
    """All ticks of one page: a child of the page, so that they are part of the revision and count at publication.

    One row holds all of them, because publishing saves every child row with queries of its own: with a row a tick, a
    publication would get slower with each account. ``targets`` is a list of ``{"account": ..., "wording": ...}``, in
    the order of ticking; accounts that have been deleted since are passed over.
    """

    page = ParentalKey(swapper.get_model_name("wagtailcore", "Page"), on_delete=models.CASCADE, related_name=RELATION)
    targets = models.JSONField(default=list, blank=True)

    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["page"], name="syndicate_one_target_set_per_page")]
        verbose_name = _("syndication targets")
        verbose_name_plural = _("syndication targets")

    def __str__(self):
        return ", ".join(str(target["account"]) for target in self.targets)


def targets_of(page) -> list[Target]:
    """What is ticked in this version of a page, be it live, a draft or not yet saved; in the order of ticking."""
    return [
        Target(target["account"], target.get("wording", ""))
        for row in getattr(page, RELATION).all()
        for target in row.targets
    ]


def set_targets(page, targets: Iterable[Target]) -> None:
    """Tick exactly these in this version of a page. It is kept when the page, or a revision of it, is saved."""
    rows = list(getattr(page, RELATION).all()) or [TargetSet()]
    rows[0].targets = [{"account": target.account_id, "wording": target.wording} for target in targets]
    setattr(page, RELATION, rows[:1])
