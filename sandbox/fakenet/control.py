"""The control API for tests: what was received, what shall go wrong, which tokens die. JSON, no authentication."""

from flask import Blueprint, jsonify, request

from .exchange import current_state
from .faults import Fault
from .networks import FACES
from .networks.weibo_oauth import issue as issue_weibo
from .networks.x_manners import CONSUMER_KEY
from .networks.x_oauth import SCOPES as X_SCOPES
from .networks.x_oauth import issue as issue_x
from .state import Post, iso


blueprint = Blueprint("control", __name__, url_prefix="/_fakenet")


class BadOrder(ValueError):
    """The control request makes no sense; the message says why."""


@blueprint.errorhandler(BadOrder)
def bad_order(error):
    return {"error": str(error)}, 400


def _body() -> dict:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadOrder("a JSON object is needed")
    return body


def _network(name) -> str:
    if name not in FACES:
        raise BadOrder(f"unknown network {name!r}, one of {', '.join(FACES)}")
    return name


def post_as_json(post: Post) -> dict:
    """A post as tests want to compare it."""
    return {
        "network": post.network,
        "handle": post.handle,
        "id": post.id,
        "text": post.text,
        "link": post.link,
        "card": post.card,
        "images": [
            {
                "alt": image.alt,
                "content_type": image.content_type,
                "width": image.width,
                "height": image.height,
                "bytes": len(image.data),
            }
            for image in post.images
        ],
        "entities": post.entities,
        "language": post.language,
        "visibility": post.visibility,
        "permalink": request.host_url.rstrip("/") + post.path,
        "created_at": iso(post.created_at),
        "edited_at": iso(post.edited_at) if post.edited_at else None,
        "deleted": post.deleted,
        "idempotency_key": post.idempotency_key,
    }


@blueprint.get("/health")
def health():
    return {"ok": True, "networks": list(FACES)}


@blueprint.post("/reset")
def reset():
    current_state().reset()
    return {"ok": True}


@blueprint.get("/posts")
def posts():
    """Posts in the order they came; ``deleted=1`` adds the deleted ones."""
    state, wanted = current_state(), request.args
    with state.lock:
        found = [
            post_as_json(post)
            for post in state.posts
            if wanted.get("network") in (None, post.network)
            and wanted.get("handle", post.handle).lstrip("@") == post.handle
            and (not post.deleted or wanted.get("deleted") == "1")
        ]
    return jsonify(found)


@blueprint.get("/log")
def log():
    """Requests in the order they were answered; ``network`` and ``operation`` filter."""
    wanted = {name: request.args[name] for name in ("network", "operation") if name in request.args}
    return jsonify(
        [line for line in list(current_state().log) if all(line[name] == value for name, value in wanted.items())]
    )


@blueprint.get("/faults")
def pending_faults():
    return jsonify(current_state().faults.pending())


@blueprint.post("/faults")
def add_fault():
    body = _body()
    _network(body.get("network"))
    unknown = set(body) - set(Fault.__dataclass_fields__) | ({"id"} & set(body))
    if unknown:
        raise BadOrder(f"unknown fields: {', '.join(sorted(unknown))}")
    body.setdefault("operation", "publish")
    try:
        fault = current_state().faults.add(Fault(**{name: value for name, value in body.items() if name != "id"}))
    except (TypeError, ValueError) as error:
        raise BadOrder(str(error)) from error
    return {"id": fault.id}, 201


@blueprint.delete("/faults")
def clear_faults():
    current_state().faults.clear()
    return {"ok": True}


@blueprint.post("/accounts/<network>/<handle>/revoke")
def revoke(network, handle):
    """The owner withdraws the app's access; for VK and Telegram the key, or the bot's membership, ends."""
    state, handle = current_state(), handle.lstrip("@")
    return {"revoked": state.revoke_grants(_network(network), handle)}


@blueprint.post("/accounts/<network>/<handle>/restore")
def restore(network, handle):
    """Undo a revocation of keys that are pasted; issued tokens stay dead until the owner consents again."""
    current_state().account(_network(network), handle.lstrip("@")).blocked = False
    return {"ok": True}


@blueprint.post("/expire")
def expire():
    body = _body()
    handle = str(body.get("handle") or "").lstrip("@")
    return {"expired": current_state().expire_tokens(_network(body.get("network")), handle)}


@blueprint.post("/tokens")
def tokens():
    """A token without the detour through a browser: {network, handle, oauth1?} for mastodon, x and weibo."""
    body, state = _body(), current_state()
    network, handle = _network(body.get("network")), str(body.get("handle") or "").lstrip("@")
    if not handle:
        raise BadOrder("handle is needed")
    with state.lock:
        if network == "mastodon":
            scopes = tuple(body.get("scopes") or ("read", "write"))
            return {"access_token": state.add_token(network, handle, "by-hand", scopes=scopes).value}
        if network == "weibo":
            return issue_weibo(handle)
        if network == "x" and body.get("oauth1"):
            token = state.add_token(network, handle, CONSUMER_KEY, kind="oauth1", secret="fakenet-" + handle)
            return {"access_token": token.value, "token_secret": token.secret}
        if network == "x":
            return issue_x(handle, body.get("scopes") or sorted(X_SCOPES))
    raise BadOrder(f"{network} has no tokens to issue, its keys are on the page /keys")


@blueprint.route("/settings", methods=["GET", "POST"])
def settings():
    state = current_state()
    if request.method == "POST":
        try:
            state.change_settings(_body())
        except KeyError as error:
            raise BadOrder(f"unknown setting {error}") from error
    return jsonify(state.settings)
