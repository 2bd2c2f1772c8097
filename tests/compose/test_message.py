import pytest

from wagtail_syndicate.compose.counting import weibo, x_weighted
from wagtail_syndicate.compose.message import compose, measure
from wagtail_syndicate.exceptions import ComposeError
from wagtail_syndicate.types import Article, Block, Image, ImageLimits, Limits, LinkPlace, Span, Style


URL = "https://example.org/river/"
BODY = (Block("paragraph", "The river is clean again. Sensors have been measuring it since May."),)
RIVER = Article(
    title="A clean river",
    url=URL,
    language="en",
    teaser="Our river is clean. You may swim.",
    teaser_source="intro",
    blocks=BODY,
    images=(Image("1", "Children swim in the wide river"), Image("2", "A sensor"), Image("3")),
    tags=("water quality", "Sensors", "2026"),
)
PLAIN = Style(target=200)
TEXT = Limits(500)
CARD = Limits(500, link=LinkPlace.CARD)


def without(article, **changes):
    return Article(**{**vars(article), **changes})


# Where the words come from


def test_the_teaser_comes_first():
    message = compose(RIVER, TEXT, PLAIN)
    assert message.text == f"Our river is clean. You may swim.\n{URL}"
    assert (message.source, message.link, message.language) == ("intro", URL, "en")


def test_then_a_summary_of_the_body():
    message = compose(without(RIVER, teaser="", teaser_source=""), TEXT, PLAIN)
    assert message.text == f"The river is clean again. Sensors have been measuring it since May.\n{URL}"
    assert message.source == "body"


def test_then_the_title():
    message = compose(without(RIVER, teaser=" ", blocks=()), TEXT, PLAIN)
    assert (message.text, message.source) == (f"A clean river\n{URL}", "title")


def test_an_article_without_words_is_refused():
    with pytest.raises(ComposeError) as error:
        compose(Article("", URL, "en"), TEXT, PLAIN)
    assert error.value.reason == "empty"


def test_generated_text_aims_at_the_target_not_at_the_limit():
    message = compose(without(RIVER, teaser=""), TEXT, Style(target=55))
    assert message.text == f"The river is clean again.\n{URL}"


def test_one_sentence_may_go_beyond_the_target_but_never_beyond_the_limit():
    assert compose(RIVER, CARD, Style(target=10)).text == "Our river is clean."
    assert compose(RIVER, Limits(15, link=LinkPlace.CARD), Style(target=10)).text == "Our river…"


# The title


@pytest.mark.parametrize(("title", "spans"), [("line", ()), ("bold", (Span("bold", 0, 13),))])
def test_the_title_is_the_first_line_where_the_network_has_it(title, spans):
    message = compose(RIVER, CARD, Style(title=title, paragraphs=True))
    assert (message.text, message.spans) == ("A clean river\n\nOur river is clean. You may swim.", spans)


def test_no_title_twice():
    style = Style(title="bold")
    assert compose(without(RIVER, teaser="A clean River"), CARD, style).text == "A clean river"
    assert compose(without(RIVER, teaser="", blocks=()), CARD, style).text == "A clean river"


def test_half_a_thought_under_the_title_is_left_out():
    message = compose(RIVER, Limits(25, link=LinkPlace.CARD), Style(title="line"))
    assert (message.text, message.source) == ("A clean river", "title")


def test_a_title_that_does_not_fit_gives_way_to_the_text():
    message = compose(
        without(RIVER, title="A" + " clean" * 10 + " river"), Limits(50, link=LinkPlace.CARD), Style(title="bold")
    )
    assert (message.text, message.spans) == ("Our river is clean. You may swim.", ())


def test_a_title_that_is_all_there_is_gets_cut():
    message = compose(Article("A clean river for all of us", "", "en"), Limits(20), PLAIN)
    assert message.text == "A clean river for…"


# The link


def test_the_link_stands_last_on_its_own_line():
    message = compose(RIVER, TEXT, Style(hashtags=2, paragraphs=True))
    assert message.text == f"Our river is clean. You may swim.\n\n#Sensors #WaterQuality\n\n{URL}"


def test_a_card_keeps_the_link_out_of_the_text():
    message = compose(RIVER, CARD, PLAIN)
    assert message.text == "Our river is clean. You may swim."
    assert (message.link, message.title) == (URL, "A clean river")


@pytest.mark.parametrize(
    ("article", "wording", "expected"),
    [
        (RIVER, "Swim!", "Our river is clean. You may swim."),
        # Not what stands above the card already, but what follows in the article
        (RIVER, "", "Sensors have been measuring it since May."),
        (RIVER, "Our river is clean! Sensors have been measuring it since May.", ""),
        (without(RIVER, teaser=""), "Swim!", "The river is clean again. Sensors have been measuring it since May."),
        (without(RIVER, teaser="", blocks=()), "", ""),
    ],
)
def test_a_card_describes_the_article_and_does_not_repeat_the_post(article, wording, expected):
    assert compose(article, CARD, PLAIN, wording).description == expected


def test_a_description_is_no_longer_than_a_card_shows():
    long = without(RIVER, teaser="Sensors measure. " * 60)
    assert len(compose(long, CARD, PLAIN, "Swim!").description) == 300 - 300 % 17 - 1
    chinese = without(RIVER, teaser="传感器测量。" * 60, language="zh")
    assert len(compose(chinese, CARD, PLAIN, "游泳").description) == 150


# A teaser that leaves room


BODIED = Style(target=200, body=True)


def test_the_body_goes_on_after_a_teaser_where_the_network_has_room_for_that():
    message = compose(RIVER, TEXT, BODIED)
    assert message.text == f"Our river is clean. You may swim. Sensors have been measuring it since May.\n{URL}"
    assert message.source == "intro"
    assert compose(RIVER, TEXT, PLAIN).text == f"Our river is clean. You may swim.\n{URL}"


