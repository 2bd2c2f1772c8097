"""App keys: what this site's apps at the networks are known by. Secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from wagtail_syndicate.accounts import app_keys, hosts
from wagtail_syndicate.accounts.app_keys import Source
from wagtail_syndicate.admin.addresses import callback_url
from wagtail_syndicate.admin.app_keys_form import KeysForm
from wagtail_syndicate.backends import registry
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.models import Account, OAuthApp


MENU_ORDER = 710  # behind the accounts


class AppKeysMenuItem(MenuItem):
    """Under Settings, for those who may change app keys."""

    def is_shown(self, request):
        return app_keys.can_change(request.user)


def menu_item() -> MenuItem:
    """The entry of the menu."""
    return AppKeysMenuItem(
        gettext_lazy("Syndication app keys"),
        reverse("wagtail_syndicate:app_keys"),
        name="syndication-app-keys",
        icon_name="key",
        order=MENU_ORDER,
    )


def edit_url(network: str, method, host: str = "", name: str = "app_keys_edit") -> str:
    """Where the keys for one way to connect are entered."""
    address = reverse(f"wagtail_syndicate:{name}", args=[network, method.name])
    return f"{address}?{urlencode({'host': host})}" if host else address


def title_of(backend, method, host: str = "") -> str:
    """What an app is for: "X: OAuth 2.0"; the server, where a network has many."""
    if host:
        return f"{backend.label}: {host.partition('://')[2] or host}"
    several = sum(bool(app_keys.names_of(one)) for one in backend.auth) > 1
    return f"{backend.label}: {method.label}" if several else str(backend.label)


def connected_with(network: str, method, host: str = "") -> int:
    """How many connected accounts use the keys."""
    found = Account.objects.filter(network=network, auth_method=method.name).exclude(status=Account.Status.NEW)
    return found.filter(host=host).count() if host else found.count()


class KeysPage(WagtailAdminTemplateMixin, TemplateView):
    """What the pages about app keys share."""

    header_icon = "key"

    def dispatch(self, request, *args, **kwargs):
        if not app_keys.can_change(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self):
        index = {"url": reverse("wagtail_syndicate:app_keys"), "label": _("Syndication app keys")}
        here = [] if isinstance(self, AppKeysIndex) else [{"url": "", "label": self.get_page_title()}]
        return [*super().get_breadcrumbs_items(), index, *here]


class AppKeysIndex(KeysPage):
    """All apps that the site's networks want, and where the keys of each come from."""

    template_name = "wagtail_syndicate/app_keys/index.html"

    def get_page_title(self):
        return _("Syndication app keys")

    def get_context_data(self, **kwargs):
        return super().get_context_data(rows=list(self.rows()), **kwargs)

    def rows(self) -> Iterator[dict]:
        """One for each app: of a network's ways to connect, or of a server."""
        for backend in sorted(registry.all_backends(), key=lambda backend: str(backend.label).lower()):
            for method in backend.auth:
                if not app_keys.names_of(method):
                    continue
                for host in self.hosts(backend, method):
                    yield self.row(backend, method, host)

    def hosts(self, backend, method) -> list[str]:
        """The servers that are in use; one empty one where the network has no servers of its own."""
        if not getattr(method, "register_url", ""):
            return [""]
        used = Account.objects.filter(network=backend.name).exclude(host="").values_list("host", flat=True)
        known = OAuthApp.objects.filter(network=backend.name).values_list("host", flat=True)
        return sorted({*used, *known})

    def row(self, backend, method, host) -> dict:
        """What the table shows of one app."""
        found = app_keys.find(backend, method, host)
        registers = bool(getattr(method, "register_url", ""))
        return {
            "title": title_of(backend, method, host),
            "url": edit_url(backend.name, method, host),
            "source": found.source,
            "lost": found.lost,
            "missing": [] if registers and not found.source else found.missing,
            "registers": registers and not found.source,
            "client_id": found.app.client_id,
            "accounts": connected_with(backend.name, method, host),
        }


