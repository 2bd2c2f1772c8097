"""WeChat: tokens that workers share, the article, drafts and publishing, and what its codes mean."""

import html
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from wagtail_syndicate.backends.wechat import PAGE, PAGES, POLL_WAITS, Backend
from wagtail_syndicate.backends.wechat_article import CONTENT, TITLE, article, paragraphs
from wagtail_syndicate.compose.message import compose
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
from wagtail_syndicate.types import Article, Connection, Image, Message


TOKEN = "85_no-real-token_0123456789"
SECRET = "0123456789abcdef0123456789abcdef"
APP_ID = "wx0123456789abcdef"
API = "https://api.weixin.qq.com/cgi-bin/"
LINK = "https://www.example.com/zh/qiao/?a=1&b=2"
MESSAGE = Message(
    "跨河新大桥将于周一开通。\n\n自行车 & 行人 <免费>。",
    LINK,
    "zh-hans",
    title="新大桥周一开通",
    images=(Image("1", "桥"),),
)
COVER = {"cover": "MEDIA_ID_OF_THE_COVER", "url": "https://mmbiz.qpic.cn/a.jpg", "alt": 'Eine "Brücke"'}
KEY = "unused-by-wechat"
SINCE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OK = {"errcode": 0, "errmsg": "ok"}
DRAFT = {"media_id": "DRAFT_ID", "item": []}
SUBMITTED = {**OK, "publish_id": "100000001", "msg_data_id": "2247483650"}
PUBLISHED = {
    "publish_id": "100000001",
    "publish_status": 0,
    "article_id": "ARTICLE_ID",
    "article_detail": {"count": 1, "item": [{"idx": 1, "article_url": "https://mp.weixin.qq.com/s/abc"}]},
    "fail_idx": [],
}


def backend(mode="", **credentials):
    options = {"app_id": f" {APP_ID} ", "account_name": "桥报", **({"mode": mode} if mode else {})}
    credentials = {"app_secret": SECRET, "access_token": TOKEN} | credentials
    return Backend(Connection(remote_id=APP_ID, handle="桥报", options=options, credentials=credentials))


def answer(method, *bodies, **kwargs):
    for body in bodies:
        if isinstance(body, Exception):
            responses.add(responses.POST, API + method, body=body)
        else:
            responses.add(responses.POST, API + method, json=body, **kwargs)


def error(code, words="nope"):
    return {"errcode": code, "errmsg": f"{words} rid: 68231586-663e56da-1e04e5eb"}


def sent(number=-1):
    return json.loads(responses.calls[number].request.body)


def asked():
    return [urlsplit(call.request.url).path.removeprefix("/cgi-bin/") for call in responses.calls]


@pytest.fixture(autouse=True)
def naps(monkeypatch):
    """Seconds that the backend slept, without sleeping."""
    slept = []
    monkeypatch.setattr(Backend, "sleep", staticmethod(slept.append))
    return slept


# Tokens


@responses.activate
@pytest.mark.parametrize("method", ["exchange", "renew"])
def test_token_is_the_one_that_everybody_shares(method):
    answer("stable_token", {"access_token": "NEW", "expires_in": 7200})
    before = datetime.now(UTC)
    grant = getattr(backend(), method)()
    assert grant.credentials == {"access_token": "NEW"}
    assert timedelta(seconds=7195) < grant.expires_at - before < timedelta(seconds=7205)
    assert sent() == {
        "grant_type": "client_credential",
        "appid": APP_ID,
        "secret": SECRET,
        "force_refresh": False,
    }
    assert SECRET not in responses.calls[0].request.url and TOKEN not in responses.calls[0].request.url


@responses.activate
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (40001, "reconnect"),
        (40125, "reconnect"),
        (40013, "reconnect"),
        (40164, "ip_not_listed"),
        (40243, "account_blocked"),
    ],
)
def test_refused_secret_is_for_an_admin(code, reason):
    words = "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist"
    answer("stable_token", error(code, words))
    with pytest.raises(AccountProblem) as caught:
        backend().exchange()
    assert not isinstance(caught.value, TokenExpired)
    assert caught.value.reason == reason and "203.0.113.9" in caught.value.detail


