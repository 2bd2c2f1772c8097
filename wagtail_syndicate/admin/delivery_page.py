"""One delivery on a page of its own, made for a phone as well: what to post, where, and to say that it was done."""

from __future__ import annotations

import segno
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.utils import get_admin_base_url
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from wagtail_syndicate.admin import record as records
from wagtail_syndicate.admin.acting import ALREADY_CHANGED, asked_for, perform, said
from wagtail_syndicate.admin.scope import seen_deliveries
from wagtail_syndicate.delivery import actions, media
from wagtail_syndicate.models import Delivery
from wagtail_syndicate.types import ImageLimits


ANY = ImageLimits(max_bytes=20_000_000)  # for networks that say nothing of pictures


class DeliveryView(WagtailAdminTemplateMixin, TemplateView):
    """For everybody who may read about the delivery; what may be done is shown to those who may do it."""

    template_name = "wagtail_syndicate/delivery/delivery.html"
    header_icon = "globe"

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.typed, self.error = "", ""

    @cached_property
    def delivery(self) -> Delivery:
        """The delivery, if the user may read about it."""
        return get_object_or_404(seen_deliveries(self.request.user), pk=self.kwargs["pk"])

    def get_page_title(self):
        return self.delivery.account_label or _("All accounts")

    def get_page_subtitle(self):
        return self.delivery.page_title

    def get_breadcrumbs_items(self):
        report = {"url": reverse("wagtail_syndicate:report"), "label": _("Syndication")}
        return [
            *super().get_breadcrumbs_items(),
            report,
            # Wagtail's header cuts off what is too long, and the page says of which article it is.
            {"url": "", "label": self.get_page_title()},
        ]

    def post(self, request, *args, **kwargs):
        """Do what a button says, then show how it stands now."""
        action = request.POST.get("action", "")
        delivery, page = asked_for(request, self.kwargs["pk"], action)
        try:
            changed = perform(delivery, page, action, request.user, said(request))
        except ValidationError as error:
            self.typed = request.POST.get("when" if action in actions.WITH_WHEN else "permalink", "")
            self.error = " ".join(error.messages)
            return self.render_to_response(self.get_context_data(), status=422)
        if changed:
            messages.success(request, _("Done: %(state)s.") % {"state": delivery.get_state_display()})
        else:
            messages.warning(request, ALREADY_CHANGED)
        return redirect(request.path)

    def get_context_data(self, **kwargs):
        delivery = self.delivery
        page = delivery.page.specific if delivery.page_id else None
        entry = records.entry_of_one(delivery, self.request.user, page, self.error, self.typed)
        message = delivery.message
        return super().get_context_data(
            entry=entry,
            delivery=delivery,
            text=entry.text_to_paste or (message.text if message else delivery.wording),
            to_post=bool(entry.text_to_paste),
            pictures=list(enumerate(message.images)) if message else [],
            edit_url=_edit_url(page, self.request.user),
            code=_code(self.request) if entry.text_to_paste else "",
            **kwargs,
        )


def picture(request, pk, number):
    """A picture of the delivery, as its network takes it, to be saved."""
    delivery = get_object_or_404(seen_deliveries(request.user), pk=pk)
    message = delivery.message
    if message is None or number >= len(message.images):
        raise Http404
    limits = delivery.public_backend.get_limits().images if delivery.public_backend else None
    try:
        fitted = media.fit(message.images[number], limits or ANY)
    except media.MediaUnreadable:
        raise Http404 from None
    answer = HttpResponse(fitted.data, content_type=fitted.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{fitted.filename}"'
    return answer


def _edit_url(page, user) -> str:
    if page is None or not page.permissions_for_user(user).can_edit():
        return ""
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def _code(request) -> str:
    """This page's address as a QR code, as SVG."""
    base = get_admin_base_url()
    address = base.rstrip("/") + request.path if base else request.build_absolute_uri(request.path)
    made = segno.make(address, error="m", micro=False)
    return mark_safe(made.svg_inline(scale=4, border=4, light="#fff", title=_("Address of this page")))  # noqa: S308
