"""“This is the new home”: the one way to speak for accounts that were connected on another site."""

from __future__ import annotations

from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from wagtail_syndicate import tasks
from wagtail_syndicate.accounts import environment, permissions
from wagtail_syndicate.delivery.release import release


class NewHomeView(WagtailAdminTemplateMixin, TemplateView):
    """Says what the accounts' home was and what this site is, asks, and notes the answer in the audit log."""

    template_name = "wagtail_syndicate/accounts/new_home.html"
    header_icon = "home"

    def dispatch(self, request, *args, **kwargs):
        if not permissions.can_manage(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self):
        return _("Is this the new home?")

    def get_breadcrumbs_items(self):
        return [
            *super().get_breadcrumbs_items(),
            {"url": reverse("syndication_accounts:index"), "label": _("Syndication accounts")},
            {"url": "", "label": self.get_page_title()},
        ]

    def post(self, request, *args, **kwargs):
        with transaction.atomic():
            moved = environment.move_here(self.strangers(), request.user)
            leaving = sum(release(account).leaving for account in moved)
            transaction.on_commit(partial(tasks.ring), robust=True)
        if moved:
            said = ngettext(
                "This site is the home of %(count)s account now.",
                "This site is the home of %(count)s accounts now.",
                len(moved),
            ) % {"count": len(moved)}
            if leaving:
                said += " " + ngettext(
                    "%(count)s post that waited leaves now.", "%(count)s posts that waited leave now.", leaving
                ) % {"count": leaving}
            messages.success(request, said)
        else:
            messages.info(request, _("All accounts are at home here already."))
        return redirect("syndication_accounts:index")

    def strangers(self):
        """The accounts that were connected elsewhere and that the user may manage."""
        return permissions.managed_accounts(self.request.user).exclude(environment.at_home())

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            accounts=self.strangers().order_by("label", "pk"), here=environment.fingerprint(), **kwargs
        )


urlpatterns = [path("accounts/new-home/", NewHomeView.as_view(), name="new_home")]
