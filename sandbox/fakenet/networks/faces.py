from dataclasses import dataclass


@dataclass(frozen=True)
class Face:
    """How a network looks on the pages for people; ``language`` is the likely language of its posts."""

    name: str
    note: str
    language: str = ""
