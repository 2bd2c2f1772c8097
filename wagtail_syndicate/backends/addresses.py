"""Which machines requests may go to.

A name is looked at when it is typed in, and the machine behind it again each time that a connection is opened: what a
name stands for can change in between (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError


_local = threading.local()


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the internet, not of this machine or a private network (RFC 6890)."""
    if isinstance(address, ipaddress.IPv6Address):
        # Forms of IPv6 that carry an IPv4 address lead to that one.
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


@contextmanager
def only_public(wanted: bool) -> Iterator[None]:
    """Let connections that this thread opens lead to public addresses only, if ``wanted``."""
    before = getattr(_local, "only_public", False)
    _local.only_public = wanted
    try:
        yield
    finally:
        _local.only_public = before


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Break this thread's connection when it takes longer than ``seconds`` altogether.

    The time limits of a socket only hold for each piece of an answer; a server may send a byte every second.
    """
    spoken: list[HTTPConnection] = []
    _local.spoken = spoken
    watch = threading.Timer(seconds, _hang_up, [spoken])
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        _local.spoken = None


def _hang_up(spoken: list[HTTPConnection]) -> None:
    for connection in spoken:
        if (line := connection.sock) is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


class NotPublic(NewConnectionError):
    """The name led into a private network. Nothing was sent."""


class _Checked:
    """A connection that looks where it has arrived, before a byte is sent, and can be hung up from outside."""

    def request(self, *args, **kwargs):
        if getattr(_local, "spoken", None) is not None:
            _local.spoken.append(self)
        return super().request(*args, **kwargs)

    def _new_conn(self):
        connection = super()._new_conn()
        if getattr(_local, "only_public", False):
            arrived = ipaddress.ip_address(connection.getpeername()[0].partition("%")[0])
            if not is_public(arrived):
                connection.close()
                raise NotPublic(self, f"{self.host} is in a private network")
        return connection


class _Connection(_Checked, HTTPConnection):
    pass


class _SecureConnection(_Checked, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Adapter(HTTPAdapter):
    """What a session of requests speaks through, so that :func:`only_public` holds."""

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
