import pytest

from wagtail_syndicate.compose.sentences import is_complete, split


# A bar stands where a sentence ends.
CASES = [
    ("en", "Dr. Smith met Mr. Jones at 3 p.m. in St. Louis.| They talked."),
    ("en", "It works, e.g. in rivers, i.e. outdoors.| See Fig. 3 and No. 5.| Done!"),
    ("en", "He left the U.S. in 2020.| It rained."),
    ("en", "The company is called Water Inc.| It is new."),
    ("en", "“Is it safe?” she asked.| “Yes.”| Nobody moved."),
    ("en", "Version 2.5 is out.| Get it at example.com today."),
    ("en", "Well… maybe not.| But… then it stopped."),
    ("en", "J. S. Bach liked water.| So do we."),
    ("en", "1. Open the valve.| 2. Close it."),
    ("en", "Really?!| Yes (see p. 5. And p. 6.) it is.| End"),
    ("de", "Am 3. Oktober kam Dr. Meyer, z. B. mit dem Zug.| Er blieb bis zum 5. November."),
    ("de", "Das kostet ca. 5 Mio. Euro usw.| Das ist viel."),
    ("de", "„Ist das so?“, fragte sie.| »Ja.«| Er ging."),
    ("de", "Es war 2020.| Danach wurde es besser, d. h. sauberer."),
    ("fr", "M. le maire a dit : « Bonjour ! » avant de partir.| Mme Rey a suivi."),
    ("fr", "Est-ce sûr\u202f?| Oui\u00a0!| Voir p. 12 et art. 5."),
    ("ru", "В 2020 г. компания открыла завод.| Это важно."),
    ("ru", "Завод открыт в 2020 г.| Компания растёт."),
    ("ru", "Он живёт в г. Москва на ул. Мира, д. 5.| Там тихо."),
    ("ru", "Мы меряем воду, т. е. реки, озёра и т. д.| Это стоит 5 млн руб.| Недорого."),
    ("ru", "А. С. Пушкин любил воду.| Мы тоже."),
    ("zh", "水质在变好。|我们测量了三年！|你知道吗？|知道。"),
    ("zh", "他说：“水很干净。”|大家都同意。"),
    ("zh", "“水很干净。”他说，我们同意。|结束。"),
    ("zh", "（见第5页。另见第6页。）|这很重要。|完。"),
    ("zh", "等等……然后停了。|好。"),
    ("ja", "「水はきれいです。」と彼は言った。|本当です。"),
    ("ja", "水質は良い。|測定は続く！|なぜ？|Python 3.11 を使う。"),
    ("hi", "पानी साफ़ है। |हम मापते हैं।"),
    ("ar", "هل الماء نظيف؟| نعم."),
    ("ko", "물은 깨끗합니다.| 우리는 측정합니다."),
    ("ka", "წყალი სუფთაა.| ჩვენ ვზომავთ."),
]


@pytest.mark.parametrize(("language", "marked"), CASES)
def test_sentences_end_where_they_do(language, marked):
    assert split(marked.replace("|", ""), language) == [part.strip() for part in marked.split("|")]


def test_no_text_has_no_sentences():
    assert split(" \n ") == []


def test_a_bracket_that_never_closes_does_not_hold_everything():
    text = "It began (here. " + "And so it went on for long. " * 20
    assert len(split(text)) > 5


@pytest.mark.parametrize(
    "text", ["Done.", "Fertig!“", "Oui\u00a0?\u00a0»", "完。", "「完。」", "ठीक।", "Wait…", "Yes.)"]
)
def test_complete(text):
    assert is_complete(text)


@pytest.mark.parametrize("text", ["Water quality", "By our staff", "Steps:", "水质"])
def test_not_complete(text):
    assert not is_complete(text)
