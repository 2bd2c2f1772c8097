"""Every network says how people share a link to it, by the address that the fact sheets and its own pages name."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from wagtail_syndicate.backends import registry
from wagtail_syndicate.types import Connection


LINK = "https://www.example.com/neu/?a=1&b=ü+ü#oben"
SERVER = Connection(host="https://mastodon.example")

# The dialog, and the parameters that it is given.
DIALOGS = {
    "bluesky": ("https://bsky.app/intent/compose", {"text"}),
    "facebook": ("https://www.facebook.com/sharer/sharer.php", {"u"}),
    "hatena": ("https://b.hatena.ne.jp/entry/panel/", {"url", "btitle"}),
    "kakao": ("https://story.kakao.com/share", {"url"}),
    "line": ("https://social-plugins.line.me/lineit/share", {"url", "text"}),
    "linkedin": ("https://www.linkedin.com/sharing/share-offsite/", {"url"}),
    "mastodon": ("https://mastodon.example/share", {"text"}),
    "ok": ("https://connect.ok.ru/offer", {"url", "title", "description"}),
    "reddit": ("https://www.reddit.com/submit", {"url", "title"}),
    "telegram": ("https://t.me/share/url", {"url", "text"}),
    "threads": ("https://www.threads.net/intent/post", {"text"}),
    "vk": ("https://vk.com/share.php", {"url", "title", "comment"}),
    "weibo": ("https://service.weibo.com/share/share.php", {"url", "title"}),
    "x": ("https://x.com/intent/tweet", {"text"}),
    "xing": ("https://www.xing.com/spi/shares/new", {"url"}),
}
# Viadeo's is presumably dead; WeChat has none in a browser; nobody can open a dialog at a webhook's receiver.
NONE = {"viadeo", "wechat", "webhook"}


def test_every_network_has_a_dialog_or_is_known_to_have_none():
    assert {*DIALOGS} | NONE == {*registry.built_in()} - {"memory"}
    assert not {*DIALOGS} & NONE


@pytest.mark.parametrize("name", DIALOGS)
def test_the_dialog_gets_the_article(name, message):
    post = replace(message, text="Grüße & mehr: 100 % 東京 👍", link=LINK)
    shared = urlsplit(registry.get(name)(SERVER).share_link(post))
    address, parameters = DIALOGS[name]
    assert f"{shared.scheme}://{shared.netloc}{shared.path}" == address
    given = dict(parse_qsl(shared.query, strict_parsing=True))
    assert set(given) == parameters
    # Once, and whole: a link that was quoted twice, or not, would not be the same any more.
    assert [value for value in given.values() if LINK in value]


@pytest.mark.parametrize("name", sorted(NONE))
def test_no_dialog_is_made_up(name, message):
    assert registry.get(name)().share_link(message) == ""
