"""Addresses of the admin that other places have to know."""

from django.urls import reverse
from wagtail.admin.utils import get_admin_base_url


def callback_url(request) -> str:
    """Where networks send people back to: the same for all accounts, because it has to be registered with them."""
    address = reverse("wagtail_syndicate:callback")
    base = get_admin_base_url()
    return base.rstrip("/") + address if base else request.build_absolute_uri(address)
