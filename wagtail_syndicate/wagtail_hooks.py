"""Registration with Wagtail, and nothing else."""

from django.contrib.auth.models import Permission
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from wagtail_syndicate.admin import connect, deliveries, last_time, looks
from wagtail_syndicate.admin.accounts import AccountViewSet
from wagtail_syndicate.delivery import media


@hooks.register("register_admin_viewset")
def register_accounts():
    return AccountViewSet()


@hooks.register("register_admin_urls")
def register_urls():
    patterns = [*connect.urlpatterns, *deliveries.urlpatterns, *last_time.urlpatterns]
    return [path("syndication/", include((patterns, "wagtail_syndicate"), namespace="wagtail_syndicate"))]


@hooks.register("register_image_operations")
def register_image_operations():
    return [(media.PLAIN, media.Plain)]


@hooks.register("register_icons")
def register_icons(icons):
    return [*icons, *looks.icons()]


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
    "send_now": (_("Post now"), _("Had the post sent without waiting for its time")),
    "reschedule": (_("Choose another time"), _("Chose another time for the post")),
    "edit": (_("Update post"), _("Asked to update the post")),
    "delete": (_("Delete post"), _("Asked to delete the post")),
    "keep": (_("Keep post"), _("Left the post as it is")),
    "mark_removed": (_("Post is deleted"), _("Said that the post is deleted")),
    "share_again": (_("Post again"), _("Had the page posted again")),
}


@hooks.register("register_log_actions")
def register_log_actions(actions):
    for name, (label, message) in LOG_ACTIONS.items():
        actions.register_action(f"wagtail_syndicate.{name}", label, message)
