"""What a person does with a delivery, from wherever it is shown: the panel, its own page, the report."""

from __future__ import annotations

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.validators import URLValidator
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from wagtail_syndicate import tasks
from wagtail_syndicate.admin import record as records
from wagtail_syndicate.delivery import actions
from wagtail_syndicate.models import Delivery


MAKES_DUE = ("retry", "send_again")

ALREADY_CHANGED = gettext_lazy("Nothing was done: this post had already changed. This is how it stands now.")


def asked_for(request, pk, action):
    """The delivery that a person wants to do something with, and its specific page (``None``: deleted).

    :raises Http404: there is no such delivery or action; :raises PermissionDenied: the person may not do it.
    """
    if action not in actions.ACTIONS:
        raise Http404
    delivery = get_object_or_404(Delivery.objects.select_related("account", "page"), pk=pk)
    page = delivery.page.specific if delivery.page else None
    if not records.may_act(request.user, page)(delivery):
        raise PermissionDenied
    return delivery, page


def perform(delivery, page, action: str, user, data) -> bool:
    """Do one of ``delivery.actions`` for a person who may do it, and note it in the page's history.

    :param data: what was sent with it: the post's address as ``permalink``.
    :returns: whether it was done; ``False`` when the delivery had changed meanwhile.
    :raises ValidationError: the address is no good.
    """
    details = {}
    if action in actions.WITH_PERMALINK:
        details["permalink"] = _permalink_field().clean(data.get("permalink", "").strip())
    with transaction.atomic():
        # A tab that was left open, or a forged request, may ask for what makes no sense any more.
        changed = action in actions.allowed(delivery) and actions.ACTIONS[action](delivery, user, **details)
        if changed:
            log(
                instance=page or delivery,
                action=f"wagtail_syndicate.{action}",
                user=user,
                data={"account": delivery.account_label, "network": delivery.network},
            )
            if action in MAKES_DUE:
                transaction.on_commit(tasks.ring, robust=True)
    return changed


def _permalink_field() -> forms.Field:
    message = _("Enter the address of the post, beginning with https://, or leave the field empty.")
    return forms.URLField(
        required=False,
        max_length=Delivery._meta.get_field("permalink").max_length,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"], message=message)],
        error_messages={"invalid": message},
    )
