"""An editor's day: from ticks to posts, and through everything that can go wrong on the way."""

import re

from tests.e2e.chromium import expect


NEWS = "Boston lab now calibrates nitrate probes in two days"
GUIDE = "How to calibrate a pH probe in the field"
EVENT = "Water Data Day 2027"


def new_window(page, link):
    """What a link opens in a window of its own."""
    with page.expect_popup() as opened:
        link.click()
    return opened.value


def test_each_ticked_account_gets_exactly_the_text_that_was_shown(editor, networks):
    editor.open_article("en", NEWS)
    editor.open_syndication()
    mastodon, x = editor.account("Mastodon, English"), editor.account("X, worldwide")
    expect(mastodon.preview).to_have_count(0)
    mastodon.tick.check()
    x.tick.check()
    expect(x.preview).to_contain_text("nitrate probes")
    expect(x.length).to_have_text(re.compile(r"^\d+ of 280$"))
    expect(mastodon.length).to_have_text(re.compile(r"^\d+ of 500$"))
    expect(mastodon.post.get_by_role("img")).to_have_attribute("alt", re.compile("^Laboratory bench"))

    mastodon.wording.fill("Two working days instead of 19: our Boston lab now calibrates nitrate probes.")
    expect(mastodon.preview).to_contain_text("instead of 19")
    shown = {"mastodon": mastodon.preview.text_content(), "x": x.preview.text_content()}
    assert about_the_lab(networks, "mastodon") == about_the_lab(networks, "x") == []

    networks.fail("mastodon", "stall_before", handle="aquametrica", delay=10)
    editor.publish()
    editor.open_syndication()
    expect(editor.post("Mastodon, English").state).to_have_text("Sending")
    editor.page.evaluate("window.stillTheSame = true")
    for network, label in (("mastodon", "Mastodon, English"), ("x", "X, worldwide")):
        expect(editor.post(label).state).to_have_text("Sent")
        seen = new_window(editor.page, editor.post(label).link)
        assert seen.locator(".text").text_content() == shown[network]
        assert about_the_lab(networks, network) == [shown[network]]
    assert editor.page.evaluate("window.stillTheSame") is True
    expect(editor.account("X, worldwide").box).to_contain_text("Publishing the page again does not post it again.")


def about_the_lab(networks, network):
    texts = [post["text"] for post in networks.posts(network, "aquametrica")]
    return [text for text in texts if "/en/boston-lab-calibrates-nitrate-probes/" in text]


def test_a_page_type_with_a_form_of_its_own_has_the_panel_too(editor):
    editor.open_article("en", GUIDE)
    expect(editor.page.get_by_role("tab")).to_have_count(0)
    expect(editor.page.get_by_role("heading", name="Syndication")).to_be_visible()
    mastodon = editor.account("Mastodon, English")
    mastodon.tick.check()
    expect(mastodon.preview).to_contain_text("pH probe")
    shown = mastodon.preview.text_content()
    editor.publish()
    expect(editor.post("Mastodon, English").state).to_have_text("Sent")
    seen = new_window(editor.page, editor.post("Mastodon, English").link)
    assert seen.locator(".text").text_content() == shown


def test_a_wording_that_is_too_long_is_told_beside_its_field_and_nothing_is_lost(editor):
    too_long = "Would you act on this number at night, alone? " * 7
    editor.open_article("en", EVENT)
    venue = editor.page.locator("[name=venue]")
    venue.fill("Fort Point Conference Hall, second floor")
    editor.open_syndication()
    mastodon, x = editor.account("Mastodon, English"), editor.account("X, worldwide")
    mastodon.tick.check()
    mastodon.wording.fill("Save the date: March 11th, Boston.")
    x.tick.check()
    x.wording.fill(too_long)
    expect(x.length).to_have_text(re.compile(r"^\d+ too long$"))

    editor.press_publish()
    editor.page.get_by_role("button", name="Go to the first error").click()
    expect(x.box.locator(".w-field__errors")).to_contain_text("which takes 280 at most. Shorten it.")
    expect(x.wording).to_have_value(too_long.strip())
    expect(x.tick).to_be_checked()
    expect(mastodon.tick).to_be_checked()
    expect(mastodon.box.locator(".w-field__errors")).to_have_count(0)
    expect(mastodon.wording).to_have_value("Save the date: March 11th, Boston.")
    expect(venue).to_have_value("Fort Point Conference Hall, second floor")

    x.wording.fill("Would you act on this number at night, alone?")
    expect(x.length).to_have_text(re.compile(r"^\d+ of 280$"))
    editor.publish()
    editor.open_syndication()
    for label in ("Mastodon, English", "X, worldwide"):
        expect(editor.post(label).state).to_have_text("Sent")


