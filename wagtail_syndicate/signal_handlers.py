"""From Wagtail's signals to the plan, and nothing else. Signals see every way of publishing; view hooks do not."""

import logging

from django.db import transaction
from wagtail.signals import page_published, page_unpublished

from wagtail_syndicate import tasks
from wagtail_syndicate.delivery import plan


logger = logging.getLogger("wagtail_syndicate")


def on_page_published(sender, instance, revision=None, alias=False, raw=False, **kwargs):
    """Plan what the publication calls for. A mistake of ours never breaks the publication: the page tells that it
    happened, and the sweep plans it later.

    ``page_published`` is also sent, with ``live=False``, for a page that is merely scheduled (wagtail issue 13959).
    """
    if raw or alias or not instance.live or getattr(instance, "alias_of_id", None):
        return
    try:
        due = plan.plan(instance, revision)
    except Exception as error:
        if transaction.get_connection().needs_rollback:
            # The database has given up the publication's own transaction: it must not look as if it had been saved.
            raise
        logger.error("Page %s was published but not planned: %s", instance.pk, type(error).__name__, exc_info=True)
        _tell(instance, revision)
        return
    if due:
        transaction.on_commit(tasks.ring, robust=True)


def _tell(page, revision) -> None:
    try:
        plan.not_planned(page, revision)
    except Exception as error:
        logger.error("Page %s cannot tell that it was not planned: %s", page.pk, type(error).__name__)


def on_page_unpublished(sender, instance, **kwargs):
    """Stop what has not left, and see to what has; also sent for pages that expire or are deleted."""
    try:
        with transaction.atomic():
            due = plan.withdraw(instance)
    except Exception as error:
        logger.error("Deliveries of page %s were not stopped: %s", instance.pk, type(error).__name__, exc_info=True)
        return
    if due:
        transaction.on_commit(tasks.ring, robust=True)


def connect():
    """Listen to Wagtail; once, however often it is called."""
    page_published.connect(on_page_published, dispatch_uid="wagtail_syndicate.published")
    page_unpublished.connect(on_page_unpublished, dispatch_uid="wagtail_syndicate.unpublished")
