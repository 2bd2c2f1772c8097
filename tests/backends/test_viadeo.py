"""Viadeo: gone, and said so; a text to paste, and the page that an admin named, for whoever asks for it."""

import pytest
import requests

from wagtail_syndicate.backends import registry
from wagtail_syndicate.backends.viadeo import Backend
from wagtail_syndicate.testing import BackendConformance
from wagtail_syndicate.types import Connection, LinkPlace, Region


def test_facts_for_the_rest_of_the_package():
    assert (str(Backend.label), Backend.region, Backend.retired) == ("Viadeo", Region.FRANCE, True)
    assert (Backend.limits.length, Backend.limits.link, Backend.limits.images) == (500, LinkPlace.TEXT, None)


def test_admins_are_told_what_became_of_it():
    assert "receivership in 2016" in str(Backend.conditions[0])


def test_offered_only_where_settings_name_it(settings):
    assert "viadeo" not in registry.names()
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"viadeo": {}}}
    assert registry.names() == ["viadeo"]


@pytest.mark.parametrize(
    ("page", "opened"),
    [
        ("https://intranet.example.com/viadeo/", "https://intranet.example.com/viadeo/"),
        ("", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_opens_the_page_that_an_admin_named(page, opened, message):
    assert Backend(Connection(options={"page_url": page})).share_link(message) == opened
    assert Backend().share_link(message) == ""


def test_knows_no_address_of_its_own():
    assert Backend.hosts == {}


def test_the_fake_page_can_be_opened(fakenet, message):
    page = f"{fakenet.url}/viadeo/web/page"
    answer = requests.get(Backend(Connection(options={"page_url": page})).share_link(message), timeout=5)
    assert answer.status_code == 200


class TestViadeoConformance(BackendConformance):
    backend = Backend
