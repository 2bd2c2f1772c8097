"""Publishes the page whose primary key is the first argument, as a script in cron would. A process of its own."""

import os
import sys

import django


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")
django.setup()

if __name__ == "__main__":
    from sandbox.home.models import NewsPage

    NewsPage.objects.get(pk=sys.argv[1]).get_latest_revision().publish()
    print("published")
