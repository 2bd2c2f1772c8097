"""The report of all deliveries: what was posted where, what was not, and why. Under Reports."""

from __future__ import annotations

import django_filters
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.filters import DateRangePickerWidget, MultipleContentTypeFilter, WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.paginator import WagtailPaginator
from wagtail.admin.ui.tables import BulkActionsCheckboxColumn, Column, DateColumn, StatusTagColumn, TitleColumn
from wagtail.admin.views.reports import ReportView
from wagtail.coreutils import get_content_languages
from wagtail.models import get_page_models

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.admin.record import LOOKS
from wagtail_syndicate.admin.scope import may_read, seen_deliveries
from wagtail_syndicate.backends import registry
from wagtail_syndicate.models import Delivery
from wagtail_syndicate.types import Region


COUNTED = 1_000  # deliveries; counting all of a million would take longer than showing a page of them
LISTED = 50

State = Delivery.State


def networks() -> list[tuple[str, str]]:
    """The networks of the site, for a choice."""
    known = sorted(registry.all_backends(), key=lambda backend: str(backend.label).lower())
    return [(backend.name, backend.label) for backend in known]


def page_types():
    """The page types there are, for a choice."""
    known = ContentType.objects.get_for_models(*get_page_models()).values()
    return ContentType.objects.filter(pk__in=[found.pk for found in known]).order_by("model")


class DeliveryFilterSet(WagtailFilterSet):
    """What a person looks for in the report. Every filter has an index.

    None is ``distinct``: no join doubles rows, and a million would have to be compared.
    """

    state = django_filters.MultipleChoiceFilter(label=gettext_lazy("State"), choices=State.choices, distinct=False)
    account = django_filters.ModelMultipleChoiceFilter(
        label=gettext_lazy("Account"), queryset=lambda request: permissions.seen_accounts(request.user), distinct=False
    )
    network = django_filters.MultipleChoiceFilter(label=gettext_lazy("Network"), choices=networks, distinct=False)
    region = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Region"), choices=Region.choices, method="filter_region"
    )
    language = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Language"), choices=lambda: list(get_content_languages().items()), distinct=False
    )
    created_at = django_filters.DateFromToRangeFilter(label=gettext_lazy("Planned"), widget=DateRangePickerWidget)
    page_type = MultipleContentTypeFilter(
        label=gettext_lazy("Page type"),
        field_name="page__content_type",
        queryset=lambda request: page_types(),
        distinct=False,
    )

    class Meta:
        model = Delivery
        fields = []

    def filter_region(self, queryset, name, value):
        """Deliveries to networks of these regions."""
        wanted = [backend.name for backend in registry.all_backends() if backend.region in value]
        return queryset.filter(network__in=wanted) if value else queryset


class CappedPaginator(WagtailPaginator):
    """Counts a limited number of rows only, and says so."""

    @cached_property
    def count(self):
        return self.object_list.order_by()[:COUNTED].count()  # in any order, so by any index

    @cached_property
    def items_count_label(self):
        if self.count < COUNTED:
            return super().items_count_label
        return _("more than %(number)s deliveries") % {"number": f"{COUNTED - 1:,}"}


class StateColumn(StatusTagColumn):
    """The state in words; colour only repeats them."""

    cell_template_name = "wagtail_syndicate/report/state.html"

    def get_cell_context_data(self, instance, parent_context):
        return {**super().get_cell_context_data(instance, parent_context), "look": LOOKS[State(instance.state)]}


class PostColumn(Column):
    """The address of the post at the network."""

    cell_template_name = "wagtail_syndicate/report/post.html"


class DeliveryReportView(ReportView):
    """All deliveries that the user may read about, newest first."""

    model = Delivery
    page_title = gettext_lazy("Syndication")
    header_icon = "globe"
    template_name = "wagtail_syndicate/report/report.html"
    filterset_class = DeliveryFilterSet
    paginator_class = CappedPaginator
    paginate_by = LISTED
    is_searchable = False
    index_url_name = "wagtail_syndicate:report"
    index_results_url_name = "wagtail_syndicate:report_results"
    default_ordering = "-pk"
    columns = [
        BulkActionsCheckboxColumn("bulk_actions", obj_type="delivery"),
        TitleColumn("page_title", label=gettext_lazy("Page"), get_url=lambda delivery: delivery_url(delivery)),
        Column("account_label", label=gettext_lazy("Account")),
        Column("network_label", label=gettext_lazy("Network")),
        Column("language", label=gettext_lazy("Language")),
        StateColumn("state", label=gettext_lazy("State")),
        PostColumn("permalink", label=gettext_lazy("Post")),
        DateColumn("created_at", label=gettext_lazy("Planned")),
    ]
    list_export = [
        "pk",
        "page_title",
        "page_id",
        "account_label",
        "network",
        "language",
        "state",
        "explanation",
        "permalink",
        "created_at",
        "due_at",
        "sent_at",
    ]
    export_headings = {
        "pk": gettext_lazy("Delivery"),
        "page_title": gettext_lazy("Page"),
        "page_id": gettext_lazy("Page ID"),
        "account_label": gettext_lazy("Account"),
        "network": gettext_lazy("Network"),
        "language": gettext_lazy("Language"),
        "state": gettext_lazy("State"),
        "explanation": gettext_lazy("Reason"),
        "permalink": gettext_lazy("Post"),
        "created_at": gettext_lazy("Planned"),
        "due_at": gettext_lazy("Due"),
        "sent_at": gettext_lazy("Sent"),
    }

    def dispatch(self, request, *args, **kwargs):
        if not may_read(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_base_queryset(self):
        return seen_deliveries(self.request.user).select_related("account")

    def get_filename(self):
        return "syndication"

    def get_context_data(self, **kwargs):
        return super().get_context_data(model_opts=Delivery._meta, **kwargs)


def delivery_url(delivery) -> str:
    """The page of one delivery."""
    return reverse("wagtail_syndicate:delivery", args=[delivery.pk])


class ReportMenuItem(MenuItem):
    """In the Reports menu, for those who may read it."""

    def is_shown(self, request):
        return may_read(request.user)
