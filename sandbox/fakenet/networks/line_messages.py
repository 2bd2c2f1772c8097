"""What LINE takes for a message: text, and flex messages of one bubble.

Source: line/line-openapi messaging-api.yml and the Messaging API reference (text message, flex message, URI action).
Rules that nothing here can break (stickers, carousels, icons) are not played.
"""

import json
import re
from urllib.parse import urlsplit

from .line_manners import LineError


MAX_MESSAGES = 5
MAX_TEXT = 5000
MAX_ALT_TEXT = 1500
MAX_URI = 1000
MAX_IMAGE_URL = 2000
MAX_LABEL = 40
MAX_BUBBLE = 30 * 1024
SCHEMES = {"http", "https", "line", "tel"}
RATIO = re.compile(r"([1-9]\d{0,5}):([1-9]\d{0,5})")
KINDS = {"box", "button", "image", "text", "separator", "filler", "icon", "span", "video"}


def units(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Reader:
    """Reads one message; ``problems`` are pairs of a place in the request and what is wrong there."""

    def __init__(self, place: str):
        self.place = place
        self.problems: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.links: list[str] = []
        self.pictures: list[str] = []

    def wrong(self, place: str, words: str) -> None:
        self.problems.append((f"{self.place}{place}", words))

    def text(self, value, place: str, longest: int | None) -> None:
        """A text that must be there."""
        if not isinstance(value, str) or not value:
            self.wrong(place, "May not be empty")
        elif longest and units(value) > longest:
            self.wrong(place, f"Length must be between 0 and {longest}")

    def address(self, value, place: str, schemes: set[str], longest: int) -> None:
        """An address, already percent-encoded."""
        parts = urlsplit(value) if isinstance(value, str) and value.isascii() else None
        if parts is None or parts.scheme not in schemes or " " in value:
            self.wrong(place, "invalid uri scheme" if parts and parts.scheme not in schemes else "invalid uri")
        elif len(value) > longest:
            self.wrong(place, f"Length must be between 0 and {longest}")

    def action(self, action, place: str) -> None:
        if not isinstance(action, dict) or action.get("type") != "uri":
            self.wrong(f"{place}.type", "invalid property")
            return
        self.address(action.get("uri"), f"{place}.uri", SCHEMES, MAX_URI)
        if units(str(action.get("label", ""))) > MAX_LABEL:
            self.wrong(f"{place}.label", f"Length must be between 0 and {MAX_LABEL}")
        self.links.append(action.get("uri"))

    def component(self, part, place: str) -> None:
        """A component of a bubble, and those inside it."""
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in KINDS:
            self.wrong(f"{place}.type", "unknown type")
            return
        if kind == "text":
            self.text(part.get("text"), f"{place}.text", None)
            self.texts.append(str(part.get("text", "")))
        if kind == "image":
            self.address(part.get("url"), f"{place}.url", {"https"}, MAX_IMAGE_URL)
            self.pictures.append(part.get("url"))
            ratio = RATIO.fullmatch(part.get("aspectRatio", "1:1"))
            if not ratio or int(ratio[2]) > 3 * int(ratio[1]):
                self.wrong(f"{place}.aspectRatio", "invalid property")
        if kind == "box":
            if part.get("layout") not in ("horizontal", "vertical", "baseline"):
                self.wrong(f"{place}.layout", "invalid property")
            if not isinstance(part.get("contents"), list):
                self.wrong(f"{place}.contents", "invalid property")
            for number, inner in enumerate(part.get("contents") or ()):
                self.component(inner, f"{place}.contents[{number}]")
        if kind == "button" or "action" in part:
            self.action(part.get("action"), f"{place}.action")

    def bubble(self, bubble, place: str) -> None:
        if not isinstance(bubble, dict) or bubble.get("type") != "bubble":
            self.wrong(f"{place}.type", "unknown type")
            return
        if len(json.dumps(bubble, ensure_ascii=False).encode()) > MAX_BUBBLE:
            self.wrong(place, "too large")
        for block in ("header", "hero", "body", "footer"):
            if block in bubble:
                self.component(bubble[block], f"{place}.{block}")


def read(message, place: str) -> Reader:
    """What a message says."""
    reader = Reader(place)
    kind = message.get("type") if isinstance(message, dict) else None
    if kind == "text":
        reader.text(message.get("text"), ".text", MAX_TEXT)
        reader.texts.append(str(message.get("text", "")))
    elif kind == "flex":
        reader.text(message.get("altText"), ".altText", MAX_ALT_TEXT)
        reader.bubble(message.get("contents"), ".contents")
    else:
        reader.wrong(".type", "Must be one of the following values: [text, flex]")
    return reader


def read_all(body) -> list[Reader]:
    """The messages of a request; raises ``LineError``."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not 1 <= len(messages) <= MAX_MESSAGES:
        raise LineError(400, "The request body has 1 error(s)", (("messages", "Size must be between 1 and 5"),))
    readers = [read(message, f"messages[{number}]") for number, message in enumerate(messages)]
    problems = tuple(problem for reader in readers for problem in reader.problems)
    if problems:
        raise LineError(400, f"The request body has {len(problems)} error(s)", problems)
    return readers
