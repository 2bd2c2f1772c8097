"""The panel itself: words, pictures and times of each account, many accounts, keyboards, strict sites."""

import re
from datetime import date, timedelta

import pytest

from tests.e2e.axe import violations
from tests.e2e.chromium import expect, new_context
from tests.e2e.live import in_sandbox
from tests.e2e.people import Desk, sign_in


FEATURE = "The river that calls at 3 a.m."
JAPANESE = "災害時の水質計貸し出しを開始"
STRICT = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'"
NOTE_WATCHING = """document.addEventListener("w-unsaved:watch-edits", () => (window.isWatching = true));"""
NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.sourceFile));
"""


def fresh_article(editor, language, title):
    """A page of the editor's own, not yet saved: in the create view, with its texts filled in."""
    page = editor.page
    page.goto(f"{editor.stage.site}/admin/pages/")
    home = page.get_by_role("row").filter(has=page.locator(f'a[href$="/{language}/"]'))
    home.get_by_role("link", name="Explore child pages").click()
    parent = re.search(r"/pages/(\d+)/", page.url)[1]
    page.add_init_script(NOTE_WATCHING)
    page.goto(f"{editor.stage.site}/admin/pages/add/home/newspage/{parent}/")
    page.wait_for_function("window.isWatching")  # Wagtail looks for changes only some time after a page was opened
    page.locator("[name=title]").fill(title)
    page.locator("[name=date]").fill("2026-11-05")
    page.keyboard.press("Escape")
    page.locator("[name=intro]").fill("Three probes now measure the harbour every minute.")
    page.locator(".public-DraftEditor-content").first.click()
    page.keyboard.type("The probes hang below the old crane.")
    return page


def saved_by_itself(page):
    """Wait until Wagtail has saved the page without being asked."""
    page.wait_for_url(re.compile(r"/admin/pages/\d+/edit/$"))


def test_generated_words_follow_the_page_until_the_editor_takes_over(editor):
    page = fresh_article(editor, "en", "Harbour probes, first week")
    editor.open_syndication()
    mastodon = editor.account("Mastodon, English")
    mastodon.tick.check()
    expect(mastodon.wording).to_have_value(re.compile("measure the harbour every minute"))
    expect(mastodon.button("Back to the generated text")).to_be_hidden()

    page.get_by_role("tab", name="Content").click()
    page.locator("[name=intro]").fill("Four probes now measure the harbour every second.")
    editor.open_syndication()
    expect(mastodon.wording).to_have_value(re.compile("every second"))

    mastodon.wording.press("ControlOrMeta+Home")
    mastodon.wording.press_sequentially("Look: ")
    expect(mastodon.preview).to_contain_text("Look: Four probes")
    expect(mastodon.box).to_contain_text("Your own text")
    page.get_by_role("tab", name="Content").click()
    page.locator("[name=intro]").fill("Nobody reads this.")
    editor.open_syndication()
    expect(mastodon.wording).to_have_value(re.compile("Look: Four probes"))

    mastodon.button("Back to the generated text").click()
    expect(mastodon.wording).to_have_value(re.compile("Nobody reads this"))
    expect(mastodon.preview).to_contain_text("Nobody reads this")
    mastodon.button("Bring my text back").click()
    expect(mastodon.wording).to_have_value(re.compile("Look: Four probes"))
    expect(mastodon.preview).to_contain_text("Look: Four probes")


def test_a_new_page_keeps_its_ticks_when_it_is_saved_by_itself(editor, networks):
    page = fresh_article(editor, "en", "Harbour probes, second week")
    editor.open_syndication()
    mastodon = editor.account("Mastodon, English")
    mastodon.tick.check()
    mastodon.wording.fill("Harbour, second week.")
    mastodon.when.select_option("after")
    saved_by_itself(page)

    # The same window goes on, now as the editor of a page that exists.
    # What is typed at the very moment of saving counts as saved to Wagtail.
    expect(page.get_by_text("Saved", exact=True).first).to_be_visible()
    page.wait_for_timeout(1500)
    with page.expect_response(lambda answer: answer.url.endswith("/edit/") and answer.request.method == "POST"):
        mastodon.wording.fill("Harbour, second week, corrected.")
    expect(mastodon.preview).to_contain_text("corrected")
    saved = []
    page.goto(page.url)
    page.wait_for_function("window.isWatching")
    page.on("request", lambda request: saved.append(request.url) if request.url.endswith("/edit/") else None)
    editor.open_syndication()
    expect(mastodon.preview).to_contain_text("corrected")
    page.wait_for_timeout(2500)
    assert saved == [], "looking at the panel is no change"
    expect(mastodon.tick).to_be_checked()
    expect(mastodon.wording).to_have_value("Harbour, second week, corrected.")
    expect(mastodon.when).to_have_value("after")
    texts = [post["text"] for post in networks.posts("mastodon", "aquametrica")]
    assert not any("second week" in text for text in texts)


