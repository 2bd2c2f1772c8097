"""The pieces that editors put a story together from."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.embeds.blocks import EmbedBlock
from wagtail.images.blocks import ImageBlock


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("Text"))
    source = blocks.CharBlock(required=False, label=_("Source"))

    class Meta:
        icon = "openquote"
        label = _("Quote")
        template = "home/blocks/quote.html"


class FigureBlock(blocks.StructBlock):
    """A picture with a description for this very place, and a caption below it."""

    image = ImageBlock(label=_("Image"))
    caption = blocks.CharBlock(required=False, label=_("Caption"))

    class Meta:
        icon = "image"
        label = _("Image")
        template = "home/blocks/figure.html"


class StoryBlock(blocks.StreamBlock):
    heading = blocks.CharBlock(icon="title", label=_("Heading"), template="home/blocks/heading.html")
    paragraph = blocks.RichTextBlock(icon="pilcrow", label=_("Paragraph"))
    quote = QuoteBlock()
    image = FigureBlock()
    embed = EmbedBlock(label=_("Video"), template="home/blocks/embed.html")


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"))
    text = blocks.RichTextBlock(label=_("Text"))
    image = ImageBlock(required=False, label=_("Image"))

    class Meta:
        icon = "list-ol"
        label = _("Step")
        template = "home/blocks/step.html"
