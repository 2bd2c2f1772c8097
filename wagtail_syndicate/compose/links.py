"""The article's address in a post: with an account's tracking parameters, in a form that every network takes."""

from __future__ import annotations

from urllib.parse import quote

import regex


PLACE = regex.compile(r"\{(\w*)\}")
PLACES = ("network", "account", "language")


def unknown_places(tracking: str) -> list[str]:
    """The names in braces that tracking parameters may not have."""
    return [name for name in PLACE.findall(tracking) if name not in PLACES]


def filled(tracking: str, **values: str) -> str:
    """The tracking parameters with what stands in braces filled in, percent-encoded."""
    return PLACE.sub(lambda place: quote(values.get(place[1], place[0]), safe=""), tracking)


def tracked(url: str, tracking: str) -> str:
    """The address with the parameters that it does not have yet; its own query and fragment stay as they are.

    :param tracking: ``name=value`` pairs joined by ``&``, percent-encoded where that is needed.
    """
    if not url or not tracking:
        return url
    address, hash_sign, fragment = url.partition("#")
    path, _, query = address.partition("?")
    own = [pair for pair in query.split("&") if pair]
    taken = {pair.partition("=")[0] for pair in own}
    added = [pair for pair in tracking.strip("?& ").split("&") if pair and pair.partition("=")[0] not in taken]
    return f"{path}?{'&'.join([*own, *added])}{hash_sign}{fragment}" if own or added else url
