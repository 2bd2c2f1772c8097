"""Who may see, manage, move and make accounts, and who says so; nobody gets near those of others.

Each test names its guard in its first line: without it, the test fails.
"""

import pytest
import wagtail
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from wagtail.models import Collection, GroupCollectionPermission

from sandbox.home.people import allow_accounts
from tests.admin import editing
from tests.factories import (
    UserFactory,
    site_root,
)
from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.models import Account
from wagtail_syndicate.wagtail_hooks import PERMISSIONS


pytestmark = pytest.mark.django_db
ALL = ("view_account", "use_account", "add_account", "change_account", "delete_account")


@pytest.fixture(autouse=True)
def a_site():
    site_root()


# The accounts themselves


def address(name, account):
    room = "wagtail_syndicate" if name in ("connect", "choose", "disconnect") else "syndication_accounts"
    return reverse(f"{room}:{name}", args=[account.pk])


@pytest.mark.parametrize("name", ["edit", "delete", "history", "history_results", "usage"])
def test_a_manager_does_not_get_near_accounts_of_others(client, ours, theirs, beijing, name):
    """Guard: OwnAccountMixin.get_object."""
    client.force_login(editing.person(*ALL, collection=beijing))

    assert client.get(address(name, ours)).status_code == 200
    for method in (client.get, client.post):
        response = method(address(name, theirs), {"label": "Taken over", "active": "on"})
        assert response.status_code in (302, 405)
        assert theirs.label not in response.content.decode()
    assert Account.objects.get(pk=theirs.pk).label == theirs.label


@pytest.mark.parametrize("name", ["connect", "disconnect", "choose"])
def test_a_manager_does_not_connect_or_disconnect_accounts_of_others(client, ours, theirs, beijing, name):
    """Guard: AccountPage.dispatch."""
    client.force_login(editing.person(*ALL, collection=beijing))

    for method in (client.get, client.post):
        assert method(address(name, theirs))["Location"] == reverse("wagtailadmin_home")

    assert Account.objects.get(pk=theirs.pk).status == Account.Status.CONNECTED


def test_an_answer_of_a_network_counts_only_while_its_admin_may_manage_the_account(client, ours, theirs, beijing):
    """Guard: CallbackView.get asks again."""
    client.force_login(editing.person(*ALL, collection=beijing))
    session = client.session
    session["wagtail_syndicate_pending"] = {"state1": {"account": theirs.pk, "expires": 9e9}}
    session.save()

    response = client.get(reverse("wagtail_syndicate:callback"), {"state": "state1", "code": "x"})

    assert response["Location"] == reverse("wagtailadmin_home")


@pytest.mark.parametrize("right, shown", [("view_account", True), ("change_account", True), ("use_account", False)])
def test_the_list_shows_only_accounts_that_one_may_know_of(client, ours, theirs, beijing, right, shown):
    """Guard: IndexView.get_base_queryset."""
    client.force_login(editing.person(right, collection=beijing))

    response = client.get(reverse("syndication_accounts:index"))

    assert (response.status_code == 200) is shown
    page = response.content.decode()
    assert (ours.label in page) is shown
    assert theirs.label not in page
    assert (address("edit", ours) in page) is (right == "change_account")


def test_buttons_are_for_those_accounts_only_that_one_may_manage(client, ours, theirs, beijing):
    """Guards: IndexView.get_edit_url, get_delete_url and get_list_more_buttons."""
    user = editing.person(*ALL, collection=beijing)
    allow_accounts(user.groups.get(), "view", collection=theirs.collection)
    client.force_login(user)

    page = client.get(reverse("syndication_accounts:index")).content.decode()

    assert theirs.label in page
    for name in ("edit", "delete", "connect", "history"):
        assert address(name, ours) in page
        assert address(name, theirs) not in page


# Where an account is


def create(client, **fields):
    data = {"label": "New", "network": "vk", "host": "", "active": "on", **fields}
    client.post(reverse("syndication_accounts:add"), data)
    return Account.objects.filter(label="New").first()


def test_a_new_account_goes_where_its_maker_may_add_it(client, ours, theirs, beijing):
    """Guard: AccountForm._limit_collections."""
    client.force_login(editing.person(*ALL, collection=beijing))
    form = client.get(reverse("syndication_accounts:add"))
    assert b'name="collection"' not in form.content

    account = create(client, collection=theirs.collection.pk)

    assert account.collection == beijing


