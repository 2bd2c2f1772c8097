"""A post that a person makes, on a phone: found, copied, shared and marked with a thumb."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from tests.e2e.axe import violations
from tests.e2e.chromium import expect, new_context
from tests.e2e.live import in_sandbox
from tests.e2e.people import sign_in


LABEL = "Reddit, English"
NAME = "Nitrate in two days instead of nineteen: what changes for everybody who measures in the field"
PHONE, NARROW = {"width": 390, "height": 844}, {"width": 320, "height": 568}
THUMB = 40  # pixels; what is smaller is hard to hit

IS_WHOLE = """node => node.scrollWidth <= node.clientWidth && [...node.querySelector("bdi").getClientRects()].every(
    (line) => line.left >= 0 && line.right <= window.innerWidth)"""


@pytest.fixture
def phone(browser, stage):
    context = new_context(browser, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_viewport_size(PHONE)
    sign_in(page, stage, "editor")
    yield page
    context.close()


def test_from_the_list_of_what_waits_to_posted_by_hand(editor, phone, stage, drafts, networks):
    publish_for_a_person(editor, drafts["phone"], LABEL)

    phone.goto(f"{stage.site}/admin/syndication/waiting/")
    phone.get_by_role("region", name="Post by hand").get_by_role("link", name=NAME).tap()
    expect(phone.get_by_text("Needs a person")).to_be_visible()
    title = phone.get_by_role("heading", name=NAME, level=2)
    expect(title).to_be_visible()
    for size in (NARROW, PHONE):
        phone.set_viewport_size(size)
        assert title.evaluate(IS_WHOLE), size
    wide = "document.documentElement.scrollWidth - window.innerWidth"
    assert phone.evaluate(wide) <= 0, "nothing to be scrolled sideways"
    words = phone.get_by_label("Text to post")
    shown = words.input_value()
    assert "Boston" in shown
    copy = phone.get_by_role("button", name="Copy").first
    share = phone.get_by_role("link", name="Open Reddit")
    mark = phone.get_by_role("button", name="Mark as posted")
    for target in (copy, share, mark):
        assert target.bounding_box()["height"] >= THUMB
    assert violations(phone, "main") == []

    copy.tap()
    expect(phone.get_by_text("Copied.").first).to_be_visible()
    assert phone.evaluate("navigator.clipboard.readText()") == shown

    with phone.expect_popup() as opened:
        share.tap()
    dialog = opened.value
    assert urlsplit(dialog.url).netloc == urlsplit(stage.fakenet).netloc
    dialog.get_by_role("button", name="Share").or_(dialog.get_by_role("button", name="Post")).first.click()
    permalink = dialog.locator("a.permalink").inner_text()
    dialog.close()
    phone.get_by_label("Link to the post").fill(permalink)
    mark.tap()
    expect(phone.get_by_text("Done: Posted by hand.")).to_be_visible()
    expect(phone.get_by_role("link", name="See the post")).to_have_attribute("href", permalink)
    editor.page.reload()
    editor.open_syndication()
    expect(editor.post(LABEL).state).to_have_text("Posted by hand")
    assert any(post["permalink"] == permalink for post in networks.posts("reddit"))


def test_the_picture_is_saved_without_what_the_camera_noted(editor, phone, stage, drafts):
    label = "Mastodon, by hand"
    in_sandbox(f"by_hand({label!r}, {stage.fakenet!r})")
    in_sandbox(f"photograph({drafts['picture']})")
    publish_for_a_person(editor, drafts["picture"], label)

    phone.goto(f"{stage.site}/admin/syndication/waiting/")
    phone.get_by_role("link", name="Nitrate in two days: picture").tap()
    save = phone.get_by_role("link", name="Save the picture")
    assert save.bounding_box()["height"] >= THUMB
    answer = phone.request.get(stage.site + save.get_attribute("href"))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    with phone.expect_download() as started:
        save.tap()
    saved = Path(started.value.path())
    assert started.value.suggested_filename.endswith(".jpg")
    assert saved.read_bytes() == answer.body()
    with Image.open(saved) as picture:
        picture.load()
        assert (picture.format, picture.size) == ("JPEG", (800, 600))
        assert not picture.getexif()
    expect(phone.get_by_label("Description for people who do not see it")).to_have_value("A probe on a rope")


def publish_for_a_person(editor, draft, label):
    editor.open_draft(draft)
    editor.open_syndication()
    editor.account(label).tick.check()
    expect(editor.account(label).preview).to_contain_text("Boston")
    editor.publish()
    editor.open_syndication()
    expect(editor.post(label).state).to_have_text("Needs a person")
