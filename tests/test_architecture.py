"""Arrows point one way: a room imports only from rooms below it."""

import ast
from pathlib import Path

import pytest

import wagtail_syndicate


PACKAGE = Path(wagtail_syndicate.__file__).parent

# From the top down. What stands in one line is on one floor, and does not import from its neighbours.
FLOORS = (
    ("testing", "contrib"),
    ("apps", "wagtail_hooks", "management"),
    ("checks", "doctor", "health", "history", "signal_handlers"),
    ("admin",),
    ("tasks",),
    ("mails",),
    ("delivery",),
    ("accounts",),
    ("models",),
    ("signals",),
    ("backends", "summarisers"),
    ("compose",),
    ("types", "reasons", "exceptions", "conf", "keys", "database"),
)
LEVEL = {room: level for level, floor in enumerate(reversed(FLOORS)) for room in floor}
# Pure rooms: no database, no task queue, no CMS plumbing.
PURE = {"compose": ("celery", "django.db", "requests"), "backends": ("celery", "django.db", "wagtail."), "types": ()}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """The names of all modules that a file imports, also inside functions."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import from {node.module} is relative"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def files():
    return [
        path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts and path.name != "__init__.py"
    ] + [path for path in PACKAGE.glob("*/__init__.py") if path.parent.name != "migrations"]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_point_down(path):
    room = room_of(path)
    for name in imports(path):
        if not name.startswith("wagtail_syndicate."):
            continue
        other = name.split(".")[1]
        if other == room or other not in LEVEL:
            continue
        assert LEVEL[other] < LEVEL[room], f"{room} must not import from {other} ({name})"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_room_has_a_floor(path):
    assert room_of(path) in {*LEVEL, "__init__"}


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_pure_rooms_stay_pure(path):
    for name in imports(path):
        for forbidden in PURE.get(room_of(path), ()):
            assert not f"{name}.".startswith(forbidden), f"{room_of(path)} must not import {name}"
        if room_of(path) != "tasks":
            assert not name.startswith("celery"), "only tasks.py imports Celery"
