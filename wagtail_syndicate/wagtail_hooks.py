"""Registration with Wagtail, and nothing else."""

from django.contrib.auth.models import Permission
from django.urls import include, path, reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail import hooks
from wagtail.admin.forms.collections import collection_member_permission_formset_factory
from wagtail.log_actions import LogFormatter

from wagtail_syndicate.admin import app_keys, connect, deliveries, last_time, looks, new_home, posted
from wagtail_syndicate.admin.account_log import EditFormatter
from wagtail_syndicate.admin.accounts import AccountViewSet
from wagtail_syndicate.admin.bulk import CancelBulkAction, RetryBulkAction
from wagtail_syndicate.admin.report import ReportMenuItem
from wagtail_syndicate.admin.site_notice import SiteNotice
from wagtail_syndicate.admin.waiting import WaitingMenuItem, WaitingPanel
from wagtail_syndicate.delivery import media
from wagtail_syndicate.models import Account
from wagtail_syndicate.reasons import explain


@hooks.register("register_admin_viewset")
def register_accounts():
    return AccountViewSet()


@hooks.register("register_admin_urls")
def register_urls():
    patterns = [
        *connect.urlpatterns,
        *app_keys.urlpatterns,
        *new_home.urlpatterns,
        *deliveries.urlpatterns,
        *last_time.urlpatterns,
    ]
    return [path("syndication/", include((patterns, "wagtail_syndicate"), namespace="wagtail_syndicate"))]


@hooks.register("construct_homepage_panels")
def add_notices(request, panels):
    panels += [SiteNotice(request.user), WaitingPanel(request.user)]


@hooks.register("register_settings_menu_item")
def register_app_keys():
    return app_keys.menu_item()


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


hooks.register("register_bulk_action", RetryBulkAction)
hooks.register("register_bulk_action", CancelBulkAction)
hooks.register("construct_explorer_page_queryset", posted.count_posts)
hooks.register("register_page_listing_more_buttons", posted.listing_buttons)
hooks.register("register_page_header_buttons", posted.header_buttons)


@hooks.register("register_image_operations")
def register_image_operations():
    return [(media.PLAIN, media.Plain)]


# In the order of the codenames: Wagtail sorts the boxes by them, and not the headings above.
PERMISSIONS = [
    ("add_account", _("Add"), _("Add accounts")),
    ("change_account", _("Manage"), _("Edit, connect, check and disconnect accounts, approve their posts")),
    ("delete_account", _("Delete"), _("Delete accounts")),
    ("use_account", _("Use"), _("Tick on pages")),
    ("view_account", _("See"), _("See in the list of accounts")),
]


@hooks.register("register_group_permission_panel")
def register_group_permission_panel():
    return collection_member_permission_formset_factory(
        Account, PERMISSIONS, "wagtail_syndicate/accounts/permissions.html", "syndication_account_permissions"
    )


@hooks.register("register_icons")
def register_icons(icons):
    return [*icons, *looks.icons()]


@hooks.register("register_permissions")
def register_permissions():
    return Permission.objects.filter(content_type__app_label="wagtail_syndicate", codename="change_oauthapp")


@hooks.register("describe_collection_contents")
def describe_collection_contents(collection):
    count = Account.objects.filter(collection=collection).count()
    if not count:
        return None
    text = ngettext("%(count)s syndication account", "%(count)s syndication accounts", count)
    url = f"{reverse('syndication_accounts:index')}?collection_id={collection.pk}"
    return {"count": count, "count_text": text % {"count": count}, "url": url}


LOG_ACTIONS = {
    "connect": (_("Connect account"), _("Connected the account")),
    "reconnect": (_("Reconnect account"), _("Connected the account again")),
    "check": (_("Check account"), _("Asked the network whether the access works")),
    "app_keys": (_("Change app keys"), _("Changed the app keys")),
    "app_keys_delete": (_("Delete app keys"), _("Deleted the app keys")),
    "disconnect": (_("Disconnect account"), _("Disconnected the account")),
    "new_home": (_("Site is the new home"), _("Said that this site is the account’s new home")),
    "neutralise": (_("Neutralise copy"), _("Wiped the access, because this site is a copy")),
    "reconnect_needed": (_("Account needs reconnecting"), _("The account needs reconnecting")),
    "retry": (_("Try again"), _("Asked to try the post again")),
    "confirm": (_("Post is there"), _("Said that the post is there")),
    "send_again": (_("Send again"), _("Said that the post is not there, and sent it again")),
    "mark_posted": (_("Mark as posted"), _("Marked as posted by hand")),
    "cancel": (_("Cancel post"), _("Cancelled the post")),
    "approve": (_("Approve post"), _("Approved the post")),
    "reject": (_("Reject post"), _("Rejected the post")),
    "send_now": (_("Post now"), _("Had the post sent without waiting for its time")),
    "reschedule": (_("Choose another time"), _("Chose another time for the post")),
    "edit": (_("Update post"), _("Asked to update the post")),
    "delete": (_("Delete post"), _("Asked to delete the post")),
    "keep": (_("Keep post"), _("Left the post as it is")),
    "mark_removed": (_("Post is deleted"), _("Said that the post is deleted")),
    "share_again": (_("Post again"), _("Had the page posted again")),
}


# What workers did.
LOG_OUTCOMES = {
    "sent": (_("Post"), _("Posted to %(account)s")),
    "failed": (_("Post failed"), _("The post to %(account)s failed: %(reason)s")),
    "unclear": (_("Post unclear"), _("It is unclear whether the post to %(account)s is there")),
    "missed": (_("Post missed"), _("The post to %(account)s was not sent in time")),
    "removed": (_("Post deleted"), _("Deleted the post to %(account)s")),
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
    actions.register_action("wagtail_syndicate.edit")(EditFormatter)
    for name, (label, message) in LOG_OUTCOMES.items():
        words = {"label": label, "message": message}
        actions.register_action(f"wagtail_syndicate.{name}")(type("Outcome", (OutcomeFormatter,), words))
