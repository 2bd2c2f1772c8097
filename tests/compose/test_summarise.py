import pytest

from wagtail_syndicate.compose.analysis import readable
from wagtail_syndicate.compose.counting import graphemes
from wagtail_syndicate.compose.summarise import shorten, summarise
from wagtail_syndicate.types import Article, Block, Style


def article(*blocks, language="en"):
    return Article(
        "Title",
        "",
        language,
        blocks=tuple(Block(*b) if isinstance(b, tuple) else Block("paragraph", b) for b in blocks),
    )


RIVER = article(
    ("heading", "The river"),
    "The river is clean again. Sensors have been measuring it since May.",
    ("caption", "Photo of the river."),
    ("quote", "I swim every day."),
    "Everybody may use the data. It is open.",
)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (
            500,
            "The river is clean again. Sensors have been measuring it since May. Everybody may use the data."
            " It is open.",
        ),
        (100, "The river is clean again. Sensors have been measuring it since May. Everybody may use the data."),
        (67, "The river is clean again. Sensors have been measuring it since May."),
        (66, "The river is clean again."),
        (24, "The river is clean…"),
        (3, "Th…"),
        (0, ""),
    ],
)
def test_the_first_whole_sentences_that_fit(budget, expected):
    assert summarise(RIVER, budget, len) == expected


def test_one_sentence_may_go_to_the_limit_rather_than_be_cut():
    assert summarise(RIVER, 20, len, limit=30) == "The river is clean again."
    assert summarise(RIVER, 20, len, limit=24) == "The river is clean…"


def test_paragraphs_may_stay_apart():
    assert summarise(RIVER, 100, len, style=Style(paragraphs=True)) == (
        "The river is clean again. Sensors have been measuring it since May.\n\nEverybody may use the data."
    )


@pytest.mark.parametrize(
    "line",
    [
        "By our newsroom",
        "5 November 2026",
        "Photo: Water Office, all rights reserved.",
        "Foto: dpa.",
        "Crédit photo : la mairie.",
        "Фото: пресс-служба завода.",
        "图：水务局。",
        "写真：水道局。",
        "Read also our report on lakes.",
        "Lesen Sie auch unseren Bericht.",
        "相关阅读：湖泊报告。",
        "The steps are:",
        "* * *.",
    ],
)
def test_what_is_no_running_text_is_passed_over(line):
    assert summarise(article(line, "The river is clean again."), 200, len) == "The river is clean again."


def test_lists_and_quotations_are_better_than_nothing():
    assert summarise(article(("list", "Open the valve"), ("list", "Close it")), 200, len) == "Open the valve Close it"


def test_without_running_text_there_is_no_summary():
    assert summarise(article(("heading", "The river"), ("caption", "A river."), ("table", "a | b")), 200, len) == ""


@pytest.mark.parametrize(
    ("language", "text", "budget", "expected"),
    [
        (
            "de",
            "Am 3. Oktober maß Dr. Meyer, z. B. in Köln, den Rhein. Er war sauber.",
            60,
            "Am 3. Oktober maß Dr. Meyer, z. B. in Köln, den Rhein.",
        ),
        (
            "fr",
            "« C’est propre\u00a0! », dit M. le maire. On mesure.",
            40,
            "« C’est propre\u00a0! », dit M. le maire.",
        ),
        ("ru", "В 2020 г. завод измерил реку. Она чистая.", 30, "В 2020 г. завод измерил реку."),
        (
            "zh-hans",
            "河水又变清了。传感器从五月起开始测量。数据是公开的。",
            20,
            "河水又变清了。传感器从五月起开始测量。",
        ),
        ("ja", "「川はきれいです。」と市長は言った。測定は続く。", 20, "「川はきれいです。」と市長は言った。"),
        ("ja", "測定データはすべて公開されており、誰でも使えます。", 20, "測定データはすべて公開されており…"),
    ],
)
def test_in_many_languages(language, text, budget, expected):
    assert summarise(article(text, language=language), budget, graphemes) == expected


def test_scripts_without_spaces_get_none_between_sentences():
    assert (
        summarise(article("河水又变清了。", "2026年起测量。", language="zh"), 50, len)
        == "河水又变清了。2026年起测量。"
    )


def test_a_teaser_is_shortened_by_the_same_rules():
    teaser = "The river is clean. We measured it.\n\nRead on."
    assert shorten(teaser, 100, len) == "The river is clean. We measured it. Read on."
    assert shorten(teaser, 40, len) == "The river is clean. We measured it."
    assert shorten("The river is\n clean", 100, len) == "The river is clean"
    assert shorten("", 100, len) == ""


def test_a_very_long_article_is_read_only_in_part():
    assert sum(map(len, readable(article(*["One is here. Two is here."] * 200)))) <= 121
