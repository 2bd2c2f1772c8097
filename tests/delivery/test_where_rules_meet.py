"""Where one rule of delivery meets another: approval, chosen times, wishes, copies, dry runs, mails, a database away.

Each test names its guard in its first line: without it, the test fails.
"""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from tests.admin.editing import person
from tests.factories import AccountFactory, NewsPageFactory, UserFactory, publish, site_root
from wagtail_syndicate import doctor
from wagtail_syndicate.accounts import environment
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import actions, approval, content, monitor, neutralise, send, sweep
from wagtail_syndicate.exceptions import NotSent, Rejected
from wagtail_syndicate.models import Account, Attempt, Delivery, Target


pytestmark = pytest.mark.django_db
State, Wish = Delivery.State, Delivery.Wish
ABROAD = "production@www.example.org"


def only():
    return Delivery.objects.get()


def ours(settings, **values):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, **values}


@pytest.fixture(autouse=True)
def site():
    return site_root()


@pytest.fixture
def account():
    return AccountFactory(contacts="desk@example.org")


@pytest.fixture
def sent(account):
    publish(NewsPageFactory(title="Sensors reach the river"), account)
    send.drain()
    return only()


def reworded(delivery, user=None):
    page = delivery.page.specific
    page.title = "Sensors reach the sea"
    page.save_revision(user=user).publish(user=user)


def broken(*args, **kwargs):
    raise ZeroDivisionError


# A time that was chosen, and approval


@pytest.fixture
def tomorrow(account):
    """A post of tomorrow that somebody else has to read first."""
    Account.objects.update(needs_approval=True)
    publish(NewsPageFactory(), Target(account.pk, when="+1440"))
    return only()


def approved(delivery):
    assert actions.approve(delivery, UserFactory(), approval.mark_of(delivery))


def test_it_is_read_today_and_posted_tomorrow(tomorrow):
    """Guards: lanes.due composes early; chosen.its_time in actions.approve."""
    assert (tomorrow.state, tomorrow.reason) == (State.APPROVAL, "scheduled")
    send.drain()
    assert (only().state, only().reason, only().due_at) == (State.APPROVAL, "scheduled", tomorrow.due_at)
    approved(only())
    send.drain()
    assert (only().state, only().reason, only().due_at) == (State.WAITING, "scheduled", tomorrow.due_at)
    assert actions.allowed(only()) == ("send_now", "reschedule", "cancel")
    assert actions.reschedule(only(), when="+60") and only().due_at < tomorrow.due_at
    assert actions.send_now(only())
    send.drain()
    assert only().state == State.SENT and len(Memory.outbox) == 1


def test_a_mistake_of_a_moment_does_not_cost_its_time(tomorrow, monkeypatch):
    """Guard: State.APPROVAL in send._own_fault; held like another post it would go out as soon as it is approved."""
    with monkeypatch.context() as patch:
        patch.setattr(content, "message_for", broken)
        send.drain()
    assert (only().state, only().reason, only().due_at) == (State.APPROVAL, "site_trouble", tomorrow.due_at)
    assert "internal" in {finding.name for finding in doctor.examine(broker=False)}
    assert send.drain() == 0, "not in a circle"
    Delivery.objects.update(updated_at=timezone.now() - timedelta(seconds=61))
    send.drain()
    assert (only().state, only().reason, only().detail) == (State.APPROVAL, "scheduled", "")
    approved(only())
    send.drain()
    assert (only().state, only().due_at, Memory.outbox) == (State.WAITING, tomorrow.due_at, [])


def test_an_account_that_needs_no_approval_any_more_keeps_the_time(tomorrow, monkeypatch):
    """Guard: chosen.its_time in sweep._let_go."""
    Delivery.objects.update(reason="site_trouble")
    Account.objects.update(needs_approval=False)
    sweep.tidy()
    assert (only().state, only().reason, only().due_at) == (State.WAITING, "scheduled", tomorrow.due_at)
    assert "send_now" in actions.allowed(only())


