"""Which posts leave together with those of other accounts, and which are a case of their own."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from sandbox.home.models import NewsPage
from tests.delivery.test_guards import HINDRANCES
from tests.delivery.test_together import of
from tests.factories import AccountFactory, NewsPageFactory, UserFactory, picture_of, publish
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import lanes, plain, send
from wagtail_syndicate.models import Account, Delivery


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


@pytest.mark.parametrize("hindrance", HINDRANCES, ids=lambda hindrance: hindrance.__name__)
def test_the_same_guards_stop_what_is_about_to_leave(accounts, hindrance):
    """Guards: plain.next_of_each asks guards.page_obstacle and guards.account_obstacle."""
    page = publish(NewsPageFactory(), *accounts)
    hindrance(page, accounts[0])
    send.drain()
    stopped = of(accounts[0])
    assert (stopped.state, stopped.reason) == (State.SKIPPED, HINDRANCES[hindrance])
    assert accounts[0].handle not in [post.handle for post in Memory.outbox]


def test_who_ticked_has_to_be_permitted_still(accounts, bulk):
    """Guard: permissions.not_permitted in plain.next_of_each."""
    manager, gone = UserFactory(is_superuser=True), UserFactory(is_superuser=True)
    publish(NewsPageFactory(), *accounts)
    Delivery.objects.update(ticked_by=manager)
    Delivery.objects.filter(account=accounts[0]).update(ticked_by=gone)
    get_user_model().objects.filter(pk=gone.pk).update(is_active=False)
    send.drain()
    assert (of(accounts[0]).state, of(accounts[0]).reason) == (State.SKIPPED, "not_permitted")
    assert sum(bulk) == 2


def not_live(page, account):
    NewsPage.objects.filter(pk=page.pk).update(live=False)


def overdue(page, account):
    Delivery.objects.filter(account=account).update(expires_at=timezone.now() - timedelta(seconds=1))


def wants_approval(page, account):
    Account.objects.filter(pk=account.pk).update(needs_approval=True)


def by_hand(page, account):
    Account.objects.filter(pk=account.pk).update(by_hand=True)


def access_ends(page, account):
    Account.objects.filter(pk=account.pk).update(credentials_expire_at=timezone.now() + timedelta(seconds=30))


def had_trouble(page, account):
    Delivery.objects.filter(account=account).update(reason=lanes.TROUBLE)


def its_server_had_trouble(page, account):
    Account.objects.filter(pk=account.pk).update(failures=1, network="keyed")
    Delivery.objects.filter(account=account).update(network="keyed")


def is_unclear(page, account):
    Delivery.objects.filter(account=account).update(
        state=State.UNKNOWN, maybe_sent=True, payload={}, first_sent_at=timezone.now(), due_at=timezone.now()
    )


def is_of_another_site(page, account):
    Account.objects.filter(pk=account.pk).update(environment="production@www.example.org")


def network_is_gone(page, account):
    Account.objects.filter(pk=account.pk).update(network="gone")


@pytest.mark.parametrize(
    "case",
    [
        not_live,
        overdue,
        wants_approval,
        by_hand,
        access_ends,
        had_trouble,
        its_server_had_trouble,
        is_unclear,
        is_of_another_site,
        network_is_gone,
    ],
    ids=lambda case: case.__name__,
)
def test_what_is_a_case_of_its_own_is_left_alone(accounts, case):
    publish(NewsPageFactory(), accounts[0])
    publish(NewsPageFactory(), *accounts[1:])
    held = {lane.account_id: lane for lane in lanes.claim_all([account.pk for account in accounts])}
    case(of(accounts[0]).page, accounts[0])
    found, alone = plain.next_of_each(held)
    assert {flight.account.pk for flight, _values in found} == {account.pk for account in accounts[1:]}
    assert alone == {accounts[0].pk}


def test_trouble_of_long_ago_is_none(accounts):
    publish(NewsPageFactory(), *accounts)
    long_ago = timezone.now() - timedelta(hours=1)
    AccountFactory(failures=3, blocked_until=long_ago)
    held = {lane.account_id: lane for lane in lanes.claim_all([account.pk for account in accounts])}
    assert len(plain.next_of_each(held)[0]) == 3
    Account.objects.filter(failures=3).update(blocked_until=timezone.now())
    assert plain.next_of_each(held) == ([], set(held))


def test_pictures_are_handed_over_by_one_at_a_time(accounts, bulk):
    publish(NewsPageFactory(lead_image=picture_of("A river")), *accounts)
    send.drain()
    assert bulk == []
    assert all(post.uploads for post in Memory.outbox) and len(Memory.outbox) == 3


@pytest.mark.parametrize("setting", ["PROBE", "DRY_RUN"])
def test_where_no_post_is_plain(accounts, bulk, settings, setting):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, setting: True}
    publish(NewsPageFactory(), *accounts)
    send.drain()
    assert bulk == []


def test_a_slow_summariser_holds_up_only_its_own(accounts, settings):
    asked = []
    networks = {**settings.WAGTAIL_SYNDICATE["NETWORKS"]}
    networks["keyed"] = {**networks["keyed"], "SUMMARISER": lambda request: asked.append(1) or "Shorter."}
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": networks}
    publish(NewsPageFactory(), *accounts, AccountFactory(network="keyed"))
    held = {account.pk: lanes.claim(account.pk) for account in Account.objects.all()}
    found, alone = plain.next_of_each(held)
    assert len(found) == 3 and len(alone) == 1


def test_caps_are_kept(accounts, settings):
    """Guard: guards.cap_wait in plain._is_simple."""
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "MAX_PER_HOUR": 1}
    for _ in range(2):
        publish(NewsPageFactory(), *accounts)
    send.drain()
    assert len(Memory.outbox) == 3
    assert {d.reason for d in Delivery.objects.filter(state=State.WAITING)} == {"account_cap"}
