"""OK.ru (Odnoklassniki): topics of groups, through signed calls for apps that OK has reviewed.

Sources: apiok.ru (mediatopic.post, group.getInfo, errors, oauth/permissions; read 2026-11), social-core for the
signature. Answers that no stored page of apiok.ru shows (mediatopic.getTopics, group.getUserGroupsV2) are as public
code of 2025 reads them. None of it could be tried with a real app.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.errors import ErrorRow, Problem, Reaction
from wagtail_syndicate.backends.http import Answer, redact
from wagtail_syndicate.backends.likeness import same_text
from wagtail_syndicate.backends.uploads import hand_over
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NotSent, Rejected
from wagtail_syndicate.types import (
    Grant,
    Identity,
    ImageLimits,
    Limits,
    LinkPlace,
    Media,
    Message,
    Reach,
    Receipt,
    Region,
    Style,
)


HOUR = 3600.0  # seconds
LASTING = timedelta(days=30)  # of a long-lived token, from its last use
PAGE = 50  # topics
GROUPS = 100  # the most that group.getInfo takes
MAY_POST = {"ADMIN", "MODERATOR", "SUPER_MODERATOR", "EDITOR"}


def md5(text: str) -> str:
    """The digest that OK signs with."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def signature(params: Mapping[str, str], token: str, app_secret: str) -> str:
    """The ``sig`` of a call: its parameters without the token, sorted and run together, and the session's secret."""
    return md5("".join(f"{name}={params[name]}" for name in sorted(params)) + md5(token + app_secret))


