"""Forgets the details of deliveries that have been over for long."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from wagtail_syndicate.models import Attempt, Delivery


BATCH = 1000


class Command(BaseCommand):
    help = (
        "Deletes the attempts of deliveries that have been over for long, and deliveries of pages that were deleted. "
        "What was posted for a page that exists is kept: it is what keeps the page from being posted twice."
    )

    def add_arguments(self, parser):
        parser.add_argument("--older-than", type=int, required=True, metavar="DAYS", help="days since the last change")

    def handle(self, *args, older_than, verbosity=1, **options):
        if older_than < 1:
            raise CommandError("--older-than must be at least 1.")
        over = Delivery.objects.exclude(state__in={*Delivery.OPEN, *Delivery.UNSENT})
        # Of a post that is there something may still be wished, by a worker or by whoever is asked.
        over = over.filter(wish="", updated_at__lt=timezone.now() - timedelta(days=older_than))
        attempts = self._delete(Attempt.objects.filter(delivery__in=over))
        deliveries = self._delete(over.filter(page=None))
        if verbosity:
            self.stdout.write(f"{attempts} attempts and {deliveries} deliveries deleted")

    def _delete(self, rows) -> int:
        """In batches, so that nobody waits for a long transaction."""
        deleted = 0
        while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
            rows.model.objects.filter(pk__in=keys).delete()
            deleted += len(keys)
        return deleted
