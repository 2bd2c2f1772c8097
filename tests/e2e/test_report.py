"""The report of all deliveries, and what may be done there with many at once."""

import pytest

from tests.e2e.chromium import expect


LABEL, NAME = "Mastodon, English", "Nitrate in two days: failing"


@pytest.fixture
def failed(editor, drafts, networks):
    """A post that the network refused."""
    networks.fail("mastodon", "error", status=422, handle="aquametrica", body={"error": "Validation failed"})
    editor.open_draft(drafts["failing"])
    editor.open_syndication()
    editor.account(LABEL).tick.check()
    editor.publish()
    editor.open_syndication()
    expect(editor.post(LABEL).state).to_have_text("Failed")


def test_what_failed_is_found_ticked_and_tried_again(editor, failed, stage, drafts, networks):
    page = editor.page
    page.goto(f"{stage.site}/admin/")
    page.get_by_role("button", name="Reports").click()
    page.get_by_role("link", name="Syndication", exact=True).click()
    page.goto(f"{page.url}?state=failed&network=mastodon")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=NAME))
    expect(row).to_contain_text("Mastodon refused the text. Change the wording, then try again.")
    bar = page.locator("[data-bulk-action-footer]")
    expect(bar).to_be_hidden()
    row.get_by_role("checkbox").check()
    expect(bar).to_be_visible()
    expect(bar).to_contain_text("1")
    expect(bar.get_by_role("link", name="Cancel the selected posts")).to_be_visible()
    bar.get_by_role("link", name="Try again: the selected posts").click()
    expect(page.get_by_text("Try these posts again?")).to_be_visible()
    expect(page.get_by_role("link", name=NAME)).to_be_visible()
    page.get_by_role("button", name="Yes, try again").click()
    expect(page.get_by_text("1 post is tried again.")).to_be_visible()
    assert "/syndication/report/" in page.url

    editor.open_draft(drafts["failing"])
    editor.open_syndication()
    expect(editor.post(LABEL).state).to_have_text("Sent")
    address = editor.post(LABEL).link.get_attribute("href")
    assert [post for post in networks.posts("mastodon", "aquametrica") if post["permalink"] == address]
