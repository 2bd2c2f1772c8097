"""VK: what is sent to a community's wall, and what its answers mean."""

import html
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
import responses

from wagtail_syndicate.backends import vk
from wagtail_syndicate.backends.vk_text import community_name, kept_attachments, shows, without_mentions
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import Article, Connection, LinkPlace, Media, Message, Receipt


TOKEN = "vk1.a.no-real-key-0123456789"
KEY = "0f0e0d0c-1111-4222-8333-444455556666"
LINK = "https://example.org/ru/proba-vody/"
WALL_POST = "https://api.vk.ru/method/wall.post"
MESSAGE = Message("Новый датчик меряет воду без реагентов.", LINK, "ru", title="Датчик")
NO_CARD = "One of the parameters specified was missing or invalid: link_photo_sizing_rule. No photo given"
SHARED = Path(__file__).resolve().parents[3] / "shared"


def backend(**kwargs):
    fields = {"remote_id": "123", "handle": "aqua", "credentials": {"access_token": TOKEN}} | kwargs
    return vk.Backend(Connection(**fields))


def refusal(code, text="Nope"):
    params = [{"key": "message", "value": "echoed words"}, {"key": "access_token", "value": TOKEN}]
    return {"error": {"error_code": code, "error_msg": text, "request_params": params}}


def sent(call):
    return dict(parse_qsl(call.request.body, keep_blank_values=True))


def post(body=None, **kwargs):
    responses.add(responses.POST, WALL_POST, json=body, **kwargs)
    return backend().publish(MESSAGE, [], KEY)


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


GROUP = {"id": 123, "name": "Акваметрика", "screen_name": "aqua", "type": "page", "is_closed": 0}
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


# With a person's token

USER = {"user_token": "vk1.a.no-real-token-of-a-person"}
GET_GROUPS = "https://api.vk.ru/method/groups.get"
SERVER = "https://api.vk.ru/method/photos.getWallUploadServer"
SAVE = "https://api.vk.ru/method/photos.saveWallPhoto"
ELSEWHERE = "https://pu.example.org/c1/upload.php?hash=abc"
UPLOADED = {"server": 626627, "photo": '[{"photo":"1a2b:x"}]', "hash": "0f0f"}
PHOTO = {"id": 456, "owner_id": -123, "album_id": -14, "date": 1, "has_tags": False}
OTHER = {"id": 7, "name": "Другая", "screen_name": "drugaya"}


def person(**kwargs):
    return backend(**({"credentials": USER, "options": {"door": "user", "group_id": "123"}} | kwargs))


def groups(*found):
    responses.add(responses.POST, GET_GROUPS, json={"response": {"count": len(found), "items": list(found)}})


@responses.activate
def test_person_chooses_among_the_communities_she_may_post_to():
    groups(GROUP, OTHER)
    stranger = person(remote_id="", options={})
    assert [found.remote_id for found in stranger.targets()] == ["123", "7"]
    assert {found.options["door"] for found in stranger.targets()} == {"user"}
    assert sent(responses.calls[0])["filter"] == "admin,editor"
    assert responses.calls[0].request.headers["Authorization"] == f"Bearer {USER['user_token']}"
    with pytest.raises(Rejected, match="target_missing"):
        stranger.identify()


@responses.activate
@pytest.mark.parametrize("given", ["7", "vk.com/club7", "https://vk.com/drugaya"])
def test_person_names_one_community(given):
    groups(GROUP, OTHER)
    named = person(remote_id="", options={"group_id": given})
    [found] = named.targets()
    assert found == named.identify()
    assert (found.remote_id, found.handle, found.options["name"]) == ("7", "drugaya", "Другая")


@responses.activate
@pytest.mark.parametrize("found", [(), (OTHER,)])
def test_person_without_rights_in_the_community(found):
    groups(*found)
    with pytest.raises(Rejected, match="target_missing"):
        person().targets()


@responses.activate
def test_answer_without_a_list_is_not_an_empty_list():
    responses.add(responses.POST, GET_GROUPS, json={"response": {"count": 1}})
    with pytest.raises(NotSent):
        person().targets()