class OneApp(KeysPage):
    """What the pages about the keys of one app share."""

    def setup(self, request, *args, network, method, **kwargs):
        super().setup(request, *args, network=network, method=method, **kwargs)
        try:
            self.backend = registry.get(network)
        except ConfigurationError:
            raise Http404 from None
        self.method = next((way for way in self.backend.auth if way.name == method and app_keys.names_of(way)), None)
        if self.method is None:
            raise Http404
        self.host = request.GET.get("host", "")
        if bool(self.host) != bool(getattr(self.method, "register_url", "")):
            raise Http404
        self.app = title_of(self.backend, self.method, self.host)

    def get(self, request, *args, **kwargs):
        return self.render_to_response(self.get_context_data())

    def get_page_title(self):
        return _("App keys: %(app)s") % {"app": self.app}

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            backend=self.backend,
            method=self.method,
            host=self.host,
            accounts=connected_with(self.backend.name, self.method, self.host),
            row=app_keys.entered(self.backend.name, self.method, self.host),
            **kwargs,
        )


@method_decorator(sensitive_post_parameters(), name="dispatch")
class AppKeysEdit(OneApp):
    """Enter the keys of one app, or see that the settings have them."""

    template_name = "wagtail_syndicate/app_keys/edit.html"

    def post(self, request, *args, **kwargs):
        form = self.form(request.POST)
        if app_keys.of_settings(self.backend, self.method, self.host):
            messages.error(request, _("The site's settings have these keys, so nothing was changed."))
        elif self.is_good(form):
            app_keys.store(self.backend, self.method, self.host, form.cleaned_data, request.user)
            messages.success(request, _("The keys of %(app)s are stored.") % {"app": self.app})
            return redirect("wagtail_syndicate:app_keys")
        else:
            messages.error(request, _("Nothing was stored. What to do is shown below."))
        return self.render_to_response(self.get_context_data(form=form))

    def form(self, data=None) -> KeysForm:
        row = app_keys.entered(self.backend.name, self.method, self.host)
        kept = row is not None and not app_keys.find(self.backend, self.method, self.host).missing
        return KeysForm(data, method=self.method, row=row, kept=kept)

    def is_good(self, form: KeysForm) -> bool:
        """Whether it can be stored; a server is looked at as when an account is added there."""
        if not form.is_valid():
            return False
        try:
            if self.host and hosts.normalise(self.host) != self.host:
                form.add_error(None, _("Enter the address again. It must begin with https://."))
        except ValidationError as error:
            form.add_error(None, error)
        return not form.errors

    def get_context_data(self, form=None, **kwargs):
        found = app_keys.find(self.backend, self.method, self.host)
        by_settings = found.source == Source.SETTINGS
        missing = [app_keys.setting_of(self.backend, self.method, name, self.host) for name in found.missing]
        return super().get_context_data(
            form=form or self.form(),
            found=found,
            by_settings=by_settings,
            missing=missing if by_settings else [],
            callback_url=callback_url(self.request),
            places=[
                app_keys.setting_of(self.backend, self.method, name, self.host)
                for name in app_keys.names_of(self.method)
            ],
            delete_url=edit_url(self.backend.name, self.method, self.host, "app_keys_delete"),
            **kwargs,
        )


class AppKeysDelete(OneApp):
    """Forget the keys that an admin entered, after asking."""

    template_name = "wagtail_syndicate/app_keys/delete.html"

    def post(self, request, *args, **kwargs):
        if row := app_keys.entered(self.backend.name, self.method, self.host):
            app_keys.forget(row, request.user)
            messages.success(request, _("The keys of %(app)s are deleted.") % {"app": self.app})
        return redirect("wagtail_syndicate:app_keys")


urlpatterns = [
    path("app-keys/", AppKeysIndex.as_view(), name="app_keys"),
    path("app-keys/<slug:network>/<slug:method>/", AppKeysEdit.as_view(), name="app_keys_edit"),
    path("app-keys/<slug:network>/<slug:method>/delete/", AppKeysDelete.as_view(), name="app_keys_delete"),
]
