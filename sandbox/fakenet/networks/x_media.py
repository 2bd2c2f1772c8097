"""X: pictures, in one request or in pieces, and their alternative text.

Source: OpenAPI spec 2.167 and xdevplatform/docs x-api/media (2026-08): 5 MB a picture, 15 MB a GIF, ids good for 24 h,
alternative text up to 1,000 characters.
"""

import base64
import binascii
import secrets

from flask import Blueprint, request

from .. import pictures
from ..exchange import current_state, endpoint, reply
from ..state import Image
from .x_manners import MANNERS, NETWORK, invalid_request, signed_in


EXPIRES_SECONDS = 86400
MAX_BYTES = {"image/gif": 15 * 1024 * 1024}
MAX_IMAGE_BYTES = 5 * 1024 * 1024
CATEGORIES = {"tweet_image", "tweet_gif", "tweet_video", "dm_image", "dm_gif", "dm_video", "subtitles"}

blueprint = Blueprint("x_media", __name__)


def shown_image(media_id: str, handle: str) -> Image | None:
    """The picture, if it is this account's, still fresh and in no post yet."""
    state = current_state()
    image = state.images.get(media_id) if isinstance(media_id, str) else None
    if not image or (image.network, image.handle) != (NETWORK, handle) or image.post_id:
        return None
    return image if state.now() - image.uploaded_at < EXPIRES_SECONDS else None


def _new_media_id() -> str:
    state = current_state()
    return str(state.rising_id("x-media", 18 * 10**17 + int(state.now() * 1000) * 1000 + secrets.randbelow(1000)))


def _bytes() -> bytes | None:
    file = request.files.get("media")
    if file:
        return file.read()
    body = request.get_json(silent=True) if request.is_json else None
    given = body.get("media") if isinstance(body, dict) else None
    try:
        return base64.b64decode(given, validate=True) if isinstance(given, str) else None
    except binascii.Error:
        return None


def _field(name):
    body = request.get_json(silent=True) if request.is_json else request.form
    return (body or {}).get(name)


def _stored(media_id, handle, data):
    """The uploaded picture's answer, or the refusal of it."""
    state = current_state()
    try:
        image = pictures.store(state, NETWORK, handle, data, image_id=media_id)
    except pictures.NotAPicture:
        return MANNERS.image_refused()
    allowed = MAX_BYTES.get(image.content_type, MAX_IMAGE_BYTES)
    if len(data) > allowed:
        del state.images[media_id]
        return invalid_request(f"File size exceeds {allowed} bytes.", {"media": [str(len(data))]})
    return _answer(media_id, len(data))


def _answer(media_id, size=None):
    data = {"id": media_id, "media_key": f"3_{media_id}", "expires_after_secs": EXPIRES_SECONDS}
    if size is not None:
        data["size"] = size
    return reply({"data": data})


@blueprint.post("/x/api/2/media/upload")
@endpoint(MANNERS, "upload")
def upload():
    token, refusal = signed_in("media.write")
    if refusal:
        return refusal
    data = _bytes()
    if not data:
        return invalid_request("media is required.", {"media": []})
    if _field("media_category") not in CATEGORIES:
        return invalid_request("media_category is required.", {"media_category": [str(_field("media_category"))]})
    return _stored(_new_media_id(), token.handle, data)


@blueprint.get("/x/api/2/media/upload")
@endpoint(MANNERS, "read")
def status():
    token, refusal = signed_in("media.write")
    if refusal:
        return refusal
    media_id = request.args.get("media_id", "")
    image = shown_image(media_id, token.handle)
    if request.args.get("command") != "STATUS" or image is None:
        return invalid_request("Invalid media_id.", {"media_id": [media_id]})
    answer = _answer(media_id, len(image.data)).get_json()
    answer["data"]["processing_info"] = {"state": "succeeded", "progress_percent": 100}
    return answer


@blueprint.post("/x/api/2/media/upload/initialize")
@endpoint(MANNERS, "upload")
def initialize():
    token, refusal = signed_in("media.write")
    if refusal:
        return refusal
    media_id = _new_media_id()
    current_state().scratch["x-upload", media_id, token.handle] = {}
    return _answer(media_id)


@blueprint.post("/x/api/2/media/upload/<media_id>/append")
@endpoint(MANNERS, "upload")
def append(media_id):
    token, refusal = signed_in("media.write")
    if refusal:
        return refusal
    segments = current_state().scratch.get(("x-upload", media_id, token.handle))
    index, data = str(_field("segment_index")), _bytes()
    if segments is None or not index.isdigit() or not data:
        return invalid_request("Invalid media_id, segment_index or media.", {"segment_index": [index]})
    segments[int(index)] = data
    return {"data": {"expires_at": int(current_state().now()) + EXPIRES_SECONDS}}


@blueprint.post("/x/api/2/media/upload/<media_id>/finalize")
@endpoint(MANNERS, "upload")
def finalize(media_id):
    token, refusal = signed_in("media.write")
    if refusal:
        return refusal
    segments = current_state().scratch.pop(("x-upload", media_id, token.handle), None)
    if not segments:
        return invalid_request("Invalid media_id.", {"media_id": [media_id]})
    return _stored(media_id, token.handle, b"".join(segments[index] for index in sorted(segments)))


@blueprint.post("/x/api/2/media/metadata")
@endpoint(MANNERS, "metadata")
def metadata():
    token, refusal = signed_in("media.write")
    if refusal:
        return refusal
    body = request.get_json(silent=True) or {}
    image = shown_image(str(body.get("id", "")), token.handle)
    alt = ((body.get("metadata") or {}).get("alt_text") or {}).get("text")
    if image is None or not isinstance(alt, str) or not 0 < len(alt) <= 1000:
        return invalid_request("The media metadata is invalid.", {"id": [str(body.get("id"))]})
    image.alt = alt
    return {"data": {"id": image.id, "associated_metadata": {"alt_text": {"text": alt}}}}
