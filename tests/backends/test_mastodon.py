"""Mastodon: error table, and requests as its specification has them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape

import pytest
import yaml

from wagtail_syndicate.backends.mastodon import POLL_WAITS, Backend, plain_text
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import Connection, Receipt


SERVER = "https://mastodon.example"
STATUSES = f"{SERVER}/api/v1/statuses"
MEDIA = f"{SERVER}/api/v2/media"
TOKEN = "token-that-nobody-may-see"
ACCOUNT = "117020565966271181"

# Answers to a new status: status, body, headers; what it means; seconds to wait.
ERRORS = [
    (401, {"error": "The access token is invalid"}, {}, AccountProblem, "reconnect", None),
    (401, {"error": "The access token was revoked"}, {}, AccountProblem, "reconnect", None),
    (403, {"error": "This action is outside the authorized scopes"}, {}, AccountProblem, "reconnect", None),
    (403, {"error": "Your login is currently disabled"}, {}, AccountProblem, "reconnect", None),
    (404, {"error": "Record not found"}, {}, Rejected, "target_missing", None),
    (410, {"error": "Gone"}, {}, Rejected, "target_missing", None),
    (413, "<h1>413 Request Entity Too Large</h1>", {}, Rejected, "too_long", None),
    (422, {"error": "Validation failed: Text character limit of 500 exceeded"}, {}, Rejected, "content_refused", None),
    # The same in another language: Mastodon answers in the language of the account.
    (422, {"error": "バリデーションに失敗しました: Textを入力してください"}, {}, Rejected, "content_refused", None),
    # Servers that are not Mastodon.
    (400, {"error": "Bad Request: status too long"}, {}, Rejected, "content_refused", None),
    (400, "<h1>Bad request</h1>", {}, Rejected, "content_refused", None),
    (400, {"error": "media_ids are invalid"}, {}, Rejected, "content_refused", None),
    (429, {"error": "Too many requests"}, {"Retry-After": "120"}, NotSent, "rate_limited", 120),
    (429, {"error": "Too many requests"}, {}, NotSent, "rate_limited", 300),
    # Doubts: the server behind the gateway may have taken the post.
    (500, "<h1>We're sorry</h1>", {}, OutcomeUnknown, "unclear_answer", None),
    (502, "<h1>Bad gateway</h1>", {}, OutcomeUnknown, "unclear_answer", None),
    (503, "<h1>Maintenance</h1>", {"Retry-After": "60"}, OutcomeUnknown, "unclear_answer", 60),
    # A server that was just starting sent two of these headers; HTTP joins them.
    (
        503,
        "<h1>Starting</h1>",
        {"Retry-After": "120, Wed, 01 Jan 2020 00:00:00 GMT"},
        OutcomeUnknown,
        "unclear_answer",
        120,
    ),
    (504, "", {}, OutcomeUnknown, "unclear_answer", None),
    (302, "", {"Location": "https://elsewhere.example/"}, OutcomeUnknown, "unclear_answer", None),
    (418, {"error": "I'm a teapot"}, {}, OutcomeUnknown, "unclear_answer", None),
    # Successes that name no post.
    (200, "", {}, OutcomeUnknown, "unclear_answer", None),
    (200, "<h1>Welcome</h1>", {}, OutcomeUnknown, "unclear_answer", None),
    (200, {"content": "<p>hello</p>"}, {}, OutcomeUnknown, "unclear_answer", None),
    (200, {"id": None, "url": None}, {}, OutcomeUnknown, "unclear_answer", None),
    (200, [], {}, OutcomeUnknown, "unclear_answer", None),
    (202, {}, {}, OutcomeUnknown, "unclear_answer", None),
]


@pytest.fixture
def backend():
    return Backend(Connection(SERVER, ACCOUNT, "@daily@mastodon.example", credentials={"access_token": TOKEN}))


def add(api, method, url, status, body, headers=None):
    if isinstance(body, str):
        return api.add(method, url, body=body, status=status, headers=headers, content_type="text/html")
    return api.add(method, url, json=body, status=status, headers=headers)


# What answers mean


@pytest.mark.parametrize(("status", "body", "headers", "error", "reason", "wait"), ERRORS)
def test_answers_to_a_post(api, backend, message, status, body, headers, error, reason, wait):
    add(api, "POST", STATUSES, status, body, headers)
    with pytest.raises(error) as caught:
        backend.publish(message, [], "key-1")
    assert type(caught.value) is error
    assert (caught.value.reason, caught.value.retry_after) == (reason, wait)
    assert TOKEN not in f"{caught.value!s} {caught.value!r}"
    assert len(api.calls) == 1


def test_a_limit_with_an_iso_date_is_understood(api, backend, message):
    reset = (datetime.now(UTC) + timedelta(minutes=4)).isoformat().replace("+00:00", "Z")
    headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    add(api, "POST", STATUSES, 429, {"error": "Too many requests"}, headers)
    with pytest.raises(NotSent) as caught:
        backend.publish(message, [], "key-1")
    assert caught.value.retry_after == pytest.approx(240, abs=5)


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (422, {"error": "Validation failed: File content type is invalid"}, MediaRejected, "image_refused"),
        (400, {"error": "Bad Request"}, MediaRejected, "image_refused"),
        (413, "<h1>413 Request Entity Too Large</h1>", MediaRejected, "image_refused"),
        (500, {"error": "Error processing thumbnail for uploaded media"}, MediaRejected, "image_refused"),
        (401, {"error": "The access token is invalid"}, AccountProblem, "reconnect"),
        (403, {"error": "This action is outside the authorized scopes"}, AccountProblem, "reconnect"),
        (429, {"error": "Too many requests"}, NotSent, "rate_limited"),
        (503, "<h1>Maintenance</h1>", NotSent, "network_busy"),
        (200, {"type": "image"}, NotSent, "network_busy"),
    ],
)
def test_answers_to_a_picture(api, backend, picture, status, body, error, reason):
    add(api, "POST", MEDIA, status, body)
    with pytest.raises(error) as caught:
        backend.upload(picture)
    assert (type(caught.value), caught.value.reason) == (error, reason)


@pytest.fixture
def naps(monkeypatch):
    """Seconds that the backend slept, without sleeping."""
    slept = []
    monkeypatch.setattr(Backend, "sleep", staticmethod(slept.append))
    return slept


def test_a_picture_in_process_is_waited_for(api, backend, picture, naps):
    add(api, "POST", MEDIA, 202, {"id": "9", "url": None})
    add(api, "GET", f"{SERVER}/api/v1/media/9", 206, {"id": "9", "url": None})
    add(api, "GET", f"{SERVER}/api/v1/media/9", 200, {"id": "9", "url": "https://mastodon.example/9.jpg"})
    assert backend.upload(picture) == "9"
    assert naps == list(POLL_WAITS[:2])


def test_but_not_for_ever(api, backend, picture, naps):
    add(api, "POST", MEDIA, 202, {"id": "9", "url": None})
    add(api, "GET", f"{SERVER}/api/v1/media/9", 206, {"id": "9", "url": None})
    with pytest.raises(NotSent) as caught:
        backend.upload(picture)
    assert caught.value.retry_after
    assert sum(naps) < 10 and len(api.calls) == 1 + len(POLL_WAITS)


@pytest.mark.parametrize("status", [404, 422])
def test_a_picture_whose_processing_fails_is_refused(api, backend, picture, naps, status):
    add(api, "POST", MEDIA, 202, {"id": "9", "url": None})
    add(api, "GET", f"{SERVER}/api/v1/media/9", status, {"error": "Record not found"})
    with pytest.raises(MediaRejected):
        backend.upload(picture)


# What is sent


@pytest.fixture
def accepting(api):
    api.post(STATUSES, json={"id": "117", "url": "https://mastodon.example/@daily/117"})
    api.post(MEDIA, json={"id": "9", "url": "https://mastodon.example/9.jpg"})
    return api


@pytest.mark.parametrize(
    ("language", "sent"),
    [("en-gb", "en"), ("de", "de"), ("zh-Hans", "zh"), ("pt-BR", "pt"), ("gsw", None), ("", None)],
)
def test_a_status_always_says_visibility_and_language(accepting, backend, message, language, sent):
    receipt = backend.publish(replace(message, language=language), [], "key-1")
    request = accepting.calls[0].request
    body = json.loads(request.body)
    assert receipt == Receipt("117", "https://mastodon.example/@daily/117")
    assert request.headers["Idempotency-Key"] == "key-1"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (body["visibility"], body.get("language"), body["status"]) == ("public", sent, message.text)
    assert "media_ids" not in body


@pytest.mark.parametrize(
    ("chosen", "sent"),
    [({}, "public"), ({"visibility": "unlisted"}, "unlisted"), ({"visibility": "private"}, "private"),
     ({"visibility": "direct"}, "public")],
)  # fmt: skip
def test_an_admin_chooses_who_sees_the_posts(accepting, backend, message, chosen, sent):
    Backend(replace(backend.connection, options=chosen)).publish(message, [], "key-1")
    assert json.loads(accepting.calls[0].request.body)["visibility"] == sent


def test_the_description_of_a_picture_is_cut_to_what_the_server_takes(accepting, backend, picture):
    options = {"limits": {"description_limit": 10}}
    Backend(replace(backend.connection, options=options)).upload(replace(picture, alt="0123456789abc"))
    body = accepting.calls[0].request.body
    assert b"0123456789\r\n" in body and b'name="description"' in body


def test_a_picture_without_description_goes_without(accepting, backend, picture):
    backend.upload(replace(picture, alt=""))
    assert b'name="description"' not in accepting.calls[0].request.body


# What the server allows


def test_limits_are_those_of_the_server(backend):
    limits = {
        "max_characters": 5000,
        "characters_reserved_per_url": 25,
        "description_limit": 420,
        "image_size_limit": 1_000_000,
        "max_media_attachments": 16,
    }
    own = Backend(replace(backend.connection, options={"limits": limits})).get_limits()
    assert own.length == 5000
    assert own.count("see https://www.example.com/a-long-address-that-is-never-counted-in-full") == 4 + 25
    assert (own.images.count, own.images.max_bytes, own.images.alt_length) == (16, 1_000_000, 420)
    (told,) = Backend(replace(backend.connection, options={"limits": limits})).facts()
    assert str(told) == "The server takes posts of 5000 characters with up to 16 pictures."


def test_limits_without_knowledge_are_the_usual_ones(backend):
    usual = backend.get_limits()
    assert (usual.length, usual.images.count, usual.images.alt_length) == (500, 4, 1500)
    assert usual.count("https://www.example.com/a-long-address-that-is-never-counted-in-full") == 23


def test_identity_keeps_what_the_server_allows(api, backend):
    api.get(
        f"{SERVER}/api/v1/accounts/verify_credentials", json={"id": ACCOUNT, "acct": "daily", "url": "https://m/@d"}
    )
    statuses = {"max_characters": 1000, "characters_reserved_per_url": 23, "max_media_attachments": "many"}
    media = {"description_limit": 1500, "image_size_limit": 0, "video_size_limit": 9}
    api.get(
        f"{SERVER}/api/v2/instance",
        json={"domain": "social.example", "configuration": {"statuses": statuses, "media_attachments": media}},
    )
    identity = backend.identify()
    assert (identity.remote_id, identity.handle, identity.profile_url) == (
        ACCOUNT,
        "@daily@social.example",
        "https://m/@d",
    )
    assert identity.options == {
        "limits": {"max_characters": 1000, "characters_reserved_per_url": 23, "description_limit": 1500}
    }


@pytest.mark.parametrize("body", ["<h1>Welcome</h1>", {}, {"id": None}])
def test_an_identity_needs_an_id(api, backend, body):
    add(api, "GET", f"{SERVER}/api/v1/accounts/verify_credentials", 200, body)
    with pytest.raises(NotSent):
        backend.identify()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"error": "The access token is invalid"}, AccountProblem),
        (400, "<h1>Bad request</h1>", AccountProblem),
        (422, {"error": "This method requires an authenticated user"}, Rejected),
    ],
)
def test_a_token_that_nobody_knows_is_told_as_one(api, backend, status, body, error):
    add(api, "GET", f"{SERVER}/api/v1/accounts/verify_credentials", status, body)
    with pytest.raises(error) as caught:
        backend.identify()
    assert type(caught.value) is error


# Editing and deleting


def test_an_edit_names_the_pictures_again(api, backend, message):
    api.get(f"{STATUSES}/117", json={"id": "117", "media_attachments": [{"id": "9"}, {"id": "10"}]})
    api.put(f"{STATUSES}/117", json={"id": "117", "url": "https://mastodon.example/@daily/117"})
    assert backend.edit("117", message) == Receipt("117", "https://mastodon.example/@daily/117")
    body = json.loads(api.calls[1].request.body)
    assert body == {"status": message.text, "language": "en", "media_ids": ["9", "10"]}


@pytest.mark.parametrize("shown", ["<h1>Welcome</h1>", {"id": "117"}, []])
def test_no_edit_without_knowing_the_pictures(api, backend, message, shown):
    add(api, "GET", f"{STATUSES}/117", 200, shown)
    with pytest.raises(NotSent):
        backend.edit("117", message)
    assert len(api.calls) == 1


@pytest.mark.parametrize(("status", "body"), [(200, {"id": "117", "text": "hello"}), (404, {"error": "Not found"})])
def test_a_deleted_post_is_not_looked_at_again(api, backend, status, body):
    # One server shows it for a while after it was deleted.
    add(api, "DELETE", f"{STATUSES}/117", status, body)
    backend.delete("117")
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AccountProblem), (403, AccountProblem), (429, NotSent), (500, NotSent), (422, Rejected)],
)
def test_a_post_that_was_not_deleted(api, backend, status, error):
    add(api, "DELETE", f"{STATUSES}/117", status, {"error": "No"})
    with pytest.raises(error) as caught:
        backend.delete("117")
    assert type(caught.value) is error


# Finding


def status(number, content, when):
    return {"id": str(number), "created_at": when.isoformat(), "content": content, "url": f"{SERVER}/@daily/{number}"}


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one<br />two</p><p>three</p>", "one two three"),
        ("<p>a &amp; b &lt;3</p>", "a & b <3"),
        (
            '<p>see <a href="https://example.com/a/long/way"><span class="invisible">https://</span>'
            '<span class="ellipsis">example.com/a/lo</span><span class="invisible">ng/way</span></a></p>',
            "see https://example.com/a/long/way",
        ),
        # Other servers show a shortened address only.
        ('see <a href="https://example.com/a/long/way">example.com/a/…</a>', "see https://example.com/a/long/way"),
        ('<a href="https://m.example/tags/News" class="hashtag">#<span>News</span></a>', "# News"),
    ],
)
def test_the_text_of_a_status(html, text):
    assert plain_text(html).split() == text.split()


def test_find_goes_on_until_the_time_is_reached(api, backend, message):
    now = datetime.now(UTC)
    listing = f"{SERVER}/api/v1/accounts/{ACCOUNT}/statuses"
    api.get(listing, json=[status(9, "<p>other</p>", now), status(8, "<p>another</p>", now)])
    api.get(listing, json=[status(7, f"<p>{message.text}</p>", now)])
    assert backend.find(message, now - timedelta(minutes=1)).remote_id == "7"
    assert "max_id=8" in api.calls[1].request.url


def test_find_says_no_only_when_it_has_seen_everything(api, backend, message):
    now = datetime.now(UTC)
    listing = f"{SERVER}/api/v1/accounts/{ACCOUNT}/statuses"
    api.get(listing, json=[status(9, "<p>other</p>", now)])
    with pytest.raises(NotSent):
        backend.find(message, now - timedelta(minutes=1))
    api.replace("GET", listing, json=[])
    assert backend.find(message, now - timedelta(minutes=1)) is None


def test_find_does_not_take_an_older_post_of_the_same_text(api, backend, message):
    now = datetime.now(UTC)
    listing = f"{SERVER}/api/v1/accounts/{ACCOUNT}/statuses"
    api.get(listing, json=[status(7, f"<p>{message.text}</p>", now - timedelta(minutes=2))])
    api.get(listing, json=[])
    assert backend.find(message, now - timedelta(minutes=1)) is None


@pytest.mark.parametrize("marked", [{"pinned": True}, {}])
def test_an_old_post_on_top_does_not_end_the_search(api, backend, message, marked):
    now = datetime.now(UTC)
    listing = f"{SERVER}/api/v1/accounts/{ACCOUNT}/statuses"
    pinned = status(9, "<p>pinned</p>", now - timedelta(days=2)) | marked
    api.get(listing, json=[pinned])
    api.get(listing, json=[status(8, "<p>other</p>", now)])
    api.get(listing, json=[status(7, f"<p>{message.text}</p>", now)])
    assert backend.find(message, now - timedelta(minutes=1)).remote_id == "7"


def test_find_stops_where_the_time_is_reached(api, backend, message):
    now = datetime.now(UTC)
    listing = f"{SERVER}/api/v1/accounts/{ACCOUNT}/statuses"
    api.get(listing, json=[status(9, "<p>other</p>", now), status(8, "<p>other</p>", now - timedelta(minutes=2))])
    assert backend.find(message, now - timedelta(minutes=1)) is None
    assert len(api.calls) == 1


@pytest.mark.parametrize(("status_code", "body"), [(200, "<h1>Welcome</h1>"), (200, {}), (503, ""), (404, {})])
def test_find_does_not_say_no_when_it_cannot_look(api, backend, message, a_minute_ago, status_code, body):
    add(api, "GET", f"{SERVER}/api/v1/accounts/{ACCOUNT}/statuses", status_code, body)
    with pytest.raises((NotSent, Rejected)):
        backend.find(message, a_minute_ago)


def test_share_link(backend, message):
    assert backend.share_link(message).startswith(f"{SERVER}/share?text=The%20new%20bridge")
    assert "%26%20it%27s" in backend.share_link(message)
    assert Backend().share_link(message) == ""


def test_a_server_that_is_down_got_nothing(refused_address, backend, message):
    with pytest.raises(NotSent) as caught:
        Backend(replace(backend.connection, host=refused_address)).publish(message, [], "key-1")
    assert caught.value.reason == "network_down"


# Answers that were recorded from a real server


def interactions(recorded, name):
    return yaml.safe_load((recorded / "MASTODON" / "Mastodon.py" / name).read_text())["interactions"]


def replay(api, interaction):
    path = interaction["request"]["uri"].partition("/api/")[2].rstrip("/")
    answer = interaction["response"]
    api.add(
        interaction["request"]["method"],
        f"{SERVER}/api/{path}",
        body=answer["body"]["string"],
        status=answer["status"]["code"],
        headers={name: values[0] for name, values in answer["headers"].items() if name.startswith("x-ratelimit")},
    )


def test_a_recorded_post_is_understood_and_found(api, recorded, backend, message):
    posted = interactions(recorded, "test_status_post(None-public).yaml")[0]
    replay(api, posted)
    toot = replace(message, text="Toot!", link="")
    receipt = backend.publish(toot, [], "key-1")
    assert receipt.remote_id == "117020585924712638"
    assert receipt.permalink.endswith("/@mastodonpy_test/117020585924712638")
    shown = json.loads(posted["response"]["body"]["string"])
    api.get(f"{SERVER}/api/v1/accounts/{ACCOUNT}/statuses", json=[shown])
    assert backend.find(toot, datetime(2026, 8, 1, tzinfo=UTC)) == receipt


def test_a_recorded_refusal_is_understood(api, recorded, backend, message):
    replay(api, interactions(recorded, "test_status_empty.yaml")[0])
    with pytest.raises(Rejected, match="バリデーション") as caught:
        backend.publish(message, [], "key-1")
    assert caught.value.reason == "content_refused"


def test_a_recorded_upload_is_understood(api, recorded, backend, picture):
    replay(api, interactions(recorded, "test_media_post_file.yaml")[0])
    assert backend.upload(picture) == "117020576894251992"


def test_a_recorded_instance_is_understood(api, recorded, backend):
    replay(api, interactions(recorded, "test_instance.yaml")[0])
    api.get(f"{SERVER}/api/v1/accounts/verify_credentials", json={"id": ACCOUNT, "acct": "daily"})
    assert backend.identify().options["limits"] == {
        "max_characters": 500,
        "max_media_attachments": 4,
        "characters_reserved_per_url": 23,
        "description_limit": 10000,
        "image_size_limit": 16777216,
    }


# What every backend has to stand


def paragraphs(text):
    """A text as servers write it in HTML: escaped, addresses as links that show only a part of themselves."""
    lines = [
        f'<a href="{escape(line)}"><span class="invisible">https://</span>{escape(line[8:20])}</a>'
        if line.startswith("https://")
        else escape(line)
        for line in text.split("\n")
    ]
    return f"<p>{'<br />'.join(lines)}</p>"


class TestMastodonConformance(BackendConformance):
    CASSETTES = "Mastodon.py b9f2eff, cassettes of a server 4.x, 2026-08-01, shortened"
    DOCUMENTS = "docs.joinmastodon.org, 2026-07-02"

    backend = Backend
    connection = Connection(remote_id="117020565966271181", credentials={"access_token": "mastodon-token-of-the-test"})
    status = {
        "id": "117020585924712638",
        "created_at": "2026-08-01T13:53:56.596Z",
        "content": "<p>Toot!</p>",
        "url": "http://localhost:3000/@mastodonpy_test/117020585924712638",
        "media_attachments": [],
    }
    answers = {
        "GET /api/v1/accounts/verify_credentials": Captured(
            200,
            {"id": "117020565966271181", "acct": "mastodonpy_test", "url": "http://localhost:3000/@mastodonpy_test"},
            source=CASSETTES,
        ),
        "GET /api/v2/instance": Captured(
            200,
            {"domain": "localhost:3000", "configuration": {"statuses": {"max_characters": 500}}},
            source=CASSETTES,
        ),
        "POST /api/v2/media": Captured(202, {"id": "117020585900000001", "url": None}, source=DOCUMENTS),
        "GET /api/v1/media/*": (
            Captured(206, {"id": "117020585900000001", "url": None}, source=DOCUMENTS),
            Captured(200, {"id": "117020585900000001", "url": "http://localhost:3000/1.jpeg"}, source=DOCUMENTS),
        ),
        "POST /api/v1/statuses": Captured(200, status, source=CASSETTES),
        "GET /api/v1/statuses/*": Captured(200, status, source=CASSETTES),
        "PUT /api/v1/statuses/*": Captured(200, status, source=CASSETTES),
        "DELETE /api/v1/statuses/*": Captured(200, status, source=DOCUMENTS),
    }
    optional = ("GET /api/v2/instance",)  # without it the usual limits hold
    refusals = (
        Refusal(
            "POST /api/v1/statuses",
            Captured(
                422, {"error": "Validation failed: Text character limit of 500 exceeded"}, source="mastodon/mastodon"
            ),
            Rejected,
            "content_refused",
        ),
        Refusal(
            "POST /api/v2/media",
            Captured(422, {"error": "Validation failed: File content type is invalid"}, source=DOCUMENTS),
            MediaRejected,
            "image_refused",
        ),
    )
    expired = Refusal(
        "*", Captured(401, {"error": "The access token is invalid"}, source=DOCUMENTS), AccountProblem, "reconnect"
    )
    page = 40
    gone = {"* /api/v1/statuses/*": Captured(404, {"error": "Not Found"}, source=CASSETTES)}

    @pytest.fixture(autouse=True)
    def as_specified(self):
        """The kit's server breaks on purpose."""

    def shown(self, posts, request):
        if not request.is_like("GET /api/v1/accounts/*/statuses"):
            return None
        listed = [
            {
                **self.status,
                "id": post.remote_id,
                "created_at": post.at.isoformat(),
                "content": paragraphs(post.message.text),
            }
            for post in posts
            if post.mine
        ]
        ids = [status["id"] for status in listed]
        start = ids.index(request.query["max_id"]) + 1 if "max_id" in request.query else 0
        return Captured(200, listed[start : start + self.page], source=self.CASSETTES)
