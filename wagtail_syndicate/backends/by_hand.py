"""What networks share where a person posts: who the account is, as an admin says."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_syndicate.backends.auth import NoDoor, PastedField


def presence(name: str, address: str, example: str) -> NoDoor:
    """A way to add an account that asks for its name and, if there is one, its address: no keys.

    :param name: what the name is of, as a label; :param address: the same for the address.
    :param example: a help text for the address.
    """
    known = _("As colleagues know it. It is shown in the page editor.")
    return NoDoor(
        fields=(
            PastedField("handle", name, known, secret=False),
            PastedField("profile_url", address, example, secret=False, required=False),
        ),
    )
