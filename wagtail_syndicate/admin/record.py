"""What became of a page's deliveries, made ready for a template: each with its state in words and what may be done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.accounts.environment import AWAY
from wagtail_syndicate.admin.ticks import Chosen
from wagtail_syndicate.delivery import actions, approval, schedule
from wagtail_syndicate.delivery.chosen import SCHEDULED
from wagtail_syndicate.delivery.outdated import outdated
from wagtail_syndicate.models import Account, Attempt, Delivery
from wagtail_syndicate.types import Message


State = Delivery.State


class Look(NamedTuple):
    """How a state is shown: the tone of its tag (a CSS class) and its icon; its name is never left out."""

    tone: str
    icon: str


LOOKS = {
    State.WAITING: Look("info", "time"),
    State.SENDING: Look("info", "rotate"),
    State.SENT: Look("positive", "success"),
    State.POSTED: Look("positive", "success"),
    State.ASSISTED: Look("warning", "user"),
    State.UNKNOWN: Look("warning", "help"),
    State.FAILED: Look("critical", "warning"),
    State.MISSED: Look("critical", "warning"),
    State.SKIPPED: Look("neutral", "minus"),
    State.CANCELLED: Look("neutral", "cross"),
    State.REHEARSED: Look("neutral", "view"),
    State.APPROVAL: Look("warning", "user"),
    State.REMOVED: Look("neutral", "bin"),
}


STUCK = Look("warning", "time")

TO_PEOPLE = (State.WAITING, State.APPROVAL, State.ASSISTED, State.UNKNOWN)
"""States that end when somebody does something, here or elsewhere."""

# Reasons that tell what is going to happen, not why it does not.
NOT_WHY = ("", SCHEDULED, "editing", "deleting", "page_took_back")

SOON = timedelta(minutes=10)
"""What is further away is not worth being looked at again and again."""


class Button(NamedTuple):
    """An action that makes sense now.

    ``asks_link``: the post's address may be given with it; ``asks_note``: some words may; ``mark``: names the message
    that it is about.
    """

    name: str
    label: str
    asks_link: bool
    is_main: bool
    asks_note: bool = False
    mark: str = ""

    @property
    def asks_when(self) -> bool:
        """Whether a time is given with it."""
        return self.name in actions.WITH_WHEN

    @property
    def confirmation(self) -> str:
        """What is asked before it is done, "" for what can be undone."""
        return CONFIRMATIONS.get(self.name, "")


LABELS = {
    "retry": _("Try again"),
    "confirm": _("It is there"),
    "send_again": _("Send again"),
    "mark_posted": _("Mark as posted"),
    "cancel": _("Cancel"),
    "approve": _("Approve"),
    "reject": _("Reject"),
    "send_now": _("Post now"),
    "reschedule": _("Choose another time"),
    "edit": _("Update the post"),
    "delete": _("Delete the post"),
    "keep": _("Leave the post as it is"),
    "mark_removed": _("It is deleted there"),
    "share_again": _("Post it again"),
}

CONFIRMATIONS = {
    "delete": _("Delete the post at the network? What readers wrote below it is lost, too."),
    "share_again": _("Post the page once more? Readers will see it a second time."),
}

MAIN = ("retry", "confirm", "mark_posted", "approve")

DONE_BY_PERSON = {
    "retry": _("asked to try again"),
    "confirm": _("said that the post is there"),
    "send_again": _("said that the post is not there, and sent it again"),
    "mark_posted": _("marked it as posted"),
    "cancel": _("cancelled it"),
    "approve": _("approved it"),
    "reject": _("rejected it"),
    "send_now": _("had it posted without waiting for its time"),
    "reschedule": _("chose another time"),
    "edit": _("asked to update the post"),
    "delete": _("asked to delete the post"),
    "keep": _("left the post as it is"),
    "mark_removed": _("said that the post is deleted"),
    "share_again": _("had the page posted again"),
}

OUTCOMES = {
    "Rehearsed": _("Nothing was sent."),
    "Sent": _("Accepted by the network."),
    "found": _("The post is there."),
    "absent": _("The post was not found."),
    "Edited": _("The network changed the post."),
    "Deleted": _("The network deleted the post."),
    "broken_off": _("Broken off; it is repeated."),
    "": _("Under way."),
}


class Line(NamedTuple):
    """One attempt, in words."""

    attempt: Attempt
    words: str


@dataclass
class Entry:
    """One delivery as it is shown."""

    delivery: Delivery
    look: Look
    buttons: list[Button] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    error: str = ""
    typed: str = ""
    is_outdated: bool = False
    """Whether the page says something else by now."""

    @property
    def asks_when(self) -> bool:
        """Whether a field for another time is shown."""
        return any(button.name in actions.WITH_WHEN for button in self.buttons)

    @property
    def time_typed(self) -> str:
        """Date and time for the field for another time: what was typed into it, else what is chosen now."""
        return self.typed or Chosen(when=self.delivery.when).at

    @property
    def zone(self) -> str:
        """The account's time zone."""
        return schedule.zone_name(schedule.zone_of(self.delivery.account))

    @property
    def due_times(self) -> schedule.Times | None:
        """When it goes out, on the account's clocks and the reader's; ``None`` when it does not wait for its time."""
        delivery = self.delivery
        if delivery.reason != SCHEDULED or delivery.account is None or not delivery.due_at:
            return None
        return schedule.times(delivery.due_at, delivery.account)

    @property
    def asks_link(self) -> bool:
        """Whether a field for the post's address is shown."""
        return any(button.asks_link for button in self.buttons)

    @property
    def asks_note(self) -> bool:
        """Whether a field for some words to the editor is shown."""
        return any(button.asks_note for button in self.buttons)

    @property
    def explanation(self) -> str:
        """Why it is in this state and who must act."""
        if self.delivery.reason in NOT_WHY and is_stuck(self.delivery):
            return self.delivery.explain(self.delivery.account.problem or "not_connected")
        if self.delivery.state == State.APPROVAL:
            if any(button.name == "approve" for button in self.buttons):
                return _("Read this post. Then approve it, or reject it and say what should be different.")
            return _("Somebody else who may manage the account has to read this post and approve it.")
        return self.delivery.explanation

    @property
    def note(self) -> str:
        """What the next publication means for its account."""
        return note_of(self.delivery)

    @property
    def next_try(self) -> datetime | None:
        """When it will be tried again by itself."""
        delivery = self.delivery
        if delivery.state == State.WAITING and delivery.due_at and not is_stuck(delivery):
            return delivery.due_at if delivery.due_at > timezone.now() else None
        return None

    @property
    def profile_url(self) -> str:
        """Where a person looks for a post whose fate is unknown."""
        account = self.delivery.account
        return account.profile_url if account and self.delivery.state == State.UNKNOWN else ""

    @property
    def link_sent(self) -> str:
        """The article's address as it is in the post, tracking parameters included."""
        message = self.delivery.message
        return message.link if message and self.delivery.state in (State.SENT, State.POSTED) else ""

    @property
    def rejection(self) -> Attempt | None:
        """The last rejection, when it says why; ``None`` while the post is not rejected."""
        if self.delivery.reason != "rejected":
            return None
        lines = [line.attempt for line in self.lines if line.attempt.outcome == "reject"]
        return lines[-1] if lines and lines[-1].detail else None

    @property
    def to_read(self) -> Message | None:
        """The message that waits for approval, ``None`` when none does."""
        return self.delivery.message if self.delivery.state == State.APPROVAL else None

    @property
    def text_to_paste(self) -> str:
        """What a person posts by hand, "" when nothing is to be posted."""
        message = self.delivery.message
        if message is None or self.delivery.state != State.ASSISTED:
            return ""
        # A share dialog already holds the address; in the text it would be there twice.
        return message.text if self.delivery.share_link else message.text_with_link


