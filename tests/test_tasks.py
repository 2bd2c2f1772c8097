"""The bell: heard or not, nobody waits for it."""

import threading
import time
from types import SimpleNamespace

import pytest

from wagtail_syndicate import tasks
from wagtail_syndicate.delivery import send, sweep


@pytest.fixture(autouse=True)
def whole_bell(monkeypatch):
    monkeypatch.setattr(tasks, "_broken_until", 0.0)


def bells():
    return [thread for thread in threading.enumerate() if thread.name == tasks.BELL]


def test_nobody_waits_for_a_broker_that_says_nothing(monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(tasks.drain_task, "apply_async", lambda **options: answered.wait(30))
    tasks.ring()
    # Back already, while the broker still holds the bell.
    [bell] = bells()
    assert bell.daemon
    answered.set()
    bell.join(5)
    assert bells() == []


def test_a_broken_broker_is_not_asked_again_at_once(monkeypatch, caplog):
    asked = []

    def refused(**options):
        asked.append(options)
        raise ConnectionRefusedError("no broker at secret-host")

    monkeypatch.setattr(tasks.drain_task, "apply_async", refused)
    tasks._ring()
    tasks.ring()
    assert bells() == []
    assert len(asked) == 1
    assert "sweep" in caplog.text
    assert "secret-host" not in caplog.text
    monkeypatch.setattr(tasks, "_broken_until", time.monotonic() - 1)
    tasks._ring()
    assert len(asked) == 2


def test_a_bell_goes_to_the_queue_of_the_settings_and_is_soon_forgotten(monkeypatch, settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "QUEUE": "elsewhere"}
    asked = []
    monkeypatch.setattr(tasks.drain_task, "apply_async", lambda **options: asked.append(options))
    tasks._ring()
    assert asked[0]["queue"] == "elsewhere"
    assert asked[0]["expires"] == tasks.EXPIRES
    assert asked[0]["retry_policy"]["max_retries"] == 1


def test_the_tasks_do_the_work(monkeypatch):
    worked, asked = [], []
    monkeypatch.setattr(tasks, "current_app", SimpleNamespace(conf=SimpleNamespace(task_always_eager=False)))
    monkeypatch.setattr(tasks.drain_task, "apply_async", lambda **options: asked.append(options["expires"]))
    monkeypatch.setattr(send, "drain", lambda call_help: worked.append(("drain", call_help)))
    monkeypatch.setattr(sweep, "sweep", lambda call_help: worked.append(("sweep", call_help)))
    tasks.drain_task()
    tasks.sweep_task()
    assert [name for name, _call in worked] == ["drain", "sweep"]
    for _name, call_help in worked:
        call_help()
    for bell in bells():
        bell.join(5)
    assert asked == [tasks.HELP_EXPIRES] * 2, "Calls for help that nobody hears keep the sweep waiting."
    assert tasks.drain_task.name == "wagtail_syndicate.drain"
    assert tasks.sweep_task.name == "wagtail_syndicate.sweep"


def test_where_tasks_run_in_the_caller_nobody_else_is_woken(monkeypatch):
    asked = []
    monkeypatch.setattr(tasks, "current_app", SimpleNamespace(conf=SimpleNamespace(task_always_eager=True)))
    monkeypatch.setattr(send, "drain", lambda call_help: asked.append(call_help))
    tasks.drain_task()
    assert asked == [None]
