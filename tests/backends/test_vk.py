"""VK: what is sent to a community's wall, and what its answers mean."""

import html
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from tests.backends.vk_facts import (
    GROUP,
    KEY,
    LINK,
    MESSAGE,
    NO_CARD,
    PHOTO,
    TOKEN,
    UPLOADED,
    USER,
    WALL_POST,
    backend,
    post,
    refusal,
    sent,
    shown,
)
from wagtail_syndicate.backends import vk
from wagtail_syndicate.backends.vk_text import community_name, without_mentions
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import Article, Connection, LinkPlace, Media, Message


SHARED = Path(__file__).resolve().parents[3] / "shared"


@responses.activate
def test_post_speaks_as_the_community_with_the_link_as_a_card():
    receipt = post({"response": {"post_id": 45}})
    assert (receipt.remote_id, receipt.permalink) == ("45", "https://vk.com/wall-123_45")
    [call] = responses.calls
    assert sent(call) == {
        "owner_id": "-123",
        "from_group": "1",
        "message": MESSAGE.text,
        "attachments": LINK,
        "guid": KEY,
        "v": "5.199",
    }
    assert call.request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in call.request.url


@responses.activate
def test_comma_in_the_link_does_not_make_two_attachments():
    responses.add(responses.POST, WALL_POST, json={"response": {"post_id": 1}})
    backend().publish(Message("x", "https://example.org/a,b/", "ru"), [], KEY)
    assert sent(responses.calls[0])["attachments"] == "https://example.org/a%2Cb/"


def test_mentions_are_broken_when_the_post_is_composed():
    article = Article(title="Спасибо", url=LINK, language="ru", teaser="Спасибо @aquametrica и [club1|всем].")
    generated = compose(article, vk.Backend.limits, vk.Backend.style)
    worded = compose(article, vk.Backend.limits, vk.Backend.style, wording="спасибо @aquametrica")
    assert generated.text == "Спасибо @\u2060aquametrica и [\u2060club1|всем]."
    assert worded.text == "спасибо @\u2060aquametrica"


@responses.activate
def test_text_reaches_vk_byte_for_byte():
    responses.add(responses.POST, WALL_POST, json={"response": {"post_id": 1}})
    backend().publish(Message("спасибо @aquametrica", LINK, "ru"), [], KEY)
    assert sent(responses.calls[0])["message"] == "спасибо @aquametrica"


@responses.activate
def test_message_without_link_has_no_attachment():
    responses.add(responses.POST, WALL_POST, json={"response": {"post_id": 1}})
    backend().publish(Message("Просто слова", "", "ru"), [], KEY)
    assert "attachments" not in sent(responses.calls[0])


@responses.activate
def test_refused_card_goes_out_once_more_with_the_link_in_the_text():
    responses.add(responses.POST, WALL_POST, json=refusal(100, NO_CARD))
    receipt = post({"response": {"post_id": 46}})
    assert receipt.remote_id == "46"
    first, second = (sent(call) for call in responses.calls)
    assert first["attachments"] == LINK
    assert "attachments" not in second
    assert second["message"] == f"{MESSAGE.text}\n\n{LINK}"
    assert first["guid"] == second["guid"] == KEY


@responses.activate
def test_broken_connection_at_the_second_try_is_unknown():
    responses.add(responses.POST, WALL_POST, json=refusal(100, NO_CARD))
    responses.add(responses.POST, WALL_POST, body=requests.exceptions.ReadTimeout())
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], KEY)


@responses.activate
@pytest.mark.parametrize("code", [100, 222, 1])
def test_other_refusals_are_not_tried_again(code):
    with pytest.raises((Rejected, OutcomeUnknown)):
        post(refusal(code))
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("[club1|наш клуб]", "[club1|наш клуб]"),
        ("[id15|Имя] и [public7:bp-1_2|ссылка]", "[id15|Имя] и [public7:bp-1_2|ссылка]"),
        ("спасибо @aquametrica!", "спасибо @aquametrica!"),
        ("@id5 (Имя) и *club7 (клуб)", "@id5 (Имя) и *club7 (клуб)"),
    ],
)
def test_mentions_are_broken_without_being_seen(text, visible):
    broken = without_mentions(text)
    assert broken != text
    assert broken.replace("\u2060", "") == visible
    assert without_mentions(broken) == broken


@pytest.mark.parametrize(
    "text",
    [
        "пишите на info@example.org",
        "https://example.org/@user/[id1|x]?a=*id2",
        "medium.com/@user",
        "[1] сноска [см. ниже] 2*3*4 *важно*",
        "#вода@aquametrica",
    ],
)
def test_what_is_no_mention_stays_as_it_is(text):
    assert without_mentions(text) == text


