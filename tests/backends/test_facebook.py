"""Facebook: what is sent to a page, what its answers mean, and how it is slowed down before a limit."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses
from responses import matchers

from wagtail_syndicate.accounts import oauth2
from wagtail_syndicate.backends import facebook, graph
from wagtail_syndicate.backends.http import Answer
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    NotSent,
    OutcomeUnknown,
    Rejected,
)
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import AppKeys, Connection, LinkPlace, Media, Message


TOKEN = "EAAnoRealPageToken0123456789"
SECRET = "no-real-app-secret-012345"
APP = AppKeys("271828", SECRET)
LINK = "https://www.example.org/news/bridge/"
MESSAGE = Message("The new bridge opens on Monday.", LINK, "en", title="The new bridge")
PAGE = "104000000000001"
API = f"https://graph.facebook.com/v26.0/{PAGE}"
POST = f"{PAGE}_122000000000000077"
PERMALINK = "https://www.facebook.com/104000000000001/posts/pfbid02"
SINCE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PICTURE = Media(b"\xff\xd8 picture", "image/jpeg", "bridge.jpg", "A bridge with two lanes")
PHOTO = {"form": "photo"}
SHARED = Path(__file__).resolve().parents[3] / "shared"
PROOF = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()


def backend(**kwargs):
    fields = {"remote_id": PAGE, "handle": "Bridge news", "credentials": {"access_token": TOKEN}, "app": APP} | kwargs
    return facebook.Backend(Connection(**fields))


def refusal(code, subcode=None, text="Nope", **more):
    error = {"message": text, "type": "OAuthException", "code": code, "fbtrace_id": "AbC"} | more
    return {"error": error | ({"error_subcode": subcode} if subcode else {})}


def post(body=None, message=MESSAGE, uploads=(), **kwargs):
    responses.add(responses.POST, f"{API}/feed", json=body, **kwargs)
    return backend().publish(message, uploads, "unused")


def sent(call):
    return dict(parse_qsl(call.request.body, keep_blank_values=True))


# Posting


@responses.activate
def test_link_post_lets_facebook_make_the_card():
    receipt = post({"id": POST, "permalink_url": PERMALINK})
    assert (receipt.remote_id, receipt.permalink) == (POST, PERMALINK)
    [call] = responses.calls
    assert sent(call) == {
        "message": MESSAGE.text,
        "link": LINK,
        "published": "true",
        "fields": "id,permalink_url",
        "appsecret_proof": PROOF,
    }
    assert call.request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in call.request.url + call.request.body
    assert backend().get_limits().link is LinkPlace.CARD and backend().get_limits().images is None


@responses.activate
def test_photo_post_shows_photos_that_were_handed_over_unseen():
    responses.add(responses.POST, f"{API}/photos", json={"id": "555"})
    photo = backend(options=PHOTO).upload(PICTURE)
    body = responses.calls[0].request.body
    for part in (b'name="source"; filename="bridge.jpg"', PICTURE.data, b'name="published"\r\n\r\nfalse'):
        assert part in body
    assert b'name="alt_text_custom"\r\n\r\nA bridge with two lanes' in body
    limits = backend(options=PHOTO).get_limits()
    assert limits.link is LinkPlace.TEXT and limits.images.alt_length >= len(PICTURE.alt)
    post({"id": POST}, uploads=[photo, "556"])
    fields = sent(responses.calls[1])
    assert json.loads(fields["attached_media"]) == [{"media_fbid": "555"}, {"media_fbid": "556"}]
    assert fields["message"] == f"{MESSAGE.text}\n\n{LINK}"
    # A post has a card or photos, never both.
    assert "link" not in fields


@responses.activate
def test_without_an_address_in_the_answer_it_is_made_from_the_id():
    assert post({"id": POST}).permalink == f"https://www.facebook.com/{PAGE}/posts/122000000000000077"


@responses.activate
@pytest.mark.parametrize("body", [{}, {"success": True}, {"id": ""}, {"id": None}, [], None])
def test_a_post_without_an_id_is_an_unknown_one(body):
    with pytest.raises(OutcomeUnknown):
        post(body)


@responses.activate
def test_graph_version_and_hosts_are_settings(settings):
    settings.WAGTAIL_SYNDICATE = {
        "NETWORKS": {"facebook": {"VERSION": "v27.0", "HOSTS": {"api": "https://g.example"}}}
    }
    responses.add(responses.POST, f"https://g.example/v27.0/{PAGE}/feed", json={"id": POST})
    assert backend().publish(MESSAGE, [], "unused").remote_id == POST


@responses.activate
def test_without_an_app_secret_there_is_no_proof():
    responses.add(responses.POST, f"{API}/feed", json={"id": POST})
    backend(app=AppKeys()).publish(MESSAGE, [], "unused")
    assert "appsecret_proof" not in sent(responses.calls[0])


def test_the_proof_is_redacted_like_a_secret():
    assert PROOF in backend().http.secrets


def test_mentions_of_pages_stay_words():
    plain = facebook.Backend.style.plain("Ask @[123:The page] or me@example.org")
    assert "@[" not in plain and plain.replace("\u2060", "") == "Ask @[123:The page] or me@example.org"


@responses.activate
def test_edit_and_delete():
    responses.add(responses.POST, f"https://graph.facebook.com/v26.0/{POST}", json={"success": True})
    assert backend().edit(POST, Message("Better", LINK, "en")).remote_id == POST
    assert sent(responses.calls[0])["message"] == "Better"
    responses.add(responses.DELETE, f"https://graph.facebook.com/v26.0/{POST}", json={"success": True})
    backend().delete(POST)
    assert len(responses.calls) == 2


@responses.activate
def test_change_that_is_not_confirmed_is_none():
    for method in (responses.POST, responses.DELETE):
        responses.add(method, f"https://graph.facebook.com/v26.0/{POST}", json={"success": False})
    with pytest.raises(NotSent):
        backend().edit(POST, MESSAGE)
    with pytest.raises(NotSent):
        backend().delete(POST)


@responses.activate
def test_a_post_counts_as_gone_only_while_the_page_itself_can_be_seen():
    gone = refusal(100, 33, "Unsupported delete request. Object with ID 'x' does not exist, cannot be loaded ...")
    responses.add(responses.DELETE, f"https://graph.facebook.com/v26.0/{POST}", status=400, json=gone)
    page = responses.add(responses.GET, API, json={"id": PAGE, "name": "Bridge news"})
    backend().delete(POST)
    responses.remove(page)
    responses.add(responses.GET, API, status=400, json=refusal(190, 492))
    with pytest.raises(AccountProblem):
        backend().delete(POST)


# Errors

CODES = {
    "unclear_answer": (OutcomeUnknown, "1 2 1363047 1609010 99999 100/1363047"),
    "rate_limited": (NotSent, "4 17 32 341 613 80001 368/1390008"),
    "rights": (AccountProblem, "3 10 200 210 299"),
    "content_refused": (Rejected, "100 100/1349125"),
    "target_missing": (Rejected, "100/33 803"),
    "reconnect": (AccountProblem, "102 190 190/458 190/460 190/467 190/490"),
    "checkpoint": (AccountProblem, "190/459 190/464"),
    "expired_token": (AccountProblem, "190/463"),
    "no_role": (AccountProblem, "190/492"),
    "duplicate": (DuplicateContent, "506 506/1455006 368/1404082 100/1366051"),
    "human_check": (Rejected, "368/4854002 1404078"),
    "account_blocked": (Rejected, "368 368/1234567 100/1404112"),
    "content_forbidden": (Rejected, "1346003 100/1404102"),
    "link_unreadable": (Rejected, "1609005 100/1609005"),
    "link_forbidden": (Rejected, "1609008 100/2061006"),
    "image_refused": (MediaRejected, "1366046 100/1366046 324/2069019"),
    "app_setup": (Rejected, "101 104 191"),
}


@responses.activate
@pytest.mark.parametrize("status", [400, 403, 500, 200])
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [(code, kind, reason) for reason, (kind, codes) in CODES.items() for code in codes.split()],
)
def test_error_code(code, kind, reason, status):
    number, _slash, subcode = code.partition("/")
    with pytest.raises(kind) as caught:
        post(refusal(int(number), int(subcode) if subcode else None), status=status)
    assert type(caught.value) is kind
    assert (caught.value.reason, caught.value.detail) == (reason, "Nope")
    assert reason in {**REASONS, **facebook.Backend.reasons}


@responses.activate
@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        (1, "Error validating client secret.", "app_setup"),
        (100, "Invalid appsecret_proof provided in the API argument", "app_setup"),
        (100, "Object does not exist, cannot be loaded due to missing permission", "target_missing"),
    ],
)
def test_words_that_tell_more_than_the_code(code, text, reason):
    with pytest.raises(Rejected) as caught:
        post(refusal(code, text=text), status=400)
    assert caught.value.reason == reason


@responses.activate
def test_words_for_people_are_kept_and_keys_are_not():
    with pytest.raises(Rejected) as caught:
        body = refusal(100, 1349125, "Invalid parameter", error_user_title="Not good", error_user_msg=f"Key {TOKEN}")
        post(body, status=400)
    assert caught.value.detail == "Invalid parameter: Not good: Key •••"


@responses.activate
def test_the_same_codes_before_the_post_leave_no_doubt():
    responses.add(responses.POST, f"{API}/photos", status=500, json=refusal(2))
    with pytest.raises(NotSent):
        backend().upload(PICTURE)


def test_recorded_errors(recorded):
    seen = json.loads((recorded / "FACEBOOK" / "seen-in-issues.json").read_text())
    files = ["error.json", "error_data.json"]
    bodies = [entry["body_partial"] for entry in seen]
    bodies += [json.loads((recorded / "FACEBOOK" / "python-facebook" / name).read_text()) for name in files]
    bodies += [
        json.loads((recorded / "FACEBOOK" / "oauth-and-profile.json").read_text())[
            "python-social-auth/social-core:social_core/tests/backends/test_facebook.py"
        ]["access_token_body"]
    ]
    reasons = [
        backend().classify(backend().problem(Answer(400, data=body)), irreversible=True).reason for body in bodies
    ]
    assert reasons == ["expired_token", "rights", "rights", "app_setup", "target_missing", "app_setup"]


# Limits


def usage(page=0, app=0, business=0, wait=0):
    return {
        "X-App-Usage": json.dumps({"call_count": app, "total_time": 3, "total_cputime": 1}),
        "X-Page-Usage": json.dumps({"call_count": 2, "total_time": page, "total_cputime": 1}),
        "X-Business-Use-Case-Usage": json.dumps(
            {PAGE: [{"type": "pages", "call_count": business, "estimated_time_to_regain_access": wait}]}
        ),
    }


@responses.activate
@pytest.mark.parametrize("limit", ["app", "page", "business"])
def test_pause_grows_with_usage_from_80_percent(limit):
    pauses = []
    for percent in (0, 79, 80, 90, 100, 130):
        responses.reset()
        responses.add(responses.POST, f"{API}/feed", json={"id": POST}, headers=usage(**{limit: percent}))
        sender = backend()
        sender.publish(MESSAGE, [], "unused")
        pauses.append(round(sender.pause))
    assert pauses == [0, 0, 60, 465, 3600, 3600]


def test_meta_says_how_long_access_is_barred():
    assert graph.usage_pause(Answer(200, usage(business=100, wait=125))) == 125 * 60
    assert graph.usage_pause(Answer(200, usage(business=85, wait=0))) < 300


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "null", '{"call_count": "90"}', '{"call_count": NaN}', '{"a": [null, 1]}', '{"a": 1}'],
)
def test_strange_usage_headers_mean_nothing(text):
    for name in usage():
        assert graph.usage_pause(Answer(200, {name: text})) == 0


@responses.activate
@pytest.mark.parametrize(
    ("headers", "wait"),
    [(usage(business=100, wait=17), 3600), (usage(wait=170), 10200), ({}, 3600), ({"Retry-After": "7"}, 7)],
)
def test_throttled_waits_as_long_as_meta_says(headers, wait):
    with pytest.raises(NotSent) as caught:
        post(refusal(32), status=403, headers=headers)
    assert caught.value.retry_after == wait


@responses.activate
def test_posting_too_fast_waits_for_hours():
    with pytest.raises(NotSent) as caught:
        post(refusal(368, 1390008), status=400, headers=usage(app=85))
    assert caught.value.retry_after == 6 * 3600


# Connecting


@responses.activate
def test_exchange_for_a_token_whose_pages_tokens_last():
    address = "https://graph.facebook.com/v26.0/oauth/access_token"
    responses.add(responses.GET, address, json={"access_token": "long", "token_type": "bearer", "expires_in": 5183944})
    given = backend(credentials={"access_token": "short-lived"}).exchange()
    assert (dict(given.credentials), given.expires_at) == ({"access_token": "long"}, None)
    [call] = responses.calls
    assert dict(parse_qsl(urlsplit(call.request.url).query)) == {
        "grant_type": "fb_exchange_token",
        "client_id": "271828",
        "client_secret": SECRET,
        "fb_exchange_token": "short-lived",
    }
    assert "Authorization" not in call.request.headers


def page(number, *tasks, **more):
    return {"id": str(number), "name": f"Page {number}", "access_token": f"key-of-{number}", "tasks": tasks} | more


@responses.activate
def test_targets_are_the_pages_that_may_be_posted_as():
    first = [page(1, "ANALYZE"), page(2, "ANALYZE", "CREATE_CONTENT", link="https://www.facebook.com/two")]
    address, after = "https://graph.facebook.com/v26.0/me/accounts", {"paging": {"cursors": {"after": "QVF"}}}
    after["paging"]["next"] = "https://graph.facebook.com/v26.0/1/accounts?access_token=secret&after=QVF"
    responses.add(responses.GET, address, json={"data": first, **after})
    responses.add(
        responses.GET,
        address,
        json={"data": [page(3, "CREATE_CONTENT"), page(4, "CREATE_CONTENT", access_token=None)], "paging": {}},
        match=[matchers.query_param_matcher({"after": "QVF"}, strict_match=False)],
    )
    two, three = backend(remote_id="").targets()
    assert (two.remote_id, two.handle, two.profile_url) == ("2", "Page 2", "https://www.facebook.com/two")
    assert three.profile_url == "https://www.facebook.com/3"
    assert [dict(found.credentials) for found in (two, three)] == [
        {"access_token": "key-of-2"},
        {"access_token": "key-of-3"},
    ]
    assert "key-of-2" not in repr(two)


@responses.activate
def test_nobody_to_post_as():
    responses.add(responses.GET, "https://graph.facebook.com/v26.0/me/accounts", json={"data": [page(1, "ANALYZE")]})
    with pytest.raises(Rejected) as caught:
        backend().targets()
    assert caught.value.reason == "no_page"


def test_recorded_pages(recorded, api):
    body = json.loads((recorded / "FACEBOOK" / "python-facebook" / "user_accounts_token.json").read_text())
    api.add(responses.GET, "https://graph.facebook.com/v26.0/me/accounts", json=body)
    [found] = backend().targets()
    assert (found.remote_id, found.handle) == ("2121008874780932", "MyLife")


# Reading back


def listed(*posts, more=False):
    paging = {"cursors": {"after": "QVF"}, "next": "https://graph.facebook.com/next"} if more else {}
    responses.add(responses.GET, f"{API}/published_posts", json={"data": list(posts), "paging": paging})


def shown(**more):
    usual = {"id": POST, "message": MESSAGE.text, "created_time": "2026-11-23T08:00:05+0000"}
    return usual | {"permalink_url": PERMALINK} | more


@responses.activate
def test_find_by_the_words():
    listed(shown(id="1_1", message="Other words"), shown(id="1_2", created_time="2026-11-22T08:00:05+0000"), shown())
    found = backend().find(MESSAGE, SINCE)
    assert (found.remote_id, found.permalink) == (POST, PERMALINK)


@responses.activate
@pytest.mark.parametrize(
    "posts", [[], [{}], [{"message": 1}], [shown(message="Other words")], [shown(created_time="?")]]
)
def test_absence_is_never_concluded(posts):
    listed(*posts)
    with pytest.raises(NotSent) as caught:
        backend().find(MESSAGE, SINCE)
    assert caught.value.reason == "not_listed"


@responses.activate
def test_a_long_list_is_not_read_for_ever():
    listed(shown(message="Other words"), more=True)
    with pytest.raises(NotSent) as caught:
        backend().find(MESSAGE, SINCE)
    assert (caught.value.reason, len(responses.calls)) == ("not_listed", facebook.POST_PAGES)


# Against the fake network and Meta's lists of parameters


@pytest.fixture
def newsroom(fakenet, connect):
    def make(**more):
        connection = connect("facebook", "newsroom")
        fields = {"remote_id": connection.remote_id, "credentials": connection.credentials}
        app = AppKeys("271828182845904", "fakenet-meta-secret")
        return facebook.Backend(Connection(**fields, app=app, **more))

    return make


def test_whole_way(newsroom, fakenet, a_minute_ago):
    sender = newsroom()
    receipt = sender.publish(MESSAGE, [], "unused")
    [found] = fakenet.state.timeline("facebook", "newsroom")
    assert (found.id, found.text, found.link) == (receipt.remote_id, MESSAGE.text, LINK)
    assert receipt.permalink == fakenet.url + found.path
    assert sender.find(MESSAGE, a_minute_ago) == receipt
    sender.edit(receipt.remote_id, Message("Better", LINK, "en"))
    assert found.text == "Better"
    with pytest.raises(NotSent):
        sender.find(MESSAGE, a_minute_ago)
    sender.delete(receipt.remote_id)
    assert fakenet.state.timeline("facebook", "newsroom") == []
    sender.delete(receipt.remote_id)


def test_whole_way_with_a_photo(newsroom, fakenet, picture):
    sender = newsroom(options=PHOTO)
    photo = sender.upload(picture)
    assert fakenet.state.timeline("facebook", "newsroom") == []
    sender.publish(MESSAGE, [photo], "unused")
    [found] = fakenet.state.timeline("facebook", "newsroom")
    assert ([image.alt for image in found.images], found.card) == ([picture.alt], None)


def test_the_same_again_is_a_duplicate(newsroom):
    newsroom().publish(MESSAGE, [], "unused")
    with pytest.raises(DuplicateContent):
        newsroom().publish(MESSAGE, [], "unused")


@pytest.mark.parametrize(("fault", "posts"), [("reset_before", 0), ("reset_after", 1), ("no_id", 0), ("html_200", 0)])
def test_unclear_outcomes(newsroom, fakenet, break_fakenet, fault, posts):
    break_fakenet("facebook", "publish", fault)
    with pytest.raises(OutcomeUnknown):
        newsroom().publish(MESSAGE, [], "unused")
    assert len(fakenet.state.timeline("facebook", "newsroom")) == posts


def test_a_wrong_app_secret_is_told(newsroom, connect):
    connection = connect("facebook", "newsroom")
    wrong = Connection(remote_id=connection.remote_id, credentials=connection.credentials, app=APP)
    with pytest.raises(Rejected) as caught:
        facebook.Backend(wrong).publish(MESSAGE, [], "unused")
    assert caught.value.reason == "app_setup"


def test_connecting_as_a_person_who_runs_pages(fakenet):
    [door] = facebook.Backend.auth
    stranger = facebook.Backend(Connection(app=AppKeys("271828182845904", "fakenet-meta-secret")))
    state, key = fakenet.state, "person-0123456789"
    state.add_token("facebook-user", "newsroom", "x", value=key, kind="short-lived", expires_at=state.now() + 100)
    person = facebook.Backend(Connection(app=stranger.connection.app, credentials={"access_token": key}))
    lasting = person.exchange()
    person = facebook.Backend(Connection(app=stranger.connection.app, credentials=lasting.credentials))
    pages = person.targets()
    assert [found.handle for found in pages] == ["newsroom", "newsroom.jobs"]
    chosen = Connection(remote_id=pages[0].remote_id, credentials=pages[0].credentials, app=stranger.connection.app)
    assert facebook.Backend(chosen).identify().remote_id == pages[0].remote_id
    assert state.token("facebook", pages[0].credentials["access_token"]).expires_at is None
    url, _state, _kept = oauth2.begin(stranger, door, "https://www.example.org/callback/")
    assert url.startswith(f"{fakenet.url}/facebook/web/v26.0/dialog/oauth?")
    assert dict(parse_qsl(urlsplit(url).query))["scope"].split(",")[0] == "pages_show_list"


DOCS = "developers.facebook.com/docs/pages-api/posts, 2026-11"
RECORDED = "github.com/muesli/beehive/pull/354, 2020-11"


class TestFacebookConformance(BackendConformance):
    backend = facebook.Backend
    connection = Connection(
        remote_id=PAGE, handle="Bridge news", credentials={"access_token": TOKEN}, app=APP, options=PHOTO
    )
    answers = {
        f"GET /v26.0/{PAGE}": Captured(200, {"id": PAGE, "name": "Bridge news", "link": PERMALINK}, source=DOCS),
        "GET /v26.0/me/accounts": Captured(200, {"data": [page(PAGE, "CREATE_CONTENT")], "paging": {}}, source=DOCS),
        f"POST /v26.0/{PAGE}/photos": Captured(200, {"id": "10158249017468553"}, source=DOCS),
        f"POST /v26.0/{PAGE}/feed": Captured(200, {"id": POST, "permalink_url": PERMALINK}, source=DOCS),
        f"POST /v26.0/{POST}": Captured(200, {"success": True}, source=DOCS),
        f"DELETE /v26.0/{POST}": Captured(200, {"success": True}, source=DOCS),
    }
    refusals = (
        Refusal(
            "POST /v26.0/*/feed",
            Captured(
                403,
                refusal(200, text="(#200) New Pages experience not supported"),
                source="github.com/criso/fbgraph/issues/147",
            ),
            AccountProblem,
            "rights",
        ),
        Refusal(
            "POST /v26.0/*/photos",
            Captured(400, refusal(100, 1366046), source="gitroomhq/postiz-app, 2026-08"),
            MediaRejected,
            "image_refused",
        ),
    )
    expired = Refusal("*", Captured(400, refusal(190, 463), source=RECORDED), AccountProblem, "expired_token")
    gone = {f"* /v26.0/{POST}": Captured(400, refusal(100, 33), source=DOCS)}

    denies = False  # Facebook's list leaves posts out
    page = 50

    def shown(self, posts, request):
        if request.path != f"/v26.0/{PAGE}/published_posts":
            return None
        found = [
            {"id": each.remote_id, "message": each.message.text, "created_time": each.at.isoformat()}
            for each in posts
            if each.mine
        ]
        start = int(request.query.get("after", "0"))
        body = {"data": found[start : start + self.page]}
        if start + self.page < len(found):
            body["paging"] = {"cursors": {"after": str(start + self.page)}, "next": "{server}/next"}
        return Captured(200, body, source="developers.facebook.com/docs/graph-api/reference/page, 2026-11")
