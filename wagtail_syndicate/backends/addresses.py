"""Which machines requests may go to.

A name is looked at when it is typed in, and the machine behind it again each time that a connection is opened: what a
name stands for can change in between (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from wagtail_syndicate.backends import timers


MOST_ADDRESSES = 6  # of one name that are tried; each may take the whole time limit for connecting

# NAT64 (RFC 6052), the old "compatible" form (RFC 4291) and the "translated" one (RFC 2765): the last 32 bits are the
# IPv4 address that is reached.
CARRIERS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
# What some or all versions of Python take for public: addresses for protocols, documentation and segment routing,
# NAT64 of one network (RFC 8215), site-local ones, and Azure's "WireServer", which hands out keys.
PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "168.63.129.16/32", "64:ff9b:1::/48", "3fff::/20", "5f00::/16", "fec0::/10"),
    )
)

_local = threading.local()


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the internet, not of this machine or a private network (RFC 6890)."""
    if isinstance(address, ipaddress.IPv6Address):
        # Forms of IPv6 that carry an IPv4 address lead to that one.
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in carrier for carrier in CARRIERS):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not any(address in network for network in PRIVATE)


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses that a name stands for just now, in the order in which they are to be tried.

    :raises OSError, UnicodeError: it has none.
    """
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(info[4][0] for info in found))


def parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as the system writes it, which may name an interface after a percent sign."""
    return ipaddress.ip_address(address.partition("%")[0])


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
    spoken: list[socket.socket] = []
    _local.spoken, _local.ends = spoken, time.monotonic() + seconds
    call_off = timers.call_later(seconds, lambda: _hang_up(spoken))
    try:
        yield
    finally:
        call_off()
        _local.spoken = _local.ends = None


def _hang_up(spoken: list[socket.socket]) -> None:
    for line in spoken:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def _note(line: socket.socket) -> None:
    """Let :func:`deadline` hang up on it. The connection itself forgets its socket as soon as an answer without a
    length begins, which the answer goes on to read from."""
    if getattr(_local, "spoken", None) is not None:
        _local.spoken.append(line)


def _is_astray(line: socket.socket) -> bool:
    """Whether it has led to a machine that this thread must not speak to now."""
    if not getattr(_local, "only_public", False):
        return False
    try:
        return not is_public(parsed(line.getpeername()[0]))
    except OSError:  # it has been hung up, and carries nothing any more
        return False


class NotPublic(NewConnectionError):
    """The name led into a private network. Nothing was sent."""


class _Checked:
    """A connection to public addresses only, where that is wanted, which can be hung up from outside.

    The name is looked up once, all that it stands for is judged before anything is dialled, and once connected the
    machine at the other end is judged again, before a byte is sent: neither a name that changes between two looks nor
    one that stands for several machines gets past that.
    """

    def connect(self):
        super().connect()
        _note(self.sock)

    def request(self, *args, **kwargs):
        if self.sock is not None:
            # It may have been opened, and kept, for an address that was allowed to be private.
            if _is_astray(self.sock):
                self.close()
                raise self._not_public()
            _note(self.sock)
        return super().request(*args, **kwargs)

    def _new_conn(self):
        if not getattr(_local, "only_public", False):
            return super()._new_conn()
        try:
            addresses = addresses_of(self._dns_host, self.port)[:MOST_ADDRESSES]
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, f"{self.host} was not found") from error
        if not all(is_public(parsed(address)) for address in addresses):
            raise self._not_public()
        connection = self._dial(addresses)
        if _is_astray(connection):
            connection.close()
            raise self._not_public()
        return connection

    def _dial(self, addresses: list[str]) -> socket.socket:
        """Connect to the first address that answers, as long as there is time."""
        name, failure = self._dns_host, None
        try:
            for address in addresses:
                # What is dialled, and no more; certificates are still asked for by the name.
                self._dns_host = address
                try:
                    return super()._new_conn()
                except (ConnectTimeoutError, NewConnectionError) as error:
                    failure = error
                if time.monotonic() > (getattr(_local, "ends", None) or math.inf):
                    break
        finally:
            self._dns_host = name
        raise failure

    def _not_public(self) -> NotPublic:
        return NotPublic(self, f"{self.host} is in a private network")


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
