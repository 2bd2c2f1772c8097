"""Requests to addresses that people or networks name never reach this machine or its private network.

The first line of each test names the guard that it protects; without that guard it fails.
"""

import socket
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_address

import pytest
import urllib3
from django.core.exceptions import ValidationError

from tests.backends.test_http import read_request, server
from tests.factories import AccountFactory, UserFactory
from wagtail_syndicate.accounts import connect, hosts
from wagtail_syndicate.accounts.connection import method_of
from wagtail_syndicate.accounts.problems import ConnectRefused
from wagtail_syndicate.backends import addresses, http
from wagtail_syndicate.backends.http import Http
from wagtail_syndicate.backends.uploads import hand_over
from wagtail_syndicate.backends.vk import Backend as Vk
from wagtail_syndicate.delivery import probe
from wagtail_syndicate.exceptions import MediaRejected, NotSent, OutcomeUnknown
from wagtail_syndicate.types import Media


PUBLIC = "93.184.215.14"
LOOK_UP = socket.getaddrinfo
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

INSIDE = [
    "127.0.0.1",
    "localhost",
    "2130706433",  # 127.0.0.1 as one number
    "0x7f000001",
    "0177.0.0.1",
    "0x7f.1",
    "127.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.1.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a01:203]",
    "[::ffff:0:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::10.1.2.3]",
    "[64:ff9b:1::10.1.2.3]",
    "[2002:a01:203::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    # Where clouds hand out keys
    "169.254.169.254",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::169.254.169.254]",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
]


