"""The way to networks: what a broken connection means, how long to wait, and that nothing secret is told."""

import gzip
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from wagtail_syndicate.backends import http
from wagtail_syndicate.backends.http import Answer, Http, session
from wagtail_syndicate.backends.redaction import HIDDEN, redact
from wagtail_syndicate.exceptions import AccountProblem, NotSent, OutcomeUnknown


CREATED = b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"id": "7"}'


@contextmanager
def server(behave, tls=None):
    """A server on loopback whose every connection is handled by ``behave(connection)``; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    behave(tls.wrap_socket(connection, server_side=True) if tls else connection)
                except OSError:
                    pass  # The client went away, or did not like the certificate: both are what is tested.

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def read_request(connection):
    """Read one request: its headers and the body that they announce."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (piece := connection.recv(65536)):
            raise ConnectionResetError
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0].split(b":")[1]):
        body += connection.recv(65536)
    return head


def saying(*pieces):
    """Behaviour: read the request, send these bytes, hang up."""

    def behave(connection):
        read_request(connection)
        for piece in pieces:
            connection.sendall(piece)
        connection.close()

    return behave


def reset(connection):
    """Behaviour: read the request, then break the connection off."""
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


def stall(connection):
    """Behaviour: read the request and say nothing."""
    read_request(connection)
    threading.Event().wait(1)


def stall_in_body(connection):
    read_request(connection)
    connection.sendall(CREATED[:-4])
    threading.Event().wait(1)


def post(port, irreversible=True, **kwargs):
    kwargs.setdefault("json", {"text": "hello"})
    return Http().request("POST", f"http://127.0.0.1:{port}/posts", irreversible=irreversible, **kwargs)


# What a broken connection means


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(reset, id="reset"),
        pytest.param(saying(), id="closed without a word"),
        pytest.param(stall, id="no answer in time"),
        pytest.param(stall_in_body, id="half an answer, then silence"),
        pytest.param(saying(CREATED[:-4]), id="half an answer, then closed"),
        pytest.param(saying(b"220 mail.example.com ESMTP\r\n"), id="not HTTP"),
        pytest.param(saying(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"), id="broken chunk"),
        pytest.param(
            saying(b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
            id="broken gzip",
        ),
    ],
)
def test_when_the_request_may_have_arrived(behave, impatient):
    with server(behave) as port:
        with pytest.raises(OutcomeUnknown) as caught:
            post(port)
        assert caught.value.reason == "unclear"
        with pytest.raises(NotSent) as caught:
            post(port, irreversible=False)
        assert caught.value.reason == "network_down"


@pytest.mark.parametrize(
    "url",
    [
        "http://no-such-name.invalid/",
        "http://two words/",
        "http://" + "a" * 70 + ".example/",
        "http://127.0.0.1:99999/",
        "ftp://127.0.0.1/",
        "no-scheme/posts",
        "",
    ],
)
def test_when_there_is_no_such_address_nothing_was_sent(url):
    with pytest.raises(NotSent):
        Http().request("POST", url, irreversible=True)


def test_when_the_connection_is_refused_nothing_was_sent(refused_address):
    with pytest.raises(NotSent) as caught:
        Http().request("POST", refused_address, irreversible=True)
    assert caught.value.reason == "network_down"


def test_when_connecting_takes_too_long_nothing_was_sent(impatient):
    # A listener whose queue is full lets further connections wait.
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        with pytest.raises(NotSent):
            post(listener.getsockname()[1])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, in a file together with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_an_unknown_certificate_stops_before_anything_is_sent(tls):
    with server(saying(CREATED), tls) as port, pytest.raises(NotSent):
        Http().request("POST", f"https://localhost:{port}/", irreversible=True)


def test_a_connection_that_breaks_while_the_encryption_is_agreed_on_sent_nothing():
    def hang_up(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()

    with server(hang_up) as port, pytest.raises(NotSent):
        Http().request("POST", f"https://localhost:{port}/", irreversible=True)


def test_encryption_that_breaks_after_the_request_leaves_a_doubt(tls, certificate):
    def garble(connection):
        read_request(connection)
        plain = socket.socket(fileno=connection.detach())
        plain.sendall(b"HTTP/1.1 502 Bad Gateway, without encryption\r\n\r\n")
        plain.close()

    with server(garble, tls) as port, pytest.raises(OutcomeUnknown):
        Http().request("POST", f"https://localhost:{port}/", irreversible=True, verify=str(certificate))


def test_an_answer_by_tls_arrives(tls, certificate):
    with server(saying(CREATED), tls) as port:
        answer = Http().request("POST", f"https://localhost:{port}/", verify=str(certificate))
    assert (answer.status, answer.get("id")) == (201, "7")


@pytest.mark.parametrize("token", ["ab…cd", "ab\ncd", "密钥"])
def test_a_key_that_no_header_can_hold_asks_for_a_new_one_and_is_not_told(token, refused_address):
    with pytest.raises(AccountProblem) as caught:
        Http([token]).request("POST", refused_address, irreversible=True, headers={"Authorization": f"Bearer {token}"})
    assert token not in f"{caught.value!s} {caught.value!r}"


# Limits of our own


def test_an_answer_may_not_be_endless(monkeypatch):
    monkeypatch.setattr(http, "MAX_BYTES", 50_000)
    body = b"x" * 60_000
    head = b"HTTP/1.1 201 Created\r\nContent-Length: 60000\r\n\r\n"
    with server(saying(head, body)) as port, pytest.raises(OutcomeUnknown, match="too large"):
        post(port)


def test_a_small_answer_that_unpacks_to_an_endless_one_is_stopped(monkeypatch):
    monkeypatch.setattr(http, "MAX_BYTES", 50_000)
    body = gzip.compress(b"x" * 5_000_000)
    head = f"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with server(saying(head, body)) as port, pytest.raises(OutcomeUnknown, match="too large"):
        post(port)


def test_an_answer_may_not_trickle_for_ever(monkeypatch):
    monkeypatch.setattr(http, "DEADLINE", 0.3)

    def trickle(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"1\r\nx\r\n")
            threading.Event().wait(0.05)

    with server(trickle) as port, pytest.raises(OutcomeUnknown, match="too long"):
        post(port)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed_so_that_keys_stay_where_they_belong(status):
    reached = []

    def elsewhere(connection):
        reached.append(read_request(connection))
        connection.sendall(CREATED)

    with server(elsewhere) as other:
        moved = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{other}/\r\nContent-Length: 0\r\n\r\n".encode()
        with server(saying(moved)) as port:
            assert post(port, headers={"Authorization": "Bearer secret"}).status == status
    assert reached == []


# Answers


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b'{"id": "7"}', {"id": "7"}),
        ('{"id": "ü"}'.encode("utf-16"), {"id": "ü"}),
        (b"", None),
        (b"<h1>Maintenance</h1>", None),
        (b"\xff\xfe\xfa", None),
        (b"[" * 200_000, None),
        (b"1" * 5_000, None),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/html; charset=no-such-charset", "x; charset=idna"])
def test_whatever_the_body_is_there_is_an_answer(body, data, content_type):
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with server(saying(head + body)) as port:
        answer = post(port)
    assert (answer.status, answer.data) == (200, data)


def test_cookies_are_not_kept():
    seen = []

    def bake(connection):
        seen.append(read_request(connection))
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nSet-Cookie: visitor=1; Path=/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )

    with server(bake) as port:
        post(port)
        post(port)
    assert len(seen) == 2 and not any(b"\r\ncookie:" in head.lower() for head in seen)


