"""Two people have the same page open while Wagtail saves by itself: nobody's ticks are lost without a word."""

import pytest

from tests.e2e.chromium import expect
from tests.e2e.live import in_sandbox
from tests.e2e.people import Desk


NOTE_WATCHING = """document.addEventListener("w-unsaved:watch-edits", () => (window.isWatching = true));"""
MASTODON, X = "Mastodon, English", "X, worldwide"


@pytest.fixture
def open_desk(open_window, stage, drafts):
    """Somebody at the editor of the same draft, with the panel open."""

    def open_one(username):
        desk = Desk(open_window(username), stage)
        desk.page.add_init_script(NOTE_WATCHING)
        desk.open_draft(drafts["two"])
        desk.page.wait_for_function("window.isWatching")
        desk.open_syndication()
        return desk

    return open_one


def saved_by_itself(page):
    """Wait for Wagtail's next attempt to save; the status of the answer."""
    return page.expect_response(lambda answer: answer.url.endswith("/edit/") and answer.request.method == "POST")


def test_whoever_comes_second_is_told_and_keeps_what_was_chosen(open_desk, drafts, networks):
    before = networks.written()
    first, second = open_desk("editor"), open_desk("chief")
    first.account(MASTODON).tick.check()
    with saved_by_itself(first.page) as answer:
        first.account(MASTODON).wording.fill("Words of the first.")
    assert answer.value.status == 200
    expect(first.account(MASTODON).preview).to_contain_text("Words of the first.")

    with saved_by_itself(second.page) as answer:
        second.account(X).tick.check()
    assert answer.value.status == 400
    expect(second.page.get_by_text("Autosave is paused").first).to_be_visible()
    second.account(X).wording.fill("Words of the second.")
    expect(second.account(X).preview).to_contain_text("Words of the second.")
    expect(second.account(X).tick).to_be_checked()

    second.press("Save draft")
    question = second.page.get_by_role("dialog")
    expect(question).to_contain_text("editor saved a new version")
    expect(question).to_contain_text("Proceeding will overwrite the changes made by editor")
    question.get_by_role("button", name="Save draft").click()
    expect(second.page.get_by_text("has been updated").first).to_be_visible()
    second.open_syndication()
    expect(second.account(X).wording).to_have_value("Words of the second.")
    expect(second.account(MASTODON).tick).not_to_be_checked()

    with saved_by_itself(first.page) as answer:
        first.account(MASTODON).wording.fill("More words of the first.")
    assert answer.value.status == 400
    expect(first.page.get_by_text("Autosave is paused").first).to_be_visible()
    expect(first.account(MASTODON).tick).to_be_checked()
    expect(first.account(MASTODON).wording).to_have_value("More words of the first.")
    assert in_sandbox(f"deliveries({drafts['two']})") == "0\n"
    assert networks.written() == before
