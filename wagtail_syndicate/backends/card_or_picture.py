"""What networks share where the card of a link and pictures beside it would show the same thing twice, or cannot stand
together."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.types import Choice


FORM = Choice(
    "form",
    _("Posts are"),
    (("link", _("Text with a card of the page")), ("photo", _("Text with a picture, the link in the text"))),
    _("A post has a card or a picture, never both. Without a picture it always gets a card."),
)