def test_a_picture_of_the_library_with_a_description_of_its_own(editor, networks):
    page = fresh_article(editor, "en", "Harbour probes, third week")
    editor.open_syndication()
    mastodon = editor.account("Mastodon, English")
    mastodon.tick.check()
    expect(mastodon.preview).to_contain_text("harbour")
    expect(mastodon.post.get_by_role("img")).to_have_count(0)

    mastodon.button("Another picture…").click()
    page.locator(".modal").get_by_role("link", name="Control room").first.click()
    expect(mastodon.picture("Control room")).to_be_checked()
    expect(mastodon.button("Another picture…")).to_be_focused()
    expect(mastodon.post.get_by_role("img")).to_have_count(1)
    description = "A wall of screens; one of them is red."
    mastodon.box.get_by_role("textbox", name="Description for people who cannot see the picture").fill(description)
    expect(mastodon.post.get_by_role("img")).to_have_attribute("alt", description)

    mastodon.picture("None").check()
    expect(mastodon.post.get_by_role("img")).to_have_count(0)
    mastodon.picture("Control room").check()
    expect(mastodon.post.get_by_role("img")).to_have_count(1)
    saved_by_itself(page)
    editor.publish()
    editor.open_syndication()
    expect(editor.post("Mastodon, English").state).to_have_text("Sent")
    (post,) = [post for post in networks.posts("mastodon", "aquametrica") if "harbour every minute" in post["text"]]
    assert [image["alt"] for image in post["images"]] == [description]


def test_a_time_is_waited_for_until_somebody_is_impatient(editor, networks):
    page = fresh_article(editor, "en", "Harbour probes, fourth week")
    editor.open_syndication()
    x = editor.account("X, worldwide")
    x.tick.check()
    x.when.select_option("at")
    time = x.box.get_by_label("On the account’s clock")
    expect(time).to_have_value(re.compile(r"T09:00$"))
    wanted = f"{date.today() + timedelta(days=300)}T18:30"
    time.fill(wanted)
    expect(x.box).to_contain_text("6:30 p.m. (Europe/Paris)")
    expect(x.warnings.filter(has_text="charges for this post")).to_be_visible()
    saved_by_itself(page)

    time.fill("2001-07-01T18:30")
    editor.press_publish()
    page.get_by_role("button", name="Go to the first error").click()
    expect(x.box.locator(".w-field__errors")).to_contain_text("This time is past")
    expect(time).to_have_value("2001-07-01T18:30")

    time.fill(wanted)
    editor.publish()
    editor.open_syndication()
    post = editor.post("X, worldwide")
    expect(post.state).to_have_text("Waiting")
    expect(post.box).to_contain_text("6:30 p.m. (Europe/Paris)")
    post.button("Post now").click()
    expect(post.state).to_have_text("Sent")


def test_as_last_time(editor):
    page = fresh_article(editor, "en", "Harbour probes, fifth week")
    editor.open_syndication()
    editor.page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator("[name=syndication-accounts]:not(:checked)")).to_have_count(0)
    page.get_by_role("button", name="None", exact=True).click()
    expect(page.locator("[name=syndication-accounts]:checked")).to_have_count(0)

    editor.account("Bluesky, English").tick.check()
    saved_by_itself(page)
    editor.publish()
    page = fresh_article(editor, "en", "Harbour probes, sixth week")
    editor.open_syndication()
    page.get_by_role("button", name="As last time").click()
    expect(page.get_by_text("As on “Harbour probes, fifth week”")).to_be_visible()
    expect(page.locator("[name=syndication-accounts]:checked")).to_have_count(1)
    expect(editor.account("Bluesky, English").tick).to_be_checked()


