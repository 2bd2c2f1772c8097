"""Threads: the container, its readiness, the one request that counts, and reading back."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from wagtail_syndicate.backends import threads
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import AppKeys, Article, Connection, LinkPlace, Media, Message, Receipt


TOKEN = "THQVJnoRealToken0123456789"
SECRET = "no-real-app-secret-012345"
LINK = "https://www.example.org/news/bridge/"
WORDS = "The new bridge opens on Monday."
MESSAGE = Message(f"{WORDS} #bridge", LINK, "en", title="The new bridge")
PROFILE = "17841400000000001"
CONTAINER, MADE = "17889455560051444", "17920238422030506"
HOST = "https://graph.threads.net"
API = f"{HOST}/v1.0"
PERMALINK = "https://www.threads.net/@bridge/post/DCkkKl_OGb1"
PICTURE = Media(b"\xff\xd8", "image/jpeg", "bridge.jpg", "A bridge", "https://media.example.org/bridge.jpg")
PHOTO = {"form": "photo"}
SINCE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(autouse=True)
def naps(monkeypatch):
    """Nobody waits; the fixture's list holds the seconds."""
    naps = []
    monkeypatch.setattr(threads.Backend, "sleep", staticmethod(naps.append))
    return naps


def backend(**kwargs):
    fields = {"remote_id": PROFILE, "handle": "@bridge", "credentials": {"access_token": TOKEN}}
    return threads.Backend(Connection(**(fields | {"app": AppKeys("271828", SECRET)} | kwargs)))


def refusal(code, subcode=None, text="Nope", **more):
    error = {"message": text, "type": "OAuthException", "code": code, "fbtrace_id": "AbC"} | more
    return {"error": error | ({"error_subcode": subcode} if subcode else {})}


def network(*states, made=None, publish=None, permalink=None):
    """A network where all goes well, but for what is given."""
    responses.add(responses.POST, f"{API}/{PROFILE}/threads", **(made or {"json": {"id": CONTAINER}}))
    for state in states or ("FINISHED",):
        body = state if isinstance(state, dict) else {"id": CONTAINER, "status": state}
        responses.add(responses.GET, f"{API}/{CONTAINER}", json=body)
    responses.add(responses.POST, f"{API}/{PROFILE}/threads_publish", **(publish or {"json": {"id": MADE}}))
    responses.add(responses.GET, f"{API}/{MADE}", **(permalink or {"json": {"permalink": PERMALINK, "id": MADE}}))


def sent(number=0):
    return dict(parse_qsl(responses.calls[number].request.body, keep_blank_values=True))


def asked(call):
    return dict(parse_qsl(urlsplit(call.request.url).query))


def names():
    return [f"{call.request.method} {urlsplit(call.request.url).path}" for call in responses.calls]


# Posting


@responses.activate
def test_container_then_publish_then_permalink():
    network()
    assert backend().publish(MESSAGE, [], "unused") == Receipt(MADE, PERMALINK)
    assert names() == [
        f"POST /v1.0/{PROFILE}/threads",
        f"GET /v1.0/{CONTAINER}",
        f"POST /v1.0/{PROFILE}/threads_publish",
        f"GET /v1.0/{MADE}",
    ]
    assert sent() == {"media_type": "TEXT", "text": MESSAGE.text, "link_attachment": LINK, "access_token": TOKEN}
    assert sent(2) == {"creation_id": CONTAINER, "access_token": TOKEN}
    assert backend().get_limits().link is LinkPlace.CARD and backend().get_limits().images is None


@responses.activate
def test_link_that_is_in_the_text_is_not_attached_as_well():
    network()
    backend().publish(Message(f"Look: {LINK}", LINK, "en"), [], "unused")
    assert "link_attachment" not in sent()


@responses.activate
def test_picture_travels_as_an_address_and_the_link_in_the_text():
    network()
    sender = backend(options=PHOTO)
    sender.publish(MESSAGE, [sender.upload(PICTURE)], "unused")
    assert sent() == {
        "media_type": "IMAGE",
        "text": f"{MESSAGE.text}\n\n{LINK}",
        "image_url": PICTURE.url,
        "alt_text": "A bridge",
        "access_token": TOKEN,
    }
    assert sender.get_limits().link is LinkPlace.TEXT
    assert (sender.get_limits().images.count, sender.get_limits().images.alt_length) == (1, 1000)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://media.example.org/a.jpg",
        "https://localhost/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://192.168.1.4/a.jpg",
        "https://[::1]/a.jpg",
        "https://intranet/a.jpg",
        "https://web.local/a.jpg",
        "/media/a.jpg",
    ],
)
def test_picture_without_a_public_address_stays_behind(address, settings):
    settings.WAGTAIL_SYNDICATE = {}
    with pytest.raises(MediaRejected) as caught:
        backend().upload(Media(b"", "image/jpeg", "a.jpg", url=address))
    assert caught.value.reason == "picture_address"
    assert caught.value.reason in REASONS


