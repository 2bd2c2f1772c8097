"""When a post that was not met is surely not there."""

from datetime import UTC, datetime, timedelta

import pytest

from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.exceptions import NotSent


SINCE = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEW, OLD = SINCE + timedelta(minutes=1), SINCE - timedelta(minutes=1)


def look(*met):
    found = Look(SINCE)
    for remote_id, made, *pinned in met:
        found.meet(remote_id, made, *pinned)
    return found


@pytest.mark.parametrize(
    ("met", "has_passed"),
    [
        ([], False),
        ([(1, NEW)], False),
        ([(1, NEW), (2, OLD)], True),
        ([(1, OLD)], False),  # it may be pinned
        ([(1, OLD), (2, NEW)], False),
        ([(1, OLD), (2, OLD)], True),
        ([(1, OLD), (1, OLD)], False),  # the same page again
        ([(1, NEW), (2, OLD, True)], False),
        ([(1, OLD, True), (2, OLD)], True),
        ([(1, NEW), (2, OLD), (3, OLD, True)], True),
    ],
)
def test_the_time_is_passed(met, has_passed):
    assert look(*met).has_passed is has_passed


@pytest.mark.parametrize(
    ("total", "has_all"), [(2, True), (1, True), (3, False), (None, False), ("2", False), (True, False), (-1, False)]
)
def test_all_were_met(total, has_all):
    assert look((1, NEW), (2, NEW), (2, NEW)).has_all(total) is has_all


def test_an_empty_list_is_whole_only_when_it_says_so():
    assert Look(SINCE).has_all(0)
    assert not Look(SINCE).has_all(None)


def test_the_greatest_number_counts():
    found = look((1, NEW), (2, NEW))
    assert not found.has_all(3)
    assert not found.has_all(2)


def test_what_is_recent_is_looked_at():
    assert [Look(SINCE).meet(1, made) for made in (NEW, SINCE, OLD)] == [True, True, False]
    assert Look(SINCE).meet(1, NEW, True)


def test_unsure_is_no_absence():
    assert isinstance(Look(SINCE).unsure(), NotSent)
    assert Look(SINCE).unsure().reason == "looking"
