"""What became of a page's deliveries, made ready for a template: each with its state in words and what may be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.delivery import actions, approval
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
    State.APPROVAL: Look("warning", "user"),
}


STUCK = Look("warning", "time")


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


LABELS = {
    "retry": _("Try again"),
    "confirm": _("It is there"),
    "send_again": _("Send again"),
    "mark_posted": _("Mark as posted"),
    "cancel": _("Cancel"),
    "approve": _("Approve"),
    "reject": _("Reject"),
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
}

OUTCOMES = {
    "Sent": _("Accepted by the network."),
    "found": _("The post is there."),
    "absent": _("The post was not found."),
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
        if not self.delivery.reason and is_stuck(self.delivery):
            return self.delivery.explain(self.delivery.account.problem or "not_connected")
        if self.delivery.state == State.APPROVAL:
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
    if delivery.state in (State.SENT, State.POSTED):
        return _("Posted already. Publishing the page again does not post it again.")
    if delivery.state in (State.FAILED, State.MISSED):
        return _("Not posted. To post other words, change them here, publish, then choose “Try again” above.")
    if delivery.state in (State.UNKNOWN, State.SENDING):
        return _("See above for what became of it. Publishing the page again does not post it again.")
    return ""


def is_stuck(delivery: Delivery) -> bool:
    """Whether it waits for somebody who mends the account, not for time to pass."""
    account = delivery.account
    waits = delivery.state == State.WAITING or (delivery.state == State.APPROVAL and delivery.payload is None)
    if not waits or account is None or account.by_hand:
        return False
    return account.status != Account.Status.CONNECTED


def may_act(user, page) -> Callable[[Delivery, str], bool]:
    """Whether ``user`` may do something with deliveries of ``page``, as a question to be asked for each of them.

    Publishing the page and using, or managing, the account are both needed; of a deleted page, managing the account.
    Approving is for those who manage the account and have no part in the post.

    :param page: ``None`` when it was deleted.
    """
    manages = set(permissions.managed_accounts(user).values_list("pk", flat=True))
    uses = set(permissions.usable_accounts(user).values_list("pk", flat=True)) if page else set()
    of_deleted_accounts = permissions.can_manage(user) or (page is not None and permissions.can_use(user))
    publishes = page is None or page.permissions_for_user(user).can_publish()

    def may(delivery: Delivery, action: str = "") -> bool:
        if action in approval.ACTIONS:
            return approval.may_decide(user, delivery)
        account = delivery.account_id
        return publishes and (account in manages or account in uses if account else of_deleted_accounts)

    return may


def record_of(page, user, **extra: Any) -> dict[str, Any]:
    """The template context for the deliveries of a page, of those accounts that ``user`` may know of; takes a fixed
    number of queries.

    :param extra: as for :func:`record`.
    """
    deliveries = list(_with_all(Delivery.objects.filter(page_id=page.pk)).order_by("account_label", "pk"))
    known = set(permissions.seen_accounts(user).values_list("pk", flat=True))
    seen = [delivery for delivery in deliveries if delivery.account_id is None or delivery.account_id in known]
    return record(seen, may_act(user, page), hidden=len(deliveries) - len(seen), **extra)


def record_of_one(delivery: Delivery, user, **extra: Any) -> dict[str, Any]:
    """The template context for one delivery of a page that was deleted.

    :param extra: as for :func:`record`.
    """
    return record(_with_all(Delivery.objects.filter(pk=delivery.pk)), may_act(user, None), **extra)


def record(
    deliveries: Iterable[Delivery],
    may: Callable[[Delivery, str], bool],
    message: str = "",
    hidden: int = 0,
    errors: dict[int, tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """The template context for some deliveries.

    :param message: something to say above them.
    :param hidden: how many there are besides, of accounts that the person may not know of.
    :param errors: what is wrong with an address that was typed, and the address, by delivery.
    """
    entries = [_entry(delivery, may, *(errors or {}).get(delivery.pk, ())) for delivery in deliveries]
    return {
        "entries": entries,
        "hidden": hidden,
        "message": message,
        "is_busy": any(_is_moving(entry.delivery) for entry in entries),
    }


def _with_all(queryset):
    attempts = Attempt.objects.select_related("user")
    return queryset.select_related("account__collection").prefetch_related(Prefetch("attempts", queryset=attempts))


def _is_moving(delivery: Delivery) -> bool:
    """Whether the state will change by itself, so that looking again makes sense."""
    if delivery.state == State.APPROVAL:
        return delivery.payload is None and not is_stuck(delivery)
    if delivery.state in (State.WAITING, State.UNKNOWN):
        return delivery.due_at is not None and not is_stuck(delivery)
    return delivery.state == State.SENDING


def _entry(delivery: Delivery, may: Callable[[Delivery, str], bool], error: str = "", typed: str = "") -> Entry:
    names = [name for name in actions.allowed(delivery) if may(delivery, name)]
    return Entry(
        delivery,
        STUCK if is_stuck(delivery) else LOOKS[State(delivery.state)],
        [_button(name, delivery) for name in names],
        [Line(attempt, _words(attempt, delivery)) for attempt in delivery.attempts.all()],
        error,
        typed,
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
