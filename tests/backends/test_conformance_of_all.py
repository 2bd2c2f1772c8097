"""No built-in network goes without the conformance kit."""

import importlib
from pathlib import Path

import pytest
from django.utils.module_loading import import_string

from wagtail_syndicate.backends import registry
from wagtail_syndicate.testing import BackendConformance


def subclasses(kit):
    for found in kit.__subclasses__():
        yield found
        yield from subclasses(found)


@pytest.fixture(scope="module")
def tested():
    """The networks that a class of the kit is there for, and that pytest collects."""
    for path in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"tests.backends.{path.stem}")
    kits = [kit for kit in subclasses(BackendConformance) if kit.__name__.startswith("Test") and kit.backend]
    here = [kit for kit in kits if kit.__module__.startswith("tests.backends.")]
    return {import_string(kit.backend) if isinstance(kit.backend, str) else kit.backend for kit in here}


@pytest.mark.parametrize("name", [name for name in registry.built_in() if name != "memory"])
def test_every_network_has_a_class_of_the_kit(tested, name):
    assert registry.get(name) in tested, f"Subclass BackendConformance for {name}: docs/adding-a-network.md."
