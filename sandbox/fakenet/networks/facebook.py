"""Facebook: pages, their posts and photos.

Source: developers.facebook.com/docs/pages-api and graph-api/reference/page (feed, photos; v26.0, read 2026-11). Which
people run which pages is made up: everybody runs a page of their own name and one with ``.jobs`` behind it, and may
only look at the figures of one with ``.archive``; ``nobody`` runs none.
"""

import json

from flask import Blueprint, redirect, request

from .. import cards, pictures
from ..exchange import accept, current_state, endpoint
from ..state import Account, Image, Post, host_of
from .facebook_oauth import MANNERS, NETWORK, PEOPLE, pages_of, person_token
from .faces import Face
from .graph_manners import error, graph_time, missing, page_of, wanted


API = "/facebook/api/<version>"
LIMIT = 63_206
MAX_PICTURE_BYTES = 4_000_000
FIRST_ID = 122_000_000_000_000_000

FACE = Face("Facebook", "Sign in with OAuth 2.0, then choose a page.")

blueprint = Blueprint("facebook", __name__)


def operation(node="", edge=""):
    """What a request to an object, or to one of its lists, does."""
    if edge == "photos":
        return "publish" if request.values.get("published", "true") == "true" else "upload"
    if edge in ("accounts", "permissions") or not (edge or "_" in node):
        return "connect"
    return {"GET": "read", "DELETE": "delete"}.get(request.method, "publish" if edge else "update")


def asks_link_card() -> bool:
    """Whether a post wants a card."""
    return bool(request.form.get("link"))


MANNERS.asks_link_card = asks_link_card


def page_object(page: Account) -> dict:
    """A page's own fields."""
    address = f"{request.host_url}facebook/web/{page.id}"
    return {"id": page.id, "name": page.name, "username": page.handle, "link": address, "category": "News"}


def post_object(post: Post) -> dict:
    """A post's own fields."""
    shown = {
        "id": post.id,
        "message": post.text,
        "created_time": graph_time(post.created_at),
        "permalink_url": request.host_url.rstrip("/") + post.path,
        "is_published": True,
    }
    if post.link:
        shown["attachments"] = {"data": [{"unshimmed_url": post.link, "url": post.link, "type": "share"}]}
    return shown


def signed_in(node):
    """The page that the token is of, when ``node`` is that page: (page, refusal)."""
    token = MANNERS.token()
    if token is None and person_token():
        text = "(#200) This endpoint is deprecated since the required permission publish_actions is deprecated"
        return None, MANNERS.refusal_of(person_token()) or error(200, text, status=403)
    if refusal := MANNERS.refusal_of(token):
        return None, refusal
    page = current_state().account(NETWORK, token.handle)
    return (page, None) if node in ("me", page.id) else (None, missing(node))


def own_post(node):
    """The post of the page that the token is of: (post, refusal)."""
    page, refusal = signed_in("me")
    if refusal:
        return None, refusal
    post = current_state().post(NETWORK, node, page.handle)
    return (post, None) if post else (None, missing(node))


@blueprint.get(f"{API}/<node>/accounts")
@endpoint(MANNERS, lambda version, node: operation(node, "accounts"))
def accounts(version, node):
    token = person_token()
    if refusal := MANNERS.refusal_of(token):
        return refusal
    state = current_state()
    found = []
    for page, tasks in pages_of(token.handle):
        # Tokens of pages last when the person's own token lasts.
        expires = None if token.kind == "long-lived" else token.expires_at
        key = state.add_token(NETWORK, page.handle, token.client_id, scopes=token.scopes, expires_at=expires)
        found.append(page_object(page) | {"access_token": key.value, "tasks": tasks})
    things = [wanted(page, "access_token", "category", "name", "tasks") for page in found]
    return page_of(things)


@blueprint.get(f"{API}/me/permissions")
@endpoint(MANNERS, "connect")
def permissions(version):
    """What the person allowed the app (docs: Facebook Login, permissions: checking current permissions)."""
    token = person_token()
    if refusal := MANNERS.refusal_of(token):
        return refusal
    return {"data": [{"permission": scope, "status": "granted"} for scope in ("public_profile", *token.scopes)]}


@blueprint.route(f"{API}/<node>/feed", methods=["POST"], endpoint="feed")
@endpoint(MANNERS, lambda version, node: operation(node, "feed"))
def feed(version, node):
    page, refusal = signed_in(node)
    if refusal:
        return refusal
    text, link = request.values.get("message", ""), request.values.get("link")
    photos = _attached(page)
    if problem := _problem(page, text, link, photos):
        return problem
    post = _publish(page, text, link, photos or [])
    return wanted(post_object(post))


