"""The panel in the page editor: which accounts, in which words, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django import forms
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.panels import Panel
from wagtail.admin.staticfiles import versioned_static

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.admin.compare import TicksComparison
from wagtail_syndicate.admin.forms import FIELD
from wagtail_syndicate.admin.record import note_of, record_of
from wagtail_syndicate.models import Account, Delivery
from wagtail_syndicate.reasons import explain
from wagtail_syndicate.types import Reach


REACHES = {
    Reach.AUTOMATIC: gettext_lazy("posted automatically"),
    Reach.CONDITIONAL: gettext_lazy("posted automatically, under conditions"),
    Reach.ASSISTED: gettext_lazy("posted by a person"),
}


@dataclass
class Offer:
    """One account as the panel offers it."""

    account: Account
    ticked: bool
    wording: str
    errors: list[str] = field(default_factory=list)
    delivery: Delivery | None = None

    @property
    def network(self) -> str:
        """The network's name."""
        return self.account.backend_class.label

    @property
    def icon(self) -> str:
        """The name of the network's icon."""
        return self.account.backend_class.icon

    @property
    def reach(self) -> str:
        """How posts get there."""
        return REACHES[Reach.ASSISTED if self.account.is_assisted else self.account.backend_class.reach]

    @property
    def problem(self) -> str:
        """Why a post would have to wait, before it is promised."""
        account = self.account
        if account.is_assisted or account.status == Account.Status.CONNECTED:
            return ""
        reason = "not_connected" if account.status == Account.Status.NEW else account.problem or "reconnect"
        return explain(reason, self.network, account.backend_class.reasons)

    @property
    def note(self) -> str:
        """What the next publication means for an account that was published to before."""
        return note_of(self.delivery) if self.delivery else ""

    @property
    def caption(self) -> str:
        """What to call the text that is composed now."""
        return _("How it would read now") if self.note else _("What will be posted")


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
            return forms.Media(
                css={"all": [versioned_static("wagtail_syndicate/css/panel.css")]},
                js=[versioned_static("wagtail_syndicate/js/panel.js")],
            )

        def get_context_data(self, parent_context=None):
            context = super().get_context_data(parent_context)
            record = record_of(self.instance, self.request.user) if self.instance.pk else {"entries": [], "hidden": 0}
            context.update(record)
            context.update(
                {
                    "may_tick": self._may_tick,
                    "offers": self._offers([entry.delivery for entry in record["entries"]]) if self._may_tick else [],
                    **self._kept_accounts(),
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

        def _offers(self, deliveries) -> list[Offer]:
            latest = {delivery.account_id: delivery for delivery in deliveries}
            ticks = self.form[FIELD].value()
            return [
                Offer(
                    account,
                    str(account.pk) in ticks.ticked,
                    ticks.wordings.get(str(account.pk), ""),
                    self.form.wording_errors.get(str(account.pk), []),
                    latest.get(account.pk),
                )
                for account in self.form.offered_accounts
            ]

        def _kept_accounts(self) -> dict[str, Any]:
            """The accounts that are ticked and not for this user to change; of those the user may not know of, how
            many."""
            kept = [target.account_id for target in self.form.kept_targets]
            ticked = Account.objects.filter(pk__in=kept).count() if kept else 0
            seen = list(permissions.seen_accounts(self.request.user).filter(pk__in=kept)) if ticked else []
            return {"kept": seen, "kept_hidden": ticked - len(seen)}

        def _errors(self) -> list[str]:
            """What is wrong with the ticks themselves; wordings carry their own errors."""
            errors = self.form.errors.get(FIELD)
            found = errors.as_data() if errors else []
            return [message for error in found if error.code != "wording" for message in error.messages]

        def _urls(self) -> dict[str, str]:
            """Addresses for the browser; ``0`` stands for the page, which may not exist yet."""
            urls = {
                "record": reverse("wagtail_syndicate:record", args=[0]),
                "preview": reverse("wagtail_syndicate:preview_edit", args=[0]),
            }
            parent = getattr(self.form, "parent_page", None)
            if not self.instance.pk and parent is not None:
                options = type(self.instance)._meta
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
