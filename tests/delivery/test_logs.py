"""Logs can be searched by delivery, and hold no secrets."""

import logging

import pytest

from tests.factories import AccountFactory, NewsPageFactory, publish
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import content, send
from wagtail_syndicate.exceptions import NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.models import Delivery


pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "hush-hush-token"


@pytest.fixture
def delivery(caplog):
    caplog.set_level(logging.DEBUG)
    account = AccountFactory(sealed_credentials=vault.seal({"access_token": SECRET}))
    publish(NewsPageFactory(), account)
    return Delivery.objects.get()


def broken(*args, **kwargs):
    raise RuntimeError(SECRET)


HAPPENS = {
    "sent": lambda patch: None,
    "refused": lambda patch: Memory.fail_with(Rejected("content_refused", f"no {SECRET}")),
    "away": lambda patch: Memory.fail_with(NotSent("network_down")),
    "unclear": lambda patch: Memory.fail_with(OutcomeUnknown("unclear")),
    "bug_of_ours": lambda patch: patch.setattr(content, "message_for", broken),
    "bug_of_a_backend": lambda patch: patch.setattr(Memory, "publish", broken),
}


@pytest.mark.parametrize("what", HAPPENS)
def test_every_record_says_which_delivery_it_is_about(delivery, caplog, monkeypatch, what):
    HAPPENS[what](monkeypatch)
    caplog.clear()
    send.drain()
    records = [record for record in caplog.records if record.name == "wagtail_syndicate.delivery"]
    assert records
    for record in records:
        assert record.delivery_id == delivery.pk
        assert record.account_id == delivery.account_id
        assert record.network == "memory"
        assert record.state in Delivery.State.values
    assert records[-1].state == Delivery.objects.get().state or what == "bug_of_ours"


@pytest.mark.parametrize("what", HAPPENS)
def test_no_record_holds_a_secret(delivery, caplog, monkeypatch, what):
    HAPPENS[what](monkeypatch)
    send.drain()
    assert SECRET not in caplog.text
    for record in caplog.records:
        assert SECRET not in repr(record.__dict__)
