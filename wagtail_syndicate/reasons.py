"""Why a delivery is where it is, in words for people: what happened, who must act and how.

Rows store the key; the sentence is translated when it is shown, so that each reader gets her own language.
"""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _


REASONS = {
    # Waiting: nobody has to do anything, or an admin has to help the account.
    "scheduled": _("It is scheduled, and will be posted automatically when it is time."),
    "rate_limited": _("{network} asked us to slow down. It will be tried again automatically."),
    "network_down": _("{network} could not be reached. It will be tried again automatically."),
    "network_busy": _("{network} is having trouble at the moment. It will be tried again automatically."),
    "daily_limit": _("{network} accepts no more posts from this account today. It will be tried again automatically."),
    "account_cap": _(
        "This site posts only so often to one account within an hour. It will be posted later automatically."
    ),
    "site_trouble": _(
        "Something went wrong on this site. It will be tried again automatically; if this stays, the site's "
        "developers must look."
    ),
    "probe_unreachable": _(
        "The page could not be fetched at its public address. It will be tried again automatically; if this stays, "
        "the site's developers must look."
    ),
    "probe_status": _(
        "The page's public address did not show the page to a reader. It will be tried again automatically; if this "
        "stays, the site's developers must look."
    ),
    "probe_noindex": _(
        "The page asks search engines to stay away, as pages do that are not meant for the public. It will be tried "
        "again automatically; if it is public, the site's developers must remove “noindex”."
    ),
    "probe_elsewhere": _(
        "The page's public address led somewhere else, such as to a page for signing in. It will be tried again "
        "automatically; if this stays, the site's developers must look."
    ),
    "card_incomplete": _(
        "The page gives networks no title or no picture for its link card (og:title, og:image), so the card may look "
        "bare. The site's developers can change that."
    ),
    "reconnect": _("{network} no longer accepts the account's key. A site admin must connect the account again."),
    "expired_token": _("The account's access to {network} has expired. A site admin must connect the account again."),
    "not_connected": _("This account is not connected yet. A site admin must connect it."),
    "lost_credentials": _(
        "The account's stored key can no longer be read on this server. A site admin must connect the account again."
    ),
    "away_from_home": _(
        "The account was connected on another site, and this one may be a copy of it, so nothing is sent. "
        "A site admin must connect the account again, or say that this site is its new home."
    ),
    # Failed: somebody must change something.
    "content_refused": _("{network} refused the text. Change the wording, then try again."),
    "content_forbidden": _(
        "{network} refused the post for what it says (banned word, link or site). Change the wording, then try again."
    ),
    "too_long": _("The text is too long for {network}. Shorten the wording, then try again."),
    "empty": _("There is no text to post. Write a wording for this account, then try again."),
    "duplicate": _("{network} says that it already has this very post. Look there first, or change the wording."),
    "link_domain": _(
        "{network} accepts only links to the site that is bound to the app. "
        "A site admin must bind this site's domain in the network's developer console, then try again."
    ),
    "link_forbidden": _("{network} does not accept the link. A site admin should check what the account may post."),
    "image_refused": _("{network} refused the picture, so the post went out without it."),
    "image_unreadable": _("The picture could not be prepared for {network}, so the post went out without it."),
    "image_gone": _("The picture that was chosen was deleted, so the post went out with the page's own picture."),
    "permission": _(
        "The account is not allowed to post there. A site admin must give it the right at {network}, then try again."
    ),
    "app_setup": _(
        "{network} refused the app that posts for this account. "
        "A site admin must check the app's keys and permissions."
    ),
    "credits": _("The app has no credits left at {network}. A site admin must buy credits there, then try again."),
    "human_check": _(
        "{network} wants a person to sign in and confirm. A site admin must do that there, then try again."
    ),
    "account_blocked": _(
        "{network} has blocked or suspended the account. A site admin must clear that with the network."
    ),
    "target_missing": _("The page, group or channel was not found at {network}. A site admin must check the account."),
    "bad_request": _("{network} did not understand the request. Please report this to the site's developers."),
    "picture_address": _(
        "{network} fetches pictures from the site, and the picture has no public https address, so the post went out "
        "without it. The site's developers can change that."
    ),
    "post_gone": _("{network} no longer has the post. There is nothing left to do."),
    "retired": _(
        "{network} no longer offers this way of posting. A site admin must choose another way for the account."
    ),
    "private_server": _(
        "The address of the account's server leads into a private network now, so nothing was sent. "
        "A site admin must check it; it will be tried again automatically."
    ),
    "gave_up": _("{network} did not accept the post after many tries. Try again when it works again."),
    "internal": _("Something went wrong on this site. Please report this to the site's developers, then try again."),
    "unplanned": _(
        "Something went wrong on this site when the page was published, so its posts have not been prepared yet. "
        "It will be tried again automatically."
    ),
    "plan_failed": _(
        "Something went wrong on this site when the page was published, so nothing was posted. "
        "Please report this to the site's developers, then publish the page again."
    ),
    # Unknown: look, then decide.
    "unclear": _(
        "The connection broke while {network} was answering, so the post may or may not be there. "
        "Look at the account, then say whether it is there."
    ),
    "unclear_answer": _(
        "{network} gave an answer that we do not know, so the post may or may not be there. "
        "Look at the account, then say whether it is there."
    ),
    "accepted_later": _(
        "{network} accepted the post and will show it in a few minutes. We look for it automatically."
    ),
    "interrupted": _(
        "The sending was interrupted, so the post may or may not be there. "
        "Look at the account, then say whether it is there."
    ),
    "looking": _("It is not clear yet whether {network} has the post. We are looking for it automatically."),
    # Skipped, cancelled, missed: nothing was sent, on purpose.
    "not_live": _("The page was not live when it was time to post."),
    "page_expired": _("The page had expired when it was time to post."),
    "private": _("The page is not public, so nothing was posted."),
    "no_site": _("The page belongs to no site, so it has no public address to post."),
    "page_gone": _("The page was deleted before it was time to post."),
    "account_gone": _("The account was deleted before it was time to post."),
    "account_inactive": _("The account is switched off, so nothing was posted."),
    "locale": _("The account is not meant for the language of this page."),
    "site": _("The account is not meant for the site of this page."),
    "not_permitted": _(
        "Whoever ticked the account may not use it now, so nothing was posted. Somebody who may use it must open the "
        "page in the editor, leave the account ticked, and publish."
    ),
    "rejected": _(
        "Somebody who manages the account read the post and rejected it. Change the wording, then publish the page: "
        "it will wait for approval again."
    ),
    "unpublished": _("The page was unpublished before it was time to post."),
    "unticked": _("The account was unticked before it was time to post."),
    "cancelled": _("Cancelled before it was sent."),
    "missed": _("It was too late to post: the time window had passed."),
    "neutralised": _("This site was made a copy that sends nothing, so what was waiting was cancelled."),
    # Rehearsed.
    "dry_run": _(
        "Rehearsed: nothing was sent, because this site only rehearses (DRY_RUN in its settings, or DEBUG). "
        "The request is shown below. When a developer has switched that off, choose “Try again” to post it."
    ),
    # Posts that are there: what is to happen to them.
    "editing": _("The post is being changed at {network}."),
    "deleting": _("The post is being deleted at {network}."),
    "page_took_back": _("The page is not public any more, so the post is being deleted at {network}."),
    "ask_delete": _("The page is not public any more. Say whether the post at {network} is to be deleted too."),
    "delete_there": _(
        "The page is not public any more, and this site cannot delete the post. Delete it at {network} and say so, "
        "or leave it there."
    ),
    "edit_pointless": _("The page is not public any more, so the post was left as it is."),
    "edit_unread": _(
        "Posts of this account need a second pair of eyes. Somebody who manages the account, and has not written or "
        "published what the page says now, must ask for the change."
    ),
    "wish_rehearsed": _(
        "The post was not changed or deleted, because this site only rehearses (DRY_RUN in its settings, or DEBUG). "
        "When a developer has switched that off, ask for it again."
    ),
    "wish_stopped": _("The post may have been changed or deleted before that was stopped. Look at it at {network}."),
    "wish_gave_up": _("{network} did not do it after many tries. Try again when it works again, or do it there."),
    # Assisted.
    "needs_person": _(
        "{network} has no way for software to post. Open it with the button, post the text, then mark it as posted."
    ),
    "prefers_person": _("This account is posted to by hand. Post the text, then mark it as posted."),
}


def explain(reason: str, network: str = "", own: dict | None = None) -> str:
    """The sentence for ``reason`` in the reader's language, "" for "".

    :param network: the label of the network that the sentence speaks of.
    :param own: sentences that a backend adds to the common ones.
    """
    if not reason:
        return ""
    sentence = {**REASONS, **(own or {})}.get(reason, REASONS["unclear_answer"])
    return format_lazy(sentence, network=network or _("The network"))
