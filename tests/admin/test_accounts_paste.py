"""Connecting accounts with what an admin types in, against the imitation of networks."""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import pytest
import requests
from wagtail.models import ModelLogEntry

from sandbox.fakenet.networks.telegram import BOT_TOKEN
from tests.accounts.fixtures import fakenet, fakenet_server, order, script  # noqa: F401 (fixtures)
from tests.admin.accounts import INDEX, VK_KEY, admin, beside, everything_logged, new, paste, text, url  # noqa: F401 (fixtures)
from tests.factories import UserFactory
from wagtail_syndicate.accounts.connection import connection_of


pytestmark = pytest.mark.django_db


def test_connecting_vk(admin, fakenet):
    account = new("vk")
    assert "cannot add pictures" in text(admin.get(url(account)))
    response = paste(admin, account, access_token=f" {VK_KEY} ", group_id="101")
    assert "Connected as" in text(response)
    account.refresh_from_db()
    assert (account.status, account.remote_id, account.auth_method) == ("connected", "101", "pasted")
    assert account.options["group_id"] == "101"
    assert connection_of(account).credentials == {"access_token": VK_KEY}


def test_a_wrong_key_of_vk_is_shown_beside_it_and_never_again(admin, fakenet):
    account = new("vk")
    response = paste(admin, account, access_token="vk1.a.wrong-and-secret", group_id="101")
    assert "VK does not accept this key" in beside(response, "pasted-access_token")
    assert b"wrong-and-secret" not in response.content
    assert 'value="101"' in response.content.decode()
    account.refresh_from_db()
    assert (account.status, account.sealed_credentials, account.options) == ("new", "", {})


def test_a_wrong_community_is_shown_beside_its_number(admin, fakenet):
    response = paste(admin, new("vk"), access_token=VK_KEY, group_id="not-a-number")
    assert "was not found at VK" in beside(response, "pasted-group_id")


def test_a_missing_value_is_asked_for(admin, fakenet):
    response = paste(admin, new("vk"), access_token=VK_KEY, group_id="")
    assert "required" in beside(response, "pasted-group_id")
    assert VK_KEY.encode() not in response.content


def test_vk_being_down_is_no_fault_of_the_key(admin, fakenet):
    order(fakenet, "vk", "connect", "reset_before", times=None)
    order(fakenet, "vk", "read", "reset_before", times=None)
    response = paste(admin, new("vk"), access_token=VK_KEY, group_id="101")
    assert "VK could not be reached. Nothing was changed." in text(response)
    assert beside(response, "pasted-access_token") == ""


def test_another_community_is_another_account(admin, fakenet):
    account = new("vk")
    paste(admin, account, access_token=VK_KEY, group_id="101")
    response = paste(admin, account, access_token="vk1.a.fakenet-102", group_id="102")
    assert "so nothing was changed" in text(response)
    account.refresh_from_db()
    assert (account.remote_id, account.options["group_id"]) == ("101", "101")
    assert connection_of(account).credentials == {"access_token": VK_KEY}


def test_connecting_telegram(admin, fakenet):
    account = new("telegram")
    response = paste(admin, account, bot_token=BOT_TOKEN, channel="@newsroom")
    assert "Connected as @newsroom." in text(response)
    account.refresh_from_db()
    assert connection_of(account).credentials == {"bot_token": BOT_TOKEN}
    assert account.status == "connected"


def test_mistakes_at_telegram_are_shown_where_they_were_made(admin, fakenet):
    account = new("telegram")
    response = paste(admin, account, bot_token="110201543:no-such-token", channel="@newsroom")
    assert "Telegram does not accept this key" in beside(response, "pasted-bot_token")
    assert b"no-such-token" not in response.content
    response = paste(admin, account, bot_token=BOT_TOKEN, channel="-1009999")
    assert "was not found at Telegram" in beside(response, "pasted-channel")
    assert 'value="-1009999"' in response.content.decode()
    assert BOT_TOKEN.encode() not in response.content
    response = paste(admin, account, bot_token=BOT_TOKEN, channel="@readonly_news")
    assert "not allowed to post there" in beside(response, "pasted-channel")


# Addresses that requests go to


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("hooks", "was not found"),
        ("http://127.0.0.1/hook", "private network"),
        ("ftp://example.org/hook", "not a web address"),
        ("https://me:pw@127.0.0.1/hook", "without a name and password"),
    ],
)
def test_an_address_must_be_a_public_one(admin, script, settings, typed, words):
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = False
    account = new("renewing")
    response = paste(admin, account, key="pasted-key", hook=typed)
    assert words in beside(response, "pasted-hook")
    assert typed in response.content.decode()
    account.refresh_from_db()
    assert (account.status, script.calls) == ("new", [])


