"""OK: topics of groups, photos, reading back.

Source: apiok.ru (mediatopic.post, group.getInfo, group.getUserGroupsByIds; 2026-11); the shape of mediatopic.getTopics
as public code of 2025 reads it. What a topic that is gone is answered with is not documented: here error 100.
"""

import json
import secrets

from flask import Blueprint, g, redirect, render_template, request

from .. import cards, pictures
from ..exchange import accept, current_state, endpoint, reply
from ..state import Post
from .faces import Face
from .ok_manners import (
    LONG_SECONDS,
    MANNERS,
    NETWORK,
    OKError,
    check_call,
    error,
    group,
    groups_of,
    need,
    own_group,
)


FIRST_TOPIC = 150_000_000_000_000
OPERATIONS = {
    "mediatopic.post": "publish",
    "mediatopic.deleteTopic": "delete",
    "mediatopic.getTopics": "read",
    "mediatopic.getByIds": "read",
    "photosV2.getUploadUrl": "upload",
    "auth.touchSession": "refresh",
}

FACE = Face("OK", "OAuth 2.0; every call is signed.", "ru")

blueprint = Blueprint("ok", __name__)


@blueprint.route("/ok/api/fb.do", methods=["GET", "POST"])
@endpoint(MANNERS, lambda: OPERATIONS.get(request.values.get("method"), "connect"))
def call():
    try:
        token = check_call()
        perform, *permissions = METHODS.get(request.values.get("method"), (None,))
        if perform is None:
            raise OKError(3, "METHOD : Method does not exist")
        need(token, *permissions)
        answer = perform()
    except OKError as refused:
        return error(refused.code, str(refused))
    # Some answers are bare JSON values.
    return reply(json.dumps(answer, ensure_ascii=False), content_type="application/json; charset=utf-8")


def current_user():
    return {"uid": current_state().account(NETWORK, g.person).id, "name": g.person, "locale": "ru"}


def touch_session():
    token = current_state().token(NETWORK, request.values["access_token"])
    token.expires_at = current_state().now() + LONG_SECONDS
    return {"success": True}


def user_groups():
    found = [
        {"groupId": group_id, "userId": g.person, "status": status} | ({"role": role} if role else {})
        for group_id, (_name, status, role) in groups_of(g.person).items()
    ]
    return {"groups": found, "anchor": "end"} if found else {"groups": None, "anchor": None}


def group_info():
    return [{"uid": uid, "name": group(uid).name} for uid in request.values.get("uids", "").split(",") if uid]


def upload_url():
    group_id = own_group()
    ticket = secrets.token_urlsafe(16)
    current_state().scratch["ok-upload", ticket] = group_id
    return {
        "photo_ids": [ticket],
        "upload_url": f"{request.host_url}ok/upload/{ticket}",
        "expires": "",
        "expires_ms": int((current_state().now() + 3600) * 1000),
    }


@blueprint.post("/ok/upload/<ticket>")
@endpoint(MANNERS, "upload")
def upload(ticket):
    state = current_state()
    group_id, file = state.scratch.get(("ok-upload", ticket)), request.files.get("pic1")
    if group_id is None or file is None:
        return MANNERS.image_refused()
    try:
        image = pictures.store(state, NETWORK, group_id, file.read())
    except pictures.NotAPicture:
        return MANNERS.image_refused()
    token = secrets.token_urlsafe(24)
    state.scratch["ok-photo", token] = image.id
    return {"photos": {ticket: {"token": token}}}


def _content():
    """Text, link, pictures and whether the group speaks; raises ``OKError``."""
    try:
        attachment = json.loads(request.values.get("attachment", ""))
        blocks = attachment["media"]
        texts = [block["text"] for block in blocks if block["type"] == "text"]
        links = [block["url"] for block in blocks if block["type"] == "link"]
        tokens = [photo["id"] for block in blocks if block["type"] == "photo" for photo in block["list"]]
    except (ValueError, LookupError, TypeError):
        raise OKError(100, "PARAM : Invalid parameter attachment") from None
    state = current_state()
    images = [state.images.get(state.scratch.pop(("ok-photo", token), "")) for token in tokens]
    if None in images or not (texts or links or images):
        raise OKError(100, "PARAM : Invalid parameter attachment")
    return "\n".join(texts), (links or [None])[0], images, attachment.get("onBehalfOfGroup") == "true"


def post_topic():
    if request.values.get("type") != "GROUP_THEME":
        raise OKError(100, "PARAM : Invalid parameter type")
    group_id, state = own_group(), current_state()
    text, link, images, as_group = _content()
    topic_id = str(state.rising_id("ok-topic", FIRST_TOPIC))
    address = f"/ok/web/group/{group_id}/topic/{topic_id}"
    post = Post(NETWORK, group_id, topic_id, text, state.now(), address, link=link, images=images)
    post.author = None if as_group else g.person
    group(group_id)
    state.add_post(post)
    accept(group_id)
    cards.attach(state, post, link)
    return topic_id


def _topic(post: Post) -> dict:
    media = [{"type": "text", "text": post.text}] if post.text else []
    media += [{"type": "photo", "photo_refs": [f"group_photo:{image.id}" for image in post.images]}] * bool(
        post.images
    )
    media += [{"type": "link", "url": post.link, "title": post.link}] * bool(post.link)
    owner = f"group:{post.handle}"
    when = int(post.created_at * 1000)
    return {"id": post.id, "created_ms": when, "author_ref": owner, "owner_ref": owner, "media": media}


def topics():
    group_id = request.values.get("gid", "")
    count = request.values.get("count", 10, type=int)
    posts = current_state().timeline(NETWORK, group_id, lagging=True)[: min(count, 100)]
    return {"media_topics": [_topic(post) for post in posts], "has_more": False}


def topics_by_ids():
    ids = request.values.get("topic_ids", "").split(",")
    posts = [current_state().post(NETWORK, topic_id) for topic_id in ids]
    return {"media_topics": [_topic(post) for post in posts if post]}


def delete_topic():
    post = current_state().post(NETWORK, request.values.get("topic_id", ""), own_group())
    if post is None:
        raise OKError(100, "PARAM : Invalid parameter topic_id")
    post.deleted = True
    accept()
    return {"success": True, "restore_id": secrets.token_hex(8)}


METHODS = {
    "users.getCurrentUser": (current_user,),
    "auth.touchSession": (touch_session,),
    "group.getUserGroupsV2": (user_groups, "GROUP_CONTENT"),
    "group.getInfo": (group_info, "GROUP_CONTENT"),
    "photosV2.getUploadUrl": (upload_url, "PHOTO_CONTENT"),
    "mediatopic.post": (post_topic, "GROUP_CONTENT"),
    "mediatopic.getTopics": (topics, "GROUP_CONTENT"),
    "mediatopic.getByIds": (topics_by_ids,),
    "mediatopic.deleteTopic": (delete_topic, "GROUP_CONTENT"),
}


@blueprint.get("/ok/web/group/<group_id>/topic/<topic_id>")
def topic_page(group_id, topic_id):
    post = current_state().post(NETWORK, topic_id, group_id)
    if post is None:
        return render_template("missing.html"), 404
    return render_template("post.html", network=NETWORK, post=post, name=group(group_id).name)


@blueprint.get("/ok/web/group/<group_id>")
def group_page(group_id):
    group(group_id)
    return redirect(f"/timeline/ok/{group_id}")