@pytest.fixture(autouse=True)
def strict(settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ALLOW_LOCAL_HOSTS": False}


@pytest.fixture
def names(monkeypatch):
    """A name server: for each name its answers, one list of addresses a look; the last one stays."""
    known = {}

    def getaddrinfo(host, port, *args, **kwargs):
        answers = known.get(host)
        if answers is None:
            flags = 0 if host == "localhost" else socket.AI_NUMERICHOST
            return LOOK_UP(host, port, type=socket.SOCK_STREAM, flags=flags)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        family = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [(family[ip_address(one).version], socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def inside():
    """A server of the private network: its port, and what reached it ("dialled", then the request's head)."""
    reached = []

    def note(connection):
        reached.append("dialled")
        reached.append(read_request(connection))
        connection.sendall(OK)
        read_request(connection)

    with server(note) as port:
        yield port, reached


# When an address is typed in


@pytest.mark.parametrize("place", INSIDE)
@pytest.mark.parametrize("read", [hosts.normalise, hosts.web_address])
def test_guard_of_typed_addresses(names, read, place):
    """hosts._is_allowed_local and addresses.is_public: whatever form an inner address is written in."""
    with pytest.raises(ValidationError, match="private network"):
        read(f"https://{place}/")


def test_guard_of_all_addresses_of_a_name(names):
    """hosts.is_local looks at every address: one public address does not excuse a private one."""
    names["both.example"] = [[PUBLIC, "10.1.2.3"]]
    with pytest.raises(ValidationError, match="private network"):
        hosts.normalise("both.example")


@pytest.mark.parametrize("text", ["http://public.example/in", "http://public.example"])
def test_guard_of_encryption(names, text):
    """hosts.web_address and hosts.normalise: no plain http, so nobody on the way reads or answers."""
    names["public.example"] = [[PUBLIC]]
    with pytest.raises(ValidationError, match="must begin with https"):
        hosts.web_address(text)
    assert hosts.normalise(text) == "https://public.example"


# When an account is connected


@pytest.mark.django_db
def test_guard_of_the_server_when_connecting(names):
    """connect._check_host: the name is looked up again, before the server is asked for anything."""
    names["mastodon.example"] = [[PUBLIC], ["127.0.0.1"]]
    host = hosts.normalise("mastodon.example")
    account = AccountFactory(network="mastodon", host=host, status="new", remote_id="", auth_method="")
    with pytest.raises(ConnectRefused, match="private network") as refused:
        connect.begin(account, method_of(account, "oauth2"), "https://www.example.com/callback/", UserFactory())
    assert refused.value.field == "host"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("network", "field", "more"),
    [
        ("bluesky", "server", {"handle": "a.bsky.social", "app_password": "x"}),
        ("webhook", "url", {"secret": "whsec_ZmFrZW5ldC13ZWJob29rLWtleS0yNC1i"}),
    ],
)
def test_guard_of_pasted_addresses(names, network, field, more):
    """connect._given: an address among what is pasted (a PDS, a receiver) must be public too."""
    account = AccountFactory(network=network, status="new", remote_id="", handle="", auth_method="")
    with pytest.raises(ConnectRefused, match="private network") as refused:
        data = {**more, field: "https://169.254.169.254/latest/meta-data"}
        connect.paste(account, method_of(account, "pasted"), data, UserFactory())
    assert refused.value.field == field


# When the address is used


@pytest.mark.parametrize("answer", [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["::ffff:127.0.0.1"], ["::1"]])
@pytest.mark.parametrize("irreversible", [True, False])
def test_guard_against_rebinding_before_dialling(names, inside, irreversible, answer):
    """_Checked._new_conn looks before it dials: a name that was public and now is not reaches nobody."""
    port, reached = inside
    names["rebinding.example"] = [[PUBLIC], answer]
    assert hosts.web_address(f"https://rebinding.example:{port}/hook")
    with pytest.raises(NotSent) as refused:
        Http().request("POST", f"http://rebinding.example:{port}/hook", irreversible=irreversible, data={"a": "b"})
    assert (refused.value.reason, refused.value.detail) == ("private_server", "NotPublic")
    assert reached == []


def test_guard_against_rebinding_of_the_socket(names, inside):
    """_Checked._new_conn judges the machine that really answered: nothing is said to one that is not public."""
    port, reached = inside
    names["rebinding.example"] = [[PUBLIC]]
    names[PUBLIC] = [["127.0.0.1"]]  # something below our look leads the dialled address elsewhere
    with pytest.raises(NotSent) as refused:
        Http().request("POST", f"http://rebinding.example:{port}/hook", irreversible=True, data={"a": "b"})
    assert refused.value.reason == "private_server"
    assert [head for head in reached if head != "dialled"] == []


def test_guard_of_one_look(names, monkeypatch):
    """_Checked._dial: what was judged is what is dialled; the name is not looked up a second time in between."""
    names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    dialled = []

    def create_connection(address, *args, **kwargs):
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(urllib3.connection.connection, "create_connection", create_connection)
    with pytest.raises(NotSent) as refused:
        Http().request("GET", "https://rebinding.example/")
    assert refused.value.reason == "network_down"
    assert dialled == [(PUBLIC, 443)]


def test_guard_of_kept_connections(names, inside):
    """_Checked.request: a connection that was opened where private addresses are allowed does not serve others."""
    port, reached = inside
    for only_public in (False, True):
        with addresses.only_public(only_public):
            if not only_public:
                answer = http.session().get(f"http://127.0.0.1:{port}/", stream=False, timeout=5)
                assert answer.status_code == 200
                continue
            with pytest.raises(NotSent, match="private_server"):
                Http().request("GET", f"http://127.0.0.1:{port}/")
    assert len([head for head in reached if head != "dialled"]) == 1


@pytest.mark.parametrize("place", INSIDE)
def test_guard_of_every_form_at_use(names, inside, place):
    """addresses.is_public at the moment of dialling, for every form of an inner address."""
    port, reached = inside
    with pytest.raises(NotSent) as refused:
        Http().request("GET", f"http://{place}:{port}/")
    assert refused.value.reason == "private_server"
    assert reached == []


def test_guard_of_redirects(settings, inside):
    """A public server cannot send us, and our keys, on to an inner one.

    Http.request (``allow_redirects=False``) and _Session.get_redirect_target: each is enough here, one has to stay.
    """
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = True
    port, reached = inside
    sent_on = f"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n".encode()

    def redirect(connection):
        read_request(connection)
        connection.sendall(sent_on)

    with server(redirect) as first:
        answer = Http().request("POST", f"http://127.0.0.1:{first}/", data={"key": "psst"})
    assert (answer.status, reached) == (307, [])


# How long and how much


ENDLESS = 10.0  # seconds that an endless answer lasts, so that tests without their guard fail instead of hanging


def _pour(connection, head=b"HTTP/1.1 200 OK\r\n\r\n", piece=b"x" * 65536, pause=0.0, heard_out=None):
    """:param heard_out: a list that tells afterwards whether somebody listened to the end."""
    read_request(connection)
    connection.sendall(head)
    ends = time.monotonic() + ENDLESS
    while time.monotonic() < ends:
        connection.sendall(piece)
        threading.Event().wait(pause)
    if heard_out is not None:
        heard_out.append(True)


@contextmanager
def _pouring(settings, **how):
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = True
    with server(lambda connection: _pour(connection, **how)) as port:
        yield f"http://127.0.0.1:{port}/"


def test_guard_of_size(settings):
    """Http._read: an endless answer is left after MAX_BYTES."""
    with _pouring(settings, pause=0.01) as url, pytest.raises(OutcomeUnknown, match="too large"):
        Http().request("POST", url, irreversible=True)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_guard_of_time(settings, monkeypatch, head):
    """addresses.deadline: body or headers that drip are hung up on, though no wait is long."""
    monkeypatch.setattr(http, "DEADLINE", 0.5)
    heard_out = []
    answer = {"head": head, "piece": b"x", "pause": 0.05, "heard_out": heard_out}
    with _pouring(settings, **answer) as url, pytest.raises(NotSent):
        Http().request("GET", url)
    assert heard_out == []


def test_guard_of_time_on_kept_connections(settings, monkeypatch):
    """_Checked.request tells addresses.deadline of a connection that an earlier request had opened."""
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = True
    met, heard_out = [], []

    def answer_then_drip(connection):
        met.append(connection)
        read_request(connection)
        connection.sendall(OK)
        _pour(connection, piece=b"x", pause=0.05, heard_out=heard_out)

    with server(answer_then_drip) as port:
        assert Http().request("GET", f"http://127.0.0.1:{port}/").status == 200
        monkeypatch.setattr(http, "DEADLINE", 0.5)
        with pytest.raises(NotSent):
            Http().request("GET", f"http://127.0.0.1:{port}/")
    assert (len(met), heard_out) == (1, [])


def test_guard_of_the_time_for_dialling(names, monkeypatch):
    """_Checked._dial: a name with very many dead addresses holds a worker no longer than others."""
    names["many.example"] = [[f"93.184.215.{number}" for number in range(1, 40)]]
    dialled = []

    def create_connection(address, *args, **kwargs):
        dialled.append(address)
        raise TimeoutError

    monkeypatch.setattr(urllib3.connection.connection, "create_connection", create_connection)
    with pytest.raises(NotSent):
        Http().request("GET", "https://many.example/")
    assert len(dialled) == addresses.MOST_ADDRESSES
    dialled.clear()
    monkeypatch.setattr(http, "DEADLINE", 0.0)
    with pytest.raises(NotSent):
        Http().request("GET", "https://many.example/")
    assert len(dialled) == 1


# Addresses that networks and pages name


@pytest.mark.parametrize(
    ("address", "words"),
    [("https://10.1.2.3/upload", "private network"), ("http://public.example/upload", "not encrypted")],
)
def test_guard_of_upload_addresses(names, address, words):
    """uploads.hand_over: where a network tells us to bring a picture is no more trusted than what people type."""
    names["public.example"] = [[PUBLIC]]
    with pytest.raises(MediaRejected, match=words):
        hand_over(Vk(), address, "photo", Media(b"x", "image/png", "x.png"))


def test_guard_of_the_probe(names, inside, settings):
    """probe._look: the site's own page may be inside, what it redirects to may not, also not by rebinding."""
    settings.WAGTAIL_SYNDICATE["PROBE"] = True
    port, reached = inside
    names["rebinding.example"] = [["127.0.0.1"]]
    target = f"HTTP/1.1 302 Go\r\nLocation: http://rebinding.example:{port}/\r\nContent-Length: 0\r\n\r\n".encode()

    def redirect(connection):
        read_request(connection)
        connection.sendall(target)

    with server(redirect) as first:
        seen = probe.look(f"http://127.0.0.1:{first}/news/")
    assert (seen.reason, reached) == ("probe_unreachable", [])
