"""Bluesky: the record that is made, sessions, and what the server's answers mean."""

import base64
import json
import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from wagtail_syndicate.backends import bluesky
from wagtail_syndicate.backends.bluesky_record import (
    claims,
    created_at,
    ends_at,
    find_facets,
    language_tag,
    post_record,
    record_key,
)
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    NotSent,
    OutcomeUnknown,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import Article, Connection, LinkPlace, Media, Message


DID = "did:plc:dunaiofmxixyhaa4c3t6bmjz"
LINK = "https://example.org/grüße/"
KEY = "01a20706-964c-7c64-bdae-c9baf5985075"
MESSAGE = Message(f"Grüße 👩‍👩‍👧: {LINK} #Wasser", LINK, "de", title="Der Sensor", description="Er misst.")
XRPC = "https://bsky.social/xrpc/com.atproto."
PASSWORD = "gdym-7u2u-t5p6-p4f6"
URI = f"at://{DID}/app.bsky.feed.post/{record_key(KEY)}"
BLOB = {
    "$type": "blob",
    "ref": {"$link": "bafkreiexuosbbsn4uvafcisryn6omomc5xgl5vkmn4xb2bxmof5z65j6fe"},
    "mimeType": "image/png",
    "size": 73,
}


def jwt(**said):
    return f"eyJ0eXAiOiJKV1QifQ.{base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip('=')}.c2lnbmVk"


TOKENS = {"access_token": jwt(jti="access", exp=1), "refresh_token": jwt(jti="refresh", exp=2)}
CREDENTIALS = {"app_password": PASSWORD, **TOKENS}
SESSION = {
    "accessJwt": jwt(scope="com.atproto.appPass", exp=1795395135),
    "refreshJwt": jwt(scope="com.atproto.refresh", exp=1803171135),
    "did": DID,
    "handle": "newsroom.example.org",
    "email": "newsroom@example.org",
    "emailConfirmed": True,
    "active": True,
}


def backend(**kwargs):
    fields = {"remote_id": DID, "handle": "newsroom.example.org", "credentials": CREDENTIALS} | kwargs
    return bluesky.Backend(Connection(**fields))


def stranger(handle="newsroom.example.org", **options):
    options = {"handle": handle, **options}
    return backend(remote_id="", handle="", options=options, credentials={"app_password": PASSWORD})


def refusal(code, message="Nope"):
    return {"error": code, "message": message}


def put(body=None, **kwargs):
    responses.add(responses.POST, f"{XRPC}repo.putRecord", json=body, **kwargs)
    return backend().publish(MESSAGE, [BLOB], KEY)


def sent(call):
    return json.loads(call.request.body)


# The record's key


def test_record_key_is_a_tid_of_the_keys_own_time():
    key = record_key(KEY)
    assert re.fullmatch(r"[234567abcdefghij][234567a-z]{12}", key)
    number = 0
    for character in key:
        number = number * 32 + "234567abcdefghijklmnopqrstuvwxyz".index(character)
    assert number >> 10 == (uuid.UUID(KEY).int >> 80) * 1000 + (number >> 10) % 1000
    assert record_key(KEY) == key


def test_record_keys_of_the_same_millisecond_differ():
    moment = uuid.UUID(KEY).int >> 64 << 64
    keys = [str(uuid.UUID(int=moment | 0b10 << 62 | number)) for number in range(3000)]
    assert len({record_key(key) for key in keys}) == 3000


@given(st.integers(0, (1 << 48) - 1), st.integers(0, (1 << 62) - 1))
def test_every_key_gives_a_valid_tid(milliseconds, random):
    key = str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | random))
    assert re.fullmatch(r"[234567a-z]{13}", record_key(key))


def test_later_keys_sort_later():
    keys = [str(uuid.UUID(int=(1_795_000_000_000 + step) << 80 | 0x7 << 76 | 0b10 << 62)) for step in range(5)]
    assert sorted(map(record_key, keys)) == list(map(record_key, keys))


# The record


def test_record_is_frozen():
    first = json.dumps(post_record(MESSAGE, BLOB, KEY))
    assert json.dumps(post_record(MESSAGE, BLOB, KEY)) == first
    record = json.loads(first)
    assert record["createdAt"] == created_at(KEY) == "2026-11-23T06:10:01.932Z"
    assert record["langs"] == ["de"]
    card = {"uri": LINK, "title": "Der Sensor", "description": "Er misst.", "thumb": BLOB}
    assert record["embed"] == {"$type": "app.bsky.embed.external", "external": card}


