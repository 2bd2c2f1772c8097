"""OK.ru (Odnoklassniki): topics of groups, through signed calls for apps that OK has reviewed.

Sources: apiok.ru (mediatopic.post, group.getInfo, oauth/permissions; read 2026-11). Answers that no stored page of
apiok.ru shows (mediatopic.getTopics, group.getUserGroupsV2) are as public code of 2025 reads them. None of it could be
tried with a real app.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import link_to
from wagtail_syndicate.backends.card_or_picture import FORM
from wagtail_syndicate.backends.errors import HTTP_ROWS, Problem, classify
from wagtail_syndicate.backends.likeness import same_text
from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.backends.ok_methods import Methods
from wagtail_syndicate.backends.redaction import redact
from wagtail_syndicate.backends.uploads import hand_over
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import MediaRejected, NotSent, Rejected
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


LASTING = timedelta(days=30)  # of a long-lived token, from its last use
PAGE = 50  # topics
GROUPS = 100  # the most that group.getInfo takes
MAY_POST = {"ADMIN", "MODERATOR", "SUPER_MODERATOR", "EDITOR"}


class Backend(Methods):
    """OK, for groups. Nothing repeated is recognised; what became of a post is read from the group's topics.

    Settings: ``APPLICATION_KEY``, the app's public key, beside ``CLIENT_ID`` and ``CLIENT_SECRET``.
    """

    name = "ok"
    label = _("OK (Odnoklassniki)")
    icon = "syndicate-ok"
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
            console="https://ok.ru/devaccess",
            preparation=(
                _("Become a developer and add an app for external sites. OK sends its three keys by e-mail."),
                _("Enter the callback address in the app's settings."),
                _("Write to api-support@ok.ru with the app's id, and ask for the permissions named below."),
            ),
            key_labels=("Application ID", "Application secret key", "Application public key"),
        ),
    )
    conditions = (
        _("OK must have given the app its permissions. They are asked for by e-mail and reviewed one by one."),
        _("Posts appear in a group, in its name. The person who connects it must be its administrator or editor."),
        _("Access ends when that person changes the password or removes the app."),
    )
    choices = (FORM,)
    # OK publishes no maximum; 5,000 is what other clients keep to.
    limits = Limits(length=5000, count=counting.characters, link=LinkPlace.CARD)
    photos = Limits(length=5000, count=counting.characters, images=ImageLimits(4, 10_000_000))
    style = Style(target=400, sentences=3, body=True, hashtags=1)
    renew_early = timedelta(days=3)
    reasons = {
        "not_approved": _(
            "{network} made no post because it has not approved the app. "
            "A site admin must ask {network} for the app's permissions."
        ),
    }

    def exchange(self) -> Grant:
        """Nothing to trade, but OK's ``expires_in`` is not what counts: a long-lived token is prolonged by its use,
        and a short-lived one (error 102) by its refresh token, which is said to last as long."""
        return Grant({}, timezone.now() + LASTING)

    def renew(self) -> Grant:
        refresh_token = self.connection.credentials.get("refresh_token")
        if not refresh_token:
            self.method("auth.touchSession")
            return Grant({}, timezone.now() + LASTING)
        app = self.connection.app
        keys = {"client_id": app.client_id, "client_secret": app.client_secret}
        body = {"grant_type": "refresh_token", "refresh_token": refresh_token, **keys}
        answer = self.http.request("POST", self.url("{api}/oauth/token.do"), data=body)
        given = {name: answer.get(name) for name in ("access_token", "refresh_token")}
        if given["access_token"]:
            return Grant({name: token for name, token in given.items() if token}, timezone.now() + LASTING)
        code = answer.get("error_code") or answer.get("error") or ""
        text = redact(self.error_text(answer), self.http.secrets)[:500] or "the answer holds no token"
        problem = Problem(answer.status, str(code), text, answer.retry_after)
        raise classify((*self.token_errors, *HTTP_ROWS), problem, irreversible=False)

    def targets(self) -> Sequence[Identity]:
        """The groups that the person may post to."""
        uids = [uid for uid in self._group_ids() if self.connection.remote_id in ("", uid)][:GROUPS]
        if not uids:
            raise Rejected("target_missing", self.connection.remote_id)
        found = self.method("group.getInfo", uids=",".join(uids), fields="uid,name")
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

    def get_limits(self) -> Limits:
        return self.photos if self.chosen("form") == "photo" else self.limits

    def upload(self, media: Media) -> str:
        """Hand over a picture for a group's topic; :returns: the token that stands for it."""
        try:
            place = self.method("photosV2.getUploadUrl", gid=self.connection.remote_id, count="1")
        except Rejected as error:
            raise MediaRejected("image_refused", error.detail, error.status) from None
        answer = hand_over(self, place.get("upload_url"), "pic1", media)
        photos = answer.get("photos")
        for photo in photos.values() if isinstance(photos, dict) else ():
            if isinstance(photo, dict) and photo.get("token"):
                return str(photo["token"])
        raise MediaRejected("image_refused", self.error_text(answer)[:300], answer.status)

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        # Never both: the card of the link shows the page's own picture.
        shown = not uploads or self.chosen("form") == "link"
        text = message.text if shown else message.text_with_link
        media: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
        if message.link and shown:
            media.append({"type": "link", "url": message.link})
        elif uploads:
            media.append({"type": "photo", "list": [{"id": token} for token in uploads]})
        attachment = json.dumps({"media": media, "onBehalfOfGroup": "true"}, ensure_ascii=False)
        topic = {"type": "GROUP_THEME", "gid": self.connection.remote_id, "attachment": attachment}
        answer = self.method("mediatopic.post", irreversible=True, **topic)
        if type(answer.data) in (int, str) and answer.data in (0, "0"):
            # "For non-approved apps topics won't be created and you will get 0 as a topic id" (apiok.ru).
            raise Rejected("not_approved")
        return self._receipt(answer.data)

    def find(self, message: Message, since: datetime) -> Receipt | None:
        """Look through the group's newest topics, by words and time: how OK shows a link is not documented."""
        answer = self.method(
            "mediatopic.getTopics", gid=self.connection.remote_id, count=str(PAGE), fields="media_topic.*"
        )
        look = Look(since.replace(microsecond=0))
        try:
            for topic in answer.data["media_topics"]:
                recent = look.meet(topic["id"], datetime.fromtimestamp(topic["created_ms"] / 1000, UTC))
                if recent and same_text(message.text or message.link, words(topic, message)):
                    return self._receipt(topic["id"])
        except (AttributeError, KeyError, TypeError):
            raise NotSent("network_busy", "the answer holds no topics") from None
        if look.has_passed or answer.get("has_more") is False:
            return None
        raise look.unsure()

    def delete(self, remote_id: str) -> None:
        try:
            done = self.method("mediatopic.deleteTopic", topic_id=remote_id, gid=self.connection.remote_id)
        except Rejected:
            # How OK says that a topic is gone already is not documented, so it is asked.
            if self.method("mediatopic.getByIds", topic_ids=remote_id).get("media_topics") != []:
                raise
        else:
            if done.get("success") is not True:
                raise NotSent("network_busy", "the answer does not say that the topic was deleted", done.status)

    def share_link(self, message: Message) -> str:
        address = f"{self.host('connect')}/offer"
        return link_to(address, url=message.link, title=message.title, description=message.text)

    def _group_ids(self) -> Iterator[str]:
        """The groups of the person, without those where OK says that she may only read."""
        groups = self.method("group.getUserGroupsV2", count=str(GROUPS)).get("groups")
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