@responses.activate
@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": "x"}, {"expires_in": 7200}, []])
def test_answer_without_a_token_is_no_grant(body):
    answer("stable_token", body)
    with pytest.raises(NotSent):
        backend().renew()


@responses.activate
def test_identify():
    responses.add(responses.GET, f"{API}draft/count", json={"total_count": 0})
    found = backend().identify()
    assert (found.remote_id, found.handle, found.profile_url) == (APP_ID, "桥报", "")
    [call] = responses.calls
    assert parse_qs(urlsplit(call.request.url).query) == {"access_token": [TOKEN]}
    assert "Authorization" not in call.request.headers


# The article


def test_article_in_full():
    fields = article(MESSAGE, COVER)
    assert fields == {
        "article_type": "news",
        "title": "新大桥周一开通",
        "digest": "跨河新大桥将于周一开通。 自行车 & 行人 <免费>。",
        "content": '<p><img src="https://mmbiz.qpic.cn/a.jpg" alt="Eine &quot;Brücke&quot;"></p>'
        "<p>跨河新大桥将于周一开通。</p><p>自行车 &amp; 行人 &lt;免费&gt;。</p>"
        "<p>原文：https://www.example.com/zh/qiao/?a=1&amp;b=2</p>",
        "thumb_media_id": "MEDIA_ID_OF_THE_COVER",
        "content_source_url": LINK,
    }


def test_long_title_and_digest_are_cut():
    fields = article(
        Message("Many words. " * 50, LINK, "en", title="A title that is longer than thirty-two characters")
    )
    assert fields["title"] == "A title that is longer than…" and len(fields["title"]) <= TITLE
    assert 90 < len(fields["digest"]) <= 120 and fields["digest"].endswith("…")


def test_link_is_not_said_twice_and_a_long_one_only_in_the_text():
    assert article(Message(f"See {LINK}", LINK, "en"))["content"].count("https://") == 1
    long = LINK + "x" * 1100
    fields = article(Message("Words", long, "en"))
    assert "content_source_url" not in fields and "x" * 1100 in fields["content"]
    assert "content_source_url" not in article(Message("Words", "", "en"))


def test_a_longer_address_in_the_text_is_not_the_article_s():
    assert article(Message(f"See {LINK}2 too.", LINK, "en"))["content"].endswith(f"<p>{html.escape(LINK)}</p>")


def test_only_readers_of_chinese_are_told_what_the_address_is():
    assert "原文" not in article(Message("Words", LINK, "en"))["content"]
    assert "<p>原文：https://" in article(Message("正文", LINK, "zh-hant"))["content"]


def test_longest_wording_fits_with_picture_and_link():
    page = Article(title="t", url=LINK, language="en")
    wording = "&" * 3000 + "x" * 2480
    message = compose(page, Backend.limits, Backend.style, wording)
    alt = "Ä" * 200
    assert len(article(message, COVER | {"alt": alt})["content"]) < CONTENT


def test_line_breaks_and_paragraphs():
    assert paragraphs("a\nb\n\n\n\nc \r\n\r\n<d>") == "<p>a<br>b</p><p>c</p><p>&lt;d&gt;</p>"


@responses.activate
def test_characters_travel_as_they_are():
    answer("draft/add", DRAFT)
    backend().publish(MESSAGE, [COVER], KEY)
    body = responses.calls[0].request.body
    assert "新大桥".encode() in body and b"\\u" not in body


