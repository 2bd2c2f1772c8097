"""Looking through the list of an account's posts: when one that was not met is surely not there.

"Not there" leads to a second post where it is wrong, so it is said with proof only. A short page proves nothing:
networks leave posts out of pages, and caches and shards that are behind give less than there is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wagtail_syndicate.exceptions import NotSent


class Look:
    """One look at a list that is ordered by time, newest first, page by page.

    :param since: posts from before are of no interest, and end the look.
    """

    def __init__(self, since: datetime):
        self.since = since
        self.met: set[Any] = set()
        self.total = 0
        self.has_passed = False
        """Whether the last post that was met is from before ``since``, and so is all that would follow. One at the top
        of the list says nothing: it may be pinned there."""

    def meet(self, remote_id: Any, made: datetime, pinned: bool = False) -> bool:
        """Note a post.

        :param pinned: whether the network says that it stands out of its order.
        :returns: whether it is recent enough to be the one that is looked for.
        """
        if not pinned:
            self.has_passed = bool(self.met - {remote_id}) and made < self.since
        self.met.add(remote_id)
        return made >= self.since

    def has_all(self, total: Any) -> bool:
        """Whether as many posts were met as the network says that there are; no when it does not say."""
        if not isinstance(total, int) or isinstance(total, bool) or total < 0:
            return False
        # A post that is deleted meanwhile moves another one from the next page to the one that was seen.
        self.total = max(self.total, total)
        return len(self.met) >= self.total

    def unsure(self, detail: str = "the list does not say that it was seen to its end") -> NotSent:
        """What to raise when the list was left, or ended, before either was so."""
        return NotSent("looking", detail)