def test_with_the_keyboard_alone(editor):
    page = fresh_article(editor, "en", "Harbour probes, seventh week")
    editor.open_syndication()
    mastodon = editor.account("Mastodon, English")
    mastodon.tick.focus()
    page.keyboard.press("Space")
    expect(mastodon.wording).to_have_value(re.compile("harbour"))
    page.keyboard.press("Tab")
    expect(mastodon.box.locator("summary").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(mastodon.wording).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(mastodon.wording).to_be_focused()
    page.keyboard.type("Typed. ")
    expect(mastodon.preview).to_contain_text("Typed.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(mastodon.button("Bring my text back")).to_be_focused()
    page.keyboard.press("Tab")
    expect(mastodon.picture("The page’s own")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(mastodon.picture("None")).to_be_checked()


@pytest.fixture
def two_hundred():
    """Two hundred accounts for Japanese pages; gone again after the test."""

    in_sandbox("two_hundred()")
    yield
    in_sandbox("without_two_hundred()")


def test_two_hundred_accounts(editor, two_hundred):
    page = fresh_article(editor, "ja", "水質計")
    editor.open_syndication()
    search = page.get_by_role("searchbox", name="Search accounts")
    search.fill("branch 01 mastodon")
    expect(page.locator("[data-account]:visible")).to_have_count(1)
    expect(editor.account("Branch 016").tick).to_be_visible()
    search.press("Enter")
    editor.account("Branch 016").tick.check()
    search.fill("nothing like this")
    expect(page.get_by_text("No account matches.")).to_be_visible()
    search.fill("")
    page.get_by_role("button", name="Only ticked or posted").click()
    expect(page.locator("[data-account]:visible")).to_have_count(1)
    expect(editor.account("Branch 016").preview).to_contain_text("harbour")

    page.get_by_role("button", name="Only ticked or posted").click()
    page.get_by_role("button", name="All", exact=True).click()
    facts = page.locator("[data-account]:visible .syndicate-card__facts:not(:empty)")
    expect(facts).to_have_count(page.locator("[data-account]").count(), timeout=60_000)
    expect(page.get_by_text("ticked", exact=False).first).to_be_visible()


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing(browser, stage, look):
    context = new_context(browser, color_scheme=look)
    desk = Desk(context.new_page(), stage)
    sign_in(desk.page, stage, "editor")
    fresh_article(desk, "en", f"Harbour probes, {look}")
    desk.open_syndication()
    for label in ("Mastodon, English", "X, worldwide", "LinkedIn, company page", "Reddit, English"):
        desk.account(label).tick.check()
        expect(desk.account(label).preview).to_contain_text("harbour")
    desk.account("X, worldwide").wording.fill("far too long " * 40)
    expect(desk.account("X, worldwide").length).to_have_text(re.compile("too long"))
    assert violations(desk.page, ".syndicate") == []

    desk.page.route("**/preview/**", lambda route: None)  # newer words are on their way for as long as axe looks
    desk.account("X, worldwide").wording.fill("Not quite as long.")
    expect(desk.page.locator(".syndicate--stale")).to_be_visible()
    assert violations(desk.page, ".syndicate") == []
    desk.page.unroute_all(behavior="ignoreErrors")

    desk.account("X, worldwide").button("Back to the generated text").click()
    saved_by_itself(desk.page)
    desk.publish()
    desk.open_syndication()
    expect(desk.post("Mastodon, English").state).to_have_text("Sent")
    for summary in desk.page.locator(".syndicate-attempts > summary").all():
        summary.click()
    assert violations(desk.page, ".syndicate") == []
    context.close()


def test_a_strict_content_security_policy(browser, stage):
    """Wagtail's own parts have inline scripts and styles; ours work where none is allowed, and add none."""
    context = new_context(browser)
    desk = Desk(context.new_page(), stage)
    sign_in(desk.page, stage, "editor")

    def strictly(route):
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": STRICT})

    desk.page.route(re.compile(r"/admin/pages/\d+/edit/$"), strictly)
    desk.page.add_init_script(NOTE_VIOLATIONS)
    desk.open_article("en", FEATURE)
    before = desk.page.evaluate("window.violations")
    desk.open_syndication()
    mastodon = desk.account("Mastodon, English")
    mastodon.tick.check()
    mastodon.wording.fill("Strictly speaking.")
    expect(mastodon.preview).to_contain_text("Strictly speaking.")
    expect(mastodon.post.get_by_role("img").first).to_be_visible()

    assert desk.page.evaluate("window.violations") == before != []
    assert not [source for source in before if "wagtail_syndicate" in source]
    assert desk.page.locator(".syndicate :is(script, style)").count() == 0
    context.close()


def test_at_twice_the_size(browser, stage):
    """200 % zoom of a 1280 pixels wide window: everything is there, and nothing has to be scrolled sideways."""
    context = new_context(browser)
    desk = Desk(context.new_page(), stage)
    desk.page.set_viewport_size({"width": 640, "height": 450})
    sign_in(desk.page, stage, "editor")
    desk.open_article("en", FEATURE)
    desk.open_syndication()
    mastodon = desk.account("Mastodon, English")
    mastodon.tick.check()
    expect(mastodon.preview).to_contain_text("New England")

    wide = "node => node.scrollWidth - node.clientWidth"
    assert desk.page.locator(".syndicate").evaluate(wide) <= 0
    assert mastodon.box.evaluate(wide) <= 0
    context.close()