CONFIG = "7 15 20 21 27 30 200 203 210 225 260"
MEANINGS = {
    "unclear_answer": (OutcomeUnknown, "1 10 36"),
    "app_setup": (Rejected, "2 4 11 38 42 101"),
    "bad_request": (Rejected, "3 8 12 13 16 33 34 35 113 220 9999"),
    "reconnect": (AccountProblem, "5 1118"),
    "permission": (Rejected, f"{CONFIG} 214"),
    "wrong_key": (Rejected, "28 1051"),
    "rate_limited": (NotSent, "6 9 32 103 219 224 1105"),
    "human_check": (Rejected, "14 17 24 25 41 703 704 3300 3301 3302 3303 3304 11500"),
    "account_blocked": (AccountProblem, "18 37 3610 3611"),
    "content_forbidden": (Rejected, "19"),
    "image_refused": (MediaRejected, "22 105 114 118 121 122 129 300"),
    "retired": (Rejected, "23"),
    "daily_limit": (NotSent, "29 601"),
    "network_busy": (NotSent, "43"),
    "content_refused": (Rejected, "100"),
    "target_missing": (Rejected, "39 40 125"),
    "post_gone": (Rejected, "104"),
    "link_forbidden": (Rejected, "222"),
    "expired_token": (AccountProblem, "1114 1116 1117 3609"),
}


@responses.activate
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [(int(code), kind, reason) for reason, (kind, codes) in MEANINGS.items() for code in codes.split()],
)
def test_error_code(code, kind, reason):
    with pytest.raises(kind) as caught:
        post(refusal(code))
    assert type(caught.value) is kind
    assert caught.value.reason == reason
    assert caught.value.detail == "Nope"
    assert reason in {**REASONS, **vk.Backend.reasons}


def test_no_code_of_the_schema_that_a_post_may_meet_is_without_a_row():
    if not (SHARED / "specs/vk/errors.json").exists():
        pytest.skip("the networks' schemas are not here")
    known = {code for row in vk.Backend.errors for code in row.codes}
    errors = json.loads((SHARED / "specs/vk/errors.json").read_text())["errors"]
    codes = {name.removeprefix("api_error_"): entry["code"] for name, entry in errors.items()}
    general = {code for code in codes.values() if code < 100}
    wall = {code for name, code in codes.items() if name.startswith("wall_") and "comment" not in name}
    replies = {codes[name] for name in ("wall_access_replies", "wall_access_add_reply", "wall_reply_owner_flood")}
    for code in (general | wall) - replies:
        assert str(code) in known, code
    methods = [method for part in ("wall", "photos") for method in methods_of(part).values()]
    for method in methods:
        if method["name"] in vk_methods_used():
            for error in method.get("errors", ()):
                name = error["$ref"].rpartition("/")[2]
                assert str(errors[name]["code"]) in known, name


@responses.activate
def test_daily_limit_is_told_from_missing_rights_by_its_words():
    with pytest.raises(NotSent) as caught:
        post(refusal(214, "Access to adding post denied: you can only add 50 posts a day"))
    assert caught.value.reason == "daily_limit"
    assert caught.value.retry_after >= 3600


@responses.activate
@pytest.mark.parametrize(("code", "seconds"), [(6, 2), (9, 3600), (32, 60)])
def test_waiting_times(code, seconds):
    with pytest.raises(NotSent) as caught:
        post(refusal(code))
    assert caught.value.retry_after == seconds


@responses.activate
@pytest.mark.parametrize("body", [refusal(424242), {"error": "invalid_client"}, {"error": {}}, {"response": None}, []])
def test_unknown_answer_is_an_unknown_outcome(body):
    with pytest.raises(OutcomeUnknown):
        post(body)


@responses.activate
@pytest.mark.parametrize(
    "body", [{"response": {}}, {"response": {"post_id": 0}}, {"response": {"post_id": None}}, {"response": 1}]
)
def test_success_without_an_id_is_an_unknown_outcome(body):
    with pytest.raises(OutcomeUnknown):
        post(body)


@responses.activate
@pytest.mark.parametrize("answer", [{"body": ""}, {"body": "<html>hello</html>"}, {"body": "oops", "status": 502}])
def test_answer_that_is_not_json_is_an_unknown_outcome(answer):
    responses.add(responses.POST, WALL_POST, **answer)
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], KEY)


