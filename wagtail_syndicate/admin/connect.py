"""Connecting accounts: the page that does it, where networks send people back to, choosing, and disconnecting."""

from __future__ import annotations

import time
from functools import partial
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.log_actions import log

from wagtail_syndicate import tasks
from wagtail_syndicate.accounts import connect, health, permissions, settle
from wagtail_syndicate.accounts.connection import method_of
from wagtail_syndicate.accounts.problems import ConnectRefused, describe
from wagtail_syndicate.accounts.settle import Offer
from wagtail_syndicate.admin import connect_steps
from wagtail_syndicate.admin.account_forms import MethodForm, known_backend
from wagtail_syndicate.admin.accounts import status_of, with_last_posted
from wagtail_syndicate.admin.addresses import callback_url
from wagtail_syndicate.admin.site_notice import site_notice
from wagtail_syndicate.backends.auth import NoDoor, OAuth1, OAuth2
from wagtail_syndicate.delivery.release import release
from wagtail_syndicate.exceptions import AccountProblem, ConfigurationError, NetworkError, Rejected
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Identity


# In the session: sign-ins that are under way, by their state; offers to choose from, by account.
SESSION = "wagtail_syndicate_pending"
OFFERS = "wagtail_syndicate_offers"
MOST_PENDING = 5
MOST_NAMED = 5
ABOUT_THE_TARGET = ("target_missing", "permission")


def network_name(account: Account) -> str:
    """What to call the other side: the server, where a network has many."""
    backend = account.backend_class
    return urlsplit(account.host).netloc if backend.many_servers and account.host else str(backend.label)


def explained(error: Exception, account: Account) -> str:
    """The sentences for whatever went wrong with a network."""
    if isinstance(error, ConnectRefused):
        return error.message
    if isinstance(error, ConfigurationError):
        return _("The site's settings are not right, and a developer must change them: %(error)s") % {"error": error}
    return describe(error, network_name(account), account.backend_class.reasons)


def remember(request, name: str, key: str, pending: dict) -> None:
    """Keep ``pending`` in the session until the admin's next step, together with a few others that are still good."""
    known = request.session.get(name, {}).items()
    alive = {other: kept for other, kept in known if other != key and kept["expires"] > time.time()}
    request.session[name] = {**dict(list(alive.items())[-MOST_PENDING + 1 :]), key: pending}


def take(request, name: str, key: str) -> dict | None:
    """What :func:`remember` kept, once."""
    known = request.session.get(name, {})
    pending = known.pop(key, None)
    if pending is not None:
        request.session[name] = known
    return pending


def go_on(request, result: Account | Offer):
    """After the network accepted: to the connection, which can be tested there, or to the choice between several."""
    if isinstance(result, Offer):
        pk = result.pending["account"]
        remember(request, OFFERS, str(pk), result.pending)
        return redirect("wagtail_syndicate:choose", pk=pk)
    say_connected(request, result)
    if result.is_assisted:
        return redirect("syndication_accounts:index")
    return redirect("wagtail_syndicate:connect", pk=result.pk)


def say_connected(request, account: Account) -> None:
    """Tell who the account is now, and warn when another account is the same."""
    if account.is_assisted:
        messages.success(request, _("“%(label)s” is ready. A person posts for it.") % {"label": account})
    else:
        messages.success(request, _("Connected as %(handle)s.") % {"handle": account.handle or account})
    say_released(request, account)
    for twin in filter(partial(permissions.can_see, request.user), connect.twins(account)):
        messages.warning(
            request,
            _("“%(label)s” is the same account at %(network)s. A page with both ticked is posted twice.")
            % {"label": twin, "network": account.backend_class.label},
        )


def say_released(request, account: Account) -> None:
    """Let go what waited for the account, and tell what leaves now and for what it is too late."""
    released = release(account)
    if released.leaving:
        tasks.ring()
        text = ngettext(
            "%(count)s post that waited for it leaves now.",
            "%(count)s posts that waited for it leave now.",
            released.leaving,
        )
        messages.success(request, text % {"count": released.leaving})
    if late := released.too_late:
        pages = ", ".join(dict.fromkeys(f"“{delivery.page_title}”" for delivery in late[:MOST_NAMED]))
        text = ngettext(
            "It is too late for %(count)s post: %(pages)s. To post it all the same, choose “Try again” on the page.",
            "It is too late for %(count)s posts: %(pages)s. To post them all the same, choose “Try again” there.",
            len(late),
        )
        more = " …" if len(late) > MOST_NAMED else ""
        messages.warning(request, text % {"count": len(late), "pages": pages + more})


