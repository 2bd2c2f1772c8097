"""Handing mails to Django's mail, one process at a time."""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core import mail
from django.template.loader import render_to_string
from django.utils import timezone, translation
from wagtail.admin.mail import send_mail
from wagtail.admin.utils import get_admin_base_url
from wagtail.models import Site

from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.mails.recipients import Recipient
from wagtail_syndicate.models import Heartbeat


logger = logging.getLogger("wagtail_syndicate.mails")

TURN = "mails"
"""The row of ``Heartbeat`` that says until when one process has the turn."""
LEASE = 600.0  # seconds that a turn lasts at most; another process may begin after that
LONGEST = 300.0  # seconds after which no mail is begun any more
TIMEOUT = 10  # seconds that a mail server may take where the settings name no time


class Late(Exception):
    """This process has had its turn for too long."""


@contextmanager
def turn() -> Iterator[Callable[[Recipient, str, dict[str, Any]], bool] | None]:
    """Have the turn to send mails; ``None`` when another process has it.

    The turn makes it safe to send first and to note afterwards: what a crash or a mail server that is away leaves
    unsaid is said at the next turn, and two sweeps at the same time do not say it twice.

    :returns: sends one mail, see :func:`_post`.
    """
    began = time.monotonic()
    if not _take():
        yield None
        return
    connection = _connection()
    try:

        def post(recipient: Recipient, template: str, context: dict[str, Any]) -> bool:
            if time.monotonic() - began > LONGEST:
                raise Late
            return _post(connection, recipient, template, context)

        yield post
    finally:
        try:
            connection.close()
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("The connection to the mail server did not close: %s", type(error).__name__)
        if time.monotonic() - began < LEASE:
            Heartbeat.objects.filter(name=TURN).update(at=DatabaseNow())


def admin_url(path: str) -> str:
    """The complete address of a page of the admin; by the default site's address when the settings name none."""
    base = get_admin_base_url()
    if not base:
        site = Site.objects.filter(is_default_site=True).first()
        base = site.root_url if site else ""
    return base.rstrip("/") + path


def _take() -> bool:
    until = DatabaseNow() + timedelta(seconds=LEASE)
    if Heartbeat.objects.filter(name=TURN, at__lte=DatabaseNow()).update(at=until):
        return True
    if Heartbeat.objects.filter(name=TURN).exists():
        return False
    # The first mails of this site: whoever comes second finds the row, and the turn taken.
    Heartbeat.objects.bulk_create([Heartbeat(name=TURN, at=timezone.now() - timedelta(days=1))], ignore_conflicts=True)
    return bool(Heartbeat.objects.filter(name=TURN, at__lte=DatabaseNow()).update(at=until))


def _connection():
    connection = mail.get_connection()
    if getattr(connection, "timeout", TIMEOUT) is None:  # Django waits for ever unless the settings say otherwise
        connection.timeout = TIMEOUT
    return connection


def _post(connection, recipient: Recipient, template: str, context: dict[str, Any]) -> bool:
    """Send one mail, in its reader's language and time zone. Its subject is what stands above the first empty line.

    :returns: whether the server took it; ``False`` when it knows the address to be no good.
    :raises Exception: whatever a mail backend raises when it cannot send now.
    """
    with translation.override(recipient.language), timezone.override(ZoneInfo(recipient.time_zone)):
        text = render_to_string(f"wagtail_syndicate/mails/{template}.txt", context)
    subject, _, body = text.strip().partition("\n\n")
    try:
        send_mail(" ".join(subject.split()), body.strip() + "\n", [recipient.address], connection=connection)
    except smtplib.SMTPRecipientsRefused:
        # Also next time; the others who are told of the same matter.
        logger.error("The mail server refuses an address that is told of posts or accounts; check the contacts.")
        return False
    return True
