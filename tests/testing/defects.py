"""Broken backends, one for each thing that the conformance kit has to find."""

import logging
import time
import uuid
from dataclasses import replace

import pytest
import requests

from tests.testing.little import SEEN, Little, LittleConformance
from wagtail_syndicate.backends.errors import ErrorRow, Reaction
from wagtail_syndicate.exceptions import AccountProblem, NetworkError, NotSent, OutcomeUnknown, Rejected
from wagtail_syndicate.testing import Captured, Refusal
from wagtail_syndicate.testing.faults import BY_NAME
from wagtail_syndicate.types import Connection, Limits, LinkPlace, Receipt


DEFECTS = []


def defect(check, says, **attributes):
    """A broken backend, the check that has to find it (with its parameters), and what the author is told."""

    def keep(broken):
        DEFECTS.append(pytest.param(broken, check, says, attributes, id=broken.__name__))
        return broken

    return keep


FAILS = "test_publish_when_the_network_fails"


@defect((FAILS, BY_NAME["500"]), "500 at POST /v1/posts was taken for a success")
class TakesFailureForSuccess(Little):
    def publish(self, message, uploads, key):
        try:
            return super().publish(message, uploads, key)
        except OutcomeUnknown:
            return Receipt("0")


@defect((FAILS, BY_NAME["reset after acceptance"]), "sent 2 times in one call")
class RepeatsByItself(Little):
    def publish(self, message, uploads, key):
        try:
            return super().publish(message, uploads, key)
        except OutcomeUnknown:
            return super().publish(message, uploads, key)


@defect((FAILS, BY_NAME["timeout"]), "has to raise OutcomeUnknown, raised NotSent")
class ThinksThatATimeoutIsARefusal(Little):
    def publish(self, message, uploads, key):
        try:
            return super().publish(message, uploads, key)
        except OutcomeUnknown as error:
            raise NotSent(error.reason) from None


@defect((FAILS, BY_NAME["connection refused"]), "surely not accepted: has to raise NotSent")
class DoubtsWhatIsSure(Little):
    def publish(self, message, uploads, key):
        try:
            return super().publish(message, uploads, key)
        except NotSent as error:
            raise OutcomeUnknown(error.reason) from None


@defect((FAILS, BY_NAME["429 without Retry-After"]), "has to raise NotSent, raised Rejected")
class GivesUpWhenAskedToSlowDown(Little):
    errors = (*Little.errors, ErrorRow(Reaction.REJECTED, "content_refused", status=range(400, 500)))


@defect((FAILS, BY_NAME["429 with Retry-After"]), "retry_after is None, not 7")
class ForgetsHowLongToWait(Little):
    def problem(self, answer):
        found = super().problem(answer)
        return found and replace(found, retry_after=None)


for name in ("503", "504", "408", "520", "524"):
    # What a gateway says is no word about the server behind it.
    errors = (ErrorRow(Reaction.RETRY, "network_busy", status=(int(name),)), *Little.errors)
    defect((FAILS, BY_NAME[name]), "has to raise OutcomeUnknown, raised NotSent")(
        type(f"TriesAgainAfter{name}", (Little,), {"errors": errors})
    )


@defect((FAILS, BY_NAME["200 with null"]), "has to raise OutcomeUnknown, raised TypeError")
class TrustsTheAnswer(Little):
    def publish(self, message, uploads, key):
        body = {"text": message.text}
        answer = self.call("POST", "{api}/posts", irreversible=True, json=body, headers={"Idempotency-Key": key})
        return self.receipt(answer.data["id"])


@defect((FAILS, BY_NAME["200 with an error body"]), "200 with an error body at POST /v1/posts was taken for a success")
class TakesAnyWordsForSuccess(Little):
    def publish(self, message, uploads, key):
        body = {"text": message.text, "pictures": list(uploads)}
        answer = self.call("POST", "{api}/posts", irreversible=True, json=body, headers={"Idempotency-Key": key})
        if not answer.data or not isinstance(answer.data, dict):
            raise OutcomeUnknown("unclear_answer")
        return Receipt(key)


@defect((FAILS, BY_NAME["500"]), "500 at POST /v1/pictures was taken for a success")
class LosesPictures(Little):
    def upload(self, media):
        try:
            return super().upload(media)
        except NetworkError:
            return ""


@defect((FAILS, BY_NAME["timeout"]), "has to raise NotSent, raised Rejected")
class BlamesThePictureForTheNetwork(Little):
    def upload(self, media):
        try:
            return super().upload(media)
        except NetworkError:
            raise Rejected("content_refused") from None


