"""VK with a person's token: communities to choose from, pictures, reading back, changing and deleting."""

import pytest
import requests
import responses

from tests.backends.vk_facts import (
    GROUP,
    KEY,
    LINK,
    MESSAGE,
    NO_CARD,
    NOW,
    PHOTO,
    UPLOADED,
    USER,
    WALL_GET,
    WALL_POST,
    person,
    refusal,
    sent,
    shown,
    wall,
)
from wagtail_syndicate.backends.vk_text import kept_attachments, shows
from wagtail_syndicate.exceptions import MediaRejected, NotSent, Rejected
from wagtail_syndicate.types import Message, Receipt


GET_GROUPS = "https://api.vk.ru/method/groups.get"
SERVER = "https://api.vk.ru/method/photos.getWallUploadServer"
SAVE = "https://api.vk.ru/method/photos.saveWallPhoto"
ELSEWHERE = "https://pu.example.org/c1/upload.php?hash=abc"
OTHER = {"id": 7, "name": "Другая", "screen_name": "drugaya"}


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
