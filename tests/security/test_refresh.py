"""A token that is good for one use is never used twice, and never lost.

Each test names its guard, and fails when that line is taken out. The judge is the imitated network, which counts
refreshes and ends an access whose refresh token comes twice.
"""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from tests.accounts.fixtures import order
from tests.factories import AccountFactory
from tests.security.fixtures import on_x, operations
from tests.security.renewing import mark
from wagtail_syndicate.accounts import refresh, vault
from wagtail_syndicate.accounts.connection import REFRESHING_UNTIL
from wagtail_syndicate.exceptions import NotSent
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Grant


pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds


@pytest.fixture
def processes(fakenet, tmp_path):
    """Start worker processes that renew an account's access: real ones, on the database of this test."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        database = f"sqlite:///{values['NAME']}"
    else:
        scheme = {"postgresql": "postgres"}.get(connection.vendor, connection.vendor)
        place = f"{values['HOST']}:{values['PORT']}" if values["PORT"] else values["HOST"]
        secret = f":{values['PASSWORD']}" if values["PASSWORD"] else ""
        database = f"{scheme}://{values['USER']}{secret}@{place}/{values['NAME']}"
    surroundings = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "sandbox.settings",
        "DATABASE_URL": database,
        "FAKENET_URL": fakenet.url,
        "SANDBOX_VAR": str(tmp_path),
    }
    started = []

    def start(account, gate):
        command = [sys.executable, "-m", "tests.security.renewing", str(account.pk), str(gate)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen(command, cwd=ROOT, env=surroundings, text=True, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def stored(account):
    return vault.unseal(Account.objects.get(pk=account.pk).sealed_credentials)


@pytest.mark.parametrize("number", [2, 4])
def test_of_several_processes_one_renews_and_all_use_what_it_got(fakenet, processes, tmp_path, number):
    """Guard: the mark that ``refresh._claim`` sets by compare-and-swap."""
    account = on_x(fakenet, timedelta(seconds=-5))
    order(fakenet, "x", "refresh", "stall_after", delay=1.5)  # the others come while the first is being answered
    gate = tmp_path / "gate"
    running = [processes(account, gate) for _ in range(number)]
    for process in running:
        assert process.stdout.readline().strip() == "ready", process.stderr.read()
    gate.touch()
    answers = []
    for process in running:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        answers.append(out.strip())
    assert operations(fakenet).count("refresh") == 1
    assert set(answers) == {mark(stored(account)["access_token"])}
    # The new refresh token is good: nobody took it for stolen.
    Account.objects.update(credentials_expire_at=timezone.now())
    refresh.fresh_backend(Account.objects.get()).identify()


def test_whoever_stood_still_after_the_mark_asks_nobody(fakenet, monkeypatch):
    """Guard: ``MARGIN_SECONDS`` in ``refresh._ask``: another may have renewed meanwhile."""
    account = on_x(fakenet, timedelta(seconds=-5))
    claim = refresh._claim

    def and_stood_still(row, kept):
        claimed = claim(row, kept)
        kept_until = {
            **vault.unseal(row.sealed_credentials),
            REFRESHING_UNTIL: time.time() + refresh.MARGIN_SECONDS - 5,
        }
        row.sealed_credentials = vault.seal(kept_until)
        Account.objects.filter(pk=row.pk).update(sealed_credentials=row.sealed_credentials)
        return claimed

    monkeypatch.setattr(refresh, "_claim", and_stood_still)
    with pytest.raises(NotSent, match="too little time"):
        refresh.fresh_backend(account)
    assert "refresh" not in operations(fakenet)
    assert REFRESHING_UNTIL not in stored(account)


def test_a_machine_whose_clock_is_ahead_respects_the_mark(fakenet, monkeypatch):
    """Guard: the database's clock in ``refresh._now``."""
    account = on_x(fakenet, timedelta(seconds=-5))
    assert refresh._claim(account, stored(account))
    monkeypatch.setattr(refresh.time, "time", lambda: 4_000_000_000.0)
    other = Account.objects.get()
    assert not refresh._claim(other, stored(other))


def test_a_mark_from_a_clock_that_was_set_back_does_not_stop_anybody_for_ever(fakenet):
    """Guard: ``now + CLAIM_SECONDS`` in ``refresh._claim``."""
    account = on_x(fakenet, timedelta(seconds=-5))
    account.sealed_credentials = vault.seal({**stored(account), REFRESHING_UNTIL: time.time() + 7200})
    account.save()
    refresh.fresh_backend(account)
    assert operations(fakenet).count("refresh") == 1


@pytest.mark.parametrize("empty", [{}, {"refresh_token": ""}, {"refresh_token": None}])
def test_an_empty_refresh_token_never_replaces_a_good_one(fakenet, empty):
    """Guard: ``oauth2._tokens``, for networks that are renewed by OAuth 2.0."""
    account = on_x(fakenet, timedelta(seconds=-5))
    good = stored(account)["refresh_token"]
    order(fakenet, "x", "refresh", "error", status=200, body={"access_token": "new", "expires_in": 7200, **empty})
    refresh.fresh_backend(account)
    assert stored(account) == {"access_token": "new", "refresh_token": good}


@pytest.mark.parametrize("empty", ["", None])
def test_nor_does_one_of_a_backend_with_a_way_of_its_own(script, empty):
    """Guard: ``given`` in ``refresh._ask``."""
    account = AccountFactory(
        network="renewing",
        credentials_expire_at=timezone.now(),
        sealed_credentials=vault.seal({"key": "kept", "access_token": "old", "refresh_token": "good"}),
    )
    later = timezone.now() + timedelta(days=1)
    script.renewals = [Grant({"access_token": "new", "refresh_token": empty}, later)]
    refresh.fresh_backend(account)
    assert stored(account) == {"key": "kept", "access_token": "new", "refresh_token": "good"}


@pytest.mark.parametrize("network", ["bluesky", "threads", "ok", "wechat"])
def test_networks_with_a_way_of_their_own_keep_what_an_answer_leaves_empty(network, monkeypatch):
    """Guard: the same; or the backend refuses such an answer itself, and then nothing is stored either."""
    from requests.structures import CaseInsensitiveDict

    from wagtail_syndicate.backends import http

    body = {
        "accessJwt": "new-access-token",
        "refreshJwt": "",
        "access_token": "new-access-token",
        "refresh_token": "",
        "session_key": "new-session",
        "expires_in": 7200,
        "did": "did:plc:1",
        "handle": "a.example",
    }
    asked = []

    def answer(self, method, url, **kwargs):
        asked.append(url)
        return http.Answer(200, CaseInsensitiveDict(), "", body)

    monkeypatch.setattr(http.Http, "request", answer)
    before = {
        "access_token": "old-access-token",
        "refresh_token": "good-refresh-token",
        "app_password": "abcd-efgh-ijkl-mnop",
        "app_secret": "secret-of-the-app",
        "app_id": "wx-1",
    }
    account = AccountFactory(
        network=network,
        auth_method="oauth2",
        options={"handle": "a.example", "app_id": "wx-1"},
        credentials_expire_at=timezone.now() - timedelta(seconds=1),
        sealed_credentials=vault.seal(before),
    )
    try:
        refresh.fresh_backend(account)
    except NotSent:
        pass
    assert asked
    after = stored(account)
    assert after["refresh_token"] == "good-refresh-token"
    assert all(after.values())
