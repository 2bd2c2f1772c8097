import datetime
from dataclasses import replace

import pytest
from django.utils import timezone
from django.utils.translation import override
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.images import get_image_model
from wagtail.models import Locale

from sandbox.home.models import EventPage, FeaturePage, GuidePage, NewsPage
from tests.factories import NewsPageFactory, picture_of, site_root
from wagtail_syndicate.compose.article import address, read
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.types import Article, Block, Image


pytestmark = pytest.mark.django_db


def without_url(page):
    return None


def front_end_url(page):
    return f"https://www.example.org/{page.slug}"


def save(page):
    return site_root().add_child(instance=page)


def feature(*body, **fields):
    page = FeaturePage(title="A river", slug="river", **fields)
    page.body = page.body.stream_block.to_python([{"type": kind, "value": value} for kind, value in body])
    return save(page)


def test_news():
    image = picture_of("Children swim")
    page = NewsPageFactory(
        title="A  river", slug="river", intro="It is clean.\nSwim!", body="<h2>Lakes</h2><p>Too.</p>", lead_image=image
    )
    page.tags.add("water", "Rivers")
    article = read(page)
    assert article == Article(
        title="A river",
        url="http://localhost:8000/en/river/",
        language="en",
        teaser="It is clean. Swim!",
        teaser_source="intro",
        blocks=(Block("heading", "Lakes"), Block("paragraph", "Too.")),
        images=(Image(str(image.pk), "Children swim", image.width, image.height),),
        tags=("Rivers", "water"),
    )


def test_a_search_description_comes_before_the_introduction():
    page = NewsPageFactory(intro="It is clean.", body="<p>Swim!</p>")
    page.search_description = "Clean again"
    article = read(page)
    assert (article.teaser, article.teaser_source) == ("Clean again", "search_description")
    assert [block.text for block in article.blocks] == ["It is clean.", "Swim!"]


def test_a_text_written_for_posts_comes_first():
    page = NewsPageFactory()
    page.search_description = "Clean again"
    page.social_text = "Swim!"
    assert (read(page).teaser, read(page).teaser_source) == ("Swim!", "social_text")


def test_a_subtitle_is_the_last_resort():
    assert read(feature(subtitle="It is clean.", intro="Swim!")).teaser == "Swim!"
    assert read(FeaturePage(title="A river", subtitle="It is clean.")).teaser_source == "subtitle"


def test_a_feature_with_pictures():
    lead, other = picture_of("The bridge"), picture_of("The lake")
    block = {"image": {"image": other.pk, "alt_text": "Children swim", "decorative": False}, "caption": "At noon"}
    again = {"image": {"image": lead.pk, "alt_text": "Another text", "decorative": False}, "caption": ""}
    page = feature(
        ("heading", "Lakes"),
        ("paragraph", "<p>Clean.</p>"),
        ("image", block),
        ("quote", {"text": "Swim!", "source": "The mayor"}),
        ("image", again),
        subtitle="Everywhere",
        intro="It is clean.",
        lead_image=lead,
    )
    article = read(page)
    assert [(b.kind, b.text) for b in article.blocks] == [
        ("heading", "Lakes"),
        ("paragraph", "Clean."),
        ("caption", "At noon"),
        ("quote", "Swim!"),
        ("caption", "The mayor"),
    ]
    assert [(i.reference, i.alt) for i in article.images] == [
        (str(lead.pk), "The bridge"),
        (str(other.pk), "Children swim"),
    ]


def test_a_picture_without_words_takes_them_from_where_it_stands_again():
    lead = picture_of("")
    block = {"image": {"image": lead.pk, "alt_text": "Children swim", "decorative": False}, "caption": ""}
    page = feature(("image", block), intro="It is clean.", lead_image=lead)
    assert [image.alt for image in read(page).images] == ["Children swim"]


def test_an_event_without_a_teaser():
    now = timezone.now()
    page = save(
        EventPage(
            title="Open day", starts_at=now, ends_at=now, venue="The hall", city="Town", description="<p>Come!</p>"
        )
    )
    article = read(page)
    assert (article.title, article.teaser, article.blocks) == ("Open day", "", (Block("paragraph", "Come!"),))


def test_a_guide_with_an_edit_handler_of_its_own():
    page = GuidePage(title="How to", intro="Three steps.")
    page.search_description = "Steps"
    page.steps = page.steps.stream_block.to_python(
        [{"type": "step", "value": {"title": "Open", "text": "<p>Turn it.</p>", "image": None}}]
    )
    texts = [(block.kind, block.text) for block in read(save(page)).blocks]
    assert texts == [("paragraph", "Three steps."), ("heading", "Open"), ("paragraph", "Turn it.")]