class AccountPage(WagtailAdminTemplateMixin):
    """What the pages about one account's connection share."""

    header_icon = "link"

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.account = get_object_or_404(Account.objects.select_related("collection"), pk=kwargs["pk"])

    def dispatch(self, request, *args, **kwargs):
        if not permissions.can_manage(request.user, self.account):
            raise PermissionDenied
        if known_backend(self.account) is None:
            messages.error(request, status_of(self.account)["note"])
            return redirect("syndication_accounts:index")
        return super().dispatch(request, *args, **kwargs)

    def get_page_subtitle(self):
        return str(self.account)

    def get_breadcrumbs_items(self):
        return [
            *super().get_breadcrumbs_items(),
            {"url": reverse("syndication_accounts:index"), "label": _("Syndication accounts")},
            {"url": reverse("syndication_accounts:edit", args=[self.account.pk]), "label": str(self.account)},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs):
        return super().get_context_data(account=self.account, backend=self.account.backend_class, **kwargs)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class ConnectView(AccountPage, TemplateView):
    """What an admin needs to know first, and every way to connect this account."""

    template_name = "wagtail_syndicate/accounts/connect.html"

    def get_page_title(self):
        return _("Connection")

    def post(self, request, *args, **kwargs):
        if "check" in request.POST:
            return self.check(request)
        methods = self.account.backend_class.auth
        method = next((method for method in methods if method.name == request.POST.get("method")), None)
        if method is None:
            return redirect(request.path)
        form = MethodForm(request.POST, account=self.account, method=method)
        if form.is_valid():
            self.keep_host(form)
            try:
                if isinstance(method, OAuth1 | OAuth2):
                    return self.leave(request, method)
                result = connect.paste(self.account, method, form.cleaned_data, request.user)
            except (ConnectRefused, NetworkError, ConfigurationError) as error:
                self.blame(form, error)
            else:
                return go_on(request, result)
        messages.error(request, _("The account was not connected. What to do is shown below."))
        return self.render_to_response(self.get_context_data(sent=form))

    def keep_host(self, form: MethodForm) -> None:
        """The server is no secret, and has to be the same when the network sends the admin back."""
        host = form.cleaned_data.get("host")
        if host and host != self.account.host:
            self.account.host = host
            self.account.save(update_fields=["host"])

    def leave(self, request, method):
        """Send the admin to the network, and remember why."""
        url, pending = connect.begin(self.account, method, callback_url(request), request.user)
        remember(request, SESSION, pending["state"], pending)
        return redirect(url)

    def blame(self, form: MethodForm, error: Exception) -> None:
        """Show what went wrong beside the field that it is about."""
        field = getattr(error, "field", "")
        if isinstance(error, AccountProblem):
            field = form.first_field[True]
        elif isinstance(error, Rejected) and error.reason in ABOUT_THE_TARGET:
            field = form.first_field[False]
        elif isinstance(error, NetworkError) and error.status is None:
            field = "host"
        form.add_error(field if field in form.fields else None, explained(error, self.account))

    def check(self, request):
        """Ask the network whether the access works; posts nothing."""
        try:
            identity = health.check(self.account)
        except (ConnectRefused, NetworkError, ConfigurationError) as error:
            log(instance=self.account, action="wagtail_syndicate.check", user=request.user, data={"works": False})
            messages.error(request, explained(error, self.account))
        else:
            log(instance=self.account, action="wagtail_syndicate.check", user=request.user, data={"works": True})
            text = _("The access works: this is %(handle)s. Nothing was posted.")
            messages.success(request, text % {"handle": identity.handle or self.account})
            say_released(request, self.account)
        return redirect(request.path)

    def get_context_data(self, sent: MethodForm | None = None, **kwargs):
        account, backend = self.account, self.account.backend_class
        address = callback_url(self.request)
        ways = connect_steps.ways_of(account, self.request.user, sent)
        status = status_of(account)
        there = urlsplit(address)
        elsewhere = there.netloc != self.request.get_host() and any(way["leaves"] for way in ways)
        return super().get_context_data(
            ways=ways,
            steps=connect_steps.steps_of(account, ways, folded=status["tone"] == "ok"),
            several=len(ways) > 1,
            callback_url=address,
            needs_callback=any(getattr(method, "keys", None) for method in backend.auth),
            # The answer comes back to that address, where this browser may not be signed in.
            admin_address=f"{there.scheme}://{there.netloc}" if elsewhere else "",
            status=status,
            network=network_name(account),
            connected=account.status != Account.Status.NEW,
            can_check=account.status != Account.Status.NEW and not isinstance(method_of(account), NoDoor),
            access_ends=health.access_ends(account),
            last_posted=with_last_posted(Account.objects.filter(pk=account.pk)).get().last_posted,
            **site_notice(self.request.user),
            **kwargs,
        )


