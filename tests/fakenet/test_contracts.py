"""Answers against the networks' machine-readable contracts, where those lie beside the repository."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource


SPECS = Path(__file__).parents[3] / "shared" / "specs"
BOT = "/telegram/api/bot110201543:fakenet-bot-token-AAHdqTcvCH1vGWJxfSeofSAs0K5P/"
HEADERS = {"Authorization": "Bearer fakenet-mastodon-newsroom"}

ENTITIES = ["CredentialApplication", "Instance", "CredentialAccount", "MediaAttachment", "Status"]

pytestmark = pytest.mark.skipif(not SPECS.exists(), reason="the networks' contracts are not beside the repository")


def load(name):
    return json.loads((SPECS / name).read_text())


def component(spec_name, name):
    schema = {"$ref": f"#/components/schemas/{name}", "components": load(spec_name)["components"]}
    return Draft202012Validator(schema)


@pytest.mark.parametrize(
    "entity", ["CredentialApplication", "Instance", "CredentialAccount", "MediaAttachment", "Status"]
)
def test_mastodon(fakenet, picture, entity):
    app = {"client_name": "Wagtail", "redirect_uris": ["http://127.0.0.1:9/"], "scopes": "read write"}
    media = fakenet.post("/api/v2/media", files={"file": picture}, data={"description": "x"}, headers=HEADERS).json()
    created = fakenet.post(
        "/api/v1/statuses", json={"status": "See https://example.org/ #news"}, headers=HEADERS
    ).json()
    answers = {
        "CredentialApplication": lambda: fakenet.post("/api/v1/apps", json=app).json(),
        "Instance": lambda: fakenet.get("/api/v2/instance").json(),
        "CredentialAccount": lambda: fakenet.get("/api/v1/accounts/verify_credentials", headers=HEADERS).json(),
        "MediaAttachment": lambda: media,
        "Status": lambda: fakenet.get(f"/api/v1/statuses/{created['id']}").json(),
    }
    component("mastodon-openapi.json", entity).validate(answers[entity]())


def test_mastodon_discovery(fakenet):
    metadata = fakenet.get("/.well-known/oauth-authorization-server").json()
    component("mastodon-openapi.json", "DiscoverOauthServerConfigurationResponse").validate(metadata)


def test_x(fakenet, picture):
    headers = {"Authorization": "Bearer " + fakenet.token("x")["access_token"]}
    media = fakenet.post(
        "/x/api/2/media/upload", files={"media": picture}, data={"media_category": "tweet_image"}, headers=headers
    ).json()
    component("x-openapi.json", "MediaUploadResponse").validate(media)
    alt = {"id": media["data"]["id"], "metadata": {"alt_text": {"text": "x"}}}
    described = fakenet.post("/x/api/2/media/metadata", json=alt, headers=headers).json()
    component("x-openapi.json", "CreateMediaMetadataResponse").validate(described)
    body = {"text": "See https://example.org/", "media": {"media_ids": [media["data"]["id"]]}}
    component("x-openapi.json", "CreatePostsRequest").validate(body)
    created = fakenet.post("/x/api/2/tweets", json=body, headers=headers).json()
    component("x-openapi.json", "CreatePostsResponse").validate(created)
    me = fakenet.get("/x/api/2/users/me", headers=headers).json()
    component("x-openapi.json", "GetUsersMeResponse").validate(me)
    fields = {"tweet.fields": "created_at,entities,author_id"}
    listed = fakenet.get(f"/x/api/2/users/{me['data']['id']}/tweets", params=fields, headers=headers).json()
    component("x-openapi.json", "GetUsersPostsResponse").validate(listed)
    shown = fakenet.get("/x/api/2/tweets/1", headers=headers).json()
    component("x-openapi.json", "ResourceNotFoundProblem").validate(shown["errors"][0])
    deleted = fakenet.call("DELETE", f"/x/api/2/tweets/{created['data']['id']}", headers=headers).json()
    component("x-openapi.json", "DeletePostsResponse").validate(deleted)


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


@pytest.fixture(scope="module")
def vk_registry():
    root = SPECS / "vk"
    return Registry().with_resources(
        (
            f"https://vk.example/{path.relative_to(root)}",
            Resource.from_contents(
                {
                    key: value
                    for key, value in modern(json.loads(path.read_text())).items()
                    if key not in {"$schema", "$id"}
                }
                | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
            ),
        )
        for path in root.rglob("*.json")
    )


def test_vk(fakenet, picture, vk_registry):
    def check(reference, answer):
        Draft202012Validator({"$ref": f"https://vk.example/{reference}"}, registry=vk_registry).validate(answer)

    def call(method, token="vk1.a.fakenet-user-newsroom", **parameters):
        data = {"v": "5.199", "access_token": token} | parameters
        return fakenet.post(f"/vk/api/method/{method}", data=data).json()

    server = call("photos.getWallUploadServer", group_id=101)
    check("photos/responses.json#/definitions/photos_getWallUploadServer_response", server)
    uploaded = fakenet.post(server["response"]["upload_url"], files={"photo": picture}).json()
    saved = call("photos.saveWallPhoto", group_id=101, **uploaded)
    check("photos/responses.json#/definitions/photos_saveWallPhoto_response", saved)
    posted = call("wall.post", owner_id=-101, message="Hello", attachments=f"photo-101_{saved['response'][0]['id']}")
    check("wall/responses.json#/definitions/wall_post_response", posted)
    check("wall/responses.json#/definitions/wall_getById_response", call("wall.getById", posts="-101_1"))
    check("wall/responses.json#/definitions/wall_get_response", call("wall.get", owner_id=-101))
    check("users/responses.json#/definitions/users_get_response", call("users.get"))
    error = call("wall.get", token="vk1.a.fakenet-101")["error"]
    check("base/objects.json#/definitions/base_error", error | {"inner_type": "base_error"})
    codes = {entry["code"] for entry in load("vk/errors.json")["errors"].values()}
    assert {3, 5, 6, 8, 10, 15, 27, 28, 100, 118, 121, 129} <= codes


def check_telegram(value, kinds, types):
    """``value`` has one of the documented ``kinds``: required fields there, no unknown ones, right types."""
    plain = {"Integer": int, "String": str, "Boolean": bool, "True": bool, "Float": (int, float)}
    problems = []
    for kind in kinds:
        try:
            if kind in plain:
                assert isinstance(value, plain[kind]), f"{value!r} is no {kind}"
            elif kind.startswith("Array of "):
                for item in value:
                    check_telegram(item, [kind.removeprefix("Array of ")], types)
            else:
                fields = {field["name"]: field for field in types[kind].get("fields", [])}
                assert set(value) <= set(fields), f"unknown in {kind}: {set(value) - set(fields)}"
                missing = {name for name, field in fields.items() if field["required"]} - set(value)
                assert not missing, f"missing in {kind}: {missing}"
                for name, item in value.items():
                    check_telegram(item, fields[name]["types"], types)
            return
        except (AssertionError, KeyError, TypeError) as problem:
            problems.append(str(problem))
    raise AssertionError("; ".join(problems))


def test_telegram(fakenet, picture):
    types = load("telegram-bot-api.json")["types"]

    def result(method, files=None, **parameters):
        return fakenet.post(BOT + method, data=parameters, files=files).json()["result"]

    check_telegram(result("getMe"), ["User"], types)
    check_telegram(result("getChat", chat_id="@newsroom"), ["ChatFullInfo"], types)
    member = result("getChatMember", chat_id="@newsroom", user_id=110201543)
    check_telegram(member, ["ChatMemberAdministrator"], types)
    html = '<b>x</b> <a href="https://example.org/">y</a> #tag'
    check_telegram(result("sendMessage", chat_id="@newsroom", text=html, parse_mode="HTML"), ["Message"], types)
    photo = result("sendPhoto", files={"photo": picture}, chat_id="@newsroom", caption="x")
    check_telegram(photo, ["Message"], types)


def test_telegram_errors_are_ones_the_server_knows(fakenet):
    recorded = SPECS.parent / "recorded" / "TELEGRAM" / "bot-api-server-error-strings.txt"
    known = {line.strip().strip('"') for line in recorded.read_text().splitlines()}
    fakenet.post("/_fakenet/accounts/telegram/kicked/revoke")
    for chat_id in ("@private_a", "", "@kicked"):
        answer = fakenet.post(BOT + "sendMessage", json={"chat_id": chat_id, "text": "x"}).json()
        assert answer["description"] in known
