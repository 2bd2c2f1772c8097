"""Any number of workers, in any order of their steps, with people, clocks and networks that do what they like.

``EXAMPLES=2000`` in the environment looks further, and at random; without it the same examples run every time, and
each kind of disturbance meets one kind of network.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)

from tests.delivery import world as worlds
from tests.delivery.machine import (
    EXAMPLES,
    an_hour_ahead,
    an_hour_behind,
    another_is_in_the_call,
    another_sends_again,
    another_takes_over,
    another_was_in_the_call_and_died,
    approval_is_wanted,
    at_every_stop,
    changes,
    killed,
)
from wagtail_syndicate.delivery import (
    ledger,
)


pytestmark = pytest.mark.django_db(transaction=True)


def test_anything_may_happen(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES or 60,
            stateful_step_count=40,
            deadline=None,
            derandomize=not EXAMPLES,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
            print_blob=True,
        ),
    )


FROZEN = [
    (another_takes_over, ["accepted"]),
    (another_is_in_the_call, ["answer lost"]),
    (another_sends_again, ["accepted"]),
    (another_was_in_the_call_and_died, ["request lost", "accepted late"]),
]
EVERYTHING_FROZEN = [(what, fates) for what, _fates in FROZEN for _what, fates in FROZEN]


@pytest.mark.parametrize(("what", "fates"), EVERYTHING_FROZEN if EXAMPLES else FROZEN)
@pytest.mark.parametrize("kind", worlds.KINDS)
@pytest.mark.parametrize("accounts", [1, 2])
def test_frozen_at_every_stop(machine, kind, what, fates, accounts):
    """A process that stood still for longer than its lease goes on as if nothing had happened."""
    at_every_stop(machine, kind, fates, what, accounts=accounts)


def test_several_accounts_are_served_together(machine, monkeypatch):
    """What the tests with two accounts rely on."""
    sent = []
    monkeypatch.setattr(
        ledger,
        "sent_all",
        lambda landed, also, sent_all=ledger.sent_all: (sent.append(len(landed)), sent_all(landed, also)),
    )
    example = machine()
    try:
        example.begin(["keyed", "neither"], [])
        example.start(None)
        assert sent == [2]
    finally:
        example.teardown()


DISTURBED = [
    ("neither", approval_is_wanted),
    ("neither", changes("a_person_acts", 0, "cancel")),
    ("keyed", changes("a_page_changes", 0, "reworded")),
    ("keyed", changes("a_page_changes", 0, "unpublished")),
    ("keyed", changes("an_admin_changes_an_account", 0, "active")),
    ("read_back", changes("an_admin_changes_an_account", 0, "by_hand")),
    ("neither", changes("start", None)),
    ("keyed", an_hour_behind),
    ("read_back", an_hour_ahead),
    ("read_back", killed),
]
EVERYTHING_DISTURBED = [(kind, what) for _kind, what in DISTURBED for kind in worlds.KINDS]


@pytest.mark.parametrize(("kind", "what"), EVERYTHING_DISTURBED if EXAMPLES else DISTURBED)
def test_disturbed_at_every_stop(machine, kind, what):
    at_every_stop(machine, kind, ["busy", "answer lost"], what, "write")
