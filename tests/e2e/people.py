"""What people see and do in the Wagtail admin, step by step, with Playwright's pages."""

import re

from sandbox.stage.processes import Stage


def sign_in(page, stage: Stage, username: str) -> None:
    """Sign in to the Wagtail admin; the sandbox's people have passwords that follow from their names."""
    page.goto(f"{stage.site}/admin/login/")
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(f"{username}-sandbox")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stage.site}/admin/")


class Desk:
    """Somebody at the page editor."""

    def __init__(self, page, stage: Stage):
        self.page = page
        self.stage = stage

    def open_article(self, language: str, title: str) -> None:
        """Find an article below the home page of its language, and open it in the editor."""
        self.page.goto(f"{self.stage.site}/admin/pages/")
        home = self.page.get_by_role("row").filter(has=self.page.locator(f'a[href$="/{language}/"]'))
        home.get_by_role("link", name="Explore child pages").click()
        self.page.get_by_role("link", name=title, exact=True).click()
        self.page.wait_for_url("**/edit/")

    def open_draft(self, pk: int) -> None:
        """Open a page in the editor by its primary key."""
        self.page.goto(f"{self.stage.site}/admin/pages/{pk}/edit/")

    def open_syndication(self) -> None:
        self.page.get_by_role("tab", name="Syndication").click()

    def account(self, label: str) -> "Offer":
        """An account that the panel offers."""
        return Offer(self.page, label)

    def post(self, label: str) -> "Post":
        """What became of the page's post for an account."""
        return Post(self.page, label)

    def press_publish(self) -> None:
        self.press("Publish")

    def press(self, action: str) -> None:
        """Press a button of the editor's footer, which hides all but the first in a menu."""
        footer = self.page.get_by_role("navigation", name="Actions (footer)")
        button = footer.get_by_role("button", name=action, exact=True)
        if not button.is_visible():
            footer.get_by_role("button", name="More actions").click()
        button.click()

    def publish(self) -> None:
        """Publish, and come back to the editor."""
        address = self.page.url
        self.press_publish()
        self.page.wait_for_url(re.compile(r"/admin/pages/\d+/$"))
        self.page.goto(address)


class Offer:
    """One account in the panel: to be ticked, with the text that will be posted."""

    def __init__(self, page, label: str):
        self.tick = page.get_by_role("checkbox", name=label, exact=True)
        self.box = page.locator("[data-account]").filter(has=self.tick)
        self.preview = self.box.locator(".syndicate-post__text")
        self.post = self.box.locator(".syndicate-post")
        self.wording = self.box.get_by_role("textbox", name="Text", exact=True)
        self.length = self.box.locator("output.syndicate-count")
        self.warnings = self.box.locator(".syndicate-warning")
        self.when = self.box.get_by_role("combobox", name="When")

    def picture(self, name: str):
        """The input that chooses a picture."""
        return self.box.get_by_role("radio", name=name, exact=True)

    def button(self, name: str):
        return self.box.get_by_role("button", name=name, exact=True)


class Post:
    """What became of one post, beside its account."""

    def __init__(self, page, label: str):
        name = page.locator(f'[data-part="name"]:text-is("{label}")')
        self.box = page.locator("[data-delivery]").filter(has=name)
        self.state = self.box.locator('[data-part="state"]')
        self.link = self.box.get_by_role("link", name="See the post")

    def button(self, name: str):
        return self.box.get_by_role("button", name=name, exact=True)

    def link_field(self):
        return self.box.get_by_role("textbox", name="Link to the post (optional)")
