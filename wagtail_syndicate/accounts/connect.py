"""Connecting an account and taking it apart again. Nothing is stored before the network said whose keys they are."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from wagtail.log_actions import log

from wagtail_syndicate import conf
from wagtail_syndicate.accounts import environment, hosts, oauth1, oauth2, registration, scopes
from wagtail_syndicate.accounts.connection import app_of, connection_of, method_of, missing_keys
from wagtail_syndicate.accounts.problems import ConnectRefused
from wagtail_syndicate.accounts.settle import Offer, choices_of, keep, recall, settle, store
from wagtail_syndicate.backends.auth import NoDoor, OAuth1, OAuth2, Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.exceptions import ConfigurationError, CredentialsLost, NetworkError, Rejected
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Connection, Grant, Identity


FLOWS = {OAuth1: oauth1, OAuth2: oauth2}
# What NoDoor asks for and a column of its own holds.
SHOWN = ("handle", "profile_url")


@sensitive_variables()
def begin(account: Account, method: OAuth1 | OAuth2, callback_url: str, user) -> tuple[str, dict[str, Any]]:
    """Start the consent of a network.

    :param callback_url: where the network sends the admin back to; absolute.
    :returns: the address to send the admin to, and what to keep in the admin's session until then (JSON-ready; its
        ``state`` is how the answer is recognised).
    :raises ConnectRefused: something has to be put right first; :raises NetworkError: the network does not take part.
    """
    backend = _stranger(account, method, callback_url)
    url, state, kept = FLOWS[type(method)].begin(backend, method, callback_url)
    known = {"state": state, "callback_url": callback_url, "client_id": backend.connection.app.client_id}
    return url, keep(account, method, user, kept, **known)


@sensitive_variables()
def finish(pending: Mapping[str, Any], params: Mapping[str, str], user) -> Account | Offer:
    """Take the network's answer to :func:`begin` and connect the account.

    :param pending: what :func:`begin` gave, taken out of the session so that it is used once.
    :param params: the parameters that the network sent back.
    :returns: the account; or an offer, when an admin has to choose who it is.
    :raises ConnectRefused: it is not the answer to this question, or consent was denied; :raises NetworkError.
    """
    account, method, kept = recall(pending, user)
    _check_answer(account, method, pending["state"], params)
    backend = _stranger(account, method, pending["callback_url"], pending["client_id"])
    try:
        tokens = FLOWS[type(method)].finish(backend, method, pending["callback_url"], kept, params)
    except Rejected as error:
        if error.reason == "app_setup" and getattr(method, "register_url", ""):
            registration.forget(account.network, account.host, pending["client_id"])
        raise
    app, options = backend.connection.app, choices_of(account)
    connection = Connection(host=account.host, credentials=tokens.credentials, app=app, options=options)
    if isinstance(method, OAuth2):
        scopes.check(account.backend_class(connection), method, tokens.scopes)
    return settle(account, method, connection, tokens.expires_at, user)


@sensitive_variables()
def paste(account: Account, method: Pasted | NoDoor, data: Mapping[str, str], user) -> Account | Offer:
    """Connect an account with what an admin typed in: keys, or who it is when a person posts.

    :param data: by the names of the method's fields.
    :returns: the account; or an offer, when an admin has to choose who it is.
    :raises ConnectRefused: a value is no good; :raises NetworkError: the network does not accept the keys.
    """
    given = {field.name: _given(field, data.get(field.name) or "") for field in method.fields}
    credentials = {field.name: given[field.name] for field in method.fields if field.secret and given[field.name]}
    options = {field.name: given[field.name] for field in method.fields if not field.secret and given[field.name]}
    if isinstance(method, NoDoor):
        identity = _introduced(options)
        kept = {name: value for name, value in options.items() if name not in SHOWN}
        return store(account, method, kept, Grant(), identity, user)
    _check_host(account)
    connection = Connection(host=account.host, options={**choices_of(account), **options}, credentials=credentials)
    return settle(account, method, connection, None, user)


@sensitive_variables()
def disconnect(account: Account, user=None) -> None:
    """Forget the account's credentials and give them back to the network if that can be done; its history stays.

    A copy of the site, and one that only rehearses, keeps them from the network: they are the original's as well.
    """
    method, connection = None, Connection()
    may_ask = environment.is_home(account) and not conf.is_dry_run()
    with suppress(CredentialsLost, ConfigurationError):
        method, connection = method_of(account), connection_of(account)
    changes = {
        "status": Account.Status.NEW,
        "problem": "",
        "sealed_credentials": "",
        "credentials_expire_at": None,
        "connected_at": None,
        "connected_by": None,
        "environment": "",
        "expiry_announced": None,
        "problem_announced": False,
    }
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(**changes)
        for name, value in changes.items():
            setattr(account, name, value)
        log(instance=account, action="wagtail_syndicate.disconnect", user=user, data={"handle": account.handle})
    # Some networks take back all of a person's tokens at once, also those of another account of ours.
    shared = Account.objects.filter(
        network=account.network, host=account.host, remote_id=account.remote_id, status=Account.Status.CONNECTED
    )
    if may_ask and isinstance(method, OAuth2) and method.revoke_url and connection.credentials and not shared.exists():
        with suppress(NetworkError, ConfigurationError, ValidationError):
            oauth2.revoke(account.backend_class(connection), method, connection.credentials)


def twins(account: Account) -> list[Account]:
    """Other accounts of ours that post as the same presence: ticking both would post twice."""
    if not account.remote_id:
        return []
    same = Account.objects.filter(network=account.network, host=account.host, remote_id=account.remote_id)
    return list(same.exclude(pk=account.pk))


@sensitive_variables()
def _stranger(account: Account, method: OAuth1 | OAuth2, callback_url: str, client_id: str = "") -> BaseBackend:
    """The backend with the app's keys only: nobody is signed in yet."""
    backend = account.backend_class
    _check_host(account)
    if missing := missing_keys(backend, method):
        raise ConnectRefused(
            _(
                "The keys of the app are missing. Enter them under Settings, Syndication app keys, or let a developer "
                "add them to the site's settings: %(names)s."
            )
            % {"names": ", ".join(missing)}
        )
    if getattr(method, "register_url", ""):
        app = registration.app_of_server(backend(Connection(host=account.host)), method, callback_url)
    else:
        app = app_of(backend, method)
    if client_id and app.client_id != client_id:
        raise ConnectRefused(_("The keys of the app were changed in the meantime. Start again."))
    return backend(Connection(host=account.host, app=app))


