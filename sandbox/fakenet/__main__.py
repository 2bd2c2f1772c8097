"""Command line: ``python -m sandbox.fakenet --port 8900``."""

import argparse
import signal
from pathlib import Path

from .app import create_app
from .server import make_server


def main(argv=None):
    """Serve until interrupted; print the address once the port is open.

    Port 0 picks a free one. The server listens on 127.0.0.1 only.
    """
    parser = argparse.ArgumentParser(prog="python -m sandbox.fakenet", description=__doc__)
    parser.add_argument("--port", type=int, default=8900, help="port on 127.0.0.1 (0 picks a free one)")
    parser.add_argument("--state", type=Path, help="file that keeps accounts and posts from one run to the next")
    options = parser.parse_args(argv)
    app = create_app(crawl_links=True)
    state = app.extensions["fakenet"]
    if options.state and options.state.exists():
        state.load(options.state)
    server = make_server(app, options.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"fakenet: http://127.0.0.1:{server.server_port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        if options.state:
            state.save(options.state)


if __name__ == "__main__":
    main()
