"""A process is killed at every step of sending, looking and renewing; the network's own log is the judge."""

import os
import time
from contextlib import nullcontext
from datetime import timedelta
from itertools import count

import pytest
import requests
from django.db.models import DateTimeField, F, Q

from sandbox.fakenet import serve_in_thread
from sandbox.fakenet.faults import Fault
from sandbox.fakenet.networks.bluesky_manners import APP_PASSWORD
from sandbox.fakenet.networks.line_manners import CHANNEL_TOKEN
from sandbox.fakenet.networks.telegram import BOT_TOKEN
from sandbox.fakenet.networks.vk_manners import USER_TOKEN
from sandbox.home.models import NewsPage
from sandbox.networks import networks_of
from tests.delivery import dying
from tests.factories import NewsPageFactory, UserFactory, picture_of, publish, root_collection
from wagtail_syndicate.accounts import connect, refresh, vault
from wagtail_syndicate.backends import registry
from wagtail_syndicate.delivery import actions, lanes, ledger, reconcile, sweep
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Account, Attempt, Delivery


pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="Processes are forked."),
    # The fork of a process with threads: the child needs none of them.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]
State = Delivery.State

LAG = 45  # seconds by which the networks' own lists lag; less than what every backend waits for at least
ENOUGH = 15  # rounds of 70 seconds
SHORTEST, LONGEST = 5, 1000  # steps of a walk


# The networks. The real backends at their imitations; with a picture where they take one.


def pasted(network, data, method=0):
    def connected(fakenet):
        account = Account.objects.create(label=network, network=network)
        return connect.paste(account, account.backend_class.auth[method], data, UserFactory())

    return connected


def granted(network, handle, **more):
    def connected(fakenet):
        state = fakenet.state
        account = state.account(network, handle)
        scopes = ("read:statuses", "read:accounts", "write:statuses", "write:media")
        token = state.add_token(network, handle, "3141592653", scopes=scopes, expires_at=state.now() + 24 * 3600)
        return Account.objects.create(
            label=network,
            network=network,
            host=fakenet.url if registry.get(network).many_servers else "",
            status=Account.Status.CONNECTED,
            remote_id=account.id,
            handle=f"@{handle}",
            auth_method="oauth2",
            sealed_credentials=vault.seal({"access_token": token.value}),
        )

    return connected


def on_x(fakenet):
    """X with access that has ended; the token that renews it is good for one use."""
    account = granted("x", "daily")(fakenet)
    answer = requests.post(f"{fakenet.url}/_fakenet/tokens", json={"network": "x", "handle": "daily"}, timeout=10)
    tokens = {name: answer.json()[name] for name in ("access_token", "refresh_token")}
    fakenet.state.expire_tokens("x", "daily")
    account.sealed_credentials = vault.seal(tokens)
    account.credentials_expire_at = account.created_at
    account.save()
    return account


def on_bluesky_later(fakenet):
    """Bluesky with access that has ended."""
    account = on_bluesky(fakenet)
    fakenet.state.expire_tokens("bluesky", "newsroom.bsky.social")
    account.credentials_expire_at = account.created_at
    account.save()
    return account


on_bluesky = pasted("bluesky", {"handle": "newsroom.bsky.social", "app_password": APP_PASSWORD})
ONCE = {
    "bluesky": on_bluesky,
    "line": pasted("line", {"access_token": f"{CHANNEL_TOKEN}daily"}),
    "mastodon": granted("mastodon", "daily"),
    "weibo": granted("weibo", "daily"),
    "vk": pasted("vk", {"user_token": f"{USER_TOKEN}newsroom", "group_id": "101"}, method=1),
}
NEITHER = {"telegram": pasted("telegram", {"bot_token": BOT_TOKEN, "channel": "@daily"})}
NETWORKS = {**ONCE, **NEITHER}


@pytest.fixture(scope="module")
def running_fakenet():
    with serve_in_thread() as server:
        yield server


@pytest.fixture
def elapsed(monkeypatch):
    elapsed = dying.Elapsed()
    database_now = refresh._now
    monkeypatch.setattr(refresh, "time", elapsed.clock())
    monkeypatch.setattr(refresh, "_now", lambda account: database_now(account) + elapsed())
    return elapsed


