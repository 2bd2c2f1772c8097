"""The panel in the page editor: which accounts, in which words, and what became of it."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from django import forms
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import Panel
from wagtail.admin.staticfiles import versioned_static

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.admin.compare import TicksComparison
from wagtail_syndicate.admin.forms import FIELD
from wagtail_syndicate.admin.offers import Offer, grouped
from wagtail_syndicate.admin.record import record_of
from wagtail_syndicate.delivery.guards import account_obstacle
from wagtail_syndicate.models import Account, site_id_of
from wagtail_syndicate.reasons import explain


SEARCH_FROM = 13
"""Accounts from which on there is a search box."""
OPEN_UP_TO = 5
"""Ticked accounts up to which their cards are open at once."""
STYLES = ("panel", "picker", "card", "post", "record")
SCRIPTS = ("record", "picker", "card")


class Kept(NamedTuple):
    """A tick that this user cannot change here, and why the account is not offered."""

    account: Account
    reason: str


class SyndicationPanel(Panel):
    """Offers the accounts that a page may be posted to. Added to page types by itself, or placed by hand."""

    def __init__(self, heading="", icon="site", **kwargs):
        super().__init__(heading=heading or gettext_lazy("Syndication"), icon=icon, **kwargs)

    @property
    def clean_name(self):
        # Not made from the heading, which is translated.
        return "syndication"

    def get_form_options(self):
        # Wagtail's "field_permissions" do not know of collections: the form takes the field away itself.
        return {"fields": [FIELD]}

    class BoundPanel(Panel.BoundPanel):
        template_name = "wagtail_syndicate/panel/panel.html"

        def is_shown(self):
            return self.form is not None and (self._may_tick or permissions.can_see(self.request.user))

        @property
        def _may_tick(self) -> bool:
            return FIELD in self.form.fields

        @property
        def media(self):
            # What Wagtail's chooser of pictures needs stands in every page of its editor but this one file.
            scripts = ["wagtailimages/js/image-chooser-modal.js"]
            scripts += [f"wagtail_syndicate/js/{name}.js" for name in SCRIPTS]
            styles = [versioned_static(f"wagtail_syndicate/css/{name}.css") for name in STYLES]
            return forms.Media(css={"all": styles}, js=[versioned_static(script) for script in scripts])

        def get_context_data(self, parent_context=None):
            context = super().get_context_data(parent_context)
            record = record_of(self.instance, self.request.user) if self.instance.pk else {"entries": [], "hidden": 0}
            offers = self._offers(record["entries"]) if self._may_tick else []
            placed = {entry.delivery.pk for offer in offers for entry in offer.entries}
            context.update(record)
            context.update(
                {
                    # The others stand beside their accounts.
                    "entries": [entry for entry in record["entries"] if entry.delivery.pk not in placed],
                    "may_tick": self._may_tick,
                    "offers": offers,
                    "groups": grouped(offers),
                    "blank": Offer(Account(pk=None)),
                    "has_search": len(offers) >= SEARCH_FROM,
                    "opens_cards": sum(offer.ticked for offer in offers) <= OPEN_UP_TO,
                    **self._kept_ticks(),
                    "errors": self._errors(),
                    "language": self.instance.locale.language_code,
                    "page_id": self.instance.pk or "",
                    "urls": self._urls(),
                    "accounts_url": self._accounts_url(),
                }
            )
            return context

        def get_comparison(self):
            user = self.request.user
            return [partial(TicksComparison, user=user)] if permissions.can_see(user) else []

        def _offers(self, entries) -> list[Offer]:
            by_account = {}
            for entry in sorted(entries, key=lambda entry: entry.delivery.pk, reverse=True):
                by_account.setdefault(entry.delivery.account_id, []).append(entry)
            ticks = self.form[FIELD].value()
            return [
                Offer(
                    account,
                    str(account.pk) in ticks.ticked,
                    ticks.of(str(account.pk)),
                    self.form.choice_errors.get(str(account.pk), {}),
                    by_account.get(account.pk, []),
                )
                for account in self.form.offered_accounts
            ]

        def _kept_ticks(self) -> dict[str, Any]:
            """The ticks that this user cannot change here; of accounts that the user may not know of, how many."""
            keys = [target.account_id for target in self.form.kept_targets]
            ticked = Account.objects.filter(pk__in=keys).count() if keys else 0
            if not ticked:
                return {"kept": [], "kept_hidden": 0}
            page = self.instance
            site_id = site_id_of(page) if page.pk else None
            seen = permissions.seen_accounts(self.request.user).filter(pk__in=keys)
            kept = [
                Kept(account, explain(account_obstacle(account, page, site_id), account.network))
                for account in seen.prefetch_related("locales", "sites")
            ]
            return {"kept": kept, "kept_hidden": ticked - len(kept)}

        def _errors(self) -> list[str]:
            """What is wrong with the ticks themselves; what was chosen for an account carries its own errors."""
            errors = self.form.errors.get(FIELD)
            found = errors.as_data() if errors else []
            return [message for error in found if error.code != "choice" for message in error.messages]

        def _urls(self) -> dict[str, str]:
            """Addresses for the browser; ``0`` stands for the page, which may not exist yet."""
            options = type(self.instance)._meta
            urls = {
                "record": reverse("wagtail_syndicate:record", args=[0]),
                "preview": reverse("wagtail_syndicate:preview_edit", args=[0]),
                "last_time": reverse("wagtail_syndicate:last_time", args=[options.app_label, options.model_name]),
                "pictures": reverse("wagtailimages_chooser:choose"),
            }
            parent = getattr(self.form, "parent_page", None)
            if not self.instance.pk and parent is not None:
                address = reverse(
                    "wagtail_syndicate:preview_add", args=[options.app_label, options.model_name, parent.pk]
                )
                urls["preview_add"] = f"{address}?locale={self.instance.locale.language_code}"
            return urls

        def _accounts_url(self) -> str:
            """Where accounts are added, for those who may."""
            if not permissions.can_add(self.request.user):
                return ""
            try:
                return reverse("syndication_accounts:index")
            except NoReverseMatch:
                return ""
