"""Mastodon: instance, accounts, media, statuses.

Source: mastodon/documentation methods/statuses.md, methods/media.md, methods/instance.md (2026-07), Mastodon OpenAPI
4.7, answers recorded from a 4.6 server.
"""

from flask import Blueprint, request

from .. import cards, pictures, texts
from ..exchange import accept, current_state, endpoint, reply
from ..state import Post
from . import mastodon_entities as entities
from .faces import Face
from .mastodon_manners import MANNERS, signed_in
from .mastodon_oauth import parameters


NETWORK = "mastodon"
FACE = Face("Mastodon", "Connect with the address of this server as the instance.")
IDEMPOTENCY_SECONDS = 3600
NOT_FOUND = {"error": "Record not found"}
VISIBILITIES = {"public", "unlisted", "private", "direct"}

blueprint = Blueprint("mastodon", __name__)


@blueprint.get("/api/v2/instance")
@endpoint(MANNERS, "connect")
def instance():
    return reply(
        entities.instance(request.host_url, current_state().settings), headers={"Cache-Control": "max-age=300, public"}
    )


@blueprint.get("/api/v1/instance")
@endpoint(MANNERS, "connect")
def instance_v1():
    return entities.instance_v1(request.host_url, current_state().settings)


@blueprint.get("/api/v1/accounts/verify_credentials")
@endpoint(MANNERS, "connect")
def verify_credentials():
    token, refusal = signed_in("profile", "read:accounts")
    return refusal or entities.credential_account(current_state().account(NETWORK, token.handle))


@blueprint.get("/api/v1/accounts/<account_id>")
@endpoint(MANNERS, "read")
def account(account_id):
    found = current_state().account_by_id(NETWORK, account_id)
    return entities.account(found) if found else (NOT_FOUND, 404)


@blueprint.get("/api/v1/accounts/<account_id>/statuses")
@endpoint(MANNERS, "read")
def account_statuses(account_id):
    found = current_state().account_by_id(NETWORK, account_id)
    if not found:
        return NOT_FOUND, 404
    listed = current_state().timeline(NETWORK, found.handle, lagging=True)
    for name, keeps in (("min_id", int.__gt__), ("since_id", int.__gt__), ("max_id", int.__lt__)):
        bound = request.args.get(name, "")
        if bound.isdigit():
            listed = [post for post in listed if keeps(int(post.id), int(bound))]
    limit = min(request.args.get("limit", 20, type=int), 40)
    listed = listed[-limit:] if "min_id" in request.args else listed[:limit]
    response = reply([entities.status(post) for post in listed])
    if listed:
        base = f"{request.base_url}?limit={limit}"
        response.headers["Link"] = (
            f'<{base}&max_id={listed[-1].id}>; rel="next", <{base}&min_id={listed[0].id}>; rel="prev"'
        )
    return response


@blueprint.post("/api/v2/media")
@endpoint(MANNERS, "upload")
def upload():
    token, refusal = signed_in("write:media")
    if refusal:
        return refusal
    state = current_state()
    file = request.files.get("file")
    if file is None:
        return {"error": "Validation failed: File can't be blank"}, 422
    description = request.form.get("description", "")
    if len(description) > entities.DESCRIPTION_LIMIT:
        return {
            "error": f"Validation failed: Description is too long (maximum is {entities.DESCRIPTION_LIMIT} characters)"
        }, 422
    data = file.read()
    if len(data) > entities.IMAGE_SIZE_LIMIT:
        return {"error": "Validation failed: File file size must be less than 16 MB"}, 422
    try:
        image = pictures.store(
            state, NETWORK, token.handle, data, image_id=entities.new_id(state), alt=description.strip()
        )
    except pictures.NotAPicture:
        return MANNERS.image_refused()
    ready = entities.media_is_ready(state, image)
    return entities.media(image, ready), 200 if ready else 202


@blueprint.route("/api/v1/media/<media_id>", methods=["GET", "PUT"])
@endpoint(MANNERS, "read")
def media(media_id):
    token, refusal = signed_in("write:media")
    if refusal:
        return refusal
    state = current_state()
    image = _own_image(media_id, token.handle)
    if image is None or image.post_id:
        return NOT_FOUND, 404
    if request.method == "PUT":
        image.alt = str(parameters().get("description") or "")
    ready = entities.media_is_ready(state, image)
    return entities.media(image, ready), 200 if ready else 206


def _own_image(media_id, handle):
    image = current_state().images.get(media_id)
    return image if image and (image.network, image.handle) == (NETWORK, handle) else None


def _media_ids(given) -> list[str]:
    named = request.form.getlist("media_ids[]") or given.get("media_ids") or []
    return [str(named)] if isinstance(named, str | int) else [str(item) for item in named]