@defect((FAILS, BY_NAME["502 with HTML"]), "OutcomeUnknown, but no post can have been made by then")
class DoubtsBeforeThePost(Little):
    def upload(self, media):
        try:
            return super().upload(media)
        except NotSent:
            raise OutcomeUnknown("unclear") from None


@defect((FAILS, BY_NAME["500"]), "after the post was made: has to raise OutcomeUnknown")
class LooksAgainAndForgets(Little):
    def publish(self, message, uploads, key):
        receipt = super().publish(message, uploads, key)
        self.call("GET", "{api}/me")
        return receipt


@defect((FAILS, BY_NAME["500"]), "the post was made all the same")
class PostsWhateverHappens(Little):
    def publish(self, message, uploads, key):
        try:
            self.call("GET", "{api}/me")
        except NotSent as error:
            super().publish(message, uploads, key)
            raise error from None
        return super().publish(message, uploads, key)


@defect(("test_publish", "plain"), "asks without end")
class AsksWithoutEnd(Little):
    def publish(self, message, uploads, key):
        while True:
            self.call("GET", "{api}/me")
            time.sleep(60)


@defect(("test_publish", "plain"), "1 requests arrived, 0 went through self.call")
class GoesItsOwnWay(Little):
    def publish(self, message, uploads, key):
        answer = requests.post(self.url("{api}/posts"), json={"text": message.text}, timeout=5)
        return self.receipt(answer.json()["id"])


@defect(("test_publish", "longest, emoji"), "Not all words of the message")
class CutsTheText(Little):
    def publish(self, message, uploads, key):
        return super().publish(replace(message, text=message.text[:100]), uploads, key)


@defect(("test_publish", "plain"), "The article's address https://www.example.com/news/new-bridge/ is in none")
class LosesTheCard(Little):
    limits = Limits(length=500, link=LinkPlace.CARD)


@defect(("test_publish", "right to left"), "publish failed although the network answered as captured")
class SpeaksLatinOnly(Little):
    def publish(self, message, uploads, key):
        message.text.encode("latin-1")
        return super().publish(message, uploads, key)


@defect(("test_publish_with_three_pictures", "plain", False), "publish failed")
class NeedsAnAddress(Little):
    def upload(self, media):
        if not media.url:
            raise Rejected("content_refused")
        return super().upload(media)


@defect(("test_publish", "plain"), "asks POST /v1/drafts, and `answers` has nothing for it")
class AsksWhatWasNotCaptured(Little):
    def publish(self, message, uploads, key):
        self.call("POST", "{api}/drafts")


@defect(("test_every_picture_is_attached",), "with 2 pictures is the one with 1")
class AttachesTheFirstPicture(Little):
    def publish(self, message, uploads, key):
        return super().publish(message, uploads[:1], key)


@defect(("test_publish", "plain"), "The permalink is None")
class NamesNoPlace(Little):
    def publish(self, message, uploads, key):
        receipt = super().publish(message, uploads, key)
        object.__setattr__(receipt, "permalink", None)
        return receipt


@defect(("test_one_request_makes_the_post",), "2 of the requests .* are marked irreversible")
class PostsTwice(Little):
    def upload(self, media):
        return self.named(self.call("POST", "{api}/pictures", irreversible=True, files={"file": media.data}))


@defect(("test_one_request_makes_the_post",), "0 of the requests .* are marked irreversible")
class MarksNothing(Little):
    def publish(self, message, uploads, key):
        return self.receipt(self.call("POST", "{api}/posts", json={"text": message.text}).get("id"))


@defect(("test_publish_answered_without_an_id",), "without the post's id was taken for a success")
class MakesUpAnId(Little):
    def publish(self, message, uploads, key):
        answer = self.call("POST", "{api}/posts", irreversible=True, json={"text": message.text})
        return Receipt(str(answer.get("id")))


@defect(("test_refusals",), "has to raise Rejected, raised OutcomeUnknown")
class KnowsNoRefusal(Little):
    errors = ()


@defect(("test_refusals",), "reason 'too_long' instead of 'content_refused'")
class NamesTheWrongReason(Little):
    errors = (ErrorRow(Reaction.REJECTED, "too_long", status=(422,)),)


@defect(("test_refusals",), "no sentence for the reason 'just_no'")
class HasNoWordsForIt(Little):
    errors = (ErrorRow(Reaction.REJECTED, "just_no", status=(422,)),)


@defect(("test_refusals",), "taken for a success")
class OverlooksARefusal(Little):
    def problem(self, answer):
        return None if answer.get("error") else super().problem(answer)

    def publish(self, message, uploads, key):
        return Receipt("1") if super().call("POST", "{api}/posts", irreversible=True, json=message.text) else None


