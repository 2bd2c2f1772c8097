"""LINE: broadcasting to the friends of an Official Account, and what its plan allows.

Source: line/line-openapi messaging-api.yml, developers.line.biz (retry keys, 24 hours). Each friend counts as one
message of the month's number. There is no timeline to read, no permalink, no edit and no delete; the page of a message
is fakenet's own.
"""

import functools
import hashlib
import uuid
from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request

from ..exchange import accept, current_state, endpoint, reply
from ..state import Post, host_of
from .faces import Face
from .line_manners import ACCEPTED_HEADER, MANNERS, NETWORK, LineError, request_id, signed_in
from .line_messages import Reader, read_all


KEY_SECONDS = 24 * 3600

FACE = Face("LINE", "Paste a channel access token; a message to every friend.", "ja")

blueprint = Blueprint("line_api", __name__)


def route(method: str, path: str, operation: str):
    """A method of the Messaging API that answers refusals with LINE's error object."""

    def decorate(view):
        @functools.wraps(view)
        def served():
            try:
                return reply(view(), content_type="application/json")
            except LineError as refused:
                return refused.answer()

        address = f"/line/api/v2/bot/{path}"
        blueprint.add_url_rule(address, view.__name__, endpoint(MANNERS, operation)(served), methods=[method])
        return view

    return decorate


def used(handle: str) -> int:
    """Messages of this month, one for each friend of then."""
    state = current_state()
    now = datetime.fromtimestamp(state.now(), UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    return sum(post.extra.get("friends", 0) for post in state.timeline(NETWORK, handle) if post.created_at >= month)


@route("GET", "info", "connect")
def info():
    handle = signed_in()
    return {
        "userId": "U" + hashlib.md5(handle.encode(), usedforsecurity=False).hexdigest(),
        "basicId": f"@{handle}",
        "displayName": current_state().account(NETWORK, handle).name,
        "pictureUrl": request.host_url + "static/fakenet.svg",
        "chatMode": "bot",
        "markAsReadMode": "auto",
    }


@route("GET", "message/quota", "connect")
def quota():
    signed_in()
    value = current_state().settings["line_monthly_quota"]
    return {"type": "none"} if value is None else {"type": "limited", "value": value}


@route("GET", "message/quota/consumption", "connect")
def consumption():
    return {"totalUsage": used(signed_in())}


@route("POST", "message/validate/broadcast", "connect")
def validate():
    signed_in()
    read_all(request.get_json(silent=True))
    return {}


@route("POST", "message/broadcast", "publish")
def broadcast():
    handle, state = signed_in(), current_state()
    retry_key = request.headers.get("X-Line-Retry-Key")
    if retry_key is not None:
        try:
            uuid.UUID(retry_key)
        except ValueError:
            raise LineError(400, "Invalid retry key") from None
        accepted = state.recall((NETWORK, handle, retry_key), KEY_SECONDS)
        if accepted:
            raise LineError(409, "The retry key is already accepted", headers={ACCEPTED_HEADER: accepted})
    readers = read_all(request.get_json(silent=True))
    friends, monthly = state.settings["line_friends"], state.settings["line_monthly_quota"]
    if monthly is not None and used(handle) + friends > monthly:
        raise LineError(429, "You have reached your monthly limit.")
    _keep(handle, readers, friends, retry_key)
    if retry_key is not None:
        state.remember((NETWORK, handle, retry_key), request_id())
    return {}


def _keep(handle: str, readers: list[Reader], friends: int, retry_key: str | None) -> None:
    texts = [text for reader in readers for text in reader.texts]
    link = next((link for reader in readers for link in reader.links), None)
    picture = next((url for reader in readers for url in reader.pictures), None)
    post = Post(
        NETWORK,
        handle,
        request_id(),
        "\n\n".join(texts),
        current_state().now(),
        f"/line/web/message/{request_id()}",
        link=link,
        visibility="friends",
        idempotency_key=retry_key,
        extra={"friends": friends},
    )
    if link:
        post.card = {"url": link, "title": link, "description": "", "site": host_of(link), "image": picture}
    current_state().add_post(post)
    accept(handle)


@blueprint.get("/line/web/R/ti/p/<basic_id>")
def profile(basic_id):
    return redirect(f"/timeline/{NETWORK}/{basic_id.removeprefix('@')}")


@blueprint.get("/line/web/message/<post_id>")
def message_page(post_id):
    post = current_state().post(NETWORK, post_id)
    if post is None:
        return render_template("missing.html"), 404
    name = current_state().account(NETWORK, post.handle).name
    return render_template("post.html", network=NETWORK, post=post, name=name)
