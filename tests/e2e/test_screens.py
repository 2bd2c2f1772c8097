"""Each of our screens: for those who need contrast and structure, and under a strict Content-Security-Policy."""

import json
import re
from io import BytesIO

import pytest
from PIL import Image

from tests.e2e.axe import violations
from tests.e2e.chromium import SIZE, expect, new_context
from tests.e2e.live import in_sandbox
from tests.e2e.people import sign_in
from wagtail_syndicate.models import Delivery


STRICT = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'"
NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push({
    directive: event.effectiveDirective, source: event.sourceFile || "", blocked: event.blockedURI,
    html: event.target.outerHTML ? event.target.outerHTML.slice(0, 200) : "",
}));
"""
FIND = """([html, selector]) => [...new DOMParser().parseFromString(html, "text/html").querySelectorAll(selector)]
    .map((node) => node.outerHTML)"""
OURS = '[class*="syndicate"], [class*="syndication"], [id*="syndication"], [data-controller*="syndication"]'
# What is not ours on the page: Wagtail's menu, and its parts around a form.
AROUND = ("[data-wagtail-sidebar]", "#wagtail-sidebar", "header", ".w-slim-header")
SCREENS = (
    "dashboard",
    "accounts",
    "new account",
    "account",
    "delete account",
    "connect",
    "connection",
    "disconnect",
    "app keys",
    "app keys form",
    "report",
    "bulk",
    "waiting",
    "posts",
    "delivery failed",
    "delivery unknown",
    "delivery assisted",
    "delivery approval",
    "delivery posted",
    "group",
    "listing",
)


@pytest.fixture(scope="module")
def screens(stage, drafts):
    """The address of each screen."""
    return {name: stage.site + path for name, path in json.loads(in_sandbox(f"screens({drafts['screens']})")).items()}


@pytest.fixture(scope="module")
def window(browser, stage):
    """A superuser's window, who sees every screen."""
    context = new_context(browser)
    page = context.new_page()
    sign_in(page, stage, "admin")
    yield page
    context.close()


@pytest.mark.parametrize("name", SCREENS)
def test_axe_finds_nothing_in_light_and_dark(window, screens, name):
    window.goto(screens[name])
    if state := name.partition("delivery ")[2]:
        expect(window.locator("main")).to_contain_text(str(Delivery.State(state).label))
    for look in ("light", "dark"):
        window.emulate_media(color_scheme=look)
        assert violations(window, "main", but=AROUND) == [], f"{name}, {look}"


@pytest.mark.parametrize("name", SCREENS)
def test_nothing_of_ours_offends_a_strict_policy(window, screens, name):
    """Wagtail's own parts have inline scripts and styles; ours have none, and ask for nothing from elsewhere."""

    def strictly(route):
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": STRICT})

    page = window.context.new_page()
    page.add_init_script(NOTE_VIOLATIONS)
    page.route(re.compile(re.escape(screens[name]) + "$"), strictly)
    answer = page.goto(screens[name], wait_until="networkidle")
    assert answer.headers["content-security-policy"] == STRICT
    violations = page.evaluate("window.violations")
    ours = [one for one in violations if "wagtail_syndicate" in one["source"] + one["blocked"] + one["html"]]
    assert ours == []
    # In what the server sent: what scripts set through the DOM is allowed.
    inline = f":is({OURS}) :is(script:not([src]):not([type$=json]), style, [style], [onclick], [onchange])"
    assert page.evaluate(FIND, [answer.text(), inline]) == []
    page.close()


@pytest.mark.parametrize("name", ["report", "accounts", "app keys"])
def test_all_of_a_table_can_be_reached_on_a_phone(window, screens, name):
    window.set_viewport_size({"width": 390, "height": 844})
    window.goto(screens[name])
    title, last = window.locator("td.title").first, window.locator("table.listing th").last
    assert title.bounding_box()["width"] > 100, "no word is broken up"
    title.hover()
    window.mouse.wheel(2000, 0)
    window.wait_for_function(
        "head => head.getBoundingClientRect().right < window.innerWidth + 1", arg=last.element_handle()
    )
    window.set_viewport_size(SIZE)


def test_forced_colours(browser, stage, screens):
    """What only a background would set apart has a border as well, and a phone can still read the code."""
    context = new_context(browser, color_scheme="dark", forced_colors="active")
    page = context.new_page()
    sign_in(page, stage, "admin")
    for name, part in (("accounts", ".w-status"), ("report", ".syndicate-state"), ("editor", ".syndicate-offer")):
        page.goto(screens[name])
        borders = page.locator(part).evaluate_all("all => all.map(one => getComputedStyle(one).borderTopWidth)")
        assert borders and "0px" not in borders, name
    page.goto(screens["delivery assisted"])
    page.get_by_text("Go on on your phone").click()
    picture = page.locator(".syndicate-code svg").screenshot()
    code = Image.open(BytesIO(picture)).convert("L").crop((0, 0, 24, 24))  # the corner of its frame, and of a mark
    assert code.getpixel((4, 4)) == 255 and code.getpixel((20, 20)) == 0
    context.close()


def test_the_choice_among_several_pages(window, screens, stage):
    """Which is reached by way of the network only."""
    window.goto(screens["new account"])
    window.locator("[name=label]").fill("Facebook, to choose")
    window.locator("[name=network]").select_option("facebook")
    window.get_by_role("button", name="Create").click()
    window.get_by_role("button", name="Continue at").first.click()
    window.get_by_label("Sign in as").fill("aquametrica")
    window.get_by_role("button", name="Allow").click()
    expect(window.get_by_role("heading", name="Which of these")).to_be_visible()
    for look in ("light", "dark"):
        window.emulate_media(color_scheme=look)
        assert violations(window, "main", but=AROUND) == [], look
