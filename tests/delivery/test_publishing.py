"""Every way of publishing counts, and nothing else does."""

from datetime import timedelta

import pytest
import wagtail
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Locale, PageViewRestriction, Workflow, WorkflowPage

from sandbox.home.models import NewsPage
from sandbox.stage.browser import form_values
from tests.factories import AccountFactory, NewsPageFactory, UserFactory, publish, site_root, tick
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import send
from wagtail_syndicate.models import Delivery, targets_of


pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def account():
    return AccountFactory()


@pytest.fixture
def page(account):
    page = NewsPageFactory()
    tick(page, account)
    return page


@pytest.fixture
def superuser(client):
    user = UserFactory()
    client.force_login(user)
    return user


def edit_form(client, page):
    """What a browser would send of the page's edit view."""
    from bs4 import BeautifulSoup

    html = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content
    values = {}
    for name, value in form_values(BeautifulSoup(html, "html.parser").select_one("form[data-edit-form]")):
        values.setdefault(name, []).append(value)
    return values


def states():
    return list(Delivery.objects.values_list("state", flat=True))


# What sends


def test_edit_view(client, superuser, page):
    data = edit_form(client, page)
    response = client.post(
        reverse("wagtailadmin_pages:edit", args=[page.pk]), {**data, "action-publish": "action-publish"}
    )
    assert response.status_code == 302
    assert states() == [State.WAITING]


def test_create_view(client, superuser, account):
    data = {
        "title": "Straight to the public",
        "slug": "straight",
        "date": "2026-11-05",
        "intro": "Written and published in one go.",
        "body": '{"blocks": [], "entityMap": {}}',
        "tags": "",
        "lead_image": "",
        "seo_title": "",
        "search_description": "",
        "comments-TOTAL_FORMS": 0,
        "comments-INITIAL_FORMS": 0,
        "syndication-present": "1",
        "syndication-accounts": [account.pk],
        "action-publish": "action-publish",
    }
    data["body"] = (
        '{"blocks": [{"key": "a", "type": "unstyled", "depth": 0, "text": "Text.", "inlineStyleRanges": [],'
        ' "entityRanges": []}], "entityMap": {}}'
    )
    response = client.post(reverse("wagtailadmin_pages:add", args=["home", "newspage", site_root().pk]), data)
    assert response.status_code == 302, response.context["form"].errors
    assert states() == [State.WAITING]


def test_scheduled_page_waits_until_it_is_live(page, account):
    page.go_live_at = timezone.now() + timedelta(hours=1)
    tick(page, account).publish()
    assert states() == []
    NewsPage.objects.filter(pk=page.pk).update(go_live_at=timezone.now() - timedelta(minutes=1))
    revision = page.revisions.get(approved_go_live_at__isnull=False)
    revision.content["go_live_at"] = (timezone.now() - timedelta(minutes=1)).isoformat()
    revision.approved_go_live_at = timezone.now() - timedelta(minutes=1)
    revision.save()
    call_command("publish_scheduled")
    assert states() == [State.WAITING]


def test_workflow_approval(page, superuser):
    workflow = Workflow.objects.first()
    WorkflowPage.objects.get_or_create(page=site_root(), defaults={"workflow": workflow})
    workflow_state = workflow.start(page, superuser)
    assert states() == []
    while workflow_state.status == workflow_state.STATUS_IN_PROGRESS:
        workflow_state.current_task_state.approve(user=superuser)
        workflow_state.refresh_from_db()
    assert states() == [State.WAITING]


def test_bulk_publish(client, superuser, page, account):
    other = NewsPageFactory()
    tick(other, account)
    url = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    if page._meta.get_parent_list()[-1]._meta.label_lower != "wagtailcore.page":
        url = reverse("wagtail_bulk_action", args=["basepage", "basepage", "publish"])
    client.post(f"{url}?id={page.pk}&id={other.pk}", {"next": "/admin/"})
    assert states() == [State.WAITING, State.WAITING]


def test_script(page):
    page.get_latest_revision().publish()
    assert states() == [State.WAITING]


