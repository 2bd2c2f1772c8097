"""The networks: one blueprint a file, and how each is shown to people."""

from dataclasses import dataclass

from . import (
    mastodon,
    mastodon_oauth,
    telegram,
    vk,
    vk_photos,
    weibo,
    weibo_oauth,
    x,
    x_media,
    x_oauth,
    x_oauth1,
    xing,
)


BLUEPRINTS = tuple(
    module.blueprint
    for module in (
        mastodon_oauth,
        mastodon,
        x_oauth,
        x_oauth1,
        x,
        x_media,
        vk,
        vk_photos,
        weibo_oauth,
        weibo,
        telegram,
        xing,
    )
)


@dataclass(frozen=True)
class Face:
    """How a network looks on the pages for people; ``language`` is the likely language of its posts."""

    name: str
    note: str
    language: str = ""


FACES = {
    "mastodon": Face("Mastodon", "Connect with the address of this server as the instance."),
    "x": Face("X", "OAuth 2.0 with PKCE, or OAuth 1.0a."),
    "vk": Face("VK", "Paste a community key.", "ru"),
    "weibo": Face("Weibo", "OAuth 2.0; the link must be on the app's bound domain.", "zh-Hans"),
    "telegram": Face("Telegram", "Paste the bot token and a channel name."),
    "xing": Face("XING", "No API: a person shares through the dialog.", "de"),
}