def test_nothing_is_added_to_what_was_written_for_posts():
    social = without(RIVER, teaser_source="social_text")
    assert compose(social, TEXT, BODIED).text == f"Our river is clean. You may swim.\n{URL}"
    assert compose(RIVER, CARD, BODIED, "Swim!").text == "Swim!"


def test_a_teaser_too_long_for_the_network_is_cut_before_anything_is_added():
    assert compose(RIVER, TEXT, Style(target=50, body=True)).text == f"Our river is clean.\n{URL}"


def test_a_page_without_address_has_no_link():
    assert compose(without(RIVER, url=""), TEXT, PLAIN).text == "Our river is clean. You may swim."


def test_a_link_that_leaves_no_room_is_refused():
    with pytest.raises(ComposeError) as error:
        compose(RIVER, Limits(20), PLAIN)
    assert (error.value.reason, error.value.detail) == ("too_long", f"{len(URL)} / 20")


def test_words_that_leave_no_room_for_one_of_them_are_refused():
    with pytest.raises(ComposeError, match="28 / 10"):
        compose(Article("https://example.org/a/b/c/d/", "", "en"), Limits(10), PLAIN)


def test_a_post_may_be_the_link_alone_where_nothing_else_fits():
    assert compose(RIVER, Limits(len(URL)), PLAIN).text == URL


# The wording


def test_a_wording_is_used_as_it_is():
    wording = "  Swim!\n\nIt is   #clean.  "
    message = compose(RIVER, TEXT, Style(title="bold", hashtags=3), wording)
    assert message.text == f"Swim!\n\nIt is   #clean.\n{URL}"
    assert (message.source, message.spans) == ("account", ())


@pytest.mark.parametrize("wording", [f"Swim at {URL}!", f"{URL} Swim!", f"({URL})", f"Swim: {URL}."])
def test_a_wording_that_holds_the_link_gets_no_second_one(wording):
    assert compose(RIVER, TEXT, PLAIN, wording).text == wording


@pytest.mark.parametrize("wording", [f"{URL}map", f"{URL}?page=2", f"{URL}#map"])
def test_a_longer_address_is_not_the_link(wording):
    assert compose(RIVER, TEXT, PLAIN, wording).text == f"{wording}\n{URL}"


def test_a_wording_may_use_the_whole_limit_and_not_more():
    room = 100 - len(URL) - 1
    assert compose(RIVER, Limits(100), Style(target=10), "a" * room).text == f"{'a' * room}\n{URL}"
    with pytest.raises(ComposeError) as error:
        compose(RIVER, Limits(100), Style(target=10), "a" * (room + 1))
    assert (error.value.reason, error.value.detail) == ("too_long", "101 / 100")


def test_a_wording_of_white_space_is_none():
    assert compose(RIVER, TEXT, PLAIN, " \n\t").source == "intro"


def test_a_wording_is_freed_of_what_cannot_be_sent():
    assert compose(RIVER, CARD, PLAIN, "Cafe\u0301\r\n\x00\x1bopen\ud83d\ufeff").text == "Café\nopen"


# Pictures


def test_pictures_as_many_as_the_network_takes():
    limits = Limits(500, images=ImageLimits(count=2, alt_length=18))
    images = compose(RIVER, limits, PLAIN).images
    assert images == (Image("1", "Children swim in…"), Image("2", "A sensor"))
    assert compose(RIVER, limits, PLAIN, images=False).images == ()
    assert compose(RIVER, TEXT, PLAIN).images == ()


def test_a_picture_may_lower_the_limit():
    limits = Limits(500, link=LinkPlace.CARD, images=ImageLimits(), caption_length=20)
    assert compose(RIVER, limits, PLAIN).text == "Our river is clean."
    assert compose(without(RIVER, images=()), limits, PLAIN).text == "Our river is clean. You may swim."
    with pytest.raises(ComposeError, match="25 / 20"):
        compose(RIVER, limits, PLAIN, "a" * 25)


# The counter


def test_measure_tells_the_length_of_what_would_go_out():
    assert measure(RIVER, TEXT, PLAIN, "Swim!") == (5 + 1 + len(URL), 500)
    assert measure(RIVER, TEXT, PLAIN) == (len(compose(RIVER, TEXT, PLAIN).text), 500)


def test_measure_refuses_nothing():
    assert measure(RIVER, Limits(10), PLAIN, "a" * 50) == (51 + len(URL), 10)
    assert measure(RIVER, Limits(10), PLAIN) == (len(URL), 10)
    assert measure(Article("", "", "en"), TEXT, PLAIN) == (0, 500)


# As the networks count


@pytest.mark.parametrize(
    ("article", "limits", "style", "expected"),
    [
        (
            without(
                RIVER,
                teaser="",
                language="zh-hans",
                title="河水又变清了",
                blocks=(Block("paragraph", "传感器从五月起开始测量。" * 20),),
            ),
            Limits(140, weibo),
            Style(title="line", target=60, hashtag=""),
            f"河水又变清了\n{'传感器从五月起开始测量。' * 3}\n{URL}",
        ),
        (
            without(
                RIVER, teaser="", blocks=(Block("paragraph", "Датчики измеряют реку с мая. " * 20),), tags=("реки",)
            ),
            Limits(280, x_weighted),
            Style(target=110, hashtags=1),
            f"{'Датчики измеряют реку с мая. ' * 3}".strip() + f"\n#реки\n{URL}",
        ),
    ],
)
def test_in_the_networks_own_units(article, limits, style, expected):
    assert compose(article, limits, style).text == expected