def test_card_without_picture_or_title():
    card = post_record(replace(MESSAGE, title="", description=""), None, KEY)["embed"]["external"]
    assert card == {"uri": LINK, "title": LINK, "description": ""}
    assert "embed" not in post_record(Message("Only words", "", "en"), None, KEY)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("de", "de"),
        ("EN-gb", "en-GB"),
        ("zh-hans", "zh-Hans"),
        ("zh-HANT-tw", "zh-Hant-TW"),
        ("", ""),
        ("x", ""),
        ("a b", ""),
    ],
)
def test_languages_as_bcp_47_writes_them(given, written):
    assert language_tag(given) == written
    assert post_record(replace(MESSAGE, language=given), None, KEY).get("langs", [""]) == [written]


def marked(text, link=""):
    """What the facets mark in ``text``, and what for."""
    data = text.encode()
    return [
        (
            data[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(),
            f["features"][0].get("uri") or f["features"][0]["tag"],
        )
        for f in find_facets(text, link)
    ]


def test_facets_are_measured_in_bytes():
    [link, tag] = find_facets(MESSAGE.text, LINK)
    before = len("Grüße 👩‍👩‍👧: ".encode())
    assert link["index"] == {"byteStart": before, "byteEnd": before + len(LINK.encode())}
    assert link["features"] == [{"$type": "app.bsky.richtext.facet#link", "uri": LINK}]
    assert tag["features"] == [{"$type": "app.bsky.richtext.facet#tag", "tag": "Wasser"}]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See (https://example.org/a).", [("https://example.org/a", "https://example.org/a")]),
        ("https://example.org/a_(b)!", [("https://example.org/a_(b)", "https://example.org/a_(b)")]),
        ("#Wasser, #水質! ＃ひ", [("#Wasser", "Wasser"), ("#水質", "水質"), ("＃ひ", "ひ")]),
        ("#1 #2026 #a1 x#y (#no) # ##", [("#a1", "a1")]),
        ("#️⃣ " + "#" + "x" * 65, []),
        ("@newsroom.bsky.social writes to me@example.org", []),
        ("example.org and foo.py", []),
        ("https:// https://. https:///x http://)", []),
    ],
)
def test_what_is_a_link_or_a_tag(text, found):
    assert marked(text) == found


def test_articles_address_is_a_link_also_in_languages_without_spaces():
    assert marked(f"见{LINK}。#水", LINK) == [(LINK, LINK)]
    longer = f"{LINK}more"
    assert marked(f"见{longer}。", LINK) == []
    assert marked(f"See {longer}", LINK) == [(longer, longer)]


@given(
    st.lists(st.one_of(st.text(max_size=10), st.sampled_from([LINK, "#tag", "#水", "https://a.b/c?d"]))).map(" ".join)
)
def test_facets_never_overlap_nor_leave_the_text(text):
    text = text.encode("utf-8", "ignore").decode()
    end = 0
    for facet in find_facets(text, LINK):
        assert end <= facet["index"]["byteStart"] < facet["index"]["byteEnd"] <= len(text.encode())
        text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        end = facet["index"]["byteEnd"]


# Publishing


@responses.activate
def test_post_is_put_under_its_own_key():
    receipt = put({"uri": URI, "cid": "bafy", "validationStatus": "valid"})
    assert (receipt.remote_id, receipt.permalink) == (URI, f"https://bsky.app/profile/{DID}/post/{record_key(KEY)}")
    [call] = responses.calls
    assert sent(call) == {
        "repo": DID,
        "collection": "app.bsky.feed.post",
        "rkey": record_key(KEY),
        "record": post_record(MESSAGE, BLOB, KEY),
        "swapRecord": None,
    }
    assert call.request.headers["Authorization"] == f"Bearer {TOKENS['access_token']}"


def there(**changes):
    responses.add(
        responses.POST, f"{XRPC}repo.putRecord", json=refusal("InvalidSwap", "Record was at bafy"), status=400
    )
    value = post_record(MESSAGE, None, KEY) | changes
    responses.add(responses.GET, f"{XRPC}repo.getRecord", json={"uri": URI, "cid": "bafy", "value": value})


@responses.activate
def test_record_that_is_there_with_another_picture_is_the_post():
    there()
    assert backend().publish(MESSAGE, [BLOB], KEY).remote_id == URI
    assert parse_qs(urlsplit(responses.calls[1].request.url).query)["rkey"] == [record_key(KEY)]


