"""Against results recorded from TDLib 1.8.69, the parser behind the Bot API."""

import ast
import json
from pathlib import Path

import pytest

from sandbox.fakenet.networks.telegram_text import CannotParse, cut, parse


RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "TELEGRAM" / "tdlib-1.8.69-parse-results.txt"


@pytest.mark.parametrize(
    ("text", "mode", "plain", "entities"),
    [
        (
            '<b>fett</b> <a href="https://e.org/?a=1&amp;b=2">Link</a> &lt;x&gt;',
            "HTML",
            "fett Link <x>",
            [(0, 4, "bold"), (5, 4, "text_link")],
        ),
        ("👩‍👩‍👧<i>kursiv</i>", "HTML", "👩‍👩‍👧kursiv", [(8, 6, "italic")]),
        ("a &nbsp; b", "HTML", "a &nbsp; b", []),
        ('<a href="not a url">x</a>', "HTML", "x", []),
        (
            "*fett* _kursiv_ [L](https://e.org)",
            "MarkdownV2",
            "fett kursiv L",
            [(0, 4, "bold"), (5, 6, "italic"), (12, 1, "text_link")],
        ),
        (r"Satz mit Punkt\.", "MarkdownV2", "Satz mit Punkt.", []),
        (
            "  see https://e.org/a, #tag and @newsroom ",
            None,
            "see https://e.org/a, #tag and @newsroom",
            [(4, 15, "url"), (21, 4, "hashtag"), (30, 9, "mention")],
        ),
    ],
)
def test_parsed(text, mode, plain, entities):
    found, places = parse(text, mode, None)
    assert found == plain
    assert [(place["offset"], place["length"], place["type"]) for place in places] == entities


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        ("<b>unclosed", "HTML", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<h1>no such tag</h1>", "HTML", 'Unsupported start tag "h1" at byte offset 0'),
        ("a < b & c", "HTML", 'Unsupported start tag "" at byte offset 2'),
        ("Satz mit Punkt.", "MarkdownV2", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a *b", "MarkdownV2", "Can't find end of the entity starting at byte offset 2"),
    ],
)
def test_refused(text, mode, message):
    with pytest.raises(CannotParse) as refusal:
        parse(text, mode, None)
    assert str(refusal.value) == message


def test_given_entities_are_shifted_by_trimming():
    text, entities = parse("  Hi you", None, [{"type": "bold", "offset": 2, "length": 2}])
    assert (text, cut(text, entities[0])) == ("Hi you", "Hi")


def recorded_cases():
    if not RECORDED.exists():
        return
    for line in RECORDED.read_text().splitlines():
        mode, _, rest = line.partition(" ")
        if mode in {"HTML", "MarkdownV2"}:
            text, _, result = rest.rpartition(" -> ")
            yield pytest.param(mode, ast.literal_eval(text), json.loads(result), id=text[:30])


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded answers are not beside the repository")
@pytest.mark.parametrize(("mode", "text", "result"), list(recorded_cases()))
def test_as_recorded(mode, text, result):
    if result["@type"] == "error":
        with pytest.raises(CannotParse) as refusal:
            parse(text, mode, None)
        assert "Can't parse entities: " + str(refusal.value) == result["message"]
        return
    plain, entities = parse(text, mode, None)
    assert plain == result["text"]
    assert [(e["offset"], e["length"]) for e in entities] == [(e["offset"], e["length"]) for e in result["entities"]]
