"""What a person does with a delivery, from wherever it is shown: the panel, its own page, the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from wagtail_syndicate import tasks
from wagtail_syndicate.admin import record as records
from wagtail_syndicate.delivery import actions, schedule
from wagtail_syndicate.models import Delivery


MOST_OF_A_NOTE = 1000  # characters

ALREADY_CHANGED = gettext_lazy("Nothing was done: this post had already changed. This is how it stands now.")


def asked_for(request, pk, action):
    """The delivery that a person wants to do something with, and its specific page (``None``: deleted).

    :raises Http404: there is no such delivery or action; :raises PermissionDenied: the person may not do it.
    """
    if action not in actions.ACTIONS:
        raise Http404
    delivery = get_object_or_404(Delivery.objects.select_related("account", "page"), pk=pk)
    page = delivery.page.specific if delivery.page else None
    if not records.may_act(request.user, page)(delivery, action):
        raise PermissionDenied
    return delivery, page


def said(request) -> dict[str, str]:
    """What a person sent with an action: from the form, and from the address that the button named."""
    return {**request.GET.dict(), **request.POST.dict()}


def perform(delivery, page, action: str, user, data: Mapping[str, str]) -> bool:
    """Do one of ``delivery.actions`` for a person who may do it, and note it in the page's history.

    :param data: what was sent with it: the post's address as ``permalink``, a ``note``, the ``mark`` of the message
        that was read, or the time ``when``.
    :returns: whether it was done; ``False`` when the delivery had changed meanwhile.
    :raises ValidationError: the address or the time is no good.
    """
    details = _details(delivery, action, data)
    with transaction.atomic():
        # A tab that was left open, or a forged request, may ask for what makes no sense any more.
        changed = action in actions.allowed(delivery) and actions.ACTIONS[action](delivery, user, **details)
        if changed:
            told = {"note": details["note"]} if details.get("note") else {}
            log(
                instance=page or delivery,
                action=f"wagtail_syndicate.{action}",
                user=user,
                data={"account": delivery.account_label, "network": delivery.network, **told},
            )
            if action in actions.MAKES_DUE:
                transaction.on_commit(tasks.ring, robust=True)
    return changed


def _details(delivery, action: str, data: Mapping[str, str]) -> dict[str, Any]:
    details = {}
    if action in actions.WITH_PERMALINK:
        details["permalink"] = _permalink_field().clean(data.get("permalink", "").strip())
    if action in actions.WITH_NOTE:
        details["note"] = data.get("note", "").strip()[:MOST_OF_A_NOTE]
    if action in actions.WITH_MARK:
        details["mark"] = data.get("mark", "")
    if action in actions.WITH_WHEN and delivery.account:
        details["when"] = when = data.get("when", "").strip()
        if not when:  # which would mean at once
            raise ValidationError(_("Choose a date and time."))
        schedule.validate(when, delivery.account, timezone.now())
    return details


def _permalink_field() -> forms.Field:
    message = _("Enter the address of the post, beginning with https://, or leave the field empty.")
    return forms.URLField(
        required=False,
        max_length=Delivery._meta.get_field("permalink").max_length,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"], message=message)],
        error_messages={"invalid": message},
    )
