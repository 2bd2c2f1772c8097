"""Bluesky: the repository methods of a PDS, and the posts as bsky.app would show them.

Source: lexicons com.atproto.* (bluesky-social/atproto, 2026-08); answers recorded from the reference PDS 0.4.217 and
0.5.35 (2026-11): createRecord with a key that is taken is a 500, putRecord with the very same record changes nothing.
Only posts are kept (app.bsky.feed.post). A picture above 5 MB is refused with 413; the real server hangs up.
"""

from flask import Blueprint, Response, redirect, render_template, request

from .. import pictures
from ..exchange import accept, current_state, endpoint, reply
from ..state import Post, host_of
from .bluesky_manners import (
    APP_PASSWORD,
    MANNERS,
    NETWORK,
    XrpcError,
    did_of,
    find_account,
    refresh,
    refuse,
    session,
    sign_in,
    signed_in,
)
from .bluesky_records import COLLECTION, blobs, check, checked_key, content_id, new_tid
from .faces import Face


MAX_UPLOAD = 5 * 1024 * 1024
FACE = Face("Bluesky", f"Any handle such as newsroom.bsky.social, with the app password {APP_PASSWORD}.")

blueprint = Blueprint("bluesky", __name__)


@blueprint.route("/bluesky/pds/xrpc/<method>", methods=["GET", "POST"])
@endpoint(MANNERS, lambda method: METHODS[method][1] if method in METHODS else "connect")
def call(method):
    try:
        if method not in METHODS:
            raise XrpcError(501, "MethodNotImplemented", "Method Not Implemented")
        verb, _operation, perform = METHODS[method]
        if request.method != verb:
            problem = f"Incorrect HTTP method ({request.method}) expected {verb}"
            raise XrpcError(400, "InvalidRequest", problem)
        answer = perform()
        return Response(status=200) if answer is None else reply(answer)
    except XrpcError as error:
        return refuse(error)


def _given(*names: str) -> dict:
    """The body of the request with at least ``names``; raises ``XrpcError``."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise XrpcError(400, "InvalidRequest", "Request encoding (Content-Type) required but not provided")
    for name in names:
        if name not in given:
            raise XrpcError(400, "InvalidRequest", f'Input must have the property "{name}"')
    return given


def describe_server():
    return {
        "did": "did:web:localhost",
        "availableUserDomains": [".bsky.social"],
        "inviteCodeRequired": False,
        "links": {},
        "contact": {},
    }


def create_session():
    given = _given("identifier", "password")
    return sign_in(str(given["identifier"]), str(given["password"]))


def get_session():
    return session(current_state().account(NETWORK, signed_in().handle))


def delete_session():
    signed_in("refresh").revoked = True


def resolve_handle():
    account = find_account(request.args.get("handle", ""))
    if account is None:
        raise XrpcError(400, "InvalidRequest", "Unable to resolve handle")
    return {"did": did_of(account.handle)}


def upload_blob():
    handle, data, state = signed_in().handle, request.get_data(), current_state()
    if len(data) > MAX_UPLOAD:
        raise XrpcError(413, "PayloadTooLarge", "request entity too large")
    kind, cid = request.content_type or "*/*", content_id(data)
    try:
        kind = pictures.store(state, NETWORK, handle, data, image_id=cid).content_type
    except pictures.NotAPicture:
        pass
    state.scratch["bluesky-blob", handle, cid] = kind
    return {"blob": {"$type": "blob", "ref": {"$link": cid}, "mimeType": kind, "size": len(data)}}


def _own_repo(given: dict) -> str:
    """The handle of the repository that is written to; raises ``XrpcError``."""
    handle, owner = signed_in().handle, find_account(str(given["repo"]))
    if owner is None:
        raise XrpcError(403, "AccountNotFound", "Account not found")
    if owner.handle != handle:
        raise XrpcError(401, "AuthenticationRequired", "Authentication Required")
    if given["collection"] != COLLECTION:
        raise XrpcError(400, "InvalidRequest", f"Unknown lexicon type: {given['collection']}")
    return handle


def _prepared(given: dict) -> tuple[str, dict, str]:
    """The key, the record and its content id, found valid; raises ``XrpcError``."""
    rkey, record = checked_key(str(given.get("rkey") or new_tid())), {"$type": COLLECTION, **given["record"]}
    if record["$type"] != COLLECTION:
        raise XrpcError(400, "InvalidRequest", f"Invalid $type: expected {COLLECTION}, got {record['$type']}")
    check(record)
    return rkey, record, content_id(record)


def create_record():
    given = _given("repo", "collection", "record")
    handle = _own_repo(given)
    rkey, record, cid = _prepared(given)
    if current_state().post(NETWORK, rkey, handle):
        raise XrpcError(500, "InternalServerError", "Internal Server Error")
    return _keep(handle, rkey, record, cid, None)


def put_record():
    given = _given("repo", "collection", "rkey", "record")
    handle = _own_repo(given)
    rkey, record, cid = _prepared(given)
    current = current_state().post(NETWORK, rkey, handle)
    there = current.extra["cid"] if current else None
    if there == cid:
        return {"uri": uri_of(current), "cid": cid, "validationStatus": "valid"}
    if "swapRecord" in given and given["swapRecord"] != there:
        raise XrpcError(400, "InvalidSwap", f"Record was at {there or 'null'}")
    return _keep(handle, rkey, record, cid, current)


def _keep(handle: str, rkey: str, record: dict, cid: str, current: Post | None) -> dict:
    state, did = current_state(), did_of(handle)
    for blob in blobs(record):
        if ("bluesky-blob", handle, blob) not in state.scratch:
            raise XrpcError(400, "BlobNotFound", f"Could not find blob: {blob}")
    post = current or Post(NETWORK, handle, rkey, "", state.now(), f"/bluesky/web/profile/{did}/post/{rkey}")
    embed = record.get("embed") or {}
    post.text, post.language = record["text"], next(iter(record.get("langs", [])), None)
    post.extra = {"record": record, "cid": cid}
    post.card = _card(embed["external"]) if "external" in embed else None
    post.link = post.card["url"] if post.card else None
    post.images = [state.images[item["image"]["ref"]["$link"]] for item in embed.get("images", [])]
    for image, item in zip(post.images, embed.get("images", []), strict=True):
        image.alt = item["alt"]
    if current:
        post.edited_at = state.now()
    else:
        state.add_post(post)
    accept(handle)
    commit = {"cid": content_id({"commit": [rkey, cid]}), "rev": new_tid()}
    return {"uri": uri_of(post), "cid": cid, "commit": commit, "validationStatus": "valid"}


def _card(external: dict) -> dict:
    thumb = current_state().images.get(external["thumb"]["ref"]["$link"]) if "thumb" in external else None
    return {
        "url": external["uri"],
        "title": external["title"],
        "description": external["description"],
        "site": host_of(external["uri"]),
        "image": pictures.path_of(thumb) if thumb else None,
    }


def uri_of(post: Post) -> str:
    """The at:// address of a post."""
    return f"at://{did_of(post.handle)}/{COLLECTION}/{post.id}"


