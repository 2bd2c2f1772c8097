"""The accounts of the sandbox, connected by its site admin on the pages that an admin uses."""

from dataclasses import dataclass, field
from urllib.parse import urljoin

from sandbox.stage.browser import Browser, Surprise
from sandbox.stage.processes import Stage


@dataclass(frozen=True)
class Plan:
    """An account to add: what the admin types, and as whom she signs in at the network."""

    label: str
    network: str
    languages: tuple[str, ...]
    handle: str = ""
    method: str = "oauth2"
    pasted: dict = field(default_factory=dict)
    server: bool = False


PLANS = (
    Plan("Mastodon, English", "mastodon", ("en",), "aquametrica", server=True),
    Plan("X, worldwide", "x", ("en",), "aquametrica"),
    Plan("Mastodon, France", "mastodon", ("fr",), "aquametrica_fr", server=True),
    Plan(
        "Telegram, France",
        "telegram",
        ("fr",),
        method="pasted",
        pasted={"bot_token": "110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P", "channel": "@aquametrica_fr"},
    ),
    Plan("Mastodon, Deutschland", "mastodon", ("de",), "aquametrica_de", server=True),
    Plan("XING, Deutschland", "xing", ("de",), method="none", pasted={"handle": "Aquametrica"}),
    Plan(
        "VK, Россия", "vk", ("ru",), method="pasted", pasted={"access_token": "vk1.a.fakenet-102", "group_id": "102"}
    ),
    Plan(
        "Telegram, Россия",
        "telegram",
        ("ru",),
        method="pasted",
        pasted={"bot_token": "110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P", "channel": "@aquametrica_ru"},
    ),
    Plan("微博 Weibo", "weibo", ("zh-hans",), "aquametrica_cn"),
    Plan("X, 日本", "x", ("ja",), "aquametrica_jp", method="oauth1"),
)


def add(browser: Browser, stage: Stage, plan: Plan) -> None:
    """Add one account under Settings and connect it, through the network's consent page where there is one.

    :raises Surprise: the account is not connected at the end.
    """
    page = browser.open(f"{stage.site}/admin/syndication/accounts/new/")
    form = page.form("form[action*='/syndication/accounts/new/'], main form[method=POST]")
    changes = [("label", plan.label), ("network", plan.network), *_languages(form, plan.languages)]
    if plan.server:
        changes.append(("host", stage.fakenet))
    page = browser.submit(page, form, changes)
    page = _connect(browser, page, plan)
    if not page.soup.select_one(".messages .success"):
        raise Surprise(f"{plan.label} was not connected ({page.url}): {page.errors() or page.title}")


def _languages(form, wanted) -> list[tuple[str, str]]:
    chosen = []
    for box in form.select("input[type=checkbox][name=locales]"):
        label = form.select_one(f"label[for={box['id']}]") or box.find_parent("label")
        if label.get_text(strip=True) in {LANGUAGE_NAMES[code] for code in wanted}:
            chosen.append(("locales", box["value"]))
    if len(chosen) != len(wanted):
        raise Surprise(f"The account form does not offer the languages {wanted}.")
    return chosen


LANGUAGE_NAMES = {
    "en": "English",
    "fr": "Français",
    "de": "Deutsch",
    "ru": "Русский",
    "zh-hans": "简体中文",
    "ja": "日本語",
}


def _connect(browser: Browser, page, plan: Plan):
    form = page.form(f"form:has(input[name=method][value={plan.method}])")
    page = browser.submit(page, form, {f"{plan.method}-{name}": value for name, value in plan.pasted.items()})
    if plan.method.startswith("oauth"):
        consent = page.form("form[method=post]")
        page = browser.submit(page, consent, {"handle": plan.handle}, press=("decision", "allow"))
    return page


def share(browser: Browser, share_link: str, text: str) -> str:
    """Do by hand what no software may: open the share dialog, paste the text, share.

    :returns: the address of the post, as the dialog shows it.
    """
    page = browser.open(share_link)
    page = browser.submit(page, page.form("form[method=post]"), {"text": text, "handle": "aquametrica_de"})
    link = page.soup.select_one("a[data-permalink], a.permalink, a[rel=bookmark]")
    if link is None:
        raise Surprise(f"The share dialog shows no permalink: {page.url}")
    return urljoin(page.url, link["href"])