def test_a_copy_leaves_the_time(account):
    """Guard: ``ahead`` in sweep._hold_abroad; what was held could not be moved any more when it is at home again."""
    publish(NewsPageFactory(), Target(account.pk, when="+60"))
    Account.objects.update(environment=ABROAD)
    sweep.tidy()
    assert only().reason == "scheduled"
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    sweep.tidy()
    assert only().reason == environment.AWAY
    Account.objects.update(environment="")
    sweep.sweep()
    assert only().state == State.SENT


def test_what_waits_for_approval_is_counted(tomorrow):
    """Guard: monitor.COUNTED."""
    assert monitor.figures().states["approval"] == 1


# Wishes, on a copy, in a dry run, without a database


@pytest.mark.parametrize(("act", "wish"), [("edit", ""), ("delete", Wish.ASK)])
def test_a_dry_run_gives_a_wish_back(sent, settings, act, wish):
    """Guard: ``rehearses`` in wishes._ask."""
    actions.ACTIONS[act](sent)
    reworded(sent)
    ours(settings, DRY_RUN=True)
    before = [post.message.text for post in Memory.outbox]
    assert send.drain() == 1 and send.drain() == 0
    assert [post.message.text for post in Memory.outbox] == before
    delivery = only()
    assert (delivery.state, delivery.wish, delivery.reason) == (State.SENT, wish, "wish_rehearsed")
    assert (delivery.due_at, delivery.tell_at) == (None, None)
    ours(settings, DRY_RUN=False)
    assert actions.ACTIONS[act](delivery)
    send.drain()
    assert [post.message.text for post in Memory.outbox] != before


@pytest.mark.parametrize("act", ["edit", "delete"])
def test_a_copy_holds_a_wish_without_counting(sent, account, settings, monkeypatch, act):
    """Guard: ``AwayFromHome`` in wishes._ask. A lane is given to nobody here, but where a person posts as well."""
    ours(settings, MAX_ATTEMPTS=2)
    actions.ACTIONS[act](sent)
    Account.objects.update(environment=ABROAD, by_hand=True)
    for _time in range(5):
        assert send.drain() == 1 and send.drain() == 0
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        Account.objects.update(blocked_until=None)
    assert (only().wish, only().attempts_made) == (getattr(Wish, act.upper()), 0)
    Account.objects.update(environment="", by_hand=False)
    send.drain()
    assert only().wish == "" and only().attempts.filter(kind=act).count() == 1


@pytest.mark.parametrize("act", ["edit", "delete"])
def test_a_database_that_is_away_ends_no_wish(sent, monkeypatch, act):
    """Guard: database.AWAY in wishes.fulfil."""
    actions.ACTIONS[act](sent)

    def away(*args, **kwargs):
        raise OperationalError("the connection was closed")

    with monkeypatch.context() as patch:
        patch.setattr(send.wishes.content, "article_of", away)
        patch.setattr(send.wishes.ledger, "begin", away)
        send.drain()
    assert (only().wish, only().reason) == (getattr(Wish, act.upper()), "editing" if act == "edit" else "deleting")
    Account.objects.update(blocked_until=None)
    send.drain()
    assert only().wish == "" and only().reason == ""


@pytest.mark.parametrize("error", [Rejected("content_refused"), NotSent("network_down")])
def test_people_are_told_of_a_wish_that_was_given_back(sent, settings, mailoutbox, error):
    """Guards: telling in wishes._give_back; State.SENT in telling.is_worth_telling."""
    from wagtail_syndicate.mails.round import deliver

    ours(settings, MAX_ATTEMPTS=1, MAIL_DELAY=300)
    Memory.fail_with(error, method="delete")
    actions.delete(sent)
    assert only().tell_at is None
    send.drain()
    assert only().wish == Wish.ASK and only().tell_at
    Delivery.objects.update(tell_at=timezone.now() - timedelta(seconds=1))
    assert deliver() == 1
    assert str(only().explanation) in mailoutbox[0].body


def test_nobody_is_told_of_what_goes_as_it_should(sent, settings):
    """Guard: telling.SETTLED."""
    ours(settings, MAIL_DELAY=300)
    sent.page.unpublish()
    assert (only().wish, only().tell_at) == (Wish.ASK, None)
    actions.keep(only())
    Delivery.objects.update(wish=Wish.EDIT, reason="editing", due_at=timezone.now())
    send.drain()
    assert (only().reason, only().tell_at) == ("edit_pointless", None)