def delete_record():
    given = _given("repo", "collection", "rkey")
    post = current_state().post(NETWORK, str(given["rkey"]), _own_repo(given))
    if post is None:
        return {}
    post.deleted = True
    accept()
    return {"commit": {"cid": content_id({"deleted": post.id}), "rev": new_tid()}}


def _value(post: Post) -> dict:
    return {"uri": uri_of(post), "cid": post.extra["cid"], "value": post.extra["record"]}


def get_record():
    repo, rkey = request.args.get("repo", ""), request.args.get("rkey", "")
    account = find_account(repo)
    post = current_state().post(NETWORK, rkey, account.handle) if account else None
    if post is None:
        problem = f"Could not locate record: at://{repo}/{request.args.get('collection')}/{rkey}"
        raise XrpcError(400, "RecordNotFound", problem)
    return _value(post)


def list_records():
    account = find_account(request.args.get("repo", ""))
    if account is None:
        raise XrpcError(400, "InvalidRequest", f"Could not find repo: {request.args.get('repo')}")
    forwards = request.args.get("reverse") == "true"
    posts = sorted(current_state().timeline(NETWORK, account.handle), key=lambda post: post.id, reverse=not forwards)
    if cursor := request.args.get("cursor"):
        posts = [post for post in posts if (post.id > cursor if forwards else post.id < cursor)]
    posts = posts[: min(request.args.get("limit", 50, type=int), 100)]
    return {"records": [_value(post) for post in posts], **({"cursor": posts[-1].id} if posts else {})}


METHODS = {
    "com.atproto.server.describeServer": ("GET", "connect", describe_server),
    "com.atproto.server.createSession": ("POST", "token", create_session),
    "com.atproto.server.refreshSession": ("POST", "refresh", refresh),
    "com.atproto.server.getSession": ("GET", "connect", get_session),
    "com.atproto.server.deleteSession": ("POST", "revoke", delete_session),
    "com.atproto.identity.resolveHandle": ("GET", "connect", resolve_handle),
    "com.atproto.repo.uploadBlob": ("POST", "upload", upload_blob),
    "com.atproto.repo.createRecord": ("POST", "publish", create_record),
    "com.atproto.repo.putRecord": ("POST", "publish", put_record),
    "com.atproto.repo.deleteRecord": ("POST", "delete", delete_record),
    "com.atproto.repo.getRecord": ("GET", "read", get_record),
    "com.atproto.repo.listRecords": ("GET", "read", list_records),
}


@blueprint.get("/bluesky/web/profile/<actor>")
def profile(actor):
    account = find_account(actor)
    return redirect(f"/timeline/{NETWORK}/{account.handle}") if account else (render_template("missing.html"), 404)


@blueprint.get("/bluesky/web/profile/<actor>/post/<rkey>")
def show_post(actor, rkey):
    account = find_account(actor)
    post = current_state().post(NETWORK, rkey, account.handle) if account else None
    if post is None:
        return render_template("missing.html"), 404
    return render_template("post.html", network=NETWORK, post=post, name=account.name)
