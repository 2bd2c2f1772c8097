"""A network is three files: a backend, a page, a test that subclasses the conformance kit. None goes without one."""

import importlib
from pathlib import Path

import pytest

from wagtail_syndicate import backends
from wagtail_syndicate.backends import registry
from wagtail_syndicate.testing import BackendConformance


ROOT = Path(__file__).parents[2]
LONGEST = 250  # lines of a backend; what goes beyond belongs into a file beside it


def subclasses(kit):
    for found in kit.__subclasses__():
        yield found
        yield from subclasses(found)


@pytest.fixture(scope="module")
def tested():
    """By its module, the networks that a class of the kit is there for, and that pytest collects."""
    for path in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"tests.backends.{path.stem}")
    kits = [kit for kit in subclasses(BackendConformance) if kit.__name__.startswith("Test") and kit.backend]
    return {(kit.__module__, kit.backend) for kit in kits}


@pytest.mark.parametrize("name", [name for name in registry.built_in() if name != "memory"])
def test_every_network_has_its_three_files(tested, name):
    backend = registry.get(name)
    code = Path(backends.__path__[0], f"{name}.py")
    assert backend.__module__ == f"wagtail_syndicate.backends.{name}"
    assert len(code.read_text().splitlines()) <= LONGEST
    assert (ROOT / f"docs/networks/{name}.md").is_file()
    kit = f"tests.backends.test_{name}"
    assert (kit, backend) in tested, f"Subclass BackendConformance in {kit}: docs/adding-a-network.md."
