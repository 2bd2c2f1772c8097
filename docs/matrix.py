"""Writes docs/networks/index.md from the classes of the built-in networks: ``make docs``."""

import sys
from itertools import product
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
INDEX = ROOT / "docs/networks/index.md"
HEAD = """# Networks

Generated from the backends by `make docs`; do not edit. Each network's page says where its facts are from and how
sure they are. **Automatic**: its API takes posts. **Conditional**: it does, under conditions that are told before
connecting. **Assisted**: a person posts with one click; text, link and record are made in the same way.
"""
UNITS = {
    "len": "characters",
    "characters": "characters",
    "written": "characters (written in HTML)",
    "utf16": "UTF-16 units",
    "x_weighted": "weighted characters (an address 23)",
    "mastodon": "characters (an address 23)",
    "weibo": "Chinese characters (a Latin letter half)",
    "bluesky": "characters as read",
    "graphemes": "characters as read",
    "threads": "characters (emoji by bytes)",
    "linkedin": "characters (with escapes)",
}


def backends():
    """The built-in networks that are for people, by name."""
    from wagtail_syndicate.backends import registry

    found = [registry.get(name) for name in registry.built_in() if name != "memory"]
    return sorted(found, key=lambda backend: str(backend.label).casefold())


def reach(backend):
    return f"{backend.reach.label}, retired" if backend.retired else str(backend.reach.label)


def doors(backend):
    return ", ".join(str(door.label) for door in backend.auth if str(door.label)) or "nothing to connect"


# Facts that connecting finds out, where what an account can do depends on them.
FOUND_OUT = {"vk": [{"door": "community"}, {"door": "user"}]}


def variants(backend):
    """The backend for each kind of account, with each of the admin's choices."""
    from wagtail_syndicate.types import Connection

    choices = [[(choice.name, value) for value, _label in choice.values] for choice in backend.choices]
    for found in FOUND_OUT.get(backend.name, [{}]):
        for chosen in product(*choices):
            yield backend(Connection(options={**found, **dict(chosen)}))


def by_limits(cell):
    """A cell made from the limits; each value once, where they depend on the account."""
    return lambda backend: " or ".join(dict.fromkeys(cell(variant.get_limits()) for variant in variants(backend)))


@by_limits
def length(limits):
    name = getattr(limits.count, "func", limits.count).__name__
    caption = f"; {limits.caption_length:,} with a picture" if limits.caption_length is not None else ""
    return f"{limits.length:,} {UNITS[name]}{caption}"


@by_limits
def pictures(limits):
    if (images := limits.images) is None:
        return "none"
    return f"{images.count}, {f'alt text {images.alt_length:,}' if images.alt_length else 'no alt text'}"


@by_limits
def link(limits):
    return "card" if limits.link == "card" else "in the text"


def look_up(backend):
    if not backend.offers("find"):
        return "no"
    return "yes" if all(variant.can_find() for variant in variants(backend)) else "some accounts"


def repeats(backend):
    hours = backend.key_seconds / 3600
    if not hours:
        return "no"
    return f"for {hours:g} h" if hours < 48 else f"for {hours / 24:g} days"


def yes(method):
    return lambda backend: "yes" if backend.offers(method) else "no"


TABLES = {
    "How they are reached": {
        "Reach": reach,
        "Readers": lambda backend: str(backend.region.label),
        "Connected with": doors,
        "Conditions": lambda backend: str(len(backend.conditions)),
    },
    "What a post may hold": {
        "Text": length,
        "Pictures": pictures,
        "Link": link,
        "Share dialog": yes("share_link"),
    },
    "What can be done afterwards": {
        "Edit": yes("edit"),
        "Delete": yes("delete"),
        "Look up": look_up,
        "Repeated post recognised": repeats,
    },
}


def matrix():
    """The page."""
    from django.utils import translation

    lines = [HEAD]
    with translation.override("en"):
        for title, columns in TABLES.items():
            lines += [f"## {title}\n", f"| Network | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
            for backend in backends():
                cells = [f"[{backend.label}]({backend.name}.md)", *(cell(backend) for cell in columns.values())]
                lines.append(f"| {' | '.join(cells)} |")
            lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    import django
    from django.conf import settings

    settings.configure()
    django.setup()
    INDEX.write_text(matrix())
    print(f"{INDEX.relative_to(ROOT)}: {len(backends())} networks")
