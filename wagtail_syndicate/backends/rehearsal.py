"""Requests that are written down instead of sent: what a dry run would have done, without anything secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

from wagtail_syndicate.backends.http import Answer, Http
from wagtail_syndicate.backends.redaction import HIDDEN, redact
from wagtail_syndicate.exceptions import NotSent, Rehearsed


# What networks call their keys, codes and signatures, beside those that the account itself has: some are made of them.
SECRET_NAME = re.compile(
    r"token|secret|password|passwd|signature|proof|session|authori[sz]ation|cookie|nonce|api[-_]?key|^sig$|^code$|^oauth_",
    re.IGNORECASE,
)
SCHEMES = ("basic", "bearer", "oauth", "dpop")
# Of the connection, not of the request.
LEFT_OUT = ("connection", "accept-encoding", "content-length")
MOST = 4000  # characters of one body


class Rehearsing(Http):
    """A way to a network that ends here: each request is noted in ``made`` and answered with :class:`Rehearsed`."""

    rehearses = True

    def __init__(self, secrets: Iterable[str] = ()):
        super().__init__(secrets)
        self.made: list[str] = []

    def request(self, method: str, url: str, *, irreversible: bool = False, **kwargs) -> Answer:
        """Write the request down, as it would have left.

        :raises Rehearsed: always, unless the request could not have been made.
        :raises NotSent: it could not: its address is none.
        :raises AccountProblem: the credentials cannot be put into a header.
        """
        kwargs.pop("verify", None)
        try:
            prepared = self._prepare(method, url, kwargs)
        except (OSError, ValueError) as error:
            raise NotSent("network_down", self._describe(error)) from None
        self.made.append(written(prepared, kwargs, self.secrets))
        raise Rehearsed("dry_run")


def rehearsing(backend):
    """The same backend, with a way to its network that ends here."""
    backend.http = Rehearsing(backend.http.secrets)
    return backend


def written(prepared: requests.PreparedRequest, given: Mapping[str, Any], secrets: Iterable[str]) -> str:
    """A request as people read it: method and address, headers, body; JSON and forms without their escapes.

    :param given: what the request was made of (``json``, ``data``, ``files``).
    """
    lines = [f"{prepared.method} {_address(prepared.url or '')}"]
    for name, value in prepared.headers.items():
        if name.lower() not in LEFT_OUT:
            lines.append(f"{name}: {_header(name, _text(value))}")
    if body := _body(prepared, given):
        lines += ["", body[:MOST]]
    return redact("\n".join(lines), secrets)


def _address(url: str) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if not any(SECRET_NAME.search(name) for name, _value in pairs):
        return url
    query = urlencode([(name, HIDDEN if SECRET_NAME.search(name) else value) for name, value in pairs], safe=HIDDEN)
    return urlunsplit(parts._replace(query=query))


def _header(name: str, value: str) -> str:
    if not SECRET_NAME.search(name):
        return value
    scheme = value.partition(" ")[0]
    return f"{scheme} {HIDDEN}" if scheme.lower() in SCHEMES else HIDDEN


def _body(prepared: requests.PreparedRequest, given: Mapping[str, Any]) -> str:
    if given.get("json") is not None:
        return _json(given["json"])
    fields, files = given.get("data"), given.get("files")
    lines = _fields(fields) if isinstance(fields, Mapping | list | tuple) else []
    for name, file in files.items() if isinstance(files, Mapping) else files or ():
        lines.append(f"{name}: {_file(file)}")
    if lines:
        return "\n".join(lines)
    return _plain(prepared.body)


def _fields(fields: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> list[str]:
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    return [f"{name}: {HIDDEN if SECRET_NAME.search(str(name)) else _value(value)}" for name, value in pairs]


def _value(value: Any) -> str:
    """A form's value; networks put JSON into forms."""
    text = _text(value)
    return _plain(text) if text[:1] in ("{", "[") else text


def _file(file: Any) -> str:
    if not isinstance(file, tuple):
        return f"<{len(file)} bytes>" if isinstance(file, bytes) else "<a file>"
    name, data, *kind = file
    if name is None:  # a field of a form that is sent as files are
        return _value(data)
    return f"<{', '.join([str(name), *map(str, kind[:1]), f'{len(data)} bytes'])}>"


def _plain(body: Any) -> str:
    if not body:
        return ""
    if isinstance(body, bytes):
        try:
            body = body.decode()
        except UnicodeDecodeError:
            return f"<{len(body)} bytes>"
    if not isinstance(body, str):
        return "<a stream>"
    try:
        return _json(json.loads(body))
    except (ValueError, RecursionError):
        return body


def _json(data: Any) -> str:
    return json.dumps(_without_secrets(data), ensure_ascii=False, indent=2, default=str)


def _without_secrets(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {
            name: HIDDEN if isinstance(value, str) and SECRET_NAME.search(str(name)) else _without_secrets(value)
            for name, value in data.items()
        }
    return [_without_secrets(value) for value in data] if isinstance(data, list | tuple) else data


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
