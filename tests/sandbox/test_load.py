"""The loader with the content that the sandbox ships."""

import json

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.management import call_command
from wagtail.images import get_image_model
from wagtail.models import Locale, Revision, Site

from sandbox.home import people
from sandbox.home.models import EventPage, FeaturePage, GuidePage, HomePage, NewsPage, Page
from tests.factories import AccountFactory
from wagtail_syndicate.accounts import permissions

from .conftest import all_articles


LANGUAGES = ["en", "fr", "de", "ru", "zh-hans", "ja"]


@pytest.fixture
def content():
    """What the files say, as ``{language: content}``."""
    return {
        language: json.loads((settings.SANDBOX_CONTENT / f"{language}.json").read_text(encoding="utf-8"))
        for language in LANGUAGES
    }


def test_every_article_is_a_draft_below_the_home_page_of_its_language(loaded, content):
    expected = {(language, page["slug"]) for language in LANGUAGES for page in content[language]["pages"]}
    found = {(article.get_parent().locale.language_code, article.slug) for article in loaded}
    assert found == expected
    for article in loaded:
        assert not article.live
        assert article.has_unpublished_changes
        assert article.locale == article.get_parent().locale
        assert article.owner.username == "editor"
        assert article.get_latest_revision().user.username == "editor"


def test_every_language_has_each_kind_of_article(loaded):
    for model in (NewsPage, FeaturePage, EventPage, GuidePage):
        assert set(model.objects.values_list("locale__language_code", flat=True)) == set(LANGUAGES)


def test_the_home_pages_are_live_translations_of_one_another(loaded):
    homes = HomePage.objects.live()
    assert sorted(home.locale.language_code for home in homes) == sorted(LANGUAGES)
    assert len({home.translation_key for home in homes}) == 1
    assert set(Locale.objects.values_list("language_code", flat=True)) == set(LANGUAGES)


def test_there_is_one_site_at_the_sandbox_address_and_no_welcome_page(loaded):
    site = Site.objects.get()
    assert (site.hostname, site.port, site.is_default_site) == ("localhost", 8000, True)
    assert site.root_page.specific == HomePage.objects.get(locale__language_code="en")
    assert Page.objects.filter(depth=2).count() == len(LANGUAGES)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("https://newsroom.example", ("newsroom.example", 443)),
        ("http://newsroom.example", ("newsroom.example", 80)),
        ("http://127.0.0.1:8123", ("127.0.0.1", 8123)),
    ],
)
def test_the_site_is_where_the_setting_says(loaded, settings, address, place):
    settings.SANDBOX_URL = address
    call_command("load_sandbox")
    assert Site.objects.values_list("hostname", "port").get() == place


def test_a_lead_image_is_described_in_the_words_of_its_article(loaded, content):
    alt_texts = {page["slug"]: page["image_alt"] for data in content.values() for page in data["pages"]}
    for article in loaded:
        assert article.lead_image.description == alt_texts[article.slug]
        assert (article.lead_image.width, article.lead_image.height) == (1600, 900)


def test_a_news_page_says_what_its_file_says(loaded, content):
    data = content["ru"]["pages"][0]
    page = NewsPage.objects.get(slug=data["slug"]).get_latest_revision_as_object()
    assert (page.title, page.intro, page.body) == (data["title"], data["intro"], data["body"])
    assert page.date.isoformat() == data["date"]
    assert {tag.name for tag in page.tags.all()} == set(data["tags"])


def test_a_feature_keeps_its_blocks_in_order(loaded, content):
    data = next(page for page in content["ja"]["pages"] if page["type"] == "feature")
    page = FeaturePage.objects.get(slug=data["slug"]).get_latest_revision_as_object()
    assert page.subtitle == data["subtitle"]
    assert [block.block_type for block in page.body] == [block["type"] for block in data["body"]]
    for block, written in zip(page.body, data["body"], strict=True):
        match block.block_type:
            case "heading":
                assert block.value == written["value"]
            case "paragraph":
                assert block.value.source == written["value"]
            case "quote":
                assert dict(block.value) == written["value"]
            case "image":
                assert block.value["image"].contextual_alt_text == written["value"]["alt_text"]
                assert block.value["caption"] == written["value"]["caption"]
            case "embed":
                assert block.value.url == written["value"]


