"""What becomes of a page's posts, in the page's own history."""

from __future__ import annotations

from wagtail.log_actions import log

from wagtail_syndicate.models import Delivery
from wagtail_syndicate.signals import delivery_changed


State = Delivery.State

# States that workers bring about; what people do is noted where they do it.
TOLD = {
    State.SENT: "sent",
    State.FAILED: "failed",
    State.UNKNOWN: "unclear",
    State.MISSED: "missed",
    State.REMOVED: "removed",
}


def on_delivery_changed(sender, delivery, before, **kwargs):
    """Note that a post was made, or was not."""
    waits = delivery.state == State.UNKNOWN and delivery.due_at is not None  # it is still looked for
    if delivery.state not in TOLD or waits or delivery.page is None:
        return
    log(
        instance=delivery.page.specific_deferred,
        action=f"wagtail_syndicate.{TOLD[delivery.state]}",
        user=delivery.published_by,
        data={
            "account": delivery.account_label,
            "network": delivery.network_label,
            "permalink": delivery.permalink,
            "reason": delivery.reason,
        },
    )


def connect():
    """Listen to deliveries; once, however often it is called."""
    delivery_changed.connect(on_delivery_changed, dispatch_uid="wagtail_syndicate.history")
