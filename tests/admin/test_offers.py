"""Many accounts: grouped, light, and ticked as the last time."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sandbox.home.models import NewsPage
from tests.admin import editing
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, publish, site_root, tick
from wagtail_syndicate.backends import registry
from wagtail_syndicate.models import Delivery


MANY = 200


@pytest.fixture
def editor(client, db):
    user = editing.person("use_account")
    client.force_login(user)
    return user


def legends(soup):
    return [legend.get_text(strip=True) for legend in soup.find(class_="syndicate").find_all("legend")]


def test_accounts_are_grouped_by_region_and_network(client, editor):
    for network in ("x", "weibo", "mastodon", "memory", "mastodon"):
        AccountFactory(network=network, host="https://social.example" if network == "mastodon" else "")

    soup = editing.opened(client, editing.edit_url(NewsPageFactory()))

    found = [name for name in legends(soup) if name != "Picture"]
    assert found[1:] == ["Worldwide", "Mastodon", "Memory (tests)", "X", "China", "Weibo"]
    mastodon = soup.find("legend", string=lambda text: text and "Mastodon" in text)
    group = soup.find(class_="syndicate-network__name").parent if mastodon is None else mastodon.parent
    assert len(group.find_all("input", {"name": "syndication-accounts"})) == 2


def test_every_network_has_a_drawing_of_its_own(client, editor):
    sprite = client.get(reverse("wagtailadmin_sprite")).content.decode()

    names = [registry.get(name).icon for name in registry.built_in() if name != "memory"]

    assert len(set(names)) == len(names)
    for name in names:
        assert f'id="icon-{name}"' in sprite


def test_a_search_only_among_many(client, editor):
    page = NewsPageFactory()
    AccountFactory.create_batch(12)
    assert not editing.opened(client, editing.edit_url(page)).find(id="syndication-search")

    AccountFactory()
    search = editing.opened(client, editing.edit_url(page)).find(id="syndication-search")
    assert search and not search.get("name")


def test_two_hundred_accounts_are_light(client, editor):
    page = NewsPageFactory()
    accounts = AccountFactory.create_batch(MANY)
    tick(page, *accounts, wordings={accounts[0].pk: "Words"})

    soup = editing.opened(client, editing.edit_url(page))

    panel = soup.find(class_="syndicate")
    # Only the card that holds something; the browser makes the others when they are looked at.
    assert len([card for card in panel.find_all(class_="syndicate-card") if not card.find_parent("template")]) == 1
    assert len(panel.find_all("input", {"name": "syndication-accounts"})) == MANY
    assert len(str(panel)) < MANY * 1500


def test_queries_do_not_grow_with_accounts_ticks_and_posts(client, editor):
    page = publish(NewsPageFactory(), AccountFactory())
    tick(page, *page_accounts(page))  # a draft of a live page, which costs Wagtail queries of its own
    address = editing.edit_url(page)
    client.get(address)

    def queries(function):
        with CaptureQueriesContext(connection) as captured:
            function()
        return len(captured)

    opening = queries(lambda: client.get(address))
    previewing = queries(lambda: previewed(client, page))
    accounts = AccountFactory.create_batch(30, slots=[{"days": [0], "time": "09:00"}])
    for account in accounts:
        DeliveryFactory(account=account, page=page, state=Delivery.State.CANCELLED)
    tick(page, *accounts, wordings={account.pk: "Words" for account in accounts})
    client.get(address)

    assert queries(lambda: client.get(address)) == opening
    assert queries(lambda: previewed(client, page)) <= previewing


def page_accounts(page):
    return [delivery.account for delivery in Delivery.objects.filter(page=page)]


def previewed(client, page):
    data = {"syndication-present": "1", **dict.fromkeys(("title", "slug", "intro"), "x"), "date": "2026-11-05"}
    data["syndication-accounts"] = list(editing.ticks(page))
    data |= {"body": "null", "comments-TOTAL_FORMS": "0", "comments-INITIAL_FORMS": "0"}
    response = client.post(reverse("wagtail_syndicate:preview_edit", args=[page.pk]), data)
    assert response.status_code == 200, response.content
    return response.json()


# As last time


def last_time(client, page="", model=NewsPage):
    address = reverse("wagtail_syndicate:last_time", args=[model._meta.app_label, model._meta.model_name])
    return client.get(address, {"page": getattr(page, "pk", page)})


def published_by(user, page, *accounts):
    page = publish(page, *accounts)
    Delivery.objects.filter(page=page).update(published_by=user)
    return page


def test_the_accounts_of_the_page_that_she_published_last(client, editor):
    first, second, third = AccountFactory.create_batch(3)
    published_by(editor, NewsPageFactory(title="Mine, older"), first)
    published_by(editor, NewsPageFactory(title="Mine"), first, second)
    published_by(None, NewsPageFactory(title="Somebody's"), third)

    answer = last_time(client).json()

    assert answer["accounts"] == [str(first.pk), str(second.pk)]
    assert "“Mine”" in answer["text"]


def test_somebody_elses_where_she_published_none(client, editor):
    account = AccountFactory()
    published_by(None, NewsPageFactory(title="Somebody's"), account)

    assert last_time(client).json()["accounts"] == [str(account.pk)]


def test_not_the_page_itself_and_no_other_type(client, editor):
    account, page = AccountFactory(), NewsPageFactory()
    published_by(editor, page, account)

    assert last_time(client, page).json()["accounts"] == []
    assert last_time(client, model=type(site_root())).json()["accounts"] == []


def test_only_accounts_that_she_may_use(client, editor):
    account, off = AccountFactory(), AccountFactory()
    published_by(editor, NewsPageFactory(), account, off)
    type(off).objects.filter(pk=off.pk).update(active=False)

    assert last_time(client).json()["accounts"] == [str(account.pk)]


def test_the_last_time_is_for_people_who_may_tick(client, db):
    client.force_login(editing.person())

    assert last_time(client).status_code in (302, 403)


def test_an_unknown_type(client, editor):
    address = reverse("wagtail_syndicate:last_time", args=["home", "nothing"])

    assert client.get(address, follow=True).status_code == 404