def test_a_copy_that_is_neutralised_says_nothing_of_wishes(sent):
    """Guard: afterwards.stopped in neutralise; the record would say for ever that the post is being deleted."""
    actions.delete(sent)
    assert neutralise.cancel_pending().wishes == 1
    assert (only().wish, only().reason, only().due_at) == ("", "", None)


@pytest.mark.parametrize("wish", [Wish.ASK, Wish.DELETE])
def test_what_is_still_wished_is_not_pruned(sent, wish):
    """Guard: ``wish`` in syndicate_prune; a question about a page that was deleted would be gone, unanswered."""
    Delivery.objects.update(wish=wish, page=None, updated_at=timezone.now() - timedelta(days=100))
    call_command("syndicate_prune", older_than=90)
    assert only().attempts.exists()
    Delivery.objects.update(wish="")
    call_command("syndicate_prune", older_than=90)
    assert not Delivery.objects.exists()


# A change is a post, too


@pytest.mark.parametrize(
    ("values", "reason"), [({"active": False}, "account_inactive"), ({"needs_approval": True}, "edit_unread")]
)
def test_an_account_that_may_not_post_changes_nothing(sent, values, reason):
    """Guard: account_obstacle and approval in guards.edit_obstacle."""
    reworded(sent)
    actions.edit(sent)
    Account.objects.update(**values)
    send.drain()
    assert "the river" in Memory.outbox[0].message.text
    assert (only().wish, only().reason) == ("", reason)


def test_whoever_asks_for_a_change_has_to_be_permitted_still(sent):
    """Guard: not_permitted in guards.edit_obstacle."""
    user = person("use_account")
    reworded(sent)
    actions.edit(sent, user)
    user.groups.clear()
    send.drain()
    assert (only().wish, only().reason) == ("", "not_permitted")
    manager = person("change_account")
    actions.edit(only(), manager)
    send.drain()
    assert "the sea" in Memory.outbox[0].message.text and only().reason == ""


@pytest.fixture
def author():
    return person("use_account", "change_account")


@pytest.fixture
def reader():
    return person("change_account")


@pytest.fixture
def careful(sent, author):
    """A post of an account whose posts need approval, out of date since the author's publication."""
    Account.objects.update(needs_approval=True)
    reworded(sent, author)
    return only()


def test_a_change_needs_a_second_pair_of_eyes(careful, author, reader):
    """Guard: approval.may_change in actions.edit."""
    assert not actions.edit(careful) and not actions.edit(careful, author)
    assert not Attempt.objects.filter(outcome="edit").exists()
    assert actions.edit(careful, reader)
    send.drain()
    assert "the sea" in Memory.outbox[0].message.text


def test_words_that_nobody_read_do_not_slip_in(careful, author, reader):
    """Guard: ``published_since`` in guards.edit_obstacle."""
    actions.edit(careful, reader)
    reworded(careful, author)
    send.drain()
    assert "the river" in Memory.outbox[0].message.text
    assert (only().wish, only().reason) == ("", "edit_unread")


def test_who_lets_a_page_go_live_is_no_second_pair_of_eyes(careful, reader):
    """Guard: the log entry in approval.authors_of; a revision knows only who wrote it."""
    careful.page.specific.get_latest_revision().publish(user=reader)
    assert not actions.edit(careful, reader)


# Several at once


def test_each_row_keeps_its_own_people(account):
    """Guard: ``target_field`` in chosen.each."""
    other, third = AccountFactory(), AccountFactory()
    one, two = UserFactory(), UserFactory()
    page = NewsPageFactory()
    publish(page, account, other, third)
    Delivery.objects.update(state=State.SKIPPED, reason="not_live")
    chosen = [Target(account.pk, by=str(one.pk)), Target(other.pk, by=str(two.pk)), Target(third.pk)]
    publish(page.specific, *chosen)
    found = dict(Delivery.objects.values_list("account_id", "ticked_by"))
    assert found == {account.pk: one.pk, other.pk: two.pk, third.pk: None}
