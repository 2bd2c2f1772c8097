"""Mastodon's JSON entities.

Source: Mastodon OpenAPI 4.7 and answers recorded from a 4.6 server (2026-08).
"""

from flask import request
from markupsafe import Markup, escape

from .. import pictures, texts
from ..exchange import current_state
from ..state import Account, Image, Post, State, iso


MAX_MEDIA = 4
DESCRIPTION_LIMIT = 1500
IMAGE_SIZE_LIMIT = 16_777_216
VERSION = "4.6.4"


def new_id(state: State) -> str:
    """A snowflake: milliseconds shifted by 16 bits."""
    return str(state.rising_id("mastodon", int(state.now() * 1000) << 16))


def media_is_ready(state: State, image: Image) -> bool:
    """Whether the server has finished looking at the picture."""
    return state.now() - image.uploaded_at >= state.settings["mastodon_media_processing_seconds"]


def instance(base: str, settings: dict) -> dict:
    """The Instance entity of /api/v2/instance; ``base`` ends with a slash."""
    return {
        "domain": request.host,
        "title": "Fakenet",
        "version": VERSION,
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "A local stand-in for a Mastodon server. Nothing here leaves this machine.",
        "usage": {"users": {"active_month": 1}},
        "thumbnail": {"url": base + "static/fakenet.svg"},
        "icon": [],
        "languages": ["en"],
        "configuration": {
            "urls": {"streaming": "ws://" + request.host, "status": None},
            "vapid": {"public_key": "BFAKENETNoPushHere"},
            "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
            "statuses": {
                "max_characters": settings["mastodon_max_characters"],
                "max_media_attachments": MAX_MEDIA,
                "characters_reserved_per_url": 23,
            },
            "media_attachments": {
                "description_limit": DESCRIPTION_LIMIT,
                "image_matrix_limit": 33177600,
                "image_size_limit": IMAGE_SIZE_LIMIT,
                "supported_mime_types": ["image/jpeg", "image/png", "image/gif", "image/webp"],
                "video_frame_rate_limit": 120,
                "video_matrix_limit": 8294400,
                "video_size_limit": 103809024,
            },
            "polls": {
                "max_options": 4,
                "max_characters_per_option": 50,
                "min_expiration": 300,
                "max_expiration": 2629746,
            },
            "translation": {"enabled": False},
            "timelines_access": {
                "live_feeds": {"local": "public", "remote": "public"},
                "hashtag_feeds": {"local": "public", "remote": "public"},
                "trending_link_feeds": {"local": "public", "remote": "public"},
            },
            "limited_federation": False,
        },
        "registrations": {
            "enabled": False,
            "approval_required": False,
            "reason_required": False,
            "message": None,
            "min_age": None,
            "url": None,
        },
        "api_versions": {"mastodon": 11},
        "contact": {"email": "admin@example.org", "account": None},
        "rules": [],
    }


def instance_v1(base: str, settings: dict) -> dict:
    """The older entity of /api/v1/instance, which client libraries still ask for the version."""
    modern = instance(base, settings)
    kept = ("title", "description", "version", "languages", "configuration", "rules")
    return {name: modern[name] for name in kept} | {
        "uri": request.host,
        "short_description": modern["description"],
        "email": "admin@example.org",
        "urls": {"streaming_api": modern["configuration"]["urls"]["streaming"]},
        "stats": {"user_count": 1, "status_count": 0, "domain_count": 0},
        "thumbnail": modern["thumbnail"]["url"],
        "registrations": False,
        "approval_required": False,
        "invites_enabled": False,
        "contact_account": None,
    }


def account(owner: Account) -> dict:
    """The Account entity."""
    base = request.host_url
    picture = base + "static/fakenet.svg"
    return {
        "id": owner.id,
        "username": owner.handle,
        "acct": owner.handle,
        "display_name": owner.name,
        "locked": False,
        "bot": False,
        "discoverable": None,
        "indexable": False,
        "group": False,
        "created_at": iso(owner.joined_at)[:10] + "T00:00:00.000Z",
        "note": "",
        "url": f"{base}@{owner.handle}",
        "uri": f"{base}ap/users/{owner.id}",
        "avatar": picture,
        "avatar_static": picture,
        "avatar_description": "",
        "header": picture,
        "header_static": picture,
        "header_description": "",
        "followers_count": 0,
        "following_count": 0,
        "statuses_count": 0,
        "last_status_at": None,
        "hide_collections": None,
        "noindex": False,
        "emojis": [],
        "roles": [],
        "fields": [],
    }


