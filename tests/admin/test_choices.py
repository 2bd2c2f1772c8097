"""What an editor chooses for an account besides its words: the picture, its description, the time."""

import pytest
from django.contrib.auth.models import Permission
from wagtail.models import Collection, GroupCollectionPermission

from sandbox.home.models import NewsPage
from tests.admin import editing
from tests.factories import AccountFactory, NewsPageFactory, picture_of, publish, site_root
from wagtail_syndicate.admin.ticks import Chosen, SyndicationWidget
from wagtail_syndicate.models import Delivery, Target, set_targets, targets_of


@pytest.fixture
def editor(client, db):
    user = editing.person("use_account")
    client.force_login(user)
    return user


def may_choose_pictures(user):
    permission = Permission.objects.get(content_type__app_label="wagtailimages", codename="choose_image")
    group = user.groups.get()
    root = Collection.get_first_root_node()
    GroupCollectionPermission.objects.create(group=group, collection=root, permission=permission)


def choices(account, **values):
    """Ticks the account and chooses these for it, as :func:`editing.filled` takes it."""
    return {"syndication__accounts": account.pk} | {
        f"syndication__{name}__{account.pk}": value for name, value in values.items()
    }


def error_at(response, name, account):
    """The error beside an input, and the input."""
    soup = editing.WagtailTestUtils.get_soup(response.content)
    errors = soup.find(id=f"syndication-{name}-errors-{account.pk}")
    described = soup.find(attrs={"aria-describedby": lambda value: value and errors["id"] in value.split()})
    assert described["aria-invalid"] == "true"
    return errors.get_text(strip=True)


# Reading the inputs


@pytest.mark.parametrize(
    "inputs, when",
    [
        ({"when": ""}, ""),
        ({"when": "slot"}, "slot"),
        ({"when": "after", "minutes": "45"}, "+45"),
        ({"when": "at", "at": "2026-12-24T09:00"}, "2026-12-24T09:00"),
        ({"when": "at", "at": "2026-12-24T09:00:00"}, "2026-12-24T09:00"),
        ({"when": "at", "at": ""}, "at"),
        ({"when": "", "minutes": "30", "at": "2026-12-24T09:00"}, ""),
        ({"when": "+20"}, "+20"),
    ],
)
def test_the_time_is_read_from_its_inputs(inputs, when):
    data = {"syndication-present": "1", "syndication-accounts": ["7"]}
    data |= {f"syndication-{name}-7": value for name, value in inputs.items()}

    assert SyndicationWidget().value_from_datadict(data, {}, "syndication").of("7").when == when


@pytest.mark.parametrize(
    "when, shown",
    [
        ("", ("", "", "")),
        ("+45", ("after", "45", "")),
        ("+x", ("after", "x", "")),
        ("slot", ("slot", "", "")),
        ("2026-12-24T09:00", ("at", "", "2026-12-24T09:00")),
        ("at", ("at", "", "")),
    ],
)
def test_a_time_is_shown_in_the_inputs_that_it_came_from(when, shown):
    chosen = Chosen(when=when)

    assert (chosen.way, chosen.minutes, chosen.at) == shown


# Saving


def test_picture_description_and_time_are_kept(client, editor):
    account, page, picture = AccountFactory(), NewsPageFactory(), picture_of("A river")
    may_choose_pictures(editor)

    editing.saved(client, page, **choices(account, image=picture.pk, alt=" The Seine ", when="after", minutes="45"))

    assert targets_of(editing.draft(page)) == [
        Target(account.pk, "", str(picture.pk), "The Seine", "+45", by=str(editor.pk))
    ]


def test_they_are_shown_again_and_saved_unchanged(client, editor):
    account, page, picture = AccountFactory(), NewsPageFactory(), picture_of("A river")
    target = Target(account.pk, "Mine", str(picture.pk), "The Seine", "2030-12-24T09:00")
    set_targets(page, [target])
    page.save_revision()

    soup = editing.opened(client, editing.edit_url(page))
    editing.saved(client, page, title="Another title")

    card = soup.find(class_="syndicate-card")
    assert card.find("input", {"type": "radio", "checked": True})["value"] == str(picture.pk)
    assert card.find("option", selected=True)["value"] == "at"
    assert card.find("input", {"type": "datetime-local"})["value"] == "2030-12-24T09:00"
    assert targets_of(editing.draft(page)) == [target]


def test_what_was_chosen_reaches_the_delivery(client, editor):
    account, page = AccountFactory(), NewsPageFactory()

    editing.saved(client, page, "action-publish", **choices(account, image="none", when="after", minutes="45"))

    delivery = Delivery.objects.get()
    assert (delivery.image, delivery.when) == ("none", "+45")
    assert delivery.due_at > delivery.created_at


# Mistakes


