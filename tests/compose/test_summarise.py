import pytest

from wagtail_syndicate.compose.analysis import readable
from wagtail_syndicate.compose.counting import graphemes
from wagtail_syndicate.compose.summarise import apart, rest, shorten, summarise
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
    "Everybody may use the data for anything. It is open.",
)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (
            500,
            "The river is clean again. Sensors have been measuring it since May. Everybody may use the data for "
            "anything. It is open.",
        ),
        (
            115,
            "The river is clean again. Sensors have been measuring it since May. Everybody may use the data for "
            "anything.",
        ),
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
    assert summarise(RIVER, 120, len, style=Style(paragraphs=True)) == (
        "The river is clean again. Sensors have been measuring it since May.\n\n"
        "Everybody may use the data for anything."
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
    assert summarise(article(("list", "Open the valve"), ("list", "Close it")), 200, len) == (
        "Open the valve · Close it"
    )
    apart_already = article(("list", "Open the valve."), ("list", "Close it."))
    assert summarise(apart_already, 200, len) == "Open the valve. Close it."


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


def test_dots_and_dashes_of_both_kinds_of_scripts_are_glued_as_what_follows():
    assert summarise(article("很有意思……", "会议免费。", language="zh"), 50, len) == "很有意思……会议免费。"
    assert summarise(article("It works…", "Indeed it does."), 50, len) == "It works… Indeed it does."


# As many sentences as the network has


def test_as_many_sentences_as_the_style_has():
    assert summarise(RIVER, 120, len, style=Style(sentences=2)).endswith("since May.")
    assert summarise(RIVER, 45, len, style=Style(sentences=1)) == "The river is clean again."


def test_short_sentences_take_others_with_them():
    """Until half of the target is full, however many it takes."""
    assert summarise(RIVER, 120, len, style=Style(sentences=1)).endswith("since May.")
    assert summarise(article("One. Two. Six. Ten. Hundred."), 28, len, style=Style(sentences=1)) == "One. Two. Six."


def test_a_chinese_sentence_says_as_much_in_half_the_characters():
    text = article("河水又变清了。传感器从五月起开始测量。数据是公开的。", language="zh")
    assert summarise(text, 30, len, style=Style(sentences=1)) == "河水又变清了。传感器从五月起开始测量。"
    assert summarise(text, 28, len, style=Style(sentences=1)) == "河水又变清了。"


def test_what_surrounds_the_text_does_not_count_as_filled():
    def with_link(text):
        return len(text) + 60

    assert with_link(summarise(RIVER, 180, with_link, style=Style(sentences=1))) == 60 + 67


def test_a_sentence_that_announces_what_does_not_come_is_left_out():
    text = article(
        "The river is clean again, says the office of water.", "There is more. Swim, but only near the bridge!"
    )
    assert summarise(text, 80, len) == "The river is clean again, says the office of water."
    assert summarise(text, 200, len).endswith("There is more. Swim, but only near the bridge!")
    # Where it is all that follows, or little is left without it, it stays.
    assert summarise(article("The river is clean again.", "There is more."), 40, len).endswith("There is more.")
    assert summarise(article("It rains.", "There is more. " + "Long " * 30 + "."), 60, len).endswith("There is more.")


def test_questions_in_a_row_stay_together():
    text = article("Is it clean? May we swim? Who knows? The office measures.")
    style = Style(sentences=1, hook=True)
    assert summarise(text, 60, len, style=style) == "Is it clean? May we swim? Who knows?"
    assert summarise(text, 80, len, style=Style(hook=True)) == (
        "Is it clean? May we swim? Who knows?\n\nThe office measures."
    )
    wide = article("数据准不准？报警信不信？上午听案例。", language="zh")
    assert summarise(wide, 20, len, style=style) == "数据准不准？报警信不信？"


def test_a_teaser_goes_on_with_what_the_body_has_to_add():
    body = article(
        "The river is clean again. This took a year.", "Sensors have been measuring since May. They are ours."
    )
    assert rest(body, "Our river is clean again!") == [["Sensors have been measuring since May.", "They are ours."]]
    assert rest(body, "Boats.") == [
        ["The river is clean again.", "This took a year."],
        ["Sensors have been measuring since May.", "They are ours."],
    ]
    assert rest(body, "The river is clean again. Sensors have been measuring it since May.") == []
    text = shorten(
        "Our river is clean again!", 90, len, style=Style(paragraphs=True), then=rest(body, "clean river is")
    )
    assert text == "Our river is clean again!\n\nSensors have been measuring since May. They are ours."


def test_what_is_read_apart_begins_where_a_paragraph_does():
    body = article(
        "Spring. The river rises again every year in March. Nobody expected the flood.",
        "There is more. Boats wait at the old harbour for better weather.",
        "Swimmers train in the pool until the summer comes.",
    )
    # Nothing of the first paragraph was said: it may begin with any sentence that says something.
    assert apart(body, "Boats.")[0][0] == "The river rises again every year in March."
    # Its rest would be read without its beginning; "There is more" is no beginning either.
    assert apart(body, "The river rises again every year in March.")[0][0].startswith("Swimmers train")
    assert rest(body, "The river rises again every year in March.")[0][0] == "Spring."
    # Where there is nothing better, what is left.
    short = article("The river rises again every year in March. Nobody expected the flood.")
    assert apart(short, "The river rises again every year in March.") == [["Nobody expected the flood."]]


def test_where_the_first_sentence_stands_alone_paragraphs_are_short():
    text = article(
        "One is here. Two is here. Three is here. Four is here. Five is here. Six is here.", "Seven is here."
    )
    short = summarise(text, 400, len, style=Style(hook=True, paragraphs=True))
    assert short.split("\n\n") == [
        "One is here.",
        "Two is here. Three is here.",
        "Four is here. Five is here. Six is here.",
        "Seven is here.",
    ]
    assert summarise(text, 400, len, style=Style(paragraphs=True)).count("\n\n") == 1


def test_a_teaser_is_shortened_by_the_same_rules():
    teaser = "The river is clean. We measured it.\n\nRead on."
    assert shorten(teaser, 100, len) == "The river is clean. We measured it. Read on."
    assert shorten(teaser, 40, len) == "The river is clean. We measured it."
    assert shorten("The river is\n clean", 100, len) == "The river is clean"
    assert shorten("", 100, len) == ""


def test_a_very_long_article_is_read_only_in_part():
    assert sum(map(len, readable(article(*["One is here. Two is here."] * 200)))) <= 121