def test_developers_may_paste_addresses_of_their_own_machine(admin, script, settings):
    settings.WAGTAIL_SYNDICATE["ALLOW_LOCAL_HOSTS"] = True
    account = new("renewing")
    assert "Connected as @ours." in text(
        paste(admin, account, key="the key of a developer", hook="http://127.0.0.1:8900/in?a=1")
    )
    account.refresh_from_db()
    assert account.options == {"hook": "http://127.0.0.1:8900/in?a=1", "name": "Our page"}


# A person posts


def test_xing_is_ready_when_it_has_a_name(admin, fakenet):
    account = new("xing")
    page = text(admin.get(url(account)))
    assert "XING closed its interface" in page
    assert "Test without posting" not in page
    data = {"method": "none", "none-handle": "Example Company", "none-profile_url": "https://www.xing.com/pages/ours"}
    response = admin.post(url(account), data, follow=True)
    assert "is ready. A person posts for it." in text(response)
    account.refresh_from_db()
    assert (account.status, account.handle, account.profile_url) == (
        "connected",
        "Example Company",
        "https://www.xing.com/pages/ours",
    )
    assert (account.sealed_credentials, account.options) == ("", {})
    data["none-handle"] = "Example Group"
    admin.post(url(account), data)
    account.refresh_from_db()
    assert account.handle == "Example Group"


def test_the_address_of_a_page_at_xing_is_a_web_address(admin):
    data = {"method": "none", "none-handle": "Example Company", "none-profile_url": "javascript:alert(1)"}
    response = admin.post(url(new("xing")), data)
    assert "Enter a valid URL" in beside(response, "none-profile_url")


def test_credentials_that_cannot_be_read_do_not_stand_in_the_way(admin, fakenet, settings):
    account = new("vk")
    paste(admin, account, access_token=VK_KEY, group_id="101")
    settings.SECRET_KEY, settings.WAGTAIL_SYNDICATE["KEYS"] = "another", []
    admin.force_login(UserFactory())
    response = admin.post(url(account), {"check": "1"}, follow=True)
    assert "can no longer be read on this server" in text(response)
    assert "Needs reconnecting" in text(admin.get(INDEX))
    assert "Connected as" in text(paste(admin, account, access_token=VK_KEY, group_id="101"))
    settings.SECRET_KEY = "a third one"
    admin.force_login(UserFactory())
    assert "is disconnected" in text(admin.post(url(account, "disconnect"), follow=True))


@pytest.mark.parametrize(("network", "key", "field"), [("vk", VK_KEY, "group_id"), ("telegram", BOT_TOKEN, "channel")])
def test_pasted_keys_are_shown_and_logged_nowhere(admin, fakenet, caplog, network, key, field):
    account = new(network)
    name = {"vk": "access_token", "telegram": "bot_token"}[network]
    wrong, right = {"vk": ("102", "101"), "telegram": ("-1009999", "@newsroom")}[network]
    responses = [
        paste(admin, account, **{name: key, field: wrong}),
        paste(admin, account, **{name: key, field: right}),
    ]
    responses += [admin.get(address) for address in (INDEX, url(account), f"{INDEX}edit/{account.pk}/")]
    for response in responses:
        assert key.encode() not in response.content
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]
    assert key not in "".join(record.getMessage() for record in ours)
    assert key not in "".join(str(entry.data) for entry in ModelLogEntry.objects.all())
    account.refresh_from_db()
    assert key not in str(account.options) + account.sealed_credentials


def test_error_reports_of_developers_hide_what_was_pasted(admin, fakenet, monkeypatch, rf):
    from django.views.debug import get_exception_reporter_filter

    from wagtail_syndicate.accounts import connect as connecting

    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(connecting, "settle", broken)
    account = new("vk")
    admin.raise_request_exception = False
    request = paste(admin, account, access_token=VK_KEY, group_id="101").wsgi_request
    assert VK_KEY in request.POST.values()
    shown = get_exception_reporter_filter(request).get_post_parameters(request)
    assert VK_KEY not in str(shown)


def test_what_was_found_out_about_an_account_is_shown_and_asked_for_again(admin, fakenet):
    """LINE counts each friend who gets a post; the admin sees what is left of the plan."""
    account = new("line")
    token = "fakenet-line-channel-token-newsroom"
    assert "messages this month" not in text(admin.get(url(account))).lower()
    paste(admin, account, access_token=token)
    assert "0 of the 1000 that the plan allows" in text(admin.get(url(account)))
    broadcast = {"messages": [{"type": "text", "text": "The new bridge"}]}
    address = f"{fakenet.url}/line/api/v2/bot/message/broadcast"
    assert requests.post(address, json=broadcast, headers={"Authorization": f"Bearer {token}"}, timeout=5).ok
    admin.post(url(account), {"check": "1"})
    assert "3 of the 1000 that the plan allows" in text(admin.get(url(account)))
