"""What the checks stand on: what a test file says, and calls of its backend with everything that can happen."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import override_settings
from django.utils.module_loading import import_string

from wagtail_syndicate import conf
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.likeness import fingerprint
from wagtail_syndicate.exceptions import (
    MediaRejected,
    NetworkError,
    NotSent,
    OutcomeUnknown,
)
from wagtail_syndicate.keys import new_key
from wagtail_syndicate.testing import texts
from wagtail_syndicate.testing.faults import WAIT, Fault
from wagtail_syndicate.testing.judging import (
    matches,
    named,
)
from wagtail_syndicate.testing.play import Endless, Run, pick, play, secret_forms, strings
from wagtail_syndicate.testing.server import Captured, Request
from wagtail_syndicate.types import Connection, Identity, Limits, Media, Message, Reach, Receipt


PICTURE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////"
    "////////wAALCAAQACABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AJgAD//Z"
)
PICTURES_AT = f"{texts.HOST}/media/"
KEY = "0197a4c2-8f00-7000-8000-000000000001"
TAG = re.compile(r"<[^<>]*>")
REQUIRED = ("identify", "publish")
"""What a backend has to write, unless its reach is ASSISTED."""


@dataclass(frozen=True)
class Refusal:
    """An answer that is a refusal, and what the backend must make of it.

    :param request: which request it answers: ``POST /method/wall.post``, with ``*`` for any part of a path.
    :param raises: the exact class of :mod:`wagtail_syndicate.exceptions`; :param reason: its reason, "" for any.
    """

    request: str
    answer: Captured
    raises: type[NetworkError]
    reason: str = ""


@dataclass(frozen=True)
class Posted:
    """A post at the network, for :meth:`BackendConformance.shown`; ``mine``: made by the connected account."""

    message: Message
    remote_id: str
    at: datetime
    mine: bool = True


def demand(condition: Any, message: str) -> None:
    """Fail the test with what its author has to do, without the kit's own lines."""
    if not condition:
        pytest.fail(message, pytrace=False)


