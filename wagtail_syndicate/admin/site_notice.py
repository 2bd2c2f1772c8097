"""What people who manage accounts are told first: that this site is not the accounts' home, or only rehearses.

On the dashboard, above the list of accounts and above each account's connection.
"""

from __future__ import annotations

from django import forms
from django.urls import reverse
from wagtail.admin.staticfiles import versioned_static
from wagtail.admin.ui.components import Component

from wagtail_syndicate import conf
from wagtail_syndicate.accounts import environment, permissions


class Notice(Component):
    """A part of the dashboard in the look of the accounts' pages; empty when it has nothing to say."""

    def __init__(self, user):
        self.user = user

    @property
    def media(self):
        return forms.Media(css={"all": [versioned_static("wagtail_syndicate/css/accounts.css")]})


class SiteNotice(Notice):
    """The notice on the dashboard."""

    name = "syndication_site"
    template_name = "wagtail_syndicate/accounts/site_notice.html"
    order = 40

    def get_context_data(self, parent_context):
        return {**(super().get_context_data(parent_context) or {}), **site_notice(self.user)}


def site_notice(user) -> dict[str, object]:
    """The context of the notice: nothing for people who may not manage accounts. Takes two queries."""
    if not permissions.can_manage(user):
        return {}
    strangers = permissions.managed_accounts(user).exclude(environment.at_home())
    return {
        "strangers": strangers.filter(active=True).count(),
        "new_home_url": reverse("wagtail_syndicate:new_home"),
        "rehearses": conf.is_dry_run(),
    }