def _attached(page) -> list[Image] | None:
    """The photos that a post shows; ``None`` when one of them is not there."""
    state = current_state()
    try:
        given = json.loads(request.values.get("attached_media") or "[]")
        found = [state.images.get(item["media_fbid"]) for item in given]
    except (ValueError, TypeError, KeyError):
        return None
    unused = [image for image in found if image and image.handle == page.handle and image.post_id is None]
    return unused if len(unused) == len(given) else None


def _problem(page, text, link, photos):
    if photos is None:
        return error(100, "(#100) Invalid parameter: attached_media")
    if not (text or link or photos):
        return error(100, "(#100) Missing message or attachment")
    if len(text) > LIMIT:
        return error(100, "(#100) Name parameter too long")
    if request.values.get("published", "true") != "true":
        return error(100, "(#100) Posts for later are not played here")
    if link and not link.startswith(("https://", "http://")):
        return error(100, "Invalid parameter", 2061006, title="Invalid URL", text="The link is no web address.")
    if link and host_of(link).endswith("facebook.com"):
        return error(100, "Invalid parameter", 1609008, title="Invalid link", text="Not a link to Facebook.")
    last = next(iter(current_state().timeline(NETWORK, page.handle)), None)
    if last and (last.text, last.link or None) == (text, link or None) and not photos and not last.images:
        return error(
            506,
            "Duplicate status message",
            1455006,
            title="Duplicate Status Update",
            text="This status update is identical to the last one you posted.",
        )
    return None


def _publish(page, text, link, photos) -> Post:
    state = current_state()
    number = state.rising_id(NETWORK, FIRST_ID)
    path = f"/facebook/web/{page.id}/posts/{number}"
    post = Post(NETWORK, page.handle, f"{page.id}_{number}", text, state.now(), path, link=link, images=photos)
    state.add_post(post)
    accept()
    if not photos:
        cards.attach(state, post, link)
    return post


@blueprint.get(f"{API}/<node>/<any(feed, posts, published_posts):edge>")
@endpoint(MANNERS, lambda version, node, edge: operation(node, edge))
def posts(version, node, edge):
    page, refusal = signed_in(node)
    if refusal:
        return refusal
    found = current_state().timeline(NETWORK, page.handle, lagging=True)
    return page_of([wanted(post_object(post), "created_time", "message") for post in found])


@blueprint.post(f"{API}/<node>/photos")
@endpoint(MANNERS, lambda version, node: operation(node, "photos"))
def photos(version, node):
    page, refusal = signed_in(node)
    if refusal:
        return refusal
    file = next(iter(request.files.values()), None)
    data = file.read() if file else b""
    state, number = current_state(), str(current_state().rising_id(NETWORK, FIRST_ID))
    try:
        alt = request.values.get("alt_text_custom", "")
        image = pictures.store(state, NETWORK, page.handle, data, image_id=number, alt=alt)
    except pictures.NotAPicture:
        return MANNERS.image_refused()
    if len(data) >= MAX_PICTURE_BYTES or image.content_type not in ("image/jpeg", "image/png"):
        del state.images[number]
        return MANNERS.image_refused()
    if operation(edge="photos") == "upload":
        return {"id": number}
    post = _publish(page, request.values.get("message") or request.values.get("caption", ""), None, [image])
    return {"id": number, "post_id": post.id}


@blueprint.get(f"{API}/<node>")
@endpoint(MANNERS, lambda version, node: operation(node))
def show(version, node):
    person = person_token()
    if person and node == "me":
        owner = current_state().account(PEOPLE, person.handle)
        return MANNERS.refusal_of(person) or wanted({"id": owner.id, "name": owner.name}, "name")
    if "_" in node:
        post, refusal = own_post(node)
        return refusal or wanted(post_object(post), "created_time", "message")
    page, refusal = signed_in(node)
    return refusal or wanted(page_object(page), "name")


@blueprint.post(f"{API}/<node>")
@endpoint(MANNERS, lambda version, node: operation(node))
def change(version, node):
    post, refusal = own_post(node)
    if refusal:
        return refusal
    post.text, post.edited_at = request.values.get("message", post.text), current_state().now()
    accept()
    return {"success": True}


@blueprint.delete(f"{API}/<node>")
@endpoint(MANNERS, lambda version, node: operation(node))
def remove(version, node):
    post, refusal = own_post(node)
    if refusal:
        return refusal
    post.deleted = True
    accept()
    return {"success": True}


@blueprint.get("/facebook/web/<page_id>")
def page(page_id):
    owner = current_state().account_by_id(NETWORK, page_id)
    return redirect(f"/timeline/{NETWORK}/{owner.handle}") if owner else ("", 404)


@blueprint.get("/facebook/web/<page_id>/posts/<number>")
def post_page(page_id, number):
    from ..pages import _page

    return _page(current_state().post(NETWORK, f"{page_id}_{number}"))