@responses.activate
def test_a_longer_address_in_the_text_is_not_the_article_s():
    network()
    backend().publish(Message(f"See {LINK}2025/ too.", LINK, "en"), [], "unused")
    assert sent()["link_attachment"] == LINK


@responses.activate
def test_waits_until_the_container_is_ready(naps):
    network("IN_PROGRESS", {"id": CONTAINER}, "FINISHED")
    assert backend().publish(MESSAGE, [], "unused").remote_id == MADE
    assert naps == [*threads.READY_WAITS[:2], threads.SETTLE]


@responses.activate
def test_container_that_is_never_ready_is_not_published():
    network("IN_PROGRESS")
    with pytest.raises(NotSent) as caught:
        backend().publish(MESSAGE, [], "unused")
    assert (caught.value.reason, caught.value.retry_after) == ("preparing", 60)
    assert not [name for name in names() if name.endswith("threads_publish")]


@responses.activate
def test_slow_answers_leave_too_little_time_to_publish(monkeypatch):
    clock = iter(range(0, 1000, 8))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    network("IN_PROGRESS", "FINISHED")
    with pytest.raises(NotSent):
        backend().publish(MESSAGE, [], "unused")
    assert not [name for name in names() if name.endswith("threads_publish")]


@responses.activate
@pytest.mark.parametrize(
    ("status", "uploads", "kind", "reason"),
    [
        ("ERROR", [PICTURE], MediaRejected, "image_refused"),
        ("ERROR", [], Rejected, "content_refused"),
        ("EXPIRED", [], NotSent, "preparing"),
    ],
)
def test_container_that_failed(status, uploads, kind, reason):
    network({"id": CONTAINER, "status": status, "error_message": "INVALID_ASPEC_RATIO"})
    with pytest.raises(kind) as caught:
        backend().publish(MESSAGE, uploads, "unused")
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert kind is NotSent or caught.value.detail == "INVALID_ASPEC_RATIO"


@responses.activate
@pytest.mark.parametrize("permalink", [{"status": 500}, {"json": []}, {"body": ConnectionError()}, {"json": {}}])
def test_failing_permalink_does_not_lose_the_receipt(permalink):
    network(permalink=permalink)
    assert backend().publish(MESSAGE, [], "unused") == Receipt(MADE, "")


@responses.activate
@pytest.mark.parametrize("publish", [{"json": {}}, {"json": {"id": ""}}, {"status": 500}, {"body": ConnectionError()}])
def test_unclear_publish_is_unknown(publish):
    network(publish=publish)
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], "unused")


@responses.activate
def test_container_without_an_id_leaves_no_doubt():
    network(made={"json": {"success": True}})
    with pytest.raises(NotSent):
        backend().publish(MESSAGE, [], "unused")


@responses.activate
def test_more_than_five_links_are_not_even_tried():
    network()
    five = " ".join(f"https://example.org/{number}" for number in range(5))
    with pytest.raises(Rejected) as caught:
        backend().publish(Message(five, LINK, "en"), [], "unused")
    assert (caught.value.reason, len(responses.calls)) == ("too_many_links", 0)
    backend().publish(Message(f"{five} https://example.org/1", "https://example.org/0", "en"), [], "unused")


def test_generated_text_has_one_topic_and_no_mentions():
    article = Article("The bridge", LINK, "en", teaser="Ask @mayor or me@example.org.", tags=("bridges", "towns"))
    message = compose(article, backend().get_limits(), threads.Backend.style)
    assert message.text.count("#") == 1
    assert "@mayor" not in message.text and "@\u2060mayor or me@example.org" in message.text


def test_mention_signs_in_addresses_stay():
    address = "https://www.threads.net/@bridge/post/1"
    assert threads.Backend.style.plain(address) == address


# Errors

CODES = {
    "unclear_answer": (OutcomeUnknown, "1 2 99999"),
    "rate_limited": (NotSent, "4 17 32 613"),
    "preparing": (NotSent, "24/4279009"),
    "rights": (AccountProblem, "10 200"),
    "reconnect": (AccountProblem, "190 190/458 190/460"),
    "expired_token": (AccountProblem, "190/463"),
    "content_refused": (Rejected, "100"),
    "target_missing": (Rejected, "24 100/33"),
    "human_check": (Rejected, "1/2207051 2207051"),
    "account_blocked": (Rejected, "10/4279013"),
    "picture_unreachable": (MediaRejected, "1/2207052"),
}


