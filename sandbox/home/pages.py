"""The sandbox's page tree: one published home page per language, and below it the articles as drafts."""

from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from wagtail.models import Locale, Site

from . import articles
from .models import ArticlePage, HomePage, Page
from .pictures import Pictures


def delete_articles():
    """Delete every article, published or not, and return how many there were."""
    count = 0
    for model in ArticlePage.__subclasses__():
        for article in model.objects.all():
            article.delete()
            count += 1
    return count


def load_homes(contents):
    """Create the home pages that are missing, and make the first one the root of the site.

    :param contents: ``{language: content}`` from :func:`sandbox.home.content.read`.

    Returns ``{language: HomePage}``.
    """
    first = HomePage.objects.first()
    translation_key = first.translation_key if first else uuid4()
    homes = {}
    for language, content in contents.items():
        locale, _ = Locale.objects.get_or_create(language_code=language)
        home = HomePage.objects.filter(locale=locale).first()
        homes[language] = home or create_home(locale, content["home"], translation_key)
    address = urlsplit(settings.SANDBOX_URL)
    Site.objects.update_or_create(
        is_default_site=True,
        defaults={
            "hostname": address.hostname,
            "port": address.port or (443 if address.scheme == "https" else 80),
            "site_name": settings.WAGTAIL_SITE_NAME,
            "root_page": next(iter(homes.values())),
        },
    )
    # Wagtail's own migrations made a welcome page, which was the site's root until now.
    for page in Page.objects.filter(depth=2):
        if page.specific_class is Page:
            page.delete()
    return homes


def create_home(locale, content, translation_key):
    home = HomePage(
        title=content["title"],
        intro=content["intro"],
        slug=locale.language_code,
        locale=locale,
        translation_key=translation_key,
        live=False,
    )
    Page.get_first_root_node().add_child(instance=home)
    home.save_revision().publish()
    return home


def load_articles(home, content, owner):
    """Create a draft for each article that its home page does not have yet, and return how many that were.

    :param home: the home page of the content's language.
    :param content: the content of that language from :func:`sandbox.home.content.read`.
    :param owner: the user whose drafts they are.
    """
    existing = set(home.get_children().values_list("slug", flat=True))
    missing = [data for data in content["pages"] if data["slug"] not in existing]
    if not missing:
        return 0
    pictures = Pictures(dict(settings.LANGUAGES)[content["language"]])
    for data in missing:
        article = articles.build(data, pictures)
        article.locale = home.locale
        article.owner = owner
        article.live = False
        home.add_child(instance=article)
        article.save_revision(user=owner)
    return len(missing)
