"""Who may do what with accounts, and that nobody gets around it: in the panel, at save, in the API, in the worker.

Each test names its guard in its first line: without it, the test fails.
"""

import json

import pytest
import wagtail
from django.contrib.auth.models import Group
from django.urls import reverse
from wagtail.models import GroupCollectionPermission

from sandbox.home.people import allow_accounts
from tests.admin import editing
from tests.factories import (
    AccountFactory,
    DeliveryFactory,
    NewsPageFactory,
    UserFactory,
    publish,
    root_collection,
    site_root,
    tick,
)
from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import send
from wagtail_syndicate.models import Account, Delivery, Target, set_targets, targets_of


pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture(autouse=True)
def a_site_and_nothing_posted():
    site_root()
    Memory.reset()


MESSAGE = {"text": "Clean water", "link": "https://news.example/water/", "language": "en"}


def signed(page):
    """Who made the ticks of the latest draft: ``{account: user}``, by primary key."""
    return {target.account_id: target.by for target in targets_of(editing.draft(page))}


def ticked_by(user, account, client):
    """A page whose draft this user ticked the account on, in the editor."""
    page = NewsPageFactory()
    client.force_login(user)
    assert editing.saved(client, page, syndication__accounts=account.pk).status_code == 302
    return page


def go_live(page):
    """Published by a script, so that nobody's rights but the ticker's are in play."""
    editing.draft(page).get_latest_revision().publish()
    return type(page).objects.get(pk=page.pk)


# The panel


def test_the_panel_shows_only_accounts_that_the_editor_may_use(client, ours, theirs, beijing):
    """Guard: permissions.usable_accounts."""
    client.force_login(editing.person("use_account", collection=beijing))

    soup = editing.opened(client, editing.edit_url(NewsPageFactory()))

    panel = soup.find(class_="syndicate")
    assert [box["value"] for box in panel.find_all("input", {"name": "syndication-accounts"})] == [str(ours.pk)]
    assert theirs.label not in soup.get_text()


def test_a_right_in_a_collection_holds_below_it(client, ours):
    """Guard: the policy is Wagtail's."""
    user = editing.person("use_account", collection=root_collection())
    assert permissions.can_use(user, ours)
    assert list(permissions.usable_accounts(user)) == [ours]


def test_an_account_ticked_by_others_is_kept_but_not_named(client, ours, theirs, beijing):
    """Guard: BoundPanel._kept_accounts asks who may know of an account."""
    page = NewsPageFactory()
    tick(page, theirs, wordings={theirs.pk: "Bonjour"})
    client.force_login(editing.person("use_account", collection=beijing))

    soup = editing.opened(client, editing.edit_url(page))
    editing.saved(client, page, syndication__accounts=ours.pk)

    assert theirs.label not in soup.get_text()
    assert "1 more account is ticked" in soup.find(class_="syndicate-kept").get_text()
    assert editing.ticks(page) == {theirs.pk: "Bonjour", ours.pk: ""}


def test_who_only_manages_accounts_sees_the_panel_without_ticks(client, ours):
    """Guard: the form has no field for whoever may use no account."""
    client.force_login(editing.person("change_account"))
    page = publish(NewsPageFactory(), ours)

    soup = editing.opened(client, editing.edit_url(page))

    panel = soup.find(class_="syndicate")
    assert panel.find(attrs={"data-delivery": True})
    assert not panel.find("input", {"name": ["syndication-present", "syndication-accounts"]})
    assert "No account can be used" not in panel.get_text()


# Saving


@pytest.mark.parametrize("address", ["edit", "preview"])
def test_a_tick_for_an_account_of_others_cannot_be_forged(client, ours, theirs, beijing, address):
    """Guard: SyndicationFormMixin.clean_syndication."""
    page = NewsPageFactory()
    client.force_login(editing.person("use_account", collection=beijing))
    data = editing.filled(client, editing.edit_url(page), syndication__accounts=[ours.pk, theirs.pk])
    target = editing.edit_url(page) if address == "edit" else reverse("wagtail_syndicate:preview_edit", args=[page.pk])

    response = editing.sent(client, target, data)

    assert response.status_code == (200 if address == "edit" else 422)
    assert theirs.label not in response.content.decode()
    assert editing.ticks(page) == {}


def test_nothing_can_be_forged_by_who_may_use_no_account(client, ours):
    """Guard: SyndicationFormMixin.__init__ takes the field away."""
    page = NewsPageFactory()
    client.force_login(editing.person())
    data = editing.filled(client, editing.edit_url(page), title="Another")
    data.update({"syndication-present": "1", "syndication-accounts": str(ours.pk)})

    assert editing.sent(client, editing.edit_url(page), data).status_code == 302

    assert editing.draft(page).title == "Another"
    assert editing.ticks(page) == {}


