import json

import pytest


COMMUNITY_KEY = "vk1.a.fakenet-101"
USER_TOKEN = "vk1.a.fakenet-user-newsroom"
SERVICE_KEY = "fakenet-vk-service-key"


def call(fakenet, method, token=COMMUNITY_KEY, **parameters):
    parameters = {"v": "5.199", "access_token": token} | parameters
    response = fakenet.post(f"/vk/api/method/{method}", data=parameters)
    assert response.status_code == 200
    return response.json()


def post(fakenet, token=COMMUNITY_KEY, **parameters):
    return call(
        fakenet, "wall.post", token, **{"owner_id": "-101", "from_group": "1", "message": "Hello"} | parameters
    )


def test_community_key_posts_text_with_a_link_card(fakenet):
    answer = post(fakenet, attachments="https://example.org/a", link_title="Our title")
    assert answer == {"response": {"post_id": 1}}
    [shown] = fakenet.posts("vk", handle="101")
    assert (shown["text"], shown["link"], shown["card"]["title"]) == ("Hello", "https://example.org/a", "Our title")
    assert shown["permalink"] == fakenet.url + "/vk/web/wall-101_1"
    assert "Hello" in fakenet.get(shown["permalink"]).text


def test_key_is_checked_when_connecting(fakenet):
    answer = call(fakenet, "groups.getById")["response"]
    assert (answer["groups"][0]["id"], answer["groups"][0]["name"], answer["profiles"]) == (101, "Example Company", [])
    rights = call(fakenet, "groups.getTokenPermissions")["response"]["permissions"]
    assert {"name": "wall", "setting": 8192} in rights


@pytest.mark.parametrize(
    "method", ["photos.getWallUploadServer", "wall.getById", "wall.get", "photos.saveWallPhoto", "wall.delete"]
)
def test_community_key_can_neither_read_nor_upload(fakenet, method):
    error = call(fakenet, method, owner_id="-101", group_id="101", posts="-101_1")["error"]
    assert error["error_code"] == 27
    assert error["error_msg"] == "Group authorization failed: method is unavailable with group auth."


def test_errors_repeat_the_request_with_its_key(fakenet):
    error = call(fakenet, "wall.post", token="wrong", message="Hello")["error"]
    assert error["error_code"] == 5
    echo = {item["key"]: item["value"] for item in error["request_params"]}
    assert echo["method"] == "wall.post" and echo["message"] == "Hello" and echo["access_token"] == "wrong"


def test_guid_guards_for_an_hour(fakenet):
    assert post(fakenet, guid="g")["response"] == post(fakenet, guid="g")["response"]
    assert len(fakenet.posts("vk")) == 1
    fakenet.settings(clock_offset_seconds=3601)
    assert post(fakenet, guid="g")["response"]["post_id"] == 2
    fakenet.settings(vk_ignore_guid=True)
    assert post(fakenet, guid="g")["response"]["post_id"] == 3


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"v": ""}, 8),
        ({"owner_id": "-102"}, 15),
        ({"owner_id": "101"}, 100),
        ({"message": ""}, 100),
        ({"attachments": "https://a.example/,https://b.example/"}, 100),
        ({"message": "x" * 15896}, 100),
        ({"token": "vk2.a.something"}, 1051),
        ({"token": SERVICE_KEY}, 28),
    ],
)
def test_refusals(fakenet, parameters, code):
    assert post(fakenet, **parameters)["error"]["error_code"] == code
    assert fakenet.posts("vk") == []


def test_unknown_method(fakenet):
    assert call(fakenet, "wall.Post")["error"]["error_code"] == 3


def test_user_token_uploads_edits_reads_and_deletes(fakenet, picture):
    server = call(fakenet, "photos.getWallUploadServer", USER_TOKEN, group_id="101")["response"]
    uploaded = fakenet.post(server["upload_url"], files={"photo": ("a.png", picture)}).json()
    assert json.loads(uploaded["photo"])
    saved = call(fakenet, "photos.saveWallPhoto", USER_TOKEN, group_id="101", caption="A square", **uploaded)
    photo = saved["response"][0]
    name = f"photo{photo['owner_id']}_{photo['id']}"
    post_id = post(fakenet, USER_TOKEN, attachments=name)["response"]["post_id"]
    assert fakenet.posts("vk")[0]["images"][0]["alt"] == "A square"
    for token in (USER_TOKEN, SERVICE_KEY):
        [item] = call(fakenet, "wall.getById", token, posts=f"-101_{post_id}")["response"]["items"]
        assert (item["text"], item["attachments"][0]["photo"]["id"]) == ("Hello", photo["id"])
    edited = call(fakenet, "wall.edit", USER_TOKEN, owner_id="-101", post_id=post_id, message="Better")
    assert edited["response"] == {"post_id": post_id}
    assert call(fakenet, "wall.get", USER_TOKEN, owner_id="-101")["response"]["items"][0]["text"] == "Better"
    assert call(fakenet, "wall.delete", USER_TOKEN, owner_id="-101", post_id=post_id) == {"response": 1}
    assert call(fakenet, "wall.get", USER_TOKEN, owner_id="-101")["response"]["count"] == 0


def test_failed_upload_is_an_empty_list(fakenet):
    server = call(fakenet, "photos.getWallUploadServer", USER_TOKEN, group_id="101")["response"]
    assert fakenet.post(server["upload_url"], files={"photo": ("a.png", b"text")}).json()["photo"] == "[]"


def test_link_card_may_be_refused_whole_while_plain_text_passes(fakenet):
    fakenet.fault("vk", "refuse_link_card")
    assert "error" not in post(fakenet)
    error = post(fakenet, attachments="https://example.org/")["error"]
    assert error["error_code"] == 100 and "link_photo_sizing_rule" in error["error_msg"]
    assert "error" not in post(fakenet, attachments="https://example.org/")


def test_withdrawn_key(fakenet):
    fakenet.post("/_fakenet/accounts/vk/101/revoke")
    assert post(fakenet)["error"]["error_code"] == 5
    assert "error" not in post(fakenet, token="vk1.a.fakenet-102", owner_id="-102")
    fakenet.post("/_fakenet/accounts/vk/101/restore")
    assert "error" not in post(fakenet)


def test_link_is_not_treated_as_photo_and_token_may_be_a_bearer(fakenet):
    response = fakenet.get(
        "/vk/api/method/wall.post",
        params={"v": "5.199", "owner_id": "-101", "from_group": 1, "message": "Bearer"},
        headers={"Authorization": f"Bearer {COMMUNITY_KEY}"},
    )
    assert response.json()["response"]["post_id"] == 1
