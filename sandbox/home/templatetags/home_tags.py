from django import template
from django.conf import settings
from wagtail.models import Locale

from sandbox.home.models import HomePage


register = template.Library()


@register.simple_tag
def home_of(page):
    """Return the home page in a page's language."""
    return HomePage.objects.live().filter(locale=page.locale_id).first()


@register.simple_tag
def languages_of(page):
    """Return the site's languages: code, this page's version in it (or None), and the page to go to."""
    order = list(dict(settings.LANGUAGES))
    locales = sorted(Locale.objects.all(), key=lambda locale: order.index(locale.language_code))
    versions = {version.locale_id: version for version in page.get_translations(inclusive=True).live().public()}
    homes = {home.locale_id: home for home in HomePage.objects.live().public()}
    return [
        {
            "code": locale.language_code,
            "is_current": locale.pk == page.locale_id,
            "version": versions.get(locale.pk),
            "page": versions.get(locale.pk) or homes[locale.pk],
        }
        for locale in locales
        if locale.pk in homes
    ]
