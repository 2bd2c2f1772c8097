"""The panel in the page editor, and the form behind it."""

import json
import os
import subprocess
import sys

import pytest
import wagtail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.admin.panels import FieldPanel, ObjectList, TabbedInterface, page_utils
from wagtail.models import Locale

from sandbox.home.models import EventPage, FeaturePage, GuidePage, HomePage, NewsPage
from tests.admin import editing
from tests.admin.editing import wording_of
from tests.factories import AccountFactory, NewsPageFactory, UserFactory, publish, site_root, tick
from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.admin import page_form
from wagtail_syndicate.admin.forms import SyndicationFormMixin
from wagtail_syndicate.admin.panels import SyndicationPanel
from wagtail_syndicate.delivery import content
from wagtail_syndicate.models import Account, Delivery


PAGE_TYPES = [HomePage, NewsPage, FeaturePage, EventPage, GuidePage]


def panels_in(panel):
    own = [panel] if isinstance(panel, SyndicationPanel) else []
    return own + [found for child in getattr(panel, "children", ()) for found in panels_in(child)]


@pytest.fixture
def fresh_handlers():
    """Edit handlers are kept; forget them around a test that changes what they are made of."""

    def forget():
        for model in PAGE_TYPES:
            model.get_edit_handler.cache_clear()

    forget()
    yield
    forget()


@pytest.fixture
def editor(client, db):
    user = editing.person("use_account")
    client.force_login(user)
    return user


# On every page type


@pytest.mark.parametrize("model", PAGE_TYPES, ids=lambda model: model.__name__)
def test_every_page_type_has_the_panel_once(model):
    handler = model.get_edit_handler()

    assert len(panels_in(handler)) == 1
    assert issubclass(handler.get_form_class(), SyndicationFormMixin)


@pytest.mark.parametrize("model", [NewsPage, FeaturePage, EventPage, GuidePage], ids=lambda model: model.__name__)
def test_every_page_type_shows_the_panel(model, client, editor):
    account = AccountFactory()

    soup = editing.opened(client, editing.add_url(model, site_root()))

    assert soup.find("input", {"name": "syndication-accounts", "value": str(account.pk)})
    assert len(soup.find_all("input", {"name": "syndication-present"})) == 1


def test_installing_again_changes_nothing(fresh_handlers):
    before = page_utils._get_page_edit_handler.fn

    page_form.install()

    assert page_utils._get_page_edit_handler.fn is before
    assert len(panels_in(NewsPage.get_edit_handler())) == 1


