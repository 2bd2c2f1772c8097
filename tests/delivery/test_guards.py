"""Each guard stands twice: when a publication is planned, and when a delivery is about to be sent."""

from datetime import timedelta

import pytest
from django.utils import timezone
from wagtail.models import Locale, PageViewRestriction, Site

from sandbox.home.models import NewsPage
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, publish, site_root, tick
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import guards, plan, send
from wagtail_syndicate.models import Account, Delivery


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


def expired(page, account):
    NewsPage.objects.filter(pk=page.pk).update(expire_at=timezone.now() - timedelta(minutes=1))


def private(page, account):
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)


def below_a_private_page(page, account):
    PageViewRestriction.objects.create(page=site_root(), restriction_type=PageViewRestriction.PASSWORD)


def under_no_site(page, account):
    Site.objects.all().delete()


def switched_off(page, account):
    Account.objects.update(active=False)


def for_another_language(page, account):
    account.locales.set([Locale.objects.get_or_create(language_code="ja")[0]])


def for_another_site(page, account):
    other = NewsPageFactory(parent=site_root().get_root())
    account.sites.set([Site.objects.create(hostname="other.example", root_page=other)])


HINDRANCES = {
    expired: "page_expired",
    private: "private",
    below_a_private_page: "private",
    under_no_site: "no_site",
    switched_off: "account_inactive",
    for_another_language: "locale",
    for_another_site: "site",
}


@pytest.mark.parametrize("hindrance", HINDRANCES, ids=lambda hindrance: hindrance.__name__)
def test_when_a_publication_is_planned(hindrance):
    page, account = NewsPageFactory(), AccountFactory()
    tick(page, account)
    hindrance(page, account)
    page = NewsPage.objects.get(pk=page.pk)
    page.live = True
    page.save()
    plan.plan(_ticked(page, account))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == (State.SKIPPED, HINDRANCES[hindrance])
    assert delivery.due_at is None


def _ticked(page, account):
    from tests.factories import set_targets
    from wagtail_syndicate.models import Target

    set_targets(page, [Target(account.pk)])
    return page


@pytest.mark.parametrize("hindrance", HINDRANCES, ids=lambda hindrance: hindrance.__name__)
def test_when_it_is_about_to_be_sent(hindrance):
    account = AccountFactory()
    page = publish(NewsPageFactory(), account)
    hindrance(page, account)
    send.drain()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == (State.SKIPPED, HINDRANCES[hindrance])
    assert Memory.outbox == []
    assert str(delivery.explanation)


@pytest.mark.parametrize("gone, reason", [("page", "page_gone"), ("live", "not_live")])
def test_a_page_that_went_without_a_word(gone, reason):
    """Deleted or taken down by SQL, so that no signal told us."""
    account = AccountFactory()
    page = publish(NewsPageFactory(), account)
    if gone == "page":
        Delivery.objects.update(page=None)
    else:
        NewsPage.objects.filter(pk=page.pk).update(live=False)
    send.drain()
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.SKIPPED, reason)
    assert Memory.outbox == []


def test_a_page_that_will_expire_is_posted():
    publish(NewsPageFactory(expire_at=timezone.now() + timedelta(hours=1)), AccountFactory())
    send.drain()
    assert Delivery.objects.get().state == State.SENT


# Caps


@pytest.fixture
def posted():
    """Posts of one account, so many minutes ago each."""
    account = AccountFactory()

    def post(*minutes):
        for ago in minutes:
            DeliveryFactory(
                account=account,
                state=State.SENT,
                remote_id=str(ago),
                first_sent_at=timezone.now() - timedelta(minutes=ago),
            )
        return account

    return post


def cap(settings, number, **options):
    settings.WAGTAIL_SYNDICATE = {
        **settings.WAGTAIL_SYNDICATE,
        "MAX_PER_HOUR": number,
        "NETWORKS": {"memory": options},
    }


@pytest.mark.parametrize("number", [None, 0])
def test_without_a_cap_nobody_waits(posted, settings, number):
    cap(settings, number)
    assert guards.cap_wait(posted(1, 2, 3)) == 0


def test_below_the_cap_nobody_waits(posted, settings):
    cap(settings, 3)
    assert guards.cap_wait(posted(1, 2, 61, 90)) == 0


def test_at_the_cap_the_account_waits_until_one_of_its_posts_is_an_hour_old(posted, settings):
    cap(settings, 2)
    assert guards.cap_wait(posted(1, 20, 50)) == pytest.approx(40 * 60, abs=30)


def test_other_accounts_do_not_count(posted, settings):
    cap(settings, 2)
    posted(1, 2, 3)
    assert guards.cap_wait(AccountFactory()) == 0


@pytest.mark.parametrize("option, waits", [(5, False), (1, True), (0, False)])
def test_the_cap_of_the_network_goes_first(posted, settings, option, waits):
    cap(settings, 2, MAX_PER_HOUR=option)
    assert bool(guards.cap_wait(posted(1, 2))) == waits


def test_what_may_have_been_sent_counts(posted, settings):
    cap(settings, 1)
    account = posted()
    DeliveryFactory(account=account, state=State.UNKNOWN, maybe_sent=True, first_sent_at=timezone.now())
    assert guards.cap_wait(account) > 3500
