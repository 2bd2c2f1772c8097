"""The checks. A test file subclasses :class:`BackendConformance` and says what its network answers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from wagtail_syndicate.exceptions import AccountProblem, NetworkError, NotSent, OutcomeUnknown
from wagtail_syndicate.reasons import REASONS
from wagtail_syndicate.testing import texts
from wagtail_syndicate.testing.faults import FAULTS, Fault
from wagtail_syndicate.testing.ground import Ground, demand
from wagtail_syndicate.testing.judging import (
    listed,
    matches,
    named,
    other_id,
    other_ids,
    own_id,
    repeating,
    share_link_faults,
    without_id,
)
from wagtail_syndicate.testing.play import Run, secret_forms
from wagtail_syndicate.types import Connection, Identity, Receipt


EVERY_FAULT = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
# A network that says "done" in a form of its own has still said it.
SOME_FAULTS = pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if not fault.strange], ids=lambda fault: fault.name
)
EVERY_KIND = pytest.mark.parametrize("kind", texts.KINDS)


def about(method: str):
    """A check of a method that a backend may have or not; it is collected only where there is one."""

    def mark(test):
        test.about = method
        return test

    return mark


class BackendConformance(Ground):
    """Subclass it as ``class TestYourNetwork(BackendConformance)`` and fill in the attributes of :class:`Ground`."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not cls.backend:
            return
        for name, test in vars(BackendConformance).items():
            if method := getattr(test, "about", None):
                if not cls._has(method):
                    setattr(cls, name, None)
                elif getattr(cls, name) is None:
                    setattr(cls, name, test)

    # The network's papers

    def test_documented(self, pytestconfig):
        page = self.docs or f"docs/networks/{self._class.name}.md"
        if page.startswith(("https://", "http://")):
            return
        path = Path(pytestconfig.rootpath, page)
        demand(path.is_file(), f"There is no page {page}. Write it, or name it in the attribute `docs`.")
        demand(path.read_text().startswith("# "), f"{page} has no title.")

    def test_specification(self):
        backend = self._class
        demand(re.fullmatch(r"[a-z0-9_]+", backend.name), f"name = {backend.name!r}: use lower-case ASCII.")
        demand(str(backend.label), "label is empty: say what people call the network.")
        demand(backend.auth, "auth is empty: list the ways to connect an account, NoDoor() where there is nothing to.")
        roles = {role: host for role, host in backend.hosts.items() if not host.startswith("https://")}
        demand(not roles, f"hosts {roles}: addresses begin with https://.")
        slashed = [host for host in backend.hosts.values() if host.endswith("/")]
        demand(not slashed, f"hosts {slashed} end with a slash; addresses are made by adding /path.")
        known = {**REASONS, **backend.reasons}
        unknown = {row.reason for row in backend.errors} - set(known)
        demand(not unknown, f"No sentence for {sorted(unknown)}: use one of reasons.REASONS or add it to `reasons`.")
        wrong = [choice.name for choice in backend.choices if not choice.values]
        demand(not wrong, f"choices {wrong} have no values.")
        limits = self._limits
        demand(limits.length > 0, f"limits.length is {limits.length}.")
        demand(backend.style.target <= limits.length, "style.target is longer than limits.length.")

    def test_answers_are_captured(self):
        """Tests against invented answers prove nothing, so each answer names where it was seen."""
        if self._is_assisted:
            return
        demand(self.answers, 'No captured answers: answers = {"POST /path": Captured(200, {...}, source="...")}.')
        demand(
            self.refusals, "No captured refusals: refusals = (Refusal(...), ...), what the network refuses and how."
        )
        demand(
            self.expired,
            "No `expired`: Refusal('*', Captured(...), TokenExpired or AccountProblem, reason), what it answers "
            "once the key is expired or withdrawn.",
        )
        demand(issubclass(self.expired.raises, AccountProblem), "`expired` raises TokenExpired or AccountProblem.")
        run = self._publish(self._message("plain"))
        decisive = [str(run.sent[place]) for place in run.decisive]
        refused = [refusal for refusal in self.refusals if any(matches(refusal.request, name) for name in decisive)]
        demand(refused, f"No captured refusal of the request that makes the post ({', '.join(decisive)}).")
        failures = (*self.refusals, self.expired)
        given = [answer for found in self.answers.values() for answer in listed(found)] + run.answered
        nameless = [answer for answer in (*given, *(each.answer for each in failures)) if not answer.source]
        demand(not nameless, f"Without a source: {nameless[:3]}. Say where the answer was seen, and when.")

    def test_credentials_can_be_told_from_words(self):
        short = [secret for secret in secret_forms(self.connection) if len(secret) < 8]
        demand(not short, "A credential of the test's connection is shorter than 8 characters: it could not be found.")
        demand(
            self._is_assisted or list(secret_forms(self.connection)),
            "The test's connection has no credentials, so nothing can be said about secrets. Make some up.",
        )

    # Connecting

    @about("identify")
    def test_identify(self):
        run = self._play(lambda backend: backend.identify())
        self._went_well(run, "identify")
        demand(isinstance(run.value, Identity), f"identify returns an Identity, not {run.value!r}.")
        demand(
            isinstance(run.value.remote_id, str) and run.value.remote_id, "Identity.remote_id must be text, not empty."
        )
        demand(run.value.handle, "Identity.handle is empty: people would not know which account it is.")
        demand(not run.decisive, "identify must post nothing, and so mark no request as irreversible.")
        self._keeps_secrets(run.value)

    @about("targets")
    def test_targets(self):
        run = self._play(lambda backend: list(backend.targets()))
        self._went_well(run, "targets")
        demand(run.value, "targets found nobody to post as; it raises Rejected where there is nobody.")
        for identity in run.value:
            demand(isinstance(identity, Identity), f"targets returns identities, not {identity!r}.")
            demand(identity.remote_id and identity.handle, f"{identity!r} has no remote_id or no handle.")
            self._keeps_secrets(identity)
        demand(not run.decisive, "targets must post nothing, and so mark no request as irreversible.")

    @about("identify")
    @EVERY_FAULT
    def test_identify_when_the_network_fails(self, fault):
        for place, run in self._stages(lambda backend: backend.identify(), fault):
            self._reversible_failed(run, place, fault, (NetworkError,) if fault.strange else fault.reaction)

    # Publishing

    @about("publish")
    @EVERY_KIND
    def test_publish(self, kind):
        self._published(self._message(kind))

    @about("publish")
    @EVERY_KIND
    @pytest.mark.parametrize("address", [True, False], ids=["with addresses", "without addresses"])
    def test_publish_with_three_pictures(self, kind, address):
        """Of an article with three pictures; the message has as many of them as the network takes, or none."""
        self._published(self._message(kind, images=True), address=address)

    @about("publish")
    def test_every_picture_is_attached(self):
        """The post with another picture has to be another post, up to as many as the limits allow."""
        images = self._limits.images
        if images is None or images.count < 2:
            pytest.skip("The network takes one picture from us at most.")
        message = self._message("plain", images=True)
        uploads = self._handed_over(message)
        for count in range(2, len(uploads) + 1):
            fewer, more = (self._posted_with(message, uploads[:number]) for number in (count - 1, count))
            demand(
                fewer != more,
                f"The post with {count} pictures is the one with {count - 1}, but limits.images.count is "
                f"{images.count}: attach all of `uploads`, or lower the limit.",
            )

    @about("publish")
    def test_one_request_makes_the_post(self):
        for message in self._variants():
            run = self._publish(message)
            self._went_well(run, "publish")
            demand(
                len(run.decisive) == 1,
                f"{len(run.decisive)} of the requests {named(run.sent)} are marked irreversible=True; it has to be "
                "exactly one, with which the post becomes visible. What comes before it is repeatable and unseen.",
            )

    @about("publish")
    @EVERY_FAULT
    def test_publish_when_the_network_fails(self, fault):
        for message in self._variants():
            healthy = self._publish(message)
            self._went_well(healthy, "publish")
            for place, run in self._stages(self._publication(message), fault, healthy):
                self._publication_failed(healthy, run, place, fault)

    @about("publish")
    def test_publish_answered_without_an_id(self):
        """201, and the new post's id is missing: nobody knows whether there is a post."""
        message = self._message("plain")
        healthy = self._publish(message)
        self._went_well(healthy, "publish")
        [place] = healthy.decisive[:1] or [0]
        if own_id(healthy.value.remote_id, healthy.received[place]):
            pytest.skip("The backend gives the post its id itself.")
        bare = without_id(healthy.answered[place], healthy.value.remote_id)
        if bare == healthy.answered[place]:
            demand(
                len(healthy.sent) > place + 1,
                f"The id {healthy.value.remote_id!r} is neither in the captured answer to {healthy.sent[place]} nor "
                "in the request: where does the receipt have it from?",
            )
            return
        run = self._publish(message, stage=place, fault=bare)
        demand(run.error is not None, "An answer without the post's id was taken for a success; use self.receipt(id).")
        self._is(
            run,
            (OutcomeUnknown,),
            "The answer holds no id, so the post may or may not be there: use self.receipt(id).",
        )

    @about("publish")
    def test_refusals(self):
        for refusal in self.refusals:
            action, posts, run = self._asks(refusal.request)
            place = next(place for place, sent in enumerate(run.sent) if matches(refusal.request, str(sent)))
            run = self._play(action, answers={refusal.request: refusal.answer}, posts=posts)
            what = f"{refusal.request} answered {refusal.answer.status} {str(refusal.answer.body)[:200]}"
            demand(run.error is not None, f"{what}: taken for a success.")
            self._is(run, (refusal.raises,), what, exactly=True)
            own = {**REASONS, **self._class.reasons}
            reason = run.error.reason
            demand(reason in own, f"{what}: no sentence for the reason {reason!r}.")
            demand(
                not refusal.reason or reason == refusal.reason,
                f"{what}: reason {reason!r} instead of {refusal.reason!r}.",
            )
            if refusal.raises is OutcomeUnknown:
                demand(len(run.sent) == place + 1, f"{what}: went on with {named(run.sent[place + 1 :])}.")

    @about("publish")
    def test_expired_key(self):
        """The key is refused at each request in turn, also in the middle of a publication."""
        demand(self.expired, "No `expired`: say what the network answers once the key is expired or withdrawn.")
        for message in self._variants():
            healthy = self._publish(message)
            self._went_well(healthy, "publish")
            decisive = healthy.decisive[-1:] or [len(healthy.sent)]
            for place, sent in enumerate(healthy.sent[: decisive[0] + 1]):
                if not matches(self.expired.request, str(sent)):
                    continue
                run = self._publish(message, stage=place, fault=self.expired.answer)
                if self._is_optional(healthy.sent[place]) and run.error is None:
                    continue
                what = f"{sent} with an expired key"
                demand(run.error is not None, f"{what}: taken for a success.")
                self._is(run, (self.expired.raises,), what)
                reason = self.expired.reason or run.error.reason
                demand(run.error.reason == reason, f"{what}: reason {run.error.reason!r} instead of {reason!r}.")

    @about("key_seconds")
    def test_same_key_same_request(self):
        for message in self._variants():
            first, second, other = self._repeated(message)
            demand(
                first == second,
                "key_seconds says that a repeated key is recognised, but the second request differs from the first "
                "(time, random value?). Make everything from the message and the key: keys.moment(key) is a time.\n"
                f"{first}\n{second}",
            )
            demand(first != other, "Another key gives the same request: send the key as the network wants it.")

    # Secrets

    @about("publish")
    def test_secrets_are_never_seen(self):
        """Not in exceptions, not in reprs, not in log records, also when the network repeats what it was sent."""
        for message in self._variants():
            healthy = self._publish(message)
            self._nothing_secret(healthy, "publish")
            for fault in FAULTS:
                for _place, run in self._stages(self._publication(message), fault, healthy):
                    self._nothing_secret(run, f"publish, {fault.name}")
        for refusal in (*self.refusals, *filter(None, [self.expired])):
            action, posts, healthy = self._asks(refusal.request)
            for place, sent in enumerate(healthy.sent):
                if not matches(refusal.request, str(sent)):
                    continue
                # A network can repeat only what it was sent.
                for form in filter(healthy.received[place].holds, secret_forms(healthy.backend.connection)):
                    for status in (refusal.answer.status, 400, 500):
                        answer = repeating(replace(refusal.answer, status=status), form)
                        run = self._play(action, stage=place, fault=answer, posts=posts)
                        self._nothing_secret(run, f"{sent} answered {status} with the key in the words")

    # Reading back

    @about("find")
    @EVERY_KIND
    def test_find_what_was_sent(self, kind):
        self._looks_up()
        sent = self._sent(kind)
        older = replace(
            sent, message=self._message("markup"), at=sent.at - timedelta(days=1), remote_id=other_id(sent.remote_id)
        )
        run = self._find(sent.message, [sent, older])
        self._went_well(run, "find")
        demand(
            isinstance(run.value, Receipt) and run.value.remote_id == sent.remote_id,
            f"find returned {run.value!r} for a post that is there as {sent.remote_id!r} ({kind}). Networks show "
            "texts changed (links shortened, spaces, entities): see backends.likeness.same_text.",
        )
        self._is_receipt(run.value)

    @about("find")
    def test_find_behind_other_posts(self):
        """Others were posted meanwhile, so many that the post is on a later page: to stop before it is no proof."""
        self._looks_up()
        sent, many = self._sent("plain"), max(self.page, 20)
        words = self._message("Cyrillic")
        newer = [
            replace(sent, message=words, at=sent.at + timedelta(seconds=many - number), remote_id=remote_id)
            for number, remote_id in enumerate(other_ids(sent.remote_id, many))
        ]
        run = self._find(sent.message, [*newer, sent])
        if isinstance(run.error, NotSent):
            return  # honest: nobody sends again for that
        self._went_well(run, "find")
        demand(
            run.value is not None,
            f"find returned None for a post behind {many} newer ones. None means that the post is surely not there, "
            "and it would be sent again: ask for the next page, or raise NotSent (backends.looking).",
        )
        demand(run.value.remote_id == sent.remote_id, f"find returned {run.value!r} instead of {sent.remote_id!r}.")
        demand(
            not self.page or len(run.sent) > 1,
            f"`page` says that {self.page} posts are shown at once; `shown` gave more.",
        )

    @about("find")
    def test_find_nothing_else(self):
        self._looks_up()
        sent = self._sent("plain")
        longer = replace(sent.message, text=f"Correction: {sent.message.text}")
        cases = {
            "no post at all": [],
            "a post with other words": [replace(sent, message=self._message("Cyrillic"))],
            "a post that says a word more": [replace(sent, message=longer)],
            "a post of the day before": [replace(sent, at=sent.at - timedelta(days=1))],
            "a post of another account": [replace(sent, mine=False)],
        }
        for what, posts in cases.items():
            run = self._find(sent.message, posts)
            self._found_nothing(run, f"find ({what})")
            demand(run.value is None, f"find took {what} for the one that was sent: {run.value!r}.")

    @about("find")
    @EVERY_FAULT
    def test_find_when_the_network_fails(self, fault):
        self._looks_up()
        message = self._sent("plain").message
        healthy = self._find(message, [])
        self._found_nothing(healthy, "find")
        for place, run in self._stages(self._search(message), fault, healthy, posts=()):
            demand(
                run.error is not None,
                f"find returned {run.value!r} after {fault.name} at {healthy.sent[place]}. None means that the post "
                "is surely not there, and it would be sent again: raise NotSent.",
            )
            self._reversible_failed(run, place, fault, (NetworkError,) if fault.strange else fault.reaction)

    def _found_nothing(self, run: Run, what: str) -> None:
        if self.denies:
            self._went_well(run, what)
        elif run.value is None:
            demand(run.error is not None, f"{what} returned None, but `denies` is False: it has to raise NotSent.")
            self._is(run, (NotSent,), what)

    # Changing and taking back

    @about("edit")
    def test_edit(self):
        run, message = self._play(self._change("edit")), self._message("Cyrillic")
        self._went_well(run, "edit")
        demand(isinstance(run.value, Receipt), f"edit returns a Receipt, not {run.value!r}.")
        self._is_receipt(run.value)
        demand(any(self.says(request, message) for request in run.received), "edit did not send the new words.")

    @about("edit")
    @SOME_FAULTS
    def test_edit_when_the_network_fails(self, fault):
        self._change_failed("edit", fault)

    @about("edit")
    def test_edit_what_is_gone(self):
        run = self._change_of_nothing("edit")
        demand(run.error is not None, "edit was taken for a success although the post is gone.")
        self._is(run, (NetworkError,), "edit of a post that is gone")

    @about("delete")
    def test_delete(self):
        run = self._play(self._change("delete"))
        self._went_well(run, "delete")
        demand(run.sent, "delete asked the network nothing.")

    @about("delete")
    @SOME_FAULTS
    def test_delete_when_the_network_fails(self, fault):
        self._change_failed("delete", fault)

    @about("delete")
    def test_delete_what_is_gone(self):
        run = self._change_of_nothing("delete")
        demand(run.error is None, f"delete raised {run.error!r} for a post that is gone; it counts as deleted.")

    def _change_failed(self, method: str, fault: Fault) -> None:
        for place, run in self._stages(self._change(method), fault):
            what = f"{method}: {fault.name} at {run.sent[place]}"
            if run.error is not None:
                self._is(run, (NetworkError,), what)
            else:
                forgiven = self._is_optional(run.sent[place]) or self._asked_again(run, place)
                demand(forgiven, f"{what} was taken for a success.")

    def _change_of_nothing(self, method: str) -> Run:
        demand(self.gone, 'No `gone`: gone = {"DELETE /path/*": Captured(...)}, the answer when the post is gone.')
        run = self._play(self._change(method), answers=self.gone)
        met = any(request.is_like(pattern) for request in run.received for pattern in self.gone)
        demand(met, f"`gone` has no answer for {named(run.sent)}.")
        return run

    # Sharing by hand

    @about("share_link")
    @EVERY_KIND
    def test_share_link(self, kind):
        message = self._message(kind)
        poorer = ({"title": "", "description": ""}, {"link": ""}, {"text": ""}, {"text": "", "link": "", "title": ""})
        for given in (message, *(replace(message, **less) for less in poorer)):
            for connection in (self.connection, Connection(handle="example")):
                try:
                    address = self._asked(lambda backend, given=given: backend.share_link(given), connection)
                except Exception as error:
                    raise AssertionError(f"share_link raised {error!r}; it has to bear any message.") from error
                demand(not (faults := share_link_faults(address, given)), f"share_link gives {address!r}: {faults}.")
