"""A dry run's end of a delivery: everything was done but the call, and the record shows what would have been asked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from django.db import transaction

from wagtail_syndicate.delivery import ledger, media
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.delivery.lanes import Lane
from wagtail_syndicate.exceptions import MediaRejected, NetworkError, Rehearsed
from wagtail_syndicate.models import Attempt, Delivery
from wagtail_syndicate.types import Receipt


MOST = 20_000  # characters of all requests of one delivery


def rehearse(lane: Lane, delivery: Delivery, backend) -> Receipt | None:
    """Note the requests that would have made the post. None is answered, so what follows from an answer is not seen:
    pictures that have to be handed over first are not in the post, and of several steps the first is shown.

    :param backend: writes its requests down (``backends.rehearsal``).
    :returns: ``None``; or a receipt of a backend that has a way of its own to its network, and posted.
    :raises NetworkError: there is no request, because the backend itself refuses the post.
    """
    limits = backend.get_limits().images
    uploads, kept = [], []
    for image in delivery.message.images if limits else ():
        with suppress(Rehearsed, MediaRejected, media.MediaUnreadable):
            uploads.append(backend.upload(media.fit(image, limits)))
            kept.append(image)
            lane.check_margin()
    receipt = None
    try:
        receipt = backend.publish(replace(delivery.message, images=tuple(kept)), uploads, str(delivery.key))
    except NetworkError:
        if not backend.http.made:
            raise
    if receipt is not None and not backend.http.made:
        return receipt
    with transaction.atomic():
        ledger.rest(lane, delivery, Delivery.State.REHEARSED, "dry_run")
        Attempt.objects.create(
            delivery=delivery,
            kind=Attempt.Kind.REHEARSAL,
            fence=lane.fence,
            outcome="Rehearsed",
            reason="dry_run",
            detail="\n\n".join(backend.http.made)[:MOST],
            finished_at=DatabaseNow(),
        )
    return None
