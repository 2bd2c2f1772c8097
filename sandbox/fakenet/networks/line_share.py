"""LINE's share dialog, for a person in a browser.

Source: LINE Social Plugins, ``lineit/share`` with ``url`` and ``text``; whom a person sends it to is not played.
"""

from .. import dialogs
from .line_manners import NETWORK


blueprint = dialogs.blueprint_of(
    NETWORK, "LINE", "/line/share/lineit/share", "/line/web/shared/<post_id>", limit=1000, title="text"
)
