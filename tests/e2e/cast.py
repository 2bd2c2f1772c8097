"""People, accounts and articles that some journeys need besides the sandbox's own. Runs inside the sandbox."""

import json
from datetime import timedelta
from io import BytesIO

from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from PIL import ExifTags
from PIL import Image as PillowImage
from wagtail.images import get_image_model
from wagtail.models import Collection, Locale, Page
from wagtail.users.models import UserProfile

from sandbox.home.models import NewsPage
from sandbox.home.people import allow_accounts, allow_pages, collection, person
from wagtail_syndicate.admin.report import delivery_url
from wagtail_syndicate.delivery import content
from wagtail_syndicate.models import Account, Delivery


SOURCE = "Boston lab now calibrates nitrate probes in two days"
DRAFTS = (
    *("five", "schedule", "moderation", "approval", "phone", "picture", "reconnect", "failing", "chinese", "screens"),
    *("dark", "two"),
)
LONG = {"phone": "Nitrate in two days instead of nineteen: what changes for everybody who measures in the field"}
PRESS = "Press officers"
REASONS = {
    Delivery.State.FAILED: "content_refused",
    Delivery.State.UNKNOWN: "unclear",
    Delivery.State.ASSISTED: "prefers_person",
    Delivery.State.APPROVAL: "",
    Delivery.State.POSTED: "",
    Delivery.State.MISSED: "missed",
}
"""The states that screens are shown for, and why a delivery is in them."""


def drafts() -> None:
    """Print the primary keys of new English drafts, by what they are for, and of their common parent."""
    source = NewsPage.objects.get(title=SOURCE, locale__language_code="en")
    found = {"parent": source.get_parent().pk}
    for name in DRAFTS:
        changes = {"title": title_of(name), "slug": f"journey-{name}", "live": False, "has_unpublished_changes": True}
        found[name] = source.copy(update_attrs=changes, keep_live=False).pk
    print(json.dumps(found))


def title_of(name: str) -> str:
    """The title of a draft."""
    return LONG.get(name, f"Nitrate in two days: {name}")


def people() -> None:
    """A writer who may not publish, a chief editor who moderates, and an editor who reads Chinese."""
    group("Writers", ["use"], ["add", "change"])
    group("Chief editors", ["use", "view", "change"], ["add", "change", "publish"])
    person("writer").groups.add(Group.objects.get(name="Writers"))
    chief = person("chief")
    chief.groups.add(Group.objects.get(name="Chief editors"), Group.objects.get(name="Moderators"))
    reader = person("chinese")
    reader.groups.add(Group.objects.get(name="Site admins"), Group.objects.get(name="Editors"))
    profile = UserProfile.get_for_user(reader)
    profile.preferred_language = "zh-hans"
    profile.save()


