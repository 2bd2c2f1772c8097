import socket

import pytest
from django.core.exceptions import ValidationError

from wagtail_syndicate.accounts import hosts


PUBLIC = {"mastodon.example": "93.184.215.14", "xn--mnchen-3ya.example": "93.184.215.14"}


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """A name server that knows a few names."""
    known = dict(PUBLIC)

    def getaddrinfo(host, port, *args, **kwargs):
        address = known.get(host, host)
        if not hosts._is_address(address):
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def strict(settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ALLOW_LOCAL_HOSTS": False}


@pytest.mark.parametrize(
    "typed",
    [
        "mastodon.example",
        "https://mastodon.example",
        "https://mastodon.example/",
        " https://Mastodon.Example/@newsroom ",
        "http://mastodon.example",
        "mastodon.example:443",
        "newsroom@mastodon.example",
        "@newsroom@mastodon.example",
        "https://mastodon.example./about?x=1#top",
    ],
)
def test_whatever_people_copy_means_the_same_server(strict, typed):
    assert hosts.normalise(typed) == "https://mastodon.example"


def test_ports_and_other_alphabets_are_kept(strict):
    assert hosts.normalise("mastodon.example:8443") == "https://mastodon.example:8443"
    assert hosts.normalise("münchen.example") == "https://xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "typed", ["", "https://", "ftp://mastodon.example", "mastodon example", "https://a..b", "https://mastodon:port"]
)
def test_nonsense_is_refused(strict, typed):
    with pytest.raises(ValidationError, match="not the address of a server"):
        hosts.normalise(typed)


def test_a_server_that_does_not_exist_is_refused(strict):
    with pytest.raises(ValidationError, match="was not found"):
        hosts.normalise("mastodn.example")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.8",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "[::1]",
        "[::ffff:10.0.0.8]",
        "[64:ff9b::a00:8]",
        "[2002:a00:8::1]",
        "[fe80::1]",
    ],
)
def test_private_networks_are_out_of_reach(strict, names, address):
    with pytest.raises(ValidationError, match="private network"):
        hosts.normalise(f"https://{address}")
    names["inside.example"] = address.strip("[]")
    with pytest.raises(ValidationError, match="private network"):
        hosts.normalise("inside.example")


def test_developers_may_use_their_own_machine(settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ALLOW_LOCAL_HOSTS": True}
    assert hosts.normalise("http://127.0.0.1:8900/") == "http://127.0.0.1:8900"
    assert hosts.is_safe("http://127.0.0.1:8900/token")
    assert hosts.normalise("http://mastodon.example") == "https://mastodon.example"
    assert not hosts.is_safe("http://mastodon.example/token")
    assert not hosts.is_safe("http://unknown.example/token")


def test_keys_never_travel_in_the_open(strict):
    assert hosts.is_safe("https://mastodon.example/token")
    assert not hosts.is_safe("http://127.0.0.1:8900/token")
    assert not hosts.is_safe("ftp://127.0.0.1/token")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (" https://Mastodon.Example/in/Box?a=1&b=2#top ", "https://mastodon.example/in/Box?a=1&b=2"),
        ("mastodon.example/in", "https://mastodon.example/in"),
        ("https://mastodon.example:8443", "https://mastodon.example:8443"),
        ("https://münchen.example./in", "https://xn--mnchen-3ya.example/in"),
    ],
)
def test_addresses_keep_their_path(strict, typed, meant):
    assert hosts.web_address(typed) == meant


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("http://mastodon.example/in", "must begin with https"),
        ("https://10.0.0.8/in", "private network"),
        ("https://169.254.169.254/in", "private network"),
        ("https://mastodn.example/in", "was not found"),
        ("https://me@mastodon.example/in", "without a name"),
        ("https://mastodon.example@10.0.0.8/in", "without a name"),
        ("ftp://mastodon.example/in", "not a web address"),
        ("https://mastodon.example/in\nx", "not a web address"),
        ("https://mastodon:port/", "not a web address"),
        ("https:///in", "not a web address"),
    ],
)
def test_addresses_that_no_request_is_sent_to(strict, typed, words):
    with pytest.raises(ValidationError, match=words):
        hosts.web_address(typed)


def test_addresses_of_a_developers_own_machine(settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "ALLOW_LOCAL_HOSTS": True}
    assert hosts.web_address("http://127.0.0.1:8900/in") == "http://127.0.0.1:8900/in"
    assert hosts.web_address("http://[::1]/in") == "http://[::1]/in"
    with pytest.raises(ValidationError, match="must begin with https"):
        hosts.web_address("http://mastodon.example/in")
