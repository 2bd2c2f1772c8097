"""A dry run sends nothing anywhere, and shows what it would have sent without anything secret.

Each test names its guard, and fails when that line is taken out. The judge stands where requests leave the process.
"""

import base64
import importlib
import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from tests.accounts.networks import Renewing
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, UserFactory, picture_of, publish
from tests.security.fixtures import on_x, operations
from wagtail_syndicate import checks, conf, doctor
from wagtail_syndicate.accounts import connect, refresh, upkeep, vault
from wagtail_syndicate.backends import http, registry
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.backends.redaction import HIDDEN
from wagtail_syndicate.backends.rehearsal import Rehearsing
from wagtail_syndicate.delivery import actions, send, sweep
from wagtail_syndicate.exceptions import Rehearsed
from wagtail_syndicate.models import Account, Attempt, Delivery
from wagtail_syndicate.testing import BackendConformance
from wagtail_syndicate.types import Reach


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State
AUTOMATIC = [name for name in registry.built_in() if registry.get(name).reach != Reach.ASSISTED]


def dry(settings, value=True, **networks):
    settings.WAGTAIL_SYNDICATE = {
        **settings.WAGTAIL_SYNDICATE,
        "DRY_RUN": value,
        "NETWORKS": {**settings.WAGTAIL_SYNDICATE["NETWORKS"], **networks},
    }


@pytest.fixture(autouse=True)
def only_rehearsing(settings):
    dry(settings)
    Memory.reset()
    yield
    Memory.reset()


@pytest.fixture
def left(monkeypatch):
    """The requests that left this process."""
    found = []

    def send_one(self, request, **kwargs):
        found.append(request)
        raise requests.exceptions.ConnectionError("A dry run sent something.")

    monkeypatch.setattr(requests.Session, "send", send_one)
    return found


def kits():
    """What the tests of each network say about it: a connection, options."""
    for path in (Path(__file__).parents[1] / "backends").glob("test_*.py"):
        importlib.import_module(f"tests.backends.{path.stem}")
    waiting = BackendConformance.__subclasses__()
    while waiting:
        kit = waiting.pop(0)
        waiting += kit.__subclasses__()
        if kit.backend and kit.__name__.startswith("Test") and kit.__module__.startswith("tests.backends."):
            yield import_string(kit.backend) if isinstance(kit.backend, str) else kit.backend, kit


def account_of(name, settings):
    """A connected account of a network, as the network's own tests connect it."""
    backend, kit = next((found for found in kits() if found[0] is registry.get(name)), (registry.get(name), None))
    if kit is None:
        return AccountFactory(network=name, sealed_credentials=vault.seal({"key": "hush-hush"}))
    given = kit.connection
    method = next((way for way in backend.auth if getattr(way, "keys", None)), backend.auth[0])
    keys = dict(zip(getattr(method, "keys", None) or (), (given.app.client_id, given.app.client_secret), strict=False))
    dry(settings, **{name: {**kit.options, **keys}})
    placed = json.loads(json.dumps(dict(given.options)).replace("{server}", "https://server.example"))
    return AccountFactory(
        network=name,
        auth_method=method.name,
        host="https://server.example" if backend.many_servers else "",
        remote_id=given.remote_id or "7",
        handle=given.handle or "@newsroom",
        options=placed,
        credentials_expire_at=timezone.now() - timedelta(hours=1),
        sealed_credentials=vault.seal({**given.credentials}),
    )


@pytest.mark.parametrize("name", AUTOMATIC)
def test_every_network_ends_rehearsed_and_nothing_leaves(name, settings, left):
    """Guard: ``rehearsing`` in ``accounts.refresh.fresh_backend``. The access has ended, and is not renewed."""
    account = account_of(name, settings)
    publish(NewsPageFactory(lead_image=picture_of("A probe")), account)
    sweep.sweep()
    assert left == []
    assert Memory.outbox == []
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason, delivery.detail) == (State.REHEARSED, "dry_run", "")
    assert delivery.message.text or delivery.message.title
    assert not delivery.maybe_sent
    assert delivery.first_sent_at is None
    assert delivery.due_at is None
    [attempt] = delivery.attempts.all()
    assert (attempt.kind, attempt.outcome) == (Attempt.Kind.REHEARSAL, "Rehearsed")
    assert attempt.detail.split(" ")[0] in ("GET", "POST", "PUT")
    assert "https://" in attempt.detail
    assert attempt.finished_at
    for secret in filter(lambda value: isinstance(value, str), vault.unseal(account.sealed_credentials).values()):
        assert secret not in attempt.detail
    assert Account.objects.get().sealed_credentials == account.sealed_credentials


