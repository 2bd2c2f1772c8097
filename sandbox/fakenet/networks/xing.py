"""XING: the share dialog, for a person in a browser; the API is closed since 1 April 2019.

Source: xing.com share plugin as listed by bradvin/social-share-urls. Only ``url`` counts; title and picture come from
the page itself.
"""

from flask import Blueprint, render_template, request

from .. import cards, consent
from ..exchange import Manners, accept, current_state, endpoint, reply
from ..state import Post
from .faces import Face


NETWORK = "xing"
FACE = Face("XING", "No API: a person shares through the dialog.", "de")

blueprint = Blueprint("xing", __name__)


class XingManners(Manners):
    network = NETWORK

    def handle(self):
        return request.form.get("handle")

    def rate_limited(self, retry_after):
        return reply("<!doctype html><title>XING</title><h1>Too many requests</h1>", 429)

    def server_error(self):
        return reply("<!doctype html><title>XING</title><h1>Service unavailable</h1>", 503)

    def without_id(self, operation):
        return reply("<!doctype html><title>XING</title><h1>Shared</h1>")

    def image_refused(self):
        return self.server_error()


MANNERS = XingManners()


@blueprint.route("/xing/web/spi/shares/new", methods=["GET", "POST"])
@endpoint(MANNERS, lambda: "publish" if request.method == "POST" else "connect")
def share():
    link = request.args.get("url", "")
    if not consent.is_web_address(link):
        return consent.refuse(NETWORK, "Dieser Link kann nicht geteilt werden", "A full http(s) address is needed.")
    dialog = {"network": NETWORK, "link": link, "text": request.form.get("text", ""), "problem": ""}
    dialog["handle"] = request.form.get("handle") or request.args.get("login_hint") or consent.DEFAULT_HANDLE
    if request.method == "GET":
        return render_template("share.html", **dialog)
    try:
        handle = consent.chosen_handle(NETWORK)
    except consent.InvalidHandle as error:
        return render_template("share.html", **dialog | {"problem": str(error)}), 422
    state = current_state()
    post_id = str(state.rising_id(NETWORK, int(state.now() * 1000)))
    post = Post(
        NETWORK,
        handle,
        post_id,
        request.form.get("text", "").strip(),
        state.now(),
        f"/xing/web/feedy/stories/{post_id}",
        link=link,
    )
    cards.attach(state, post, link)
    state.add_post(post)
    accept(handle)
    return render_template("shared.html", network=NETWORK, post=post)
