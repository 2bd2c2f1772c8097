"""The conformance kit passes a sound backend, and each defect is found by the check that is there for it."""

import pytest

from tests.testing.defects import DEFECTS
from tests.testing.little import Little, LittleConformance
from wagtail_syndicate.backends.auth import NoDoor
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.testing import BackendConformance, Captured
from wagtail_syndicate.testing.judging import own_id, share_link_faults, without_id
from wagtail_syndicate.testing.server import Request
from wagtail_syndicate.types import Message, Reach


class TestLittle(LittleConformance):
    """The sound one: all checks pass."""


@pytest.mark.parametrize(("broken", "check", "says", "attributes"), DEFECTS)
def test_defect_is_found(broken, check, says, attributes):
    kit = type("Conformance", (LittleConformance,), {"backend": broken, **attributes})()
    name, *arguments = check
    with pytest.raises((AssertionError, pytest.fail.Exception), match=f"(?s){says}"):
        getattr(kit, name)(*arguments)
    # The same check lets the sound one pass.
    getattr(LittleConformance(), name)(*arguments)


def test_a_backend_without_a_page_is_refused(pytestconfig):
    kit = type("Conformance", (LittleConformance,), {"docs": ""})()
    with pytest.raises(pytest.fail.Exception, match="There is no page docs/networks/little.md"):
        kit.test_documented(pytestconfig)
    kit.docs = "https://example.org/little"
    kit.test_documented(pytestconfig)


def test_a_backend_must_be_named():
    kit = type("Conformance", (BackendConformance,), {})()
    with pytest.raises(pytest.fail.Exception, match="Say which backend is tested"):
        kit.test_specification()


class ByHand(BaseBackend):
    name = "by_hand"
    label = "By hand"
    reach = Reach.ASSISTED
    auth = (NoDoor(),)


def checks_of(backend):
    kit = type("Conformance", (BackendConformance,), {"backend": backend})
    return {name for name in dir(kit) if name.startswith("test_") and getattr(kit, name) is not None}


def test_only_what_a_network_has_is_checked():
    everything = checks_of(Little)
    assert everything == {name for name in dir(BackendConformance) if name.startswith("test_")}
    assert checks_of("tests.testing.little.Little") == everything
    by_hand = checks_of(ByHand)
    assert by_hand == {
        "test_answers_are_captured",
        "test_credentials_can_be_told_from_words",
        "test_documented",
        "test_specification",
    }


def test_a_network_that_is_not_assisted_has_to_publish():
    class Lazy(ByHand):
        reach = Reach.AUTOMATIC

    assert {"test_publish", "test_identify"} <= checks_of(Lazy)


def test_a_subclass_may_have_more_than_its_base():
    class Hand(BackendConformance):
        backend = ByHand

    class More(Hand):
        backend = Little

    assert Hand.test_publish is None
    assert More.test_publish is BackendConformance.test_publish


def test_an_id_is_taken_out_of_an_answer_wherever_it_is():
    answer = Captured(201, {"data": {"id": 45, "url": "https://example.org/45"}, "n": 7}, {"Location": "/45"})
    assert without_id(answer, "45").body == {"data": {"url": "https://example.org/45"}, "n": 7}
    header = Captured(201, "", {"X-RestLi-Id": "urn%3Ali%3Ashare%3A45"})
    assert without_id(header, "urn:li:share:45").headers == {}
    composed = Captured(200, {"id": "100_45", "post_id": "45"})
    assert without_id(composed, "https://example.org/100_45").body == {}


def test_an_id_of_the_backend_s_own_is_known():
    request = Request("POST", "/x?rkey=3k2a", {"X-Key": "0190-abc"}, b"")
    assert own_id("0190-abc", request)
    assert not own_id("4521", request)


MESSAGE = Message("100 % good", "https://example.org/a?b=%20c", "en", title="Good")


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("https://example.org/share?url=https%3A%2F%2Fexample.org%2Fa%3Fb%3D%2520c", ""),
        ("", ""),
        ("https://example.org/share?url=https%3A%2F%2Fexample.org%2Fa", "as it is"),
        ("https://example.org/share?text=100+%25", "spaces are written +"),
        ("https://example.org/share?text=100 %25", "not ASCII"),
        ("https://example.org/share?text=100%20%", "a % stands alone"),
        ("/share?url=x", "no web address"),
    ],
)
def test_share_links(address, fault):
    assert fault in share_link_faults(address, MESSAGE)
    assert bool(fault) == bool(share_link_faults(address, MESSAGE))
