"""VK community walls: text with a link card by a community's own access key, pictures too by a person's token.

Sources: dev.vk.com (access rights, requests, wall.post; June 2026), the official VK schema 5.199
(VKCOM/vk-api-schema), gitroomhq/postiz-app issue 1408 (2026-07-25) for what a community key may do,
SevereCloud/vk-limits for the limits of pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.base import link_to
from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.backends.uploads import hand_over
from wagtail_syndicate.backends.vk_methods import Methods
from wagtail_syndicate.backends.vk_text import community_name, kept_attachments, photo_name, shows, without_mentions
from wagtail_syndicate.compose import counting
from wagtail_syndicate.exceptions import MediaRejected, NotSent, Rejected
from wagtail_syndicate.types import (
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


PAGE = 100  # posts; the most that wall.get gives at once
PAGES = 3
GROUPS = 1000  # communities; the most that groups.get gives at once
COMMUNITY = PastedField(
    "group_id", _("Community"), _("Its address or its number: vk.com/example, or 123456."), secret=False
)


class Backend(Methods):
    """VK, for communities. An account's ``door`` (options) says by which kind of key it was connected.

    ``guid`` (the delivery's key) goes out with each post, and VK is said to recognise it for an hour; but what a
    repeated one is answered with is not documented, so ``key_seconds`` is 0 and nothing relies on it. A community key
    may neither read the wall nor add pictures (error 27): its posts cannot be looked up, and the card shows the
    picture of the page instead.
    """

    name = "vk"
    label = _("VK")
    icon = "syndicate-vk"
    region = Region.RUSSIA
    reach = Reach.AUTOMATIC
    auth = (
        Pasted(
            (
                PastedField(
                    "access_token",
                    _("Access key of the community"),
                    _("In the community: Manage, API usage, Access tokens. Tick the community and its wall."),
                ),
                COMMUNITY,
            ),
            label=_("Community access key"),
        ),
        Pasted(
            (
                PastedField(
                    "user_token",
                    _("Token of a person"),
                    _("From a “Standalone” app, with the rights wall, photos, groups and offline."),
                ),
                replace(COMMUNITY, help_text=_("Leave it empty to choose from a list."), required=False),
            ),
            name="user_token",
            label=_("Token of a person (older apps)"),
        ),
    )
    conditions = (
        _("Posts appear in the name of the community. Its access key cannot add pictures: the link's card shows one."),
        _("With that key VK cannot be asked whether a post arrived. After a broken connection a person has to look."),
        _("The token of a person adds pictures, changes and deletes posts, but only older apps can still get one."),
    )
    # VK publishes no maximum; 4,000 is what other clients keep to.
    limits = Limits(length=4000, count=counting.characters, link=LinkPlace.CARD)
    # Ten attachments with the link; width and height up to 14,000 together.
    pictures = ImageLimits(9, 50_000_000, content_types=("image/jpeg", "image/png", "image/gif"), alt_length=2048)
    style = Style(target=900, sentences=7, body=True, hashtags=1, paragraphs=True, plain=without_mentions)

    def get_limits(self) -> Limits:
        """Pictures only with a person's token."""
        return replace(self.limits, images=self.pictures) if self.by_person else self.limits

    def can_find(self) -> bool:
        """Only with a person's token: a community's key may not read the wall."""
        return self.by_person

    @property
    def by_person(self) -> bool:
        """Whether the account was connected with a person's token, which may do more than a community's key."""
        return self.connection.options.get("door") == "user"

    def targets(self) -> Sequence[Identity]:
        """The community that was named; with a person's token and none named, all that the person may post to."""
        found = tuple(self._communities(self._named()))
        if not found:
            raise Rejected("target_missing", self._named())
        return found

    def identify(self) -> Identity:
        first, *others = self.targets()
        if others:
            raise Rejected("target_missing", "several communities, none named")
        return first

    def upload(self, media: Media) -> str:
        """Add a picture to the community's wall, unseen until a post shows it.

        :returns: its name among attachments.
        :raises MediaRejected: also for a community's key, without asking: VK answers it with error 27
            (VKCOM/vk-api-schema issue 242, 2026-04); and for a token without the right to photos.
        """
        if not self.by_person:
            raise MediaRejected("image_refused", "a community's key cannot upload pictures to the wall")
        try:
            try:
                return self._photo(media)
            except MediaRejected:
                return self._photo(media)  # upload servers fail now and then; a new address may do
        except Rejected as error:
            raise MediaRejected("image_refused", error.detail, error.status) from None

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        return self._write("wall.post", message, uploads, {"from_group": 1, "guid": key}, irreversible=True)

    def find(self, message: Message, since: datetime) -> Receipt | None:
        """Look through the community's wall, newest first; a pinned post comes before all others."""
        look, offset = Look(since.replace(microsecond=0)), 0
        for _page in range(PAGES):
            wall = {"owner_id": self._owner(), "count": PAGE, "offset": offset, "filter": "owner"}
            answer = self.method("wall.get", wall)
            posts = self.listed(answer)
            try:
                for post in posts:
                    made = datetime.fromtimestamp(post["date"], UTC)
                    if look.meet(post["id"], made, bool(post.get("is_pinned"))) and shows(post, message):
                        return self._receipt(post["id"])
            except (AttributeError, KeyError, TypeError):
                raise NotSent("network_busy", "the answer holds no posts") from None
            if look.has_passed or look.has_all(answer.get("response", "count")):
                return None
            if not posts:
                break
            offset += len(posts)
        raise look.unsure()

    def edit(self, remote_id: str, message: Message) -> Receipt:
        """Attachments that are not named again would be lost, so they are read first."""
        self._needs_person()
        posts = self.listed(self.method("wall.getById", {"posts": f"{self._owner()}_{remote_id}"}))
        if not posts:
            raise Rejected("post_gone")
        kept, has_card = kept_attachments(posts[0])
        if not has_card:
            message = replace(message, text=message.text_with_link, link="")
        return self._write("wall.edit", message, kept, {"post_id": remote_id})

    def delete(self, remote_id: str) -> None:
        self._needs_person()
        try:
            self.method("wall.delete", {"owner_id": self._owner(), "post_id": remote_id})
        except Rejected as error:
            if error.reason != "post_gone":
                raise

    def share_link(self, message: Message) -> str:
        return link_to(f"{self.host('web')}/share.php", url=message.link, title=message.title, comment=message.text)

    def _needs_person(self) -> None:
        if not self.by_person:
            raise Rejected("community_key")

    def _named(self) -> str:
        given = str(self.connection.remote_id or self.connection.options.get("group_id", ""))
        if given.strip() and not community_name(given):
            raise Rejected("target_missing", given)
        return community_name(given)

    def _owner(self) -> str:
        return f"-{self._named()}"

    def _communities(self, named: str) -> Iterator[Identity]:
        if "user_token" in self.connection.credentials:
            # Also tells whether the token is a person's, and whether the person may post there.
            door, groups = "user", ("groups.get", {"filter": "admin,editor", "extended": 1, "count": GROUPS})
        elif named:
            door, groups = "community", ("groups.getById", {"group_id": named})
        else:
            return
        for group in self.listed(self.method(*groups)):
            number, name = str(group.get("id")), group.get("screen_name") or f"club{group.get('id')}"
            if named in ("", number, name.lower()):
                options = {"door": door, "group_id": number, "name": group.get("name", "")}
                yield Identity(number, name, f"{self.host('web')}/{name}", options)

    def _photo(self, media: Media) -> str:
        group = {"group_id": self._named()}
        address = self.method("photos.getWallUploadServer", group).get("response", "upload_url")
        answer = hand_over(self, address, "photo", media)
        uploaded = {name: answer.get(name) for name in ("server", "photo", "hash")}
        # A failed upload looks like a success with an empty list of photos.
        if not all(uploaded.values()) or uploaded["photo"] == "[]":
            raise MediaRejected("image_refused", "the upload failed", answer.status)
        fields = {**group, **uploaded}
        if media.alt:
            # VK has no alternative text; the caption is the place that everybody can read.
            fields["caption"] = without_mentions(media.alt)[: self.pictures.alt_length]
        saved = self.method("photos.saveWallPhoto", fields)
        if not (name := photo_name(saved.get("response", 0))):
            raise MediaRejected("image_refused", "the answer names no photo")
        return name

    def _write(self, method: str, message: Message, attached: Sequence[str], more: dict, **kwargs) -> Receipt:
        """Post or edit, with the link as a card; with the address in the text when VK makes no card of the page."""
        params = {"owner_id": self._owner(), "message": message.text, **more}
        # Attachments are a list with commas.
        if names := [*attached, *([message.link.replace(",", "%2C")] if message.link else ())]:
            params["attachments"] = ",".join(names)
        try:
            answer = self.method(method, params, **kwargs)
        except Rejected as error:
            # Surely not posted. VK makes no card of pages without a picture it likes.
            if error.reason != "no_card" or not message.link:
                raise
            bare = replace(message, text=message.text_with_link, link="")
            return self._write(method, bare, attached, more, **kwargs)
        return self._receipt(answer.get("response", "post_id"))

    def _receipt(self, post_id: Any) -> Receipt:
        return self.receipt(post_id, f"{self.host('web')}/wall{self._owner()}_{post_id}")
