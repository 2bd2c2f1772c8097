"""Meta: the parameters of a page's edges, and a collection of requests with an example of an answer each."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import cache

from tests.contracts.specs import fields_of, load


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
