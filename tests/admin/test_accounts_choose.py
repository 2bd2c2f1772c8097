"""The page where an admin chooses which of several an account posts as."""

# ruff: noqa: F811 (fixtures that tests name as arguments)

import time

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from tests.accounts.fixtures import consent, fakenet, fakenet_server, pages, script  # noqa: F401 (fixtures)
from tests.accounts.networks import OURS, THEIRS
from tests.admin.accounts import (  # noqa: F401 (fixtures)
    INDEX,
    admin,
    come_back,
    connect,
    everything_logged,
    leave,
    logged,
    new,
    paste,
    text,
    url,
)
from tests.factories import AccountFactory, UserFactory
from wagtail_syndicate.accounts.connection import connection_of
from wagtail_syndicate.admin.connect import OFFERS
from wagtail_syndicate.exceptions import Rejected
from wagtail_syndicate.models import Account
from wagtail_syndicate.types import Grant, Identity


pytestmark = pytest.mark.django_db

PERSON = "vk1.a.fakenet-user-newsroom"


def choose(admin, account, target, **fields):
    response = admin.post(url(account, "choose"), {"target": target, **fields}, follow=True)
    account.refresh_from_db()
    return response


def asks(response):
    return "Which of these should this account post as?" in text(response)


def test_several_pages_are_asked_about_and_one_is_connected(admin, pages):
    account = new("x", label="Our pages")
    response = connect(admin, account)
    assert response.redirect_chain[-1][0] == url(account, "choose")
    assert asks(response)
    assert (account.status, account.sealed_credentials) == ("new", "")
    soup = BeautifulSoup(response.content, "html.parser")
    assert [button["value"] for button in soup.find_all("input", attrs={"type": "radio"})] == ["7", "8"]
    assert not soup.find("input", attrs={"checked": True})
    for button in soup.find_all("input", attrs={"type": "radio"}):
        assert soup.find("label", attrs={"for": button["id"]}).get_text()
    assert soup.find("a", href="https://pages.example/theirs")["rel"] == ["noreferrer"]
    assert "Our page" in text(response) and "@ours" in text(response) and "@theirs" in text(response)
    response = choose(admin, account, "8")
    assert "Connected as @theirs." in text(response)
    assert response.redirect_chain[-1][0] == url(account)
    assert (account.status, account.remote_id, account.connected_by.username) == ("connected", "8", "admin")
    assert connection_of(account).credentials["page_token"] == "secret-of-page-8"
    assert [entry.data for entry in logged("connect")] == [{"handle": "@theirs", "method": "oauth2"}]


def test_one_page_needs_no_question(admin, pages):
    pages.targets = [THEIRS]
    account = new("x")
    assert "Connected as @theirs." in text(connect(admin, account))


def test_the_communities_of_a_person_at_vk(admin, fakenet):
    """With a network that is played whole: VK, with the token of a person who may post to several communities."""
    account = new("vk", label="Community")
    fields = {"user_token-user_token": PERSON, "user_token-group_id": ""}
    response = admin.post(url(account), {"method": "user_token", **fields}, follow=True)
    assert asks(response), text(response)
    assert PERSON not in response.content.decode()
    response = choose(admin, account, "102")
    assert "Connected as" in text(response)
    assert (account.status, account.remote_id) == ("connected", "102")
    assert connection_of(account).credentials == {"user_token": PERSON}
    # Again: the same community, without a question.
    response = admin.post(url(account), {"method": "user_token", **fields}, follow=True)
    assert "Connected as" in text(response)
    account.refresh_from_db()
    assert account.remote_id == "102"


def test_pages_that_are_accounts_already_are_pointed_out(admin, pages):
    AccountFactory(network="x", label="First one", remote_id="7")
    AccountFactory(network="telegram", label="Elsewhere", remote_id="8")
    response = connect(admin, new("x"))
    soup = BeautifulSoup(response.content, "html.parser")
    first, second = (choice.get_text(" ", strip=True) for choice in soup.find_all(class_="syndicate-choice"))
    assert "This is “First one” already." in first
    assert "already" not in second


def test_nothing_chosen_is_asked_again(admin, pages):
    account = new("x")
    connect(admin, account)
    response = admin.post(url(account, "choose"))
    soup = BeautifulSoup(response.content, "html.parser")
    assert soup.find(id="choose-error", role="alert").get_text(strip=True) == "Choose one of them."
    assert "choose-error" in soup.find(role="radiogroup")["aria-describedby"]
    assert "Connected as @ours." in text(choose(admin, account, "7"))


def test_cancelling_forgets_what_the_network_gave(admin, pages):
    account = new("x")
    connect(admin, account)
    response = choose(admin, account, "7", cancel="1")
    assert "Nothing was changed." in text(response)
    assert response.redirect_chain[-1][0] == url(account)
    assert admin.session[OFFERS] == {}
    assert (account.status, account.sealed_credentials) == ("new", "")


def test_a_choice_counts_once(admin, pages):
    account = new("x")
    connect(admin, account)
    choose(admin, account, "7")
    Account.objects.update(status="new", sealed_credentials="", remote_id="")
    response = choose(admin, account, "8")
    assert "There is nothing to choose from here. Start again." in text(response)
    assert account.status == "new"


