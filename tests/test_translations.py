"""Every string is translated into every language of the package, and translations keep what programs put into them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

import wagtail_syndicate


PACKAGE = Path(wagtail_syndicate.__file__).parent
LANGUAGES = ("de", "fr", "ru", "zh_Hans")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")


def catalogue(language):
    return polib.pofile(str(PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po"))


def sentences(entry):
    """Pairs of what is to be translated and its translation; all plural forms."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [(entry.msgid_plural, text) for text in entry.msgstr_plural.values()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_complete(language):
    messages = catalogue(language)
    assert len(messages) > 200
    assert [entry.msgid for entry in messages.untranslated_entries()] == []
    assert [entry.msgid for entry in messages.fuzzy_entries()] == []
    assert [entry.msgid for entry in messages.obsolete_entries()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_kept(language):
    for entry in catalogue(language).translated_entries():
        for text, translation in sentences(entry):
            wanted, found = set(PLACEHOLDER.findall(text)), set(PLACEHOLDER.findall(translation))
            # A plural form may spell a number out.
            assert found <= wanted and (entry.msgid_plural or found == wanted), (text, translation)


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogue_is_fresh(language):
    messages = catalogue(language)
    compiled = polib.mofile(str(PACKAGE / "locale" / language / "LC_MESSAGES" / "django.mo"))
    assert {entry.msgid: sentences(entry) for entry in compiled} == {
        entry.msgid: sentences(entry) for entry in messages
    }


def test_no_string_is_missing_from_the_catalogues(tmp_path):
    if shutil.which("xgettext") is None:
        if os.environ.get("CI"):
            pytest.fail("GNU gettext is not installed.")
        pytest.skip("GNU gettext is not installed; .ci/run installs it.")
    copy = tmp_path / "wagtail_syndicate"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    admin = Path(sys.executable).with_name("django-admin")
    subprocess.run(
        [admin, "makemessages", "-l", "fr", "--no-location", "--no-wrap", "-v0"],
        cwd=copy,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        check=True,
    )
    extracted = polib.pofile(str(copy / "locale/fr/LC_MESSAGES/django.po"))
    assert {entry.msgid for entry in extracted if not entry.obsolete} == {entry.msgid for entry in catalogue("fr")}
