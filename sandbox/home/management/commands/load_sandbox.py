from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sandbox.home import content, pages, people


class Command(BaseCommand):
    help = "Fills the sandbox: languages, people, home pages, pictures, and articles as drafts ready to be published."

    def add_arguments(self, parser):
        parser.add_argument(
            "--reset",
            action="store_true",
            help="Delete all articles first, so that every one of them is an unpublished draft again.",
        )

    def handle(self, *args, reset, **options):
        try:
            contents = content.read(settings.SANDBOX_CONTENT, dict(settings.LANGUAGES))
        except content.ContentError as error:
            raise CommandError("\n".join(["The sandbox's content has mistakes:", *error.problems])) from error
        with transaction.atomic():
            editor = people.load()
            deleted = pages.delete_articles() if reset else 0
            homes = pages.load_homes(contents)
            created = sum(pages.load_articles(homes[language], contents[language], editor) for language in contents)
        if reset:
            self.stdout.write(f"{deleted} articles deleted.")
        self.stdout.write(f"{created} drafts created, {len(homes)} languages.")