@responses.activate
@pytest.mark.parametrize(
    "failure", [requests.exceptions.ReadTimeout(), requests.exceptions.ConnectionError(ConnectionResetError())]
)
def test_broken_connection_is_an_unknown_outcome(failure):
    responses.add(responses.POST, WALL_POST, body=failure)
    with pytest.raises(OutcomeUnknown):
        backend().publish(MESSAGE, [], KEY)


def test_refused_connection_is_surely_not_sent(settings, refused_address):
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"vk": {"HOSTS": {"api": refused_address}}}}
    with pytest.raises(NotSent):
        backend().publish(MESSAGE, [], KEY)


@responses.activate
@pytest.mark.parametrize("code", [5, 100, 424242])
def test_nothing_secret_and_nothing_echoed_is_shown(code):
    with pytest.raises(Exception) as caught:
        post(refusal(code, f"access_token {TOKEN} was given to another ip address"))
    shown = f"{caught.value!s} {caught.value!r} {caught.value.detail} {backend()!r} {backend().connection!r}"
    assert TOKEN not in shown
    assert "echoed words" not in shown


@responses.activate
def test_recorded_answers(recorded):
    file = recorded / "VK/seen-in-issues.json"
    expected = {1051: "wrong_key", 27: "permission", 15: "permission"}
    for seen in json.loads(file.read_text()):
        responses.reset()
        with pytest.raises(Rejected) as caught:
            post(seen["body_partial"])
        assert caught.value.reason == expected[seen["body_partial"]["error"]["error_code"]]


GET_GROUP = "https://api.vk.ru/method/groups.getById"


@responses.activate
@pytest.mark.parametrize("given", ["123", "-123", " club123 ", "https://vk.com/club123", "vk.ru/public123/"])
@pytest.mark.parametrize("body", [{"groups": [GROUP], "profiles": []}, [GROUP]])
def test_identify(given, body):
    responses.add(responses.POST, GET_GROUP, json={"response": body})
    found = backend(remote_id="", options={"group_id": given}).identify()
    assert (found.remote_id, found.handle, found.profile_url) == ("123", "aqua", "https://vk.com/aqua")
    assert found.options == {"door": "community", "group_id": "123", "name": "Акваметрика"}
    assert sent(responses.calls[0]) == {"group_id": "123", "v": "5.199"}


@responses.activate
def test_identify_takes_no_other_community():
    responses.add(responses.POST, GET_GROUP, json={"response": {"groups": [GROUP | {"id": 7}]}})
    with pytest.raises(Rejected, match="target_missing"):
        backend().identify()


@responses.activate
def test_identify_with_a_dead_key():
    responses.add(responses.POST, GET_GROUP, json=refusal(5, "User authorization failed"))
    with pytest.raises(AccountProblem):
        backend().identify()


@responses.activate
def test_identify_during_a_breakdown_says_try_later():
    responses.add(responses.POST, GET_GROUP, body="<html>", status=502)
    with pytest.raises(NotSent):
        backend().identify()


@responses.activate
@pytest.mark.parametrize("given", ["aqua", "Aqua", "https://vk.com/aqua?w=wall-123_1", "m.vk.com/aqua/"])
def test_community_may_be_given_by_its_address(given):
    responses.add(responses.POST, GET_GROUP, json={"response": {"groups": [GROUP], "profiles": []}})
    assert backend(remote_id="", options={"group_id": given}).identify().remote_id == "123"
    assert sent(responses.calls[0])["group_id"] == "aqua"


@pytest.mark.parametrize("given", ["", "12x", "two words", "https://vk.com/"])
def test_community_has_to_be_named(given):
    assert community_name(given) == ""
    with pytest.raises(Rejected, match="target_missing"):
        backend(remote_id="", options={"group_id": given}).identify()


def test_pictures_are_refused_before_anything_is_asked():
    with pytest.raises(MediaRejected, match="image_refused"):
        backend().upload(Media(b"x", "image/png", "x.png"))
    assert vk.Backend.limits.images is None


def test_community_key_changes_nothing_without_asking():
    for change in (lambda: backend().edit("1", MESSAGE), lambda: backend().delete("1")):
        with pytest.raises(Rejected, match="community_key"):
            change()


def test_facts_for_the_rest_of_the_package():
    assert vk.Backend.limits.link is LinkPlace.CARD
    assert vk.Backend.key_seconds == 0
    assert not backend().can_find()
    assert backend().get_limits().images is None
    by_person = vk.Backend(Connection(options={"door": "user"}))  # known without any credentials
    assert by_person.can_find()
    assert by_person.get_limits().images.count == 9
    assert by_person.get_limits().length == vk.Backend.limits.length