def test_an_event_has_its_times_and_its_programme(loaded, content):
    data = next(page for page in content["de"]["pages"] if page["type"] == "event")
    page = EventPage.objects.get(slug=data["slug"]).get_latest_revision_as_object()
    assert page.starts_at.astimezone().strftime("%Y-%m-%dT%H:%M") == data["starts_at"]
    assert page.ends_at.astimezone().strftime("%Y-%m-%dT%H:%M") == data["ends_at"]
    rows = page.programme.all()
    assert [{"time": f"{row.time:%H:%M}", "title": row.title} for row in rows] == data["programme"]
    assert [row.sort_order for row in rows] == list(range(len(rows)))


def test_a_guide_has_its_steps(loaded, content):
    data = next(page for page in content["fr"]["pages"] if page["type"] == "guide")
    page = GuidePage.objects.get(slug=data["slug"]).get_latest_revision_as_object()
    steps = [
        {
            "title": step.value["title"],
            "text": step.value["text"].source,
            "alt_text": step.value["image"].contextual_alt_text if step.value["image"] else "",
        }
        for step in page.steps
    ]
    assert steps == [{name: step[name] for name in ("title", "text", "alt_text")} for step in data["steps"]]


def test_a_search_description_is_kept_where_the_page_model_has_one(loaded, content):
    written = {page["slug"]: page["search_description"] for data in content.values() for page in data["pages"]}
    assert any(written.values())
    for article in loaded:
        assert getattr(article, "search_description", written[article.slug]) == written[article.slug]


def test_a_second_run_changes_nothing_and_asks_little(loaded, django_assert_max_num_queries):
    def everything():
        return (
            sorted(Page.objects.values_list("pk", "latest_revision")),
            Revision.objects.count(),
            get_image_model().objects.count(),
            Site.objects.values().get(),
        )

    before = everything()
    with django_assert_max_num_queries(80):
        call_command("load_sandbox")
    assert everything() == before


def test_a_second_run_leaves_an_editors_work_alone(loaded):
    page = NewsPage.objects.first()
    page.title = "Changed by an editor"
    page.save_revision().publish()
    call_command("load_sandbox")
    page.refresh_from_db()
    assert page.live
    assert page.title == "Changed by an editor"


def test_a_deleted_article_comes_back(loaded):
    slug = NewsPage.objects.first().slug
    NewsPage.objects.first().delete()
    call_command("load_sandbox")
    assert not NewsPage.objects.get(slug=slug).live


def test_reset_makes_every_article_a_draft_again(loaded):
    for article in loaded:
        article.get_latest_revision().publish()
    homes = set(HomePage.objects.values_list("pk", flat=True))
    call_command("load_sandbox", reset=True)
    assert {article.slug for article in all_articles()} == {article.slug for article in loaded}
    assert not any(article.live for article in all_articles())
    assert set(HomePage.objects.values_list("pk", flat=True)) == homes


@pytest.mark.parametrize("username", ["editor", "siteadmin", "manager", "beijing", "admin"])
def test_each_person_can_open_the_admin(loaded, client, username):
    assert authenticate(username=username, password=f"{username}-sandbox")
    client.login(username=username, password=f"{username}-sandbox")
    assert client.get("/admin/").status_code == 200


def test_an_editor_may_write_and_publish_and_a_site_admin_may_not(loaded, django_user_model):
    article = NewsPage.objects.first()
    editor = article.permissions_for_user(django_user_model.objects.get(username="editor"))
    assert editor.can_edit()
    assert editor.can_publish()
    assert article.get_parent().permissions_for_user(editor.user).can_add_subpage()
    siteadmin = article.permissions_for_user(django_user_model.objects.get(username="siteadmin"))
    assert not siteadmin.can_edit()
    assert not siteadmin.can_publish()


def test_groups_show_what_may_be_permitted(loaded, django_user_model):
    here, chinese = AccountFactory(), AccountFactory(collection=people.collection(people.BEIJING))

    def may(username, account):
        user = django_user_model.objects.get(username=username)
        verbs = ("use", "add", "change", "delete")
        return [v for v in verbs if permissions.policy.user_has_permission_for_instance(user, v, account)]

    for account in (here, chinese):
        assert may("editor", account) == ["use"]
        assert may("manager", account) == ["use", "change"]
        assert may("siteadmin", account) == ["use", "add", "change", "delete"]
    assert may("beijing", chinese) == ["use"]
    assert may("beijing", here) == []