def test_a_translation_is_a_page_of_its_own(page, account):
    page.get_latest_revision().publish()
    french, _ = Locale.objects.get_or_create(language_code="fr")
    site_root().copy_for_translation(french)
    translation = page.copy_for_translation(french)
    translation.save_revision().publish()
    assert Delivery.objects.count() == 1  # ticks are not copied
    publish(translation, account)
    assert set(Delivery.objects.values_list("language", flat=True)) == {"en", "fr"}


# What does not send


def test_republication_sends_nothing_again(page):
    page.get_latest_revision().publish()
    page.save_revision().publish()
    page.unpublish()
    page.save_revision().publish()
    assert Delivery.objects.count() == 1


def test_newly_ticked_account_is_sent_at_republication(page, account):
    page.get_latest_revision().publish()
    other = AccountFactory()
    publish(page, account, other)
    assert set(Delivery.objects.values_list("account", flat=True)) == {account.pk, other.pk}


def test_live_copy(page):
    page.get_latest_revision().publish()
    page = NewsPage.objects.get(pk=page.pk)
    copy = page.copy(update_attrs={"slug": "copy", "title": "Copy"}, keep_live=True)
    assert copy.live
    assert Delivery.objects.filter(page=copy.pk).count() == 0
    assert targets_of(copy.specific) == []


def test_alias(page, account):
    page.get_latest_revision().publish()
    alias = NewsPage.objects.get(pk=page.pk).create_alias(parent=site_root(), update_slug="alias")
    publish(page, account, AccountFactory())
    assert Delivery.objects.filter(page=alias.pk).count() == 0


def test_import(account):
    page = NewsPage(
        title="Imported", slug="imported", live=True, date=timezone.now().date(), intro="In", body="<p>x</p>"
    )
    site_root().add_child(instance=page)
    assert states() == []


def test_draft(page):
    page.title = "Another title"
    page.save_revision()
    assert states() == []


def test_autosave(client, superuser, page):
    data = edit_form(client, page)
    response = client.post(
        reverse("wagtailadmin_pages:edit", args=[page.pk]), data, headers={"accept": "application/json"}
    )
    assert response.status_code == 200
    assert states() == []


@pytest.mark.parametrize("inherited", [False, True])
def test_private_page(page, inherited):
    PageViewRestriction.objects.create(
        page=site_root() if inherited else page, restriction_type=PageViewRestriction.LOGIN
    )
    page.get_latest_revision().publish()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == (State.SKIPPED, "private")


def test_private_page_is_sent_when_it_becomes_public(page):
    restriction = PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    page.get_latest_revision().publish()
    restriction.delete()
    page.save_revision().publish()
    assert states() == [State.WAITING]


def test_page_under_no_site(account):
    page = NewsPageFactory(parent=site_root().get_root())
    publish(page, account)
    assert Delivery.objects.get().reason == "no_site"


@pytest.mark.parametrize("reason", ["locale", "site", "account_inactive"])
def test_account_that_is_not_meant_for_the_page(page, account, reason):
    from wagtail.models import Site

    if reason == "locale":
        account.locales.set([Locale.objects.get_or_create(language_code="ja")[0]])
    elif reason == "site":
        account.sites.set([Site.objects.create(hostname="other.example", root_page=site_root().get_root())])
    else:
        type(account).objects.update(active=False)
    page.get_latest_revision().publish()
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.SKIPPED, reason)


# What stops


def test_unpublishing_stops_what_has_not_left(page):
    page.get_latest_revision().publish()
    NewsPage.objects.get(pk=page.pk).unpublish()
    assert (Delivery.objects.get().state, Delivery.objects.get().reason) == (State.CANCELLED, "unpublished")
    send.drain()
    assert states() == [State.CANCELLED]


def test_unticking_stops_what_has_not_left_and_ticking_again_revives_it(page, account):
    page.get_latest_revision().publish()
    publish(page)
    assert Delivery.objects.get().reason == "unticked"
    publish(page, account)
    assert states() == [State.WAITING]


def test_ticking_in_a_draft_of_a_live_page_changes_nothing(page, account):
    page.get_latest_revision().publish()
    tick(page, account, AccountFactory())
    tick(page)
    assert Delivery.objects.count() == 1
    assert Delivery.objects.get().state == State.WAITING
    assert [target.account_id for target in targets_of(NewsPage.objects.get(pk=page.pk))] == [account.pk]