def test_the_request_is_shown_as_it_would_have_left(settings, left):
    """Guard: ``backends.rehearsal.written``."""
    account = account_of("x", settings)
    page = publish(NewsPageFactory(), account, wordings={account.pk: "Über 北京"})
    send.drain()
    shown = Attempt.objects.get().detail
    assert shown.startswith("POST https://api.x.com/2/tweets\n")
    assert f"Authorization: Bearer {HIDDEN}\n" in shown
    assert "Content-Type: application/json" in shown
    body = json.loads(shown.partition("\n\n")[2])
    assert body == {"text": Delivery.objects.get().message.text}
    assert "Über 北京" in shown
    assert page.full_url in shown


def test_a_picture_that_has_to_be_handed_over_first_is_shown_too(settings, left):
    account = account_of("x", settings)
    publish(NewsPageFactory(lead_image=picture_of("A probe")), account)
    send.drain()
    shown = Attempt.objects.get().detail
    assert shown.index("POST https://api.x.com/2/media/upload") < shown.index("POST https://api.x.com/2/tweets")
    assert "media_category: tweet_image" in shown
    assert "image/" in shown
    assert "bytes>" in shown


# Whatever is secret


def shown(secrets=("hush-hush-token",), **request):
    rehearsal = Rehearsing(secrets)
    with pytest.raises(Rehearsed):
        rehearsal.request(**{"method": "POST", "url": "https://api.example.org/posts", **request})
    return rehearsal.made[0]


TOKEN = "hush-hush-token"
AWKWARD = 'a"b\\c/d é+'


@pytest.mark.parametrize(
    "request_",
    [
        {"url": f"https://api.example.org/bot{TOKEN}/send"},
        {"params": {"key": TOKEN}},
        {"headers": {"X-Anything": TOKEN}},
        {"json": {"a": [{"b": f"text {TOKEN}"}]}},
        {"data": {"a": TOKEN}},
        {"data": json.dumps({"a": TOKEN}).encode()},
        {"data": {"a": json.dumps({"b": TOKEN})}},
        {"files": {"a": (None, TOKEN)}},
        {"auth": (TOKEN, "x")},
        {"auth": ("x", TOKEN)},
    ],
    ids=lambda request: next(iter(request)),
)
def test_a_known_secret_is_hidden_wherever_it_stands(request_):
    """Guard: ``redact`` in ``backends.rehearsal.written``, and ``_header`` for what is encoded there."""
    text = shown(**request_)
    assert TOKEN not in text
    for pair in (f"{TOKEN}:x", f"x:{TOKEN}"):
        assert base64.b64encode(pair.encode()).decode() not in text
    assert HIDDEN in text


@pytest.mark.parametrize("request_", [{"params": {"a": AWKWARD}}, {"json": {"a": AWKWARD}}, {"data": {"a": AWKWARD}}])
def test_also_one_with_letters_that_are_written_otherwise(request_):
    """Guard: ``_ways_to_write`` in ``backends.http``."""
    text = shown((AWKWARD,), **request_)
    for written in (AWKWARD, json.dumps(AWKWARD)[1:-1], quote(AWKWARD, safe="")):
        assert written not in text


