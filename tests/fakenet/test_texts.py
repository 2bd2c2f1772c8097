import pytest

from sandbox.fakenet import texts


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (
            "See https://example.org/a. And (https://example.org/b)!",
            ["https://example.org/a", "https://example.org/b"],
        ),
        ("看https://example.org/a看", ["https://example.org/a"]),
        ("https://example.org/a_(b)", ["https://example.org/a_(b)"]),
        ("example.org is none", []),
    ],
)
def test_links(text, links):
    assert [link for _, _, link in texts.find_links(text)] == links


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("H🐱☺👨‍👩‍👧‍👦", 7),
        ("中" * 160, 320),
        ("Hi http://test.co", 26),
        ("wagtail.io", 23),
        ("http://localhost:8000/a", 23),
    ],
)
def test_x_weight(text, length):
    assert texts.x_weighted_length(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [("é👍🏽", 2), ("http://127.0.0.1:8000/a b", 25), ("@news@example.org hi", 8), ("example.org", 11)],
)
def test_mastodon_length(text, length):
    assert texts.mastodon_length(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("中文", 2),
        ("abc", 2),
        ("http://example.org/a", 10),
        ("http://example.org/" + "a" * 131, 15),
        ("http://t.cn/abc", 0),
        ("http://weibo.com/abc", 10),
        ("中http://example.org/a文", 12),
    ],
)
def test_weibo_length(text, length):
    assert texts.weibo_length(text) == length


def test_utf16():
    assert texts.utf16_length("a😀") == 3


def test_linkify_escapes():
    assert texts.linkify("<b> https://example.org/?a=1&b=2") == (
        '&lt;b&gt; <a href="https://example.org/?a=1&amp;b=2" rel="nofollow">https://example.org/?a=1&amp;b=2</a>'
    )
