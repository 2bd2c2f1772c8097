"""Where everything stands in a post, and the words that an account always says."""

import pytest

from wagtail_syndicate.compose.frame import PLACES, Frame, unknown_places, without_place
from wagtail_syndicate.compose.message import compose, measure
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.types import Article, Block, Limits, LinkPlace, Span, Style, Voice


URL = "https://example.org/river/"
RIVER = Article("A clean river", URL, "en", "Our river is clean.", "intro", tags=("Water",))
TEXT = Limits(200)
CARD = Limits(200, link=LinkPlace.CARD)
PARTS = {"title": "A clean river", "summary": "Our river is clean.", "hashtags": "#Water"}


def post(style=Style(hashtags=1), limits=TEXT, wording="", article=RIVER, **voice):  # noqa: B008 (frozen)
    return compose(article, limits, style, wording, voice=Voice(**voice)).text


def without(article, **changes):
    return Article(**{**vars(article), **changes})


# The template


def test_a_template_gives_every_part_its_place():
    template = "{title}: {summary}\n\n{hashtags} | {link}"
    assert post(template=template) == f"A clean river: Our river is clean.\n\n#Water | {URL}"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{summary}", f"Our river is clean.\n{URL}"),
        ("{title}", f"A clean river\n{URL}"),
        ("{link} {summary}", f"{URL} Our river is clean."),
        ("{hashtags} {summary} {link}", f"#Water Our river is clean. {URL}"),
        ("New here:\n{link}", f"New here:\n{URL}"),
    ],
)
def test_a_template_may_leave_out_what_it_likes_but_the_link_stays(template, expected):
    assert post(template=template) == expected


@pytest.mark.parametrize(
    ("template", "missing", "expected"),
    [
        ("{title}: {summary}\n{hashtags}\n{link}", "title", "Our river is clean.\n#Water\nL"),
        ("{title} - {summary}\n{hashtags}\n{link}", "summary", "A clean river\n#Water\nL"),
        ("{title}\n{summary}\n\n{hashtags}\n\n{link}", "hashtags", "A clean river\nOur river is clean.\n\nL"),
        ("{summary} Tags: {hashtags}\n{link}", "hashtags", "Our river is clean. Tags\nL"),
        ("{summary}\nMore on this: {link}", "link", "Our river is clean."),
        ("{summary}, {hashtags}, {link}", "hashtags", "Our river is clean., L"),
        ("{title}：{summary}、{hashtags} {link}", "title", "Our river is clean.、#Water L"),
    ],
)
def test_a_missing_part_leaves_no_gap(template, missing, expected):
    frame = Frame(Style(), Voice(template=template), "" if missing == "link" else "L")
    assert frame.generated(**{name: "" if name == missing else part for name, part in PARTS.items()}) == expected


def test_all_parts_may_be_missing():
    assert Frame(Style(), Voice(template="{title}: {summary} {hashtags} {link}")).generated() == ""
    assert without_place("Read {link}", "link") == ""


def test_unknown_places_are_named_and_stay_as_they_are():
    assert unknown_places("{titel} {summary} {} { link } {link.url}") == ["titel", "", " link ", "link.url"]
    assert unknown_places(" ".join(f"{{{place}}}" for place in PLACES)) == []
    assert post(template="{titel} {summary.__class__} {0} {summary}").startswith("{titel} {summary.__class__} {0} Our")


@pytest.mark.parametrize("text", ["{link} {title} {hashtags}", "{{summary}}", "{0} {} {x!r:>9999999}", r"\1 \g<0> %s"])
def test_braces_in_an_article_are_text(text):
    article = without(RIVER, teaser=text, title=f"On {text}")
    assert post(template="{title} + {summary}", article=article) == f"On {text} + {text}\n{URL}"


def test_a_template_with_a_card_has_no_link_in_it():
    assert post(limits=CARD, template="{summary}\nMore: {link}") == "Our river is clean."


def test_a_template_counts():
    room = len(f" Our river is clean.\n{URL}")
    fixed = "x" * (200 - room)
    assert post(Style(), template=f"{fixed} {{summary}}") == f"{fixed} Our river is clean.\n{URL}"
    assert "…" in post(Style(), template=f"x{fixed} {{summary}}")
    with pytest.raises(ComposeError, match="too_long"):
        post(Style(), template="x" * 200 + "{summary}")