class CallbackView(View):
    """Where networks send people back to."""

    def get(self, request):
        if not permissions.can_manage(request.user):
            raise PermissionDenied
        params = request.GET.dict()
        state = params.get("state") or params.get("oauth_token") or params.get("denied") or ""
        pending = take(request, SESSION, state)
        if pending is None:
            messages.error(
                request,
                _(
                    "This answer of a network does not belong to a sign-in that you started in this browser, "
                    "or it was used already. Nothing was changed. Start again from the account."
                ),
            )
            return redirect("syndication_accounts:index")
        account = Account.objects.filter(pk=pending["account"]).first()
        if account is not None and not permissions.can_manage(request.user, account):
            raise PermissionDenied  # the right was taken away meanwhile
        try:
            return go_on(request, connect.finish(pending, params, request.user))
        except (ConnectRefused, NetworkError, ConfigurationError) as error:
            return self.refused(request, pending, error)

    def refused(self, request, pending, error):
        """Back to the account's page, with what happened."""
        account = Account.objects.filter(pk=pending["account"]).first()
        if account is None or known_backend(account) is None:
            messages.error(request, str(error))
            return redirect("syndication_accounts:index")
        messages.error(request, explained(error, account))
        return redirect("wagtail_syndicate:connect", pk=account.pk)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class ChooseView(AccountPage, TemplateView):
    """Which of several the account posts as. What the network gave waits in the session, sealed."""

    template_name = "wagtail_syndicate/accounts/choose.html"

    def get_page_title(self):
        return _("Choose")

    @property
    def key(self) -> str:
        return str(self.account.pk)

    def get(self, request, *args, **kwargs):
        return self.ask()

    def post(self, request, *args, **kwargs):
        if "cancel" in request.POST:
            take(request, OFFERS, self.key)
            messages.success(request, _("Nothing was changed."))
            return redirect("wagtail_syndicate:connect", pk=self.account.pk)
        chosen = request.POST.get("target", "")
        if not chosen:
            return self.ask(_("Choose one of them."))
        pending = take(request, OFFERS, self.key)
        if pending is None:
            return self.refused(None)
        try:
            return go_on(request, settle.choose(pending, chosen, request.user))
        except (ConnectRefused, ConfigurationError) as error:
            return self.refused(error)

    def ask(self, complaint: str = ""):
        """The page, as long as there is something to choose from."""
        pending = self.request.session.get(OFFERS, {}).get(self.key)
        if pending is None:
            return self.refused(None)
        try:
            targets = settle.offered(pending, self.request.user)
        except (ConnectRefused, ConfigurationError) as error:
            return self.refused(error)
        context = self.get_context_data(
            choices=[self.shown(target) for target in targets],
            network=network_name(self.account),
            complaint=complaint,
        )
        return self.render_to_response(context)

    def shown(self, target: Identity) -> dict:
        """What people need to tell one target from another."""
        same = {"network": self.account.network, "host": self.account.host, "remote_id": target.remote_id}
        name = str(target.options.get("name") or "")
        handle = target.handle or target.remote_id
        return {
            "remote_id": target.remote_id,
            "handle": handle,
            "name": name if name != handle else "",
            "address": settle.web_link(target.profile_url),
            "taken": list(
                permissions.seen_accounts(self.request.user)
                .filter(**same)
                .exclude(pk=self.account.pk)
                .values_list("label", flat=True)
            ),
        }

    def refused(self, error: Exception | None):
        """Back to the connection, with what happened."""
        take(self.request, OFFERS, self.key)
        words = explained(error, self.account) if error else _("There is nothing to choose from here. Start again.")
        messages.error(self.request, words)
        return redirect("wagtail_syndicate:connect", pk=self.account.pk)


class DisconnectView(AccountPage, TemplateView):
    """Forget the access to an account, after asking."""

    template_name = "wagtail_syndicate/accounts/disconnect.html"

    def get_page_title(self):
        return _("Disconnect")

    def post(self, request, *args, **kwargs):
        connect.disconnect(self.account, request.user)
        messages.success(request, _("“%(label)s” is disconnected. Its history stays.") % {"label": self.account})
        return redirect("syndication_accounts:index")


def _autonomous(view):
    """A new token has to be committed before it is used, also on sites with ATOMIC_REQUESTS."""
    return transaction.non_atomic_requests(view.as_view())


urlpatterns = [
    path("accounts/<int:pk>/connect/", _autonomous(ConnectView), name="connect"),
    path("accounts/<int:pk>/choose/", _autonomous(ChooseView), name="choose"),
    path("accounts/<int:pk>/disconnect/", _autonomous(DisconnectView), name="disconnect"),
    path("connect/callback/", _autonomous(CallbackView), name="callback"),
]
