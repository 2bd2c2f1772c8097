"""WeChat Official Accounts: material, drafts, publishing.

Source: developers.weixin.qq.com (add_material, uploadimg, draft/*, freepublish/*). A draft is a post that is not
public yet; when it is published it leaves the drafts and gets another id. How long that takes and how it ends are
settings.
"""

import functools
import re
import secrets

from flask import Blueprint, render_template, request

from .. import pictures
from ..exchange import accept, current_state, endpoint, reply
from ..state import Post, host_of
from .faces import Face
from .wechat_manners import MANNERS, NETWORK, TOKEN_SECONDS, WeChatError, body, signed_in, stable_token


LIMITED = (("title", 32, 45003, "title"), ("digest", 128, 45004, "description"), ("author", 16, 45110, "author"))
CONTENT, SOURCE_URL = 20_000, 1024
MAX_COVER, MAX_INSIDE = 10 * 1024 * 1024, 1024 * 1024
DRAFT = "draft"
TAG = re.compile(r"<[^>]*>")
IMG = re.compile(r'<img\b[^>]*?src="([^"]*)"[^>]*>')
ALT = re.compile(r'<img\b[^>]*?alt="([^"]*)"')
ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&#39;": "'", "&amp;": "&"}

FACE = Face("WeChat", "Paste AppID and AppSecret; articles become drafts or are published.", "zh-Hans")

blueprint = Blueprint("wechat", __name__)


def route(method: str, path: str, operation: str):
    """A method of the API that answers refusals with WeChat's error object."""

    def decorate(view):
        @functools.wraps(view)
        def served():
            try:
                return reply(view())
            except WeChatError as refused:
                return refused.answer()

        address = f"/wechat/api/cgi-bin/{path}"
        blueprint.add_url_rule(address, view.__name__, endpoint(MANNERS, operation)(served), methods=[method])
        return view

    return decorate


@route("POST", "stable_token", "token")
def token():
    found = stable_token(body())
    ends = found.expires_at or current_state().now() + TOKEN_SECONDS
    return {"access_token": found.value, "expires_in": round(ends - current_state().now())}


# Pictures


def _picture(largest: int, types: set[str]):
    handle, file = signed_in(), request.files.get("media")
    if file is None:
        raise WeChatError(41005, "media data missing")
    data = file.read()
    if len(data) > largest:
        raise WeChatError(40009, "invalid image size")
    try:
        image = pictures.store(current_state(), NETWORK, handle, data)
    except pictures.NotAPicture:
        raise WeChatError(40005, "invalid file type") from None
    if image.content_type not in types:
        raise WeChatError(40005, "invalid file type")
    return image


def _address(image) -> str:
    return request.host_url.rstrip("/") + pictures.path_of(image)


@route("POST", "material/add_material", "upload")
def add_material():
    if request.args.get("type") != "image":
        raise WeChatError(40004, "invalid media type")
    image = _picture(MAX_COVER, {"image/jpeg", "image/png", "image/gif"})
    return {"media_id": image.id, "url": _address(image), "item": []}


@route("POST", "media/uploadimg", "upload")
def uploadimg():
    return {"url": _address(_picture(MAX_INSIDE, {"image/jpeg", "image/png"}))}


# Drafts


def _article(fields: dict, handle: str) -> dict:
    """The one article of a request; raises ``WeChatError``."""
    for name, longest, code, words in LIMITED:
        if len(str(fields.get(name) or "")) > longest:
            raise WeChatError(code, f"{words} size out of limit")
    if not fields.get("title"):
        raise WeChatError(45003, "title size out of limit")
    content = str(fields.get("content") or "")
    if not content or len(content) >= CONTENT:
        raise WeChatError(45002, "content size out of limit")
    if len(str(fields.get("content_source_url") or "").encode()) > SOURCE_URL:
        raise WeChatError(45005, "url size out of limit")
    cover = current_state().images.get(str(fields.get("thumb_media_id")))
    if cover is None or (cover.network, cover.handle) != (NETWORK, handle):
        raise WeChatError(40007, "invalid media_id")
    ours = request.host_url
    if described := ALT.search(content):
        cover.alt = _words(described[1])
    content = IMG.sub(lambda found: found[0] if found[1].startswith(ours) else "", content)
    plain = _words(content)
    return {
        "title": fields["title"],
        "author": fields.get("author") or "",
        "digest": fields.get("digest") or plain[:54],
        "content": content,
        "content_source_url": fields.get("content_source_url") or "",
        "thumb_media_id": cover.id,
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
    }


def _words(content: str) -> str:
    """What a reader sees of the HTML."""
    text = TAG.sub("", content.replace("</p>", "\n\n").replace("<br>", "\n"))
    for entity, character in ENTITIES.items():
        text = text.replace(entity, character)
    return text.strip()


def _new_id() -> str:
    return secrets.token_urlsafe(32)


