"""The documentation says what is so."""

import importlib.util
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


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_page_that_can_be_found(name):
    assert (ROOT / f"docs/networks/{name}.md").read_text().startswith("# ")
    assert f"networks/{name}.md" in (ROOT / "mkdocs.yml").read_text()
