"""The network of ``throughput.py``: one POST a post, and nothing else to do."""

from collections.abc import Sequence
from typing import Any

from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.types import Limits, Message, Receipt


class Backend(BaseBackend):
    """One POST a post."""

    name = "bench"
    label = "Bench"
    auth = (Pasted((PastedField("access_token", "Token"),), label="Token"),)
    hosts = {"api": "http://127.0.0.1:1"}
    limits = Limits(length=500)

    def publish(self, message: Message, uploads: Sequence[Any], key: str) -> Receipt:
        answer = self.call("POST", "{api}/posts", irreversible=True, json={"text": message.text, "key": key})
        return self.receipt(answer.get("id"))
