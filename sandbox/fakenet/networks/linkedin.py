"""LinkedIn: the Posts API and the Images API, as far as a site needs them.

Source: learn.microsoft.com/linkedin (Posts API, Images API) as quoted in notes of 2026-09 and 2026-10. A text is
refused while the author shows the same one, and for two days after such a post was deleted: then the refusal names a
post that does not exist (ComposioHQ/composio issue 2710). Cards are made of what the request holds, never crawled.
"""

import secrets
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request

from .. import consent, pictures
from ..exchange import accept, current_state, endpoint, reply
from ..state import Post, host_of
from .faces import Face
from .linkedin_manners import (
    MANNERS,
    NETWORK,
    PAGES,
    author_of,
    error,
    handle_of,
    input_error,
    signed_in,
)
from .linkedin_text import read


GHOST_SECONDS = 2 * 86400
MAX_COMMENTARY = 3000
MAX_TITLE = 400
MAX_ALT = 4086
MAX_PIXELS = 36_152_320
VISIBILITIES = {"PUBLIC", "CONNECTIONS", "LOGGED_IN"}
REQUIRED = ("author", "commentary", "visibility", "distribution", "lifecycleState")
WRITE = ("w_member_social", "w_organization_social")

FACE = Face("LinkedIn", "Members, and pages by an app of their own.")

blueprint = Blueprint("linkedin", __name__)


def _new_urn() -> str:
    state = current_state()
    return f"urn:li:share:{state.rising_id(NETWORK, int(state.now() * 1000) << 22)}"


def _operation(urn=None):
    """Rest.li says in a header what a POST means."""
    method = request.headers.get("X-RestLi-Method", "").upper()
    return "update" if method == "PARTIAL_UPDATE" else "publish"


def _picture(urn, handle):
    """The uploaded picture of this owner that a URN means."""
    image = current_state().images.get(str(urn).rpartition(":")[2])
    return image if image and (image.network, image.handle) == (NETWORK, handle) else None


def _refusal(body, token):
    """Why ``body`` cannot become a post: (handle, refusal)."""
    if not isinstance(body, dict):
        return None, input_error(400, "INVALID_VALUE_FOR_FIELD", "The body is no JSON object")
    for field in REQUIRED:
        if field not in body:
            return None, input_error(400, "MISSING_FIELD", f"{field} is required")
    handle, refusal = handle_of(body["author"], token)
    if refusal:
        return None, refusal
    if body["visibility"] not in VISIBILITIES or body["lifecycleState"] != "PUBLISHED":
        return None, input_error(400, "INVALID_VALUE_FOR_FIELD", "visibility or lifecycleState is not supported")
    # Whether backslashes count is not documented; here they do.
    if len(body["commentary"].encode("utf-16-le")) // 2 > MAX_COMMENTARY:
        return None, input_error(400, "FIELD_LENGTH_TOO_LONG", "commentary is too long")
    return handle, _content_refusal(body.get("content") or {}, handle) or _repeated(body["commentary"], handle)


def _content_refusal(content, handle):
    article, media = content.get("article"), content.get("media")
    if article is not None:
        if not consent.is_web_address(article.get("source")):
            return input_error(400, "INVALID_URL", "article.source is no address")
        if not article.get("title"):
            return input_error(400, "MISSING_FIELD", "article.title is required")
        if len(article["title"]) > MAX_TITLE:
            return input_error(400, "FIELD_LENGTH_TOO_LONG", "article.title is too long")
    urns = [urn for urn in ((article or {}).get("thumbnail"), (media or {}).get("id")) if urn]
    if media is not None and len(media.get("altText", "")) > MAX_ALT:
        return input_error(400, "FIELD_LENGTH_TOO_LONG", "media.altText is too long")
    for urn in urns:
        if ("linkedin-upload", urn) in current_state().scratch:
            return input_error(400, "MEDIA_ASSET_WAITING_UPLOAD", "Media asset is waiting upload")
        if _picture(urn, handle) is None:
            return input_error(400, "INVALID_IMAGE_ID", f"{urn} is no image of the author")
    return None


