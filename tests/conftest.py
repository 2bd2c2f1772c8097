"""What every test gets: no way out to any network but this machine's own, and ears that hear every secret."""

import ipaddress
import socket

import pytest
from django.core.cache import caches
from django.core.management.commands import flush

from tests import canaries, contracts
from tests.factories import root_collection


class NetworkGuard(AssertionError):
    """A test tried to reach a real network."""


def _is_local(address) -> bool:
    host = address[0] if isinstance(address, tuple) else address
    if not isinstance(address, tuple) or host in ("localhost", ""):
        return True  # a Unix socket, or this machine
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Connecting, or asking a name server, for anything but loopback fails the test."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self, address):
        if not _is_local(address):
            raise NetworkGuard(f"A test tried to connect to {address!r}.")
        return connect(self, address)

    def guarded_connect_ex(self, address):
        if not _is_local(address):
            raise NetworkGuard(f"A test tried to connect to {address!r}.")
        return connect_ex(self, address)

    def guarded_getaddrinfo(host, *args, **kwargs):
        if host and not _is_local((host,)):
            raise socket.gaierror(f"A test asked for the address of {host!r}.")
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


@pytest.fixture(autouse=True)
def as_specified(monkeypatch):
    """Every request, and every answer of fakenet, is one that the network's specification allows."""
    contracts.watch(monkeypatch)


@pytest.fixture(autouse=True, scope="session")
def types_and_permissions_stay():
    """Tests that really commit end with an empty database, but for content types and their permissions. They are the
    same for every test, and to make them again took longer than emptying all the other tables. The root collection,
    without which there is no account, is made anew."""

    def most_of_it(style, connection, reset_sequences=True, allow_cascade=False):
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        tables = [name for name in names if name not in ("django_content_type", "auth_permission")]
        return connection.ops.sql_flush(style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", most_of_it)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args, **kwargs: root_collection())
        yield


@pytest.fixture(autouse=True)
def clear_cache():
    """Wagtail caches the addresses of sites."""
    caches["default"].clear()


def pytest_configure(config):
    canaries.listen()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    canaries.new_cage()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    """A test in which a secret was seen fails: before its database is gone."""
    leak = "" if item.get_closest_marker("shows_secrets") else _leak(item)
    result = yield
    if leak:
        pytest.fail(leak, pytrace=False)
    return result


def _leak(item) -> str:
    cage = canaries.cage
    if not cage.secrets or not item.funcargs:  # a test that is skipped got no fixtures
        return ""
    canaries.look_through_mails()
    if item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(item.fixturenames):
        canaries.look_through_tables()
    return cage.leak()
