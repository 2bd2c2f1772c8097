"""Viadeo: a page where a person can paste a text. The network itself is gone, so nothing real is played here."""

from .. import dialogs
from .faces import Face


NETWORK = "viadeo"
FACE = Face("Viadeo", "Closed as a network: a page to paste a text into stands for what is left.", "fr")

blueprint = dialogs.blueprint_of(
    NETWORK, "Viadeo", "/viadeo/web/page", "/viadeo/web/page/<post_id>", limit=500, needs_link=False
)
