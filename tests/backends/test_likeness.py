"""Telling the post that was sent from others, after a network has dressed it up."""

import pytest

from wagtail_syndicate.backends.likeness import same_text


SENT = "The bridge opens: “on Monday” – https://www.example.com/brücke/ #Bridge"


@pytest.mark.parametrize(
    "shown",
    [
        SENT,
        'The bridge opens:\n\n"on Monday" - https://www.example.com/brücke/ #Bridge',
        "The bridge opens: “on Monday” – https://www.example.com/br%C3%BCcke #Bridge",
        "The bridge opens: “on Monday” – www.example.com/brücke/ #bridge",
        "The bridge opens: “on Monday” – https://www.example.com/bru\u0308cke/ # Bridge",
    ],
)
def test_what_networks_change_makes_no_other_post(shown):
    assert same_text(SENT, shown)


@pytest.mark.parametrize(
    "shown",
    [
        "",
        SENT.replace("Monday", "Tuesday"),
        SENT.replace("brücke", "brucke"),
        SENT.replace("brücke/", "brücke/2/"),
        f"Correction. {SENT}",
        SENT.partition("https")[0],
    ],
)
def test_another_word_makes_another_post(shown):
    assert not same_text(SENT, shown)


@pytest.mark.parametrize(
    ("sent", "shown", "same"), [("👍🎉", "👍 🎉", True), ("👍", "👎", False), ("三座桥", "三座橋", False)]
)
def test_texts_without_letters_or_in_other_scripts(sent, shown, same):
    assert same_text(sent, shown) is same
