"""Threads: containers, publishing them, reading back and taking back.

Source: developers.facebook.com/docs/threads (read 2026-11), Meta's own collection of requests (fbsamples/threads_api,
2026-01), answers seen in public issues. A container with a picture is in progress when it is first looked at.
"""

import re
import secrets
import string

from flask import Blueprint, redirect, request

from .. import cards, pictures
from ..exchange import accept, current_state, endpoint
from ..state import Account, Post, host_of
from .faces import Face
from .graph_manners import error, graph_time, missing, page_of, wanted
from .threads_oauth import MANNERS, NETWORK


API = "/threads/api/v1.0"
LIMIT, ALT_LIMIT, MAX_LINKS = 500, 1000, 5
CONTAINER_SECONDS = 86_400
FIRST_ID = 17_900_000_000_000_000
LETTERS = string.ascii_letters + string.digits + "-_"
EMOJI = re.compile("[\u203c-\u3299\U0001f000-\U0001faff\ufe0f\u200d]")
ADDRESS = re.compile(r"https?://\S+")

FACE = Face("Threads", "OAuth 2.0; a post is a container first. Pictures are fetched from this machine only.")

blueprint = Blueprint("threads", __name__)


def length_of(text: str) -> int:
    """Characters, emoji by their bytes."""
    return sum(len(sign.encode()) if EMOJI.match(sign) else 1 for sign in text)


def signed_in(node="me"):
    """The profile that the token is of, when ``node`` is that profile: (profile, refusal)."""
    token = MANNERS.token()
    if refusal := MANNERS.refusal_of(token):
        return None, refusal
    owner = current_state().account(NETWORK, token.handle)
    return (owner, None) if node in ("me", owner.id) else (None, missing(node))


def not_found(node):
    """The answer of a container that cannot be published (recorded, 2026)."""
    return error(
        24,
        "The requested resource does not exist",
        4279009,
        title="Media Not Found",
        text=f"The media with id {node} cannot be found.",
    )


def post_object(post: Post, owner: Account) -> dict:
    """A post's own fields."""
    shown = {
        "id": post.id,
        "media_product_type": "THREADS",
        "media_type": "IMAGE" if post.images else "TEXT_POST",
        "permalink": request.host_url.rstrip("/") + post.path,
        "owner": {"id": owner.id},
        "username": owner.handle,
        "text": post.text,
        "timestamp": graph_time(post.created_at),
        "shortcode": post.path.rpartition("/")[2],
        "is_quote_post": False,
    }
    if post.extra.get("link_attachment"):
        shown["link_attachment_url"] = post.extra["link_attachment"]
    return shown


def profile_object(owner: Account) -> dict:
    """A profile's own fields."""
    return {"id": owner.id, "username": owner.handle, "name": owner.name}


@blueprint.post(f"{API}/<node>/threads")
@endpoint(MANNERS, "upload")
def make_container(node):
    owner, refusal = signed_in(node)
    if refusal:
        return refusal
    given, state = request.values, current_state()
    text, link, kind = given.get("text", ""), given.get("link_attachment"), given.get("media_type")
    if problem := _problem(text, link, kind, given):
        return problem
    image = None
    if kind == "IMAGE":
        try:
            data = cards._fetch(given["image_url"]) if host_of(given["image_url"]) in cards.LOOPBACK else b""
            alt = given.get("alt_text", "")
            image = pictures.store(state, NETWORK, owner.handle, data, alt=alt)
        except (OSError, ValueError):
            title, text = "Media download has failed.", "The media could not be fetched from this URI."
            return error(1, text, 2207052, title=title, text=text)
    container = str(state.rising_id(NETWORK, FIRST_ID))
    state.scratch[NETWORK, container] = {
        "handle": owner.handle,
        "text": text,
        "link": link,
        "image": image,
        "until": state.now() + CONTAINER_SECONDS,
        "ready": image is None,
        "published": False,
    }
    return {"id": container}


