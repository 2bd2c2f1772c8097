"""Test objects."""

import datetime

import factory
import swapper
import wagtail_factories
from django.contrib.auth import get_user_model
from factory.django import DjangoModelFactory
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection, Locale, Site

from sandbox.home.models import HomePage, NewsPage
from tests.canaries import CANARY
from wagtail_syndicate.accounts import vault
from wagtail_syndicate.models import Account, Delivery, Target, set_targets


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()

    username = factory.Sequence("editor{}".format)
    is_superuser = True
    is_staff = True


class AccountFactory(DjangoModelFactory):
    """A connected account of the network that posts into memory."""

    class Meta:
        model = Account
        skip_postgeneration_save = True

    label = factory.Sequence("Account {}".format)
    network = "memory"
    status = Account.Status.CONNECTED
    handle = factory.Sequence("handle{}".format)
    remote_id = factory.SelfAttribute("handle")
    auth_method = "pasted"
    collection = factory.LazyFunction(lambda: root_collection())
    sealed_credentials = factory.LazyFunction(lambda: vault.seal({"access_token": CANARY}))

    @factory.post_generation
    def locales(self, create, languages, **kwargs):
        self.locales.set([Locale.objects.get_or_create(language_code=code)[0] for code in languages or ()])

    @factory.post_generation
    def sites(self, create, sites, **kwargs):
        self.sites.set(sites or ())


class NewsPageFactory(wagtail_factories.PageFactory):
    """A draft, under the root page of the default site."""

    class Meta:
        model = NewsPage

    title = factory.Sequence("Sensors reach the river, part {}".format)
    intro = "New sensors have been measuring the river since Monday. Every minute counts."
    body = "<p>New sensors have been measuring the river since Monday. The data is open.</p>"
    date = datetime.date(2026, 11, 5)
    live = False

    @classmethod
    def _create(cls, model, *args, accounts=(), parent=None, wordings=None, **kwargs):
        kwargs.pop("parent", None)
        page = super()._create(model, *args, parent=parent or site_root(), **kwargs)
        if accounts:
            tick(page, *accounts, wordings=wordings)
        return page


def site_root():
    """The home page of the default site, which links to it; made anew after a test that emptied the database."""
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site and isinstance(site.root_page.specific, HomePage):
        return site.root_page.specific
    Page = swapper.load_model("wagtailcore", "Page")
    locale, _ = Locale.objects.get_or_create(language_code="en")
    root = Page.get_first_root_node() or Page.add_root(instance=Page(title="Root", slug="root", locale=locale))
    home = root.add_child(instance=HomePage(title="Home", slug="newsroom", live=True, locale=locale))
    Site.objects.update_or_create(
        is_default_site=True, defaults={"root_page": home, "hostname": "localhost", "port": 8000}
    )
    return home


def tick(page, *accounts, wordings=None):
    """Tick exactly these accounts in the page's draft, and save it as a revision.

    :param accounts: or targets, where more than a wording is chosen.
    """
    targets = [
        account if isinstance(account, Target) else Target(account.pk, (wordings or {}).get(account.pk, ""))
        for account in accounts
    ]
    set_targets(page, targets)
    return page.save_revision()


def publish(page, *accounts, wordings=None):
    """Tick these accounts and publish the page, as a script would."""
    tick(page, *accounts, wordings=wordings).publish()
    return type(page).objects.get(pk=page.pk)


def picture_of(description):
    """A picture with this alternative text."""
    root_collection()
    return get_image_model().objects.create(title="Picture", description=description, file=get_test_image_file())


class DeliveryFactory(DjangoModelFactory):
    class Meta:
        model = Delivery

    account = factory.SubFactory(AccountFactory)
    page = factory.LazyFunction(lambda: NewsPageFactory(live=True))
    page_title = factory.SelfAttribute("page.title")
    account_label = factory.SelfAttribute("account.label")
    network = factory.SelfAttribute("account.network")
    language = "en"


def root_collection():
    """Tests that really commit end with an empty database."""
    return Collection.get_first_root_node() or Collection.add_root(name="Root")
