"""With 1,000,000 old deliveries nothing that runs again and again reads them: asked of the databases themselves."""

import json
import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.management.color import no_style
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from sandbox.home.models import NewsPage
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory, UserFactory, publish
from tests.services.conftest import need
from wagtail_syndicate.admin import posted, record, waiting
from wagtail_syndicate.delivery import chosen, guards, lanes, monitor, plan, reconcile, sweep
from wagtail_syndicate.models import Account, Attempt, Delivery
from wagtail_syndicate.types import Receipt


OLD = 1_000_000
PAGES = 50  # and accounts
TABLE = Delivery._meta.db_table

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor == "sqlite", reason="a question for PostgreSQL and MariaDB"),
]


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """The million, of 50 accounts and at most two years old, and a few open rows; gone after these tests."""
    need(*{"postgresql": ("PostgreSQL", 5432), "mysql": ("MariaDB", 3306)}[connection.vendor])
    with django_db_blocker.unblock():
        pages = [NewsPageFactory(live=True) for _ in range(PAGES)]
        accounts = [AccountFactory() for _ in range(PAGES)]
        sample = DeliveryFactory(
            page=pages[0], account=accounts[0], state="sent", remote_id="x", payload={"text": "."}
        )
        first_page, first_account = pages[0].pk, accounts[0].pk
        columns = [field.column for field in Delivery._meta.local_concrete_fields if not field.primary_key]
        values = dict.fromkeys(columns)
        for column in columns:
            values[column] = f"d.{connection.ops.quote_name(column)}"
        postgres = connection.vendor == "postgresql"
        moment = (
            "now() - (random() * interval '2 years')"
            if postgres
            else "utc_timestamp(6) - interval floor(rand() * 63000000) second"
        )
        # Most pages were deleted since: a page of its own for each of the million would take minutes to make.
        values["page_id"] = f"case when n <= {20 * PAGES} then {first_page} + mod(n, {PAGES}) end"
        values["account_id"] = f"{first_account} + mod(n * 7, {PAGES})"
        values["generation"] = "n"
        values["state"] = "case when mod(n, 500) = 0 then 'failed' when mod(n, 77) = 0 then 'skipped' else 'sent' end"
        values["remote_id"] = "concat('post-', n)"
        for column in ("created_at", "updated_at", "sent_at", "first_sent_at", "expires_at"):
            values[column] = moment
        values["due_at"] = "null"
        series = f"generate_series(2, {OLD}) n" if postgres else f"(select seq as n from seq_2_to_{OLD}) s"
        names = ", ".join(connection.ops.quote_name(column) for column in columns)
        chosen = ", ".join(values[column] for column in columns)
        table = connection.ops.quote_name(TABLE)
        with connection.cursor() as cursor:
            if not postgres:
                cursor.execute("set foreign_key_checks = 0, unique_checks = 0")
            with _built_afterwards(Delivery._meta.indexes):
                cursor.execute(
                    f"insert into {table} ({names}) select {chosen} from {series}, {table} d where d.id = {sample.pk}"
                )
            if not postgres:
                cursor.execute("set foreign_key_checks = 1, unique_checks = 1")
        for number in range(40):
            DeliveryFactory(
                page=pages[number],
                account=accounts[number],
                generation=OLD + 1,
                state=["waiting", "waiting", "unknown", "assisted"][number % 4],
                due_at=timezone.now() - timedelta(minutes=number) if number % 4 != 3 else None,
                expires_at=timezone.now() + timedelta(hours=number - 20),
            )
            if number % 4 == 0:  # and posts that are to be deleted, among a million that are not
                Delivery.objects.filter(page=pages[number], account=accounts[number], state="sent").update(
                    wish="delete", due_at=timezone.now() - timedelta(minutes=number)
                )
        with connection.cursor() as cursor:
            cursor.execute(f"{'analyze' if postgres else 'analyze table'} {table}")
        yield pages, accounts
        connection.ops.execute_sql_flush(
            connection.ops.sql_flush(no_style(), [Attempt._meta.db_table, TABLE], reset_sequences=True)
        )
        Account.objects.all().delete()
        for page in pages:
            NewsPage.objects.get(pk=page.pk).delete()


@contextmanager
def _built_afterwards(indexes):
    """Filling a table is far quicker while it has none of these."""
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Delivery, index)
    yield
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(Delivery, index)


@pytest.fixture
def asked(filled, db):
    """Runs something and returns the queries on deliveries that it made, each with its plan."""

    def ask(work):
        with CaptureQueriesContext(connection) as captured:
            work()
        found = [query["sql"] for query in captured if TABLE in query["sql"]]
        plans = [(sql, explain(sql)) for sql in found if sql.startswith(("SELECT", "UPDATE", "DELETE"))]
        assert plans
        return plans

    return ask