def test_share_link():
    address = urlsplit(backend().share_link(MESSAGE))
    assert address.netloc + address.path == "vk.com/share.php"
    assert parse_qs(address.query) == {"url": [LINK], "title": ["Датчик"], "comment": [MESSAGE.text]}
    assert "+" not in address.query


# The schema that VK publishes


def methods_of(part):
    listed = json.loads((SHARED / f"specs/vk/{part}/methods.json").read_text())["methods"]
    return {method["name"]: method for method in listed}


def vk_methods_used():
    return {"wall.post", "wall.edit", "wall.delete", "wall.get", "wall.getById"} | {
        "photos.getWallUploadServer",
        "photos.saveWallPhoto",
    }


# What every backend has to stand

SCHEMA = "VKCOM/vk-api-schema 5.199, June 2026"
ISSUE = "gitroomhq/postiz-app issue 1408, 2026-07-25"


def said(response):
    return Captured(200, {"response": response}, source=SCHEMA)


class TestVkConformance(BackendConformance):
    """With the token of a person, which may do everything."""

    backend = vk.Backend
    connection = Connection(
        remote_id="123", handle="aqua", options={"door": "user", "group_id": "123"}, credentials=USER
    )
    answers = {
        "POST /method/groups.get": said({"count": 1, "items": [GROUP]}),
        "POST /method/groups.getById": said({"groups": [GROUP], "profiles": []}),
        "POST /method/photos.getWallUploadServer": said(
            {"upload_url": "{server}/c123/upload.php?act=do_add", "album_id": -14, "user_id": 0}
        ),
        "POST /c123/upload.php": Captured(200, UPLOADED, source=SCHEMA),
        "POST /method/photos.saveWallPhoto": said([PHOTO]),
        "POST /method/wall.post": said({"post_id": 4521}),
        "POST /method/wall.getById": said({"items": [shown()]}),
        "POST /method/wall.edit": said({"post_id": 4521}),
        "POST /method/wall.delete": said(1),
    }
    refusals = (
        Refusal(
            "POST /method/wall.post",
            Captured(
                200,
                refusal(
                    1051,
                    "Method is not available for this profile type: method is unavailable with current profile type",
                ),
                source=ISSUE,
            ),
            Rejected,
            "wrong_key",
        ),
        Refusal(
            "POST /method/wall.post",
            Captured(
                200,
                refusal(15, "Access denied: no access to call this method"),
                source="v12/node-vk-api issue 7; VKCOM/vk-php-sdk issue 52",
            ),
            Rejected,
            "permission",
        ),
        Refusal(
            "POST /method/photos.getWallUploadServer",
            Captured(
                200, refusal(27, "Group authorization failed: method is unavailable with group auth."), source=ISSUE
            ),
            MediaRejected,
            "image_refused",
        ),
    )
    expired = Refusal(
        "POST /method/*",
        Captured(200, refusal(5, "User authorization failed: access_token has expired."), source=SCHEMA),
        AccountProblem,
        "reconnect",
    )
    gone = {
        "POST /method/wall.getById": said({"items": []}),
        "POST /method/wall.delete": Captured(200, refusal(104, "Not found"), source=SCHEMA),
    }

    @pytest.fixture(autouse=True)
    def as_specified(self):
        """The kit's server breaks on purpose."""

    page = 100

    def shown(self, posts, request):
        if not request.is_like("POST /method/wall.get"):
            return None
        items = [
            shown(html.escape(post.message.text), post.message.link)
            | {"id": int(post.remote_id), "date": int(post.at.timestamp())}
            for post in posts
            if post.mine
        ]
        start = int(request.data["offset"])
        return said({"count": len(items), "items": items[start : start + self.page]})


class TestVkCommunityKeyConformance(TestVkConformance):
    """With a community's own key, which posts and can do nothing else."""

    connection = Connection(remote_id="123", handle="aqua", credentials={"access_token": TOKEN})
    refusals = TestVkConformance.refusals[:2]

    def refused_without_asking(self):
        for method in ("edit", "delete"):
            run = self._play(self._change(method))
            assert (type(run.error), run.error.reason, run.sent) == (Rejected, "community_key", [])

    test_edit = test_edit_what_is_gone = test_delete = test_delete_what_is_gone = refused_without_asking

    def _change_failed(self, method, fault):
        self.refused_without_asking()
