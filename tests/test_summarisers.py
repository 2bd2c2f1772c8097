"""Summarisers that a site brings: what they may do, what happens when they fail, and that what is seen is sent."""

import threading
from dataclasses import replace

import pytest
from django.core.cache import cache
from django.core.cache.backends.dummy import DummyCache
from django.urls import reverse

from tests.admin import editing
from tests.factories import AccountFactory, NewsPageFactory, publish
from wagtail_syndicate import checks, summarisers
from wagtail_syndicate.backends import registry
from wagtail_syndicate.compose import article as articles
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.delivery import content, send
from wagtail_syndicate.models import Account, Delivery
from wagtail_syndicate.types import Article, Block


SECRET = "Nobody outside may read this sentence"
ARTICLE = Article(
    "Sensors reach the river",
    "https://example.org/river/",
    "en",
    blocks=(
        Block("paragraph", f"{SECRET}, said the director. The sensors measure the river every minute."),
        Block("paragraph", "New stations will follow in May. The data is open to everybody who asks for it."),
    ),
)


class Helper:
    """A summariser that answers as a test tells it, and remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.answer = "Sensors now measure the river, minute by minute."

    def __call__(self, request):
        self.asked.append(request)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer(request) if callable(self.answer) else self.answer


helper = Helper()


def other(request):
    return "Words of another summariser, for this network alone."


@pytest.fixture
def ask(settings):
    """Settings with a summariser, which can be told what to answer."""
    helper.__init__()
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "SUMMARISER": "tests.test_summarisers.helper"}
    return helper


def account(network="memory", **values):
    return Account(label="Ours", network=network, collection_id=1, **values)


@pytest.fixture
def no_teaser(monkeypatch):
    """Pages of the sandbox have an introduction, which would be posted as it is."""
    monkeypatch.setattr(articles, "TEASERS", ())


def embedded(of):
    """What is posted without any summariser of the site's."""
    backend = of.backend_class(of.public_connection)
    return compose(ARTICLE, backend.limits, backend.style)


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "wagtail_syndicate.summarisers"]


def test_without_the_setting_nobody_is_asked():
    assert summarisers.of("memory") is None
    assert content.message_for(ARTICLE, account()).source == "body"


def test_its_text_is_posted_and_the_panel_says_so(ask):
    message = content.message_for(ARTICLE, account())
    assert message.text == f"{ARTICLE.title}\n{ask.answer}\n{ARTICLE.url}"
    assert message.source == "summariser"
    assert content.measure_for(ARTICLE, account())[0] == len(message.text)
    # Cards keep the description that is made here.
    assert message.description == embedded(account()).description


def test_what_it_is_asked(ask):
    content.message_for(ARTICLE, account("linkedin"))
    backend = registry.get("linkedin")
    [request] = ask.asked
    assert (request.article, request.language, request.network) == (ARTICLE, "en", "linkedin")
    assert request.style == backend.style
    assert request.count("(a)") == backend.limits.count("(a)") != 3
    assert request.budget == backend.style.target
    assert request.fits("a" * 3000) and not request.fits("a" * 3001)
    assert not request.with_title


def test_the_budget_leaves_room_for_what_stands_around_the_text(ask):
    speaking = account(template="{title} -- {summary}", fixed_words={"": {"before": "Ad:", "after": "Signed"}})
    content.message_for(ARTICLE, speaking)
    [request] = ask.asked
    assert request.with_title
    ask.answer = "x" * request.budget
    cache.clear()
    message = content.message_for(ARTICLE, speaking)
    assert ask.answer in message.text
    assert len(message.text) == registry.get("memory").style.target


@pytest.mark.parametrize("words", ["teaser", "wording"])
def test_the_editors_words_come_first(ask, words):
    article = replace(ARTICLE, teaser="An editor's teaser.") if words == "teaser" else ARTICLE
    message = content.message_for(article, account(), "An editor's wording." if words == "wording" else "")
    assert "An editor's" in message.text
    assert ask.asked == []


