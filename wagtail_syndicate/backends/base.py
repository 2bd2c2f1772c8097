"""What every backend is: a network's facts as class constants, and the few calls that it takes.

A backend never touches the database, Celery or Wagtail. It gets a :class:`~wagtail_syndicate.types.Connection` and
frozen values, and answers with a receipt or one of the exceptions of :mod:`wagtail_syndicate.exceptions`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from wagtail_syndicate import conf
from wagtail_syndicate.backends.auth import NoDoor, OAuth1, OAuth2, Pasted
from wagtail_syndicate.backends.errors import HTTP_ROWS, ErrorRow, Problem, classify
from wagtail_syndicate.backends.http import Answer, Http
from wagtail_syndicate.backends.redaction import redact
from wagtail_syndicate.exceptions import NetworkError, OutcomeUnknown
from wagtail_syndicate.types import (
    Caution,
    Choice,
    Connection,
    Grant,
    Identity,
    Limits,
    Media,
    Message,
    Reach,
    Receipt,
    Region,
    Shape,
    Style,
)


class BaseBackend:
    """One network.

    Subclasses set the constants and write ``identify`` and ``publish``; the other methods are for what the network
    offers beyond that. ``find`` and ``upload`` are used when they are overridden.
    """

    name: ClassVar[str] = ""
    """The key in settings, addresses and tables: lower-case ASCII."""
    label: ClassVar[str] = ""
    """What people call the network."""
    region: ClassVar[Region] = Region.GLOBAL
    reach: ClassVar[Reach] = Reach.AUTOMATIC
    auth: ClassVar[tuple[OAuth2 | OAuth1 | Pasted | NoDoor, ...]] = ()
    """The ways to connect an account, best first."""
    conditions: ClassVar[tuple[str, ...]] = ()
    """What an admin has to know before connecting: costs, reviews, limits. Lazy strings."""
    hosts: ClassVar[Mapping[str, str]] = {}
    """The network's addresses by role, without a slash at the end; settings may override them (``HOSTS``)."""
    retired: ClassVar[bool] = False
    """Whether the network is gone as one that people post to: offered only where settings name it."""
    choices: ClassVar[tuple[Choice, ...]] = ()
    """What an admin may choose for an account of the network; see :meth:`chosen`."""
    many_servers: ClassVar[bool] = False
    """Whether the account's own server has to be asked for (Mastodon); it is then the host ``server``."""
    shares_server: ClassVar[bool] = True
    """Whether all accounts (of one host, with ``many_servers``) speak to the same server; when it is gone for one of
    them, it is for all."""
    limits: ClassVar[Limits] = Limits(length=5000)
    style: ClassVar[Style] = Style()
    errors: ClassVar[tuple[ErrorRow, ...]] = ()
    reasons: ClassVar[Mapping[str, str]] = {}
    """Sentences for reasons that only this network has."""
    key_seconds: ClassVar[int] = 0
    """How long (seconds) the network is known to recognise a repeated idempotency key; 0: it has none."""
    settle_seconds: ClassVar[float] = 60.0
    """How long (seconds) the network's list of an account's posts may lag: one that is missing sooner may be there."""
    renew_early: ClassVar[timedelta] = timedelta(seconds=60)
    """How long before access ends it is renewed; days where it cannot be renewed any more once it has ended.

    From a day on, the sweep renews it, whether or not anybody publishes; below that, whoever publishes.
    """
    icon: ClassVar[str] = "site"
    """The name of the network's icon in Wagtail's icon set."""
    shape: ClassVar[Shape] = Shape.FEED
    """What its posts look like in the panel's preview."""

    def __init__(self, connection: Connection = Connection(), http: Http | None = None):  # noqa: B008 (frozen)
        self.connection = connection
        self.http = http or Http(connection.secrets)
        self.pause = 0.0
        """Seconds for which the network, by its last answers, wants no more posts of this account."""

    def __repr__(self):
        return f"<{type(self).__name__} {self.connection.handle or 'not connected'}>"

    # Facts that may depend on the account

    def get_limits(self) -> Limits:
        """The limits that hold for this account; those of the class unless its server has its own."""
        return self.limits

    def chosen(self, name: str) -> str:
        """What the admin chose for this account of one of the ``choices``; its first value when nothing was."""
        values = [key for choice in self.choices if choice.name == name for key, _label in choice.values]
        value = self.connection.options.get(name)
        return value if value in values else values[0]

    def cautions(self, message: Message) -> Sequence[Caution]:
        """What an editor should know before this very message is published.

        Pure, and asked while she writes: that the network would refuse the link, what the post costs. That it is too
        long, or lacks a picture that the network needs (``ImageLimits.needed``), is found without it.
        """
        return ()

    # Connecting

    def exchange(self) -> Grant | None:
        """Trade what an admin's consent, or a pasted key, gave for what lasts: called once, when connecting.

        :returns: what replaces the credentials of those names; ``None`` when they are good as they are.
        :raises NetworkError: the network does not accept them, or cannot be reached.
        """
        return None

    def renew(self) -> Grant:
        """New access for what is about to end; asked for by one process at a time. OAuth 2.0 doors with ``refresh``
        need none of their own.

        :raises AccountProblem: it cannot be renewed any more; :raises NotSent: the network could not be asked.
        """
        raise NotImplementedError

    def targets(self) -> Sequence[Identity]:
        """Who may be posted as with these credentials: pages, organisations. An admin chooses when there are several.

        :raises NetworkError: as :meth:`identify`; Rejected when there is none.
        """
        return (self.identify(),)

    def granted_scopes(self) -> Collection[str] | None:
        """What the fresh credentials are good for; asked by networks that do not say so in the answer with the token.

        :returns: ``None`` where that cannot be asked.
        :raises NetworkError: the network could not be asked.
        """
        return None

    def identify(self) -> Identity:
        """Ask the network whose credentials these are. Posts nothing.

        :raises NetworkError: the network does not accept them, or cannot be reached.
        """
        raise NotImplementedError

    # Publishing

    def upload(self, media: Media) -> Any:
        """Hand over one picture before the post; invisible to readers and safe to repeat.

        Networks that take pictures in the post itself keep this: the picture is passed on to ``publish`` as it is.

        :returns: what ``publish`` needs to attach it.
        :raises MediaRejected: the network will not take this picture.
        """
        return media

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        """Make the post: the one call that cannot be taken back.

        :param uploads: what ``upload`` returned for each of the message's pictures, in order.
        :param key: the same for every attempt of one delivery; for the network's idempotency, where it has one. A
            UUID of version 7: it also tells when the delivery was planned (:func:`wagtail_syndicate.keys.moment`).
        :raises NetworkError: by what has to happen next; see :mod:`wagtail_syndicate.exceptions`.
        """
        raise NotImplementedError

    def find(self, message: Message, since: datetime) -> Receipt | None:
        """Look whether the post is there, in what the account posted after ``since``.

        :returns: its receipt; ``None`` when it is surely not there.
        :raises NetworkError: the network could not be asked.
        """
        raise NotImplementedError

    def can_find(self) -> bool:
        """Whether this account's posts can be looked up; needs no credentials to answer."""
        return self.offers("find")

    def facts(self) -> Sequence[str]:
        """What connecting found out about this account that an admin wants to see, in sentences; asks nobody."""
        return ()

    def edit(self, remote_id: str, message: Message) -> Receipt:
        """Change the words of a post that is there; its pictures stay.

        :raises NetworkError: as for :meth:`publish`, but nothing can be posted twice.
        """
        raise NotImplementedError

    def delete(self, remote_id: str) -> None:
        """Take a post back; one that is gone already counts as taken back.

        :raises NetworkError: the network did not do it.
        """
        raise NotImplementedError

    @classmethod
    def offers(cls, method: str) -> bool:
        """Whether the network's backend has a method of its own: ``find``, ``edit``, ``delete``, ``renew`` ..."""
        return getattr(cls, method) is not getattr(BaseBackend, method)

    def share_link(self, message: Message) -> str:
        """The network's share dialog, filled in as far as it takes that; "" where there is none."""
        return ""

    # Speaking

    @classmethod
    def option(cls, name: str, default: Any = None) -> Any:
        """What the site's settings say about this network."""
        return conf.network_options(cls.name).get(name, default)

    def host(self, role: str) -> str:
        """The address of one of the network's hosts."""
        if role == "server":
            return self.connection.host.rstrip("/")
        return (self.option("HOSTS") or {}).get(role, self.hosts[role]).rstrip("/")

    def url(self, template: str) -> str:
        """An address that begins with a host's role in braces: ``{api}/2/tweets``."""
        role, _, path = template.removeprefix("{").partition("}")
        return self.host(role) + path

    def headers(self) -> dict[str, str]:
        """What every request to the API carries; by default the access token as a bearer."""
        token = self.connection.credentials.get("access_token")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method: str, template: str, *, irreversible: bool = False, headers=None, **kwargs) -> Answer:
        """Send a request to the network and return its answer when it is a success.

        :param template: as for :meth:`url`; :param irreversible: whether it makes a post when it is accepted.
        :raises NetworkError: as the table of errors says, or as the transport failed.
        """
        answer = self.http.request(
            method,
            self.url(template),
            irreversible=irreversible,
            headers={**self.headers(), **(headers or {})},
            **kwargs,
        )
        self.pause = max(self.pause, self.wanted_pause(answer))
        problem = self.problem(answer)
        if problem is None:
            return answer
        # Some servers repeat the key that they refuse; it is removed before the text is cut, never half.
        problem = replace(problem, text=redact(problem.text, self.http.secrets)[:500])
        raise self.classify(problem, irreversible)

    def wanted_pause(self, answer: Answer) -> float:
        """Seconds for which a successful answer asks to send nothing more, because a limit is (nearly) spent."""
        return (answer.retry_after or 0.0) if 200 <= answer.status < 300 and answer.is_last else 0.0

    def problem(self, answer: Answer) -> Problem | None:
        """What the answer says went wrong; ``None`` for a success. Override where errors hide behind 200."""
        if 200 <= answer.status < 300:
            return None
        return Problem(answer.status, "", self.error_text(answer), answer.retry_after)

    def error_text(self, answer: Answer) -> str:
        """The network's own words, short."""
        for path in (("error_description",), ("error", "message"), ("error",), ("message",), ("detail",)):
            if isinstance(value := answer.get(*path), str):
                return value
        return "" if answer.data is not None else f"{answer.headers.get('Content-Type', 'no body')}"[:80]

    def classify(self, problem: Problem, irreversible: bool) -> NetworkError:
        """The exception for a problem: this network's rows first, then HTTP's own."""
        return classify((*self.errors, *HTTP_ROWS), problem, irreversible)

    def receipt(self, remote_id: Any, permalink: str = "") -> Receipt:
        """A receipt, for an answer that must hold the id of the new post.

        :raises OutcomeUnknown: it holds none, so nobody knows whether there is a post.
        """
        if not isinstance(remote_id, str | int) or isinstance(remote_id, bool) or remote_id in ("", 0):
            raise OutcomeUnknown("unclear_answer", "the answer holds no id")
        return Receipt(str(remote_id), permalink)


def link_to(address: str, **params: str) -> str:
    """A share dialog's address with its parameters percent-encoded once (``%20``, never ``+``), without empty ones."""
    query = urlencode({name: value for name, value in params.items() if value}, quote_via=quote)
    return f"{address}?{query}"
