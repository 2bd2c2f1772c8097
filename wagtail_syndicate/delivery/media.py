"""Pictures, fitted to what a network takes."""

from __future__ import annotations

from wagtail.images import get_image_model

from wagtail_syndicate.exceptions import SyndicateError
from wagtail_syndicate.types import Image, ImageLimits, Media


QUALITIES = (85, 70, 55, 40)


class MediaUnreadable(SyndicateError):
    """The picture is gone or cannot be made to fit."""


def fit(image: Image, limits: ImageLimits) -> Media:
    """The bytes of a picture, within the network's pixels, bytes and types.

    A rendition of Wagtail's is made (and kept there for the next time): JPEG, smaller until it is light enough.

    :raises MediaUnreadable: the picture does not exist any more, is no picture, or stays too heavy.
    """
    model = get_image_model()
    try:
        original = model.objects.get(pk=image.reference)
    except (model.DoesNotExist, ValueError):
        raise MediaUnreadable("The picture was deleted.") from None
    size = f"max-{limits.max_width}x{limits.max_height}"
    tries = [f"{size}|format-jpeg|jpegquality-{quality}|bgcolor-ffffff" for quality in QUALITIES]
    tries.append(f"max-1024x1024|format-jpeg|jpegquality-{QUALITIES[-1]}|bgcolor-ffffff")
    for spec in tries:
        try:
            rendition = original.get_rendition(spec)
            with rendition.file.open("rb") as file:
                data = file.read()
        except Exception as error:  # a broken picture fails in as many ways as there are formats
            raise MediaUnreadable(type(error).__name__) from None
        if len(data) <= limits.max_bytes:
            filename = rendition.file.name.rsplit("/", 1)[-1]
            return Media(data, "image/jpeg", filename, image.alt, _address(rendition))
    raise MediaUnreadable(f"The picture stays over {limits.max_bytes} bytes.")


def _address(rendition) -> str:
    """Where anybody can fetch the picture; "" where files have no addresses, or none that is complete."""
    try:
        address = rendition.full_url
    except NotImplementedError:  # storages may have no addresses
        return ""
    return address if address.startswith(("https://", "http://")) else ""
