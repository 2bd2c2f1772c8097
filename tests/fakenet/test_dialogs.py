"""Share dialogs of networks where a person posts."""

import pytest


LINK = "https://example.org/a?b=1"
DIALOGS = [
    ("reddit", "/reddit/web/submit", "title", 300),
    ("hatena", "/hatena/web/entry/panel/", "btitle", 100),
    ("kakao", "/kakao/web/share", "", 4000),
    ("xing", "/xing/web/spi/shares/new", "", 420),
]


@pytest.mark.parametrize(("network", "address", "title", "limit"), DIALOGS)
def test_a_person_shares(fakenet, network, address, title, limit):
    query = {"url": LINK} | ({title: "The new bridge"} if title else {})
    page = fakenet.get(address, params=query)
    assert LINK in page.text
    assert "not the real network" in page.text
    assert ("The new bridge" in page.text) == bool(title)
    shared = fakenet.post(address, params=query, data={"handle": "example", "text": "Worth\r\nreading"})
    [post] = fakenet.posts(network)
    assert (post["handle"], post["link"], post["card"]["url"]) == ("example", LINK, LINK)
    assert post["card"]["title"] == ("The new bridge" if title else LINK)
    assert post["permalink"] in shared.text
    assert "Worth" in fakenet.get(post["permalink"]).text
    assert "Worth" in fakenet.get(f"/timeline/{network}/example").text


@pytest.mark.parametrize(("network", "address", "_title", "limit"), DIALOGS)
def test_what_is_not_shared(fakenet, network, address, _title, limit):
    assert fakenet.get(address, params={"url": "example.org"}).status_code == 400
    long = fakenet.post(address, params={"url": LINK}, data={"handle": "example", "text": "x" * (limit + 1)})
    assert (long.status_code, f"Not more than {limit}" in long.text) == (422, True)
    nobody = fakenet.post(address, params={"url": LINK}, data={"handle": "no spaces", "text": "x"})
    assert nobody.status_code == 422
    assert fakenet.posts(network) == []


@pytest.mark.parametrize(("network", "address", "_title", "_limit"), DIALOGS)
def test_trouble(fakenet, network, address, _title, _limit):
    fakenet.fault(network, "error")
    assert fakenet.post(address, params={"url": LINK}, data={"text": "x"}).status_code == 503
    fakenet.fault(network, "rate_limit")
    assert fakenet.post(address, params={"url": LINK}, data={"text": "x"}).status_code == 429


def test_a_page_to_paste_a_text_into(fakenet):
    """Viadeo hands over nothing; the link is in the text."""
    address = "/viadeo/web/page"
    assert "Write a post" in fakenet.get(address).text
    fakenet.post(address, data={"handle": "example", "text": f"À lire : {LINK}"})
    [post] = fakenet.posts("viadeo")
    assert (post["text"], post["link"]) == (f"À lire : {LINK}", LINK)