@responses.activate
@pytest.mark.parametrize("changes", [{"text": "Other words"}, {"createdAt": "2026-01-01T00:00:00.000Z"}])
def test_record_that_is_there_and_is_not_ours_is_no_success(changes):
    there(**changes)
    with pytest.raises(DuplicateContent):
        backend().publish(MESSAGE, [BLOB], KEY)


@responses.activate
def test_upload_sends_the_bytes_with_their_type():
    responses.add(responses.POST, f"{XRPC}repo.uploadBlob", json={"blob": BLOB})
    assert backend().upload(Media(b"\x89PNG", "image/png", "a.png", alt="x")) == BLOB
    request = responses.calls[0].request
    assert (request.headers["Content-Type"], request.body) == ("image/png", b"\x89PNG")


@responses.activate
@pytest.mark.parametrize("body", [{}, {"blob": None}, {"blob": "x"}, []])
def test_upload_without_a_blob_is_tried_again(body):
    responses.add(responses.POST, f"{XRPC}repo.uploadBlob", json=body)
    with pytest.raises(NotSent):
        backend().upload(Media(b"x", "image/png", "a.png"))


@responses.activate
@pytest.mark.parametrize(
    ("status", "code"), [(413, "PayloadTooLarge"), (400, "InvalidMimeType"), (400, "InvalidRequest")]
)
def test_picture_that_is_refused(status, code):
    responses.add(responses.POST, f"{XRPC}repo.uploadBlob", json=refusal(code), status=status)
    with pytest.raises(MediaRejected):
        backend().upload(Media(b"x", "image/png", "a.png"))


INVALID = "Invalid app.bsky.feed.post record: "
TOO_LONG = INVALID + "grapheme too big (maximum 300, got 301) at $.record.text"
MANY_BYTES = INVALID + "string too big (maximum 3000, got 5382) at $.record.text"
BIG_THUMB = INVALID + "blob too big (maximum 1000000, got 2100073) at $.record.embed.external.thumb"
NO_THUMB = INVALID + 'Expected "image/*" (got "text/plain") at $.record.embed.external.thumb.mimeType'
NO_KEY = 'Invalid record key for app.bsky.feed.post: Invalid TID string (got "article-17") at $'
# (status, code, words) -> what it means; words as recorded from the reference server.
MEANINGS = [
    (400, "ExpiredToken", "Token has expired", TokenExpired, "expired_token"),
    (400, "ExpiredToken", "Token has been revoked", TokenExpired, "expired_token"),
    (400, "InvalidToken", "Token could not be verified", TokenExpired, "expired_token"),
    (401, "AuthMissing", "Authentication Required", TokenExpired, "expired_token"),
    (401, "AuthenticationRequired", "Authentication Required", TokenExpired, "expired_token"),
    (401, "AuthFactorTokenRequired", "A sign in code has been sent", AccountProblem, "own_password"),
    (401, "AccountTakedown", "Account has been taken down", AccountProblem, "account_blocked"),
    (401, "AccountDeactivated", "Account is deactivated", AccountProblem, "switched_off"),
    (403, "AccountNotFound", "Account not found", AccountProblem, "target_missing"),
    (401, "use_dpop_nonce", "", AccountProblem, "reconnect"),
    (401, "invalid_token", "", AccountProblem, "reconnect"),
    (400, "InvalidRequest", TOO_LONG, Rejected, "too_long"),
    (400, "InvalidRequest", MANY_BYTES, Rejected, "too_long"),
    (400, "InvalidRequest", BIG_THUMB, MediaRejected, "image_refused"),
    (400, "InvalidRequest", NO_THUMB, MediaRejected, "image_refused"),
    (400, "InvalidRequest", NO_KEY, Rejected, "bad_request"),
    (400, "BlobNotFound", "Could not find blob: bafk", MediaRejected, "image_refused"),
    (400, "InvalidMimeType", "", MediaRejected, "image_refused"),
    (413, "PayloadTooLarge", "request entity too large", MediaRejected, "image_refused"),
    (501, "MethodNotImplemented", "Method Not Implemented", Rejected, "wrong_server"),
    (429, "RateLimitExceeded", "Rate Limit Exceeded", NotSent, "rate_limited"),
    (500, "InternalServerError", "Internal Server Error", OutcomeUnknown, "unclear_answer"),
    (502, "UpstreamFailure", "", OutcomeUnknown, "unclear_answer"),
    (503, "NotEnoughResources", "", OutcomeUnknown, "unclear_answer"),
    (504, "UpstreamTimeout", "", OutcomeUnknown, "unclear_answer"),
    (400, "SomethingNew", "", OutcomeUnknown, "unclear_answer"),
    (403, "Forbidden", "", OutcomeUnknown, "unclear_answer"),
]


