import pytest

from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.types import Article, Limits, LinkPlace, Style


RIVER = Article(
    "A clean river", "", "en", "Our river is clean. You may swim.", "intro", tags=("water quality", "Sensors")
)
CARD = Limits(500, link=LinkPlace.CARD)


def without(article, **changes):
    return Article(**{**vars(article), **changes})


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("water quality",), "#WaterQuality"),
        (("iPhone",), "#iPhone"),
        (("Covid-19",), "#Covid19"),
        (("qualité de l’eau",), "#QualitéDeLEau"),
        (("children's books",), "#ChildrensBooks"),
        (("réseaux d'eau",), "#RéseauxDEau"),
        (("dell'acqua",), "#DellAcqua"),
        (("комп'ютер",), "#компютер"),
        (("水质监测",), "#水质监测"),
        (("качество воды",), "#КачествоВоды"),
        (("हिन्दी",), "#हिन्दी"),
        (("مياه نظيفة",), "#مياه_نظيفة"),
        (("水质 监测", "수질 측정"), "#水质监测 #수질측정"),
        (("2026", "!!!", ""), ""),
        (("Water", "water", "rivers"), "#Water #rivers"),
    ],
)
def test_hashtags(tags, expected):
    text = compose(without(RIVER, tags=tags), CARD, Style(hashtags=3)).text
    assert text == "\n".join(filter(None, ("Our river is clean. You may swim.", expected)))


def test_hashtags_are_written_as_the_network_writes_them():
    text = compose(without(RIVER, tags=("水质",)), CARD, Style(hashtags=1, hashtag="#{}#")).text
    assert text.endswith("\n#水质#")


def test_only_as_many_hashtags_as_customary_and_as_fit():
    assert compose(RIVER, CARD, Style(hashtags=1)).text.endswith("\n#WaterQuality")
    assert compose(RIVER, Limits(42, link=LinkPlace.CARD), Style(hashtags=3)).text.endswith("swim.\n#Sensors")
    assert "#" not in compose(RIVER, Limits(40, link=LinkPlace.CARD), Style(hashtags=3)).text


def test_where_topics_are_forbidden_nothing_looks_like_one():
    article = without(RIVER, title="#水质# in C#", teaser="＃水质＃ and F#. Number #1!")
    message = compose(article, CARD, Style(title="line", hashtag=""))
    assert message.text == "水质 in C♯\n水质 and F♯. Number 1!"