@defect(("test_expired_key",), "with an expired key: has to raise AccountProblem, raised Rejected")
class BlamesTheTextForTheKey(Little):
    errors = (ErrorRow(Reaction.REJECTED, "content_refused", status=(401, 422)),)


@defect(("test_same_key_same_request",), "the second request differs")
class ChangesWithTime(Little):
    def publish(self, message, uploads, key):
        return super().publish(replace(message, text=f"{message.text} {uuid.uuid4()}"), uploads, key)


@defect(("test_same_key_same_request",), "Another key gives the same request")
class SendsNoKey(Little):
    def publish(self, message, uploads, key):
        return super().publish(message, uploads, "")


SECRETS = ("test_secrets_are_never_seen",)


@defect(SECRETS, "seen in the exception")
class ShowsTheTokenInAnException(Little):
    def publish(self, message, uploads, key):
        try:
            return super().publish(message, uploads, key)
        except OutcomeUnknown:
            raise OutcomeUnknown("unclear", f"sent {self.headers()}") from None


@defect(SECRETS, "seen in the traceback")
class ShowsTheTokenInACause(Little):
    def publish(self, message, uploads, key):
        try:
            return super().publish(message, uploads, key)
        except OutcomeUnknown:
            raise OutcomeUnknown("unclear") from ValueError(self.connection.credentials)


@defect(SECRETS, "percent-encoded.* is seen in a log record")
class LogsTheToken(Little):
    def publish(self, message, uploads, key):
        token = requests.utils.quote(self.connection.credentials["access_token"], safe="")
        logging.getLogger("some.library").debug("GET /?token=%s", token)
        return super().publish(message, uploads, key)


@defect(SECRETS, r"base64.* is seen in repr\(backend\)")
class ShowsTheTokenInItsRepr(Little):
    def __repr__(self):
        return requests.auth._basic_auth_str("", self.connection.credentials["access_token"])


@defect(SECRETS, "seen in the exception")
class RepeatsWhatTheNetworkSays(Little):
    def call(self, method, template, *, irreversible=False, headers=None, **kwargs):
        both = {**self.headers(), **(headers or {})}
        heard = self.http.request(method, self.url(template), irreversible=irreversible, headers=both, **kwargs)
        if heard.status >= 400:
            raise Rejected("content_refused", str(heard.data))
        return heard


@defect(("test_find_when_the_network_fails", BY_NAME["500"]), "None means that the post is surely not there")
class FindsNothingWhenTheNetworkFails(Little):
    def find(self, message, since):
        try:
            return super().find(message, since)
        except NetworkError:
            return None


@defect(("test_find_when_the_network_fails", BY_NAME["200 with {}"]), "None means that the post is surely not there")
class FindsNothingInAStrangeAnswer(Little):
    def find(self, message, since):
        return None if not self.call("GET", "{api}/posts").get("posts") else super().find(message, since)


@defect(("test_find_when_the_network_fails", BY_NAME["timeout"]), "OutcomeUnknown, but no post can have been made")
class MarksALookAsAPost(Little):
    def find(self, message, since):
        self.call("GET", "{api}/me", irreversible=True)


@defect(("test_find_nothing_else",), "find took a post with other words")
class FindsAnything(Little):
    def find(self, message, since):
        posts = self.call("GET", "{api}/posts").get("posts")
        return self.receipt(posts[0]["id"]) if posts else None


@defect(("test_find_nothing_else",), "find took a post that says a word more")
class FindsAPart(Little):
    def find(self, message, since):
        posts = self.call("GET", "{api}/posts").get("posts")
        return next((self.receipt(post["id"]) for post in posts if message.text in post["text"]), None)


@defect(("test_find_nothing_else",), "find took a post of the day before")
class FindsTheOldPost(Little):
    def find(self, message, since):
        posts = self.call("GET", "{api}/posts").get("posts")
        return next((self.receipt(post["id"]) for post in posts if message.text == post["text"]), None)


@defect(("test_find_what_was_sent", "CJK"), "find returned None for a post that is there")
class FindsNothing(Little):
    def find(self, message, since):
        self.call("GET", "{api}/posts")


@defect(("test_find_behind_other_posts",), "find returned None for a post behind 20 newer ones")
class ReadsOnePage(Little):
    def find(self, message, since):
        posts = self.call("GET", "{api}/posts").get("posts")
        return next((self.receipt(post["id"]) for post in posts if message.text == post["text"]), None)


def everything_at_once(kit, posts, request):
    whole = type("Whole", (LittleConformance,), {"page": 1000})()
    return whole.shown(posts, request)


@defect(("test_find_behind_other_posts",), "`shown` gave more", shown=everything_at_once)
class IsShownEverythingAtOnce(Little):
    pass


