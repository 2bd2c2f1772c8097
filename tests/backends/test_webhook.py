"""Webhooks: signatures that somebody else's library accepts, the shape of events, and what answers mean."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from sandbox.fakenet.networks.webhook import SECRET
from wagtail_syndicate.backends.webhook import REMEMBERED, Backend, signing_key
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    Rejected,
)
from wagtail_syndicate.keys import moment, new_key
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import Connection, Message, Receipt


URL = "https://hooks.example.org/in?tenant=7"
KEY = "0199f0f0-1111-7222-8333-444455556666"


def backend(url=URL, secret=SECRET, **options):
    options = {"url": url, **options}
    return Backend(Connection(handle="Intranet", options=options, credentials={"secret": secret}))


def received(call):
    """The event in a request, after its signature was checked."""
    return standardwebhooks.Webhook(SECRET).verify(call.request.body, dict(call.request.headers))


@pytest.fixture
def shown(picture):
    return replace(picture, url="https://www.example.com/media/bridge.jpg")


# What is sent


def test_an_event_is_signed_and_holds_what_was_composed(api, message, shown):
    api.post(URL, json={})
    message = replace(message, description="Free for bicycles")
    backend().publish(message, [backend().upload(shown)], KEY)
    [call] = api.calls
    assert received(call) == {
        "type": "article.published",
        "version": 1,
        "timestamp": moment(KEY).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {
            "account": "Intranet",
            "text": message.text,
            "title": "The new bridge",
            "description": "Free for bicycles",
            "link": message.link,
            "language": "en-gb",
            "images": [{"url": shown.url, "alt": shown.alt, "content_type": "image/jpeg"}],
        },
    }
    assert call.request.headers["webhook-id"] == KEY
    assert call.request.headers["Content-Type"] == "application/json"
    assert SECRET not in str(call.request.headers)


def test_a_repeat_has_the_same_id_and_the_same_body(api, message):
    api.post(URL, status=204)
    for _attempt in range(2):
        backend().publish(message, [], KEY)
    first, second = (call.request for call in api.calls)
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == KEY


@given(st.text(), st.binary(min_size=24, max_size=64), st.sampled_from(["whsec", "unpadded", "raw"]))
def test_every_signature_is_one_that_the_library_accepts(text, key, form):
    secret = {
        "whsec": "whsec_" + base64.b64encode(key).decode(),
        "unpadded": "whsec_" + base64.b64encode(key).decode().rstrip("="),
        "raw": key.hex(),
    }[form]
    sent = []

    class Caught:
        secrets = ()

        def request(self, method, url, **kwargs):
            sent.append(kwargs)
            raise NotSent("network_down")

    sender = Backend(Connection(options={"url": URL}, credentials={"secret": secret}), Caught())
    with pytest.raises(NotSent):
        sender.publish(Message(text, "", "en"), [], KEY)
    [request] = sent
    library = standardwebhooks.Webhook(secret.encode() if form == "raw" else secret)
    assert library.verify(request["data"], request["headers"])["data"]["text"] == text


@pytest.mark.parametrize(
    "secret", ["", "short", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all, but long enough"]
)
def test_a_secret_that_is_none_signs_nothing(api, message, secret):
    with pytest.raises(AccountProblem) as caught:
        backend(secret=secret).publish(message, [], KEY)
    assert caught.value.reason == "weak_secret"
    assert not api.calls
    assert len(signing_key("x" * 24)) == 24


def test_a_picture_without_an_address_is_left_out(picture):
    with pytest.raises(MediaRejected) as caught:
        backend().upload(replace(picture, url=""))
    assert caught.value.reason == "picture_address"


# What answers mean

MEANINGS = [
    (301, {}, Rejected, "endpoint_moved"),
    (302, {"Location": "https://elsewhere.example/"}, Rejected, "endpoint_moved"),
    (308, {}, Rejected, "endpoint_moved"),
    (400, {}, Rejected, "bad_request"),
    (401, {}, AccountProblem, "reconnect"),
    (403, {}, AccountProblem, "reconnect"),
    (404, {}, Rejected, "target_missing"),
    (405, {}, Rejected, "bad_request"),
    (409, {}, DuplicateContent, "duplicate"),
    (410, {}, AccountProblem, "endpoint_gone"),
    (413, {}, Rejected, "too_long"),
    (422, {}, Rejected, "content_refused"),
    (429, {"Retry-After": "90"}, NotSent, "rate_limited"),
    (429, {}, NotSent, "rate_limited"),
    (418, {}, OutcomeUnknown, "unclear_answer"),
    (500, {}, OutcomeUnknown, "unclear_answer"),
    (502, {"Retry-After": "90"}, OutcomeUnknown, "unclear_answer"),
    (504, {}, OutcomeUnknown, "unclear_answer"),
]


@pytest.mark.parametrize(("status", "headers", "kind", "reason"), MEANINGS)
def test_answers_to_an_event(api, message, status, headers, kind, reason):
    api.post(URL, status=status, headers=headers, json={"error": f"no: {SECRET}"})
    with pytest.raises(NetworkError) as caught:
        backend().publish(message, [], KEY)
    error = caught.value
    assert (type(error), error.reason) == (kind, reason)
    assert reason in {**REASONS, **Backend.reasons}
    assert error.retry_after == (90 if headers.get("Retry-After") else 60 if status == 429 else None)
    assert SECRET not in f"{error!s} {error!r} {error.detail}" and "no: " in error.detail
    assert len(api.calls) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("repeats", ["ask", "repeat"])
def test_a_failing_receiver_may_have_the_event(api, message, status, repeats):
    api.post(URL, status=status, headers={"Retry-After": "90"})
    with pytest.raises(OutcomeUnknown) as caught:
        backend(repeats=repeats).publish(message, [], KEY)
    assert caught.value.retry_after == 90


def test_nobody_knows_what_a_receiver_does_with_repeats_but_its_admin():
    assert backend().key_seconds == Backend.key_seconds == 0
    assert backend(repeats="ask").key_seconds == backend(repeats="nonsense").key_seconds == 0
    assert backend(repeats="repeat").key_seconds == REMEMBERED
    assert not backend().can_find()


@pytest.mark.parametrize(
    ("answer", "receipt"),
    [
        ({"json": {"id": "post-7", "url": "https://news.example.org/7"}}, ("post-7", "https://news.example.org/7")),
        ({"json": {"id": 7}}, ("7", "")),
        ({"json": {"id": "x" * 256, "url": "http://news.example.org/7"}}, (KEY, "")),
        ({"json": {"id": "", "url": "javascript:alert(1)"}}, (KEY, "")),
        ({"json": {"id": True, "url": 7}}, (KEY, "")),
        ({"json": [1]}, (KEY, "")),
        ({"body": "OK"}, (KEY, "")),
        ({"body": "", "status": 202}, (KEY, "")),
        ({"body": "", "status": 204}, (KEY, "")),
    ],
)
def test_every_2xx_is_accepted_and_may_name_the_post(api, message, answer, receipt, settings):
    settings.WAGTAIL_SYNDICATE = {}
    api.post(URL, **answer)
    assert backend().publish(message, [], KEY) == Receipt(*receipt)


def test_connecting_sends_a_signed_ping_and_wants_it_accepted(api):
    api.post(URL, json={"name": "Intranet of Example"})
    identity = backend().identify()
    [call] = api.calls
    assert (received(call)["type"], identity.handle) == ("ping", "Intranet of Example")
    # The address may hold a key of its own, so the account is known by its digest.
    assert "tenant" not in identity.remote_id and identity.remote_id == backend().identify().remote_id
    api.replace("POST", URL, status=204)
    assert backend().identify().handle == "hooks.example.org"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(302, Rejected), (401, AccountProblem), (404, Rejected), (410, AccountProblem), (500, NotSent)],
)
def test_a_receiver_that_refuses_the_ping_is_not_connected(api, status, kind):
    api.post(URL, status=status)
    with pytest.raises(kind) as caught:
        backend().identify()
    assert type(caught.value) is kind


def test_changes_and_withdrawals_are_events_of_their_own(api, message):
    api.post(URL, json={"url": "https://news.example.org/7"})
    sender = backend()
    assert sender.edit("post-7", message) == Receipt("post-7", "https://news.example.org/7")
    sender.delete("post-7")
    changed, withdrawn = (received(call) for call in api.calls)
    assert (changed["type"], changed["data"]["id"], changed["data"]["text"]) == (
        "article.changed",
        "post-7",
        message.text,
    )
    # The pictures stay; a list of none would say something else.
    assert "images" not in changed["data"]
    assert (withdrawn["type"], withdrawn["data"]) == ("article.withdrawn", {"account": "Intranet", "id": "post-7"})
    ids = {call.request.headers["webhook-id"] for call in api.calls}
    assert len(ids) == 2
    assert abs(datetime.fromisoformat(withdrawn["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=5)


# At the receiver of the sandbox


@pytest.fixture
def receiver(fakenet):
    def make(name="newsroom", **options):
        return backend(f"{fakenet.url}/webhook/in/{name}", **options)

    return make


def test_whole_way(fakenet, receiver, message, shown):
    sender = receiver()
    assert sender.identify().handle == "Receiver of newsroom"
    receipt = sender.publish(message, [sender.upload(shown)], str(new_key()))
    [post] = fakenet.state.timeline("webhook", "newsroom")
    assert (post.text, post.language, post.card["image"]) == (message.text, "en-gb", shown.url)
    assert receipt == Receipt(post.id, fakenet.url + post.path)
    sender.edit(receipt.remote_id, replace(message, text="Other words"))
    [post] = fakenet.state.timeline("webhook", "newsroom")
    assert (post.text, post.card["image"]) == ("Other words", shown.url)
    sender.delete(receipt.remote_id)
    sender.delete(receipt.remote_id)
    assert not fakenet.state.timeline("webhook", "newsroom")


def test_a_repeat_makes_one_post_where_repeats_are_dropped(fakenet, receiver, message, break_fakenet):
    sender = receiver(repeats="repeat")
    break_fakenet("webhook", "publish", "reset_after")
    with pytest.raises(OutcomeUnknown):
        sender.publish(message, [], KEY)
    assert sender.publish(message, [], KEY).remote_id
    assert len(fakenet.state.timeline("webhook", "newsroom")) == 1
    plain = receiver("plain_newsroom")
    for _attempt in range(2):
        plain.publish(message, [], KEY)
    assert len(fakenet.state.timeline("webhook", "plain_newsroom")) == 2


def test_a_wrong_secret_and_a_receiver_that_is_gone(fakenet, receiver, message):
    with pytest.raises(AccountProblem, match="reconnect"):
        receiver(secret="x" * 30).identify()
    sender = receiver()
    fakenet.state.revoke_grants("webhook", "newsroom")
    with pytest.raises(AccountProblem, match="endpoint_gone"):
        sender.publish(message, [], KEY)


@pytest.mark.parametrize(
    ("fault", "posts"), [("reset_before", 0), ("reset_after", 1), ("error", 0), ("error_after", 1)]
)
def test_broken_answers_leave_a_doubt(fakenet, receiver, message, break_fakenet, fault, posts):
    break_fakenet("webhook", "publish", fault)
    with pytest.raises(OutcomeUnknown):
        receiver().publish(message, [], KEY)
    assert len(fakenet.state.timeline("webhook", "newsroom")) == posts


def test_a_receiver_that_is_down_got_nothing(refused_address, message):
    with pytest.raises(NotSent, match="network_down"):
        backend(refused_address).publish(message, [], KEY)


# The kit


def test_there_is_no_share_link_on_purpose(message):
    """The receiver is a machine: nobody can open a dialog there and post by hand."""
    assert not Backend.offers("share_link")
    assert backend().share_link(message) == ""


class TestWebhookConformance(BackendConformance):
    SPECIFICATION = "Standard Webhooks, spec/standard-webhooks.md, 2026-08-17; bodies of our own receiver"

    backend = Backend
    connection = Connection(handle="Intranet", options={"url": "{server}/in"}, credentials={"secret": SECRET})
    answers = {"POST /in": Captured(204, "", source=SPECIFICATION)}
    refusals = (
        Refusal("POST /in", Captured(422, {"error": "no"}, source=SPECIFICATION), Rejected, "content_refused"),
        Refusal("POST /in", Captured(301, "", source=SPECIFICATION), Rejected, "endpoint_moved"),
        Refusal("POST /in", Captured(410, "", source=SPECIFICATION), AccountProblem, "endpoint_gone"),
        Refusal("POST /in", Captured(502, "", source=SPECIFICATION), OutcomeUnknown, "unclear_answer"),
    )
    expired = Refusal("*", Captured(401, {"error": "no"}, source=SPECIFICATION), AccountProblem, "reconnect")

    @staticmethod
    def without_the_post(request):
        """A receiver cannot change what it does not have; that it is withdrawn is fine with it."""
        return Captured(
            404 if request.data["type"] == "article.changed" else 204, "", source=TestWebhookConformance.SPECIFICATION
        )

    gone = {"POST /in": without_the_post}


class TestWebhookThatDropsRepeatsConformance(TestWebhookConformance):
    connection = replace(TestWebhookConformance.connection, options={"url": "{server}/in", "repeats": "repeat"})