def explain(sql):
    """How the database goes about a query: PostgreSQL's lines, or MariaDB's rows as dictionaries.

    MariaDB's estimates do not heed LIMIT, so what is only read is read, and counted.
    """
    counts = connection.vendor == "mysql" and sql.startswith("SELECT")
    with connection.cursor() as cursor:
        cursor.execute(f"{'ANALYZE' if counts else 'EXPLAIN'} {sql}")
        if connection.vendor == "postgresql":
            return [line for (line,) in cursor.fetchall()]
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def reads_everything(plan_of_query) -> bool:
    """Whether a good part of the million is read, in the table or in an index."""
    if connection.vendor == "postgresql":
        # The cost says it best: a scan of a whole index may be estimated to find few rows.
        return float(re.search(r"cost=[\d.]+\.\.([\d.]+)", plan_of_query[0])[1]) > OLD / 200
    # "1 (0%)" where another index filters what the first one finds.
    read = [str(row.get("r_rows", row["rows"]) or 0).split()[0] for row in plan_of_query]
    return any(float(rows) > OLD / 100 for rows in read)


def assert_indexed(plans):
    for sql, plan_of_query in plans:
        assert not reads_everything(plan_of_query), f"{sql}\n{json.dumps(plan_of_query, indent=1, default=str)}"


def test_this_would_see_a_query_that_reads_everything(asked):
    [(_sql, plan_of_query)] = asked(lambda: Delivery.objects.filter(wording__contains="x").count())
    assert reads_everything(plan_of_query)


def test_the_sweep_tidies(asked):
    assert_indexed(asked(sweep.tidy))


def test_lanes_that_have_something_due(asked):
    assert_indexed(asked(lanes.due_accounts))


def test_a_lane_is_claimed_and_its_next_delivery_found(asked):
    def work():
        account = Delivery.objects.filter(lanes.due()).values_list("account_id", flat=True).first()
        lanes.claim(account)
        assert lanes.next_of(account) is not None

    assert_indexed(asked(work))


def test_lanes_are_claimed_and_their_next_deliveries_found_together(asked):
    def work():
        accounts = lanes.due_accounts()
        held = lanes.claim_all(accounts)
        assert len(held) > 1 and len(lanes.next_of_each(accounts)) > 1
        lanes.release_all(held)

    assert_indexed(asked(work))


def test_who_is_asked_about_posts(asked):
    assert_indexed(asked(lambda: list(Delivery.objects.filter(wish="ask").order_by("-pk")[:50])))


def test_posting_times_that_are_taken(asked, filled):
    assert_indexed(asked(lambda: chosen.taken_slots([account.pk for account in filled[1][:3]])))


def test_a_publication_is_planned(asked, filled):
    def work():
        page = publish(NewsPageFactory(), *filled[1][:3])
        plan.withdraw(page)

    assert_indexed(asked(work))


def test_the_panel_of_a_page(asked, filled):
    page = filled[0][1]

    def work():
        assert len(record.record_of(page, UserFactory())["entries"]) > 10

    assert_indexed(asked(work))


@pytest.mark.parametrize("state", [None, "waiting", "failed", "sent"])
def test_lists_of_deliveries_the_latest_first(asked, state):
    chosen = {"state": state} if state else {}
    assert_indexed(asked(lambda: list(Delivery.objects.filter(**chosen).order_by("-pk")[:50])))


def test_figures_for_monitoring(asked):
    assert_indexed(asked(monitor.figures))


def test_the_cap_of_an_account(asked, filled, settings):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "MAX_PER_HOUR": 20}
    assert_indexed(asked(lambda: guards.cap_wait(filled[1][3])))


def test_whether_a_post_that_was_found_is_anothers(asked, filled):
    delivery = Delivery(account=filled[1][0], account_id=filled[1][0].pk)
    assert_indexed(asked(lambda: reconcile.is_anothers(delivery, Receipt("post-77", ""))))


REPORTS = (
    {},
    {"state": ["failed"]},
    {"network": ["vk"]},
    {"region": ["china"]},
    {"language": ["ja"]},
    {"created_at_from": "2026-11-01"},
    {"account": "first"},
    {"account": "first", "state": ["failed"], "created_at_from": "2026-11-01"},
)


@pytest.mark.parametrize("query", REPORTS, ids=str)
def test_the_report(asked, filled, client, query):
    client.force_login(UserFactory())
    if "account" in query:
        query = {**query, "account": [filled[1][0].pk]}

    def work():
        assert client.get(reverse("wagtail_syndicate:report"), query).status_code == 200

    assert_indexed(asked(work))


def test_what_waits_for_a_person(asked):
    assert_indexed(asked(lambda: waiting.groups_for(UserFactory())))
    assert_indexed(asked(lambda: waiting.count_for(UserFactory())))


def test_the_marks_on_pages(asked, filled, client):
    client.force_login(UserFactory())
    page = filled[0][3]

    def work():
        client.get(reverse("wagtailadmin_explore", args=[page.get_parent().pk]))
        client.get(reverse("wagtail_syndicate:posts", args=[page.pk]))
        list(posted.header_buttons(page, UserFactory(), "edit"))

    assert_indexed(asked(work))
