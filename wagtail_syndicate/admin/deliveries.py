"""What became of a page's posts, as a part of a page that renews itself, and what a person may do about them."""

from __future__ import annotations

import swapper
from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from wagtail.log_actions import log

from wagtail_syndicate import tasks
from wagtail_syndicate.admin import record as records
from wagtail_syndicate.admin.preview import PreviewOfNewPage, PreviewOfPage
from wagtail_syndicate.delivery import actions, schedule
from wagtail_syndicate.delivery.outdated import MOST
from wagtail_syndicate.models import Delivery


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
    if action not in actions.ACTIONS:
        raise Http404
    delivery = get_object_or_404(Delivery.objects.select_related("account", "page"), pk=pk)
    page = delivery.page.specific if delivery.page else None
    if not records.may_act(request.user, page)(delivery):
        raise PermissionDenied

    details, typed = {}, request.POST.get("permalink", "").strip()
    if action in actions.WITH_PERMALINK:
        try:
            details["permalink"] = _permalink_field().clean(typed)
        except ValidationError as error:
            errors = {delivery.pk: (" ".join(error.messages), typed)}
            return _answer(request, delivery, page, 422, errors=errors)
    if action in actions.WITH_WHEN and delivery.account:
        details["when"] = when = request.POST.get("when", "").strip()
        try:
            schedule.validate(when, delivery.account, timezone.now())
        except ValidationError as error:
            errors = {delivery.pk: (" ".join(error.messages), when)}
            return _answer(request, delivery, page, 422, errors=errors)

    with transaction.atomic():
        # A tab that was left open, or a forged request, may ask for what makes no sense any more.
        changed = action in actions.allowed(delivery) and actions.ACTIONS[action](delivery, request.user, **details)
        if changed:
            log(
                instance=page or delivery,
                action=f"wagtail_syndicate.{action}",
                user=request.user,
                data={"account": delivery.account_label, "network": delivery.network},
            )
            if action in actions.MAKES_DUE:
                transaction.on_commit(tasks.ring, robust=True)
    if not changed:
        message = _("Nothing was done: this post had already changed. This is how it stands now.")
        return _answer(request, delivery, page, 409, message=message)
    return _answer(request, delivery, page, 200)


def _answer(request, delivery, page, status, **extra):
    if page is None:
        context = records.record_of_one(delivery, request.user, **extra)
    else:
        context = records.record_of(page, request.user, MOST, **extra)
    return TemplateResponse(request, TEMPLATE, context, status=status)


def _permalink_field() -> forms.Field:
    message = _("Enter the address of the post, beginning with https://, or leave the field empty.")
    return forms.URLField(
        required=False,
        max_length=Delivery._meta.get_field("permalink").max_length,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"], message=message)],
        error_messages={"invalid": message},
    )


urlpatterns = [
    path("record/<int:page_id>/", record, name="record"),
    path("delivery/<int:pk>/<slug:action>/", act, name="action"),
    path("preview/<int:page_id>/", PreviewOfPage.as_view(), name="preview_edit"),
    path(
        "preview/<slug:content_type_app_name>/<slug:content_type_model_name>/<int:parent_page_id>/",
        PreviewOfNewPage.as_view(),
        name="preview_add",
    ),
]
