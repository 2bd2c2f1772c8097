from types import SimpleNamespace

import pytest

from tests.delivery import world as worlds
from tests.delivery.machine import Machine
from tests.delivery.networks import KINDS
from tests.factories import AccountFactory, NewsPageFactory
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import ledger, plain, send, sweep


@pytest.fixture(autouse=True)
def networks(settings):
    """The memory network and the three kinds, with nothing posted yet."""
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": {"memory": {}, **KINDS}}
    Memory.reset()
    yield
    Memory.reset()


@pytest.fixture(autouse=True)
def rung(monkeypatch):
    """How often the bell was rung; no broker hears it."""
    from wagtail_syndicate import tasks

    rings = []
    monkeypatch.setattr(tasks, "_ring", lambda *_expires: rings.append(True))
    monkeypatch.setattr(tasks, "ring", lambda: rings.append(True))
    return rings


@pytest.fixture
def one_by_one(monkeypatch):
    """No accounts are served together."""
    monkeypatch.setattr(plain, "is_possible", lambda: False)


@pytest.fixture
def slow(monkeypatch):
    """On the clock of those who share out their time, a post takes 0.2 seconds, and all else none."""
    now, publish = [0.0], Memory.publish

    def publish_slowly(*args):
        now[0] += 0.2
        return publish(*args)

    monkeypatch.setattr(Memory, "publish", publish_slowly)
    for room in (send, sweep):
        monkeypatch.setattr(room, "time", SimpleNamespace(monotonic=lambda: now[0]))


@pytest.fixture
def accounts():
    """Three on the memory network."""
    return AccountFactory.create_batch(3)


@pytest.fixture
def bulk(monkeypatch):
    """How many deliveries were recorded as sent in one transaction, each time."""
    numbers, sent_all = [], ledger.sent_all

    def counted(landed, also):
        sent_all(landed, also)
        numbers.append(len(landed))

    monkeypatch.setattr(ledger, "sent_all", counted)
    return numbers


@pytest.fixture
def machine(settings):
    """The rules of the property tests, with the pages that all examples share."""
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": worlds.KINDS}
    return type("Machine", (Machine,), {"pages": [NewsPageFactory(live=True) for _ in range(2)]})
