"""One presence of the organisation on one network. Its row is also the lane that its deliveries travel in."""

import swapper
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import CollectionMember, Locale, Site

from wagtail_syndicate.backends import registry
from wagtail_syndicate.compose import frame, links
from wagtail_syndicate.types import Connection, Reach, Voice


swapper.set_app_prefix("wagtailcore", "wagtail")


def never_by_default(collector, field, accounts, using):
    """When a section is deleted: its accounts are not ticked by default any more, least of all everywhere."""
    collector.add_field_update(field, None, accounts)
    collector.add_field_update(Account._meta.get_field("default_ticked"), False, accounts)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


class Account(CollectionMember, models.Model):
    """One presence of the organisation on one network, with its credentials and policy.

    Credentials are sealed (``accounts.vault``); nothing else on this row is secret. Its collection says which groups
    may see, use and manage it (``accounts.permissions``).
    """

    class Status(models.TextChoices):
        NEW = "new", _("Not connected")
        CONNECTED = "connected", _("Connected")
        RECONNECT = "reconnect", _("Needs reconnecting")

    class OnUnpublish(models.TextChoices):
        ASK = "ask", _("Ask whether the post should go too")
        KEEP = "keep", _("Keep the post")
        DELETE = "delete", _("Delete the post")

    label = models.CharField(
        _("label"), max_length=100, help_text=_("What editors see, for example “Weibo, head office in Beijing”.")
    )
    network = models.CharField(_("network"), max_length=50)
    host = models.CharField(
        _("server"),
        max_length=255,
        blank=True,
        help_text=_("The address of the server that the account is on, for example https://mastodon.example."),
    )
    locales = models.ManyToManyField(
        Locale,
        verbose_name=_("languages"),
        blank=True,
        related_name="+",
        help_text=_("Offered on pages in these languages. None ticked: in every language."),
    )
    sites = models.ManyToManyField(
        Site,
        verbose_name=_("sites"),
        blank=True,
        related_name="+",
        help_text=_("Offered on pages of these sites. None ticked: on every site."),
    )
    default_ticked = models.BooleanField(
        _("ticked by default"), default=False, help_text=_("Tick this account on new pages; editors can untick it.")
    )
    default_section = models.ForeignKey(
        swapper.get_model_name("wagtailcore", "Page"),
        verbose_name=_("only in this section"),
        null=True,
        blank=True,
        on_delete=never_by_default,
        related_name="+",
        help_text=_("Tick it by default on this page and on pages below it only."),
    )
    default_page_types = models.JSONField(_("only on these page types"), default=list, blank=True)
    """Labels (``"home.newspage"``) of the page types that it is ticked on by default; none: on all of them."""
    needs_approval = models.BooleanField(
        _("posts need approval"),
        default=False,
        help_text=_("A post waits until somebody else, who may manage the account, has approved it."),
    )
    on_unpublish = models.CharField(
        _("when a page is unpublished"),
        max_length=20,
        choices=OnUnpublish,
        default=OnUnpublish.ASK,
        help_text=_("Also when it expires or is deleted."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        help_text=_("Where its readers are. Empty: the time zone of the site."),
    )
    slots = models.JSONField(_("posting times"), default=list, blank=True)
    """When its posts may wait for: ``{"days": [0, 4], "time": "09:30"}`` each; Monday is 0, times are in its zone."""
    contacts = models.TextField(
        _("contacts"),
        blank=True,
        help_text=_("E-mail addresses, one a line. They are told when access ends or a post fails."),
    )
    by_hand = models.BooleanField(
        _("posted by hand"),
        default=False,
        help_text=_("A person posts the prepared text, also where software could."),
    )
    template = models.TextField(
        _("shape of generated posts"),
        blank=True,
        help_text=_(
            "For example “{title}: {summary} {hashtags} {link}”. Empty: the shape that is usual on the network. An "
            "editor's own wording is never put into it."
        ),
    )
    fixed_words = models.JSONField(default=dict, blank=True)
    """By language code, "" for all other languages: the words ``before`` and ``after`` every post."""
    tracking = models.CharField(
        _("tracking parameters"),
        max_length=255,
        blank=True,
        help_text=_(
            "Added to the article's address, for example utm_source={network}&utm_medium=social. {network}, {account} "
            "and {language} are filled in."
        ),
    )
    key_phrases = models.BooleanField(
        _("hashtags from the text"),
        default=False,
        help_text=_("Where a page has no tags: make hashtags of words of its title that the text returns to."),
    )
    active = models.BooleanField(
        _("active"), default=True, help_text=_("Switch off to stop offering the account and posting to it.")
    )

    # Who it is at the network, and whether it can be spoken for
    status = models.CharField(max_length=20, choices=Status, default=Status.NEW, editable=False)
    problem = models.CharField(max_length=64, blank=True, editable=False)
    remote_id = models.CharField(max_length=255, blank=True, editable=False)
    handle = models.CharField(_("account"), max_length=255, blank=True, editable=False)
    profile_url = models.URLField(max_length=500, blank=True, editable=False)
    options = models.JSONField(default=dict, blank=True, editable=False)
    sealed_credentials = models.TextField(blank=True, editable=False)
    auth_method = models.CharField(max_length=20, blank=True, editable=False)
    credentials_expire_at = models.DateTimeField(_("access expires"), null=True, blank=True, editable=False)
    connected_at = models.DateTimeField(_("connected"), null=True, blank=True, editable=False)
    connected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True, editable=False)
    """When the network last accepted the access."""
    environment = models.CharField(max_length=255, blank=True, editable=False)
    """The site that it was connected on (``accounts.environment``); no other may speak for it."""
    expiry_announced = models.DateTimeField(null=True, blank=True, editable=False)
    """The end of access that its contacts were told of."""
    problem_announced = models.BooleanField(default=False, editable=False)
    """Whether its contacts were told that it needs reconnecting."""

    # The lane: who may send for this account right now. Only delivery.lanes writes these.
    fence = models.PositiveBigIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    blocked_until = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)

    # Status changes must not cost a reference index task each.
    wagtail_reference_index_ignore = True

    class Meta:
        ordering = ["label", "pk"]
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        permissions = [("use_account", _("Can tick accounts on pages"))]

    def __str__(self):
        return self.label

    @property
    def backend_class(self):
        """The backend of this account's network.

        :raises ConfigurationError: the network is no longer known to the site.
        """
        return registry.get(self.network)

    @property
    def facts(self) -> tuple[str, ...]:
        """What connecting found out at the network, in sentences for an admin."""
        return tuple(self.backend_class(self.public_connection).facts())

    @property
    def is_assisted(self) -> bool:
        """Whether a person posts, because the network leaves no other way or the owner prefers it."""
        return self.by_hand or self.backend_class.reach == Reach.ASSISTED

    @property
    def public_connection(self) -> Connection:
        """What a backend may know of the account without its secrets: enough for limits and share dialogs."""
        return Connection(host=self.host, remote_id=self.remote_id, handle=self.handle, options=self.options or {})

    @property
    def contact_addresses(self) -> list[str]:
        """The e-mail addresses of its contacts, each once."""
        return list(dict.fromkeys(line.strip() for line in self.contacts.splitlines() if line.strip()))

    def clean(self):
        super().clean()
        errors = {}
        if wrong := [address for address in self.contact_addresses if not _is_address(address)]:
            errors["contacts"] = _(
                "“%(line)s” is not an e-mail address. Write one address a line, and nothing else."
            ) % {"line": wrong[0]}
        self.contacts = "\n".join(self.contact_addresses)
        for field, room in (("tracking", links), ("template", frame)):
            if unknown := room.unknown_places(getattr(self, field)):
                errors[field] = _("{%(name)s} is nothing that can be filled in. These are: %(known)s.") % {
                    "name": unknown[0],
                    "known": ", ".join(f"{{{place}}}" for place in room.PLACES),
                }
        if not links.is_well_formed(self.tracking):
            errors.setdefault(
                "tracking",
                _(
                    "Write pairs of a name and a value, name=value, joined by “&”: no spaces, no “?”, no “#”, no "
                    "“&amp;”. Write other letters than a to z as in an address, “%C3%A9” for “é”."
                ),
            )
        if self.template and not {"title", "summary"} & set(frame.PLACE.findall(self.template)):
            errors.setdefault("template", _("Put {summary} or {title} in it, else every post would say the same."))
        if self.network and not registry.get(self.network).many_servers:
            self.host = ""
        elif self.network and not self.host:
            errors["host"] = _("Enter the address of the server that the account is on.")
        if errors:
            raise ValidationError(errors)

    def voice(self, language: str) -> Voice:
        """How the account speaks in a post in ``language`` (a content language's code)."""
        spoken = (language, language.split("-")[0], "")
        words = next((found for code in spoken if (found := self.fixed_words.get(code))), {})
        return Voice(
            template=self.template,
            before=words.get("before", ""),
            after=words.get("after", ""),
            tracking=links.filled(self.tracking, network=self.network, account=self.label, language=language),
            key_phrases=self.key_phrases,
        )

    def fits(self, page, site_id: int | None) -> bool:
        """Whether the account is meant for the page's language and site; uses prefetched relations where there are."""
        return self.fits_locale(page.locale_id) and self.fits_site(site_id)

    def fits_locale(self, locale_id: int) -> bool:
        """Whether the account is meant for pages of this locale."""
        wanted = {locale.pk for locale in self.locales.all()}
        return not wanted or locale_id in wanted

    def fits_site(self, site_id: int | None) -> bool:
        """Whether the account is meant for pages of this site."""
        wanted = {site.pk for site in self.sites.all()}
        return not wanted or site_id in wanted


def site_id_of(page) -> int | None:
    """The site that a saved page belongs to; ``None`` for a page under no site."""
    parts = page.get_url_parts()  # as Page.get_site(), which reads the site itself as well
    return parts[0] if parts else None


class OAuthApp(models.Model):
    """The keys of this site's app at one network or server: entered by an admin, or given when it registered itself.

    ``callback_url`` is the address that it registered itself with; "" for keys that an admin entered, which are for
    the way to connect called ``method``.
    """

    network = models.CharField(_("network"), max_length=50)
    host = models.CharField(_("server"), max_length=255, blank=True)
    method = models.CharField(max_length=20, blank=True)
    callback_url = models.URLField(max_length=300, blank=True)  # MySQL: a unique index has 3072 bytes
    client_id = models.CharField(max_length=255)
    sealed_secret = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    wagtail_reference_index_ignore = True

    class Meta:
        ordering = ["network", "host"]
        default_permissions = ("change",)
        verbose_name = _("app keys")
        verbose_name_plural = _("app keys")
        constraints = [
            models.UniqueConstraint(
                fields=["network", "host", "method", "callback_url"], name="syndicate_one_app_per_server"
            )
        ]

    def __str__(self):
        return " ".join(part for part in (self.network, self.method, self.host) if part)
