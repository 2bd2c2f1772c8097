"""Weibo: what is shared, what Weibo's codes mean, and how a post is found again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from io import BytesIO
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
import responses
from werkzeug.formparser import parse_form_data

from wagtail_syndicate.backends import weibo
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    NetworkError,
    NotSent,
    OutcomeUnknown,
    Rejected,
)
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import AppKeys, Caution, Connection, Media, Message, Reach, Region


TOKEN = "2.00noRealToken_abcdefg"
KEY = "unused-by-weibo"
LINK = "https://www.example.org/zh/shui/"
TEXT = f"新传感器无需试剂即可测量水质。 {LINK}"
MESSAGE = Message(TEXT, LINK, "zh-hans")
SHARE = "https://api.weibo.com/2/statuses/share.json"
TIMELINE = "https://api.weibo.com/2/statuses/user_timeline.json"
PICTURE = Media(b"\x89PNG\r\n\x1a\n picture", "image/png", "shui.png", "ignored")
SINCE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def backend(**kwargs):
    fields = {"remote_id": "1404376560", "handle": "水质", "credentials": {"access_token": TOKEN}} | kwargs
    return weibo.Backend(Connection(**fields))


def status(number=3491273850170657, **kwargs):
    return {
        "created_at": "Mon Nov 23 16:00:05 +0800 2026",
        "id": number,
        "idstr": str(number),
        "mid": str(number),
        "text": "新传感器无需试剂即可测量水质。 http://t.cn/Ab12Cd",
        "truncated": False,
        "user": {"id": 1404376560, "idstr": "1404376560", "screen_name": "水质"},
    } | kwargs


def refusal(code, text="Nope"):
    return {"error": text, "error_code": code, "request": "/2/statuses/share.json"}


def share(body=None, message=MESSAGE, uploads=(), **kwargs):
    responses.add(responses.POST, SHARE, json=body, **kwargs)
    return backend().publish(message, uploads, KEY)


@responses.activate
def test_text_goes_out_byte_for_byte_as_a_form():
    receipt = share(status())
    assert receipt.remote_id == "3491273850170657"
    assert receipt.permalink == "https://weibo.com/1404376560/yCirT0Iox"
    [call] = responses.calls
    assert call.request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(call.request.body)) == {"status": TEXT}
    assert call.request.headers["Authorization"] == f"OAuth2 {TOKEN}"
    assert TOKEN not in call.request.url + call.request.body


@responses.activate
def test_picture_travels_with_the_post(settings):
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"weibo": {"RIP": "203.0.113.9"}}}
    share(status(), uploads=[backend().upload(PICTURE)])
    [call] = responses.calls
    environ = requests_environ(call.request)
    _, form, files = parse_form_data(environ)
    assert dict(form) == {"status": TEXT, "rip": "203.0.113.9"}
    assert list(files) == ["pic"]
    assert (files["pic"].read(), files["pic"].content_type) == (PICTURE.data, "image/png")


def requests_environ(request):
    body = request.body
    return {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": request.headers["Content-Type"],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }


@pytest.mark.parametrize(
    ("number", "short"),
    [
        (3491273850170657, "yCirT0Iox"),
        ("3491273850170657", "yCirT0Iox"),
        (0, "0"),
        (61, "Z"),
        (62, "10"),
        (10_000_000, "10000"),
        (10_000_061, "1000Z"),
    ],
)
def test_id_in_the_address(number, short):
    assert weibo.short_id(number) == short


MEANINGS = {
    "unclear_answer": (OutcomeUnknown, "10001 10002 10003 10009 10010 10011"),
    "rate_limited": (NotSent, "10004 10022 10023 10024 20016 20022"),
    "app_setup": (Rejected, "10005 10006 10014 20014 21322"),
    "bad_request": (Rejected, "10008 10012 10016 10018 10020 10021"),
    "target_missing": (Rejected, "10013"),
    "post_gone": (Rejected, "20101"),
    "content_refused": (Rejected, "10017"),
    "image_refused": (MediaRejected, "20005 20006 20007"),
    "empty": (Rejected, "20008"),
    "too_long": (Rejected, "20012"),
    "account_blocked": (Rejected, "20015"),
    "duplicate": (DuplicateContent, "20017 20019 20111"),
    "content_forbidden": (Rejected, "20018 20020 20021 21602"),
    "human_check": (Rejected, "20031"),
    "accepted_later": (OutcomeUnknown, "20032"),
    "permission": (Rejected, "20102 21330"),
    "expired_token": (AccountProblem, "21315 21327"),
    "reconnect": (AccountProblem, "20003 21301 21314 21316 21317 21319 21325 21332"),
    "not_reviewed": (Rejected, "21321"),
}


@responses.activate
@pytest.mark.parametrize("status_and_type", [(400, int), (403, str), (200, int), (200, str)])
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [(code, kind, reason) for reason, (kind, codes) in MEANINGS.items() for code in codes.split()],
)
def test_error_code(code, kind, reason, status_and_type):
    http_status, as_type = status_and_type
    with pytest.raises(kind) as caught:
        share(refusal(as_type(code)), status=http_status)
    assert type(caught.value) is kind
    assert (caught.value.reason, caught.value.detail, caught.value.status) == (reason, "Nope", http_status)
    assert reason in {**REASONS, **weibo.Backend.reasons}
    if kind is NotSent:
        assert caught.value.retry_after >= 3600


@pytest.mark.parametrize(
    "text, domains, cautions",
    [
        (TEXT, ["example.org"], []),
        (TEXT, ["www.example.org"], []),
        (TEXT, ["example.com"], [Caution("link_domain", refused=True)]),
        ("没有链接", ["example.org"], [Caution("link_domain", refused=True)]),
        (TEXT, [], [Caution("domains_unknown")]),
        (f"#水质# {TEXT}", ["example.org"], [Caution("topic", refused=True)]),
        (f"{TEXT}#one#two", ["example.org"], []),
    ],
)
def test_what_weibo_would_refuse_is_told_before(text, domains, cautions):
    speaker = backend(options={"bound_domains": domains})

    assert speaker.cautions(replace(MESSAGE, text=text)) == cautions
    assert {caution.reason for caution in cautions} <= {*REASONS, *weibo.Backend.reasons}


@responses.activate
@pytest.mark.parametrize("text", ["text not find domain!", "appkey not bind domain!"])
def test_link_outside_the_bound_domain(text):
    with pytest.raises(Rejected) as caught:
        share(refusal(10017, text), status=400)
    assert caught.value.reason == "link_domain"


@responses.activate
@pytest.mark.parametrize("body", [refusal(99999), {}, {"id": 0}, {"idstr": ""}, [], "ok", None])
@pytest.mark.parametrize("http_status", [200, 400, 500])
def test_unknown_answer_is_an_unknown_outcome(body, http_status):
    with pytest.raises(OutcomeUnknown):
        share(body, status=http_status)


@responses.activate
@pytest.mark.parametrize("answer", [{"body": ""}, {"body": "<html>"}, {"body": "busy", "status": 503}])
def test_answer_that_is_not_json_is_an_unknown_outcome(answer):
    responses.add(responses.POST, SHARE, **answer)
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], KEY)


@responses.activate
@pytest.mark.parametrize(
    "failure", [requests.exceptions.ReadTimeout(), requests.exceptions.ConnectionError(ConnectionResetError())]
)
def test_broken_connection_is_an_unknown_outcome(failure):
    responses.add(responses.POST, SHARE, body=failure)
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], KEY)


def test_refused_connection_is_surely_not_sent(settings, refused_address):
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"weibo": {"HOSTS": {"api": refused_address}}}}
    with pytest.raises(NotSent):
        backend().publish(MESSAGE, [], KEY)


@responses.activate
@pytest.mark.parametrize("code", [21332, 10001, 99999])
def test_nothing_secret_is_shown(code):
    with pytest.raises(NetworkError) as caught:
        share(refusal(code, f"token {TOKEN} is bad"), status=400)
    assert (
        TOKEN not in f"{caught.value!s} {caught.value!r} {caught.value.detail} {backend()!r} {backend().connection!r}"
    )
    assert "is bad" in caught.value.detail


@responses.activate
def test_recorded_answers(recorded):
    file = recorded / "WEIBO/seen-in-issues.json"
    expected = ["link_domain", "link_domain", "app_setup", "permission"]
    seen = [answer.get("body") or answer["body_partial"] for answer in json.loads(file.read_text())]
    for body, reason in zip(seen, expected, strict=True):
        responses.reset()
        with pytest.raises(Rejected) as caught:
            share(body, status=400)
        assert caught.value.reason == reason


@responses.activate
def test_recorded_statuses_have_addresses_and_can_be_found(recorded):
    file = recorded / "WEIBO/weiboclient4j/statuses.json"
    posts = json.loads(file.read_text())
    responses.add(responses.GET, TIMELINE, json={"statuses": posts})
    wanted = next(post for post in posts if "CTO" in post["text"])
    text = wanted["text"].replace("http://t.cn/ar6FgG", LINK)
    found = backend().find(Message(text, LINK, "zh-hans"), datetime(2011, 9, 16, tzinfo=UTC))
    assert found.remote_id == str(wanted["id"])


# Refused before anything is sent


@pytest.mark.parametrize(
    ("domains", "link", "allowed"),
    [
        (["example.org"], LINK, True),
        (["www.example.org"], "https://example.org/a/", True),
        (["other.example", "EXAMPLE.org"], LINK, True),
        (["example.org"], "https://notexample.org/", False),
        (["example.org"], "https://example.org.evil.example/", False),
        (["example.org"], "https://evil.example/?to=https:/example.org", False),
        (["example.org"], "https://example.org@evil.example/", False),
        ([], "https://anywhere.example/", True),
    ],
)
@pytest.mark.parametrize("place", ["settings", "account"])
@responses.activate
def test_link_must_be_on_a_bound_domain(settings, place, domains, link, allowed):
    options = {"bound_domains": domains} if place == "account" else {}
    if place == "settings":
        settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"weibo": {"BOUND_DOMAINS": domains}}}
    responses.add(responses.POST, SHARE, json=status())
    message = Message(f"水 {link}", link, "zh-hans")
    if allowed:
        backend(options=options).publish(message, [], KEY)
    else:
        with pytest.raises(Rejected) as caught:
            backend(options=options).publish(message, [], KEY)
        assert caught.value.reason == "link_domain"
    assert len(responses.calls) == (1 if allowed else 0)


@responses.activate
def test_text_without_a_link_is_no_text_for_a_bound_domain():
    with pytest.raises(Rejected, match="link_domain"):
        backend(options={"bound_domains": ["example.org"]}).publish(Message("水", "", "zh-hans"), [], KEY)
    assert not responses.calls


@responses.activate
@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (f"#水质# 新传感器 {LINK}", False),
        (f"第 #1 名 {LINK}", True),
        (f"新 {LINK}#a 旧 {LINK}#b", True),
    ],
)
def test_topics_are_refused(text, allowed):
    responses.add(responses.POST, SHARE, json=status())
    message = Message(text, LINK, "zh-hans")
    if allowed:
        backend().publish(message, [], KEY)
    else:
        with pytest.raises(Rejected, match="content_refused"):
            backend().publish(message, [], KEY)
    assert len(responses.calls) == (1 if allowed else 0)


# Reading back


def at(moment):
    """The moment as Weibo writes it, in its own time zone."""
    day, date, month, year, clock, _zone = format_datetime(moment + timedelta(hours=8)).replace(",", "").split()
    return f"{day} {month} {date} {clock} +0800 {year}"


def look(posts, message=MESSAGE, total=None):
    total = len(posts) if total is None else total
    responses.add(responses.GET, TIMELINE, json={"statuses": posts, "total_number": total})
    return backend().find(message, SINCE)


@responses.activate
def test_find_asks_for_the_posts_of_this_app():
    assert look([status()]).permalink == "https://weibo.com/1404376560/yCirT0Iox"
    [call] = responses.calls
    assert parse_qs(urlsplit(call.request.url).query) == {"base_app": ["1"], "count": ["100"]}


@responses.activate
@pytest.mark.parametrize(
    "change",
    [
        {"text": "新传感器无需试剂即可测量水质。http://t.cn/Ab12Cd "},
        {"text": "新传感器无需试剂即可测量水质。 http://t.cn/Ab12Cd\u200b"},
        {"text": f"新传感器无需试剂即可测量水质。 {LINK}"},
        {"created_at": at(SINCE - timedelta(minutes=1))},
    ],
)
def test_found_although_weibo_changed_it(change):
    assert look([status(1, text="别的"), status(**change)]).remote_id == "3491273850170657"


@responses.activate
@pytest.mark.parametrize(
    "change",
    [{"text": "新传感器无需试剂即可测量空气。 http://t.cn/Ab12Cd"}, {"created_at": at(SINCE - timedelta(hours=1))}],
)
def test_other_and_older_posts_are_not_it(change):
    assert look([status(**change)]) is None


@responses.activate
def test_link_with_signs_of_its_own_script_is_left_out_as_a_whole():
    link = "https://example.org/新闻/?a=1&copy=2"
    message = Message(f"水质 & 空气 {link}", link, "zh-hans")
    assert look([status(text="水质 &amp; 空气 http://t.cn/Ab12Cd")], message)


@responses.activate
@pytest.mark.parametrize("answer", [{"statuses": None}, {}, {"statuses": [{"text": "x"}]}, {"statuses": [7]}])
def test_strange_timeline_says_nothing(answer):
    responses.add(responses.GET, TIMELINE, json=answer)
    with pytest.raises(NotSent):
        backend().find(MESSAGE, SINCE)


OTHERS = [status(number, text="别的") for number in range(1, 101)]
OLD = {"text": "别的", "created_at": at(SINCE - timedelta(hours=1))}


@responses.activate
@pytest.mark.parametrize("posts", [OTHERS, OTHERS[:5], [], [status(200, **OLD), *OTHERS[:5]], [status(200, **OLD)]])
def test_timeline_that_does_not_reach_back_says_nothing(posts):
    """Some apps are given five posts of many; one on top may be pinned there."""
    with pytest.raises(NotSent, match="looking"):
        look(posts, total=400)


@responses.activate
def test_timeline_without_a_number_ends_only_where_it_reaches_back():
    responses.add(responses.GET, TIMELINE, json={"statuses": OTHERS[:5]})
    with pytest.raises(NotSent, match="looking"):
        backend().find(MESSAGE, SINCE)
    responses.reset()
    assert look([*OTHERS[:5], status(200, **OLD)], total=400) is None


@responses.activate
def test_trouble_while_looking_is_no_absence():
    responses.add(responses.GET, TIMELINE, json=refusal(10001), status=400)
    with pytest.raises(NotSent):
        backend().find(MESSAGE, SINCE)


# Deleting

DESTROY = "https://api.weibo.com/2/statuses/destroy.json"


@responses.activate
@pytest.mark.parametrize(("body", "http_status"), [(status(), 200), (refusal(20101), 400), (refusal("20101"), 200)])
def test_deleted_and_gone_are_the_same(body, http_status):
    responses.add(responses.POST, DESTROY, json=body, status=http_status)
    backend().delete("3491273850170657")
    [call] = responses.calls
    assert dict(parse_qsl(call.request.body)) == {"id": "3491273850170657"}


@responses.activate
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (20102, Rejected, "permission"),
        (10014, Rejected, "app_setup"),
        (10023, NotSent, "rate_limited"),
        (10001, NotSent, "network_busy"),
        (21332, AccountProblem, "reconnect"),
    ],
)
def test_delete_that_did_not_happen(code, kind, reason):
    responses.add(responses.POST, DESTROY, json=refusal(code), status=400)
    with pytest.raises(kind) as caught:
        backend().delete("3491273850170657")
    assert (type(caught.value), caught.value.reason) == (kind, reason)


# Connecting


@responses.activate
def test_identify():
    responses.add(responses.GET, "https://api.weibo.com/2/account/get_uid.json", json={"uid": "1404376560"})
    shown = {"id": 1404376560, "idstr": "1404376560", "screen_name": "水质", "domain": ""}
    responses.add(responses.GET, "https://api.weibo.com/2/users/show.json", json=shown)
    found = backend(remote_id="").identify()
    assert (found.remote_id, found.handle) == ("1404376560", "水质")
    assert found.profile_url == "https://weibo.com/u/1404376560"
    assert responses.calls[1].request.url.endswith("?uid=1404376560")
    assert responses.calls[0].request.headers["Authorization"] == f"OAuth2 {TOKEN}"


@responses.activate
def test_identify_with_withdrawn_access():
    responses.add(responses.GET, "https://api.weibo.com/2/account/get_uid.json", json=refusal(21332), status=400)
    with pytest.raises(AccountProblem):
        backend().identify()


def test_facts_for_the_rest_of_the_package():
    assert (weibo.Backend.reach, weibo.Backend.region) == (Reach.CONDITIONAL, Region.CHINA)
    assert weibo.Backend.style.hashtags == 0
    assert weibo.Backend.limits.count("水" * 140) == weibo.Backend.limits.length
    [door] = weibo.Backend.auth
    assert not door.pkce and not door.refresh and door.scope_separator == ","
    assert backend().url(door.authorize_url) == "https://api.weibo.com/oauth2/authorize"


def test_share_link():
    address = urlsplit(backend().share_link(MESSAGE))
    assert address.netloc + address.path == "service.weibo.com/share/share.php"
    assert parse_qs(address.query) == {"url": [LINK], "title": ["新传感器无需试剂即可测量水质。"]}


def test_longer_address_stays_whole():
    longer = Message(f"别的： {LINK}2025/ {LINK}", LINK, "zh-hans")
    address = urlsplit(backend().share_link(longer))
    assert parse_qs(address.query)["title"] == [f"别的： {LINK}2025/"]


@responses.activate
def test_post_with_a_longer_address_is_found():
    longer = Message(f"别的： {LINK}2025/ {LINK}", LINK, "zh-hans")
    assert look([status(text="别的： http://t.cn/Ab12Cd http://t.cn/Ab12Ce")], longer)


class TestWeiboConformance(BackendConformance):
    WIKI = "open.weibo.com/wiki, 2026-11"

    backend = weibo.Backend
    connection = Connection(
        remote_id="3456676543",
        handle="linyan",
        credentials={"access_token": "2.00weiboTokenOfTheTest"},
        app=AppKeys("1234567890", "weibo-secret-of-the-app"),
    )
    answers = {
        "GET /2/account/get_uid.json": Captured(200, {"uid": "3456676543"}, source="weiboclient4j, account_uid.json"),
        "GET /2/users/show.json": Captured(
            200, {"idstr": "3456676543", "screen_name": "linyan"}, source=f"{WIKI}/2/users/show"
        ),
        "POST /2/statuses/share.json": Captured(
            200,
            {
                "id": 3491273850170657,
                "idstr": "3491273850170657",
                "text": "x",
                "user": {"id": 3456676543, "idstr": "3456676543"},
            },
            source=f"{WIKI}/2/statuses/share",
        ),
        "POST /2/statuses/destroy.json": Captured(
            200, {"id": 3491273850170657, "idstr": "3491273850170657"}, source=f"{WIKI}/2/statuses/destroy"
        ),
    }
    optional = ("GET /2/users/show.json",)  # without it the account is called by its number
    refusals = (
        Refusal(
            "POST /2/statuses/share.json",
            Captured(
                400,
                {"error": "text not find domain!", "error_code": 10017, "request": "/2/statuses/share.json"},
                source="github.com/sinaweibosdk/weibo_ios_sdk/issues/311",
            ),
            Rejected,
            "link_domain",
        ),
        Refusal(
            "POST /2/statuses/share.json",
            Captured(200, {"error": "repeat content!", "error_code": "20019"}, source=f"{WIKI}/Error_code"),
            DuplicateContent,
            "duplicate",
        ),
        Refusal(
            "POST /2/statuses/share.json",
            Captured(400, {"error": "system error", "error_code": 10001}, source=f"{WIKI}/Error_code"),
            OutcomeUnknown,
            "unclear_answer",
        ),
    )
    expired = Refusal(
        "*",
        Captured(403, {"error": "expired_token", "error_code": 21327}, source=f"{WIKI}/Error_code"),
        AccountProblem,
    )
    page = 100
    gone = {
        "POST /2/statuses/destroy.json": Captured(
            400, {"error": "target weibo does not exist!", "error_code": 20101}, source=f"{WIKI}/Error_code"
        )
    }

    def shown(self, posts, request):
        if not request.is_like("GET /2/statuses/user_timeline.json"):
            return None
        listed = [
            {
                "idstr": post.remote_id,
                "created_at": post.at.strftime("%a %b %d %H:%M:%S +0000 %Y"),
                "text": escape(post.message.text.replace(post.message.link, "http://t.cn/RxabcDe")),
                "user": {"idstr": "3456676543"},
            }
            for post in posts
            if post.mine
        ]
        body = {"statuses": listed[: self.page], "total_number": len(listed)}
        return Captured(200, body, source=f"{self.WIKI}/2/statuses/user_timeline")
