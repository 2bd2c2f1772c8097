"""What became of one target at one publication. Never versioned; survives the page and the account."""

import swapper
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.models import Revision

from wagtail_syndicate.backends import registry
from wagtail_syndicate.exceptions import ConfigurationError
from wagtail_syndicate.keys import new_key
from wagtail_syndicate.models.account import Account
from wagtail_syndicate.reasons import explain
from wagtail_syndicate.types import Connection, Message


swapper.set_app_prefix("wagtailcore", "wagtail")


class Delivery(models.Model):
    """One post that has to be made, is being made, or was made. Its state is the only truth about it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        ASSISTED = "assisted", _("Needs a person")
        POSTED = "posted", _("Posted by hand")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Unknown")
        SKIPPED = "skipped", _("Skipped")
        CANCELLED = "cancelled", _("Cancelled")
        MISSED = "missed", _("Missed")
        APPROVAL = "approval", _("Waits for approval")
        REMOVED = "removed", _("Taken back")
        REHEARSED = "rehearsed", _("Rehearsed")

    class Wish(models.TextChoices):
        EDIT = "edit", _("Change the post")
        DELETE = "delete", _("Delete the post")
        ASK = "ask", _("Ask whether to delete the post")

    # States that the sweep has to look at; all others rest until a person acts or the page is published again.
    OPEN = (State.WAITING, State.SENDING, State.UNKNOWN)
    # States in which nothing left; another publication may send it.
    NEVER_SENT = (State.SKIPPED, State.CANCELLED, State.REHEARSED)
    # States in which nothing has left yet; another publication gives it the page's new wording, or takes it back.
    UNSENT = (State.WAITING, State.APPROVAL, State.ASSISTED)
    # Why a person decided that nothing should be sent.
    DECIDED = ("cancelled", "rejected")

    page = models.ForeignKey(
        swapper.get_model_name("wagtailcore", "Page"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="syndication_deliveries",
    )
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries", verbose_name=_("account")
    )
    generation = models.PositiveIntegerField(default=1)
    # What to call page and account when they are gone
    page_title = models.CharField(_("page"), max_length=255)
    account_label = models.CharField(_("account"), max_length=100)
    network = models.CharField(_("network"), max_length=50)
    language = models.CharField(_("language"), max_length=100)

    revision = models.ForeignKey(Revision, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ticked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """Who has to be permitted to use the account when it is sent; see ``models.target.Target.by``."""
    # What the editor chose for this account; see ``models.target.Target``
    wording = models.TextField(_("wording"), blank=True)
    image = models.CharField(max_length=64, blank=True)
    alt = models.TextField(blank=True)
    when = models.CharField(max_length=32, blank=True)

    state = models.CharField(_("state"), max_length=20, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=64, blank=True)
    detail = models.TextField(blank=True)
    notice = models.CharField(max_length=64, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    wish = models.CharField(max_length=20, choices=Wish, blank=True)
    """What is to happen to a post that is there: by a worker when it is due, or after a person was asked."""
    tell_at = models.DateTimeField(null=True, blank=True)
    """When people are to be told by mail of the state it is in, together with others."""
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    approved_payload = models.JSONField(null=True, blank=True)
    """The message that was approved: another one needs approval of its own."""

    key = models.UUIDField(default=new_key)
    payload = models.JSONField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    attempts_made = models.PositiveIntegerField(default=0)
    maybe_sent = models.BooleanField(default=False)
    first_sent_at = models.DateTimeField(null=True, blank=True)
    looks = models.PositiveIntegerField(default=0)
    looked_at = models.DateTimeField(null=True, blank=True)

    remote_id = models.CharField(max_length=255, blank=True)
    permalink = models.URLField(_("link"), max_length=500, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    created_at = models.DateTimeField(_("planned"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    wagtail_reference_index_ignore = True

    class Meta:
        ordering = ["pk"]
        default_permissions = ("view", "change")
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["page", "account", "generation"], name="syndicate_once_per_page"),
            models.CheckConstraint(
                condition=~Q(state="sent") | ~Q(remote_id=""), name="syndicate_sent_has_a_remote_id"
            ),
            # One request in flight for an account; databases without partial indexes do without.
            models.UniqueConstraint(fields=["account"], condition=Q(state="sending"), name="syndicate_one_in_flight"),
            models.CheckConstraint(condition=~Q(state="sending") | Q(maybe_sent=True), name="syndicate_intent_first"),
        ]
        indexes = [
            # The sweep asks for open states that are due; old rows are never read.
            models.Index(fields=["state", "due_at"], name="syndicate_due"),
            models.Index(fields=["account", "state", "due_at"], name="syndicate_lane"),
            # How much an account posted within the last hour.
            models.Index(fields=["account", "first_sent_at"], name="syndicate_recent"),
            # Whether a post that was found is known to be another delivery's.
            models.Index(fields=["account", "remote_id"], name="syndicate_remote"),
            # What people have to be told of by mail.
            models.Index(fields=["tell_at"], name="syndicate_tell"),
            # What people are asked about.
            models.Index(fields=["wish"], name="syndicate_wish"),
            # The report: the latest of an account, of a network, in a language, of some days.
            models.Index(fields=["account", "-id"], name="syndicate_of_account"),
            models.Index(fields=["network", "-id"], name="syndicate_of_network"),
            models.Index(fields=["language", "-id"], name="syndicate_in_language"),
            models.Index(fields=["created_at"], name="syndicate_planned"),
        ]

    def __str__(self):
        return f"{self.page_title} → {self.account_label}"

    @property
    def was_never_sent(self) -> bool:
        """Whether another publication sends it: nothing left, and no person decided that nothing should."""
        return self.state in self.NEVER_SENT and self.reason not in self.DECIDED

    @property
    def message(self) -> Message | None:
        """The frozen message; ``None`` until it was composed."""
        return Message.from_dict(self.payload) if self.payload else None

    @property
    def backend_class(self):
        """The backend of the network, ``None`` when the site knows it no more."""
        try:
            return registry.get(self.network)
        except ConfigurationError:
            return None

    @property
    def public_backend(self):
        """The backend that speaks of the account without its secrets, ``None`` when the site knows it no more."""
        known = self.account.public_connection if self.account else Connection()
        return self.backend_class(known) if self.backend_class else None

    @property
    def network_label(self) -> str:
        """The network's name, also when its backend is gone."""
        return self.backend_class.label if self.backend_class else self.network

    def explain(self, reason: str) -> str:
        """The sentence for a reason, in the reader's language."""
        return explain(reason, self.network_label, self.backend_class.reasons if self.backend_class else None)

    @property
    def explanation(self) -> str:
        """Why it is in this state and who must act, "" when there is nothing to say."""
        return self.explain(self.reason)

    @property
    def notice_text(self) -> str:
        """What a person should know of a post that went out all the same ("the picture was refused")."""
        return self.explain(self.notice)

    @property
    def share_link(self) -> str:
        """The network's share dialog for this message, "" where there is none."""
        if self.message is None or self.public_backend is None:
            return ""
        return self.public_backend.share_link(self.message)


class Attempt(models.Model):
    """One try of a delivery, or one look whether it is there."""

    class Kind(models.TextChoices):
        PUBLISH = "publish", _("Post")
        FIND = "find", _("Look")
        PERSON = "person", _("By a person")
        EDIT = "edit", _("Change")
        DELETE = "delete", _("Delete")
        REHEARSAL = "rehearsal", _("Rehearsal")

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PUBLISH)
    fence = models.PositiveBigIntegerField(default=0)
    outcome = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=64, blank=True)
    detail = models.TextField(blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    wagtail_reference_index_ignore = True

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self):
        return f"{self.kind} {self.outcome or '…'}"
