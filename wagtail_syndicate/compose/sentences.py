"""Where sentences end, in the scripts and habits of many languages."""

from __future__ import annotations

import regex

from wagtail_syndicate.compose.abbreviations import (
    ALWAYS,
    BEFORE_NAMES,
    BEFORE_NUMBER,
    BEGINNERS,
    BY_LANGUAGE,
    DOTTED_ORDINALS,
    LEGAL_FORMS,
    MAY_END,
)
from wagtail_syndicate.compose.text import one_line


CLOSERS = r"[\p{Pe}\p{Pf}\"'＂]"
# “ and « close in German; what they open elsewhere stands behind a space.
CLOSERS_BEFORE_SPACE = r"[\p{Pe}\p{Pf}\"'＂“‘«]"
ENDS = rf"""
    (?P<wide>[。！？｡]+(?:[…！？]|{CLOSERS})*)
    | (?P<other>[।॥۔؟።។၊။\u0589]+{CLOSERS}*)(?=\s|\p{{Lo}}|$)
    | (?P<strong>(?:[!?‼⁇⁈⁉…QUESTION]|\.{{2,}})+\.*(?:[\u00a0\u202f]?»(?!\w)|{CLOSERS_BEFORE_SPACE})*)(?=\s|$)
    | (?P<dot>\.)(?:[\u00a0\u202f]?»(?!\w)|{CLOSERS_BEFORE_SPACE})*(?=\s|$)
"""
END = regex.compile(ENDS.replace("QUESTION", ""), regex.VERBOSE)
# A Greek question mark is a semicolon.
GREEK_END = regex.compile(ENDS.replace("QUESTION", ";"), regex.VERBOSE)
WORD_BEFORE = regex.compile(r"[\w.\-\u00a0\u202f]+$")
SPACED_ABBREVIATION = regex.compile(r"(?:(?<!\w)\p{L}\.[ \u00a0\u202f])+\p{L}$")
NUMBER_BEFORE = regex.compile(r"\d[\s\u00a0\u202f]*\w+$")
# Georgian has no capital letters in running text.
NEXT_STARTS = regex.compile(r"\s*[\p{Ps}\p{Pi}\p{Pd}\"'¿¡„»•\s]*(?:[\p{Lu}\p{Lt}\p{Lo}\p{Georgian}\p{Nd}\p{So}@#]|$)")
# After a closed quotation these go on with the sentence that it stands in, or say whose words it was.
GOES_ON = regex.compile(
    r"""
    [とってのなはがをにもで、，](?!\s)
    | [^\s，。！？]{0,8}(?:说|說|道|问|問|答|表示|称|稱|指出|介绍|介紹|写|寫|认为|認為|强调|強調
      |解释|解釋|补充|補充|回应|回應)[，。：、]
    | [^\s。！？「『]{0,40}(?:話す|話した|話している|語る|語った|語っている|述べる|述べた|述べている
      |説明する|説明した|説明している|強調した|振り返る|振り返った|コメントした|コメントしている)。
    """,
    regex.VERBOSE,
)
UNIT = regex.compile(r"(?:°\p{L}|\d[\s\u00a0\u202f]?[mglhstVWKCF])$")
FIRST_WORD = regex.compile(r"\w+")
WHITE = regex.compile(r"[\s\u00a0\u202f]")
HIGH = regex.compile(r"[\p{Ps}\p{Pi}\"'„»]*\p{Lu}")
COMPOUND_INITIAL = regex.compile(r"\p{Lu}\.?-\p{Lu}")
BRACKETS = {"「": "」", "『": "』", "（": "）", "《": "》", "【": "】", "(": ")", "“": "”", "„": "“”", "«": "»"}
# Behind a number it is an inch.
STRAIGHT = regex.compile(r"(?<!\d)\"")
LONGEST_BRACKET = 240
"""Characters after which what stands in brackets or quotation marks is parted, as a text of its own."""


def split(text: str, language: str = "") -> list[str]:
    """The sentences of one paragraph, in order; each ends with its own punctuation and closing quotes.

    When in doubt two sentences stay together: too long reads better than cut in two.

    :param language: BCP 47; for abbreviations that are words elsewhere, and ordinal numbers ("3. Oktober").
    """
    text = one_line(text)
    language = language.lower().split("-")[0]
    sentences, start = [], 0
    for match in (GREEK_END if language == "el" else END).finditer(text):
        if match.start() < start or not ends_sentence(text, start, match, language):
            continue
        sentences.append(text[start : match.end()].strip())
        start = match.end()
    if rest := text[start:].strip():
        sentences.append(rest)
    return sentences


def ends_sentence(text: str, start: int, match: regex.Match, language: str) -> bool:
    """Whether the punctuation that was found ends the sentence that began at ``start``."""
    after = text[match.end() :]
    if not after.strip():
        return True
    if inside(text[start : match.end()], text[match.end() : start + LONGEST_BRACKET]):
        return False
    if match["wide"]:
        return not (match.group()[-1] in "」』”’）" and GOES_ON.match(after))
    if match["other"]:
        return True
    if not NEXT_STARTS.match(after):
        return False
    return match["dot"] is None or dot_ends(text[start : match.start()], after.lstrip(), language)


def dot_ends(before: str, after: str, language: str) -> bool:
    """Whether a single dot between the two ends a sentence: not after an abbreviation, an initial, an ordinal."""
    word = found.group() if (found := WORD_BEFORE.search(before)) else ""
    spaced = SPACED_ABBREVIATION.search(before)
    short = WHITE.sub("", spaced.group() if spaced else word).lower().strip(".-")
    following = found.group().lower() if (found := FIRST_WORD.match(after)) else ""
    if short in BEFORE_NAMES:
        return following in BEGINNERS
    if short in MAY_END:
        after_number = len(short) > 1 or NUMBER_BEFORE.search(before)
        return starts_high(after) and bool(after_number) and following not in LEGAL_FORMS
    if spaced or short in ALWAYS or short in BY_LANGUAGE.get(language, ()):
        return False
    if after[0].isdigit() and (short in BEFORE_NUMBER or word.endswith("str")):
        return False
    if word.isdigit():
        is_list_number = before.strip() == word
        return not is_list_number and not (len(word) <= 2 and language in DOTTED_ORDINALS)
    if UNIT.search(before):
        return starts_high(after)
    # One letter is an initial or the begin of "z. B." more often than an end: "J. S. Bach".
    return not (len(word) == 1 and word.isalpha()) and not COMPOUND_INITIAL.fullmatch(word)


def starts_high(text: str) -> bool:
    return bool(HIGH.match(text))


def inside(text: str, soon: str) -> bool:
    """Whether a bracket or quotation that was opened in the text is closed soon after it."""
    for opening, closing in BRACKETS.items():
        if text.count(opening) > sum(map(text.count, closing)) and any(mark in soon for mark in closing):
            return True
    return len(STRAIGHT.findall(text)) % 2 == 1 and bool(STRAIGHT.search(soon))


SENTENCE_END = regex.compile(rf"[.!?…。！？｡।॥۔؟።။។\u0589‼⁇⁈⁉](?:[\u00a0\u202f]?»|{CLOSERS_BEFORE_SPACE})*$")


def is_complete(sentence: str) -> bool:
    """Whether the text ends as a sentence does, not as a heading, a caption or a fragment."""
    return bool(SENTENCE_END.search(sentence))
