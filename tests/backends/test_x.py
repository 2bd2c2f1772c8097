"""X: error table, requests as its specification has them, and both ways to sign."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from html import escape

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.backends.x import FIELDS, PAGES, Backend, plain_text
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import AppKeys, Connection, Message, Receipt


TWEETS = "https://api.x.com/2/tweets"
UPLOAD = "https://api.x.com/2/media/upload"
METADATA = "https://api.x.com/2/media/metadata"
ACCOUNT = "1234567890123456789"
TIMELINE = f"https://api.x.com/2/users/{ACCOUNT}/tweets"
TOKEN = "token-that-nobody-may-see"
PROBLEMS = "https://api.x.com/2/problems/"


def problem(status, title, detail, kind="about:blank", **more):
    return {"title": title, "detail": detail, "type": kind, "status": status, **more}


def invalid(message):
    return problem(
        400,
        "Invalid Request",
        "One or more parameters to your request was invalid.",
        f"{PROBLEMS}invalid-request",
        errors=[{"parameters": {}, "message": message}],
    )


def forbidden(detail, **more):
    return problem(403, "Forbidden", detail, **more)


# Answers to a new post: status, body; what it means.
ERRORS = [
    (400, invalid("$.text: string expected"), Rejected, "content_refused"),
    (400, invalid("Your media IDs are invalid."), MediaRejected, "image_refused"),
    (401, problem(401, "Unauthorized", "Unauthorized"), TokenExpired, "expired_token"),
    (401, {"errors": [{"code": 32, "message": "Could not authenticate you."}]}, TokenExpired, "expired_token"),
    (402, problem(402, "CreditsDepleted", "Your enrolled account has no credits."), Rejected, "credits"),
    (
        403,
        forbidden("You are not allowed to create a Tweet with duplicate content."),
        DuplicateContent,
        "duplicate",
    ),
    (403, forbidden("You are not permitted to perform this action."), Rejected, "x_forbidden"),
    (403, forbidden("A post may have a maximum of one cashtag."), Rejected, "content_refused"),
    (403, forbidden("@mentions is not allowed for your access package."), Rejected, "content_refused"),
    (403, forbidden("This post contains an invalid URL."), Rejected, "link_forbidden"),
    (403, "<h1>Forbidden</h1>", Rejected, "x_forbidden"),
    (
        403,
        problem(
            403,
            "Client Forbidden",
            "This request must be made using an approved developer account.",
            f"{PROBLEMS}client-forbidden",
            reason="client-not-enrolled",
        ),
        Rejected,
        "app_setup",
    ),
    (403, problem(403, "UsageCapExceeded", "Monthly cap", f"{PROBLEMS}usage-capped"), Rejected, "credits"),
    (403, problem(403, "Forbidden", "Suspended", f"{PROBLEMS}user-suspended"), AccountProblem, "account_blocked"),
    (
        403,
        problem(403, "Unsupported Authentication", "App only", f"{PROBLEMS}unsupported-authentication"),
        AccountProblem,
        "reconnect",
    ),
    (404, problem(404, "Not Found", "Not Found"), Rejected, "bad_request"),
    # Doubts.
    (500, problem(500, "Internal Server Error", "Something is broken"), OutcomeUnknown, "unclear_answer"),
    (503, problem(503, "Service Unavailable", "Service Unavailable"), OutcomeUnknown, "unclear_answer"),
    (504, "", OutcomeUnknown, "unclear_answer"),
    (301, "", OutcomeUnknown, "unclear_answer"),
    (409, {}, OutcomeUnknown, "unclear_answer"),
    # Successes that name no post.
    (200, "", OutcomeUnknown, "unclear_answer"),
    (200, "<h1>Something went wrong</h1>", OutcomeUnknown, "unclear_answer"),
    (200, {"errors": [{"message": "Timeout: Unspecified"}]}, OutcomeUnknown, "unclear_answer"),
    (201, {"data": {"text": "hello"}}, OutcomeUnknown, "unclear_answer"),
    (201, {"data": {"id": "", "text": "hello"}}, OutcomeUnknown, "unclear_answer"),
    (201, {"data": None}, OutcomeUnknown, "unclear_answer"),
    (201, ["1"], OutcomeUnknown, "unclear_answer"),
]


@pytest.fixture
def backend():
    return Backend(Connection(remote_id=ACCOUNT, handle="@daily", credentials={"access_token": TOKEN}))


def add(api, method, url, status, body, headers=None):
    if isinstance(body, str):
        return api.add(method, url, body=body, status=status, headers=headers, content_type="text/html")
    return api.add(method, url, json=body, status=status, headers=headers)


# What answers mean


@pytest.mark.parametrize(("status", "body", "error", "reason"), ERRORS)
def test_answers_to_a_post(api, backend, message, status, body, error, reason):
    add(api, "POST", TWEETS, status, body)
    with pytest.raises(NetworkError) as caught:
        backend.publish(message, [], "key-1")
    assert (type(caught.value), caught.value.reason, caught.value.retry_after) == (error, reason, None)
    assert TOKEN not in f"{caught.value!s} {caught.value!r}"
    assert len(api.calls) == 1


def test_details_are_told(api, backend, message):
    add(api, "POST", TWEETS, 400, invalid("$.text: string expected"))
    with pytest.raises(Rejected, match="parameters to your request.*string expected"):
        backend.publish(message, [], "key-1")


@pytest.mark.parametrize(
    "errors", [None, "text", {}, [], ["text"], [{}], [{"message": None}], [{"message": {"a": 1}}]]
)
def test_details_of_any_shape_do_no_harm(api, backend, message, errors):
    add(api, "POST", TWEETS, 500, {"errors": errors, "type": {}, "reason": [], "detail": 7})
    with pytest.raises(OutcomeUnknown):
        backend.publish(message, [], "key-1")


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "+700"}, 700),
        # The quarter of an hour is not the trouble; the day is.
        (
            {
                "x-rate-limit-remaining": "98",
                "x-rate-limit-reset": "+700",
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": "+40000",
            },
            40_000,
        ),
        # Nothing that X counts is spent: a cap of the plan.
        ({"x-rate-limit-remaining": "98", "x-rate-limit-reset": "+700"}, 3600),
        ({}, 3600),
    ],
)
def test_limits_say_how_long_to_wait(api, backend, message, headers, wait):
    headers = {
        name: str(int(time.time()) + int(value)) if value.startswith("+") else value for name, value in headers.items()
    }
    add(api, "POST", TWEETS, 429, problem(429, "Too Many Requests", "Too Many Requests"), headers)
    with pytest.raises(NotSent) as caught:
        backend.publish(message, [], "key-1")
    assert caught.value.reason == "rate_limited"
    assert caught.value.retry_after == pytest.approx(wait, abs=5)


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (400, invalid("media type unrecognized."), MediaRejected, "image_refused"),
        (413, "", MediaRejected, "image_refused"),
        (415, "", MediaRejected, "image_refused"),
        (401, problem(401, "Unauthorized", "Unauthorized"), TokenExpired, "expired_token"),
        (402, problem(402, "CreditsDepleted", "none left"), Rejected, "credits"),
        # The right to upload is missing: without a change no picture would ever go out.
        (403, forbidden("You are not permitted to perform this action."), Rejected, "x_forbidden"),
        (429, problem(429, "Too Many Requests", "Too Many Requests"), NotSent, "rate_limited"),
        (503, "", NotSent, "network_busy"),
        (200, {"data": {}}, NotSent, "network_busy"),
    ],
)
def test_answers_to_a_picture(api, backend, picture, status, body, error, reason):
    add(api, "POST", UPLOAD, status, body)
    with pytest.raises(NetworkError) as caught:
        backend.upload(picture)
    assert (type(caught.value), caught.value.reason) == (error, reason)


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
def test_a_description_that_is_refused_costs_the_picture_nothing(api, backend, picture, status):
    api.post(UPLOAD, json={"data": {"id": "18"}})
    add(api, "POST", METADATA, status, problem(status, "No", "No"))
    assert backend.upload(picture) == "18"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
    | st.fixed_dictionaries(
        {},
        optional={
            name: st.sampled_from(sorted(words)) | st.text()
            for name, words in {
                "title": {"Forbidden", "Client Forbidden", "UsageCapExceeded"},
                "type": {"about:blank", f"{PROBLEMS}usage-capped", f"{PROBLEMS}rate-limit-exceeded"},
                "reason": {"client-not-enrolled", "usage-capped"},
                "detail": {"Too many requests", "Timeout", "You are not permitted to perform this action."},
            }.items()
        },
    )
)
def test_a_403_is_never_tried_again_by_itself(body):
    backend, answer = Backend(), Answer(403, text="", data=body)
    error = backend.classify(backend.problem(answer), irreversible=True)
    assert not isinstance(error, NotSent | TokenExpired)


# X counts a quarter of an hour and, apart from it, a day.
@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "+700"}, 700),
        (
            {
                "x-rate-limit-remaining": "98",
                "x-rate-limit-reset": "+700",
                "x-user-limit-24hour-remaining": "0",
                "x-user-limit-24hour-reset": "+40000",
            },
            40_000,
        ),
        ({"x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": "+40000"}, 40_000),
        (
            {
                "x-rate-limit-remaining": "98",
                "x-rate-limit-reset": "+700",
                "x-user-limit-24hour-remaining": "1",
                "x-user-limit-24hour-reset": "+40000",
            },
            0,
        ),
        ({}, 0),
    ],
)
def test_the_last_post_of_a_limit_pauses_the_account(api, backend, message, headers, pause):
    headers = {
        name: str(int(time.time()) + int(value)) if value.startswith("+") else value for name, value in headers.items()
    }
    add(api, "POST", TWEETS, 201, {"data": {"id": "1", "text": "hello"}}, headers)
    backend.publish(message, [], "key-1")
    assert backend.pause == pytest.approx(pause, abs=5)


# Deleting


POST = f"{TWEETS}/1456012973835788293"
MISSING = {"errors": [{"title": "Not Found Error", "type": f"{PROBLEMS}resource-not-found", "detail": "none"}]}


@pytest.mark.parametrize(
    ("status", "body", "shown"),
    [
        (200, {"data": {"deleted": True}}, None),
        (404, problem(404, "Not Found", "Not Found"), None),
        (200, {"data": {"deleted": False}}, MISSING),
    ],
)
def test_a_post_is_deleted_also_when_it_is_gone_already(api, backend, status, body, shown):
    add(api, "DELETE", POST, status, body)
    if shown:
        add(api, "GET", POST, 200, shown)
    backend.delete("1456012973835788293")
    assert len(api.calls) == (2 if shown else 1)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"data": {"deleted": False}}, NotSent),
        (200, "<h1>X</h1>", NotSent),
        (401, problem(401, "Unauthorized", "Unauthorized"), TokenExpired),
        (402, problem(402, "CreditsDepleted", "none left"), Rejected),
        (403, forbidden("You are not permitted to perform this action."), Rejected),
        (429, problem(429, "Too Many Requests", "Too Many Requests"), NotSent),
        (503, "", NotSent),
    ],
)
def test_a_post_that_is_still_there_was_not_deleted(api, backend, status, body, error):
    add(api, "DELETE", POST, status, body)
    add(api, "GET", POST, 200, {"data": {"id": "1456012973835788293", "text": "hello"}})
    with pytest.raises(error) as caught:
        backend.delete("1456012973835788293")
    assert type(caught.value) is error


def test_what_cannot_be_edited_is_not_offered():
    assert not Backend.offers("edit") and Backend.offers("delete") and Backend().can_find()


def test_admins_are_told_the_prices():
    assert "$0.20" in Backend.conditions[0] and "$0.015" in Backend.conditions[0]


# What is sent


@pytest.fixture
def accepting(api):
    api.post(TWEETS, json={"data": {"id": "1456012973835788293", "text": "hello"}}, status=201)
    api.post(UPLOAD, json={"data": {"id": "1880028106020515840", "media_key": "3_1880028106020515840"}})
    api.post(METADATA, json={"data": {"id": "1880028106020515840"}})
    api.get(TIMELINE, json={"meta": {"result_count": 0}})
    api.get("https://api.x.com/2/users/me", json={"data": {"id": ACCOUNT, "username": "daily", "name": "Daily"}})
    return api


def test_every_request_carries_the_token(accepting, backend, message, picture, a_minute_ago):
    backend.publish(message, [], "key-1")
    backend.publish(message, [backend.upload(picture)], "key-1")
    backend.find(message, a_minute_ago)
    backend.identify()
    assert len(accepting.calls) == 6
    for call in accepting.calls:
        assert call.request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_post_holds_the_text_and_nothing_that_x_does_not_know(accepting, backend, message):
    receipt = backend.publish(message, [], "key-1")
    assert json.loads(accepting.calls[0].request.body) == {"text": message.text}
    assert receipt == Receipt("1456012973835788293", "https://x.com/daily/status/1456012973835788293")


def test_the_address_of_a_post_needs_no_name(accepting, backend, message):
    unnamed = Backend(replace(backend.connection, handle=""))
    assert unnamed.publish(message, [], "key-1").permalink == "https://x.com/i/status/1456012973835788293"


def test_descriptions_are_cut_to_what_x_takes(accepting, backend, picture):
    backend.upload(replace(picture, alt="x" * 1200))
    sent = json.loads(accepting.calls[1].request.body)
    assert sent == {"id": "1880028106020515840", "metadata": {"alt_text": {"text": "x" * 1000}}}


def test_a_picture_without_description_costs_one_call(accepting, backend, picture):
    backend.upload(replace(picture, alt=""))
    assert len(accepting.calls) == 1


def test_accounts_of_oauth_1_sign_every_call(accepting, backend, message, picture, a_minute_ago):
    keys = {"oauth_token": "request-9", "oauth_token_secret": "hush-hush-hush"}
    signed = Backend(replace(backend.connection, credentials=keys, app=AppKeys("consumer-7", "psst-psst-psst")))
    signed.publish(message, [signed.upload(picture)], "key-1")
    signed.find(message, a_minute_ago)
    signed.identify()
    assert len(accepting.calls) == 5
    for call in accepting.calls:
        header = call.request.headers["Authorization"]
        if isinstance(header, bytes):
            header = header.decode()
        assert header.startswith("OAuth ")
        assert 'oauth_consumer_key="consumer-7"' in header and 'oauth_token="request-9"' in header
        assert "HMAC-SHA1" in header and "hush" not in header and "psst" not in header


def test_share_link(message):
    link = Backend().share_link(message)
    assert link.startswith("https://x.com/intent/tweet?text=The%20new%20bridge")
    assert link.count("https%3A%2F%2Fwww.example.com") == 1


# Who it is


def test_identity(accepting, backend):
    identity = backend.identify()
    assert (identity.remote_id, identity.handle) == (ACCOUNT, "@daily")
    assert identity.profile_url == "https://x.com/daily"


@pytest.mark.parametrize("body", ["<h1>X</h1>", {}, {"data": {"id": ACCOUNT}}, {"data": {"username": "daily"}}])
def test_an_identity_needs_id_and_name(api, backend, body):
    add(api, "GET", "https://api.x.com/2/users/me", 200, body)
    with pytest.raises(NotSent):
        backend.identify()


# Finding


def shown(number, text, when, urls=()):
    return {"id": str(number), "text": text, "created_at": when.isoformat(), "entities": {"urls": list(urls)}}


def short(address, number, **more):
    return {"url": f"https://t.co/{number:010}", "expanded_url": address, **more}


def test_the_text_of_a_post():
    post = shown(
        1,
        "A &amp; B &lt;3 https://t.co/0000000001 https://t.co/0000000002",
        datetime.now(UTC),
        [
            short("https://example.com/a/", 1),
            short("https://x.com/daily/status/1/photo/1", 2, media_key="3_1"),
        ],
    )
    assert plain_text(post).split() == "A & B <3 https://example.com/a/".split()
    assert plain_text({}) == ""


def test_find_recognises_short_links(api, backend, message, a_minute_ago):
    text = message.text.replace("&", "&amp;").replace(message.link, "https://t.co/0000000001")
    now = datetime.now(UTC)
    api.get(
        TIMELINE,
        json={
            "data": [
                shown(9, text, now, [short("https://www.example.com/news/old-bridge/", 1)]),
                shown(8, "", now),
                {"id": "7", "text": "without entities", "created_at": now.isoformat()},
                shown(6, text, now, [short(message.link, 1)]),
            ]
        },
    )
    assert backend.find(message, a_minute_ago).remote_id == "6"


def test_find_asks_for_the_time_in_question_only(api, backend, message):
    # X takes whole seconds only, so what it lists is looked at again.
    since = datetime(2026, 11, 23, 10, 0, 0, 700_000, tzinfo=UTC)
    early = shown(7, message.text, since - timedelta(milliseconds=100))
    api.get(TIMELINE, json={"data": [early], "meta": {"result_count": 1}})
    assert backend.find(message, since.astimezone(timezone(timedelta(hours=5)))) is None
    params = api.calls[0].request.params
    assert params["start_time"] == "2026-11-23T10:00:00Z"
    assert params["max_results"] == "20"


def test_find_turns_pages_and_stops(api, backend, message, a_minute_ago):
    now = datetime.now(UTC)
    api.get(TIMELINE, json={"data": [shown(9, "other", now)], "meta": {"result_count": 1, "next_token": "page-2"}})
    api.get(TIMELINE, json={"data": [shown(8, message.text, now)], "meta": {}})
    assert backend.find(message, a_minute_ago).remote_id == "8"
    assert api.calls[1].request.params["pagination_token"] == "page-2"


def test_find_does_not_say_no_before_it_has_seen_everything(api, backend, message, a_minute_ago):
    page = {"data": [shown(9, "other", datetime.now(UTC))], "meta": {"result_count": 1, "next_token": "more"}}
    api.get(TIMELINE, json=page)
    with pytest.raises(NotSent):
        backend.find(message, a_minute_ago)
    assert len(api.calls) == PAGES


@pytest.mark.parametrize("body", [{"meta": {"result_count": 10}}, {"data": [], "meta": {"result_count": 1}}])
def test_find_does_not_say_no_when_posts_were_left_out(api, backend, message, a_minute_ago, body):
    api.get(TIMELINE, json=body | {"errors": [{"title": "x"}]})
    with pytest.raises(NotSent):
        backend.find(message, a_minute_ago)


def test_find_does_not_guess_where_posts_have_no_date(api, backend, message, a_minute_ago):
    api.get(TIMELINE, json={"data": [{"id": "1", "text": message.text}], "meta": {"result_count": 1}})
    with pytest.raises(NotSent):
        backend.find(message, a_minute_ago)
    assert [next(name for name in call.request.params if "fields" in name) for call in api.calls] == list(FIELDS)


@pytest.mark.parametrize(
    ("status", "body"), [(503, ""), (401, {}), (404, {}), (429, {}), (200, "<h1>X</h1>"), (200, [])]
)
def test_find_does_not_say_no_when_it_cannot_look(api, backend, message, a_minute_ago, status, body):
    add(api, "GET", TIMELINE, status, body)
    with pytest.raises(NetworkError):
        backend.find(message, a_minute_ago)


def test_a_network_that_is_down_got_nothing(settings, refused_address, backend, message):
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"x": {"HOSTS": {"api": refused_address}}}}
    with pytest.raises(NotSent) as caught:
        backend.publish(message, [], "key-1")
    assert caught.value.reason == "network_down"


# Answers that were recorded from the real network


def test_recorded_refusals_are_understood(api, recorded, backend, message):
    seen = json.loads((recorded / "X" / "seen-in-issues.json").read_text())
    refusals = [item for item in seen if item.get("status")]
    assert refusals
    for item in refusals:
        api.upsert("POST", TWEETS, json=item["body"], status=item["status"], headers=item["headers"])
        with pytest.raises(DuplicateContent) as caught:
            backend.publish(message, [], "key-1")
        assert caught.value.retry_after is None


@pytest.mark.parametrize("name", ["error-invalid-token.json", "error-no-token.json", "error-revoked-token.json"])
def test_recorded_complaints_about_tokens_are_told(api, recorded, backend, message, name):
    body = json.loads((recorded / "X" / "spring-social-twitter" / name).read_text())
    api.post(TWEETS, json=body, status=401)
    with pytest.raises(TokenExpired) as caught:
        backend.publish(message, [], "key-1")
    assert caught.value.detail == body["error"]


def test_a_recorded_post_is_understood(api, recorded, backend, message):
    tape = yaml.safe_load((recorded / "X" / "tweepy" / "test_client_create_and_delete_tweet.yaml").read_text())
    answer = tape["interactions"][0]["response"]
    headers = {"Content-Encoding": "gzip", "Content-Type": answer["headers"]["content-type"][0]}
    api.post(TWEETS, body=answer["body"]["string"], status=answer["status"]["code"], headers=headers)
    assert backend.publish(message, [], "key-1").remote_id == "1456012973835788293"


def test_a_recorded_profile_is_understood(api, recorded, backend):
    profiles = json.loads((recorded / "X" / "oauth-and-profile.json").read_text())
    body = profiles["python-social-auth/social-core:social_core/tests/backends/test_twitter_oauth2.py"]
    api.get("https://api.x.com/2/users/me", json=body["user_data_body"])
    assert backend.identify().handle == "@twitter_username"


@pytest.mark.parametrize("text, reason", [("Water https://example.org/", "price_link"), ("Water", "price")])
def test_the_price_of_a_post_is_told_before(text, reason):
    (caution,) = Backend().cautions(Message(text, "", "en"))

    assert (caution.reason, caution.refused) == (reason, False)
    assert "$" in str(Backend.reasons[reason])


class XConformance(BackendConformance):
    DOCUMENTS = "docs.x.com, OpenAPI 2.167, 2026-08-22"

    backend = Backend
    answers = {
        "GET /2/users/me": Captured(200, {"data": {"id": "2244994945", "username": "example"}}, source=DOCUMENTS),
        "POST /2/media/upload": Captured(200, {"data": {"id": "1880028106020515840"}}, source=DOCUMENTS),
        "POST /2/media/metadata": Captured(200, {"data": {"id": "1880028106020515840"}}, source=DOCUMENTS),
        "POST /2/tweets": Captured(
            201,
            {"data": {"id": "1456012973835788293", "text": "Test Tweet"}},
            source="tweepy, test_client_create_and_delete_tweet.yaml, 2021-11-03",
        ),
        "DELETE /2/tweets/*": Captured(
            200,
            {"data": {"deleted": True}},
            source="tweepy, test_client_create_and_delete_tweet.yaml, 2021-11-03",
        ),
    }
    optional = ("POST /2/media/metadata",)
    refusals = (
        Refusal(
            "POST /2/tweets",
            Captured(
                403,
                {
                    "detail": "You are not allowed to create a Tweet with duplicate content.",
                    "type": "about:blank",
                    "title": "Forbidden",
                    "status": 403,
                },
                source="github.com/akrherz/iembot/issues/163, 2026-02-13",
            ),
            DuplicateContent,
            "duplicate",
        ),
    )
    expired = Refusal(
        "*",
        Captured(
            401,
            {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
            source=DOCUMENTS,
        ),
        TokenExpired,
        "expired_token",
    )
    page = 20
    gone = {
        "DELETE /2/tweets/*": Captured(
            404,
            {
                "title": "Not Found Error",
                "type": "https://api.twitter.com/2/problems/resource-not-found",
                "status": 404,
                "detail": "Could not find tweet with id.",
            },
            source=DOCUMENTS,
        )
    }

    def shown(self, posts, request):
        if not request.is_like("GET /2/users/*/tweets"):
            return None
        listed = []
        for post in posts:
            if post.mine:
                url = {"url": "https://t.co/a1B2c3D4e5", "expanded_url": post.message.link}
                text = escape(post.message.text.replace(post.message.link, url["url"]), quote=False)
                time = post.at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
                listed.append({"id": post.remote_id, "text": text, "created_at": time, "entities": {"urls": [url]}})
        start = int(request.query.get("pagination_token", "0"))
        following = {"next_token": str(start + self.page)} if start + self.page < len(listed) else {}
        listed = listed[start : start + self.page]
        body = {"meta": {"result_count": len(listed)} | following} | ({"data": listed} if listed else {})
        return Captured(200, body, source=self.DOCUMENTS)


class TestXConformance(XConformance):
    connection = Connection(
        remote_id="2244994945",
        handle="@example",
        credentials={"access_token": "x-access-token-of-the-test", "refresh_token": "x-refresh-token-of-the-test"},
        app=AppKeys("x-client-id", "x-secret-of-the-app"),
    )


class TestXWithOAuth1Conformance(XConformance):
    connection = Connection(
        remote_id="2244994945",
        handle="@example",
        credentials={"oauth_token": "x-oauth-token/of+the test", "oauth_token_secret": "x-oauth-secret/of+the test"},
        app=AppKeys("x-consumer-key", "x-secret/of+the=app"),
    )