@pytest.mark.parametrize(
    "name",
    [
        "access_token",
        "refresh_token",
        "client_secret",
        "sig",
        "signature",
        "appsecret_proof",
        "password",
        "oauth_nonce",
    ]
    + ["session_key", "Authorization", "code", "api_key", "X-Hub-Signature", "cookie"],
)
def test_what_is_made_of_secrets_is_hidden_by_its_name(name):
    """Guard: ``SECRET_NAME`` in ``backends.rehearsal``: signatures are in nobody's list of secrets."""
    derived = "5f4dcc3b5aa765d61d8327deb882cf99"
    for place in ("params", "data", "json"):
        text = shown(**{place: {name: derived, "text": "Hello"}})
        assert derived not in text, place
        assert "Hello" in text, place
    assert derived not in shown(headers={name: derived})
    assert derived not in shown(data=json.dumps({"a": {name: derived}}))


def test_a_signature_of_oauth_1_is_hidden(settings, left):
    """Guard: ``_header`` in ``backends.rehearsal``."""
    dry(settings, x={"CONSUMER_KEY": "ck", "CONSUMER_SECRET": "consumer-secret"})
    keys = {"oauth_token": "token-of-oauth-1", "oauth_token_secret": "secret-of-oauth-1"}
    account = AccountFactory(network="x", auth_method="oauth1", sealed_credentials=vault.seal(keys))
    publish(NewsPageFactory(), account)
    send.drain()
    text = Attempt.objects.get().detail
    assert f"Authorization: OAuth {HIDDEN}" in text
    assert "oauth_signature" not in text
    assert not any(secret in text for secret in keys.values())


def test_what_is_no_secret_stays_readable():
    text = shown(headers={"Idempotency-Key": "0197a4c2"}, params={"v": "5.199"}, data={"message": "Bonjour à tous"})
    assert "POST https://api.example.org/posts?v=5.199\n" in text
    assert "Idempotency-Key: 0197a4c2" in text
    assert "message: Bonjour à tous" in text


# Nothing else leaves either


def test_nobody_is_asked_whether_an_unclear_post_is_there(settings, left):
    """Guard: ``is_dry_run`` in ``delivery.send._step``."""
    account = account_of("x", settings)
    more = {"maybe_sent": True, "first_sent_at": timezone.now()}
    DeliveryFactory(account=account, state=State.UNKNOWN, due_at=timezone.now(), **more)
    sweep.sweep()
    delivery = Delivery.objects.get()
    assert (delivery.state, left, delivery.attempts.count()) == (State.UNKNOWN, [], 0)
    assert delivery.due_at > timezone.now()


def test_access_is_not_renewed_early(settings, script, monkeypatch):
    """Guards: ``is_dry_run`` in ``accounts.refresh.renew_early`` and in ``accounts.upkeep._due``."""
    monkeypatch.setattr(Renewing, "renew_early", timedelta(days=5))
    soon = timezone.now() + timedelta(days=1)
    account = AccountFactory(
        network="renewing", credentials_expire_at=soon, sealed_credentials=vault.seal({"key": "k"})
    )
    assert refresh.renew_early(account) is False
    tried = []
    monkeypatch.setattr(upkeep, "renew_early", lambda account: tried.append(account) or True)
    assert upkeep.renew_due() == 0
    assert (tried, script.calls) == ([], [])


def test_a_check_asks_nobody_and_says_why(fakenet, client):
    """Guard: ``is_dry_run`` in ``accounts.health.check``."""
    account = on_x(fakenet)
    fakenet.state.log.clear()
    client.force_login(UserFactory())
    address = reverse("wagtail_syndicate:connect", args=[account.pk])
    answer = client.post(address, {"check": "1"}, follow=True).content.decode()
    assert "X was not asked, because this site only rehearses" in answer
    assert operations(fakenet) == []


def test_disconnecting_revokes_nothing(fakenet):
    """Guard: ``may_ask`` in ``accounts.connect.disconnect``: the access may be the original's as well."""
    account = on_x(fakenet)
    fakenet.state.log.clear()
    connect.disconnect(account, UserFactory())
    assert operations(fakenet) == []


def test_the_page_itself_is_not_fetched(settings, left):
    """Guard: ``is_dry_run`` in ``delivery.send._is_fit``."""
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "PROBE": True}
    publish(NewsPageFactory(), account_of("x", settings))
    send.drain()
    assert left == []
    assert Delivery.objects.get().state == State.REHEARSED


