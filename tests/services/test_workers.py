"""Real Celery workers on real brokers and a real database; the judge is what the network received."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from django.db import connection

from sandbox.fakenet import serve_in_thread
from tests.factories import NewsPageFactory, UserFactory, tick
from tests.services.conftest import need
from wagtail_syndicate.accounts import connect
from wagtail_syndicate.models import Account, Delivery


pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]
State = Delivery.State
PATIENCE = 180  # seconds; how long a busy machine may take


@pytest.fixture
def database_url():
    """The address of this run's own test database, for other processes."""
    need("PostgreSQL", 5432)
    values = connection.settings_dict
    if connection.vendor != "postgresql":
        pytest.fail("Run these with DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres.")
    return f"postgres://{values['USER']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


@pytest.fixture
def fakenet(settings):
    with serve_in_thread() as server:
        networks = {"vk": {"HOSTS": {"api": f"{server.url}/vk/api", "web": f"{server.url}/vk/web"}}}
        settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": networks}
        yield server


@pytest.fixture
def environment(database_url, fakenet, tmp_path):
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "sandbox.settings",
        "DATABASE_URL": database_url,
        "FAKENET_URL": fakenet.url,
        "SANDBOX_VAR": str(tmp_path),
    }


def connected(group):
    account = Account.objects.create(label=f"VK {group}", network="vk")
    typed = {"access_token": f"vk1.a.fakenet-{group}", "group_id": str(group)}
    connect.paste(account, account.backend_class.auth[0], typed, UserFactory())
    return account


def ticked_pages(number):
    account = connected(101)
    pages = [NewsPageFactory() for _ in range(number)]
    for page in pages:
        tick(page, account)
    return pages


def publish(page, environment, broker_url):
    done = subprocess.run(
        [sys.executable, "-m", "tests.services.publish", str(page.pk)],
        cwd=ROOT,
        env={**environment, "CELERY_BROKER_URL": broker_url},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout.strip().endswith("published"), done.stderr
    return done


@contextmanager
def workers(environment, broker_url, number=1, beat=False):
    command = [sys.executable, "-m", "celery", "-A", "sandbox", "worker", "--concurrency", "2", "--loglevel", "INFO"]
    processes = [
        subprocess.Popen(
            [*command, "--hostname", f"worker{index}@%h", *(["--beat"] if beat and not index else [])],
            cwd=ROOT,
            env={**environment, "CELERY_BROKER_URL": broker_url},
            stdout=(Path(environment["SANDBOX_VAR"]) / f"worker{index}.log").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        for index in range(number)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition, what, environment):
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            logs = [path.read_text()[-3000:] for path in Path(environment["SANDBOX_VAR"]).glob("worker*.log")]
            pytest.fail(f"{what} did not happen: {list(Delivery.objects.values())}\n" + "\n".join(logs))
        time.sleep(0.1)


def all_sent():
    return not Delivery.objects.exclude(state=State.SENT).exists()


def posts(fakenet):
    return requests.get(f"{fakenet.url}/_fakenet/posts", params={"network": "vk"}, timeout=10).json()


def test_two_workers_deliver_each_page_once(broker_url, environment, fakenet):
    pages = ticked_pages(4)
    with workers(environment, broker_url, number=2):
        for page in pages:
            publish(page, environment, broker_url)
        wait_for(lambda: Delivery.objects.count() == 4 and all_sent(), "delivery by the bell", environment)
    assert len(posts(fakenet)) == 4


def test_a_task_that_comes_twice_makes_one_post(broker_url, environment, fakenet):
    [page] = ticked_pages(1)
    publish(page, environment, broker_url)
    ring = "from wagtail_syndicate.tasks import _ring\nfor _ in range(10): _ring()"
    subprocess.run(
        [sys.executable, "sandbox/manage.py", "shell", "--no-imports", "-c", ring]
        if "--no-imports" in _shell_help()
        else [sys.executable, "sandbox/manage.py", "shell", "-c", ring],
        cwd=ROOT,
        env={**environment, "CELERY_BROKER_URL": broker_url},
        check=True,
        timeout=PATIENCE,
    )
    with workers(environment, broker_url, number=2):
        wait_for(all_sent, "delivery", environment)
        time.sleep(1)
    assert len(posts(fakenet)) == 1


def test_one_bell_wakes_as_many_workers_as_there_are_accounts(broker_url, environment, fakenet):
    """Nothing sweeps here: who is not woken by a worker does not work."""
    page = NewsPageFactory()
    tick(page, *(connected(number) for number in (101, 102, 103)))
    order = {"network": "vk", "operation": "publish", "kind": "stall_after", "delay": 3.0, "times": None}
    requests.post(f"{fakenet.url}/_fakenet/faults", json=order, timeout=10).raise_for_status()
    publish(page, environment, broker_url)
    with workers(environment, broker_url, number=2):
        sending = Delivery.objects.filter(state=State.SENDING)
        wait_for(lambda: sending.count() > 1, "two accounts at a time", environment)


def _shell_help():
    return subprocess.run(
        [sys.executable, "sandbox/manage.py", "shell", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


@contextmanager
def silent_server():
    """A broker that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def accept():
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        for client in held:
            client.close()


@pytest.mark.parametrize("kind", ["refused", "silent"])
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_dead_broker_does_not_stop_a_publication_and_the_sweep_delivers(scheme, kind, environment, fakenet):
    need("Redis", 6379)
    [page] = ticked_pages(1)
    with silent_server() as port:
        publish(page, environment, f"{scheme}://127.0.0.1:{1 if kind == 'refused' else port}/0")
    assert Delivery.objects.get().state == State.WAITING
    with workers(environment, "redis://127.0.0.1:6379/15", beat=True):
        wait_for(all_sent, "delivery by the sweep", environment)
    assert len(posts(fakenet)) == 1
