"""The posts that a page or a text would become, on the command line."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from wagtail.models import Locale

from sandbox.home.models import HomePage, Page
from tests.factories import AccountFactory, NewsPageFactory, picture_of, tick
from wagtail_syndicate.backends import registry
from wagtail_syndicate.models import Account


pytestmark = pytest.mark.django_db


def preview(*args):
    out = io.StringIO()
    call_command("syndicate_preview", *map(str, args), stdout=out)
    return out.getvalue()


def told(*args):
    return json.loads(preview(*args, "--json"))


@pytest.fixture
def page():
    page = NewsPageFactory(title="A clean river", slug="river", intro="Our river is clean.", body="<p>Swim!</p>")
    page.save_revision()
    return page


def test_every_network_by_id(page):
    posts = told(page.pk)
    assert [post["network"] for post in posts] == [backend.name for backend in registry.all_backends()]
    for post in posts:
        backend = registry.get(post["network"])
        assert post["count"] == backend.limits.count(post["text"]) <= post["limit"]
        assert post["source"] == "intro"


def test_one_network_for_people(page):
    post = f"Our river is clean.\n{page.get_full_url()}"
    count = registry.get("x").limits.count(post)
    assert preview(page.pk, "--network", "x") == f"=== X: {count} of 280, from: intro\n{post}\n"


def test_cards_emphasis_and_pictures_are_shown(page):
    text = preview(page.pk, "--network", "telegram", "--network", "bluesky")
    assert "**A clean river**\n\nOur river is clean." in text
    assert f"[A clean river | Swim! | {page.get_full_url()}]" in text
    assert text.index("=== Telegram") < text.index("=== Bluesky")


def test_pictures_are_told(page):
    page.lead_image = picture_of("Children swim")
    page.save_revision()
    assert "(picture: Children swim)" in preview(page.pk, "--network", "x")
    assert told(page.pk, "--network", "x")[0]["images"] == ["Children swim"]
    page.lead_image = picture_of("")
    page.save_revision()
    assert "(picture: without a description)" in preview(page.pk, "--network", "x")


@pytest.mark.parametrize(
    "path", ["/river/", "river", "/river", "https://www.example.org/river/?a=1", "/newsroom/river/"]
)
def test_a_page_by_its_path(page, path):
    assert told(path, "--network", "x")[0]["text"].startswith("Our river is clean.")


def test_the_latest_draft_is_read(page):
    page.intro = "Our river is blue."
    page.save_revision()
    assert told(page.pk, "--network", "x")[0]["text"].startswith("Our river is blue.")


def translated(page, language):
    locale = Locale.objects.create(language_code=language)
    home = HomePage(title="Home", slug=f"home-{language}", locale=locale)
    Page.get_first_root_node().add_child(instance=home)
    other = NewsPageFactory(title="河水清了", intro="我们的河水清了。", slug="river", parent=home)
    other.locale, other.translation_key = locale, page.translation_key
    other.save()
    return other


def test_a_translation(page):
    translated(page, "zh-hans")
    for source in (page.pk, "/river/"):
        [post] = told(source, "--network", "x", "--language", "zh-hans")
        assert (post["text"].splitlines()[0], post["language"]) == ("我们的河水清了。", "zh-hans")
        assert told(source, "--network", "x", "--language", "en")[0]["language"] == "en"
    with pytest.raises(CommandError, match="no translation into fr"):
        preview(page.pk, "--language", "fr")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("999999",), "There is no page 999999"),
        (("/nowhere/",), "There is no page /nowhere/"),
        (("/river/", "--network", "myspace"), "no network called 'myspace'"),
        (("/river/", "--accounts"), "No account is connected"),
    ],
)
def test_what_is_wrong_is_told(page, args, message):
    with pytest.raises(CommandError, match=message):
        preview(*args)


def test_a_path_of_several_pages_asks_for_an_id(page):
    home = page.get_parent().specific
    Page.objects.filter(pk=home.pk).update(url_path="/")
    other = HomePage(title="Other", slug="river-2")
    Page.get_first_root_node().add_child(instance=other)
    Page.objects.filter(pk=other.pk).update(url_path="/river/")
    Page.objects.filter(pk=page.pk).update(url_path="/newsroom/river/")
    Page.objects.filter(pk=home.pk).update(url_path="/newsroom/")
    with pytest.raises(CommandError, match=rf"give an id: .*\b{page.pk}\b"):
        preview("/river/")


# Accounts


def test_accounts_speak_as_they_do(page):
    speaking = AccountFactory(
        label="Office",
        template="News: {summary} {link}",
        fixed_words={"": {"after": "Paid"}},
        tracking="utm_source={network}",
    )
    worded = AccountFactory(label="Press")
    AccountFactory(label="Not connected", status=Account.Status.NEW)
    AccountFactory(label="Switched off", active=False)
    AccountFactory(label="French", locales=["fr"])
    tick(page, speaking, worded, wordings={worded.pk: "Swim with us!"})
    first, second = told(page.pk, "--accounts", "--network", "memory")
    url = page.get_full_url()
    assert (first["account"], first["source"]) == ("Office", "intro")
    assert first["text"] == f"News: Our river is clean. {url}?utm_source=memory\nPaid"
    assert (second["account"], second["text"], second["source"]) == ("Press", f"Swim with us!\n{url}", "account")
    assert "=== Memory (tests), Office: " in preview(page.pk, "--accounts")


def test_a_post_that_cannot_be_made_says_why_and_the_others_are_made(page):
    account = AccountFactory()
    tick(page, account, AccountFactory(label="Zoo"), wordings={account.pk: "x" * 600})
    text = preview(page.pk, "--accounts")
    head, sentence, *_others = text.splitlines()
    assert head.endswith(" of 500")
    assert "too long" in sentence
    assert "Our river is clean." in text
    assert [("error" in post) for post in told(page.pk, "--accounts")] == [True, False]


# A text without a page


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\ufeffDer Fluss ist sauber. Man misst\nihn.\n\n \nMan schwimmt.\n", encoding="utf-8")
    return path


def test_a_text_file(file):
    args = (file, "--title", "Ein Fluss", "--url", "https://example.org/fluss/", "--lang", "de")
    [post] = told(*args, "--network", "telegram")
    assert post["text"] == (
        "Ein Fluss\n\nDer Fluss ist sauber. Man misst ihn.\n\nMan schwimmt.\n\nhttps://example.org/fluss/"
    )
    assert (post["language"], post["source"], post["bold"]) == ("de", "body", ["Ein Fluss"])


def test_a_text_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("The river is clean."))
    [post] = told("-", "--title", "A river", "--network", "x")
    assert (post["text"], post["language"]) == ("The river is clean.", "en")


@pytest.mark.parametrize("data", [b"", b" \n\n\t \n", "\ufeff".encode()])
def test_an_empty_file(tmp_path, data):
    path = tmp_path / "empty.txt"
    path.write_bytes(data)
    with pytest.raises(CommandError, match="is empty"):
        preview(path, "--title", "A river")


def test_files_that_are_none(tmp_path, file):
    with pytest.raises(CommandError, match="cannot be read"):
        preview(tmp_path / "missing.txt", "--title", "A river")
    (tmp_path / "latin.txt").write_bytes("Grüße".encode("latin-1"))
    with pytest.raises(CommandError, match="cannot be read as a text in UTF-8"):
        preview(tmp_path / "latin.txt", "--title", "A river")
    with pytest.raises(CommandError, match="add --title"):
        preview(file)


def test_accounts_and_a_text_file(file):
    AccountFactory(label="Office", fixed_words={"de": {"before": "Anzeige:"}})
    [post] = told(file, "--title", "Ein Fluss", "--lang", "de", "--accounts")
    assert post["text"].startswith("Anzeige: Ein Fluss")
