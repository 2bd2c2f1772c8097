"""LinkedIn as fakenet plays it, also driven by LinkedIn's own client."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from sandbox.fakenet.networks.linkedin_manners import person


CALLBACK = "http://127.0.0.1:9/callback"
MEMBER = ("fakenet-linkedin-client", "fakenet-linkedin-secret", "openid profile w_member_social")
PAGES = (
    "fakenet-linkedin-pages",
    "fakenet-linkedin-pages-secret",
    "w_organization_social r_organization_social rw_organization_admin",
)
PAGE = "urn:li:organization:10204080"
POSTS = "/linkedin/api/rest/posts"


def consent(fakenet, app, handle="amira", **changes):
    client_id, _secret, scope = app
    query = {"response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK, "state": "s", "scope": scope}
    address = "/linkedin/web/oauth/v2/authorization"
    form = {"decision": "allow", "handle": handle}
    return fakenet.post(address, params=query | changes, data=form)


def tokens(fakenet, app, code=None, **changes):
    client_id, secret, _scope = app
    code = code or parse_qs(urlsplit(consent(fakenet, app).headers["Location"]).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": client_id,
        "client_secret": secret,
    }
    return fakenet.post("/linkedin/web/oauth/v2/accessToken", data=form | changes)


@pytest.fixture
def speak(fakenet):
    """Requests with a member's or a page admin's key: ``speak(app)("POST", path, json=...)``."""

    def connected(app):
        headers = {"Authorization": f"Bearer {tokens(fakenet, app).json()['access_token']}"}
        headers |= {"LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}

        def call(method, path, **options):
            more = options.pop("headers", {})
            return fakenet.call(method, path, headers=headers | more, **options)

        return call

    return connected


def post_of(author, commentary="Hello", **more):
    return {
        "author": author,
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "lifecycleState": "PUBLISHED",
        **more,
    }


def test_tokens_of_ordinary_apps_last_sixty_days_and_are_not_renewed(fakenet):
    granted = tokens(fakenet, MEMBER).json()
    assert granted["expires_in"] == 60 * 86400
    assert granted["scope"] == "openid,profile,w_member_social"
    assert "refresh_token" not in granted


def test_trusted_apps_get_a_refresh_token_whose_end_stays(fakenet):
    granted = tokens(fakenet, PAGES).json()
    fakenet.settings(clock_offset_seconds=100 * 86400)
    again = tokens(fakenet, PAGES, "-", grant_type="refresh_token", refresh_token=granted["refresh_token"]).json()
    assert again["access_token"] != granted["access_token"]
    assert again["refresh_token"] == granted["refresh_token"]
    assert 264 * 86400 < again["refresh_token_expires_in"] <= 265 * 86400
    fakenet.settings(clock_offset_seconds=366 * 86400)
    late = tokens(fakenet, PAGES, "-", grant_type="refresh_token", refresh_token=granted["refresh_token"])
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")


def test_a_code_is_good_once_and_for_its_app(fakenet):
    code = parse_qs(urlsplit(consent(fakenet, MEMBER).headers["Location"]).query)["code"][0]
    assert tokens(fakenet, MEMBER, code, redirect_uri="http://127.0.0.1:9/other").status_code == 400
    assert tokens(fakenet, MEMBER, code, client_secret="wrong").json()["error"] == "invalid_client"
    assert tokens(fakenet, MEMBER, code).status_code == 200
    assert tokens(fakenet, MEMBER, code).status_code == 400


def test_rights_that_an_app_was_not_granted(fakenet):
    refused = consent(fakenet, MEMBER, scope="w_organization_social")
    assert parse_qs(urlsplit(refused.headers["Location"]).query)["error"] == ["unauthorized_scope_error"]


def test_other_rights_end_what_was_granted_before(fakenet, speak):
    first = speak(MEMBER)
    assert first("GET", "/linkedin/api/v2/userinfo").status_code == 200
    speak((*MEMBER[:2], "openid profile"))
    assert first("GET", "/linkedin/api/v2/userinfo").json()["code"] == "REVOKED_ACCESS_TOKEN"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"LinkedIn-Version": "202401"}, 426, "NONEXISTENT_VERSION"),
        ({"LinkedIn-Version": ""}, 400, "VERSION_MISSING"),
        ({"Authorization": ""}, 401, "EMPTY_ACCESS_TOKEN"),
        ({"Authorization": "Bearer x"}, 401, "INVALID_ACCESS_TOKEN"),
    ],
)
def test_who_is_not_let_in(speak, headers, status, code):
    answer = speak(MEMBER)("POST", POSTS, json=post_of(person("amira")), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_old_token(fakenet, speak):
    call = speak(MEMBER)
    fakenet.post("/_fakenet/expire", json={"network": "linkedin", "handle": "amira"})
    assert call("GET", "/linkedin/api/v2/userinfo").json()["code"] == "EXPIRED_ACCESS_TOKEN"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"commentary": "x" * 3001}, 400, "FIELD_LENGTH_TOO_LONG"),
        ({"visibility": "FRIENDS"}, 400, "INVALID_VALUE_FOR_FIELD"),
        ({"author": "amira"}, 400, "INVALID_URN_TYPE"),
        ({"content": {"article": {"source": "https://example.org/"}}}, 400, "MISSING_FIELD"),
        ({"content": {"media": {"id": "urn:li:image:C1"}}}, 400, "INVALID_IMAGE_ID"),
        ({"author": person("somebody-else")}, 403, "ACCESS_DENIED"),
        ({"author": PAGE}, 403, "ACCESS_DENIED"),
    ],
)
def test_what_is_no_post(fakenet, speak, change, status, code):
    answer = speak(MEMBER)("POST", POSTS, json=post_of(person("amira")) | change)
    body = answer.json()
    found = body.get("code") or body["errorDetails"]["inputErrors"][0]["code"]
    assert (answer.status_code, found) == (status, code)
    assert fakenet.posts("linkedin") == []


def test_a_text_ends_where_it_breaks_the_grammar(fakenet, speak):
    call = speak(MEMBER)
    call("POST", POSTS, json=post_of(person("amira"), "It opens (on Monday). #bridge"))
    call("POST", POSTS, json=post_of(person("amira"), "It opens \\(on Monday\\). #bridge"))
    assert [post["text"] for post in fakenet.posts("linkedin")] == ["It opens ", "It opens (on Monday). #bridge"]


def test_the_same_words_again_name_the_post_and_a_deleted_one_leaves_a_ghost(fakenet, speak):
    call = speak(PAGES)
    urn = call("POST", POSTS, json=post_of(PAGE)).headers["x-restli-id"]
    again = call("POST", POSTS, json=post_of(PAGE))
    assert again.status_code == 422
    assert again.json()["errorDetails"]["inputErrors"][0]["code"] == "DUPLICATE_POST"
    assert again.json()["message"].endswith(f"Content is a duplicate of {urn}")
    assert call("DELETE", f"{POSTS}/{quote(urn, safe='')}").status_code == 204
    ghosts = {call("POST", POSTS, json=post_of(PAGE)).json()["message"].rpartition(" ")[2] for _ in range(2)}
    assert len(ghosts) == 2
    assert urn not in ghosts
    assert {call("GET", f"{POSTS}/{quote(ghost, safe='')}").status_code for ghost in ghosts} == {404}
    fakenet.settings(clock_offset_seconds=3 * 86400)
    assert call("POST", POSTS, json=post_of(PAGE)).status_code == 201


def test_a_picture_is_there_once_its_bytes_are(fakenet, speak, picture):
    call = speak(PAGES)
    order = {"initializeUploadRequest": {"owner": PAGE}}
    value = call("POST", "/linkedin/api/rest/images?action=initializeUpload", json=order).json()["value"]
    body = post_of(PAGE, content={"media": {"id": value["image"], "altText": "A square"}})
    early = call("POST", POSTS, json=body).json()
    assert early["errorDetails"]["inputErrors"][0]["code"] == "MEDIA_ASSET_WAITING_UPLOAD"
    assert call("PUT", value["uploadUrl"], data=picture).status_code == 201
    status = call("GET", f"/linkedin/api/rest/images/{quote(value['image'], safe='')}").json()
    assert (status["status"], status["owner"]) == ("AVAILABLE", PAGE)
    assert call("POST", POSTS, json=body).status_code == 201
    assert [image["alt"] for image in fakenet.posts("linkedin")[0]["images"]] == ["A square"]


def test_what_is_no_picture(speak):
    call = speak(MEMBER)
    order = {"initializeUploadRequest": {"owner": person("amira")}}
    value = call("POST", "/linkedin/api/rest/images?action=initializeUpload", json=order).json()["value"]
    assert call("PUT", value["uploadUrl"], data=b"text").status_code == 400


def test_posts_of_members_cannot_be_read(speak):
    call = speak(MEMBER)
    urn = call("POST", POSTS, json=post_of(person("amira"))).headers["x-restli-id"]
    assert call("GET", f"{POSTS}/{quote(urn, safe='')}").status_code == 403
    assert call("GET", POSTS, params={"q": "author", "author": person("amira")}).status_code == 403


def test_one_call_too_many(fakenet, speak):
    fakenet.fault("linkedin", "rate_limit")
    answer = speak(MEMBER)("POST", POSTS, json=post_of(person("amira")))
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    assert "Retry-After" not in answer.headers


def test_pages_for_people(fakenet, speak):
    urn = speak(PAGES)("POST", POSTS, json=post_of(PAGE, "Hello, page")).headers["x-restli-id"]
    assert "Hello, page" in fakenet.get(f"/linkedin/web/feed/update/{urn}").text
    assert fakenet.get("/linkedin/web/feed/update/urn:li:share:1").status_code == 404
    assert fakenet.get("/linkedin/web/company/10204080").headers["Location"] == "/timeline/linkedin/example-company"
    assert "Hello, page" in fakenet.get("/timeline/linkedin/example-company").text
    assert fakenet.get("/").status_code == 200


def test_linkedins_own_client_posts_reads_changes_and_deletes(fakenet, monkeypatch):
    pytest.importorskip("linkedin_api", reason="linkedin-api-client is not installed")
    from linkedin_api.clients.auth.client import AuthClient
    from linkedin_api.clients.auth.utils import oauth
    from linkedin_api.clients.restli.client import RestliClient
    from linkedin_api.common import constants

    for module in (constants, oauth):
        monkeypatch.setattr(module, "OAUTH_BASE_URL", f"{fakenet.url}/linkedin/web/oauth/v2")
    monkeypatch.setattr(constants, "VERSIONED_BASE_URL", f"{fakenet.url}/linkedin/api/rest")
    monkeypatch.setattr(constants, "NON_VERSIONED_BASE_URL", f"{fakenet.url}/linkedin/api/v2")

    auth = AuthClient(*PAGES[:2], redirect_url=CALLBACK)
    address = auth.generate_member_auth_url(scopes=PAGES[2].split(), state="s")
    consented = fakenet.post(address, data={"decision": "allow", "handle": "amira"})
    code = parse_qs(urlsplit(consented.headers["Location"]).query)["code"][0]
    granted = auth.exchange_auth_code_for_access_token(code)
    granted = auth.exchange_refresh_token_for_access_token(granted.refresh_token)
    known = {"access_token": granted.access_token, "version_string": "202609"}

    client = RestliClient()
    acls = client.finder(
        resource_path="/organizationAcls", finder_name="roleAssignee", query_params={"state": "APPROVED"}, **known
    )
    assert PAGE in [acl["organization"] for acl in acls.elements]
    pages = client.batch_get(resource_path="/organizations", ids=[10204080, 10204081], **known)
    assert pages.results["10204080"]["localizedName"] == "Example Company"
    made = client.create(resource_path="/posts", entity=post_of(PAGE, "Hello \\(you\\)"), **known)
    assert made.status_code == 201
    urn = made.decoded_entity_id
    one = {"resource_path": "/posts/{id}", "path_keys": {"id": urn}}
    assert client.get(**one, **known).entity["commentary"] == "Hello \\(you\\)"
    listed = client.finder(resource_path="/posts", finder_name="author", query_params={"author": PAGE}, **known)
    assert [post["id"] for post in listed.elements] == [urn]
    changed = client.partial_update(**one, patch_set_object={"commentary": "Better"}, **known)
    assert changed.status_code == 204
    assert fakenet.posts("linkedin")[0]["text"] == "Better"
    assert client.delete(**one, **known).status_code == 204
    assert fakenet.posts("linkedin") == []
