"""What the panel says will be posted is what is posted."""

import pytest
from django.urls import reverse

from sandbox.home.models import NewsPage
from tests.admin import editing
from tests.admin.editing import wording_of
from tests.factories import AccountFactory, NewsPageFactory, publish, site_root, tick
from wagtail_syndicate.delivery import content, send
from wagtail_syndicate.models import Delivery, TargetSet


@pytest.fixture
def editor(client, db):
    user = editing.person("use_account")
    client.force_login(user)
    return user


def preview_url(page):
    return reverse("wagtail_syndicate:preview_edit", args=[page.pk])


def previewed(client, page, **values):
    response = editing.sent(client, preview_url(page), editing.filled(client, editing.edit_url(page), **values))
    assert response.status_code == 200, response.content
    return response.json()["accounts"]


def test_texts_of_all_ticked_accounts(client, editor):
    generated, worded, unticked = AccountFactory.create_batch(3)
    page = NewsPageFactory()

    texts = previewed(
        client,
        page,
        syndication__accounts=[generated.pk, worded.pk],
        title="A title that is not saved",
        **{wording_of(worded): "My own words", wording_of(unticked): "Not ticked"},
    )

    page.title = "A title that is not saved"
    article = content.article_of(page)
    expected = {
        str(account.pk): content.message_for(article, account, wording)
        for account, wording in ((generated, ""), (worded, "My own words"))
    }
    assert texts.keys() == expected.keys()
    for key, message in expected.items():
        assert texts[key]["text"] == message.text
        assert texts[key]["source"] == message.source
    assert "A title that is not saved" in texts[str(generated.pk)]["text"]
    assert texts[str(worded.pk)]["text"].startswith("My own words")
    assert (texts[str(worded.pk)]["count"], texts[str(worded.pk)]["limit"]) == content.measure_for(
        article, worded, "My own words"
    )
    assert texts[str(worded.pk)]["source_text"] == "Your own text"


def test_preview_equals_what_is_sent(client, editor, settings):
    account, page = AccountFactory(), NewsPageFactory(title="Zürich: “Übung” 水 👩‍🔬")
    text = previewed(client, page, syndication__accounts=account.pk)[str(account.pk)]["text"]

    editing.saved(client, page, "action-publish", syndication__accounts=account.pk)
    send.drain()

    delivery = Delivery.objects.get()
    assert delivery.state == Delivery.State.SENT
    assert delivery.message.text == text


def test_a_wording_that_is_too_long_is_counted(client, editor):
    account, page = AccountFactory(), NewsPageFactory()

    text = previewed(client, page, syndication__accounts=account.pk, **{wording_of(account): "long " * 200})[
        str(account.pk)
    ]

    length, limit = content.measure_for(content.article_of(page), account, ("long " * 200).strip())
    assert (text["count"], text["limit"]) == (length, limit)
    assert text["count_text"] == f"{length - limit} too long"
    assert "too long" in text["error"]


def test_nothing_is_kept(client, editor):
    account, page = AccountFactory(), NewsPageFactory()
    before = page.revisions.count()

    previewed(client, page, syndication__accounts=account.pk, title="Not saved")

    assert page.revisions.count() == before
    assert not TargetSet.objects.exists()
    assert not Delivery.objects.exists()
    assert NewsPage.objects.get(pk=page.pk).title == page.title


def test_a_new_page(client, editor):
    account = AccountFactory(sites=[site_root().get_site()])
    home = site_root()
    values = {"title": "Brand new", "slug": "brand-new", "date": "2026-11-05", "intro": "Words to be read."}
    data = editing.filled(client, editing.add_url(NewsPage, home), **values, syndication__accounts=account.pk)
    address = reverse("wagtail_syndicate:preview_add", args=["home", "newspage", home.pk])

    text = editing.sent(client, address, data).json()["accounts"][str(account.pk)]["text"]

    assert "Brand new" in text
    assert text.endswith("/brand-new/")
    assert not NewsPage.objects.exists()


def test_an_unfinished_page_can_be_previewed(client, editor):
    """Required fields that are still empty are no mistake yet."""
    account, home = AccountFactory(), site_root()
    address = editing.add_url(NewsPage, home)
    data = editing.filled(client, address, syndication__accounts=account.pk)

    response = editing.sent(client, reverse("wagtail_syndicate:preview_add", args=["home", "newspage", home.pk]), data)

    assert response.status_code in (200, 422)
    assert response.json()


def test_mistakes_in_other_fields_are_named(client, editor):
    account, page = AccountFactory(), NewsPageFactory()
    data = editing.filled(client, editing.edit_url(page), syndication__accounts=account.pk, date="yesterday")

    response = editing.sent(client, preview_url(page), data)

    assert response.status_code == 422
    assert "other fields" in response.json()["message"]


def test_no_ticks_no_texts(client, editor):
    assert previewed(client, NewsPageFactory()) == {}


def test_only_for_people_who_may_edit(client, db):
    account, page = AccountFactory(), NewsPageFactory()
    client.force_login(editing.person("use_account", pages=()))

    assert client.post(preview_url(page), {"title": "x"}).status_code in (302, 403)
    address = reverse("wagtail_syndicate:preview_add", args=["home", "newspage", site_root().pk])
    assert client.post(address, {"title": "x", "syndication-accounts": account.pk}).status_code in (302, 403)


def test_only_by_post(client, editor):
    page = NewsPageFactory()

    assert client.get(preview_url(page)).status_code == 405
    assert client.delete(preview_url(page)).status_code == 405


def test_accounts_that_she_may_not_use_are_not_previewed(client, editor):
    AccountFactory()
    other, page = AccountFactory(locales=["fr"]), NewsPageFactory()
    data = editing.filled(client, editing.edit_url(page), syndication__accounts=other.pk)

    assert editing.sent(client, preview_url(page), data).status_code == 422


def test_without_permission_there_are_no_texts(client, db):
    account, page = AccountFactory(), NewsPageFactory()
    tick(page, account)
    client.force_login(editing.person())
    data = editing.filled(client, editing.edit_url(page), syndication__present=1, syndication__accounts=account.pk)

    assert editing.sent(client, preview_url(page), data).json()["accounts"] == {}


def test_the_article_is_read_once(client, editor, monkeypatch):
    accounts, page = AccountFactory.create_batch(5), publish(NewsPageFactory())
    reads = []
    original = content.article_of
    monkeypatch.setattr(content, "article_of", lambda page: reads.append(page) or original(page))

    texts = previewed(client, page, syndication__accounts=[account.pk for account in accounts])

    assert len(texts) == 5
    assert len(reads) == 1
