"""Pictures, fitted to what a network takes."""

from __future__ import annotations

from io import BytesIO
from pathlib import PurePath

from PIL import Image as Pillow
from PIL import ImageCms
from wagtail.images import get_image_model
from wagtail.images.image_operations import FilterOperation

from wagtail_syndicate import database
from wagtail_syndicate.exceptions import SyndicateError
from wagtail_syndicate.types import Image, ImageLimits, Media


QUALITIES = (85, 70, 55, 40)
LAST_RESORT = 1024  # pixels
# Logos, screenshots and drawings come in these; as JPEG they are often larger, and blurred.
LOSSLESS = (".png", ".gif", ".bmp")

PLAIN = "syndicate"
"""The name of :class:`Plain` in Wagtail's filters."""


class MediaUnreadable(SyndicateError):
    """The picture is gone or cannot be made to fit."""


class Plain(FilterOperation):
    """Makes a rendition harmless and the same everywhere: no metadata, sRGB or grey, white where it is transparent.

    Willow turns a picture as its EXIF data says, then writes the rest of them, with places and serial numbers, into
    every JPEG and PNG; it also leaves CMYK and other colour spaces as they are (Willow 1.12, read 2026-11).
    """

    def construct(self):
        pass

    def run(self, willow, image, env):
        if isinstance(willow.image, Pillow.Image):
            return type(willow)(plain(willow.image))
        willow.image.strip()  # Wand, which some sites have for animated pictures
        return willow


def plain(picture: Pillow.Image) -> Pillow.Image:
    """The same picture with nothing but its pixels."""
    if picture.mode.startswith("I"):  # 16 bits, which no conversion scales
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    picture = in_srgb(picture)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Pillow.new("RGBA", picture.size, "white")
        picture = Pillow.alpha_composite(white, picture)
    picture = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    picture.info = {}
    return picture


def in_srgb(picture: Pillow.Image) -> Pillow.Image:
    """The picture in the colours that are taken for granted on the web."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        embedded = ImageCms.getOpenProfile(BytesIO(profile))
        return ImageCms.profileToProfile(picture, embedded, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile is no reason to leave the picture out
        return picture


def fit(image: Image, limits: ImageLimits) -> Media:
    """The bytes of a picture, within the network's pixels, bytes and types, without metadata.

    A rendition of Wagtail's is made (and kept there for the next time): JPEG, smaller until it is light enough, or PNG
    where the original has no losses either and stays smaller that way. Where the network cuts pictures, they are cut
    here, around the editor's focal point. The first picture of an animation.

    :raises MediaUnreadable: the picture does not exist any more, is no picture, is too small, or stays too heavy.
    """
    model = get_image_model()
    try:
        original = model.objects.get(pk=image.reference)
    except (model.DoesNotExist, ValueError):
        raise MediaUnreadable("The picture was deleted.") from None
    size, small = shape(limits, limits.max_width, limits.max_height), shape(limits, LAST_RESORT, LAST_RESORT)
    tries = [jpeg(size, quality) for quality in QUALITIES] + [jpeg(small, QUALITIES[-1])]
    for spec in tries:
        rendition, data = render(original, spec)
        if rendition.width < limits.min_width or rendition.height < limits.min_height:
            raise MediaUnreadable(f"The picture is smaller than {limits.min_width}x{limits.min_height} pixels.")
        content_type = "image/jpeg"
        if spec == tries[0] and takes_png(original, limits):
            other, bytes_as_png = render(original, f"{size}|{PLAIN}|format-png")
            if len(bytes_as_png) < len(data):
                rendition, data, content_type = other, bytes_as_png, "image/png"
        if len(data) <= limits.max_bytes:
            filename = rendition.file.name.rsplit("/", 1)[-1]
            return Media(data, content_type, filename, image.alt, _address(rendition))
    raise MediaUnreadable(f"The picture stays over {limits.max_bytes} bytes.")


def shape(limits: ImageLimits, width: int, height: int) -> str:
    """Wagtail's filter for a picture of at most so many pixels, cut where the network wants one shape."""
    width, height = min(width, limits.max_width), min(height, limits.max_height)
    if limits.ratio is None:
        return f"max-{width}x{height}"
    wide, high = limits.ratio
    width = min(width, height * wide // high)
    return f"fill-{width}x{round(width * high / wide)}"


def jpeg(size: str, quality: int) -> str:
    return f"{size}|{PLAIN}|format-jpeg|jpegquality-{quality}"


def takes_png(original, limits: ImageLimits) -> bool:
    """Whether the picture might be better off as a PNG."""
    return "image/png" in limits.content_types and PurePath(original.file.name).suffix.lower() in LOSSLESS


def render(original, spec: str):
    """A rendition and its bytes.

    :raises MediaUnreadable: it cannot be made.
    """
    try:
        rendition = original.get_rendition(spec)
        with rendition.file.open("rb") as file:
            return rendition, file.read()
    except database.AWAY:
        raise
    except Exception as error:  # a broken picture fails in as many ways as there are formats
        raise MediaUnreadable(type(error).__name__) from None


def _address(rendition) -> str:
    """Where anybody can fetch the picture; "" where files have no addresses, or none that is complete."""
    try:
        address = rendition.full_url
    except NotImplementedError:  # storages may have no addresses
        return ""
    return address if address.startswith(("https://", "http://")) else ""
