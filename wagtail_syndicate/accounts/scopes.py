"""What a person allowed: compared with what was asked for, before anything is stored."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from wagtail_syndicate.accounts.problems import ConnectRefused
from wagtail_syndicate.backends.auth import OAuth2
from wagtail_syndicate.backends.base import BaseBackend


def check(backend: BaseBackend, method: OAuth2, granted: Collection[str] | None) -> None:
    """See whether the new access is good for all that the account needs.

    :param backend: with the new credentials; :param granted: what the answer with the token said, ``None``: nothing.
    :raises ConnectRefused: something is missing; the message names it. :raises NetworkError: that could not be asked.
    """
    if granted is None:
        granted = backend.granted_scopes()
    if granted is None:
        return
    if missing := missing_scopes(method, granted):
        raise ConnectRefused(
            _(
                "%(network)s did not give all the access that is needed, so nothing was changed. Missing: %(scopes)s. "
                "Connect again and allow all of it. If that was done, the app itself lacks it: check its permissions "
                "at %(network)s."
            )
            % {"network": backend.label, "scopes": ", ".join(missing)}
        )


def missing_scopes(method: OAuth2, granted: Collection[str]) -> list[str]:
    """The scopes that the account needs and did not get; ``write`` also gives ``write:statuses`` (Mastodon)."""
    needed = [scope for scope in method.scopes if scope not in method.optional_scopes]
    return [scope for scope in needed if scope not in granted and scope.partition(":")[0] not in granted]