@responses.activate
def test_picture_goes_to_the_cover_and_into_the_article(picture):
    answer("material/add_material", {"media_id": "COVER", "url": "https://mmbiz.qpic.cn/cover.jpg"})
    answer("media/uploadimg", {"url": "https://mmbiz.qpic.cn/inside.jpg"})
    uploaded = backend().upload(picture)
    assert uploaded == {"cover": "COVER", "url": "https://mmbiz.qpic.cn/inside.jpg", "alt": picture.alt}
    assert "type=image" in responses.calls[0].request.url
    assert all(picture.data in call.request.body for call in responses.calls)


@pytest.mark.parametrize("mode", ["draft", "publish"])
def test_no_article_without_a_picture(mode):
    with pytest.raises(Rejected) as caught:
        backend(mode).publish(replace(MESSAGE, images=()), [], KEY)
    assert caught.value.reason == "needs_picture"


# Drafts


@responses.activate
def test_draft_is_what_an_account_gets_that_chose_nothing():
    answer("draft/add", DRAFT)
    receipt = backend().publish(MESSAGE, [COVER], KEY)
    assert (receipt.remote_id, receipt.permalink, receipt.notice) == ("DRAFT_ID", "", "draft_saved")
    assert asked() == ["draft/add"]


@responses.activate
@pytest.mark.parametrize(
    "lost", [requests.exceptions.ReadTimeout(), {"errcode": -1, "errmsg": "system error"}, {}, OK]
)
def test_draft_that_may_be_there_is_looked_for(lost):
    answer("draft/add", lost)
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [COVER], KEY)


def listed(*articles, id_name="media_id", total=None, at=SINCE):
    items = [
        {
            id_name: f"{id_name}-{number}",
            "content": {"news_item": [{**fields, "url": f"https://mp.weixin.qq.com/s/{number}", "is_deleted": False}]},
            "update_time": int(at.timestamp()),
        }
        for number, fields in enumerate(articles)
    ]
    return {"total_count": len(items) if total is None else total, "item_count": len(items), "item": items}


OTHER = article(replace(MESSAGE, text="另一篇文章。"))


@responses.activate
def test_draft_is_found_among_others():
    answer("draft/batchget", listed(OTHER, article(MESSAGE)))
    receipt = backend().find(MESSAGE, SINCE)
    assert (receipt.remote_id, receipt.notice) == ("media_id-1", "draft_saved")
    assert sent() == {"offset": 0, "count": PAGE, "no_content": 1}


@responses.activate
def test_draft_is_found_on_a_later_page():
    answer("draft/batchget", listed(*[OTHER] * PAGE, total=PAGE + 1), listed(article(MESSAGE), total=PAGE + 1))
    assert backend().find(MESSAGE, SINCE).remote_id == "media_id-0"
    assert sent()["offset"] == PAGE


@responses.activate
@pytest.mark.parametrize(
    "body", [listed(), listed(OTHER), listed(article(MESSAGE), at=SINCE - timedelta(minutes=10)), {"total_count": 0}]
)
def test_draft_that_is_not_there(body):
    answer("draft/batchget", body)
    assert backend().find(MESSAGE, SINCE) is None


@responses.activate
@pytest.mark.parametrize("body", [{}, {"total_count": 1}, {"total_count": 1, "item": [{}]}, {"item": []}, error(-1)])
def test_list_that_cannot_be_read_proves_nothing(body):
    answer("draft/batchget", body)
    with pytest.raises(NotSent):
        backend().find(MESSAGE, SINCE)


@responses.activate
def test_list_that_leaves_drafts_out_proves_nothing():
    answer("draft/batchget", listed(OTHER, OTHER, total=3))
    with pytest.raises(NotSent, match="looking"):
        backend().find(MESSAGE, SINCE)


@responses.activate
def test_short_page_is_gone_on_from_where_it_ended():
    later = listed(article(MESSAGE), total=3)
    later["item"][0]["media_id"] = "media_id-2"
    answer("draft/batchget", listed(OTHER, OTHER, total=3), later)
    assert backend().find(MESSAGE, SINCE).remote_id == "media_id-2"
    assert sent()["offset"] == 2


