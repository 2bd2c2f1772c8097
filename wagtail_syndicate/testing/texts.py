"""Articles in the scripts that people write, to be composed into messages with a backend's own limits."""

from __future__ import annotations

from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.types import Article, Block, Image, Limits, Message, Style


HOST = "https://www.example.com"
PICTURES = tuple(
    Image(str(number), alt, 1200, 800)
    for number, alt in enumerate(
        ("A bridge with two lanes for bicycles", "Мост через реку", "橋の開通式 \U0001f309"), 1
    )
)


def article(
    language: str, slug: str, title: str, teaser: str, *paragraphs: str, tags: tuple[str, ...] = ()
) -> Article:
    return Article(
        title=title,
        url=f"{HOST}/{slug}",
        language=language,
        teaser=teaser,
        blocks=tuple(Block("paragraph", text) for text in paragraphs),
        images=PICTURES,
        tags=tags,
    )


ARTICLES = {
    "plain": article(
        "en",
        "news/new-bridge/",
        "The new bridge opens on Monday",
        "The new bridge over the river opens on Monday & it's free for bicycles.",
        "Work took three years. The city expects 4,000 people a day.",
        tags=("bridge", "city life"),
    ),
    "markup": article(
        "en",
        "news/a,b_(c)/?a=1&b=2",
        "Prices: 50% <off> & *more* [really]",
        "Write to @office or [club1|us] (50 %): use {braces}, a|b, C:\\temp, snake_case, ~5 <b>items</b>, #1 and #2.",
    ),
    "emoji": article(
        "en",
        "news/party/",
        "Party \U0001f389",
        "Families \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 from "
        "\U0001f1e9\U0001f1ea and \U0001f1ef\U0001f1f5 danced \U0001f57a\U0001f3fd all night. \U0001f44d\U0001f3ff",
    ),
    "right to left": article(
        "ar",
        "ar/%D8%AC%D8%B3%D8%B1/",
        "افتتاح الجسر الجديد",
        "يفتتح الجسر الجديد يوم الاثنين، وهو مجاني للدراجات. גם בעברית: הגשר נפתח ביום שני.",
        tags=("جسر",),
    ),
    "CJK": article(
        "zh-hans",
        "zh/bridge/",
        "新大桥周一开通",
        "跨河新大桥将于周一开通，自行车免费通行。新しい橋は月曜日に開通します。새 다리가 월요일에 열립니다.",
        tags=("大桥", "城市"),
    ),
    "Cyrillic": article(
        "ru",
        "ru/new-bridge/?from=a+b",
        "Новый мост откроют в понедельник",
        "Новый мост через реку откроют в понедельник — бесплатно для велосипедов.",
        tags=("мост",),
    ),
}
WORDS = {
    "longest": ("plain", "bicycle"),
    "longest, CJK": ("CJK", "自転車"),
    "longest, emoji": ("emoji", "\U0001f6b4\U0001f3fd"),
}
KINDS = (*ARTICLES, *WORDS)
"""The messages that every backend has to take."""


def message(kind: str, limits: Limits, style: Style, images: bool = False) -> Message:
    """One of the ``KINDS``, composed as for a page: without a wording, or with one that fills the limit."""
    if kind in ARTICLES:
        return compose(ARTICLES[kind], limits, style, images=images)
    name, word = WORDS[kind]
    return longest(ARTICLES[name], limits, style, word, images)


def longest(source: Article, limits: Limits, style: Style, word: str, images: bool) -> Message:
    """A message that fills the limit to the last unit that a word, and then a letter, can take."""
    best = compose(source, limits, style, wording=word, images=images)
    low, high = 1, 2 * limits.length
    while low < high:
        middle = (low + high + 1) // 2
        try:
            best = compose(source, limits, style, wording=" ".join([word] * middle), images=images)
            low = middle
        except ComposeError:
            high = middle - 1
    wording = " ".join([word] * low)
    while True:
        wording += "."
        try:
            best = compose(source, limits, style, wording=wording, images=images)
        except ComposeError:
            return best
