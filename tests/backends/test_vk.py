"""VK: what is sent to a community's wall, and what its answers mean."""

import json
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
import responses

from wagtail_syndicate.backends import vk
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.types import Article, Connection, LinkPlace, Media, Message


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
def test_request_agrees_with_the_schema_of_vk():
    schema = SHARED / "specs/vk/wall/methods.json"
    if not schema.exists():
        pytest.skip("the networks' schemas are not here")
    post({"response": {"post_id": 45}})
    methods = {method["name"]: method for method in json.loads(schema.read_text())["methods"]}
    known = {parameter["name"]: parameter["type"] for parameter in methods["wall.post"]["parameters"]}
    fields = sent(responses.calls[0])
    assert set(fields) - {"v"} <= set(known)
    for name, value in fields.items():
        if known.get(name) == "integer":
            int(value)
        elif known.get(name) == "boolean":
            assert value in ("0", "1")


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
    broken = vk.without_mentions(text)
    assert broken != text
    assert broken.replace("\u2060", "") == visible
    assert vk.without_mentions(broken) == broken


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
    assert vk.without_mentions(text) == text


CONFIG = "7 15 20 21 27 30 200 203 210 225"
MEANINGS = {
    "unclear_answer": (OutcomeUnknown, "1 10 36"),
    "app_setup": (Rejected, "2 11 38 42"),
    "bad_request": (Rejected, "3 8 33 34 35 220 9999"),
    "reconnect": (AccountProblem, "5"),
    "permission": (Rejected, f"{CONFIG} 214"),
    "wrong_key": (Rejected, "28 1051"),
    "rate_limited": (NotSent, "6 9 32 103 219 224"),
    "human_check": (Rejected, "14 17 24 25 703 704 3300 3301 3302 3303 3304"),
    "account_blocked": (AccountProblem, "18 37 3610"),
    "content_forbidden": (Rejected, "19"),
    "image_refused": (MediaRejected, "22 118 121 129"),
    "retired": (Rejected, "23"),
    "daily_limit": (NotSent, "29 601"),
    "network_busy": (NotSent, "43"),
    "content_refused": (Rejected, "100"),
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
    assert found.options == {"group_id": "123", "name": "Акваметрика"}
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


@pytest.mark.parametrize("given", ["", "aqua", "https://vk.com/aqua", "12x"])
def test_community_needs_its_number(given):
    with pytest.raises(Rejected, match="target_missing"):
        backend(remote_id="", options={"group_id": given}).identify()


def test_pictures_are_refused_before_anything_is_asked():
    with pytest.raises(MediaRejected, match="image_refused"):
        backend().upload(Media(b"x", "image/png", "x.png"))
    assert vk.Backend.limits.images is None


def test_facts_for_the_rest_of_the_package():
    assert vk.Backend.limits.link is LinkPlace.CARD
    assert vk.Backend.key_seconds == 0
    assert not vk.Backend().can_find()


def test_share_link():
    address = urlsplit(backend().share_link(MESSAGE))
    assert address.netloc + address.path == "vk.com/share.php"
    assert parse_qs(address.query) == {"url": [LINK], "title": ["Датчик"], "comment": [MESSAGE.text]}
    assert "+" not in address.query


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