class Backend(BaseBackend):
    """OK, for groups. Nothing repeated is recognised; what became of a post is read from the group's topics.

    Settings: ``APPLICATION_KEY``, the app's public key, beside ``CLIENT_ID`` and ``CLIENT_SECRET``.
    """

    name = "ok"
    label = _("OK (Odnoklassniki)")
    region = Region.RUSSIA
    reach = Reach.CONDITIONAL
    auth = (
        OAuth2(
            authorize_url="{connect}/oauth/authorize",
            token_url="{api}/oauth/token.do",  # noqa: S106 (an address)
            scopes=("VALUABLE_ACCESS", "LONG_ACCESS_TOKEN", "GROUP_CONTENT", "PHOTO_CONTENT"),
            scope_separator=";",
            pkce=False,
            refresh=True,
            keys=("CLIENT_ID", "CLIENT_SECRET", "APPLICATION_KEY"),
        ),
    )
    conditions = (
        _("OK must have given the app its permissions. They are asked for by e-mail and reviewed one by one."),
        _("Posts appear in a group, in its name. The person who connects it must be its administrator or editor."),
        _("Access ends when that person changes the password or removes the app."),
    )
    hosts = {"api": "https://api.ok.ru", "connect": "https://connect.ok.ru", "web": "https://ok.ru"}
    # OK publishes no maximum; 5,000 is what other clients keep to.
    limits = Limits(length=5000, count=counting.characters, link=LinkPlace.CARD, images=ImageLimits(4, 10_000_000))
    style = Style(target=400, sentences=3, body=True, hashtags=1)
    renew_early = timedelta(days=3)
    reasons = {
        "not_approved": _(
            "{network} made no post because it has not approved the app. "
            "A site admin must ask {network} for the app's permissions."
        ),
    }
    # apiok.ru/en/dev/errors
    errors = (
        ErrorRow(Reaction.UNKNOWN, "unclear_answer", codes=("1", "2")),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("3", "4", "21")),
        ErrorRow(Reaction.REJECTED, "account_blocked", codes=("7",)),
        ErrorRow(Reaction.RETRY, "rate_limited", codes=("8", "11"), retry_after=HOUR),
        ErrorRow(Reaction.REJECTED, "app_setup", codes=("9", "101", "104")),
        ErrorRow(Reaction.REJECTED, "permission", codes=("10", "24", "50")),
        ErrorRow(Reaction.REJECTED, "human_check", codes=("12", "22")),
        ErrorRow(Reaction.REJECTED, "app_setup", codes=("100",), contains="not allowed for this application"),
        ErrorRow(Reaction.REJECTED, "bad_request", codes=("100",), contains="missed required parameter"),
        ErrorRow(Reaction.REJECTED, "content_refused", codes=("100",)),
        ErrorRow(Reaction.EXPIRED, "expired_token", codes=("102",)),
        ErrorRow(Reaction.EXPIRED, "reconnect", codes=("103",)),
    )

    def exchange(self) -> Grant:
        """Nothing to trade, but OK's ``expires_in`` is not what counts: a long-lived token is prolonged by its use,
        and a short-lived one (error 102) by its refresh token, which is said to last as long."""
        return Grant({}, timezone.now() + LASTING)

    def renew(self) -> Grant:
        refresh_token = self.connection.credentials.get("refresh_token")
        if not refresh_token:
            self._method("auth.touchSession")
            return Grant({}, timezone.now() + LASTING)
        app = self.connection.app
        keys = {"client_id": app.client_id, "client_secret": app.client_secret}
        body = {"grant_type": "refresh_token", "refresh_token": refresh_token, **keys}
        answer = self.http.request("POST", self.url("{api}/oauth/token.do"), data=body)
        given = {name: answer.get(name) for name in ("access_token", "refresh_token")}
        if given["access_token"]:
            return Grant({name: token for name, token in given.items() if token}, timezone.now() + LASTING)
        if answer.get("error") == "invalid_client":
            raise Rejected("app_setup", "", answer.status)
        if answer.get("error") or answer.get("error_code"):
            raise AccountProblem("expired_token", redact(self.error_text(answer), self.http.secrets), answer.status)
        raise NotSent("network_busy", "the answer holds no token", answer.status, answer.retry_after)

    def targets(self) -> Sequence[Identity]:
        """The groups that the person may post to."""
        uids = [uid for uid in self._group_ids() if self.connection.remote_id in ("", uid)][:GROUPS]
        if not uids:
            raise Rejected("target_missing", self.connection.remote_id)
        found = self._method("group.getInfo", uids=",".join(uids), fields="uid,name")
        groups = found.data if isinstance(found.data, list) else found.get("groups")
        if not isinstance(groups, list):
            raise NotSent("network_busy", "the answer holds no groups", found.status)
        names = {str(group.get("uid")): str(group.get("name") or "") for group in groups}
        return tuple(Identity(uid, names.get(uid) or uid, f"{self.host('web')}/group/{uid}") for uid in uids)

    def identify(self) -> Identity:
        first, *others = self.targets()
        if others:
            raise Rejected("target_missing", "several groups, none named")
        return first

    def upload(self, media: Media) -> str:
        """Hand over a picture for a group's topic; :returns: the token that stands for it."""
        try:
            place = self._method("photosV2.getUploadUrl", gid=self.connection.remote_id, count="1")
        except Rejected as error:
            raise MediaRejected("image_refused", error.detail, error.status) from None
        answer = hand_over(self, place.get("upload_url"), "pic1", media)
        photos = answer.get("photos")
        for photo in photos.values() if isinstance(photos, dict) else ():
            if isinstance(photo, dict) and photo.get("token"):
                return str(photo["token"])
        raise MediaRejected("image_refused", self.error_text(answer)[:300], answer.status)

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        media: list[dict[str, Any]] = [{"type": "text", "text": message.text}] if message.text else []
        if uploads:
            media.append({"type": "photo", "list": [{"id": token} for token in uploads]})
        if message.link:
            media.append({"type": "link", "url": message.link})
        attachment = json.dumps({"media": media, "onBehalfOfGroup": "true"}, ensure_ascii=False)
        topic = {"type": "GROUP_THEME", "gid": self.connection.remote_id, "attachment": attachment}
        answer = self._method("mediatopic.post", irreversible=True, **topic)
        if answer.data in (0, "0"):
            # "For non-approved apps topics won't be created and you will get 0 as a topic id" (apiok.ru).
            raise Rejected("not_approved")
        return self._receipt(answer.data)

    def find(self, message: Message, since: datetime) -> Receipt | None:
        """Look through the group's newest topics, by words and time: how OK shows a link is not documented."""
        answer = self._method(
            "mediatopic.getTopics", gid=self.connection.remote_id, count=str(PAGE), fields="media_topic.*"
        )
        topics = answer.get("media_topics")
        try:
            recent = [topic for topic in topics if topic["created_ms"] >= int(since.timestamp()) * 1000]
            found = [topic["id"] for topic in recent if same_text(message.text or message.link, words(topic, message))]
        except (AttributeError, KeyError, TypeError):
            raise NotSent("network_busy", "the answer holds no topics") from None
        if not found and len(recent) >= PAGE:
            raise NotSent("network_busy", "the group has posted more than can be looked through")
        return self._receipt(found[0]) if found else None

    def delete(self, remote_id: str) -> None:
        try:
            done = self._method("mediatopic.deleteTopic", topic_id=remote_id, gid=self.connection.remote_id)
        except Rejected:
            # How OK says that a topic is gone already is not documented, so it is asked.
            if self._method("mediatopic.getByIds", topic_ids=remote_id).get("media_topics") != []:
                raise
        else:
            if done.get("success") is not True:
                raise NotSent("network_busy", "the answer does not say that the topic was deleted", done.status)

    def share_link(self, message: Message) -> str:
        address = f"{self.host('connect')}/offer"
        return link_to(address, url=message.link, title=message.title, description=message.text)

    def headers(self) -> dict[str, str]:
        """The token is a parameter."""
        return {}

    def problem(self, answer: Answer) -> Problem | None:
        """Errors come with status 200; the header was added for answers that are no objects."""
        code = answer.get("error_code")
        code = answer.headers.get("invocation-error") if code is None else code
        if 200 <= answer.status < 300 and code is None and answer.data is not None:
            return None
        return Problem(answer.status, "" if code is None else str(code), self.error_text(answer), answer.retry_after)

    def error_text(self, answer: Answer) -> str:
        words = answer.get("error_msg")
        return words if isinstance(words, str) else super().error_text(answer)

    def _method(self, name: str, *, irreversible: bool = False, **params: str) -> Answer:
        token = self.connection.credentials.get("access_token", "")
        params |= {"method": name, "format": "json", "application_key": str(self.option("APPLICATION_KEY", ""))}
        signed = {"access_token": token, "sig": signature(params, token, self.connection.app.client_secret)}
        return self.call("POST", "{api}/fb.do", irreversible=irreversible, data=params | signed)

    def _group_ids(self) -> Iterator[str]:
        """The groups of the person, without those where OK says that she may only read."""
        groups = self._method("group.getUserGroupsV2", count=str(GROUPS)).get("groups")
        for group in groups if isinstance(groups, list) else ():
            role = group.get("role")
            said = {group.get("status"), *(role if isinstance(role, list) else [role])} - {None, ""}
            if group.get("groupId") and (not said or said & MAY_POST):
                yield str(group["groupId"])

    def _receipt(self, topic_id: Any) -> Receipt:
        return self.receipt(topic_id, f"{self.host('web')}/group/{self.connection.remote_id}/topic/{topic_id}")


def words(topic: Mapping[str, Any], message: Message) -> str:
    """What a topic says; its link where the message has nothing but one."""
    wanted = ("text", "text") if message.text else ("link", "url")
    return "\n".join(str(part.get(wanted[1], "")) for part in topic["media"] if part.get("type") == wanted[0])
