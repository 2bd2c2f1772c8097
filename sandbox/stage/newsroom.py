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
    """One delivery, as the demo shows it. ``text`` is what the network received."""

    article: str
    language: str
    account: str
    network: str
    state: str
    permalink: str
    text: str
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


def publish(editor: Browser, stage: Stage, page) -> int:
    """Open the page in Wagtail's editor, tick every account that is offered, and publish.

    :returns: how many accounts were ticked.
    :raises Surprise: the page was not published as it is.
    """
    view = editor.open(f"{stage.site}/admin/pages/{page.pk}/edit/")
    form = view.form("form[data-edit-form]")
    offered = [box["value"] for box in form.select("input[type=checkbox][name=syndication-accounts]")]
    draft = page.get_latest_revision_as_object()
    changes = stream_values(draft) + [("syndication-accounts", pk) for pk in offered]
    view = editor.submit(view, form, changes, press=("action-publish", "action-publish"))
    published = type(page).objects.get(pk=page.pk)
    if not published.live:
        raise Surprise(f"“{page.title}” was not published: {view.errors()}")
    for name, value in stream_values(published):
        if not name.endswith("-id") and (name, value) not in changes:
            raise Surprise(f"“{page.title}” lost {name} when it was published.")
    return len(offered)


def unfinished() -> int:
    return Delivery.objects.filter(state__in=Delivery.OPEN).count()


def post_by_hand(editor: Browser, stage: Stage) -> int:
    """Do what is left for a person: open the share dialog, post, and say in the record that it is done."""
    posted = 0
    for delivery in Delivery.objects.filter(state=State.ASSISTED):
        permalink = accounts.share(editor, delivery.share_link, delivery.message.text)
        token = editor.session.cookies["csrftoken"]
        answer = editor.session.post(
            f"{stage.site}/admin/syndication/delivery/{delivery.pk}/mark_posted/",
            data={"permalink": permalink, "csrfmiddlewaretoken": token},
            headers={"Referer": stage.site},
            timeout=30,
        )
        answer.raise_for_status()
        posted += 1
    return posted


def rows(stage: Stage) -> list[Row]:
    """Every delivery with the text that its network received."""
    posts = requests.get(f"{stage.fakenet}/_fakenet/posts", timeout=30).json()
    by_link = {post["permalink"]: post for post in posts}
    return [_row(delivery, by_link) for delivery in Delivery.objects.select_related("account", "page")]


def _row(delivery: Delivery, by_link: dict) -> Row:
    post = by_link.get(delivery.permalink)
    expected = State.POSTED if delivery.account.is_assisted else State.SENT
    complaint = ""
    if delivery.state != expected:
        complaint = f"{delivery.state} instead of {expected} ({delivery.reason} {delivery.detail})"
    elif post is None:
        complaint = "the network does not have it"
    elif expected == State.SENT and delivery.page.full_url not in f"{post['text']} {post['link']}":
        complaint = "the post does not lead to the article"
    return Row(
        article=delivery.page_title,
        language=delivery.language,
        account=delivery.account_label,
        network=delivery.network,
        state=delivery.state,
        permalink=delivery.permalink,
        text=post["text"] if post else "",
        complaint=complaint,
    )
