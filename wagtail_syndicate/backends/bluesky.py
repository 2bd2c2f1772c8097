"""Bluesky, and other servers of the AT Protocol that keep its posts.

Facts: lexicons and server of bluesky-social/atproto (2026-08-20), docs.bsky.app (rate limits, posts; 2026-04), and the
answers of the reference server (PDS 0.4.217 and 0.5.35), which the service tests run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.bluesky_record import COLLECTION, bare_handle, claims, ends_at, post_record, record_key
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    NotSent,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.types import (
    Grant,
    Identity,
    ImageLimits,
    Limits,
    LinkPlace,
    Media,
    Message,
    Receipt,
    Region,
    Shape,
    Style,
)


OWN_PASSWORD = "com.atproto.access"  # noqa: S105 (the scope of a session that the account's own password opened)

OTHER_SERVER = (200, 301, 302, 307, 308, 404, 405)  # answers to a sign-in that only something else gives


class Backend(BaseBackend):
    """Bluesky, with an app password.

    Exactly once comes from the record's key: it is derived from the delivery's, the record is the same to the byte
    each time, and ``putRecord`` with ``swapRecord: null`` makes it where it is missing, changes nothing where it is
    there, and is refused (``InvalidSwap``) where the key holds something else; that is then read back. An unclear
    answer is therefore cured by sending again with the same key, at any time, and there is no ``find``: looking for
    the words could only know less.

    Requests go to the server that the admin named, or to bsky.social, which passes them on to wherever it keeps the
    account. The address in the answer's ``didDoc`` is not followed: keys go only where an admin sent them.
    """

    name = "bluesky"
    label = "Bluesky"
    icon = "syndicate-bluesky"
    shape = Shape.SHORT
    region = Region.GLOBAL
    auth = (
        Pasted(
            (
                PastedField("handle", _("Handle"), _("For example newsroom.bsky.social."), secret=False),
                PastedField(
                    "app_password",
                    _("App password"),
                    _("Make one in Bluesky: Settings, Privacy and security, App passwords. Never the account's own."),
                ),
                PastedField(
                    "server",
                    _("Server"),
                    _("Only for an account on a server of its own, for example https://pds.example.org."),
                    secret=False,
                    required=False,
                    address=True,
                ),
            ),
            label=_("App password"),
        ),
    )
    conditions = (
        _("Free of charge. Posts are public, and other services of the network keep copies of them."),
        _("A post cannot be changed later, only deleted."),
    )
    hosts = {"pds": "https://bsky.social", "web": "https://bsky.app"}
    limits = Limits(
        length=300,
        count=counting.bluesky,
        link=LinkPlace.CARD,
        # A card's picture is cut to 1.91:1 and has no alternative text; older servers take 1,000,000 bytes, newer ones
        # twice that.
        images=ImageLimits(1, 1_000_000, 2000, 2000, ratio=(191, 100)),
    )
    shares_server = False
    style = Style(target=240, sentences=2, hashtags=2)
    key_seconds = 365 * 24 * 3600  # the record is its own memory; a year stands for ever
    renew_early = timedelta(minutes=5)
    reasons = {
        "wrong_password": _(
            "{network} does not accept this handle with this app password. A site admin must check both, "
            "and the server when it is not bsky.social, and connect the account again."
        ),
        "own_password": _(
            "This is the account's own password, which opens more than posting. A site admin must make an "
            "app password at {network} and connect the account with that."
        ),
        "switched_off": _(
            "The account is deactivated at {network}. A site admin must switch it on there, then connect it again."
        ),
        "wrong_server": _("There is no server of {network} at this address. A site admin must check it."),
    }
    # What no row knows is unknown, also 500 to 504: the same key is then sent again, which does no harm.
    errors = (
        # An access token that has ended is 400, not 401. All of these are cured by a new session, if at all.
        ErrorRow(Reaction.EXPIRED, "expired_token", codes=("ExpiredToken", "InvalidToken", "AuthMissing")),
        ErrorRow(Reaction.EXPIRED, "expired_token", codes=("AuthenticationRequired",)),
        ErrorRow(Reaction.RECONNECT, "own_password", codes=("AuthFactorTokenRequired",)),
        ErrorRow(Reaction.RECONNECT, "account_blocked", codes=("AccountTakedown",)),
        ErrorRow(Reaction.RECONNECT, "switched_off", codes=("AccountDeactivated",)),
        ErrorRow(Reaction.RECONNECT, "target_missing", codes=("AccountNotFound",)),
        ErrorRow(Reaction.DUPLICATE, "duplicate", codes=("InvalidSwap",)),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("BlobNotFound", "InvalidMimeType")),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("InvalidRequest",), contains="blob too big"),
        ErrorRow(Reaction.MEDIA, "image_refused", codes=("InvalidRequest",), contains="embed.external.thumb"),
        ErrorRow(Reaction.MEDIA, "image_refused", status=(413,)),
        ErrorRow(Reaction.REJECTED, "too_long", codes=("InvalidRequest",), contains="too big"),
        ErrorRow(Reaction.REJECTED, "target_missing", codes=("RecordNotFound",)),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("InvalidRequest",)),
        ErrorRow(Reaction.REJECTED, "wrong_server", codes=("XRPCNotSupported", "MethodNotImplemented")),
        ErrorRow(Reaction.RETRY, "rate_limited", status=(429,), retry_after=300.0),
    )

    def host(self, role: str) -> str:
        own = str(self.connection.options.get("server") or "").strip() if role == "pds" else ""
        return own.rstrip("/") or super().host(role)

    # Connecting

    def exchange(self) -> Grant:
        """A session for the app password. Sessions opened with the account's own password are not kept."""
        try:
            session = self._log_in()
        except NotSent as error:
            if error.status in OTHER_SERVER:
                raise Rejected("wrong_server", error.detail, error.status) from None
            raise
        if claims(session.credentials["access_token"]).get("scope") == OWN_PASSWORD:
            raise AccountProblem("own_password")
        return session

    def renew(self) -> Grant:
        """A new session by the refresh token (90 days), or else by the app password (300 times a day)."""
        token = self.connection.credentials.get("refresh_token", "")
        try:
            return self._session(self._call("server.refreshSession", headers={"Authorization": f"Bearer {token}"}))
        except TokenExpired:
            return self._log_in()

    def identify(self) -> Identity:
        session = self._call("server.getSession", "GET")
        self._check_active(session)
        did, handle = session.get("did"), session.get("handle")
        if not isinstance(did, str) or not did:
            raise NotSent("network_busy", "the answer names no account", session.status)
        # The server's word for a name that does not lead to the account any more.
        handle = handle if isinstance(handle, str) and handle != "handle.invalid" else did
        return Identity(did, handle, f"{self.host('web')}/profile/{did}")

    # Publishing

    def upload(self, media: Media) -> dict[str, Any]:
        """Hand over the card's picture; servers forget it when no post shows it within hours.

        :returns: how a record refers to it.
        """
        try:
            answer = self._call("repo.uploadBlob", data=media.data, headers={"Content-Type": media.content_type})
        except Rejected as error:
            raise MediaRejected("image_refused", error.detail, error.status) from None
        if not isinstance(blob := answer.get("blob"), dict) or not blob:
            raise NotSent("network_busy", "the answer holds no picture", answer.status)
        return blob

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        record = post_record(message, uploads[0] if uploads else None, key)
        place = self._place(record_key(key))
        try:
            answer = self._call(
                "repo.putRecord", irreversible=True, json={**place, "record": record, "swapRecord": None}
            )
        except DuplicateContent:
            # Ours from an earlier attempt, with another picture or none, or nothing that we know.
            answer = self._call("repo.getRecord", "GET", params=place)
            if any(answer.get("value", name) != record[name] for name in ("text", "createdAt")):
                raise
        return self.receipt(answer.get("uri"), f"{self.host('web')}/profile/{place['repo']}/post/{place['rkey']}")

    def delete(self, remote_id: str) -> None:
        self._call("repo.deleteRecord", json=self._place(remote_id.rpartition("/")[2]))

    def share_link(self, message: Message) -> str:
        return link_to(f"{self.host('web')}/intent/compose", text=message.text_with_link)

    # Speaking

    def problem(self, answer: Answer) -> Problem | None:
        if 200 <= answer.status < 300:
            return None
        code, text = answer.get("error"), answer.get("message")
        if not isinstance(code, str):
            return super().problem(answer)
        return Problem(answer.status, code, f"{code}: {text}" if text else code, answer.retry_after)

    def _call(self, method: str, verb: str = "POST", **kwargs) -> Answer:
        return self.call(verb, f"{{pds}}/xrpc/com.atproto.{method}", **kwargs)

    def _place(self, rkey: str) -> dict[str, str]:
        return {"repo": self.connection.remote_id, "collection": COLLECTION, "rkey": rkey}

    def _log_in(self) -> Grant:
        identifier = self.connection.remote_id or bare_handle(str(self.connection.options.get("handle", "")))
        password = self.connection.credentials.get("app_password", "")
        asked = {"identifier": identifier, "password": password}
        try:
            answer = self._call("server.createSession", json=asked, headers={"Authorization": None})
        except TokenExpired as error:
            raise AccountProblem("wrong_password", error.detail, error.status) from None
        return self._session(answer)

    def _session(self, answer: Answer) -> Grant:
        tokens = {"access_token": answer.get("accessJwt"), "refresh_token": answer.get("refreshJwt")}
        if not all(isinstance(token, str) and token for token in tokens.values()):
            raise NotSent("network_busy", "the answer holds no session", answer.status)
        self._check_active(answer)
        return Grant(tokens, ends_at(tokens["access_token"]))

    def _check_active(self, answer: Answer) -> None:
        """:raises AccountProblem: the account is known but may not post."""
        if answer.get("active") is False:
            status = str(answer.get("status"))
            raise AccountProblem("switched_off" if status == "deactivated" else "account_blocked", status)