def group(name: str, accounts: list[str], pages: list[str]) -> None:
    """A group that may enter the admin, and do this with all accounts and all pages."""
    made, _ = Group.objects.get_or_create(name=name)
    made.permissions.add(Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin"))
    allow_accounts(made, *accounts, collection=collection())
    allow_pages(made, *pages)


def go_live(pk: int) -> None:
    """The time has come: what the page waits for is due since a minute, and Wagtail's own command is run."""
    past = timezone.now() - timedelta(minutes=1)
    page = Page.objects.get(pk=pk)
    revision = page.revisions.get(approved_go_live_at__isnull=False)
    revision.approved_go_live_at, revision.content["go_live_at"] = past, past.isoformat()
    revision.save()
    Page.objects.filter(pk=pk).update(go_live_at=past)
    call_command("publish_scheduled")


def ends_soon(label: str) -> None:
    """Access of this account ends tomorrow, and was given two weeks ago."""
    now = timezone.now()
    ends = {"credentials_expire_at": now + timedelta(days=1), "connected_at": now - timedelta(days=14)}
    Account.objects.filter(label=label).update(**ends)


def deliveries(pk: int) -> None:
    """Print how many deliveries a page has."""
    print(Delivery.objects.filter(page_id=pk).count())


def access_of(label: str) -> None:
    """Print who an account is, and what gives access to it, sealed."""
    names = ("status", "remote_id", "handle", "profile_url", "options", "auth_method", "sealed_credentials")
    times = ("credentials_expire_at", "connected_at")
    (account,) = Account.objects.filter(label=label).values(*names, *times)
    print(json.dumps(account, default=str))


def by_hand(label: str, host: str) -> None:
    """An account at a Mastodon server that a person posts for."""
    account = Account.objects.create(
        label=label,
        network="mastodon",
        host=host,
        handle="@newsroom",
        by_hand=True,
        status=Account.Status.CONNECTED,
        collection=Collection.get_first_root_node(),
    )
    account.locales.set([Locale.objects.get(language_code="en")])


def photograph(pk: int) -> None:
    """The lead image of a draft is as cameras make them, with a note of who took it and where."""
    page, notes = NewsPage.objects.get(pk=pk).get_latest_revision_as_object(), PillowImage.Exif()
    notes[ExifTags.Base.Artist] = "Somebody"
    notes.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (42.0, 21.0, 30.0)
    taken = BytesIO()
    PillowImage.effect_noise((800, 600), 90).convert("RGB").save(taken, "JPEG", exif=notes)
    file = ContentFile(taken.getvalue(), "taken.jpg")
    page.lead_image = get_image_model().objects.create(title="Taken", description="A probe on a rope", file=file)
    page.save_revision()


def two_hundred() -> None:
    """Two hundred accounts for Japanese pages."""
    japanese = Locale.objects.get(language_code="ja")
    networks = ["mastodon", "x", "weibo", "vk", "xing", "telegram", "line", "bluesky"]
    for number in range(200):
        network = networks[number % len(networks)]
        account = Account.objects.create(
            label=f"Branch {number:03}",
            network=network,
            host="https://social.example" if network == "mastodon" else "",
            handle=f"@branch{number}",
            status=Account.Status.CONNECTED,
            collection=Collection.get_first_root_node(),
        )
        account.locales.set([japanese])


def without_two_hundred() -> None:
    Account.objects.filter(label__startswith="Branch ").delete()


def read_first() -> Account:
    """An account whose posts somebody has to read before they are sent."""
    return Account.objects.create(
        label="Read first",
        network="telegram",
        handle="@readfirst",
        status=Account.Status.CONNECTED,
        needs_approval=True,
        collection=Collection.get_first_root_node(),
    )


def screens(pk: int) -> None:
    """Print the addresses of this product's screens; a page gets a delivery in each of some states for them."""
    page = Page.objects.get(pk=pk).specific
    article, made = content.article_of(page), {}
    english = Account.objects.filter(locales__language_code="en").order_by("pk")
    for (state, reason), account in zip(REASONS.items(), english, strict=False):
        if state == Delivery.State.APPROVAL:
            account = read_first()  # others would let it go at the next sweep
        made[state] = Delivery.objects.create(
            page=page,
            page_title=page.title,
            account=account,
            account_label=account.label,
            network=account.network,
            language="en",
            state=state,
            reason=reason,
            payload=content.message_for(article, account).to_dict(),
            due_at=None,
        )
    fresh = Account.objects.create(label="Not connected", network="x", collection=Collection.get_first_root_node())
    connected = Account.objects.get(label="LinkedIn, company page")
    print(
        json.dumps(
            {
                "dashboard": reverse("wagtailadmin_home"),
                "accounts": reverse("syndication_accounts:index"),
                "new account": reverse("syndication_accounts:add"),
                "account": reverse("syndication_accounts:edit", args=[connected.pk]),
                "delete account": reverse("syndication_accounts:delete", args=[fresh.pk]),
                "connect": reverse("wagtail_syndicate:connect", args=[fresh.pk]),
                "connection": reverse("wagtail_syndicate:connect", args=[connected.pk]),
                "disconnect": reverse("wagtail_syndicate:disconnect", args=[connected.pk]),
                "app keys": reverse("wagtail_syndicate:app_keys"),
                "app keys form": reverse("wagtail_syndicate:app_keys_edit", args=["weibo", "oauth2"]),
                "report": reverse("wagtail_syndicate:report"),
                "bulk": f"/admin/bulk/wagtail_syndicate/delivery/retry/?id={made[Delivery.State.FAILED].pk}",
                "waiting": reverse("wagtail_syndicate:waiting"),
                "posts": reverse("wagtail_syndicate:posts", args=[page.pk]),
                **{f"delivery {state}": delivery_url(one) for state, one in made.items()},
                "group": reverse("wagtailusers_groups:edit", args=[Group.objects.get(name="Editors").pk]),
                "listing": reverse("wagtailadmin_explore", args=[page.get_parent().pk]),
                "editor": reverse("wagtailadmin_pages:edit", args=[page.pk]),
            }
        )
    )
