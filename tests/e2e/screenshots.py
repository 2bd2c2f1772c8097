"""Takes the pictures of the documentation anew: ``python -m tests.e2e.screenshots`` (needs what they need)."""

import argparse
import os
from io import BytesIO
from pathlib import Path

import django
from PIL import Image


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from sandbox.stage import accounts  # noqa: E402
from sandbox.stage.browser import Browser  # noqa: E402
from tests.e2e.chromium import chromium, expect, new_context  # noqa: E402
from tests.e2e.live import live_sandbox  # noqa: E402
from tests.e2e.people import Desk, sign_in  # noqa: E402


IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDTH, NARROW, PHONE, HEIGHT = (
    1280,
    600,
    390,
    3200,
)  # pixels; high enough for all that is shown, so that nothing is scrolled
MARGIN = 24  # pixels
NEWS = "Boston lab now calibrates nitrate probes in two days"
OTHERS = ("The river that calls at 3 a.m.", "Water Data Day 2027")
XING = accounts.Plan("XING, company page", "xing", ("en",), method="none", pasted={"handle": "Aquametrica"})
WORDING = "No more shipping to Munich: our Boston lab calibrates nitrate probes in two working days."


def main(arguments=None):
    """Start a sandbox, use it, and write the pictures.

    :param arguments: those of the command line.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.screenshots", description=__doc__)
    parser.add_argument("--to", type=Path, default=IMAGES, metavar="FOLDER", help="where to (default: docs/images)")
    parser.add_argument("--dark", action="store_true", help="in the dark theme")
    options = parser.parse_args(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, live_sandbox() as stage:
        theme = "dark" if options.dark else "light"
        editor, admin, visitor = (new_context(browser, color_scheme=theme).new_page() for _ in range(3))
        for page in (editor, admin, visitor):
            page.set_viewport_size({"width": NARROW if page is visitor else WIDTH, "height": HEIGHT})
        sign_in(admin, stage, "siteadmin")
        list_of_accounts(admin, stage, options.to)
        add_xing(stage)
        sign_in(editor, stage, "editor")
        desk = Desk(editor, stage)
        for title in OTHERS:
            post_quietly(desk, title)
        panel(desk, options.to)
        report(editor, stage, options.to)
        phone(editor, stage, options.to)
        timeline(visitor, stage, options.to)


def add_xing(stage):
    """Give the English articles an account that a person posts for."""
    browser = Browser()
    browser.login(stage.site, "siteadmin", "siteadmin-sandbox")
    accounts.add(browser, stage, XING)


def list_of_accounts(page, stage, folder):
    page.goto(f"{stage.site}/admin/syndication/accounts/")
    crop(page, page.locator("main"), page.get_by_role("table"), folder / "accounts.png")


def post_quietly(desk, title):
    desk.open_article("en", title)
    desk.open_syndication()
    desk.account("Mastodon, English").tick.check()
    desk.publish()
    desk.open_syndication()
    expect(desk.post("Mastodon, English").state).to_have_text("Sent")


def panel(desk, folder):
    desk.open_article("en", NEWS)
    desk.open_syndication()
    for label in ("Mastodon, English", XING.label):
        desk.account(label).tick.check()
    desk.account(XING.label).wording.fill(WORDING)
    for label in ("Mastodon, English", XING.label):
        expect(desk.account(label).preview).to_contain_text("nitrate probes")
    expect(desk.account(XING.label).preview).to_contain_text(WORDING)
    frame = desk.page.locator("main")
    crop(desk.page, frame, desk.page.locator(".syndicate"), folder / "panel-before.png")
    desk.publish()
    desk.open_syndication()
    expect(desk.post("Mastodon, English").state).to_have_text("Sent")
    expect(desk.post(XING.label).state).to_have_text("Needs a person")
    crop(desk.page, frame, desk.post(XING.label).box, folder / "panel-after.png")


def report(page, stage, folder):
    page.goto(f"{stage.site}/admin/syndication/report/")
    crop(page, page.locator("main"), page.get_by_role("table"), folder / "report.png")


def phone(page, stage, folder):
    """What waits for a person, in the hand."""
    page.set_viewport_size({"width": PHONE, "height": HEIGHT})
    page.goto(f"{stage.site}/admin/syndication/waiting/")
    page.get_by_role("region", name="Post by hand").get_by_role("link").first.click()
    marked = page.get_by_role("button", name="Mark as posted")
    expect(marked).to_be_visible()
    crop(page, page.locator("main"), marked, folder / "phone.png", margin=8)


def timeline(page, stage, folder):
    page.goto(f"{stage.fakenet}/timeline/mastodon/aquametrica")
    page.wait_for_load_state("networkidle")
    crop(page, page.locator("body"), page.get_by_role("article").nth(1), folder / "timeline.png")


def crop(page, frame, last, path, margin=MARGIN):
    """A picture as wide as ``frame``, from the top of the window to the end of ``last``; nothing has the focus."""
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    box, end = frame.bounding_box(), last.bounding_box()
    area = {"x": box["x"], "y": 0, "width": box["width"], "height": end["y"] + end["height"] + margin}
    picture = Image.open(BytesIO(page.screenshot(clip=area, animations="disabled")))
    picture.convert("RGB").quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    main()
