"""HTTP to networks: one place for time limits, size limits and what a broken connection means."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

import wagtail_syndicate
from wagtail_syndicate import conf
from wagtail_syndicate.backends import rate_limits
from wagtail_syndicate.backends.addresses import Adapter, NotPublic, deadline, only_public
from wagtail_syndicate.backends.redaction import kept_out_of_logs, redact
from wagtail_syndicate.exceptions import AccountProblem, NotSent, OutcomeUnknown


CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 15.0  # seconds between two pieces of an answer
DEADLINE = 20.0  # seconds for the whole answer; shorter than the lane's lease
MAX_BYTES = 1024 * 1024  # of an answer

NEVER_CONNECTED = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationParseError,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.NewConnectionError,
)

_local = threading.local()


class _Session(requests.Session):
    """Never looks where a redirect leads: that reads its whole body, and fails on addresses that are none."""

    def get_redirect_target(self, resp):
        return None


def session() -> requests.Session:
    """This thread's session: connections are reused, cookies and environment settings (proxies, .netrc) are not."""
    if not hasattr(_local, "session"):
        made = _Session()
        made.trust_env = False
        made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        made.headers["User-Agent"] = f"wagtail-syndicate/{wagtail_syndicate.__version__}"
        for prefix in ("https://", "http://"):
            made.mount(prefix, Adapter(pool_connections=32, pool_maxsize=4, max_retries=0))
        _local.session = made
    return _local.session


@dataclass(frozen=True, repr=False)
class Answer:
    """What a server answered. ``data`` is the parsed JSON, ``None`` when the body is something else."""

    status: int
    headers: Mapping[str, str] = field(default_factory=CaseInsensitiveDict)
    text: str = ""
    data: Any = None

    def __repr__(self):
        return f"<Answer {self.status}>"

    def get(self, *path: str | int) -> Any:
        """The value at ``path`` in the JSON, ``None`` where there is none."""
        value = self.data
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    @property
    def is_last(self) -> bool:
        """Whether a limit is spent with this answer, so that the next request would be refused."""
        return rate_limits.is_spent(self.headers)

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, from whichever header the server used; ``None`` when it said nothing."""
        return rate_limits.waiting_time(self.headers)


class Http:
    """The way to one account's network.

    :param secrets: values that no exception may show.
    """

    rehearses = False
    """Whether requests are written down instead of sent (``backends.rehearsal``)."""

    def __init__(self, secrets: Iterable[str] = ()):
        self.secrets = tuple(secrets)

    def request(self, method: str, url: str, *, irreversible: bool = False, **kwargs) -> Answer:
        """Send one request and return its answer, whatever its status.

        Redirects are not followed: a network that moves would get the credentials at another address.

        :param irreversible: whether the request makes a post when it is accepted.
        :raises NotSent: the server was surely not asked, or asking again is harmless.
        :raises AccountProblem: the credentials cannot be put into a header.
        :raises OutcomeUnknown: an irreversible request may have arrived.
        """
        began = time.monotonic()
        lost = OutcomeUnknown if irreversible else NotSent
        verify = {"verify": kwargs.pop("verify")} if "verify" in kwargs else {}
        try:
            with kept_out_of_logs(self.secrets):
                prepared = self._prepare(method, url, kwargs)
                with only_public(_must_be_public(url)), deadline(DEADLINE):
                    response = session().send(
                        prepared, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), allow_redirects=False, stream=True, **verify
                    )
                    try:
                        body = self._read(response)
                    finally:
                        response.close()
            if time.monotonic() - began > DEADLINE:
                # Headers that were cut off look like headers that have ended.
                raise _TooMuch("the answer took too long")
        except (OSError, ValueError, urllib3.exceptions.HTTPError, _TooMuch) as error:
            if _is_caused_by(error, NotPublic):
                raise NotSent("private_server", "NotPublic") from None
            if _never_connected(error):
                raise NotSent("network_down", self._describe(error)) from None
            what = "the answer took too long" if time.monotonic() - began > DEADLINE else self._describe(error)
            raise lost("unclear" if irreversible else "network_down", what) from None
        # JSON is UTF-8, and nothing may fail here any more: a charset that does not exist would.
        text = body.decode("utf-8", errors="replace")
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            data = None
        return Answer(response.status_code, CaseInsensitiveDict(response.headers), redact(text, self.secrets), data)

    def _prepare(self, method: str, url: str, kwargs: dict[str, Any]) -> requests.PreparedRequest:
        """The request, ready to be sent; what is wrong with it is found here, where nothing has left yet."""
        try:
            prepared = session().prepare_request(requests.Request(method, url, **kwargs))
            for value in prepared.headers.values():
                if isinstance(value, str):
                    value.encode("latin-1")
        except requests.exceptions.InvalidURL:
            raise
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            # Only credentials are put into headers as people gave them.
            raise AccountProblem("reconnect", "the key holds a character that cannot be sent") from None
        return prepared

    def _read(self, response: requests.Response) -> bytes:
        body = bytearray()
        for piece in response.iter_content(16384):
            body += piece
            if len(body) > MAX_BYTES:
                raise _TooMuch("the answer is too large")
        return bytes(body)

    def _describe(self, error: Exception) -> str:
        # The class says enough; messages of requests hold whole addresses, and Telegram's hold its token.
        cause = error
        while isinstance(getattr(cause, "args", None), tuple) and cause.args and isinstance(cause.args[0], Exception):
            cause = cause.args[0]
        cause = getattr(cause, "reason", None) or cause
        return type(cause).__name__ if not isinstance(cause, _TooMuch) else str(cause)


def _must_be_public(url: str) -> bool:
    """Whether the address may lead to public machines only: not where a developer's settings name it (``HOSTS``)."""
    if conf.get("ALLOW_LOCAL_HOSTS"):
        return False
    origin = "/".join(url.split("/", 3)[:3])
    networks = (conf.get("NETWORKS") or {}).values()
    named = (host for options in networks for host in ((options or {}).get("HOSTS") or {}).values())
    return not any(host == origin or host.startswith(f"{origin}/") for host in named)


class _TooMuch(Exception):
    """An answer beyond our limit of size."""


def _is_caused_by(error: Exception, kind: type[Exception]) -> bool:
    return any(isinstance(cause, kind) for cause in _wrapped(error))


def _never_connected(error: Exception) -> bool:
    return any(isinstance(cause, NEVER_CONNECTED) or _in_handshake(cause) for cause in _wrapped(error))


def _wrapped(error: Exception) -> Iterator[Exception]:
    """``error`` and what it was made of; not its context, which may be an older, unrelated failure."""
    yield error
    for inner in (*error.args, getattr(error, "reason", None)):
        if isinstance(inner, Exception):
            yield from _wrapped(inner)


def _in_handshake(error: Exception) -> bool:
    # TLS also fails in the middle of an answer, so only the place tells whether the request had been sent.
    return any(frame.f_code.co_name == "do_handshake" for frame, _line in traceback.walk_tb(error.__traceback__))