def test_proxies_and_passwords_of_the_environment_are_not_used(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    seen = []

    def listen(connection):
        seen.append(read_request(connection))
        connection.sendall(CREATED)

    with server(listen) as port:
        assert post(port).status == 201
    assert b"authorization" not in seen[0].lower()


def test_every_thread_has_one_session_of_its_own():
    others = []
    thread = threading.Thread(target=lambda: others.append(session()))
    thread.start()
    thread.join()
    assert session() is session()
    assert others[0] is not session()


def test_values_are_found_by_path_or_not_at_all():
    answer = Answer(200, data={"data": {"ids": ["7"]}, "text": "x"})
    assert answer.get("data", "ids", 0) == "7"
    assert answer.get("data", "ids", 1) is None
    assert answer.get("text", "id") is None
    assert Answer(200, data=None).get("id") is None


# Secrets


def test_secrets_are_taken_out_of_texts():
    assert redact("key=abcd1234&x=1", ["abcd1234"]) == f"key={HIDDEN}&x=1"


def test_the_text_of_an_answer_does_not_repeat_the_key():
    body = b"no such key: abcd1234"
    with server(saying(f"HTTP/1.1 400 Bad\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)) as port:
        answer = Http(["abcd1234"]).request("GET", f"http://127.0.0.1:{port}/")
    assert answer.text == f"no such key: {HIDDEN}"
    assert repr(answer) == "<Answer 400>"


@pytest.mark.parametrize("behave", [reset, stall, saying(b"nonsense")])
def test_addresses_with_keys_are_not_in_errors(behave, impatient):
    with server(behave) as port, pytest.raises(OutcomeUnknown) as caught:
        Http().request("POST", f"http://127.0.0.1:{port}/bot123:abcd1234/send?token=abcd1234", irreversible=True)
    assert "abcd1234" not in f"{caught.value!s} {caught.value!r} {caught.value.detail}"


def test_addresses_with_keys_are_not_in_errors_of_connecting(refused_address):
    with pytest.raises(NotSent) as caught:
        Http().request("POST", f"{refused_address}/bot123:abcd1234/send", irreversible=True)
    assert "abcd1234" not in f"{caught.value!s} {caught.value!r}"
    assert caught.value.__suppress_context__


def test_headers_may_not_trickle_for_ever(monkeypatch):
    monkeypatch.setattr(http, "DEADLINE", 0.3)

    def trickle(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 201 Created\r\n")
        for number in range(100):
            connection.sendall(b"X-%d: y\r\n" % number)
            threading.Event().wait(0.05)

    with server(trickle) as port, pytest.raises(OutcomeUnknown, match="too long"):
        post(port)


@pytest.mark.parametrize("location", [b"/merci-\xe9", b"http://[", b"/" + b"a" * 2000])
def test_a_redirect_to_nowhere_is_an_answer_like_others(location):
    with server(saying(b"HTTP/1.1 303 See Other\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n")) as port:
        assert post(port).status == 303


def test_the_body_of_a_redirect_is_not_read_without_end():
    def endless(connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 999999999\r\n\r\n")
        for _ in range(64):
            connection.sendall(b"x" * 65536)

    with server(endless) as port, pytest.raises(OutcomeUnknown, match="too large"):
        post(port)
