"""Networks with a way of their own to renew access, and access that must be renewed while it is alive."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.accounts.networks import Other, Renewing
from tests.factories import AccountFactory
from wagtail_syndicate.accounts import health, refresh, upkeep, vault
from wagtail_syndicate.accounts.connection import connection_of
from wagtail_syndicate.delivery import sweep
from wagtail_syndicate.exceptions import AccountProblem, NotSent, Rejected, TokenExpired
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Grant


pytestmark = pytest.mark.django_db

KEYS = {"key": "pasted-key", "access_token": "old", "refresh_token": "again"}
LATER = timezone.now() + timedelta(days=60)


def access(ends, network="renewing", **fields):
    """An account whose access ends then."""
    ends = ends if ends is None else timezone.now() + ends
    return AccountFactory(
        network=network, credentials_expire_at=ends, sealed_credentials=vault.seal(KEYS), remote_id="7", **fields
    )


def row(account):
    return Account.objects.get(pk=account.pk)


def stored(account):
    return vault.unseal(row(account).sealed_credentials)


@pytest.fixture
def long(script, monkeypatch):
    """Access that can be renewed only while it is alive."""
    monkeypatch.setattr(Renewing, "renew_early", timedelta(days=30))
    script.renewals = [Grant({"access_token": "new"}, LATER)]
    return script


# Renewing


@pytest.mark.parametrize("left", [timedelta(seconds=30), timedelta(hours=-1)])
def test_access_is_renewed_by_the_backend_and_stored(script, left):
    script.renewals = [Grant({"access_token": "new"}, LATER)]
    account = access(left)
    backend = refresh.fresh_backend(account)
    assert backend.connection.credentials == {**KEYS, "access_token": "new"} == stored(account)
    assert row(account).credentials_expire_at == LATER
    assert script.asked("renew")[0].credentials == KEYS


def test_a_grant_that_does_not_end_is_never_due_again(script):
    script.renewals = [Grant({"access_token": "new"})]
    account = access(timedelta(0))
    refresh.fresh_backend(account)
    assert row(account).credentials_expire_at is None
    refresh.fresh_backend(row(account))
    assert len(script.asked("renew")) == 1


@pytest.mark.parametrize("ends", [timedelta(hours=1), None])
def test_access_that_lasts_is_left_alone_unless_the_network_calls_it_too_old(script, ends):
    script.renewals = [Grant({"access_token": "new"}, LATER)]
    account = access(ends)
    refresh.fresh_backend(account)
    assert script.calls == []
    assert refresh.fresh_backend(account, force=True).connection.credentials["access_token"] == "new"


def test_what_the_network_refuses_as_too_old_is_renewed(script):
    script.renewals = [Grant({"access_token": "new"}, LATER)]
    account = access(None)
    refresh.recover(account, TokenExpired("expired_token"))
    assert (row(account).status, stored(account)["access_token"]) == ("connected", "new")


def test_access_that_cannot_be_renewed_asks_for_an_admin(script):
    script.renewals = [AccountProblem("account_blocked")]
    account = access(timedelta(seconds=5))
    with pytest.raises(AccountProblem, match="account_blocked"):
        refresh.fresh_backend(account)
    assert (row(account).status, row(account).problem) == ("reconnect", "account_blocked")


@pytest.mark.parametrize("error", [NotSent("network_down"), Rejected("app_setup"), ZeroDivisionError()])
def test_trouble_while_renewing_is_raised_when_access_is_over(script, error):
    script.renewals = [error, Grant({"access_token": "new"}, LATER)]
    account = access(timedelta(seconds=5))
    with pytest.raises(type(error)):
        refresh.fresh_backend(account)
    assert (row(account).status, stored(account)) == ("connected", KEYS)
    refresh.fresh_backend(row(account))
    assert stored(account)["access_token"] == "new"


@pytest.mark.parametrize("renewed", [{"access_token": "new"}, {}])
@pytest.mark.django_db(transaction=True)
def test_of_two_who_need_it_only_one_renews(script, renewed):
    """Also when the network gives the same token once more, with another end (WeChat's stable token)."""
    script.renewals = [Grant(renewed, LATER)]
    account = access(timedelta(seconds=5))
    slow, script.play = script.play, lambda *args: (time.sleep(0.5), slow(*args))[1]
    rows, errors = [row(account), row(account)], []
    start = threading.Barrier(2)

    def work(mine):
        try:
            start.wait()
            refresh.fresh_backend(mine)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not errors
    assert len(script.asked("renew")) == 1
    assert stored(account) == {**KEYS, **renewed}


# Early


def test_access_is_renewed_early_where_the_network_wants_that(long):
    account = access(timedelta(days=29))
    refresh.fresh_backend(account)
    assert stored(account)["access_token"] == "new"
    account = access(timedelta(days=31))
    refresh.fresh_backend(account)
    assert stored(account) == KEYS


@pytest.mark.parametrize("error", [NotSent("network_down"), Rejected("app_setup"), ZeroDivisionError()])
def test_trouble_while_there_is_time_holds_nothing_up(long, error, monkeypatch):
    long.renewals = [error, Grant({"access_token": "new"}, LATER)]
    account = access(timedelta(days=3))
    assert refresh.fresh_backend(account).connection.credentials == KEYS
    assert refresh.fresh_backend(row(account)).connection.credentials == KEYS
    assert len(long.asked("renew")) == 1
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3601)
    assert refresh.fresh_backend(row(account)).connection.credentials["access_token"] == "new"
    assert stored(account) == {**KEYS, "access_token": "new"}


