"""KakaoStory: the share dialog, for a person in a browser; its interface for posting is retired.

Source: bradvin/social-share-urls (``url``). 4,000 characters are what its editor was said to take in 2015.
"""

from .. import dialogs
from .faces import Face


NETWORK = "kakao"
FACE = Face("KakaoStory", "A person shares through the dialog.", "ko")

blueprint = dialogs.blueprint_of(NETWORK, "KakaoStory", "/kakao/web/share", "/kakao/web/stories/<post_id>", limit=4000)