def _repeated(commentary, handle):
    state = current_state()
    for post in reversed(state.posts):
        if (post.network, post.handle) != (NETWORK, handle) or post.extra["commentary"] != commentary:
            continue
        if post.deleted and state.now() - post.extra.get("deleted_at", 0) > GHOST_SECONDS:
            continue
        urn = _new_urn() if post.deleted else post.id
        message = f"com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {urn}"
        return input_error(422, "DUPLICATE_POST", "Duplicate post is detected", message)
    return None


@blueprint.post("/linkedin/api/rest/posts")
@endpoint(MANNERS, _operation)
def create():
    token, refusal = signed_in(*WRITE)
    if refusal:
        return refusal
    body = request.get_json(silent=True)
    handle, refusal = _refusal(body, token)
    if refusal:
        return refusal
    state, urn, content = current_state(), _new_urn(), body.get("content") or {}
    article, media = content.get("article") or {}, content.get("media") or {}
    image = _picture(article.get("thumbnail") or media.get("id"), handle)
    if image:
        image.alt = media.get("altText", "")
    shown, tags = read(body["commentary"])
    is_page = body["author"].startswith("urn:li:organization:")
    post = Post(
        NETWORK,
        handle,
        urn,
        shown,
        state.now(),
        f"/linkedin/web/feed/update/{urn}",
        link=article.get("source"),
        card=_card(article, image) if article else None,
        images=[image] if media and image else [],
        visibility="public" if is_page else body["visibility"].lower(),
        extra={"commentary": body["commentary"], "content": content, "tags": tags},
    )
    state.add_post(post)
    accept(handle)
    return reply("", 201, {"x-restli-id": urn})


def _card(article, thumbnail):
    return {
        "url": article["source"],
        "title": article["title"],
        "description": article.get("description", ""),
        "site": host_of(article["source"]),
        "image": pictures.path_of(thumbnail) if thumbnail else None,
    }


def _as_json(post: Post) -> dict:
    milliseconds = int(post.created_at * 1000)
    return {
        "id": post.id,
        "author": author_of(post.handle),
        "commentary": post.extra["commentary"],
        "content": post.extra["content"],
        "createdAt": milliseconds,
        "publishedAt": milliseconds,
        "lastModifiedAt": int((post.edited_at or post.created_at) * 1000),
        "lifecycleState": "PUBLISHED",
        "visibility": post.visibility.upper(),
    }


@blueprint.get("/linkedin/api/rest/posts")
@endpoint(MANNERS, "read")
def finder():
    token, refusal = signed_in("r_organization_social", "r_member_social")
    if refusal:
        return refusal
    handle, refusal = handle_of(request.args.get("author"), token, "r")
    if refusal:
        return refusal
    start, count = request.args.get("start", 0, int), min(request.args.get("count", 10, int), 100)
    found = current_state().timeline(NETWORK, handle, lagging=True)
    if request.args.get("sortBy", "LAST_MODIFIED") == "LAST_MODIFIED":
        found.sort(key=lambda post: post.edited_at or post.created_at, reverse=True)
    elements = [_as_json(post) for post in found[start : start + count]]
    return {"paging": {"start": start, "count": count, "links": []}, "elements": elements}


def _one(urn, right):
    """A living post that the token may read or change: (post, refusal)."""
    scopes = WRITE if right == "w" else ("r_organization_social", "r_member_social")
    token, refusal = signed_in(*scopes)
    if refusal:
        return None, refusal
    post = current_state().post(NETWORK, urn, lagging=right == "r")
    if post is None:
        return None, error(404, "NOT_FOUND", f"Could not find entity {urn}")
    _handle, refusal = handle_of(author_of(post.handle), token, right)
    return (None, refusal) if refusal else (post, None)


@blueprint.get("/linkedin/api/rest/posts/<urn>")
@endpoint(MANNERS, "read")
def show(urn):
    post, refusal = _one(urn, "r")
    return refusal or _as_json(post)


