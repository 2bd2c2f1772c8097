"""VK's part, driven by the client that people use (vk_api)."""

from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
import vk_api
from requests.adapters import HTTPAdapter


USER_TOKEN = "vk1.a.fakenet-user-newsroom"
COMMUNITY_KEY = "vk1.a.fakenet-101"


class Detour(HTTPAdapter):
    """Sends what is meant for VK's fixed hosts to fakenet, and keeps their name in a header."""

    def __init__(self, address):
        self.target = urlsplit(address)
        super().__init__()

    def send(self, prepared, **kwargs):
        meant = urlsplit(prepared.url)
        prepared.headers["X-Meant-For"] = meant.netloc
        prepared.url = urlunsplit(
            (self.target.scheme, self.target.netloc, f"/vk/api{meant.path}", meant.query, meant.fragment)
        )
        return super().send(prepared, **kwargs)


@pytest.fixture
def connect(fakenet):
    def made(token):
        session = requests.Session()
        session.trust_env = False
        session.mount("https://api.vk.", Detour(fakenet.url))
        return vk_api.VkApi(token=token, api_version="5.199", session=session)

    return made


def test_person_posts_with_a_picture_reads_edits_and_deletes(connect, fakenet, picture, tmp_path):
    client = connect(USER_TOKEN)
    api = client.get_api()
    assert [group["id"] for group in api.groups.get(filter="editor", extended=1)["items"]] == [101, 102]
    file = tmp_path / "square.png"
    file.write_bytes(picture)
    [photo] = vk_api.VkUpload(client).photo_wall(str(file), group_id=101, caption="A square")
    name = f"photo{photo['owner_id']}_{photo['id']}"
    link = "https://example.org/a"
    posted = api.wall.post(owner_id=-101, from_group=1, message="Hello", attachments=f"{name},{link}", guid="g")
    assert api.wall.post(owner_id=-101, from_group=1, message="Hello", guid="g") == posted
    [item] = api.wall.get(owner_id=-101, filter="owner")["items"]
    assert (item["id"], item["text"]) == (posted["post_id"], "Hello")
    assert [attachment["type"] for attachment in item["attachments"]] == ["photo", "link"]
    api.wall.edit(owner_id=-101, post_id=posted["post_id"], message="Better", attachments=name)
    assert api.wall.getById(posts=f"-101_{posted['post_id']}")["items"][0]["text"] == "Better"
    assert api.wall.delete(owner_id=-101, post_id=posted["post_id"]) == 1
    assert fakenet.posts("vk") == []
    with pytest.raises(vk_api.ApiError) as refused:
        api.wall.delete(owner_id=-101, post_id=posted["post_id"])
    assert refused.value.code == 104


def test_community_key_posts_and_may_do_nothing_else(connect, fakenet):
    api = connect(COMMUNITY_KEY).get_api()
    assert api.groups.getById()["groups"][0]["id"] == 101
    assert api.wall.post(owner_id=-101, from_group=1, message="Hello") == {"post_id": 1}
    for refuse in (lambda: api.wall.get(owner_id=-101), lambda: api.photos.getWallUploadServer(group_id=101)):
        with pytest.raises(vk_api.ApiError) as refused:
            refuse()
        assert refused.value.code == 27
    assert [post["text"] for post in fakenet.posts("vk")] == ["Hello"]


def test_dead_key(connect, fakenet):
    fakenet.post("/_fakenet/accounts/vk/101/revoke")
    with pytest.raises(vk_api.ApiError) as refused:
        connect(COMMUNITY_KEY).get_api().wall.post(owner_id=-101, message="Hello")
    assert refused.value.code == 5
