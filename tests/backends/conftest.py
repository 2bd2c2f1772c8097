"""What the tests of backends share: connections, a fake network, servers that break, specifications."""

import io
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import responses as mocked
from PIL import Image as PillowImage

from sandbox.networks import networks_of
from wagtail_syndicate.backends import http
from wagtail_syndicate.types import Connection, Media, Message


SHARED = Path(__file__).parents[3] / "shared"
LINK = "https://www.example.com/news/new-bridge/"


@pytest.fixture(autouse=True)
def networks_as_they_are(settings):
    """The networks at their own addresses, not at the sandbox's."""
    settings.WAGTAIL_SYNDICATE = {"ALLOW_LOCAL_HOSTS": True}


@pytest.fixture
def message():
    """A post with its link in the text."""
    return Message(
        text=f"The new bridge over the river opens on Monday & it's free for bicycles. {LINK} #bridge",
        link=LINK,
        language="en-gb",
        title="The new bridge",
    )


@pytest.fixture
def picture():
    """A real, small JPEG with alternative text."""
    data = io.BytesIO()
    PillowImage.new("RGB", (32, 16), "teal").save(data, "JPEG")
    return Media(data.getvalue(), "image/jpeg", "bridge.jpg", alt="A bridge with two lanes for bicycles")


@pytest.fixture
def api():
    """Canned answers instead of a network; ``api.calls`` holds the requests that were sent."""
    with mocked.RequestsMock(assert_all_requests_are_fired=False) as api:
        yield api


@pytest.fixture
def a_minute_ago():
    return datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
def impatient(monkeypatch):
    """Time limits short enough to be waited for."""
    monkeypatch.setattr(http, "CONNECT_TIMEOUT", 0.5)
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.3)


# The fake network


@pytest.fixture(scope="session")
def running_fakenet():
    from sandbox.fakenet import serve_in_thread

    with serve_in_thread() as server:
        yield server


@pytest.fixture
def fakenet(running_fakenet, settings):
    """The fake network, empty, and the settings that lead there."""
    running_fakenet.state.reset()
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": networks_of(running_fakenet.url), "ALLOW_LOCAL_HOSTS": True}
    return running_fakenet


@pytest.fixture
def break_fakenet(fakenet):
    """Make the fake network misbehave: ``break_fakenet("x", "publish", "reset_after")``."""
    from sandbox.fakenet.faults import Fault

    def arm(network, operation, kind, **more):
        return fakenet.state.faults.add(Fault(network, operation, kind, **more))

    return arm


@pytest.fixture
def connect(fakenet):
    """``connect("x", "daily", scopes=...)``: a connection to the fake network, as connecting would have left it."""

    def make(network, handle, *, host="", scopes=(), **credentials):
        account = fakenet.state.account(network, handle)
        if not credentials:
            credentials = {"access_token": fakenet.state.add_token(network, handle, "app", scopes=tuple(scopes)).value}
        return Connection(host=host, remote_id=account.id, handle=f"@{handle}", credentials=credentials)

    return make


@pytest.fixture
def refused_address():
    """An address on this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


# Recorded answers of the real networks


@pytest.fixture
def recorded():
    """The folder of recorded answers of real networks, where it exists."""
    if not (SHARED / "recorded").is_dir():
        pytest.skip("No recorded answers of real networks here.")
    return SHARED / "recorded"
