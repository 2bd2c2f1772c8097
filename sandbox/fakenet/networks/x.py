"""X: posts and users of the v2 API.

Source: OpenAPI spec 2.167 and xdevplatform/docs (2026-08). The spec has no text length; too long a text is refused
with a bare 403. A text counts as a duplicate while the account still shows the same one.
"""

import hashlib
from datetime import datetime

from flask import Blueprint, request

from .. import cards, texts
from ..exchange import accept, current_state, endpoint, reply
from ..state import Account, Post, iso
from .faces import Face
from .x_manners import MANNERS, NETWORK, forbidden, invalid_request, is_post_id, problem, signed_in
from .x_media import shown_image


EPOCH_MILLISECONDS = 1288834974657
# Dollars, price list of 2026-04-20.
PRICE, PRICE_WITH_LINK = 0.015, 0.2
NOT_PERMITTED = "You are not permitted to perform this action."
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
BODY_KEYS = set(
    "card_uri community_id direct_message_deep_link edit_options for_super_followers_only geo made_with_ai media"
    " nullcast paid_partnership poll quote_tweet_id reply reply_settings share_with_followers text".split()
)
TIMELINE_PARAMETERS = ("max_results", "pagination_token", "start_time", "end_time", "since_id", "until_id", "exclude")
WRITE = ("tweet.read", "tweet.write", "users.read")
READ = ("tweet.read", "users.read")

FACE = Face("X", "OAuth 2.0 with PKCE, or OAuth 1.0a.")

blueprint = Blueprint("x", __name__)


def user(owner: Account) -> dict:
    """The default fields of a user."""
    return {"id": owner.id, "name": owner.name, "username": owner.handle}


def short_link(link: str) -> str:
    """The t.co address X puts in place of ``link``; the same link keeps its address."""
    return "https://t.co/" + hashlib.sha256(link.encode()).hexdigest()[:10]


def shown_text(post: Post) -> tuple[str, list[dict]]:
    """The text as the API gives it back, and its url entities."""
    parts, entities, position, length = [], [], 0, 0
    for start, end, link in texts.x_links(post.text):
        before, replacement = post.text[position:start], short_link(link)
        length += len(before)
        entities.append(
            {
                "start": length,
                "end": length + len(replacement),
                "url": replacement,
                "expanded_url": link if "://" in link else f"http://{link}",
                "display_url": link.split("://")[-1][:30],
            }
        )
        parts += [before, replacement]
        position, length = end, length + len(replacement)
    parts.append(post.text[position:])
    return "".join(parts), entities


def tweet(post: Post) -> dict:
    """A post with the fields that were asked for."""
    text, urls = shown_text(post)
    wanted = set(request.args.get(current_state().settings["x_fields_parameter"], "").split(","))
    body = {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}
    if "created_at" in wanted:
        body["created_at"] = iso(post.created_at)
    if "author_id" in wanted:
        body["author_id"] = current_state().account(NETWORK, post.handle).id
    if "lang" in wanted:
        body["lang"] = post.language or "und"
    if "entities" in wanted and urls:
        body["entities"] = {"urls": urls}
    if "attachments" in wanted and post.images:
        body["attachments"] = {"media_keys": [f"3_{image.id}" for image in post.images]}
    return body


def _unknown_parameter(*known):
    """The refusal of a query parameter that X does not know, or None."""
    fields = current_state().settings["x_fields_parameter"]
    known = {*known, fields, "expansions", "user.fields", "media.fields", "poll.fields", "place.fields"}
    unknown = next((name for name in request.args if name not in known), None)
    if unknown is None:
        return None
    return invalid_request(
        f"The query parameter [{unknown}] is not one of [{','.join(sorted(known))}]",
        {unknown: [request.args[unknown]]},
    )


def _missing(post_id):
    return {
        "errors": [
            {
                "value": post_id,
                "detail": f"Could not find tweet with id: [{post_id}].",
                "title": "Not Found Error",
                "resource_type": "tweet",
                "parameter": "id",
                "resource_id": post_id,
                "type": "https://api.x.com/2/problems/resource-not-found",
            }
        ]
    }


@blueprint.get("/x/api/2/users/me")
@endpoint(MANNERS, "connect")
def me():
    token, refusal = signed_in(*READ)
    return refusal or {"data": user(current_state().account(NETWORK, token.handle))}


