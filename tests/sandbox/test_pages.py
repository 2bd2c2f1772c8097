"""What visitors of the sandbox and other programs see of its pages."""

import json

import pytest
import wagtail
from bs4 import BeautifulSoup
from django.test import Client

from sandbox.home.models import EventPage, FeaturePage, HomePage, NewsPage, Page


LANGUAGES = ["en", "fr", "de", "ru", "zh-hans", "ja"]


def soup(path):
    response = Client().get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def meta(page, name):
    return page.find("meta", property=name)["content"]


def test_every_article_renders_with_the_tags_that_networks_read(published):
    assert len(published) >= 4 * len(LANGUAGES)
    for article in published:
        page = soup(article.url)
        assert page.html["lang"] == article.locale.language_code
        assert page.html["dir"] == "ltr"
        assert page.find("link", rel="canonical")["href"] == article.full_url
        assert article.full_url.startswith(f"http://localhost:8000/{article.locale.language_code}/")
        assert meta(page, "og:title") == article.title
        assert meta(page, "og:url") == article.full_url
        assert meta(page, "og:image").startswith("http://localhost:8000/media/")
        assert meta(page, "og:image:alt") == article.lead_image.description
        assert page.h1.text == article.title


def test_an_article_says_which_language_it_has_and_leads_to_all_others(published):
    article = NewsPage.objects.get(locale__language_code="ja")
    page = soup(article.url)
    assert [link["hreflang"] for link in page.find_all("link", rel="alternate")] == ["ja"]
    switcher = page.find("nav", class_="languages")
    assert [link["hreflang"] for link in switcher.find_all("a")] == LANGUAGES
    assert [link["href"] for link in switcher.find_all("a")] == [
        article.url if language == "ja" else f"/{language}/" for language in LANGUAGES
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_home_page_lists_what_is_published_in_its_language(published, language):
    hidden = NewsPage.objects.get(locale__language_code=language)
    hidden.unpublish()
    page = soup(f"/{language}/")
    expected = {article.url for article in published if article.locale.language_code == language} - {hidden.url}
    assert {link["href"] for link in page.select(".card a")} == expected
    assert [link["hreflang"] for link in page.find_all("link", rel="alternate")] == LANGUAGES


def test_an_empty_home_page_says_so_in_its_own_words(published):
    Page.objects.filter(pk__in=[article.pk for article in published]).update(live=False)
    assert "Rien n’a encore été publié ici." in soup("/fr/").main.text
    assert "ここにはまだ何も公開されていません。" in soup("/ja/").main.text


def test_visitors_come_to_the_home_page_of_their_language(published):
    response = Client(headers={"Accept-Language": "de-AT,de;q=0.9"}).get("/")
    assert response["Location"] == "/de/"


def test_a_video_is_shown_without_asking_its_site(published):
    for feature in FeaturePage.objects.all():
        addresses = [block.value.url for block in feature.body if block.block_type == "embed"]
        assert [link["href"] for link in soup(feature.url).select("a.video")] == addresses


def test_an_event_shows_its_programme_in_order(published):
    event = EventPage.objects.get(locale__language_code="de")
    times = [row.text for row in soup(event.url).select(".programme time")]
    assert times == [f"{row.time:%H:%M}" for row in event.programme.order_by("sort_order")]


def test_every_page_type_can_be_edited(published, admin_client):
    for article in [HomePage.objects.first(), *(page for page in published if page.locale.language_code == "en")]:
        assert admin_client.get(f"/admin/pages/{article.pk}/edit/").status_code == 200


@pytest.mark.skipif(wagtail.VERSION < (8, 0), reason="API v3 came with Wagtail 8.0")
def test_the_api_shows_a_published_article(published):
    article = NewsPage.objects.get(locale__language_code="zh-hans")
    answer = json.loads(Client().get(f"/api/v3/pages/{article.pk}/").content)
    assert answer["title"] == article.title
    assert answer["intro"] == article.intro
