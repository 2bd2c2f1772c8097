"""The ears of ``tests/canaries.py`` hear: wherever a secret is put, the test that did it would have failed."""

import logging
from importlib import import_module

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from tests import canaries
from tests.canaries import CANARY
from tests.factories import AccountFactory, DeliveryFactory
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.backends.http import Http
from wagtail_syndicate.exceptions import NotSent
from wagtail_syndicate.models import Attempt


pytestmark = [pytest.mark.django_db, pytest.mark.shows_secrets]


def in_a_log():
    logging.getLogger("wagtail_syndicate.anything").debug("the key is %s", CANARY)


def in_a_traceback():
    try:
        raise RuntimeError(CANARY)
    except RuntimeError:
        logging.getLogger("anybody.else").exception("oh")


def in_an_answer():
    Client(raise_request_exception=False).get(f"/nowhere/{CANARY}/")


def in_an_exception_of_our_http():
    with pytest.raises(NotSent):
        Http().request("GET", "http://127.0.0.1:1/")


def in_a_row():
    DeliveryFactory(detail=f"no {CANARY}")


def in_a_row_of_another_table():
    Attempt.objects.create(delivery=DeliveryFactory(), detail=CANARY)


def in_a_mail():
    mail.send_mail("Subject", CANARY, None, ["desk@example.org"])


@pytest.mark.parametrize(
    "place",
    [
        in_a_log,
        in_a_traceback,
        in_an_answer,
        in_an_exception_of_our_http,
        in_a_row,
        in_a_row_of_another_table,
        in_a_mail,
    ],
)
def test_a_secret_is_seen(place, monkeypatch, settings):
    AccountFactory()
    import_module(settings.ROOT_URLCONF)  # now: what imports Django's handler later would keep ours
    monkeypatch.setattr("wagtail_syndicate.backends.http.Http._describe", lambda self, error: CANARY)
    monkeypatch.setattr("django.views.defaults.page_not_found", lambda request, **kwargs: HttpResponse(request.path))
    settings.DEBUG = place is in_an_answer  # Django's page for developers names the address
    assert canaries.cage.leak() == ""
    place()
    canaries.look_through_mails()
    canaries.look_through_tables()
    leak = canaries.cage.leak()
    assert "shows a secret" in leak
    assert CANARY not in leak


def test_whatever_is_sealed_is_a_canary():
    vault.seal({"bot_token": "110201543:of-a-bot", "options": {"handle": "@newsroom"}, "short": "abc"})
    vault.seal({"targets": [{"remote_id": "12345678", "credentials": {"page_token": "secret-of-page-7"}}]})
    assert {"110201543:of-a-bot", "secret-of-page-7"} <= canaries.cage.secrets
    assert not {"@newsroom", "abc", "12345678"} & canaries.cage.secrets


def test_what_the_networks_give_out_is_a_canary():
    from sandbox.fakenet.state import State

    token = State().add_token("x", "newsroom", "app")
    assert token.value in canaries.cage.secrets
    assert "fakenet-x-secret" in canaries.cage.secrets
