"""What can go wrong, by what has to happen next.

Every :class:`NetworkError` carries a ``reason``: a key into :mod:`wagtail_syndicate.reasons`, where the sentence for
people stands once, translated. ``detail`` is what the network said, with secrets removed.
"""

from __future__ import annotations


class SyndicateError(Exception):
    """Base of every error that this package raises."""


class ConfigurationError(SyndicateError):
    """A setting is wrong; the developer of the site must change it."""


class CredentialsLost(SyndicateError):
    """Stored credentials cannot be decrypted with any of the keys; the account must be connected again."""


class ComposeError(SyndicateError):
    """No message can be made that fits; ``reason`` says why, ``detail`` by how much."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class NetworkError(SyndicateError):
    """A network, or the way to it, did not do what was asked.

    :param reason: key into ``reasons.REASONS`` (or the backend's own ``reasons``).
    :param detail: the network's own words, without secrets.
    :param status: HTTP status, or ``None`` when there was no answer.
    :param retry_after: seconds after which a new try makes sense, when the network said so.
    """

    def __init__(self, reason: str = "unclear", detail: str = "", status: int | None = None, retry_after=None):
        super().__init__(reason, detail, status, retry_after)
        self.reason = reason
        self.detail = detail
        self.status = status
        self.retry_after = retry_after

    def __str__(self):
        return f"{self.reason} ({self.status or 'no answer'}): {self.detail}" if self.detail else self.reason


class NotSent(NetworkError):
    """Surely not accepted; trying again later is safe."""


class AwayFromHome(NotSent):
    """The account was connected on another site, of which this one may be a copy: nobody was asked anything."""


class Rehearsed(NotSent):
    """The site only rehearses: the request was written down instead of sent."""


class Rejected(NetworkError):
    """Surely not accepted, and the same request will be refused again: a person must change something."""


class MediaRejected(Rejected):
    """The picture was refused, not the post: it may go out without the picture."""


class DuplicateContent(Rejected):
    """The network says it has this post already. After an unclear attempt that is evidence, not a refusal."""


class AccountProblem(NetworkError):
    """Surely not accepted: the account's credentials are no longer valid."""


class TokenExpired(AccountProblem):
    """The access token is too old; a refresh may cure it, else the account must be connected again."""


class OutcomeUnknown(NetworkError):
    """The post may or may not exist. Never a reason to send again without evidence."""