def _problem(text, link, kind, given):
    links = {*ADDRESS.findall(text), *([link] if link else [])}
    if kind not in ("TEXT", "IMAGE"):
        return error(100, "Param media_type must be one of {TEXT, IMAGE, VIDEO, CAROUSEL}", kind="THApiException")
    if kind == "TEXT" and not (text or link):
        return error(100, "The parameter text is required", kind="THApiException")
    if length_of(text) > LIMIT:
        return error(100, "Param text must be at most 500 characters long.", kind="THApiException")
    if len(links) > MAX_LINKS:
        return error(100, "THREADS_API__LINK_LIMIT_EXCEEDED", kind="THApiException")
    if kind == "IMAGE" and (link or not given.get("image_url") or len(given.get("alt_text", "")) > ALT_LIMIT):
        return error(100, "Invalid parameter", kind="THApiException")
    return None


@blueprint.post(f"{API}/<node>/threads_publish")
@endpoint(MANNERS, "publish")
def publish(node):
    owner, refusal = signed_in(node)
    if refusal:
        return refusal
    state, name = current_state(), request.values.get("creation_id", "")
    container = state.scratch.get((NETWORK, name))
    if not _is_own(container, owner) or container["published"] or not container["ready"]:
        return not_found(name)
    number = state.rising_id(NETWORK, FIRST_ID)
    path = f"/threads/web/@{owner.handle}/post/" + "".join(secrets.choice(LETTERS) for _ in range(11))
    found = ADDRESS.findall(container["text"])
    post = Post(
        NETWORK,
        owner.handle,
        str(number),
        container["text"],
        state.now(),
        path,
        link=container["link"] or (found[0] if found else None),
        images=[container["image"]] if container["image"] else [],
        extra={"link_attachment": container["link"]},
    )
    state.add_post(post)
    accept()
    container["published"] = True
    if not post.images:
        cards.attach(state, post, post.link)
    return {"id": post.id}


def _is_own(container, owner) -> bool:
    return bool(container) and container["handle"] == owner.handle and container["until"] > current_state().now()


@blueprint.get(f"{API}/<node>/threads")
@endpoint(MANNERS, "read")
def posts(node):
    owner, refusal = signed_in(node)
    if refusal:
        return refusal
    since = request.args.get("since", 0, type=float)
    found = [
        post for post in current_state().timeline(NETWORK, owner.handle, lagging=True) if post.created_at >= since
    ]
    return page_of([wanted(post_object(post, owner)) for post in found])


@blueprint.get(f"{API}/<node>/threads_publishing_limit")
@endpoint(MANNERS, "read")
def quota(node):
    owner, refusal = signed_in(node)
    if refusal:
        return refusal
    most, seconds = MANNERS.limit("publish")
    since = current_state().now() - seconds
    used = sum(post.created_at > since for post in current_state().timeline(NETWORK, owner.handle))
    return {"data": [{"quota_usage": used, "config": {"quota_total": most, "quota_duration": seconds}}]}


@blueprint.get(f"{API}/<node>")
@endpoint(MANNERS, lambda node: "connect" if node == "me" else "read")
def show(node):
    owner, refusal = signed_in()
    if refusal:
        return refusal
    if node in ("me", owner.id):
        return wanted(profile_object(owner))
    container = current_state().scratch.get((NETWORK, node))
    if container and container["handle"] == owner.handle:
        if container["published"]:
            return error(100, "Tried accessing nonexisting field (status)", kind="THApiException")
        status = "FINISHED" if container["ready"] else "IN_PROGRESS"
        container["ready"] = True
        return {"id": node, "status": status if _is_own(container, owner) else "EXPIRED"}
    post = current_state().post(NETWORK, node, owner.handle)
    return wanted(post_object(post, owner)) if post else missing(node)


@blueprint.delete(f"{API}/<node>")
@endpoint(MANNERS, "delete")
def remove(node):
    owner, refusal = signed_in()
    if refusal:
        return refusal
    post = current_state().post(NETWORK, node, owner.handle)
    if post is None:
        return missing(node)
    post.deleted = True
    accept()
    return {"success": True, "deleted_id": node}


@blueprint.get("/threads/web/@<handle>")
def profile(handle):
    return redirect(f"/timeline/{NETWORK}/{handle}")


@blueprint.get("/threads/web/@<handle>/post/<code>")
def post_page(handle, code):
    from ..pages import _page

    found = current_state().timeline(NETWORK, handle)
    return _page(next((post for post in found if post.path.endswith(f"/{code}")), None))