def photo_way(uploaded=UPLOADED, address=ELSEWHERE, saved=(PHOTO,)):
    responses.add(responses.POST, SERVER, json={"response": {"upload_url": address, "album_id": -14, "user_id": 0}})
    for answer in uploaded if isinstance(uploaded, list) else [uploaded]:
        responses.add(responses.POST, ELSEWHERE, json=answer)
    responses.add(responses.POST, SAVE, json={"response": list(saved)})


@responses.activate
def test_picture_goes_where_vk_says_and_the_token_does_not(picture):
    photo_way()
    assert person().upload(picture) == "photo-123_456"
    server, upload, save = responses.calls
    assert sent(server)["group_id"] == "123"
    assert "Authorization" not in upload.request.headers
    assert USER["user_token"].encode() not in upload.request.body
    assert picture.data in upload.request.body and b'name="photo"' in upload.request.body
    expected = {name: str(value) for name, value in UPLOADED.items()}
    assert expected | {"caption": picture.alt, "group_id": "123", "v": "5.199"} == sent(save)


@responses.activate
def test_photo_of_another_owner_with_a_key(picture):
    photo_way(saved=[PHOTO | {"owner_id": 9, "access_key": "ab12"}])
    assert person().upload(picture) == "photo9_456_ab12"


@responses.activate
@pytest.mark.parametrize(
    "address", ["http://pu.example.org/up", "ftp://pu.example.org/up", "//pu.example.org/", "https://[", "", None, 7]
)
def test_bytes_never_travel_unencrypted(picture, address):
    photo_way(address=address)
    with pytest.raises(MediaRejected):
        person().upload(picture)
    assert {call.request.url for call in responses.calls} == {SERVER}


@responses.activate
def test_failed_upload_is_tried_once_more_with_a_new_address(picture):
    photo_way(uploaded=[{"server": 0, "photo": "[]", "hash": ""}, UPLOADED])
    assert person().upload(picture) == "photo-123_456"
    assert [call.request.url for call in responses.calls].count(SERVER) == 2


@responses.activate
@pytest.mark.parametrize(
    "uploaded", [{"server": 1, "photo": "[]", "hash": "x"}, {"error": "ERR_UPLOAD_BAD_SERVER"}, {}, UPLOADED["hash"]]
)
def test_upload_that_keeps_failing_lets_the_text_go_alone(picture, uploaded):
    photo_way(uploaded=uploaded)
    with pytest.raises(MediaRejected, match="image_refused"):
        person().upload(picture)
    assert len(responses.calls) == 4


@responses.activate
@pytest.mark.parametrize("code", [7, 15, 22, 27, 100, 118, 121, 129, 200])
def test_no_right_to_photos_lets_the_text_go_alone(picture, code):
    responses.add(responses.POST, SERVER, json=refusal(code))
    with pytest.raises(MediaRejected, match="image_refused"):
        person().upload(picture)


@responses.activate
@pytest.mark.parametrize("status", [429, 500, 503])
def test_busy_upload_server_is_waited_for(picture, status):
    responses.add(responses.POST, SERVER, json={"response": {"upload_url": ELSEWHERE}})
    responses.add(responses.POST, ELSEWHERE, status=status)
    with pytest.raises(NotSent, match="network_busy"):
        person().upload(picture)


@responses.activate
@pytest.mark.parametrize("code", [1, 6, 10])
def test_busy_network_is_waited_for_with_the_picture(picture, code):
    responses.add(responses.POST, SERVER, json=refusal(code))
    with pytest.raises(NotSent):
        person().upload(picture)


@responses.activate
def test_saved_photo_without_an_id_is_refused(picture):
    photo_way(saved=[{"id": 0}])
    with pytest.raises(MediaRejected):
        person().upload(picture)


@responses.activate
def test_pictures_stay_when_the_card_is_refused():
    responses.add(responses.POST, WALL_POST, json=refusal(100, NO_CARD))
    responses.add(responses.POST, WALL_POST, json={"response": {"post_id": 2}})
    person().publish(MESSAGE, ["photo-123_1", "photo-123_2"], KEY)
    first, second = (sent(call)["attachments"] for call in responses.calls)
    assert first == f"photo-123_1,photo-123_2,{LINK}"
    assert second == "photo-123_1,photo-123_2"


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WALL_GET = "https://api.vk.ru/method/wall.get"


