"""Whether posts still say what their page says; cheaply."""

from dataclasses import replace

import pytest
from django.core.cache import cache

from sandbox.home.models import NewsPage
from tests.factories import AccountFactory, NewsPageFactory, picture_of, publish
from wagtail_syndicate.delivery import actions, content, outdated, send
from wagtail_syndicate.models import Delivery, Target


pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture(autouse=True)
def nothing_known():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def account():
    return AccountFactory()


@pytest.fixture
def page(account):
    page = publish(NewsPageFactory(lead_image=picture_of("The river")), account)
    send.drain()
    return page


@pytest.fixture
def composed(monkeypatch):
    """How many posts were composed."""
    calls = []
    known = content.known_message_for
    monkeypatch.setattr(content, "known_message_for", lambda *args: calls.append(args) or known(*args))
    return calls


def changed(page, *targets, **fields):
    page = NewsPage.objects.get(pk=page.pk)
    for name, value in fields.items():
        setattr(page, name, value)
    return publish(page, *targets)


def late(page, **kwargs):
    return outdated.outdated(page, Delivery.objects.select_related("account"), **kwargs)


def test_nothing_is_composed_while_the_revision_is_the_same(page, composed):
    assert late(page) == set() and not composed


def test_a_correction_that_posts_do_not_show(page, account, composed):
    page = changed(page, account, body="<p>New sensors have been measuring the river. </p>" * 9)
    assert late(page) == set() and len(composed) == 1
    assert late(page) == set() and len(composed) == 1, "known by now"


def test_another_title(page, account, composed):
    page = changed(page, account, title="Quite another title")
    assert late(page, most=0) == set(), "only what is known already"
    assert late(page) == {Delivery.objects.get().pk} == late(page) == late(page, most=0)
    assert len(composed) == 1
    actions.edit(Delivery.objects.get())
    send.drain()
    assert late(page) == set() and len(composed) == 1


def test_other_words_for_the_account(page, account):
    assert late(changed(page, Target(account.pk, "Other words."))) == {Delivery.objects.get().pk}


def test_another_picture_is_no_reason_as_pictures_cannot_be_changed(page, account):
    assert late(changed(page, account, lead_image=None)) == set()


def test_words_that_do_not_fit_any_more(page, account):
    assert late(changed(page, Target(account.pk, "x" * 501))) == {Delivery.objects.get().pk}


def test_a_draft_changes_nothing(page):
    page.title = "Quite another title"
    page.save_revision()
    assert late(NewsPage.objects.get(pk=page.pk)) == set()


@pytest.mark.parametrize("state", [State.WAITING, State.FAILED, State.UNKNOWN, State.REMOVED])
def test_what_is_not_there_is_not_out_of_date(page, account, state):
    page = changed(page, account, title="Quite another title")
    Delivery.objects.update(state=state)
    assert late(page) == set()


def test_a_page_that_is_gone_is_not_compared(page, account, composed):
    page = changed(page, account, title="Quite another title")
    page.unpublish()
    assert late(NewsPage.objects.get(pk=page.pk)) == set() and not composed


def test_an_answer_takes_only_so_long(account, composed, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(outdated, "MOST", 4)
    accounts = [AccountFactory() for _ in range(6)]
    page = publish(NewsPageFactory(), *accounts)
    send.drain()
    page = changed(page, *accounts, title="Quite another title")
    with django_assert_max_num_queries(12):
        assert len(late(page, most=4)) == 4 == len(composed)
    assert len(late(page, most=4)) == 6 == len(composed)


def test_a_summariser_of_the_sites_is_not_asked(account, settings, monkeypatch):
    asked = []

    def without_teaser(page, article):
        return replace(article, teaser="", teaser_source="")

    monkeypatch.setattr(NewsPage, "get_syndication_article", without_teaser, raising=False)

    def summariser(request):
        asked.append(request)
        return f"Words number {len(asked)}."

    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "SUMMARISER": summariser}
    page = publish(NewsPageFactory(), account)
    send.drain()
    assert len(asked) == 1 and "Words number 1." in Delivery.objects.get().message.text
    page = changed(page, account, intro="Nobody reads this.")
    assert late(page) == set(), "what it said before is used"
    page = changed(page, account, body="<p>Quite another story was to be told.</p>")
    assert late(page) == {Delivery.objects.get().pk}
    assert len(asked) == 1
