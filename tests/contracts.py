"""The networks' machine-readable contracts, held against every request of a test and every answer of fakenet.

The contracts lie beside the repository (``../shared/specs``) and are no part of it; without them nothing is checked.
A network is added as one more line of :data:`CONTRACTS`: who it is, where it lives, and two functions that raise
``AssertionError``. A fixture of ``tests/conftest.py`` switches the checks on for every test (:func:`watch`).
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import requests
import yaml
from werkzeug.formparser import FormDataParser

from sandbox.fakenet.faults import Faults


SPECS = Path(__file__).parents[2] / "shared" / "specs"


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


# OpenAPI: X, Mastodon


def _as_string(data, **_parameters):
    # OpenAPI 3.1 calls a file a string, and the validator does not take bytes for one.
    return data.decode("latin-1")


@cache
def openapi(name: str):
    """A contract as openapi-core reads it."""
    from openapi_core import Config, OpenAPI

    pictures = ("application/octet-stream", "image/jpeg", "image/png", "image/webp")
    config = Config(spec_validator_cls=None, extra_media_type_deserializers=dict.fromkeys(pictures, _as_string))
    return OpenAPI.from_dict(load(name), config=config)


@contextmanager
def explained(*but: type[Exception]):
    """Errors of openapi-core, ``but`` some, as assertions; what is wrong stands in their causes."""
    from openapi_core.exceptions import OpenAPIError

    with warnings.catch_warnings():
        # OAuth is not checked by the validator, which it says each time.
        warnings.simplefilter("ignore", UserWarning)
        try:
            yield
        except but:
            raise
        except OpenAPIError as error:
            cause = error if hasattr(error, "schema_errors") else error.__cause__
            inner = [f"{found.json_path}: {found.message}" for found in getattr(cause, "schema_errors", ())]
            raise AssertionError("; ".join(inner)[:2000] or f"{error} {cause or ''}") from None


def _at_home(sent: requests.PreparedRequest, home: str, path: str) -> requests.PreparedRequest:
    moved = sent.copy()
    moved.url = home + path
    for name, value in sent.headers.items():
        # Signing with OAuth 1.0a leaves bytes.
        moved.headers[name] = value.decode() if isinstance(value, bytes) else value
    return moved


def openapi_request(name: str, home: str, also: tuple[str, ...] = ()) -> Callable:
    """A check of requests against an OpenAPI contract whose paths begin at ``home``.

    :param also: query parameters that the contract does not know.
    """

    def check(sent, path):
        from openapi_core.contrib.requests import RequestsOpenAPIRequest
        from openapi_core.templating.paths.finders import APICallPathFinder

        asked = RequestsOpenAPIRequest(_at_home(sent, home, path))
        with explained():
            openapi(name).validate_request(asked)
        # The validator passes over parameters that the contract does not have; networks need not.
        operation = APICallPathFinder(openapi(name).spec).find(asked.method, home + path.partition("?")[0]).operation
        listed = operation / "parameters" if "parameters" in operation else ()
        known = {(parameter / "name").read_value() for parameter in listed}
        unknown = {field for field, _ in parse_qsl(urlsplit(path).query)} - known - set(also)
        assert not unknown, f"unknown parameters: {unknown}"

    return check


def openapi_answer(name: str, home: str, refusal: Callable) -> Callable:
    """A check of answers; refusals are left to ``refusal``, because contracts list few of them."""

    def check(sent, path, answer):
        from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
        from openapi_core.templating.paths.exceptions import PathError

        if answer.status_code >= 400:
            refusal(answer)
            return
        asked = RequestsOpenAPIRequest(_at_home(sent, home, path))
        # Whether there is such a path is a question about the request.
        with suppress(PathError), explained(PathError):
            openapi(name).validate_response(asked, RequestsOpenAPIResponse(answer))

    return check


def x_refusal(answer):
    """RFC 9457 documents; the contract's own list of types leaves out those that were seen (about:blank)."""
    problem = answer.json()
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert isinstance(problem["title"], str) and isinstance(problem["type"], str)
    assert problem.get("status", answer.status_code) == answer.status_code
    assert all(isinstance(error["message"], str) for error in problem.get("errors", ()))


def mastodon_refusal(answer):
    assert isinstance(answer.json()["error"], str)


def mastodon_answer(sent, path, answer):
    """As the contract says, but for deleted posts: servers give back their source instead of ``content`` (documents,
    methods/statuses), which the contract asks for all the same."""
    if sent.method == "DELETE" and answer.status_code == 200:
        deleted = answer.json()
        assert isinstance(deleted["id"], str) and isinstance(deleted["text"], str) and "content" not in deleted
        return
    _mastodon_answer(sent, path, answer)