@pytest.fixture
def fakenet(running_fakenet, networks, settings, monkeypatch, elapsed):
    state = running_fakenet.state
    state.reset()
    state.change_settings({"read_lag_seconds": LAG})
    monkeypatch.setattr(state, "now", lambda: time.time() + elapsed())
    settings.WAGTAIL_SYNDICATE = {
        **settings.WAGTAIL_SYNDICATE,
        "NETWORKS": networks_of(running_fakenet.url),
        "ALLOW_LOCAL_HOSTS": True,
    }
    return running_fakenet


class Scene:
    """One delivery that waits, the world around it, and the way back to an earlier moment.

    :param asked: whether a person may be asked in the end, because nothing else can know.
    """

    def __init__(self, fakenet, elapsed, account, folder, asked=False):
        self.fakenet, self.elapsed, self.account, self.folder, self.asked = fakenet, elapsed, account, folder, asked
        self.moments = {}
        publish(NewsPageFactory(lead_image=picture_of("A probe in the river")), account)
        self.remember("begin")

    def remember(self, name):
        """Keep this moment: what the database holds and what the network remembers."""
        rows = [row for model in (Account, Delivery, Attempt) for row in model.objects.all()]
        self.moments[name] = ([(row, values_of(row)) for row in rows], self.elapsed())
        self.fakenet.state.save(self.folder / name)

    def back_to(self, name):
        """Everything is as it was at that moment."""
        rows, elapsed = self.moments[name]
        Attempt.objects.all().delete()
        for row, values in rows:
            if isinstance(row, Attempt):
                Attempt.objects.bulk_create([row])
            type(row).objects.filter(pk=row.pk).update(**values)
        self.elapsed.set(elapsed)
        self.fakenet.state.load(self.folder / name)
        self.fakenet.state.scratch.clear()
        self.fakenet.state.faults.clear()

    @property
    def delivery(self):
        return Delivery.objects.get()

    @property
    def posts(self):
        return [post for post in self.fakenet.state.posts if post.network == self.account.network]

    @property
    def rests(self):
        delivery = self.delivery
        if delivery.state == State.WAITING:
            return Account.objects.get().status == Account.Status.RECONNECT
        return delivery.state not in Delivery.OPEN or (delivery.state == State.UNKNOWN and not delivery.due_at)

    def pass_time(self, seconds):
        """Let the clock run: for the database what was written lies further back, for the network it is later."""
        step = timedelta(seconds=seconds)
        for model in (Account, Delivery, Attempt):
            times = [field.name for field in model._meta.fields if isinstance(field, DateTimeField)]
            model.objects.update(**{name: F(name) - step for name in times})
        self.elapsed.set(self.elapsed() + seconds)

    def live_on(self, walk=None):
        """Sweep now and then, until nothing is left to do."""
        for _ in range(ENOUGH):
            if self.rests:
                return
            with walk.pause() if walk else nullcontext():
                self.pass_time(70)
            sweep.sweep()

    def die(self, last, work):
        """Work in a process that dies at its step number ``last``; wait until the network has done what it was asked.

        :returns: the death; ``None`` when the process came to the end of its work.
        """
        heard = len(self.fakenet.state.log)
        death = dying.dies(work, last, self.account.backend_class)
        if death is not None:
            until = time.monotonic() + 20
            while len(self.fakenet.state.log) < heard + death.requests:
                assert time.monotonic() < until, f"{death}: the network did not hear of it."
                time.sleep(0.001)
        return death

    def judge_the_dead(self, death):
        """What a dead process left: a post may only be there when the database knows that it may.

        :returns: the delivery's state and the number of posts.
        """
        delivery = self.delivery
        assert delivery.maybe_sent or not self.posts, f"{death}: a post, and the delivery is {delivery.state}"
        return delivery.state, len(self.posts)

    def judge_the_end(self, death=None):
        """Exactly one post; or, where the network can neither recognise nor show it, a question to a person.

        :returns: the delivery's state.
        """
        delivery, posts = self.delivery, self.posts
        told = f"{death}: {delivery.state} ({delivery.reason}, {delivery.detail}), {len(posts)} posts"
        assert len(posts) <= 1, told
        assert not delivery.attempts.filter(finished_at=None).exists(), told
        if delivery.state == State.SENT:
            assert len(posts) == 1, told
            assert delivery.remote_id.endswith(posts[0].id), told
        else:
            assert self.asked, told
            assert (delivery.state, delivery.due_at) == (State.UNKNOWN, None), told
            assert delivery.attempts.filter(kind="publish").exists(), f"{told}, though nothing was ever sent"
        return delivery.state


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.fields if not field.primary_key}