def credential_account(owner: Account) -> dict:
    """The CredentialAccount entity: an Account with its source and role."""
    return account(owner) | {
        "source": {
            "privacy": "public",
            "sensitive": False,
            "language": None,
            "note": "",
            "fields": [],
            "follow_requests_count": 0,
            "hide_collections": None,
            "discoverable": None,
            "indexable": False,
            "attribution_domains": [],
            "quote_policy": "public",
        },
        "role": {"id": "-99", "name": "", "permissions": "0", "color": "", "highlighted": False},
    }


def media(image: Image, ready: bool = True) -> dict:
    """The MediaAttachment entity; without ``url`` while the server still works on it."""
    address = request.host_url.rstrip("/") + pictures.path_of(image) if ready else None
    size = {
        "width": image.width,
        "height": image.height,
        "size": f"{image.width}x{image.height}",
        "aspect": round(image.width / image.height, 6),
    }
    return {
        "id": image.id,
        "type": "image",
        "url": address,
        "preview_url": address,
        "remote_url": None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": {"original": size, "small": size} if ready else {},
        "description": image.alt or None,
        "blurhash": None,
    }


def status(post: Post) -> dict:
    """The Status entity."""
    base = request.host_url
    owner = current_state().account(post.network, post.handle)
    return {
        "id": post.id,
        "created_at": iso(post.created_at),
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": post.extra["sensitive"],
        "spoiler_text": post.extra["spoiler_text"],
        "visibility": post.visibility,
        "language": post.language,
        "uri": f"{base}ap/users/{owner.id}/statuses/{post.id}",
        "url": base.rstrip("/") + post.path,
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "quotes_count": 0,
        "edited_at": iso(post.edited_at) if post.edited_at else None,
        "favourited": False,
        "reblogged": False,
        "muted": False,
        "bookmarked": False,
        "pinned": False,
        "content": html(post.text),
        "filtered": [],
        "reblog": None,
        "application": post.extra["application"],
        "account": account(owner),
        "media_attachments": [media(image) for image in post.images],
        "mentions": [],
        "tags": [{"name": tag.lower(), "url": f"{base}tags/{tag}"} for tag in texts.hashtags(post.text)],
        "emojis": [],
        "quote": None,
        "card": card(post),
        "poll": None,
        "quote_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
    }


def card(post: Post) -> dict | None:
    """The PreviewCard entity, None until the crawler was there."""
    if not post.card:
        return None
    base = request.host_url.rstrip("/")
    return {
        "url": post.card["url"],
        "title": post.card["title"],
        "description": post.card["description"],
        "language": post.language,
        "type": "link",
        "author_name": "",
        "author_url": "",
        "provider_name": post.card["site"],
        "provider_url": "",
        "html": "",
        "width": 0,
        "height": 0,
        "image": base + post.card["image"] if post.card["image"] else None,
        "image_description": "",
        "embed_url": "",
        "blurhash": None,
        "published_at": None,
        "authors": [],
    }


def html(text: str) -> str:
    """Status text as Mastodon's HTML: paragraphs, line breaks, links split into three spans."""
    paragraphs = []
    for block in text.split("\n\n"):
        parts, position = [], 0
        for start, end, link in texts.find_links(block):
            parts += [escape(block[position:start]), _anchor(link)]
            position = end
        parts.append(escape(block[position:]))
        paragraphs.append(Markup("<p>%s</p>") % Markup(Markup("").join(parts).replace("\n", Markup("<br />"))))
    return str(Markup("").join(paragraphs))


def _anchor(link: str) -> Markup:
    scheme, rest = link.split("://", 1)
    shown, hidden = rest[:30], rest[30:]
    return Markup(
        '<a href="{}" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">{}://</span>'
        '<span class="{}">{}</span><span class="invisible">{}</span></a>'
    ).format(link, scheme, "ellipsis" if hidden else "", shown, hidden)
