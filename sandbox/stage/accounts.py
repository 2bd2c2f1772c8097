"""The accounts of the sandbox, connected by its site admin on the pages that an admin uses."""

from dataclasses import dataclass, field
from urllib.parse import urljoin

from bs4 import Tag

from sandbox.home.people import BEIJING
from sandbox.stage.browser import Browser, Page, Surprise
from sandbox.stage.processes import Stage


LANGUAGE_NAMES = {
    "en": "English",
    "fr": "Français",
    "de": "Deutsch",
    "ru": "Русский",
    "zh-hans": "简体中文",
    "ja": "日本語",
}
FAKENET = "{fakenet}"
BOT = "110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P"
APP_PASSWORD = "fake-nets-apps-word"


@dataclass(frozen=True)
class Plan:
    """An account to add: what the admin types, as whom she signs in at the network, and what editors use it for.

    :param languages: of the pages it is offered on; none: of all.
    :param handle: who signs in on the network's page: at its consent, or at its share dialog.
    :param pasted: what is typed into the fields of the connection; ``{fakenet}`` is the address of fakenet.
    :param chosen: the page, group or organisation to post as, by its name, where the network offers several.
    :param choices: what is set under "How it posts", by name.
    :param kinds: the kinds of articles that editors tick it for; none: all.
    :param collection: what it is the business of; "": of everybody who may use accounts at all.
    """

    label: str
    network: str
    languages: tuple[str, ...]
    handle: str = ""
    method: str = "oauth2"
    pasted: dict[str, str] = field(default_factory=dict)
    server: bool = False
    chosen: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    collection: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether a person posts."""
        return self.method == "none"

    def suits(self, language: str, kind: str) -> bool:
        """Whether editors tick it on an article of this kind ("news") in this language."""
        return self.offered(language) and (not self.kinds or kind in self.kinds)

    def offered(self, language: str) -> bool:
        """Whether it is offered on pages in this language."""
        return not self.languages or language in self.languages


def _pasted(label, network, languages, **more) -> Plan:
    return Plan(label, network, languages, method="pasted", **more)


def _by_hand(label, network, languages, handle, pasted, **more) -> Plan:
    return Plan(label, network, languages, handle, method="none", pasted=pasted, **more)


PLANS = (
    Plan("Mastodon, English", "mastodon", ("en",), "aquametrica", server=True),
    Plan("X, worldwide", "x", ("en",), "aquametrica"),
    Plan("LinkedIn, company page", "linkedin", ("en",), "lead.editor", "organisation", chosen="Example Company"),
    Plan("Facebook, worldwide", "facebook", ("en",), "aquametrica", chosen="aquametrica"),
    _pasted(
        "Bluesky, English",
        "bluesky",
        ("en",),
        pasted={"handle": "aquametrica.bsky.social", "app_password": APP_PASSWORD},
    ),
    Plan("Threads, English", "threads", ("en",), "aquametrica"),
    _by_hand(
        "Reddit, English", "reddit", ("en",), "aquametrica", {"handle": "u/aquametrica"}, kinds=("feature", "guide")
    ),
    Plan("Mastodon, France", "mastodon", ("fr",), "aquametrica_fr", server=True),
    _pasted("Telegram, France", "telegram", ("fr",), pasted={"bot_token": BOT, "channel": "@aquametrica_fr"}),
    Plan("Facebook, France", "facebook", ("fr",), "aquametrica.fr", chosen="aquametrica.fr"),
    _by_hand(
        "Viadeo, France",
        "viadeo",
        ("fr",),
        "aquametrica.fr",
        {"handle": "Aquametrica", "page_url": f"{FAKENET}/viadeo/web/page"},
    ),
    Plan("Mastodon, Deutschland", "mastodon", ("de",), "aquametrica_de", server=True),
    _by_hand("XING, Deutschland", "xing", ("de",), "aquametrica_de", {"handle": "Aquametrica"}),
    Plan("LinkedIn, Vertrieb Deutschland", "linkedin", ("de",), "sales.de", "member"),
    _pasted("VK, Россия", "vk", ("ru",), pasted={"access_token": "vk1.a.fakenet-102", "group_id": "102"}),
    _pasted("Telegram, Россия", "telegram", ("ru",), pasted={"bot_token": BOT, "channel": "@aquametrica_ru"}),
    Plan("OK, Россия", "ok", ("ru",), "editor_ru", chosen="Компания «Пример»"),
    Plan("微博 Weibo", "weibo", ("zh-hans",), "aquametrica_cn", collection=BEIJING),
    _pasted(
        "微信公众号 WeChat",
        "wechat",
        ("zh-hans",),
        pasted={
            "app_id": "wxfakenet-aquametrica_cn",
            "app_secret": "fakenet-wechat-app-secret",
            "account_name": "Aquametrica",
        },
        choices={"mode": "draft"},
        collection=BEIJING,
    ),
    Plan("X, 日本", "x", ("ja",), "aquametrica_jp", "oauth1"),
    _pasted(
        "Bluesky, 日本",
        "bluesky",
        ("ja",),
        pasted={"handle": "aquametrica-jp.bsky.social", "app_password": APP_PASSWORD},
    ),
    # Each post makes the phones of all friends ring.
    _pasted(
        "LINE, 日本",
        "line",
        ("ja",),
        pasted={"access_token": "fakenet-line-channel-token-aquametrica_jp"},
        kinds=("news", "event"),
    ),
    _by_hand(
        "はてなブックマーク", "hatena", ("ja",), "aquametrica_jp", {"handle": "aquametrica_jp"}, kinds=("guide",)
    ),
    _pasted(
        "Company screens",
        "webhook",
        (),
        pasted={
            "url": f"{FAKENET}/webhook/in/screens",
            "secret": "whsec_ZmFrZW5ldC13ZWJob29rLWtleS0yNC1i",
        },
        choices={"repeats": "repeat"},
        kinds=("news",),
    ),
)


def add(browser: Browser, stage: Stage, plan: Plan) -> None:
    """Add one account under Settings and connect it, through the network's consent page where there is one.

    :raises Surprise: the account is not connected at the end.
    """
    page = browser.open(f"{stage.site}/admin/syndication/accounts/new/")
    form = page.form("form[action*='/syndication/accounts/new/'], main form[method=POST]")
    changes = [("label", plan.label), ("network", plan.network), *_languages(form, plan.languages)]
    changes += [(f"choice-{plan.network}-{name}", value) for name, value in plan.choices.items()]
    if plan.collection:
        changes.append(("collection", _option(form, "collection", plan.collection)))
    if plan.server:
        changes.append(("host", stage.fakenet))
    page = browser.submit(page, form, changes)
    page = _connect(browser, stage, page, plan)
    if not page.soup.select_one(".messages .success"):
        raise Surprise(f"{plan.label} was not connected ({page.url}): {page.errors() or page.title}")


def _option(form: Tag, name: str, label: str) -> str:
    """The value of an option of a menu, by what people read; Wagtail indents collections with arrows."""
    for option in form.select(f"select[name={name}] option"):
        if option.get_text(strip=True).lstrip("\u21b3 \u00a0") == label:
            return option["value"]
    raise Surprise(f"The account form does not offer “{label}” as its {name}.")


def _languages(form: Tag, wanted) -> list[tuple[str, str]]:
    chosen = []
    for box in form.select("input[type=checkbox][name=locales]"):
        label = form.select_one(f"label[for={box['id']}]") or box.find_parent("label")
        if label.get_text(strip=True) in {LANGUAGE_NAMES[code] for code in wanted}:
            chosen.append(("locales", box["value"]))
    if len(chosen) != len(wanted):
        raise Surprise(f"The account form does not offer the languages {wanted}.")
    return chosen


def _connect(browser: Browser, stage: Stage, page: Page, plan: Plan) -> Page:
    form = page.form(f"form:has(input[name=method][value={plan.method}])")
    pasted = {f"{plan.method}-{name}": text.replace(FAKENET, stage.fakenet) for name, text in plan.pasted.items()}
    page = browser.submit(page, form, pasted)
    if not plan.pasted:
        consent = page.form("form[method=post]")
        page = browser.submit(page, consent, {"handle": plan.handle}, press=("decision", "allow"))
    return _choose(browser, page, plan.chosen) if plan.chosen else page


def _choose(browser: Browser, page: Page, name: str) -> Page:
    """Say which of several pages, groups or organisations the account posts as."""
    form = page.form("form:has(input[type=radio][name=target])")
    for radio in form.select("input[type=radio][name=target]"):
        if form.select_one(f"label[for={radio['id']}]").get_text(strip=True) == name:
            return browser.submit(page, form, {"target": radio["value"]})
    raise Surprise(f"“{name}” is not among the choices of {page.url}.")


def share(browser: Browser, share_link: str, text: str, handle: str) -> str:
    """Do by hand what no software may: open the share dialog, paste the text, share.

    :param handle: who is signed in at the network.
    :returns: the address of the post, as the dialog shows it.
    """
    page = browser.open(share_link)
    page = browser.submit(page, page.form("form[method=post]"), {"text": text, "handle": handle})
    link = page.soup.select_one("a[data-permalink], a.permalink, a[rel=bookmark]")
    if link is None:
        raise Surprise(f"The share dialog shows no permalink ({page.url}): {page.errors()}")
    return urljoin(page.url, link["href"])
