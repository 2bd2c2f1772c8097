"""A publication is never broken by us, and never lost: what could not be planned is told, and planned by the sweep."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from wagtail.signals import page_published

from sandbox.home.models import NewsPage
from tests.factories import AccountFactory, NewsPageFactory, publish, set_targets, tick
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import plan, sweep
from wagtail_syndicate.models import Delivery, Target, TargetSet, targets_of


pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


@pytest.fixture
def account():
    return AccountFactory()


@pytest.fixture
def mistake(monkeypatch):
    """A mistake of ours in planning, until it is mended."""

    def raise_it(*args):
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(plan, "page_obstacle", raise_it)
        yield patch


@pytest.fixture
def unplanned(account, mistake):
    """A page whose publication was not planned."""
    return publish(NewsPageFactory(), account)


def rows():
    return list(Delivery.objects.order_by("pk").values_list("account", "state", "reason"))


def later():
    """Let the time come at which the sweep plans what was not planned."""
    TargetSet.objects.exclude(plan_at=None).update(plan_at=timezone.now() - timedelta(seconds=1))


def test_the_page_tells_and_the_sweep_plans(unplanned, account, mistake):
    assert unplanned.live
    assert rows() == [(None, State.FAILED, "unplanned")]
    sweep.sweep()
    assert Memory.outbox == []
    mistake.undo()
    later()
    sweep.sweep()
    assert rows() == [(account.pk, State.SENT, "")]
    assert len(Memory.outbox) == 1


def test_as_long_as_the_mistake_is_there_it_is_tried_again_and_told_once(unplanned, caplog):
    for _round in range(3):
        later()
        sweep.sweep()
        assert rows() == [(None, State.FAILED, "unplanned")]
        assert TargetSet.objects.get().plan_at > timezone.now() + timedelta(minutes=1)
    assert caplog.text.count("is still not planned") == 3


def test_it_is_given_up_after_the_window(unplanned, settings):
    NewsPage.objects.update(last_published_at=timezone.now() - timedelta(days=2))
    later()
    sweep.sweep()
    assert rows() == [(None, State.FAILED, "plan_failed")]
    assert TargetSet.objects.get().plan_at is None


def test_what_is_planned_late_has_no_more_time_than_the_others(unplanned, mistake):
    began = timezone.now() - timedelta(hours=20)
    NewsPage.objects.update(last_published_at=began)
    mistake.undo()
    later()
    plan.plan_late()
    assert Delivery.objects.get().expires_at == began + timedelta(hours=24)


def test_the_next_publication_plans_too(unplanned, account, mistake):
    mistake.undo()
    publish(unplanned, account)
    assert rows() == [(account.pk, State.WAITING, "")]
    assert TargetSet.objects.get().plan_at is None


def test_nothing_is_planned_for_a_page_that_was_unpublished(unplanned, mistake):
    mistake.undo()
    unplanned.unpublish()
    assert rows() == []
    later()
    assert plan.plan_late() == 0
    assert rows() == []


def test_a_page_that_is_deleted_takes_its_note_along(unplanned, mistake):
    unplanned.delete()
    assert rows() == []
    assert plan.plan_late() == 0


def test_what_is_planned_twice_is_sent_once(account):
    page = publish(NewsPageFactory(), account)
    sweep.sweep()
    TargetSet.objects.update(plan_at=timezone.now() - timedelta(seconds=1))
    assert plan.plan_late() == 1
    sweep.sweep()
    assert rows() == [(account.pk, State.SENT, "")]
    assert len(Memory.outbox) == 1
    assert targets_of(page) == [Target(account.pk)]


def test_other_code_that_fails_at_a_publication_loses_nothing(account, monkeypatch):
    """Receivers of Wagtail's signal are called one after another; the page is live already when they are."""

    def other_code(**kwargs):
        raise OSError("the search server is down")

    page = NewsPageFactory()
    revision = tick(page, account)
    monkeypatch.setattr(page_published, "receivers", [])
    page_published.connect(other_code)
    with pytest.raises(OSError):
        revision.publish()
    assert NewsPage.objects.get().live
    assert rows() == []
    later()
    sweep.sweep()
    assert rows() == [(account.pk, State.SENT, "")]


def test_a_plan_that_worked_leaves_nothing_for_the_sweep(account):
    publish(NewsPageFactory(), account)
    assert TargetSet.objects.get().plan_at is None


@pytest.mark.parametrize("saved", ["draft", "live_by_script", "alias"])
def test_saving_a_page_is_no_publication(account, saved):
    page = NewsPageFactory()
    if saved == "draft":
        set_targets(page, [Target(account.pk)])
        page.save()
    else:
        page = publish(page, account)
        sweep.sweep()
        if saved == "alias":
            alias = page.create_alias(parent=page.get_parent(), update_slug="alias")
            set_targets(alias, [Target(account.pk)])
            alias.last_published_at = timezone.now()
            alias.save()
        else:
            NewsPage.objects.update(last_published_at=timezone.now() - timedelta(hours=1))
            page = NewsPage.objects.get()
            set_targets(page, [Target(AccountFactory().pk)])
            page.save()
    assert set(TargetSet.objects.values_list("plan_at", flat=True)) == {None}


def test_the_date_is_no_part_of_a_revision(unplanned):
    assert TargetSet.objects.get().plan_at is not None
    [row] = unplanned.save_revision().content["syndication_targets"]
    assert "plan_at" not in row


def test_a_mistake_that_cannot_even_be_told_breaks_nothing(account, mistake, monkeypatch, caplog):
    def raise_it(*args, **kwargs):
        raise RuntimeError("another bug")

    monkeypatch.setattr(plan, "not_planned", raise_it)
    page = publish(NewsPageFactory(), account)
    assert page.live
    assert "cannot tell" in caplog.text
    mistake.undo()
    later()
    sweep.sweep()
    assert [row[1] for row in rows()] == [State.SENT]


def test_a_publication_that_is_rolled_back_leaves_nothing(account, mistake):
    revision = tick(NewsPageFactory(), account)
    with pytest.raises(KeyError), transaction.atomic():
        revision.publish()
        raise KeyError
    assert rows() == []
    assert not TargetSet.objects.exclude(plan_at=None).exists()


def test_several_sweeps_plan_it_once(unplanned, account, mistake):
    mistake.undo()
    later()
    start, planned = threading.Barrier(4), []

    def work():
        try:
            start.wait(10)
            planned.append(plan.plan_late())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(planned) == 1
    assert rows() == [(account.pk, State.WAITING, "")]


def test_the_panel_says_that_it_happened(unplanned, client):
    from django.urls import reverse

    from tests.factories import UserFactory

    client.force_login(UserFactory())
    html = client.get(reverse("wagtail_syndicate:record", args=[unplanned.pk])).content.decode()
    assert "All accounts" in html
    assert "have not been prepared yet" in html
    assert "account deleted" not in html
