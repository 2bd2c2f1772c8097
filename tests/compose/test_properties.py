"""What holds for any article in any script, on any network."""

import os
import pickle
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_syndicate.backends import registry
from wagtail_syndicate.compose.analysis import analyse
from wagtail_syndicate.compose.counting import graphemes, mastodon, utf16, weibo, x_weighted
from wagtail_syndicate.compose.cutting import ELLIPSIS, cut
from wagtail_syndicate.compose.hashtags import without_hashes
from wagtail_syndicate.compose.message import compose, generated_words, measure
from wagtail_syndicate.compose.sentences import split
from wagtail_syndicate.compose.text import one_line
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.types import Article, Block, Image, ImageLimits, Limits, LinkPlace, Style, Voice


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
    title=st.sampled_from(["", "line", "bold", "brackets"]),
    target=st.integers(1, 300),
    sentences=st.integers(0, 3),
    body=st.booleans(),
    hook=st.booleans(),
    hashtags=st.integers(0, 3),
    hashtag=st.sampled_from(["#{}", "#{}#", ""]),
    paragraphs=st.booleans(),
)
FIXED = st.sampled_from(["", "Ad", "[Anzeige]", "广告", "Реклама. Рекламодатель ООО", "e\u0301", " \n "])
VOICES = st.just(Voice()) | st.builds(
    Voice,
    template=st.sampled_from(
        [
            "",
            "{title}: {summary}\n\n{hashtags}\n{link}",
            "{link} {summary}",
            "{summary}",
            "{title}",
            "News!",
            "{hashtags}{hashtags}{link}{link}{title}",
            "【{title}】{summary} {titel} {{link}}",
        ]
    ),
    before=FIXED,
    after=FIXED,
    tracking=st.sampled_from(["", "utm_source=x&utm_medium=social", "a=%D0%B1#2 ü"]),
    key_phrases=st.booleans(),
)
MANY = settings(max_examples=400, deadline=None)
ADDRESS = r"https?://[\w./=-]+"
BACKENDS = [registry.get(name) for name in registry.built_in()]


def composed(article, limits, style, wording="", voice=Voice()):  # noqa: B008 (frozen)
    """The message, or ``None`` where it is refused for a true reason."""
    count, limit = measure(article, limits, style, wording, voice=voice)
    try:
        message = compose(article, limits, style, wording, voice=voice)
    except ComposeError as error:
        assert error.reason == "empty" or (error.reason == "too_long" and count > limit)
        return None
    assert (limits.count(message.text), limits.length_with(len(message.images))) == (count, limit)
    assert count <= limit
    assert message.text and is_clean(message.text)
    return message


def is_clean(text):
    return (
        text == text.strip()
        and unicodedata.is_normalized("NFC", text)
        and not regex.search(r"[\p{Cs}\ufeff\uffff]|(?!\n)\p{Cc}", text)
    )


def has_link(message, article, limits, wording):
    return limits.link != LinkPlace.TEXT or message.link in message.text or (wording and article.url in message.text)


@MANY
@given(ARTICLES, LIMITS, STYLES, st.just("") | TEXTS)
def test_a_message_keeps_every_promise(article, limits, style, wording):
    if not (message := composed(article, limits, style, wording)):
        return
    text = message.text
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
    analyse.cache_clear()
    assert compose(article, limits, style, wording) == message


@MANY
@given(ARTICLES, LIMITS, STYLES, VOICES, st.just("") | TEXTS)
def test_an_account_with_wishes_keeps_every_promise(article, limits, style, voice, wording):
    if not (message := composed(article, limits, style, wording, voice)):
        return
    assert has_link(message, article, limits, wording)
    for fixed in (voice.before.strip(), voice.after.strip()):
        assert unicodedata.normalize("NFC", fixed) in message.text
    analyse.cache_clear()
    assert compose(article, limits, style, wording, voice=voice) == message


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
@settings(max_examples=60, deadline=None)
@given(article=ARTICLES, voice=VOICES, wording=st.just("") | TEXTS)
def test_every_network_gets_what_it_takes(backend, article, voice, wording):
    if not (message := composed(article, backend.limits, backend.style, wording, voice)):
        return
    assert has_link(message, article, backend.limits, wording)
    assert is_clean(message.description)
    if not backend.style.hashtags and not backend.style.hashtag and not wording and not voice.template:
        assert "#" not in message.text.replace(message.link, "")


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
@settings(max_examples=60, deadline=None)
@given(article=ARTICLES)
def test_nothing_is_cut_through(backend, article):
    """Every character that a reader sees, and every address, stands in the article."""
    blocks = tuple(Block(block.kind, without_orphans(block.text)) for block in article.blocks)
    title, teaser = without_orphans(article.title), without_orphans(article.teaser)
    article = replace(article, title=title, teaser=teaser, blocks=blocks)
    if not (message := composed(article, backend.limits, backend.style)):
        return
    source = "\n".join([article.title, article.teaser, *(block.text for block in article.blocks)])
    source = unicodedata.normalize("NFC", f"{source}\n{message.link}")
    addresses = set(regex.findall(ADDRESS, source))
    assert all(any(found.startswith(a) for a in addresses) for found in regex.findall(ADDRESS, message.text))
    whole = set(regex.findall(r"\X", one_line(source)))
    lines = [line for line in message.text.replace("\u2060", "").split("\n") if not line.startswith("#")]
    assert set(regex.findall(r"\X", "".join(lines))) <= whole | set("…【】♯· ")


def without_orphans(text):
    """The text without marks (shades of skin too) that stand on nothing: they join whatever comes before them."""
    return regex.sub(r"(?<![\p{L}\p{S}\p{M}\p{N}])[\p{M}\p{GCB=Extend}\p{GCB=ZWJ}]+", "", text)


def test_another_process_composes_the_same_bytes():
    """Whatever the order of its sets is."""
    program = (
        "import pickle, sys, django; django.setup()\n"
        "from tests.compose.test_properties import everywhere\n"
        "sys.stdout.buffer.write(pickle.dumps(everywhere()))"
    )
    for seed in "12":
        environment = {**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        folder = Path(__file__).parents[2]
        done = subprocess.run([sys.executable, "-c", program], env=environment, cwd=folder, capture_output=True)
        assert pickle.loads(done.stdout) == everywhere(), done.stderr


def everywhere():
    sentences = [f"Sensors {n} measure river {n % 3}. They love {n * n}. Rivers meet sensors {n}." for n in range(9)]
    article = Article(
        "Sensors reach the river that sensors love",
        "https://example.org/",
        "en",
        blocks=tuple(Block("paragraph", sentence) for sentence in sentences),
    )
    tagged = replace(article, tags=("river", "sensor", "meet", "love"), teaser="Sensors love the river.")
    voice = Voice(key_phrases=True)
    return [compose(each, b.limits, b.style, voice=voice) for each in (article, tagged) for b in BACKENDS]


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


@MANY
@given(ARTICLES, LIMITS, STYLES, st.builds(Voice, before=FIXED, after=FIXED))
def test_taking_over_the_generated_words_changes_nothing(article, limits, style, voice):
    """An editor starts from them: what she does not touch goes out as it would have."""
    words = generated_words(article, limits, style, voice=voice)
    generated = composed(article, limits, style, voice=voice)
    if generated and words:
        taken_over = composed(article, limits, style, words, voice)
        assert taken_over and taken_over.text == generated.text
