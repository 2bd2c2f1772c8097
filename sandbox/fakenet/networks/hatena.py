"""Hatena Bookmark: the panel for a new bookmark, for a person in a browser.

Source: Hatena's page on the bookmark button (``url`` and ``btitle``). A comment has 100 characters.
"""

from .. import dialogs
from .faces import Face


NETWORK = "hatena"
FACE = Face("Hatena Bookmark", "A person adds the bookmark and a comment.", "ja")

blueprint = dialogs.blueprint_of(
    NETWORK, "Hatena Bookmark", "/hatena/web/entry/panel/", "/hatena/web/entry/<post_id>", limit=100, title="btitle"
)