def test_a_picture_that_is_not_for_her_is_refused(client, editor):
    account, page, picture = AccountFactory(), NewsPageFactory(), picture_of("A river")

    response = editing.saved(client, page, **choices(account, image=picture.pk))

    assert "you may not use it" in error_at(response, "image", account)
    assert editing.ticks(page) == {}


@pytest.mark.parametrize("forged", ["999999", "x'--", "-1", "99999999999999999999999999"])
def test_a_picture_that_does_not_exist_is_refused(client, editor, forged):
    account, page = AccountFactory(), NewsPageFactory()
    may_choose_pictures(editor)

    response = editing.saved(client, page, **choices(account, image=forged))

    assert "This picture does not exist" in error_at(response, "image", account)


def test_the_pictures_of_the_page_are_always_for_her(client, editor):
    account, picture = AccountFactory(), picture_of("A river")
    page = NewsPageFactory(lead_image=picture)

    editing.saved(client, page, **choices(account, image=picture.pk))

    assert targets_of(editing.draft(page))[0].image == str(picture.pk)


def test_a_picture_that_somebody_else_chose_stays(client, editor):
    account, page, picture = AccountFactory(), NewsPageFactory(), picture_of("A river")
    set_targets(page, [Target(account.pk, image=str(picture.pk))])
    page.save_revision()

    editing.saved(client, page, title="Another title")

    assert editing.draft(page).title == "Another title"
    assert targets_of(editing.draft(page))[0].image == str(picture.pk)


@pytest.mark.parametrize(
    "values, message",
    [
        ({"when": "at", "at": "2001-01-01T09:00"}, "This time is past"),
        ({"when": "at", "at": ""}, "This is no date and time"),
        ({"when": "at", "at": "2026-02-31T09:00"}, "This is no date and time"),
        ({"when": "after", "minutes": "soon"}, "This is no date and time"),
        ({"when": "after", "minutes": "999999"}, "a year at most"),
        ({"when": "slot"}, "has no posting times"),
    ],
)
def test_a_time_that_cannot_be_meant_is_explained_beside_its_input(client, editor, values, message):
    account, page = AccountFactory(), NewsPageFactory()

    response = editing.saved(client, page, **choices(account, **values))

    assert message in error_at(response, "when", account)
    soup = editing.WagtailTestUtils.get_soup(response.content)
    assert soup.find(id=f"syndication-when-{account.pk}").find("option", selected=True)["value"] == values["when"]


def test_a_time_that_has_passed_since_it_was_chosen_does_not_stop_anybody(client, editor):
    account, page = AccountFactory(), NewsPageFactory()
    set_targets(page, [Target(account.pk, when="2001-01-01T09:00")])
    page.save_revision()

    response = editing.saved(client, page, title="Another title")

    assert response.status_code == 302
    assert targets_of(editing.draft(page))[0].when == "2001-01-01T09:00"


def test_null_characters_in_the_description_are_explained(client, editor):
    account, page = AccountFactory(), NewsPageFactory()

    response = editing.saved(client, page, **choices(account, alt="a\x00b"))

    assert "Null characters" in error_at(response, "alt", account)


# On new pages


def new_page(client, parent=None):
    return editing.ticked_boxes(editing.opened(client, editing.add_url(NewsPage, parent or site_root())))


def test_defaults_hold_for_their_page_types(client, editor):
    everywhere = AccountFactory(default_ticked=True)
    here = AccountFactory(default_ticked=True, default_page_types=["home.NewsPage"])
    AccountFactory(default_ticked=True, default_page_types=["home.eventpage"])
    AccountFactory(default_page_types=["home.newspage"])

    assert new_page(client) == {everywhere.pk, here.pk}


def test_defaults_hold_for_their_section(client, editor):
    section = site_root()
    other = NewsPageFactory()
    inside = AccountFactory(default_ticked=True, default_section=section)
    AccountFactory(default_ticked=True, default_section=other)

    assert new_page(client) == {inside.pk}


def test_defaults_hold_for_their_languages(client, editor):
    AccountFactory(default_ticked=True, locales=["fr"])
    here = AccountFactory(default_ticked=True, locales=[site_root().locale.language_code])

    assert new_page(client) == {here.pk}


def test_autosave_keeps_everything_and_sends_nothing(client, editor):
    account, page = AccountFactory(), publish(NewsPageFactory())
    values = choices(account, wording="Mine", image="none", alt="Nothing", when="after", minutes="5")
    data = editing.filled(client, editing.edit_url(page), **values)

    response = editing.sent(client, editing.edit_url(page), data, headers={"Accept": "application/json"})

    assert response.json()["success"], response.json()
    assert targets_of(editing.draft(page)) == [Target(account.pk, "Mine", "none", "Nothing", "+5", by=str(editor.pk))]
    assert not Delivery.objects.exists()
