"""How an account speaks: set on its form, heard in previews, counters and posts."""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import json
from urllib.parse import unquote, urlsplit

import pytest
import regex
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.urls import reverse
from wagtail.models import Locale

from tests.accounts.fixtures import fakenet, fakenet_server  # noqa: F401 (fixtures)
from tests.admin import editing
from tests.admin.accounts import (  # noqa: F401 (fixtures)
    VK_KEY,
    admin,
    beside,
    connect,
    create,
    edit_url,
    everything_logged,
    paste,
    text,
)
from tests.admin.editing import wording_of
from tests.factories import AccountFactory, DeliveryFactory, NewsPageFactory
from wagtail_syndicate.accounts import connect as connecting
from wagtail_syndicate.backends import registry
from wagtail_syndicate.compose import links
from wagtail_syndicate.delivery import send
from wagtail_syndicate.models import Account, Delivery


pytestmark = pytest.mark.django_db

WORDS = {"de": {"before": "Anzeige:", "after": "Ihr Team"}, "": {"after": "The team"}}
VOICE = {
    "template": "{title} - {summary}\n{hashtags}",
    "tracking": "utm_source={network}&utm_medium=social",
    "key_phrases": True,
    "fixed_words": WORDS,
}


@pytest.fixture
def german():
    return Locale.objects.get_or_create(language_code="de")[0]


def form_of(admin, account):
    return BeautifulSoup(admin.get(edit_url(account)).content, "html.parser")


def values(soup):
    """What a browser would send from the form."""
    form = soup.find(attrs={"name": "label"}).find_parent("form")
    found = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name, kind = field.get("name"), field.get("type")
        if not name or (kind in ("checkbox", "radio") and not field.has_attr("checked")) or field.has_attr("disabled"):
            continue
        value = field.get_text().removeprefix("\n") if field.name == "textarea" else field.get("value", "")
        if field.name == "select":
            value = (field.select_one("option[selected]") or field.find("option"))["value"]
        found.setdefault(name, []).append("on" if kind == "checkbox" and not value else value)
    return found


def save(admin, account, **changes):
    """Open the form, change something, save."""
    response = admin.post(edit_url(account), values(form_of(admin, account)) | changes)
    account.refresh_from_db()
    return response


def voice_of(account):
    return {name: getattr(account, name) for name in VOICE}


# The form


def test_all_of_it_can_be_set_and_is_shown_again(admin, german):
    account = AccountFactory()
    response = save(
        admin,
        account,
        **VOICE | {"key_phrases": "on"} | {"words-de-before": " Anzeige:  ", "words-de-after": "Ihr\tTeam"},
        **{"words--after": "The team"},
    )
    assert response.status_code == 302
    assert voice_of(account) == VOICE
    shown = values(form_of(admin, account))
    assert shown["template"] == [VOICE["template"]] and shown["tracking"] == [VOICE["tracking"]]
    assert (shown["words-de-before"], shown["words--before"]) == (["Anzeige:"], [""])
    assert account.voice("de").before == "Anzeige:" and account.voice("fr").after == "The team"


def test_a_new_account_may_speak_from_the_start(admin, german):
    create(admin, network="vk", **{"template": "{summary}", "words-de-after": "Ihr Team", "words-en-before": ""})
    account = Account.objects.get()
    assert account.template == "{summary}"
    assert account.fixed_words == {"de": {"after": "Ihr Team"}}


def test_emptied_words_are_forgotten(admin, german):
    account = AccountFactory(fixed_words=WORDS)
    save(admin, account, **{"words-de-before": "", "words-de-after": " "})
    assert account.fixed_words == {"": {"after": "The team"}}


def test_other_edits_and_scripts_leave_the_voice_alone(admin, german):
    account = AccountFactory(**VOICE)
    save(admin, account, label="Another name", active="")
    assert account.label == "Another name" and voice_of(account) == VOICE
    admin.post(edit_url(account), {"label": "By a script", "active": "on"})
    account.refresh_from_db()
    assert account.label == "By a script" and voice_of(account) == VOICE
    save(admin, account, key_phrases=[])
    assert not account.key_phrases


def test_connecting_again_and_disconnecting_leave_the_voice_alone(admin, fakenet):
    account = AccountFactory(network="mastodon", host=fakenet.url, status="new", remote_id="", handle="", **VOICE)
    connect(admin, account, **{"oauth2-host": fakenet.url})
    assert account.status == "connected" and voice_of(account) == VOICE
    connect(admin, account)
    assert account.status == "connected" and voice_of(account) == VOICE
    connecting.disconnect(account, None)
    account.refresh_from_db()
    assert voice_of(account) == VOICE


