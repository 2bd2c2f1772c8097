"""OK: what is sent to a group, how it is signed, and what the answers mean."""

import hashlib
import json
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
import responses

from wagtail_syndicate.backends import ok
from wagtail_syndicate.backends.ok_methods import signature
from wagtail_syndicate.exceptions import (
    AccountProblem,
    MediaRejected,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import AppKeys, Connection, Grant, LinkPlace, Message, Receipt


TOKEN = "tkn1-no-real-token-0123456789"
SECRET = "no-real-app-secret"
APP = AppKeys("512000000001", SECRET)
GID = "55000000000101"
LINK = "https://example.org/ru/proba-vody/"
MESSAGE = Message("Новый датчик меряет воду & почву.", LINK, "ru", title="Датчик")
API = "https://api.ok.ru/fb.do"
TOKEN_DO = "https://api.ok.ru/oauth/token.do"
ELSEWHERE = "https://up.example.org/upload?id=1"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def app_key(settings, networks_as_they_are):
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"ok": {"APPLICATION_KEY": "PUBLICKEY"}}}


def backend(**kwargs):
    fields = {"remote_id": GID, "handle": "Aqua", "credentials": {"access_token": TOKEN}, "app": APP} | kwargs
    return ok.Backend(Connection(**fields))


def sent(call):
    return dict(parse_qsl(call.request.body, keep_blank_values=True))


def answer(*bodies, **kwargs):
    for body in bodies:
        responses.add(responses.POST, API, json=body, **kwargs)


def refusal(code, text="NOPE : Nope"):
    return {"error_code": code, "error_msg": text, "error_data": None}


def post(body, **kwargs):
    answer(body, **kwargs)
    return backend().publish(MESSAGE, [], "key")


@responses.activate
def test_post_is_a_signed_topic_in_the_name_of_the_group():
    assert post("150000000000001") == Receipt("150000000000001", f"https://ok.ru/group/{GID}/topic/150000000000001")
    fields = sent(responses.calls[0])
    attachment = json.loads(fields["attachment"])
    assert attachment == {
        "media": [{"type": "text", "text": MESSAGE.text}, {"type": "link", "url": LINK}],
        "onBehalfOfGroup": "true",
    }
    assert (fields["method"], fields["type"], fields["gid"]) == ("mediatopic.post", "GROUP_THEME", GID)
    assert (fields["application_key"], fields["access_token"], fields["format"]) == ("PUBLICKEY", TOKEN, "json")
    assert "Authorization" not in responses.calls[0].request.headers
    assert TOKEN not in responses.calls[0].request.url


@responses.activate
def test_signature_is_made_as_ok_describes_it():
    post("1")
    fields = sent(responses.calls[0])
    given = fields.pop("sig")
    token = fields.pop("access_token")
    line = "".join(f"{name}={value}" for name, value in sorted(fields.items()))
    secret = hashlib.md5(f"{token}{SECRET}".encode()).hexdigest()
    assert given == hashlib.md5(f"{line}{secret}".encode()).hexdigest()


def test_signature_of_a_known_call():
    # md5("application_key=Kformat=jsonmethod=users.getCurrentUser" + md5("ts"))
    params = {"method": "users.getCurrentUser", "format": "json", "application_key": "K"}
    assert signature(params, "t", "s") == "b94440ee3fb73fc55175f0088f06bac5"


PHOTOS = {"options": {"form": "photo"}}
TWO = {"type": "photo", "list": [{"id": "one"}, {"id": "two"}]}
CARD = {"type": "link", "url": LINK}


@responses.activate
@pytest.mark.parametrize(
    ("account", "message", "uploads", "text", "shown"),
    [
        ({}, MESSAGE, ["one", "two"], MESSAGE.text, CARD),
        ({}, Message("Без ссылки", "", "ru"), ["one", "two"], "Без ссылки", TWO),
        (PHOTOS, MESSAGE, ["one", "two"], f"{MESSAGE.text}\n\n{LINK}", TWO),
        (PHOTOS, MESSAGE, [], MESSAGE.text, CARD),
    ],
)
def test_card_or_pictures_never_both(account, message, uploads, text, shown):
    """The card shows the page's own picture, which is the article's."""
    answer("1")
    backend(**account).publish(message, uploads, "key")
    media = json.loads(sent(responses.calls[0])["attachment"])["media"]
    assert media == [{"type": "text", "text": text}, shown]


def test_pictures_are_prepared_only_where_they_are_shown():
    assert backend().get_limits().images is None and backend().get_limits().link is LinkPlace.CARD
    assert backend(**PHOTOS).get_limits().images.count == 4
    assert backend(**PHOTOS).get_limits().link is LinkPlace.TEXT


