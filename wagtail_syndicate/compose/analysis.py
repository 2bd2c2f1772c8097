"""What is worked out once for an article and serves every network: its sentences, and how much they say about it."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate, chain
from operator import add

import regex

from wagtail_syndicate.compose.pointing import stands_alone
from wagtail_syndicate.compose.sentences import is_complete, split
from wagtail_syndicate.compose.text import WIDE, one_line, width
from wagtail_syndicate.types import Article


MAX_SENTENCES = 120
FRAGMENT = 60
"""Characters below which a line without a full stop at its end is a heading, a date or a credit, not a sentence."""
WIDE_FRAGMENT = 30
TOPICS = 12
STEM = 6
"""Characters of a word that count: a crude stem, the same for all languages."""

BOILERPLATE = regex.compile(
    r"""
    (?:photos?|images?|pictures?|credits?|sources?|illustration|crédits?(?:\ photos?)?|fotos?|bild(?:quelle)?|quelle
      |grafik|фото|источник|иллюстрация|图|圖|图片|来源|來源|写真|画像|出典|사진|출처|imagen|fuente|foto)
      (?:\ (?:credit|by|source))?\s*[:：／/©]
    | (?:photos?|pictures?|images?|illustrations?|text|story|video|translated|translation|edited|written|fotos?|bilder
      |übersetz(?:t|ung)|photographies|traduit|traduction|traducido|traducción|traduzido|tradução|foto|tradotto
      |traduzione)\ (?:and\ photos\ )?(?:by|courtesy\ of|von|par|por|di|da)\b
    | (?:first|originally|previously)\ published|zuerst\ (?:erschienen|veröffentlicht)|(?:publié|paru)\ initialement
    | (?:перевод|автор|译者|譯者|作者|编译|編譯|转载|轉載|翻訳|訳者|初出|번역|글쓴이)\s*[:：]
    | (?:©|\(c\)\ |read\ (?:more|also)|see\ also|related:|lire\ (?:aussi|la\ suite)|à\ lire
      |lesen\ sie\ auch|mehr\ dazu|siehe\ auch|weiterlesen|читайте\ также|подробнее
      |相关阅读|延伸阅读|点击(?:阅读|这里|此处|关注|上方|下方)|阅读原文|関連記事|続きを読む|詳しくはこちら)
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
GREETING = regex.compile(
    r"""
    (?:hello|hi|hey|dear|good\ (?:morning|day|evening)|greetings|welcome|we\ hope\ (?:that\ )?you|hallo|liebe[rs]?|moin
      |guten\ (?:tag|morgen|abend)|herzlich\ willkommen|bonjour|bonsoir|salut|ch(?:er|ers|ère|ères)|bienvenue|hola
      |buen[oa]s|querid[oa]s?|bienvenid[oa]s|olá|oi|bom\ dia|car[oi]|ciao|buongiorno|benvenut[oi]|здравствуйте|привет
      |всем\ привет|добрый\ день|дорогие|добро\ пожаловать)\b
    | (?:大家好|各位|你好|您好|皆さん|みなさん|こんにちは|안녕하세요|여러분[,，\s]*안녕)
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
SALUTE = 60
"""Width up to which a sentence that begins as a greeting is nothing else."""
COLON_END = regex.compile(r"[:：]\s*$")
EDGES = regex.compile(r"^[\W_]+|[\W_]+$")
LETTER = regex.compile(r"\p{L}")
CAPITAL = regex.compile(r"\p{Lu}")
DIGIT = regex.compile(r"\d")
# Scripts without spaces between words are looked at in pairs of characters.
RUN = regex.compile(
    r"(?P<pairs>\p{Han}+|[\p{Hiragana}\p{Katakana}ー]+|\p{Hangul}+)|[^\W_\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+"
)


@dataclass(frozen=True)
class Sentence:
    """One sentence of the running text.

    ``paragraph`` counts from 0; ``width`` takes a Chinese character for two; ``central`` is the nearness to the whole
    text (cosine, 0 to 1); ``title``, ``capitals`` and ``digits`` are shares: of the title that is in the sentence, of
    its own characters; ``alone`` says whether it can be understood without the one before it.
    """

    text: str
    paragraph: int
    units: frozenset[str] = field(repr=False)
    width: int = 0
    central: float = 0.0
    title: float = 0.0
    capitals: float = 0.0
    digits: float = 0.0
    commas: int = 0
    alone: bool = True


@dataclass(frozen=True)
class Analysis:
    """An article's readable sentences. ``topics`` are what its text returns to most, ``title`` the title's words;
    ``scores`` and ``lengths`` are where a ranking keeps what it worked out."""

    sentences: tuple[Sentence, ...]
    title: frozenset[str] = field(repr=False)
    topics: frozenset[str] = field(repr=False)
    scores: dict[tuple[int, int], float] = field(default_factory=dict, repr=False, compare=False)
    lengths: dict[Callable[[str], int], list[int]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def sums(self) -> list[tuple[float, float, float, int]]:
        """Width, capitals, digits (by width) and commas of all sentences before each, and of all."""
        each = ((s.width, s.capitals * s.width, s.digits * s.width, s.commas) for s in self.sentences)
        return list(accumulate(each, lambda a, b: tuple(map(add, a, b)), initial=(0, 0.0, 0.0, 0)))

    @cached_property
    def paragraphs(self) -> list[list[str]]:
        """The sentences' texts, paragraph by paragraph."""
        found: dict[int, list[str]] = {}
        for sentence in self.sentences:
            found.setdefault(sentence.paragraph, []).append(sentence.text)
        return list(found.values())


@lru_cache(maxsize=4)
def analyse(article: Article) -> Analysis:
    """The article's analysis; made once for the accounts that a page is posted to."""
    parts = readable(article)
    texts = [(text, number) for number, part in enumerate(parts) for text in part]
    said = [tuple(units(text)) for text, _number in texts]
    bags = list(map(Counter, said))
    total = Counter(chain.from_iterable(said))
    spread = Counter(chain.from_iterable(bags))
    rarity = {unit: math.log(1 + len(bags) / among) for unit, among in spread.items()}
    whole = {unit: (1 + math.log(count)) * rarity[unit] for unit, count in total.items()}
    norm = math.sqrt(sum(weight * weight for weight in whole.values())) or 1.0
    returning = sorted((unit for unit, count in total.items() if count > 1), key=lambda u: (-total[u] * rarity[u], u))
    title = frozenset(units(article.title))
    before = [("", -1), *texts]
    alone = [
        stands_alone(text, article.language, last if same == number else "")
        for (text, number), (last, same) in zip(texts, before, strict=False)
    ]
    return Analysis(
        sentences=tuple(
            measured(text, number, bag, rarity, whole, norm, title, alone)
            for (text, number), bag, alone in zip(texts, bags, alone, strict=True)
        ),
        title=title,
        topics=frozenset(returning[:TOPICS]),
    )


def measured(
    text: str, paragraph: int, bag: Counter, rarity: dict, whole: dict, norm: float, title: frozenset[str], alone: bool
) -> Sentence:
    """A sentence with what is known of it.

    :param bag: its units; :param rarity: the weight of each unit; :param whole, norm: the whole text as a vector.
    """
    weights = {unit: (1 + math.log(count)) * rarity[unit] for unit, count in bag.items()}
    own = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return Sentence(
        text=text,
        paragraph=paragraph,
        units=frozenset(bag),
        width=width(text),
        central=sum(weight * whole[unit] for unit, weight in weights.items()) / (own * norm),
        title=len(title & bag.keys()) / len(title) if title else 0.0,
        capitals=len(CAPITAL.findall(text)) / len(text),
        digits=len(DIGIT.findall(text)) / len(text),
        commas=text.count(",") + text.count("，") + text.count("、"),
        alone=alone,
    )


def units(text: str) -> Iterable[str]:
    """What a text is compared by: the beginnings of its words, pairs of characters where words are not set apart."""
    for match in RUN.finditer(unicodedata.normalize("NFKC", text).lower()):
        run = match.group()
        if match["pairs"]:
            yield from (run[place : place + 2] for place in range(max(1, len(run) - 1)))
        else:
            yield run[:STEM]


def readable(article: Article) -> list[list[str]]:
    """The sentences that a summary may be made of, by paragraph: running text, without credits and leads to lists."""
    found: list[list[str]] = []
    left = MAX_SENTENCES
    title = bare(article.title)
    for block in article.blocks:
        if block.kind != "paragraph" or left <= 0:
            continue
        sentences = split(block.text, article.language)[:left]
        # A body that begins with its title again has the title above the post, or on its card.
        if sentences := [s for s in sentences if is_sentence(s) and bare(s) != title]:
            found.append(sentences)
            left -= len(sentences)
    if found:
        return found
    texts = [one_line(b.text) for b in article.blocks if b.kind in ("paragraph", "quote", "list")]
    return [split(text, article.language) for text in texts[:MAX_SENTENCES] if text]


def bare(text: str) -> str:
    """The text without what may differ where the same is said twice: case and the punctuation around it."""
    return EDGES.sub("", text).casefold()


def is_sentence(text: str) -> bool:
    """Whether the text can stand in a summary."""
    if BOILERPLATE.match(text) or (width(text) <= SALUTE and GREETING.match(text)):
        return False
    if COLON_END.search(text) or not LETTER.search(text):
        return False
    return is_complete(text) or len(text) >= (WIDE_FRAGMENT if WIDE.search(text) else FRAGMENT)
