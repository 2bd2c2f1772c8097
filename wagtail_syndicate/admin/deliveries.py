"""What became of a page's posts, as a part of a page that renews itself, and what a person may do about them."""

from __future__ import annotations

import swapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from wagtail_syndicate.admin import record as records
from wagtail_syndicate.admin.acting import ALREADY_CHANGED, asked_for, perform, said
from wagtail_syndicate.admin.delivery_page import DeliveryView, picture
from wagtail_syndicate.admin.posts import PostsView
from wagtail_syndicate.admin.preview import PreviewOfNewPage, PreviewOfPage
from wagtail_syndicate.admin.report import DeliveryReportView
from wagtail_syndicate.admin.waiting import WaitingView
from wagtail_syndicate.delivery.outdated import MOST


TEMPLATE = "wagtail_syndicate/panel/record.html"


@require_GET
def record(request, page_id):
    """The deliveries of a page, as an HTML fragment. For people who may edit the page."""
    page = get_object_or_404(swapper.load_model("wagtailcore", "Page"), pk=page_id).specific
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    return TemplateResponse(request, TEMPLATE, records.record_of(page, request.user, MOST))


@require_POST
def act(request, pk, action):
    """Do one of ``delivery.actions`` and answer with the renewed fragment.

    The status is 422 when the address of the post, or the time chosen for it, is wrong, and 409 when the delivery had
    changed meanwhile, so that nothing was done.
    """
    delivery, page = asked_for(request, pk, action)
    try:
        changed = perform(delivery, page, action, request.user, said(request))
    except ValidationError as error:
        typed = request.POST.get("when") or request.POST.get("permalink", "")
        errors = {delivery.pk: (" ".join(error.messages), typed.strip())}
        return _answer(request, delivery, page, 422, errors=errors)
    if not changed:
        return _answer(request, delivery, page, 409, message=ALREADY_CHANGED)
    return _answer(request, delivery, page, 200)


def _answer(request, delivery, page, status, **extra):
    # Who approves need not be one who may edit the page.
    if page is None or not page.permissions_for_user(request.user).can_edit():
        context = records.record_of_one(delivery, request.user, **extra)
    else:
        context = records.record_of(page, request.user, MOST, **extra)
    return TemplateResponse(request, TEMPLATE, context, status=status)


urlpatterns = [
    path("record/<int:page_id>/", record, name="record"),
    path("delivery/<int:pk>/", DeliveryView.as_view(), name="delivery"),
    path("delivery/<int:pk>/picture/<int:number>/", picture, name="picture"),
    path("delivery/<int:pk>/<slug:action>/", act, name="action"),
    path("posts/<int:page_id>/", PostsView.as_view(), name="posts"),
    path("waiting/", WaitingView.as_view(), name="waiting"),
    path("report/", DeliveryReportView.as_view(), name="report"),
    path("report/results/", DeliveryReportView.as_view(results_only=True), name="report_results"),
    path("preview/<int:page_id>/", PreviewOfPage.as_view(), name="preview_edit"),
    path(
        "preview/<slug:content_type_app_name>/<slug:content_type_model_name>/<int:parent_page_id>/",
        PreviewOfNewPage.as_view(),
        name="preview_add",
    ),
]
