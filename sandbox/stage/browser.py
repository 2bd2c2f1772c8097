"""A person with a browser, as far as plain HTTP goes: opens pages, fills in forms, presses buttons."""

from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup


# Where Wagtail's pages, ours and those of fakenet say what is wrong.
COMPLAINTS = ".error-message, .w-field__errors, .messages .error, .help-critical, [role=alert], .problem"


class Surprise(Exception):
    """A page is not what the person expected."""


class Page:
    """What the person sees now."""

    def __init__(self, response: requests.Response):
        self.url = response.url
        self.status = response.status_code
        self.soup = BeautifulSoup(response.content, "html.parser")

    @property
    def title(self) -> str:
        return self.soup.title.get_text(" ", strip=True) if self.soup.title else ""

    def form(self, selector: str):
        """The form that a CSS selector finds.

        :raises Surprise: there is none.
        """
        found = self.soup.select_one(selector)
        if found is None:
            raise Surprise(f"{self.url} ({self.status}, “{self.title}”) has no form “{selector}”: {self.errors()}")
        return found

    def errors(self) -> str:
        """What the page complains about."""
        found = self.soup.select(COMPLAINTS)
        return "; ".join(" ".join(element.get_text(" ", strip=True).split()) for element in found)


class Browser:
    """One person's session."""

    def __init__(self):
        self.session = requests.Session()
        self.session.trust_env = False

    def open(self, url: str) -> Page:
        """Go to an address, following redirects."""
        return self._page(self.session.get(url, timeout=60))

    def submit(self, page: Page, form, changes=(), press=None) -> Page:
        """Send a form as it is, with some values changed.

        :param changes: pairs of name and value; a name that occurs here replaces what the form holds under it.
        :param press: name and value of the button.
        """
        changes = list(changes.items() if isinstance(changes, dict) else changes)
        replaced = {name for name, _ in changes}
        data = [(name, value) for name, value in form_values(form) if name not in replaced] + changes
        if press:
            data.append(press)
        target = urljoin(page.url, form.get("action") or page.url)
        if form.get("method", "get").lower() == "post":
            return self._page(self.session.post(target, data=data, headers={"Referer": page.url}, timeout=60))
        return self._page(self.session.get(target, params=data, timeout=60))

    def login(self, site: str, username: str, password: str) -> None:
        """Sign in to the Wagtail admin."""
        page = self.open(f"{site}/admin/login/")
        page = self.submit(
            page, page.form("form.login-form, form[action*=login]"), {"username": username, "password": password}
        )
        if "/login/" in page.url:
            raise Surprise(f"{username} could not sign in: {page.errors()}")

    def _page(self, response: requests.Response) -> Page:
        page = Page(response)
        if response.status_code >= 500:
            raise Surprise(f"{response.request.method} {response.url} answered {response.status_code}: {page.title}")
        return page


def form_values(form) -> list[tuple[str, str]]:
    """What a browser would send of a form that nobody touched."""
    values = []
    for field in form.find_all(["input", "textarea", "select"]):
        name, kind = field.get("name"), field.get("type", "text").lower()
        if not name or field.has_attr("disabled") or field.find_parent("template"):
            continue
        if field.name == "textarea":
            values.append((name, field.get_text().removeprefix("\n")))
        elif field.name == "select":
            options = field.find_all("option")
            chosen = [option for option in options if option.has_attr("selected")]
            if not chosen and options and not field.has_attr("multiple"):
                chosen = options[:1]
            values += [(name, option.get("value", option.get_text())) for option in chosen]
        elif kind in ("checkbox", "radio"):
            if field.has_attr("checked"):
                values.append((name, field.get("value", "on")))
        elif kind not in ("submit", "button", "image", "reset", "file"):
            values.append((name, field.get("value", "")))
    return values
