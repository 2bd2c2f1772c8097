"""docs/adding-a-network.md works as it is written."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from wagtail_syndicate.backends import registry
from wagtail_syndicate.checks import check_networks
from wagtail_syndicate.exceptions import ConfigurationError


ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/adding-a-network.md"
BLOCK = re.compile(r'^```\w+ title="(?P<path>[^"]+)"\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
FILES = {block["path"]: block["text"] for block in BLOCK.finditer(PAGE.read_text())}


@pytest.fixture
def project(tmp_path):
    """The files of the page, in a folder."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "noticeboard/__init__.py").touch()
    return tmp_path


@pytest.fixture
def importable(project, monkeypatch):
    """The package of the page, importable while a test runs, and a registry that has seen nothing yet."""
    monkeypatch.syspath_prepend(project)
    registry._known_paths.cache_clear()
    yield project
    registry._known_paths.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "noticeboard"]:
        del sys.modules[name]


def run_tests(project):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:xdist", "-p", "no:cacheprovider", "-rA"],
        cwd=project,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_page_shows_every_file():
    assert set(FILES) == {
        "noticeboard/backend.py",
        "settings.py",
        "pyproject.toml",
        "README.md",
        "tests/test_noticeboard.py",
        "conftest.py",
    }


def test_the_kit_passes(project):
    ended = run_tests(project)
    assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr
    for check in ("test_publish[CJK]", "test_find_nothing_else", "test_secrets_are_never_seen", "test_delete"):
        assert f"::TestNoticeboard::{check}\n" in f"{ended.stdout}\n"


def test_the_kit_does_not_pass_when_the_backend_is_broken(project):
    backend = project / "noticeboard/backend.py"
    backend.write_text(backend.read_text().replace("irreversible=True, ", ""))
    ended = run_tests(project)
    assert ended.returncode == 1
    assert "0 of the requests POST /v1/notices are marked irreversible=True" in ended.stdout


def test_registered_by_dotted_path(importable, settings):
    written = {}
    exec((importable / "settings.py").read_text(), written)
    settings.WAGTAIL_SYNDICATE = written["WAGTAIL_SYNDICATE"]
    assert registry.names() == ["noticeboard", "mastodon"]
    assert registry.get("noticeboard").__module__ == "noticeboard.backend"
    assert str(registry.get("noticeboard").label) == "Noticeboard"


@pytest.fixture
def installed(importable):
    """As an installer leaves it: the entry points of pyproject.toml in a dist-info folder."""
    project = tomllib.loads((importable / "pyproject.toml").read_text())["project"]
    info = importable / "wagtail_syndicate_noticeboard-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return importable


def test_registered_by_entry_point(installed, settings):
    settings.WAGTAIL_SYNDICATE = {}
    assert "noticeboard" in registry.names()
    assert registry.get("noticeboard").__module__ == "noticeboard.backend"
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"noticeboard": {}}}
    assert registry.names() == ["noticeboard"]
    assert [backend.name for backend in registry.all_backends()] == ["noticeboard"]


def test_a_package_that_cannot_be_imported_is_told_and_harms_nothing_else(installed, settings):
    (installed / "noticeboard/backend.py").write_text("import no_such_module")
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": None}
    assert "mastodon" in {backend.name for backend in registry.all_backends()}
    (found,) = check_networks()
    assert found.id == "wagtail_syndicate.E001"
    assert "'noticeboard' cannot be imported: ModuleNotFoundError" in found.msg
    assert "entry point" in found.hint


def test_a_network_goes_by_one_name(importable, settings):
    """Its accounts, and its settings, would not be found under another."""
    settings.WAGTAIL_SYNDICATE = {"NETWORKS": {"board": {"BACKEND": "noticeboard.backend.Backend"}}}
    with pytest.raises(ConfigurationError, match="calls its network 'noticeboard', not 'board'"):
        registry.get("board")
    assert registry.all_backends() == []
