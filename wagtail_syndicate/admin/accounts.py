"""The list of accounts and their forms, under Settings."""

from __future__ import annotations

import wagtail
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.filters import CollectionFilter, WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.views.generic import history, usage
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets.button import Button, HeaderButton
from wagtail.log_actions import log

from wagtail_syndicate.accounts import connect, environment, health, permissions
from wagtail_syndicate.admin.account_forms import account_panels, known_backend
from wagtail_syndicate.admin.account_log import changed_values
from wagtail_syndicate.admin.site_notice import site_notice
from wagtail_syndicate.models import Account, Delivery
from wagtail_syndicate.reasons import explain


LISTED = ["view", "change", "delete"]
"""Who may do one of these with an account, finds it in the list."""


class AccountColumn(Column):
    """A cell with a template of its own and the account's backend, which may be gone, at hand."""

    def __init__(self, name, template, **kwargs):
        super().__init__(name, **kwargs)
        self.cell_template_name = f"wagtail_syndicate/accounts/cells/{template}.html"

    def get_cell_context_data(self, instance, parent_context):
        context = super().get_cell_context_data(instance, parent_context)
        return {**context, "account": instance, "backend": known_backend(instance)}


class LanguagesColumn(Column):
    """The languages that an account is meant for."""

    def get_value(self, instance):
        return ", ".join(str(locale) for locale in instance.locales.all()) or gettext("All")


class StatusColumn(AccountColumn):
    """Whether the account can be posted to, in words; colour only repeats them."""

    class Media:
        css = {"all": [f"wagtail_syndicate/css/{name}.css" for name in ("accounts", "listing")]}

    def get_cell_context_data(self, instance, parent_context):
        context = super().get_cell_context_data(instance, parent_context)
        return {
            **context,
            "status": status_of(instance),
            "can_manage": permissions.can_manage(context["request"].user, instance),
        }


FIXES = {
    "connect": _("Connect"),
    "reconnect": _("Connect again"),
    "set_up": _("Set up"),
    "new_home": _("Say that this is the new home"),
}


def status_of(account: Account) -> dict[str, str]:
    """How an account stands: a ``tone`` (ok, warning, problem, off), a ``label`` and a ``note`` with what to do; and
    the one thing that mends it, if there is one: ``fix`` (a key of ``FIXES``) and ``fix_label``.

    :param account: takes no query when it comes from ``environment.with_home``.
    """
    tone, label, note, fix = _status_of(account)
    return {"tone": tone, "label": label, "note": note, "fix": fix, "fix_label": FIXES.get(fix, "")}


def _status_of(account: Account) -> tuple[str, str, str, str]:
    backend = known_backend(account)
    if backend is None:
        note = _("This network is no longer in the site's settings. A developer must add it, or delete the account.")
        return "problem", _("Unknown network"), note, ""
    if not account.active:
        return "off", _("Switched off"), "", ""
    if account.by_hand or (account.is_assisted and account.status == Account.Status.CONNECTED):
        return "ok", _("Posted by hand"), "", ""
    if account.is_assisted:
        return "warning", _("Not ready"), _("Say who the account is there."), "set_up"
    if account.status == Account.Status.NEW:
        return "warning", account.get_status_display(), _("It cannot be posted to yet."), "connect"
    if not environment.is_home(account):
        note = explain(environment.AWAY, backend.label, backend.reasons)
        return "problem", _("Connected on another site"), note, "new_home"
    if account.status == Account.Status.RECONNECT:
        return "problem", account.get_status_display(), health.problem_of(account), "reconnect"
    if health.ends_soon(account):
        note = _("Connect it again before access expires, so that nothing is held up.")
        return "warning", _("Connected, expires soon"), note, "reconnect"
    return "ok", account.get_status_display(), "", ""


class ExpiryColumn(Column):
    """When access ends, for accounts whose access does not renew itself."""

    cell_template_name = "wagtail_syndicate/accounts/cells/expiry.html"

    def get_value(self, instance):
        return health.access_ends(instance)


class UsedColumn(Column):
    """When the network last accepted the access, and when something was last posted."""

    cell_template_name = "wagtail_syndicate/accounts/cells/used.html"

    def get_cell_context_data(self, instance, parent_context):
        context = super().get_cell_context_data(instance, parent_context)
        return {**context, "account": instance, "last_posted": instance.last_posted}


def with_last_posted(accounts):
    """Accounts, each with ``last_posted``; found by an index, however much was posted."""
    own = Delivery.objects.filter(account=OuterRef("pk"))
    sent = own.filter(state=Delivery.State.SENT, first_sent_at__isnull=False).order_by("-first_sent_at")
    by_hand = own.filter(state=Delivery.State.POSTED).order_by("-sent_at")
    latest = [Subquery(found.values("sent_at")[:1]) for found in (sent, by_hand)]
    return accounts.annotate(last_posted=Coalesce(*latest))