def _check_host(account: Account) -> None:
    """What a name stands for may have changed since it was typed in."""
    if not account.backend_class.many_servers:
        return
    try:
        safe = hosts.normalise(account.host) == account.host
    except ValidationError as error:
        raise ConnectRefused(" ".join(error.messages), "host") from None
    if not safe:
        raise ConnectRefused(_("Enter the address again. It must begin with https://."), "host")


def _check_answer(account: Account, method: OAuth1 | OAuth2, state: str, params: Mapping[str, str]) -> None:
    """Whether the answer is to our question, of the network that was asked, and a yes.

    :raises ConnectRefused: it is not.
    """
    is_oauth1 = isinstance(method, OAuth1)
    given = params.get("oauth_token") or params.get("denied", "") if is_oauth1 else params.get("state", "")
    if not secrets.compare_digest(given.encode(), state.encode()):
        raise ConnectRefused(_("This answer does not belong to the sign-in that was started here. Start again."))
    network = {"network": account.backend_class.label}
    asked = account.backend_class(Connection(host=account.host))
    if not is_oauth1 and not oauth2.is_issuer(asked, method, params.get("iss", "")):
        raise ConnectRefused(
            _("This answer was not given by %(network)s, so nothing was changed. Start again from the account.")
            % network
        )
    if params.get("error") == "access_denied" or params.get("denied"):
        raise ConnectRefused(
            _("Access was denied at %(network)s, so nothing was changed. Start again if that was a mistake.") % network
        )
    if not params.get("oauth_verifier" if is_oauth1 else "code"):
        said = str(params.get("error_description") or params.get("error") or "")[:200]
        text = _("%(network)s did not give access, so nothing was changed. Start again.") % network
        if said:
            text += " " + _("%(network)s said: “%(detail)s”") % {**network, "detail": said}
        raise ConnectRefused(text)


def _given(field: PastedField, text: str) -> str:
    """A value as it is used.

    :raises ConnectRefused: it is missing, or an address that no requests may be sent to.
    """
    text = text.strip()
    if field.required and not text:
        raise ConnectRefused(_("This field is required."), field.name)
    if not (field.address and text):
        return text
    try:
        return hosts.web_address(text)
    except ValidationError as error:
        raise ConnectRefused(" ".join(error.messages), field.name) from None


def _introduced(options: Mapping[str, str]) -> Identity:
    """Who the account is, as an admin says; there is no network to ask."""
    address = options.get("profile_url", "")
    if address:
        try:
            URLValidator(schemes=["http", "https"])(address)
        except ValidationError as error:
            raise ConnectRefused(" ".join(error.messages), "profile_url") from None
    return Identity("", options.get("handle", ""), address)