def note_of(delivery: Delivery) -> str:
    """What the next publication of the page means for the account, "" when it is posted to as one would expect."""
    if delivery.state == State.REMOVED:
        return _("Posted, and deleted again. Publishing the page again does not post it again.")
    if delivery.state in (State.SENT, State.POSTED):
        return _("Posted already. Publishing the page again does not post it again.")
    if delivery.state == State.REHEARSED:
        return _("Rehearsed only. Publishing the page again does it once more, with the words that are here then.")
    if delivery.state in (State.FAILED, State.MISSED):
        return _("Not posted. To post other words, change them here, publish, then choose “Try again” above.")
    if delivery.state in (State.UNKNOWN, State.SENDING):
        return _("See above for what became of it. Publishing the page again does not post it again.")
    return ""


def is_stuck(delivery: Delivery) -> bool:
    """Whether it waits for somebody who mends the account, not for time to pass."""
    account = delivery.account
    waits = delivery.state == State.WAITING or (delivery.state == State.APPROVAL and delivery.payload is None)
    if not (waits or is_wished(delivery)) or account is None or account.by_hand:
        return False
    return account.status != Account.Status.CONNECTED or delivery.reason == AWAY


def is_wished(delivery: Delivery) -> bool:
    """Whether a worker has to change or delete the post."""
    return delivery.state == State.SENT and delivery.wish in (Delivery.Wish.EDIT, Delivery.Wish.DELETE)