@responses.activate
@pytest.mark.parametrize("status", [400, 403, 500, 200])
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [(code, kind, reason) for reason, (kind, codes) in CODES.items() for code in codes.split()],
)
def test_error_code(code, kind, reason, status):
    number, _slash, subcode = code.partition("/")
    body = refusal(int(number), int(subcode) if subcode else None)
    network(publish={"json": body, "status": status})
    with pytest.raises(kind) as caught:
        backend().publish(MESSAGE, [], "unused")
    assert (type(caught.value), caught.value.reason, caught.value.detail) == (kind, reason, "Nope")
    assert reason in {**REASONS, **threads.Backend.reasons}


@responses.activate
@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("THREADS_API__LINK_LIMIT_EXCEEDED", Rejected, "too_many_links"),
        ("Param text must be at most 500 characters long.", Rejected, "too_long"),
        (
            "The media could not be fetched from this URI: https://media.example.org",
            MediaRejected,
            "picture_unreachable",
        ),
    ],
)
def test_words_tell_where_no_code_is_documented(text, kind, reason):
    network(made={"json": refusal(100, text=text), "status": 400})
    with pytest.raises(kind) as caught:
        backend().publish(MESSAGE, [], "unused")
    assert (type(caught.value), caught.value.reason) == (kind, reason)


def test_recorded_errors(recorded):
    seen = json.loads((recorded / "THREADS" / "seen-in-issues.json").read_text())
    bodies = [entry.get("body") or entry["body_partial"] for entry in seen]
    errors = [backend().classify(backend().problem(Answer(400, data=body)), irreversible=True) for body in bodies]
    assert [(type(error), error.reason) for error in errors] == [
        (NotSent, "preparing"),
        (Rejected, "content_refused"),
        (MediaRejected, "picture_unreachable"),
    ]


# Connecting


@responses.activate
def test_identify():
    responses.add(responses.GET, f"{API}/me", json={"id": PROFILE, "username": "bridge"})
    found = backend().identify()
    assert (found.remote_id, found.handle) == (PROFILE, "@bridge")
    assert found.profile_url == "https://www.threads.net/@bridge"
    [call] = responses.calls
    assert asked(call) == {"fields": "id,username", "access_token": TOKEN}
    assert "Authorization" not in call.request.headers


@responses.activate
def test_exchange_and_renewal_give_60_days(recorded):
    body = json.loads((recorded / "THREADS" / "python-facebook" / "threads_user_long_lived_token.json").read_text())
    responses.add(responses.GET, f"{HOST}/access_token", json=body)
    responses.add(responses.GET, f"{HOST}/refresh_access_token", json=body)
    for given in (backend().exchange(), backend().renew()):
        assert given.credentials == {"access_token": body["access_token"]}
        assert timedelta(days=59) < given.expires_at - datetime.now(UTC) < timedelta(days=60)
    exchange, renewal = responses.calls
    assert asked(exchange) == {"grant_type": "th_exchange_token", "client_secret": SECRET, "access_token": TOKEN}
    assert asked(renewal) == {"grant_type": "th_refresh_token", "access_token": TOKEN}
    assert threads.Backend.renew_early == timedelta(days=30)


@responses.activate
def test_ended_access_cannot_be_renewed():
    responses.add(responses.GET, f"{HOST}/refresh_access_token", status=400, json=refusal(190, 463))
    with pytest.raises(AccountProblem):
        backend().renew()


# Reading back


def shown(**more):
    return {"id": MADE, "text": MESSAGE.text, "permalink": PERMALINK, "timestamp": "2026-11-23T08:00:05+0000"} | more


def listed(*posts, **paging):
    responses.add(responses.GET, f"{API}/me/threads", json={"data": list(posts), "paging": paging})


@responses.activate
@pytest.mark.parametrize(
    "text",
    [MESSAGE.text, "The new bridge opens on Monday. bridge", "The new bridge opens on Monday.", f"{MESSAGE.text}\n"],
)
def test_find_by_the_words(text):
    listed(shown(id="1", text="Other words"), shown(text=text))
    assert backend().find(MESSAGE, SINCE) == Receipt(MADE, PERMALINK)


OLD = "2026-11-22T08:00:05+0000"


