"""The newsroom at work: publishing as an editor does, and reading at fakenet what became of it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from django.contrib.contenttypes.models import ContentType
from wagtail.models import Site

from sandbox.home.models import EventPage, FeaturePage, GuidePage, NewsPage, Page
from sandbox.stage import accounts
from sandbox.stage.browser import Browser, Surprise
from sandbox.stage.processes import Stage
from sandbox.stage.story import stream_values
from wagtail_syndicate.models import Account, Delivery, OAuthApp


State = Delivery.State
TYPES = (NewsPage, FeaturePage, EventPage, GuidePage)


@dataclass(frozen=True)
class Row:
    """One delivery, as the demo shows it.

    ``text`` is what the network received, ``notice`` what an editor is told of a post that went out all the same,
    ``complaint`` how the delivery differs from what was to be expected.
    """

    article: str
    language: str
    account: str
    network: str
    state: str
    permalink: str
    text: str
    notice: str = ""
    complaint: str = ""

    @property
    def as_expected(self) -> bool:
        return not self.complaint

    def public(self) -> dict:
        return {name: value for name, value in vars(self).items() if name != "complaint"}


def forget() -> None:
    """Drop the deliveries and accounts of an earlier demo."""
    Delivery.objects.all().delete()
    Account.objects.all().delete()
    OAuthApp.objects.all().delete()


def has_accounts() -> bool:
    return Account.objects.exists()


def move_site(address: str) -> None:
    """Tell Wagtail at which address the site is."""
    parts = urlsplit(address)
    site = Site.objects.get(is_default_site=True)
    site.hostname, site.port = parts.hostname, parts.port
    site.save()


def drafts() -> list:
    """The articles that are not published, in the order of their languages and types."""
    types = ContentType.objects.get_for_models(*TYPES).values()
    found = Page.objects.filter(live=False, content_type__in=types).select_related("locale")
    return sorted(found.specific(), key=lambda page: (page.locale_id, TYPES.index(type(page)), page.pk))


def kind_of(page) -> str:
    """What sort of article it is: "news", "feature", "event" or "guide"."""
    return type(page).__name__.removesuffix("Page").lower()


def publish(editor: Browser, stage: Stage, page) -> list[str]:
    """Open the page in Wagtail's editor, tick the accounts that suit it, and publish.

    :returns: the labels of the accounts that were ticked.
    :raises Surprise: other accounts are offered than are meant for the language, or the page was not published as it
        is.
    """
    language = page.locale.language_code
    view = editor.open(f"{stage.site}/admin/pages/{page.pk}/edit/")
    form = view.form("form[data-edit-form]")
    offered = {}
    for box in form.select("input[type=checkbox][name=syndication-accounts]"):
        offered[form.select_one(f"label[for={box['id']}]").get_text(" ", strip=True)] = box["value"]
    if unlike := offered.keys() ^ {plan.label for plan in accounts.PLANS if plan.offered(language)}:
        raise Surprise(f"“{page.title}” ({language}) is not offered the right accounts: {', '.join(sorted(unlike))}.")
    ticked = [plan.label for plan in accounts.PLANS if plan.suits(language, kind_of(page))]
    draft = page.get_latest_revision_as_object()
    changes = stream_values(draft) + [("syndication-accounts", offered[label]) for label in ticked]
    view = editor.submit(view, form, changes, press=("action-publish", "action-publish"))
    published = type(page).objects.get(pk=page.pk)
    if not published.live:
        raise Surprise(f"“{page.title}” was not published: {view.errors()}")
    for name, value in stream_values(published):
        if not name.endswith("-id") and (name, value) not in changes:
            raise Surprise(f"“{page.title}” lost {name} when it was published.")
    return ticked


def unfinished() -> int:
    return Delivery.objects.filter(state__in=Delivery.OPEN).count()


def post_by_hand(editor: Browser, stage: Stage) -> list[str]:
    """Do what is left for a person, as the record of the page shows it: open the network's page, post the text, and
    say that it is done.

    :returns: the networks that were posted to, one for each post.
    :raises Surprise: the record leads nowhere, or the post cannot be made.
    """
    handles = {plan.label: plan.handle for plan in accounts.PLANS}
    posted = []
    for delivery in Delivery.objects.filter(state=State.ASSISTED):
        record = editor.open(f"{stage.site}/admin/syndication/record/{delivery.page_id}/")
        text = record.soup.select_one(f"#syndication-paste-{delivery.pk}")
        way = text and text.find_parent(class_="syndicate-paste").select_one("a[href]")
        if not way:
            raise Surprise(f"The record of “{delivery.page_title}” does not lead to {delivery.network_label}.")
        pasted = text.get_text().removeprefix("\n")
        permalink = accounts.share(editor, way["href"], pasted, handles[delivery.account_label])
        answer = editor.session.post(
            f"{stage.site}/admin/syndication/delivery/{delivery.pk}/mark_posted/",
            data={"permalink": permalink, "csrfmiddlewaretoken": editor.session.cookies["csrftoken"]},
            headers={"Referer": stage.site},
            timeout=30,
        )
        answer.raise_for_status()
        posted.append(str(delivery.network_label))
    return posted


def rows(stage: Stage) -> list[Row]:
    """Every delivery with the text that its network received.

    :raises Surprise: networks hold posts that no delivery accounts for.
    """
    posts = requests.get(f"{stage.fakenet}/_fakenet/posts", timeout=30).json()
    # What the public cannot open (a draft, a message to friends) has no permalink, but an id.
    known = {post["permalink"]: post for post in posts} | {(post["network"], post["id"]): post for post in posts}
    found, claimed = [], set()
    for delivery in Delivery.objects.select_related("account", "page"):
        post = known.get(delivery.permalink or (delivery.network, delivery.remote_id))
        claimed.add(post and post["permalink"])
        found.append(_row(delivery, post))
    if surplus := [post["permalink"] for post in posts if post["permalink"] not in claimed]:
        raise Surprise(f"Nobody asked for these posts: {' '.join(surplus)}")
    return found


def _row(delivery: Delivery, post: dict | None) -> Row:
    expected = State.POSTED if delivery.account.is_assisted else State.SENT
    complaint = ""
    if delivery.state != expected:
        complaint = f"{delivery.state} instead of {expected} ({delivery.reason} {delivery.detail})"
    elif post is None:
        complaint = "the network does not have it"
    elif delivery.page.full_url not in f"{post['text']} {post['link']}":
        complaint = "the post does not lead to the article"
    return Row(
        article=delivery.page_title,
        language=delivery.language,
        account=delivery.account_label,
        network=delivery.network,
        state=delivery.state,
        permalink=delivery.permalink,
        text=post["text"] if post else "",
        notice=str(delivery.notice_text),
        complaint=complaint,
    )
