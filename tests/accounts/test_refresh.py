import threading
import time
from datetime import timedelta

import pytest
import requests
from django.db import connection, transaction
from django.utils import timezone
from wagtail.models import ModelLogEntry

from tests.accounts.fixtures import order
from tests.factories import AccountFactory, UserFactory
from wagtail_syndicate.accounts import health, refresh, vault
from wagtail_syndicate.accounts.connection import REFRESHING_UNTIL, connection_of
from wagtail_syndicate.exceptions import AccountProblem, CredentialsLost, NotSent, Rejected
from wagtail_syndicate.models import Account


pytestmark = pytest.mark.django_db


def grant(fakenet, handle="newsroom"):
    """Tokens as X gives them after consent."""
    return requests.post(f"{fakenet.url}/_fakenet/tokens", json={"network": "x", "handle": handle}, timeout=10).json()


@pytest.fixture
def account(fakenet):
    """An account at X whose access ends in half a minute."""
    tokens = grant(fakenet)
    return AccountFactory(
        network="x",
        auth_method="oauth2",
        remote_id=fakenet.state.account("x", "newsroom").id,
        handle="@newsroom",
        credentials_expire_at=timezone.now() + timedelta(seconds=30),
        sealed_credentials=vault.seal({name: tokens[name] for name in ("access_token", "refresh_token")}),
    )


def refreshes(fakenet):
    return [line for line in fakenet.state.log if line["operation"] == "refresh"]


def stored(account):
    return vault.unseal(Account.objects.get(pk=account.pk).sealed_credentials)


def test_access_that_lasts_is_left_alone(fakenet, account):
    account.credentials_expire_at = timezone.now() + timedelta(seconds=90)
    before = account.sealed_credentials
    refresh.fresh_backend(account)
    assert account.sealed_credentials == before
    assert not refreshes(fakenet)


def test_access_that_ends_is_renewed_again_and_again(fakenet, account):
    seen = {connection_of(account).credentials["access_token"]}
    for round_number in (1, 2):
        backend = refresh.fresh_backend(account)
        assert backend.identify().handle == "@newsroom"
        assert backend.connection.credentials["access_token"] == stored(account)["access_token"]
        assert REFRESHING_UNTIL not in stored(account)
        assert account.credentials_expire_at > timezone.now() + timedelta(minutes=90)
        assert len(refreshes(fakenet)) == round_number
        seen.add(stored(account)["access_token"])
        account.credentials_expire_at = timezone.now()
        account.save()
    assert len(seen) == 3


def test_access_that_the_network_calls_too_old_is_renewed(fakenet, account):
    account.credentials_expire_at = timezone.now() + timedelta(hours=1)
    account.save()
    old = stored(account)["access_token"]
    assert refresh.fresh_backend(account, force=True).connection.credentials["access_token"] != old


def test_a_reader_who_is_late_uses_what_was_renewed_meanwhile(fakenet, account):
    late = Account.objects.get(pk=account.pk)
    refresh.fresh_backend(account)
    backend = refresh.fresh_backend(late, force=True)
    assert backend.connection.credentials == connection_of(account).credentials
    assert len(refreshes(fakenet)) == 1


def test_an_answer_without_a_new_refresh_token_keeps_the_old_one(fakenet, account):
    kept = stored(account)["refresh_token"]
    for empty in ({}, {"refresh_token": ""}, {"refresh_token": None}):
        answer = {"access_token": "new-access-token", "expires_in": 10, "token_type": "bearer", **empty}
        order(fakenet, "x", "refresh", "error", status=200, body=answer)
        refresh.fresh_backend(account)
        assert stored(account) == {"access_token": "new-access-token", "refresh_token": kept}


def test_a_dead_refresh_token_asks_for_an_admin(fakenet, account):
    assert fakenet.state.revoke_grants("x", "newsroom")
    with pytest.raises(AccountProblem) as problem:
        refresh.fresh_backend(account)
    assert problem.value.reason == "expired_token"
    row = Account.objects.get(pk=account.pk)
    assert (row.status, row.problem) == ("reconnect", "expired_token")
    entry = ModelLogEntry.objects.get(action="wagtail_syndicate.reconnect_needed")
    assert entry.data == {"reason": "expired_token"}
    with pytest.raises(AccountProblem):
        refresh.fresh_backend(row)
    assert len(refreshes(fakenet)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "status": 503},
        {"kind": "error", "status": 200, "body": {"access_token": "", "expires_in": 7200}},
        {"kind": "error", "status": 200, "body": {"access_token": None}},
        {"kind": "reset_before"},
        {"kind": "rate_limit"},
        {"kind": "html_200"},
    ],
)
def test_trouble_at_the_network_is_no_reason_to_give_up(fakenet, account, fault):
    before = stored(account)
    order(fakenet, "x", "refresh", **fault)
    with pytest.raises(NotSent):
        refresh.fresh_backend(account)
    row = Account.objects.get(pk=account.pk)
    assert row.status == "connected"
    assert stored(account) == before
    refresh.fresh_backend(row)
    assert stored(account) != before


