"""Weibo: sharing and reading back.

Source: open.weibo.com/wiki/2/statuses/share and its neighbours, error table, recorded answers. The code for a
forbidden ``#topic#`` is not documented; 10017 (bad value) is used. Posting of old, statuses/update and upload, answers
10014 since 2017.
"""

import re

from flask import Blueprint, request

from .. import cards, pictures, texts
from ..exchange import accept, current_state, endpoint
from ..state import Account, Post, host_of
from .faces import Face
from .weibo_manners import APP_NAME, MANNERS, NETWORK, error, short_link, signed_in, weibo_time


LIMIT = 140
MAX_PICTURE_BYTES = 5 * 1024 * 1024
PICTURE_TYPES = {"image/jpeg", "image/gif", "image/png"}
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
EPOCH_SECONDS = 515_483_463
TOPIC = re.compile(r"#[^#\s][^#]*#")

FACE = Face("Weibo", "OAuth 2.0; the link must be on the app's bound domain.", "zh-Hans")

blueprint = Blueprint("weibo", __name__)


def base62(mid: str) -> str:
    """The short form of a post's id in its address: groups of seven digits from the right, four signs each."""
    groups, rest = [], mid
    while rest:
        number, rest = int(rest[-7:]), rest[:-7]
        signs = ""
        while number:
            number, sign = divmod(number, 62)
            signs = DIGITS[sign] + signs
        groups.insert(0, signs.rjust(4, "0") if rest else signs)
    return "".join(groups)


def user(owner: Account) -> dict:
    """The user object, cut to its lasting fields."""
    picture = request.host_url + "static/fakenet.svg"
    return {
        "id": int(owner.id),
        "idstr": owner.id,
        "screen_name": owner.handle,
        "name": owner.handle,
        "province": "100",
        "city": "1000",
        "location": "其他",
        "description": "",
        "url": "",
        "profile_image_url": picture,
        "profile_url": f"u/{owner.id}",
        "domain": "",
        "weihao": "",
        "gender": "n",
        "followers_count": 0,
        "friends_count": 0,
        "statuses_count": len(current_state().timeline(NETWORK, owner.handle)),
        "created_at": weibo_time(owner.joined_at),
        "verified": False,
        "verified_type": -1,
        "avatar_large": picture,
        "lang": "zh-cn",
    }


def status(post: Post, with_user: bool = True) -> dict:
    """The status object; links come back as t.cn addresses."""
    text = post.text
    for link in texts.weibo_links(post.text):
        text = text.replace(link, short_link(link), 1)
    body = {
        "created_at": weibo_time(post.created_at),
        "id": int(post.id),
        "mid": post.id,
        "idstr": post.id,
        "text": text,
        "source": f'<a href="http://app.weibo.com/t/feed/fakenet" rel="nofollow">{APP_NAME}</a>',
        "favorited": False,
        "truncated": False,
        "in_reply_to_status_id": "",
        "in_reply_to_user_id": "",
        "in_reply_to_screen_name": "",
        "pic_urls": [],
        "geo": None,
        "reposts_count": 0,
        "comments_count": 0,
        "attitudes_count": 0,
        "visible": {"type": 0, "list_id": 0},
    }
    if post.images:
        address = request.host_url.rstrip("/") + pictures.path_of(post.images[0])
        body |= {"thumbnail_pic": address, "bmiddle_pic": address, "original_pic": address}
        body["pic_urls"] = [{"thumbnail_pic": address}]
    if with_user:
        body["user"] = user(current_state().account(NETWORK, post.handle))
    return body


def _content_problem(text):
    """Why this text cannot be shared, or None."""
    settings = current_state().settings
    bound = [domain.lower() for domain in settings["weibo_bound_domains"]]
    if not text.strip():
        return error(20008, "content is null")
    if settings["weibo_rip_required"] and not request.values.get("rip"):
        return error(10016, "miss required parameter (rip) , see doc for more info.")
    if not bound:
        return error(10017, "appkey not bind domain!")
    hosts = [host_of(link) for link in texts.weibo_links(text)]
    if not any(host == domain or host.endswith("." + domain) for host in hosts for domain in bound):
        return error(10017, "text not find domain!")
    if TOPIC.search(_without_links(text)):
        return error(10017, "param status's value error, topic is not allowed!")
    if texts.weibo_length(text) > LIMIT:
        return error(20012, "text too long, please input text less than 140 characters!")
    return None


def _without_links(text):
    for link in texts.weibo_links(text):
        text = text.replace(link, " ", 1)
    return text


