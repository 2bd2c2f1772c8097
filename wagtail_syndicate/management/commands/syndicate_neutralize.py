"""Makes a copy of a site silent for good."""

import sys

from django.core.management.base import BaseCommand, CommandError

from wagtail_syndicate.accounts import environment
from wagtail_syndicate.accounts.neutralise import wipe
from wagtail_syndicate.delivery.neutralise import cancel_pending
from wagtail_syndicate.models import Account


class Command(BaseCommand):
    help = (
        "For a copy of a site's database: deletes the access to all accounts and the keys of apps, and cancels all "
        "that is to be posted. Asks no network, so the original keeps its access. Cannot be undone here."
    )

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="do not ask whether this is a copy")

    def handle(self, *args, yes=False, **options):
        if not yes:
            self._ask()
        wiped, cancelled = wipe(), cancel_pending()
        for number, what in (
            (wiped.accounts, "accounts disconnected, their access deleted"),
            (wiped.apps, "keys of apps deleted"),
            (cancelled.waiting, "waiting posts cancelled"),
            (cancelled.unclear, "unclear posts left as they are; nobody looks for them any more"),
            (cancelled.wishes, "changes and deletions at networks dropped"),
            (cancelled.unplanned, "publications that were not planned yet forgotten"),
        ):
            self.stdout.write(f"{number:6} {what}")

    def _ask(self):
        here = environment.fingerprint()
        self.stdout.write(f"This site is {here}; it has {Account.objects.count()} accounts.")
        if Account.objects.filter(environment=here).exists():
            self.stdout.write("Some of them were connected right here: this looks like the original, not like a copy.")
        if not sys.stdin.isatty():
            raise CommandError("Nobody can be asked. If this is a copy, call this command with --yes.")
        if input("Type “yes” if this is a copy that shall post nothing: ").strip().lower() != "yes":
            raise CommandError("Nothing was changed.")
