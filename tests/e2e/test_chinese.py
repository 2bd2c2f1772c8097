"""The desk in Chinese: for an editor who chose that language in the profile."""

import re

import pytest
from django.utils.translation import gettext, override

from tests.e2e.chromium import expect, new_context
from tests.e2e.people import Desk, sign_in


WORDS = ("Syndication", "Waiting for you", "When", "Sent", "See the post", "As soon as the page is published")
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def chinese():
    """What a word of ours is in Chinese; it has to be Chinese."""

    def translated(word):
        with override("zh-hans"):
            found = gettext(word)
        assert HAN.search(found), f"{word!r} is not translated"
        return found

    return translated


def test_from_tick_to_post(browser, stage, drafts, chinese):
    for word in WORDS:
        chinese(word)
    context = new_context(browser)
    desk = Desk(context.new_page(), stage)
    sign_in(desk.page, stage, "chinese")
    page, label = desk.page, "Mastodon, English"
    page.goto(f"{stage.site}/admin/syndication/waiting/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.get_by_role("heading", name=chinese("Waiting for you"))).to_be_visible()
    desk.open_draft(drafts["chinese"])
    page.get_by_role("tab", name=chinese("Syndication")).click()
    account = desk.account(label)
    account.tick.check()
    expect(account.preview).to_contain_text("Boston")
    when = account.box.get_by_role("combobox", name=chinese("When"))
    expect(when.locator("option:checked")).to_have_text(chinese("As soon as the page is published"))

    address = page.url
    page.locator("[name=action-publish]").evaluate("button => button.click()")
    page.wait_for_url(re.compile(r"/admin/pages/\d+/$"))
    page.goto(address)
    page.get_by_role("tab", name=chinese("Syndication")).click()
    expect(desk.post(label).state).to_have_text(chinese("Sent"))
    expect(desk.post(label).box.get_by_role("link", name=chinese("See the post"))).to_be_visible()
    context.close()