@responses.activate
@pytest.mark.parametrize(("status", "code", "words", "kind", "reason"), MEANINGS)
def test_error(status, code, words, kind, reason):
    with pytest.raises(kind) as caught:
        put(refusal(code, words), status=status)
    assert type(caught.value) is kind
    assert caught.value.reason == reason
    assert caught.value.detail == (f"{code}: {words}" if words else code)
    assert reason in {**REASONS, **bluesky.Backend.reasons}


@responses.activate
def test_waiting_time_is_the_reset_of_the_limit():
    reset = int(datetime.now(UTC).timestamp()) + 120
    headers = {"RateLimit-Limit": "30", "RateLimit-Remaining": "0", "RateLimit-Reset": str(reset)}
    with pytest.raises(NotSent) as caught:
        put(refusal("RateLimitExceeded"), status=429, headers=headers)
    assert 110 < caught.value.retry_after <= 120


@responses.activate
def test_last_request_of_a_limit_makes_the_account_pause():
    reset = int(datetime.now(UTC).timestamp()) + 120
    headers = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(reset)}
    responses.add(responses.POST, f"{XRPC}repo.putRecord", json={"uri": URI, "cid": "bafy"}, headers=headers)
    sender = backend()
    sender.publish(MESSAGE, [], KEY)
    assert 110 < sender.pause <= 120


def recorded_answers(path):
    """(method, status, body) of each exchange in a recording of the reference server."""
    for found in re.finditer(r"^(?:GET|POST) ([\w.]+)\S* -> (\d+) .*\n {4}(.*)$", path.read_text(), re.MULTILINE):
        try:
            yield found[1], int(found[2]), json.loads(found[3])
        except ValueError:
            continue  # cut short by whoever recorded it


@pytest.mark.parametrize("version", ["0.4.217", "0.5.35"])
def test_recorded_answers(recorded, version):
    """No recorded refusal is taken for a success, none that a row should know for an unknown one."""
    reactions = {}
    for method, status, body in recorded_answers(recorded / f"BLUESKY/real-pds/pds-{version}.txt"):
        if status == 200:
            continue
        with responses.RequestsMock() as answers:
            answers.add(responses.POST, f"{XRPC}repo.putRecord", json=body, status=status)
            with pytest.raises(Exception) as caught:
                backend().publish(MESSAGE, [], KEY)
        reactions.setdefault(body["error"], set()).add((type(caught.value), caught.value.reason))
        assert method
    assert reactions.pop("InternalServerError") == {(OutcomeUnknown, "unclear_answer")}
    assert reactions.pop("InvalidRequest") == {
        (Rejected, "bad_request"),
        (Rejected, "too_long"),
        (MediaRejected, "image_refused"),
    }
    assert reactions == {
        "AuthenticationRequired": {(TokenExpired, "expired_token")},
        "AuthMissing": {(TokenExpired, "expired_token")},
        "InvalidToken": {(TokenExpired, "expired_token")},
        "ExpiredToken": {(TokenExpired, "expired_token")},
        "BlobNotFound": {(MediaRejected, "image_refused")},
        "AccountNotFound": {(AccountProblem, "target_missing")},
        "RecordNotFound": {(Rejected, "target_missing")},
    }


@responses.activate
def test_answers_seen_at_bsky_social(recorded):
    for seen in json.loads((recorded / "BLUESKY/seen-in-issues.json").read_text()):
        responses.reset()
        with pytest.raises(NotSent, match="rate_limited") as caught:
            put(seen["body"], status=seen["status"], headers=seen["headers"])
        assert caught.value.retry_after == 0  # its reset has long passed


# Sessions


@responses.activate
def test_app_password_is_traded_for_a_session():
    responses.add(responses.POST, f"{XRPC}server.createSession", json=SESSION)
    grant = stranger().exchange()
    assert grant.credentials == {"access_token": SESSION["accessJwt"], "refresh_token": SESSION["refreshJwt"]}
    assert grant.expires_at == datetime.fromtimestamp(1795395135, UTC)
    [call] = responses.calls
    assert sent(call) == {"identifier": "newsroom.example.org", "password": PASSWORD}
    assert "Authorization" not in call.request.headers


