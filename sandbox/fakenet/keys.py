"""What newcomers need in order to connect: the keys to paste, and those of the apps, network by network."""

from dataclasses import dataclass

from .networks import graph_manners as meta
from .networks import linkedin_manners as linkedin
from .networks import ok_manners as ok
from .networks import vk_manners as vk
from .networks import webhook, x_manners, x_oauth
from .networks.bluesky_manners import APP_PASSWORD
from .networks.line_manners import CHANNEL_TOKEN
from .networks.mastodon_manners import HAND_MADE
from .networks.telegram import BOT_TOKEN
from .networks.wechat_manners import APP_ID as WECHAT_ID
from .networks.wechat_manners import APP_SECRET as WECHAT_SECRET
from .networks.weibo_manners import APP_KEY, APP_SECRET


BASE = "{base}"


@dataclass(frozen=True)
class Keys:
    """One network's: pairs of what a value is and the value, where ``{base}`` is this server's address; and what else
    there is to know."""

    values: tuple[tuple[str, str], ...] = ()
    note: str = ""

    def at(self, base: str) -> list[tuple[str, str]]:
        """The pairs, for a server at this address."""
        return [(name, value.replace(BASE, base)) for name, value in self.values]


META = (("App id", meta.APP_ID), ("App secret", meta.APP_SECRET))
BY_HAND = "Nothing to paste: a person posts, signed in under any name."

KEYS = {
    "bluesky": Keys(
        (("Handle", "newsroom.bsky.social"), ("App password", APP_PASSWORD)),
        "Every handle has this app password. Leave the server empty.",
    ),
    "facebook": Keys(
        META, "Whoever signs in runs a page of the same name and one with .jobs behind it; nobody runs none."
    ),
    "hatena": Keys(note=BY_HAND),
    "kakao": Keys(note=BY_HAND),
    "line": Keys(
        (("Channel access token", f"{CHANNEL_TOKEN}newsroom"),), "The account is called as the end of its token."
    ),
    "linkedin": Keys(
        tuple(
            (f"{name} of the app for {users}", value)
            for users, (client_id, app) in zip(("members", "pages"), linkedin.APPS.items(), strict=True)
            for name, value in (("Client id", client_id), ("Client secret", app[0]))
        ),
        "Every member runs these pages: "
        + ", ".join(name for _vanity, name, role in linkedin.PAGES.values() if role != "ANALYST")
        + ".",
    ),
    "mastodon": Keys(
        (("Address of the instance", BASE), ("Access token made by hand", f"{HAND_MADE}newsroom")),
        "The account is called as the end of its token.",
    ),
    "ok": Keys(
        (("App id", ok.APP_ID), ("App secret", ok.APP_SECRET), ("App key", ok.APP_KEY)),
        "Everybody may write in these groups: "
        + ", ".join(name for name, status, _role in ok.GROUPS.values() if status in ok.WRITERS)
        + ". nobody is in none.",
    ),
    "reddit": Keys(note=BY_HAND),
    "telegram": Keys(
        (("Bot token", BOT_TOKEN), ("Channel", "@newsroom")),
        "Any channel works, but one that begins with @private_ is not found, and in one that begins with @readonly_ "
        "the bot may not post.",
    ),
    "threads": Keys(META),
    "viadeo": Keys((("Page to open", f"{BASE}/viadeo/web/page"),), "A person pastes the text, under any name."),
    "vk": Keys(
        (
            *(
                (f"Key of the community {name} ({number})", vk.COMMUNITY_KEY + number)
                for number, name in vk.COMMUNITY_NAMES.items()
            ),
            ("Token of a person (adds photos and reading)", f"{vk.USER_TOKEN}newsroom"),
            ("Service key (reading only)", vk.SERVICE_KEY),
        ),
        "Any other community's number works the same way.",
    ),
    "webhook": Keys(
        (("Address of the receiver", f"{BASE}/webhook/in/newsroom"), ("Secret", webhook.SECRET)),
        "Any name works at the end of the address.",
    ),
    "wechat": Keys(
        (("AppID", f"{WECHAT_ID}newsroom"), ("AppSecret", WECHAT_SECRET)),
        "The account is called as the end of its AppID.",
    ),
    "weibo": Keys((("App key", APP_KEY), ("App secret", APP_SECRET))),
    "x": Keys(
        (
            ("OAuth 2.0 client id", x_oauth.CLIENT_ID),
            ("OAuth 2.0 client secret", x_oauth.CLIENT_SECRET),
            ("OAuth 1.0a consumer key", x_manners.CONSUMER_KEY),
            ("OAuth 1.0a consumer secret", x_manners.CONSUMER_SECRET),
        )
    ),
    "xing": Keys(note=BY_HAND),
}
