"""Viadeo, France: gone as a network that people post to. Kept so that a text can still be prepared for what is left.

Facts: receivership of 29 November 2016 (lemondeinformatique.fr), sold to Figaro Classifieds by the court's decision of
23 December 2016 (nextinpact.com, article 24935), since then a site for jobs and opinions on employers; that its OAuth
2.0 interface is no longer offered: documents of authomatic. When its servers went is not known.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import NoDoor, PastedField
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.compose import counting
from wagtail_syndicate.types import Limits, LinkPlace, Message, Reach, Region, Style


class Backend(BaseBackend):
    """A page that an admin names, and a text for it. Offered only where settings name the network.

    The old share dialog (``www.viadeo.com/shareit/share``) is not opened: it is presumably dead, and whoever holds the
    domain would get the visit.
    """

    name = "viadeo"
    label = _("Viadeo")
    icon = "syndicate-viadeo"
    region = Region.FRANCE
    reach = Reach.ASSISTED
    retired = True
    auth = (
        NoDoor(
            fields=(
                PastedField(
                    "handle",
                    _("Name of the page"),
                    _("As colleagues know it. It is shown in the page editor."),
                    secret=False,
                ),
                PastedField(
                    "page_url",
                    _("Page to open"),
                    _("Where a person can paste the text today. Without one there is only the text to copy."),
                    secret=False,
                    required=False,
                    address=True,
                ),
            ),
        ),
    )
    conditions = (
        _(
            "Viadeo went into receivership in 2016, was sold to the publisher of Le Figaro and became a site for jobs "
            "and opinions on employers. It has no interface for software, and no feed to post to is known."
        ),
    )
    # Which length was the limit is not known; this is short enough for every form.
    limits = Limits(length=500, count=counting.characters, link=LinkPlace.TEXT)
    style = Style(title="line", target=300)

    def share_link(self, message: Message) -> str:
        """The page that the admin named, as it is."""
        page = str(self.connection.options.get("page_url", ""))
        return page if page.startswith(("https://", "http://")) else ""
