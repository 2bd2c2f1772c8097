import pytest

from wagtail_syndicate.compose.links import PLACES, filled, tracked, unknown_places


@pytest.mark.parametrize(
    ("url", "tracking", "expected"),
    [
        ("https://example.org/a/", "utm_source=x&utm_medium=social", "/a/?utm_source=x&utm_medium=social"),
        ("https://example.org/a/?p=1", "utm_source=x", "/a/?p=1&utm_source=x"),
        ("https://example.org/a/?p=1&", "utm_source=x", "/a/?p=1&utm_source=x"),
        ("https://example.org/a/?", "utm_source=x", "/a/?utm_source=x"),
        ("https://example.org/a/#top", "utm_source=x", "/a/?utm_source=x#top"),
        ("https://example.org/a?p=1#/x?y=2", "utm_source=x", "/a?p=1&utm_source=x#/x?y=2"),
        # What is there stays, and is not added again
        ("https://example.org/a/?utm_source=mail", "utm_source=x&utm_medium=social", None),
        ("https://example.org/a/?p=%C3%A4&&q=a+b;c", "", "/a/?p=%C3%A4&&q=a+b;c"),
        ("https://example.org/a/?p=1&&q=2", "p=9", "/a/?p=1&&q=2"),
        ("https://example.org/a/?utm_source", "utm_source=x", "/a/?utm_source"),
        # IDN and percent-encoding are nobody's business here
        ("https://пример.example/путь/?ключ=да", "utm_source=x", "https://пример.example/путь/?ключ=да&utm_source=x"),
        ("https://example.org/%E6%B0%B4/?a=%20", "b=%41", "/%E6%B0%B4/?a=%20&b=%41"),
        # As people type it
        ("https://example.org/", " ?utm_source=x& ", "/?utm_source=x"),
        ("https://example.org/", "&a=1&&b=2&", "/?a=1&b=2"),
        ("https://example.org/", "utm_campaign=spring 2027#1", "/?utm_campaign=spring%202027%231"),
        ("https://example.org/", "utm_campaign=Frühling", "/?utm_campaign=Fr%C3%BChling"),
        # Nothing to do
        ("", "utm_source=x", ""),
        ("https://example.org/?a#b", "", "/?a#b"),
        ("https://example.org/?a#b", " ?& ", "/?a#b"),
    ],
)
def test_tracking(url, tracking, expected):
    if expected is None:
        expected = "/a/?utm_source=mail&utm_medium=social"
    if expected.startswith("/"):
        expected = f"https://example.org{expected}"
    assert tracked(url, tracking) == expected


def test_tracking_twice_is_tracking_once():
    once = tracked("https://example.org/a/?b=1#c", "utm_source=x&d=ü")
    assert tracked(once, "utm_source=x&d=ü") == once


def test_places_are_filled_and_encoded():
    tracking = "utm_source={network}&utm_campaign={account}&l={language}"
    values = {"network": "vk", "account": "Штаб & Co #1/2", "language": "zh-hans"}
    assert filled(tracking, **values) == (
        "utm_source=vk&utm_campaign=%D0%A8%D1%82%D0%B0%D0%B1%20%26%20Co%20%231%2F2&l=zh-hans"
    )
    assert tracked("https://example.org/", filled(tracking, **values)).count("%25") == 0


def test_places_in_what_is_filled_in_are_text():
    assert filled("a={account}", account="{network}", network="vk") == "a=%7Bnetwork%7D"


def test_unknown_places():
    assert unknown_places("a={netzwerk}&b={network}&c={}") == ["netzwerk", ""]
    assert unknown_places("&".join(f"{place}={{{place}}}" for place in PLACES)) == []
    assert filled("a={netzwerk}") == "a=%7Bnetzwerk%7D"
