"""What the documentation of settings says is what there is."""

import re
from pathlib import Path

import pytest

from wagtail_syndicate import conf
from wagtail_syndicate.backends import registry


TEXT = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
BACKENDS = [registry.get(name) for name in registry.built_in() if name != "memory"]


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_hosts_and_keys_of_every_network_are_listed(backend):
    row = re.search(rf"^\| `{backend.name}` \| (.*) \|$", TEXT, re.MULTILINE)
    told = dict(re.findall(r"`(\w+)`: `([^`]+)`", row[1])) if row else {}
    assert told == dict(backend.hosts)
    for method in backend.auth:
        for key in getattr(method, "keys", None) or ():
            assert f"`{key}`" in TEXT


@pytest.mark.parametrize("name", conf.DEFAULTS)
def test_every_setting_is_explained(name):
    assert f"| `{name}` |" in TEXT
