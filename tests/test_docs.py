"""The documentation says what is so."""

import importlib.util
import re
from pathlib import Path

import pytest

from wagtail_syndicate.backends import registry


ROOT = Path(__file__).parents[1]
NETWORKS = [name for name in registry.built_in() if name != "memory"]


@pytest.fixture(scope="module")
def matrix():
    spec = importlib.util.spec_from_file_location("matrix", ROOT / "docs/matrix.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_networks_is_fresh(matrix):
    assert matrix.INDEX.read_text() == matrix.matrix(), "Run `make docs`."


def test_the_table_says_what_the_classes_say(matrix):
    lines = matrix.matrix().splitlines()
    assert "| [XING](xing.md) | Assisted | Germany, Austria, Switzerland | nothing to connect | 2 |" in lines
    assert any(line.startswith("| [X](x.md) | 280 weighted characters (an address 23) | 4, alt") for line in lines)
    assert len([line for line in lines if line.startswith("| [")]) == 3 * len(NETWORKS)


def chapters(page: str) -> dict[str, str]:
    """The chapters of a page of the documentation and what they say."""
    _start, *found = re.split(r"^## ", (ROOT / page).read_text(), flags=re.MULTILINE)
    return {title: text.strip() for title, _, text in (chapter.partition("\n") for chapter in found)}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_says_what_an_admin_has_to_know(name):
    found = chapters(f"docs/networks/{name}.md")
    wanted = ["Get the keys", "Connect", "What it costs and demands", "When it stops working"]
    assert [title for title in found if title in wanted] == wanted
    assert all(found[title] for title in wanted), "A chapter says nothing."


@pytest.mark.parametrize("name", NETWORKS)
def test_the_page_of_a_network_names_its_keys_and_permissions(name):
    """What the settings are called stands there where it is needed; keys may be entered in the admin, too."""
    text = chapters(f"docs/networks/{name}.md")["Get the keys"]
    for method in registry.get(name).auth:
        if keys := getattr(method, "keys", None):
            assert all(key in text for key in keys) or method.name == "oauth1" and keys[0] in text
            assert "Syndication app keys" in text


def test_every_task_of_an_admin_has_a_page():
    index, nav = (ROOT / "docs/admins.md").read_text(), (ROOT / "mkdocs.yml").read_text()
    pages = sorted(path.name for path in (ROOT / "docs/admins").glob("*.md"))
    assert {"add.md", "app-keys.md", "connect.md", "reconnect.md", "disconnect.md", "keys.md", "voice.md"} <= set(
        pages
    )
    for page in pages:
        assert f"(admins/{page})" in index, page
        assert f"admins/{page}" in nav, page
    assert "## Never from a copy" in index  # docs/settings.md leads there


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_page_that_can_be_found(name):
    assert (ROOT / f"docs/networks/{name}.md").read_text().startswith("# ")
    assert f"networks/{name}.md" in (ROOT / "mkdocs.yml").read_text()
