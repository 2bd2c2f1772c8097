"""Share dialogs: for networks where nothing but a person in a browser posts."""

from flask import Blueprint, render_template, request

from . import cards, consent
from .exchange import Manners, accept, current_state, endpoint, reply
from .state import Post
from .texts import first_link


class DialogManners(Manners):
    """A network that talks to people only."""

    def __init__(self, network: str, name: str):
        self.network, self.name = network, name

    def _page(self, heading, status=200):
        return reply(f"<!doctype html><title>{self.name}</title><h1>{heading}</h1>", status)

    def handle(self):
        return request.form.get("handle")

    def rate_limited(self, retry_after):
        return self._page("Too many requests", 429)

    def server_error(self):
        return self._page("Service unavailable", 503)

    def without_id(self, operation):
        return self._page("Shared")

    def image_refused(self):
        return self.server_error()


def blueprint_of(
    network: str,
    name: str,
    address: str,
    permalink: str,
    *,
    limit: int,
    title: str = "",
    needs_link: bool = True,
    refusal: str = "This link cannot be shared",
) -> Blueprint:
    """The dialog of a network at ``address``, which takes the parameter ``url``, and its posts.

    :param permalink: where posts are shown, with ``<post_id>`` in it; :param limit: characters of a comment.
    :param title: the parameter that holds the title, for dialogs that take one.
    :param needs_link: whether a link is what is shared; else the first one in the text.
    :param refusal: how the network says that a link is none.
    """
    blueprint, manners = Blueprint(network, __name__), DialogManners(network, name)

    @endpoint(manners, lambda: "publish" if request.method == "POST" else "connect")
    def share():
        link = request.args.get("url", "")
        if needs_link and not consent.is_web_address(link):
            return consent.refuse(network, refusal, "A full http(s) address is needed.")
        text = request.form.get("text", "").strip()
        dialog = {"network": network, "link": link, "text": text, "problem": "", "limit": limit}
        dialog["title"] = request.args.get(title, "") if title else ""
        dialog["handle"] = request.form.get("handle") or request.args.get("login_hint") or consent.DEFAULT_HANDLE
        if request.method == "GET":
            return render_template("share.html", **dialog)
        try:
            handle = consent.chosen_handle(network)
        except consent.InvalidHandle as error:
            return render_template("share.html", **dialog | {"problem": str(error)}), 422
        if len(text.replace("\r\n", "\n")) > limit:
            return render_template("share.html", **dialog | {"problem": f"Not more than {limit} characters."}), 422
        post = _share(handle, link or first_link(text), text, dialog["title"])
        return render_template("shared.html", network=network, post=post)

    def _share(handle, link, text, title):
        state = current_state()
        post_id = str(state.rising_id(network, int(state.now() * 1000)))
        path = permalink.replace("<post_id>", post_id)
        post = Post(network, handle, post_id, text, state.now(), path, link=link)
        cards.attach(state, post, link, title=title or None)
        state.add_post(post)
        accept(handle)
        return post

    def post_page(post_id):
        post = current_state().post(network, post_id)
        if post is None:
            return render_template("missing.html"), 404
        return render_template("post.html", network=network, post=post, name=post.handle)

    blueprint.add_url_rule(address, "share", share, methods=["GET", "POST"])
    blueprint.add_url_rule(permalink, "post", post_page)
    return blueprint
