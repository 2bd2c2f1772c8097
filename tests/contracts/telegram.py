"""Telegram: methods and types of the Bot API."""

from __future__ import annotations

import json

from tests.contracts.specs import fields_of, load


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
