"""What holds for any article in any script, on any network."""

import unicodedata

import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_syndicate.compose.counting import graphemes, mastodon, utf16, weibo, x_weighted
from wagtail_syndicate.compose.cutting import ELLIPSIS, cut
from wagtail_syndicate.compose.hashtags import without_hashes
from wagtail_syndicate.compose.message import compose, measure
from wagtail_syndicate.compose.sentences import split
from wagtail_syndicate.compose.text import one_line
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.types import Article, Block, Image, ImageLimits, Limits, LinkPlace, Style


WORDS = st.sampled_from(
    "water. Water, is clean! 水质。 很好， 「データ」 見る。 река г. 2020 Dr. 🙋🏽 👨‍👩‍👧‍👦 e\u0301 여름 "
    "https://example.org/a/b?c=d example.com #水质# @water … “So” (and น้ำสะอาด مياه हिन्दी \u0301 \n\n \u00a0".split(
        " "
    )
)
ANY = st.text(max_size=60)
PROSE = st.lists(WORDS, max_size=40).map(" ".join) | st.lists(WORDS, max_size=20).map("".join)
TEXTS = PROSE | ANY | st.tuples(PROSE, ANY).map(" ".join)
URLS = st.sampled_from(["", "https://example.org/a/", "http://example.org/" + "long-" * 30, "https://例え.jp/水"])
ARTICLES = st.builds(
    Article,
    title=TEXTS,
    url=URLS,
    language=st.sampled_from(["en", "de", "fr", "ru", "zh-hans", "ja"]),
    teaser=st.just("") | TEXTS,
    blocks=st.lists(st.builds(Block, st.sampled_from(["paragraph", "heading", "list"]), TEXTS), max_size=4).map(tuple),
    images=st.lists(st.builds(Image, st.just("1"), TEXTS), max_size=2).map(tuple),
    tags=st.lists(TEXTS, max_size=3).map(tuple),
)
COUNTS = st.sampled_from([len, graphemes, utf16, x_weighted, mastodon, weibo])
LIMITS = st.builds(
    Limits,
    length=st.integers(1, 400),
    count=COUNTS,
    link=st.sampled_from(LinkPlace),
    images=st.none() | st.just(ImageLimits(alt_length=20)),
    caption_length=st.none() | st.integers(1, 200),
)
STYLES = st.builds(
    Style,
    title=st.sampled_from(["", "line", "bold"]),
    target=st.integers(1, 300),
    hashtags=st.integers(0, 3),
    hashtag=st.sampled_from(["#{}", "#{}#", ""]),
    paragraphs=st.booleans(),
)
MANY = settings(max_examples=400, deadline=None)


@MANY
@given(ARTICLES, LIMITS, STYLES, st.just("") | TEXTS)
def test_a_message_keeps_every_promise(article, limits, style, wording):
    count, limit = measure(article, limits, style, wording)
    try:
        message = compose(article, limits, style, wording)
    except ComposeError as error:
        assert error.reason == "empty" or (error.reason == "too_long" and count > limit)
        return
    text = message.text
    assert (limits.count(text), limits.length_with(len(message.images))) == (count, limit)
    assert count <= limit
    assert text and text == text.strip()
    assert unicodedata.is_normalized("NFC", text)
    assert not regex.search(r"[\p{Cs}\ufeff\uffff]|(?!\n)\p{Cc}", text)
    if article.url and limits.link == LinkPlace.TEXT:
        assert article.url in text
        assert message.source == "account" or text.splitlines()[-1] == article.url
    title = article.title
    if message.source != "account" and not style.hashtags and not style.hashtag:
        assert "#" not in text and "＃" not in text
        title = without_hashes(title)
    for span in message.spans:
        assert text[span.offset : span.offset + span.length] == one_line(title)
    assert all(len(image.alt) <= 20 for image in message.images)
    assert compose(article, limits, style, wording) == message


@MANY
@given(TEXTS.map(one_line), st.integers(0, 80), COUNTS)
def test_a_cut_parts_nothing_that_belongs_together(text, budget, count):
    result = cut(text, budget, count)
    if count(text) <= budget:
        assert result == text
        return
    assert count(result) <= budget or result == ""
    kept = result.removesuffix(ELLIPSIS).rstrip(" ")
    assert text.startswith(kept)
    assert len(kept) in {0, *(match.end() for match in regex.finditer(r"\X", text))}
    assert not any(
        match.start() < len(kept) < match.end() for match in regex.finditer(r"https?://[\w./?=&]+", text, regex.ASCII)
    )


@MANY
@given(TEXTS, st.sampled_from(["en", "de", "zh"]))
def test_sentences_lose_no_word(text, language):
    assert "".join("".join(split(text, language)).split()) == "".join(one_line(text).split())