@pytest.mark.parametrize(
    "answer, says",
    [
        ("", "gave no text"),
        (" \n\u200b ", "gave no text"),
        (None, "NoneType instead of a text"),
        ("word " * 400, "too long"),
        ("Read on at https://elsewhere.example now.", "address"),
        ("Thanks to @somebody for the sensors.", "mention"),
        (ValueError(SECRET), "failed with ValueError"),
        (SystemExit(SECRET), "failed with SystemExit"),
    ],
    ids=["empty", "blank", "none", "long", "address", "mention", "error", "exit"],
)
def test_whatever_goes_wrong_the_embedded_one_helps_out(ask, caplog, answer, says):
    ask.answer = answer
    expected = embedded(account())
    assert content.message_for(ARTICLE, account()) == expected
    assert expected.source == "body"
    [warning] = warnings(caplog)
    assert says in warning and "tests.test_summarisers.helper" in warning and "memory" in warning
    assert SECRET not in caplog.text and "elsewhere" not in caplog.text


def test_one_that_is_too_slow_is_left_behind_and_left_alone_for_a_while(ask, caplog, settings):
    settings.WAGTAIL_SYNDICATE["SUMMARISER_SECONDS"] = 0.2
    go_on = threading.Event()
    ask.answer = lambda request: go_on.wait(60) and "Too late."
    try:
        assert content.message_for(ARTICLE, account()).source == "body"
        assert content.message_for(replace(ARTICLE, title="Another"), account()).source == "body"
    finally:
        go_on.set()
    assert len(ask.asked) == 1
    assert "took too long" in warnings(caplog)[0] and "a moment ago" in warnings(caplog)[1]
    assert SECRET not in caplog.text


def test_what_it_writes_is_made_clean(ask):
    ask.answer = "  First\tpart\x00 of it.\r\n\r\n\r\nSecond\u2028 part\u00ad.  "
    assert content.message_for(ARTICLE, account("mastodon")).text.startswith("First part of it. Second part.\n")
    assert content.message_for(ARTICLE, account("linkedin")).text == "First part of it.\n\nSecond part."
    ask.answer = "第一句。\n\n第二句。"
    assert content.message_for(replace(ARTICLE, language="zh-hans"), account("x")).text.startswith("第一句。第二句。")


def test_forbidden_number_signs_and_mentions_are_as_harmless_as_in_other_texts(ask):
    ask.answer = "The #river is measured."
    assert "#" not in content.message_for(ARTICLE, account("weibo")).text


def test_it_is_asked_once_and_by_all_that_matters(ask):
    for _time in range(3):
        content.message_for(ARTICLE, account())
        content.measure_for(ARTICLE, account())
    # Publishing may change the address; nothing else is as it was for these.
    content.message_for(replace(ARTICLE, url="https://example.org/moved/", tags=("a",)), account(network="memory"))
    assert len(ask.asked) == 1
    content.message_for(replace(ARTICLE, title="Another title"), account())
    content.message_for(replace(ARTICLE, blocks=ARTICLE.blocks[:1]), account())
    content.message_for(replace(ARTICLE, language="fr"), account())
    content.message_for(ARTICLE, account("mastodon"))
    content.message_for(ARTICLE, account(fixed_words={"": {"before": "Advertisement:"}}))
    assert len(ask.asked) == 6


def test_a_failure_is_kept_too_so_that_what_was_seen_is_sent(ask):
    ask.answer = ""
    seen = content.message_for(ARTICLE, account())
    ask.answer = "It works again."
    assert content.message_for(ARTICLE, account()) == seen


def test_the_quicker_of_two_is_followed(ask):
    def meanwhile(request):
        one = summarisers.of("memory")
        cache.add(summarisers.key_of(one, request), "What somebody else saw.", 60)
        return "What came too late."

    ask.answer = meanwhile
    assert "\nWhat somebody else saw.\n" in content.message_for(ARTICLE, account()).text


