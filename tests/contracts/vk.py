"""VK: methods, and schemas of their answers."""

from __future__ import annotations

import re
from functools import cache

from tests.contracts.specs import SPECS, fields_of, load


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
