"""Posts changed and deleted at the networks' imitations, all the way: a person's wish, the lane, the real backend."""

# ruff: noqa: F811 (fixtures that tests name as arguments)

from datetime import timedelta

import pytest
from django.utils import timezone

from sandbox.fakenet.faults import Fault
from sandbox.home.models import NewsPage
from tests.delivery.test_at_fakenet import connected, fakenet, only, running_fakenet  # noqa: F401 (fixtures)
from tests.delivery.test_crash_points import NETWORKS
from tests.factories import NewsPageFactory, publish, root_collection
from wagtail_syndicate.backends import registry
from wagtail_syndicate.delivery import actions, send
from wagtail_syndicate.delivery.outdated import outdated
from wagtail_syndicate.models import Account, Delivery


pytestmark = pytest.mark.django_db(transaction=True)
State, Wish = Delivery.State, Delivery.Wish

WORDS = "The sensors have reached the sea"


@pytest.fixture
def posted(fakenet, connected):
    """``posted("vk")``: a post that was made there."""

    def make(network):
        root_collection()  # where accounts are
        account = connected("facebook") if network == "facebook" else NETWORKS[network](fakenet)
        publish(NewsPageFactory(title="Sensors reach the river"), account)
        send.drain()
        assert only().state == State.SENT, (only().reason, only().detail)
        return only()

    return make


def reword(delivery):
    page = NewsPage.objects.get(pk=delivery.page_id)
    page.intro = f"{WORDS}. Every minute counts."
    return publish(page, delivery.account)


def again():
    Account.objects.update(blocked_until=None)
    Delivery.objects.exclude(due_at=None).update(due_at=timezone.now() - timedelta(seconds=1))
    send.drain()


def shown(fakenet, network):
    return [post.text for post in fakenet.state.posts if post.network == network and not post.deleted]


def outcomes(kind):
    return list(only().attempts.filter(kind=kind).values_list("outcome", flat=True))


@pytest.mark.parametrize("network", ["mastodon", "vk", "telegram", "facebook"])
def test_changed(fakenet, posted, network):
    delivery = posted(network)
    page = reword(delivery)
    assert outdated(page, [only()]) == {delivery.pk}
    assert WORDS not in shown(fakenet, network)[0]
    assert actions.edit(delivery)
    send.drain()
    assert outcomes("edit") == ["Edited"], (only().reason, only().detail)
    [text] = shown(fakenet, network)
    assert WORDS in text and WORDS in only().message.text
    assert (only().state, only().wish, only().remote_id) == (State.SENT, "", delivery.remote_id)
    assert outdated(page, [only()]) == set()


@pytest.mark.parametrize("network", ["mastodon", "vk", "telegram", "facebook", "bluesky"])
def test_deleted_with_its_page(fakenet, posted, network):
    delivery = posted(network)
    Account.objects.update(on_unpublish="delete")
    NewsPage.objects.get(pk=delivery.page_id).unpublish()
    assert shown(fakenet, network)
    send.drain()
    assert outcomes("delete") == ["Deleted"], (only().reason, only().detail)
    assert not shown(fakenet, network) and only().state == State.REMOVED


@pytest.mark.parametrize("network", ["mastodon", "vk", "telegram", "facebook", "bluesky"])
def test_deleted_though_the_answer_was_lost(fakenet, posted, network):
    delivery = posted(network)
    fakenet.state.faults.add(Fault(network, "delete", "reset_after"))
    actions.delete(delivery)
    send.drain()
    assert not shown(fakenet, network)
    assert (only().state, only().wish) == (State.SENT, Wish.DELETE), "nobody knows yet"
    again()
    assert only().state == State.REMOVED, (only().reason, only().detail)
    assert len(outcomes("delete")) == 2 and outcomes("delete")[1] in ("Deleted", "Gone")


@pytest.mark.parametrize("network", ["bluesky", "line"])
def test_what_a_network_does_not_offer_is_not_offered(posted, network):
    delivery = posted(network)
    assert not registry.get(network).offers("edit")
    assert "edit" not in actions.allowed(delivery)
    assert ("delete" in actions.allowed(delivery)) == registry.get(network).offers("delete")


def test_a_network_in_trouble_is_asked_later(fakenet, posted):
    delivery = posted("mastodon")
    reword(delivery)
    fakenet.state.faults.add(Fault("mastodon", "update", "error", status=503))
    actions.edit(delivery)
    send.drain()
    assert only().wish == Wish.EDIT and only().due_at > timezone.now()
    again()
    assert only().wish == "" and WORDS in shown(fakenet, "mastodon")[0]
