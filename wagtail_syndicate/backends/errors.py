"""Error tables: what a network's answers mean, as rows.

A table is closed: an answer that no row knows is never taken for success and never for "try again".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from wagtail_syndicate import exceptions


class Reaction(Enum):
    """What an answer means for the delivery."""

    RETRY = exceptions.NotSent
    EXPIRED = exceptions.TokenExpired
    RECONNECT = exceptions.AccountProblem
    REJECTED = exceptions.Rejected
    MEDIA = exceptions.MediaRejected
    DUPLICATE = exceptions.DuplicateContent
    UNKNOWN = exceptions.OutcomeUnknown


@dataclass(frozen=True)
class Problem:
    """What a network says went wrong: HTTP ``status``, its own ``code`` ("" when it has none), its ``text``."""

    status: int
    code: str = ""
    text: str = ""
    retry_after: float | None = None


@dataclass(frozen=True)
class ErrorRow:
    """One line of a table. A row matches when everything that it names is so; the first match counts.

    :param reason: key into ``reasons.REASONS`` or the backend's own ``reasons``.
    :param status: HTTP statuses; :param codes: the network's codes, as text.
    :param contains: a part of the network's text, in any case.
    :param retry_after: seconds to wait when the answer itself does not say.
    """

    reaction: Reaction
    reason: str
    status: tuple[int, ...] | range = ()
    codes: tuple[str, ...] = ()
    contains: str = ""
    retry_after: float | None = None

    def matches(self, problem: Problem) -> bool:
        return (
            (not self.status or problem.status in self.status)
            and (not self.codes or problem.code in self.codes)
            and self.contains.lower() in problem.text.lower()
        )

    def exception(self, problem: Problem) -> exceptions.NetworkError:
        """The exception that this row stands for."""
        wait = problem.retry_after if problem.retry_after is not None else self.retry_after
        return self.reaction.value(self.reason, problem.text, problem.status, wait)


# What HTTP itself says, for networks whose table does not say more.
HTTP_ROWS = (
    ErrorRow(Reaction.RECONNECT, "reconnect", status=(401,)),
    ErrorRow(Reaction.RETRY, "rate_limited", status=(429,)),
)


def classify(table: Iterable[ErrorRow], problem: Problem, irreversible: bool) -> exceptions.NetworkError:
    """The exception for a problem.

    :param irreversible: whether the request, had it been accepted, would have made a post.
    """
    for row in table:
        if row.matches(problem):
            error = row.exception(problem)
            if isinstance(error, exceptions.OutcomeUnknown) and not irreversible:
                return exceptions.NotSent("network_busy", problem.text, problem.status, error.retry_after)
            return error
    if irreversible:
        return exceptions.OutcomeUnknown("unclear_answer", problem.text, problem.status, problem.retry_after)
    return exceptions.NotSent("network_busy", problem.text, problem.status, problem.retry_after)
