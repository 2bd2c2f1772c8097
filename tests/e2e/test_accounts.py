"""The life of accounts at four networks: connected, expired, announced, connected again; nothing is lost."""

import json
import re

import pytest

from tests.e2e.chromium import expect
from tests.e2e.live import in_sandbox


CONNECT = re.compile("^Connect( again)?$")
OWN, ANOTHER = {"vk": "103"}, {"vk": "104"}


def consent(page, handle):
    page.get_by_label("Sign in as").fill(handle)
    page.get_by_role("button", name="Allow").click()


def connect(page, stage, label, network):
    page.goto(f"{stage.site}/admin/syndication/accounts/new/")
    page.locator("[name=label]").fill(label)
    page.locator("[name=network]").select_option(network)
    page.get_by_label("English", exact=True).check()
    if network == "mastodon":
        page.locator("[name=host]").fill(stage.fakenet)
    page.get_by_role("button", name="Create").click()
    give_access(page, network, OWN.get(network, f"tour_{network}"))
    expect(page.get_by_text("Connected as")).to_be_visible()


def give_access(page, network, who):
    if network == "vk":
        page.locator("[name=pasted-access_token]").fill(f"vk1.a.fakenet-{who}")
        page.locator("[name=pasted-group_id]").fill(who)
        page.locator("#pasted-content").get_by_role("button", name=CONNECT).click()
    else:
        page.get_by_role("button", name="Continue at").first.click()
        consent(page, who)


def row(page, label):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=label, exact=True))


@pytest.mark.parametrize("network", ["mastodon", "x", "vk"])
def test_an_account_is_connected(site_admin, stage, network):
    connect(site_admin, stage, f"Tour {network}", network)
    site_admin.goto(f"{stage.site}/admin/syndication/accounts/")
    expect(row(site_admin, f"Tour {network}")).to_contain_text("Connected")


@pytest.mark.parametrize("network", ["mastodon", "x", "vk"])
def test_access_to_somebody_else_is_told_and_changes_nothing(site_admin, stage, network):
    page, label = site_admin, f"Second sign-in at {network}"
    connect(page, stage, label, network)
    before = json.loads(in_sandbox(f"access_of({label!r})"))
    give_access(page, network, ANOTHER.get(network, "somebody_else"))
    told = page.get_by_text(f"This account is {before['handle']}, but the access given is for")
    expect(told).to_contain_text("so nothing was changed")
    expect(page.get_by_text("Connected as")).to_have_count(0)
    assert json.loads(in_sandbox(f"access_of({label!r})")) == before

    page.get_by_role("button", name="Test without posting").click()
    expect(page.get_by_text(f"The access works: this is {before['handle']}.")).to_be_visible()
    page.goto(f"{stage.site}/admin/syndication/accounts/")
    expect(row(page, label)).to_contain_text("Connected")
    expect(row(page, label)).to_contain_text(before["handle"])


def test_access_that_ends_is_announced_and_what_waited_leaves_after_reconnecting(
    site_admin, editor, stage, drafts, networks
):
    page, label = site_admin, "Tour weibo"
    connect(page, stage, label, "weibo")
    in_sandbox(f"ends_soon({label!r})")
    page.goto(f"{stage.site}/admin/syndication/accounts/")
    expect(row(page, label)).to_contain_text("expires soon")
    page.goto(f"{stage.site}/admin/")
    told = page.get_by_role("region", name="Accounts that need you").get_by_role("listitem").filter(has_text=label)
    expect(told).to_contain_text("Access ends on")

    networks.revoke("weibo", "tour_weibo")
    editor.open_draft(drafts["reconnect"])
    editor.open_syndication()
    weibo = editor.account(label)
    weibo.tick.check()
    expect(weibo.preview).to_contain_text("Boston")
    editor.publish()
    editor.open_syndication()
    post = editor.post(label)
    expect(post.box).to_contain_text("connect the account again")
    expect(post.state).to_have_text("Waiting")
    page.goto(f"{stage.site}/admin/syndication/accounts/")
    expect(row(page, label)).to_contain_text("Needs reconnecting")
    page.goto(f"{stage.site}/admin/")
    told = page.get_by_role("region", name="Accounts that need you").get_by_role("listitem").filter(has_text=label)
    expect(told).to_contain_text("Needs reconnecting")

    told.get_by_role("link").click()
    page.get_by_role("button", name="Continue at").first.click()
    consent(page, "tour_weibo")
    expect(page.get_by_text("Connected as")).to_be_visible()
    editor.page.reload()
    editor.open_syndication()
    expect(post.state).to_have_text("Sent")
    assert len(networks.posts("weibo", "tour_weibo")) == 1
    page.goto(f"{stage.site}/admin/")
    expect(page.get_by_text("Accounts that need you")).to_have_count(0)
