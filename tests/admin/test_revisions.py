"""Ticks are a part of the page's revisions."""

from dataclasses import replace

import pytest
from django.urls import reverse
from wagtail.models import Locale

from tests.admin import editing
from tests.admin.editing import wording_of
from tests.factories import AccountFactory, NewsPageFactory, picture_of, publish, tick
from wagtail_syndicate.models import Target, TargetSet, set_targets, targets_of


@pytest.fixture
def editor(client, db):
    user = editing.person("use_account")
    client.force_login(user)
    return user


def compared(client, page, before="earliest", after="latest"):
    """The row of Wagtail's comparison that is ours, ``None`` when it says nothing of accounts."""
    response = client.get(reverse("wagtailadmin_pages:revisions_compare", args=[page.pk, before, after]))
    assert response.status_code == 200
    rows = editing.WagtailTestUtils.get_soup(response.content).select("table.listing tbody tr")
    return next((row for row in rows if "Syndication" in row.get_text()), None)


def test_ticking_in_a_draft_of_a_live_page_changes_nothing_until_publish(client, editor):
    account, other = AccountFactory(), AccountFactory()
    page = publish(NewsPageFactory(), account, wordings={account.pk: "As published"})

    editing.saved(
        client, page, syndication__accounts=[account.pk, other.pk], **{wording_of(account): "As in the draft"}
    )

    assert editing.ticks(page) == {account.pk: "As in the draft", other.pk: ""}
    assert editing.live_ticks(page) == {account.pk: "As published"}

    editing.saved(client, page, "action-publish")

    assert editing.live_ticks(page) == {account.pk: "As in the draft", other.pk: ""}


def test_unticking_in_a_draft(client, editor):
    account = AccountFactory()
    page = publish(NewsPageFactory(), account)

    editing.saved(client, page, syndication__accounts=None)

    assert editing.ticks(page) == {}
    assert editing.live_ticks(page) == {account.pk: ""}


def test_compare_shows_what_was_ticked_unticked_and_reworded(client, editor):
    unticked, ticked, reworded, same = (
        AccountFactory(label=label) for label in ("Old & gone", "New one", "Reworded", "Same")
    )
    page = NewsPageFactory()
    tick(page, unticked, reworded, same, wordings={reworded.pk: "cold water"})
    tick(page, ticked, reworded, same, wordings={reworded.pk: "warm water", ticked.pk: "Hello"})

    row = compared(client, page)

    assert [node.get_text() for node in row.select(".deletion")] == ["Old & gone: generated text", "cold"]
    assert [node.get_text() for node in row.select(".addition")] == ["New one: Hello", "warm"]
    assert "Same: generated text" in row.get_text()


def test_compare_shows_picture_description_and_time(client, editor):
    account, page, picture = AccountFactory(label="One"), NewsPageFactory(), picture_of("A river")
    set_targets(page, [Target(account.pk, image="none", when="+30")])
    page.save_revision()
    set_targets(page, [Target(account.pk, image=str(picture.pk), alt="The Seine", when="2026-12-24T09:00")])
    page.save_revision()

    row = compared(client, page)

    gone = " ".join(node.get_text() for node in row.select(".deletion"))
    new = " ".join(node.get_text() for node in row.select(".addition"))
    assert "without a" in gone and "minutes" in gone and "30" in gone
    assert "Picture" in new and "The Seine" in new and "2026-12-24 09:00" in new


def test_compare_says_nothing_when_nothing_changed(client, editor):
    account, page = AccountFactory(), NewsPageFactory()
    tick(page, account)
    tick(page, account)

    assert compared(client, page) is None


def test_compare_after_an_account_was_deleted(client, editor):
    account, page = AccountFactory(), NewsPageFactory()
    tick(page, account, wordings={account.pk: "Words"})
    tick(page)
    account.delete()

    assert compared(client, page).select_one(".deletion").get_text() == "Deleted account: Words"


def test_compare_shows_accounts_only_to_people_who_may_use_them(client, db):
    account, page = AccountFactory(), NewsPageFactory()
    tick(page)
    tick(page, account)
    client.force_login(editing.person())

    assert compared(client, page) is None


@pytest.mark.parametrize("action", [None, "action-publish"])
def test_reverting_brings_the_old_ticks_back(client, editor, action):
    old, new = AccountFactory(), AccountFactory()
    page = publish(NewsPageFactory(), old, wordings={old.pk: "Old words"})
    revision = page.latest_revision
    page = publish(page, new)
    assert editing.live_ticks(page) == {new.pk: ""}
    address = reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, revision.pk])

    assert editing.ticked_boxes(editing.opened(client, address)) == {old.pk}
    data = editing.filled(client, address)
    if action:
        data[action] = "1"
    editing.sent(client, editing.edit_url(page), data)

    assert editing.ticks(page) == {old.pk: "Old words"}
    assert editing.live_ticks(page) == ({old.pk: "Old words"} if action else {new.pk: ""})


def test_reverting_brings_picture_and_time_back(client, editor):
    account, page = AccountFactory(), NewsPageFactory()
    old = Target(account.pk, "Old words", image="none", when="+45")
    set_targets(page, [old])
    revision = page.save_revision()
    tick(page, account)
    address = reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, revision.pk])

    editing.sent(client, editing.edit_url(page), editing.filled(client, address))

    assert targets_of(editing.draft(page)) == [replace(old, by=str(editor.pk))]


def test_a_tick_is_one_row_whatever_is_saved(client, editor):
    account = AccountFactory()
    page = publish(NewsPageFactory(), account)

    for title in ("First", "Second"):
        editing.saved(client, page, "action-publish", title=title)

    assert TargetSet.objects.filter(page_id=page.pk).count() == 1


def test_approval_in_moderation_publishes_the_ticks(client, editor):
    """A moderator who changes nothing but a tick changes the page."""
    from wagtail.models import GroupApprovalTask, Workflow, WorkflowPage, WorkflowTask

    account, added, page = AccountFactory(), AccountFactory(), NewsPageFactory()
    tick(page, account)
    task = GroupApprovalTask.objects.create(name="Look at it")
    task.groups.set(editor.groups.all())
    workflow = Workflow.objects.create(name="Moderation")
    WorkflowTask.objects.create(workflow=workflow, task=task)
    WorkflowPage.objects.create(workflow=workflow, page_id=page.pk)
    workflow.start(page, editor)
    data = editing.filled(client, editing.edit_url(page), syndication__accounts=[account.pk, added.pk])
    data["action-workflow-action"], data["workflow-action-name"] = "true", "approve"

    editing.sent(client, editing.edit_url(page), data)

    assert editing.live_ticks(page) == {account.pk: "", added.pk: ""}


def test_a_translation_draft_has_no_ticks(client, editor):
    account = AccountFactory(default_ticked=True)
    page = publish(NewsPageFactory(), account)
    french = Locale.objects.get_or_create(language_code="fr")[0]

    copy = page.copy_for_translation(french, copy_parents=True)

    assert editing.ticked_boxes(editing.opened(client, editing.edit_url(copy))) == set()
