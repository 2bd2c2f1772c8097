"""What went wrong while an account was being connected, in words for the admin who sits in front of it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from wagtail_syndicate.exceptions import AccountProblem, AwayFromHome, NetworkError, NotSent, Rehearsed, SyndicateError
from wagtail_syndicate.reasons import explain


class ConnectRefused(SyndicateError):
    """The account was not connected and nothing was changed.

    :param message: what happened and what to do, in the admin's language.
    :param field: the name of the input that it is about, "" when it is about none.
    """

    def __init__(self, message: str, field: str = ""):
        super().__init__(message)
        self.message = message
        self.field = field


def describe(error: NetworkError, network: str, reasons=None) -> str:
    """The sentences for an error that came up while connecting or testing.

    The sentences of deliveries promise that the software tries again; here a person does.

    :param network: the label of the network; :param reasons: sentences that its backend adds.
    """
    names = {"network": network, "status": error.status}
    if isinstance(error, Rehearsed):
        return (
            _(
                "%(network)s was not asked, because this site only rehearses. A developer can change that: DRY_RUN "
                "in the site's settings, or DEBUG."
            )
            % names
        )
    if isinstance(error, AwayFromHome):
        return str(explain(error.reason, network, reasons))
    if error.reason == "rate_limited":
        text = _("%(network)s asks for a pause before it answers again. Wait some minutes, then try again.") % names
    elif isinstance(error, NotSent) and error.status is None:
        text = _("%(network)s could not be reached. Nothing was changed. Try again in a few minutes.") % names
    elif isinstance(error, NotSent):
        text = _("%(network)s gave an answer that was not expected (status %(status)s). Try again later.") % names
    elif error.reason == "sign_in_failed":
        text = _("%(network)s refused the sign-in; it may have been left open for too long. Start again.") % names
    elif isinstance(error, AccountProblem) and error.reason in ("reconnect", "expired_token"):
        text = _("%(network)s does not accept this key. It may be mistyped, withdrawn or too old.") % names
    else:
        text = str(explain(error.reason, network, reasons))
    # Without an answer the words are ours, and for logs.
    if error.detail and error.status is not None:
        text += " " + _("%(network)s said: “%(detail)s”") % {**names, "detail": error.detail.rstrip(".")[:300]}
    return text
