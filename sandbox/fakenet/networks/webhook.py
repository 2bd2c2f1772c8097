"""A company's own receiver of signed events, and the page that shows what it got.

Source: Standard Webhooks, spec/standard-webhooks.md (2026-08-17); signatures are checked by its library. A receiver
whose name begins with ``plain_`` is a simple one, which does not look whether it has an event already.
"""

import base64

from flask import Blueprint, render_template, request
from standardwebhooks import Webhook, WebhookVerificationError

from ..exchange import Manners, accept, current_state, endpoint, reply
from ..state import Post, host_of
from .faces import Face


NETWORK = "webhook"
SECRET = "whsec_" + base64.b64encode(b"fakenet-webhook-key-24-b").decode()
PLAIN = "plain_"
OPERATIONS = {
    "ping": "connect",
    "article.published": "publish",
    "article.changed": "update",
    "article.withdrawn": "delete",
}
REMEMBERED_SECONDS = 7 * 86400

FACE = Face("Webhook", f"Paste this server's address with /webhook/in/newsroom at its end, and the secret {SECRET}.")

blueprint = Blueprint("webhook", __name__)


def event() -> dict:
    """The event in the request, ``{}`` when it is none."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) and isinstance(body.get("data"), dict) else {}


class WebhookManners(Manners):
    network = NETWORK

    def handle(self):
        return (request.view_args or {}).get("handle")

    def rate_limited(self, retry_after):
        return reply({"error": "Slow down"}, 429, {"Retry-After": str(retry_after)})

    def server_error(self):
        return reply({"error": "The receiver is broken"}, 500)

    def without_id(self, operation):
        return reply("", 204)

    def image_refused(self):
        return reply({"error": "The picture cannot be shown"}, 422)


MANNERS = WebhookManners()


@blueprint.post("/webhook/in/<handle>")
@endpoint(MANNERS, lambda handle: OPERATIONS.get(event().get("type"), "connect"))
def receive(handle):
    state = current_state()
    try:
        Webhook(SECRET).verify(request.get_data(), dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return {"error": "The signature does not fit"}, 401
    if state.account(NETWORK, handle).blocked:
        return {"error": "This receiver is gone"}, 410
    kind, data = event().get("type"), event().get("data", {})
    perform = {"article.published": _publish, "article.changed": _change, "article.withdrawn": _withdraw}.get(kind)
    # An event that a receiver does not know is one that it need not act on.
    return perform(handle, data) if perform else {"name": f"Receiver of {handle}"}


def _publish(handle, data):
    state, key = current_state(), request.headers["webhook-id"]
    memory = (NETWORK, handle, key)
    known = None if handle.startswith(PLAIN) else state.recall(memory, REMEMBERED_SECONDS)
    if known:
        return _named(state.post(NETWORK, known, handle), known)
    if not isinstance(data.get("text"), str) or not isinstance(data.get("images"), list):
        return {"error": "text and images are needed"}, 422
    post_id = f"{handle}-{state.rising_id(f'webhook-{handle}', 1)}"
    post = Post(
        NETWORK,
        handle,
        post_id,
        data["text"],
        state.now(),
        f"/webhook/web/{handle}/{post_id}",
        idempotency_key=key,
        extra={"data": data, "event": event()},
    )
    _show(post, data, data["images"])
    state.add_post(post)
    state.remember(memory, post_id)
    accept()
    return _named(post, post_id), 201


def _named(post, post_id) -> dict:
    return {"id": post_id, "url": request.host_url.rstrip("/") + post.path} if post else {"id": post_id}


def _show(post, data, images):
    """What the page shows of the event: a card with its first picture."""
    post.text, post.link, post.language = data["text"], data.get("link"), data.get("language")
    picture = images[0]["url"] if images else None
    post.card = {
        "url": post.link,
        "title": data.get("title") or post.link,
        "description": data.get("description") or "",
        "site": host_of(post.link),
        "image": picture,
    }


def _change(handle, data):
    post = current_state().post(NETWORK, str(data.get("id")), handle)
    if post is None:
        return {"error": "There is no such post"}, 404
    _show(post, data, post.extra["data"]["images"])
    post.edited_at = current_state().now()
    accept()
    return _named(post, post.id)


def _withdraw(handle, data):
    post = current_state().post(NETWORK, str(data.get("id")), handle)
    if post:
        post.deleted = True
        accept()
    return {}


@blueprint.get("/webhook/web/<handle>/<post_id>")
def show(handle, post_id):
    post = current_state().post(NETWORK, post_id, handle)
    if post is None:
        return render_template("missing.html"), 404
    return render_template("post.html", network=NETWORK, post=post, name=handle)
