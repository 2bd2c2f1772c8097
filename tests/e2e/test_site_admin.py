"""A site admin connects accounts, makes mistakes on the way, and others see no more than they should."""

import pytest

from tests.e2e.chromium import expect
from tests.e2e.people import Desk


@pytest.fixture
def add_account(site_admin, stage):
    """Fills in the form of a new account, found through the menu, and leaves it to the test to go on."""

    def add(label, network, language):
        site_admin.goto(f"{stage.site}/admin/")
        site_admin.get_by_role("button", name="Settings").click()
        site_admin.get_by_role("link", name="Syndication accounts").click()
        site_admin.get_by_role("link", name="Add account").click()
        site_admin.locator("[name=label]").fill(label)
        site_admin.locator("[name=network]").select_option(network)
        site_admin.get_by_label(language, exact=True).check()
        return site_admin

    return add


def error_beside(page, field):
    return page.locator(".w-field", has=page.locator(f"[name={field}]")).locator(".error-message")


def row(page, label):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=label, exact=True))


def open_list(page, stage):
    page.goto(f"{stage.site}/admin/syndication/accounts/")


def test_a_mastodon_server_mistyped_then_right_then_consent(add_account, stage):
    page = add_account("Mastodon, press office", "mastodon", "日本語")
    page.locator("[name=host]").fill("mastodn.invalid")
    page.get_by_role("button", name="Create").click()
    expect(error_beside(page, "host")).to_contain_text("The server mastodn.invalid was not found.")
    expect(page.locator("[name=host]")).to_have_value("mastodn.invalid")
    expect(page.locator("[name=label]")).to_have_value("Mastodon, press office")
    expect(page.get_by_label("日本語", exact=True)).to_be_checked()

    page.locator("[name=host]").fill(f"{stage.fakenet}/@press_office")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="Continue at").click()
    expect(page.get_by_role("heading", name="asks for access to your account")).to_be_visible()
    assert page.url.startswith(stage.fakenet)
    page.get_by_label("Sign in as").fill("press_office")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Connected as @press_office@")).to_be_visible()
    open_list(page, stage)
    expect(row(page, "Mastodon, press office")).to_contain_text("Connected")
    expect(row(page, "Mastodon, press office")).to_contain_text("日本語")


def test_a_vk_key_that_is_wrong_then_right(add_account, stage):
    page = add_account("VK, Лаборатория", "vk", "日本語")
    expect(page.locator("[name=host]")).to_be_hidden()
    page.get_by_role("button", name="Create").click()
    key, community = page.locator("[name=pasted-access_token]"), page.locator("[name=pasted-group_id]")
    key.fill("vk1.a.mistyped")
    community.fill("101")
    page.locator("#pasted-content").get_by_role("button", name="Connect", exact=True).click()
    expect(error_beside(page, "pasted-access_token")).to_contain_text("VK does not accept this key")
    expect(community).to_have_value("101")
    expect(key).to_have_value("")

    key.fill("vk1.a.fakenet-101")
    page.locator("#pasted-content").get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Connected as")).to_be_visible()
    page.get_by_role("button", name="Test without posting").click()
    expect(page.get_by_text("Nothing was posted.", exact=False).first).to_be_visible()
    open_list(page, stage)
    expect(row(page, "VK, Лаборатория")).to_contain_text("Connected")


def test_x_tells_its_price_before_it_is_connected(add_account, stage):
    page = add_account("X, press office", "x", "日本語")
    page.get_by_role("button", name="Create").click()
    conditions = page.get_by_role("region", name="Before you start")
    expect(conditions).to_contain_text("X charges for posting: about $")
    go_on = page.get_by_role("button", name="Continue at X").first
    assert conditions.bounding_box()["y"] < go_on.bounding_box()["y"]
    go_on.click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_text("Access was denied at X, so nothing was changed")).to_be_visible()
    page.get_by_role("button", name="Continue at X").first.click()
    page.get_by_label("Sign in as").fill("press_office")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Connected as @press_office.")).to_be_visible()


def test_who_may_not_use_accounts_sees_neither_panel_nor_settings(open_window, stage):
    admin = open_window("admin")
    admin.goto(f"{stage.site}/admin/users/new/")
    for name, value in (
        ("username", "moderator"),
        ("email", "moderator@aquametrica.example"),
        ("first_name", "Desk"),
        ("last_name", "Moderator"),
        ("password1", "moderator-sandbox"),
        ("password2", "moderator-sandbox"),
    ):
        admin.locator(f"[name={name}]").fill(value)
    admin.get_by_role("tab", name="Roles").first.click()
    admin.get_by_label("Moderators", exact=True).check()
    admin.get_by_role("button", name="Create").click()
    expect(admin.get_by_text("User 'moderator' created.")).to_be_visible()

    desk = Desk(open_window("moderator"), stage)
    desk.open_article("en", "The river that calls at 3 a.m.")
    expect(desk.page.get_by_role("tab", name="Promote")).to_be_visible()
    expect(desk.page.get_by_role("tab", name="Syndication")).to_have_count(0)
    expect(desk.page.locator("[name=syndication-accounts]")).to_have_count(0)
    refused_accounts(desk.page, stage)


def test_who_uses_accounts_need_not_see_their_settings(editor, stage):
    refused_accounts(editor.page, stage)


def refused_accounts(page, stage):
    page.goto(f"{stage.site}/admin/syndication/accounts/")
    expect(page.get_by_text("you do not have permission to access this area")).to_be_visible()
    expect(page.get_by_role("button", name="Settings")).to_have_count(0)
    expect(page.get_by_text("Mastodon, English")).to_have_count(0)
