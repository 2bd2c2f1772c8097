"""The drawings of networks: letters of our own in the networks' colours, no logos."""

from pathlib import Path


FOLDER = Path(__file__).parents[1] / "templates" / "wagtail_syndicate" / "icons"


def icons() -> list[str]:
    """The templates of all icons, for Wagtail's icon set; each is called ``syndicate-<network>`` there."""
    return sorted(f"wagtail_syndicate/icons/{drawing.name}" for drawing in FOLDER.glob("*.svg"))
