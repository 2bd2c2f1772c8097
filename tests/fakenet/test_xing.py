def test_a_person_shares_through_the_dialog(fakenet):
    address = "/xing/web/spi/shares/new"
    page = fakenet.get(address, params={"url": "https://example.org/a?b=1"})
    assert "https://example.org/a?b=1" in page.text and "not the real network" in page.text
    shared = fakenet.post(
        address,
        params={"url": "https://example.org/a?b=1"},
        data={"decision": "share", "handle": "example-company", "text": "Lesenswert"},
    )
    [post] = fakenet.posts("xing", handle="example-company")
    assert (post["text"], post["link"], post["card"]["url"]) == (
        "Lesenswert",
        "https://example.org/a?b=1",
        "https://example.org/a?b=1",
    )
    assert post["permalink"] in shared.text
    assert "Lesenswert" in fakenet.get(post["permalink"]).text


def test_dialog_without_a_full_address(fakenet):
    assert fakenet.get("/xing/web/spi/shares/new", params={"url": "example.org"}).status_code == 400
    assert fakenet.posts("xing") == []