def test_the_order_is_that_of_the_edit_form(monkeypatch):
    page = GuidePage(title="How to", intro="Three steps.")
    page.search_description = "Steps"
    page.steps = page.steps.stream_block.to_python(
        [{"type": "step", "value": {"title": "Open", "text": "<p>Turn it.</p>", "image": None}}]
    )
    monkeypatch.setattr(GuidePage, "edit_handler", ObjectList([FieldPanel("steps"), FieldPanel("intro")]))
    assert [block.text for block in read(page, url="").blocks] == ["Open", "Turn it.", "Three steps."]


def test_a_home_page():
    assert read(site_root()).title == "Home"


def test_a_draft_is_read_as_the_draft():
    page = NewsPageFactory(intro="Old.")
    page.intro = "New."
    page.save_revision()
    assert read(page.get_latest_revision_as_object()).teaser == "New."
    assert read(NewsPage.objects.get(pk=page.pk)).teaser == "Old."


def test_a_page_of_unknown_type_is_read_as_what_it_is():
    page = NewsPageFactory(intro="It is clean.")
    general = site_root().get_children().get(pk=page.pk)
    assert read(general).teaser == "It is clean."


def test_a_page_that_was_never_saved():
    article = read(
        NewsPage(title="A river", slug="river", body="<p>Clean.</p>", date=datetime.date(2026, 11, 5)), url=""
    )
    assert (article.title, article.tags, article.images) == ("A river", (), ())


def test_what_was_never_saved_may_refuse_to_tell_its_tags():
    image = get_image_model()(title="A river", collection_id=1)
    with pytest.raises(ValueError):
        image.tags.all()
    assert read(image).tags == ()


def test_something_that_is_hardly_a_page():
    class Thing:
        title = "A river"

    assert read(Thing()) == Article("A river", "", "en")


def test_the_language_is_the_pages_own():
    french, _ = Locale.objects.get_or_create(language_code="fr")
    with override("de"):
        assert read(NewsPageFactory(locale=french)).language == "fr"


def test_a_page_has_the_last_word():
    page = NewsPageFactory(slug="river")
    page.get_syndication_article = lambda article: replace(article, teaser="Swim!", tags=("river",))
    article = read(page)
    assert (article.teaser, article.tags, article.title, article.url) == (
        "Swim!",
        ("river",),
        page.title,
        address(page),
    )


def test_a_given_address_is_used():
    assert read(NewsPageFactory(), url="https://example.org/").url == "https://example.org/"


def test_the_ways_to_an_address(settings):
    page = NewsPageFactory(slug="river")
    assert address(page) == "http://localhost:8000/en/river/"
    settings.WAGTAIL_SYNDICATE = {"PAGE_URL": f"{__name__}.front_end_url"}
    assert address(page) == "https://www.example.org/river"
    settings.WAGTAIL_SYNDICATE = {"PAGE_URL": without_url}
    assert address(page) == "http://localhost:8000/en/river/"
    page.get_syndication_url = lambda: "https://example.org/own"
    assert address(page) == "https://example.org/own"


@pytest.mark.parametrize("base", ["https://www.example.org", "https://www.example.org/"])
def test_a_site_in_front_of_this_one_has_the_same_paths(settings, base):
    settings.WAGTAIL_SYNDICATE = {"PAGE_URL": base}
    assert address(NewsPageFactory(slug="river")) == "https://www.example.org/en/river/"


def test_without_wagtails_own_addresses_the_place_in_the_tree_is_the_path(settings):
    settings.ROOT_URLCONF = "tests.compose.headless"
    page = NewsPageFactory(slug="river")
    assert address(page) == ""
    settings.WAGTAIL_SYNDICATE = {"PAGE_URL": "https://www.example.org/blog"}
    assert address(page) == "https://www.example.org/blog/river/"
    page.url_path = "/elsewhere/river/"
    assert address(page) == ""


def test_a_page_under_no_site_has_no_address():
    page = NewsPageFactory(slug="river")
    page.url_path = "/elsewhere/river/"
    assert address(page) == ""


@pytest.mark.parametrize(
    "wrong", ["nowhere.page_url", f"{__name__}.missing", "django.VERSION", "https://", "https://a.org/?b"]
)
def test_a_wrong_setting_says_so(settings, wrong):
    settings.WAGTAIL_SYNDICATE = {"PAGE_URL": wrong}
    with pytest.raises(ConfigurationError, match="PAGE_URL"):
        address(NewsPageFactory())


def test_reading_asks_only_for_the_pages_relations(django_assert_max_num_queries):
    page = NewsPageFactory(lead_image=picture_of("A river"))
    page.tags.add("water")
    page.save()
    page = NewsPage.objects.get(pk=page.pk)
    read(page)
    page = NewsPage.objects.get(pk=page.pk)
    with django_assert_max_num_queries(4):
        read(page)
