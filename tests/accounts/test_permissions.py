import pytest
from django.contrib.auth.models import AnonymousUser
from wagtail.models import Locale, Site

from sandbox.home.models import NewsPage
from tests.admin import editing
from tests.factories import AccountFactory, NewsPageFactory, UserFactory, site_root
from wagtail_syndicate.accounts import permissions


pytestmark = pytest.mark.django_db


@pytest.fixture
def editor():
    return editing.person("use_account")


def test_accounts_are_for_people_who_may_use_them(editor):
    account = AccountFactory()
    AccountFactory(active=False)
    assert list(permissions.usable_accounts(editor)) == [account]
    assert list(permissions.usable_accounts(UserFactory())) == [account]
    assert not permissions.usable_accounts(UserFactory(is_superuser=False)).exists()
    assert not permissions.usable_accounts(AnonymousUser()).exists()


def test_managing_is_another_right_than_using(editor):
    assert permissions.can_use(editor)
    assert not permissions.can_manage(editor)
    manager = editing.person("change_account")
    assert permissions.can_manage(manager)
    assert not permissions.can_use(manager)


def test_a_page_is_offered_what_fits_its_language_and_site(editor):
    page = NewsPageFactory()
    here = page.get_site()
    elsewhere = Site.objects.create(hostname="elsewhere.example", root_page=NewsPageFactory())
    anywhere, english = AccountFactory(), AccountFactory(locales=["en"])
    german = AccountFactory(locales=["de"])
    AccountFactory(sites=[elsewhere])
    ours = AccountFactory(sites=[here, elsewhere])
    assert set(permissions.accounts_for_page(page, editor)) == {anywhere, english, ours}
    page.locale = Locale.objects.get(language_code="de")
    assert set(permissions.accounts_for_page(page, editor)) == {anywhere, german, ours}


def test_a_new_page_is_offered_what_fits_its_parent(editor):
    root = site_root()
    ours = AccountFactory(sites=[root.get_site()])
    page = NewsPage(title="New", locale=Locale.get_default())
    assert permissions.accounts_for_page(page, editor, root) == [ours]
    assert permissions.accounts_for_page(page, editor) == []


def test_accounts_of_networks_that_are_gone_are_not_offered(editor):
    AccountFactory(network="gone")
    assert permissions.accounts_for_page(NewsPageFactory(), editor) == []
