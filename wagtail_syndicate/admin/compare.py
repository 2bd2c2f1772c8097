"""What changed between two revisions of a page, as far as its accounts are concerned."""

from __future__ import annotations

from django.utils.functional import cached_property
from django.utils.html import escape, format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.admin.compare import TextDiff, diff_text

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.admin.pictures import Album
from wagtail_syndicate.admin.ticks import AFTER, Chosen
from wagtail_syndicate.models import Account, targets_of
from wagtail_syndicate.models.target import NEXT_SLOT, NO_IMAGE


class TicksComparison:
    """Accounts that were ticked or unticked, and what was chosen for them otherwise, for Wagtail's comparison of
    revisions.

    :param page_a: the older version of the page.
    :param page_b: the newer one.
    :param user: who compares; accounts that the user may not know of are left out.
    """

    is_field = True
    is_child_relation = False

    def __init__(self, page_a, page_b, user):
        before, after = _choices(page_a), _choices(page_b)
        ticked = Account.objects.filter(pk__in={*before, *after}).select_related("collection")
        hidden = {account.pk for account in ticked if not permissions.can_see(user, account)}
        self.before = {key: choice for key, choice in before.items() if key not in hidden}
        self.after = {key: choice for key, choice in after.items() if key not in hidden}

    def field_label(self) -> str:
        """The name of the row."""
        return _("Syndication")

    def has_changed(self) -> bool:
        """Whether there is anything to show."""
        return self.before != self.after

    @cached_property
    def labels(self) -> dict[int, str]:
        """What to call the accounts."""
        found = Account.objects.filter(pk__in={*self.before, *self.after})
        return {account.pk: account.label for account in found}

    @cached_property
    def album(self) -> Album:
        """The pictures that were chosen."""
        album = Album()
        album.load({choice.image for choice in (*self.before.values(), *self.after.values())} - {"", NO_IMAGE})
        return album

    def htmldiff(self):
        """One line for each account, marked up as Wagtail's other comparisons are."""
        keys = sorted({*self.before, *self.after}, key=lambda key: self.labels.get(key, ""))
        return format_html_join("", "<div>{}</div>", ((self._line(key),) for key in keys))

    def _line(self, key: int):
        label = self.labels.get(key, _("Deleted account"))
        if key not in self.after:
            return _marked("deletion", f"{label}: {self._words(self.before[key])}")
        if key not in self.before:
            return _marked("addition", f"{label}: {self._words(self.after[key])}")
        if self.before[key] == self.after[key]:
            return escape(f"{label}: {self._words(self.after[key])}")
        difference = diff_text(self._words(self.before[key]), self._words(self.after[key]))
        return format_html("{}: {}", label, difference.to_html())

    def _words(self, choice: Chosen) -> str:
        """What was chosen, in one line; what is as usual is not mentioned."""
        parts = [choice.wording or _("generated text"), self._picture(choice.image)]
        if choice.alt:
            parts.append(_("described as “%s”") % choice.alt)
        return " · ".join(part for part in (*parts, _time(choice)) if part)

    def _picture(self, image: str) -> str:
        if image == NO_IMAGE:
            return _("without a picture")
        return _("picture “%s”") % (self.album.title(image) or _("deleted")) if image else ""


def _choices(page) -> dict[int, Chosen]:
    return {target.account_id: Chosen.of(target) for target in targets_of(page)}


def _time(choice: Chosen) -> str:
    if choice.way == NEXT_SLOT:
        return _("at the account’s next posting time")
    if choice.way == AFTER and choice.minutes.isdecimal():
        minutes = int(choice.minutes)
        return ngettext("%d minute later", "%d minutes later", minutes) % minutes
    return _("on %s (the account’s clock)") % choice.at.replace("T", " ") if choice.at else ""


def _marked(change: str, text: str):
    return TextDiff([(change, text)]).to_html()
