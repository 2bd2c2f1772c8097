"""What an admin does to an account is in Wagtail's audit log, and the account's history shows it."""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import pytest
from django.urls import reverse
from wagtail.models import ModelLogEntry

from tests.accounts.fixtures import fakenet, fakenet_server  # noqa: F401 (fixtures)
from tests.admin.accounts import VK_KEY, admin, create, edit_url, everything_logged, new, paste, text, url  # noqa: F401 (fixtures)
from tests.factories import AccountFactory, root_collection
from wagtail_syndicate.models import Account


pytestmark = pytest.mark.django_db


def actions():
    return list(ModelLogEntry.objects.order_by("timestamp", "pk").values_list("action", flat=True))


def history(admin, account):
    return text(admin.get(reverse("syndication_accounts:history", args=[account.pk])))


def test_everything_is_noted_with_who_did_it_and_without_secrets(admin, fakenet):
    create(admin, network="vk")
    account = Account.objects.get()
    paste(admin, account, access_token=VK_KEY, group_id="101")
    admin.post(url(account), {"check": "1"})
    paste(admin, account, access_token=VK_KEY, group_id="101")
    admin.post(url(account, "disconnect"))
    page = history(admin, account)
    admin.post(reverse("syndication_accounts:delete", args=[account.pk]))

    assert actions() == [
        "wagtail.create",
        "wagtail_syndicate.connect",
        "wagtail_syndicate.check",
        "wagtail_syndicate.reconnect",
        "wagtail_syndicate.disconnect",
        "wagtail_syndicate.disconnect",
        "wagtail.delete",
    ]
    assert {entry.user.username for entry in ModelLogEntry.objects.all()} == {"admin"}
    assert VK_KEY not in str(list(ModelLogEntry.objects.values()))
    for words in ("Created", "Connected the account", "Asked the network", "Connected the account again"):
        assert words in page
    assert VK_KEY not in page


def test_an_edit_tells_what_was_changed_from_what_to_what(admin):
    account = AccountFactory(network="memory", label="Old name")
    beijing = root_collection().add_child(name="Newsroom Beijing")
    data = {"label": "New name", "collection": beijing.pk, "active": "on", "needs_approval": "on"}

    admin.post(edit_url(account), data)

    entry = ModelLogEntry.objects.get()
    assert entry.action == "wagtail_syndicate.edit"
    assert entry.data["changes"] == {
        "Label": ["Old name", "New name"],
        "Collection": ["Root", "Newsroom Beijing"],
        "Posts need approval": ["no", "yes"],
    }
    page = history(admin, account)
    assert "Old name → New name" in page
    assert "Root → Newsroom Beijing" in page
    assert "Posts need approval: no → yes" in page


def test_saving_without_a_change_is_no_edit(admin):
    account = AccountFactory(network="memory", label="Name")
    admin.post(edit_url(account), {"label": "Name", "active": "on"})
    assert actions() == []


def test_a_check_that_fails_is_noted_as_well(admin, fakenet):
    account = new("vk")
    paste(admin, account, access_token=VK_KEY, group_id="101")
    Account.objects.update(sealed_credentials="lost")

    admin.post(url(account), {"check": "1"})

    assert ModelLogEntry.objects.get(action="wagtail_syndicate.check").data == {"works": False}


def test_the_form_and_the_list_lead_to_the_history(admin):
    account = AccountFactory(network="memory")
    address = reverse("syndication_accounts:history", args=[account.pk])
    for page in (edit_url(account), reverse("syndication_accounts:index")):
        assert address in admin.get(page).content.decode()
