"""What the fake networks remember: accounts, posts, keys, settings. One lock guards it all."""

import hashlib
import pickle
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from .faults import Faults


DEFAULT_SETTINGS = {
    "clock_offset_seconds": 0,
    "crawl_links": False,
    "enforce_rate_limits": False,
    "read_lag_seconds": 0,
    "redirect_uris": None,
    "mastodon_max_characters": 500,
    "mastodon_media_processing_seconds": 0,
    "mastodon_ignore_idempotency_key": False,
    "x_access_token_seconds": 7200,
    "x_fields_parameter": "post.fields",  # the older name is tweet.fields
    "x_credits": None,  # dollars that the app has left; None: it never runs out
    "x_max_weighted_length": 280,
    "vk_max_characters": 15895,
    "vk_ignore_guid": False,
    "weibo_bound_domains": ["localhost", "127.0.0.1"],
    "weibo_expires_in": 604800,
    "weibo_hold_seconds": 0,  # for how long a post is held back for a check; the answer is then 20032
    "weibo_rip_required": True,
    "weibo_silent_renewal": True,
    "line_friends": 3,
    "line_monthly_quota": 1000,
    "wechat_listed": True,
    "wechat_may_publish": True,
    "wechat_looks": 1,
    "wechat_publish_status": 0,
}


# What a file keeps from one run to the next; settings, faults and half-done sign-ins begin anew.
KEPT = {"accounts", "posts", "images", "tokens", "apps", "remembered", "log", "_last_ids"}


@dataclass
class Account:
    """One presence on one network; ``id`` is derived from network and handle, so it survives a restart."""

    network: str
    handle: str
    id: str
    name: str
    joined_at: float
    blocked: bool = False


@dataclass
class Image:
    """An uploaded picture. ``post_id`` is set once a post shows it."""

    id: str
    network: str
    handle: str
    data: bytes
    content_type: str
    width: int
    height: int
    uploaded_at: float
    alt: str = ""
    post_id: str | None = None


@dataclass
class Post:
    """One published post, text exactly as it was received."""

    network: str
    handle: str
    id: str
    text: str
    created_at: float
    path: str
    link: str | None = None
    card: dict | None = None
    images: list[Image] = field(default_factory=list)
    language: str | None = None
    visibility: str = "public"
    idempotency_key: str | None = None
    entities: list[dict] = field(default_factory=list)
    author: str | None = None
    extra: dict = field(default_factory=dict)
    edited_at: float | None = None
    deleted: bool = False


@dataclass
class Token:
    """An access, refresh or OAuth 1.0a token; ``secret`` only for OAuth 1.0a."""

    value: str
    network: str
    handle: str
    client_id: str
    scopes: tuple[str, ...] = ()
    kind: str = "access"
    secret: str = ""
    created_at: float = 0.0
    expires_at: float | None = None
    revoked: bool = False
    grant: str = ""


@dataclass
class AuthorizationCode:
    """What a person allowed on a consent page, waiting to be exchanged once."""

    value: str
    network: str
    client_id: str
    handle: str
    redirect_uri: str
    scopes: tuple[str, ...]
    expires_at: float
    challenge: str | None = None
    challenge_method: str | None = None
    used: bool = False


