"""What changed between two revisions of a page, as far as its accounts are concerned."""

from __future__ import annotations

from django.utils.functional import cached_property
from django.utils.html import escape, format_html, format_html_join
from django.utils.translation import gettext as _
from wagtail.admin.compare import TextDiff, diff_text

from wagtail_syndicate.accounts import permissions
from wagtail_syndicate.models import Account, targets_of


class TicksComparison:
    """Accounts that were ticked or unticked, and wordings that were changed, for Wagtail's comparison of revisions.

    :param page_a: the older version of the page.
    :param page_b: the newer one.
    :param user: who compares; accounts that the user may not know of are left out.
    """

    is_field = True
    is_child_relation = False

    def __init__(self, page_a, page_b, user):
        before, after = _wordings(page_a), _wordings(page_b)
        ticked = Account.objects.filter(pk__in={*before, *after}).select_related("collection")
        hidden = {account.pk for account in ticked if not permissions.can_see(user, account)}
        self.before = {key: words for key, words in before.items() if key not in hidden}
        self.after = {key: words for key, words in after.items() if key not in hidden}

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

    def htmldiff(self):
        """One line for each account, marked up as Wagtail's other comparisons are."""
        keys = sorted({*self.before, *self.after}, key=lambda key: self.labels.get(key, ""))
        return format_html_join("", "<div>{}</div>", ((self._line(key),) for key in keys))

    def _line(self, key: int):
        label = self.labels.get(key, _("Deleted account"))
        if key not in self.after:
            return _marked("deletion", _sentence(label, self.before[key]))
        if key not in self.before:
            return _marked("addition", _sentence(label, self.after[key]))
        if self.before[key] == self.after[key]:
            return escape(_sentence(label, self.after[key]))
        return format_html("{}: {}", label, diff_text(_words(self.before[key]), _words(self.after[key])).to_html())


def _wordings(page) -> dict[int, str]:
    return {target.account_id: target.wording for target in targets_of(page)}


def _words(wording: str) -> str:
    return wording or _("generated text")


def _sentence(label: str, wording: str) -> str:
    return f"{label}: {_words(wording)}"


def _marked(change: str, text: str):
    return TextDiff([(change, text)]).to_html()
