"""VK: the methods of communities and walls.

Source: VKCOM/vk-api-schema 5.199 and dev.vk.com method/wall.post (2026-06). A community key may post text and links
but neither read nor upload. The schema has no text length; the one here is a setting. VK does not say what a
repeated guid returns: here the post id of the first call.
"""

from flask import Blueprint, request

from .. import cards, texts
from ..exchange import accept, current_state, endpoint, reply
from ..state import Post, stable_id
from .faces import Face
from .vk_manners import (
    COMMUNITY_NAMES,
    MANNERS,
    NETWORK,
    VKError,
    access_token,
    checked_key,
    community,
    error,
    group_of_request,
)
from .vk_photos import attached_photos, get_wall_upload_server, photo_object, save_wall_photo


GUID_SECONDS = 3600
MAX_ATTACHMENTS = 10
OPERATIONS = {
    "wall.post": "publish",
    "wall.edit": "update",
    "wall.delete": "delete",
    "wall.get": "read",
    "wall.getById": "read",
    "photos.getWallUploadServer": "upload",
    "photos.saveWallPhoto": "upload",
}

FACE = Face("VK", "Paste a community key or the token of a person.", "ru")

blueprint = Blueprint("vk", __name__)


def parameter_error(detail: str) -> VKError:
    """Error 100 with VK's opening words."""
    return VKError(100, f"One of the parameters specified was missing or invalid: {detail}")


@blueprint.route("/vk/api/method/<method>", methods=["GET", "POST"])
@endpoint(MANNERS, lambda method: OPERATIONS.get(method, "connect"))
def call(method):
    perform = METHODS.get(method)
    try:
        if perform is None:
            raise VKError(3, "Unknown method passed")
        if not request.values.get("v"):
            raise VKError(8, "Invalid request: v (version) is required")
        return reply({"response": perform()})
    except VKError as refused:
        return error(refused.code, str(refused))


def _group(group_id: str) -> dict:
    return {
        "id": int(group_id),
        "name": community(group_id).name,
        "screen_name": f"club{group_id}",
        "is_closed": 0,
        "type": "group",
        "photo_50": request.host_url + "static/fakenet.svg",
        "photo_100": request.host_url + "static/fakenet.svg",
        "photo_200": request.host_url + "static/fakenet.svg",
    }


def groups_get_by_id():
    key = checked_key("group", "user", "service")
    named = request.values.get("group_ids") or request.values.get("group_id") or ""
    ids = [part.strip().removeprefix("club").lstrip("-") for part in named.split(",") if part.strip()]
    ids = ids or ([key.owner] if key.kind == "group" else [])
    if not ids or not all(group_id.isdigit() for group_id in ids):
        raise parameter_error("group_ids is undefined")
    return {"groups": [_group(group_id) for group_id in ids], "profiles": []}


def groups_get():
    """The communities of a person; every person but ``nobody`` is an editor of those that have a name."""
    key = checked_key("user")
    managed = [] if key.owner == "nobody" else list(COMMUNITY_NAMES)
    shown = request.values.get("extended") == "1"
    return {"count": len(managed), "items": [_group(group_id) if shown else int(group_id) for group_id in managed]}


def groups_get_token_permissions():
    checked_key("group")
    rights = [("photos", 4), ("wall", 8192), ("manage", 262144)]
    return {
        "mask": sum(setting for _, setting in rights),
        "permissions": [{"name": name, "setting": setting} for name, setting in rights],
    }


def users_get():
    key = checked_key("user", "group", "service")
    if key.kind != "user":
        return []
    return [
        {
            "id": int(stable_id("vk-user", key.owner)),
            "first_name": key.owner,
            "last_name": "",
            "can_access_closed": True,
            "is_closed": False,
        }
    ]


def _wall() -> str:
    """The community whose wall is meant, if the key may write there."""
    key = checked_key("group", "user")
    owner_id = request.values.get("owner_id", "")
    group_id = owner_id.removeprefix("-")
    if not owner_id.startswith("-") or not group_id.isdigit():
        raise parameter_error("owner_id should be negative for a community")
    if key.kind == "group" and key.owner != group_id:
        raise VKError(15, "Access denied: no access to call this method")
    return group_id


def _attachments():
    """The link and the photos asked for; raises ``VKError``."""
    parts = [part.strip() for part in request.values.get("attachments", "").split(",") if part.strip()]
    links = [part for part in parts if part.startswith(("http://", "https://"))]
    if len(links) > 1:
        raise parameter_error("attachments, only one link is allowed")
    if len(parts) > MAX_ATTACHMENTS:
        raise parameter_error("attachments, too many")
    return (links[0] if links else None), attached_photos(parts)


