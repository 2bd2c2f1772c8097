import signal
import time

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from sandbox.stage import accounts, newsroom
from sandbox.stage.browser import Browser
from sandbox.stage.processes import DidNotStart, addresses, running


class Command(BaseCommand):
    help = "Serves the sandbox until Ctrl-C: Wagtail, fakenet, a Celery worker and the sweep."

    def handle(self, *args, **options):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        call_command("migrate", verbosity=0)
        call_command("load_sandbox", stdout=self.stdout)
        site, fakenet = addresses()
        newsroom.move_site(site)
        try:
            with running(site, fakenet) as stage:
                if not newsroom.has_accounts():
                    self.stdout.write("Connecting the sandbox's accounts ...")
                    admin = Browser()
                    admin.login(stage.site, "siteadmin", "siteadmin-sandbox")
                    for plan in accounts.PLANS:
                        accounts.add(admin, stage, plan)
                self.stdout.write(
                    "\n".join(
                        (
                            "",
                            f"  Wagtail admin     {stage.site}/admin/",
                            f"  public pages      {stage.site}/en/",
                            f"  the networks      {stage.fakenet}/",
                            f"  logs              {stage.logs}",
                            "",
                            "  editor            editor / editor-sandbox",
                            "  only Chinese      beijing / beijing-sandbox",
                            "  account manager   manager / manager-sandbox",
                            "  site admin        siteadmin / siteadmin-sandbox",
                            "  superuser         admin / admin-sandbox",
                            "",
                            "Stop with Ctrl-C.",
                        )
                    )
                )
                while True:
                    time.sleep(1)
        except DidNotStart as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
