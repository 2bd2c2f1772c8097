"""Registration with Wagtail, and nothing else."""

from django.contrib.auth.models import Permission
from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.log_actions import LogFormatter

from wagtail_syndicate.admin import connect, deliveries, posted
from wagtail_syndicate.admin.accounts import AccountViewSet
from wagtail_syndicate.admin.bulk import CancelBulkAction, RetryBulkAction
from wagtail_syndicate.admin.report import ReportMenuItem
from wagtail_syndicate.admin.scope import may_read
from wagtail_syndicate.admin.waiting import WaitingMenuItem, WaitingPanel
from wagtail_syndicate.delivery import media
from wagtail_syndicate.reasons import explain


@hooks.register("register_admin_viewset")
def register_accounts():
    return AccountViewSet()


@hooks.register("register_admin_urls")
def register_urls():
    patterns = [*connect.urlpatterns, *deliveries.urlpatterns]
    return [path("syndication/", include((patterns, "wagtail_syndicate"), namespace="wagtail_syndicate"))]


@hooks.register("register_reports_menu_item")
def register_report():
    url = reverse_lazy("wagtail_syndicate:report")
    return ReportMenuItem(_("Syndication"), url, name="syndication-report", icon_name="globe", order=1300)


@hooks.register("register_admin_menu_item")
def register_waiting():
    url = reverse_lazy("wagtail_syndicate:waiting")
    return WaitingMenuItem(
        _("Waiting for you"), url, name="syndication-waiting", icon_name="clipboard-list", order=650
    )


@hooks.register("construct_homepage_panels")
def add_waiting_panel(request, panels):
    if may_read(request.user):
        panels.append(WaitingPanel(request.user))


hooks.register("register_bulk_action", RetryBulkAction)
hooks.register("register_bulk_action", CancelBulkAction)
hooks.register("construct_explorer_page_queryset", posted.count_posts)
hooks.register("register_page_listing_more_buttons", posted.listing_buttons)
hooks.register("register_page_header_buttons", posted.header_buttons)


@hooks.register("register_image_operations")
def register_image_operations():
    return [(media.PLAIN, media.Plain)]


@hooks.register("register_permissions")
def register_permissions():
    return Permission.objects.filter(
        content_type__app_label="wagtail_syndicate",
        codename__in=("add_account", "change_account", "delete_account", "use_account"),
    )


LOG_ACTIONS = {
    "connect": (_("Connect account"), _("Connected the account")),
    "disconnect": (_("Disconnect account"), _("Disconnected the account")),
    "reconnect_needed": (_("Account needs reconnecting"), _("The account needs reconnecting")),
    "retry": (_("Try again"), _("Asked to try the post again")),
    "confirm": (_("Post is there"), _("Said that the post is there")),
    "send_again": (_("Send again"), _("Said that the post is not there, and sent it again")),
    "mark_posted": (_("Mark as posted"), _("Marked as posted by hand")),
    "cancel": (_("Cancel post"), _("Cancelled the post")),
}


# What workers did.
LOG_OUTCOMES = {
    "sent": (_("Post"), _("Posted to %(account)s")),
    "failed": (_("Post failed"), _("The post to %(account)s failed: %(reason)s")),
    "unclear": (_("Post unclear"), _("It is unclear whether the post to %(account)s is there")),
    "missed": (_("Post missed"), _("The post to %(account)s was not sent in time")),
}


class OutcomeFormatter(LogFormatter):
    """Says to which account, and why, in the reader's language."""

    def format_message(self, log_entry):
        data = log_entry.data
        reason = explain(data.get("reason", ""), data.get("network", ""))
        return self.message % {"account": data.get("account", "?"), "reason": reason}


@hooks.register("register_log_actions")
def register_log_actions(actions):
    for name, (label, message) in LOG_ACTIONS.items():
        actions.register_action(f"wagtail_syndicate.{name}", label, message)
    for name, (label, message) in LOG_OUTCOMES.items():
        words = {"label": label, "message": message}
        actions.register_action(f"wagtail_syndicate.{name}")(type("Outcome", (OutcomeFormatter,), words))
