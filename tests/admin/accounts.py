"""What a person does and reads on the pages of accounts."""

import logging

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from wagtail.models import ModelLogEntry

from tests.accounts.fixtures import consent
from tests.factories import AccountFactory, UserFactory


INDEX = "/admin/syndication/accounts/"
CALLBACK = "http://localhost:8000/admin/syndication/connect/callback/"
VK_KEY = "vk1.a.fakenet-101"


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(username="admin"))
    return client


@pytest.fixture(autouse=True)
def everything_logged(caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "factory")
    return caplog


def new(network, **fields):
    return AccountFactory(network=network, status="new", handle="", remote_id="", auth_method="", **fields)


def url(account, name="connect"):
    return reverse(f"wagtail_syndicate:{name}", args=[account.pk])


def text(response):
    """What a person reads: messages and the page, without its furniture."""
    soup = BeautifulSoup(response.content, "html.parser")
    return " ".join(soup.get_text(" ").split())


def beside(response, field):
    """The error that is shown beside a field."""
    soup = BeautifulSoup(response.content, "html.parser")
    wrapper = soup.find(attrs={"name": field}).find_parent(class_="w-field")
    return " ".join(wrapper.find(class_="w-field__errors").get_text(" ").split())


def leave(admin, account, method="oauth2", **fields):
    """Press the button that leads to the network; returns the address of its consent page."""
    response = admin.post(url(account), {"method": method, **fields})
    assert response.status_code == 302, text(response)
    return response["Location"]


def come_back(admin, params):
    return admin.get(reverse("wagtail_syndicate:callback"), params, follow=True)


def connect(admin, account, method="oauth2", handle="newsroom", **fields):
    params, address = consent(leave(admin, account, method, **fields), handle=handle)
    assert address == CALLBACK
    response = come_back(admin, params)
    account.refresh_from_db()
    return response


def logged(action):
    return list(ModelLogEntry.objects.filter(action=f"wagtail_syndicate.{action}"))


def edit_url(account):
    return reverse("syndication_accounts:edit", args=[account.pk])


def create(admin, **fields):
    data = {"label": "Newsroom", "host": "", "active": "on", **fields}
    return admin.post(reverse("syndication_accounts:add"), data)


def paste(admin, account, follow=True, **fields):
    data = {"method": "pasted", **{f"pasted-{name}": value for name, value in fields.items()}}
    return admin.post(url(account), data, follow=follow)
