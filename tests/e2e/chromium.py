"""A real browser: Debian's Chromium, driven by Playwright."""

import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit


try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    expect = sync_playwright = None


ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 20_000  # milliseconds
SIZE = {"width": 1280, "height": 900}


def missing() -> str:
    """Why there is no browser on this machine, "" when there is one."""
    if sync_playwright is None:
        return 'Playwright is not installed: pip install -e ".[e2e]"'
    if shutil.which("chromium") is None:
        return "Chromium is not installed: apt-get install chromium"
    return ""


@contextmanager
def chromium():
    """Start the browser; yields Playwright's ``Browser``."""
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def new_context(browser, **options):
    """A browser profile of somebody's own, in English, that reaches nothing but this machine.

    :param options: as for Playwright's ``new_context``.
    """
    context = browser.new_context(viewport=SIZE, locale="en-US", **options)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(TIMEOUT)
    context.route(_is_elsewhere, lambda route: route.abort())
    return context


def _is_elsewhere(address: str) -> bool:
    return urlsplit(address).hostname not in ("localhost", "127.0.0.1", None)