@responses.activate
@pytest.mark.parametrize(
    "posts",
    [
        [],
        [shown(text="Other words")],
        [shown(timestamp=OLD)],
        [shown(text=None)],
        [shown(text="")],
        [shown(text="The new bridge opens on Monday. #bridge And more")],
    ],
)
def test_absence(posts):
    listed(*posts)
    assert backend().find(MESSAGE, SINCE) is None


@responses.activate
def test_an_old_post_on_top_does_not_hide_the_new_one():
    listed(shown(id="1", timestamp=OLD), shown(id="2", timestamp=OLD), shown())
    assert backend().find(MESSAGE, SINCE).remote_id == MADE


@responses.activate
def test_reads_as_far_back_as_the_attempt_and_no_further():
    more = {"cursors": {"after": "QVF"}, "next": f"{API}/me/threads?after=QVF"}
    listed(shown(text="Other words"), **more)
    listed(shown(id="2", timestamp=OLD), **more)
    assert backend().find(MESSAGE, SINCE) is None
    assert [asked(call).get("after") for call in responses.calls] == [None, "QVF"]


@responses.activate
def test_a_list_without_a_next_page_is_followed_to_its_end():
    more = {"cursors": {"before": "QVA", "after": "QVF"}}
    listed(shown(id="1", text="Other words"), **more)
    listed(shown(), **more)
    assert backend().find(MESSAGE, SINCE).remote_id == MADE
    responses.reset()
    listed(shown(id="1", text="Other words"), **more)
    listed()
    assert backend().find(MESSAGE, SINCE) is None
    assert [asked(call).get("after") for call in responses.calls] == [None, "QVF"]


@responses.activate
@pytest.mark.parametrize(
    "paging", [{"cursors": {"after": "QVF"}}, {"next": "x", "cursors": {"after": "QVF"}}, {"next": "x"}]
)
def test_a_list_that_cannot_be_read_to_its_end_proves_nothing(paging):
    listed(shown(text="Other words"), **paging)
    with pytest.raises(NotSent):
        backend().find(MESSAGE, SINCE)


@responses.activate
@pytest.mark.parametrize("body", [{}, {"data": None}, [], {"data": [{"id": "1", "text": "x"}]}])
def test_an_answer_that_is_no_list_of_posts_proves_nothing(body):
    responses.add(responses.GET, f"{API}/me/threads", json=body)
    with pytest.raises(NotSent):
        backend().find(MESSAGE, SINCE)


def test_a_post_of_nothing_but_a_link_is_not_every_empty_post():
    assert not threads.looks_like(LINK, "")
    assert threads.looks_like(LINK, LINK)


# Taking back, sharing


@responses.activate
def test_delete():
    responses.add(responses.DELETE, f"{API}/{MADE}", json={"success": True, "deleted_id": MADE})
    backend().delete(MADE)
    assert asked(responses.calls[0]) == {"access_token": TOKEN}


@responses.activate
@pytest.mark.parametrize("answer", [refusal(100, 33), refusal(24, 4279009)])
def test_delete_what_is_gone(answer):
    responses.add(responses.DELETE, f"{API}/{MADE}", status=400, json=answer)
    responses.add(responses.GET, f"{API}/me", json={"id": PROFILE, "username": "bridge"})
    backend().delete(MADE)


def test_share_link():
    address = backend().share_link(MESSAGE)
    assert address.startswith("https://www.threads.net/intent/post?text=The%20new%20bridge")
    assert dict(parse_qsl(urlsplit(address).query)) == {"text": f"{MESSAGE.text}\n\n{LINK}"}


# Against the fake network and Meta's collection of requests


@pytest.fixture
def profile(fakenet, connect):
    def make(**more):
        connection = connect("threads", "newsroom")
        return threads.Backend(Connection(remote_id=connection.remote_id, credentials=connection.credentials, **more))

    return make


def test_whole_way(profile, fakenet, a_minute_ago):
    sender = profile()
    receipt = sender.publish(MESSAGE, [], "unused")
    [found] = fakenet.state.timeline("threads", "newsroom")
    assert (found.id, found.text, found.link) == (receipt.remote_id, MESSAGE.text, LINK)
    assert receipt.permalink == fakenet.url + found.path
    assert sender.find(MESSAGE, a_minute_ago) == receipt
    sender.delete(receipt.remote_id)
    assert sender.find(MESSAGE, a_minute_ago) is None
    sender.delete(receipt.remote_id)