def test_a_template_without_summary_says_whose_words_it_has():
    message = compose(RIVER, TEXT, Style(), voice=Voice(template="{title}"))
    assert (message.source, message.text) == ("title", f"A clean river\n{URL}")
    assert compose(RIVER, TEXT, Style(), voice=Voice(template="{summary}")).source == "intro"


def test_a_template_may_leave_out_hashtags():
    assert "#" not in post(template="{summary}")


def test_an_editors_wording_is_put_into_no_template():
    assert post(wording="Swim!", template="{title}: {summary} {hashtags}") == f"Swim!\n{URL}"


def test_the_title_of_a_template_is_bold_where_the_network_has_that():
    message = compose(RIVER, CARD, Style(title="bold"), voice=Voice(template="News: {title}\n{summary}"))
    assert message.spans == (Span("bold", 6, 13),)


# Fixed words


def test_fixed_words_stand_around_every_post_and_count():
    voice = {"before": "[Ad]", "after": "Paid by the city"}
    assert post(**voice) == f"[Ad] Our river is clean.\n#Water\nPaid by the city\n{URL}"
    assert post(wording="Swim!", **voice) == f"[Ad] Swim!\nPaid by the city\n{URL}"
    assert post(template="{summary} {link}", **voice) == f"[Ad] Our river is clean. {URL}\nPaid by the city"
    text = post(**voice)
    assert measure(RIVER, TEXT, Style(hashtags=1), voice=Voice(**voice)) == (len(text), 200)


@pytest.mark.parametrize(
    "wording",
    ["Ad: Swim!", "Ad", "Ad, as always: swim", "Ad\nSwim!"],
)
def test_words_that_a_wording_begins_with_are_not_said_twice(wording):
    assert post(limits=CARD, wording=wording, before="Ad") == wording


@pytest.mark.parametrize("wording", ["Swim! Paid by us", "Swim!\nPaid by us", "Paid by us", "Swim! (Paid by us"])
def test_words_that_a_wording_ends_with_are_not_said_twice(wording):
    assert post(limits=CARD, wording=wording, after="Paid by us") == wording


def test_a_word_that_only_begins_or_ends_alike_is_not_the_fixed_one():
    assert post(limits=CARD, wording="Adventure awaits", before="Ad") == "Ad Adventure awaits"
    assert post(limits=CARD, wording="The whole squad", after="ad") == "The whole squad\nad"


def test_fixed_words_that_leave_no_room_are_refused():
    with pytest.raises(ComposeError, match="too_long"):
        post(after="x" * 200)
    with pytest.raises(ComposeError, match="too_long"):
        post(wording="Swim!", before="x" * 200)


def test_fixed_words_alone_are_no_post():
    with pytest.raises(ComposeError, match="empty"):
        post(article=Article("", URL, "en"), before="Ad", after="Paid")


def test_a_template_and_fixed_words_are_brought_into_one_form():
    assert post(limits=CARD, template="Cafe\u0301 {summary}", after="e\u0301") == "Café Our river is clean.\né"


# The network's own shape


def test_brackets_hold_the_title():
    assert post(Style(title="brackets")) == f"【A clean river】Our river is clean.\n{URL}"
    assert post(Style(title="brackets"), article=without(RIVER, teaser="")) == f"【A clean river】\n{URL}"


def test_brackets_are_not_put_around_brackets():
    assert post(Style(title="brackets"), article=without(RIVER, title="【News】Clean")).startswith(
        "【News】Clean\nOur"
    )


def test_the_first_sentence_alone_where_the_rest_is_folded_away():
    article = without(RIVER, teaser="", blocks=(Block("paragraph", "One is here. Two is here. Three is here."),))
    assert post(Style(hook=True), CARD, article=article) == "One is here.\n\nTwo is here. Three is here."


def test_a_wording_that_holds_the_plain_address_gets_no_second_one_for_tracking():
    assert post(wording=f"Swim at {URL}!", tracking="utm_source=x") == f"Swim at {URL}!"
    assert post(wording="Swim!", tracking="utm_source=x") == f"Swim!\n{URL}?utm_source=x"
    assert compose(RIVER, CARD, Style(), voice=Voice(tracking="utm_source=x")).link == f"{URL}?utm_source=x"