@responses.activate
def test_too_many_drafts_prove_nothing():
    answer("draft/batchget", listed(*[OTHER] * PAGE, total=10_000))
    with pytest.raises(NotSent):
        backend().find(MESSAGE, SINCE)
    assert len(responses.calls) == PAGES


# Publishing


def publish(*looks):
    answer("draft/add", DRAFT)
    answer("freepublish/submit", SUBMITTED)
    answer("freepublish/get", *looks)
    return backend("publish").publish(MESSAGE, [COVER], KEY)


def look(status):
    return {"publish_id": "100000001", "publish_status": status, "fail_idx": [1] if status > 1 else []}


@responses.activate
def test_published_after_two_looks(naps):
    receipt = publish(look(1), PUBLISHED)
    assert (receipt.remote_id, receipt.permalink) == ("ARTICLE_ID", "https://mp.weixin.qq.com/s/abc")
    assert receipt.notice == ""
    assert asked() == ["draft/add", "freepublish/submit", "freepublish/get", "freepublish/get"]
    assert (sent(1), sent(2)) == ({"media_id": "DRAFT_ID"}, {"publish_id": "100000001"})
    assert naps == list(POLL_WAITS[:2])


@responses.activate
def test_article_that_takes_its_time_is_accepted_and_looked_for(naps):
    with pytest.raises(OutcomeUnknown) as caught:
        publish(look(1))
    assert caught.value.reason == "accepted_later"
    assert naps == list(POLL_WAITS) and sum(naps) < 20


@responses.activate
@pytest.mark.parametrize(
    "lost", [requests.exceptions.ReadTimeout(), error(42001), error(45009), error(48001), "<html>"]
)
def test_what_goes_wrong_while_looking_does_not_undo_the_submission(lost):
    with pytest.raises(OutcomeUnknown) as caught:
        publish(lost)
    assert caught.value.reason == "accepted_later"


@responses.activate
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (2, "originality"),
        (3, "publish_failed"),
        (4, "content_forbidden"),
        (5, "removed_there"),
        (6, "content_forbidden"),
    ],
)
def test_refusals_of_the_check(status, reason):
    with pytest.raises(Rejected) as caught:
        publish(look(1), look(status))
    assert caught.value.reason == reason
    assert reason in {**REASONS, **Backend.reasons}


@responses.activate
@pytest.mark.parametrize("strange", [look(7), {"publish_id": "100000001"}, look(0)])
def test_look_that_nobody_knows_is_unknown(strange):
    with pytest.raises(OutcomeUnknown):
        publish(strange)


@responses.activate
@pytest.mark.parametrize("lost", [requests.exceptions.ReadTimeout(), error(-1), OK])
def test_submission_that_may_have_arrived_is_unknown_and_its_draft_stays(lost):
    answer("draft/add", DRAFT)
    answer("freepublish/submit", lost)
    with pytest.raises(OutcomeUnknown):
        backend("publish").publish(MESSAGE, [COVER], KEY)
    assert "draft/delete" not in asked()


@responses.activate
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [(48001, Rejected, "draft_only"), (45009, NotSent, "daily_limit"), (42001, TokenExpired, "expired_token")],
)
@pytest.mark.parametrize("deletion", [OK, error(-1)])
def test_refused_submission_leaves_no_draft_behind(code, kind, reason, deletion):
    answer("draft/add", DRAFT)
    answer("freepublish/submit", error(code))
    answer("draft/delete", deletion)
    with pytest.raises(kind) as caught:
        backend("publish").publish(MESSAGE, [COVER], KEY)
    assert caught.value.reason == reason
    assert asked()[-1] == "draft/delete" and sent() == {"media_id": "DRAFT_ID"}


