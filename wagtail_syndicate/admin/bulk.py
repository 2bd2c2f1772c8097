"""What a person may do with many deliveries at once, from the report, by Wagtail's own bulk actions."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail.admin.views.bulk_action import BulkAction

from wagtail_syndicate.admin.acting import perform
from wagtail_syndicate.admin.scope import decidable_deliveries, may_read, seen_deliveries
from wagtail_syndicate.delivery import actions
from wagtail_syndicate.models import Delivery


MOST = 500  # deliveries in one go: a request must end


class DeliveryBulkAction(BulkAction):
    """Does one of ``delivery.actions`` with each delivery that it makes sense for."""

    models = [Delivery]
    template_name = "wagtail_syndicate/report/confirm.html"

    def dispatch(self, request, *args, **kwargs):
        if not may_read(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_all_objects_in_listing_query(self, parent_id):
        return []  # not offered: only what a person has looked at

    def get_queryset(self, model, object_ids):
        """Those of the chosen deliveries that the user may read about."""
        wanted = [pk for pk in object_ids if str(pk).isdecimal()][:MOST]
        found = seen_deliveries(self.request.user).filter(pk__in=wanted)
        decidable = decidable_deliveries(self.request.user).filter(pk__in=wanted)
        self.decidable = set(decidable.values_list("pk", flat=True))
        return list(found.select_related("account__collection", "page").order_by("pk"))

    def check_perm(self, delivery):
        return delivery.pk in self.decidable and self.action_type in actions.allowed(delivery)

    def get_execution_context(self):
        return {"user": self.request.user, "action": self.action_type}

    def get_context_data(self, **kwargs):
        return super().get_context_data(title=self.display_name, question=self.question, yes=self.yes, **kwargs)

    @classmethod
    def execute_action(cls, objects, user=None, action="", **kwargs):
        return sum(perform(one, one.page and one.page.specific, action, user, {}) for one in objects), 0


class RetryBulkAction(DeliveryBulkAction):
    """Try failed, missed or cancelled posts again."""

    display_name = _("Try again")
    action_type = "retry"
    aria_label = _("Try again: the selected posts")
    action_priority = 10
    question = _("Try these posts again?")
    yes = _("Yes, try again")

    def get_success_message(self, num_parent_objects, num_child_objects):
        return ngettext("%(number)d post is tried again.", "%(number)d posts are tried again.", num_parent_objects) % {
            "number": num_parent_objects
        }


class CancelBulkAction(DeliveryBulkAction):
    """Do not send what has not left."""

    display_name = _("Cancel")
    action_type = "cancel"
    aria_label = _("Cancel the selected posts")
    action_priority = 20
    classes = {"serious"}
    question = _("Cancel these posts? What was sent already stays.")
    yes = _("Yes, cancel them")

    def get_success_message(self, num_parent_objects, num_child_objects):
        return ngettext("%(number)d post is cancelled.", "%(number)d posts are cancelled.", num_parent_objects) % {
            "number": num_parent_objects
        }
