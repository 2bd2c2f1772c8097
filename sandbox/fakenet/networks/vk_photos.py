"""VK: the three steps of a wall photo, for user tokens only.

Source: VKCOM/vk-api-schema 5.199 photos methods; limits from SevereCloud/vk-limits (50 MB, width + height up to
14,000). An upload that failed answers an empty list in ``photo``.
"""

import json
import re
import secrets

from flask import Blueprint, request

from .. import pictures
from ..exchange import current_state, endpoint, reply
from ..state import Image
from .vk_manners import MANNERS, NETWORK, VKError, checked_key, user_handle


MAX_BYTES = 50 * 1024 * 1024
MAX_SIDES = 14_000
SERVER = 626_627

blueprint = Blueprint("vk_photos", __name__)


def get_wall_upload_server() -> dict:
    """photos.getWallUploadServer."""
    key = checked_key("user")
    ticket = secrets.token_urlsafe(16)
    group_id = request.values.get("group_id", "")
    current_state().scratch["vk-upload", ticket] = (user_handle(key), group_id)
    return {"upload_url": f"{request.host_url}vk/upload/{ticket}", "album_id": -14, "user_id": 0}


@blueprint.post("/vk/upload/<ticket>")
@endpoint(MANNERS, "upload")
def upload(ticket):
    state = current_state()
    owner = state.scratch.get(("vk-upload", ticket))
    file = next(iter(request.files.values()), None)  # documented as "photo"; clients in wide use call it "file0"
    if owner is None:
        return reply({"error": "ERR_UPLOAD_BAD_SERVER: upload server not found"})
    if file is None:
        return MANNERS.image_refused()
    data = file.read()
    photo_id = str(state.rising_id("vk-photo", 457_239_000))
    try:
        image = pictures.store(state, NETWORK, owner[1] or owner[0], data, image_id=photo_id)
    except pictures.NotAPicture:
        return MANNERS.image_refused()
    if len(data) > MAX_BYTES or image.width + image.height > MAX_SIDES:
        del state.images[photo_id]
        return MANNERS.image_refused()
    token = secrets.token_hex(8)
    state.scratch["vk-photo", token] = photo_id
    photo = json.dumps([{"photo": token, "sizes": [], "kid": "0", "sha": "", "secret": ""}])
    return {"server": SERVER, "photo": photo, "hash": _hash(token)}


def _hash(token):
    return token[::-1]


def save_wall_photo() -> list[dict]:
    """photos.saveWallPhoto; raises ``VKError``."""
    checked_key("user")
    try:
        token = json.loads(request.values.get("photo", ""))[0]["photo"]
    except (ValueError, LookupError, TypeError):
        raise VKError(129, "Invalid photo") from None
    if request.values.get("server") != str(SERVER):
        raise VKError(118, "Invalid server")
    if request.values.get("hash") != _hash(token):
        raise VKError(121, "Invalid hash")
    photo_id = current_state().scratch.pop(("vk-photo", token), None)
    if photo_id is None:
        raise VKError(129, "Invalid photo")
    image = current_state().images[photo_id]
    image.alt = request.values.get("caption", "")
    return [photo_object(image, request.values.get("group_id", ""))]


def photo_object(image: Image, group_id: str) -> dict:
    """The photo as VK returns it; photos for a wall belong to the community."""
    address = request.host_url.rstrip("/") + pictures.path_of(image)
    return {
        "id": int(image.id),
        "owner_id": -int(group_id) if group_id.isdigit() else 0,
        "album_id": -14,
        "date": int(image.uploaded_at),
        "text": image.alt,
        "access_key": "fakenet",
        "has_tags": False,
        "sizes": [{"type": "x", "url": address, "width": image.width, "height": image.height}],
    }


def attached_photos(parts: list[str]) -> list[Image]:
    """The pictures named in an attachments list; unknown ones are dropped without a word, as VK does."""
    found = []
    for part in parts:
        match = re.fullmatch(r"photo-?\d+_(\d+)(?:_\w+)?", part)
        image = current_state().images.get(match[1]) if match else None
        if image and image.network == NETWORK:
            found.append(image)
    return found