@responses.activate
@pytest.mark.parametrize("code", [53503, 53504, 53505])
def test_draft_that_a_person_has_to_check_stays_and_says_so(code):
    answer("draft/add", DRAFT)
    answer("freepublish/submit", error(code))
    receipt = backend("publish").publish(MESSAGE, [COVER], KEY)
    assert (receipt.remote_id, receipt.notice) == ("DRAFT_ID", "draft_check")


@responses.activate
@pytest.mark.parametrize("lost", [requests.exceptions.ReadTimeout(), error(-1), {}, error(45011)])
def test_draft_before_publishing_may_be_made_again(lost):
    answer("draft/add", lost)
    with pytest.raises(NotSent):
        backend("publish").publish(MESSAGE, [COVER], KEY)


@responses.activate
def test_published_article_is_found():
    answer("freepublish/batchget", listed(OTHER, article(MESSAGE), id_name="article_id"))
    receipt = backend("publish").find(MESSAGE, SINCE)
    assert (receipt.remote_id, receipt.permalink) == ("article_id-1", "https://mp.weixin.qq.com/s/1")
    assert receipt.notice == ""


@responses.activate
def test_article_that_is_not_published_yet_is_never_surely_absent():
    gone = listed(article(MESSAGE), id_name="article_id")
    gone["item"][0]["content"]["news_item"][0]["is_deleted"] = True
    answer("freepublish/batchget", gone, listed(OTHER, id_name="article_id"))
    for _ in range(2):
        with pytest.raises(NotSent):
            backend("publish").find(MESSAGE, SINCE)


# What codes mean

MEANINGS = {
    "unclear_answer": (OutcomeUnknown, "-1 99999"),
    "expired_token": (TokenExpired, "40001 40014 41001 42001"),
    "reconnect": (AccountProblem, "40002 40013 40125 41002 41004"),
    "ip_not_listed": (AccountProblem, "40164 61004"),
    "human_check": (AccountProblem, "89501 89503 89506 89507"),
    "account_blocked": (AccountProblem, "40243 48004 50002 50004 50007"),
    "image_refused": (MediaRejected, "40004 40005 40006 40009 40012 45001"),
    "bad_request": (Rejected, "40007 41005 41006 43002 44002 47001"),
    "too_long": (Rejected, "45002 45003 45004 45005"),
    "daily_limit": (NotSent, "45009"),
    "rate_limited": (NotSent, "45011"),
    "content_forbidden": (Rejected, "45166 87014"),
    "draft_only": (Rejected, "48001"),
    "draft_check": (Rejected, "53503 53504 53505"),
}


@responses.activate
@pytest.mark.parametrize("as_type", [int, str])
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [(code, kind, reason) for reason, (kind, codes) in MEANINGS.items() for code in codes.split()],
)
def test_error_code(code, kind, reason, as_type):
    answer("draft/add", error(as_type(code)))
    with pytest.raises(NetworkError) as caught:
        backend().publish(MESSAGE, [COVER], KEY)
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert reason in {**REASONS, **Backend.reasons}
    if kind is NotSent:
        assert caught.value.retry_after >= 60


def test_every_row_is_tested():
    told = {code for row in Backend.errors for code in row.codes}
    assert told == {code for _kind, codes in MEANINGS.values() for code in codes.split()} - {"99999"}


@responses.activate
@pytest.mark.parametrize("code", [-1, 40001, 40164, 99999])
def test_nothing_secret_is_shown(code):
    answer("draft/add", error(code, f"access_token {TOKEN} of {SECRET}"))
    with pytest.raises(NetworkError) as caught:
        backend().publish(MESSAGE, [COVER], KEY)
    shown = f"{caught.value!s} {caught.value!r} {caught.value.detail} {backend()!r} {backend().connection!r}"
    assert TOKEN not in shown and SECRET not in shown


def test_there_is_no_share_dialog():
    assert backend().share_link(MESSAGE) == ""


