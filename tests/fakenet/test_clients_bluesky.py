"""The imitation of Bluesky, driven by the client that others wrote (atproto)."""

import pytest
from atproto import Client, models
from atproto.exceptions import BadRequestError, UnauthorizedError
from atproto_client.request import Request

from sandbox.fakenet.networks.bluesky_manners import APP_PASSWORD


HANDLE = "newsroom.bsky.social"
POSTS = "app.bsky.feed.post"


class WithToken(Request):
    """Sends a session's token; the client's own login would also ask an app view, which there is none of here."""

    token = ""

    def get_headers(self, additional_headers=None):
        headers = super().get_headers(additional_headers)
        return {**headers, "Authorization": f"Bearer {self.token}"} if self.token else headers


@pytest.fixture
def client(fakenet):
    client = Client(base_url=f"{fakenet.url}/bluesky/pds", request=WithToken())
    given = models.ComAtprotoServerCreateSession.Data(identifier=HANDLE, password=APP_PASSWORD)
    client.session = client.com.atproto.server.create_session(given)
    client.request.token = client.session.access_jwt
    return client


def post(text="Grüße", embed=None):
    return models.AppBskyFeedPost.Record(text=text, created_at="2026-11-23T10:00:00.000Z", langs=["de"], embed=embed)


def put(client, rkey="3kabcdefgh22a", **fields):
    data = models.ComAtprotoRepoPutRecord.Data(
        repo=client.session.did, collection=POSTS, rkey=rkey, record=post(**fields)
    )
    return client.com.atproto.repo.put_record(data)


def test_atproto_publishes_reads_and_deletes(client, fakenet, picture):
    blob = client.com.atproto.repo.upload_blob(picture).blob
    external = models.AppBskyEmbedExternal.External(
        uri="https://example.org/a", title="Title", description="Words", thumb=blob
    )
    made = put(client, embed=models.AppBskyEmbedExternal.Main(external=external))
    assert put(client, embed=models.AppBskyEmbedExternal.Main(external=external)).cid == made.cid
    place = {"repo": client.session.did, "collection": POSTS, "rkey": made.uri.rpartition("/")[2]}
    found = client.com.atproto.repo.get_record(models.ComAtprotoRepoGetRecord.Params(**place))
    assert found.value.embed.external.thumb.ref.link == blob.ref.link
    listed = client.com.atproto.repo.list_records(
        models.ComAtprotoRepoListRecords.Params(repo=client.session.did, collection=POSTS)
    )
    assert [record.uri for record in listed.records] == [made.uri]
    [shown] = fakenet.posts("bluesky")
    assert (shown["text"], shown["link"], shown["language"]) == ("Grüße", "https://example.org/a", "de")
    client.com.atproto.repo.delete_record(models.ComAtprotoRepoDeleteRecord.Data(**place))
    assert fakenet.posts("bluesky") == []


def test_atproto_knows_the_session_and_the_server(client):
    assert client.com.atproto.server.get_session().handle == HANDLE
    assert client.com.atproto.server.describe_server().did
    resolved = client.com.atproto.identity.resolve_handle(models.ComAtprotoIdentityResolveHandle.Params(handle=HANDLE))
    assert resolved.did == client.session.did
    client.request.token = client.session.refresh_jwt
    client.request.token = client.com.atproto.server.refresh_session().access_jwt
    put(client)


def test_atproto_sees_what_is_refused(client, fakenet):
    with pytest.raises(BadRequestError) as caught:
        put(client, text="x" * 301)
    assert caught.value.response.content.error == "InvalidRequest"
    fakenet.post("/_fakenet/expire", json={"network": "bluesky", "handle": HANDLE})
    with pytest.raises(BadRequestError) as caught:
        put(client)
    assert caught.value.response.content.error == "ExpiredToken"
    client.request.token = ""
    with pytest.raises(UnauthorizedError) as caught:
        put(client)
    assert caught.value.response.content.error == "AuthMissing"