class Ground:
    """What a test file says about its network, and the calls that the checks make."""

    backend: type[BaseBackend] | str = ""
    """The class, or the dotted path to it."""
    connection: Connection = Connection()
    """An account as connecting leaves it; its credentials made up, at least 8 characters each."""
    options: Mapping[str, Any] = {}
    """What the site's settings say about the network, beyond ``HOSTS``."""
    docs: str = ""
    """The network's page: a path from the project's root or an address; "": ``docs/networks/<name>.md``."""
    answers: Mapping[str, Captured | Sequence[Captured] | Callable[[Request], Captured]] = {}
    """What the network answers when all is well, by method and path; several are given one after the other."""
    refusals: tuple[Refusal, ...] = ()
    """What it answers when it refuses; at least one for the request that makes the post."""
    expired: Refusal | None = None
    """What it answers to any request once the key is no longer good; ``request`` may be ``*``."""
    optional: tuple[str, ...] = ()
    """Requests whose failure costs nothing: a description of a picture, a look at the new post's address."""
    gone: Mapping[str, Captured] = {}
    """What it answers to ``edit`` and ``delete`` when the post is gone already."""
    denies: bool = True
    """Whether ``find`` can say that a post is not there; not where lists leave posts out: then it raises NotSent."""
    page: int = 0
    """How many posts ``shown`` gives at once, as the network does for ``find``; 0: all of them."""

    def shown(self, posts: Sequence[Posted], request: Request) -> Captured | None:
        """What the network shows when ``find`` looks: an answer that lists ``posts``, newest first.

        A network that lists only the account's own posts leaves out those that are not ``mine``; one with pages
        (``page``) is asked several times, and ``request.query`` tells which page.

        :returns: ``None`` for requests that ``answers`` answers.
        """
        raise NotImplementedError

    def says(self, request: Request, message: Message) -> bool:
        """Whether a request carries the message's words; override where they travel in an unusual form."""
        words = fingerprint(message.text)
        return any(words in fingerprint(form) for text in request.texts for form in (text, TAG.sub(" ", text)))

    @property
    def _class(self) -> type[BaseBackend]:
        demand(self.backend, "Say which backend is tested: backend = Backend, or its dotted path.")
        return import_string(self.backend) if isinstance(self.backend, str) else self.backend

    @property
    def _is_assisted(self) -> bool:
        return self._class.reach is Reach.ASSISTED and not self._class.offers("publish")

    @classmethod
    def _has(cls, method: str) -> bool:
        """Whether the checks of a method apply: it is written, or has to be."""
        backend = import_string(cls.backend) if isinstance(cls.backend, str) else cls.backend
        if method == "key_seconds":
            return bool(backend.key_seconds)
        return backend.offers(method) or (method in REQUIRED and backend.reach is not Reach.ASSISTED)

    def _asked(self, question: Callable[[BaseBackend], Any], connection: Connection | None = None) -> Any:
        """What the backend says without asking its network, at the network's own addresses."""
        backend, connection = self._class, connection or self.connection
        if backend.many_servers and not connection.host:
            connection = replace(connection, host="https://server.example")
        with override_settings(**{conf.SETTING: {"NETWORKS": {backend.name: dict(self.options)}}}):
            return question(backend(connection))

    @property
    def _limits(self) -> Limits:
        return self._asked(lambda backend: backend.get_limits())

    def _looks_up(self) -> None:
        if not self._asked(lambda backend: backend.can_find()):
            pytest.skip("The posts of this account cannot be looked up.")

    def _message(self, kind: str, images: bool = False) -> Message:
        limits = self._limits
        message = texts.message(kind, limits, self._class.style, images)
        length, limit = limits.count(message.text), limits.length_with(len(message.images))
        demand(
            length <= limit,
            f"compose made {length} units for a limit of {limit}: does limits.count grow with the text?",
        )
        return message

    def _variants(self) -> list[Message]:
        """A message without pictures and, where the network takes them, one with a picture."""
        plain = self._message("plain")
        pictured = self._message("plain", images=True)
        return [plain, replace(pictured, images=pictured.images[:1])] if pictured.images else [plain]

    def _play(self, action, *, answers=None, posts=None, **kwargs) -> Run:
        def answer(request: Request, run: Run) -> Captured | None:
            shown = self.shown(posts, request) if posts is not None else None
            return shown or pick(answers or {}, request, run) or pick(self.answers, request, run)

        run = play(self._class, self.connection, action, answer, options=self.options, **kwargs)
        if isinstance(run.error, Endless):
            pytest.fail(f"The backend asks without end: {named(run.sent[-3:])}.", pytrace=False)
        if run.unanswered:
            pytest.fail(
                f"The backend asks {run.unanswered[0]}, and `answers` has nothing for it: "
                "capture what the network answers.",
                pytrace=False,
            )
        demand(
            len(run.received) <= len(run.sent),
            f"{len(run.received)} requests arrived, {len(run.sent)} went through self.call or self.http. "
            "Send all of them that way: it keeps time limits and secrets, and tells what a broken connection means.",
        )
        return run

    def _publication(self, message: Message, key: str = "", address: bool = True):
        """As a delivery does it: the pictures first, those that are refused left out; then the post."""
        key = key or str(new_key())

        def publish(backend: BaseBackend) -> Receipt:
            uploads, kept = [], []
            for media, image in zip(self._media(message, address), message.images, strict=True):
                try:
                    uploads.append(backend.upload(media))
                    kept.append(image)
                except MediaRejected:
                    if address:
                        raise
            return backend.publish(replace(message, images=tuple(kept)), uploads, key)

        return publish

    @staticmethod
    def _media(message: Message, address: bool = True) -> list[Media]:
        return [
            Media(PICTURE, "image/jpeg", name, image.alt, f"{PICTURES_AT}{name}" if address else "")
            for image, name in ((image, f"picture-{number}.jpg") for number, image in enumerate(message.images, 1))
        ]

    def _publish(self, message: Message, address: bool = True, **kwargs) -> Run:
        return self._play(self._publication(message, address=address), **kwargs)

    def _published(self, message: Message, address: bool = True) -> None:
        run = self._publish(message, address)
        self._went_well(run, "publish")
        demand(isinstance(run.value, Receipt), f"publish returns self.receipt(id, permalink), not {run.value!r}.")
        self._is_receipt(run.value)
        demand(
            any(self.says(request, message) for request in run.received),
            f"Not all words of the message are in the requests {named(run.sent)}:\n{message.text}",
        )
        addresses = {message.link, unquote(message.link)}
        demand(
            any(
                address in form
                for request in run.received
                for text in request.texts
                for form in (text, unquote(text))
                for address in addresses
            ),
            f"The article's address {message.link} is in none of the requests {named(run.sent)}; "
            f"limits.link is {self._limits.link}.",
        )

    def _is_receipt(self, receipt: Receipt) -> None:
        link = receipt.permalink
        demand(isinstance(link, str), f'The permalink is {link!r}; it is text, "" where there is none.')
        demand(not link or link.startswith(("https://", "http://")), f"The permalink {link!r} is no web address.")

    def _handed_over(self, message: Message) -> list[Any]:
        """What ``upload`` makes of a message's pictures."""
        run = self._play(lambda backend: [backend.upload(media) for media in self._media(message)])
        self._went_well(run, "upload")
        return run.value

    def _posted_with(self, message: Message, uploads: Sequence[Any]) -> list[tuple]:
        """What is sent to publish a message with the first of its pictures, which were handed over already."""
        message = replace(message, images=message.images[: len(uploads)])
        run = self._play(lambda backend: backend.publish(message, uploads, KEY))
        self._went_well(run, f"publish with {len(uploads)} pictures")
        return [request.essence for request in run.received]

    def _stages(self, action, fault: Fault, healthy: Run | None = None, **kwargs):
        """The same call again and again, with the fault at each of its requests in turn."""
        if healthy is None:
            healthy = self._play(action, **kwargs)
            self._went_well(healthy, "the call")
        for place in range(len(healthy.sent)):
            if not (fault.strange and not healthy.answered[place].is_json):
                yield place, self._play(action, stage=place, fault=fault.does, **kwargs)

    def _went_well(self, run: Run, what: str) -> None:
        if run.error is not None:
            raise AssertionError(
                f"{what} failed although the network answered as captured ({named(run.sent)}): {run.error!r}"
            ) from run.error

    def _is(self, run: Run, kinds: tuple[type[Exception], ...], what: str, exactly: bool = False) -> None:
        right = type(run.error) in kinds if exactly else isinstance(run.error, kinds)
        if not right:
            names = " or ".join(kind.__name__ for kind in kinds)
            raise AssertionError(f"{what}: has to raise {names}, raised {run.error!r}.") from run.error

    def _is_optional(self, sent) -> bool:
        return any(matches(pattern, str(sent)) for pattern in self.optional)

    def _asked_again(self, run: Run, place: int) -> bool:
        failed = run.sent[place]
        return any(str(later) == str(failed) for later in run.sent[place + 1 :]) and not failed.irreversible

    def _reversible_failed(self, run: Run, place: int, fault: Fault, kinds: tuple[type[Exception], ...]) -> None:
        what = f"{fault.name} at {run.sent[place]}"
        if run.error is None:
            forgiven = self._is_optional(run.sent[place]) or self._asked_again(run, place)
            demand(
                forgiven,
                f"{what} was taken for a success. If nothing is lost by it, name the request in `optional`; "
                "else raise NotSent.",
            )
            return
        demand(
            not isinstance(run.error, OutcomeUnknown),
            f"{what}: OutcomeUnknown, but no post can have been made by then.",
        )
        self._is(run, kinds, what)
        if "with Retry-After" in fault.name and isinstance(run.error, NotSent):
            demand(run.error.retry_after == WAIT, f"{what}: retry_after is {run.error.retry_after}, not {WAIT}.")

    def _publication_failed(self, healthy: Run, run: Run, place: int, fault: Fault) -> None:
        decisive = healthy.decisive[0] if healthy.decisive else len(healthy.sent)
        what = f"{fault.name} at {healthy.sent[place]}"
        if place < decisive:
            went_on = run.error is not None and run.decisive
            demand(
                not went_on or self._is_optional(healthy.sent[place]) or self._asked_again(run, place),
                f"{what}: the post was made all the same.",
            )
            self._reversible_failed(run, place, fault, fault.reaction)
            return
        demand(
            len(run.decisive) <= 1,
            f"{what}: the post was sent {len(run.decisive)} times in one call. Never repeat it yourself; raise, and "
            "the delivery is tried again when it is safe.",
        )
        if place > decisive:
            if run.error is not None:
                self._is(run, (OutcomeUnknown,), f"{what}, after the post was made")
            return
        demand(run.error is not None, f"{what} was taken for a success.")
        if fault.definite:
            self._is(run, (NotSent,), f"{what}: the post was surely not accepted")
            if "with Retry-After" in fault.name:
                demand(run.error.retry_after == WAIT, f"{what}: retry_after is {run.error.retry_after}, not {WAIT}.")
        else:
            self._is(run, (OutcomeUnknown,), f"{what}: the post may or may not be there")

    def _repeated(self, message: Message) -> list[tuple]:
        """What makes the post, sent twice with one key and once with another."""
        key, found = str(new_key()), []

        def publish(backend: BaseBackend) -> None:
            for each in (key, key, str(new_key())):
                self._publication(message, each)(backend)

        run = self._play(publish)
        self._went_well(run, "publish, twice with the same key and once with another,")
        found = [run.received[place].essence for place in run.decisive]
        demand(len(found) == 3, f"{len(found)} irreversible requests for three publications: {named(run.sent)}.")
        return found

    def _nothing_secret(self, run: Run, what: str) -> None:
        forms = secret_forms(run.backend.connection)
        for place, text in run.shown():
            for secret, form in forms.items():
                demand(
                    secret not in text,
                    f"{what}: a credential ({form}) is seen in {place}. Raise errors through self.call, or `from "
                    "None` with redact(text, self.http.secrets), and log nothing that holds one.",
                )

    def _keeps_secrets(self, identity: Identity) -> None:
        """Whether what is stored in the open, and shown to people, holds none of the keys."""
        own = strings(identity.credentials)
        secrets = [*secret_forms(self.connection), *(secret for secret in own if len(secret) > 3)]
        options = json.dumps(identity.options, ensure_ascii=False, default=str)
        shown = {"remote_id": identity.remote_id, "handle": identity.handle, "profile_url": identity.profile_url}
        for place, text in {**shown, "options": options}.items():
            demand(
                not any(secret in text for secret in secrets),
                f"A credential stands in Identity.{place}, which is stored in the open; secrets go into credentials.",
            )

    def _asks(self, pattern: str) -> tuple[Callable[[BaseBackend], Any], Sequence[Posted] | None, Run]:
        """A call that sends such a request, with what ``shown`` is given meanwhile."""
        actions: list[tuple] = []
        if self._class.offers("publish"):
            actions += [(self._publication(message), None) for message in self._variants()]
        if self._class.offers("identify"):
            actions.append((lambda backend: backend.identify(), None))
        if self._class.offers("find") and self._asked(lambda backend: backend.can_find()):
            actions.append((self._search(self._message("plain")), ()))
        for method in ("edit", "delete"):
            if self._class.offers(method):
                actions.append((self._change(method), None))
        for action, posts in actions:
            run = self._play(action, posts=posts)
            if any(matches(pattern, str(sent)) for sent in run.sent):
                return action, posts, run
        pytest.fail(f"No call of the backend sends {pattern}, for which there is a refusal.", pytrace=False)

    def _change(self, method: str) -> Callable[[BaseBackend], Any]:
        message, remote_id = self._message("Cyrillic"), self._remote_id()
        if method == "edit":
            return lambda backend: backend.edit(remote_id, message)
        return lambda backend: backend.delete(remote_id)

    def _remote_id(self) -> str:
        run = self._publish(self._message("plain"))
        self._went_well(run, "publish")
        return run.value.remote_id

    def _sent(self, kind: str) -> Posted:
        return Posted(self._message(kind), self._remote_id(), datetime.now(UTC).replace(microsecond=0))

    def _search(self, message: Message):
        since = datetime.now(UTC) - timedelta(minutes=5)
        return lambda backend: backend.find(message, since)

    def _find(self, message: Message, posts: Sequence[Posted]) -> Run:
        return self._play(self._search(message), posts=posts)
