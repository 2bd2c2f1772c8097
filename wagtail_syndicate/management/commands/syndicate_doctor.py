"""Says what stands in the way of delivery."""

import json
import sys
from dataclasses import asdict

from django.core.management.base import BaseCommand

from wagtail_syndicate import doctor


class Command(BaseCommand):
    help = (
        "Says what stands in the way of delivery on this site, who has to act, and how. Posts nothing and asks no "
        "network. Ends with status 1 when it found something."
    )
    requires_system_checks = ()  # what they say is among the findings

    def add_arguments(self, parser):
        parser.add_argument("--no-broker", action="store_true", help="this site does without Celery: ask no workers")
        parser.add_argument("--json", action="store_true", help="for programs: a list of findings")

    def handle(self, *args, no_broker=False, **options):
        findings = doctor.examine(broker=not no_broker)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
        elif not findings:
            self.stdout.write("Nothing stands in the way.")
        else:
            for finding in findings:
                self.stdout.write(f"{finding.problem}\n    {finding.who}: {finding.advice}  [{finding.name}]")
        if findings:
            sys.exit(1)