# The transaction


@pytest.mark.django_db(transaction=True)
def test_rolled_back_publication_leaves_no_row_and_rings_no_bell(page, rung):
    with pytest.raises(RuntimeError), transaction.atomic():
        page.get_latest_revision().publish()
        assert states() == [State.WAITING]
        raise RuntimeError
    assert states() == []
    assert rung == []


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_once_after_the_commit(page, account, rung):
    tick(page, account, AccountFactory(), AccountFactory())
    with transaction.atomic():
        page.get_latest_revision().publish()
        assert rung == []
    assert rung == [True]


@pytest.mark.django_db(transaction=True)
def test_a_mistake_in_planning_does_not_break_the_publication(page, monkeypatch, caplog):
    from wagtail_syndicate.delivery import plan

    def broken(*args):
        Delivery.objects.create(page_title="half done")
        raise RuntimeError("a bug")

    monkeypatch.setattr(plan, "page_obstacle", broken)
    page.get_latest_revision().publish()
    assert NewsPage.objects.get(pk=page.pk).live
    # No half of a plan: the page tells, see test_planning_failures.
    assert list(Delivery.objects.values_list("state", "reason")) == [(State.FAILED, "unplanned")]
    assert "was published but not planned" in caplog.text


def test_the_number_of_queries_does_not_grow_with_the_accounts():
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    # The first one fills Wagtail's caches. SQLite takes 999 values a statement, which are some 27 deliveries.
    for number in (1, 2, 25):
        page = NewsPageFactory()
        revision = tick(page, *AccountFactory.create_batch(number))
        with CaptureQueriesContext(connection) as queries:
            revision.publish()
        assert Delivery.objects.filter(page=page.pk).count() == number
        counts.append(len(queries))
    assert counts[1] == counts[2]


# Memory


@pytest.mark.django_db(transaction=True)
def test_deliveries_survive_page_and_account(page, account):
    page.get_latest_revision().publish()
    send.drain()
    NewsPage.objects.get(pk=page.pk).delete()
    account.delete()
    delivery = Delivery.objects.get()
    assert (delivery.page_id, delivery.account_id, delivery.state) == (None, None, State.SENT)
    assert delivery.page_title == page.title
    assert delivery.account_label == account.label


def test_it_is_known_who_published(page, account, superuser):
    page.save_revision(user=superuser).publish()
    assert Delivery.objects.get().published_by == superuser


def test_a_wording_changed_after_a_failure_is_what_is_tried_again(page, account):
    from wagtail_syndicate.delivery import actions

    publish(page, account, wordings={account.pk: "Refused words"})
    Delivery.objects.update(state=State.FAILED, reason="content_refused")
    publish(page, account, wordings={account.pk: "Better words"})
    assert states() == [State.FAILED]
    assert actions.retry(Delivery.objects.get())
    send.drain()
    assert Memory.outbox[0].message.text.startswith("Better words")


def test_what_a_person_cancelled_is_not_sent_by_another_publication(page, account):
    from wagtail_syndicate.delivery import actions

    page.get_latest_revision().publish()
    actions.cancel(Delivery.objects.get())
    publish(page, account)
    assert states() == [State.CANCELLED]
    assert actions.allowed(Delivery.objects.get()) == ("retry",)


@pytest.mark.skipif(wagtail.VERSION < (8, 0), reason="there is no API v3 before Wagtail 8")
def test_api(client, page):
    from wagtail.models import APIToken

    token = APIToken.generate_token()
    APIToken.objects.create(user=UserFactory(), name="test", key_hash=APIToken.hash_token(token), prefix="test")
    response = client.post(
        f"/api/v3/pages/{page.pk}/actions/publish/",
        "{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert response.status_code == 200, response.content
    assert states() == [State.WAITING]


def test_publishing_calls_nobody(client, superuser, page, monkeypatch):
    """Only Python's sockets are watched: the drivers of PostgreSQL and MariaDB have their own."""
    import socket

    def refuse(self, address):
        raise AssertionError(f"publishing connected to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    data = edit_form(client, page)
    client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), {**data, "action-publish": "action-publish"})
    assert states() == [State.WAITING]
