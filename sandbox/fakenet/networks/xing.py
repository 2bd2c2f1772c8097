"""XING: the share dialog, for a person in a browser; the API is closed since 1 April 2019.

Source: xing.com share plugin as listed by bradvin/social-share-urls. Only ``url`` counts; title and picture come from
the page itself. 420 characters were the limit of the closed API.
"""

from .. import dialogs
from .faces import Face


NETWORK = "xing"
FACE = Face("XING", "No API: a person shares through the dialog.", "de")

blueprint = dialogs.blueprint_of(
    NETWORK,
    "XING",
    "/xing/web/spi/shares/new",
    "/xing/web/feedy/stories/<post_id>",
    limit=420,
    refusal="Dieser Link kann nicht geteilt werden",
)
