"""Posts that are there: changed, deleted, shared again; what becomes of them when their page goes or comes back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sandbox.home.models import NewsPage
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, UserFactory, picture_of, publish
from wagtail_syndicate import exceptions
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import actions, lanes, monitor, plan, send, sweep
from wagtail_syndicate.models import Account, Attempt, Delivery, Target


pytestmark = pytest.mark.django_db
State, Wish = Delivery.State, Delivery.Wish
DOWN, UNCLEAR = exceptions.NotSent("network_down"), exceptions.OutcomeUnknown("unclear", "ReadTimeout")


@pytest.fixture
def account():
    return AccountFactory()


@pytest.fixture
def page(account):
    return publish(NewsPageFactory(title="Sensors reach the river"), account)


@pytest.fixture
def sent(page):
    send.drain()
    return only()


def only():
    return Delivery.objects.get()


def fresh(page):
    return NewsPage.objects.get(pk=page.pk)


def reworded(page, *targets, title="Sensors reach the sea"):
    page = fresh(page)
    page.title = title
    return publish(page, *targets)


def tries(delivery, *kinds):
    return list(delivery.attempts.filter(kind__in=kinds).values_list("outcome", flat=True))


def later():
    """Let the time pass that the network, or we, wanted to wait."""
    Account.objects.update(blocked_until=None)
    Delivery.objects.exclude(due_at=None).update(due_at=timezone.now() - timedelta(seconds=1))


def texts():
    return [post.message.text for post in Memory.outbox]


# Changed


def test_a_post_is_changed_to_what_the_page_says_now(sent, account):
    page = reworded(sent.page, account)
    assert actions.allowed(sent) == ("edit", "delete", "share_again")
    assert actions.edit(sent, UserFactory()) and not actions.edit(only())
    assert (only().reason, only().wish) == ("editing", Wish.EDIT)
    assert send.drain() == 1
    [post] = Memory.outbox
    assert "reach the sea" in post.message.text
    delivery = only()
    assert (delivery.state, delivery.wish, delivery.due_at, delivery.reason) == (State.SENT, "", None, "")
    assert delivery.message == post.message and delivery.revision_id == page.live_revision_id
    assert tries(delivery, "edit", "person") == ["edit", "Edited"]
    assert delivery.attempts.get(kind="edit").fence == delivery.fence
    assert send.drain() == 0


def test_a_change_has_the_wording_that_is_ticked_now(sent, account):
    reworded(sent.page, Target(account.pk, "Quite other words."))
    actions.edit(sent)
    send.drain()
    assert texts()[0].startswith("Quite other words.") and only().wording == "Quite other words."


def test_a_change_of_an_account_that_is_not_ticked_any_more(page, account):
    publish(page, Target(account.pk, "My words."))
    send.drain()
    reworded(page)
    assert only().state == State.SENT
    actions.edit(only())
    send.drain()
    assert texts()[0].startswith("My words.")


def test_the_pictures_stay(account):
    publish(NewsPageFactory(lead_image=picture_of("The river")), account)
    send.drain()
    page = only().page.specific
    page.lead_image = picture_of("Another one")
    publish(page, account)
    actions.edit(only())
    send.drain()
    assert [image.alt for image in Memory.outbox[0].message.images] == ["The river"]
    assert only().message.images == Memory.outbox[0].message.images


@pytest.mark.parametrize("error", [DOWN, UNCLEAR, exceptions.NotSent("rate_limited", retry_after=900)])
@pytest.mark.parametrize(("act", "done"), [("edit", "Edited"), ("delete", "Deleted")])
@pytest.mark.parametrize("accepted", [False, True])
def test_what_fails_or_is_unclear_is_repeated_later(sent, account, error, act, done, accepted):
    page = reworded(sent.page, account)
    Memory.fail_with(error, error, method=act, accepted=accepted)
    actions.ACTIONS[act](sent)
    assert send.drain() == 1 and send.drain() == 0
    wait = only().due_at - timezone.now()
    assert timedelta(seconds=5) < wait < timedelta(seconds=901)
    assert (only().state, only().wish) == (State.SENT, getattr(Wish, act.upper()))
    blocked = Account.objects.get().blocked_until is not None
    assert blocked == (error is not UNCLEAR), "only what the whole network suffers from holds up others"
    later()
    send.drain()
    later()
    send.drain()
    assert tries(only(), act) == [type(error).__name__] * 2 + [done]
    assert only().wish == "" and only().state == (State.REMOVED if act == "delete" else State.SENT)
    assert len(texts()) == (0 if act == "delete" else 1)
    assert (Account.objects.get().failures, Account.objects.get().blocked_until) == (0, None)
    assert page


@pytest.mark.parametrize(("act", "wish"), [("edit", ""), ("delete", Wish.ASK)])
def test_it_is_not_tried_for_ever(sent, settings, act, wish):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "MAX_ATTEMPTS": 3}
    Memory.fail_with(*[DOWN] * 9, method=act)
    actions.ACTIONS[act](sent)
    for _ in range(9):
        send.drain()
        later()
    assert len(tries(only(), act)) == 3
    assert (only().state, only().wish, only().reason, only().due_at) == (State.SENT, wish, "wish_gave_up", None)
    Memory.reset()
    assert actions.delete(only()), "a person may try again"


@pytest.mark.parametrize(("act", "wish"), [("edit", ""), ("delete", Wish.ASK)])
def test_a_refusal_goes_back_to_people(sent, act, wish):
    Memory.fail_with(exceptions.Rejected("permission", "Not yours"), method=act)
    actions.ACTIONS[act](sent)
    send.drain()
    delivery = only()
    assert (delivery.state, delivery.wish, delivery.reason) == (State.SENT, wish, "permission")
    assert (delivery.detail, delivery.due_at) == ("Not yours", None)
    assert send.drain() == 0


def test_a_post_that_a_person_deleted_there_is_known_to_be_gone(sent):
    Memory.outbox.clear()
    actions.edit(sent)
    send.drain()
    assert (only().state, only().reason, only().wish) == (State.REMOVED, "post_gone", "")


def test_deleting_what_is_gone_is_no_failure(sent):
    Memory.fail_with(exceptions.Rejected("post_gone"), method="delete")
    actions.delete(sent)
    send.drain()
    assert only().state == State.REMOVED


@pytest.mark.parametrize("error", [exceptions.AccountProblem("reconnect"), exceptions.TokenExpired("expired_token")])
def test_a_broken_account_holds_the_wish_until_it_is_mended(sent, account, error):
    Memory.fail_with(error, method="delete")
    actions.delete(sent)
    send.drain()
    if not isinstance(error, exceptions.TokenExpired):
        assert Account.objects.get().status == Account.Status.RECONNECT
    assert (only().wish, only().state) == (Wish.DELETE, State.SENT)
    later()
    Account.objects.update(status=Account.Status.CONNECTED, problem="")
    send.drain()
    assert only().state == State.REMOVED


def test_a_bug_is_not_repeated_for_ever(sent, monkeypatch):
    monkeypatch.setattr(Memory, "delete", lambda *args: 1 / 0)
    actions.delete(sent)
    assert send.drain() == 1
    assert (only().state, only().wish, only().reason) == (State.SENT, Wish.ASK, "internal")
    assert tries(only(), "delete") == ["ZeroDivisionError"]
    assert send.drain() == 0


def test_words_that_do_not_fit_leave_the_post(sent, account):
    page = fresh(sent.page)
    publish(page, Target(account.pk, "x" * 600))
    before = texts()
    actions.edit(sent)
    send.drain()
    assert (only().wish, only().reason) == ("", "too_long") and texts() == before
    assert not tries(only(), "edit")


def test_a_page_that_is_not_public_changes_nothing(sent):
    actions.edit(sent)
    NewsPage.objects.update(live=False)
    before = texts()
    send.drain()
    assert (only().wish, only().reason) == ("", "edit_pointless") and texts() == before


def test_a_wish_waits_for_its_turn_and_its_lane(sent, account):
    actions.delete(sent)
    lane = lanes.claim(account.pk)
    assert send.drain() == 0
    lanes.release(lane)
    assert send.drain() == 1 and not Memory.outbox


def test_an_interrupted_try_is_closed_and_repeated(sent):
    actions.delete(sent)
    Attempt.objects.create(delivery=sent, kind="delete")
    send.drain()
    assert tries(only(), "delete") == ["broken_off", "Deleted"]


def test_it_is_seen_as_due(sent):
    assert monitor.figures().due == 0
    actions.delete(sent)
    assert monitor.figures().due == 1


# While it is done, others act


def during(monkeypatch, method, act):
    """Let something happen when the network has done it and has not answered yet."""
    original = getattr(Memory, method)

    def done(self, *args):
        answer = original(self, *args)
        act()
        return answer

    monkeypatch.setattr(Memory, method, done)


def test_kept_too_late(sent, monkeypatch):
    during(monkeypatch, "delete", lambda: actions.keep(only()))
    actions.delete(sent)
    send.drain()
    assert (only().state, only().wish) == (State.REMOVED, ""), "the truth"


def test_a_page_that_goes_while_its_post_is_changed(sent, account, monkeypatch):
    Account.objects.update(on_unpublish="delete")
    during(monkeypatch, "edit", lambda: fresh(sent.page).unpublish())
    actions.edit(sent)
    send.drain()
    assert only().state == State.REMOVED and not Memory.outbox, "the later wish is not lost with the earlier one"
    assert tries(only(), "edit", "delete") == ["Edited", "Deleted"]


def test_withdrawn_before_it_began(sent):
    actions.delete(sent)
    assert actions.allowed(only()) == ("keep",)
    assert actions.keep(only()) and not actions.keep(only())
    assert send.drain() == 0 and len(Memory.outbox) == 1
    assert (only().wish, only().reason, only().due_at) == ("", "", None)


def test_a_worker_that_lost_the_lane_writes_nothing(sent, account, monkeypatch):
    during(monkeypatch, "delete", lambda: Account.objects.update(fence=99))
    actions.delete(sent)
    send.drain()
    assert (only().state, only().wish) == (State.SENT, Wish.DELETE), "it is repeated by who has the lane"


def test_wished_otherwise_between_reading_and_beginning(sent, monkeypatch):
    actions.delete(sent)
    begin = send.wishes.ledger.begin

    def begun(lane, delivery, kind):
        actions.keep(only())
        return begin(lane, delivery, kind)

    monkeypatch.setattr(send.wishes.ledger, "begin", begun)
    send.drain()
    assert len(Memory.outbox) == 1 and only().state == State.SENT and not tries(only(), "delete")


# The page goes


@pytest.mark.parametrize(("policy", "wish"), [("ask", Wish.ASK), ("keep", ""), ("delete", Wish.DELETE)])
@pytest.mark.parametrize("way", ["unpublish", "expire", "delete"])
def test_as_the_account_is_set_up(sent, policy, wish, way):
    Account.objects.update(on_unpublish=policy)
    page = fresh(sent.page)
    if way == "expire":
        from django.core.management import call_command

        NewsPage.objects.filter(pk=page.pk).update(expire_at=timezone.now() - timedelta(minutes=1))
        call_command("publish_scheduled")
    else:
        getattr(page, way)()
    assert only().wish == wish
    assert only().reason == {"ask": "ask_delete", "keep": "", "delete": "page_took_back"}[policy]
    assert bool(only().page_id) == (way != "delete")
    send.drain()
    assert only().state == (State.REMOVED if policy == "delete" else State.SENT)
    assert len(Memory.outbox) == (0 if policy == "delete" else 1)


def test_the_bell_rings_when_something_is_to_be_deleted(sent, rung, django_capture_on_commit_callbacks):
    for policy, rings in (("keep", 0), ("ask", 0), ("delete", 1)):
        Account.objects.update(on_unpublish=policy)
        rung.clear()
        NewsPage.objects.update(live=True)
        with django_capture_on_commit_callbacks(execute=True):
            fresh(sent.page).unpublish()
        assert len(rung) == rings


def test_who_is_asked_answers(sent):
    fresh(sent.page).unpublish()
    assert actions.allowed(only()) == ("delete", "mark_removed", "keep")
    assert actions.keep(only())
    assert only().wish == "" and actions.allowed(only()) == ("edit", "delete", "share_again")
    Delivery.objects.update(wish=Wish.ASK, reason="ask_delete")
    assert actions.delete(only())
    send.drain()
    assert (only().state, Memory.outbox) == (State.REMOVED, [])


def test_what_software_cannot_delete_is_for_people(page, account, monkeypatch):
    monkeypatch.setattr(Memory, "delete", BaseBackend.delete)
    Account.objects.update(on_unpublish="delete")
    send.drain()
    assert actions.allowed(only()) == ("edit", "share_again")
    page.unpublish()
    assert (only().wish, only().reason, only().due_at) == (Wish.ASK, "delete_there", None)
    assert actions.allowed(only()) == ("mark_removed", "keep")
    assert send.drain() == 0 and not actions.mark_posted(only())
    assert actions.mark_removed(only()) and only().state == State.REMOVED


def test_a_post_made_by_hand_is_for_people(account):
    Account.objects.update(by_hand=True, on_unpublish="delete")
    page = publish(NewsPageFactory(), account)
    send.drain()
    actions.mark_posted(only(), permalink="https://memory.example/1")
    page.unpublish()
    assert (only().state, only().wish, only().reason) == (State.POSTED, Wish.ASK, "delete_there")
    assert actions.allowed(only()) == ("mark_removed", "keep")


def test_a_post_of_an_account_that_was_deleted_is_for_people(sent):
    Account.objects.all().delete()
    fresh(sent.page).unpublish()
    assert (only().wish, only().reason) == (Wish.ASK, "delete_there")


def test_a_wish_whose_account_was_deleted_goes_back_to_people(sent):
    actions.delete(sent)
    Account.objects.all().delete()
    assert sweep.tidy() == 1
    assert (only().wish, only().reason, only().due_at) == (Wish.ASK, "delete_there", None)
    Delivery.objects.update(wish=Wish.EDIT, due_at=timezone.now())
    assert sweep.tidy() == 1 and (only().wish, only().due_at) == ("", None)
    assert sweep.tidy() == 0


@pytest.mark.parametrize(("policy", "state"), [("delete", State.REMOVED), ("ask", State.SENT), ("keep", State.SENT)])
def test_a_page_that_goes_while_its_post_is_being_made(page, account, monkeypatch, policy, state):
    Account.objects.update(on_unpublish=policy)
    during(monkeypatch, "publish", lambda: fresh(page).unpublish())
    send.drain()
    assert (only().state, len(Memory.outbox)) == (state, 0 if policy == "delete" else 1)
    assert (only().wish, only().reason) == ((Wish.ASK, "ask_delete") if policy == "ask" else ("", ""))


@pytest.mark.parametrize("policy", ["delete", "ask"])
def test_a_page_that_goes_while_nobody_knows_whether_there_is_a_post(page, policy):
    Account.objects.update(on_unpublish=policy)
    Memory.fail_with(UNCLEAR, accepted=True)
    send.drain()
    due = only().due_at
    fresh(page).unpublish()
    assert (only().state, only().due_at, only().reason) == (State.UNKNOWN, due, "unclear"), "the look goes on"
    later()
    send.drain()
    if policy == "delete":
        assert (only().state, Memory.outbox) == (State.REMOVED, [])
    else:
        assert (only().state, only().wish, only().reason) == (State.SENT, Wish.ASK, "ask_delete")


def test_a_person_who_finds_a_post_of_a_page_that_is_gone(page):
    Account.objects.update(on_unpublish="delete")
    Memory.fail_with(UNCLEAR)
    send.drain()
    fresh(page).unpublish()
    assert actions.confirm(only())
    assert (only().state, only().wish, only().reason) == (State.POSTED, Wish.ASK, "delete_there")


# The page comes back


@pytest.mark.parametrize("policy", ["delete", "ask"])
def test_published_again_before_it_was_deleted(sent, account, policy):
    Account.objects.update(on_unpublish=policy)
    page = fresh(sent.page)
    page.unpublish()
    publish(page, account)
    assert (only().wish, only().reason, only().due_at) == ("", "", None)
    assert send.drain() == 0 and len(Memory.outbox) == 1


def test_published_again_after_it_was_deleted_stays_deleted(sent, account):
    Account.objects.update(on_unpublish="delete")
    page = fresh(sent.page)
    page.unpublish()
    send.drain()
    publish(page, account)
    assert send.drain() == 0 and only().state == State.REMOVED
    assert actions.allowed(only()) == ("share_again",)


def test_what_a_person_wants_deleted_is_deleted_though_the_page_is_published_again(sent, account):
    actions.delete(sent)
    publish(fresh(sent.page), account)
    send.drain()
    assert only().state == State.REMOVED


def test_published_again_while_nobody_knows_whether_there_is_a_post(page, account):
    Account.objects.update(on_unpublish="delete")
    Memory.fail_with(UNCLEAR, accepted=True)
    send.drain()
    page = fresh(page)
    page.unpublish()
    due = only().due_at
    publish(page, account)
    assert (only().wish, only().due_at) == ("", due)
    later()
    send.drain()
    assert only().state == State.SENT and len(Memory.outbox) == 1


def test_the_number_of_queries_does_not_depend_on_how_many_accounts(django_assert_max_num_queries):
    def count(number):
        policies = ["ask", "keep", "delete"]
        accounts = [AccountFactory(on_unpublish=policies[i % 3]) for i in range(number)]
        page = publish(NewsPageFactory(), *accounts)
        send.drain()
        with django_assert_max_num_queries(30) as captured:
            plan.withdraw(page)
        with django_assert_max_num_queries(40) as again:
            plan.plan(page)
        assert not Delivery.objects.exclude(wish="").exists()
        return len(captured), len(again)

    assert count(3) == count(12)


# Shared again


def test_shared_again_with_new_words(sent, account):
    user = UserFactory()
    reworded(sent.page, Target(account.pk, "Other words.", when="+30"))
    assert send.drain() == 0
    assert actions.share_again(sent, user)
    new = Delivery.objects.get(generation=2)
    assert (new.state, new.wording, new.when, new.published_by) == (State.WAITING, "Other words.", "", user)
    assert new.key != sent.key and new.revision_id == fresh(sent.page).live_revision_id
    send.drain()
    assert len(texts()) == 2 and texts()[1].startswith("Other words.")
    assert tries(sent, "person") == ["share_again"]
    assert actions.allowed(sent, latest=False) == ("edit", "delete")
    assert not actions.share_again(sent), "only the last one is shared again"
    assert actions.share_again(Delivery.objects.get(generation=2))
    assert Delivery.objects.count() == 3


@pytest.mark.parametrize("state", [State.SENT, State.POSTED, State.REMOVED])
def test_what_is_or_was_there_can_be_shared_again(sent, state):
    Delivery.objects.update(state=state)
    assert "share_again" in actions.allowed(only()) and actions.share_again(only())


@pytest.mark.parametrize("state", [State.WAITING, State.FAILED, State.UNKNOWN, State.SKIPPED, State.CANCELLED])
def test_what_is_not_there_cannot(sent, state):
    Delivery.objects.update(state=state)
    assert "share_again" not in actions.allowed(only()) and not actions.share_again(only())
    assert Delivery.objects.count() == 1


def test_a_page_that_is_not_public_is_not_shared(sent):
    NewsPage.objects.update(live=False)
    assert actions.share_again(sent)
    new = Delivery.objects.get(generation=2)
    assert (new.state, new.reason, new.due_at) == (State.SKIPPED, "not_live", None)


def test_a_page_or_an_account_that_is_gone_is_not_shared(sent):
    fresh(sent.page).delete()
    delivery = only()
    actions.keep(delivery)
    assert "share_again" not in actions.allowed(delivery) and not actions.share_again(delivery)


def test_the_latest_delivery_is_what_a_publication_knows(sent, account):
    actions.share_again(sent)
    publish(fresh(sent.page), Target(account.pk, "Later words."))
    assert Delivery.objects.count() == 2
    assert Delivery.objects.get(generation=2).wording == "Later words."
    assert Delivery.objects.get(generation=1).state == State.SENT
    send.drain()
    publish(fresh(sent.page), account)
    assert send.drain() == 0 and len(Memory.outbox) == 2


def test_two_people_share_again_at_the_same_moment(sent, monkeypatch):
    from django.db import models

    # The second one looked before the first one wrote; the database decides.
    plain = models.QuerySet.exists
    DeliveryFactory(page=sent.page, account=sent.account, generation=2)
    monkeypatch.setattr(
        models.QuerySet, "exists", lambda self: False if "generation" in str(self.query.where) else plain(self)
    )
    assert not actions.share_again(sent)
    assert Delivery.objects.count() == 2
