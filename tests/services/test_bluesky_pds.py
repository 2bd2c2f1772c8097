"""Bluesky's reference server and library, from npm: what nobody here wrote must take what our backend makes.

Needs Node 20 or newer, npm and a C++ compiler. The packages (270 MB, two minutes) are installed once, beside
``pds/package.json``.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from sandbox.fakenet import serve_in_thread
from sandbox.fakenet.networks.bluesky_manners import APP_PASSWORD
from tests.factories import NewsPageFactory, UserFactory, tick
from tests.services.npm import node_for, running
from wagtail_syndicate.accounts import connect
from wagtail_syndicate.backends import bluesky
from wagtail_syndicate.backends.bluesky_record import find_facets, post_record
from wagtail_syndicate.compose import counting
from wagtail_syndicate.delivery.send import drain
from wagtail_syndicate.exceptions import AccountProblem, MediaRejected, NetworkError, NotSent, Rejected, TokenExpired
from wagtail_syndicate.keys import new_key
from wagtail_syndicate.models import Account, Delivery
from wagtail_syndicate.types import Connection, Media, Message


pytestmark = pytest.mark.services
FOLDER = Path(__file__).parent / "pds"
LINK = "https://example.org/grüße/?a=1&b=2"
MESSAGE = Message(
    f"Grüße aus 東京 👩‍👩‍👧‍👦: {LINK} und (https://example.org/b). #Wasser #水質",
    LINK,
    "zh-hans",
    title="Der neue Sensor",
    description="Er misst jede Minute.",
)
NEVER_UPLOADED = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
numbers = count(1)


@pytest.fixture(scope="session")
def node():
    """Node, once the packages are installed."""
    return node_for(FOLDER)


class Server:
    """A running PDS, and what its owner may do."""

    def __init__(self, url, secret, adminPassword):
        self.url, self.secret, self.admin = url, secret, ("admin", adminPassword)

    def call(self, verb, method, token="", expect=200, **kwargs):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.request(verb, f"{self.url}/xrpc/com.atproto.{method}", headers=headers, timeout=20, **kwargs)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    def records(self, did):
        params = {"repo": did, "collection": "app.bsky.feed.post", "limit": 100}
        return self.call("GET", "repo.listRecords", params=params)["records"]

    def older(self, token):
        """An access token as the server gave it, but two hours ago."""
        header, payload, _signature = token.split(".")
        said = json.loads(base64.urlsafe_b64decode(payload + "=="))
        said |= {"iat": said["iat"] - 7300, "exp": said["exp"] - 7300}
        body = f"{header}.{encoded(json.dumps(said).encode())}"
        return f"{body}.{encoded(hmac.digest(self.secret.encode(), body.encode(), hashlib.sha256))}"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@contextmanager
def serving(node, folder, *arguments):
    with running(node, FOLDER / "start.js", folder, *arguments) as process:
        line = process.stdout.readline()
        assert line, "The reference server did not start."
        yield Server(**json.loads(line))


@pytest.fixture(scope="session")
def running_pds(node, tmp_path_factory):
    with serving(node, tmp_path_factory.mktemp("pds")) as server:
        yield server


@pytest.fixture
def pds(running_pds, settings):
    lead_to(running_pds, settings)
    return running_pds


def lead_to(server, settings):
    networks = {"bluesky": {"HOSTS": {"pds": server.url}}}
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "NETWORKS": networks, "ALLOW_LOCAL_HOSTS": True}


class Owner:
    """Somebody with an account on a server, a session of her own, and an app password for us."""

    def __init__(self, pds):
        self.pds, self.handle, self.password = pds, f"newsroom{next(numbers)}.test", "correct horse battery"
        given = {"handle": self.handle, "email": f"{self.handle}@example.org", "password": self.password}
        made = pds.call("POST", "server.createAccount", json=given)
        self.did, self.token = made["did"], made["accessJwt"]
        app = pds.call("POST", "server.createAppPassword", self.token, json={"name": "syndicate"})
        self.app_password = app["password"]

    @property
    def records(self):
        return self.pds.records(self.did)

    def stranger(self, password=None, handle=None):
        """Our backend, before it is connected."""
        credentials = {"app_password": password or self.app_password}
        return bluesky.Backend(Connection(options={"handle": handle or self.handle}, credentials=credentials))

    def connected(self):
        """Our backend with a session, as connecting leaves it."""
        stranger = self.stranger()
        return self.holding({**stranger.connection.credentials, **stranger.exchange().credentials})

    def holding(self, credentials):
        return bluesky.Backend(Connection(remote_id=self.did, handle=self.handle, credentials=credentials))


@pytest.fixture
def owner(pds):
    return Owner(pds)


@pytest.fixture
def sender(owner):
    return owner.connected()


@pytest.fixture
def key():
    return str(new_key())


def picture(color="teal"):
    from io import BytesIO

    from PIL import Image

    data = BytesIO()
    Image.new("RGB", (1200, 630), color).save(data, "JPEG")
    return Media(data.getvalue(), "image/jpeg", "a.jpg", alt="A sensor")


# Connecting


def test_connecting_gives_a_session_of_two_hours_and_says_whose_it_is(owner):
    grant = owner.stranger(handle=f" \u202a@{owner.handle.upper()}\u202c").exchange()
    assert 110 * 60 < (grant.expires_at - datetime.now(UTC)).total_seconds() <= 120 * 60
    found = owner.holding(grant.credentials).identify()
    assert (found.remote_id, found.handle) == (owner.did, owner.handle)
    assert found.profile_url == f"https://bsky.app/profile/{owner.did}"


@pytest.mark.parametrize("wrong", [{"password": "aaaa-bbbb-cccc-dddd"}, {"handle": "nobody.test"}, {"handle": "???"}])
def test_wrong_handle_or_app_password(owner, wrong):
    with pytest.raises(AccountProblem, match="wrong_password"):
        owner.stranger(**wrong).exchange()


def test_own_password_is_refused(owner):
    with pytest.raises(AccountProblem, match="own_password"):
        owner.stranger(password=owner.password).exchange()


def test_no_server_of_the_network_is_told(owner, settings, node):
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"bluesky": {"HOSTS": {"pds": f"{owner.pds.url}/nothing/here"}}}}
    with pytest.raises(Rejected, match="wrong_server"):
        owner.stranger().exchange()


# Posting


def test_post_with_a_card_is_kept_as_it_was_made(owner, sender, key):
    thumb = sender.upload(picture())
    receipt = sender.publish(MESSAGE, [thumb], key)
    [record] = owner.records
    assert record["uri"] == receipt.remote_id
    assert receipt.permalink.startswith(f"https://bsky.app/profile/{owner.did}/post/3")
    assert record["value"] == post_record(MESSAGE, thumb, key)
    card = record["value"]["embed"]["external"]
    assert (card["uri"], card["title"], card["thumb"]) == (LINK, "Der neue Sensor", thumb)
    marked = [
        MESSAGE.text.encode()[f["index"]["byteStart"] : f["index"]["byteEnd"]] for f in record["value"]["facets"]
    ]
    assert [part.decode() for part in marked] == [LINK, "https://example.org/b", "#Wasser", "#水質"]
    assert record["value"]["langs"] == ["zh-Hans"]


def test_repeat_of_a_delivery_is_one_record(owner, sender, key):
    first = sender.publish(MESSAGE, [sender.upload(picture())], key)
    [before] = owner.records
    again = owner.connected()
    assert again.publish(MESSAGE, [again.upload(picture())], key) == first
    assert owner.records == [before]


def test_repeats_at_the_same_moment_are_one_record(owner, sender, key):
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: sender.publish(MESSAGE, [], key), range(8)))
    assert len(set(receipts)) == len(owner.records) == 1


def test_repeat_without_the_picture_finds_the_record_and_leaves_it(owner, sender, key):
    first = sender.publish(MESSAGE, [sender.upload(picture())], key)
    [before] = owner.records
    assert sender.publish(MESSAGE, [], key) == first
    assert sender.publish(MESSAGE, [sender.upload(picture("red"))], key) == first
    assert owner.records == [before]


def test_other_words_under_the_same_key_change_nothing(owner, sender, key):
    sender.publish(MESSAGE, [], key)
    [before] = owner.records
    with pytest.raises(Rejected, match="duplicate"):
        sender.publish(replace(MESSAGE, text="Other words"), [], key)
    assert owner.records == [before]


def test_two_deliveries_of_the_same_words_are_two_records(owner, sender):
    receipts = {sender.publish(MESSAGE, [], str(new_key())).remote_id for _ in range(3)}
    assert {record["uri"] for record in owner.records} == receipts
    assert len(receipts) == 3


def test_deleting_twice(owner, sender, key):
    receipt = sender.publish(MESSAGE, [], key)
    kept = sender.publish(MESSAGE, [], str(new_key()))
    sender.delete(receipt.remote_id)
    sender.delete(receipt.remote_id)
    assert [record["uri"] for record in owner.records] == [kept.remote_id]


@pytest.mark.parametrize("text", ["x" * 300, "👩‍👩‍👧‍👦" * 120, "水" * 300, "e\u0301" * 300])
def test_longest_texts_are_taken_and_longer_ones_refused(owner, sender, text):
    fits = text[:300] if len(text) == 300 else text
    assert counting.bluesky(fits) <= 300
    sender.publish(replace(MESSAGE, text=fits), [], str(new_key()))
    with pytest.raises(Rejected, match="too_long"):
        sender.publish(replace(MESSAGE, text=fits + text), [], str(new_key()))
    assert len(owner.records) == 1


@pytest.mark.parametrize(
    "address", ["https://.", "https:///a", "http://)", "https://example.org/ä(b)", "https://[::1]/"]
)
def test_no_address_in_the_text_makes_the_server_refuse_it(owner, sender, address):
    sender.publish(replace(MESSAGE, text=f"See {address} #tag"), [], str(new_key()))
    assert len(owner.records) == 1


@pytest.mark.parametrize("language", ["en", "en-gb", "zh-hans-cn", "pt-br", "sr-latn-rs", "", "not a language"])
def test_languages(owner, sender, language):
    sender.publish(replace(MESSAGE, language=language), [], str(new_key()))
    assert len(owner.records) == 1


def test_what_is_no_picture_costs_the_picture_and_not_the_post(owner, sender, key):
    blob = sender.upload(Media(b"no picture at all", "text/plain", "a.txt"))
    with pytest.raises(MediaRejected):
        sender.publish(MESSAGE, [blob], key)
    unknown = {
        **blob,
        "mimeType": "image/png",
        "ref": {"$link": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"},
    }
    with pytest.raises(MediaRejected):
        sender.publish(MESSAGE, [unknown], key)
    assert owner.records == []


# Access that ends


def test_expired_session_is_renewed(owner, sender, key):
    old = {
        **sender.connection.credentials,
        "access_token": owner.pds.older(sender.connection.credentials["access_token"]),
    }
    sender = owner.holding(old)
    for call in (sender.identify, lambda: sender.publish(MESSAGE, [], key), lambda: sender.upload(picture())):
        with pytest.raises(TokenExpired):
            call()
    renewed = owner.holding({**old, **sender.renew().credentials})
    renewed.publish(MESSAGE, [], key)
    assert len(owner.records) == 1


def test_renewing_twice_with_one_token_does_no_harm(owner, sender):
    for grant in (sender.renew(), sender.renew()):
        assert owner.holding(grant.credentials).identify().remote_id == owner.did


def test_ended_session_is_opened_again_with_the_app_password(owner, sender, key):
    credentials = dict(sender.connection.credentials)
    owner.pds.call("POST", "server.deleteSession", credentials["refresh_token"])
    renewed = owner.holding({**credentials, **sender.renew().credentials})
    assert renewed.publish(MESSAGE, [], key).remote_id == owner.records[0]["uri"]


def test_withdrawn_app_password(owner, sender):
    owner.pds.call("POST", "server.revokeAppPassword", owner.token, json={"name": "syndicate"})
    with pytest.raises(AccountProblem, match="wrong_password"):
        sender.renew()


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
def test_tokens_that_are_none(owner, sender, token, key):
    with pytest.raises(TokenExpired):
        owner.holding({"access_token": token}).publish(MESSAGE, [], key)


def test_refresh_token_is_no_access_token(owner, sender, key):
    with pytest.raises(TokenExpired):
        owner.holding({"access_token": sender.connection.credentials["refresh_token"]}).publish(MESSAGE, [], key)


def test_deactivated_account(owner, sender, key):
    owner.pds.call("POST", "server.deactivateAccount", owner.token, json={})
    for call in (
        sender.identify,
        sender.renew,
        owner.stranger().exchange,
        lambda: sender.publish(MESSAGE, [], key),
    ):
        with pytest.raises(AccountProblem, match="switched_off") as caught:
            call()
        assert not isinstance(caught.value, TokenExpired)


def test_account_that_was_taken_down(owner, sender, key):
    subject = {"subject": {"$type": "com.atproto.admin.defs#repoRef", "did": owner.did}, "takedown": {"applied": True}}
    owner.pds.call("POST", "admin.updateSubjectStatus", json=subject, auth=owner.pds.admin)
    for call in (sender.renew, lambda: sender.publish(MESSAGE, [], key), lambda: sender.upload(picture())):
        with pytest.raises(AccountProblem) as caught:
            call()
        assert not isinstance(caught.value, TokenExpired)
        assert caught.value.reason in ("account_blocked", "target_missing")


def test_deleted_account(owner, sender, key):
    owner.pds.call("POST", "admin.deleteAccount", json={"did": owner.did}, auth=owner.pds.admin)
    for call in (sender.renew, lambda: sender.publish(MESSAGE, [], key), lambda: sender.upload(picture())):
        with pytest.raises(NetworkError) as caught:
            call()
        assert isinstance(caught.value, AccountProblem | Rejected)


def test_real_limiter(node, tmp_path, settings):
    with serving(node, tmp_path, "rate-limits") as server:
        lead_to(server, settings)
        owner = Owner(server)
        owner.connected().publish(MESSAGE, [], str(new_key()))
        with ThreadPoolExecutor(15) as pool:
            failures = [error for error in pool.map(attempt, [owner.stranger("wrong").exchange] * 30) if error]
        limited = [error for error in failures if isinstance(error, NotSent)]
        assert len(limited) == 1
        assert limited[0].reason == "rate_limited"
        assert 0 < limited[0].retry_after <= 300


def attempt(call):
    try:
        call()
    except NetworkError as error:
        return error


# The whole way: connected by an admin, published by an editor


@pytest.fixture
def account(owner, transactional_db, monkeypatch):
    from wagtail_syndicate import tasks

    monkeypatch.setattr(tasks, "ring", lambda: None)
    account = Account.objects.create(label="Bluesky", network="bluesky")
    given = {"handle": owner.handle, "app_password": owner.app_password, "server": ""}
    connect.paste(account, account.backend_class.auth[0], given, UserFactory())
    account.refresh_from_db()
    return account


def publish(account):
    page = NewsPageFactory()
    tick(page, account)
    page.get_latest_revision().publish()
    drain()
    return Delivery.objects.get(page=page)


def test_page_is_published_with_its_card(account, owner):
    delivery = publish(account)
    assert delivery.state == Delivery.State.SENT, (delivery.reason, delivery.detail)
    [record] = owner.records
    assert (record["uri"], record["value"]["text"]) == (delivery.remote_id, delivery.message.text)
    assert record["value"]["embed"]["external"]["uri"] == delivery.message.link


def test_expired_session_on_the_way_is_renewed_and_the_page_posted_once(account, owner):
    from wagtail_syndicate.accounts import vault

    stored = vault.unseal(account.sealed_credentials)
    stored["access_token"] = owner.pds.older(stored["access_token"])
    Account.objects.update(sealed_credentials=vault.seal(stored))
    delivery = publish(account)
    if delivery.state == Delivery.State.WAITING:
        drain()
        delivery.refresh_from_db()
    assert delivery.state == Delivery.State.SENT, (delivery.reason, delivery.detail)
    assert len(owner.records) == 1


def test_lost_answer_is_cured_by_sending_again(account, owner, monkeypatch):
    from wagtail_syndicate.delivery import reconcile
    from wagtail_syndicate.exceptions import OutcomeUnknown

    honest = bluesky.Backend.publish

    def lost(self, *args):
        honest(self, *args)
        raise OutcomeUnknown("unclear", "ReadTimeout")

    monkeypatch.setattr(reconcile, "FIRST_LOOK", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(bluesky.Backend, "publish", lost)
        page = NewsPageFactory()
        tick(page, account)
        page.get_latest_revision().publish()
        drain(budget=0.3)
    assert len(owner.records) == 1
    until = time.monotonic() + 20
    while (delivery := Delivery.objects.get()).state != Delivery.State.SENT and time.monotonic() < until:
        drain()
    assert delivery.state == Delivery.State.SENT, (delivery.reason, delivery.detail)
    assert [record["uri"] for record in owner.records] == [delivery.remote_id]


# Our own imitation of the server, held against the real one


CARD = {"$type": "app.bsky.embed.external", "external": {"uri": LINK, "title": "T", "description": "D"}}
RECORD = {"$type": "app.bsky.feed.post", "text": "Grüße", "createdAt": "2026-11-23T10:00:00.000Z", "embed": CARD}
BLOB = {"$type": "blob", "ref": {"$link": NEVER_UPLOADED}, "mimeType": "image/png", "size": 9}
FACET = {
    "index": {"byteStart": 0, "byteEnd": 9000},
    "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "a"}],
}


def with_thumb(**changes):
    return {"embed": {**CARD, "external": {**CARD["external"], "thumb": BLOB | changes}}}


def asked(rkey="3kabcdefgh22a", record=None, **more):
    return {
        "collection": "app.bsky.feed.post",
        "rkey": rkey,
        **({"record": RECORD | record} if record else {}),
        **more,
    }


# In this order; each is (method, what is given, as whom).
QUESTIONS = [
    ("repo.putRecord", asked(record={"text": "a"}), "access"),
    ("repo.putRecord", asked(record={"text": "a"}), "access"),
    ("repo.putRecord", asked(record={"text": "a"}, swapRecord=None), "access"),
    ("repo.putRecord", asked(record={"text": "b"}, swapRecord=None), "access"),
    ("repo.createRecord", asked(record={"text": "a"}), "access"),
    ("repo.createRecord", asked(record={"text": "a"}, rkey="article-17"), "access"),
    ("repo.putRecord", asked(record={"text": "x" * 301}), "access"),
    ("repo.putRecord", asked(record={"text": "👩‍👩‍👧‍👦" * 121}), "access"),
    ("repo.putRecord", asked(record={"createdAt": "2026-01-01"}), "access"),
    ("repo.putRecord", asked(record={"langs": ["not a language"]}), "access"),
    ("repo.putRecord", asked(record={"langs": ["a", "b", "c", "d"]}), "access"),
    ("repo.putRecord", asked(record={"tags": ["x" * 65]}), "access"),
    ("repo.putRecord", asked(rkey="3kabcdefgh22b", record={"facets": [FACET]}), "access"),
    ("repo.putRecord", asked(record={"embed": {"$type": CARD["$type"], "external": {"uri": LINK}}}), "access"),
    ("repo.putRecord", asked(record={"embed": {**CARD, "external": {**CARD["external"], "uri": "no uri"}}}), "access"),
    ("repo.putRecord", asked(record=with_thumb()), "access"),
    ("repo.putRecord", asked(record=with_thumb(mimeType="text/plain")), "access"),
    ("repo.putRecord", asked(record=with_thumb(size=1_000_001)), "access"),
    ("repo.putRecord", asked(record={"text": "a"}), ""),
    ("repo.putRecord", asked(record={"text": "a"}), "refresh"),
    ("repo.putRecord", asked(record={"text": "a"}), "garbage"),
    ("repo.putRecord", asked(record={"text": "a"}, repo="did:plc:dunaiofmxixyhaa4c3t6bmjz"), "access"),
    ("repo.deleteRecord", asked(), "access"),
    ("repo.deleteRecord", asked(), "access"),
    ("server.refreshSession", None, "access"),
    ("server.refreshSession", None, "refresh"),
    ("server.refreshSession", None, "refresh"),
    ("server.deleteSession", None, "refresh"),
    ("server.refreshSession", None, "refresh"),
    ("server.createSession", {"identifier": "nobody.test", "password": "aaaa-bbbb-cccc-dddd"}, ""),
]


def replies(url, handle, password):
    """What a server says to all of the questions: status, names of the fields, error and words."""

    def ask(method, body, token=""):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        address = f"{url}/xrpc/com.atproto.{method}"
        return requests.post(address, json=body, headers=headers, timeout=20)

    session = ask("server.createSession", {"identifier": handle, "password": password}).json()
    tokens = {"access": session["accessJwt"], "refresh": session["refreshJwt"]}
    for method, question, whom in QUESTIONS:
        repo = {"repo": session["did"]} if method.startswith("repo.") else {}
        answer = ask(method, repo | question if question else None, tokens.get(whom, whom))
        body = answer.json() if answer.content else {}
        words = re.sub(r"bafy\w+", "CID", body.get("message", ""))
        # Private to the account, and no part of what a client needs.
        fields = set(body) - {"email", "emailConfirmed", "didDoc"}
        yield method, whom, answer.status_code, fields, body.get("error"), words


def test_imitation_answers_as_the_real_server(owner):
    with serve_in_thread() as fakenet:
        real = replies(owner.pds.url, owner.handle, owner.app_password)
        imitated = replies(f"{fakenet.url}/bluesky/pds", owner.handle, APP_PASSWORD)
        for number, (said, played) in enumerate(zip(real, imitated, strict=True)):
            assert played == said, QUESTIONS[number]


# Bluesky's own library


WORDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="@$\ufeff"), max_size=12),
    st.sampled_from(
        ["#tag", "#Wasser.", "#水質", "#1", "#a1!", "＃ひ", "#️⃣", "(#no)", "#👩‍👩‍👧‍👦", "#" + "x" * 65, "x#y"]
    ),
    st.sampled_from(["https://example.org/a).", "(http://example.org/(b)", "https://example.org/ä?q=#x,", "https://"]),
)


@pytest.fixture(scope="session")
def oracle(node):
    with running(node, FOLDER / "oracle.js") as process:

        def ask(text):
            process.stdin.write(json.dumps(text) + "\n")
            return json.loads(process.stdout.readline())

        yield ask


@examples(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_facets_and_lengths_are_those_of_bluesky(oracle, text):
    told = oracle(text)
    assert counting.graphemes(text) == told["graphemes"]
    assert len(text.encode()) == told["bytes"]
    # The library also makes links of bare names ("foo.py"), which ours leaves alone.
    links = [facet for facet in told["facets"] if not is_bare(text, facet)]
    assert sorted(find_facets(text), key=place_of) == sorted(links, key=place_of)


def is_bare(text, facet):
    return "uri" in facet["features"][0] and not marked_by(facet, text).startswith("http")


def marked_by(facet, text):
    return text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()


def place_of(facet):
    return facet["index"]["byteStart"]
