"""The contracts as they were published, and what a request says."""

from __future__ import annotations

import json
import re
from functools import cache
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import requests
import yaml
from werkzeug.formparser import FormDataParser


SPECS = Path(__file__).parents[3] / "shared" / "specs"


@cache
def load(name: str):
    """A contract, as it was published."""
    text = (SPECS / name).read_text()
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def fields_of(sent: requests.PreparedRequest) -> dict:
    """The parameters of a request: of its address, and of its body in whichever of three forms."""
    found = dict(parse_qsl(urlsplit(sent.url).query, keep_blank_values=True))
    kind, _, _ = sent.headers.get("Content-Type", "").partition(";")
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    if kind == "application/json":
        return found | json.loads(body)
    if kind == "application/x-www-form-urlencoded":
        return found | dict(parse_qsl(body.decode(), keep_blank_values=True))
    if kind == "multipart/form-data":
        options = dict(re.findall(r'(\w+)="?([^";]+)"?', sent.headers["Content-Type"].partition(";")[2]))
        _, form, files = FormDataParser().parse(BytesIO(body), kind, len(body), options)
        return found | dict(form) | dict.fromkeys(files, b"")
    return found
