"""Mails about posts: who gets them, what they say, and that none is lost or sent twice."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends import smtp
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse
from django.utils import timezone
from wagtail.users.models import UserProfile

from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, UserFactory, publish
from wagtail_syndicate import tasks
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import plan, send, sweep
from wagtail_syndicate.delivery.clock import DatabaseNow
from wagtail_syndicate.exceptions import NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.mails import post, recipients
from wagtail_syndicate.mails.round import deliver
from wagtail_syndicate.models import Account, Delivery, Heartbeat


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


@pytest.fixture(autouse=True)
def memory(monkeypatch):
    monkeypatch.setattr(tasks, "ring", lambda: None)
    Memory.reset()
    yield
    Memory.reset()


def ours(settings, **values):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, **values}


@pytest.fixture
def editor():
    return UserFactory(email="editor@example.org")


@pytest.fixture
def account():
    return AccountFactory(label="News", contacts="desk@example.org")


def failed(account, editor=None, **more):
    return DeliveryFactory(
        account=account,
        published_by=editor,
        state=State.FAILED,
        reason="content_refused",
        tell_at=timezone.now() - timedelta(seconds=1),
        **more,
    )


def refused_at_the_network(account, editor):
    Memory.fail_with(Rejected("content_refused", "no such word"))
    page = NewsPageFactory(accounts=[account])
    page.save_revision(user=editor).publish()
    send.drain()
    return page


def time_passes(seconds=301):
    Delivery.objects.exclude(tell_at=None).update(tell_at=DatabaseNow() - timedelta(seconds=1))


# When


def test_a_refused_post_is_told_when_the_delay_has_passed(account, editor):
    page = refused_at_the_network(account, editor)
    delivery = Delivery.objects.get()
    assert timedelta(seconds=290) < delivery.tell_at - timezone.now() <= timedelta(seconds=300)
    assert deliver() == 0
    time_passes()
    assert deliver() == 2
    assert sorted(message.to for message in mail.outbox) == [["desk@example.org"], ["editor@example.org"]]
    text = mail.outbox[0].body
    assert mail.outbox[0].subject == f"A post needs you: “{page.title}” (News)"
    assert "News (Memory (tests)): Failed" in text
    assert "refused the text. Change the wording, then try again." in text
    assert "no such word" in text
    assert f"http://localhost:8000{reverse('wagtailadmin_pages:edit', args=[page.pk])}" in text
    assert "\n\n\n" not in text
    assert Delivery.objects.get().tell_at is None
    assert deliver() == 0


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Rejected("content_refused"), True),
        (NotSent("rate_limited", retry_after=5), False),
        (OutcomeUnknown("unclear"), False),  # it is looked for first
    ],
)
def test_what_software_goes_on_with_is_not_told(account, error, told):
    Memory.fail_with(error)
    publish(NewsPageFactory(), account)
    send.drain()
    assert (Delivery.objects.get().tell_at is not None) is told


def test_an_unclear_post_that_only_a_person_can_settle_is_told(account, settings):
    from tests.delivery.networks import KINDS

    ours(settings, NETWORKS={"memory": {}, **KINDS})
    Memory.fail_with(OutcomeUnknown("unclear"))
    publish(NewsPageFactory(), AccountFactory(network="neither"))
    send.drain()
    assert (Delivery.objects.get().state, Delivery.objects.get().due_at) == (State.UNKNOWN, None)
    assert Delivery.objects.get().tell_at is not None


def test_a_missed_post_is_told(account):
    publish(NewsPageFactory(), account)
    Delivery.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    sweep.tidy()
    assert Delivery.objects.get().state == State.MISSED
    assert Delivery.objects.get().tell_at is not None


@pytest.mark.parametrize(("change", "told"), [({"active": False}, True), ({}, False)])
def test_a_skipped_post_is_told_unless_somebody_did_that_to_the_page(account, change, told):
    page = publish(NewsPageFactory(), account)
    if change:
        Account.objects.update(**change)
    else:
        type(page).objects.filter(pk=page.pk).update(live=False)
    send.drain()
    assert Delivery.objects.get().state == State.SKIPPED
    assert (Delivery.objects.get().tell_at is not None) is told


def test_a_publication_that_was_not_planned_is_told_when_nobody_will(account, editor):
    page = publish(NewsPageFactory(), account)
    plan.not_planned(page)
    assert Delivery.objects.get(reason="unplanned").tell_at is None
    page.latest_revision.user = editor
    plan.not_planned(page, page.latest_revision, again=False)
    time_passes()
    deliver()
    assert [message.to for message in mail.outbox] == [["editor@example.org"]]
    assert "publish the page again" in mail.outbox[0].body


def test_what_was_mended_meanwhile_is_not_told(account):
    failed(account)
    Delivery.objects.update(state=State.WAITING)
    assert deliver() == 0
    assert Delivery.objects.get().tell_at is None


@pytest.mark.parametrize("values", [{"MAIL_DELAY": None}, {"DRY_RUN": True}])
def test_nobody_is_told_where_the_settings_say_so(account, settings, values, caplog):
    ours(settings, **values)
    failed(account)
    assert deliver() == 0
    assert not mail.outbox
    assert "Mails could not be sent" not in caplog.text


def test_a_copy_of_the_site_tells_nobody(account):
    failed(account)
    Account.objects.update(environment="production@www.example.org")
    assert deliver() == 0
    assert Delivery.objects.get().tell_at is None


# To whom


def test_what_goes_wrong_together_is_told_together(account, editor):
    for _ in range(2):
        failed(account, editor)
    failed(AccountFactory(label="Other", contacts="other@example.org"), editor, page_title="Third")
    later = failed(account, editor, page_title="Fourth")
    Delivery.objects.filter(pk=later.pk).update(tell_at=timezone.now() + timedelta(seconds=200))
    assert deliver() == 3
    by_address = {message.to[0]: message for message in mail.outbox}
    assert by_address["editor@example.org"].subject == "4 posts need you"
    assert by_address["editor@example.org"].body.count("/edit/") == 4
    assert by_address["desk@example.org"].subject == "3 posts need you"
    assert "Third" not in by_address["desk@example.org"].body
    assert by_address["other@example.org"].subject == "A post needs you: “Third” (Other)"


def test_somebody_who_published_and_is_a_contact_gets_one_mail(editor):
    failed(AccountFactory(contacts="Editor@Example.org\ndesk@example.org"), editor)
    assert deliver() == 2


def test_without_contacts_whoever_connected_it_is_told_and_else_those_who_manage():
    who = UserFactory(email="connected@example.org", is_superuser=False)
    failed(AccountFactory(connected_by=who))
    UserFactory(email="admin@example.org")
    UserFactory(email="nobody@example.org", is_superuser=False)
    gone = UserFactory(email="gone@example.org", is_active=False)
    deliver()
    assert [message.to for message in mail.outbox] == [["connected@example.org"]]
    for connected_by in (None, gone):
        mail.outbox.clear()
        Account.objects.update(connected_by=connected_by)
        failed(Account.objects.get(), gone)
        deliver()
        assert [message.to for message in mail.outbox] == [["admin@example.org"]]


def test_of_those_who_manage_only_so_many_are_told(monkeypatch):
    monkeypatch.setattr(recipients, "MOST_MANAGERS", 2)
    for number in range(3):
        UserFactory(email=f"admin{number}@example.org", is_superuser=True)
    failed(AccountFactory())
    assert deliver() == 2


def test_with_nobody_to_tell_nothing_is_left_over(account):
    Account.objects.update(contacts="")
    failed(Account.objects.get())
    assert deliver() == 0
    assert Delivery.objects.get().tell_at is None


def test_a_user_reads_her_language_and_others_the_sites(account, settings):
    settings.LANGUAGE_CODE = "de"
    UserProfile.objects.create(user=UserFactory(email="Desk@example.org"), preferred_language="fr")
    Account.objects.update(contacts="desk@example.org\nhans@example.org")
    failed(Account.objects.get())
    deliver()
    by_address = {message.to[0]: message.body for message in mail.outbox}
    assert "a refusé" in by_address["desk@example.org"]
    assert "abgelehnt" in by_address["hans@example.org"]


def test_a_page_that_is_gone_has_no_link_and_a_title_no_lines_of_its_own(account):
    delivery = failed(account, page_title="One\nBcc: all@example.org")
    Delivery.objects.filter(pk=delivery.pk).update(page=None)
    deliver()
    assert mail.outbox[0].subject == "A post needs you: “One Bcc: all@example.org” (News)"
    assert "/edit/" not in mail.outbox[0].body


def test_a_mail_does_not_grow_without_end(account):
    page = NewsPageFactory(live=True)
    for generation in range(33):
        failed(account, page=page, generation=generation)
    deliver()
    assert mail.outbox[0].subject == "33 posts need you"
    assert "… and 3 more posts." in mail.outbox[0].body
    assert not Delivery.objects.exclude(tell_at=None).exists()


# What the mail server does


class Server(EmailBackend):
    """A mail server that is away, or that knows an address to be no good."""

    away = False
    unknown = ()

    def send_messages(self, messages):
        if self.away:
            raise ConnectionRefusedError
        for message in messages:
            if set(message.to) & set(self.unknown):
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (550, b"no such user")})
        return super().send_messages(messages)


@pytest.fixture
def server(settings, monkeypatch):
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    monkeypatch.setattr(Server, "away", False)
    monkeypatch.setattr(Server, "unknown", ())
    return Server


def test_a_mail_server_that_is_away_loses_nothing_and_stops_nothing(account, server, caplog):
    failed(account)
    server.away = True
    tasks.sweep_task()
    assert "Mails could not be sent" in caplog.text
    assert Delivery.objects.get().tell_at is not None
    server.away = False
    assert deliver() == 1
    assert len(mail.outbox) == 1
    assert deliver() == 0


def test_an_address_that_is_no_good_keeps_nobody_from_his_mail(account, server, caplog):
    Account.objects.update(contacts="wrong@example.org\ndesk@example.org")
    failed(Account.objects.get())
    server.unknown = ("wrong@example.org",)
    assert deliver() == 1
    assert [message.to for message in mail.outbox] == [["desk@example.org"]]
    assert "refuses an address" in caplog.text
    assert Delivery.objects.get().tell_at is None


def test_two_sweeps_at_once_do_not_tell_twice(account, server, monkeypatch):
    failed(account)
    inner = []
    posted = post._post

    def while_another_sweeps(*args):
        monkeypatch.setattr(post, "_post", posted)
        inner.append(deliver())
        return posted(*args)

    monkeypatch.setattr(post, "_post", while_another_sweeps)
    assert deliver() == 1
    assert inner == [0]
    assert len(mail.outbox) == 1


def test_the_turn_of_a_process_that_died_ends(account):
    failed(account)
    Heartbeat.objects.create(name=post.TURN, at=timezone.now() + timedelta(seconds=300))
    assert deliver() == 0
    Heartbeat.objects.update(at=timezone.now() - timedelta(seconds=1))
    assert deliver() == 1


def test_a_process_whose_turn_lasts_too_long_stops(account, monkeypatch):
    Account.objects.update(contacts="a@example.org\nb@example.org")
    failed(Account.objects.get())
    posted = post._post

    def slowly(*args):
        monkeypatch.setattr(post, "LONGEST", -1.0)
        return posted(*args)

    monkeypatch.setattr(post, "_post", slowly)
    deliver()
    assert len(mail.outbox) == 1
    assert Delivery.objects.get().tell_at is not None


@pytest.mark.parametrize(("configured", "seconds"), [(None, post.TIMEOUT), (3, 3)])
def test_a_silent_mail_server_is_given_up_on(account, settings, monkeypatch, configured, seconds):
    settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT = "django.core.mail.backends.smtp.EmailBackend", configured
    waited = []
    monkeypatch.setattr(smtp.EmailBackend, "send_messages", lambda self, messages: waited.append(self.timeout) or 1)
    failed(account)
    assert deliver() == 1
    assert waited == [seconds]


def test_a_mail_backend_without_time_limits_works(account, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Plain"
    failed(account)
    assert deliver() == 1


class Plain(EmailBackend):
    def __init__(self, fail_silently=False):
        super().__init__(fail_silently=fail_silently)


def test_the_sweep_tells_and_publishing_does_not(account, editor):
    refused_at_the_network(account, editor)
    time_passes()
    assert not mail.outbox
    tasks.drain_task()
    assert not mail.outbox
    tasks.sweep_task()
    assert len(mail.outbox) == 2


def test_without_celery_the_command_tells(account):
    from django.core.management import call_command

    failed(account)
    call_command("syndicate_sweep", verbosity=0)
    assert len(mail.outbox) == 1
