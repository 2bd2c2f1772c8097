"""What an editor is told before she publishes."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import PageViewRestriction

from sandbox.home.models import NewsPage
from tests.admin import editing
from tests.factories import AccountFactory, NewsPageFactory, picture_of, site_root
from wagtail_syndicate.accounts import refresh
from wagtail_syndicate.backends.memory import Backend
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Caution, ImageLimits, Limits


@pytest.fixture
def editor(client, db):
    user = editing.person("use_account")
    client.force_login(user)
    return user


def shown(client, page, account, **values):
    """What the preview says of the page and of the account's post."""
    address = reverse("wagtail_syndicate:preview_edit", args=[page.pk])
    values = {f"syndication__{name}__{account.pk}": value for name, value in values.items()}
    data = editing.filled(client, editing.edit_url(page), syndication__accounts=account.pk, **values)
    answer = editing.sent(client, address, data).json()
    return answer, answer["accounts"][str(account.pk)]


def levels(warnings):
    return [warning["level"] for warning in warnings]


def text_of(warnings):
    return " ".join(warning["text"] for warning in warnings)


def test_a_good_post_has_no_warnings(client, editor):
    answer, post = shown(client, NewsPageFactory(lead_image=picture_of("A river")), AccountFactory())

    assert (answer["warnings"], post["warnings"], post["error"]) == ([], [], "")
    assert not post["is_alarming"]


def test_a_private_page_is_not_posted(client, editor):
    page = NewsPageFactory()
    PageViewRestriction.objects.create(page=page, restriction_type="login")

    answer, _post = shown(client, page, AccountFactory())

    assert levels(answer["warnings"]) == ["critical"]
    assert "private" in text_of(answer["warnings"])


def test_a_new_page_below_a_private_one_is_private(client, editor):
    home, account = site_root(), AccountFactory()
    PageViewRestriction.objects.create(page=home, restriction_type="login")
    values = {"title": "New", "slug": "new", "date": "2026-11-05", "intro": "Words.", "body": "null"}
    data = editing.filled(client, editing.add_url(NewsPage, home), **values, syndication__accounts=account.pk)
    address = reverse("wagtail_syndicate:preview_add", args=["home", "newspage", home.pk])

    assert "private" in text_of(editing.sent(client, address, data).json()["warnings"])


def test_a_page_that_goes_live_later_says_when(client, editor):
    later = timezone.now() + timedelta(days=3)

    answer, post = shown(client, NewsPageFactory(go_live_at=later), AccountFactory(), when="after", minutes="30")

    assert levels(answer["warnings"]) == ["info"]
    assert "goes live on" in text_of(answer["warnings"])
    assert str((later + timedelta(minutes=30)).day) in post["when_text"]


