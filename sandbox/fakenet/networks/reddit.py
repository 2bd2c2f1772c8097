"""Reddit: the page for a new link, for a person in a browser.

Source: bradvin/social-share-urls (``url`` and ``title``). A title has 300 characters at most.
"""

from .. import dialogs
from .faces import Face


NETWORK = "reddit"
FACE = Face("Reddit", "A person submits the link; apps need Reddit's approval.")

blueprint = dialogs.blueprint_of(
    NETWORK, "Reddit", "/reddit/web/submit", "/reddit/web/comments/<post_id>", limit=300, title="title"
)