@pytest.mark.parametrize("place", ["first", "last"])
def test_either_order_of_apps(place):
    """Wagtail's admin and this package both change page models when Django starts."""
    script = f"""
import importlib, os, django
settings = importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
apps = [app for app in settings.INSTALLED_APPS if app != "wagtail_syndicate"]
settings.INSTALLED_APPS = ["wagtail_syndicate", *apps] if {place!r} == "first" else [*apps, "wagtail_syndicate"]
django.setup()
from sandbox.home import models
for name in {[model.__name__ for model in PAGE_TYPES]!r}:
    form = getattr(models, name).get_edit_handler().get_form_class()
    assert list(form.base_fields).count("syndication") == 1, name
print("fine")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ, check=False)

    assert done.stdout.strip() == "fine", done.stderr


def test_a_panel_placed_by_hand_is_not_doubled(monkeypatch, fresh_handlers):
    content_tab = ObjectList([FieldPanel("title"), SyndicationPanel()], heading="Content")
    monkeypatch.setattr(NewsPage, "edit_handler", TabbedInterface([content_tab]), raising=False)

    handler = NewsPage.get_edit_handler()

    assert len(panels_in(handler)) == 1
    assert issubclass(handler.get_form_class(), SyndicationFormMixin)


def test_an_edit_handler_that_is_a_single_field(monkeypatch, fresh_handlers):
    monkeypatch.setattr(NewsPage, "edit_handler", FieldPanel("title"), raising=False)

    assert len(panels_in(NewsPage.get_edit_handler())) == 1


@pytest.mark.parametrize(
    "setting, has_panel",
    [
        ({"EXCLUDED_PAGE_TYPES": ["home.NewsPage"]}, False),
        ({"PAGE_TYPES": ["home.EventPage"]}, False),
        ({"PAGE_TYPES": ["home.newspage"]}, True),
        ({"ADD_PANEL": False}, False),
    ],
)
def test_settings_choose_page_types(settings, fresh_handlers, setting, has_panel):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, **setting}

    handler = NewsPage.get_edit_handler()

    assert bool(panels_in(handler)) is has_panel
    assert ("syndication" in handler.get_form_class().base_fields) is has_panel


def test_by_hand_also_where_nothing_is_added_by_itself(settings, monkeypatch, fresh_handlers):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ADD_PANEL": False}
    handler = ObjectList([FieldPanel("title"), SyndicationPanel(heading="Networks")])
    monkeypatch.setattr(NewsPage, "edit_handler", handler, raising=False)

    assert "syndication" in NewsPage.get_edit_handler().get_form_class().base_fields
    assert panels_in(NewsPage.get_edit_handler())[0].heading == "Networks"


def test_a_changed_wagtail_is_reported_and_does_not_break_the_start(monkeypatch):
    assert page_form.injection_problem() is None

    monkeypatch.setattr(page_utils, "_get_page_edit_handler", object())

    assert "_get_page_edit_handler" in page_form.injection_problem()
    page_form.install()


# What is shown


def test_accounts_are_offered_with_their_network(client, editor):
    account = AccountFactory(label="Newsroom", handle="newsroom@example")

    soup = editing.opened(client, editing.edit_url(NewsPageFactory()))

    offer = soup.find(attrs={"data-account": str(account.pk)})
    assert soup.fieldset.legend
    assert offer.find("label", {"for": f"syndication-account-{account.pk}"}).get_text(strip=True) == "Newsroom"
    assert "newsroom@example" in offer.get_text()
    assert "posted automatically" in offer.get_text()


@pytest.mark.parametrize("needs_approval", [True, False])
def test_an_account_whose_posts_are_read_first_says_so(client, editor, needs_approval):
    AccountFactory(needs_approval=needs_approval)

    soup = editing.opened(client, editing.edit_url(NewsPageFactory()))

    assert ("after approval" in soup.find(class_="syndicate-offer").get_text()) == needs_approval


def test_an_account_that_cannot_post_yet_says_so(client, editor):
    AccountFactory(status=Account.Status.NEW)

    soup = editing.opened(client, editing.edit_url(NewsPageFactory()))

    assert "A site admin must connect it." in soup.find(class_="syndicate-problem").get_text()


def test_only_accounts_for_the_language_of_the_page(client, editor):
    page = NewsPageFactory()
    other = AccountFactory(locales=["fr"])
    own = AccountFactory(locales=[page.locale.language_code])

    soup = editing.opened(client, editing.edit_url(page))

    assert soup.find(attrs={"data-account": str(own.pk)})
    assert not soup.find(attrs={"data-account": str(other.pk)})


def test_a_new_page_is_offered_the_accounts_of_its_site(client, editor):
    home = site_root()
    own = AccountFactory(sites=[home.get_site()])

    soup = editing.opened(client, editing.add_url(NewsPage, home))

    assert soup.find(attrs={"data-account": str(own.pk)})


def test_defaults_are_ticked_on_new_pages_only(client, editor):
    account, other = AccountFactory(default_ticked=True), AccountFactory()
    page = NewsPageFactory()

    assert editing.ticked_boxes(editing.opened(client, editing.add_url(NewsPage, site_root()))) == {account.pk}
    assert editing.ticked_boxes(editing.opened(client, editing.edit_url(page))) == set()

    tick(page, other)

    assert editing.ticked_boxes(editing.opened(client, editing.edit_url(page))) == {other.pk}


def test_without_accounts_there_is_help(client, editor):
    soup = editing.opened(client, editing.edit_url(NewsPageFactory()))

    assert "A site admin can add accounts" in soup.find(class_="syndicate").get_text()


def test_without_accounts_an_admin_gets_the_way_to_them(client, db):
    client.force_login(UserFactory())

    soup = editing.opened(client, editing.edit_url(NewsPageFactory()))

    panel = soup.find(class_="syndicate")
    assert panel.find("a", href=reverse("syndication_accounts:index"))


def test_no_inline_scripts_or_styles(client, editor):
    page = publish(NewsPageFactory(), AccountFactory())

    panel = editing.opened(client, editing.edit_url(page)).find(class_="syndicate")

    assert not panel.find_all(["script", "style"])
    assert not panel.find_all(style=True)


# Saving


def test_ticks_of_a_new_page_are_saved(client, editor):
    account, _unticked = AccountFactory(default_ticked=True), AccountFactory()
    address = editing.add_url(NewsPage, site_root())
    values = {"title": "Brand new", "slug": "brand-new", "date": "2026-11-05", "intro": "Words.", "body": "null"}

    response = editing.sent(client, address, editing.filled(client, address, **values))

    page = NewsPage.objects.get(slug="brand-new")
    assert response.status_code == 302
    assert editing.ticks(page) == {account.pk: ""}


def test_wording_is_saved_without_changed_line_ends(client, editor):
    account, page = AccountFactory(), NewsPageFactory()

    editing.saved(client, page, syndication__accounts=account.pk, **{wording_of(account): "One\r\ntwo "})

    assert editing.ticks(page) == {account.pk: "One\ntwo"}


def test_the_order_of_ticking_is_kept(client, editor):
    first, _second, third = AccountFactory.create_batch(3)
    page = publish(NewsPageFactory(), third)
    row = page.syndication_targets.get().pk

    editing.saved(client, page, "action-publish", syndication__accounts=[first.pk, third.pk])

    assert list(editing.live_ticks(page)) == [third.pk, first.pk]
    assert page.syndication_targets.get().pk == row


def test_saving_without_a_change_is_no_change(client, editor):
    account, page = AccountFactory(), NewsPageFactory()
    tick(page, account, wordings={account.pk: "My words"})
    page = editing.draft(page)
    form_class = NewsPage.get_edit_handler().get_form_class()
    data = editing.filled(client, editing.edit_url(page))

    assert "syndication" not in form_class(data, instance=page, for_user=editor).changed_data

    data[f"syndication-wording-{account.pk}"] = "Other words"

    assert "syndication" in form_class(data, instance=page, for_user=editor).changed_data


def test_a_form_without_the_panel_leaves_the_ticks(client, editor):
    account, page = AccountFactory(), NewsPageFactory()
    tick(page, account, wordings={account.pk: "My words"})

    response = editing.saved(
        client, page, syndication__present=None, syndication__accounts=None, title="Another title"
    )

    assert response.status_code == 302
    assert editing.draft(page).title == "Another title"
    assert editing.ticks(page) == {account.pk: "My words"}


@pytest.mark.skipif(wagtail.VERSION < (8, 0), reason="there is no API v3 before Wagtail 8")
def test_the_api_keeps_ticks_that_it_does_not_mention(client, db):
    from wagtail.models import APIToken

    account, page = AccountFactory(), NewsPageFactory()
    tick(page, account, wordings={account.pk: "My words"})
    token = APIToken.generate_token()
    APIToken.objects.create(user=UserFactory(), name="test", key_hash=APIToken.hash_token(token), prefix="test")

    response = client.patch(
        f"/api/v3/pages/{page.pk}/",
        json.dumps({"meta": {"type": "home.NewsPage"}, "title": "By the API"}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert response.status_code == 200, response.content
    assert editing.draft(page).title == "By the API"
    assert editing.ticks(page) == {account.pk: "My words"}


def test_autosave_keeps_ticks_and_delivers_nothing(client, editor):
    account, page = AccountFactory(), publish(NewsPageFactory())
    data = editing.filled(client, editing.edit_url(page), syndication__accounts=account.pk)

    response = editing.sent(client, editing.edit_url(page), data, headers={"Accept": "application/json"})

    assert response.json()["success"], response.json()
    assert editing.ticks(page) == {account.pk: ""}
    assert not Delivery.objects.exists()


# Permissions


def test_without_permission_nothing_is_seen_or_changed(client, db):
    account, page = AccountFactory(), NewsPageFactory()
    tick(page, account, wordings={account.pk: "My words"})
    client.force_login(editing.person())

    soup = editing.opened(client, editing.edit_url(page))
    response = editing.saved(client, page, syndication__present=1, syndication__accounts=None, title="Another title")

    assert not soup.find(class_="syndicate")
    assert response.status_code == 302
    assert editing.draft(page).title == "Another title"
    assert editing.ticks(page) == {account.pk: "My words"}


def test_ticks_that_are_not_offered_are_kept(client, editor):
    offered, other, switched_off = AccountFactory(), AccountFactory(locales=["fr"]), AccountFactory(active=False)
    page = NewsPageFactory()
    tick(page, other, switched_off, wordings={other.pk: "Bonjour"})

    soup = editing.opened(client, editing.edit_url(page))
    editing.saved(client, page, syndication__accounts=offered.pk)

    assert editing.ticks(page) == {offered.pk: "", other.pk: "Bonjour", switched_off.pk: ""}
    assert other.label in soup.find(class_="syndicate-kept").get_text()


@pytest.mark.parametrize("forged", ["999999999999999999999999", "x'--", ""])
def test_forged_ticks_are_refused(client, editor, forged):
    account, page = AccountFactory(), NewsPageFactory()

    response = editing.saved(client, page, syndication__accounts=[account.pk, forged])

    assert response.status_code == 200
    assert "You ticked an account that you cannot use" in response.content.decode()
    assert editing.ticks(page) == {}


def test_an_account_for_other_pages_cannot_be_forged(client, editor):
    AccountFactory()
    other, page = AccountFactory(locales=["fr"]), NewsPageFactory()

    response = editing.saved(client, page, syndication__accounts=other.pk)

    assert response.status_code == 200
    assert editing.ticks(page) == {}


def test_a_tick_that_was_taken_away_meanwhile_is_no_mistake(client, editor):
    """The account was switched off while the editor had the page open."""
    account, other, page = AccountFactory(), AccountFactory(), NewsPageFactory()
    tick(page, account)
    data = editing.filled(client, editing.edit_url(page), syndication__accounts=[account.pk, other.pk])
    Account.objects.filter(pk=account.pk).update(active=False)

    assert editing.sent(client, editing.edit_url(page), data).status_code == 302
    assert editing.ticks(page) == {account.pk: "", other.pk: ""}


# Wordings that do not fit


def test_a_wording_that_is_too_long_is_explained_and_kept(client, editor):
    account, other, page = AccountFactory(), AccountFactory(), NewsPageFactory()
    wording = "long " * 200

    response = editing.saved(
        client,
        page,
        "action-publish",
        syndication__accounts=account.pk,
        **{wording_of(account): wording, wording_of(other): "For later"},
    )

    soup = editing.WagtailTestUtils.get_soup(response.content)
    offer = soup.find(attrs={"data-account": str(account.pk)})
    error = offer.find(class_="error-message", hidden=False).get_text()
    length, limit = content.measure_for(content.article_of(page), account, wording.strip())
    assert response.status_code == 200
    assert str(length) in error and str(limit) in error
    assert length > limit
    assert offer.textarea["aria-invalid"] == "true"
    assert offer.textarea.get_text().strip() == wording.strip()
    assert soup.find(attrs={"data-account": str(other.pk)}).textarea.get_text().strip() == "For later"
    assert editing.ticked_boxes(soup) == {account.pk}
    assert not Delivery.objects.exists()


def test_a_draft_may_be_too_long_for_now(client, editor):
    """Autosave must not stop over a text that somebody is about to shorten."""
    account, page = AccountFactory(), NewsPageFactory()
    data = editing.filled(client, editing.edit_url(page), syndication__accounts=account.pk)
    data[f"syndication-wording-{account.pk}"] = "long " * 200

    response = editing.sent(client, editing.edit_url(page), data, headers={"Accept": "application/json"})

    assert response.json()["success"], response.json()
    assert editing.ticks(page) == {account.pk: ("long " * 200).strip()}


def test_a_new_page_loses_nothing_either(client, editor):
    account = AccountFactory()
    address = editing.add_url(NewsPage, site_root())
    values = {"title": "Brand new", "slug": "brand-new", "date": "2026-11-05", "intro": "Words.", "body": "null"}

    data = editing.filled(client, address, **values, syndication__accounts=account.pk)
    data[f"syndication-wording-{account.pk}"] = "long " * 200
    data["action-publish"] = "1"
    response = editing.sent(client, address, data)

    soup = editing.WagtailTestUtils.get_soup(response.content)
    assert soup.find(id=f"syndication-wording-{account.pk}").get_text().strip() == ("long " * 200).strip()
    assert soup.find(id=f"syndication-wording-errors-{account.pk}")


def test_characters_that_databases_refuse_are_explained(client, editor):
    account, page = AccountFactory(), NewsPageFactory()

    response = editing.saved(client, page, syndication__accounts=account.pk, **{wording_of(account): "a\x00b"})

    assert response.status_code == 200
    assert b"Null characters are not allowed" in response.content


# Cost


def queries(function):
    with CaptureQueriesContext(connection) as captured:
        function()
    return len(captured)


def test_the_number_of_queries_does_not_grow_with_accounts(client, editor):
    page = publish(NewsPageFactory(), AccountFactory())
    address = editing.edit_url(page)

    def save():
        assert editing.sent(client, address, data).status_code == 302

    client.get(address)
    data = editing.filled(client, address)
    save()
    opening, saving = queries(lambda: client.get(address)), queries(save)
    french, site = Locale.objects.get_or_create(language_code="fr")[0], page.get_site()
    accounts = AccountFactory.create_batch(50)
    for account in accounts:
        account.locales.set([page.locale, french])
        account.sites.set([site])
    data.setlist("syndication-accounts", [account.pk for account in accounts])

    assert queries(save) == saving
    assert len(editing.ticks(page)) == 50
    assert queries(lambda: client.get(address)) == opening


def test_the_accounts_are_read_once(editor, monkeypatch):
    calls = []
    original = permissions.accounts_for_page
    monkeypatch.setattr(permissions, "accounts_for_page", lambda *args: calls.append(args) or original(*args))
    page = NewsPageFactory()
    form = NewsPage.get_edit_handler().get_form_class()({}, instance=page, for_user=editor)

    form.is_valid()
    assert len(calls) == 0, "a form without the panel needs no accounts"

    form = NewsPage.get_edit_handler().get_form_class()({"syndication-present": "1"}, instance=page, for_user=editor)
    form.is_valid()
    assert len(calls) == 1
