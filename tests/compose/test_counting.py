import time

import pytest

from wagtail_syndicate.compose.counting import characters, graphemes, mastodon, utf16, weibo, x_weighted


FAMILY = "👨\u200d👩\u200d👧\u200d👦"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
LONG_LINK = "https://example.org/" + "a" * 200


@pytest.mark.parametrize(
    ("text", "code_points", "clusters", "units"),
    [
        ("", 0, 0, 0),
        ("Wasser", 6, 6, 6),
        ("水质监测", 4, 4, 4),
        ("e\u0301te\u0301", 5, 3, 5),
        ("😀", 1, 1, 2),
        (FAMILY, 7, 1, 11),
        ("a\r\nb", 4, 3, 4),
    ],
)
def test_characters_graphemes_and_utf16(text, code_points, clusters, units):
    assert (characters(text), graphemes(text), utf16(text)) == (code_points, clusters, units)


def test_a_lone_surrogate_is_counted_and_breaks_nothing():
    assert [count("a\ud83d") for count in (characters, graphemes, utf16, x_weighted, mastodon)] == [2, 2, 2, 3, 2]


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("Hi http://test.co", 26),
        (f"H🐱☺{FAMILY}", 7),
        ("水" * 160, 320),
        ("the" + "水" * 160, 323),
        (FAMILY * 140, 280),
        ("1\u20e3", 2),
        ("🙋🏽👨\u200d🎤", 4),
        (f"🤪; 🧕; 🧕🏾; {ENGLAND}", 14),
        ("🇩🇪🇫🇷", 4),
        ("A\u0301B", 2),
        ("\u05e9\u05bc\u05c1", 3),
        ("“Wasser” – gut", 14),
        ("…", 2),
        ("Вода и её качество", 18),
        ("الماء", 5),
        ("수질", 4),
    ],
)
def test_x_weighs_characters(text, weight):
    assert x_weighted(text) == weight


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("https://example.org/a/very/long/path/that/goes/on?and=on#and-on", 23),
        ("t.co", 23),
        ("wagtail.io", 23),
        ("Visit www.example.co.uk/path/ today.", 6 + 23 + 7),
        ("Visit example.com.", 6 + 23 + 1),
        ("https://example.com查看", 23 + 4),
        ("查看example.com。", 4 + 23 + 2),
        ("https://example.org/wiki/Water_(river)", 23),
        ("(https://example.org/a)", 25),
        ("https://example.org/新闻", 23 + 4),
        ("http://例え.jp/", 23),
        ("info@example.com", 16),
        ("#example.com", 12),
        ("docs/example.com", 16),
        ("And so on. Node.js is 1.5 e.g. z.B. this", 40),
        ("http://" + "あいうえおかきくけこ" * 5 + "あい.com", 23),
        ("http://" + "あいうえおかきくけこ" * 5 + "あいう.com", 7 + 2 * 53 + 4),
    ],
)
def test_x_weighs_addresses(text, weight):
    assert x_weighted(text) == weight


@pytest.mark.parametrize(
    "text", ["news.newdomain", "http://intranet/", "http://127.0.0.1:8000/a/b", "https://water.newdomain/" + "a" * 30]
)
def test_x_is_on_the_safe_side_where_an_address_may_be_none(text):
    assert x_weighted(text) >= max(23, len(text))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        (f"{FAMILY}é", 2),
        (f"Neu: {LONG_LINK}", 5 + 23),
        ("http://a.de", 23),
        ("example.com", 11),
        ("@water@mastodon.example thanks", 6 + 7),
        ("@water thanks", 13),
        ("mail to info@example.com", 24),
        ("https://example.org/新闻", 23 + 2),
        (LONG_LINK + "/" + "a" * 4096, len(LONG_LINK) + 4097),
    ],
)
def test_mastodon(text, length):
    assert mastodon(text) == length


def test_mastodon_servers_may_reserve_another_length():
    assert mastodon(f"Neu: {LONG_LINK}", url_length=30) == 35


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("水质监测", 4),
        ("ab", 1),
        ("abc", 2),
        ("水a", 2),
        ("https://example.org/a", 10),
        ("http://example.org/a", 10),
        ("水质 https://example.org/a", 13),
        ("https://example.org/a水质", 12),
        ("https://example.org/" + "a" * 120, 10),
        ("https://example.org/" + "a" * 121, 11),
        (LONG_LINK, 10 + 40),
        ("https://weibo.com/ttarticle/p/show?id=23", 20),
        ("😀", 2),
    ],
)
def test_weibo(text, length):
    assert weibo(text) == length


@pytest.mark.parametrize("text", ["a." * 3000, "é" * 5000, "https://" * 1000, "@a@" + "b." * 3000 + "!", "(" * 5000])
@pytest.mark.parametrize("count", [x_weighted, mastodon, weibo])
def test_no_text_takes_long_to_count(count, text):
    start = time.process_time()
    count(text)
    assert time.process_time() - start < 3
