"""The broker of files: messages arrive in order, and none is seen before it is complete."""

from pathlib import Path

import pytest
from kombu import Connection

from sandbox import environment


@pytest.fixture
def queue(tmp_path):
    options = environment.broker_options("filesystem://", tmp_path)
    with Connection("filesystem://", transport_options=options) as connection:
        # A name of its own: Kombu remembers which queues were declared, and not in which folder.
        yield connection.SimpleQueue(tmp_path.name)


def test_messages_arrive_in_the_order_in_which_they_were_sent(queue):
    for number in range(20):
        queue.put({"number": number})
    assert [queue.get(timeout=1).payload["number"] for _ in range(20)] == list(range(20))
    with pytest.raises(queue.Empty):
        queue.get(block=False)


def test_a_message_is_not_seen_while_it_is_written(queue, monkeypatch):
    """Guard: the rename at the end of ``sandbox.broker.Channel._put``."""
    seen = []

    def renamed(path, target):
        seen.extend(found.suffix for found in path.parent.iterdir())
        return rename(path, target)

    rename = Path.rename
    monkeypatch.setattr(Path, "rename", renamed)
    queue.put({"number": 1})
    assert seen == [".unfinished"], "readers look for .msg"
    assert queue.get(timeout=1).payload == {"number": 1}
