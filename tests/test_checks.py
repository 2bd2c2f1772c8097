import pytest

from wagtail_syndicate import checks
from wagtail_syndicate.admin import page_form


@pytest.fixture
def ours(settings):
    def change(**values):
        settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, **values}

    return change


def callable_for_pages(page):
    return "https://www.example.org/"


def ids(found):
    return [message.id.rpartition(".")[2] for message in found]


def everything():
    return [*checks.check_networks(), *checks.check_keys(), *checks.check_panel(), *checks.check_names()]


def test_the_sandbox_has_nothing_to_complain_about():
    assert everything() == []


@pytest.mark.parametrize(
    "networks",
    [
        {"weibbo": {}},
        {"mine": {"BACKEND": "nowhere.Backend"}},
        {"mine": {"BACKEND": "wagtail_syndicate.types.Message"}},
        {"mine": {"BACKEND": "wagtail_syndicate.backends.vk.Backend"}},
        ["mastodon"],
        {"mastodon": None},
    ],
)
def test_networks_that_cannot_work_are_errors(ours, networks):
    ours(NETWORKS=networks)
    found = checks.check_networks()
    assert ids(found) == ["E001"]
    assert found[0].hint


def test_all_built_in_networks_are_fine(ours):
    ours(NETWORKS=None)
    assert checks.check_networks() == []


def test_a_key_that_is_none_is_an_error_and_is_not_shown(ours):
    ours(KEYS=["not-a-key-but-secret"])
    found = checks.check_keys()
    assert ids(found) == ["E002"]
    assert "not-a-key-but-secret" not in str(found)


def test_a_derived_key_is_worth_a_warning_outside_of_development(ours, settings):
    ours(KEYS=[])
    assert ids(checks.check_keys()) == ["W001"]
    settings.DEBUG = True
    assert checks.check_keys() == []


def test_a_wagtail_without_the_place_for_the_panel_is_an_error(monkeypatch):
    monkeypatch.setattr(page_form, "injection_problem", lambda: "gone")
    assert ids(checks.check_panel()) == ["E003"]


def test_a_misspelt_setting_gets_a_hint(ours):
    ours(KEY=["x"], NONSENSE=1)
    found = checks.check_names()
    assert ids(found) == ["W003", "W003"]
    assert "KEYS" in found[0].hint
    assert "Known settings" in found[1].hint


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, []),
        ("https://www.example.org", []),
        ("https://例え.jp/blog", []),
        (f"{__name__}.callable_for_pages", []),
        (f"{__name__}.missing", ["E005"]),
        ("https://", ["E005"]),
        ("https://www.example.org/?a=b", ["E005"]),
        ("http://localhost:3000", ["W005"]),
        ("http://192.168.0.7", ["W005"]),
        ("http://[::1]:3000", ["W005"]),
        ("http://frontend:3000", ["W005"]),
    ],
)
def test_links_must_lead_readers_somewhere(ours, settings, setting, expected):
    ours(PAGE_URL=setting)
    assert ids(checks.check_page_url()) == expected
    settings.DEBUG = True
    assert ids(checks.check_page_url()) == [found for found in expected if found == "E005"]
