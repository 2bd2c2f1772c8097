"""The guard that keeps every test on this machine."""

import socket

import pytest
import requests

from tests.conftest import NetworkGuard


def test_no_address_outside_can_be_connected_to():
    with socket.socket() as client, pytest.raises(NetworkGuard):
        client.connect(("203.0.113.1", 80))


def test_no_name_outside_is_asked_for():
    with pytest.raises(requests.ConnectionError):
        requests.get("https://www.example.com/", timeout=5)


def test_this_machine_can_be_connected_to():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), 5).close()