def section(soup, heading="How the account speaks"):
    return next(panel for panel in soup.select("[data-panel]") if panel.find(string=lambda t: t and heading in t))


def test_the_section_is_folded_away_while_it_is_empty(admin):
    assert "collapsed" in section(form_of(admin, AccountFactory()))["class"]
    for name, value in VOICE.items():
        assert "collapsed" not in section(form_of(admin, AccountFactory(**{name: value})))["class"], name
    response = create(admin, network="vk", template="{nothing}")
    assert "collapsed" not in section(BeautifulSoup(response.content, "html.parser"))["class"]


def rows(soup):
    """The languages that words can be given for, with when they are shown."""
    return {row.legend.get_text().strip(): row.get("data-w-rules") for row in soup.select("fieldset.syndicate-words")}


def test_each_language_of_the_account_has_its_inputs(admin, german):
    english = Locale.objects.get(language_code="en")
    account = AccountFactory()
    found = rows(form_of(admin, account))
    assert set(found) == {"English", "Deutsch", "In all other languages"}
    # Wagtail's script shows the ticked ones; all of them while none is ticked.
    assert json.loads(found["Deutsch"]) == [["locales", []], ["locales", [str(german.pk)]]]
    assert json.loads(found["English"]) == [["locales", []], ["locales", [str(english.pk)]]]
    assert found["In all other languages"] is None
    field = form_of(admin, account).find(attrs={"name": "words-de-before"})
    assert field["lang"] == "de"


def test_one_language_needs_no_choice_and_a_language_that_is_gone_keeps_its_words(admin):
    assert list(rows(form_of(admin, AccountFactory()))) == ["In every post"]
    account = AccountFactory(fixed_words={"de": {"before": "Anzeige:"}})
    assert list(rows(form_of(admin, account))) == ["English", "de", "In all other languages"]
    save(admin, account, label="Other")
    assert account.fixed_words == {"de": {"before": "Anzeige:"}}


# What is refused


@pytest.mark.parametrize(
    "template, says",
    [
        ("{title} {body}", "{body} is nothing that can be filled in"),
        ("{title.__class__} {summary}", "{title.__class__} is nothing"),
        ("Read this: {link}", "every post would say the same"),
        ("Read this", "every post would say the same"),
        ("{summary}" + "x" * 200, "These words take 200 of the 500"),
    ],
)
def test_templates_that_cannot_work(admin, template, says):
    account = AccountFactory()
    response = save(admin, account, template=template)
    assert says in beside(response, "template")
    assert account.template == ""


GOOD = [
    "utm_source={network}&utm_medium=social",
    "a=1",
    "a=",
    "pk_campaign=fr%C3%BChling&x[]=1",
    "c={account}-{language}",
    "ref=a:b/c,d.e~f",
]
BAD = [
    "utm_source",
    "utm source=1",
    "a=1 2",
    "a=1&amp;b=2",
    "a=1&&b=2",
    "a=1&",
    "&a=1",
    "?a=1",
    "a=1?b=2",
    "a=1#b",
    "=1",
    "a=ü",
    "a=%zz",
    "a=1\nb=2",
    'a="1"',
    "https://example.org/?a=1",
]


@pytest.mark.parametrize("tracking", GOOD)
def test_tracking_parameters(tracking):
    Account(label="Ours", network="vk", tracking=tracking).clean()
    filled = links.filled(tracking, network="vk", account="Our “é” & more", language="de")
    address = links.tracked("https://example.org/", filled)
    assert regex.fullmatch(r"https://example\.org/\?[\x21-\x7e]+", address)
    assert [pair.partition("=")[0] for pair in unquote(urlsplit(address).query).split("&")[:1]] == [
        tracking.partition("=")[0]
    ]


@pytest.mark.parametrize("tracking", BAD)
def test_tracking_parameters_that_would_break_an_address(tracking):
    with pytest.raises(ValidationError) as caught:
        Account(label="Ours", network="vk", tracking=tracking).clean()
    assert list(caught.value.message_dict) == ["tracking"]


def test_what_is_wrong_is_said_next_to_the_field(admin):
    account = AccountFactory()
    response = save(admin, account, tracking="?utm source", template="{titel}")
    assert "name=value" in beside(response, "tracking")
    assert "{titel} is nothing" in beside(response, "template")
    response = save(admin, account, tracking="utm_source={netzwerk}")
    assert "{netzwerk} is nothing" in beside(response, "tracking") and "{network}" in beside(response, "tracking")
    assert voice_of(account) == {"template": "", "tracking": "", "key_phrases": False, "fixed_words": {}}