def test_where_there_is_a_choice_others_collections_are_no_part_of_it(client, ours, theirs, beijing):
    """Guard: the same."""
    beijing.add_child(name="Shanghai")
    beijing.refresh_from_db()
    client.force_login(editing.person(*ALL, collection=beijing))
    form = editing.opened(client, reverse("syndication_accounts:add"))
    offered = form.find("select", {"name": "collection"}).get_text()
    assert "Shanghai" in offered and "Paris" not in offered

    assert create(client, collection=theirs.collection.pk) is None
    assert create(client, collection=beijing.get_children().get().pk).collection.name == "Shanghai"


def test_an_account_cannot_be_moved_to_others(client, ours, theirs, beijing):
    """Guard: the same."""
    beijing.add_child(name="Shanghai")
    beijing.refresh_from_db()
    client.force_login(editing.person(*ALL, collection=beijing))

    data = {"label": "Renamed", "active": "on", "collection": theirs.collection.pk}
    response = client.post(address("edit", ours), data)

    ours.refresh_from_db()
    assert response.status_code == 200
    assert (ours.collection, ours.label) == (beijing, "Weibo of Beijing")


def test_a_collection_with_accounts_cannot_be_deleted_unawares(client, ours, beijing):
    """Guard: the hook describe_collection_contents."""
    client.force_login(UserFactory())

    page = client.get(reverse("wagtailadmin_collections:delete", args=[beijing.pk]))
    client.post(reverse("wagtailadmin_collections:delete", args=[beijing.pk]))

    assert "1 syndication account" in page.content.decode()
    assert Account.objects.filter(pk=ours.pk).exists()
    listed = client.get(reverse("syndication_accounts:index"), {"collection_id": beijing.pk})
    assert ours.label in listed.content.decode()


# The group page


def test_rights_are_given_on_the_group_page(client, beijing):
    """Guard: the hook register_group_permission_panel; nothing of it is among the permissions for everything."""
    client.force_login(UserFactory())
    prefix = "syndication_account_permissions"
    group = Group.objects.create(name="Newsroom Beijing")
    url = reverse("wagtailusers_groups:edit", args=[group.pk])
    soup = editing.WagtailTestUtils.get_soup(client.get(url).content)
    assert "Syndication account permissions" in soup.get_text()
    template = soup.find("template", id="id_syndication_account_permissions-EMPTY_FORM_TEMPLATE")
    words = template.get_text(" ")
    assert "Tick on pages" in words and "approve their posts" in words
    # Wagtail draws headings and boxes by themselves: each heading has to be that of the box below it.
    headings = [cell["title"] for cell in soup.find(id=f"id_{prefix}-FORMS").find_parent("table").select("th[title]")]
    boxes = template.find_all("input", {"type": "checkbox", "name": f"{prefix}-__prefix__-permissions"})
    codenames = [Permission.objects.get(pk=box["value"]).codename for box in boxes]
    assert dict(zip(codenames, headings, strict=True)) == {name: str(words) for name, _short, words in PERMISSIONS}

    forms = soup.find_all("form")
    number = next(n for n, form in enumerate(forms) if form.find("input", {"name": "name"}))
    data = editing.querydict_from_html(client.get(url).content, form_index=number)
    use = permissions.policy._get_permission_objects_for_actions(["use"]).get()
    assert not soup.find("input", {"name": "permissions", "value": str(use.pk)})
    data[f"{prefix}-TOTAL_FORMS"] = "1"
    data[f"{prefix}-0-collection"] = str(beijing.pk)
    data[f"{prefix}-0-permissions"] = str(use.pk)
    data["name"] = group.name
    assert client.post(url, dict(data.lists())).status_code == 302

    given = GroupCollectionPermission.objects.get(group=group)
    assert (given.collection, given.permission) == (beijing, use)


@pytest.mark.skipif(wagtail.VERSION < (8, 0), reason="the registry came with Wagtail 8")
def test_the_policy_is_the_one_that_wagtail_asks():
    """Guard: register_permission_policy in apps.py."""
    from wagtail.permissions import policy_registry

    assert policy_registry.get_by_type(Account) is permissions.policy


def test_rights_of_earlier_versions_become_rights_in_the_root_collection(beijing):
    """Guard: migration 0007; without it nobody but superusers could use an account after an update."""
    from importlib import import_module

    from django.apps import apps

    migration = import_module("wagtail_syndicate.migrations.0007_permit_and_approve")
    group = Group.objects.create(name="Old editors")
    use = permissions.policy._get_permission_objects_for_actions(["use"]).get()
    group.permissions.add(use)

    for _time in range(2):
        migration.from_everywhere_to_the_root(apps, None)

    given = GroupCollectionPermission.objects.get(group=group)
    assert (given.collection_id, given.permission) == (Collection.get_first_root_node().pk, use)
    assert not group.permissions.exists()
