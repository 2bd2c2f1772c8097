"""A network on this machine that answers with what was captured, or breaks as it is told."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.parser import BytesParser
from email.policy import HTTP
from fnmatch import fnmatchcase
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests.structures import CaseInsensitiveDict


HERE = "{server}"
"""Stands for the address of the test's server, in captured answers and in the connection."""


@dataclass(frozen=True)
class Captured:
    """An answer of the real network, as it was seen or as its documents show it.

    :param body: data for JSON, text for anything else. ``{server}`` in any text becomes the test server's address.
    :param source: where the answer is from and when: an address, a document, a recording of one's own.
    """

    status: int
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    @property
    def is_json(self) -> bool:
        return not isinstance(self.body, str)

    @property
    def data(self) -> bytes:
        return (json.dumps(self.body) if self.is_json else self.body).encode()

    def at(self, address: str) -> Captured:
        """The answer with the server's address in it."""
        return replace(self, body=fill(self.body, address), headers=fill(self.headers, address))


def fill(value: Any, address: str) -> Any:
    """``value`` with ``address`` wherever a text in it says ``{server}``."""
    if isinstance(value, str):
        return value.replace(HERE, address)
    if isinstance(value, Mapping):
        return {name: fill(inner, address) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill(inner, address) for inner in value]
    return value


@dataclass(frozen=True)
class Request:
    """A request as the server got it."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def __str__(self):
        return f"{self.method} {self.path}"

    def is_like(self, pattern: str) -> bool:
        """Whether ``pattern`` (``POST /2/tweets``, ``DELETE /posts/*``, ``*``) names this request."""
        return fnmatchcase(str(self), pattern)

    def holds(self, text: str) -> bool:
        """Whether ``text`` was sent, in whichever part of the request."""
        return (
            text in self.target or text.encode() in self.body or any(text in value for value in self.headers.values())
        )

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @cached_property
    def data(self) -> Any:
        """The body: parsed JSON, the fields of a form (also multipart), or its bytes."""
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        if kind == "multipart/form-data":
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = BytesParser(policy=HTTP).parsebytes(head + self.body).iter_parts()
            return {str(part.get_param("name", header="content-disposition")): part_value(part) for part in parts}
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body

    @cached_property
    def texts(self) -> list[str]:
        """Every text in the request: in its address, its form, its JSON, in JSON inside of those."""
        return [*texts_in(self.query), *texts_in(self.data)]

    @cached_property
    def essence(self) -> tuple:
        """What has to be the same for the network to recognise a repeated request."""
        return self.method, self.target, sorted(self.marks.items()), self._comparable_body

    @property
    def marks(self) -> dict[str, str]:
        """The headers that a backend gives, without those that change by themselves (signatures, boundaries)."""
        passing = {"authorization", "content-type", "content-length", "host", "user-agent", "connection"}
        return {name.lower(): value for name, value in self.headers.items() if name.lower() not in passing}

    @property
    def _comparable_body(self) -> Any:
        # The boundary between the parts of a form is another one each time.
        return self.data if isinstance(self.data, dict) else self.body


def part_value(part: Any) -> Any:
    data = part.get_payload(decode=True) or b""
    return data if part.get_filename() else data.decode("utf-8", "replace")


def texts_in(value: Any) -> Iterator[str]:
    """Every text inside ``value``, also in JSON that is itself a text."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, bytes):
        yield from texts_in(value.decode("utf-8", "replace")) if len(value) < 100_000 else ()
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            try:
                yield from texts_in(json.loads(value))
            except ValueError:
                pass
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


# What a server may do instead of answering.
RESET_BEFORE = "reset before the request was read"
RESET_AFTER = "reset after the request was accepted"
CUT = "cut in the middle of the answer"
SILENCE = "no answer in time"


class Server:
    """An HTTP server on loopback. ``answer`` tells what it says; ``fault``, once, what it does instead.

    :param answer: called with each request; ``None`` when there is nothing to answer with.
    """

    def __init__(self, answer: Callable[[Request], Captured | None]):
        self.answer = answer
        self.fault: str | Captured | None = None
        self.received: list[Request] = []
        self.unanswered: list[Request] = []
        self.over = threading.Event()
        handler = type("Handler", (_Handler,), {"network": self})
        self._server = _Listener(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def refuse(self) -> None:
        """Take no connection any more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def close(self) -> None:
        self.over.set()
        self.refuse()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def shutdown_request(self, request):
        # A shutdown would end the connection politely where it is to be reset.
        self.close_request(request)

    def handle_error(self, request, client_address):
        """Clients that go away while they are answered are a part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    network: Server

    def handle_any(self):
        network = self.network
        fault, network.fault = network.fault, None
        if fault == RESET_BEFORE:
            return self._reset()
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(self.command, self.path, CaseInsensitiveDict(self.headers.items()), self.rfile.read(length))
        network.received.append(request)
        if isinstance(fault, Captured):
            return self._send(fault)
        if fault == SILENCE:
            network.over.wait(60)
            return None
        answer = network.answer(request)
        if answer is None:
            network.unanswered.append(request)
            answer = Captured(404, "nothing was captured for this request")
        # An answer without a body cannot be cut.
        if fault == RESET_AFTER or (fault == CUT and answer.status == 204):
            return self._reset()
        return self._send(answer.at(network.url), cut=fault == CUT)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

    def _send(self, answer: Captured, cut: bool = False) -> None:
        data = answer.data
        headers = CaseInsensitiveDict(
            {"Content-Type": "application/json" if answer.is_json else "text/html", **answer.headers}
        )
        headers["Content-Length"] = str(len(data) + 1000 * cut)
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, *args):
        """The tests say what went wrong."""