@pytest.fixture
def scene(fakenet, elapsed, tmp_path):
    """``scene("weibo")``: a delivery to that network which has not begun; all goes well when nobody dies."""

    def made(network, connected=None):
        root_collection()  # where accounts are
        scene = Scene(fakenet, elapsed, (connected or NETWORKS[network])(fakenet), tmp_path, network in NEITHER)
        sweep.sweep()  # also makes the picture's renditions, which is no part of any walk
        assert scene.judge_the_end() == State.SENT
        return scene

    return made


def once(walk):
    sweep.sweep()


def deaths(scene, work, moment="begin"):
    """Die at each step of ``work``, one after the other.

    :yields: the number of the step and the death, which is to be judged before the next.
    """
    for last in count(1):
        scene.back_to(moment)
        death = scene.die(last, work)
        if death is None:
            assert last > SHORTEST, "The walk is too short to have seen anything."
            return
        assert last < LONGEST
        yield last, death


def ends(scene, work, moment="begin"):
    """Die at each step, recover and judge.

    :returns: for each death what was left (state, posts) and the state in the end.
    """
    seen = []
    for _last, death in deaths(scene, work, moment):
        left = scene.judge_the_dead(death)
        scene.live_on()
        seen.append((*left, scene.judge_the_end(death)))
    return seen


@pytest.mark.parametrize("network", NETWORKS)
def test_death_while_sending(scene, network):
    scene = scene(network)
    seen = ends(scene, once)
    # Else the walk was blind.
    assert {left[:2] for left in seen} == {("waiting", 0), ("sending", 0), ("sending", 1), ("sent", 1)}
    if scene.asked:
        assert {end for state, _posts, end in seen if state == State.SENDING} == {State.UNKNOWN}


@pytest.mark.parametrize("network", ["mastodon", "telegram"])
def test_death_while_deleting(scene, network):
    """Wherever a process dies that deletes a post: the post goes, and the record says so, whoever comes next."""
    scene = scene(network)
    assert actions.delete(scene.delivery)
    scene.remember("to be deleted")
    left = set()
    for _last, death in deaths(scene, once, "to be deleted"):
        there = not scene.posts[0].deleted
        assert there or scene.delivery.attempts.filter(kind="delete").exists(), f"{death}: deleted without a record"
        assert not there or scene.delivery.state == State.SENT, f"{death}: {scene.delivery.state}, and it is there"
        left.add((scene.delivery.state, there))
        live_on_until_fulfilled(scene)
        told = f"{death}: {scene.delivery.state}, {scene.delivery.wish}, {scene.delivery.reason}"
        assert scene.delivery.state == State.REMOVED and scene.posts[0].deleted, told
        assert not scene.delivery.attempts.filter(finished_at=None).exists(), told
    assert left == {(State.SENT, True), (State.SENT, False), (State.REMOVED, False)}


def test_death_while_changing(scene):
    """Wherever a process dies that changes a post, it says in the end what the page says."""
    scene = scene("mastodon")
    page = NewsPage.objects.get()
    page.intro = "The sensors have reached the sea."
    publish(page, scene.account)
    assert actions.edit(scene.delivery)
    scene.pass_time(70)  # then the server shows the post to whoever reads it before it is changed
    scene.remember("to be changed")
    left = set()
    for _last, death in deaths(scene, once, "to be changed"):
        changed = "the sea" in scene.posts[0].text
        assert not changed or scene.delivery.attempts.filter(kind="edit").exists(), f"{death}: without a record"
        left.add((changed, scene.delivery.wish))
        live_on_until_fulfilled(scene)
        told = f"{death}: {scene.delivery.wish}, {scene.delivery.reason}"
        assert "the sea" in scene.posts[0].text and len(scene.posts) == 1, told
        assert (scene.delivery.state, scene.delivery.wish) == (State.SENT, ""), told
        assert "the sea" in scene.delivery.message.text, told
    assert left == {(False, "edit"), (True, "edit"), (True, "")}


