"""What becomes of a page's posts, in the page's own history."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from wagtail.models import PageLogEntry

from wagtail_syndicate.models import Delivery
from wagtail_syndicate.signals import deliveries_changed


State = Delivery.State

# States that workers bring about; what people do is noted where they do it.
TOLD = {
    State.SENT: "sent",
    State.FAILED: "failed",
    State.UNKNOWN: "unclear",
    State.MISSED: "missed",
    State.REMOVED: "removed",
}


def on_deliveries_changed(sender, changes, **kwargs):
    """Note that posts were made, or were not."""
    # As wagtail.log_actions.log would, which takes one at a time and several queries for each.
    if entries := [_entry(delivery) for delivery, _before in changes if _is_told(delivery)]:
        PageLogEntry.objects.bulk_create(entries)


def _is_told(delivery: Delivery) -> bool:
    waits = delivery.state == State.UNKNOWN and delivery.due_at is not None  # it is still looked for
    return delivery.state in TOLD and not waits and delivery.page is not None


def _entry(delivery: Delivery) -> PageLogEntry:
    page = delivery.page.specific_deferred
    return PageLogEntry(
        page=page,
        content_type=ContentType.objects.get_for_model(page, for_concrete_model=False),
        label=PageLogEntry.objects.get_instance_title(page),
        action=f"wagtail_syndicate.{TOLD[delivery.state]}",
        timestamp=timezone.now(),
        user_id=delivery.published_by_id,
        data={
            "account": delivery.account_label,
            "network": delivery.network_label,
            "permalink": delivery.permalink,
            # Of a post that was made there is none, but perhaps a wish for later.
            "reason": "" if delivery.state == State.SENT else delivery.reason,
        },
    )


def connect():
    """Listen to deliveries; once, however often it is called."""
    deliveries_changed.connect(on_deliveries_changed, dispatch_uid="wagtail_syndicate.history")