_mastodon_answer = openapi_answer("mastodon-openapi.json", "https://mastodon.example", mastodon_refusal)


def line_refusal(answer):
    body = answer.json()
    assert isinstance(body["message"], str) and set(body) <= {"message", "details", "sentMessages"}
    # ErrorResponse: an array without entries is left out.
    assert body.get("details") != []
    assert all(set(detail) <= {"message", "property"} for detail in body.get("details", ()))


# Telegram: methods and types of the Bot API


def check_telegram(value, kinds):
    """``value`` has one of the documented ``kinds``: required fields there, no unknown ones, right types."""
    plain = {"Integer": int, "String": str, "Boolean": bool, "True": bool, "Float": (int, float)}
    types, problems = load("telegram-bot-api.json")["types"], []
    for kind in kinds:
        try:
            if kind in plain:
                right = isinstance(value, plain[kind]) and (kind in ("Boolean", "True") or not isinstance(value, bool))
                assert right, f"{value!r} is no {kind}"
            elif kind.startswith("Array of "):
                assert isinstance(value, list), f"{value!r} is no list"
                for item in value:
                    check_telegram(item, [kind.removeprefix("Array of ")])
            elif kind == "InputFile":
                assert value == b"", f"{value!r} is no file"
            elif subtypes := types[kind].get("subtypes"):
                check_telegram(value, subtypes)
            else:
                check_fields(value, types[kind].get("fields", []), kind)
            return
        except (AssertionError, KeyError, TypeError) as problem:
            problems.append(str(problem))
    raise AssertionError("; ".join(problems))


def check_fields(value, fields, kind):
    """An object has the documented fields of a type, or the parameters of a method."""
    assert isinstance(value, dict), f"{value!r} is no {kind}"
    known = {field["name"]: field for field in fields}
    assert set(value) <= set(known), f"unknown in {kind}: {set(value) - set(known)}"
    missing = {name for name, field in known.items() if field["required"]} - set(value)
    assert not missing, f"missing in {kind}: {missing}"
    for name, item in value.items():
        check_telegram(item, known[name]["types"])


def _telegram_method(path):
    methods = {name.lower(): method for name, method in load("telegram-bot-api.json")["methods"].items()}
    return methods.get(path.partition("?")[0].rpartition("/")[2].lower())


def telegram_request(sent, path):
    method, given = _telegram_method(path), fields_of(sent)
    assert method, f"no such method: {path.rpartition('/')[2]}"
    if "json" not in sent.headers.get("Content-Type", ""):
        # In a form everything is text, and objects are JSON.
        texts = {field["name"] for field in method.get("fields", ()) if "String" in field["types"]}
        given = {name: value if name in texts or value == b"" else json.loads(value) for name, value in given.items()}
    check_fields(given, method.get("fields", []), method["name"])


def telegram_answer(sent, path, answer):
    body = answer.json()
    if body["ok"]:
        check_telegram(body["result"], _telegram_method(path)["returns"])
        return
    assert isinstance(body["description"], str) and body["error_code"] == answer.status_code
    check_telegram(body.get("parameters", {}), ["ResponseParameters"])


# VK: methods, and schemas of their answers

# The schema folds owner_id into domain; the method's page (dev.vk.com/en/method/wall.get, June 2026) has both.
VK_TOO = {"wall.get": {"owner_id": {"type": "integer"}}}


def modern(schema):
    """VK's draft-3 ``required: true`` on properties, as lists on their objects."""
    if isinstance(schema, list):
        return [modern(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: modern(value) for key, value in schema.items() if not (key == "required" and value is True)}
    if isinstance(schema.get("properties"), dict):
        needed = [
            name
            for name, value in schema["properties"].items()
            if isinstance(value, dict) and value.get("required") is True
        ]
        if needed:
            changed["required"] = needed
    return changed


@cache
def vk_registry():
    """VK's schema files, which refer to each other."""
    from referencing import Registry, Resource

    def resource(path):
        schema = {key: value for key, value in modern(load(f"vk/{path}")).items() if key not in {"$schema", "$id"}}
        return Resource.from_contents(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})

    paths = [path.relative_to(SPECS / "vk").as_posix() for path in (SPECS / "vk").rglob("*.json")]
    return Registry().with_resources((f"https://vk.example/{path}", resource(path)) for path in paths)