def test_a_pause_does_not_outlast_the_access(long):
    long.renewals = [NotSent("network_down"), Grant({"access_token": "new"}, LATER)]
    account = access(timedelta(days=3))
    refresh.fresh_backend(account)
    Account.objects.update(credentials_expire_at=timezone.now() + timedelta(seconds=30))
    assert refresh.fresh_backend(row(account)).connection.credentials["access_token"] == "new"


def test_nobody_waits_for_somebody_else_while_there_is_time(long):
    account = access(timedelta(days=3))
    refresh._claim(account, KEYS)
    assert refresh.fresh_backend(row(account)).connection.credentials == KEYS
    assert long.calls == []


def test_access_that_is_dead_early_asks_for_an_admin_at_once(long):
    long.renewals = [AccountProblem("reconnect")]
    account = access(timedelta(days=3))
    with pytest.raises(AccountProblem):
        refresh.fresh_backend(account)
    assert row(account).status == "reconnect"


def test_a_check_renews_too(long):
    account = access(timedelta(days=3))
    assert health.check(account).remote_id == "7"
    assert long.asked("identify")[0].credentials["access_token"] == "new"


# Whether or not anybody publishes


@pytest.fixture
def both(long, monkeypatch):
    monkeypatch.setattr(Other, "renew_early", timedelta(days=10))
    return long


@pytest.mark.django_db(transaction=True)
def test_the_sweep_renews_what_is_due(both):
    due = [access(timedelta(days=29)), access(timedelta(days=-1)), access(timedelta(days=9), "other")]
    not_due = [access(timedelta(days=31)), access(timedelta(days=11), "other"), access(None)]
    gone = access(timedelta(days=1), status="reconnect")
    sweep.sweep()
    assert [stored(account)["access_token"] for account in due] == ["new"] * 3
    assert [stored(account) for account in (*not_due, gone)] == [KEYS] * 4
    calls = len(both.calls)
    sweep.sweep()
    assert len(both.calls) == calls == 3


def test_access_that_can_be_had_anew_at_any_time_waits_for_somebody_who_publishes(script):
    script.renewals = [Grant({"access_token": "new"}, LATER)]
    access(timedelta(seconds=10))
    assert upkeep.renew_due() == 0
    assert script.calls == []


def test_access_that_we_cannot_renew_is_not_touched(script, monkeypatch):
    from wagtail_syndicate.backends.memory import Backend as Memory

    monkeypatch.setattr(Memory, "renew_early", timedelta(days=30))
    account = access(timedelta(days=-1), "memory")
    before = Account.objects.values().get(pk=account.pk)
    assert upkeep.renew_due() == 0
    assert Account.objects.values().get(pk=account.pk) == before


def test_a_broken_network_is_asked_once_and_holds_nobody_up(both):
    broken = [access(timedelta(days=day), "other") for day in (1, 2, 3)]
    fine = access(timedelta(days=5))
    both.renewals = [NotSent("network_down"), Grant({"access_token": "new"}, LATER)]
    assert upkeep.renew_due() == 1
    assert [connection.handle for connection in both.asked("renew")] == [broken[0].handle, fine.handle]
    assert stored(fine)["access_token"] == "new"
    assert {row(account).status for account in broken} == {"connected"}
    # The next time it is another one's turn.
    assert upkeep.renew_due() == 2
    assert stored(broken[0])["access_token"] == "old"


def test_an_account_that_is_dead_is_marked_and_the_others_go_on(both):
    dead, fine = access(timedelta(days=1)), access(timedelta(days=2))
    both.renewals = [AccountProblem("reconnect"), Grant({"access_token": "new"}, LATER)]
    assert upkeep.renew_due() == 1
    assert (row(dead).status, row(fine).status) == ("reconnect", "connected")
    assert stored(fine)["access_token"] == "new"


def test_credentials_that_cannot_be_read_are_marked_and_the_others_go_on(both):
    lost, fine = access(timedelta(days=1)), access(timedelta(days=2))
    Account.objects.filter(pk=lost.pk).update(sealed_credentials="of another site")
    assert upkeep.renew_due() == 1
    assert (row(lost).problem, stored(fine)["access_token"]) == ("lost_credentials", "new")


def test_one_go_is_bounded(both):
    for day in range(1, 5):
        access(timedelta(days=day))
    assert upkeep.renew_due(most=3) == 3
    assert upkeep.renew_due(most=3) == 1


def test_nothing_due_costs_three_queries_however_many_accounts_there_are(both, django_assert_num_queries):
    for _number in range(20):
        access(timedelta(days=50))
    with django_assert_num_queries(3):
        upkeep.renew_due()


def test_a_network_that_left_the_settings_is_left_alone(both, settings):
    account = access(timedelta(days=1))
    del settings.WAGTAIL_SYNDICATE["NETWORKS"]["renewing"]
    assert upkeep.renew_due() == 0
    assert stored(account) == KEYS


def test_nothing_of_ours_is_shown_to_backends(long):
    account = access(timedelta(days=3))
    long.renewals = [NotSent("network_down")]
    refresh.fresh_backend(account)
    assert stored(account) != KEYS
    assert connection_of(row(account)).credentials == KEYS
