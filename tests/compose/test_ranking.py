"""The analysis of an article, and when another passage than the first makes the better post."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from wagtail_syndicate.backends import registry
from wagtail_syndicate.compose import analysis, message, ranking
from wagtail_syndicate.compose.analysis import analyse
from wagtail_syndicate.compose.counting import weibo, x_weighted
from wagtail_syndicate.compose.message import compose
from wagtail_syndicate.compose.pointing import stands_alone
from wagtail_syndicate.compose.summarise import summarise
from wagtail_syndicate.types import Article, Block, Limits, LinkPlace, Style


ROOT = Path(__file__).parents[2]


def article(title, *paragraphs, language="en"):
    return Article(title, "", language, blocks=tuple(Block("paragraph", text) for text in paragraphs))


NEWS = article(
    "City opens new bridge over the Elbe",
    "The city opened its new bridge over the Elbe on Monday. The bridge carries bicycles, buses and pedestrians, but "
    "no cars. It cost 42 million euros, a tenth less than planned.",
    "The mayor thanked the builders. “We were never late,” she said.",
    "The old bridge will be taken down in spring. Its steel will be used again.",
)
GREETING = article(
    "How we made our search three times faster",
    "Hello everybody! We hope that you are all well.",
    "Photos by our newsroom. First published in our members' magazine, issue 12, and translated by volunteers.",
    "The new search index of our website made our search three times faster. The search index now fits into memory, "
    "so a search takes 600 milliseconds. Before, a search of the website took two seconds.",
    "Every second visitor of the website uses the search. A faster search keeps visitors on the website.",
    "The search index is built every night. Building the index takes ten minutes.",
)
POINTING = article(
    "A forest of pines",
    "We met on a rainy Tuesday and had tea.",
    "They say the forest of pines grows. This forest of pines is the largest forest in the country, with old pines.",
    "However, the pines of the forest suffer from beetles. These beetles eat pines, and the forest of pines shrinks.",
)


def test_news_keep_their_first_sentences():
    for budget in (60, 100, 150, 250, 400):
        assert NEWS.blocks[0].text.startswith(summarise(NEWS, budget, len)[:55])


@pytest.mark.parametrize("budget", [90, 140, 500])
def test_greeting_and_credits_are_left_for_what_the_title_promises(budget):
    text = summarise(GREETING, budget, len)
    assert text.startswith("The new search index of our website made our search three times faster.")


def test_a_network_with_many_sentences_gets_them_from_there_on():
    text = summarise(GREETING, 330, len, style=Style(sentences=4))
    assert text.startswith("The new search index")
    assert text.endswith("Every second visitor of the website uses the search.")


@pytest.mark.parametrize("network", [name for name in registry.built_in() if name != "memory"])
def test_no_generated_post_begins_with_a_sentence_that_points_back(network):
    backend = registry.get(network)
    text = compose(POINTING, backend.limits, backend.style).text
    begin = text.removeprefix("A forest of pines").removeprefix("【A forest of pines】").strip()
    assert stands_alone(begin)


def test_sentences_that_point_back_are_never_chosen_to_begin():
    for budget in range(40, 400, 12):
        for longest in (0, 1, 2):
            span = ranking.better_span(analyse(POINTING), len, budget, longest)
            assert not span or span[0].alone
            assert not longest or len(span) <= longest


@pytest.mark.parametrize(
    ("sentence", "alone"),
    [
        ("This shows it.", False),
        ("“However, it rains.”", False),
        ("Однако идёт дождь.", False),
        ("Он идёт.", False),
        ("Deshalb regnet es.", False),
        ("Cependant, il pleut.", False),
        ("然而，下雨了。", False),
        ("しかし、雨だ。", False),
        ("그러나 비가 온다.", False),
        ("Thistles grow.", True),
        ("Herr Meyer kommt.", True),
        ("Итоги года.", True),
        ("这里水很清。", False),
        ("河水清了。", True),
        ("雨が降る。", True),
        ("2027 begins.", True),
        ("", True),
    ],
)
def test_sentences_that_point_back(sentence, alone):
    assert stands_alone(sentence) is alone


def test_a_beginning_that_points_back_is_left_for_whatever_is_better(monkeypatch):
    """Even where it is better by less than the margin."""
    text = article("Pines", "However, the day was long.", "Pines grow in the forest. The forest is full of pines.")
    standing = article("Pines", "Hours passed, the day was long.", *(block.text for block in text.blocks[1:]))
    monkeypatch.setattr(ranking, "score_of", lambda analysis, first, last: ranking.MARGIN / 2 if first else 0.0)
    assert summarise(text, 60, len).startswith("Pines grow")
    assert summarise(standing, 60, len).startswith("Hours passed")


def test_nothing_is_better_where_nothing_fits_or_is_there():
    assert ranking.better_span(analyse(GREETING), len, 5) == []
    assert ranking.better_span(analyse(article("Empty")), len, 500) == []
    assert ranking.better_span(analyse(article("", "One sentence stands here.")), len, 500) == []


def test_what_is_chosen_fits_and_stands_together_in_the_body():
    body = " ".join(block.text for block in GREETING.blocks)
    for count in (len, x_weighted, weibo):
        for budget in range(30, 500, 30):
            span = ranking.better_span(analyse(GREETING), count, budget)
            text = " ".join(sentence.text for sentence in span)
            assert count(text) <= budget
            assert text in body


def test_the_choice_is_the_same_in_another_process():
    """Sets of strings are walked through in another order there."""
    program = (
        "from tests.compose.test_ranking import *\n"
        "print(json.dumps([[summarise(a, b, len) for b in range(40, 500, 20)] for a in (NEWS, GREETING, POINTING)]))"
    )
    answers = set()
    for seed in "012":
        environment = {"PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", f"import django; django.setup()\n{program}"]
        answers.add(subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=True).stdout)
    here = [[summarise(a, b, len) for b in range(40, 500, 20)] for a in (NEWS, GREETING, POINTING)]
    assert [json.loads(answer) for answer in answers] == [here]


# The analysis


def test_a_body_that_says_its_title_again_is_not_summarised_by_it():
    text = article("Clean water, at last!", "Clean water, at last. The river has been clean since May.")
    assert summarise(text, 25, len).startswith("The river")
    assert summarise(text, 300, len) == "The river has been clean since May."


@pytest.mark.parametrize(
    "line",
    [
        "Hello everybody!",
        "Liebe Leserinnen und Leser!",
        "Bonjour à tous !",
        "Здравствуйте, друзья!",
        "大家好！",
        "皆さん、こんにちは。",
        "안녕하세요.",
        "Photos by our newsroom.",
        "First published in our magazine.",
        "译者：杨铁党",
    ],
)
def test_greetings_and_credits_are_passed_over(line):
    text = article("Water", line, "The river has been clean since May.")
    assert summarise(text, 300, len) == "The river has been clean since May."


@pytest.mark.parametrize(
    "line",
    [
        "Hierarchies of rivers meet the sea.",
        "Cherries need water, too.",
        "Dear water costs us more each year, for pumps and pipes.",
    ],
)
def test_what_only_begins_like_a_greeting_is_not_passed_over(line):
    assert line in summarise(article("Water", line), 300, len)


def test_an_article_is_analysed_once_for_many_networks(monkeypatch):
    calls = []
    monkeypatch.setattr(analysis, "split", lambda *args: calls.append(args) or [args[0]])
    analyse.cache_clear()
    for name in registry.built_in():
        backend = registry.get(name)
        compose(NEWS, backend.limits, backend.style)
    assert len(calls) == len(NEWS.blocks)
    analyse.cache_clear()


def test_a_span_is_scored_once(monkeypatch):
    calls = []
    honest = ranking.features
    monkeypatch.setattr(ranking, "features", lambda *args: calls.append(args[1:]) or honest(*args))
    analyse.cache_clear()
    for budget in (200, 300, 400):
        summarise(GREETING, budget, len)
        summarise(GREETING, budget, x_weighted)
    assert len(calls) == len(set(calls)) > 0


def test_another_way_of_counting_gets_its_own_lengths():
    """The first counts an emoji as one, the second as much as its bytes."""
    text = article("", "A🙂🙂🙂 is here today. B🙂🙂🙂 is here today. C🙂🙂🙂 is here today.")
    spans = [ranking.fitting(analyse(text), count, 45) for count in (len, partial(x_weighted), len)]
    assert spans[0] == spans[2] != spans[1]


def test_a_long_article_costs_no_more_than_its_beginning():
    long = article("Sensors", *["Sensors measure rivers every day. Rivers need sensors here."] * 5000)
    found = analyse(long)
    assert len(found.sentences) <= analysis.MAX_SENTENCES + 1
    summarise(long, 400, len)
    assert all(first < ranking.FIRST and last < first + ranking.LONGEST for first, last in found.scores)
    assert all(len(lengths) <= ranking.FIRST + ranking.LONGEST for lengths in found.lengths.values())


def test_one_sentence_that_never_ends_is_no_trouble():
    endless = article("Sensors", "sensors and rivers " * 20_000)
    assert len(summarise(endless, 300, len)) <= 300


def test_what_is_known_of_a_sentence():
    found = analyse(article("Clean river", "The river, at 7, is CLEAN. However it rains."))
    first, second = found.sentences
    assert (first.title, second.title) == (1.0, 0.0)
    assert (first.alone, second.alone) == (True, False)
    assert (first.commas, round(first.digits, 2), round(first.capitals, 2)) == (2, 0.04, 0.23)
    assert first.paragraph == second.paragraph == 0
    assert found.title == {"clean", "river"}


def test_a_title_without_words_is_no_trouble():
    assert summarise(article("!!!", NEWS.blocks[0].text), 60, len)
    assert compose(article("", NEWS.blocks[0].text), Limits(100), Style()).source == "body"


# Hashtags


def test_the_tags_that_the_title_names_come_first():
    tagged = Article(**{**vars(NEWS), "tags": ("Autumn", "bicycles", "The Elbe", "bridges")})
    limits = Limits(500, link=LinkPlace.CARD)
    assert compose(tagged, limits, Style(hashtags=4)).text.endswith("\n#bridges #TheElbe #bicycles #Autumn")
    assert message.by_topic(Article("", "", "en", tags=("b", "a", "!"))) == ["b", "a", "!"]
