"""Brings the panel to every page type, whichever way the type defines its edit form.

Wagtail has no hook for that. Lists such as ``Page.settings_panels`` miss types with panels of their own, and
replacing ``get_edit_handler`` depends on the order of ``INSTALLED_APPS``. So the function inside Wagtail's cached
class method is wrapped: the very object that Wagtail itself puts on the page model. It is private
(``wagtail.admin.panels.page_utils``; seen in 7.4.4 and 8.0.1, November 2026), hence :func:`injection_problem`.
"""

from __future__ import annotations

from functools import wraps

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import ObjectList, TabbedInterface, page_utils
from wagtail.admin.panels.group import PanelGroup

from wagtail_syndicate import conf
from wagtail_syndicate.admin.forms import with_syndication
from wagtail_syndicate.admin.panels import SyndicationPanel


WRAPPED = "_wagtail_syndicate"


def install() -> None:
    """Add the panel and its form field to the edit forms of pages; once, however often it is called.

    Changes nothing when Wagtail has changed its insides: :func:`injection_problem` says so.
    """
    if injection_problem() or getattr(page_utils._get_page_edit_handler.fn, WRAPPED, False):
        return
    original = page_utils._get_page_edit_handler.fn

    @wraps(original)
    def edit_handler_with_syndication(cls):
        return _with_panel(original(cls), cls)

    setattr(edit_handler_with_syndication, WRAPPED, True)
    page_utils._get_page_edit_handler.fn = edit_handler_with_syndication


def injection_problem() -> str | None:
    """Why the panel cannot be added by itself with the Wagtail that is installed, for a system check."""
    if not callable(getattr(getattr(page_utils, "_get_page_edit_handler", None), "fn", None)):
        return "wagtail.admin.panels.page_utils._get_page_edit_handler is no longer a cached class method."
    return None


def is_wanted(model) -> bool:
    """Whether the settings ask for the panel on this page type."""
    label = model._meta.label_lower
    chosen = conf.get("PAGE_TYPES")
    return (
        conf.get("ADD_PANEL")
        and (chosen is None or label in map(str.lower, chosen))
        and label not in map(str.lower, conf.get("EXCLUDED_PAGE_TYPES"))
    )


def has_panel(model) -> bool:
    """Whether pages of this type have the panel, by itself or placed by hand."""
    return _has_panel(model.get_edit_handler())


def _with_panel(handler, model):
    if not _has_panel(handler):
        if not is_wanted(model):
            return handler
        handler = _append(handler, model)
    base = handler.base_form_class or getattr(model, "base_form_class", WagtailAdminModelForm)
    handler.base_form_class = with_syndication(base)
    return handler


def _has_panel(panel) -> bool:
    """Whether the site placed the panel by hand."""
    return isinstance(panel, SyndicationPanel) or any(map(_has_panel, getattr(panel, "children", ())))


def _append(handler, model):
    if isinstance(handler, TabbedInterface):
        extra = ObjectList([SyndicationPanel(heading=_("Accounts"))], heading=_("Syndication"))
    elif isinstance(handler, PanelGroup):
        extra = SyndicationPanel()
    else:
        # An edit handler may be a single field.
        return ObjectList([handler, SyndicationPanel()], base_form_class=handler.base_form_class).bind_to_model(model)
    handler.children = [*handler.children, extra.bind_to_model(model)]
    return handler
