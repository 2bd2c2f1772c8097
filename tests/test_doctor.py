"""Whatever stands in the way is found, once, with somebody who can do something about it."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from wagtail.models import Site

from tests.factories import AccountFactory, DeliveryFactory, site_root
from wagtail_syndicate import doctor, tasks
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.delivery import monitor
from wagtail_syndicate.models import Account, Delivery, Heartbeat, TargetSet


pytestmark = pytest.mark.django_db
State = Delivery.State
KEY = "1-JdoqY1fNXUHJnXAlirYfx6yx6y75vwb4lZgfY_io0="


def ago(**span):
    return timezone.now() - timedelta(**span)


def ours(settings, **values):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, **values}


@pytest.fixture(autouse=True)
def well(settings, monkeypatch):
    """A site on which nothing stands in the way."""
    ours(settings, ALLOW_LOCAL_HOSTS=False)
    site_root()
    Site.objects.update(hostname="www.example.org", port=443)
    monitor.beat()
    monkeypatch.setattr(tasks, "workers", lambda: {"worker@host": {"syndicate"}})


def found(broker=True):
    findings = doctor.examine(broker)
    for finding in findings:
        assert finding.problem and finding.who and finding.advice
    return [finding.name for finding in findings]


def age(delivery, **span):
    Delivery.objects.filter(pk=delivery.pk).update(updated_at=ago(**span))


def test_a_site_that_is_well():
    AccountFactory()
    assert found() == []


# Settings and addresses


def test_what_the_checks_say_is_said_here_too(settings):
    ours(settings, KEYS=["none"], NONSENSE=1)
    assert {"E002", "W003"} <= set(found())


def test_settings_for_development(settings):
    ours(settings, ALLOW_LOCAL_HOSTS=True)
    assert found() == ["local_hosts"]
    settings.DEBUG = True
    assert found() == []


def test_an_address_that_readers_cannot_reach(settings):
    for nowhere in ("localhost", "127.0.0.1", "cms.internal"):
        Site.objects.update(hostname=nowhere)
        assert found() == ["address"]
    ours(settings, PAGE_URL="tests.test_doctor.ours")
    assert found() == []


def test_no_site():
    Site.objects.all().delete()
    assert found() == ["no_site"]


# Clocks, sweeps, workers


@pytest.mark.parametrize("seconds, words", [(60, "60 seconds ahead"), (-60, "60 seconds behind")])
def test_clocks_that_differ(monkeypatch, seconds, words):
    monkeypatch.setattr(monitor, "database_time", lambda: timezone.now() + timedelta(seconds=seconds))
    [finding] = [finding for finding in doctor.examine() if finding.name == "clocks"]
    assert words in finding.problem


def test_the_database_s_clock_is_read_right():
    assert abs((monitor.database_time() - timezone.now()).total_seconds()) < 5


@pytest.mark.parametrize("scheduled, words", [(True, "Start Celery beat"), (False, "syndicate_sweep")])
def test_no_sweep(monkeypatch, scheduled, words):
    monkeypatch.setattr(tasks, "is_scheduled", lambda: scheduled)
    Heartbeat.objects.all().delete()
    [never] = doctor.examine()
    monitor.beat()
    Heartbeat.objects.update(at=ago(hours=3))
    [late] = doctor.examine()
    assert never.name == late.name == "no_sweep"
    assert "ever run" in never.problem
    assert "3 hours" in late.problem
    assert words in late.advice


def test_the_sandbox_schedules_the_sweep():
    assert tasks.is_scheduled()


def test_workers_that_do_not_answer(monkeypatch):
    monkeypatch.setattr(tasks, "workers", dict)
    assert found() == ["no_worker"]
    assert found(broker=False) == []


def test_workers_of_another_queue(monkeypatch):
    monkeypatch.setattr(tasks, "workers", lambda: {"worker@host": {"celery", "mail"}})
    [finding] = doctor.examine()
    assert finding.name == "wrong_queue"
    assert "celery, mail" in finding.problem


def test_a_broker_that_is_away(monkeypatch):
    def refused():
        raise ConnectionError("OperationalError")

    monkeypatch.setattr(tasks, "workers", refused)
    assert found() == ["no_broker"]


# What waits


def test_what_waits_for_long_though_it_could_be_sent():
    DeliveryFactory(due_at=ago(hours=1))
    assert found() == ["late"]


def test_publications_that_nobody_planned():
    page = DeliveryFactory(state=State.SENT, remote_id="1").page
    TargetSet.objects.create(page=page, plan_at=ago(minutes=1))
    assert found() == ["unplanned"]


def test_mistakes_in_software():
    delivery = DeliveryFactory(state=State.FAILED, reason="internal")
    DeliveryFactory(state=State.FAILED, reason="content_refused")
    assert found() == ["internal"]
    age(delivery, days=8)
    assert found() == []


@pytest.mark.parametrize("state, name", [(State.UNKNOWN, "unknown"), (State.ASSISTED, "assisted")])
def test_what_waits_for_people(state, name):
    delivery = DeliveryFactory(state=state)
    assert found() == []
    age(delivery, days=2)
    assert found() == [name]


# Accounts


def test_access_that_was_lost():
    account = AccountFactory(status=Account.Status.RECONNECT, problem="reconnect")
    DeliveryFactory(account=account)
    [finding] = doctor.examine()
    assert (finding.name, finding.who) == ("account", doctor.ADMIN)
    assert account.label in finding.problem
    assert "1 posts wait" in finding.problem


def test_access_that_ends_soon():
    AccountFactory(credentials_expire_at=timezone.now() + timedelta(days=2))
    AccountFactory(credentials_expire_at=timezone.now() + timedelta(days=20))
    assert found() == ["account"]


def test_an_account_that_was_just_added_is_no_problem_until_something_waits_for_it():
    account = AccountFactory(status=Account.Status.NEW)
    assert found() == []
    DeliveryFactory(account=account)
    assert found() == ["account"]


def test_an_account_that_is_switched_off_is_none():
    AccountFactory(status=Account.Status.RECONNECT, active=False)
    assert found() == []


def test_an_account_whose_network_is_gone():
    AccountFactory(network="gone")
    assert found() == ["account"]


def test_credentials_that_no_key_opens(settings):
    AccountFactory(label="Mine", sealed_credentials=vault.seal({"access_token": "hush"}))
    assert found() == []
    settings.SECRET_KEY = "another"
    ours(settings, KEYS=["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="])
    [finding] = doctor.examine()
    assert finding.name == "lost_credentials"
    assert "Mine" in finding.problem


def test_a_network_that_does_not_let_anything_through():
    AccountFactory(failures=doctor.FAILURES, blocked_until=timezone.now() + timedelta(minutes=5))
    AccountFactory(failures=doctor.FAILURES - 1)
    assert found() == ["blocked"]


# The command


def test_the_command_says_so_and_ends_well(capsys):
    call_command("syndicate_doctor")
    assert "Nothing stands in the way." in capsys.readouterr().out


def test_the_command_ends_with_1_when_something_is_wrong(capsys):
    Heartbeat.objects.all().delete()
    with pytest.raises(SystemExit) as ended:
        call_command("syndicate_doctor")
    assert ended.value.code == 1
    text = capsys.readouterr().out
    assert "operator: " in text
    assert "[no_sweep]" in text


def test_the_command_speaks_json_and_tells_no_secrets(capsys, settings):
    settings.SECRET_KEY = "another"
    AccountFactory(sealed_credentials=vault.seal({"access_token": "hush"}), status=Account.Status.RECONNECT)
    with pytest.raises(SystemExit):
        call_command("syndicate_doctor", json=True)
    text = capsys.readouterr().out
    assert {"name", "problem", "who", "advice"} == set(json.loads(text)[0])
    assert "hush" not in text
    assert KEY not in text


def test_without_a_broker_none_is_asked(monkeypatch, capsys):
    monkeypatch.setattr(tasks, "workers", lambda: pytest.fail("asked"))
    call_command("syndicate_doctor", no_broker=True)
