"""Where a page has been posted, told in the list of pages and in the header of its views."""

from __future__ import annotations

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.admin.widgets import ListingButton
from wagtail.admin.widgets.button import Button

from wagtail_syndicate.admin.scope import may_read
from wagtail_syndicate.models import Delivery


COUNTED = "syndication_posts"
POSTED = (Delivery.State.SENT, Delivery.State.POSTED)
NAMED = 80  # characters


def count_posts(parent_page, pages, request):
    """Count the posts of all listed pages within the query that reads these pages."""
    posted = Delivery.objects.filter(page=OuterRef("pk"), state__in=POSTED).order_by().values("page")
    count = posted.annotate(number=Count("pk")).values("number")
    return pages.annotate(**{COUNTED: Coalesce(Subquery(count, output_field=IntegerField()), 0)})


def listing_buttons(page, user, next_url=None):
    """In the menu of a listed page: how often it was posted. Pages that were read otherwise have none."""
    if (count := getattr(page, COUNTED, 0)) and may_read(user):
        yield ListingButton(
            ngettext("Posted to %(count)d account", "Posted to %(count)d accounts", count) % {"count": count},
            url=f"{reverse('wagtail_syndicate:posts', args=[page.pk])}",
            icon_name="globe",
            priority=80,
        )


def header_buttons(page, user, view_name, next_url=None):
    """In the header of a page's views: the names of the accounts."""
    if not may_read(user):
        return
    posted = Delivery.objects.filter(page=page.pk, state__in=POSTED).order_by("account_label")
    if labels := list(dict.fromkeys(posted.values_list("account_label", flat=True))):
        yield Button(
            Truncator(_("Posted to %(accounts)s") % {"accounts": " · ".join(labels)}).chars(NAMED),
            url=reverse("wagtail_syndicate:posts", args=[page.pk]),
            icon_name="globe",
            priority=80,
        )