def shown(text=MESSAGE.text, link=LINK, minutes=1, **more):
    attachments = [{"type": "link", "link": {"url": link, "title": ""}}] if link else []
    when = int((NOW + timedelta(minutes=minutes)).timestamp())
    return {"id": 9, "owner_id": -123, "date": when, "text": text, "attachments": attachments} | more


def wall(*pages):
    for items in pages:
        responses.add(responses.POST, WALL_GET, json={"response": {"count": len(items), "items": items}})


@responses.activate
@pytest.mark.parametrize(
    "post",
    [
        shown(),
        shown(text=f"{MESSAGE.text}\n\n{LINK}", link=""),
        shown(link=""),
        shown(text=MESSAGE.text.replace("реагентов", "реагентов\u2060")),
        shown(minutes=0),
    ],
)
def test_own_post_is_found(post):
    wall([shown("Другое", minutes=5), post])
    assert person().find(MESSAGE, NOW) == Receipt("9", "https://vk.com/wall-123_9")
    request = sent(responses.calls[0])
    assert (request["owner_id"], request["filter"]) == ("-123", "owner")


@responses.activate
@pytest.mark.parametrize(
    "post",
    [shown("Другое"), shown(link="https://example.org/ru/drugoe/"), shown(minutes=-1), shown(text="", link="")],
)
def test_another_post_is_not_taken_for_it(post):
    wall([post])
    assert person().find(MESSAGE, NOW) is None


@responses.activate
def test_pinned_old_post_does_not_end_the_search():
    wall([shown("Закреплено", minutes=-9999, is_pinned=1), shown()])
    assert person().find(MESSAGE, NOW).remote_id == "9"


def rows(*posts):
    return [{**post, "id": number} for number, post in enumerate(posts, 1)]


RECENT, EARLIER = shown("Другое"), shown("Старое", minutes=-60)


@responses.activate
@pytest.mark.parametrize(
    ("pages", "calls"),
    [
        ([[RECENT] * 20, []], 2),
        ([[]], 1),
        ([[RECENT] * 99, [RECENT] * 99, [RECENT] * 99], 3),
        ([[EARLIER], []], 2),
        ([[shown(minutes=-9999, is_pinned=1), RECENT], []], 2),
    ],
)
def test_wall_that_was_not_seen_to_its_end_is_no_absence(pages, calls):
    for items in pages:
        responses.add(responses.POST, WALL_GET, json={"response": {"count": 400, "items": rows(*items)}})
    with pytest.raises(NotSent, match="looking"):
        person().find(MESSAGE, NOW)
    assert len(responses.calls) == calls


@responses.activate
@pytest.mark.parametrize(
    ("items", "total"), [([RECENT] * 3, 3), ([], 0), ([RECENT, RECENT, EARLIER], 400), ([EARLIER], 1)]
)
def test_absence(items, total):
    responses.add(responses.POST, WALL_GET, json={"response": {"count": total, "items": rows(*items)}})
    assert person().find(MESSAGE, NOW) is None


@responses.activate
def test_short_page_is_gone_on_from_where_it_ended():
    for items in (rows(*[RECENT] * 20), [shown(id=21)]):
        responses.add(responses.POST, WALL_GET, json={"response": {"count": 21, "items": items}})
    assert person().find(MESSAGE, NOW).remote_id == "21"
    assert [sent(call)["offset"] for call in responses.calls] == ["0", "20"]


@responses.activate
def test_search_goes_on_where_much_was_posted_and_gives_up_rather_than_call_it_absent():
    busy = [shown("Другое")] * 100
    wall(busy, [*busy[:99], shown()])
    assert person().find(MESSAGE, NOW).remote_id == "9"
    assert [sent(call)["offset"] for call in responses.calls] == ["0", "100"]
    responses.reset()
    wall(busy)
    with pytest.raises(NotSent):
        person().find(MESSAGE, NOW)


