"""OpenAPI: X, Mastodon and LINE."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import contextmanager, suppress
from functools import cache
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.contracts.specs import load


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
