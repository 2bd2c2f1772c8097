import time

import pytest

from wagtail_syndicate.compose.counting import graphemes
from wagtail_syndicate.compose.cutting import cut


@pytest.mark.parametrize(
    ("text", "budget", "expected"),
    [
        ("Water is clean", 14, "Water is clean"),
        ("Water is clean", 13, "Water is…"),
        ("Water is clean", 6, "Water…"),
        # A clause rather than a word, unless it loses too much.
        ("We measured the river, and the lake too", 34, "We measured the river…"),
        ("Well, we measured the river and the lake too", 34, "Well, we measured the river and…"),
        ("We measured the river (and lakes) for years", 28, "We measured the river…"),
        # No comma, dash or opening bracket stays behind.
        ("Water, clean", 9, "Water…"),
        ("Water – clean", 9, "Water…"),
        # 10 km stays together.
        ("It is 10\u00a0km long", 10, "It is…"),
        # Scripts without spaces: between characters, but not before closing punctuation or a small sound.
        ("水质监测很重要", 5, "水质监测…"),
        ("水质，监测", 3, "水质…"),
        ("「水質」は", 4, "「水…"),
        ("データを見る", 3, "デー…"),
        ("データを見る", 2, "デ…"),
        ("使用Django开发", 6, "使用…"),
        # A word that is longer than all there is: parted between its characters.
        ("Donaudampfschifffahrt", 6, "Donau…"),
        ("น้ำสะอาดมาก", 4, "น้ำสะ…"),
        ("", 0, ""),
        ("Water", 0, ""),
    ],
)
def test_cut(text, budget, expected):
    assert cut(text, budget, graphemes) == expected


def test_a_family_stays_together():
    assert cut("ab 👨\u200d👩\u200d👧 cd", 8, len) == "ab…"
    assert cut("👨\u200d👩\u200d👧👨\u200d👩\u200d👧", 6, len) == "👨\u200d👩\u200d👧…"


def test_addresses_and_hashtags_are_never_parted():
    assert cut("See https://example.org/water now", 20, len) == "See…"
    assert cut("See https://example.org/water now", 31, len) == "See https://example.org/water …"
    assert cut("https://example.org/water", 20, len) == ""
    assert cut("我们 #水质监测 很好", 7, len) == "我们…"
    assert cut("#http://example.org", 9, len) == ""
    assert cut("AT&amp;T", 6, len) == "AT…"


def test_a_long_text_is_cut_quickly():
    start = time.process_time()
    assert len(cut("water and " * 20_000, 280, len)) <= 280
    assert time.process_time() - start < 3