@responses.activate
@pytest.mark.parametrize(
    "given",
    ["@newsroom.example.org", "\u202a@newsroom.example.org\u202c ", "https://bsky.app/profile/newsroom.example.org"],
)
def test_handle_as_it_was_copied(given):
    responses.add(responses.POST, f"{XRPC}server.createSession", json=SESSION)
    stranger(given).exchange()
    assert sent(responses.calls[0])["identifier"] == "newsroom.example.org"


@responses.activate
def test_own_password_is_not_kept():
    responses.add(
        responses.POST, f"{XRPC}server.createSession", json=SESSION | {"accessJwt": jwt(scope="com.atproto.access")}
    )
    with pytest.raises(AccountProblem, match="own_password"):
        stranger().exchange()


@responses.activate
def test_token_that_says_nothing_of_itself_lasts_until_it_is_refused():
    responses.add(responses.POST, f"{XRPC}server.createSession", json=SESSION | {"accessJwt": "opaque-token"})
    assert stranger().exchange().expires_at is None


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "a.bm90IGpzb24.c", "a.W10.c", "…", "a.eyJleHAiOiJ4In0.c"])
def test_strange_tokens(token):
    assert claims(token).get("scope") is None
    assert ends_at(token) is None


@responses.activate
@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ({"json": refusal("AuthenticationRequired"), "status": 401}, AccountProblem, "wrong_password"),
        ({"json": refusal("AuthFactorTokenRequired"), "status": 401}, AccountProblem, "own_password"),
        ({"json": refusal("AccountTakedown"), "status": 401}, AccountProblem, "account_blocked"),
        ({"json": refusal("RateLimitExceeded"), "status": 429}, NotSent, "rate_limited"),
        ({"json": SESSION | {"active": False, "status": "deactivated"}}, AccountProblem, "switched_off"),
        ({"json": SESSION | {"active": False, "status": "suspended"}}, AccountProblem, "account_blocked"),
        ({"body": "<html>Shop</html>"}, Rejected, "wrong_server"),
        ({"body": "<html>Not found</html>", "status": 404}, Rejected, "wrong_server"),
        ({"json": refusal("MethodNotImplemented"), "status": 501}, Rejected, "wrong_server"),
        ({"body": "", "status": 301, "headers": {"Location": "/x"}}, Rejected, "wrong_server"),
        ({"body": "<html>Bad gateway</html>", "status": 502}, NotSent, "network_busy"),
    ],
)
def test_connecting_that_fails(answer, kind, reason):
    responses.add(responses.POST, f"{XRPC}server.createSession", **answer)
    with pytest.raises(kind) as caught:
        stranger().exchange()
    assert (type(caught.value), caught.value.reason) == (kind, reason)


@responses.activate
def test_session_is_renewed_by_its_refresh_token():
    responses.add(responses.POST, f"{XRPC}server.refreshSession", json=SESSION)
    assert backend().renew().credentials["access_token"] == SESSION["accessJwt"]
    assert responses.calls[0].request.headers["Authorization"] == f"Bearer {TOKENS['refresh_token']}"


@responses.activate
def test_dead_refresh_token_leads_back_to_the_app_password_and_the_did():
    responses.add(responses.POST, f"{XRPC}server.refreshSession", json=refusal("ExpiredToken"), status=400)
    responses.add(responses.POST, f"{XRPC}server.createSession", json=SESSION)
    backend(options={"handle": "an.older.name"}).renew()
    assert sent(responses.calls[1]) == {"identifier": DID, "password": PASSWORD}


@responses.activate
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"json": refusal("AccountTakedown"), "status": 401}, AccountProblem),
        ({"json": SESSION | {"active": False, "status": "deactivated"}}, AccountProblem),
        ({"body": "<html>", "status": 502}, NotSent),
        ({"body": "<html>"}, NotSent),
        ({"json": refusal("RateLimitExceeded"), "status": 429}, NotSent),
    ],
)
def test_renewal_that_fails_spends_no_login(answer, kind):
    responses.add(responses.POST, f"{XRPC}server.refreshSession", **answer)
    with pytest.raises(kind):
        backend().renew()
    assert len(responses.calls) == 1


