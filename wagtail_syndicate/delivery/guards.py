"""May this page be posted at all? Asked when a delivery is planned and again when it is about to be sent."""

from wagtail_syndicate.compose.article import address


def page_obstacle(page) -> str:
    """The reason why ``page`` must not be posted now, "" when it may.

    :param page: the specific page; ``None`` when it was deleted.
    """
    if page is None:
        return "page_gone"
    if not page.live:
        return "not_live"
    if page.get_view_restrictions().exists():
        return "private"
    if not address(page):
        return "no_site"
    return ""


def account_obstacle(account, page, site_id: int | None) -> str:
    """The reason why ``account`` must not post ``page``, "" when it may.

    :param site_id: the site that the page belongs to.
    """
    if account is None:
        return "account_gone"
    if not account.active:
        return "account_inactive"
    if not account.fits_locale(page.locale_id):
        return "locale"
    if not account.fits_site(site_id):
        return "site"
    return ""


def delivery_obstacle(delivery, page) -> str:
    """The reason why this delivery must not be sent now, "" when it may; ``page`` is its specific page."""
    return page_obstacle(page) or account_obstacle(delivery.account, page, site_id_of(page))


def site_id_of(page) -> int | None:
    """The site that the page belongs to; ``None`` for a page under no site."""
    site = page.get_site()
    return site.pk if site else None
