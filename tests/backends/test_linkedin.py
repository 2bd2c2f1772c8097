"""LinkedIn: what is sent, what nothing may vanish from, what its answers mean, and whose post a refusal names."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from sandbox.fakenet.networks.linkedin_text import RESERVED, read
from wagtail_syndicate.backends import linkedin
from wagtail_syndicate.backends.linkedin_text import little, plain_text
from wagtail_syndicate.compose.message import compose
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
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import AppKeys, Article, Connection, LinkPlace, Media, Message, Reach


TOKEN = "AQX-no-real-token-0123456789"
MEMBER = "urn:li:person:a1B2c3D4e5"
PAGE = "urn:li:organization:10204080"
LINK = "https://www.example.com/news/new-bridge/"
MESSAGE = Message(
    "The new bridge (free for bicycles) opens on Monday.\n\n#bridge", LINK, "en", "The new bridge", "Three years' work"
)
POSTS = "https://api.linkedin.com/rest/posts"
IMAGES = "https://api.linkedin.com/rest/images"
URN = "urn:li:share:7141138937766391808"
MADE = datetime(2023, 12, 14, 18, 56, 38, 709000, UTC)  # what that number says
MEMBER_SCOPES = ("openid", "profile", "w_member_social")
PAGE_SCOPES = ("w_organization_social", "r_organization_social", "rw_organization_admin")
PICTURE = Media(b"\x89PNG picture", "image/png", "bridge.png", "A bridge with two lanes")


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """The waits for a picture, which nobody waits for here."""
    waited = []
    monkeypatch.setattr(linkedin.Backend, "sleep", waited.append)
    return waited


def backend(remote_id=MEMBER, **kwargs):
    return linkedin.Backend(Connection(remote_id=remote_id, credentials={"access_token": TOKEN}, **kwargs))


def key_of(moment):
    """The key of a delivery that was planned then."""
    return str(uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62))


def refusal(code, message="Nope", **kwargs):
    inner = {"code": code, "description": message, "input": {}}
    return {"message": message, "errorDetails": {"inputErrors": [inner]}, **kwargs}


def body_of(call):
    return json.loads(call.request.body)


def publish(status=201, body=None, remote_id=MEMBER, message=MESSAGE, uploads=(), key="", **kwargs):
    responses.add(responses.POST, POSTS, json=body, status=status, **kwargs)
    return backend(remote_id).publish(message, uploads, key or key_of(datetime.now(UTC)))


def accepted(**kwargs):
    return publish(headers={"x-restli-id": URN}, **kwargs)


# What is sent


@responses.activate
def test_a_link_goes_out_as_a_card_of_our_making():
    receipt = accepted(uploads=[("urn:li:image:C1", "A bridge")])
    assert (receipt.remote_id, receipt.permalink) == (URN, f"https://www.linkedin.com/feed/update/{URN}")
    [call] = responses.calls
    assert body_of(call) == {
        "author": MEMBER,
        "commentary": "The new bridge \\(free for bicycles\\) opens on Monday.\n\n#bridge",
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "content": {
            "article": {
                "source": LINK,
                "title": "The new bridge",
                "description": "Three years' work",
                "thumbnail": "urn:li:image:C1",
            }
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    assert call.request.headers["LinkedIn-Version"] == "202609"
    assert call.request.headers["X-Restli-Protocol-Version"] == "2.0.0"
    assert call.request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in call.request.url


@responses.activate
def test_titles_are_cut_and_never_missing():
    accepted(message=replace(MESSAGE, title="x" * 500, description=""))
    accepted(message=replace(MESSAGE, title=""))
    long, none = (body_of(call)["content"]["article"] for call in responses.calls)
    assert long == {"source": LINK, "title": "x" * 400}
    assert none["title"] == LINK


@responses.activate
def test_without_a_link_the_picture_is_the_content():
    accepted(message=replace(MESSAGE, link=""), uploads=[("urn:li:image:C1", "A bridge")])
    accepted(message=replace(MESSAGE, link=""))
    pictured, bare = (body_of(call) for call in responses.calls)
    assert pictured["content"] == {"media": {"id": "urn:li:image:C1", "altText": "A bridge"}}
    assert "content" not in bare


@responses.activate
def test_version_is_a_setting(settings):
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"linkedin": {"VERSION": "202702"}}}
    accepted()
    assert responses.calls[0].request.headers["LinkedIn-Version"] == "202702"


@responses.activate
@pytest.mark.parametrize(
    ("chosen", "remote_id", "sent"),
    [
        (None, MEMBER, "PUBLIC"),
        ("CONNECTIONS", MEMBER, "CONNECTIONS"),
        ("LOGGED_IN", MEMBER, "LOGGED_IN"),
        ("nonsense", MEMBER, "PUBLIC"),
        ("CONNECTIONS", PAGE, "PUBLIC"),
    ],
)
def test_visibility_is_the_members_choice(chosen, remote_id, sent):
    responses.add(responses.POST, POSTS, status=201, headers={"x-restli-id": URN})
    backend(remote_id, options={"visibility": chosen}).publish(MESSAGE, [], "key")
    assert body_of(responses.calls[0])["visibility"] == sent


@responses.activate
def test_the_id_may_come_encoded():
    receipt = publish(headers={"x-restli-id": "urn%3Ali%3Ashare%3A7141138937766391808"})
    assert receipt.remote_id == URN


@responses.activate
@pytest.mark.parametrize("headers", [{}, {"x-restli-id": ""}])
def test_success_without_an_id_is_an_unknown_outcome(headers):
    with pytest.raises(OutcomeUnknown):
        publish(headers=headers)


@responses.activate
def test_a_picture_goes_where_linkedin_says():
    place = "https://www.linkedin.com/dms-uploads/C1/uploaded-image/0?ca=vector"
    responses.add(responses.POST, IMAGES, json={"value": {"uploadUrl": place, "image": "urn:li:image:C1"}})
    responses.add(responses.PUT, place, status=201)
    assert backend().upload(PICTURE) == ("urn:li:image:C1", "A bridge with two lanes")
    order, sent = responses.calls
    assert order.request.url == f"{IMAGES}?action=initializeUpload"
    assert body_of(order) == {"initializeUploadRequest": {"owner": MEMBER}}
    assert (sent.request.body, sent.request.headers["Content-Type"]) == (PICTURE.data, "image/png")
    assert sent.request.headers["Authorization"] == f"Bearer {TOKEN}"


@responses.activate
@pytest.mark.parametrize(
    "place", ["http://www.linkedin.com/upload", "ftp://x", "//x/y", "nonsense", "http://[", None, 7]
)
def test_the_key_is_sent_to_no_other_place(place):
    responses.add(responses.POST, IMAGES, json={"value": {"uploadUrl": place, "image": "urn:li:image:C1"}})
    with pytest.raises(NotSent):
        backend().upload(PICTURE)
    assert len(responses.calls) == 1


@responses.activate
def test_a_picture_that_is_refused_costs_only_the_picture():
    place = "https://www.linkedin.com/dms-uploads/C1"
    responses.add(responses.POST, IMAGES, json={"value": {"uploadUrl": place, "image": "urn:li:image:C1"}})
    responses.add(responses.PUT, place, status=400, json={"message": "no"})
    with pytest.raises(MediaRejected):
        backend().upload(PICTURE)
    with pytest.raises(MediaRejected):
        publish(400, refusal("MEDIA_ASSET_PROCESSING_FAILED"))


@responses.activate
@pytest.mark.parametrize("code", ["MEDIA_ASSET_WAITING_UPLOAD", "MEDIA_ASSET_PROCESSING"])
def test_patience_with_a_picture(code, waits):
    responses.add(responses.POST, POSTS, json=refusal(code), status=400)
    responses.add(responses.POST, POSTS, json={"code": code, "message": "wait"}, status=400)
    assert accepted().remote_id == URN
    assert waits == [1, 2]


@responses.activate
def test_patience_ends(waits):
    with pytest.raises(NotSent) as caught:
        publish(400, refusal("MEDIA_ASSET_WAITING_UPLOAD"))
    assert (caught.value.reason, caught.value.retry_after) == ("linkedin_picture", 60)
    assert (waits, len(responses.calls)) == ([1, 2, 3], 4)


# Nothing vanishes


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("a (b) [c] {d} <e>", "a \\(b\\) \\[c\\] \\{d\\} \\<e\\>"),
        ("a|b@c*d_e~f\\g", "a\\|b\\@c\\*d\\_e\\~f\\\\g"),
        ("#bridge", "#bridge"),
        ("on\n#bridge #5G #ウェブ #été", "on\n#bridge #5G #ウェブ #été"),
        ("C# and #1, ##x, a#b, (#c) # d #", "C\\# and \\#1, \\#\\#x, a\\#b, \\(\\#c\\) \\# d \\#"),
        ("#snake_case", "#snake\\_case"),
        ("https://example.org/a_b#c", "https://example.org/a\\_b\\#c"),
    ],
)
def test_reserved_characters(text, sent):
    assert little(text) == sent
    assert plain_text(sent) == read(sent)[0] == text


@given(st.text(st.sampled_from(RESERVED + "#a1é水\u0301 \n.") | st.characters(codec="utf-8")))
def test_nothing_vanishes(text):
    shown, _tags = read(little(text))
    assert shown == text
    assert plain_text(little(text)) == text


@given(st.from_regex(r"[a-z水é]{1,9}[a-z0-9水é]{0,5}", fullmatch=True), st.text(RESERVED + "x ", max_size=9))
def test_hashtags_stay_alive(tag, before):
    assert read(little(f"{before} #{tag}"))[1][-1] == tag
    assert read(little(f"#{tag}"))[1] == [tag]


def test_tags_of_a_page_stay_alive():
    article = Article("Bridge", LINK, "en", teaser="It opens (free) on Monday.", tags=("city life", "5G", "été"))
    text = compose(article, linkedin.Backend.limits, linkedin.Backend.style).text
    assert read(little(text)) == (text, ["CityLife", "5G", "été"])


def test_the_fake_parser_loses_what_is_not_escaped():
    assert read("up from 4% (EPRI) today")[0] == "up from 4% "
    assert read("Hello {hashtag|\\#|my\\_tag} and @[Acme](urn:li:organization:1).") == (
        "Hello #my_tag and Acme.",
        ["my_tag"],
    )


def test_the_other_forms_are_understood():
    assert (
        plain_text("Hello {hashtag|\\#|my\\_tag} and @[A\\_cme](urn:li:organization:1)\\!")
        == "Hello #my_tag and A_cme!"
    )


def test_length_counts_the_backslashes():
    limits = linkedin.Backend.limits
    assert (limits.length, limits.link, limits.count("a(b)")) == (3000, LinkPlace.CARD, 6)
    assert len(little("(" * 1500)) == limits.count("(" * 1500) == 3000


# What the answers mean


MEANINGS = [
    (400, "MISSING_FIELD", Rejected, "bad_request"),
    (400, "INVALID_URN_TYPE", Rejected, "bad_request"),
    (400, "INVALID_URN_ID", Rejected, "bad_request"),
    (400, "INVALID_VALUE_FOR_FIELD", Rejected, "bad_request"),
    (400, "FIELD_LENGTH_TOO_LONG", Rejected, "too_long"),
    (400, "MEDIA_ASSET_WAITING_UPLOAD", NotSent, "linkedin_picture"),
    (400, "MEDIA_ASSET_PROCESSING", NotSent, "linkedin_picture"),
    (400, "EXPIRED_UPLOAD_URL", NotSent, "linkedin_picture"),
    (400, "MEDIA_ASSET_PROCESSING_FAILED", MediaRejected, "image_refused"),
    (400, "INVALID_IMAGE_ID", MediaRejected, "image_refused"),
    (400, "UPDATING_ASSET_FAILED", MediaRejected, "image_refused"),
    (400, "VERSION_MISSING", Rejected, "linkedin_version"),
    (400, "SOMETHING_NEW", Rejected, "content_refused"),
    (401, "EMPTY_ACCESS_TOKEN", AccountProblem, "reconnect"),
    (401, "INVALID_ACCESS_TOKEN", AccountProblem, "reconnect"),
    (401, "REVOKED_ACCESS_TOKEN", AccountProblem, "reconnect"),
    (401, "EXPIRED_ACCESS_TOKEN", TokenExpired, "expired_token"),
    (403, "ACCESS_DENIED", AccountProblem, "linkedin_right"),
    (404, "NOT_FOUND", Rejected, "bad_request"),
    (409, "CONFLICT", NotSent, "network_busy"),
    (422, "DUPLICATE_POST", DuplicateContent, "duplicate"),
    (422, "UNPROCESSABLE_ENTITY", Rejected, "content_refused"),
    (426, "NONEXISTENT_VERSION", Rejected, "linkedin_version"),
    (429, "TOO_MANY_REQUESTS", NotSent, "daily_limit"),
    (500, "INTERNAL_SERVER_ERROR", OutcomeUnknown, "unclear_answer"),
    (503, "SERVICE_UNAVAILABLE", OutcomeUnknown, "unclear_answer"),
    (418, "TEAPOT", OutcomeUnknown, "unclear_answer"),
]


@responses.activate
@pytest.mark.parametrize("deep", [True, False], ids=["in the details", "outside"])
@pytest.mark.parametrize(("status", "code", "kind", "reason"), MEANINGS)
def test_error(status, code, kind, reason, deep):
    body = refusal(code) if deep else {"message": "Nope", "status": status, "serviceErrorCode": 0, "code": code}
    with pytest.raises(kind) as caught:
        publish(status, body)
    assert type(caught.value) is kind
    assert (caught.value.reason, caught.value.status) == (reason, status)
    assert "Nope" in caught.value.detail
    assert reason in REASONS | linkedin.Backend.reasons


@responses.activate
def test_an_old_token_is_told_by_its_words_too():
    with pytest.raises(TokenExpired):
        publish(401, {"message": "The token used in the request has expired", "status": 401})


@responses.activate
def test_a_days_limit_ends_at_midnight():
    with pytest.raises(NotSent) as caught:
        publish(429, {"message": "throttled", "status": 429})
    end = datetime.now(UTC) + timedelta(seconds=caught.value.retry_after)
    assert 0 < caught.value.retry_after <= 86400
    assert min(end.timestamp() % 86400, 86400 - end.timestamp() % 86400) < 60


@responses.activate
@pytest.mark.parametrize("status", [200, 401, 403, 422, 500])
def test_nothing_secret_is_shown(status):
    with pytest.raises(NetworkError) as caught:
        publish(status, {"message": f"The key {TOKEN} is bad", "status": status})
    assert TOKEN not in f"{caught.value!s} {caught.value!r} {backend()!r} {backend().connection!r}"


@responses.activate
def test_recorded_answers(recorded):
    seen = [entry for entry in json.loads((recorded / "LINKEDIN/seen-in-issues.json").read_text()) if "body" in entry]
    expected = [(DuplicateContent, "duplicate"), (Rejected, "linkedin_version"), (AccountProblem, "linkedin_right")]
    for answer, (kind, reason) in zip(seen, expected, strict=True):
        responses.reset()
        with pytest.raises(kind) as caught:
            publish(answer["status"], answer["body"])
        assert caught.value.reason == reason


@responses.activate
def test_the_post_that_a_recorded_refusal_names(recorded):
    answer = json.loads((recorded / "LINKEDIN/seen-in-issues.json").read_text())[0]
    receipt = publish(answer["status"], answer["body"], key=key_of(MADE - timedelta(hours=1)))
    assert receipt.remote_id == URN


# The same words again


def repeated(**kwargs):
    return publish(422, refusal("DUPLICATE_POST", f"Content is a duplicate of {URN}"), **kwargs)


@responses.activate
def test_a_post_made_after_the_delivery_was_planned_is_its_own():
    receipt = repeated(key=key_of(MADE - timedelta(seconds=1)))
    assert (receipt.remote_id, receipt.permalink) == (URN, f"https://www.linkedin.com/feed/update/{URN}")
    assert len(responses.calls) == 1  # a member's posts cannot be looked at


@responses.activate
@pytest.mark.parametrize("key", [key_of(MADE + timedelta(seconds=1)), str(uuid.UUID(int=4 << 76)), "no key of ours"])
def test_an_older_post_or_one_that_nobody_can_place_is_no_receipt(key):
    with pytest.raises(DuplicateContent) as caught:
        repeated(key=key)
    assert URN in caught.value.detail


@responses.activate
@pytest.mark.parametrize(
    "words", ["Duplicate post is detected", "duplicate of urn:li:share:12", "of urn:li:person:abc"]
)
def test_a_refusal_that_names_no_post(words):
    with pytest.raises(DuplicateContent):
        publish(422, refusal("DUPLICATE_POST", words), key=key_of(MADE))


@responses.activate
def test_a_name_that_was_made_on_the_spot_is_no_receipt():
    made = int(datetime.now(UTC).timestamp() * 1000) << 22
    with pytest.raises(DuplicateContent):
        publish(422, refusal("DUPLICATE_POST", f"duplicate of urn:li:share:{made}"), key=key_of(MADE))


@responses.activate
def test_a_page_can_tell_a_ghost():
    place = f"{POSTS}/urn%3Ali%3Ashare%3A7141138937766391808"
    responses.add(responses.GET, place, json={"message": "gone", "status": 404}, status=404)
    with pytest.raises(Rejected) as caught:
        repeated(remote_id=PAGE, key=key_of(MADE - timedelta(hours=1)))
    assert (type(caught.value), caught.value.reason) == (Rejected, "linkedin_ghost")


@responses.activate
@pytest.mark.parametrize("status", [200, 403, 500])
def test_what_a_page_cannot_see_is_judged_by_its_time(status):
    place = f"{POSTS}/urn%3Ali%3Ashare%3A7141138937766391808"
    responses.add(responses.GET, place, json={"id": URN}, status=status)
    assert repeated(remote_id=PAGE, key=key_of(MADE - timedelta(hours=1))).remote_id == URN


@responses.activate
def test_nobody_to_post_for():
    responses.add(responses.GET, "https://api.linkedin.com/v2/userinfo", status=403, json={"status": 403})
    responses.add(responses.GET, "https://api.linkedin.com/rest/organizationAcls", json={"elements": []})
    with pytest.raises(Rejected) as caught:
        backend("").targets()
    assert caught.value.reason == "target_missing"


@responses.activate
def test_find_when_linkedin_lists_fewer_than_asked_for(a_minute_ago):
    now = int(datetime.now(UTC).timestamp() * 1000)
    other = {"id": "urn:li:share:1", "commentary": "Other", "createdAt": now, "lastModifiedAt": now}
    wanted = other | {"id": URN, "commentary": little(MESSAGE.text)}
    for start, posts in ((0, [other]), (1, [wanted])):
        matcher = responses.matchers.query_param_matcher({"start": start}, strict_match=False)
        responses.add(responses.GET, POSTS, json={"elements": posts}, match=[matcher])
    assert backend(PAGE).find(MESSAGE, a_minute_ago).remote_id == URN


@responses.activate
@pytest.mark.parametrize(
    ("pages", "absent"),
    [
        ([({"total": 10}, 0)], False),
        ([({"total": 10}, 3), ({"total": 10}, 0)], False),
        ([({"links": [{"rel": "next", "href": "/rest/posts"}]}, 0)], False),
        ([({}, 0)], False),
        ([(None, 0)], False),
        ([({"total": 3}, 3)], True),
        ([({"total": 0}, 0)], True),
        ([({"links": []}, 3), ({"links": []}, 0)], True),
    ],
)
def test_a_list_that_says_that_there_is_more_is_no_absence(pages, absent, a_minute_ago):
    now, number = int(datetime.now(UTC).timestamp() * 1000), 0
    for paging, count in pages:
        elements = []
        for _each in range(count):
            number += 1
            urn = f"urn:li:share:{number}"
            elements.append({"id": urn, "commentary": "Other", "createdAt": now, "lastModifiedAt": now})
        body = {"elements": elements} | ({} if paging is None else {"paging": {"start": 0, "count": 50} | paging})
        responses.add(responses.GET, POSTS, json=body)
    if absent:
        assert backend(PAGE).find(MESSAGE, a_minute_ago) is None
    else:
        with pytest.raises(NotSent, match="looking"):
            backend(PAGE).find(MESSAGE, a_minute_ago)


@responses.activate
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/dms-uploads/x",
        "https://linkedin.com.evil.example/x",
        "https://evil.example\\@www.linkedin.com/x",
        "https://www.linkedin.com@evil.example/x",
        "https://evil.example/www.linkedin.com/x",
        "https://evillinkedin.com/x",
        "https://www.linkedin.com:8443/x",
        "http://www.linkedin.com/x",
        "https://127.0.0.1/x",
    ],
)
def test_the_key_goes_to_linkedin_only(address, picture):
    initialised = {"value": {"uploadUrl": address, "image": "urn:li:image:1"}}
    responses.add(responses.POST, f"{IMAGES}?action=initializeUpload", json=initialised)
    with pytest.raises(NotSent):
        backend(PAGE).upload(picture)
    assert len(responses.calls) == 1


@responses.activate
@pytest.mark.parametrize("host", ["www.linkedin.com", "media-upload.licdn.com", "LinkedIn.com:443"])
def test_pictures_go_to_all_of_linkedin(host, picture):
    address = f"https://{host}/dms-uploads/x?a=1"
    initialised = {"value": {"uploadUrl": address, "image": "urn:li:image:1"}}
    responses.add(responses.POST, f"{IMAGES}?action=initializeUpload", json=initialised)
    responses.add(responses.PUT, address, status=201)
    assert backend(PAGE).upload(picture)[0] == "urn:li:image:1"


@responses.activate
@pytest.mark.parametrize("body", [{}, {"elements": None}, {"elements": [{"id": URN}]}, {"elements": ["x"]}, []])
def test_a_list_that_is_none_says_nothing(body, a_minute_ago):
    responses.add(responses.GET, POSTS, json=body)
    with pytest.raises(NotSent):
        backend(PAGE).find(MESSAGE, a_minute_ago)


@responses.activate
def test_a_post_that_is_gone_counts_as_deleted():
    place = f"{POSTS}/urn%3Ali%3Ashare%3A7141138937766391808"
    responses.add(responses.DELETE, place, json={"status": 404}, status=404)
    backend().delete(URN)
    responses.replace(responses.DELETE, place, json={"status": 403}, status=403)
    with pytest.raises(AccountProblem):
        backend().delete(URN)


def test_share_link():
    link = backend().share_link(replace(MESSAGE, link="https://www.example.com/neu/?a=1&b=ü ü#oben"))
    assert link.startswith("https://www.linkedin.com/sharing/share-offsite/?url=https%3A%2F%2Fwww.example.com")
    assert parse_qs(urlsplit(link).query) == {"url": ["https://www.example.com/neu/?a=1&b=ü ü#oben"]}
    assert backend().share_link(replace(MESSAGE, link="")) == ""


def test_doors():
    member, page = linkedin.Backend.auth
    assert linkedin.Backend.reach == Reach.AUTOMATIC
    assert (member.scopes, page.scopes) == (MEMBER_SCOPES, PAGE_SCOPES)
    # Two apps: the Community Management API is given to apps that have nothing else.
    assert not set(member.keys) & set(page.keys)
    assert not member.pkce
    assert not page.pkce


class TestLinkedInConformance(BackendConformance):
    DOCUMENTS = "learn.microsoft.com/linkedin, Posts API and Images API, as quoted in notes of 2026-09"
    ISSUE = "github.com/Arisamiga/Linkedin-RSS/issues/5, 2023-12"

    backend = linkedin.Backend
    connection = Connection(
        remote_id=PAGE,
        handle="Example Company",
        credentials={"access_token": TOKEN},
        app=AppKeys("77exampleclient", "secret-of-the-test-app"),
    )
    answers = {
        # A page's key does not open what is about members.
        "GET /v2/userinfo": Captured(403, {"status": 403, "code": "ACCESS_DENIED"}, source=DOCUMENTS),
        "GET /rest/organizationAcls": Captured(
            200,
            {"elements": [{"role": "ADMINISTRATOR", "organization": PAGE, "state": "APPROVED"}]},
            source=DOCUMENTS,
        ),
        "GET /rest/organizations": Captured(
            200,
            {"results": {"10204080": {"localizedName": "Example Company", "vanityName": "example-company"}}},
            source=DOCUMENTS,
        ),
        "POST /rest/images": Captured(
            200,
            {"value": {"uploadUrl": "{server}/dms-uploads/C1/uploaded-image/0", "image": "urn:li:image:C1"}},
            source=DOCUMENTS,
        ),
        "PUT /dms-uploads/*": Captured(201, "", source=DOCUMENTS),
        "POST /rest/posts": Captured(201, "", {"x-restli-id": URN}, source=DOCUMENTS),
        "POST /rest/posts/*": Captured(204, "", source=DOCUMENTS),
        "DELETE /rest/posts/*": Captured(204, "", source=DOCUMENTS),
        "GET /rest/posts/*": Captured(200, {"id": URN}, source=DOCUMENTS),
    }
    refusals = (
        Refusal(
            "POST /rest/posts",
            Captured(422, refusal("DUPLICATE_POST", f"Content is a duplicate of {URN}", status=422), source=ISSUE),
            DuplicateContent,
            "duplicate",
        ),
        Refusal(
            "POST /rest/posts",
            Captured(
                426,
                {"status": 426, "code": "NONEXISTENT_VERSION", "message": "Requested version 20241101 is not active"},
                source="github.com/ComposioHQ/composio/issues/3468",
            ),
            Rejected,
            "linkedin_version",
        ),
        Refusal(
            "POST /rest/posts",
            Captured(400, refusal("MEDIA_ASSET_WAITING_UPLOAD", "Media asset is waiting upload"), source=DOCUMENTS),
            NotSent,
            "linkedin_picture",
        ),
        Refusal(
            "PUT /dms-uploads/*",
            Captured(400, refusal("MEDIA_ASSET_PROCESSING_FAILED"), source=DOCUMENTS),
            MediaRejected,
            "image_refused",
        ),
    )
    expired = Refusal(
        "*",
        Captured(
            401,
            {"status": 401, "code": "EXPIRED_ACCESS_TOKEN", "message": "The token used in the request has expired"},
            source=DOCUMENTS,
        ),
        TokenExpired,
        "expired_token",
    )
    gone = {"* /rest/posts/*": Captured(404, {"status": 404, "message": "Not Found"}, source=DOCUMENTS)}

    page = 50

    def shown(self, posts, request):
        if not request.is_like("GET /rest/posts"):
            return None
        listed = [
            {
                "id": post.remote_id,
                "author": PAGE,
                "commentary": little(post.message.text),
                "createdAt": int(post.at.timestamp() * 1000),
                "lastModifiedAt": int(post.at.timestamp() * 1000),
            }
            for post in posts
            if post.mine
        ]
        start = int(request.query["start"])
        body = {"elements": listed[start : start + self.page]}
        body["paging"] = {"start": start, "count": self.page, "links": []}
        return Captured(200, body, source=self.DOCUMENTS)

    def says(self, request, message):
        try:
            sent = json.loads(request.body)
        except ValueError:
            return False
        commentary = sent.get("commentary") or sent.get("patch", {}).get("$set", {}).get("commentary", "")
        return read(commentary)[0] == message.text