@blueprint.post("/linkedin/api/rest/posts/<urn>")
@endpoint(MANNERS, "update")
def change(urn):
    post, refusal = _one(urn, "w")
    if refusal:
        return refusal
    patch = (request.get_json(silent=True) or {}).get("patch", {}).get("$set", {})
    if _operation() != "update" or not isinstance(patch.get("commentary"), str):
        return input_error(400, "INVALID_VALUE_FOR_FIELD", "nothing to change")
    post.extra["commentary"] = patch["commentary"]
    post.text, post.extra["tags"] = read(patch["commentary"])
    post.edited_at = current_state().now()
    accept(post.handle)
    return reply("", 204)


@blueprint.delete("/linkedin/api/rest/posts/<urn>")
@endpoint(MANNERS, "delete")
def delete(urn):
    post, refusal = _one(urn, "w")
    if refusal is not None and getattr(refusal, "status_code", None) == 404:
        return reply("", 204)
    if refusal:
        return refusal
    post.deleted, post.extra["deleted_at"] = True, current_state().now()
    accept(post.handle)
    return reply("", 204)


@blueprint.post("/linkedin/api/rest/images")
@endpoint(MANNERS, "upload")
def initialize_upload():
    token, refusal = signed_in(*WRITE)
    if refusal:
        return refusal
    order = (request.get_json(silent=True) or {}).get("initializeUploadRequest", {})
    handle, refusal = handle_of(order.get("owner"), token)
    if refusal:
        return refusal
    if request.args.get("action") != "initializeUpload":
        return input_error(400, "INVALID_VALUE_FOR_FIELD", "unknown action")
    state, image_id = current_state(), "C" + secrets.token_hex(8)
    urn = f"urn:li:image:{image_id}"
    state.scratch["linkedin-upload", urn] = handle
    address = f"{request.host_url}linkedin/web/dms-uploads/{image_id}/uploaded-image/0?ca=vector&sync=0"
    return {"value": {"uploadUrlExpiresAt": int((state.now() + 86400) * 1000), "uploadUrl": address, "image": urn}}


@blueprint.put("/linkedin/web/dms-uploads/<image_id>/uploaded-image/0")
@endpoint(MANNERS, "upload")
def upload(image_id):
    _token, refusal = signed_in(*WRITE, versioned=False)
    if refusal:
        return refusal
    state, waiting = current_state(), ("linkedin-upload", f"urn:li:image:{image_id}")
    handle = state.scratch.get(waiting)
    if handle is None:
        return input_error(400, "EXPIRED_UPLOAD_URL", "The upload address is not valid any more")
    try:
        image = pictures.store(state, NETWORK, handle, request.get_data(), image_id=image_id)
    except pictures.NotAPicture:
        return MANNERS.image_refused()
    if image.width * image.height >= MAX_PIXELS or image.content_type == "image/webp":
        del state.images[image_id]
        return MANNERS.image_refused()
    del state.scratch[waiting]
    return reply("", 201)


@blueprint.get("/linkedin/api/rest/images/<urn>")
@endpoint(MANNERS, "read")
def image_status(urn):
    token, refusal = signed_in("r_organization_social", "rw_organization_admin")
    if refusal:
        return refusal
    image = current_state().images.get(urn.rpartition(":")[2])
    if image is None:
        return error(404, "NOT_FOUND", f"Could not find entity {urn}")
    return {"id": urn, "owner": author_of(image.handle), "status": "AVAILABLE"}


# For people


@blueprint.get("/linkedin/web/feed/update/<urn>")
def post_page(urn):
    post = current_state().post(NETWORK, urn)
    if post is None:
        return render_template("missing.html"), 404
    name = current_state().account(NETWORK, post.handle).name
    return render_template("post.html", network=NETWORK, post=post, name=name)


@blueprint.get("/linkedin/web/company/<name>")
def company_page(name):
    page = PAGES.get(name)
    return redirect(f"/timeline/{NETWORK}/{quote(page[0] if page else name)}")