def _vk_method(path):
    """The description of a method; ``None`` when its section is not beside the repository."""
    name = path.partition("?")[0].removeprefix("/method/")
    file = f"vk/{name.partition('.')[0]}/methods.json"
    if not (SPECS / file).exists():
        return None
    found = next((method for method in load(file)["methods"] if method["name"] == name), None)
    assert found, f"no such method: {name}"
    return found


def vk_request(sent, path):
    if (method := _vk_method(path)) is None:
        return
    known = VK_TOO.get(method["name"], {}) | {one["name"]: one for one in method.get("parameters", ())}
    given = fields_of(sent)
    assert re.fullmatch(r"5\.\d+", given.pop("v", "")), "no version"
    given.pop("access_token", None)
    assert set(given) <= set(known), f"unknown in {method['name']}: {set(given) - set(known)}"
    missing = {name for name, parameter in known.items() if parameter.get("required")} - set(given)
    assert not missing, f"missing in {method['name']}: {missing}"
    shapes = {"integer": r"-?\d+", "boolean": "[01]", "number": r"-?\d+(\.\d+)?"}
    for name, value in given.items():
        shape = shapes.get(known[name]["type"], "(?s).*")
        assert re.fullmatch(shape, value), f"{name}: {value!r} is no {known[name]['type']}"


def vk_answer(sent, path, answer):
    from jsonschema import Draft202012Validator, ValidationError

    body = answer.json()
    if "error" in body:
        # Which of several shapes an error has is only in the schema, not in what VK sends.
        body = body["error"] | {"inner_type": "base_error"}
        references = ["base/objects.json#/definitions/base_error"]
    elif (method := _vk_method(path)) is None:
        return
    else:
        references = [one["$ref"].removeprefix("../") for one in method["responses"].values()]
    schema = {"anyOf": [{"$ref": f"https://vk.example/{reference}"} for reference in references]}
    try:
        Draft202012Validator(schema, registry=vk_registry()).validate(body)
    except ValidationError as error:
        deepest = min(error.context or [error], key=lambda problem: len(problem.context or ()))
        raise AssertionError(f"{deepest.json_path}: {deepest.message}") from None


# Meta: the parameters of a page's edges, and a collection of requests with an example of an answer each

SIGNED = {"access_token", "appsecret_proof"}
PAGES = {"limit", "after", "before"}


def graph_refusal(answer):
    """Docs, Graph API, error handling."""
    error = answer.json()["error"]
    assert isinstance(error["message"], str) and isinstance(error["type"], str)
    assert isinstance(error["code"], int) and isinstance(error.get("error_subcode", 0), int)
    assert isinstance(error["fbtrace_id"], str)


def graph_list(body):
    """A list with its cursors; ``next`` is the address of the next page."""
    assert set(body) <= {"data", "paging"} and isinstance(body["data"], list)
    paging = body.get("paging", {})
    assert set(paging) <= {"cursors", "next", "previous"}
    assert all(isinstance(cursor, str) for cursor in paging.get("cursors", {}).values())


def requested(given) -> set[str]:
    """The names in the parameter ``fields``."""
    return {name for name in given.get("fields", "").split(",") if name}


def facebook_node(path) -> tuple[str, str]:
    """The kind of object that a path leads to, and the edge there."""
    _version, node, *edge = path.partition("?")[0].strip("/").split("/")
    kind = "person" if node == "me" and edge == ["accounts"] else "post" if "_" in node else "page"
    return kind, "/".join(edge)


def facebook_request(sent, path):
    """As the list says: names and types of an edge's parameters. It is about pages; posts and people have none."""
    kind, edge = facebook_node(path)
    if kind != "page" or sent.method == "DELETE":
        return
    given, page = fields_of(sent), load("fb-Page.json")
    if not edge:
        unknown = requested(given) - {field["name"] for field in page["fields"]} | (set(given) - SIGNED - {"fields"})
        assert not unknown, f"unknown of a page: {unknown}"
        return
    edges = [one for one in page["apis"] if (one["method"], one.get("endpoint", "").strip("/")) == (sent.method, edge)]
    assert edges, f"no such edge of a page: {sent.method} {edge}"
    known = {parameter["name"]: parameter["type"] for one in edges for parameter in one["params"]}
    # The file itself is no parameter, and neither is what every request of the Graph may say.
    also = SIGNED | {"fields"} | (PAGES if sent.method == "GET" else {"source"} if edge == "photos" else set())
    assert set(given) <= set(known) | also, f"unknown at {edge}: {set(given) - set(known) - also}"
    for name in set(given) & set(known):
        check_graph_value(name, given[name], known[name])


