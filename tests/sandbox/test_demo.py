"""What ``manage.py demo`` makes of the deliveries: rows, JSON, tables. Its processes are left out here."""

import json
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from wagtail.models import Locale

from sandbox.home.management.commands import demo
from sandbox.home.models import NewsPage
from sandbox.stage import newsroom, table
from sandbox.stage.browser import Surprise
from sandbox.stage.newsroom import Row
from sandbox.stage.processes import Stage
from wagtail_syndicate.models import Account, Delivery


STAGE = Stage("http://localhost:8000", "http://127.0.0.1:8900", Path("logs"))
State = Delivery.State


def row(**changes):
    told = {"article": "Titel", "language": "de", "account": "XING, Deutschland", "network": "xing", "state": "posted"}
    return Row(**told | {"permalink": "http://127.0.0.1/1", "text": "Ein Satz."} | changes)


@pytest.fixture
def article(published):
    return NewsPage.objects.get(locale__language_code="ja")


@pytest.fixture
def deliver(article):
    def make(network, state=State.SENT, **fields):
        account = Account.objects.create(label=network, network=network)
        shown = {"page_title": article.title, "account_label": network, "language": "ja"}
        return Delivery.objects.create(page=article, account=account, network=network, state=state, **shown, **fields)

    return make


def posted(network, post_id, article, **changes):
    address = f"http://127.0.0.1:8900/{network}/{post_id}"
    return {"network": network, "id": post_id, "permalink": address, "text": "文", "link": article.full_url} | changes


@pytest.fixture
def rows():
    def read(*posts):
        answer = mock.Mock(json=lambda: list(posts))
        with mock.patch.object(newsroom.requests, "get", return_value=answer):
            return newsroom.rows(STAGE)

    return read


def test_a_post_is_found_by_its_address_or_else_by_its_id(article, deliver, rows):
    x, line = posted("x", "7", article), posted("line", "abc", article)
    deliver("x", remote_id="7", permalink=x["permalink"])
    deliver("line", remote_id="abc", notice="picture_address")
    found = rows(x, line)
    assert [(row.network, row.text, row.as_expected) for row in found] == [("x", "文", True), ("line", "文", True)]
    assert found[0].notice == "" and "without it" in found[1].notice


@pytest.mark.parametrize(
    ("state", "changes", "complaint"),
    [
        (State.FAILED, {}, "failed instead of sent"),
        (State.SENT, {"link": "https://example.org/other"}, "does not lead to the article"),
        (State.SENT, {"id": "8", "permalink": "http://127.0.0.1:8900/x/8"}, "does not have it"),
    ],
)
def test_what_is_wrong_is_said(article, deliver, rows, state, changes, complaint):
    deliver("x", state, remote_id="7", permalink="http://127.0.0.1:8900/x/7")
    if "id" in changes:
        with pytest.raises(Surprise, match="Nobody asked"):
            rows(posted("x", "7", article, **changes))
        found = rows()
    else:
        found = rows(posted("x", "7", article, **changes))
    assert complaint in found[0].complaint and not found[0].as_expected


def test_a_post_that_was_made_twice_is_noticed(article, deliver, rows):
    once, again = posted("x", "7", article), posted("x", "8", article)
    deliver("x", remote_id="7", permalink=once["permalink"])
    with pytest.raises(Surprise, match="x/8"):
        rows(once, again)


def run(rows, *options):
    out = StringIO()
    with mock.patch.object(demo.Command, "perform", lambda self: rows):
        call_command("demo", *options, stdout=out)
    return out.getvalue()


def test_json_is_a_list_of_deliveries_and_nothing_else():
    found = json.loads(run([row(), row(network="vk", state="sent", text="Текст")], "--json"))
    assert [(delivery["network"], delivery["text"]) for delivery in found] == [("xing", "Ein Satz."), ("vk", "Текст")]
    names = {"article", "language", "account", "network", "state", "permalink", "text", "notice"}
    assert all(set(delivery) == names for delivery in found)


def test_the_demo_fails_when_a_delivery_does():
    with pytest.raises(CommandError, match="Titel → XING, Deutschland: failed instead of posted"):
        run([row(), row(state="failed", complaint="failed instead of posted")])
    with pytest.raises(CommandError):
        run([])


def test_the_table_names_each_network_once_and_explains_notices_once():
    found = [
        row(),
        row(account="LINE", network="line", state="sent", notice="Ohne Bild.", language="ja"),
        row(account="LINE", network="line", state="sent", notice="Ohne Bild.", language="de"),
    ]
    lines = list(table.networks(found))
    assert [line.split()[0] for line in lines[1:3]] == ["LINE", "XING"]
    assert "2 sent [1]" in lines[1] and lines[1].endswith("ja, de")
    assert "1 posted" in lines[2] and "Assisted" in lines[2]
    assert lines[3:] == ["", "[1] Ohne Bild."]


def test_an_article_is_named_once_above_its_posts():
    shown = "\n".join(table.articles([row(), row(account="Mastodon", permalink="", text="a\nb")], 40))
    assert shown.count("Titel  [de]") == 1
    assert "Mastodon · posted · no public address\n      a\n      b" in shown


@pytest.mark.parametrize(
    "text", ["水質計測セミナー2027 東京で開催します", "eins zwei drei vier fünf sechs", "W" * 50, ""]
)
def test_lines_fit_into_the_terminal_and_lose_nothing(text):
    pieces = list(table.wrapped(text, 12))
    assert all(table.width_of(piece) <= 12 for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_words_stay_whole_where_there_are_spaces():
    assert list(table.wrapped("eins zwei drei", 9)) == ["eins zwei", "drei"]


def test_an_editor_is_surprised_by_accounts_of_another_language(published):
    article = NewsPage.objects.get(locale=Locale.objects.get(language_code="fr"))
    page = mock.Mock()
    page.form.return_value.select.return_value = []
    with pytest.raises(Surprise, match="Viadeo"):
        newsroom.publish(mock.Mock(open=lambda url: page), STAGE, article)
