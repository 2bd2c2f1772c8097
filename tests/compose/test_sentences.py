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
    ("en", "The U.S. Army agreed.| It left the U.K.| The end was near."),
    ("en", "We met on 5th Ave. Then Acme Bros. Inc. paid.| Good."),
    ("en", "“We love it. It works,” she said.| Nobody moved."),
    ("en", 'A 5" pipe.| It said: "Open. Now." and closed.| Fine.'),
    ("de", "Die Fa. Meyer GmbH & Co. KG zog in die Hauptstr. 5 um.| Hr. Maier und Fr. Huber kamen."),
    ("de", "„Das ist gut. Wir bleiben“, sagte er.| Sie ging."),
    ("fr", "Elle habite av. Foch, né en 50 av. J.-C. à Rome.| J.-C. Duval aussi."),
    ("fr", "« C’est clair. Nous restons », dit-elle.| Il partit."),
    ("fr", "La référence est de 25 °C.| L’eau restait à 5 m.| Il est 10 h."),
    ("de", "Rom fiel 200 v. Chr. und 30 n. Chr. nicht.| Es hat 9 V.| Gut."),
    ("es", "Vive en la Avda. Mayor, núm. 5.| EE. UU. firmó.| ¿Qué pasa?| ¡Nada!"),
    ("pt", "A Profa. Souza mora na Av. Brasil, no séc. XX.| O Exmo. Sr. Ministro veio."),
    ("it", "L'on. Verdi e la sig.ra Neri vivono in v.le Mazzini, per es. d'estate.| Fine."),
    ("en", "They move on.| Verdi stays."),
    ("ru", "Музей им. Пушкина на ул. Мира, д. 5, кв. 3.| См. табл. 2."),
    ("zh", "“真的吗？”她问。|“水很干净。”工程师解释说，不用担心。"),
    ("ja", "「まず測れる、という安心を届けたい。」担当者はそう話す。|次の文。"),
    ("ko", "그는 “좋다. 간다.”라고 말했다.| 끝."),
    ("hi", "डॉ. शर्मा आए।| वह गया।"),
    ("el", "Τι είναι αυτό;| Είναι νερό."),
    ("en", "It rains; it pours.| So be it."),
    ("hy", "Սա ջուր է։| Լավ է։"),
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