@responses.activate
@pytest.mark.parametrize("body", [{}, [{"id": 1}], {"items": [None]}, {"items": [{"date": None}]}, {"count": 0}])
def test_wall_that_cannot_be_read_is_not_an_empty_wall(body):
    responses.add(responses.POST, WALL_GET, json={"response": body})
    with pytest.raises(NotSent):
        person().find(MESSAGE, NOW)


def test_words_without_a_link_need_words_to_be_recognised():
    only_link = Message("", LINK, "ru")
    assert shows(shown(text=""), only_link)
    assert not shows(shown(text="", link=""), only_link)
    assert shows(shown(text="R&amp;D", link=""), Message("R&D", "", "ru"))


GET_BY_ID = "https://api.vk.ru/method/wall.getById"
EDIT = "https://api.vk.ru/method/wall.edit"
DELETE = "https://api.vk.ru/method/wall.delete"


@responses.activate
def test_edit_keeps_what_is_attached():
    photo = {"type": "photo", "photo": PHOTO | {"access_key": "k"}}
    post = shown()
    post["attachments"] = [photo, *post["attachments"], {"type": "graffiti"}, None]
    responses.add(responses.POST, GET_BY_ID, json={"response": {"items": [post]}})
    responses.add(responses.POST, EDIT, json={"response": {"post_id": 9}})
    assert person().edit("9", MESSAGE).permalink == "https://vk.com/wall-123_9"
    assert sent(responses.calls[0])["posts"] == "-123_9"
    assert sent(responses.calls[1]) == {
        "owner_id": "-123",
        "post_id": "9",
        "message": MESSAGE.text,
        "attachments": f"photo-123_456_k,{LINK}",
        "v": "5.199",
    }


@responses.activate
def test_edit_of_a_post_without_a_card_keeps_the_address_in_the_text():
    responses.add(responses.POST, GET_BY_ID, json={"response": {"items": [shown(link="")]}})
    responses.add(responses.POST, EDIT, json={"response": {"post_id": 9}})
    person().edit("9", MESSAGE)
    assert sent(responses.calls[1])["message"] == MESSAGE.text_with_link
    assert "attachments" not in sent(responses.calls[1])


@responses.activate
def test_edit_that_fails_is_surely_no_new_post():
    responses.add(responses.POST, GET_BY_ID, json={"response": {"items": [shown()]}})
    responses.add(responses.POST, EDIT, body=requests.exceptions.ReadTimeout())
    with pytest.raises(NotSent):
        person().edit("9", MESSAGE)


@responses.activate
def test_post_that_is_gone():
    responses.add(responses.POST, GET_BY_ID, json={"response": {"items": []}})
    responses.add(responses.POST, DELETE, json=refusal(104, "Not found"))
    with pytest.raises(Rejected, match="post_gone"):
        person().edit("9", MESSAGE)
    assert person().delete("9") is None


@responses.activate
def test_delete_that_is_refused():
    responses.add(responses.POST, DELETE, json=refusal(210))
    with pytest.raises(Rejected, match="permission"):
        person().delete("9")
    assert sent(responses.calls[0]) == {"owner_id": "-123", "post_id": "9", "v": "5.199"}


def test_kept_attachments_of_a_post_with_none():
    assert kept_attachments({}) == ([], False)


# Against the imitation of the network


@pytest.fixture
def community(fakenet):
    key = {"access_token": "vk1.a.fakenet-101"}
    return fakenet, backend(remote_id="101", credentials=key)


def test_whole_way(community):
    fakenet, sender = community
    assert sender.identify().remote_id == "101"
    receipt = sender.publish(MESSAGE, [], KEY)
    [found] = fakenet.state.timeline("vk", "101")
    assert (found.text, found.link, found.id) == (MESSAGE.text, LINK, receipt.remote_id)
    assert found.author is None
    assert found.extra["link_attachment"] == LINK
    assert requests.get(receipt.permalink, timeout=5).status_code == 200


def test_whole_way_without_a_card(community, break_fakenet):
    fakenet, sender = community
    break_fakenet("vk", "publish", "refuse_link_card", times=None)
    sender.publish(MESSAGE, [], KEY)
    [found] = fakenet.state.timeline("vk", "101")
    assert found.text == MESSAGE.text_with_link
    assert found.extra["link_attachment"] is None


