"""Somebody new looks around: the networks on this machine, their timelines, and the articles that they lead to."""

import re

from sandbox.fakenet.networks import FACES
from tests.e2e.chromium import expect


def publish(editor, language, title, accounts):
    editor.open_article(language, title)
    editor.open_syndication()
    for label in accounts:
        editor.account(label).tick.check()
    editor.publish()
    editor.open_syndication()
    for label in accounts:
        expect(editor.post(label).state).to_have_text("Sent")


def test_from_the_networks_to_the_article_in_chinese(editor, open_window, stage):
    title = "Aquametrica 水质数据平台向国内用户开放 API"
    publish(editor, "zh-hans", title, ["微博 Weibo"])
    page = open_window()
    page.goto(stage.fakenet)
    expect(page.get_by_role("heading", level=2)).to_have_text([face.name for face in FACES.values()])
    expect(page.get_by_role("listitem").filter(has_text="@aquametrica_cn")).to_contain_text("1 post")
    page.get_by_role("link", name="@aquametrica_cn").click()
    post = page.get_by_role("article")
    expect(post).to_contain_text("水质")
    post.get_by_role("link", name="/zh-hans/").first.click()
    shown_in_full(page, "zh-hans", title, "接口")


def test_from_a_timeline_to_the_article_in_russian(editor, open_window, stage):
    title = "Четыре часа до мутной воды"
    publish(editor, "ru", title, ["VK, Россия", "Telegram, Россия"])
    page = open_window()
    page.goto(f"{stage.fakenet}/timeline/telegram/aquametrica_ru")
    post = page.get_by_role("article")
    expect(post.get_by_role("strong")).to_have_text(title)
    assert loaded(page, post.locator("figure img"))

    page.goto(f"{stage.fakenet}/timeline/vk/102")
    card = page.get_by_role("article").locator("a.card")
    expect(card).to_contain_text(title)
    card.click()
    shown_in_full(page, "ru", title, "мутност")


def shown_in_full(page, language, title, word):
    """The public page is there, in its language, with text and pictures, and leads to the other languages."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_role("main")).to_contain_text(word)
    pictures = page.get_by_role("main").locator("img").all()
    assert pictures
    assert all(loaded(page, picture) for picture in pictures)
    expect(page.get_by_role("navigation", name=re.compile(".")).get_by_role("link")).to_have_count(6)


def loaded(page, picture):
    picture.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete", arg=picture.element_handle())
    return picture.evaluate("image => image.naturalWidth") > 0