def test_whole_way_with_a_picture(profile, fakenet, picture, naps):
    from sandbox.fakenet import pictures

    stored = pictures.store(fakenet.state, "threads", "newsroom", picture.data)
    sender = profile(options=PHOTO)
    there = Media(b"", "image/jpeg", "a.jpg", "A bridge", fakenet.url + pictures.path_of(stored))
    sender.publish(MESSAGE, [sender.upload(there)], "unused")
    [found] = fakenet.state.timeline("threads", "newsroom")
    assert [image.alt for image in found.images] == ["A bridge"]
    assert naps[0] == threads.READY_WAITS[0]
    gone = Media(b"", "image/jpeg", "a.jpg", url=f"{fakenet.url}/media/threads/none")
    with pytest.raises(MediaRejected) as caught:
        sender.publish(MESSAGE, [sender.upload(gone)], "unused")
    assert caught.value.reason == "picture_unreachable"


@pytest.mark.parametrize(("fault", "posts"), [("reset_before", 0), ("reset_after", 1), ("no_id", 0), ("html_200", 0)])
def test_unclear_outcomes(profile, fakenet, break_fakenet, fault, posts, a_minute_ago):
    break_fakenet("threads", "publish", fault)
    sender = profile()
    with pytest.raises(OutcomeUnknown):
        sender.publish(MESSAGE, [], "unused")
    assert len(fakenet.state.timeline("threads", "newsroom")) == posts
    assert bool(sender.find(MESSAGE, a_minute_ago)) == bool(posts)


def test_connecting_and_staying_connected(profile, fakenet):
    app = AppKeys("271828182845904", "fakenet-meta-secret")
    given = profile(app=app).exchange()
    lasting = threads.Backend(Connection(app=app, credentials=given.credentials))
    assert lasting.identify().handle == "@newsroom"
    fakenet.state.change_settings({"clock_offset_seconds": 40 * 86400})
    assert lasting.renew().expires_at - datetime.now(UTC) > timedelta(days=59)
    fakenet.state.change_settings({"clock_offset_seconds": 200 * 86400})
    with pytest.raises(AccountProblem) as caught:
        lasting.renew()
    assert caught.value.reason == "expired_token"


DOCS = "developers.facebook.com/docs/threads, 2026-11"
ISSUE = "github.com/fbsamples/threads_api/issues/70, 2026"


class TestThreadsConformance(BackendConformance):
    backend = threads.Backend
    connection = Connection(
        remote_id=PROFILE,
        handle="@bridge",
        credentials={"access_token": TOKEN},
        app=AppKeys("271828", SECRET),
        options=PHOTO,
    )
    answers = {
        "GET /v1.0/me": Captured(200, {"id": PROFILE, "username": "bridge"}, source=DOCS),
        f"POST /v1.0/{PROFILE}/threads": Captured(200, {"id": CONTAINER}, source=DOCS),
        f"GET /v1.0/{CONTAINER}": Captured(200, {"id": CONTAINER, "status": "FINISHED"}, source=DOCS),
        f"POST /v1.0/{PROFILE}/threads_publish": Captured(200, {"id": MADE}, source=DOCS),
        f"GET /v1.0/{MADE}": Captured(200, {"id": MADE, "permalink": PERMALINK}, source=DOCS),
        f"DELETE /v1.0/{MADE}": Captured(200, {"success": True, "deleted_id": MADE}, source=DOCS),
    }
    optional = (f"GET /v1.0/{MADE}",)
    refusals = (
        Refusal(
            "POST /v1.0/*/threads_publish",
            Captured(400, refusal(24, 4279009, "The requested resource does not exist"), source=ISSUE),
            NotSent,
            "preparing",
        ),
        Refusal(
            "POST /v1.0/*/threads",
            Captured(400, refusal(1, 2207052), source="github.com/gitroomhq/postiz-app/issues/1364"),
            MediaRejected,
            "picture_unreachable",
        ),
    )
    expired = Refusal("*", Captured(400, refusal(190, 463), source=DOCS), AccountProblem, "expired_token")
    gone = {f"DELETE /v1.0/{MADE}": Captured(400, refusal(24, 4279009), source=DOCS)}

    page = 50

    def shown(self, posts, request):
        if request.path != "/v1.0/me/threads":
            return None
        found = [
            {"id": each.remote_id, "text": each.message.text, "timestamp": each.at.isoformat()}
            for each in posts
            if each.mine
        ]
        start = int(request.query.get("after", "0"))
        found = found[start : start + self.page]
        paging = {"paging": {"cursors": {"after": str(start + len(found))}}} if found else {}
        return Captured(200, {"data": found} | paging, source=DOCS)
