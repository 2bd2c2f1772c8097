"""Serving the app: one thread a request, on loopback only, without writing request lines to the console."""

import contextlib
import threading
from dataclasses import dataclass

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler
from werkzeug.serving import make_server as make_werkzeug_server

from .app import create_app
from .state import State


HOST = "127.0.0.1"


class QuietRequestHandler(WSGIRequestHandler):
    """Logs nothing: request lines hold bot tokens and access tokens."""

    def log(self, type, message, *args):
        pass


@dataclass(frozen=True)
class RunningServer:
    """A server that is up: ``url`` has no trailing slash and doubles as the Mastodon instance address."""

    url: str
    port: int
    state: State


def make_server(app, port: int = 0) -> BaseWSGIServer:
    """Open ``port`` (0: any free one) on 127.0.0.1 for ``app``.

    Raises ``OSError`` when the port is taken.
    """
    return make_werkzeug_server(HOST, port, app, threaded=True, request_handler=QuietRequestHandler)


@contextlib.contextmanager
def serve_in_thread(port: int = 0, *, crawl_links: bool = False, **settings):
    """Serve a fresh fakenet in a background thread for the length of a ``with`` block.

    ``crawl_links`` lets it read the Open Graph tags of loopback links for its cards; ``settings`` are those of
    ``POST /_fakenet/settings``. Yields a ``RunningServer``.
    """
    app = create_app(crawl_links=crawl_links, **settings)
    server = make_server(app, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield RunningServer(
            url=f"http://{HOST}:{server.server_port}", port=server.server_port, state=app.extensions["fakenet"]
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
