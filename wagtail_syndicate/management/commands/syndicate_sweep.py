"""Sends what is due, without Celery."""

import logging
import signal
import threading

from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from wagtail_syndicate.delivery.sweep import sweep
from wagtail_syndicate.mails import round as mails


logger = logging.getLogger("wagtail_syndicate.delivery")


class Command(BaseCommand):
    help = (
        "Sends what is due. Run it from cron, or with --loop as a service instead of Celery. On SIGTERM it finishes "
        "the post in hand, gives its account back and ends."
    )

    def add_arguments(self, parser):
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM or Ctrl-C")
        parser.add_argument("--interval", type=float, default=5.0, help="seconds between two rounds (default: 5)")

    def handle(self, *args, loop=False, interval=5.0, verbosity=1, **options):
        self.stop = threading.Event()
        in_main = threading.current_thread() is threading.main_thread()  # others may not listen to signals
        numbers = (signal.SIGTERM, signal.SIGINT) if in_main else ()
        before = {number: signal.signal(number, self._stop) for number in numbers}
        try:
            while not self.stop.is_set():
                self._round(loop, verbosity)
                if not loop:
                    return
                self.stop.wait(interval)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number, frame):
        self.stop.set()

    def _round(self, loop, verbosity):
        try:
            worked = sweep(stopping=self.stop.is_set)
            if not self.stop.is_set():
                mails.deliver()
        except Exception as error:
            if not loop:
                raise
            # The database may be away for a moment; a service that ends would not come back by itself everywhere.
            logger.error("The sweep failed: %s", type(error).__name__, exc_info=True)
            connections.close_all()
            return
        if verbosity > 1 or (worked and verbosity):
            self.stdout.write(f"{worked} deliveries worked on")
            self.stdout.flush()
        if loop:
            close_old_connections()