@pytest.mark.skipif(wagtail.VERSION < (8, 0), reason="API v3 came with Wagtail 8")
@pytest.mark.parametrize("rights", [(), ("use_account",)])
def test_nothing_can_be_forged_through_the_api(client, ours, theirs, beijing, rights):
    """Guards: API v3 hands on no keys that it does not know; were it to, the form would refuse them."""
    from wagtail.models import APIToken

    page, token = NewsPageFactory(), APIToken.generate_token()
    user = editing.person(*rights, collection=beijing)
    APIToken.objects.create(user=user, name="test", key_hash=APIToken.hash_token(token), prefix="test")
    forged = {
        "syndication": [theirs.pk],
        "syndication-present": "1",
        "syndication-accounts": [str(theirs.pk)],
        "syndication_targets": [{"targets": [{"account": theirs.pk, "wording": "", "by": ""}]}],
    }

    client.patch(
        f"/api/v3/pages/{page.pk}/",
        json.dumps({"meta": {"type": "home.NewsPage"}, "title": "By the API", **forged}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert editing.ticks(page) == {}
    assert not Delivery.objects.exists()
    form = type(page).get_edit_handler().get_form_class()(forged, instance=page, for_user=user)
    assert "syndication" in form.errors if rights else "syndication" not in form.fields


def test_who_made_a_tick_is_kept_with_it(client, ours, theirs):
    """Guard: SyndicationFormMixin._signed."""
    first, second = editing.person("use_account"), editing.person("use_account")
    page = ticked_by(first, ours, client)
    client.force_login(second)

    editing.saved(client, page, title="Only the title")
    assert signed(page) == {ours.pk: str(first.pk)}

    editing.saved(client, page, syndication__accounts=[ours.pk, theirs.pk])
    assert signed(page) == {ours.pk: str(first.pk), theirs.pk: str(second.pk)}

    editing.saved(client, page, **{editing.wording_of(ours): "Other words"})
    assert signed(page) == {ours.pk: str(second.pk), theirs.pk: str(second.pk)}


# Publishing and sending


def loses_the_right(user, account):
    GroupCollectionPermission.objects.all().delete()


def leaves_the_group(user, account):
    user.groups.clear()


def is_switched_off(user, account):
    type(user).objects.filter(pk=user.pk).update(is_active=False)


def is_deleted(user, account):
    user.delete()


def account_is_moved(user, account):
    Account.objects.filter(pk=account.pk).update(collection=root_collection().add_child(name="Elsewhere"))


CHANGES = [loses_the_right, leaves_the_group, is_switched_off, is_deleted, account_is_moved]


@pytest.mark.parametrize("change", CHANGES)
def test_a_right_that_is_gone_when_a_page_is_published_counts(client, ours, beijing, change):
    """Guard: plan asks permissions.not_permitted."""
    user = editing.person("use_account", collection=beijing)
    page = ticked_by(user, ours, client)
    change(user, ours)

    go_live(page)

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == (State.SKIPPED, "not_permitted")
    assert "must open the page in the editor" in str(delivery.explanation)


@pytest.mark.parametrize("change", CHANGES)
def test_a_right_that_is_gone_when_it_is_time_to_post_counts(client, ours, beijing, change):
    """Guard: guards.ticker_obstacle."""
    user = editing.person("use_account", collection=beijing)
    go_live(ticked_by(user, ours, client))
    assert Delivery.objects.get().state == State.WAITING
    change(user, ours)

    send.drain()

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == (State.SKIPPED, "not_permitted")
    assert Memory.outbox == []


def test_somebody_who_may_takes_over_what_was_left(client, ours, beijing):
    """Guard: SyndicationFormMixin._signed takes over ticks of people who may not any more."""
    page = ticked_by(editing.person("use_account", collection=beijing), ours, client)
    loses_the_right(None, None)
    go_live(page)
    user = editing.person("use_account", collection=beijing)
    client.force_login(user)

    editing.saved(client, page, "action-publish")
    send.drain()

    assert Delivery.objects.get().state == State.SENT
    assert signed(page) == {ours.pk: str(user.pk)}


def test_a_moderator_without_the_right_publishes_what_an_editor_ticked(client, ours, beijing):
    """Guard: it is the ticker's right that counts, not the publisher's."""
    editor = editing.person("use_account", collection=beijing)
    page = ticked_by(editor, ours, client)
    moderator = editing.person()
    client.force_login(moderator)

    assert editing.saved(client, page, "action-publish").status_code == 302
    send.drain()

    delivery = Delivery.objects.get()
    assert delivery.state == State.SENT
    assert (delivery.ticked_by, delivery.published_by) == (editor, moderator)


def test_what_code_ticked_is_trusted(ours):
    """Guard: none; scripts act for the site."""
    publish(NewsPageFactory(), ours)
    send.drain()
    assert Delivery.objects.get().state == State.SENT


def test_a_superuser_may_all(client, ours, theirs):
    """Guard: none; superusers need no group."""
    user = UserFactory()
    page = ticked_by(user, ours, client)
    go_live(page)
    send.drain()
    assert Delivery.objects.get().state == State.SENT
    assert set(permissions.managed_accounts(user)) == {ours, theirs}


# What became of it


def test_posts_of_accounts_of_others_are_neither_shown_nor_decided(client, ours, theirs, beijing):
    """Guards: record_of leaves them out; may_act refuses."""
    page = NewsPageFactory(live=True)
    mine = DeliveryFactory(page=page, account=ours, state=State.FAILED)
    other = DeliveryFactory(page=page, account=theirs, state=State.FAILED)
    client.force_login(editing.person("use_account", "change_account", collection=beijing))

    response = client.get(reverse("wagtail_syndicate:record", args=[page.pk]))
    soup = editing.WagtailTestUtils.get_soup(response.content)
    assert [entry["data-delivery"] for entry in soup.find_all(attrs={"data-delivery": True})] == [str(mine.pk)]
    assert theirs.label not in soup.get_text()
    assert "1 more post" in soup.get_text()

    for delivery in (mine, other):
        client.post(reverse("wagtail_syndicate:action", args=[delivery.pk, "retry"]))
    assert list(Delivery.objects.filter(state=State.WAITING)) == [mine]


def test_the_comparison_of_revisions_leaves_out_accounts_of_others(client, ours, theirs, beijing):
    """Guard: TicksComparison asks who may know of an account."""
    page = NewsPageFactory()
    before = page.save_revision()
    after = tick(page, ours, theirs)
    client.force_login(editing.person("use_account", collection=beijing))

    page = client.get(
        reverse("wagtailadmin_pages:revisions_compare", args=[page.pk, before.pk, after.pk])
    ).content.decode()

    assert ours.label in page
    assert theirs.label not in page


# Nothing gets slower with each account, group or person


def crowd(number, user=None):
    """So many accounts in collections of their own, each ticked by somebody else, and groups that ``user`` is in."""
    found = []
    for _number in range(number):
        collection = root_collection().add_child(name="One more")
        account = AccountFactory(collection=collection, locales=["en"])
        found.append((account, editing.person("use_account", collection=collection)))
        if user:
            group = Group.objects.create(name=f"of {account.pk}")
            allow_accounts(group, "use", "change", "view", collection=collection)
            user.groups.add(group)
    return found


def queries(act):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as found:
        act()
    return len(found)


def test_the_panel_asks_as_much_for_many_as_for_one(client):
    site_root()
    user, page = editing.person(), NewsPageFactory()
    client.force_login(user)
    counts = []
    for number in (1, 8):
        crowd(number, user)
        client.get(editing.edit_url(page))
        counts.append(queries(lambda: client.get(editing.edit_url(page))))
    assert counts[0] == counts[1]
    assert len(permissions.accounts_for_page(page, type(user).objects.get(pk=user.pk))) == 9


@pytest.mark.parametrize("name", ["index", "record"])
def test_lists_ask_as_much_for_many_as_for_one(client, name):
    site_root()
    user, page = editing.person(), NewsPageFactory(live=True)
    client.force_login(user)
    where = {
        "index": reverse("syndication_accounts:index"),
        "record": reverse("wagtail_syndicate:record", args=[page.pk]),
    }[name]
    counts = []
    for number in (2, 8):  # of one collection only, there is no filter
        for account, _person in crowd(number, user):
            DeliveryFactory(page=page, account=account, state=State.APPROVAL, payload=MESSAGE)
        client.get(where)
        counts.append(queries(lambda: client.get(where)))
    assert counts[0] == counts[1]


def test_publishing_and_saving_ask_as_much_for_many_as_for_one(client):
    """Also with as many people as ticks."""
    site_root()
    counts = []
    for number in (1, 1, 8):
        page = NewsPageFactory()
        found = crowd(number)
        set_targets(page, [Target(account.pk, by=str(person.pk)) for account, person in found])
        revision = page.save_revision()
        counts.append(queries(revision.publish))
        assert Delivery.objects.filter(page=page, state=State.WAITING).count() == number
        client.force_login(UserFactory())
        data = editing.filled(client, editing.edit_url(page), title="Other")
        counts.append(queries(lambda page=page, data=data: editing.sent(client, editing.edit_url(page), data)))
        assert set(signed(page).values()) == {str(person.pk) for _account, person in found}
    assert counts[2:4] == counts[4:]
