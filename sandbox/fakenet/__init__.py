"""A local HTTP server that plays the social networks, for development and tests.

It is written from the networks' own documents, never from the plugin's backends, so that a wrong
assumption in the plugin shows as a refused request here. Everything is kept in memory, nothing
leaves the machine.

Run it with ``python -m sandbox.fakenet --port 8900``, or inside a test::

    from sandbox.fakenet import serve_in_thread

    with serve_in_thread() as server:
        requests.get(server.url + "/api/v2/instance")
"""

from .app import create_app
from .server import RunningServer, serve_in_thread


__all__ = ["RunningServer", "create_app", "serve_in_thread"]
