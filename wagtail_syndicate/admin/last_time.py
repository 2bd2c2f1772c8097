"""Which accounts the editor posted to the last time: asked when she presses the button, not when a page is opened."""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.urls import path
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.models import Delivery, TargetSet
from wagtail_syndicate.models.target import targets_in


@require_GET
def last_time(request, app_label, model_name):
    """The accounts that are ticked on the page of this type that the user published last with ticks; where she has
    published none, on the one that anybody published last.

    :returns: ``accounts`` (primary keys as text) and ``text``, which names the page. The parameter ``page`` leaves out
        the page that is being edited.
    """
    if not permissions.can_use(request.user):
        raise PermissionDenied
    try:
        model = apps.get_model(app_label, model_name)
    except LookupError:
        raise Http404 from None
    edited = request.GET.get("page", "")
    delivery = _latest(model, edited, request.user)
    if delivery is None:
        return JsonResponse({"accounts": [], "text": _("No page of this type has been posted yet.")})
    targets = targets_in(TargetSet.objects.filter(page_id=delivery.page_id))
    usable = set(permissions.usable_accounts(request.user).values_list("pk", flat=True))
    text = _("As on “%(page)s”, published on %(date)s.")
    if not delivery.page.permissions_for_user(request.user).can_edit():
        text = _("As on the page of this type that was published on %(date)s.")
    text %= {
        "page": delivery.page.title,
        "date": date_format(localtime(delivery.created_at), "SHORT_DATE_FORMAT"),
    }
    keys = [str(target.account_id) for target in targets if target.account_id in usable]
    return JsonResponse({"accounts": keys, "text": text})


def _latest(model, edited: str, user) -> Delivery | None:
    """The newest delivery of a page of this type: of the user's publications, else of anybody's."""
    pages = model.objects.filter(live=True)
    if edited.isdecimal():
        pages = pages.exclude(pk=int(edited))
    found = Delivery.objects.filter(page__in=pages, account__isnull=False).select_related("page").order_by("-pk")
    return found.filter(published_by=user).first() or found.first()


urlpatterns = [
    path("last-time/<slug:app_label>/<slug:model_name>/", last_time, name="last_time"),
]