def test_a_post_that_its_backend_refuses_fails_as_it_would(settings, monkeypatch):
    """Guard: ``raise`` in ``delivery.rehearsal.rehearse`` when there is no request to show."""
    from wagtail_syndicate.exceptions import Rejected

    def refuse(self, message, uploads, key):
        raise Rejected("target_missing")

    monkeypatch.setattr(Memory, "publish", refuse)
    publish(NewsPageFactory(), AccountFactory())
    send.drain()
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.FAILED, "target_missing")


def test_a_backend_that_goes_its_own_way_and_posts_is_not_called_rehearsed(monkeypatch, caplog):
    """Guard: ``receipt`` in ``delivery.rehearsal.rehearse``: what was posted is posted."""
    from wagtail_syndicate.types import Receipt

    monkeypatch.setattr(Memory, "publish", lambda self, message, uploads, key: Receipt("77"))
    publish(NewsPageFactory(), AccountFactory())
    send.drain()
    assert (Delivery.objects.get().state, Delivery.objects.get().remote_id) == (State.SENT, "77")
    assert "posted in a dry run" in caplog.text


# When it is on, and what follows


@pytest.mark.parametrize(
    ("value", "debug", "expected"),
    [(None, False, False), (None, True, True), (False, True, False), (True, False, True)],
)
def test_it_is_on_as_the_settings_say_or_else_as_debug_does(settings, value, debug, expected):
    settings.DEBUG = debug
    dry(settings, value)
    assert conf.is_dry_run() is expected


def test_the_checks_and_the_doctor_say_so(settings):
    """Guards: ``I001`` and ``W007`` in ``checks.check_environment``."""

    def ids():
        return [message.id.rpartition(".")[2] for message in checks.check_environment()]

    assert ids() == ["W007"]
    assert "W007" in [finding.name for finding in doctor.examine(broker=False)]
    settings.DEBUG = True
    dry(settings, None)
    assert ids() == ["I001"]
    dry(settings, False)
    assert ids() == []


def test_the_page_says_in_plain_words_that_nothing_was_sent(client):
    page = publish(NewsPageFactory(), AccountFactory())
    send.drain()
    client.force_login(UserFactory())
    answer = client.get(reverse("wagtail_syndicate:record", args=[page.pk])).content.decode()
    assert "Rehearsed: nothing was sent, because this site only rehearses" in answer
    assert "This would have been sent, keys left out:" in answer
    assert "POST https://memory.example/" in answer
    assert reverse("wagtail_syndicate:action", args=[Delivery.objects.get().pk, "retry"]) in answer
    assert "only rehearses" in client.get("/admin/").content.decode()


def test_when_it_is_over_trying_again_posts(settings):
    """Guard: ``State.REHEARSED`` in ``delivery.actions.ALLOWED``."""
    publish(NewsPageFactory(), AccountFactory())
    send.drain()
    dry(settings, False)
    send.drain()
    assert Memory.outbox == []
    delivery = Delivery.objects.get()
    assert "retry" in actions.allowed(delivery)
    assert actions.retry(delivery, UserFactory())
    send.drain()
    assert Delivery.objects.get().state == State.SENT
    assert len(Memory.outbox) == 1


def test_publishing_again_rehearses_again_with_the_words_of_then(settings):
    """Guard: ``State.REHEARSED`` in ``models.Delivery.NEVER_SENT``."""
    account = AccountFactory()
    page = publish(NewsPageFactory(), account)
    send.drain()
    publish(page, account, wordings={account.pk: "Other words."})
    assert Delivery.objects.get().state == State.WAITING
    send.drain()
    assert Delivery.objects.get().state == State.REHEARSED
    assert "Other words." in Attempt.objects.last().detail
    dry(settings, False)
    publish(page, account, wordings={account.pk: "Last words."})
    send.drain()
    assert Delivery.objects.get().state == State.SENT
    assert "Last words." in Memory.outbox[0].message.text


def test_the_way_that_posts_is_left_as_it_was():
    assert http.Http.rehearses is False
    assert registry.get("memory")().http.rehearses is False
