"""The test settings for a site that has its own base page model, which Wagtail 8 allows.

    DJANGO_SETTINGS_MODULE=tests.swapped.settings pytest

The model comes with Wagtail's own test suite. It has no ``search_description``.
"""

from tests.settings import *  # noqa: F403


INSTALLED_APPS = ["wagtail.test.basepage", *INSTALLED_APPS]  # noqa: F405
WAGTAIL_PAGE_MODEL = "basepage.BasePage"
# The page types' tables point to another base table, so they need other migrations.
MIGRATION_MODULES = {"home": "tests.swapped.home_migrations"}