@route("POST", "draft/add", "publish")
def draft_add():
    handle, articles = signed_in(), body().get("articles")
    if not isinstance(articles, list) or len(articles) != 1 or not isinstance(articles[0], dict):
        raise WeChatError(47001, "data format error")
    article, state, media_id = _article(articles[0], handle), current_state(), _new_id()
    link = article["content_source_url"]
    card = {"url": link, "title": article["title"], "description": article["digest"], "site": host_of(link)}
    post = Post(
        NETWORK,
        handle,
        media_id,
        _words(article["content"]),
        state.now(),
        f"/wechat/web/s/{media_id}",
        link=link or None,
        card={**card, "image": None} if link else None,
        images=[state.images[article["thumb_media_id"]]],
        visibility=DRAFT,
        extra={"article": article},
    )
    state.add_post(post)
    accept(handle)
    return {"media_id": media_id, "item": []}


def _drafts(handle: str, lagging: bool = False) -> list[Post]:
    return [post for post in current_state().timeline(NETWORK, handle, lagging=lagging) if post.visibility == DRAFT]


def _listed(posts: list[Post], id_name: str) -> dict:
    wanted = body()
    offset, count = wanted.get("offset"), wanted.get("count")
    if not isinstance(offset, int) or not isinstance(count, int) or not 1 <= count <= 20:
        raise WeChatError(47001, "data format error")
    items = [
        {
            id_name: post.id,
            "content": {"news_item": [_news(post, bool(wanted.get("no_content")))]},
            "update_time": int(post.created_at),
        }
        for post in posts[offset : offset + count]
    ]
    return {"total_count": len(posts), "item_count": len(items), "item": items}


def _news(post: Post, without_content: bool) -> dict:
    address, cover = request.host_url.rstrip("/") + post.path, _address(post.images[0])
    more = {"url": address, "is_deleted": False, "thumb_url": cover}
    left_out = {"content"} if without_content else set()
    return {name: value for name, value in (post.extra["article"] | more).items() if name not in left_out}


@route("GET", "draft/count", "connect")
def draft_count():
    return {"total_count": len(_drafts(signed_in()))}


@route("POST", "draft/batchget", "read")
def draft_batchget():
    return _listed(_drafts(signed_in(), lagging=True), "media_id")


@route("POST", "draft/delete", "delete")
def draft_delete():
    handle, media_id = signed_in(), body().get("media_id")
    post = next((post for post in _drafts(handle) if post.id == media_id), None)
    if post is None:
        raise WeChatError(40007, "invalid media_id")
    post.deleted = True
    accept(handle)
    return {"errcode": 0, "errmsg": "ok"}


# Publishing


def _may_publish() -> str:
    handle = signed_in()
    if not current_state().settings["wechat_may_publish"]:
        raise WeChatError(48001, "api unauthorized")
    return handle


@route("POST", "freepublish/submit", "submit")
def submit():
    handle, media_id, state = _may_publish(), body().get("media_id"), current_state()
    post = next((post for post in _drafts(handle) if post.id == media_id), None)
    if post is None:
        raise WeChatError(40007, "invalid media_id")
    job = str(state.rising_id("wechat-publish", 100_000_001))
    state.scratch["wechat", job] = (post, state.settings["wechat_looks"])
    return {"errcode": 0, "errmsg": "ok", "publish_id": job, "msg_data_id": job}


@route("POST", "freepublish/get", "poll")
def publish_state():
    handle, state = _may_publish(), current_state()
    job = str(body().get("publish_id"))
    post, looks = state.scratch.get(("wechat", job), (None, 0))
    if post is None or post.handle != handle:
        raise WeChatError(40007, "invalid publish_id")
    if post.visibility == DRAFT:
        if looks > 0:
            state.scratch["wechat", job] = (post, looks - 1)
            return {"publish_id": job, "publish_status": 1, "fail_idx": []}
        if status := state.settings["wechat_publish_status"]:
            return {"publish_id": job, "publish_status": status, "fail_idx": [1]}
        post.visibility, post.id = "public", _new_id()
        post.path = f"/wechat/web/s/{post.id}"
    address = request.host_url.rstrip("/") + post.path
    return {
        "publish_id": job,
        "publish_status": 0,
        "article_id": post.id,
        "article_detail": {"count": 1, "item": [{"idx": 1, "article_url": address}]},
        "fail_idx": [],
    }


@route("POST", "freepublish/batchget", "read")
def published():
    posts = current_state().timeline(NETWORK, _may_publish(), lagging=True)
    return _listed([post for post in posts if post.visibility != DRAFT], "article_id")


@blueprint.get("/wechat/web/s/<post_id>")
def article_page(post_id):
    post = current_state().post(NETWORK, post_id)
    if post is None:
        return render_template("missing.html"), 404
    name = current_state().account(NETWORK, post.handle).name
    return render_template("post.html", network=NETWORK, post=post, name=name)