def live_on_until_fulfilled(scene):
    for _ in range(ENOUGH):
        if scene.delivery.due_at is None:
            return
        scene.pass_time(70)
        sweep.sweep()


# One network of each kind: what comes after a first try is the same for all of a kind.


@pytest.mark.parametrize("network", ["bluesky", "weibo", "telegram"])
@pytest.mark.parametrize("before", [("sending", 0), ("sending", 1)])
def test_second_death(scene, network, before):
    """While it is found out what became of a delivery whose worker had died, and while it is sent again."""
    scene = scene(network)
    for _last, death in deaths(scene, once):
        if scene.judge_the_dead(death) == before:
            break
    scene.remember("first death")
    seen = ends(scene, scene.live_on, "first death")
    assert {state for state, _posts, _end in seen} >= {State.SENDING, State.UNKNOWN}


@pytest.mark.parametrize("network", ["line", "weibo", "telegram"])
def test_death_while_trying_again(scene, network):
    """After the network has refused for a while."""
    scene = scene(network)
    scene.back_to("begin")
    scene.fakenet.state.faults.add(Fault(network, "publish", "rate_limit", retry_after=60))
    sweep.sweep()
    assert (scene.delivery.state, scene.delivery.reason, scene.posts) == (State.WAITING, "rate_limited", [])
    scene.pass_time(3700)
    scene.remember("refused")
    seen = ends(scene, scene.live_on, "refused")
    assert {state for state, _posts, _end in seen} == {State.WAITING, State.SENDING, State.SENT}


def test_death_while_access_is_renewed(scene):
    """Bluesky gives a new session for the app password when the old one's was used up without us."""
    scene = scene("bluesky", on_bluesky_later)
    ends(scene, once)


def test_death_while_access_is_renewed_that_can_be_renewed_once(scene):
    """X takes a refresh token once. Who dies with the answer in hand has lost the access: an admin is asked, aloud."""
    scene = scene("x", on_x)
    asked = []
    for _last, death in deaths(scene, once):
        scene.judge_the_dead(death)
        scene.live_on()
        account, delivery = Account.objects.get(), scene.delivery
        if account.status == Account.Status.RECONNECT:
            assert (delivery.state, delivery.maybe_sent, scene.posts) == (State.WAITING, False, []), death
            assert delivery.explanation
            asked.append(death.step)
        else:
            scene.judge_the_end(death)
    assert "after the answer's head" in asked


# The judge can see: each of these was taken out of the engine, and the walk has to fail.


def intend_without_a_word(lane, delivery):
    lane.check_margin()
    return Attempt.objects.create(delivery=delivery, fence=lane.fence)


def send_again_blindly(lane, delivery):
    ledger.write(lane, delivery, state=State.WAITING, maybe_sent=False, due_at=DatabaseNow())


def overlook_the_sending(now=None):
    return Q(state__in=(State.WAITING, State.UNKNOWN), due_at__lte=DatabaseNow())


def look_nowhere(lane, delivery, send):
    ledger.rest(lane, delivery, State.UNKNOWN, "unclear")
    return True


def believe_the_first_look(lane, delivery):
    ledger.write(lane, delivery, state=State.FAILED, maybe_sent=False, due_at=None)


@pytest.mark.parametrize(
    ("network", "room", "name", "mutant"),
    [
        ("telegram", ledger, "intend", intend_without_a_word),
        ("bluesky", ledger, "intend", intend_without_a_word),
        ("telegram", reconcile, "take_over", send_again_blindly),
        ("weibo", reconcile, "take_over", send_again_blindly),
        ("telegram", lanes, "due", overlook_the_sending),
        ("bluesky", reconcile, "look", look_nowhere),
        ("weibo", reconcile, "_absent", believe_the_first_look),
    ],
)
def test_the_judge_is_not_blind(scene, monkeypatch, network, room, name, mutant):
    scene = scene(network)
    monkeypatch.setattr(room, name, mutant)
    with pytest.raises(AssertionError, match="Death"):
        ends(scene, once)
