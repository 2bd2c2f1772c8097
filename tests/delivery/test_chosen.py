"""What an editor chose for a tick reaches its post: time, picture, description."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone
from wagtail.images import get_image_model

from sandbox.home.models import NewsPage
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, picture_of, publish, tick
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.delivery import actions, content, plan, send
from wagtail_syndicate.models import Account, Delivery, Target, TargetSet
from wagtail_syndicate.models.target import NO_IMAGE


pytestmark = pytest.mark.django_db
State = Delivery.State
BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = timedelta(hours=24)


@pytest.fixture
def account():
    return AccountFactory(time_zone="Europe/Berlin", slots=[{"days": list(range(7)), "time": "09:30"}])


@pytest.fixture
def page():
    return NewsPageFactory()


def of(account):
    return Delivery.objects.filter(account=account).order_by("pk").last()


def wall(days, clock="09:00"):
    """A time in some days on clocks in Berlin, as it is written and as a moment."""
    day = (timezone.now().astimezone(BERLIN) + timedelta(days=days)).date()
    return f"{day}T{clock}", datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=BERLIN)


def near(moment, other):
    return abs(moment - other) < timedelta(seconds=20)


# Time


def test_minutes_are_counted_from_the_publication(account, page):
    page = publish(page, Target(account.pk, when="+30"))
    delivery = of(account)
    assert delivery.due_at == page.last_published_at + timedelta(minutes=30)
    assert delivery.expires_at == delivery.due_at + WINDOW
    assert (delivery.state, delivery.reason, delivery.when) == (State.WAITING, "scheduled", "+30")
    assert send.drain() == 0 and not Memory.outbox


def test_a_time_on_the_accounts_clocks(account, page):
    when, moment = wall(3)
    publish(page, Target(account.pk, when=when))
    assert of(account).due_at == moment
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    send.drain()
    delivery = of(account)
    assert (delivery.state, delivery.reason) == (State.SENT, "")


def test_a_time_that_is_past_by_then_is_at_once(account, page):
    publish(page, Target(account.pk, when=wall(-1)[0]))
    assert of(account).reason == ""
    assert near(of(account).expires_at, timezone.now() + WINDOW)
    send.drain()
    assert of(account).state == State.SENT


def test_what_waits_for_its_time_holds_up_nobody(account, page):
    publish(page, Target(account.pk, when="+30"))
    publish(NewsPageFactory(), account)
    send.drain()
    assert sorted(Delivery.objects.values_list("state", "when")) == [(State.SENT, ""), (State.WAITING, "+30")]


def test_no_posting_time_is_given_twice(account):
    other = AccountFactory(slots=account.slots, time_zone="Europe/Berlin")
    for _page in range(3):
        publish(NewsPageFactory(), Target(account.pk, when="slot"), Target(other.pk, when="slot"))
    for one in (account, other):
        due = list(Delivery.objects.filter(account=one).order_by("pk").values_list("due_at", flat=True))
        assert [moment.astimezone(BERLIN).strftime("%H:%M") for moment in due] == ["09:30"] * 3
        days = [moment.astimezone(BERLIN).date() for moment in due]
        assert days == [days[0] + timedelta(days=number) for number in range(3)]
    assert due[0] > timezone.now()


def test_a_posting_time_that_became_free_is_given_again(account):
    first = publish(NewsPageFactory(), Target(account.pk, when="slot"))
    moment = of(account).due_at
    actions.cancel(of(account))
    publish(NewsPageFactory(), Target(account.pk, when="slot"))
    assert Delivery.objects.exclude(page=first).get().due_at == moment


def test_another_time_moves_what_waits(account, page):
    page = publish(page, Target(account.pk, when="+30"))
    when, moment = wall(2)
    page = publish(page, Target(account.pk, when=when))
    assert of(account).due_at == moment and of(account).expires_at == moment + WINDOW
    publish(page, account)
    assert of(account).reason == "" and of(account).when == ""
    send.drain()
    assert of(account).state == State.SENT and len(Memory.outbox) == 1


@pytest.mark.parametrize("when", ["+30", "slot"])
def test_a_correction_does_not_begin_to_count_anew(account, page, when):
    page = publish(page, Target(account.pk, when=when))
    moment = timezone.now() + timedelta(minutes=7)
    Delivery.objects.update(due_at=moment)
    publish(page, Target(account.pk, "Other words.", when=when))
    delivery = of(account)
    assert (delivery.due_at, delivery.wording, delivery.payload) == (moment, "Other words.", None)
    assert delivery.expires_at == moment + WINDOW


def test_what_was_unticked_counts_anew_when_it_is_ticked_again(account, page):
    page = publish(page, Target(account.pk, when="+30"))
    page = publish(page)
    assert (of(account).state, of(account).due_at) == (State.CANCELLED, None)
    page = publish(page, Target(account.pk, when="+60"))
    assert of(account).due_at == page.last_published_at + timedelta(minutes=60)


def test_with_wagtails_own_schedule_it_counts_from_the_going_live(account, page):
    page.go_live_at = timezone.now() + timedelta(hours=1)
    tick(page, Target(account.pk, when="+30")).publish()
    assert not Delivery.objects.exists()
    past = timezone.now() - timedelta(minutes=1)
    revision = page.revisions.get(approved_go_live_at__isnull=False)
    revision.content["go_live_at"], revision.approved_go_live_at = past.isoformat(), past
    revision.save()
    call_command("publish_scheduled")
    assert near(of(account).due_at, timezone.now() + timedelta(minutes=30))


def test_a_publication_that_is_planned_late_counts_from_when_it_was(account, page):
    page = publish(page, Target(account.pk, when="+30"), Target(AccountFactory().pk, when=""))
    Delivery.objects.all().delete()
    published = timezone.now() - timedelta(minutes=20)
    NewsPage.objects.filter(pk=page.pk).update(last_published_at=published)
    TargetSet.objects.update(plan_at=timezone.now() - timedelta(seconds=1))
    assert plan.plan_late() == 1
    assert of(account).due_at == published + timedelta(minutes=30)
    assert of(account).expires_at == of(account).due_at + WINDOW
    assert near(Delivery.objects.exclude(account=account).get().expires_at, published + WINDOW)


def test_the_number_of_queries_does_not_depend_on_how_many_accounts(account, page, django_assert_max_num_queries):
    def targets(number):
        whens = ["slot", "+30", wall(2)[0], ""]
        slots = account.slots
        return [
            Target(AccountFactory(slots=slots).pk, f"Words {i}", NO_IMAGE if i % 2 else "", f"alt {i}", whens[i % 4])
            for i in range(number)
        ]

    def queries(work):
        with django_assert_max_num_queries(100) as captured:
            work()
        return len(captured)

    publish(page, account)  # fills caches
    few, many = targets(4), targets(24)  # SQLite takes no more in one INSERT
    pages = [NewsPageFactory(), NewsPageFactory()]
    revisions = [tick(pages[0], *few), tick(pages[1], *many)]
    assert queries(revisions[0].publish) == queries(revisions[1].publish)
    again = [
        tick(NewsPage.objects.get(pk=page.pk), *(Target(t.account_id, f"{t.wording}!", when=t.when) for t in chosen))
        for page, chosen in zip(pages, (few, many), strict=True)
    ]
    assert queries(again[0].publish) == queries(again[1].publish)
    for target in many:
        assert Delivery.objects.get(account=target.account_id).wording == f"{target.wording}!"
        assert Delivery.objects.get(account=target.account_id).when == target.when


def test_each_waiting_row_gets_its_own(page):
    accounts = [AccountFactory(slots=[{"days": list(range(7)), "time": "09:30"}]) for _ in range(4)]
    whens = ["+30", "slot", wall(2)[0], ""]
    page = publish(page, *accounts)
    page = publish(
        page, *(Target(a.pk, f"For {a}", "none", f"alt {a}", when) for a, when in zip(accounts, whens, strict=True))
    )
    for account, when in zip(accounts, whens, strict=True):
        row = of(account)
        assert (row.wording, row.image, row.alt, row.when) == (f"For {account}", "none", f"alt {account}", when)
        assert (row.due_at > timezone.now() + timedelta(seconds=20)) == bool(when)
        assert row.reason == ("scheduled" if when else "")
    assert near(of(accounts[0]).due_at, page.last_published_at + timedelta(minutes=30))


# What people may do meanwhile


def test_posted_now_after_all(account, page):
    publish(page, Target(account.pk, when="+30"))
    assert actions.allowed(of(account)) == ("send_now", "reschedule", "cancel")
    assert actions.send_now(of(account))
    assert not actions.send_now(of(account)), "a double click"
    send.drain()
    assert of(account).state == State.SENT


def test_a_retry_that_waits_for_its_network_is_not_hurried(account, page):
    publish(page, account)
    Delivery.objects.update(due_at=timezone.now() + timedelta(minutes=5), reason="network_down")
    assert actions.allowed(of(account)) == ("cancel",)
    assert not actions.send_now(of(account)) and not actions.reschedule(of(account), when="+5")


def test_another_time_is_chosen(account, page):
    publish(page, Target(account.pk, when="+30"))
    publish(NewsPageFactory(), Target(account.pk, when="slot"))
    taken = of(account).due_at
    first = Delivery.objects.get(page=page)
    assert actions.reschedule(first, when="slot")
    assert (first.when, first.due_at) == ("slot", taken + timedelta(days=1))
    when, moment = wall(5)
    assert actions.reschedule(first, when=when)
    assert (first.due_at, first.expires_at) == (moment, moment + WINDOW)
    publish(NewsPage.objects.get(pk=page.pk), Target(account.pk, when="+30"))
    assert Delivery.objects.get(page=page).due_at != moment, "the page has the last word when it says something else"


# Pictures


def sent_images():
    send.drain()
    [post] = Memory.outbox
    return post.message.images


def test_another_picture_with_another_description(account):
    own, chosen = picture_of("The river"), picture_of("The sensor")
    page = publish(NewsPageFactory(lead_image=own), Target(account.pk, image=str(chosen.pk), alt="A buoy"))
    preview = content.message_for(content.article_of(page), account, image=str(chosen.pk), alt="A buoy")
    [image] = sent_images()
    assert (image.reference, image.alt) == (str(chosen.pk), "A buoy")
    assert Memory.outbox[0].message == preview
    assert Memory.outbox[0].uploads[0].alt == "A buoy"
    assert of(account).notice == ""


def test_the_pictures_own_description(account):
    chosen = picture_of("The sensor")
    publish(NewsPageFactory(), Target(account.pk, image=str(chosen.pk)))
    assert sent_images()[0].alt == "The sensor"


def test_another_description_of_the_pages_own_picture(account):
    publish(NewsPageFactory(lead_image=picture_of("The river")), Target(account.pk, alt="The Elbe at dawn"))
    assert sent_images()[0].alt == "The Elbe at dawn"


def test_no_picture(account):
    publish(NewsPageFactory(lead_image=picture_of("The river")), Target(account.pk, image=NO_IMAGE))
    assert sent_images() == ()


@pytest.mark.parametrize("image", ["999999", "a word"])
def test_a_picture_that_was_deleted_is_replaced_and_said(account, image):
    own = picture_of("The river")
    publish(NewsPageFactory(lead_image=own), Target(account.pk, image=image, alt="A buoy"))
    [image] = sent_images()
    assert (image.reference, image.alt) == (str(own.pk), "The river"), "the words were about another picture"
    assert of(account).notice == "image_gone" and "deleted" in str(of(account).notice_text)


def test_a_deleted_picture_does_not_matter_in_a_preview(account):
    chosen = picture_of("The sensor")
    pk = str(chosen.pk)
    get_image_model().objects.filter(pk=pk).delete()
    page = NewsPageFactory(lead_image=picture_of("The river"))
    assert content.message_for(content.article_of(page), account, image=pk).images[0].alt == "The river"


def test_a_limit_that_depends_on_the_picture_is_counted_with_the_chosen_one():
    account = AccountFactory(network="telegram")
    article = content.article_of(NewsPageFactory(lead_image=picture_of("The river")))
    with_picture = content.measure_for(article, account)[1]
    assert with_picture < content.measure_for(article, account, image=NO_IMAGE)[1]


def test_old_rows_mean_the_pages_own_choice(account):
    page = NewsPageFactory(live=True, lead_image=picture_of("The river"))
    DeliveryFactory(page=page, account=account, due_at=timezone.now())
    assert sent_images()[0].alt == "The river"
    assert Account.objects.get(pk=account.pk).failures == 0
