"""Telegram: turning HTML, MarkdownV2 or an entity list into plain text with entities; offsets in UTF-16 units.

Source: core.telegram.org/bots/api#formatting-options (Bot API 10.1) and the results recorded from TDLib 1.8.69.
"""

import html
import re

from ..state import host_of
from ..texts import find_links, utf16_length


HTML_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "span": "spoiler",
}
MARKDOWN_MARKS = {"__": "underline", "||": "spoiler", "*": "bold", "_": "italic", "~": "strikethrough", "`": "code"}
RESERVED = set("_*[]()~`>#+-=|{}.!")
_TAG = re.compile(r"<(/?)([A-Za-z0-9-]*)([^>]*)>")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_LANGUAGE = re.compile(r"""\bclass\s*=\s*["']?language-([\w+#-]+)""", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
_MENTION = re.compile(r"(?<!\w)@[A-Za-z0-9_]{4,32}(?!\w)")
_HASHTAG = re.compile(r"(?<![\w#])#(?=\w*[^\W\d_])\w+(?:@[A-Za-z0-9_]{3,32})?")


class CannotParse(ValueError):
    """The markup is broken; the message is the end of Telegram's description."""


def parse(text: str, mode: str | None, entities: list[dict] | None) -> tuple[str, list[dict]]:
    """Plain text and entities, trimmed, links, hashtags and mentions found; raises ``CannotParse``."""
    name = (mode or "").lower()
    if name == "html":
        plain, found = _parse_html(text)
    elif name == "markdownv2":
        plain, found = _parse_markdown(text)
    elif name in {"", "none"}:
        plain, found = text, [dict(entity) for entity in entities or []]
    else:
        raise CannotParse("unsupported parse_mode")
    plain, found = _trim(plain, found)
    found += _detected(plain, found)
    return plain, sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))


def _parse_html(text):
    out, open_tags, found, position = [], [], [], 0
    while position < len(text):
        sign = text[position]
        if sign == "<":
            tag = _TAG.match(text, position)
            name = tag[2].lower() if tag else ""
            at = len(text[:position].encode())
            if tag and tag[1]:
                if not open_tags or open_tags[-1][0] != name:
                    raise CannotParse(f"Unmatched end tag at byte offset {at}, expected no end tag")
                _close(open_tags.pop(), out, found)
            elif name not in HTML_TAGS:
                raise CannotParse(f'Unsupported start tag "{name}" at byte offset {at}')
            else:
                open_tags.append((name, utf16_length("".join(out)), tag[3]))
            position = tag.end()
            continue
        entity = _ENTITY.match(text, position)
        out.append(html.unescape(entity.group()) if entity else sign)
        position = entity.end() if entity else position + 1
    if open_tags:
        raise CannotParse(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return "".join(out), found


def _close(tag, out, found):
    name, start, attributes = tag
    entity = {"offset": start, "length": utf16_length("".join(out)) - start, "type": HTML_TAGS[name]}
    if name == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    if name == "a":
        href = _HREF.search(attributes)
        entity["url"] = html.unescape(next((part for part in href.groups() if part), "")) if href else ""
        if not _is_address(entity["url"]):
            return
    if name == "pre" and found and _is_code_inside(found[-1], entity):
        language = found.pop().get("language")
        entity |= {"language": language} if language else {}
    if name == "code":
        language = _LANGUAGE.search(attributes)
        entity |= {"language": language[1]} if language else {}
    if entity["length"]:
        found.append(entity)


def _is_code_inside(inner, outer):
    return inner["type"] == "code" and (inner["offset"], inner["length"]) == (outer["offset"], outer["length"])


def _is_address(url):
    host = host_of(url)
    return url.startswith(("http://", "https://", "tg://")) and ("." in host or host == "localhost")


def _parse_markdown(text):
    out, open_marks, found, position = [], [], [], 0
    while position < len(text):
        sign = text[position]
        at = len(text[:position].encode())
        in_code = bool(open_marks) and open_marks[-1][0] == "`"
        if sign == "\\" and position + 1 < len(text) and ord(text[position + 1]) < 128:
            out.append(text[position + 1])
            position += 2
            continue
        mark = next((m for m in MARKDOWN_MARKS if text.startswith(m, position)), None)
        if mark and (not in_code or mark == "`"):
            if open_marks and open_marks[-1][0] == mark:
                start = open_marks.pop()[1]
                length = utf16_length("".join(out)) - start
                if length:
                    found.append({"offset": start, "length": length, "type": MARKDOWN_MARKS[mark]})
            else:
                open_marks.append((mark, utf16_length("".join(out)), at))
            position += len(mark)
        elif sign == "[" and not in_code:
            open_marks.append(("[", utf16_length("".join(out)), at))
            position += 1
        elif sign == "]" and open_marks and open_marks[-1][0] == "[":
            start = open_marks.pop()[1]
            end = text.find(")", position)
            if not text.startswith("](", position) or end < 0:
                raise CannotParse(f"Can't find end of a URL at byte offset {at}")
            url = text[position + 2 : end].replace("\\", "")
            if _is_address(url):
                length = utf16_length("".join(out)) - start
                found.append({"offset": start, "length": length, "type": "text_link", "url": url})
            position = end + 1
        elif sign in RESERVED and not in_code:
            raise CannotParse(f"Character '{sign}' is reserved and must be escaped with the preceding '\\'")
        else:
            out.append(sign)
            position += 1
    if open_marks:
        raise CannotParse(f"Can't find end of the entity starting at byte offset {open_marks[-1][2]}")
    return "".join(out), found


def _trim(text, entities):
    shift = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    end = utf16_length(text)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - shift, 0)
        stop = min(entity["offset"] + entity["length"] - shift, end)
        if stop > start:
            kept.append(entity | {"offset": start, "length": stop - start})
    return text, kept


def _detected(text, known):
    """Links, mentions and hashtags the server finds by itself outside of given links and code."""
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in known
        if entity["type"] in {"text_link", "code", "pre", "url"}
    ]
    found = []
    spans = [("url", start, end) for start, end, _ in find_links(text)]
    spans += [("mention", *match.span()) for match in _MENTION.finditer(text)]
    spans += [("hashtag", *match.span()) for match in _HASHTAG.finditer(text)]
    for kind, start, end in spans:
        offset = utf16_length(text[:start])
        stop = offset + utf16_length(text[start:end])
        if not any(offset < other_stop and stop > other for other, other_stop in taken):
            taken.append((offset, stop))
            found.append({"offset": offset, "length": stop - offset, "type": kind})
    return found


def cut(text: str, entity: dict) -> str:
    """The part of ``text`` an entity covers."""
    units = text.encode("utf-16-le")
    return units[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2].decode("utf-16-le", "replace")
