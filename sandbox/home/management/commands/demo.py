import json
import shutil
import sys
import time
from collections import Counter

import requests
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from sandbox.stage import accounts, newsroom, table
from sandbox.stage.browser import Browser, Surprise
from sandbox.stage.processes import DidNotStart, Stage, addresses, running


WAIT = 90  # seconds for all deliveries to reach their state


class Command(BaseCommand):
    help = "Shows the whole product at work: connects accounts, publishes the articles, prints what arrived where."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print the deliveries as a JSON list, nothing else")

    def handle(self, *args, **options):
        began = time.monotonic()
        self.began = began
        try:
            rows = self.perform()
        except (Surprise, DidNotStart, requests.RequestException) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps([row.public() for row in rows], ensure_ascii=False, indent=2))
        else:
            self.table(rows)
        wrong = [row for row in rows if not row.as_expected]
        self.say(f"{len(rows) - len(wrong)} of {len(rows)} deliveries reached their expected state.")
        if wrong or not rows:
            raise CommandError(
                "; ".join(f"{row.article} → {row.account}: {row.complaint}" for row in wrong) or "None."
            )
        self.say("Look around with: make sandbox")

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:5.1f} s] {text}", file=sys.stderr, flush=True)

    def perform(self) -> list[newsroom.Row]:
        self.say("Preparing the database and the articles ...")
        call_command("migrate", verbosity=0)
        newsroom.forget()
        call_command("load_sandbox", reset=True, stdout=sys.stderr)
        site, fakenet = addresses()
        newsroom.move_site(site)
        self.say("Starting fakenet, the site and a Celery worker ...")
        with running(site, fakenet) as stage:
            requests.post(f"{stage.fakenet}/_fakenet/reset", timeout=10).raise_for_status()
            self.connect(stage)
            self.publish(stage)
            return self.results(stage)

    def connect(self, stage: Stage) -> None:
        admin = Browser()
        admin.login(stage.site, "siteadmin", "siteadmin-sandbox")
        for plan in accounts.PLANS:
            accounts.add(admin, stage, plan)
            self.say(f"connected: {plan.label}")

    def publish(self, stage: Stage) -> None:
        editor = Browser()
        editor.login(stage.site, "editor", "editor-sandbox")
        for page in newsroom.drafts():
            ticked = newsroom.publish(editor, stage, page)
            self.say(f"published: {page.title} → {len(ticked)} accounts")

    def results(self, stage: Stage) -> list[newsroom.Row]:
        self.say("Waiting for the deliveries ...")
        until = time.monotonic() + WAIT
        while newsroom.unfinished() and time.monotonic() < until:
            time.sleep(0.25)
        editor = Browser()
        editor.login(stage.site, "editor", "editor-sandbox")
        by_hand = newsroom.post_by_hand(editor, stage)
        named = ", ".join(f"{network} {count}" for network, count in Counter(by_hand).items())
        self.say(f"posted by hand, where no software may: {named}")
        return newsroom.rows(stage)

    def table(self, rows: list[newsroom.Row]) -> None:
        columns = max(60, shutil.get_terminal_size((100, 24)).columns)
        for line in (*table.articles(rows, columns), *table.networks(rows)):
            self.stdout.write(line)
