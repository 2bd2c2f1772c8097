"""An imitation of Mastodon that nobody here wrote (PyPI ``mastodon_mock``) takes what our backend sends.

It is looser than a real server here and there (unknown media ids pass) and counts addresses in full; but what it knows
it has from Mastodon's documents and Mastodon.py, and not from us.
"""

import io
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.services.npm import missing
from wagtail_syndicate.backends import http
from wagtail_syndicate.backends.mastodon import Backend
from wagtail_syndicate.exceptions import AccountProblem, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.keys import new_key
from wagtail_syndicate.types import Connection, Media, Message


pytestmark = pytest.mark.services
TOKEN = "mock_token"
LINK = "https://example.org/grüße/?a=1&b=2"
MESSAGE = Message(f"Grüße aus 東京 👩‍👩‍👧‍👦 & mehr: {LINK} #Wasser", LINK, "de-at", title="Der neue Sensor")


@pytest.fixture(autouse=True)
def as_specified():
    """Whether these answers are as Mastodon's contract says is not our business."""


@pytest.fixture(scope="module")
def running_server(tmp_path_factory):
    program = shutil.which("mastodon_mock", path=str(Path(sys.executable).parent))
    if program is None:
        missing("The package mastodon_mock is not installed.")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [program, "serve", "--in-memory", "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("mastodon"))
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            with suppress(requests.ConnectionError):
                requests.get(f"{url}/api/v2/instance", timeout=5)
                break
            assert process.poll() is None, "mastodon_mock did not start."
            time.sleep(0.2)
        yield url
    finally:
        process.kill()  # it would wait for the request that it was told to leave without an answer
        process.wait(10)


class Server:
    """What the server itself says, and the faults that it can be told to have."""

    def __init__(self, url):
        self.url = url

    def call(self, method, path, **kwargs):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.request(method, f"{self.url}/api/v1/{path}", headers=headers, timeout=10, **kwargs)
        answer.raise_for_status()
        return answer.json()

    @property
    def statuses(self):
        return self.call("GET", f"accounts/{self.call('GET', 'accounts/verify_credentials')['id']}/statuses")

    def fault(self, method, path, **effect):
        rule = {"match": {"methods": [method], "path": path}, "effect": effect, "count": 1}
        self.call("POST", "_mock/faults", json=rule)


@pytest.fixture
def server(running_server, settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ALLOW_LOCAL_HOSTS": True}
    server = Server(running_server)
    server.call("DELETE", "_mock/faults")
    server.call("POST", "_mock/reset")
    return server


@pytest.fixture
def backend(server):
    identity = Backend(Connection(host=server.url, credentials={"access_token": TOKEN})).identify()
    return Backend(
        Connection(
            host=server.url,
            remote_id=identity.remote_id,
            handle=identity.handle,
            options=identity.options,
            credentials={"access_token": TOKEN},
        )
    )


@pytest.fixture
def key():
    return str(new_key())


@pytest.fixture
def since():
    return datetime.now(UTC) - timedelta(minutes=1)


def picture():
    data = io.BytesIO()
    Image.new("RGB", (640, 335), "teal").save(data, "JPEG")
    return Media(data.getvalue(), "image/jpeg", "a.jpg", alt="Ein Sensor")


def test_connecting_finds_out_who_and_what_is_allowed(backend):
    assert backend.connection.handle.startswith("@testuser@")
    limits = backend.get_limits()
    assert (limits.length, limits.images.count, limits.images.max_bytes) == (500, 4, 10_485_760)


def test_a_post_with_a_picture_is_kept_as_it_was_made(server, backend, key):
    receipt = backend.publish(MESSAGE, [backend.upload(picture())], key)
    [status] = server.statuses
    assert (status["id"], status["url"]) == (receipt.remote_id, receipt.permalink)
    assert (status["language"], status["visibility"]) == ("de", "public")
    assert [media["description"] for media in status["media_attachments"]] == ["Ein Sensor"]
    assert server.call("GET", f"statuses/{receipt.remote_id}/source")["text"] == MESSAGE.text


def test_a_repeated_key_makes_one_post(server, backend, key):
    assert backend.publish(MESSAGE, [], key) == backend.publish(MESSAGE, [], key)
    assert len(server.statuses) == 1
    backend.publish(MESSAGE, [], str(new_key()))
    assert len(server.statuses) == 2


def test_reading_back_finds_what_was_sent_and_nothing_else(backend, key, since):
    assert backend.find(MESSAGE, since) is None
    backend.publish(replace(MESSAGE, text=f"Nachtrag: {MESSAGE.text}"), [], str(new_key()))
    assert backend.find(MESSAGE, since) is None
    receipt = backend.publish(MESSAGE, [], key)
    assert backend.find(MESSAGE, since) == receipt


def test_a_post_is_changed_and_taken_back(server, backend, key):
    receipt = backend.publish(MESSAGE, [backend.upload(picture())], key)
    backend.edit(receipt.remote_id, replace(MESSAGE, text="Andere Worte"))
    [status] = server.statuses
    assert server.call("GET", f"statuses/{receipt.remote_id}/source")["text"] == "Andere Worte"
    assert [media["description"] for media in status["media_attachments"]] == ["Ein Sensor"]
    backend.delete(receipt.remote_id)
    backend.delete(receipt.remote_id)
    assert server.statuses == []


def test_the_longest_text_is_taken_and_a_longer_one_refused(server, backend):
    backend.publish(replace(MESSAGE, text="水" * 500), [], str(new_key()))
    with pytest.raises(Rejected, match="content_refused"):
        backend.publish(replace(MESSAGE, text="水" * 501), [], str(new_key()))
    assert len(server.statuses) == 1


def test_a_token_that_nobody_knows(server, backend, key, since):
    stranger = Backend(replace(backend.connection, credentials={"access_token": "no-such-token"}))
    for call in (
        stranger.identify,
        lambda: stranger.publish(MESSAGE, [], key),
        lambda: stranger.upload(picture()),
        lambda: stranger.delete("1"),
    ):
        with pytest.raises(AccountProblem, match="reconnect"):
            call()
    assert server.statuses == []


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        ({"type": "status", "status": 500}, OutcomeUnknown),
        ({"type": "status", "status": 503}, OutcomeUnknown),
        ({"type": "malformed"}, OutcomeUnknown),
        ({"type": "timeout"}, OutcomeUnknown),
        ({"type": "ratelimit"}, NotSent),
    ],
)
def test_a_fault_is_a_doubt_that_reading_back_settles(server, backend, key, since, effect, kind, monkeypatch):
    server.fault("POST", "/api/v1/statuses", **effect)
    monkeypatch.setattr(http, "READ_TIMEOUT", 1)
    with pytest.raises(kind) as caught:
        backend.publish(MESSAGE, [], key)
    assert type(caught.value) is kind
    assert backend.find(MESSAGE, since) is None
    receipt = backend.publish(MESSAGE, [], key)
    assert backend.find(MESSAGE, since) == receipt
    assert len(server.statuses) == 1
