"""One fakenet for all tests of this folder, emptied before each."""

import io

import pytest
import requests
from PIL import Image

from sandbox.fakenet import serve_in_thread
from tests import contracts


class Client:
    """Plain requests against one running fakenet; redirects are never followed."""

    def __init__(self, server):
        self.url, self.state = server.url, server.state

    def call(self, method, path, **options):
        options.setdefault("timeout", 10)
        options.setdefault("allow_redirects", False)
        address = path if path.startswith("http") else self.url + path
        return requests.request(method, address, **options)

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, **options):
        return self.call("POST", path, **options)

    def posts(self, network, **query):
        return self.get("/_fakenet/posts", params={"network": network, **query}).json()

    def log(self, **query):
        return self.get("/_fakenet/log", params=query).json()

    def fault(self, network, kind, operation="publish", **more):
        answer = self.post("/_fakenet/faults", json={"network": network, "operation": operation, "kind": kind, **more})
        assert answer.status_code == 201, answer.text

    def settings(self, **changes):
        assert self.post("/_fakenet/settings", json=changes).status_code == 200

    def token(self, network, handle="newsroom", **more):
        return self.post("/_fakenet/tokens", json={"network": network, "handle": handle, **more}).json()


@pytest.fixture(autouse=True)
def as_specified(monkeypatch):
    """Every answer is one that the network's specification allows; requests here are often wrong on purpose."""
    contracts.watch(monkeypatch, requests_too=False)


@pytest.fixture(scope="session")
def running_fakenet():
    with serve_in_thread() as server:
        yield server


@pytest.fixture
def fakenet(running_fakenet):
    running_fakenet.state.reset()
    return Client(running_fakenet)


def make_picture(width=40, height=30, form="PNG"):
    """The bytes of a plain picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, form)
    return buffer.getvalue()


@pytest.fixture
def picture():
    return make_picture()
