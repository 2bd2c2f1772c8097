"""Pages for people: the index, timelines, single posts, keys and pictures."""

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, redirect, render_template, request
from markupsafe import Markup, escape

from .exchange import current_state
from .keys import KEYS
from .networks import FACES
from .networks.telegram_text import cut
from .networks.vk_manners import community
from .networks.weibo import base62
from .state import Post, host_of, stable_id
from .texts import linkify


blueprint = Blueprint("pages", __name__, static_folder="static", static_url_path="/static")
# How the networks write whose post it is; "@{}" where nothing else is said.
SIGNS = {
    "facebook": "{}",
    "hatena": "id:{}",
    "kakao": "{}",
    "linkedin": "{}",
    "ok": "group/{}",
    "reddit": "u/{}",
    "viadeo": "{}",
    "vk": "club{}",
    "webhook": "/webhook/in/{}",
    "wechat": "{}",
    "xing": "{}",
}
# Networks whose pictures have no alternative text, so that its absence says nothing.
WITHOUT_ALT = {"ok", "telegram", "weibo"}
MARKS = {"bold": "strong", "italic": "em", "underline": "u", "strikethrough": "s", "code": "code", "pre": "code"}


@blueprint.app_template_filter("moment")
def moment(seconds: float) -> Markup:
    """Epoch seconds as a time element in UTC."""
    when = datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        when.isoformat(timespec="seconds"), when.strftime("%-d %B %Y, %H:%M:%S UTC")
    )


@blueprint.app_template_filter("sign")
def sign(handle: str, network: str) -> str:
    """A handle as its network writes it."""
    return SIGNS.get(network, "@{}").format(handle)


@blueprint.app_template_filter("host")
def host(url: str) -> str:
    """The host of a link, as cards show it."""
    return host_of(url)


@blueprint.app_template_filter("shown")
def shown(post: Post) -> Markup:
    """The text of a post as received, its links clickable and Telegram's entities applied."""
    if not any(entity["type"] in MARKS or entity["type"] == "text_link" for entity in post.entities):
        return linkify(post.text)
    parts, position = [], 0
    for entity in sorted(post.entities, key=lambda found: found["offset"]):
        if entity["offset"] < position or entity["type"] not in MARKS | {"text_link": "", "url": ""}:
            continue
        parts.append(escape(cut(post.text, {"offset": position, "length": entity["offset"] - position})))
        inner = cut(post.text, entity)
        if entity["type"] in MARKS:
            parts.append(Markup("<{0}>{1}</{0}>").format(Markup(MARKS[entity["type"]]), inner))
        else:
            parts.append(Markup('<a href="{}" rel="nofollow">{}</a>').format(entity.get("url", inner), inner))
        position = entity["offset"] + entity["length"]
    parts.append(escape(cut(post.text, {"offset": position, "length": len(post.text) * 2})))
    return Markup("").join(parts)


@blueprint.app_context_processor
def names():
    """What every template may need."""
    return {"faces": FACES, "language_of": language_of, "without_alt": WITHOUT_ALT}


def language_of(post: Post) -> str:
    """The language to declare for a post: its own, the network's likely one, or "" for unknown."""
    if post.network == "vk" and post.handle == "101":
        return "en"
    return post.language or FACES[post.network].language


@blueprint.get("/")
def index():
    state = current_state()
    with state.lock:
        listed = {
            network: [
                (account, len(state.timeline(network, account.handle)))
                for account in state.accounts.values()
                if account.network == network and not (network == "telegram" and account.handle == "fakenet_bot")
            ]
            for network in FACES
        }
    return render_template("index.html", listed=listed, faults=state.faults.pending())


@blueprint.get("/keys")
def keys():
    return render_template("keys.html", base=request.host_url.rstrip("/"), keys={name: KEYS[name] for name in FACES})


@blueprint.get("/timeline/<network>/<handle>")
def timeline(network, handle):
    state = current_state()
    if network not in FACES:
        abort(404)
    known = state.accounts.get((network, handle))
    name = known.name if known else (community(handle).name if network == "vk" and handle.isdigit() else handle)
    return render_template(
        "timeline.html", network=network, handle=handle, name=name, posts=state.timeline(network, handle)
    )


def _page(post: Post | None):
    if post is None:
        return render_template("missing.html"), 404
    name = current_state().account(post.network, post.handle).name
    return render_template("post.html", network=post.network, post=post, name=name)


def _profile(network, handle):
    return redirect(f"/timeline/{network}/{handle}")


@blueprint.get("/@<handle>")
def mastodon_profile(handle):
    return _profile("mastodon", handle)


@blueprint.get("/@<handle>/<post_id>")
def mastodon_post(handle, post_id):
    return _page(current_state().post("mastodon", post_id, handle))


@blueprint.get("/x/web/<handle>")
def x_profile(handle):
    return _profile("x", handle)


@blueprint.get("/x/web/<handle>/status/<post_id>")
def x_post(handle, post_id):
    return _page(current_state().post("x", post_id, None if handle == "i" else handle))


@blueprint.get("/vk/web/wall-<int:group_id>_<post_id>")
def vk_post(group_id, post_id):
    return _page(current_state().post("vk", post_id, str(group_id)))


@blueprint.get("/vk/web/club<int:group_id>")
@blueprint.get("/vk/web/public<int:group_id>", endpoint="vk_public")
def vk_community(group_id):
    return _profile("vk", group_id)


@blueprint.get("/weibo/web/u/<uid>")
def weibo_profile(uid):
    owner = current_state().account_by_id("weibo", uid)
    return _profile("weibo", owner.handle) if owner else _page(None)


@blueprint.get("/weibo/web/<uid>/<code>")
def weibo_post(uid, code):
    posts = current_state().timeline("weibo")
    return _page(next((p for p in posts if base62(p.id) == code and stable_id("weibo", p.handle) == uid), None))


@blueprint.get("/telegram/web/<channel>")
def telegram_channel(channel):
    return _profile("telegram", channel)


@blueprint.get("/telegram/web/<channel>/<post_id>")
def telegram_post(channel, post_id):
    return _page(current_state().post("telegram", post_id, channel))


@blueprint.get("/media/<network>/<image_id>")
def media(network, image_id):
    image = current_state().images.get(image_id)
    if image is None or image.network != network:
        abort(404)
    return Response(image.data, content_type=image.content_type, headers={"X-Content-Type-Options": "nosniff"})