def check_graph_value(name, value, kind):
    """A parameter has its documented type; in forms everything is text, and lists are JSON."""
    if kind.startswith("list") or kind in ("Object", "map"):
        found = None
        with suppress(ValueError):
            found = json.loads(value)
        assert isinstance(found, list if kind.startswith("list") else dict), f"{name}: {value!r} is no {kind}"
    shapes = {"bool": "true|false|1|0", "unsigned int": r"\d+", "int": r"-?\d+"}
    assert re.fullmatch(shapes.get(kind, "(?s).*"), value), f"{name}: {value!r} is no {kind}"


def facebook_answer(sent, path, answer):
    if answer.status_code >= 400:
        graph_refusal(answer)
        return
    body, (kind, edge) = answer.json(), facebook_node(path)
    if sent.method == "GET" and edge:
        graph_list(body)
    elif sent.method == "GET" and kind == "page":
        types = {field["name"]: field["type"] for field in load("fb-Page.json")["fields"]}
        assert set(body) <= set(types), f"unknown of a page: {set(body) - set(types)}"
        assert all(isinstance(body[name], str) for name in body if types[name] == "string")
    elif sent.method == "POST" and edge:
        assert isinstance(body["id"], str)
    elif sent.method in ("POST", "DELETE"):
        assert body == {"success": True}


@cache
def postman() -> dict[tuple[str, str], list[dict]]:
    """The requests of the collection by method and path: their parameters, with the values that there are for each,
    and the example of an answer, where there is one."""
    whole, found = load("threads-postman.json"), {}
    variables = {f"{{{{{one['key']}}}}}": one["value"] for one in whole["variable"]}

    def walk(items):
        for item in items:
            walk(item.get("item", ()))
            if "request" not in item:
                continue
            asked, example = item["request"], (item.get("response") or [{}])[0].get("body")
            path = "/".join("*" if part.startswith("{{") else part for part in asked["url"]["path"]).strip("/")
            query = {one["key"]: variables.get(one["value"], "") for one in asked["url"].get("query", ())}
            with suppress(ValueError, TypeError):
                example = json.loads(example)
            found.setdefault((asked["method"], path), []).append({"query": query, "example": example})

    walk(whole["item"])
    return found


def threads_entries(sent, path) -> list[dict]:
    """What the collection has for a request; the profile's number is as good as ``me``."""
    parts = path.partition("?")[0].strip("/").removeprefix("v1.0").strip("/").split("/")
    if parts[0].isdigit():
        parts[0] = "me" if len(parts) > 1 and parts[1].startswith("threads") else "*"
    found = postman().get((sent.method, "/".join(parts)))
    assert found, f"no such request: {sent.method} {'/'.join(parts)}"
    return found


def threads_request(sent, path):
    given, known = fields_of(sent), {}
    for entry in threads_entries(sent, path):
        for name, values in entry["query"].items():
            known.setdefault(name, set()).update(re.sub(r"\{.*?\}", "", values).replace(" ", "").split(","))
    assert set(given) <= set(known) | {"access_token"}, f"unknown: {set(given) - set(known)}"
    assert requested(given) <= known.get("fields", set()), f"no such fields: {requested(given) - known['fields']}"
    kinds = {one["value"] for one in load("threads-postman.json")["variable"] if one["key"] == "media_type"}
    assert given.get("media_type", "TEXT") in {kind.strip() for one in kinds for kind in one.split(",")}


def threads_answer(sent, path, answer):
    if answer.status_code >= 400:
        graph_refusal(answer)
        return
    entries, body, problems = threads_entries(sent, path), answer.json(), []
    known = {name for entry in entries for name in entry["query"].get("fields", "").split(",")}
    for entry in entries:
        try:
            check_example(body, entry["example"], known)
            return
        except AssertionError as problem:
            problems.append(str(problem))
    raise AssertionError("; ".join(problems))


def check_example(value, example, fields):
    """``value`` is made as an example is: the same types, and no names but its own, those of ``fields`` and the
    address of the next page."""
    if not example:
        return
    assert isinstance(value, type(example)), f"{value!r} is no {type(example).__name__}"
    if isinstance(example, list):
        for item in value:
            check_example(item, example[0], fields)
    elif isinstance(example, dict):
        assert set(value) <= {*example, *fields, "next"}, f"unknown: {set(value) - set(example) - set(fields)}"
        for name in set(value) & set(example):
            check_example(value[name], example[name], fields)


# Who is watched


