"""When and where an account is posted to: set on its form, with errors beside the fields."""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.accounts.fixtures import fakenet, fakenet_server  # noqa: F401 (fixtures)
from tests.admin.accounts import admin, beside, create, edit_url, everything_logged  # noqa: F401 (fixtures)
from tests.admin.test_account_voice import form_of, save, values
from tests.factories import AccountFactory, NewsPageFactory
from wagtail_syndicate.admin import account_habits
from wagtail_syndicate.admin.posting_times import as_slots, as_text
from wagtail_syndicate.models import Account


pytestmark = pytest.mark.django_db

WORKDAYS = [0, 1, 2, 3, 4]
SLOTS = [{"days": WORKDAYS, "time": "09:30"}, {"days": WORKDAYS, "time": "17:00"}, {"days": [5], "time": "11:00"}]


# The notation


@pytest.mark.parametrize(
    ("text", "days", "times"),
    [
        ("Mon-Fri 09:30", WORKDAYS, ["09:30"]),
        ("monday – friday 9:30", WORKDAYS, ["09:30"]),
        ("Mon, Wed, Fri 9:30, 17:00", [0, 2, 4], ["09:30", "17:00"]),
        ("Sat-Mon 11.00", [0, 5, 6], ["11:00"]),
        ("Sun, Tu-Th 0:05", [1, 2, 3, 6], ["00:05"]),
        ("12:00", list(range(7)), ["12:00"]),
        ("Tue. 9:30 pm; 12:15 a.m.", [1], ["21:30", "00:15"]),
        ("Tue 17h45", [1], ["17:45"]),
        ("12:00, 12:00 Tue", [1], ["12:00"]),
    ],
)
def test_written(text, days, times):
    assert as_slots(text) == [{"days": days, "time": at} for at in times]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Mon-Fri", "no time"),
        ("Mon 24:00", "no time of the day"),
        ("Mon 9:75", "no time of the day"),
        ("Mon 13:00 pm", "no time of the day"),
        ("Mon 9", "no time"),
        ("Foo 09:30", "“Foo” is no day"),
        ("Mon-Fri-Sun 09:30", "is no day"),
        ("T 09:30", "is no day"),
        ("daily 09:30", "is no day"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text, problem):
    with pytest.raises(ValidationError) as refused:
        as_slots(f"12:00\n\n{text}")
    [message] = refused.value.messages
    assert message.startswith(f"Line 3, “{text}”") and problem in message


def test_every_wrong_line_is_told():
    with pytest.raises(ValidationError) as refused:
        as_slots("Foo 09:30\nMon 09:30\nTue")
    assert [message[:6] for message in refused.value.messages] == ["Line 1", "Line 3"]
    with pytest.raises(ValidationError, match="more than 50"):
        as_slots("09:30\n" * 51)


slots = st.lists(
    st.builds(
        lambda days, at: {"days": sorted(days), "time": f"{at:%H:%M}"},
        st.sets(st.integers(0, 6), min_size=1),
        st.times(),
    ),
    max_size=6,
)


@given(slots, st.sampled_from(["en", "de", "fr", "ru", "zh-hans", "ja", "ar", "pl", "pt-br"]))
def test_what_is_shown_is_read_as_the_same(kept, language):
    def plain(some):
        return sorted({(tuple(slot["days"]), slot["time"]) for slot in some})

    with translation.override(language):
        assert plain(as_slots(as_text(kept))) == plain(kept)


def test_days_in_the_admins_language_and_in_english():
    with translation.override("de"):
        assert as_text(SLOTS) == "Mo-Fr 09:30, 17:00\nSa 11:00"
        assert as_slots("Mittwoch 09:30") == as_slots("Mi. 9:30") == as_slots("wed 9:30")
    with translation.override("zh-hans"):
        with pytest.raises(ValidationError):
            as_slots("星期 09:30")  # begins every day's name


# The form


def test_all_of_it_can_be_set_and_is_shown_again(admin):
    account, section = AccountFactory(), NewsPageFactory()
    response = save(
        admin,
        account,
        time_zone="Asia/Shanghai",
        slots="Mon-Fri 09:30, 17:00\r\nSat 11:00\r\n",
        on_unpublish="delete",
        default_section=str(section.pk),
        default_page_types=["home.newspage"],
    )
    assert response.status_code == 302
    assert (account.time_zone, account.slots, account.on_unpublish) == ("Asia/Shanghai", SLOTS, "delete")
    assert account.default_section_id == section.pk and account.default_page_types == ["home.newspage"]
    shown = values(form_of(admin, account))
    assert shown["time_zone"] == ["Asia/Shanghai"] and shown["on_unpublish"] == ["delete"]
    assert [value.strip() for value in shown["slots"]] == ["Mon-Fri 09:30, 17:00\nSat 11:00"]
    assert shown["default_section"] == [str(section.pk)] and shown["default_page_types"] == ["home.newspage"]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("slots", "Mon-Fri\nFoo 09:30", "Line 1"),
        ("time_zone", "Mars/Olympus", "Mars/Olympus"),
        ("on_unpublish", "burn", "burn"),
        ("default_page_types", ["home.gone"], "home.gone"),
    ],
)
def test_an_error_is_beside_its_field_and_nothing_is_saved(admin, field, value, told):
    account = AccountFactory(slots=SLOTS)
    response = save(admin, account, label="Other", **{field: value})
    assert response.status_code == 200 and told in beside(response, field)
    assert account.slots == SLOTS and account.label != "Other"
    if field == "slots":
        typed = BeautifulSoup(response.content, "html.parser").find("textarea", attrs={"name": "slots"})
        assert typed.get_text().strip() == value, "what was typed is not lost"


def test_other_edits_and_scripts_leave_it_alone(admin):
    section = NewsPageFactory()
    kept = {
        "time_zone": "Asia/Shanghai",
        "slots": SLOTS,
        "on_unpublish": "keep",
        "default_section_id": section.pk,
        "default_page_types": ["home.newspage"],
    }
    account = AccountFactory(**kept)
    for response in (
        save(admin, account, label="Another name"),
        admin.post(edit_url(account), {"label": "By a script", "active": "on"}),
    ):
        assert response.status_code == 302
        account.refresh_from_db()
        assert {name: getattr(account, name) for name in kept} == kept
    assert account.label == "By a script"


def test_all_of_it_can_be_taken_away(admin):
    account = AccountFactory(
        time_zone="Asia/Shanghai", slots=SLOTS, default_section=NewsPageFactory(), default_page_types=["home.newspage"]
    )
    save(admin, account, time_zone="", slots="", default_section="", default_page_types=[])
    assert (account.time_zone, account.slots) == ("", [])
    assert (account.default_section, account.default_page_types) == (None, [])


def test_a_new_account_by_a_script_has_the_usual_habits(admin):
    create(admin, network="vk")
    account = Account.objects.get()
    assert (account.time_zone, account.slots, account.on_unpublish) == ("", [], "ask")
    assert (account.default_section, account.default_page_types) == (None, [])


def test_only_page_types_with_the_panel_are_offered(admin, monkeypatch):
    def offered():
        soup = form_of(admin, AccountFactory(default_page_types=["home.gone"]))
        return {box["value"] for box in soup.select("input[name=default_page_types]")}

    assert {"home.newspage", "home.gone"} <= offered()
    monkeypatch.setattr(account_habits, "has_panel", lambda model: model.__name__ != "NewsPage")
    assert "home.newspage" not in offered() and "home.gone" in offered(), "a choice is not lost unseen"
