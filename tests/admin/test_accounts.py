"""Accounts in the Wagtail admin: the list, their forms, and who may see them."""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import json
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import timezone

from tests.accounts.fixtures import fakenet, fakenet_server, script  # noqa: F401 (fixtures)
from tests.admin import editing
from tests.admin.accounts import (  # noqa: F401 (fixtures)
    INDEX,
    VK_KEY,
    admin,
    beside,
    connect,
    create,
    edit_url,
    everything_logged,
    new,
    text,
    url,
)
from tests.factories import AccountFactory
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.models import Account


pytestmark = pytest.mark.django_db

KEYS = {"access_token": "a", "refresh_token": "b"}


# The list and the forms


def test_the_menu_leads_to_an_empty_list_that_says_what_to_do(admin):
    assert INDEX in admin.get("/admin/").content.decode()
    page = text(admin.get(INDEX))
    assert "No accounts yet" in page
    assert "Add an account" in page


def test_wagtails_own_account_page_is_still_there(admin):
    assert "wagtail_syndicate" not in admin.get("/admin/account/").resolver_match.view_name


def test_the_list_tells_in_words_how_each_account_stands(admin, settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": {"weibo": {}, "xing": {}, "vk": {}}}
    soon = timezone.now() + timedelta(days=3)
    AccountFactory(network="weibo", label="Beijing", auth_method="oauth2", credentials_expire_at=soon, locales=["ja"])
    AccountFactory(network="vk", label="Moscow", status="reconnect", problem="reconnect")
    AccountFactory(network="vk", label="Minsk", status="new", handle="")
    AccountFactory(network="vk", label="Kazan", active=False)
    AccountFactory(network="vk", label="Omsk", by_hand=True, status="new")
    AccountFactory(network="xing", label="Hamburg", profile_url="https://www.xing.com/pages/ours")
    AccountFactory(network="xing", label="Bremen", status="new")
    AccountFactory(network="friendster", label="Paris")
    rows = {
        row.find("td").get_text().split()[0]: " ".join(row.get_text(" ").split())
        for row in BeautifulSoup(admin.get(INDEX).content, "html.parser").select("tbody tr")
    }
    assert "Weibo Conditional" in rows["Beijing"] and "Connected, expires soon" in rows["Beijing"]
    assert "日本語" in rows["Beijing"]
    assert "Needs reconnecting" in rows["Moscow"] and "no longer accepts" in rows["Moscow"]
    assert "Not connected" in rows["Minsk"]
    assert "Switched off" in rows["Kazan"]
    assert "Posted by hand" in rows["Omsk"]
    assert "XING Assisted" in rows["Hamburg"] and "Posted by hand" in rows["Hamburg"]
    assert "Not ready" in rows["Bremen"] and "Set up" in rows["Bremen"]
    assert "Unknown network" in rows["Paris"]


def test_the_number_of_queries_does_not_grow(admin, django_assert_max_num_queries):
    costs = []
    for number in (1, 15):
        AccountFactory.create_batch(number, locales=["en"])
        admin.get(INDEX)
        with django_assert_max_num_queries(22) as queries:
            admin.get(INDEX)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_new_account_goes_straight_to_its_connection(admin):
    form = admin.get(reverse("syndication_accounts:add")).content.decode()
    assert "VK (automatic)" in form and "XING (assisted)" in form and "Weibo (conditional)" in form
    response = create(admin, network="vk")
    account = Account.objects.get()
    assert (account.label, account.network, account.status) == ("Newsroom", "vk", "new")
    assert response["Location"] == url(account)


def test_an_account_that_is_posted_to_by_hand_needs_no_connection(admin):
    assert create(admin, network="vk", by_hand="on")["Location"] == INDEX


def test_only_networks_of_many_servers_ask_for_one(admin, fakenet):
    response = create(admin, network="mastodon")
    assert "Enter the address of the server" in beside(response, "host")
    response = create(admin, network="mastodon", host="mastodn.example")
    assert "was not found" in beside(response, "host")
    assert "mastodn.example" in response.content.decode()
    create(admin, network="mastodon", host=f"{fakenet.url}/@newsroom")
    create(admin, network="vk", host="http://127.0.0.1")
    assert list(Account.objects.order_by("pk").values_list("host", flat=True)) == [fakenet.url, ""]


def test_a_private_server_is_refused_in_production(admin, fakenet, settings):
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = False
    assert "private network" in beside(create(admin, network="mastodon", host=fakenet.url), "host")
    assert not Account.objects.exists()


def test_network_and_server_cannot_be_changed_under_the_credentials(admin, fakenet):
    account = new("mastodon", host=fakenet.url)
    connect(admin, account, **{"oauth2-host": fakenet.url})
    data = {"label": "Other", "network": "vk", "host": "https://mastodon.example", "active": "on"}
    admin.post(reverse("syndication_accounts:edit", args=[account.pk]), data)
    account.refresh_from_db()
    assert (account.label, account.network, account.host) == ("Other", "mastodon", fakenet.url)


def test_an_account_of_an_unknown_network_can_only_be_deleted(admin):
    account = AccountFactory(network="friendster")
    for address in (reverse("syndication_accounts:edit", args=[account.pk]), url(account)):
        assert "no longer in the site's settings" in text(admin.get(address, follow=True)).replace("’", "'")
    admin.post(reverse("syndication_accounts:delete", args=[account.pk]))
    assert not Account.objects.exists()


def test_accounts_cannot_be_copied_or_inspected(admin):
    account = AccountFactory()
    for name in ("copy", "inspect"):
        assert admin.get(f"{INDEX}{name}/{account.pk}/", follow=True).status_code == 404


def test_a_network_that_is_gone_is_offered_only_where_settings_name_it(admin, settings):
    assert "Gone" not in text(admin.get(reverse("syndication_accounts:add")))
    networks = {"gone": {"BACKEND": "tests.accounts.networks.Gone"}, "vk": {}}
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": networks}
    page = text(admin.get(reverse("syndication_accounts:add")))
    assert "Gone (retired)" in page and "VK (automatic)" in page
    create(admin, network="gone")
    account = Account.objects.get()
    assert "Gone (retired)" in text(admin.get(edit_url(account)))
    assert "Automatic, retired" in text(admin.get(INDEX))
    page = text(admin.get(url(account)))
    assert "Gone (retired)" in page and "It was closed in 2021." in page


def test_access_that_software_renews_is_not_announced_to_end(admin, script):
    soon = timezone.now() + timedelta(days=1)
    AccountFactory(network="renewing", credentials_expire_at=soon)
    AccountFactory(network="x", auth_method="oauth2", credentials_expire_at=soon, sealed_credentials=vault.seal(KEYS))
    assert "expires soon" not in text(admin.get(INDEX))
    # Some apps get no refresh token, though others do.
    Account.objects.update(sealed_credentials=vault.seal({"access_token": "a"}))
    assert text(admin.get(INDEX)).count("expires soon") == 1


# What is chosen for an account


def radio(response, name):
    """The values of a field that is chosen with buttons or from a menu, and the one that is chosen."""
    soup = BeautifulSoup(response.content, "html.parser")
    found = soup.find_all("input", attrs={"name": name}) or soup.find("select", attrs={"name": name}).find_all(
        "option"
    )
    chosen = [item["value"] for item in found if item.has_attr("checked") or item.has_attr("selected")]
    return [item["value"] for item in found], chosen


def test_the_choices_of_an_account_are_on_its_form(admin, script):
    account = AccountFactory(network="renewing", options={"visibility": "few", "form": "no such form", "id": 7})
    response = admin.get(edit_url(account))
    assert "How it posts" in text(response) and "Ask your team." in text(response)
    assert radio(response, "choice-renewing-visibility") == (["all", "few"], ["few"])
    assert radio(response, "choice-renewing-form") == ([f"f{number}" for number in range(1, 7)], ["f1"])
    assert "data-w-rules-target" not in str(response.content)
    data = {"label": "Other", "active": "on", "choice-renewing-visibility": "all", "choice-renewing-form": "f5"}
    assert admin.post(edit_url(account), data).status_code == 302
    account.refresh_from_db()
    assert (account.label, account.options) == ("Other", {"visibility": "all", "form": "f5", "id": 7})
    assert account.backend_class(account.public_connection).chosen("form") == "f5"


def test_what_no_network_offers_is_refused(admin, script):
    account = AccountFactory(network="renewing", options={"visibility": "few"})
    response = admin.post(edit_url(account), {"label": "Other", "choice-renewing-visibility": "made up"})
    assert "not one of the available choices" in beside(response, "choice-renewing-visibility")
    account.refresh_from_db()
    assert account.options == {"visibility": "few"}


def test_a_form_without_the_choices_leaves_them_alone(admin, script):
    account = AccountFactory(network="renewing", options={"visibility": "few", "id": 7})
    admin.post(edit_url(account), {"label": "Other", "active": "on"})
    account.refresh_from_db()
    assert (account.label, account.options) == ("Other", {"visibility": "few", "id": 7})


def test_a_new_account_has_the_choices_of_its_network_only(admin, script):
    page = BeautifulSoup(admin.get(reverse("syndication_accounts:add")).content, "html.parser")
    field = page.find(attrs={"name": "choice-renewing-visibility"})
    shown_for = [
        json.loads(around["data-w-rules"])["network"] for around in field.find_parents(attrs={"data-w-rules": True})
    ]
    assert shown_for[0] == ["renewing"] and {"renewing", "other"} <= set(shown_for[1])
    create(
        admin,
        network="renewing",
        **{"choice-renewing-visibility": "few", "choice-renewing-form": "f2", "choice-other-visibility": "all"},
    )
    create(admin, network="telegram", **{"choice-renewing-visibility": "few"})
    assert list(Account.objects.order_by("pk").values_list("options", flat=True)) == [
        {"visibility": "few", "form": "f2"},
        {},
    ]


def test_no_heading_stands_over_no_choices(admin):
    assert "How it posts" not in text(admin.get(edit_url(AccountFactory(network="telegram"))))


def test_a_form_that_was_open_for_long_does_not_undo_what_workers_wrote(admin, script, monkeypatch):
    """Between reading the row and writing it, a worker may renew the access, take the lane, or connect again."""
    from wagtail_syndicate.admin.account_forms import AccountForm

    account = AccountFactory(network="renewing", options={"id": 7})
    clean = AccountForm.clean

    def meanwhile(form):
        Account.objects.filter(pk=account.pk).update(sealed_credentials="new", fence=9, options={"id": 8})
        return clean(form)

    monkeypatch.setattr(AccountForm, "clean", meanwhile)
    admin.post(edit_url(account), {"label": "Other", "active": "on", "choice-renewing-visibility": "few"})
    account.refresh_from_db()
    assert (account.label, account.sealed_credentials, account.fence) == ("Other", "new", 9)
    assert account.options == {"id": 8, "visibility": "few"}


# Who may


@pytest.mark.parametrize("right", ["use_account", "view_account", ""])
def test_nobody_without_the_right_gets_near_a_connection(client, right):
    client.force_login(editing.person(*filter(None, [right])))
    account = new("vk")
    addresses = [url(account), url(account, "disconnect"), reverse("wagtail_syndicate:callback"), edit_url(account)]
    if right != "view_account":
        addresses.append(INDEX)
    for address in addresses:
        assert client.get(address).status_code == 302, address
        assert client.get(address)["Location"] == "/admin/"
    data = {"method": "pasted", "pasted-access_token": VK_KEY, "pasted-group_id": "101"}
    assert client.post(url(account), data)["Location"] == "/admin/"
    account.refresh_from_db()
    assert account.status == "new"


def test_people_who_may_change_accounts_may_connect_them(client):
    client.force_login(editing.person("change_account"))
    assert client.get(url(new("vk"))).status_code == 200


def test_strangers_are_asked_to_sign_in(client):
    assert "/admin/login/" in client.get(url(new("vk")))["Location"]


def test_a_wrong_server_is_told_once(admin):
    data = {"label": "Mastodon", "network": "mastodon", "host": "no-such-server.invalid", "active": "on"}
    response = admin.post("/admin/syndication/accounts/new/", data)
    assert response.status_code == 200
    assert len(response.context["form"].errors["host"]) == 1
    assert not Account.objects.exists()
