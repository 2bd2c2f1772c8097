"""When a post goes out, on clocks that are changed twice a year."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation
from hypothesis import assume, given
from hypothesis import strategies as st

from wagtail_syndicate.delivery import schedule


# Europe, America, half an hour of summer time (Lord Howe), a skipped midnight (Beirut), no changes, a skipped day.
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Asia/Shanghai", "Pacific/Apia"]
NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)  # a Monday


def account(time_zone="Europe/Berlin", slots=()):
    return SimpleNamespace(time_zone=time_zone, slots=list(slots))


def slot(days, at):
    return {"days": list(days), "time": at}


YEARS = datetime(2010, 1, 1), datetime(2030, 1, 1)
walls = st.datetimes(*YEARS).map(lambda wall: wall.replace(second=0, microsecond=0))
moments = st.datetimes(*YEARS, timezones=st.just(UTC))
accounts = st.builds(
    account,
    st.sampled_from(ZONES),
    st.lists(
        st.builds(
            slot,
            st.sets(st.integers(0, 6), min_size=1),
            st.times().map(lambda at: f"{at:%H:%M}") | st.sampled_from(["00:00", "00:30", "02:00", "02:30", "23:45"]),
        ),
        min_size=1,
        max_size=4,
    ),
)


def shown(moment, an_account):
    return moment.astimezone(schedule.zone_of(an_account)).replace(tzinfo=None)


class TestWritten:
    def test_the_four_forms(self):
        assert schedule.parse("") == schedule.When()
        assert schedule.parse("+30") == schedule.When(minutes=30)
        assert schedule.parse("slot") == schedule.When(slot=True)
        assert schedule.parse("2026-12-24T09:00") == schedule.When(wall=datetime(2026, 12, 24, 9))

    @pytest.mark.parametrize(
        "when",
        ["now", "30", "+", "+-5", "+1.5", "2026-02-31T09:00", "2026-12-24", "2026-12-24T25:00", "2026-12-24T09:00Z"]
        + ["2026-12-24T09:00+01:00", "٢٠٢٦-12-24T09:00", "+٣٠", " +30", "slots", "+527041", "2026-12-24T09:00\n"],
    )
    def test_anything_else_is_refused_in_words(self, when):
        with pytest.raises(schedule.WhenError) as refused:
            schedule.parse(when)
        assert refused.value.messages[0].endswith(".")


class TestChosen:
    def test_a_past_time_is_refused_and_the_accounts_clock_is_told(self):
        there = account("Asia/Shanghai")
        schedule.validate("2026-11-02T18:01", there, NOW)
        with pytest.raises(schedule.WhenError, match="6 p.m.") as refused:
            schedule.validate("2026-11-02T18:00", there, NOW)
        assert refused.value.code == "past"

    def test_a_wrong_year_is_refused(self):
        with pytest.raises(schedule.WhenError, match="two years"):
            schedule.validate("2062-11-02T18:00", account(), NOW)

    def test_the_next_posting_time_needs_posting_times(self):
        schedule.validate("slot", account(slots=[slot([0], "09:30")]), NOW)
        for useless in ([], [{"days": [], "time": "09:30"}], [{"days": [0], "time": "25:00"}], ["Mon"]):
            with pytest.raises(schedule.WhenError, match="no posting times"):
                schedule.validate("slot", account(slots=useless), NOW)

    def test_a_time_that_the_clocks_skip_is_posted_later_and_said(self):
        assert "skip" in schedule.remark("2026-03-29T02:30", account())
        with translation.override("en-gb"):
            assert "3:30" in str(schedule.remark("2026-03-29T02:30", account()))
        assert schedule.due_at("2026-03-29T02:30", account(), NOW - timedelta(days=300)) == datetime(
            2026, 3, 29, 1, 30, tzinfo=UTC
        )

    def test_a_time_that_is_there_twice_is_the_first_and_said(self):
        assert "twice" in schedule.remark("2026-10-25T02:30", account())
        assert schedule.due_at("2026-10-25T02:30", account(), NOW - timedelta(days=30)) == datetime(
            2026, 10, 25, 0, 30, tzinfo=UTC
        )

    @pytest.mark.parametrize("when", ["", "+5", "slot", "nonsense", "2026-10-25T04:30", "2026-03-29T01:59"])
    def test_a_plain_time_needs_no_remark(self, when):
        assert schedule.remark(when, account()) == ""

    @given(walls, st.sampled_from(ZONES))
    def test_a_remark_tells_whether_the_clocks_show_the_time_once(self, wall, zone):
        # Every moment from which the account's clocks might show it, asked one by one.
        there, utc = ZoneInfo(zone), wall.replace(tzinfo=UTC)
        around = (utc + timedelta(minutes=minute) for minute in range(-15 * 60, 16 * 60, 15))
        times = sum(moment.astimezone(there).replace(tzinfo=None) == wall for moment in around)
        remark = str(schedule.remark(f"{wall:%Y-%m-%dT%H:%M}", account(zone)))
        assert {0: "skip", 1: "", 2: "twice"}[times] in remark and bool(remark) == (times != 1)


class TestDue:
    def test_at_once_is_when_it_is_published(self):
        assert schedule.due_at("", account(), NOW) == NOW

    def test_minutes_are_minutes_also_while_the_clocks_change(self):
        before = datetime(2026, 3, 29, 1, 50, tzinfo=ZoneInfo("Europe/Berlin"))
        assert schedule.due_at("+30", account(), before) - before.astimezone(UTC) == timedelta(minutes=30)

    def test_a_past_time_and_nonsense_are_at_once(self):
        for when in ("2020-01-01T09:00", "nonsense", "slot"):
            assert schedule.due_at(when, account(), NOW) == NOW

    def test_an_unknown_zone_is_the_sites(self):
        for unknown in ("", "Mars/Olympus", "../etc/passwd", "Europe"):
            assert schedule.zone_of(account(unknown)) == timezone.get_default_timezone()

    @given(walls, st.sampled_from(ZONES), moments)
    def test_a_wall_clock_time_is_shown_by_the_accounts_clock(self, wall, zone, published):
        due = schedule.due_at(f"{wall:%Y-%m-%dT%H:%M}", account(zone), published)
        assert due.tzinfo is UTC and due >= published
        assume(due > published)
        late = shown(due, account(zone)) - wall
        # Only a time that no clock shows is moved, forward, and by as much as the clocks are.
        assert late in (timedelta(0), timedelta(minutes=30), timedelta(hours=1), timedelta(days=1))
        if late:
            assert "skip" in schedule.remark(f"{wall:%Y-%m-%dT%H:%M}", account(zone))
        else:
            assert shown(due - timedelta(hours=1), account(zone)) != wall, "the second of two"
            assert shown(due - timedelta(minutes=30), account(zone)) != wall


class TestSlots:
    def test_the_next_free_one(self):
        there = account(slots=[slot([0, 4], "09:30"), slot([0], "17:00")])
        monday = schedule.next_slot(there, NOW)
        assert shown(monday, there) == datetime(2026, 11, 2, 17)
        friday = schedule.next_slot(there, NOW, [monday])
        assert shown(friday, there) == datetime(2026, 11, 6, 9, 30)
        assert schedule.next_slot(there, monday) == friday, "a slot at this very moment is over"

    def test_none_is_left(self):
        there = account(slots=[slot([0], "09:30")])
        assert schedule.next_slot(account(), NOW) is None
        assert schedule.next_slot(there, NOW, list(schedule.slots(there, NOW))) is None

    @given(accounts, moments)
    def test_they_come_in_order_each_once_and_none_is_left_out(self, there, after):
        found = [moment for moment in schedule.slots(there, after) if moment < after + timedelta(days=16)]
        assert found and found[0] > after
        assert all(one < other for one, other in pairwise(found))
        today = shown(after, there).date()
        for number in range(1, 14):
            day = today + timedelta(days=number)
            for wanted in there.slots:
                if day.weekday() in wanted["days"]:
                    when = f"{day}T{wanted['time']}"
                    assert schedule.due_at(when, there, after) in found, when

    @given(accounts, moments, st.integers(1, 6))
    def test_no_two_posts_get_the_same(self, there, after, posts):
        taken = []
        for _post in range(posts):
            taken.append(schedule.due_at("slot", there, after, taken))
        assert len(set(taken)) == posts and taken == sorted(taken)


class TestShown:
    def test_on_both_clocks(self):
        with timezone.override("America/New_York"), translation.override("en"):
            times = schedule.times(datetime(2026, 12, 24, 8, tzinfo=UTC), account("Asia/Shanghai"))
        assert times == ("Dec. 24, 2026, 4 p.m.", "Asia/Shanghai", "Dec. 24, 2026, 3 a.m.", "America/New York", False)

    def test_the_same_clock_is_told(self):
        with timezone.override("Europe/Paris"):
            assert schedule.times(NOW, account("Europe/Berlin")).same