def test_what_was_not_offered_is_refused_and_ends_it(admin, pages):
    account = new("x")
    connect(admin, account)
    assert "not one of those that were offered" in text(choose(admin, account, "9"))
    assert "nothing to choose from" in text(choose(admin, account, "7"))
    assert account.status == "new"


def test_a_choice_that_takes_too_long_starts_again(admin, pages, monkeypatch):
    account = new("x")
    connect(admin, account)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 601)
    response = admin.get(url(account, "choose"), follow=True)
    assert "Too much time has passed" in text(response)
    assert response.redirect_chain[-1][0] == url(account)
    assert admin.session[OFFERS] == {}


def test_nobody_chooses_for_another(admin, pages):
    account = new("x")
    connect(admin, account)
    other = Client()
    other.force_login(UserFactory(username="other"))
    assert "nothing to choose from" in text(other.get(url(account, "choose"), follow=True))
    # Even with the first one's memory in her session.
    session = other.session
    session[OFFERS] = admin.session[OFFERS]
    session.save()
    assert "Start again" in text(choose(other, account, "7"))
    assert account.status == "new"


def test_an_offer_is_for_one_account(admin, pages):
    account, another = new("x", label="First"), new("x", label="Second")
    connect(admin, account)
    assert "nothing to choose from" in text(choose(admin, another, "7"))
    assert "Connected as @ours." in text(choose(admin, account, "7"))


def test_an_offer_is_no_answer_of_a_network(admin, pages):
    account = new("x")
    connect(admin, account)
    assert "does not belong to a sign-in" in text(come_back(admin, {"state": str(account.pk), "code": "x"}))


def test_people_without_the_right_may_not_choose(client, pages):
    client.force_login(UserFactory(is_superuser=False))
    assert client.get(url(new("x"), "choose")).status_code == 302


def test_connecting_again_asks_nothing_and_refuses_others(admin, pages):
    account = new("x")
    connect(admin, account)
    choose(admin, account, "7")
    Account.objects.update(status="reconnect", problem="reconnect")
    assert "Connected as @ours." in text(connect(admin, account))
    assert (account.status, account.remote_id) == ("connected", "7")
    pages.targets = [THEIRS, Identity("9", "@third")]
    response = connect(admin, account)
    assert "This account is @ours, but the access given is for @theirs, @third, so nothing was changed." in text(
        response
    )
    assert account.remote_id == "7"


def test_no_page_at_all_is_explained(admin, pages):
    pages.targets = Rejected("permission", "no page", 200)
    account = new("x")
    assert "not allowed to post there" in text(connect(admin, account))
    assert account.status == "new"


def test_names_and_addresses_of_a_network_are_no_markup(admin, pages):
    pages.targets = [Identity("7", "<b>bold</b>", "javascript:alert(1)"), Identity('8"><script>', "@x")]
    response = connect(admin, new("x"))
    page = response.content.decode()
    assert "<b>bold</b>" not in page and "javascript:alert" not in page and '8"><script>' not in page


def test_no_secret_is_shown_kept_in_the_open_or_logged_between_the_pages(admin, pages, caplog):
    pages.lasting = Grant({"access_token": "long-lived-token"})
    account = new("x")
    params, _address = consent(leave(admin, account))
    responses = [come_back(admin, params), admin.post(url(account, "choose"))]
    seen = str(dict(admin.session)) + "".join(response.content.decode() for response in responses)
    responses = [choose(admin, account, "7"), admin.get(url(account)), admin.get(INDEX)]
    seen += "".join(response.content.decode() for response in responses) + caplog.text + repr(account.__dict__)
    seen += "".join(str(entry.data) for entry in ModelLogEntry.objects.all())
    secrets = {*connection_of(account).credentials.values(), *OURS.credentials.values(), *THEIRS.credentials.values()}
    assert len(secrets) == 4
    for secret in secrets:
        assert secret not in seen


def test_pasted_keys_lead_to_the_same_page(admin, script):
    script.targets = [OURS, THEIRS]
    account = new("renewing", options={"visibility": "few"})
    response = paste(admin, account, key="pasted-and-secret")
    assert asks(response) and b"pasted-and-secret" not in response.content
    choose(admin, account, "8")
    assert (account.remote_id, account.options) == ("8", {"visibility": "few"})
    assert connection_of(account).credentials == {"key": "pasted-and-secret", "page_token": "secret-of-page-8"}


def test_the_form_works_in_a_real_browser(pages):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(UserFactory())
    account = new("x")
    soup = BeautifulSoup(browser.get(url(account)).content, "html.parser")
    form = next(form for form in soup.select("main form[method=POST]") if form.find(attrs={"value": "oauth2"}))
    data = {item["name"]: item.get("value", "") for item in form.select("[name]")}
    params, _address = consent(browser.post(url(account), data)["Location"])
    soup = BeautifulSoup(
        browser.get(reverse("wagtail_syndicate:callback"), params, follow=True).content, "html.parser"
    )
    form = soup.select_one("main form[method=POST]")
    data = {item["name"]: item.get("value", "") for item in form.select("[name]") if item.name != "button"}
    assert browser.post(url(account, "choose"), data).status_code == 302
    account.refresh_from_db()
    assert account.status == "connected"