def test_wrong_keys_of_the_app_do_not_break_the_account(fakenet, account, settings):
    settings.WAGTAIL_SYNDICATE["NETWORKS"]["x"]["CLIENT_SECRET"] = "wrong"
    with pytest.raises(Rejected) as error:
        refresh.fresh_backend(account)
    assert error.value.reason == "app_setup"
    assert Account.objects.get(pk=account.pk).status == "connected"


def test_access_that_cannot_be_renewed_is_used_to_its_end(fakenet):
    account = AccountFactory(
        network="weibo",
        auth_method="oauth2",
        sealed_credentials=vault.seal({"access_token": "2.00abc"}),
        credentials_expire_at=timezone.now() + timedelta(seconds=20),
    )
    assert refresh.fresh_backend(account).connection.credentials == {"access_token": "2.00abc"}
    account.credentials_expire_at = timezone.now() - timedelta(seconds=1)
    with pytest.raises(AccountProblem, match="expired_token"):
        refresh.fresh_backend(account)
    assert Account.objects.get(pk=account.pk).status == "reconnect"


def test_an_account_that_is_not_connected_has_no_backend(fakenet):
    with pytest.raises(AccountProblem, match="not_connected"):
        refresh.fresh_backend(AccountFactory(status="new"))


def test_credentials_that_cannot_be_read_are_said_to_be_lost(fakenet, account, settings):
    settings.SECRET_KEY, settings.WAGTAIL_SYNDICATE["KEYS"] = "another", []
    with pytest.raises(CredentialsLost):
        refresh.fresh_backend(account)


def test_an_old_complaint_does_not_break_a_new_connection(account):
    old = Account.objects.get(pk=account.pk)
    Account.objects.filter(pk=account.pk).update(sealed_credentials=vault.seal({"access_token": "new"}))
    refresh.mark_broken(old, "reconnect")
    assert Account.objects.get(pk=account.pk).status == "connected"
    assert not ModelLogEntry.objects.exists()


def test_whoever_dies_while_refreshing_does_not_stop_the_others(fakenet, account):
    account.sealed_credentials = vault.seal({**stored(account), REFRESHING_UNTIL: time.time() - 1})
    account.save()
    refresh.fresh_backend(account)
    assert REFRESHING_UNTIL not in stored(account)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_need_it_only_one_refreshes(fakenet, account):
    order(fakenet, "x", "refresh", "stall_after", delay=0.7)
    rows = [Account.objects.get(pk=account.pk), Account.objects.get(pk=account.pk)]
    tokens, errors = [], []
    start = threading.Barrier(2)

    def work(row):
        try:
            start.wait()
            tokens.append(refresh.fresh_backend(row).connection.credentials["access_token"])
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not errors
    assert len(refreshes(fakenet)) == 1
    assert tokens == [stored(account)["access_token"]] * 2


@pytest.mark.django_db(transaction=True)
def test_a_token_that_might_be_rolled_back_is_never_used(fakenet, account):
    with transaction.atomic(), pytest.raises(RuntimeError):
        refresh.fresh_backend(account)
    assert not refreshes(fakenet)


def test_a_check_tells_whose_access_it_is_and_renews_it(fakenet, account):
    assert fakenet.state.expire_tokens("x", "newsroom")
    account.credentials_expire_at = timezone.now() + timedelta(hours=1)
    account.save()
    assert health.check(account).handle == "@newsroom"
    assert len(refreshes(fakenet)) == 1
    assert not requests.get(f"{fakenet.url}/_fakenet/posts", timeout=10).json()


def test_a_check_notes_access_that_was_taken_away(fakenet):
    account = AccountFactory(
        network="vk",
        options={"group_id": "101"},
        remote_id="101",
        sealed_credentials=vault.seal({"access_token": "vk1.a.fakenet-101"}),
    )
    fakenet.state.revoke_grants("vk", "101")
    with pytest.raises(AccountProblem):
        health.check(account)
    account = Account.objects.get(pk=account.pk)
    assert (account.status, account.problem) == ("reconnect", "reconnect")
    fakenet.state.account("vk", "101").blocked = False
    assert health.check(account).remote_id == "101"
    assert Account.objects.get(pk=account.pk).status == "connected"


def test_connections_show_no_secret(fakenet, account):
    UserFactory()
    assert connection_of(account).credentials["access_token"] not in repr(connection_of(account))
    assert connection_of(account).credentials["access_token"] not in repr(account.__dict__)
