"""Putting the networks, the pages for people and the control API into one Flask app."""

from flask import Flask

from . import control, pages
from .exchange import write_log
from .networks import BLUEPRINTS
from .state import State


def create_app(*, crawl_links: bool = False, **settings) -> Flask:
    """A fresh fakenet with a memory of its own (``app.extensions["fakenet"]``).

    ``crawl_links``: read the Open Graph tags of loopback links, as the networks' crawlers do. ``settings``: see
    ``DEFAULT_SETTINGS``; raises ``KeyError`` for an unknown one.
    """
    app = Flask(__name__)
    app.extensions["fakenet"] = State(crawl_links=crawl_links, **settings)
    app.url_map.strict_slashes = False
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024
    app.config["MAX_FORM_MEMORY_SIZE"] = 4 * 1024 * 1024
    for blueprint in (*BLUEPRINTS, control.blueprint, pages.blueprint):
        app.register_blueprint(blueprint)
    app.after_request(write_log)
    return app
