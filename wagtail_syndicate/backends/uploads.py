"""Pictures for servers that a network names by itself, one address for each upload (VK, OK)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from wagtail_syndicate.backends.addresses import NotPublic
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.exceptions import MediaRejected, NotSent
from wagtail_syndicate.types import Media


def hand_over(backend: BaseBackend, address: Any, field: str, media: Media) -> Answer:
    """Send a picture to the address that the network's answer named, without any credentials.

    :param address: any host, because networks move them; but encrypted, or on the host that settings name as ``api``.
    :param field: the name of the file in the form.
    :returns: the answer, which may still be a refusal.
    :raises MediaRejected: the address is no good, or leads into a private network;
    :raises NotSent: the server is busy or cannot be reached.
    """
    try:
        place = urlsplit(address)[:2]
    except (AttributeError, TypeError, ValueError):
        place = ("", "")
    if place[0] != "https" and place != urlsplit(backend.host("api"))[:2]:
        raise MediaRejected("image_refused", "the address for uploads is not encrypted")
    try:
        answer = backend.http.request("POST", address, files={field: (media.filename, media.data, media.content_type)})
    except NotSent as error:
        if error.detail != NotPublic.__name__:
            raise
        raise MediaRejected("image_refused", "the address for uploads is in a private network") from None
    if answer.status in (408, 429) or answer.status >= 500:
        raise NotSent("network_busy", "the upload server is busy", answer.status, answer.retry_after)
    return answer