def may_act(user, page) -> Callable[[Delivery, str], bool]:
    """Whether ``user`` may do something with deliveries of ``page``, as a question to be asked for each of them.

    Publishing the page and using, or managing, the account are both needed; of a deleted page, managing the account.
    Approving is for those who manage the account and have no part in the post.

    :param page: ``None`` when it was deleted.
    """
    manages = set(permissions.managed_accounts(user).values_list("pk", flat=True))
    uses = set(permissions.usable_accounts(user).values_list("pk", flat=True)) if page else set()
    of_deleted_accounts = permissions.can_manage(user) or (page is not None and permissions.can_use(user))
    authors = cache(lambda: approval.authors_of(page) if page else ())
    publishes = page is None or page.permissions_for_user(user).can_publish()

    def may(delivery: Delivery, action: str = "") -> bool:
        if action in approval.ACTIONS:
            return approval.may_decide(user, delivery)
        if action == "edit" and not approval.may_change(user, delivery, authors):
            return False
        account = delivery.account_id
        return publishes and (account in manages or account in uses if account else of_deleted_accounts)

    return may


def record_of(page, user, most_composed: int = 0, **extra: Any) -> dict[str, Any]:
    """The template context for the deliveries of a page, of those accounts that ``user`` may know of; takes a fixed
    number of queries.

    :param most_composed: how many posts may be composed anew to tell whether they are out of date, which takes time;
        0: tell what was found out before.
    :param extra: as for :func:`record`.
    """
    deliveries = list(_with_all(Delivery.objects.filter(page_id=page.pk)).order_by("account_label", "pk"))
    known = set(permissions.seen_accounts(user).values_list("pk", flat=True))
    seen = [delivery for delivery in deliveries if delivery.account_id is None or delivery.account_id in known]
    live = page if page.live and not page.has_unpublished_changes else _live(page)
    late = outdated(live, seen, most_composed) if live else ()
    return record(seen, may_act(user, page), hidden=len(deliveries) - len(seen), outdated=late, **extra)


def record_of_one(delivery: Delivery, user, **extra: Any) -> dict[str, Any]:
    """The template context for one delivery of a page that was deleted.

    :param extra: as for :func:`record`.
    """
    return record(_with_all(Delivery.objects.filter(pk=delivery.pk)), may_act(user, None), **extra)


