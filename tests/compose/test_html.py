import pytest

from wagtail_syndicate.compose.html import blocks_of
from wagtail_syndicate.types import Block, Image


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h2>Water</h2><p>It is <b>clean</b>.</p>", [("heading", "Water"), ("paragraph", "It is clean.")]),
        ("<p>One</p>\n<p>Two</p>", [("paragraph", "One"), ("paragraph", "Two")]),
        (
            "<ul><li>One</li><li>Two<ul><li>Three</li></ul></li></ul>",
            [("list", "One"), ("list", "Two"), ("list", "Three")],
        ),
        ("<blockquote><p>So it is.</p></blockquote>", [("quote", "So it is.")]),
        ("<p>One line<br/>and on</p>", [("paragraph", "One line and on")]),
        ("<p><b>Water</b><br/>It is clean.</p>", [("heading", "Water"), ("paragraph", "It is clean.")]),
        (
            "loose <i>words</i><p>One</p>more",
            [("paragraph", "loose words"), ("paragraph", "One"), ("paragraph", "more")],
        ),
        ("<div><div>One</div>Two</div>", [("paragraph", "One"), ("paragraph", "Two")]),
        ("<table><tr><th>pH</th><td>7</td></tr></table>", [("table", "pH | 7")]),
        ("<pre>x = 1</pre><p>One</p>", [("code", "x = 1"), ("paragraph", "One")]),
        ("<figure><figcaption>The river</figcaption></figure>", [("caption", "The river")]),
        ('<embed embedtype="media" url="https://example.org/v"/><hr/><p>One</p>', [("paragraph", "One")]),
        ("<script>x()</script><!-- note --><style>p{}</style>", []),
        ("<p>a &lt; b &amp;&nbsp;c</p>", [("paragraph", "a < b &\u00a0c")]),
        ('<p>See <a linktype="page" id="3">the\nriver</a>.</p>', [("paragraph", "See the river.")]),
        ("<p>wa\u00adter</p>", [("paragraph", "water")]),
        ("<p>never <b>closed", [("paragraph", "never closed")]),
        ("<p>日本<ruby>語<rp>(</rp><rt>ご</rt><rp>)</rp></ruby>です。</p>", [("paragraph", "日本語です。")]),
        ("", []),
    ],
)
def test_blocks(html, expected):
    assert blocks_of(html)[0] == [Block(kind, text) for kind, text in expected]


def test_pictures_in_rich_text():
    html = (
        '<p>One</p><embed embedtype="image" id="7" alt="The river" format="left"/><embed embedtype="image" alt="?"/>'
    )
    assert blocks_of(html)[1] == [Image("7", "The river")]