@pytest.fixture
def newsroom(fakenet):
    return fakenet, person(remote_id="101", credentials={"user_token": "vk1.a.fakenet-user-newsroom"})


def test_whole_way_of_a_person(newsroom, picture):
    fakenet, sender = newsroom
    assert [found.remote_id for found in sender.targets()] == ["101"]
    began = datetime.now(UTC) - timedelta(seconds=5)
    receipt = sender.publish(MESSAGE, [sender.upload(picture), sender.upload(picture)], KEY)
    [found] = fakenet.state.timeline("vk", "101")
    assert [image.alt for image in found.images] == [picture.alt, picture.alt]
    assert (found.text, found.link, found.author) == (MESSAGE.text, LINK, None)
    assert sender.find(MESSAGE, began) == receipt
    assert sender.find(Message("Другое", LINK, "ru"), began) is None
    better = Message("Лучше", LINK, "ru")
    assert sender.edit(receipt.remote_id, better) == receipt
    [found] = fakenet.state.timeline("vk", "101")
    assert (found.text, len(found.images), found.extra["link_attachment"]) == ("Лучше", 2, LINK)
    sender.delete(receipt.remote_id)
    sender.delete(receipt.remote_id)
    assert fakenet.state.timeline("vk", "101") == []
    assert sender.find(better, began) is None


def test_picture_that_is_none(newsroom):
    _, sender = newsroom
    with pytest.raises(MediaRejected):
        sender.upload(Media(b"words", "image/png", "words.png"))


def test_community_key_in_the_door_for_persons(newsroom):
    with pytest.raises(Rejected, match="permission"):
        person(remote_id="101", credentials={"user_token": "vk1.a.fakenet-101"}).targets()


def test_lost_answer_is_found_by_reading_back(newsroom, break_fakenet):
    _, sender = newsroom
    break_fakenet("vk", "publish", "reset_after")
    with pytest.raises(OutcomeUnknown):
        sender.publish(MESSAGE, [], KEY)
    assert sender.find(MESSAGE, datetime.now(UTC) - timedelta(minutes=1)).remote_id == "1"


# The schema that VK publishes


def methods_of(part):
    listed = json.loads((SHARED / f"specs/vk/{part}/methods.json").read_text())["methods"]
    return {method["name"]: method for method in listed}


def vk_methods_used():
    return {"wall.post", "wall.edit", "wall.delete", "wall.get", "wall.getById"} | {
        "photos.getWallUploadServer",
        "photos.saveWallPhoto",
    }


def test_withdrawn_key(community):
    fakenet, sender = community
    fakenet.state.revoke_grants("vk", "101")
    for call in (sender.identify, lambda: sender.publish(MESSAGE, [], KEY)):
        with pytest.raises(AccountProblem):
            call()


def test_text_beyond_the_limit(community):
    fakenet, sender = community
    fakenet.state.change_settings({"vk_max_characters": 10})
    with pytest.raises(Rejected, match="content_refused"):
        sender.publish(MESSAGE, [], KEY)


@pytest.mark.parametrize(
    ("fault", "posts"),
    [("reset_before", 0), ("reset_after", 1), ("empty_200", 0), ("html_200", 0), ("no_id", 0), ("error", 0)],
)
def test_unclear_outcomes(community, fault, posts, break_fakenet):
    fakenet, sender = community
    break_fakenet("vk", "publish", fault)
    with pytest.raises(OutcomeUnknown):
        sender.publish(MESSAGE, [], KEY)
    assert len(fakenet.state.timeline("vk", "101")) == posts


def test_too_many_calls(community, break_fakenet):
    fakenet, sender = community
    break_fakenet("vk", "publish", "rate_limit")
    with pytest.raises(NotSent, match="rate_limited"):
        sender.publish(MESSAGE, [], KEY)


def test_key_of_the_wrong_kind(community):
    _, sender = community
    with pytest.raises(Rejected, match="wrong_key"):
        backend(remote_id="101", credentials={"access_token": "vk2.a.whatever"}).publish(MESSAGE, [], KEY)
    with pytest.raises(Rejected, match="permission"):
        backend(remote_id="102", credentials=sender.connection.credentials).publish(MESSAGE, [], KEY)


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
