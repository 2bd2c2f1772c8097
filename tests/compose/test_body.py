import pytest
from wagtail import blocks
from wagtail.contrib.table_block.blocks import TableBlock
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock
from wagtail.embeds.blocks import EmbedBlock
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageBlock, ImageChooserBlock

from wagtail_syndicate.compose.body import picture, pieces_of
from wagtail_syndicate.types import Block, Image


class Figure(blocks.StructBlock):
    image = ImageChooserBlock()
    alt_text = blocks.CharBlock(required=False)
    caption = blocks.CharBlock(required=False)


class Section(blocks.StructBlock):
    heading = blocks.CharBlock()
    text = blocks.RichTextBlock()
    link_url = blocks.CharBlock(required=False)


class Quote(blocks.StructBlock):
    text = blocks.TextBlock()
    author = blocks.CharBlock(required=False)
    person = blocks.CharBlock(required=False)


class PullQuoteBlock(blocks.StructBlock):
    words = blocks.RichTextBlock()


class Snippet(blocks.StructBlock):
    language = blocks.CharBlock()
    code = blocks.TextBlock()


class Emphasised(blocks.TextBlock):
    """As blocks for Markdown do: what is stored is not what is read."""

    def render_basic(self, value, context=None):
        return f"<h2>{value[1:]}</h2><p>Read <em>on</em>.</p>"


class SignUp(blocks.StructBlock):
    text = blocks.TextBlock()


class Story(blocks.StreamBlock):
    newsletter = SignUp()
    call_to_action = SignUp()
    code_block = Snippet()
    markdown = Emphasised()
    h2 = blocks.CharBlock()
    readings = TypedTableBlock([("name", blocks.CharBlock()), ("said", blocks.RichTextBlock())])
    heading = blocks.CharBlock()
    section_title = blocks.CharBlock()
    paragraph = blocks.RichTextBlock()
    text = blocks.TextBlock()
    section = Section()
    facts = blocks.ListBlock(blocks.CharBlock())
    steps = blocks.ListBlock(Section())
    columns = blocks.StreamBlock([("left", blocks.TextBlock()), ("right", blocks.TextBlock())])
    quote = Quote()
    aside = PullQuoteBlock()
    said = blocks.BlockQuoteBlock()
    table = TableBlock()
    html = blocks.RawHTMLBlock()
    video = EmbedBlock()
    anchor = blocks.CharBlock()
    level = blocks.ChoiceBlock(choices=[("h2", "Two")])
    day = blocks.DateBlock()
    image = ImageChooserBlock()
    picture = ImageBlock()
    figure = Figure()


def pieces(*values):
    stream = Story()
    return list(pieces_of(stream.to_python([{"type": kind, "value": value} for kind, value in values]), stream))


def image(**values):
    return get_image_model()(pk=5, collection_id=1, title="DSC_0042.jpg", width=640, height=480, **values)


