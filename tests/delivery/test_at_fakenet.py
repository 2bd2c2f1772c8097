"""What single networks do, all the way: the real backend against its imitation, through the real delivery."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db.models import F

from sandbox.fakenet import serve_in_thread
from sandbox.fakenet.faults import Fault
from sandbox.fakenet.networks.facebook_oauth import MANNERS as FACEBOOK
from sandbox.networks import networks_of
from tests.factories import NewsPageFactory, UserFactory, publish, root_collection
from wagtail_syndicate.accounts import connect, vault
from wagtail_syndicate.backends import registry
from wagtail_syndicate.delivery import actions, send
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.models import Account, Delivery


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


@pytest.fixture(scope="module")
def running_fakenet():
    with serve_in_thread() as server:
        yield server


@pytest.fixture
def fakenet(running_fakenet, networks, settings):
    running_fakenet.state.reset()
    root_collection()  # where accounts are
    settings.WAGTAIL_SYNDICATE = {
        **settings.WAGTAIL_SYNDICATE,
        "NETWORKS": networks_of(running_fakenet.url),
        "ALLOW_LOCAL_HOSTS": True,
    }
    return running_fakenet


@pytest.fixture
def connected(fakenet):
    """``connected("weibo")``: an account as connecting leaves it."""

    def make(network, handle="newsroom", client="x"):
        state = fakenet.state
        owner = state.account(network, handle)
        token = state.add_token(network, handle, client, expires_at=state.now() + 24 * 3600)
        return Account.objects.create(
            label=network,
            network=network,
            status=Account.Status.CONNECTED,
            remote_id=owner.id,
            handle=f"@{handle}",
            auth_method="oauth2",
            sealed_credentials=vault.seal({"access_token": token.value}),
        )

    return make


def only():
    return Delivery.objects.get()


def settle(rounds=8):
    """Send and look, a bit more than a minute apart, until nothing changes any more."""
    step = timedelta(seconds=70)
    for _ in range(rounds):
        send.drain()
        Account.objects.update(blocked_until=F("blocked_until") - step, lease_until=F("lease_until") - step)
        times = {name: F(name) - step for name in ("due_at", "first_sent_at", "looked_at")}
        Delivery.objects.update(**times)


def asked(fakenet, operation):
    """How often a network was asked for something."""
    return len([line for line in fakenet.state.log if line["operation"] == operation])


# Weibo: repeated words are refused, and the answer to a post that is held back looks like a refusal


def weibo_account(connected):
    return connected("weibo", "daily", "3141592653")


def test_weibo_after_a_lost_answer_is_looked_up(fakenet, connected):
    publish(NewsPageFactory(), weibo_account(connected))
    fakenet.state.faults.add(Fault("weibo", "publish", "reset_after"))
    send.drain()
    assert (only().state, only().maybe_sent) == (State.UNKNOWN, True)
    settle()
    [post] = fakenet.state.timeline("weibo", "daily")
    assert (only().state, only().remote_id) == (State.SENT, post.id)
    assert asked(fakenet, "publish") == 1


@pytest.mark.parametrize("code", [20017, 20019, 20111])
def test_weibo_refuses_a_repeat_whose_first_post_its_list_did_not_show(fakenet, connected, code):
    publish(NewsPageFactory(), weibo_account(connected))
    fakenet.state.faults.add(Fault("weibo", "publish", "reset_after"))
    fakenet.state.change_settings({"read_lag_seconds": 3600})  # far longer than lists were ever seen to lag
    repeated = {"error": "repeat content!", "error_code": code, "request": "/2/statuses/share.json"}
    send.drain()
    fakenet.state.faults.add(Fault("weibo", "publish", "error", status=400, body=repeated))
    for _round in range(8):
        if asked(fakenet, "publish") < 2:
            settle(1)
    fakenet.state.change_settings({"read_lag_seconds": 0})
    settle()
    assert asked(fakenet, "publish") == 2
    [post] = fakenet.state.timeline("weibo", "daily")
    assert (only().state, only().remote_id) == (State.SENT, post.id)


def test_weibo_that_holds_a_post_back_is_never_sent_it_again(fakenet, connected):
    publish(NewsPageFactory(), weibo_account(connected))
    fakenet.state.change_settings({"weibo_hold_seconds": 100_000})
    settle(12)
    assert (only().state, only().due_at) == (State.UNKNOWN, None)
    assert asked(fakenet, "read") >= 2
    assert asked(fakenet, "publish") == 1


def test_weibo_shows_a_post_that_it_held_back(fakenet, connected):
    publish(NewsPageFactory(), weibo_account(connected))
    fakenet.state.change_settings({"weibo_hold_seconds": 100_000})
    settle(1)
    assert only().reason == "accepted_later"
    [post] = fakenet.state.posts
    post.extra["shown_from"] = 0
    settle()
    assert (only().state, only().remote_id) == (State.SENT, post.id)
    assert asked(fakenet, "publish") == 1


# Facebook: usage headers


@pytest.mark.parametrize(("percent", "rests"), [(79, None), (85, (120, 220)), (100, (3000, 7200))])
def test_facebook_account_rests_when_its_limit_is_nearly_spent(fakenet, connected, monkeypatch, percent, rests):
    publish(NewsPageFactory(), connected("facebook"))
    sign = FACEBOOK.sign

    def signed(response, exchange):
        exchange.window = (100, 100 - percent, fakenet.state.now() + 60)
        return sign(response, exchange)

    monkeypatch.setattr(FACEBOOK, "sign", signed)
    send.drain()
    assert only().state == State.SENT
    account = Account.objects.get()
    if rests is None:
        assert account.blocked_until is None
        return
    shortest, longest = (DatabaseNow() + timedelta(seconds=seconds) for seconds in rests)
    assert Account.objects.filter(blocked_until__gt=shortest, blocked_until__lt=longest).exists()
    # Meanwhile the next article waits for this account, and goes out after that.
    publish(NewsPageFactory(), account)
    send.drain()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == sorted([State.SENT, State.WAITING])
    assert len(fakenet.state.timeline("facebook")) == 1
    monkeypatch.undo()
    Account.objects.update(blocked_until=None)
    send.drain()
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}


# XING: a person posts


def test_xing_page_is_posted_to_by_hand(fakenet):
    user, page = UserFactory(), "https://www.xing.com/pages/example-company"
    account = Account.objects.create(label="XING", network="xing")
    [door] = registry.get("xing").auth
    account = connect.paste(account, door, {"handle": "Example Company", "profile_url": page}, user)
    assert (account.status, account.handle) == (Account.Status.CONNECTED, "Example Company")

    article = publish(NewsPageFactory(), account)
    send.drain()
    delivery = only()
    assert (delivery.state, delivery.reason, delivery.due_at) == (State.ASSISTED, "needs_person", None)
    assert delivery.message.text and delivery.message.link == article.full_url
    dialog = urlsplit(delivery.share_link)
    assert parse_qs(dialog.query) == {"url": [article.full_url]}
    assert delivery.account.profile_url == page
    assert not [line for line in fakenet.state.log if line["network"] == "xing"]

    assert actions.mark_posted(delivery, user, f"{page}/1")
    assert (only().state, only().permalink) == (State.POSTED, f"{page}/1")
    settle(2)
    assert only().state == State.POSTED