def test_a_time_before_the_page_goes_live_is_told(client, editor):
    later = timezone.now() + timedelta(days=30)
    wanted = (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%dT09:00")

    _answer, post = shown(client, NewsPageFactory(go_live_at=later), AccountFactory(), when="at", at=wanted)

    assert "before the page is published" in post["when_text"]


def test_the_clocks_of_both_are_shown(client, editor):
    account = AccountFactory(time_zone="Asia/Shanghai")

    _answer, post = shown(client, NewsPageFactory(), account, when="at", at=f"{timezone.now().year + 1}-07-01T09:00")

    assert "9 a.m. (Asia/Shanghai)" in post["when_text"]
    assert "3 a.m. (Europe/Paris)" in post["when_text"]


def test_an_hour_that_the_clocks_skip_is_told(client, editor):
    account = AccountFactory(time_zone="Europe/Berlin")

    _answer, post = shown(client, NewsPageFactory(), account, when="at", at="2027-03-28T02:30")

    assert "put forward" in text_of(post["warnings"])
    assert "3:30 a.m." in post["when_text"]


def test_a_time_that_cannot_be_meant_is_told_before_it_is_saved(client, editor):
    _answer, post = shown(client, NewsPageFactory(), AccountFactory(), when="at", at="2001-07-01T09:00")

    assert "This time is past" in text_of(post["warnings"])
    assert post["is_alarming"]


def test_the_next_posting_time_is_shown(client, editor):
    account = AccountFactory(slots=[{"days": [0, 1, 2, 3, 4, 5, 6], "time": "09:30"}])

    _answer, post = shown(client, NewsPageFactory(), account, when="slot")

    assert "9:30 a.m." in post["when_text"]


@pytest.mark.parametrize("status", [Account.Status.NEW, Account.Status.RECONNECT])
def test_an_account_that_is_not_connected(client, editor, status):
    _answer, post = shown(client, NewsPageFactory(), AccountFactory(status=status))

    assert levels(post["warnings"])[0] == "critical"
    assert "site admin must connect" in text_of(post["warnings"])


def test_access_that_ends_before_the_post_is_due(client, editor, monkeypatch):
    account = AccountFactory(credentials_expire_at=timezone.now() + timedelta(days=2))
    monkeypatch.setattr(refresh, "renews_itself", lambda account: False)
    after = {"when": "after", "minutes": str(3 * 24 * 60)}

    assert "before this is posted" in text_of(shown(client, NewsPageFactory(), account, **after)[1]["warnings"])
    assert "before this is posted" not in text_of(shown(client, NewsPageFactory(), account)[1]["warnings"])

    monkeypatch.setattr(refresh, "renews_itself", lambda account: True)

    assert "before this is posted" not in text_of(shown(client, NewsPageFactory(), account, **after)[1]["warnings"])


def test_a_missing_description(client, editor):
    page = NewsPageFactory(lead_image=picture_of(""))

    _answer, post = shown(client, page, AccountFactory())
    assert "no description" in text_of(post["warnings"])

    _answer, post = shown(client, page, AccountFactory(), alt="A river")
    assert "no description" not in text_of(post["warnings"])
    assert post["pictures"][0]["alt"] == "A river"


def test_a_network_that_needs_a_picture(client, editor, monkeypatch):
    limits = Limits(length=500, images=ImageLimits(needed=True))
    monkeypatch.setattr(Backend, "limits", limits)

    _answer, post = shown(client, NewsPageFactory(), AccountFactory())
    assert "takes no post without a picture" in text_of(post["warnings"])

    page = NewsPageFactory(lead_image=picture_of("A river"))
    assert "without a picture" not in text_of(shown(client, page, AccountFactory())[1]["warnings"])
    assert "without a picture" in text_of(shown(client, page, AccountFactory(), image="none")[1]["warnings"])


def test_what_the_network_says_itself(client, editor, monkeypatch):
    monkeypatch.setattr(
        Backend, "cautions", lambda self, message: (Caution("link_domain", refused=True), Caution("daily_limit"))
    )

    _answer, post = shown(client, NewsPageFactory(lead_image=picture_of("A river")), AccountFactory())

    assert levels(post["warnings"]) == ["critical", "info"]
    assert "accepts only links to the site that is bound" in post["warnings"][0]["text"]
    assert post["facts"].endswith("1 warning")


def test_another_link_comes_first(client, editor):
    wording = "See https://example.org/report first."

    _answer, post = shown(client, NewsPageFactory(), AccountFactory(), wording=wording)

    assert "leads to example.org" in text_of(post["warnings"])
    assert post["card"] is None or post["card"]["host"] == "example.org"


def test_too_long_is_an_error_of_its_own(client, editor):
    _answer, post = shown(client, NewsPageFactory(), AccountFactory(), wording="long " * 300)

    assert "too long" in post["error"]
    assert post["is_alarming"]


def test_an_account_that_is_not_for_the_language_any_more_says_so(client, editor):
    """It was ticked before; it is not offered now."""
    from tests.factories import tick

    account, page = AccountFactory(locales=["fr"]), NewsPageFactory()
    tick(page, account)

    kept = editing.opened(client, editing.edit_url(page)).find(class_="syndicate-kept").get_text()

    assert account.label in kept
    assert "not meant for the language of this page" in kept
