"""Where sentences end, in the scripts and habits of many languages."""

from __future__ import annotations

import regex

from wagtail_syndicate.compose.text import one_line


# A dot after these does not end a sentence.
ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof st rep gov gen capt lt sgt rev hon vs approx cf e.g i.e al dept
    hr ing dipl z.b u.a d.h i.d.r z.t o.g s.o s.u u.u bzw ggf evtl vgl inkl exkl zzgl mio mrd
    tsd sog geb gest verl hrsg chr
    mm mme mlle mgr
    г-н г-жа ул просп проф акад доц илл напр т.е т.н т.к гл ред обл р-н
    sr sra srta dra ud uds sigg dott
    """.split()
)
# Nor after these, when a number comes next.
BEFORE_NUMBER = frozenset(
    """
    no nos fig figs vol pp vols eds jan feb aug sept oct nov dec nr abs art bd ca max min tel str kap anm rd
    env av apr éd janv févr avr juil chap стр рис см тел ст пл pág núm cap tab abb
    """.split()
)
# These may end one: it ends when the next word begins with a capital letter.
MAY_END = frozenset(
    """
    etc usw u.s.w ff co inc ltd corp u.s u.k u.n e.u a.m p.m jr ph.d b.c a.d ecc
    т.д т.п др пр руб коп млн млрд тыс г гг в вв чел кг км м н.э
    """.split()
)
# Languages that write ordinal numbers with a dot: "am 3. Oktober".
DOTTED_ORDINALS = frozenset("de da nb nn no fi is et lv cs sk pl hu sl hr sr bs tr lb".split())

CLOSERS = r"[\p{Pe}\p{Pf}\"'＂]"
# “ and « close in German; what they open elsewhere stands behind a space.
CLOSERS_BEFORE_SPACE = r"[\p{Pe}\p{Pf}\"'＂“‘«]"
END = regex.compile(
    rf"(?P<wide>[。！？｡]+(?:[…！？]|{CLOSERS})*)"
    rf"|(?P<other>[।॥۔؟።។၊။]+{CLOSERS}*)(?=\s|\p{{Lo}}|$)"
    rf"|(?P<strong>(?:[!?‼⁇⁈⁉…]|\.{{2,}})+\.*(?:[\u00a0\u202f]?»(?!\w)|{CLOSERS_BEFORE_SPACE})*)(?=\s|$)"
    rf"|(?P<dot>\.)(?:[\u00a0\u202f]?»(?!\w)|{CLOSERS_BEFORE_SPACE})*(?=\s|$)"
)
WORD_BEFORE = regex.compile(r"[\w.\-\u00a0\u202f]+$")
SPACED_ABBREVIATION = regex.compile(r"(?:(?<!\w)\p{L}\.[ \u00a0\u202f])+\p{L}$")
NUMBER_BEFORE = regex.compile(r"\d[\s\u00a0\u202f]*\w+$")
# Georgian has no capital letters in running text.
NEXT_STARTS = regex.compile(r"\s*[\p{Ps}\p{Pi}\p{Pd}\"'¿¡„»•\s]*(?:[\p{Lu}\p{Lt}\p{Lo}\p{Georgian}\p{Nd}\p{So}@#]|$)")
# After a closed quotation these go on with the sentence that it stands in.
GOES_ON = regex.compile(
    r"[とってのなはがをにもで、，](?!\s)|(?:[^\s，。！？]{0,6})(?:说|說|道|表示|称|稱|指出|介绍|写道|认为|强调)[，。：、]"
)
WHITE = regex.compile(r"[\s\u00a0\u202f]")
HIGH = regex.compile(r"[\p{Ps}\p{Pi}\"'„»]*\p{Lu}")
BRACKETS = {"「": "」", "『": "』", "（": "）", "《": "》", "【": "】", "(": ")"}
LONGEST_BRACKET = 300
"""Characters after which a bracket that was never closed no longer holds a sentence together."""


def split(text: str, language: str = "") -> list[str]:
    """The sentences of one paragraph, in order; each ends with its own punctuation and closing quotes.

    When in doubt two sentences stay together: too long reads better than cut in two.

    :param language: BCP 47; matters for ordinal numbers ("3. Oktober") only.
    """
    text = one_line(text)
    sentences, start = [], 0
    for match in END.finditer(text):
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
    if inside_bracket(text[start : match.end()]):
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
    if short in MAY_END:
        after_number = len(short) > 1 or NUMBER_BEFORE.search(before)
        return starts_high(after) and bool(after_number)
    if spaced or short in ABBREVIATIONS or (short in BEFORE_NUMBER and after[0].isdigit()):
        return False
    if word.isdigit():
        is_list_number = before.strip() == word
        is_ordinal = len(word) <= 2 and language.lower().split("-")[0] in DOTTED_ORDINALS
        return not is_list_number and not is_ordinal
    # One letter is an initial or the begin of "z. B." more often than an end: "J. S. Bach".
    return not (len(word) == 1 and word.isalpha())


def starts_high(text: str) -> bool:
    return bool(HIGH.match(text))


def inside_bracket(text: str) -> bool:
    """Whether a bracket that was opened in the text is still open."""
    return len(text) < LONGEST_BRACKET and any(text.count(o) > text.count(c) for o, c in BRACKETS.items())


SENTENCE_END = regex.compile(rf"[.!?…。！？｡।॥۔؟።။។‼⁇⁈⁉](?:[\u00a0\u202f]?»|{CLOSERS_BEFORE_SPACE})*$")


def is_complete(sentence: str) -> bool:
    """Whether the text ends as a sentence does, not as a heading, a caption or a fragment."""
    return bool(SENTENCE_END.search(sentence))