class TestWeChatConformance(BackendConformance):
    DOCUMENTS = "developers.weixin.qq.com, examples of the calls, November 2026"

    backend = Backend
    connection = Connection(
        remote_id=APP_ID, options={"app_id": APP_ID}, credentials={"app_secret": SECRET, "access_token": TOKEN}
    )
    answers = {
        "GET /cgi-bin/draft/count": Captured(200, {"total_count": 3}, source=DOCUMENTS),
        "POST /cgi-bin/material/add_material": Captured(
            200, {"media_id": "MEDIA_ID", "url": "https://mmbiz.qpic.cn/mmbiz_jpg/cover/0"}, source=DOCUMENTS
        ),
        "POST /cgi-bin/media/uploadimg": Captured(
            200, {"url": "https://mmbiz.qpic.cn/mmbiz_jpg/inside/0"}, source=DOCUMENTS
        ),
        "POST /cgi-bin/draft/add": Captured(200, {"media_id": "DRAFT_MEDIA_ID"}, source=DOCUMENTS),
        "POST /cgi-bin/draft/delete": Captured(200, OK, source=DOCUMENTS),
        "POST /cgi-bin/freepublish/submit": Captured(200, SUBMITTED, source=DOCUMENTS),
        "POST /cgi-bin/freepublish/get": Captured(200, PUBLISHED, source=DOCUMENTS),
    }
    refusals = (
        Refusal(
            "POST /cgi-bin/material/add_material",
            Captured(200, error(40005, "invalid file type"), source=DOCUMENTS),
            MediaRejected,
            "image_refused",
        ),
        Refusal(
            "POST /cgi-bin/draft/add",
            Captured(200, error(45003, "title size out of limit"), source=DOCUMENTS),
            Rejected,
            "too_long",
        ),
    )
    expired = Refusal(
        "*", Captured(200, error(42001, "access_token expired"), source=DOCUMENTS), TokenExpired, "expired_token"
    )

    @pytest.fixture(autouse=True)
    def as_specified(self):
        """The kit's server breaks on purpose."""

    def _message(self, kind, images=True):
        # There is no article without a picture.
        return super()._message(kind, images=True)

    def says(self, request, message):
        data = request.data if isinstance(request.data, dict) else {}
        contents = [html.unescape(each["content"]) for each in data.get("articles", ())]
        # Line breaks and addresses are written otherwise; the words are all there.
        lines = [line.strip() for line in message.text.split("\n") if line.strip()]
        return any(all(line in content for line in lines) for content in contents)

    page = PAGE

    def shown(self, posts, request):
        if not request.is_like("POST /cgi-bin/draft/batchget"):
            return None
        items = [
            {
                "media_id": post.remote_id,
                "content": {"news_item": [article(post.message)]},
                "update_time": int(post.at.timestamp()),
            }
            for post in posts
            if post.mine
        ]
        return self.part_of(items, request)

    def part_of(self, items, request):
        offset = request.data["offset"]
        part = items[offset : offset + self.page]
        body = {"total_count": len(items), "item_count": len(part), "item": part}
        return Captured(200, body, source=self.DOCUMENTS)


class TestWeChatPublishingConformance(TestWeChatConformance):
    connection = replace(TestWeChatConformance.connection, options={"app_id": APP_ID, "mode": "publish"})
    denies = False  # an article that is not published yet may still be checked
    refusals = (
        *TestWeChatConformance.refusals[:1],
        Refusal(
            "POST /cgi-bin/freepublish/submit",
            Captured(200, error(48001, "api unauthorized"), source=TestWeChatConformance.DOCUMENTS),
            Rejected,
            "draft_only",
        ),
    )

    def shown(self, posts, request):
        if not request.is_like("POST /cgi-bin/freepublish/batchget"):
            return None
        items = [
            {
                "article_id": post.remote_id,
                "content": {"news_item": [{**article(post.message), "url": "", "is_deleted": False}]},
                "update_time": int(post.at.timestamp()),
            }
            for post in posts
            if post.mine
        ]
        return self.part_of(items, request)
