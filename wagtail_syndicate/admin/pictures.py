"""Pictures while a post is prepared: which ones an editor may choose, and how they will be cut."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

import wagtail
from django.core.exceptions import ValidationError
from wagtail.images import get_image_model

from wagtail_syndicate.admin.ticks import Chosen
from wagtail_syndicate.delivery import content, media
from wagtail_syndicate.types import Article, Image, ImageLimits


PREVIEW = 640  # pixels; twice as wide as it is shown
THUMB = "max-165x165"
"""The filter of Wagtail's own image chooser, so that most pictures have the rendition already."""


class Shown(NamedTuple):
    """A picture's file for a browser; all empty when it cannot be shown."""

    src: str = ""
    width: int = 0
    height: int = 0


class Variants:
    """One article, with the picture that was chosen for each account; every choice is looked up once.

    :param article: as it is without any choice.
    """

    def __init__(self, article: Article):
        self.article = article
        self._found: dict[tuple[str, str], tuple[Article, str]] = {}

    def of(self, choice: Chosen) -> tuple[Article, str]:
        """The article for one account, and the reason of what people should know of its picture, or ""."""
        key = (choice.image, choice.alt)
        if key not in self._found:
            self._found[key] = content.with_picture(self.article, *key)
        return self._found[key]


class Album:
    """Pictures as they will be cut for networks; each file is made once, and read once.

    :param limits: those of all networks that pictures will be shown for.
    """

    def __init__(self, limits: Iterable[ImageLimits | None] = ()):
        self._filters = list(dict.fromkeys((THUMB, fitted(None), *map(fitted, limits))))
        self._originals: dict[str, object] = {}
        self._shown: dict[tuple[str, str], Shown] = {}

    def load(self, references: Collection[str]) -> None:
        """Read these pictures and the files that exist of them, in as many queries as there are tables."""
        wanted = _keys(set(references) - self._originals.keys())
        if wanted:
            found = get_image_model().objects.filter(pk__in=wanted).prefetch_renditions(*self._filters)
            self._originals |= {str(image.pk): image for image in found}

    def title(self, reference: str) -> str:
        """What the picture is called on the site, "" when it is gone."""
        return getattr(self._originals.get(reference), "title", "")

    def thumb(self, reference: str) -> Shown:
        """A small picture to choose by."""
        return self._show(reference, THUMB)

    def fitted(self, image: Image, limits: ImageLimits | None) -> Shown:
        """The picture as the network will show it: cut as ``delivery.media`` cuts it, but no larger than a preview."""
        return self._show(image.reference, fitted(limits))

    def _show(self, reference: str, spec: str) -> Shown:
        key = (reference, spec)
        if key not in self._shown:
            self._shown[key] = self._render(reference, spec)
        return self._shown[key]

    def _render(self, reference: str, spec: str) -> Shown:
        self.load((reference,))
        original = self._originals.get(reference)
        if original is None:
            return Shown()
        try:
            rendition = original.get_rendition(spec)
            return Shown(rendition.url, rendition.width, rendition.height)
        except Exception:  # a broken picture fails in as many ways as there are formats; the post may go without it
            return Shown()


def fitted(limits: ImageLimits | None) -> str:
    """Wagtail's filter for a preview of what the network gets."""
    return media.jpeg(media.shape(limits or ImageLimits(), PREVIEW, PREVIEW), 70)


def choosable(references: Collection[str], user) -> set[str]:
    """Those of these pictures that ``user`` may choose for any purpose."""
    keys = _keys(references)
    if not keys:
        return set()
    allowed = _policy().instances_user_has_any_permission_for(user, ["choose"])
    return {str(key) for key in allowed.filter(pk__in=keys).values_list("pk", flat=True)}


def _keys(references: Collection[str]) -> list:
    """The primary keys that these texts stand for; others are passed over."""
    field, keys = get_image_model()._meta.pk, []
    for reference in references:
        try:
            key = field.to_python(reference)
            field.run_validators(key)  # numbers that no table can hold
        except ValidationError:
            continue
        keys.append(key)
    return keys


def _policy():
    if wagtail.VERSION >= (8, 0):
        from wagtail.permissions import policy_registry

        return policy_registry.get_by_type(get_image_model())
    from wagtail.images.permissions import permission_policy

    return permission_policy
