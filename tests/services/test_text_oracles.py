"""Our posts, held against the networks' own code: twitter-text, Bluesky's library, Telegram's parser.

The first two come from npm (35 MB, some seconds; Node 20 or newer), the third is the package ``tdjson`` (76 MB). A
count of ours may be too high, never too low: what we let pass, the network has to take.
"""

import json
from html import escape
from pathlib import Path

import pytest
import regex
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.compose.test_properties import ARTICLES, PROSE, TEXTS, VOICES, composed
from tests.services.npm import missing, node_for, running
from wagtail_syndicate.backends import bluesky, telegram, x
from wagtail_syndicate.compose import counting
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.compose.text import clean
from wagtail_syndicate.types import Article, Connection


pytestmark = pytest.mark.services
FOLDER = Path(__file__).parent / "oracles"
MANY = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# What the ways of counting differ in: names that are addresses or not, emoji, half-known top-level domains.
PIECES = st.sampled_from(
    """
    foo.py example.com. http://例え.jp/水 https://example.org/a(b)c? example.co.uk/x?y=1# @a@b.example #a_b# http://a
    www.example.com, a.b.c.d ftp://example.org x@example.org $AB.CD 1.2.com ü.de пример.рф https://t.co/abc 👩🏽‍🚀
    1️⃣ 🇩🇪🇫 🇩🇦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 \u2066a\u2069 \u200bhttp://b.com 한국.com https://localhost/ https://example.org/ä?ö=ü .com
    ..com -a.com a-.com
    """.split()
)
TRICKY = TEXTS | st.lists(PIECES, max_size=15).map(" ".join) | st.lists(PIECES, max_size=8).map("".join)


@pytest.fixture(scope="session")
def oracle():
    with running(node_for(FOLDER), FOLDER / "oracles.js") as process:

        def ask(text):
            process.stdin.write(json.dumps(text) + "\n")
            return json.loads(process.stdout.readline())

        yield ask


@pytest.fixture(scope="session")
def telegram_parser():
    try:
        import tdjson
    except ImportError:
        missing("The package tdjson is needed.")

    def execute(**query):
        return json.loads(tdjson.td_execute(json.dumps(query).encode()))

    execute(**{"@type": "setLogVerbosityLevel", "new_verbosity_level": 0})
    return execute


def tags_in(text):
    """The hashtags of a generated post: a line of their own."""
    lines = [line for line in text.split("\n") if regex.fullmatch(r"#[\w]+( #[\w]+)*", line)]
    return [tag.removeprefix("#") for tag in lines[-1].split()] if lines else []


# Lengths


@MANY
@given(TRICKY.map(clean))
@example("https://example.org/" + "a" * 5000)
def test_no_length_is_less_than_the_networks_own(oracle, text):
    told = oracle(text)
    assert counting.x_weighted(text) >= told["x"]["length"]
    assert counting.graphemes(text) == told["bluesky"]["graphemes"]
    assert counting.bluesky(text) * 10 >= told["bluesky"]["bytes"]


def test_usual_lengths_are_the_networks_own(oracle):
    for text in ("Grüße aus 東京 👩🏽‍🚀 https://example.org/a?b=c", "Вода чистая. example.com", "e\u0301 1️⃣ 🇩🇪 “so” …"):
        assert counting.x_weighted(text) == oracle(text)["x"]["length"]


# Whole posts


@MANY
@given(ARTICLES, VOICES, st.just("") | TRICKY)
def test_x_takes_every_post(oracle, article, voice, wording):
    if message := composed(article, x.Backend.limits, x.Backend.style, wording, voice):
        told = oracle(message.text)["x"]
        assert told["valid"], told


@MANY
@given(ARTICLES, VOICES, st.just("") | TRICKY)
def test_bluesky_takes_every_post(oracle, article, voice, wording):
    if message := composed(article, bluesky.Backend.limits, bluesky.Backend.style, wording, voice):
        told = oracle(message.text)["bluesky"]
        assert told["graphemes"] <= 300
        assert told["bytes"] <= 3000


NAMES = st.lists(
    st.sampled_from(
        "water_quality Flüsse 水质 データ качество_воды Covid-19 children's 여름 مياه_نظيفة réseaux_d'eau 3D".split()
    ),
    max_size=4,
    unique=True,
)


@MANY
@given(NAMES, PROSE.filter(lambda text: "#" not in text))
def test_hashtags_are_whole_to_the_networks(oracle, telegram_parser, tags, text):
    article = Article("", "", "en", teaser=text or "So.", tags=tuple(tag.replace("_", " ") for tag in tags))
    for backend in (x.Backend, bluesky.Backend, telegram.Backend):
        if message := composed(article, backend.limits, backend.style):
            if backend is telegram.Backend:
                found = [found.removeprefix("#") for found in marked(telegram_parser, message.text, "Hashtag")]
            else:
                found = oracle(message.text)[backend.name]["hashtags"]
            assert found == tags_in(message.text)


def marked(telegram_parser, text, kind):
    """The hashtags or addresses that Telegram sees."""
    entities = telegram_parser(**{"@type": "getTextEntities", "text": text})["entities"]
    wanted = [entity for entity in entities if entity["type"]["@type"] == f"textEntityType{kind}"]
    units = text.encode("utf-16-le")
    return [units[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le") for e in wanted]


# Telegram


@MANY
@given(ARTICLES, VOICES)
def test_telegram_reads_title_and_text_as_we_mean_them(telegram_parser, article, voice):
    message = composed(article, telegram.Backend.limits, telegram.Backend.style, voice=voice)
    if not message:
        return
    html, last = "", 0
    for span in message.spans:
        bold = message.text[span.offset : span.offset + span.length]
        html += f"{escape(message.text[last : span.offset])}<b>{escape(bold)}</b>"
        last = span.offset + span.length
    html += escape(message.text[last:])
    mode = {"@type": "textParseModeHTML"}
    told = telegram_parser(**{"@type": "parseTextEntities", "text": html, "parse_mode": mode})
    assert told["text"] == message.text
    bold = [e for e in told["entities"] if e["type"]["@type"] == "textEntityTypeBold"]
    ours = telegram.Backend(Connection())._entities(message)
    assert [(e["offset"], e["length"]) for e in bold] == [(e["offset"], e["length"]) for e in ours]


@pytest.mark.parametrize(
    "url", ["https://example.org/a/", "https://example.org/%E6%B0%B4/?a=b&utm_source=x#top", "https://例え.jp/水"]
)
def test_links_are_whole_to_telegram_and_x(telegram_parser, oracle, url):
    article = Article("Fluss", url, "de", teaser="Der Fluss ist sauber (siehe a.de). 水很清。", tags=("Wasser",))
    text = compose(article, telegram.Backend.limits, telegram.Backend.style).text
    assert url in marked(telegram_parser, text, "Url")
    text = compose(article, x.Backend.limits, x.Backend.style).text
    assert oracle(text)["x"]["valid"]
    assert counting.x_weighted(text) == oracle(text)["x"]["length"]
