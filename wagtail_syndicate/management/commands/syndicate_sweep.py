import time

from django.core.management.base import BaseCommand

from wagtail_syndicate.delivery.sweep import sweep


class Command(BaseCommand):
    help = "Sends what is due. Run it from cron, or with --loop instead of Celery."

    def add_arguments(self, parser):
        parser.add_argument("--loop", action="store_true", help="go on until interrupted")
        parser.add_argument("--interval", type=float, default=5.0, help="seconds between two rounds (default: 5)")

    def handle(self, *args, loop=False, interval=5.0, verbosity=1, **options):
        while True:
            worked = sweep()
            if verbosity > 1 or (worked and verbosity):
                self.stdout.write(f"{worked} deliveries worked on")
            if not loop:
                return
            try:
                time.sleep(interval)
            except KeyboardInterrupt:
                return
