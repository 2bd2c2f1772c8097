"""What an editor ticked: this page goes to this account, with this wording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import swapper
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey


swapper.set_app_prefix("wagtailcore", "wagtail")

RELATION = "syndication_targets"

PLANNED_WITHIN = timedelta(seconds=60)
"""How long after a publication was saved the sweep looks whether it was planned as well."""


NO_IMAGE = "none"
NEXT_SLOT = "slot"
CHOSEN = ("wording", "image", "alt", "when")
"""What an editor chooses for an account: the names of :class:`Target`'s fields and of :class:`Delivery`'s."""


@dataclass(frozen=True)
class Target:
    """One tick: the account's primary key, and what the editor chose for it.

    ``wording``: the editor's words, "" for generated ones. ``image``: the primary key of a picture in the site's image
    model, as text; "" for the page's own choice, ``NO_IMAGE`` for none. ``alt``: its description, "" for the
    picture's own. ``when``: "" for at once, ``"+30"`` for so many minutes after the publication,
    ``"2026-12-24T09:00"`` for a time on the clocks of the account's time zone, ``NEXT_SLOT`` for the account's next
    posting time. ``by``: who made the tick what it is, the user's primary key as text; "" for code.
    """

    account_id: int
    wording: str = ""
    image: str = ""
    alt: str = ""
    when: str = ""
    by: str = ""


class TargetSet(models.Model):
    """All ticks of one page: a child of the page, so that they are part of the revision and count at publication.

    One row holds all of them, because publishing saves every child row with queries of its own: with a row a tick, a
    publication would get slower with each account. ``targets`` is a list of ``{"account": ..., "wording": ...}``, with
    the other fields of :class:`Target` where they are not empty, in the order of ticking; accounts that have been
    deleted since are passed over.
    """

    page = ParentalKey(swapper.get_model_name("wagtailcore", "Page"), on_delete=models.CASCADE, related_name=RELATION)
    targets = models.JSONField(default=list, blank=True)
    plan_at = models.DateTimeField(null=True, editable=False, serialize=False)
    """When the sweep plans the publication, should the publication itself not have got to it.

    Set in the transaction in which the page goes live, and cleared by the plan: neither a crash, nor a mistake of
    ours, nor other code that listens to publications and fails can lose a publication. Not part of revisions.
    """

    wagtail_reference_index_ignore = True

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["page"], name="syndicate_one_target_set_per_page")]
        indexes = [models.Index(fields=["plan_at"], name="syndicate_plan_due")]
        verbose_name = _("syndication targets")
        verbose_name_plural = _("syndication targets")

    def __str__(self):
        return ", ".join(str(target["account"]) for target in self.targets)

    def save(self, *args, **kwargs):
        if _is_being_published(self.page):
            self.plan_at = timezone.now() + PLANNED_WITHIN
        super().save(*args, **kwargs)


def _is_being_published(page) -> bool:
    """Whether the page is being saved because one of its revisions goes live; scripts may save live pages as well."""
    if not page.live or page.live_revision_id is None or page.last_published_at is None or page.alias_of_id:
        return False
    return timezone.now() - page.last_published_at < PLANNED_WITHIN


def targets_of(page) -> list[Target]:
    """What is ticked in this version of a page, be it live, a draft or not yet saved; in the order of ticking."""
    return targets_in(getattr(page, RELATION).all())


def targets_in(rows: Iterable[TargetSet]) -> list[Target]:
    """What is ticked in these rows, of which a page has one or none."""
    return [
        Target(target["account"], **{name: target.get(name, "") for name in (*CHOSEN, "by")})
        for row in rows
        for target in row.targets
    ]


def set_targets(page, targets: Iterable[Target]) -> None:
    """Tick exactly these in this version of a page. It is kept when the page, or a revision of it, is saved."""
    rows = list(getattr(page, RELATION).all()) or [TargetSet()]
    rows[0].targets = [_as_data(target) for target in targets]
    setattr(page, RELATION, rows[:1])


def _as_data(target: Target) -> dict[str, int | str]:
    chosen = {name: getattr(target, name) for name in (*CHOSEN, "by")}
    return {"account": target.account_id, "wording": "", **{name: value for name, value in chosen.items() if value}}
