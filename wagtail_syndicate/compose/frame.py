"""The frame of a post: where title, summary, hashtags, fixed words and link stand in it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import regex

from wagtail_syndicate.types import Style, Voice, names_link


PLACES = ("title", "summary", "hashtags", "link")
PLACE = regex.compile(r"\{([^{}\n]*)\}")
GAPS = regex.compile(r"\n(?:[ \t]*\n){2,}")
SEPARATOR = r"[ \t]*[:|/·•,;\p{Pd}：，、]?[ \t]*"
# Fixed words stand in a text as words of their own: "Ad" is no part of "Adventure".
WORD_EDGE = r"(?:(?<!\w)|(?!\w))"
LINE_ENDS = regex.compile(r"[ \t]+(?=\n|$)")


def unknown_places(template: str) -> list[str]:
    """The names in braces that a template may not have."""
    return [name for name in PLACE.findall(template) if name not in PLACES]


def own_words(template: str) -> str:
    """The template's own words."""
    return PLACE.sub("", template)


@dataclass(frozen=True)
class Frame:
    """How one account's posts are put together.

    ``link`` is the address as it is posted, "" where the network makes a card of it; ``address`` the article's own,
    which an editor's wording may hold.
    """

    style: Style
    voice: Voice
    link: str = ""
    address: str = ""

    @property
    def has_title(self) -> bool:
        """Whether the title stands in the text."""
        return "{title}" in self.voice.template if self.voice.template else bool(self.style.title)

    @property
    def has_summary(self) -> bool:
        """Whether teaser or body stand in the text."""
        return not self.voice.template or "{summary}" in self.voice.template

    @property
    def has_hashtags(self) -> bool:
        """Whether hashtags stand in the text."""
        return not self.voice.template or "{hashtags}" in self.voice.template

    def generated(self, title: str = "", summary: str = "", hashtags: str = "") -> str:
        """The post of these parts, each of which may be missing."""
        if self.voice.template:
            return self._filled({"title": title, "summary": summary, "hashtags": hashtags, "link": self.link})
        if title and self.style.title == "brackets" and "【" not in title:
            title, summary = "", f"【{title}】{summary}"
        return self._dressed(title, summary, hashtags)

    def worded(self, wording: str) -> str:
        """The post of an editor's words, which may hold the link already."""
        is_there = any(names_link(wording, link) for link in (self.link, self.address) if link)
        return self._dressed(wording, link="" if is_there else self.link)

    def _filled(self, parts: dict[str, str]) -> str:
        template = self.voice.template
        for name in (name for name in PLACES if not parts[name]):
            template = without_place(template, name)
        # One pass, so that braces in an article's text are never taken for a place.
        filled = PLACE.sub(lambda place: parts.get(place[1], place[0]), template)
        filled = GAPS.sub("\n\n", LINE_ENDS.sub("", filled)).strip()
        return self._dressed(filled, link="" if "{link}" in self.voice.template else self.link)

    def _dressed(self, *parts: str, link: str | None = None) -> str:
        """The parts from a line of their own on, within the account's fixed words, the link last."""
        between = "\n\n" if self.style.paragraphs else "\n"
        before, after = self.voice.before.strip(), self.voice.after.strip()
        first, *others = [part for part in parts if part] or [""]
        if before and not regex.match(regex.escape(before) + WORD_EDGE, first):
            first = f"{before} {first}".strip()
        if after and not any(regex.search(WORD_EDGE + regex.escape(after) + "$", part) for part in (first, *others)):
            others.append(after)
        lines = [first, *others, self.link if link is None else link]
        return self.style.plain(unicodedata.normalize("NFC", between.join(line for line in lines if line)))


def without_place(template: str, name: str) -> str:
    """The template for a post that lacks a part: without what sets it apart.

    "{title}: {summary}" becomes "{summary}"; a line of its own, "Read on: {link}" or "Topics: {hashtags}", goes.
    """
    place = rf"\{{{name}\}}"
    if name in ("link", "hashtags"):
        template = regex.sub(rf"(?m)^[^{{}}\n]*{place}[^{{}}\n]*$\n?", "", template)
    template = regex.sub(rf"(?m)^[ \t]*{place}{SEPARATOR}", "", template)
    return regex.sub(rf"{SEPARATOR}{place}|{place}", "", template)