def chosen(monkeypatch, picture):
    """Let every image block find this picture."""
    monkeypatch.setattr(ImageChooserBlock, "bulk_to_python", lambda self, values: [picture for _ in values])
    monkeypatch.setattr(ImageChooserBlock, "to_python", lambda self, value: picture)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("heading", "Water", [("heading", "Water")]),
        ("section_title", "Water", [("heading", "Water")]),
        ("paragraph", "<h3>Lakes</h3><p>Clean.</p>", [("heading", "Lakes"), ("paragraph", "Clean.")]),
        ("text", "One\nline.\n\nTwo.", [("paragraph", "One line."), ("paragraph", "Two.")]),
        (
            "section",
            {"heading": "Lakes", "text": "<p>Clean.</p>", "link_url": "/lakes/"},
            [("heading", "Lakes"), ("paragraph", "Clean.")],
        ),
        ("facts", ["One.", "Two."], [("paragraph", "One."), ("paragraph", "Two.")]),
        ("steps", [{"heading": "A", "text": "<p>B.</p>"}], [("heading", "A"), ("paragraph", "B.")]),
        (
            "columns",
            [{"type": "right", "value": "A."}, {"type": "left", "value": "B."}],
            [("paragraph", "A."), ("paragraph", "B.")],
        ),
        ("quote", {"text": "Swim!", "author": "The mayor"}, [("quote", "Swim!"), ("caption", "The mayor")]),
        ("aside", {"words": "<p>Swim!</p>"}, [("quote", "Swim!")]),
        ("said", "Swim!", [("quote", "Swim!")]),
        (
            "table",
            {"data": [["pH", "7"], [None, None]], "table_caption": "Today"},
            [("caption", "Today"), ("table", "pH | 7")],
        ),
        ("html", "<p>Ad</p>", []),
        ("newsletter", {"text": "Sign up for our letters."}, []),
        ("call_to_action", {"text": "Buy now."}, []),
        ("code_block", {"language": "python", "code": "swim()"}, [("code", "python"), ("code", "swim()")]),
        ("markdown", "#Lakes", [("heading", "Lakes"), ("paragraph", "Read on.")]),
        ("h2", "Lakes", [("heading", "Lakes")]),
        (
            "readings",
            {
                "caption": "Today",
                "columns": [{"type": "name", "heading": "N"}, {"type": "said", "heading": "S"}],
                "rows": [{"values": ["pH", "<p>seven</p>"]}, {"values": ["", ""]}],
            },
            [("caption", "Today"), ("table", "pH | seven")],
        ),
        ("quote", {"text": "Swim!", "author": "", "person": "Ann"}, [("quote", "Swim!"), ("caption", "Ann")]),
        ("video", "https://example.org/v", []),
        ("anchor", "lakes", []),
        ("level", "h2", []),
        ("day", "2026-11-05", []),
        ("heading", "", []),
        ("section", {}, []),
        ("image", None, []),
    ],
)
def test_blocks(kind, value, expected):
    assert pieces((kind, value)) == [Block(kind, text) for kind, text in expected]


def test_blocks_keep_their_order():
    found = pieces(("text", "One."), ("heading", "Two"), ("text", "Three."))
    assert [piece.text for piece in found] == ["One.", "Two", "Three."]


def test_a_picture_is_described_by_its_description_and_never_by_its_title(monkeypatch):
    chosen(monkeypatch, image(description="A river"))
    assert pieces(("image", 5)) == [Image("5", "A river", 640, 480)]
    chosen(monkeypatch, image())
    assert pieces(("image", 5)) == [Image("5", "", 640, 480)]


@pytest.mark.parametrize(
    ("value", "alt"),
    [
        ({"image": 5, "alt_text": "Children swim", "decorative": False}, "Children swim"),
        ({"image": 5, "alt_text": "Children swim", "decorative": True}, ""),
        ({"image": 5, "alt_text": "", "decorative": False}, "A river"),
        ({"image": 5, "alt_text": "DSC_0042.jpg", "decorative": False}, "A river"),
    ],
)
def test_an_image_blocks_own_words_come_first(monkeypatch, value, alt):
    chosen(monkeypatch, image(description="A river"))
    assert pieces(("picture", value)) == [Image("5", alt, 640, 480)]


@pytest.mark.parametrize(("alt_text", "alt"), [("Children swim", "Children swim"), ("", "A river")])
def test_an_alternative_text_beside_a_picture_is_the_pictures(monkeypatch, alt_text, alt):
    chosen(monkeypatch, image(description="A river"))
    found = pieces(("figure", {"image": 5, "alt_text": alt_text, "caption": "At noon"}))
    assert found == [Image("5", alt, 640, 480), Block("caption", "At noon")]


def test_older_image_models_have_other_names_for_the_description():
    class Older:
        pk, title, alt, width, height = 5, "DSC_0042.jpg", "A river", 640, 480

    assert picture(Older()).alt == "A river"
