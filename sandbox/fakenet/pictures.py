"""Looking at uploaded bytes: is it a picture, of which type and size."""

import io
import secrets

from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from .state import Image, State


MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}


class NotAPicture(ValueError):
    """The bytes are no JPEG, PNG, GIF or WebP."""


def store(state: State, network: str, handle: str, data: bytes, *, image_id: str = "", alt: str = "") -> Image:
    """Keep ``data`` as a picture of ``handle``; raises ``NotAPicture``."""
    try:
        with PillowImage.open(io.BytesIO(data)) as picture:
            content_type = MEDIA_TYPES[picture.format]
            width, height = picture.size
    except (UnidentifiedImageError, OSError, KeyError, ValueError, PillowImage.DecompressionBombError) as error:
        raise NotAPicture(str(error)) from error
    image = Image(
        image_id or secrets.token_hex(8), network, handle, data, content_type, width, height, state.now(), alt=alt
    )
    with state.lock:
        state.images[image.id] = image
    return image


def path_of(image: Image) -> str:
    """Where this server shows the picture."""
    return f"/media/{image.network}/{image.id}"
