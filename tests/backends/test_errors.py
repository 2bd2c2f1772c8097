"""Error tables: the first row that matches counts, and what no row knows is never good news."""

import json

import pytest

from wagtail_syndicate.backends import registry
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.errors import HTTP_ROWS, ErrorRow, Problem, Reaction, classify
from wagtail_syndicate.exceptions import (
    AccountProblem,
    DuplicateContent,
    MediaRejected,
    NotSent,
    OutcomeUnknown,
    Rejected,
    TokenExpired,
)
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.types import Connection


NETWORKS = registry.built_in()
TABLE = (
    ErrorRow(Reaction.DUPLICATE, "duplicate", status=(403,), contains="Duplicate"),
    ErrorRow(Reaction.REJECTED, "permission", status=(403,)),
    ErrorRow(Reaction.RETRY, "network_busy", status=range(500, 504), codes=("7", "8"), retry_after=30),
    ErrorRow(Reaction.UNKNOWN, "accepted_later", status=(202,)),
)


@pytest.mark.parametrize(
    ("problem", "error", "reason"),
    [
        (Problem(403, text="this is a duplicate."), DuplicateContent, "duplicate"),
        (Problem(403, text="something else"), Rejected, "permission"),
        (Problem(503, code="8"), NotSent, "network_busy"),
        (Problem(503, code="9"), OutcomeUnknown, "unclear_answer"),
        (Problem(503), OutcomeUnknown, "unclear_answer"),
        (Problem(504, code="8"), OutcomeUnknown, "unclear_answer"),
        (Problem(202), OutcomeUnknown, "accepted_later"),
        (Problem(200), OutcomeUnknown, "unclear_answer"),
    ],
)
def test_the_first_row_that_matches_counts_and_the_rest_is_unknown(problem, error, reason):
    found = classify(TABLE, problem, irreversible=True)
    assert type(found) is error
    assert (found.reason, found.detail, found.status) == (reason, problem.text, problem.status)


@pytest.mark.parametrize("status", [202, 204, 302, 418, 500, 503, 599])
def test_what_makes_no_post_may_always_be_asked_again(status):
    assert type(classify(TABLE, Problem(status), irreversible=False)) is NotSent


@pytest.mark.parametrize(("stated", "seconds"), [(None, 30), (5.0, 5.0), (0.0, 0.0)])
def test_the_wait_of_the_answer_goes_before_the_wait_of_the_row(stated, seconds):
    assert classify(TABLE, Problem(500, "7", retry_after=stated), irreversible=True).retry_after == seconds


@pytest.mark.parametrize("irreversible", [True, False])
def test_the_wait_of_an_answer_that_nobody_knows_is_kept(irreversible):
    assert classify((), Problem(503, retry_after=9.0), irreversible).retry_after == 9.0


def test_only_an_expired_token_may_be_refreshed():
    assert issubclass(TokenExpired, AccountProblem)
    assert type(classify(HTTP_ROWS, Problem(401), irreversible=True)) is AccountProblem


def test_a_refused_picture_is_not_a_refused_post():
    row = ErrorRow(Reaction.MEDIA, "image_refused", codes=("324",))
    assert type(classify((row,), Problem(400, "324"), irreversible=True)) is MediaRejected


@pytest.mark.parametrize("name", NETWORKS)
def test_every_reason_has_a_sentence(name):
    backend = registry.get(name)
    known = {**REASONS, **backend.reasons}
    assert {row.reason for row in backend.errors} <= set(known)


def unknown_statuses(name):
    """The statuses that a network's table does not know."""
    rows = [row for row in registry.get(name).errors if not row.codes and not row.contains]
    return [status for status in (302, 418, 500, 502, 504, 520, 599) if not any(status in row.status for row in rows)]


@pytest.mark.parametrize(
    ("name", "status"), [(name, status) for name in NETWORKS for status in unknown_statuses(name)]
)
def test_no_backend_takes_an_answer_that_it_does_not_know_for_good_news(name, status):
    error = registry.get(name)().classify(Problem(status), irreversible=True)
    assert type(error) is OutcomeUnknown


class Echo(BaseBackend):
    """A network whose server repeats the key that it refuses."""

    hosts = {"api": "https://api.example.com"}


@pytest.mark.parametrize(
    "body",
    [
        {"error": "no such key: secret-token"},
        {"error": {"message": "no such key: secret-token"}},
        {"error": "invalid_grant", "error_description": "no such key: secret-token"},
        {"message": "no such key: secret-token"},
        {"detail": "no such key: secret-token"},
    ],
)
def test_a_key_that_the_server_repeats_is_not_told_on(api, body):
    api.post("https://api.example.com/posts", json=body, status=401)
    backend = Echo(Connection(credentials={"access_token": "secret-token"}))
    with pytest.raises(AccountProblem, match="no such key") as caught:
        backend.call("POST", "{api}/posts", irreversible=True)
    assert "secret-token" not in f"{caught.value!s} {caught.value!r}"
    assert api.calls[0].request.headers["Authorization"] == "Bearer secret-token"


@pytest.mark.parametrize("remote_id", [None, "", 0, False, True, [], {}, 1.5])
def test_a_success_that_names_no_post_leaves_a_doubt(remote_id):
    with pytest.raises(OutcomeUnknown):
        Echo().receipt(remote_id)


@pytest.mark.parametrize("remote_id", ["7", 7])
def test_a_receipt_holds_the_id_as_text(remote_id):
    receipt = Echo().receipt(remote_id, "https://example.com/7")
    assert (receipt.remote_id, receipt.permalink) == ("7", "https://example.com/7")


def test_answers_without_json_are_described_by_their_type(api):
    api.post("https://api.example.com/posts", body="<h1>Bad gateway</h1>", status=502, content_type="text/html")
    with pytest.raises(OutcomeUnknown) as caught:
        Echo().call("POST", "{api}/posts", irreversible=True)
    assert caught.value.detail == "text/html"


def test_long_complaints_are_cut(api):
    api.post("https://api.example.com/posts", body=json.dumps({"error": "x" * 10_000}), status=500)
    with pytest.raises(OutcomeUnknown) as caught:
        Echo().call("POST", "{api}/posts", irreversible=True)
    assert len(caught.value.detail) == 500