@pytest.mark.parametrize("network", ["memory", "x", "weibo", "telegram", "bluesky"])
def test_fixed_words_leave_room_for_the_post(admin, network):
    account = AccountFactory(network=network)
    limits = registry.get(network).limits
    most = min(limits.length, limits.length_with(1)) // 3
    short, long = "字" * (most // limits.count("字")), "字" * (most // limits.count("字") + 1)
    response = save(admin, account, **{"words--before": short, "words--after": long})
    assert f"to {most} at most" in beside(response, "words--after")
    assert account.fixed_words == {}
    save(admin, account, **{"words--before": short, "words--after": short})
    assert account.fixed_words == {"": {"before": short, "after": short}}


def test_number_signs_are_refused_where_the_network_refuses_them(admin):
    account = AccountFactory(network="weibo")
    response = save(admin, account, template="#{title}#", **{"words--before": "#ad"})
    assert "Weibo refuses posts with number signs" in beside(response, "words--before")
    assert "Weibo refuses posts with number signs" in beside(response, "template")
    assert save(admin, AccountFactory(), template="{title} #ad").status_code == 302


# What becomes of it


def test_preview_counter_and_post_hold_all_of_it(client):
    account = AccountFactory(
        template="News: {title}\n{summary}\n{link}",
        tracking="utm_source={network}&utm_campaign={language}",
        fixed_words={"en": {"before": "Advertisement:", "after": "Your newsroom"}},
    )
    worded = AccountFactory(tracking="from={network}", fixed_words={"": {"after": "Your newsroom"}})
    client.force_login(editing.person("use_account"))
    page = NewsPageFactory()
    data = editing.filled(
        client,
        editing.edit_url(page),
        syndication__accounts=[account.pk, worded.pk],
        **{wording_of(worded): "Our own words."},
    )
    address = reverse("wagtail_syndicate:preview_edit", args=[page.pk])
    shown = editing.sent(client, address, data).json()["accounts"]
    text_of, own = shown[str(account.pk)]["text"], shown[str(worded.pk)]["text"]
    assert text_of.startswith(f"Advertisement: News: {page.title}\n{page.intro}\nhttp")
    assert "?utm_source=memory&utm_campaign=en" in text_of and text_of.endswith("Your newsroom")
    assert own.startswith("Our own words.\nYour newsroom\nhttp") and own.endswith("?from=memory")
    for key, found in ((account, text_of), (worded, own)):
        assert shown[str(key.pk)]["count"] == len(found)

    data["action-publish"] = "1"
    editing.sent(client, editing.edit_url(page), data)
    send.drain()

    deliveries = {delivery.account_id: delivery for delivery in Delivery.objects.all()}
    assert deliveries[account.pk].message.text == text_of
    assert deliveries[worded.pk].message.text == own
    record = text(client.get(reverse("wagtail_syndicate:record", args=[page.pk])))
    for delivery in deliveries.values():
        assert delivery.state == Delivery.State.SENT
        assert delivery.message.link in delivery.message.text
        assert f"Address in the post: {delivery.message.link}" in record


def test_fixed_words_count_when_an_editors_text_is_checked(client):
    account = AccountFactory(fixed_words={"": {"before": "x" * 100, "after": "y" * 100}})
    client.force_login(editing.person("use_account"))
    page = NewsPageFactory()
    for words, fits in (("word " * 40, True), ("word " * 62, False)):
        response = editing.saved(
            client, page, "action-publish", syndication__accounts=account.pk, **{wording_of(account): words.strip()}
        )
        assert (response.status_code == 302) is fits


def test_a_post_that_was_not_sent_has_no_address_to_show(client):
    client.force_login(editing.person("use_account"))
    page = NewsPageFactory(live=True)
    DeliveryFactory(page=page, state=Delivery.State.WAITING)
    DeliveryFactory(page=page, state=Delivery.State.POSTED)
    assert "Address in the post" not in text(client.get(reverse("wagtail_syndicate:record", args=[page.pk])))


def test_pasted_keys_leave_the_voice_alone(admin, fakenet):
    account = AccountFactory(network="vk", status="new", remote_id="", handle="", **VOICE)
    paste(admin, account, access_token=VK_KEY, group_id="101")
    account.refresh_from_db()
    assert account.status == "connected" and voice_of(account) == VOICE
