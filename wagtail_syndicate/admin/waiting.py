"""What waits for a person: posts to make by hand, unclear ones, approvals, accounts that need reconnecting.

Shown on a page of its own, on the dashboard and as a number in the menu; to each person what that person can see to.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.ui.components import Component
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from wagtail_syndicate.admin.scope import approvable_deliveries, decidable_deliveries, may_read
from wagtail_syndicate.admin.troubles import Trouble, troubles
from wagtail_syndicate.models import Delivery


State = Delivery.State

COUNTED = 100  # of each kind; more than a person wants to read
SHOWN = 25
SHEETS = ("panel", "record", "desk", "accounts")

# A condition for each kind, and what it is called.
KINDS = {
    "approval": (Q(state=State.APPROVAL), gettext_lazy("Approve before they are sent")),
    "assisted": (Q(state=State.ASSISTED), gettext_lazy("Post by hand")),
    "unknown": (Q(state=State.UNKNOWN, due_at=None), gettext_lazy("Say whether the post is there")),
    "ask": (Q(wish=Delivery.Wish.ASK), gettext_lazy("Say whether the post should go, as its page did")),
}


@dataclass
class Group:
    """One kind of thing that waits: the first of them, and how many there are (counted up to ``COUNTED``)."""

    name: str
    label: str
    deliveries: list[Delivery] = field(default_factory=list)
    accounts: list[Trouble] = field(default_factory=list)
    count: int = 0

    @property
    def count_text(self) -> str:
        """The count for people."""
        return count_text(self.count)


def count_text(count: int) -> str:
    """A count that may have been cut off."""
    return f"{COUNTED - 1}+" if count >= COUNTED else str(count)


def waiting_deliveries(user, kind: str):
    """The deliveries of one kind that wait for ``user``."""
    if kind == "approval":
        return approvable_deliveries(user)
    condition, _label = KINDS[kind]
    return decidable_deliveries(user).filter(condition)


def groups_for(user) -> list[Group]:
    """All that waits for ``user``, without empty groups."""
    groups = []
    for kind, (_condition, label) in KINDS.items():
        waiting = waiting_deliveries(user, kind).select_related("account")
        if first := list(waiting.order_by("pk")[:SHOWN]):
            count = len(first) if len(first) < SHOWN else waiting[:COUNTED].count()
            groups.append(Group(kind, label, first, count=count))
    if accounts := troubles(user):
        groups.insert(0, Group("accounts", _("Accounts that need you"), accounts=accounts, count=len(accounts)))
    return groups


def count_for(user) -> int:
    """How much waits for ``user``; some indexed queries, as it is asked for on every page of the admin."""
    counts = [waiting_deliveries(user, kind)[:COUNTED].count() for kind in KINDS]
    return sum(counts) + len(troubles(user))


class WaitingView(WagtailAdminTemplateMixin, TemplateView):
    """Everything that waits for the user."""

    page_title = gettext_lazy("Waiting for you")
    header_icon = "clipboard-list"
    template_name = "wagtail_syndicate/waiting/waiting.html"

    def dispatch(self, request, *args, **kwargs):
        if not may_read(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self):
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.get_page_title()}]

    def get_context_data(self, **kwargs):
        return super().get_context_data(groups=groups_for(self.request.user), **kwargs)


class WaitingPanel(Component):
    """The same on the dashboard, when there is something."""

    name = "syndication_waiting"
    template_name = "wagtail_syndicate/waiting/panel.html"
    order = 110

    @property
    def media(self):
        return forms.Media(css={"all": [versioned_static(f"wagtail_syndicate/css/{name}.css") for name in SHEETS]})

    def __init__(self, user):
        self.user = user

    @cached_property
    def groups(self) -> list[Group]:
        """What waits."""
        return groups_for(self.user)

    def get_context_data(self, parent_context):
        context = super().get_context_data(parent_context)
        url = reverse("wagtail_syndicate:waiting") if may_read(self.user) else ""
        return {**context, "groups": self.groups, "url": url}


class WaitingMenuItem(MenuItem):
    """In the main menu, with the number of what waits."""

    def is_shown(self, request):
        return may_read(request.user)

    def render_component(self, request):
        component = super().render_component(request)
        if count := count_for(request.user):
            component.label = _("%(label)s (%(count)s)") % {"label": self.label, "count": count_text(count)}
        return component