@responses.activate
def test_post_of_a_link_alone():
    answer("1")
    backend().publish(Message("", LINK, "ru"), [], "key")
    assert [part["type"] for part in json.loads(sent(responses.calls[0])["attachment"])["media"]] == ["link"]


MEANINGS = {
    "unclear_answer": (OutcomeUnknown, "1 2"),
    "bad_request": (Rejected, "3 4 21"),
    "account_blocked": (Rejected, "7"),
    "rate_limited": (NotSent, "8 11"),
    "app_setup": (Rejected, "9 101 104"),
    "permission": (Rejected, "10 24 50"),
    "human_check": (Rejected, "12 22"),
    "content_refused": (Rejected, "100"),
    "expired_token": (TokenExpired, "102"),
    "reconnect": (TokenExpired, "103"),
}


@responses.activate
@pytest.mark.parametrize("as_header", [False, True])
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [(int(code), kind, reason) for reason, (kind, codes) in MEANINGS.items() for code in codes.split()],
)
def test_error_code(code, kind, reason, as_header):
    with pytest.raises(kind) as caught:
        if as_header:
            post("", headers={"invocation-error": str(code)})
        else:
            post(refusal(code))
    assert type(caught.value) is kind
    assert caught.value.reason == reason
    assert reason in {**REASONS, **ok.Backend.reasons}
    assert as_header or caught.value.detail == "NOPE : Nope"


@responses.activate
@pytest.mark.parametrize("body", [refusal(424242), None, {}, [], "", 0.5, 0.0, True, False, {"id": "1"}])
def test_unknown_answer_is_an_unknown_outcome(body):
    with pytest.raises(OutcomeUnknown):
        post(body)


@responses.activate
@pytest.mark.parametrize("body", [0, "0"])
def test_topic_zero_is_none(body):
    with pytest.raises(Rejected, match="not_approved"):
        post(body)


@responses.activate
@pytest.mark.parametrize("answer", [{"body": ""}, {"body": "<html>hello</html>"}, {"body": "oops", "status": 502}])
def test_answer_that_is_not_json_is_an_unknown_outcome(answer):
    responses.add(responses.POST, API, **answer)
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], "key")


@responses.activate
def test_recorded_answers(recorded):
    meanings = {101: "app_setup", 102: "expired_token", "platform": "app_setup", "Missed": "bad_request"}
    for seen in json.loads((recorded / "OK/seen-in-issues.json").read_text()):
        responses.reset()
        body = seen.get("body") or seen["body_partial"]
        expected = next(
            reason for mark, reason in meanings.items() if mark == body["error_code"] or str(mark) in body["error_msg"]
        )
        with pytest.raises(NetworkError) as caught:
            post(body)
        assert caught.value.reason == expected


@responses.activate
@pytest.mark.parametrize("code", [101, 102, 104, 424242])
def test_nothing_secret_is_shown(code):
    with pytest.raises(NetworkError) as caught:
        post(refusal(code, f"PARAM_SIGNATURE : calculated with {TOKEN} and {SECRET}"))
    shown = f"{caught.value!s} {caught.value!r} {caught.value.detail} {backend()!r} {backend().connection!r}"
    assert TOKEN not in shown and SECRET not in shown


# Reading back


def topic(text=MESSAGE.text, link=LINK, minutes=1, **more):
    when = int((NOW + timedelta(minutes=minutes)).timestamp() * 1000)
    media = ([{"type": "text", "text": text}] if text else []) + ([{"type": "link", "url": link}] if link else [])
    return {"id": "9", "created_ms": when, "media": media, "author_ref": f"group:{GID}"} | more


def find(topics, message=MESSAGE, has_more=False):
    answer({"media_topics": topics, "has_more": has_more})
    return backend().find(message, NOW)


@responses.activate
@pytest.mark.parametrize(
    "found", [topic(), topic(minutes=0), topic(link=""), topic("Новый датчик меряет воду &\nпочву.")]
)
def test_own_topic_is_found(found):
    assert find([topic("Другое", minutes=5, id="8"), found]).remote_id == "9"
    fields = sent(responses.calls[0])
    assert (fields["method"], fields["gid"], fields["count"]) == ("mediatopic.getTopics", GID, "50")


@responses.activate
@pytest.mark.parametrize("found", [topic("Другое"), topic(minutes=-1), topic("")])
def test_another_topic_is_not_taken_for_it(found):
    assert find([found]) is None


