"""The network in memory: what other people's tests rely on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from wagtail_syndicate.backends import memory
from wagtail_syndicate.exceptions import NotSent, OutcomeUnknown
from wagtail_syndicate.types import Connection, Message


MESSAGE = Message("Water, measured. https://example.org/", "https://example.org/", "en")


@pytest.fixture(autouse=True)
def empty():
    memory.Backend.reset()
    yield
    memory.Backend.reset()


def backend(handle="news"):
    return memory.Backend(Connection(handle=handle))


def test_post_is_kept():
    receipt = backend().publish(MESSAGE, ["picture"], "key-1")
    [post] = memory.Backend.outbox
    assert post[:4] == ("news", MESSAGE, ("picture",), "key-1")
    assert (receipt.remote_id, receipt.permalink) == ("1", "https://memory.example/news/1")


def test_repeated_key_makes_no_second_post_for_the_same_account():
    first = backend().publish(MESSAGE, [], "key-1")
    assert backend().publish(MESSAGE, [], "key-1") == first
    assert len(memory.Backend.outbox) == 1
    backend().publish(MESSAGE, [], "key-2")
    backend("other").publish(MESSAGE, [], "key-1")
    assert len(memory.Backend.outbox) == 3
    assert memory.Backend.key_seconds > 24 * 3600


def test_failures_come_in_turn_before_accepting():
    memory.Backend.fail_with(NotSent("network_down"), NotSent("rate_limited"))
    for reason in ("network_down", "rate_limited"):
        with pytest.raises(NotSent, match=reason):
            backend().publish(MESSAGE, [], "key-1")
    assert not memory.Backend.outbox
    assert backend().publish(MESSAGE, [], "key-1").remote_id == "1"


def test_failure_after_accepting_leaves_the_post():
    memory.Backend.fail_with(OutcomeUnknown("unclear"), accepted=True)
    began = timezone.now()
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], "key-1")
    assert len(memory.Backend.outbox) == 1
    assert backend().find(MESSAGE, began).remote_id == "1"
    assert backend().publish(MESSAGE, [], "key-1").remote_id == "1"


def test_find_knows_text_account_and_time():
    began = timezone.now()
    backend().publish(MESSAGE, [], "key-1")
    assert backend().find(MESSAGE, began).remote_id == "1"
    assert backend("other").find(MESSAGE, began) is None
    assert backend().find(Message("Other", "", "en"), began) is None
    assert backend().find(MESSAGE, timezone.now() + timedelta(seconds=1)) is None


def test_reset_forgets_posts_and_failures():
    backend().publish(MESSAGE, [], "key-1")
    memory.Backend.fail_with(NotSent("network_down"))
    memory.Backend.reset()
    assert memory.Backend.outbox == []
    assert backend().publish(MESSAGE, [], "key-1").remote_id == "1"


def test_account_is_called_as_the_form_says():
    found = memory.Backend(Connection(options={"name": "newsroom"})).identify()
    assert (found.remote_id, found.handle) == ("newsroom", "newsroom")
    [door] = memory.Backend.auth
    assert [(field.name, field.secret) for field in door.fields] == [("name", False)]