def test_a_post_that_failed_says_why_and_is_sent_on_request(editor, networks):
    networks.fail("mastodon", "error", status=422, handle="aquametrica_de", body={"error": "Validation failed"})
    editor.open_article("de", "Sauerstoffprofil im See messen: Schritt für Schritt")
    editor.account("Mastodon, Deutschland").tick.check()
    editor.publish()
    post = editor.post("Mastodon, Deutschland")
    expect(post.state).to_have_text("Failed")
    expect(post.box).to_contain_text("Mastodon refused the text. Change the wording, then try again.")
    assert networks.posts("mastodon", "aquametrica_de") == []

    post.button("Try again").click()
    expect(post.state).to_have_text("Sent")
    expect(post.button("Try again")).to_have_count(0)
    assert len(networks.posts("mastodon", "aquametrica_de")) == 1


def test_a_post_that_nobody_knows_of_is_settled_by_who_looked(editor, networks):
    networks.fail("telegram", "reset_after", handle="aquametrica_fr")
    editor.open_article("fr", "Vingt-quatre lycées vont mesurer la Seine avec nos sondes")
    editor.open_syndication()
    editor.account("Telegram, France").tick.check()
    editor.publish()
    editor.open_syndication()
    post = editor.post("Telegram, France")
    expect(post.state).to_have_text("Unknown")
    expect(post.box).to_contain_text("The connection broke while Telegram was answering")
    expect(post.button("Send again")).to_be_visible()

    timeline = new_window(editor.page, post.box.get_by_role("link", name="Look at the account"))
    with timeline.expect_navigation():
        timeline.get_by_role("link", name="Permalink").click()
    post.link_field().fill(timeline.url)
    post.button("It is there").click()
    expect(post.link).to_have_attribute("href", timeline.url)
    expect(post.button("Send again")).to_have_count(0)
    expect(post.button("It is there")).to_have_count(0)
    assert len(networks.posts("telegram", "aquametrica_fr")) == 1


def test_a_post_for_a_person_is_copied_shared_and_marked(editor, networks):
    editor.open_article("de", "Ersatzteile für alte Trübungsmesser gibt es bis 2036")
    editor.open_syndication()
    xing = editor.account("XING, Deutschland")
    xing.tick.check()
    expect(xing.preview).to_contain_text("Trübungsmesser")
    shown = xing.preview.text_content()
    editor.publish()
    editor.open_syndication()
    post = editor.post("XING, Deutschland")
    expect(post.state).to_have_text("Needs a person")

    post.button("Copy text").click()
    expect(editor.page.get_by_text("Copied.", exact=True)).to_be_visible()
    dialog = new_window(editor.page, post.box.get_by_role("link", name="Open XING"))
    dialog.get_by_label("Your comment").focus()
    dialog.keyboard.press("Control+V")
    expect(dialog.get_by_label("Your comment")).to_have_value(shown)
    dialog.get_by_role("button", name="Share").click()
    permalink = dialog.locator("a.permalink").inner_text()

    post.link_field().fill("feedy stories")
    post.button("Mark as posted").click()
    expect(post.box).to_contain_text("Enter the address of the post, beginning with https://")
    expect(post.link_field()).to_have_value("feedy stories")
    post.link_field().fill(permalink)
    post.button("Mark as posted").click()
    expect(post.state).to_have_text("Posted by hand")
    expect(post.link).to_have_attribute("href", permalink)
    (shared,) = networks.posts("xing", "newsroom")
    assert shared["text"].replace("\r\n", "\n") == shown
    assert shared["link"].endswith("/de/ersatzteile-fuer-truebungsmesser-bis-2036/")