@dataclass(frozen=True)
class Contract:
    """One network's contract.

    :param spec: a file of it, without which nothing is checked; :param real: its addresses; :param fake: its
        addresses at fakenet, without the host. Both have a group ``path``, which the checks get.
    :param request: raises ``AssertionError`` for a request; :param answer: the same for one of fakenet's answers.
    :param outside: paths that the contract does not speak of.
    """

    spec: str
    real: str
    fake: str
    request: Callable[[requests.PreparedRequest, str], None]
    answer: Callable[[requests.PreparedRequest, str, requests.Response], None]
    outside: str = "(?!)"

    def path(self, url: str) -> str | None:
        """The path that the contract knows; ``None`` when the address is not its network's."""
        found = re.fullmatch(self.real, url) or re.fullmatch(rf"http://127\.0\.0\.1:\d+{self.fake}", url)
        return found["path"] if found and not re.match(self.outside, found["path"]) else None


CONTRACTS = (
    Contract(
        "x-openapi.json",
        r"https://api\.x\.com(?P<path>/.*)",
        r"/x/api(?P<path>/.*)",
        openapi_request("x-openapi.json", "https://api.x.com", also=("tweet.fields",)),
        openapi_answer("x-openapi.json", "https://api.x.com", x_refusal),
        outside=r"/2/oauth2/|/oauth/",
    ),
    Contract(
        "mastodon-openapi.json",
        r"https://mastodon\.example(?P<path>/.*)",
        r"(?P<path>/(?:api/v\d|oauth)/.*)",
        openapi_request("mastodon-openapi.json", "https://mastodon.example"),
        mastodon_answer,
        # The contract knows JSON only; people are sent to pages, and tokens are asked for with forms (RFC 6749).
        outside=r"/oauth/|/api/v1/apps",
    ),
    Contract(
        "telegram-bot-api.json",
        r"https://api\.telegram\.org(?P<path>/.*)",
        r"/telegram/api(?P<path>/.*)",
        telegram_request,
        telegram_answer,
    ),
    Contract(
        "vk/schema.json",
        r"https://api\.vk\.(?:ru|com)(?P<path>/method/.*)",
        r"/vk/api(?P<path>/method/.*)",
        vk_request,
        vk_answer,
    ),
    Contract(
        "line-messaging-api-strict.yml",
        r"https://api\.line\.me(?P<path>/v2/bot/.*)",
        r"/line/api(?P<path>/v2/bot/.*)",
        openapi_request("line-messaging-api-strict.yml", "https://api.line.me"),
        openapi_answer("line-messaging-api-strict.yml", "https://api.line.me", line_refusal),
    ),
    Contract(
        "fb-Page.json",
        r"https://graph\.facebook\.com(?P<path>/.*)",
        r"/facebook/api(?P<path>/.*)",
        facebook_request,
        facebook_answer,
        # About people and apps, of which the list does not speak.
        outside=r"/(?:v[\d.]+/)?(?:oauth/|me/accounts|me\b|debug_token)",
    ),
    Contract(
        "threads-postman.json",
        r"https://graph\.threads\.net(?P<path>/.*)",
        r"/threads/api(?P<path>/.*)",
        threads_request,
        threads_answer,
        # The example has words in place of everything; the documents show the profile's number as a number.
        outside=r"/oauth/",
    ),
    # The next network's contract goes here.
)


def contract_of(url: str) -> tuple[Contract | None, str]:
    """The contract that an address falls under, and the path there."""
    for contract in CONTRACTS:
        if (SPECS / contract.spec).exists() and (path := contract.path(url)) is not None:
            return contract, path
    return None, ""


def watch(monkeypatch, *, requests_too: bool = True) -> None:
    """Check what is sent and answered from now on. Answers that a fault was armed for are not fakenet's own words.

    :param requests_too: off where tests send on purpose what no network takes.
    """
    send, take = requests.Session.send, Faults.take
    struck = []

    def watched_take(self, *args, **kwargs):
        fault = take(self, *args, **kwargs)
        if fault is not None:
            struck.append(fault)
        return fault

    def watched_send(self, request, **kwargs):
        contract, path = contract_of(request.url)
        if contract is None:
            return send(self, request, **kwargs)
        if requests_too:
            contract.request(request, path)
        struck.clear()
        answer = send(self, request, **kwargs)
        if request.url.startswith("http://127.0.0.1:") and not struck:
            try:
                contract.answer(request, path, answer)
            except (KeyError, TypeError, ValueError) as error:
                raise AssertionError(f"{type(error).__name__} {error} in {answer.text[:500]}") from None
        return answer

    monkeypatch.setattr(Faults, "take", watched_take)
    monkeypatch.setattr(requests.Session, "send", watched_send)