def _refusal(body, handle):
    """Why ``body`` cannot become a post, or None."""
    if not isinstance(body, dict):
        return invalid_request("The request body is not a JSON object.")
    unknown = sorted(set(body) - BODY_KEYS)
    if unknown:
        return invalid_request(
            f"[$.{unknown[0]}] is not defined in the schema and the schema does not allow additional properties",
            {f"$.{unknown[0]}": [str(body[unknown[0]])]},
        )
    text = body.get("text", "")
    if not isinstance(text, str):
        return invalid_request("$.text: string expected", {"$.text": [str(text)]})
    if not isinstance(body.get("media", {}), dict) or not isinstance(body.get("media", {}).get("media_ids", []), list):
        return invalid_request("$.media.media_ids: array expected", {"$.media": [str(body["media"])]})
    media_ids = body.get("media", {}).get("media_ids")
    if body.get("edit_options"):
        return forbidden(NOT_PERMITTED)
    if media_ids is not None:
        images = [shown_image(media_id, handle) for media_id in media_ids]
        if not 1 <= len(images) <= 4 or None in images:
            return invalid_request("Your media IDs are invalid.", {"media.media_ids": [str(media_ids)]})
    elif not text:
        return invalid_request("One of `text` or `media` is required.", {"text": [""]})
    if text and not texts.x_text_is_valid(text, current_state().settings["x_max_weighted_length"]):
        return forbidden(NOT_PERMITTED)
    if any(post.text == text for post in current_state().timeline(NETWORK, handle)):
        return forbidden(DUPLICATE)
    return None


def _pay(text):
    """Take the price of a post from the app's credits; the refusal when they are used up."""
    settings = current_state().settings
    if settings["x_credits"] is None:
        return None
    if settings["x_credits"] <= 0:
        return problem(
            402, "CreditsDepleted", "Your enrolled account does not have any credits to fulfill this request."
        )
    settings["x_credits"] -= PRICE_WITH_LINK if texts.x_links(text) else PRICE
    return None


@blueprint.post("/x/api/2/tweets")
@endpoint(MANNERS, "publish")
def create():
    token, refusal = signed_in(*WRITE)
    if refusal:
        return refusal
    body = request.get_json(silent=True) if request.is_json else None
    refusal = _refusal(body, token.handle) or _pay(body.get("text", ""))
    if refusal:
        return refusal
    state = current_state()
    post_id = str(state.rising_id(NETWORK, (int(state.now() * 1000) - EPOCH_MILLISECONDS) << 22))
    images = [shown_image(media_id, token.handle) for media_id in body.get("media", {}).get("media_ids", [])]
    text = body.get("text", "")
    links = [link if "://" in link else f"http://{link}" for _, _, link in texts.x_links(text)]
    post = Post(
        NETWORK,
        token.handle,
        post_id,
        text,
        state.now(),
        f"/x/web/{token.handle}/status/{post_id}",
        link=links[-1] if links else None,
        images=images,
    )
    state.add_post(post)
    accept()
    if not images:
        cards.attach(state, post, post.link)
    return reply(
        {"data": {"id": post_id, "text": shown_text(post)[0], "edit_history_post_ids": [post_id]}},
        201,
        {"location": f"{request.base_url}/{post_id}"},
    )


@blueprint.get("/x/api/2/tweets/<post_id>")
@endpoint(MANNERS, "read")
def show(post_id):
    _, refusal = signed_in(*READ)
    refusal = refusal or _unknown_parameter()
    if refusal:
        return refusal
    if not is_post_id(post_id):
        return invalid_request(f"The `id` query parameter value [{post_id}] is not valid", {"id": [post_id]})
    post = current_state().post(NETWORK, post_id, lagging=True)
    return {"data": tweet(post)} if post else _missing(post_id)


@blueprint.delete("/x/api/2/tweets/<post_id>")
@endpoint(MANNERS, "delete")
def delete(post_id):
    token, refusal = signed_in(*WRITE)
    if refusal:
        return refusal
    post = current_state().post(NETWORK, post_id)
    if post and post.handle != token.handle:
        return forbidden(NOT_PERMITTED)
    if post:
        post.deleted = True
        accept()
    return {"data": {"deleted": bool(post)}}


@blueprint.get("/x/api/2/users/<user_id>/tweets")
@endpoint(MANNERS, "read")
def timeline(user_id):
    _, refusal = signed_in(*READ)
    refusal = refusal or _unknown_parameter(*TIMELINE_PARAMETERS)
    if refusal:
        return refusal
    count = request.args.get("max_results", 10, type=int)
    if not 5 <= count <= 100:
        return invalid_request(
            f"The `max_results` query parameter value [{count}] is not between 5 and 100",
            {"max_results": [str(count)]},
        )
    state = current_state()
    owner = state.account_by_id(NETWORK, user_id)
    posts = state.timeline(NETWORK, owner.handle, lagging=True) if owner else []
    since_id = request.args.get("since_id", "")
    if since_id.isdigit():
        posts = [post for post in posts if int(post.id) > int(since_id)]
    if "start_time" in request.args:
        try:
            start = datetime.fromisoformat(request.args["start_time"]).timestamp()
        except ValueError:
            return invalid_request(
                "The `start_time` query parameter value is not a valid RFC3339 date-time",
                {"start_time": [request.args["start_time"]]},
            )
        posts = [post for post in posts if post.created_at >= start]
    posts = posts[:count]
    if not posts:
        return {"meta": {"result_count": 0}}
    meta = {"result_count": len(posts), "newest_id": posts[0].id, "oldest_id": posts[-1].id}
    return {"data": [tweet(post) for post in posts], "meta": meta}