def _picture(handle):
    """The uploaded picture, if any, or the refusal of it: (image, refusal)."""
    files = request.files.getlist("pic")
    if not files:
        return None, None
    if len(files) > 1:
        return None, error(10008, "param error, see doc for more info.")
    data = files[0].read()
    if len(data) >= MAX_PICTURE_BYTES:
        return None, error(20006, "image size too large.")
    try:
        image = pictures.store(current_state(), NETWORK, handle, data)
    except pictures.NotAPicture:
        return None, MANNERS.image_refused()
    if image.content_type not in PICTURE_TYPES:
        del current_state().images[image.id]
        return None, MANNERS.image_refused()
    return image, None


@blueprint.post("/weibo/api/2/statuses/share.json")
@endpoint(MANNERS, "publish")
def share():
    token, refusal = signed_in()
    if refusal:
        return refusal
    state = current_state()
    if "status" not in request.form:
        return error(10016, "miss required parameter (status) , see doc for more info.")
    text = request.form["status"]
    refusal = _content_problem(text)
    if refusal:
        return refusal
    if any(post.text == text for post in state.timeline(NETWORK, token.handle)):
        return error(20019, "repeat content!")
    image, refusal = _picture(token.handle)
    if refusal:
        return refusal
    moment = state.now()
    post_id = str(state.rising_id(NETWORK, int(moment) - EPOCH_SECONDS << 22))
    uid = state.account(NETWORK, token.handle).id
    post = Post(
        NETWORK,
        token.handle,
        post_id,
        text,
        moment,
        f"/weibo/web/{uid}/{base62(post_id)}",
        link=texts.weibo_links(text)[0],
        images=[image] if image else [],
    )
    state.add_post(post)
    accept()
    if not image:
        cards.attach(state, post, post.link)
    if hold := state.settings["weibo_hold_seconds"]:
        post.extra["shown_from"] = moment + hold
        return error(20032, "Update success, while server slow now, please wait 1-2 minutes!")
    return status(post)


@blueprint.post("/weibo/api/2/statuses/<any(update, upload, upload_url_text):method>.json")
@endpoint(MANNERS, "publish")
def withdrawn(method):
    _, refusal = signed_in()
    return refusal or error(10014, "Insufficient app permissions!")


@blueprint.get("/weibo/api/2/statuses/user_timeline.json")
@endpoint(MANNERS, "read")
def user_timeline():
    token, refusal = signed_in()
    if refusal:
        return refusal
    now = current_state().now()
    posts = current_state().timeline(NETWORK, token.handle, lagging=True)
    posts = [post for post in posts if post.extra.get("shown_from", 0) <= now]
    total = len(posts)
    since_id = request.args.get("since_id", "0")
    if since_id.isdigit():
        posts = [post for post in posts if int(post.id) > int(since_id)]
    count = max(1, min(request.args.get("count", 20, type=int), 100))
    page = max(1, request.args.get("page", 1, type=int))
    return {
        "statuses": [status(post) for post in posts[(page - 1) * count : page * count]],
        "marks": [],
        "hasvisible": False,
        "previous_cursor": 0,
        "next_cursor": 0,
        "total_number": total,
    }


@blueprint.get("/weibo/api/2/statuses/show.json")
@endpoint(MANNERS, "read")
def show():
    _, refusal = signed_in()
    if refusal:
        return refusal
    post = current_state().post(NETWORK, request.args.get("id", ""), lagging=True)
    return status(post) if post else error(20101, "target weibo does not exist!")


@blueprint.post("/weibo/api/2/statuses/destroy.json")
@endpoint(MANNERS, "delete")
def destroy():
    token, refusal = signed_in()
    if refusal:
        return refusal
    post = current_state().post(NETWORK, request.form.get("id", ""))
    if post is None:
        return error(20101, "target weibo does not exist!")
    if post.handle != token.handle:
        return error(20102, "not your own weibo!")
    post.deleted = True
    accept()
    return status(post)


@blueprint.get("/weibo/api/2/users/show.json")
@endpoint(MANNERS, "connect")
def users_show():
    _, refusal = signed_in()
    if refusal:
        return refusal
    state = current_state()
    uid, name = request.args.get("uid"), request.args.get("screen_name", "")
    owner = state.account_by_id(NETWORK, uid) if uid else state.accounts.get((NETWORK, name))
    return user(owner) if owner else error(20003, "User does not exists!")


@blueprint.get("/weibo/api/2/account/get_uid.json")
@endpoint(MANNERS, "connect")
def get_uid():
    token, refusal = signed_in()
    return refusal or {"uid": int(current_state().account(NETWORK, token.handle).id)}