@responses.activate
def test_link_alone_is_found_by_the_link():
    only = Message("", LINK, "ru")
    assert find([topic("", "https://example.org/"), topic("")], only).remote_id == "9"


@responses.activate
@pytest.mark.parametrize(
    "topics", [None, "x", {"id": 1}, [None], [{}], [{"created_ms": None, "media": []}], [topic(media=None)]]
)
def test_topics_that_cannot_be_read_are_no_absence(topics):
    with pytest.raises(NotSent):
        find(topics)


@responses.activate
@pytest.mark.parametrize("has_more", [True, None])
@pytest.mark.parametrize(
    "topics", [[topic("Другое")] * 20, [], [topic(minutes=-1)], [topic(minutes=-9), topic("Другое", id="8")]]
)
def test_topics_that_do_not_reach_back_are_no_absence(topics, has_more):
    with pytest.raises(NotSent, match="looking"):
        find(topics, has_more=has_more)


@responses.activate
def test_absence():
    assert find([topic("Другое", id="8"), topic("Другое", minutes=-1)], has_more=True) is None


# Deleting


@responses.activate
def test_delete():
    answer({"success": True, "restore_id": "r"})
    assert backend().delete("9") is None
    fields = sent(responses.calls[0])
    assert (fields["method"], fields["topic_id"], fields["gid"]) == ("mediatopic.deleteTopic", "9", GID)


@responses.activate
def test_delete_of_what_is_gone():
    answer(refusal(100), {"media_topics": []})
    assert backend().delete("9") is None


@responses.activate
@pytest.mark.parametrize(
    ("bodies", "kind"),
    [
        ([{"success": False}], NotSent),
        ([{}], NotSent),
        ([refusal(50), {"media_topics": [{"id": "9"}]}], Rejected),
        ([refusal(50), {}], Rejected),
        ([refusal(102)], TokenExpired),
    ],
)
def test_delete_that_was_not_done(bodies, kind):
    answer(*bodies)
    with pytest.raises(kind):
        backend().delete("9")


# Pictures


@responses.activate
def test_picture_goes_where_ok_says_and_the_token_does_not(picture):
    answer({"upload_url": ELSEWHERE, "photo_ids": ["a"]})
    responses.add(responses.POST, ELSEWHERE, json={"photos": {"a": {"token": "picture-token"}}})
    assert backend().upload(picture) == "picture-token"
    asked, upload = responses.calls
    assert (sent(asked)["method"], sent(asked)["gid"], sent(asked)["count"]) == ("photosV2.getUploadUrl", GID, "1")
    assert picture.data in upload.request.body and b'name="pic1"' in upload.request.body
    assert TOKEN.encode() not in upload.request.body and "Authorization" not in upload.request.headers


@responses.activate
@pytest.mark.parametrize("address", ["http://up.example.org/", "", None, 1])
def test_bytes_never_travel_unencrypted(picture, address):
    answer({"upload_url": address})
    with pytest.raises(MediaRejected):
        backend().upload(picture)
    assert len(responses.calls) == 1


@responses.activate
def test_picture_is_not_carried_into_a_private_network(picture):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"https://127.0.0.1:{listener.getsockname()[1]}/upload"
        responses.add_passthru(address)
        answer({"upload_url": address})
        with pytest.raises(MediaRejected, match="image_refused"):
            backend().upload(picture)


@responses.activate
def test_server_for_pictures_that_is_down_is_no_refusal(picture):
    answer({"upload_url": ELSEWHERE})
    responses.add(responses.POST, ELSEWHERE, body=requests.exceptions.ConnectTimeout())
    with pytest.raises(NotSent, match="network_down"):
        backend().upload(picture)


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"error_code": 505, "error_msg": "PHOTO_INVALID_FORMAT"}, MediaRejected),
        (200, {"photos": {}}, MediaRejected),
        (200, {"photos": {"a": {}}}, MediaRejected),
        (200, [], MediaRejected),
        (413, {}, MediaRejected),
        (429, {}, NotSent),
        (503, {}, NotSent),
    ],
)
def test_upload_that_fails(picture, status, body, kind):
    answer({"upload_url": ELSEWHERE})
    responses.add(responses.POST, ELSEWHERE, json=body, status=status)
    with pytest.raises(kind) as caught:
        backend().upload(picture)
    assert type(caught.value) is kind


@responses.activate
@pytest.mark.parametrize(
    ("code", "kind"), [(10, MediaRejected), (100, MediaRejected), (1, NotSent), (102, TokenExpired)]
)
def test_no_address_for_a_picture(picture, code, kind):
    answer(refusal(code))
    with pytest.raises(kind):
        backend().upload(picture)


