"""The posts of one page: the report, for people who come from the page."""

from __future__ import annotations

import swapper
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from wagtail_syndicate.admin.report import DeliveryReportView


class PostsView(DeliveryReportView):
    """Like the report, for one page and without filters: there are few."""

    filterset_class = None
    list_export = []

    @cached_property
    def page(self):
        """The page."""
        return get_object_or_404(swapper.load_model("wagtailcore", "Page"), pk=self.kwargs["page_id"])

    def get_index_url(self):
        return reverse("wagtail_syndicate:posts", args=[self.page.pk])

    def get_index_results_url(self):
        return self.get_index_url()

    def get_page_subtitle(self):
        return self.page.get_admin_display_title()

    def get_breadcrumbs_items(self):
        items = super().get_breadcrumbs_items()
        back = {"url": reverse("wagtail_syndicate:report"), "label": _("Syndication")}
        return [*items[:-1], back, {"url": "", "label": self.get_page_subtitle()}]

    def get_base_queryset(self):
        return super().get_base_queryset().filter(page=self.page.pk)
