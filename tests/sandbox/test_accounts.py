"""The accounts of the sandbox: which there are, and what connecting one finds out."""

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from django.conf import settings

from sandbox.fakenet.app import create_app
from sandbox.stage import accounts
from sandbox.stage.accounts import PLANS, Plan
from sandbox.stage.browser import Surprise
from sandbox.stage.newsroom import TYPES, kind_of
from wagtail_syndicate.backends import registry
from wagtail_syndicate.backends.auth import NoDoor, OAuth1, OAuth2, Pasted
from wagtail_syndicate.types import Reach


pytestmark = pytest.mark.django_db  # pages look for their locale


MISSION = {"weibo", "vk", "viadeo", "xing", "x", "facebook", "linkedin"}
LANGUAGES = dict(settings.LANGUAGES)


def method_of(plan):
    return next(method for method in registry.get(plan.network).auth if method.name == plan.method)


def named(plans):
    return pytest.mark.parametrize("plan", plans, ids=lambda plan: plan.label)


def test_the_demo_has_every_network_of_the_mission_and_more_than_four_others():
    networks = {plan.network for plan in PLANS}
    assert networks >= MISSION
    assert len(networks - MISSION) >= 4
    assert networks <= set(registry.names())


def test_every_way_to_connect_is_shown():
    assert {type(method_of(plan)) for plan in PLANS} == {OAuth2, OAuth1, Pasted, NoDoor}
    assert {registry.get(plan.network).reach for plan in PLANS} == set(Reach)


def test_labels_tell_the_accounts_apart():
    assert len({plan.label for plan in PLANS}) == len(PLANS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_article_has_several_networks_to_go_to(language):
    assert accounts.LANGUAGE_NAMES[language] == LANGUAGES[language]
    for kind in map(kind_of, (model() for model in TYPES)):
        assert len({plan.network for plan in PLANS if plan.suits(language, kind)}) >= 2, kind


@named(PLANS)
def test_a_plan_fits_its_network(plan):
    """Languages and kinds exist, every required field is filled in and no other, choices are ones that there are."""
    assert set(plan.languages) <= set(LANGUAGES)
    assert set(plan.kinds) <= set(map(kind_of, (model() for model in TYPES)))
    fields = {field.name: field for field in getattr(method_of(plan), "fields", ())}
    assert {name for name, field in fields.items() if field.required} <= set(plan.pasted) <= set(fields)
    assert bool(plan.handle) == (not isinstance(method_of(plan), Pasted)), "somebody signs in, or keys are pasted"
    backend = registry.get(plan.network)
    assert plan.server == backend.many_servers
    for name, value in plan.choices.items():
        assert value in [key for choice in backend.choices if choice.name == name for key, _label in choice.values]


@named([plan for plan in PLANS if plan.method == "pasted"])
def test_every_secret_stands_on_the_page_of_keys(plan):
    """A newcomer who wants to connect the same account finds the keys; those that end with a name differ there."""
    page = create_app().test_client().get("/keys")
    keys = [tag.get_text() for tag in BeautifulSoup(page.text, "html.parser").select(f".{plan.network} .key")]
    secrets = [plan.pasted[field.name] for field in method_of(plan).fields if field.secret and field.required]
    assert secrets
    for secret in secrets:
        assert any(
            key == secret or key.removesuffix("newsroom") == secret.removesuffix("aquametrica_jp") for key in keys
        )


def test_every_key_of_an_app_stands_on_the_page_of_keys():
    page = create_app().test_client().get("/keys").text
    for name in settings.WAGTAIL_SYNDICATE["NETWORKS"]:
        for method in registry.get(name).auth:
            for key in getattr(method, "keys", None) or ():
                assert registry.get(name).option(key) in page, f"{name} {key}"


class Browser:
    """Shows one page after another, and keeps what was sent."""

    def __init__(self, *pages):
        self.pages, self.sent = list(pages), []

    def submit(self, page, form, changes=(), press=None):
        self.sent.append(dict(changes))
        return self.pages.pop(0)


def choice_page(*names):
    radios = "".join(
        f'<input type="radio" name="target" value="{number}" id="r{number}"><label for="r{number}">{name}</label>'
        for number, name in enumerate(names)
    )
    return shown(f'<form method="post">{radios}</form>')


def shown(html):
    page = accounts.Page.__new__(accounts.Page)
    page.url, page.status, page.soup = "http://127.0.0.1/", 200, BeautifulSoup(html, "html.parser")
    return page


def test_the_page_to_post_as_is_chosen_by_its_name():
    browser = Browser(done := shown("<p>done"))
    assert accounts._choose(browser, choice_page("Labs", "Company"), "Company") is done
    assert browser.sent == [{"target": "1"}]
    with pytest.raises(Surprise, match="Club"):
        accounts._choose(browser, choice_page("Labs", "Company"), "Club")


def test_a_share_dialog_that_refuses_is_a_surprise():
    dialog = shown('<form method="post"><textarea name="text"></textarea></form>')
    browser = Browser(shown('<p class="problem">Not more than 100 characters.</p>'))
    browser.open = lambda url: dialog
    with pytest.raises(Surprise, match="Not more than 100"):
        accounts.share(browser, "http://127.0.0.1/share", "long", "somebody")


def test_kinds_and_languages_decide_what_is_ticked():
    plan = Plan("LINE", "line", ("ja",), kinds=("news",))
    assert plan.suits("ja", "news") and not plan.suits("ja", "guide") and not plan.suits("fr", "news")
    assert plan.offered("ja") and not plan.offered("fr")
    everywhere = replace(plan, languages=(), kinds=())
    assert everywhere.suits("fr", "guide")
