from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from wagtail_syndicate.keys import moment, new_key


def test_key_is_a_uuid_that_tells_when_it_was_made():
    key = new_key()
    assert (key.version, key.variant) == (7, uuid4().variant)
    assert abs(moment(key) - datetime.now(UTC)) < timedelta(minutes=1)
    assert moment(str(key)) == moment(key)


def test_moment_of_the_example_in_the_standard():
    # RFC 9562, appendix A.6
    assert moment("017F22E2-79B0-7CC3-98C4-DC0C0C07398F") == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_keys_differ():
    assert len({new_key() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("key", [uuid4(), UUID(int=0)])
def test_other_uuids_tell_nothing(key):
    with pytest.raises(ValueError, match="version 7"):
        moment(key)
