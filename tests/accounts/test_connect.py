"""What the pages of the admin cannot show; the flows themselves are in tests/admin/test_accounts_*.py."""

import json

import pytest

from tests.accounts.fixtures import consent
from tests.factories import AccountFactory, UserFactory
from wagtail_syndicate.accounts import connect
from wagtail_syndicate.accounts.connection import connection_of, method_of
from wagtail_syndicate.accounts.problems import ConnectRefused, describe
from wagtail_syndicate.exceptions import AccountProblem, NotSent, Rejected
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Identity


pytestmark = pytest.mark.django_db

CALLBACK = "https://www.example.com/callback/"


def begun(account, user, method="oauth2"):
    return connect.begin(account, method_of(account, method), CALLBACK, user)


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def account():
    return AccountFactory(network="x", status="new", remote_id="", handle="", auth_method="")


def test_what_is_kept_until_the_answer_comes_is_plain_data_without_secrets(fakenet, account, user):
    url, pending = begun(account, user)
    assert json.loads(json.dumps(pending)) == pending
    assert pending["state"] in url
    _url, pending = begun(account, user, "oauth1")
    token = fakenet.state.token("x", pending["state"])
    assert token.secret not in json.dumps(pending)


@pytest.mark.parametrize("method", ["oauth2", "oauth1"])
def test_an_answer_to_another_question_is_refused(fakenet, account, user, method):
    _url, pending = begun(account, user, method)
    other_url, _other = begun(account, user, method)
    params, _address = consent(other_url)
    with pytest.raises(ConnectRefused, match="does not belong"):
        connect.finish(pending, params, user)
    assert Account.objects.get(pk=account.pk).status == "new"


def test_an_answer_is_not_taken_for_an_account_on_another_server(fakenet, user):
    account = AccountFactory(network="mastodon", host=fakenet.url, status="new", remote_id="", auth_method="")
    url, pending = begun(account, user)
    params, _address = consent(url)
    Account.objects.filter(pk=account.pk).update(host="https://mastodon.example")
    with pytest.raises(ConnectRefused, match="was changed in the meantime"):
        connect.finish(pending, params, user)


def test_an_account_that_was_deleted_meanwhile_is_not_brought_back(fakenet, account, user):
    url, pending = begun(account, user)
    params, _address = consent(url)
    account.delete()
    with pytest.raises(ConnectRefused, match="deleted"):
        connect.finish(pending, params, user)


def test_a_key_is_asked_for_its_owner_and_not_for_the_one_we_remember(fakenet, user):
    """The number of another community must not be hidden behind the remembered one."""
    account = AccountFactory(network="vk", remote_id="101", status="connected")
    data = {"access_token": "vk1.a.fakenet-102", "group_id": "102"}
    with pytest.raises(ConnectRefused, match="so nothing was changed"):
        connect.paste(account, method_of(account, "pasted"), data, user)


def test_facts_of_the_network_come_before_what_was_typed(script, user):
    script.targets = [Identity("7", "ours", "", {"hook": "https://pages.example/7"})]
    account = AccountFactory(network="renewing", status="new", remote_id="", handle="", auth_method="")
    data = {"key": "pasted-key", "hook": "http://127.0.0.1/other"}
    account = connect.paste(account, method_of(account, "pasted"), data, user)
    assert account.options == {"hook": "https://pages.example/7"}


def test_values_that_are_left_out_are_named(account, user):
    account.network = "vk"
    with pytest.raises(ConnectRefused) as refused:
        connect.paste(account, method_of(account, "pasted"), {"access_token": "  ", "group_id": "101"}, user)
    assert refused.value.field == "access_token"


def test_keys_of_the_app_come_from_the_settings_of_the_method(fakenet):
    names = {"oauth2": "fakenet-x-client", "oauth1": "fakenet-x-consumer"}
    for method, client_id in names.items():
        account = AccountFactory(network="x", auth_method=method)
        assert connection_of(account).app.client_id == client_id


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotSent("network_down", "NewConnectionError"), "could not be reached"),
        (NotSent("network_busy", "", 502), "status 502"),
        (NotSent("rate_limited", "", 429), "asks for a pause"),
        (AccountProblem("reconnect", "Bad token.", 401), "does not accept this key"),
        (AccountProblem("account_blocked"), "has blocked or suspended the account"),
        (Rejected("permission"), "not allowed to post there"),
        (Rejected("own_reason"), "Our own words about VK"),
    ],
)
def test_people_are_told_what_to_do_and_not_that_it_is_tried_again(error, words):
    text = describe(error, "VK", {"own_reason": "Our own words about {network}"})
    assert words in text
    assert "automatically" not in text
    assert "NewConnectionError" not in text
    assert ("VK said: “Bad token”" in text) == (error.detail == "Bad token.")
