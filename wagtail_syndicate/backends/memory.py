"""A network without a network: for the tests of sites, of other packages and of this one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any, ClassVar, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import NetworkError, Rejected
from wagtail_syndicate.types import Identity, ImageLimits, Limits, Message, Receipt, Region, Style


class Post(NamedTuple):
    """A post that was accepted: from whom, what, with which pictures, under which key; its id and its time."""

    handle: str
    message: Message
    uploads: tuple[Any, ...]
    key: str
    remote_id: str
    posted_at: datetime


class Backend(BaseBackend):
    """Posts land in ``Backend.outbox``; nothing leaves the process.

    Name it in the settings of a test (``"NETWORKS": {"memory": {}}``), publish, and look at ``outbox``. It recognises
    a repeated key, can be asked what it has, and lets posts be changed and deleted. Call :meth:`reset` before each
    test: the outbox is the class's own.
    """

    name = "memory"
    label = _("Memory (tests)")
    region = Region.GLOBAL
    auth = (Pasted((PastedField("name", _("Name"), _("Any name for the account."), secret=False),), label=_("Name")),)
    hosts = {"web": "https://memory.example"}
    limits = Limits(length=500, count=counting.characters, images=ImageLimits(count=4, alt_length=1000))
    style = Style(title="line", target=280, hashtags=2)
    key_seconds = 30 * 24 * 3600

    outbox: ClassVar[list[Post]] = []
    """What was accepted and is still there, oldest first."""
    _numbers: ClassVar[Iterator[int]] = count(1)
    _faults: ClassVar[list[tuple[str, NetworkError, bool]]] = []

    @classmethod
    def reset(cls) -> None:
        """Forget all posts and all failures to come."""
        cls.outbox.clear()
        cls._faults.clear()
        cls._numbers = count(1)

    @classmethod
    def fail_with(cls, *errors: NetworkError, accepted: bool = False, method: str = "publish") -> None:
        """Let the next calls of a method (``publish``, ``edit``, ``delete``) end with ``errors``, one each.

        :param accepted: whether it is done all the same, as when a connection breaks during the answer.
        """
        cls._faults.extend((method, error, accepted) for error in errors)

    def identify(self) -> Identity:
        name = self.connection.options.get("name") or self.connection.handle or "memory"
        return Identity(name, name, f"{self.host('web')}/{name}")

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        if self.http.rehearses:
            self.http.request("POST", f"{self.host('web')}/{self.connection.handle}", json=message.to_dict())
        with self._fault("publish"):
            post = next((post for post in self._own() if key and post.key == key), None)
            if post is None:
                number = str(next(self._numbers))
                post = Post(self.connection.handle, message, tuple(uploads), key, number, timezone.now())
                self.outbox.append(post)
        return self._receipt(post)

    def edit(self, remote_id: str, message: Message) -> Receipt:
        with self._fault("edit"):
            post = self._named(remote_id)
            if post is None:
                raise Rejected("post_gone")
            self.outbox[self.outbox.index(post)] = post._replace(message=message)
        return self._receipt(post)

    def delete(self, remote_id: str) -> None:
        with self._fault("delete"):
            if post := self._named(remote_id):
                self.outbox.remove(post)

    def find(self, message: Message, since: datetime) -> Receipt | None:
        for post in self._own():
            if post.posted_at >= since and post.message.text == message.text:
                return self._receipt(post)
        return None

    @contextmanager
    def _fault(self, method: str) -> Iterator[None]:
        """Let what is done in it fail as it was told to: before it is done, or afterwards."""
        found = next((fault for fault in self._faults if fault[0] == method), None)
        if found is None:
            yield
            return
        self._faults.remove(found)
        _method, error, accepted = found
        if accepted:
            yield
        raise error

    def _named(self, remote_id: str) -> Post | None:
        return next((post for post in self._own() if post.remote_id == remote_id), None)

    def _own(self) -> list[Post]:
        return [post for post in self.outbox if post.handle == self.connection.handle]

    def _receipt(self, post: Post) -> Receipt:
        return Receipt(post.remote_id, f"{self.host('web')}/{post.handle}/{post.remote_id}")