@responses.activate
def test_identify():
    responses.add(responses.GET, f"{XRPC}server.getSession", json=SESSION)
    found = backend().identify()
    assert (found.remote_id, found.handle) == (DID, "newsroom.example.org")
    assert found.profile_url == f"https://bsky.app/profile/{DID}"


@responses.activate
def test_identify_when_the_name_leads_nowhere_any_more():
    responses.add(responses.GET, f"{XRPC}server.getSession", json=SESSION | {"handle": "handle.invalid"})
    assert backend().identify().handle == DID


@responses.activate
@pytest.mark.parametrize("server", ["https://pds.example.org", "https://pds.example.org/"])
def test_server_of_ones_own(server):
    responses.add(responses.POST, "https://pds.example.org/xrpc/com.atproto.server.createSession", json=SESSION)
    assert stranger(server=server).exchange()


def echo(request):
    """A server that repeats what it was sent, keys and all."""
    said = f"{request.headers.get('Authorization')} {(request.body or b'').decode()}"
    return 400, {}, json.dumps(refusal("New", said))


@responses.activate
def test_nothing_secret_is_shown():
    for method in ("server.createSession", "server.refreshSession", "repo.putRecord"):
        responses.add_callback(responses.POST, XRPC + method, echo)
    for call in (stranger().exchange, backend().renew, lambda: backend().publish(MESSAGE, [], KEY)):
        with pytest.raises(Exception) as caught:
            call()
        shown = f"{caught.value!s} {caught.value!r} {backend()!r} {backend().connection!r}"
        assert "New" in shown
        assert not any(secret in shown for secret in CREDENTIALS.values())


# Facts for the rest of the package


def test_specification():
    assert bluesky.Backend.limits.link is LinkPlace.CARD
    assert bluesky.Backend.limits.images.max_bytes <= 1_000_000
    assert not bluesky.Backend().can_find()
    assert bluesky.Backend.key_seconds >= 30 * 24 * 3600
    server = bluesky.Backend.auth[0].fields[2]
    assert server.address
    assert not server.required


def test_composed_post_fits():
    article = Article(title="Sensor", url=LINK, language="de", teaser="Wörter " * 100, tags=("Wasser", "Fluss", "x"))
    message = compose(article, bluesky.Backend.limits, bluesky.Backend.style)
    assert bluesky.Backend.limits.count(message.text) <= 300
    assert LINK not in message.text
    assert message.text.endswith("#Wasser #Fluss")


def test_share_link():
    address = urlsplit(backend().share_link(replace(MESSAGE, text="Neu & gut")))
    assert address.netloc + address.path == "bsky.app/intent/compose"
    assert parse_qs(address.query) == {"text": [f"Neu & gut\n\n{LINK}"]}
    assert "+" not in address.query


# The kit

PDS = "reference PDS 0.4.217, run locally, 2026-11-23"

PUT = "POST /xrpc/com.atproto.repo.putRecord"
DELETE = "POST /xrpc/com.atproto.repo.deleteRecord"


def kept(request):
    """The server's answer to putRecord: the id is made of the request's own key."""
    given = json.loads(request.body)
    uri = f"at://{given['repo']}/{given['collection']}/{given['rkey']}"
    return Captured(
        200, {"uri": uri, "cid": "bafyreid33r5x2qjh2muphgcqff2okk2uiekkbuj36omzuyceb3srdgltlq"}, source=PDS
    )


class TestBlueskyConformance(BackendConformance):
    backend = bluesky.Backend
    connection = Connection(remote_id=DID, handle="newsroom.example.org", credentials=CREDENTIALS)
    answers = {
        "GET /xrpc/com.atproto.server.getSession": Captured(200, SESSION, source=PDS),
        "POST /xrpc/com.atproto.repo.uploadBlob": Captured(200, {"blob": BLOB}, source=PDS),
        PUT: kept,
        DELETE: Captured(200, {"commit": {"cid": "bafy", "rev": "3n2wtbsf5dc2c"}}, source=PDS),
    }
    gone = {DELETE: Captured(200, {}, source=PDS)}
    expired = Refusal("*", Captured(400, refusal("ExpiredToken", "Token has expired"), source=PDS), TokenExpired)
    refusals = tuple(
        Refusal(PUT, Captured(status, refusal(code, words), source=PDS), kind, reason)
        for status, code, words, kind, reason in MEANINGS
        if words and status < 500
    )