def _checked(given, handle, own_post_id=None):
    """The text, warning and pictures of a new or edited status, or what is wrong: (text, spoiler, images, error)."""
    state = current_state()
    text = str(given.get("status") or "").strip()
    spoiler = str(given.get("spoiler_text") or "").strip()
    ids = _media_ids(given)
    images = [_own_image(media_id, handle) for media_id in ids]
    if len(ids) > entities.MAX_MEDIA:
        return None, None, None, f"Cannot attach more than {entities.MAX_MEDIA} files"
    missing = [
        media_id
        for media_id, image in zip(ids, images, strict=True)
        if image is None or image.post_id not in (None, own_post_id)
    ]
    if missing:
        return None, None, None, f"Media {', '.join(missing)} not found or already attached to another post"
    if not all(entities.media_is_ready(state, image) for image in images):
        error = "Cannot attach files that have not finished processing. Try again in a moment!"
        return None, None, None, error
    if not text and not images:
        return None, None, None, "Validation failed: Text can't be blank"
    maximum = state.settings["mastodon_max_characters"]
    if texts.mastodon_length(text, spoiler) > maximum:
        return None, None, None, f"Validation failed: Text character limit of {maximum} exceeded"
    return text, spoiler, images, None


@blueprint.post("/api/v1/statuses")
@endpoint(MANNERS, "publish")
def create_status():
    token, refusal = signed_in("write:statuses")
    if refusal:
        return refusal
    state, given = current_state(), parameters()
    key = request.headers.get("Idempotency-Key")
    memory = (NETWORK, token.handle, key)
    if key and not state.settings["mastodon_ignore_idempotency_key"]:
        known = state.recall(memory, IDEMPOTENCY_SECONDS)
        if known:
            post = state.post(NETWORK, known, token.handle)
            return entities.status(post) if post else (NOT_FOUND, 404)
    text, spoiler, images, error = _checked(given, token.handle)
    visibility = given.get("visibility") or "public"
    if not error and visibility not in VISIBILITIES:
        error = "Validation failed: Visibility is not included in the list"
    if error:
        return {"error": error}, 422
    post_id = entities.new_id(state)
    post = Post(
        NETWORK,
        token.handle,
        post_id,
        text,
        state.now(),
        f"/@{token.handle}/{post_id}",
        link=texts.first_link(text),
        images=images,
        language=given.get("language") or "en",
        visibility=visibility,
        idempotency_key=key,
        extra={"spoiler_text": spoiler, "application": _application(token), "sensitive": bool(spoiler)},
    )
    state.add_post(post)
    accept()
    answer = entities.status(post)
    if not images and not spoiler:
        cards.attach(state, post, post.link)
    if key:
        state.remember(memory, post_id)
    return answer


def _application(token) -> dict:
    app = current_state().apps.get(token.client_id)
    return {"name": app["name"], "website": app["website"]} if app else {"name": "Web", "website": None}


@blueprint.route("/api/v1/statuses/<status_id>", methods=["GET"])
@endpoint(MANNERS, "read")
def show_status(status_id):
    post = current_state().post(NETWORK, status_id, lagging=True)
    return entities.status(post) if post else (NOT_FOUND, 404)


@blueprint.get("/api/v1/statuses/<status_id>/source")
@endpoint(MANNERS, "read")
def status_source(status_id):
    token, refusal = signed_in("read:statuses")
    if refusal:
        return refusal
    post = current_state().post(NETWORK, status_id, token.handle)
    if not post:
        return NOT_FOUND, 404
    return {"id": post.id, "text": post.text, "spoiler_text": post.extra["spoiler_text"]}


@blueprint.put("/api/v1/statuses/<status_id>")
@endpoint(MANNERS, "update")
def edit_status(status_id):
    token, refusal = signed_in("write:statuses")
    if refusal:
        return refusal
    state, given = current_state(), parameters()
    post = state.post(NETWORK, status_id, token.handle)
    if not post:
        return NOT_FOUND, 404
    text, spoiler, images, error = _checked(given, token.handle, own_post_id=status_id)
    if error:
        return {"error": error}, 422
    post.text, post.images, post.edited_at = text, images, state.now()
    post.language = given.get("language") or post.language
    post.extra["spoiler_text"] = spoiler
    for image in images:
        image.post_id = post.id
    post.link, post.card = texts.first_link(text), None
    if not images and not spoiler:
        cards.attach(state, post, post.link)
    accept()
    return entities.status(post)


@blueprint.delete("/api/v1/statuses/<status_id>")
@endpoint(MANNERS, "delete")
def delete_status(status_id):
    token, refusal = signed_in("write:statuses")
    if refusal:
        return refusal
    post = current_state().post(NETWORK, status_id, token.handle)
    if not post:
        return NOT_FOUND, 404
    answer = entities.status(post)
    del answer["content"]
    answer["text"] = post.text
    post.deleted = True
    accept()
    return answer
