"""What is noted in Wagtail's audit log when an admin changes an account: which fields, from what to what."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import LogFormatter


MOST = 200  # characters of a value; the log is no archive


def changed_values(form) -> dict[str, list[str]]:
    """What a valid form of an account changes: label of the field -> the value before and after, as people read them.

    No field of the form holds a secret: credentials are entered where an account is connected.
    """
    found = {}
    for name in form.changed_data:
        field = form.fields[name]
        before, after = form.get_initial_for_field(field, name), form.cleaned_data.get(name)
        shown = [_shown(before, field), _shown(after, field)]
        if shown[0] != shown[1]:  # a field that was not sent counts as changed, and keeps its value
            found[force_str(field.label)] = shown
    return found


class EditFormatter(LogFormatter):
    """An entry for a change of an account, which says what was changed."""

    label = gettext_lazy("Edit account")

    def format_message(self, log_entry):
        changes = log_entry.data.get("changes", {})
        told = "; ".join(f"{field}: {before or '–'} → {after or '–'}" for field, (before, after) in changes.items())
        return _("Changed %(fields)s") % {"fields": told}


def _shown(value: Any, field) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple | QuerySet):
        return ", ".join(_shown(one, field) for one in value)
    if value is not None and hasattr(field, "queryset") and not isinstance(value, Model):
        value = field.queryset.filter(pk=value).first()
    return "" if value is None else force_str(value)[:MOST]