class State:
    """Everything in memory. Hold ``lock`` while reading and writing more than one thing."""

    def __init__(self, **settings):
        self.lock = threading.RLock()
        self.faults = Faults()
        self._initial_settings = settings
        self.reset()

    def reset(self):
        """Forget everything, back to the settings the server was started with."""
        with self.lock:
            self.settings = dict(DEFAULT_SETTINGS)
            self.change_settings(self._initial_settings)
            self.accounts: dict[tuple[str, str], Account] = {}
            self.posts: list[Post] = []
            self.images: dict[str, Image] = {}
            self.tokens: dict[tuple[str, str], Token] = {}
            self.codes: dict[tuple[str, str], AuthorizationCode] = {}
            self.apps: dict[str, dict] = {}
            self.remembered: dict[tuple, tuple[float, str]] = {}
            self.scratch: dict[tuple, object] = {}
            self.log: list[dict] = []
            self._last_ids: dict[str, int] = {}
            self.faults.clear()

    def save(self, path: Path):
        """Write what the networks remember to a file, whole or not at all."""
        with self.lock:
            kept = {name: value for name, value in vars(self).items() if name in KEPT}
            unfinished = path.with_suffix(".part")
            unfinished.write_bytes(pickle.dumps(kept))
            unfinished.replace(path)

    def load(self, path: Path):
        """Remember what :meth:`save` wrote; a file of another version is passed over."""
        try:
            kept = pickle.loads(path.read_bytes())
        except Exception:
            return
        with self.lock:
            vars(self).update(kept)

    def change_settings(self, changes: dict):
        """Apply ``changes``; raises ``KeyError`` for an unknown name."""
        for name in changes:
            if name not in DEFAULT_SETTINGS:
                raise KeyError(name)
        self.settings.update(changes)

    def now(self) -> float:
        """Seconds since the epoch, moved by the setting ``clock_offset_seconds``."""
        return time.time() + self.settings["clock_offset_seconds"]

    def rising_id(self, name: str, candidate: int) -> int:
        """``candidate`` or, when an id of this ``name`` is as high already, the next higher one."""
        with self.lock:
            value = max(candidate, self._last_ids.get(name, 0) + 1)
            self._last_ids[name] = value
            return value

    def account(self, network: str, handle: str, name: str | None = None) -> Account:
        """The account of ``handle``, made on first sight."""
        with self.lock:
            found = self.accounts.get((network, handle))
            if not found:
                found = Account(
                    network, handle, stable_id(network, handle), name or handle.lstrip("@"), joined_at=self.now()
                )
                self.accounts[network, handle] = found
            return found

    def account_by_id(self, network: str, account_id: str) -> Account | None:
        """The account with this id, if it was seen before."""
        with self.lock:
            return next((a for a in self.accounts.values() if a.network == network and a.id == account_id), None)

    def add_token(self, network, handle, client_id, **fields) -> Token:
        """Issue a token with a random value, or with ``value``."""
        value = fields.pop("value", None) or secrets.token_urlsafe(32)
        token = Token(value, network, handle, client_id, created_at=self.now(), **fields)
        if handle:
            self.account(network, handle)
        self.tokens[network, value] = token
        return token

    def token(self, network: str, value: str) -> Token | None:
        """The token with this value, revoked and expired ones included."""
        return self.tokens.get((network, value))

    def expired(self, token: Token) -> bool:
        """Whether the token's lifetime is over."""
        return token.expires_at is not None and token.expires_at <= self.now()

    def revoke_grants(self, network: str, handle: str) -> int:
        """Withdraw what ``handle`` allowed; returns how many tokens died."""
        with self.lock:
            self.account(network, handle).blocked = True
            dying = [t for t in self.tokens.values() if (t.network, t.handle) == (network, handle) and not t.revoked]
            for token in dying:
                token.revoked = True
            return len(dying)

    def expire_tokens(self, network: str, handle: str) -> int:
        """Let the access tokens of ``handle`` expire now; returns how many did."""
        with self.lock:
            dying = [
                t
                for t in self.tokens.values()
                if (t.network, t.handle, t.kind) == (network, handle, "access") and not t.revoked
            ]
            for token in dying:
                token.expires_at = self.now()
            return len(dying)

    def add_post(self, post: Post) -> Post:
        """Publish ``post`` and tie its images to it."""
        with self.lock:
            self.account(post.network, post.handle)
            for image in post.images:
                image.post_id = post.id
            self.posts.append(post)
            return post

    def timeline(self, network: str, handle: str | None = None, *, lagging: bool = False) -> list[Post]:
        """Living posts, newest first; with ``lagging`` only those older than ``read_lag_seconds``."""
        newest = self.now() - self.settings["read_lag_seconds"] if lagging else float("inf")
        with self.lock:
            return [
                post
                for post in reversed(self.posts)
                if post.network == network
                and not post.deleted
                and (handle is None or post.handle == handle)
                and post.created_at <= newest
            ]

    def post(self, network: str, post_id: str, handle: str | None = None, *, lagging: bool = False) -> Post | None:
        """One living post by its id."""
        return next((p for p in self.timeline(network, handle, lagging=lagging) if p.id == post_id), None)

    def remember(self, key: tuple, value: str):
        """Keep ``value`` under ``key`` with the present time (idempotency keys)."""
        self.remembered[key] = (self.now(), value)

    def recall(self, key: tuple, seconds: float) -> str | None:
        """What was remembered under ``key`` less than ``seconds`` ago."""
        moment, value = self.remembered.get(key, (0, None))
        return value if value is not None and self.now() - moment < seconds else None

    def count_call(self, bucket: tuple, limit: int, seconds: int) -> tuple[int, int, bool]:
        """Count one call; returns (remaining, end of the window in epoch seconds, limit exceeded)."""
        with self.lock:
            now = self.now()
            end, used = self.scratch.get(("calls", *bucket), (0, 0))
            if end <= now:
                end, used = (int(now) // seconds + 1) * seconds, 0
            used += 1
            self.scratch["calls", *bucket] = (end, used)
            return max(limit - used, 0), end, used > limit and self.settings["enforce_rate_limits"]


_ID_RANGES = {
    "mastodon": (109 * 10**15, 8 * 10**15),
    "x": (10**18, 8 * 10**18),
    "weibo": (10**9, 6 * 10**9),
    "vk-user": (10**8, 8 * 10**8),
    "telegram": (10**9, 3 * 10**9),
    "xing": (10**7, 9 * 10**7),
    "facebook": (10**14, 8 * 10**14),
    "facebook-user": (10**14, 8 * 10**14),
    "threads": (10**16, 8 * 10**16),
}


def stable_id(network: str, handle: str) -> str:
    """A decimal id as long as the network's own, the same for the same handle on every run.

    VK communities are named by their id already.
    """
    if network not in _ID_RANGES:
        return handle
    start, span = _ID_RANGES[network]
    digest = int.from_bytes(hashlib.sha256(f"{network}:{handle.lower()}".encode()).digest()[:8], "big")
    return str(start + digest % span)


def iso(moment: float) -> str:
    """Epoch seconds as ``2026-11-23T10:00:00.000Z``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def host_of(url: str | None) -> str:
    """The host name in ``url``, lower case, without port."""
    try:
        return (urlsplit(url or "").hostname or "").lower()
    except ValueError:
        return ""
