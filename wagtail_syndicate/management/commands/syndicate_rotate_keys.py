"""Seal all credentials anew with the newest key."""

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_syndicate.accounts import refresh, vault
from wagtail_syndicate.exceptions import CredentialsLost
from wagtail_syndicate.models import Account, OAuthApp


class Command(BaseCommand):
    help = (
        'Seals all stored credentials anew with the first key of WAGTAIL_SYNDICATE["KEYS"]. '
        "Afterwards the older keys can be removed from the settings."
    )

    def handle(self, *args, **options):
        rotated = 0
        for account in Account.objects.exclude(sealed_credentials=""):
            try:
                rotated += reseal(account, "sealed_credentials")
            except CredentialsLost:
                refresh.mark_broken(account, "lost_credentials")
                self.stderr.write(
                    _("%(account)s: none of the keys opens its credentials. A site admin must connect it again.")
                    % {"account": account}
                )
        for app in OAuthApp.objects.exclude(sealed_secret=""):
            try:
                rotated += reseal(app, "sealed_secret")
            except CredentialsLost:
                self.stderr.write(self.lost(app) % {"server": app})
        self.stdout.write(
            ngettext(
                "%(count)s secret is sealed with the newest key.",
                "%(count)s secrets are sealed with the newest key.",
                rotated,
            )
            % {"count": rotated}
        )

    def lost(self, app: OAuthApp) -> str:
        """Take leave of an app whose secret cannot be read; returns the words for it."""
        if app.callback_url:
            app.delete()
            return _("%(server)s: none of the keys opens its secret. The next connection registers the app again.")
        # What an admin entered stays, so that the screen shows which app it was.
        return _(
            "%(server)s: none of the keys opens its secret. A site admin must enter it again under Syndication "
            "app keys."
        )


def reseal(row, field: str) -> int:
    """Seal one row's secret anew, unless a worker stores a newer one meanwhile; that one has the newest key anyway."""
    old = getattr(row, field)
    return type(row).objects.filter(pk=row.pk, **{field: old}).update(**{field: vault.reseal(old)})
