"""Page types as a company's newsroom has them, each built in another of the ways that Wagtail offers."""

import swapper
from django.db import models
from django.utils.translation import gettext_lazy as _
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey
from taggit.models import TaggedItemBase
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList
from wagtail.fields import RichTextField, StreamField
from wagtail.images import get_image_model_string
from wagtail.models import Orderable

from . import api
from .blocks import StepBlock, StoryBlock


swapper.set_app_prefix("wagtailcore", "wagtail")  # Wagtail 8 does so itself, 7.4 knows no swapped page model
Page = swapper.load_model("wagtailcore", "Page", require_ready=False)


class HomePage(Page):
    intro = models.TextField(_("introduction"), blank=True)

    content_panels = Page.content_panels + [FieldPanel("intro")]
    api_fields = api.fields("intro")

    class Meta:
        verbose_name = _("home page")

    def get_context(self, request, *args, **kwargs):
        context = super().get_context(request, *args, **kwargs)
        articles = self.get_children().live().public().order_by("-first_published_at")
        context["articles"] = articles.specific()
        return context


class ArticlePage(Page):
    """What the articles have in common."""

    lead_image = models.ForeignKey(
        get_image_model_string(),
        verbose_name=_("lead image"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    parent_page_types = ["home.HomePage"]
    subpage_types = []

    class Meta:
        abstract = True


class NewsPageTag(TaggedItemBase):
    content_object = ParentalKey("home.NewsPage", on_delete=models.CASCADE, related_name="tagged_items")


class NewsPage(ArticlePage):
    """The plain one: a teaser and one rich text."""

    date = models.DateField(_("date"))
    intro = models.TextField(_("introduction"))
    body = RichTextField(_("text"))
    tags = ClusterTaggableManager(through=NewsPageTag, blank=True)

    content_panels = Page.content_panels + [
        FieldPanel("date"),
        FieldPanel("intro"),
        FieldPanel("lead_image"),
        FieldPanel("body"),
        FieldPanel("tags"),
    ]
    api_fields = api.fields("date", "intro", "lead_image", "body", "tags")

    class Meta:
        verbose_name = _("news")
        verbose_name_plural = _("news")


class FeaturePageTag(TaggedItemBase):
    content_object = ParentalKey("home.FeaturePage", on_delete=models.CASCADE, related_name="tagged_items")


class FeaturePage(ArticlePage):
    """The long one: a StreamField with quotes, pictures and videos between the paragraphs."""

    subtitle = models.CharField(_("subtitle"), max_length=255, blank=True)
    intro = models.TextField(_("introduction"))
    body = StreamField(StoryBlock(), verbose_name=_("story"))
    tags = ClusterTaggableManager(through=FeaturePageTag, blank=True)

    content_panels = Page.content_panels + [
        FieldPanel("subtitle"),
        FieldPanel("intro"),
        FieldPanel("lead_image"),
        FieldPanel("body"),
        FieldPanel("tags"),
    ]
    api_fields = api.fields("subtitle", "intro", "lead_image", "body", "tags")

    class Meta:
        verbose_name = _("feature")
        verbose_name_plural = _("features")


class EventPageTag(TaggedItemBase):
    content_object = ParentalKey("home.EventPage", on_delete=models.CASCADE, related_name="tagged_items")


class EventPage(ArticlePage):
    """The one without a teaser: facts, a description and a programme of rows."""

    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    venue = models.CharField(_("venue"), max_length=255)
    city = models.CharField(_("city"), max_length=255)
    registration_url = models.URLField(_("registration"), blank=True)
    description = RichTextField(_("description"))
    tags = ClusterTaggableManager(through=EventPageTag, blank=True)

    content_panels = Page.content_panels + [
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")]),
                FieldRowPanel([FieldPanel("venue"), FieldPanel("city")]),
                FieldPanel("registration_url"),
            ],
            heading=_("When and where"),
        ),
        FieldPanel("lead_image"),
        FieldPanel("description"),
        InlinePanel("programme", heading=_("Programme"), label=_("Programme item")),
        FieldPanel("tags"),
    ]
    api_fields = api.fields(
        "starts_at",
        "ends_at",
        "venue",
        "city",
        "registration_url",
        "lead_image",
        "description",
        "programme",
        "tags",
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")


class ProgrammeItem(Orderable):
    page = ParentalKey(EventPage, on_delete=models.CASCADE, related_name="programme")
    time = models.TimeField(_("time"))
    title = models.CharField(_("title"), max_length=255)

    panels = [FieldPanel("time"), FieldPanel("title")]
    api_fields = api.fields("time", "title")

    class Meta(Orderable.Meta):
        verbose_name = _("programme item")
        verbose_name_plural = _("programme items")


class GuidePage(ArticlePage):
    """The one with an edit handler of its own, without tabs."""

    intro = models.TextField(_("introduction"))
    steps = StreamField([("step", StepBlock())], verbose_name=_("steps"))

    edit_handler = ObjectList(
        [
            FieldPanel("title"),
            FieldPanel("slug"),
            FieldPanel("intro"),
            FieldPanel("lead_image"),
            FieldPanel("steps"),
        ]
    )
    api_fields = api.fields("intro", "lead_image", "steps")

    class Meta:
        verbose_name = _("guide")
        verbose_name_plural = _("guides")