def entry_of_one(delivery: Delivery, user, page, error: str = "", typed: str = "") -> Entry:
    """One delivery as it is shown to ``user``.

    :param page: its specific page, ``None`` when it was deleted.
    :param error: what is wrong with an address that was typed; :param typed: the address.
    """
    later = Delivery.objects.filter(
        page=delivery.page_id, account=delivery.account_id, generation__gt=delivery.generation
    )
    return _entry(delivery, may_act(user, page), not later.exists(), False, error, typed)


def record(
    deliveries: Iterable[Delivery],
    may: Callable[[Delivery, str], bool],
    message: str = "",
    hidden: int = 0,
    errors: dict[int, tuple[str, str]] | None = None,
    outdated: Collection[int] = (),
) -> dict[str, Any]:
    """The template context for some deliveries.

    :param outdated: primary keys of those that say something else than their page.
    :param message: something to say above them.
    :param hidden: how many there are besides, of accounts that the person may not know of.
    :param errors: what is wrong with an address that was typed, and the address, by delivery.
    """
    deliveries = list(deliveries)
    last: dict[int | None, int] = {}
    for delivery in deliveries:
        last[delivery.account_id] = max(last.get(delivery.account_id, 0), delivery.generation)
    entries = [
        _entry(
            delivery,
            may,
            delivery.generation == last[delivery.account_id],
            delivery.pk in outdated,
            *(errors or {}).get(delivery.pk, ()),
        )
        for delivery in deliveries
    ]
    return {
        "entries": entries,
        "hidden": hidden,
        "message": message,
        "is_busy": any(_is_moving(entry.delivery) for entry in entries),
        # Somebody else may see to it while this person looks.
        "is_open": any(entry.delivery.state in TO_PEOPLE for entry in entries),
    }


def _live(page):
    """The page as the public sees it, where the one at hand is a draft; ``None`` when it is not live."""
    return type(page).objects.filter(pk=page.pk, live=True).first()


def _with_all(queryset):
    attempts = Attempt.objects.select_related("user")
    return queryset.select_related("account__collection").prefetch_related(Prefetch("attempts", queryset=attempts))


def _is_moving(delivery: Delivery) -> bool:
    """Whether the state will change by itself, so that looking again makes sense."""
    if delivery.state == State.APPROVAL:
        return delivery.payload is None and not is_stuck(delivery)
    if delivery.state in (State.WAITING, State.UNKNOWN) or is_wished(delivery):
        is_near = delivery.due_at is not None and delivery.due_at < timezone.now() + SOON
        return is_near and not is_stuck(delivery)
    return delivery.state == State.SENDING


def _entry(
    delivery: Delivery,
    may: Callable[[Delivery, str], bool],
    is_latest: bool,
    is_outdated: bool,
    error: str = "",
    typed: str = "",
) -> Entry:
    names = [name for name in actions.allowed(delivery, is_latest) if may(delivery, name)]
    return Entry(
        delivery,
        STUCK if is_stuck(delivery) else LOOKS[State(delivery.state)],
        [_button(name, delivery) for name in names],
        [Line(attempt, _words(attempt, delivery)) for attempt in delivery.attempts.all()],
        error,
        typed,
        is_outdated,
    )


def _button(name: str, delivery: Delivery) -> Button:
    return Button(
        name,
        LABELS[name],
        asks_link=name in actions.WITH_PERMALINK,
        is_main=name in MAIN,
        asks_note=name in actions.WITH_NOTE,
        mark=approval.mark_of(delivery) if name in actions.WITH_MARK else "",
    )


def _words(attempt: Attempt, delivery: Delivery) -> str:
    if attempt.kind == Attempt.Kind.PERSON:
        return DONE_BY_PERSON.get(attempt.outcome, attempt.outcome)
    return OUTCOMES.get(attempt.outcome) or delivery.explain(attempt.reason) or attempt.outcome