@defect(("test_find_nothing_else",), "returned None, but `denies` is False", denies=False)
class DeniesWhatItCannot(Little):
    pass


@defect(("test_edit",), "did not send the new words")
class EditsNothing(Little):
    def edit(self, remote_id, message):
        return Receipt(self.named(self.call("PUT", f"{{api}}/posts/{remote_id}", json={})))


@defect(("test_edit_when_the_network_fails", BY_NAME["500"]), "edit: 500 at PUT .* was taken for a success")
class EditsAnyhow(Little):
    def edit(self, remote_id, message):
        try:
            return super().edit(remote_id, message)
        except NetworkError:
            return Receipt(remote_id)


@defect(("test_edit_what_is_gone",), "although the post is gone")
class EditsWhatIsGone(EditsAnyhow):
    pass


@defect(("test_delete",), "asked the network nothing")
class DeletesNothing(Little):
    def delete(self, remote_id):
        pass


@defect(("test_delete_what_is_gone",), "it counts as deleted")
class CannotDeleteTwice(Little):
    def delete(self, remote_id):
        self.call("DELETE", f"{{api}}/posts/{remote_id}")


@defect(("test_identify",), "identify must post nothing")
class IntroducesItself(Little):
    def identify(self):
        self.call("GET", "{api}/me", irreversible=True)
        return super().identify()


@defect(("test_identify",), "A credential stands in Identity.options")
class KeepsTheTokenInTheOpen(Little):
    def identify(self):
        return replace(super().identify(), options={"page": {"token": self.connection.credentials["access_token"]}})


@defect(("test_identify",), "A credential stands in Identity.handle")
class IsCalledAsTheToken(Little):
    def identify(self):
        return replace(super().identify(), handle=f"@{self.connection.credentials['access_token']}")


@defect(("test_targets",), "A credential stands in Identity.options")
class KeepsThePagesTokenInTheOpen(Little):
    def targets(self):
        return [replace(self.identify(), options={"key": "of-the-page"}, credentials={"key": "of-the-page"})]


@defect(("test_targets",), "found nobody to post as")
class HasNobodyToPostAs(Little):
    def targets(self):
        return []


@defect(("test_identify_when_the_network_fails", BY_NAME["timeout"]), "has to raise NotSent, raised AccountProblem")
class BlamesTheKeyForTheNetwork(Little):
    def identify(self):
        try:
            return super().identify()
        except NetworkError:
            raise AccountProblem("reconnect") from None


@defect(("test_share_link", "emoji"), "share_link raised UnicodeEncodeError")
class SharesLatinOnly(Little):
    def share_link(self, message):
        return f"https://example.org/share?text={requests.utils.quote(message.text.encode('latin-1'))}"


@defect(("test_share_link", "plain"), "percent-encoded twice")
class EncodesTwice(Little):
    def share_link(self, message):
        quote = requests.utils.quote
        return f"https://example.org/share?url={quote(message.link)}&text={quote(quote(message.text))}"


@defect(("test_specification",), "No sentence for \\['just_no'\\]")
class NamesNoReason(HasNoWordsForIt):
    pass


@defect(("test_specification",), "hosts .* end with a slash")
class EndsWithASlash(Little):
    hosts = {"api": "https://api.example.org/v1/", "web": "https://example.org"}


@defect(("test_answers_are_captured",), "No captured answers", answers={})
class WasNeverAnswered(Little):
    pass


@defect(("test_answers_are_captured",), "No captured refusals", refusals=())
class WasNeverRefused(Little):
    pass


@defect(("test_answers_are_captured",), "No `expired`", expired=None)
class NeverExpires(Little):
    pass


@defect(
    ("test_answers_are_captured",),
    "No captured refusal of the request that makes the post",
    refusals=LittleConformance.refusals[1:],
)
class WasRefusedElsewhere(Little):
    pass


@defect(
    ("test_answers_are_captured",),
    "Without a source",
    answers={**LittleConformance.answers, "POST /v1/posts": Captured(201, {"id": 1})},
)
class NamesNoSource(Little):
    pass


@defect(
    ("test_refusals",),
    "No call of the backend sends POST /v2/posts",
    refusals=(Refusal("POST /v2/posts", Captured(422, source=SEEN), Rejected),),
)
class IsRefusedWhatItNeverAsked(Little):
    pass


@defect(
    ("test_credentials_can_be_told_from_words",), "shorter than 8", connection=Connection(credentials={"a": "key1"})
)
class HasAShortKey(Little):
    pass


@defect(("test_credentials_can_be_told_from_words",), "has no credentials", connection=Connection())
class HasNoKey(Little):
    pass


@defect(("test_delete_what_is_gone",), "No `gone`", gone={})
class NothingIsEverGone(Little):
    pass
