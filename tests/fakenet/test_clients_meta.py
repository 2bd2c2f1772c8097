"""Facebook and Threads, driven by clients other people wrote."""

import pyfacebook
import pytest


API_KEYS = {"app_id": "271828182845904", "app_secret": "fakenet-meta-secret"}


@pytest.fixture
def page(fakenet):
    token = fakenet.state.add_token("facebook", "newsroom", "x").value
    return fakenet.state.account("facebook", "newsroom").id, token


def test_facebook_business_publishes_reads_and_deletes(fakenet, page, picture, tmp_path, monkeypatch):
    """Meta's own library, where it is installed: its licence is for use with the services of Meta."""
    pytest.importorskip("facebook_business", reason="facebook-business is not installed")
    from facebook_business.adobjects.page import Page
    from facebook_business.adobjects.pagepost import PagePost
    from facebook_business.api import FacebookAdsApi
    from facebook_business.exceptions import FacebookRequestError
    from facebook_business.session import FacebookSession

    number, token = page
    monkeypatch.setattr(FacebookSession, "GRAPH", f"{fakenet.url}/facebook/api")
    api = FacebookAdsApi.init(access_token=token, api_version="v26.0", **API_KEYS, crash_log=False)
    mine = Page(number, api=api)
    file = tmp_path / "square.png"
    file.write_bytes(picture)
    photo = mine.create_photo(params={"published": "false", "alt_text_custom": "A square", "filename": str(file)})
    made = mine.create_feed(params={"message": "Hello", "attached_media": [{"media_fbid": photo["id"]}]})
    linked = mine.create_feed(params={"message": "Read", "link": "https://www.example.org/"})
    assert [image["alt"] for image in fakenet.posts("facebook")[0]["images"]] == ["A square"]
    listed = mine.get_published_posts(fields=["message", "permalink_url"], params={"limit": 1})
    assert [post["message"] for post in listed] == ["Read", "Hello"]
    PagePost(made["id"], api=api).api_update(params={"message": "Better"})
    assert PagePost(made["id"], api=api).api_get(fields=["message"])["message"] == "Better"
    for post in (made, linked):
        PagePost(post["id"], api=api).api_delete()
    assert fakenet.posts("facebook") == []
    fakenet.state.expire_tokens("facebook", "newsroom")
    with pytest.raises(FacebookRequestError) as caught:
        mine.create_feed(params={"message": "Hello"})
    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (190, 463)


def test_python_facebook_posts_to_a_page(fakenet, page):
    number, token = page
    api = pyfacebook.GraphAPI(**API_KEYS, access_token=token, base_url=f"{fakenet.url}/facebook/api/", version="v26.0")
    made = api.post_object(number, connection="feed", data={"message": "Hello", "link": "https://www.example.org/"})
    listed = api.get_full_connections(number, connection="published_posts", fields="message,permalink_url")
    assert [post["message"] for post in listed["data"]] == ["Hello"]
    api.delete_object(made["id"])
    assert fakenet.posts("facebook") == []
    with pytest.raises(pyfacebook.FacebookError):
        api.get_object(made["id"])


def test_python_facebook_lists_pages_and_lengthens_access(fakenet):
    state = fakenet.state
    token = state.add_token("facebook-user", "newsroom", "x", expires_at=state.now() + 60).value
    api = pyfacebook.GraphAPI(
        **API_KEYS,
        access_token=token,
        base_url=f"{fakenet.url}/facebook/api/",
        access_token_url=f"{fakenet.url}/facebook/api/oauth/access_token",
        version="v26.0",
    )
    assert api.exchange_long_lived_user_access_token()["expires_in"] == 5184000
    pages = api.get_full_connections("me", connection="accounts", fields="name,tasks", limit=2)
    assert [page["name"] for page in pages["data"]] == ["newsroom", "newsroom.jobs", "newsroom.archive"]


def test_python_facebook_publishes_on_threads(fakenet):
    token = fakenet.state.add_token("threads", "newsroom", "x").value
    api = pyfacebook.ThreadsGraphAPI(access_token=token, base_url=f"{fakenet.url}/threads/api/", version="v1.0")
    me = api.get_object("me", fields="id,username")
    container = api.post_object(me["id"], connection="threads", data={"media_type": "TEXT", "text": "Hello"})
    assert api.get_object(container["id"], fields="status")["status"] == "FINISHED"
    made = api.post_object(me["id"], connection="threads_publish", data={"creation_id": container["id"]})
    listed = api.get_full_connections("me", connection="threads", fields="text,permalink")
    assert [(post["id"], post["text"]) for post in listed["data"]] == [(made["id"], "Hello")]
    api.delete_object(made["id"])
    assert fakenet.posts("threads") == []
