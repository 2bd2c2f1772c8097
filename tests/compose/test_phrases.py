import pytest

from wagtail_syndicate.compose.analysis import analyse
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.compose.phrases import key_phrases
from wagtail_syndicate.types import Article, Block, Limits, LinkPlace, Style, Voice


CARD = Limits(500, link=LinkPlace.CARD)
ASKED = Voice(key_phrases=True)


def article(title, text, language="en", **more):
    return Article(title, "", language, blocks=(Block("paragraph", text),), **more)


RIVER = article(
    "Nitrate sensors reach the Rhine",
    "Nitrate is measured at last. Sensors stand in the Rhine. The Rhine carries nitrate to the sea. Nobody knew how "
    "much. Boats pass. People swim. Nitrate falls.",
)


def test_words_of_the_title_that_the_text_returns_to():
    assert key_phrases(RIVER, analyse(RIVER)) == ["Nitrate", "Rhine"]


def test_only_accounts_that_ask_get_them_and_only_pages_without_tags():
    style = Style(hashtags=3)
    assert "#" not in compose(RIVER, CARD, style).text
    assert compose(RIVER, CARD, style, voice=ASKED).text.endswith("\n#Nitrate #Rhine")
    tagged = Article(**{**vars(RIVER), "tags": ("water",)})
    assert compose(tagged, CARD, style, voice=ASKED).text.endswith("\n#water")


def test_networks_without_hashtags_get_none():
    assert "#" not in compose(RIVER, CARD, Style(hashtags=0), voice=ASKED).text
    assert "#" not in compose(RIVER, CARD, Style(hashtags=0, hashtag=""), voice=ASKED).text


@pytest.mark.parametrize(
    ("title", "text", "language", "expected"),
    [
        ("水质监测", "水质监测开始了。水质监测很重要。河水清了。鱼回来了。人们游泳。", "zh", ["水质监测"]),
        ("水質計の貸し出し", "水質計を貸す。水質計は軽い。川はきれい。魚がいる。人が泳ぐ。", "ja", ["水質計"]),
        (
            "Калибровка датчиков",
            "Калибровка идёт. Калибровка важна. Река чиста. Рыба есть. Люди плавают.",
            "ru",
            ["Калибровка"],
        ),
        ("Once", "Nothing of it.", "en", []),
        ("", "Nothing of it.", "en", []),
        ("The end", "", "en", []),
    ],
)
def test_in_many_scripts(title, text, language, expected):
    found = article(title, text, language)
    assert key_phrases(found, analyse(found)) == expected


def test_a_word_of_the_language_is_no_topic():
    every = article("With water", " ".join(f"We live with {thing} today." for thing in "abcdefgh"))
    assert key_phrases(every, analyse(every)) == []
