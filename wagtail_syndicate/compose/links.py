"""The article's address in a post: with an account's tracking parameters, in a form that every network takes."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import quote

import regex


IN_QUERY = "%&=+!$'()*,;:@/?-._~"
PLACE = regex.compile(r"\{([^{}\n]*)\}")
PLACES = ("network", "account", "language")
# RFC 3986 without what would end the pair or begin another part of the address; braces are filled in.
PAIR = r"[\w.~\[\]{}-]+=(?:[\w.~!$'()*+,:@/{}-]|%[0-9A-Fa-f]{2})*"
PAIRS = regex.compile(rf"{PAIR}(?:&{PAIR})*", regex.ASCII)


def unknown_places(tracking: str) -> list[str]:
    """The names in braces that tracking parameters may not have."""
    return [name for name in PLACE.findall(tracking) if name not in PLACES]


def is_well_formed(tracking: str) -> bool:
    """Whether these are ``name=value`` pairs joined by ``&``, as an address takes them; places may stand in both."""
    return not tracking or bool(PAIRS.fullmatch(tracking))


def filled(tracking: str, **values: str) -> str:
    """The tracking parameters with what stands in braces filled in, percent-encoded."""
    return PLACE.sub(lambda place: quote(values.get(place[1], place[0]), safe=""), tracking)


def tracked(url: str, tracking: str) -> str:
    """The address with the parameters that it does not have yet; its own query and fragment stay as they are.

    :param tracking: ``name=value`` pairs joined by ``&``; what no query may hold is percent-encoded.
    """
    address, hash_sign, fragment = url.partition("#")
    query = address.partition("?")[2]
    taken = {pair.partition("=")[0] for pair in query.split("&")}
    pairs = quote(tracking.strip("?& "), safe=IN_QUERY).split("&")
    added = "&".join(pair for pair in pairs if pair and pair.partition("=")[0] not in taken)
    if not url or not added:
        return url
    between = "?" if "?" not in address else "&" if query and not query.endswith("&") else ""
    return f"{address}{between}{added}{hash_sign}{fragment}"


def is_public(host: str | None) -> bool:
    """Whether a host name may be one for readers: not this machine, no bare IP address, no name without a dot."""
    try:
        ip_address(host or "")
    except ValueError:
        return not host or ("." in host and not host.endswith((".localhost", ".local", ".internal")))
    return False
