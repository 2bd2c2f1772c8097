"""Names are checked when they are typed in; machines each time they are spoken to."""

import ipaddress

import pytest

from tests.backends.test_http import read_request, server
from wagtail_syndicate.backends.addresses import is_public
from wagtail_syndicate.backends.http import Http
from wagtail_syndicate.exceptions import NotSent


@pytest.fixture
def listening():
    """A server on this machine that notes what it is sent: its port and the requests."""
    received = []

    def note(connection):
        received.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with server(note) as port:
        yield port, received


@pytest.mark.parametrize("irreversible", [True, False])
def test_a_name_that_now_stands_for_this_machine_gets_nothing(settings, listening, irreversible):
    """The name was public when it was typed in; its owner has pointed it elsewhere since (DNS rebinding)."""
    port, received = listening
    settings.WAGTAIL_SYNDICATE = {}
    with pytest.raises(NotSent) as caught:
        Http().request("POST", f"http://localhost:{port}/hook", irreversible=irreversible, data={"secret": "x"})
    assert (caught.value.reason, caught.value.detail) == ("private_server", "NotPublic")
    assert received == []


def test_developers_may_allow_their_own_machine(settings, listening):
    port, received = listening
    settings.WAGTAIL_SYNDICATE = {"ALLOW_LOCAL_HOSTS": True}
    assert Http().request("GET", f"http://127.0.0.1:{port}/").status == 200
    assert len(received) == 1


def test_hosts_that_a_developer_named_may_be_anywhere(settings, listening):
    port, received = listening
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"vk": {"HOSTS": {"api": f"http://127.0.0.1:{port}/inside"}}}}
    assert Http().request("GET", f"http://127.0.0.1:{port}/inside/me").status == 200
    with pytest.raises(NotSent):
        Http().request("GET", f"http://localhost:{port}/inside/me")
    assert len(received) == 1


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
    ],
)
def test_public_addresses(address, public):
    assert is_public(ipaddress.ip_address(address)) is public