class CollectionFilterSet(WagtailFilterSet):
    """The accounts of one collection, where the user may see several."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        seen = permissions.policy.collections_user_has_any_permission_for(self.request.user, LISTED)
        if seen.count() > 1:
            self.filters["collection_id"] = CollectionFilter(
                field_name="collection_id", label=_("Collection"), queryset=seen
            )

    class Meta:
        model = Account
        fields = []


class IndexView(generic.IndexView):
    page_title = _("Syndication accounts")
    any_permission_required = [*LISTED, "add"]
    filterset_class = CollectionFilterSet

    def get_base_queryset(self):
        seen = permissions.policy.instances_user_has_any_permission_for(self.request.user, LISTED)
        seen = environment.with_home(with_last_posted(seen))
        return seen.select_related("collection").prefetch_related("locales")

    def get_context_data(self, **kwargs):
        return {**super().get_context_data(**kwargs), **site_notice(self.request.user)}

    def get_edit_url(self, instance):
        return super().get_edit_url(instance) if permissions.can_manage(self.request.user, instance) else None

    def get_delete_url(self, instance):
        may = self.user_has_permission_for_instance("delete", instance)
        return super().get_delete_url(instance) if may else None

    def get_list_more_buttons(self, instance):
        buttons = super().get_list_more_buttons(instance)
        if permissions.can_manage(self.request.user, instance):
            history = reverse("syndication_accounts:history", args=[instance.pk])
            buttons.append(Button(gettext("History"), url=history, icon_name="history", priority=15))
            if known_backend(instance):
                url = reverse("wagtail_syndicate:connect", args=[instance.pk])
                buttons.append(Button(gettext("Connection"), url=url, icon_name="link", priority=5))
        return buttons


class CreateView(generic.CreateView):
    def get_success_message(self, instance):
        if self.get_success_url() == reverse(self.index_url_name):
            return gettext("“%(label)s” was added.") % {"label": instance}
        if instance.is_assisted:
            return gettext("“%(label)s” was added. Now say who it is there.") % {"label": instance}
        return gettext("“%(label)s” was added. Now connect it.") % {"label": instance}

    def get_success_buttons(self):
        return []

    def get_success_url(self):
        if self.object.by_hand or not permissions.can_manage(self.request.user, self.object):
            return super().get_success_url()
        return reverse("wagtail_syndicate:connect", args=[self.object.pk])


class OwnAccountMixin:
    """For people who may do this to this very account; Wagtail's views ask only whether they may to any."""

    action_on_account = "change"

    def get_object(self, *args, **kwargs):
        account = super().get_object(*args, **kwargs)
        if not permissions.policy.user_has_permission_for_instance(self.request.user, self.action_on_account, account):
            raise PermissionDenied
        return account


class KnownNetworkMixin:
    """Sends away from accounts whose network is no longer in the settings: nothing about them can be checked."""

    def dispatch(self, request, *args, **kwargs):
        account = self.get_object()
        if known_backend(account) is None:
            messages.error(request, status_of(account)["note"])
            return redirect(self.index_url_name)
        return super().dispatch(request, *args, **kwargs)


class EditView(KnownNetworkMixin, OwnAccountMixin, generic.EditView):
    @cached_property
    def header_buttons(self):
        url = reverse("wagtail_syndicate:connect", args=[self.object.pk])
        return [HeaderButton(gettext("Connection"), url=url, icon_name="link")]

    def save_instance(self):
        # Wagtail's own entry would say that something was changed, but not what.
        changes = changed_values(self.form)
        account = self.form.save()
        if changes:
            log(
                instance=account,
                action="wagtail_syndicate.edit",
                user=self.request.user,
                content_changed=True,
                data={"changes": changes},
            )
        return account


class DeleteView(OwnAccountMixin, generic.DeleteView):
    action_on_account = "delete"

    def delete_action(self):
        connect.disconnect(self.object, self.request.user)
        super().delete_action()

    @property
    def confirmation_message(self):
        return gettext(
            "Delete “%(label)s”? Its access is given back to the network and it is unticked on all pages. "
            "What was posted stays there, and stays in the reports here."
        ) % {"label": self.object}


class HistoryView(OwnAccountMixin, history.HistoryView):
    pass


class UsageView(OwnAccountMixin, usage.UsageView):
    pass


class AccountViewSet(ModelViewSet):
    """Accounts of the organisation on networks."""

    model = Account
    name = "syndication_accounts"
    url_prefix = "syndication/accounts"
    url_namespace = "syndication_accounts"
    icon = "globe"
    menu_label = _("Syndication accounts")
    add_to_settings_menu = True
    copy_view_enabled = False
    inspect_view_enabled = False
    add_to_reference_index = False
    index_view_class = IndexView
    add_view_class = CreateView
    edit_view_class = EditView
    delete_view_class = DeleteView
    history_view_class = HistoryView
    usage_view_class = UsageView
    search_fields = ["label", "handle"]
    search_backend_name = None
    list_per_page = 100
    list_display = [
        "label",
        AccountColumn("network", "network", label=_("Network"), sort_key="network"),
        AccountColumn("handle", "handle", label=_("Account"), sort_key="handle"),
        LanguagesColumn("locales", label=_("Languages")),
        StatusColumn("status", "status", label=_("Status"), sort_key="status"),
        UsedColumn("used", label=_("Last used")),
        ExpiryColumn("credentials_expire_at", label=_("Access expires"), sort_key="credentials_expire_at"),
    ]
    index_results_template_name = "wagtail_syndicate/accounts/index_results.html"

    if wagtail.VERSION < (8, 0):
        permission_policy = permissions.policy  # later it is registered (apps.py)

    def get_permissions_to_register(self):
        # They are given by collection, in a panel of their own.
        return Permission.objects.none()

    def get_common_view_kwargs(self, **kwargs):
        # Pages that tick an account are not in the reference index, so "used 0 times" would be wrong.
        return {**super().get_common_view_kwargs(**kwargs), "usage_url_name": None}

    def get_edit_handler(self):
        return account_panels().bind_to_model(self.model)