def _content():
    """Text, link and photos of a new or edited post; raises ``VKError``."""
    message = request.values.get("message", "")
    link, photos = _attachments()
    if not message and not link and not photos:
        raise parameter_error("message or attachments should be specified")
    if len(message) > current_state().settings["vk_max_characters"]:
        raise parameter_error("message is too long")
    return message, link, photos


def wall_post():
    group_id = _wall()
    state = current_state()
    guid = request.values.get("guid")
    memory = (NETWORK, access_token(), guid)
    if guid and not state.settings["vk_ignore_guid"]:
        known = state.recall(memory, GUID_SECONDS)
        if known:
            return {"post_id": int(known)}
    message, link, photos = _content()
    community(group_id)
    post_id = str(state.rising_id(f"vk-{group_id}", 1))
    post = Post(
        NETWORK,
        group_id,
        post_id,
        message,
        state.now(),
        f"/vk/web/wall-{group_id}_{post_id}",
        link=link or texts.first_link(message),
        images=photos,
        idempotency_key=guid,
        author=None if request.values.get("from_group") == "1" else "member",
        extra={"link_attachment": link},
    )
    state.add_post(post)
    accept(group_id)
    if not photos or link:
        cards.attach(state, post, post.link, title=request.values.get("link_title") if link else None)
    if guid:
        state.remember(memory, post_id)
    return {"post_id": int(post_id)}


def _own_post():
    group_id = _wall()
    post = current_state().post(NETWORK, request.values.get("post_id", ""), group_id)
    if post is None:
        raise parameter_error("post_id is invalid")
    return post


def wall_edit():
    checked_key("user")
    post = _own_post()
    message, link, photos = _content()
    post.text, post.images, post.link, post.card = message, photos, link or texts.first_link(message), None
    post.extra["link_attachment"] = link
    post.edited_at = current_state().now()
    cards.attach(current_state(), post, post.link if not photos or link else None)
    accept()
    return {"post_id": int(post.id)}


def wall_delete():
    checked_key("user")
    group_id = _wall()
    post = current_state().post(NETWORK, request.values.get("post_id", ""), group_id)
    if post is None:
        raise VKError(104, "Not found")
    post.deleted = True
    accept()
    return 1


def _wall_item(post: Post) -> dict:
    attachments = [{"type": "photo", "photo": photo_object(image, post.handle)} for image in post.images]
    if post.extra["link_attachment"]:
        card = post.card or {}
        attachments.append(
            {
                "type": "link",
                "link": {
                    "url": post.extra["link_attachment"],
                    "title": card.get("title", ""),
                    "description": card.get("description", ""),
                    "caption": card.get("site", ""),
                    "target": "internal",
                },
            }
        )
    return {
        "inner_type": "wall_wallpost",
        "id": int(post.id),
        "owner_id": -int(post.handle),
        "from_id": -int(post.handle),
        "date": int(post.created_at),
        "post_type": "post",
        "text": post.text,
        "attachments": attachments,
        "is_favorite": False,
        "comments": {"can_post": 1, "count": 0},
        "likes": {"can_like": 1, "count": 0, "user_likes": 0, "can_publish": 1},
        "reposts": {"count": 0, "user_reposted": 0},
        "views": {"count": 0},
    }


def wall_get():
    checked_key("user", "service")
    group_id = group_of_request()
    if group_id is None:
        raise parameter_error("owner_id not integer")
    count = request.values.get("count", 20, type=int)
    posts = current_state().timeline(NETWORK, group_id, lagging=True)
    offset = request.values.get("offset", 0, type=int)
    return {"count": len(posts), "items": [_wall_item(post) for post in posts[offset : offset + min(count, 100)]]}


def wall_get_by_id():
    checked_key("user", "service")
    names = [name.strip() for name in request.values.get("posts", "").split(",") if name.strip()]
    if not names:
        raise parameter_error("posts is undefined")
    found = []
    for name in names:
        owner, _, post_id = name.lstrip("-").partition("_")
        post = current_state().post(NETWORK, post_id, owner, lagging=True)
        if post:
            found.append(_wall_item(post))
    return {"items": found}


METHODS = {
    "groups.get": groups_get,
    "groups.getById": groups_get_by_id,
    "groups.getTokenPermissions": groups_get_token_permissions,
    "users.get": users_get,
    "wall.post": wall_post,
    "wall.edit": wall_edit,
    "wall.delete": wall_delete,
    "wall.get": wall_get,
    "wall.getById": wall_get_by_id,
    "photos.getWallUploadServer": get_wall_upload_server,
    "photos.saveWallPhoto": save_wall_photo,
}
