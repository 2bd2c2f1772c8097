"""Fields that the page types show through Wagtail's API."""

import wagtail
from wagtail.api import APIField


# Only API v3 of Wagtail 8 writes pages.
WRITABLE = {"writable": True} if wagtail.VERSION >= (8, 0) else {}


def fields(*names):
    """Return ``api_fields`` for these model fields, writable where Wagtail can write them."""
    return [APIField(name, **WRITABLE) for name in names]
