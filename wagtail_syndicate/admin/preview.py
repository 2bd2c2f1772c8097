"""The texts that will go out, composed from the page edit form as it is right now. Nothing is kept or sent."""

from __future__ import annotations

import wagtail
from django.core.exceptions import FieldDoesNotExist
from django.http import JsonResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.models import Locale

from wagtail_syndicate.delivery import content
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.reasons import explain


if wagtail.VERSION >= (8, 0):
    from wagtail.admin.views.pages.preview import PreviewOnCreateView, PreviewOnEditView
else:
    from wagtail.admin.views.pages.preview import PreviewOnCreate as PreviewOnCreateView
    from wagtail.admin.views.pages.preview import PreviewOnEdit as PreviewOnEditView


class PreviewMixin:
    """Turns Wagtail's page preview, with its permission checks, into texts for all ticked accounts."""

    http_method_names = ("post",)

    def validate_form(self, form):
        # A wording that is too long is the very thing to be shown.
        form.check_lengths = False
        return super().validate_form(form)

    def post(self, request, *args, **kwargs):
        """Answer with ``{account: {text, count, limit, source, error, images}}``.

        ``count`` and ``limit`` are in the network's own units; ``count_text`` and ``source_text`` are for people. When
        the form has errors the status is 422 and the answer ``{"message": ...}``.
        """
        form = self.get_form(request.POST)
        if not self.validate_form(form):
            message = _("The texts can be shown when the errors in the page's other fields are corrected.")
            return JsonResponse({"message": message}, status=422)
        chosen = form.cleaned_data.get("syndication") or ()
        if not chosen:
            return JsonResponse({})
        page = form.save(commit=False)
        if page.pk:
            # The address follows a slug that was changed in the form, as it will when the page is saved.
            page.set_url_path(page.get_parent())
        article = content.article_of(page)
        content.prepare(article, chosen)
        return JsonResponse(
            {str(account.pk): _preview(page, article, account, wording) for account, wording in chosen}
        )


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


def _preview(page, article, account, wording: str) -> dict:
    result = {"text": "", "count": None, "limit": None, "source": "", "error": "", "images": []}
    try:
        result["count"], result["limit"] = content.measure_for(article, account, wording)
        message = content.message_for(article, account, wording)
    except ComposeError as error:
        backend = account.backend_class
        result["error"] = str(explain(error.reason, backend.label, backend.reasons))
    else:
        result |= {
            "text": message.text,
            "source": message.source,
            "images": [{"alt": image.alt} for image in message.images],
        }
    result["count_text"] = _count_text(result["count"], result["limit"])
    result["source_text"] = _source_text(page, result["source"])
    result["images_text"] = _images_text(result["images"])
    return result


def _count_text(count: int | None, limit: int | None) -> str:
    if count is None or limit is None:
        return ""
    if count > limit:
        excess = count - limit
        return ngettext("%d too long", "%d too long", excess) % excess
    return _("%(count)d of %(limit)d") % {"count": count, "limit": limit}


def _source_text(page, source: str) -> str:
    if source == "account":
        return _("Your own text")
    if source == "body":
        return _("Generated from the text of the page")
    if source == "summariser":
        return _("Written from the text of the page by the summariser in the site’s settings")
    try:
        name = page._meta.get_field(source).verbose_name
    except (FieldDoesNotExist, AttributeError):
        return _("Generated text") if source else ""
    return _("Generated from the field “%s”") % capfirst(name)


def _images_text(images: list[dict]) -> list[str]:
    return [
        _("With a picture: %s") % image["alt"]
        if image["alt"]
        else _("With a picture that has no description for people who do not see it")
        for image in images
    ]