# Connecting


def membership(gid, status=None, role=None):
    return {"groupId": gid, "userId": "1"} | ({"status": status} if status else {}) | ({"role": role} if role else {})


@responses.activate
@pytest.mark.parametrize("as_list", [True, False])
def test_person_chooses_among_the_groups_that_may_be_posted_to(as_list):
    groups = [
        membership("1", "ADMIN"),
        membership("2", "ACTIVE"),
        membership("3", "MODERATOR", "EDITOR"),
        membership("4", "ACTIVE", ["ANALYST"]),
        membership("5"),
    ]
    info = [{"uid": uid, "name": f"Группа {uid}"} for uid in ("1", "3")]
    answer({"groups": groups, "anchor": "x"}, info if as_list else {"groups": info})
    found = backend(remote_id="").targets()
    assert [(one.remote_id, one.handle) for one in found] == [("1", "Группа 1"), ("3", "Группа 3"), ("5", "5")]
    assert found[0].profile_url == "https://ok.ru/group/1"
    assert sent(responses.calls[1])["uids"] == "1,3,5"


@responses.activate
@pytest.mark.parametrize("groups", [None, [], [membership("2", "ACTIVE")], [membership("7", "ADMIN")]])
def test_person_without_the_group(groups):
    answer({"groups": groups})
    with pytest.raises(Rejected, match="target_missing"):
        backend().identify()


@responses.activate
def test_identify_names_the_account_that_it_is():
    answer({"groups": [membership("1", "ADMIN"), membership(GID, "ADMIN")]}, [{"uid": GID, "name": "Aqua"}])
    assert backend().identify().remote_id == GID


@responses.activate
def test_identify_does_not_choose():
    answer({"groups": [membership("1", "ADMIN"), membership("2", "ADMIN")]}, [])
    with pytest.raises(Rejected, match="target_missing"):
        backend(remote_id="").identify()


def days_left(grant):
    return (grant.expires_at - datetime.now(UTC)) / timedelta(days=1)


def test_what_is_given_lasts_for_thirty_days_of_silence():
    grant = backend().exchange()
    assert not grant.credentials
    assert 29.9 < days_left(grant) <= 30
    assert ok.Backend.renew_early >= timedelta(days=1)  # so that it is renewed while nobody publishes


@responses.activate
def test_long_lived_token_is_touched():
    answer({"success": True})
    grant = backend().renew()
    assert not grant.credentials and 29.9 < days_left(grant) <= 30
    assert sent(responses.calls[0])["method"] == "auth.touchSession"


@responses.activate
def test_dead_long_lived_token_cannot_be_touched():
    answer(refusal(102))
    with pytest.raises(AccountProblem):
        backend().renew()


@responses.activate
@pytest.mark.parametrize("kept", [{}, {"refresh_token": "refresh-token-2"}])
def test_short_lived_token_is_refreshed(kept):
    responses.add(responses.POST, TOKEN_DO, json={"access_token": "fresh-token", "expires_in": "1800"} | kept)
    grant = backend(credentials={"access_token": TOKEN, "refresh_token": "refresh-token"}).renew()
    assert isinstance(grant, Grant) and grant.credentials == {"access_token": "fresh-token"} | kept
    assert sent(responses.calls[0]) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-token",
        "client_id": APP.client_id,
        "client_secret": SECRET,
    }


@responses.activate
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"json": {"error": "invalid_token", "error_description": "x refresh-token"}, "status": 400}, AccountProblem),
        ({"json": {"error": "invalid_grant"}, "status": 401}, AccountProblem),
        ({"json": {"error": "invalid_client"}, "status": 401}, Rejected),
        ({"json": refusal(102)}, AccountProblem),
        ({"json": refusal(103)}, AccountProblem),
        # A passing outage must not disconnect the account.
        ({"json": refusal(1)}, NotSent),
        ({"json": refusal(2)}, NotSent),
        ({"json": refusal(8)}, NotSent),
        ({"json": refusal(11)}, NotSent),
        ({"json": {"error": "slow_down"}, "status": 429}, NotSent),
        ({"json": {"error": "temporarily_unavailable"}, "status": 400}, NotSent),
        ({"json": {"error": "server_error"}}, NotSent),
        ({"json": {"error": "invalid_grant"}, "status": 503}, NotSent),
        ({"json": {"error": "what nobody knows"}, "status": 400}, NotSent),
        ({"json": ["invalid_grant"]}, NotSent),
        ({"body": "<html>", "status": 502}, NotSent),
        ({"body": requests.exceptions.ReadTimeout()}, NotSent),
        ({"json": {}}, NotSent),
    ],
)
def test_refresh_that_fails(answer, kind):
    responses.add(responses.POST, TOKEN_DO, **answer)
    with pytest.raises(kind) as caught:
        backend(credentials={"access_token": TOKEN, "refresh_token": "refresh-token"}).renew()
    assert "refresh-token" not in str(caught.value)


