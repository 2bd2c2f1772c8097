"""The posts that will go out, composed from the page edit form as it is right now. Nothing is kept or sent."""

from __future__ import annotations

import wagtail
from django.http import JsonResponse
from django.utils.translation import gettext as _
from wagtail.models import Locale

from wagtail_syndicate.admin.showing import show


if wagtail.VERSION >= (8, 0):
    from wagtail.admin.views.pages.preview import PreviewOnCreateView, PreviewOnEditView
else:
    from wagtail.admin.views.pages.preview import PreviewOnCreate as PreviewOnCreateView
    from wagtail.admin.views.pages.preview import PreviewOnEdit as PreviewOnEditView


class PreviewMixin:
    """Turns Wagtail's page preview, with its permission checks, into posts for all ticked accounts."""

    http_method_names = ("post",)

    def validate_form(self, form):
        # A wording that is too long is the very thing to be shown.
        form.check_choices = False
        return super().validate_form(form)

    def post(self, request, *args, **kwargs):
        """Answer with what :func:`~wagtail_syndicate.admin.showing.show` gives.

        When the form has errors the status is 422 and the answer ``{"message": ...}``.
        """
        form = self.get_form(request.POST)
        if not self.validate_form(form):
            message = _("The texts can be shown when the errors in the page's other fields are corrected.")
            return JsonResponse({"message": message}, status=422)
        chosen = form.cleaned_data.get("syndication") or ()
        if not chosen:
            return JsonResponse({"warnings": [], "pictures": [], "accounts": {}})
        page = form.save(commit=False)
        if page.pk:
            # The address follows a slug that was changed in the form, as it will when the page is saved.
            page.set_url_path(page.get_parent())
        return JsonResponse(show(page, chosen, getattr(form, "parent_page", None)))


class PreviewOfPage(PreviewMixin, PreviewOnEditView):
    """For a page that exists; for people who may edit it."""


class PreviewOfNewPage(PreviewMixin, PreviewOnCreateView):
    """For a page that is being created; for people who may add pages there."""

    def get_object(self):
        page = super().get_object()
        parent = page.get_parent()
        page.locale = parent.locale
        if parent.is_root():
            # Only there the editor chooses the language.
            chosen = Locale.objects.filter(language_code=self.request.GET.get("locale", "")).first()
            page.locale = chosen or page.locale
        return page
