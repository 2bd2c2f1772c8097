"""What operators rely on, with real processes: delivery without a broker, an orderly end, a doctor who sees it."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import requests
from django.utils import timezone

from tests.services.test_workers import (  # noqa: F401 (fixtures)
    PATIENCE,
    ROOT,
    all_sent,
    database_url,
    environment,
    fakenet,
    posts,
    publish,
    ticked_pages,
    wait_for,
    workers,
)
from wagtail_syndicate.delivery.monitor import SWEEP
from wagtail_syndicate.models import Account, Delivery, Heartbeat


pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
State = Delivery.State
NO_BROKER = "redis://127.0.0.1:1/0"


@contextmanager
def loop(environment, number=1):  # noqa: F811
    """So many sweeping services."""
    processes = [
        subprocess.Popen(
            [sys.executable, "sandbox/manage.py", "syndicate_sweep", "--loop", "--interval", "0.2"],
            cwd=ROOT,
            env={**environment, "CELERY_BROKER_URL": NO_BROKER},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _process in range(number)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait(20)
            process.stdout.close()


def fault(fakenet, **values):  # noqa: F811
    requests.post(f"{fakenet.url}/_fakenet/faults", json={"network": "vk", **values}, timeout=10).raise_for_status()


def test_sweeping_services_deliver_without_any_broker(environment, fakenet):  # noqa: F811
    pages = ticked_pages(6)
    with loop(environment, number=2) as services:
        publish(pages[0], environment, NO_BROKER)
        for page in pages[1:]:
            page.get_latest_revision().publish()
        wait_for(lambda: Delivery.objects.count() == 6 and all_sent(), "delivery", environment)
        assert len(posts(fakenet)) == 6
        for service in services:
            service.send_signal(signal.SIGTERM)
        assert [service.wait(PATIENCE) for service in services] == [0, 0]
    assert timezone.now() - Heartbeat.objects.get(name=SWEEP).at < timezone.timedelta(minutes=1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_stopped_finishes_the_post_in_hand(number, environment, fakenet):  # noqa: F811
    fault(fakenet, operation="publish", kind="stall_before", delay=8.0, times=None)
    for page in ticked_pages(3):
        page.get_latest_revision().publish()
    with loop(environment) as [service]:
        wait_for(lambda: Delivery.objects.filter(state=State.SENDING).exists(), "a post in hand", environment)
        service.send_signal(number)
        assert service.wait(PATIENCE) == 0, service.stdout.read()
    # The one in hand has an outcome; the others have not been begun, and nobody has to wait for a lease to end.
    assert Delivery.objects.filter(state=State.WAITING, maybe_sent=False).count() == 2
    assert not Delivery.objects.filter(state=State.SENDING).exists()
    assert Account.objects.get().lease_until is None


def doctor(environment, broker, *options):  # noqa: F811
    done = subprocess.run(
        [sys.executable, "sandbox/manage.py", "syndicate_doctor", "--json", *options],
        cwd=ROOT,
        env={**environment, "CELERY_BROKER_URL": broker},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    findings = {finding["name"] for finding in json.loads(done.stdout)}
    assert done.returncode == bool(findings), done.stderr
    return findings


def test_the_doctor_hears_the_workers(broker_url, environment):  # noqa: F811
    assert "no_worker" in doctor(environment, broker_url)
    with workers(environment, broker_url):
        until = time.monotonic() + PATIENCE
        while "no_worker" in (found := doctor(environment, broker_url)) and time.monotonic() < until:
            pass
        assert not {"no_worker", "no_broker", "wrong_queue"} & found


def test_the_doctor_tells_when_the_broker_is_away(environment):  # noqa: F811
    assert "no_broker" in doctor(environment, NO_BROKER)
    assert not {"no_broker", "no_worker"} & doctor(environment, NO_BROKER, "--no-broker")