def test_facts_for_the_rest_of_the_package():
    [door] = ok.Backend.auth
    assert door.scope_separator.join(door.scopes) == "VALUABLE_ACCESS;LONG_ACCESS_TOKEN;GROUP_CONTENT;PHOTO_CONTENT"
    assert door.keys == ("CLIENT_ID", "CLIENT_SECRET", "APPLICATION_KEY") and not door.pkce
    assert ok.Backend.limits.link is LinkPlace.CARD
    assert ok.Backend.key_seconds == 0
    assert backend().can_find() and not ok.Backend.offers("edit")


def test_share_link():
    address = urlsplit(backend().share_link(MESSAGE))
    assert address.netloc + address.path == "connect.ok.ru/offer"
    assert parse_qs(address.query) == {"url": [LINK], "title": ["Датчик"], "description": [MESSAGE.text]}
    assert "+" not in address.query


# What every backend has to stand

APIOK = "apiok.ru, November 2026"
PUBLIC_CODE = "public code of 2025"
SEEN = {
    "group.getUserGroupsV2": Captured(200, {"groups": [membership(GID, "ADMIN")]}, source=PUBLIC_CODE),
    "group.getInfo": Captured(200, {"groups": [{"uid": GID, "name": "Aqua"}]}, source=APIOK),
    "photosV2.getUploadUrl": Captured(
        200, {"photo_ids": ["a1"], "upload_url": "{server}/uploadImage?apiToken=x"}, source=APIOK
    ),
    "mediatopic.post": Captured(200, '"70102413183763"', source=APIOK),
    "mediatopic.deleteTopic": Captured(200, {"success": True, "restore_id": "r1"}, source=PUBLIC_CODE),
}


class TestOkConformance(BackendConformance):
    connection = backend(**PHOTOS).connection
    backend = ok.Backend
    options = {"APPLICATION_KEY": "PUBLICKEY"}
    answers = {
        "POST /fb.do": lambda request: SEEN[request.data["method"]],
        "POST /uploadImage": Captured(200, {"photos": {"a1": {"token": "token-of-a1"}}}, source=APIOK),
    }
    refusals = (
        Refusal(
            "POST /fb.do",
            Captured(
                200,
                refusal(101, "PARAM_API_KEY : No application key"),
                source="github.com/chuprik/yii2-odnoklassniki-authclient/issues/5",
            ),
            Rejected,
            "app_setup",
        ),
        Refusal(
            "POST /fb.do",
            Captured(
                200,
                refusal(100, "PARAM : Selected platform is not allowed for this application"),
                source="github.com/odnoklassniki/ok-ios-sdk/issues/25",
            ),
            Rejected,
            "app_setup",
        ),
    )
    expired = Refusal(
        "POST /fb.do",
        Captured(
            200,
            refusal(102, "PARAM_SESSION_EXPIRED : Session expired"),
            source="django-odnoklassniki-api 0.2.2, tests.py (PyPI)",
        ),
        TokenExpired,
        "expired_token",
    )

    @staticmethod
    def _nothing_there(request):
        if request.data["method"] == "mediatopic.getByIds":
            return Captured(200, {"media_topics": []}, source=PUBLIC_CODE)
        return Captured(200, refusal(100, "PARAM : Invalid parameter topic_id"), source="made up: not documented")

    gone = {"POST /fb.do": _nothing_there.__func__}

    @pytest.fixture(autouse=True)
    def as_specified(self):
        """The kit's server breaks on purpose."""

    page = 50

    def shown(self, posts, request):
        if not isinstance(request.data, dict) or request.data.get("method") != "mediatopic.getTopics":
            return None
        topics = [
            topic(post.message.text, post.message.link)
            | {"id": post.remote_id, "created_ms": int(post.at.timestamp() * 1000)}
            for post in posts
            if post.mine
        ]
        body = {"media_topics": topics[: self.page], "has_more": len(topics) > self.page}
        return Captured(200, body, source=PUBLIC_CODE)


class TestOkCardConformance(TestOkConformance):
    """As an account is when it was connected: the link's card, no pictures."""

    connection = backend().connection
