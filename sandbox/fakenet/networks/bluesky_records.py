"""Bluesky: what a record may hold, its key and its content id.

Source: lexicons app.bsky.feed.post, app.bsky.embed.*, app.bsky.richtext.facet (bluesky-social/atproto, 2026-08); the
wording and what is not checked (ranges of facets) as recorded from the reference PDS 0.4.217.
"""

import base64
import hashlib
import json
import re

import regex

from ..exchange import current_state
from .bluesky_manners import XrpcError


COLLECTION = "app.bsky.feed.post"
SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
TID = re.compile(r"[234567abcdefghij][234567a-z]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,20})?(Z|[+-]\d\d:\d\d)")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
URI = re.compile(r"\w+:(?://)?[^\s/]\S*")
FEATURES = {
    "app.bsky.richtext.facet#link": "uri",
    "app.bsky.richtext.facet#tag": "tag",
    "app.bsky.richtext.facet#mention": "did",
}
MAX_BLOB = 1_000_000


def new_tid() -> str:
    """A record key of this moment."""
    state = current_state()
    value = state.rising_id("bluesky-tid", int(state.now() * 1_000_000)) << 10
    return "".join(SORTABLE[value >> shift & 31] for shift in range(60, -1, -5))


def checked_key(rkey: str) -> str:
    """The record key, if it is a TID; raises ``XrpcError``."""
    if not TID.fullmatch(rkey):
        problem = f'Invalid record key for {COLLECTION}: Invalid TID string (got "{rkey}") at $'
        raise XrpcError(400, "InvalidRequest", problem)
    return rkey


def content_id(data: bytes | dict) -> str:
    """The content id of a blob, as the real one; of a record in its form only: it is hashed as JSON, not CBOR."""
    codec = b"\x55" if isinstance(data, bytes) else b"\x71"
    if not isinstance(data, bytes):
        data = json.dumps(data, sort_keys=True).encode()
    digest = b"\x01" + codec + b"\x12\x20" + hashlib.sha256(data).digest()
    return "b" + base64.b32encode(digest).decode().lower().rstrip("=")


def _invalid(problem: str, path: str) -> XrpcError:
    return XrpcError(400, "InvalidRequest", f"Invalid {COLLECTION} record: {problem} at $.record{path}")


def _need(holder: dict, name: str, kind: type, path: str = ""):
    if name not in holder:
        raise _invalid(f'Missing required key "{name}"', path)
    if not isinstance(holder[name], kind) or isinstance(holder[name], bool):
        raise _invalid(f"Expected {kind.__name__} value type", f"{path}.{name}")
    return holder[name]


def _measure(text: str, graphemes: int, size: int, path: str):
    if (found := len(text.encode())) > size:
        raise _invalid(f"string too big (maximum {size}, got {found})", path)
    if (found := len(regex.findall(r"\X", text))) > graphemes:
        raise _invalid(f"grapheme too big (maximum {graphemes}, got {found})", path)


def _several(holder: dict, name: str, most: int | None = None, path: str = "") -> list:
    if name not in holder:
        return []
    found = _need(holder, name, list, path)
    if most is not None and len(found) > most:
        raise _invalid(f"array too big (maximum {most}, got {len(found)})", f"{path}.{name}")
    return found


def check(record: dict) -> None:
    """Whether a server would take the record; raises ``XrpcError``."""
    _measure(_need(record, "text", str), 300, 3000, ".text")
    if not MOMENT.fullmatch(_need(record, "createdAt", str)):
        raise _invalid(f'Invalid datetime (got "{record["createdAt"]}")', ".createdAt")
    for number, language in enumerate(_several(record, "langs", 3)):
        if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
            raise _invalid(f'Invalid language (got "{language}")', f".langs[{number}]")
    for number, facet in enumerate(_several(record, "facets")):
        _check_facet(facet, f".facets[{number}]")
    for number, tag in enumerate(_several(record, "tags", 8)):
        _measure(tag, 64, 640, f".tags[{number}]")
    embed = record.get("embed") or {}
    if embed.get("$type") == "app.bsky.embed.external":
        card = _need(embed, "external", dict, ".embed")
        _check_uri(_need(card, "uri", str, ".embed.external"), ".embed.external.uri")
        for name in ("title", "description"):
            _need(card, name, str, ".embed.external")
        if "thumb" in card:
            _check_blob(card["thumb"], ".embed.external.thumb")
    elif embed.get("$type") == "app.bsky.embed.images":
        for number, item in enumerate(_several(embed, "images", 4, ".embed")):
            path = f".embed.images[{number}]"
            _need(item, "alt", str, path)
            _check_blob(_need(item, "image", dict, path), f"{path}.image")


def _check_facet(facet, path: str):
    index = _need(facet, "index", dict, path)
    for name in ("byteStart", "byteEnd"):
        if _need(index, name, int, f"{path}.index") < 0:
            raise _invalid("integer too small (minimum 0)", f"{path}.index.{name}")
    for number, feature in enumerate(_need(facet, "features", list, path)):
        place = f"{path}.features[{number}]"
        name = FEATURES.get(_need(feature, "$type", str, place))
        value = _need(feature, name, str, place) if name else ""
        if name == "uri":
            _check_uri(value, f"{place}.uri")
        if name == "tag":
            _measure(value, 64, 640, f"{place}.tag")


def _check_uri(uri: str, path: str):
    if not URI.fullmatch(uri):
        raise _invalid(f'Invalid uri (got "{uri}")', path)


def _check_blob(blob, path: str):
    kind, size = blob.get("mimeType", ""), blob.get("size", 0)
    if not kind.startswith("image/"):
        raise _invalid(f'Expected "image/*" (got "{kind}")', f"{path}.mimeType")
    if size > MAX_BLOB:
        raise _invalid(f"blob too big (maximum {MAX_BLOB}, got {size})", path)


def blobs(record: dict) -> list[str]:
    """The content ids of the pictures that a record refers to."""
    embed = record.get("embed") or {}
    found = [item["image"] for item in embed.get("images", [])]
    if thumb := (embed.get("external") or {}).get("thumb"):
        found.append(thumb)
    return [blob["ref"]["$link"] for blob in found]
