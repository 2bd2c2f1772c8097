"""Networks that ask more of those who connect and renew accounts than the real ones that are imitated."""

from dataclasses import replace

from wagtail_syndicate.backends.auth import OAuth2, Pasted, PastedField
from wagtail_syndicate.backends.base import BaseBackend
from wagtail_syndicate.backends.memory import Backend as Memory
from wagtail_syndicate.backends.x import Backend as X
from wagtail_syndicate.types import Choice, Identity, Receipt


OURS = Identity("7", "@ours", "https://pages.example/ours", {"name": "Our page"}, {"page_token": "secret-of-page-7"})
THEIRS = Identity("8", "@theirs", "https://pages.example/theirs", {}, {"page_token": "secret-of-page-8"})


class Script:
    """What a backend answers and what it was asked; each test tells it anew."""

    def __init__(self):
        self.lasting = None  # of exchange()
        self.targets = [OURS]
        self.renewals = []  # of renew(), one after the other; the last one stays
        self.calls = []  # name of the method, and its connection

    def play(self, name, backend, answer):
        self.calls.append((name, backend.connection))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def asked(self, name):
        return [connection for called, connection in self.calls if called == name]


class Scripted:
    """A backend that does as its script says; the fixture ``script`` hands out a new one."""

    script = Script()

    def exchange(self):
        return self.script.play("exchange", self, self.script.lasting)

    def targets(self):
        return self.script.play("targets", self, self.script.targets)

    def identify(self):
        return self.script.play("identify", self, self.script.targets)[0]

    def publish(self, message, uploads, key):
        return self.script.play("publish", self, Receipt("1", notice="draft"))


class Pages(Scripted, X):
    """The consent page is that of fakenet's X; behind it stand several pages, as behind a user of Facebook."""

    label = "Pages"
    auth = (replace(X.auth[0], keys=("CLIENT_ID", "CLIENT_SECRET", "CONFIG_ID")),)


class Renewing(Scripted, BaseBackend):
    """Keys are pasted, and what they open the door with ends."""

    name = "renewing"
    label = "Renewing"
    auth = (
        Pasted(
            (
                PastedField("key", "Key"),
                PastedField("hook", "Address of the hook", secret=False, required=False, address=True),
            )
        ),
    )
    conditions = ("The owner has to be asked first.",)
    choices = (
        Choice("visibility", "Who can see posts", (("all", "Everybody"), ("few", "Followers only")), "Ask your team."),
        Choice("form", "Form", tuple((f"f{number}", f"Form {number}") for number in range(1, 7))),
    )
    reasons = {"draft": "{network} keeps it as a draft. Publish it there."}

    def renew(self):
        answer = self.script.renewals[0]
        if len(self.script.renewals) > 1:
            self.script.renewals.pop(0)
        return self.script.play("renew", self, answer)


class Other(Renewing):
    name = "other"
    label = "Other"


class Gone(Memory):
    """A network that nobody can post to any more."""

    name = "gone"
    label = "Gone"
    retired = True
    conditions = ("It was closed in 2021.",)


class ByAddress(BaseBackend):
    """Asks for tokens in the address."""

    name = "by_address"
    label = "By address"
    auth = (
        OAuth2(
            authorize_url="{api}/authorize",
            token_url="{api}/token",
            token_method="GET",
            pkce=False,
            refresh=True,
        ),
    )
    hosts = {"api": "https://api.example.org"}

    def identify(self):
        return Identity("1", "@one")


NETWORKS = {
    name: {"BACKEND": f"{__name__}.{kind}"}
    for name, kind in (("renewing", "Renewing"), ("other", "Other"), ("by_address", "ByAddress"))
}
