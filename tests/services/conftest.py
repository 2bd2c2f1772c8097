"""Servers that a developer may not have: their tests are skipped then, unless REQUIRE_SERVICES says they must run."""

import os
import socket

import pytest


def need(name: str, port: int) -> None:
    """Skip, or fail with REQUIRE_SERVICES=1, when nobody listens on a loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        message = f"{name} does not listen on 127.0.0.1:{port}."
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail(message)
        pytest.skip(message)


BROKERS = {"redis": ("redis://127.0.0.1:6379/15", 6379), "rabbitmq": ("amqp://guest:guest@127.0.0.1:5672//", 5672)}


@pytest.fixture(params=BROKERS)
def broker_url(request):
    """A real broker's address."""
    url, port = BROKERS[request.param]
    need(request.param, port)
    return url


@pytest.fixture
def postgres_url():
    need("PostgreSQL", 5432)
    return "postgres://postgres@127.0.0.1:5432/"
