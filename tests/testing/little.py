"""A small network that exists nowhere: everything a backend may have, in as few lines as it takes."""

from datetime import datetime

from wagtail_syndicate.backends.auth import Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend, link_to
from wagtail_syndicate.backends.errors import ErrorRow, Reaction
from wagtail_syndicate.backends.likeness import same_text
from wagtail_syndicate.backends.looking import Look
from wagtail_syndicate.exceptions import AccountProblem, NotSent, Rejected
from wagtail_syndicate.testing import BackendConformance, Captured, Refusal
from wagtail_syndicate.types import Connection, Identity, ImageLimits, Limits, Receipt


SEEN = "made up for these tests"


class Little(BaseBackend):
    name = "little"
    label = "Little"
    auth = (Pasted((PastedField("access_token", "Token"),)),)
    hosts = {"api": "https://api.example.org/v1", "web": "https://example.org"}
    limits = Limits(length=500, images=ImageLimits(4, alt_length=100))
    key_seconds = 60
    errors = (
        ErrorRow(Reaction.REJECTED, "content_refused", status=(422,)),
        ErrorRow(Reaction.REJECTED, "target_missing", status=(404,)),
    )

    def identify(self):
        me = self.call("GET", "{api}/me")
        return Identity(self.named(me), f"@{me.get('name')}")

    def targets(self):
        return [self.identify()]

    def named(self, answer):
        if not (remote_id := answer.get("id")):
            raise NotSent("network_busy", "the answer holds no id", answer.status)
        return str(remote_id)

    def upload(self, media):
        files = {"file": (media.filename, media.data, media.content_type)}
        return self.named(self.call("POST", "{api}/pictures", files=files, data={"alt": media.alt}))

    def publish(self, message, uploads, key):
        body = {"text": message.text, "pictures": list(uploads)}
        answer = self.call("POST", "{api}/posts", irreversible=True, json=body, headers={"Idempotency-Key": key})
        return self.receipt(answer.get("id"), self.url(f"{{web}}/posts/{answer.get('id')}"))

    def find(self, message, since):
        look = Look(since)
        for _page in range(5):
            answer = self.call("GET", "{api}/posts", params={"offset": len(look.met)})
            if not isinstance(posts := answer.get("posts"), list):
                raise NotSent("network_busy", "no list of posts")
            for post in posts:
                recent = look.meet(post["id"], datetime.fromisoformat(post["at"]))
                if recent and same_text(message.text, post["text"]):
                    return self.receipt(post["id"])
            if look.has_passed or look.has_all(answer.get("total")):
                return None
        raise look.unsure()

    def edit(self, remote_id, message):
        return Receipt(self.named(self.call("PUT", f"{{api}}/posts/{remote_id}", json={"text": message.text})))

    def delete(self, remote_id):
        try:
            self.call("DELETE", f"{{api}}/posts/{remote_id}")
        except Rejected as error:
            if error.status != 404:
                raise

    def share_link(self, message):
        return link_to(self.url("{web}/share"), text=message.text_with_link)


class LittleConformance(BackendConformance):
    backend = Little
    connection = Connection(remote_id="7", handle="@little", credentials={"access_token": "little-token+of/the test"})
    docs = "tests/testing/little.md"
    answers = {
        "GET /v1/me": Captured(200, {"id": 7, "name": "little"}, source=SEEN),
        "POST /v1/pictures": Captured(201, {"id": "p1"}, source=SEEN),
        "POST /v1/posts": Captured(201, {"id": 4521}, source=SEEN),
        "PUT /v1/posts/*": Captured(200, {"id": 4521}, source=SEEN),
        "DELETE /v1/posts/*": Captured(204, source=SEEN),
    }
    refusals = (
        Refusal(
            "POST /v1/posts", Captured(422, {"error": "That is too much"}, source=SEEN), Rejected, "content_refused"
        ),
        Refusal("PUT /v1/posts/*", Captured(422, {"error": "That is too much"}, source=SEEN), Rejected),
    )
    expired = Refusal("*", Captured(401, {"error": "Who are you?"}, source=SEEN), AccountProblem, "reconnect")
    page = 10
    gone = {"* /v1/posts/*": Captured(404, {"error": "No such post"}, source=SEEN)}

    def shown(self, posts, request):
        if not request.is_like("GET /v1/posts"):
            return None
        listed = [
            {"id": post.remote_id, "text": post.message.text, "at": post.at.isoformat()} for post in posts if post.mine
        ]
        start = int(request.query.get("offset", 0))
        return Captured(200, {"posts": listed[start : start + self.page], "total": len(listed)}, source=SEEN)
