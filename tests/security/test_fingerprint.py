"""A copy of the site never speaks for the accounts that were copied with it.

Each test names its guard, and fails when that line is taken out. The judge is the imitated network, which was
asked nothing.
"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import checks as django_checks
from django.urls import reverse
from django.utils import timezone
from wagtail.models import GroupCollectionPermission, ModelLogEntry, Site

from tests.accounts.networks import Renewing
from tests.factories import (
    AccountFactory,
    DeliveryFactory,
    NewsPageFactory,
    UserFactory,
    picture_of,
    publish,
    root_collection,
    site_root,
)
from tests.security.fixtures import on_x, operations
from wagtail_syndicate import checks, doctor
from wagtail_syndicate.accounts import connect, environment, health, refresh, settle, upkeep, vault
from wagtail_syndicate.accounts.connection import backend_of
from wagtail_syndicate.backends.auth import Pasted
from wagtail_syndicate.delivery import lanes, posting, send, sweep
from wagtail_syndicate.exceptions import AwayFromHome
from wagtail_syndicate.models import Account, Delivery
from wagtail_syndicate.types import Grant, Identity


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State
HOME = "production@www.example.org"


@pytest.fixture(autouse=True)
def copy(settings):
    """This site: a staging copy of the one at www.example.org."""
    site_root()
    Site.objects.filter(is_default_site=True).update(hostname="www.example.org")
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ENVIRONMENT": "staging"}


@pytest.fixture
def account(fakenet):
    """An account that came with the copy; its access ends in half a minute."""
    found = on_x(fakenet, timedelta(seconds=30), environment=HOME)
    fakenet.state.log.clear()
    return found


def name_it(settings, name):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ENVIRONMENT": name}


# What the fingerprint is


def test_it_is_the_name_and_the_default_sites_host_whatever_the_port(settings):
    assert environment.fingerprint() == "staging@www.example.org"
    Site.objects.update(port=8443)
    assert environment.fingerprint() == "staging@www.example.org"
    Site.objects.update(hostname="WWW.Example.NET")
    assert environment.fingerprint() == "staging@www.example.net"
    Site.objects.all().delete()
    assert environment.fingerprint() == ""
    assert not environment.is_home(AccountFactory(environment=HOME))


def test_it_is_kept_with_an_account_that_is_connected():
    """Guard: ``environment`` in ``accounts.settle.store``."""
    account = AccountFactory(status="new", remote_id="", handle="")
    stored = settle.store(account, Pasted(()), {}, Grant({"key": "k"}), Identity("1", "@one"), UserFactory())
    assert Account.objects.get().environment == stored.environment == "staging@www.example.org"


def test_an_account_of_before_is_spoken_for_and_gets_it_when_the_network_accepts_it(fakenet):
    """Guard: ``settle_in`` in ``accounts.health.check`` and after a post."""
    account = on_x(fakenet)
    assert account.environment == ""
    assert environment.is_home(account)
    health.check(account)
    assert Account.objects.get().environment == account.environment == "staging@www.example.org"
    Account.objects.update(environment="")
    publish(NewsPageFactory(), account)
    send.drain()
    assert Delivery.objects.get().state == State.SENT
    assert Account.objects.get().environment == "staging@www.example.org"


# What is refused


@pytest.mark.parametrize("state", [State.WAITING, State.UNKNOWN, State.SENDING])
def test_its_lane_is_never_claimed(fakenet, account, state):
    """Guard: ``at_home`` in ``delivery.lanes.free``."""
    more = {"maybe_sent": True, "first_sent_at": timezone.now()} if state != State.WAITING else {}
    DeliveryFactory(account=account, state=state, due_at=timezone.now(), **more)
    assert lanes.due_accounts() == []
    assert lanes.claim(account.pk) is None
    Account.objects.update(environment="staging@www.example.org")
    assert lanes.due_accounts() == [account.pk]


def test_a_post_with_a_picture_waits_says_why_and_leaves_when_this_is_the_home(fakenet, account, settings):
    """Guard: the whole of it; and ``_hold_abroad`` in ``delivery.sweep`` for the reason."""
    publish(NewsPageFactory(lead_image=picture_of("A probe")), account)
    sweep.sweep()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == (State.WAITING, "away_from_home")
    assert "another site" in str(delivery.explanation)
    assert operations(fakenet) == []
    name_it(settings, "production")
    sweep.sweep()
    assert Delivery.objects.get().state == State.SENT
    assert Delivery.objects.get().reason == ""


def test_a_post_that_came_half_sent_is_not_looked_for_until_this_is_the_home(fakenet, account, settings):
    """Guard: ``_hold_abroad`` in ``delivery.sweep``, and ``at_home`` in ``delivery.lanes.free``."""
    page = publish(NewsPageFactory(), account)
    Delivery.objects.update(state=State.SENDING, maybe_sent=True, first_sent_at=timezone.now(), due_at=None)
    sweep.sweep()
    delivery = Delivery.objects.get(page=page)
    assert (delivery.state, delivery.reason) == (State.UNKNOWN, "interrupted")
    assert delivery.due_at is not None
    sweep.sweep()
    assert operations(fakenet) == []


@pytest.mark.parametrize("force", [False, True])
def test_its_access_is_not_renewed_to_post(fakenet, account, force):
    """Guard: ``require_home`` in ``accounts.refresh.fresh_backend``; not even a mark is written."""
    with pytest.raises(AwayFromHome):
        refresh.fresh_backend(account, force=force)
    assert operations(fakenet) == []
    assert Account.objects.get().sealed_credentials == account.sealed_credentials


def test_its_access_is_not_renewed_early(script, monkeypatch):
    """Guard: ``require_home`` in ``accounts.refresh.renew_early``."""
    account = renewing(monkeypatch)
    with pytest.raises(AwayFromHome):
        refresh.renew_early(account)
    assert script.calls == []
    assert Account.objects.get().sealed_credentials == account.sealed_credentials


def test_its_access_is_not_renewed_by_the_sweep(script, monkeypatch):
    """Guard: ``at_home`` in ``accounts.upkeep._due``."""
    account = renewing(monkeypatch)
    tried = []
    monkeypatch.setattr(upkeep, "renew_early", lambda account: tried.append(account) or True)
    assert upkeep.renew_due() == 0
    assert tried == []
    Account.objects.filter(pk=account.pk).update(environment="staging@www.example.org")
    assert upkeep.renew_due() == 1


def renewing(monkeypatch):
    """An account whose network wants its access renewed days before it ends."""
    monkeypatch.setattr(Renewing, "renew_early", timedelta(days=5))
    return AccountFactory(
        network="renewing",
        environment=HOME,
        credentials_expire_at=timezone.now() + timedelta(days=1),
        sealed_credentials=vault.seal({"key": "good-for-one-use"}),
    )


def test_nothing_else_speaks_for_it(fakenet, account):
    """Guard: ``require_home`` in ``accounts.connection.backend_of``: looking, changing and deleting come by here."""
    with pytest.raises(AwayFromHome):
        backend_of(account)


@pytest.mark.parametrize("status", ["connected", "reconnect"])
def test_a_check_asks_nobody_and_says_why(fakenet, account, status, client):
    """Guard: the same two; and the sentence in ``accounts.problems.describe``."""
    Account.objects.update(status=status)
    client.force_login(UserFactory())
    answer = client.post(reverse("wagtail_syndicate:connect", args=[account.pk]), {"check": "1"}, follow=True)
    assert "was connected on another site" in answer.content.decode()
    assert operations(fakenet) == []
    assert Account.objects.get().status == status


def test_disconnecting_leaves_the_originals_access_alone(fakenet, account):
    """Guard: ``may_ask`` in ``accounts.connect.disconnect``."""
    connect.disconnect(account, UserFactory())
    assert operations(fakenet) == []
    assert Account.objects.get().sealed_credentials == ""
    again = on_x(fakenet, environment="staging@www.example.org")
    connect.disconnect(again, UserFactory())
    assert "revoke" in operations(fakenet)


def test_a_site_that_was_renamed_in_between_sends_nothing(fakenet, account, monkeypatch):
    """Guard: ``AwayFromHome`` in ``delivery.posting.post``: the post waits, and no attempt is counted."""
    Account.objects.update(environment="staging@www.example.org")
    publish(NewsPageFactory(), account)
    lane = lanes.claim(account.pk)
    Site.objects.update(hostname="elsewhere.example.org")
    delivery = Delivery.objects.select_related("account").get()
    assert posting.post(lane, delivery) is False
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason, delivery.attempts_made) == (State.WAITING, "away_from_home", 0)
    assert operations(fakenet) == []


# What people see and do


def manager(*codenames):
    """Somebody who may use the admin, and has these rights for all accounts."""
    user = UserFactory(is_superuser=False)
    group, _created = Group.objects.get_or_create(name="People")
    group.permissions.set(Permission.objects.filter(codename="access_admin"))
    for permission in Permission.objects.filter(codename__in=codenames):
        GroupCollectionPermission.objects.create(group=group, collection=root_collection(), permission=permission)
    user.groups.add(group)
    return user


def test_people_who_manage_accounts_are_told_everywhere_and_others_are_not(client, account):
    """Guard: ``can_manage`` in ``admin.site_notice``."""
    client.force_login(manager("change_account"))
    here = reverse("wagtail_syndicate:new_home")
    pages = ["/admin/", "/admin/syndication/accounts/", reverse("wagtail_syndicate:connect", args=[account.pk])]
    for page in pages:
        assert here in client.get(page).content.decode(), page
    Account.objects.update(environment="")
    for page in pages:
        assert here not in client.get(page).content.decode(), page
    Account.objects.update(environment=HOME)
    Group.objects.all().delete()
    client.force_login(manager())
    assert here not in client.get("/admin/").content.decode()


def test_this_is_the_new_home_is_asked_permitted_done_and_logged(client, account, rung):
    """Guards: POST, ``can_manage`` in ``admin.new_home``, and the entry in the audit log."""
    address = reverse("wagtail_syndicate:new_home")
    publish(NewsPageFactory(), account)
    sweep.sweep()
    client.force_login(manager())
    client.post(address)
    assert Account.objects.get().environment == HOME
    user = UserFactory()
    client.force_login(user)
    asked = client.get(address).content.decode()
    assert HOME in asked
    assert "staging@www.example.org" in asked
    assert Account.objects.get().environment == HOME
    rung.clear()
    done = client.post(address, follow=True).content.decode()
    assert "This site is the home of 1 account now. 1 post that waited leaves now." in done
    assert Account.objects.get().environment == "staging@www.example.org"
    entry = ModelLogEntry.objects.get(action="wagtail_syndicate.new_home")
    assert entry.user == user
    assert entry.data == {"before": HOME, "after": "staging@www.example.org"}
    assert rung
    assert Delivery.objects.get().reason == ""
    client.post(address)
    assert ModelLogEntry.objects.filter(action="wagtail_syndicate.new_home").count() == 1


def test_the_check_and_the_doctor_tell_of_it(account):
    """Guards: ``W005`` in ``checks.check_home``, which asks only when databases may be asked; ``doctor._home``."""
    assert checks.check_home() == []
    assert checks.check_home(databases=["other"]) == []
    assert [message.id for message in checks.check_home(databases=["default"])] == ["wagtail_syndicate.W005"]
    told = django_checks.run_checks(tags=["database"], databases=["default"])
    assert "wagtail_syndicate.W005" in [message.id for message in told]
    findings = [finding for finding in doctor.examine(broker=False) if finding.name in ("away_from_home", "account")]
    assert [finding.name for finding in findings] == ["away_from_home"]
    assert account.label in findings[0].problem
    Account.objects.update(environment="staging@www.example.org")
    assert checks.check_home(databases=["default"]) == []


def test_before_the_first_migration_the_check_keeps_quiet(monkeypatch):
    """Guard: ``DatabaseError`` in ``checks.check_home``."""
    from django.db import OperationalError

    def missing():
        raise OperationalError("no such table")

    monkeypatch.setattr(environment, "strangers", missing)
    assert checks.check_home(databases=["default"]) == []


def test_a_site_without_a_name_is_warned(settings):
    """Guards: ``W006`` and ``E005`` in ``checks.check_environment``."""

    def ids():
        return [message.id.rpartition(".")[2] for message in checks.check_environment()]

    assert ids() == []
    name_it(settings, "")
    assert ids() == ["W006"]
    for wrong in (7, "x" * 101, None):
        name_it(settings, wrong)
        assert ids() == ["E005"]
