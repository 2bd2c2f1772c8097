"""One request and its answer: faults, rate limits, the lock and the log, the same for every network."""

import functools
import select
import socket
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

from flask import Response, current_app, g, jsonify, request

from .faults import AFTER_KINDS, Fault
from .state import State, iso


LOGGED_HEADERS = ("Accept-Language", "Content-Type", "Idempotency-Key", "User-Agent")
WRITES = {"publish", "update", "delete"}


@dataclass
class Exchange:
    """What is known about the request being served; ``window`` is (limit, remaining, reset in epoch seconds)."""

    network: str
    operation: str
    handle: str | None = None
    accepted: bool = False
    dropped: bool = False
    window: tuple[int, int, float] | None = None


class Manners(ABC):
    """How one network says things that every network has to say. Each network's module fills in its own."""

    network = ""

    def handle(self) -> str | None:
        """Whose request this is, judged by its token, without checking it."""
        return None

    def limit(self, operation: str) -> tuple[int, int] | None:
        """Calls allowed and the window in seconds for ``operation``."""
        return None

    @abstractmethod
    def rate_limited(self, retry_after: int) -> Response:
        """The answer to one call too many."""

    @abstractmethod
    def server_error(self) -> Response:
        """The answer of a network in trouble."""

    @abstractmethod
    def without_id(self, operation: str) -> Response:
        """An answer that looks like a success and names no post."""

    @abstractmethod
    def image_refused(self) -> Response:
        """The answer to a picture the network does not take."""

    def link_card_refused(self) -> Response:
        """The answer to a link whose card cannot be made."""
        return self.server_error()

    def asks_link_card(self) -> bool:
        """Whether the request asks for a link card by parameter."""
        return False

    def sign(self, response: Response, exchange: Exchange) -> Response:
        """``response`` with the headers the network puts on every answer."""
        return response


def current_state() -> State:
    """The state of the app that serves this request."""
    return current_app.extensions["fakenet"]


def reply(body, status: int = 200, headers: dict | None = None, content_type: str | None = None) -> Response:
    """A JSON answer, or text when ``body`` is a string."""
    if isinstance(body, str):
        response = Response(body, status, content_type=content_type or "text/html; charset=utf-8")
    else:
        response = jsonify(body)
        response.status_code = status
        response.content_type = content_type or "application/json; charset=utf-8"
    response.headers.update(headers or {})
    return response


def endpoint(manners: Manners, operation):
    """Decorate a view that plays ``operation`` (a name, or a callable taking the view's arguments)."""

    def decorate(view):
        @functools.wraps(view)
        def served(**arguments):
            name = operation(**arguments) if callable(operation) else operation
            return _serve(manners, name, functools.partial(view, **arguments))

        return served

    return decorate


def accept(handle: str | None = None) -> None:
    """Note that the request being served changed what the public sees."""
    g.exchange.accepted = True
    g.exchange.handle = handle or g.exchange.handle


def _serve(manners, operation, view) -> Response:
    state = current_state()
    request.get_data(cache=True)
    exchange = g.exchange = Exchange(manners.network, operation, manners.handle())
    fault = state.faults.take(
        manners.network,
        operation,
        exchange.handle,
        has_image=bool(request.files),
        has_link_card=manners.asks_link_card(),
    )
    response = _answer(state, manners, exchange, fault, view)
    return manners.sign(response, exchange)


def _answer(state, manners, exchange, fault: Fault | None, view) -> Response:
    limit = manners.limit(exchange.operation)
    if limit:
        bucket = (exchange.network, exchange.operation, exchange.handle or request.remote_addr)
        remaining, end, exceeded = state.count_call(bucket, *limit)
        exchange.window = (limit[0], remaining, end)
        if exceeded:
            return manners.rate_limited(int(end - state.now()) + 1)

    def proceed():
        with state.lock:
            return current_app.make_response(view())

    if fault is None:
        return proceed()
    if fault.kind in AFTER_KINDS:
        return _spoil(fault, manners, exchange, proceed())
    match fault.kind:
        case "error":
            return _ordered_answer(fault, manners)
        case "reset_before":
            return _drop(exchange)
        case "stall_before":
            time.sleep(fault.delay)
            return _drop(exchange) if _client_has_gone() else proceed()
        case "empty_200":
            return reply("", 200)
        case "html_200":
            return reply("<!doctype html><title>Maintenance</title><h1>We will be right back</h1>", 200)
        case "no_id":
            return manners.without_id(exchange.operation)
        case "rate_limit":
            wait = 60 if fault.retry_after is None else int(fault.retry_after)
            exchange.window = ((limit or (1, 0))[0], 0, state.now() + wait)
            response = manners.rate_limited(wait)
            response.headers.update(fault.headers)
            return response
        case "refuse_image":
            return manners.image_refused()
        case _:
            return manners.link_card_refused()


def _spoil(fault, manners, exchange, response):
    if response.status_code >= 400 or (exchange.operation in WRITES and not exchange.accepted):
        return response
    if fault.kind == "error_after":
        return _ordered_answer(fault, manners)
    if fault.kind == "reset_after":
        return _drop(exchange)
    time.sleep(fault.delay)
    return response


def _ordered_answer(fault, manners) -> Response:
    if fault.status is None and fault.body is None:
        response = manners.server_error()
        response.headers.update(fault.headers)
        return response
    body = "" if fault.body is None else fault.body
    return reply(body, fault.status or 500, fault.headers)


def _drop(exchange) -> Response:
    """Close the connection without a word; what is returned can no longer be sent."""
    exchange.dropped = True
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response("", 200)


def _client_has_gone() -> bool:
    connection = request.environ.get("werkzeug.socket")
    if connection is None:
        return False
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def write_log(response: Response) -> Response:
    """After every request: one line in the log, without query, body or token."""
    exchange = g.get("exchange")
    if exchange is None:
        return response
    state = current_state()
    path = request.path
    if exchange.network == "telegram" and "/bot" in path:
        path = "/telegram/api/bot***/" + path.rsplit("/", 1)[-1]
    state.log.append(
        {
            "network": exchange.network,
            "operation": exchange.operation,
            "method": request.method,
            "path": path,
            "status": None if exchange.dropped else response.status_code,
            "accepted": exchange.accepted,
            "handle": exchange.handle,
            "at": iso(state.now()),
            "headers": {name: request.headers[name] for name in LOGGED_HEADERS if name in request.headers},
        }
    )
    return response
