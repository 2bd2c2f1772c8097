"""The doors of networks: how an account is connected. A backend lists the ones it has, best first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OAuth2:
    """The OAuth 2.0 authorization code flow.

    Addresses may begin with a host of the backend, as in ``{web}/oauth2/authorize``.

    :param pkce: whether the network takes a code challenge (S256).
    :param token_method: how the token endpoint is asked for tokens: ``POST`` (RFC 6749) or ``GET``.
    :param client_auth: where the app's keys go at the token endpoint: ``basic`` (header) or ``body``.
    :param keys: settings that hold the app's id and secret, and further ones that have to be filled in; ``None`` when
        the app registers itself (``register_url``).
    :param register_url: where an app asks for keys of its own, for networks of many servers.
    :param refresh: whether access tokens can be refreshed; :param revoke_url: where they are given back.
    :param optional_scopes: those of the ``scopes`` that some accounts do without: a person may deny them.
    :param issuer: how the network names itself in its answers (``iss``, RFC 9207), where it is known to do so always.
    :param console: the network's page for developers, where apps are made.
    :param preparation: what has to be done there first, step by step. Lazy strings.
    :param key_labels: what the network calls the ``keys`` there, in their order.
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...] = ()
    name: str = "oauth2"
    label: str = "OAuth 2.0"
    pkce: bool = True
    token_method: str = "POST"  # noqa: S105 (a method, no token)
    client_auth: str = "body"
    scope_separator: str = " "
    keys: tuple[str, ...] | None = ("CLIENT_ID", "CLIENT_SECRET")
    register_url: str = ""
    refresh: bool = False
    revoke_url: str = ""
    optional_scopes: tuple[str, ...] = ()
    issuer: str = ""
    console: str = ""
    preparation: tuple[str, ...] = ()
    key_labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class OAuth1:
    """The OAuth 1.0a flow: request token, consent, access token; signed with HMAC-SHA1.

    The last three parameters are those of :class:`OAuth2`.
    """

    request_token_url: str
    authorize_url: str
    access_token_url: str
    name: str = "oauth1"
    label: str = "OAuth 1.0a"
    keys: tuple[str, str] = ("CONSUMER_KEY", "CONSUMER_SECRET")
    console: str = ""
    preparation: tuple[str, ...] = ()
    key_labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class PastedField:
    """One value that an admin copies from the network's pages.

    :param secret: sealed with the credentials; otherwise kept in the open, among the account's options.
    :param address: whether it is a web address that requests are sent to, and so has to be a public one.
    """

    name: str
    label: str
    help_text: str = ""
    secret: bool = True
    required: bool = True
    address: bool = False


@dataclass(frozen=True)
class Pasted:
    """Keys that an admin copies from the network's pages and pastes here."""

    fields: tuple[PastedField, ...]
    name: str = "pasted"
    label: str = "Access key"


@dataclass(frozen=True)
class NoDoor:
    """Nothing to connect: a person posts. ``fields`` may ask for what names the account (never secrets)."""

    fields: tuple[PastedField, ...] = ()
    name: str = "none"
    label: str = ""
