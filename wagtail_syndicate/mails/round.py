"""All mails that are due."""

from __future__ import annotations

import logging

from wagtail_syndicate import conf
from wagtail_syndicate.mails import accounts, failures
from wagtail_syndicate.mails.post import Late, turn


logger = logging.getLogger("wagtail_syndicate.mails")


def deliver() -> int:
    """Send what people have to be told; never raises. Without ``MAIL_DELAY``, and in a dry run, nobody is told.

    :returns: how many mails were sent.
    """
    if conf.get("MAIL_DELAY") is None or conf.is_dry_run():
        return 0
    sent = 0
    try:
        with turn() as post:
            for part in (failures.tell, accounts.tell) if post else ():
                sent += part(post)
    except Late:
        logger.warning("Sending mails took long; the others follow.")
    except Exception as error:  # whatever a mail backend raises: what was not told stays to be told
        logger.error("Mails could not be sent: %s. They are sent when that works again.", type(error).__name__)
    return sent