def test_a_cache_that_keeps_nothing_does_no_harm(ask, monkeypatch):
    monkeypatch.setattr(summarisers, "cache", DummyCache("", {}))
    assert content.message_for(ARTICLE, account()).source == "summariser"


def test_networks_have_their_own(ask, settings):
    networks = {"memory": {"SUMMARISER": "tests.test_summarisers.other"}, "x": {"SUMMARISER": None}, "vk": {}}
    settings.WAGTAIL_SYNDICATE["NETWORKS"] = networks
    assert "\nWords of another summariser" in content.message_for(ARTICLE, account()).text
    assert content.message_for(ARTICLE, account("x")).source == "body"
    assert content.message_for(ARTICLE, account("vk")).text.startswith(ask.answer)


def test_a_setting_that_leads_nowhere_stops_nothing_and_is_an_error_at_start(settings, caplog):
    settings.WAGTAIL_SYNDICATE = {**settings.WAGTAIL_SYNDICATE, "SUMMARISER": "nowhere.summarise"}
    assert content.message_for(ARTICLE, account()).source == "body"
    assert "nowhere.summarise" in warnings(caplog)[0]
    settings.WAGTAIL_SYNDICATE["NETWORKS"] = {"x": {"SUMMARISER": "wagtail_syndicate.types.nothing"}, "vk": {}}
    ids = [message.id.rpartition(".")[2] for message in checks.check_summarisers()]
    assert ids == ["E004", "E004", "W004"]


def test_checks_are_content_with_a_summariser_and_a_shared_cache(ask, settings):
    assert [message.id for message in checks.check_summarisers()] == ["wagtail_syndicate.W004"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
    assert checks.check_summarisers() == []


@pytest.mark.parametrize("networks", [None, ["mastodon"]])
def test_checks_survive_other_mistakes(ask, settings, networks):
    settings.WAGTAIL_SYNDICATE["NETWORKS"] = networks
    assert checks.check_summarisers()


def test_a_preview_asks_for_all_texts_at_the_same_time(ask):
    meeting = threading.Barrier(3, timeout=20)

    def together(request):
        meeting.wait()
        return f"A text for {request.network}, written at the same time."

    ask.answer = together
    chosen = [(account(name), "") for name in ("x", "mastodon", "vk", "x")] + [(account("weibo"), "Own words.")]
    content.prepare(ARTICLE, chosen)
    assert {request.network for request in ask.asked} == {"x", "mastodon", "vk"}
    for of, _wording in chosen[:4]:
        assert content.message_for(ARTICLE, of).text.startswith(f"A text for {of.network}")
    assert len(ask.asked) == 3


@pytest.mark.django_db
def test_what_the_panel_shows_is_what_is_sent(ask, client, no_teaser):
    number = iter(range(100))
    ask.answer = lambda request: f"Every time other words: {next(number)}."
    of = AccountFactory()
    client.force_login(editing.person("use_account"))
    page = NewsPageFactory()
    data = editing.filled(client, editing.edit_url(page), syndication__accounts=of.pk)
    shown = editing.sent(client, reverse("wagtail_syndicate:preview_edit", args=[page.pk]), data).json()["accounts"][
        str(of.pk)
    ]
    assert "summariser" in shown["source_text"]
    assert shown["count"] == len(shown["text"])

    publish(page, of)
    send.drain()

    delivery = Delivery.objects.get()
    assert delivery.message.text == shown["text"]
    assert len(ask.asked) == 1


@pytest.mark.django_db
def test_what_is_sent_is_frozen_when_the_cache_lost_it(ask, no_teaser):
    number = iter(range(100))
    ask.answer = lambda request: f"Every time other words: {next(number)}."
    page = NewsPageFactory()
    of = AccountFactory(by_hand=True)
    publish(page, of)
    send.drain()
    frozen = Delivery.objects.get().message
    cache.clear()
    Delivery.objects.update(state=Delivery.State.WAITING, due_at=Delivery.objects.get().created_at)
    send.drain()
    assert Delivery.objects.get().message == frozen
    assert len(ask.asked) == 1
