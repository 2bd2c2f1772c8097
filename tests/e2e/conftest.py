"""One sandbox and one browser for all tests here; each test gets windows of its own."""

import json
import os

import pytest

from tests.e2e.chromium import chromium, missing, new_context
from tests.e2e.live import Networks, in_sandbox, live_sandbox
from tests.e2e.people import Desk, sign_in


@pytest.fixture(scope="session")
def browser():
    if reason := missing():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def stage(browser):
    """The running sandbox. It is asked for after the browser, so that it is not started in vain."""
    with live_sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def drafts(stage):
    """The primary keys of the drafts that ``tests.e2e.cast`` makes, by name; its people are there as well."""
    in_sandbox("people()")
    return json.loads(in_sandbox("drafts()"))


@pytest.fixture
def networks(stage):
    found = Networks(stage)
    yield found
    found.recover()


@pytest.fixture(scope="session")
def profiles():
    """The browser profile of everybody who was here, by username, with cookies and cache."""
    return {}


@pytest.fixture
def open_window(browser, stage, profiles):
    """Opens a window for somebody who is signed in, or for a visitor; fails the test when a script in it breaks."""
    pages, errors = [], []

    def open_one(username=""):
        profile = profiles.get(username) or new_context(browser)
        page = profile.new_page()
        if username and username not in profiles:
            sign_in(page, stage, username)
        profiles[username] = profile
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        pages.append(page)
        return page

    yield open_one
    for page in pages:
        page.close()
    assert errors == []


@pytest.fixture
def editor(open_window, stage):
    """The sandbox's editor at her desk."""
    return Desk(open_window("editor"), stage)


@pytest.fixture
def site_admin(open_window):
    """The browser window of the sandbox's site admin."""
    return open_window("siteadmin")
