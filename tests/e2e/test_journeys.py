"""From a draft to posts: at once to many networks, through moderation, and with somebody's approval."""

import re
from datetime import date, timedelta

import pytest

from tests.e2e.chromium import expect
from tests.e2e.live import in_sandbox
from tests.e2e.people import Desk


FIVE = {
    "Mastodon, English": "mastodon",
    "X, worldwide": "x",
    "LinkedIn, company page": "linkedin",
    "Facebook, worldwide": "facebook",
    "Bluesky, English": "bluesky",
}


@pytest.fixture
def texts(networks):
    """The texts that an account got about the article of this slug."""

    def of(network, handle, slug):
        return [post["text"] for post in networks.posts(network, handle) if slug in post["text"] + str(post["link"])]

    return of


def test_the_first_page_goes_to_five_networks(editor, drafts, networks):
    editor.open_draft(drafts["five"])
    editor.open_syndication()
    for label in FIVE:
        editor.account(label).tick.check()
    shown = {}
    for label in FIVE:
        expect(editor.account(label).preview).to_contain_text("Boston")
        expect(editor.account(label).length).to_have_text(re.compile(r"^\d+ of \d+$"))
        shown[label] = editor.account(label).preview.text_content()
    editor.publish()
    editor.open_syndication()
    for label, network in FIVE.items():
        expect(editor.post(label).state).to_have_text("Sent")
        address = editor.post(label).link.get_attribute("href")
        (received,) = [post for post in networks.posts(network) if post["permalink"] == address]
        assert received["text"].strip() == shown[label].strip(), label


def test_a_scheduled_page_is_posted_when_it_goes_live(editor, drafts, texts):
    page, at = editor.page, f"{date.today() + timedelta(days=2):%Y-%m-%d} 08:30"
    editor.open_draft(drafts["schedule"])
    page.get_by_role("button", name="Toggle status").click()
    page.get_by_role("button", name="Set schedule").click()
    page.locator("[name=go_live_at]").fill(at)
    page.get_by_role("button", name="Save schedule").click()
    page.wait_for_url("**/edit/")
    editor.open_syndication()
    mastodon = editor.account("Mastodon, English")
    mastodon.tick.check()
    expect(mastodon.preview).to_contain_text("Boston")
    expect(page.locator(".syndicate").get_by_text(re.compile("goes? live")).first).to_be_visible()
    editor.press("Schedule to publish")
    page.wait_for_url(re.compile(r"/admin/pages/\d+/$"))
    editor.open_draft(drafts["schedule"])
    editor.open_syndication()
    expect(editor.account("Mastodon, English").tick).to_be_checked()
    expect(page.locator("[data-delivery]")).to_have_count(0)
    assert texts("mastodon", "aquametrica", "journey-schedule") == []

    in_sandbox(f"go_live({drafts['schedule']})")
    page.reload()
    editor.open_syndication()
    expect(editor.post("Mastodon, English").state).to_have_text("Sent")
    assert len(texts("mastodon", "aquametrica", "journey-schedule")) == 1


def test_a_moderator_changes_the_words_and_approval_sends_them(open_window, stage, drafts, texts):
    writer = Desk(open_window("writer"), stage)
    writer.open_draft(drafts["moderation"])
    writer.open_syndication()
    mastodon = writer.account("Mastodon, English")
    mastodon.tick.check()
    mastodon.wording.fill("Words of the writer.")
    expect(mastodon.preview).to_contain_text("Words of the writer.")
    writer.press("Submit to Moderators approval")
    writer.page.wait_for_url(re.compile(r"/admin/pages/\d+/$"))
    assert texts("mastodon", "aquametrica", "journey-moderation") == []

    chief = Desk(open_window("chief"), stage)
    chief.open_draft(drafts["moderation"])
    chief.open_syndication()
    mastodon = chief.account("Mastodon, English")
    expect(mastodon.wording).to_have_value("Words of the writer.")
    mastodon.wording.fill("Words of the chief editor.")
    expect(mastodon.preview).to_contain_text("Words of the chief editor.")
    chief.press("Approve and Publish")
    chief.page.wait_for_url(re.compile(r"/admin/(pages/\d+/)?$"))
    chief.open_draft(drafts["moderation"])
    chief.open_syndication()
    expect(chief.post("Mastodon, English").state).to_have_text("Sent")
    (text,) = texts("mastodon", "aquametrica", "journey-moderation")
    assert text.startswith("Words of the chief editor.")

    writer.open_draft(drafts["moderation"])
    writer.open_syndication()
    expect(writer.post("Mastodon, English").state).to_have_text("Sent")


def test_nothing_leaves_before_a_second_person_has_read_it(open_window, site_admin, stage, editor, drafts, texts):
    site_admin.goto(f"{stage.site}/admin/syndication/accounts/")
    site_admin.get_by_role("link", name="Threads, English", exact=True).click()
    site_admin.get_by_label("Posts need approval").check()
    site_admin.get_by_role("button", name="Save").click()
    expect(site_admin.get_by_text("updated", exact=False).first).to_be_visible()

    editor.open_draft(drafts["approval"])
    editor.open_syndication()
    threads = editor.account("Threads, English")
    threads.tick.check()
    expect(threads.preview).to_contain_text("Boston")
    shown = threads.preview.text_content()
    editor.publish()
    editor.open_syndication()
    post = editor.post("Threads, English")
    expect(post.state).to_have_text("Waits for approval")
    expect(post.button("Approve")).to_have_count(0)
    assert texts("threads", "aquametrica", "journey-approval") == []

    chief = open_window("chief")
    chief.goto(f"{stage.site}/admin/")
    chief.get_by_role("link", name="Waiting for you (").click()
    group = chief.get_by_role("region", name="Approve before they are sent")
    group.get_by_role("link", name="Nitrate in two days: approval").click()
    expect(chief.get_by_text("Waits for approval").first).to_be_visible()
    expect(chief.locator("main")).to_contain_text("Boston")
    chief.get_by_role("button", name="Approve").click()
    expect(chief.get_by_text("Done:")).to_be_visible()
    editor.page.reload()
    editor.open_syndication()
    expect(post.state).to_have_text("Sent")
    (text,) = texts("threads", "aquametrica", "journey-approval")
    assert text.strip() == shown.strip()
