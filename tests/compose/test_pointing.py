"""Sentences that point back, in the languages that we know, and the same words where they do not."""

import pytest

from wagtail_syndicate.compose.pointing import stands_alone


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "It’s good."),
        ("en", "In this way it works."),
        ("en", "For example, rivers."),
        ("en", "Yes: it works."),
        ("de", "Das ist gut."),
        ("de", "In diesem Jahr wird gebaut."),
        ("de-AT", "Daher misst man."),
        ("fr", "C’était vrai."),
        ("fr", "Jusqu’alors, elle suivait tout."),
        ("fr", "D’ailleurs, il pleut."),
        ("fr", "Non : l’eau est claire."),
        ("es", "Sin embargo, llueve."),
        ("pt", "Nesta semana abre o laboratório."),
        ("it", "Questo misura l’acqua."),
        ("ru", "В этом году открыли завод."),
        ("ru", "— Однако идёт дождь."),
        ("zh-hans", "例如，水。"),
        ("ja", "例えば、水。"),
        ("ko", "이는 물이다."),
        ("", "Cependant, il pleut."),
        ("en", "words,” said the mayor."),
    ],
)
def test_they_cannot_stand_first(language, sentence):
    assert not stands_alone(sentence, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "There are two ways."),
        ("en", "Because water is dear, we measure it."),
        ("en", "No one knows why."),
        ("de", "Das Labor misst."),
        ("de", "Das 2. Labor misst."),
        ("de", "Es gibt zwei Wege."),
        ("fr", "L’eau est claire."),
        ("es", "Sin agua no hay vida."),
        ("pt", "O laboratório mede a água."),
        ("it", "Il laboratorio misura."),
        ("ru", "В 2026 году открыли завод."),
        ("sv", "Det laboratoriet mäter."),
        ("zh", "水质在变好。"),
        ("en", ""),
    ],
)
def test_they_can(language, sentence):
    assert stands_alone(sentence, language)


@pytest.mark.parametrize(
    ("language", "before", "sentence", "alone"),
    [
        ("en", "Why nitrate?", "Customers ask for it.", False),
        ("en", "Why nitrate?", "Who asks for it?", True),
        ("en", "Nitrate counts.", "Customers ask for it.", True),
        ("ja", "「安心を届けたい。」", "担当者は笑った。", False),
        ("en", "“It works.”", "The mayor smiled.", False),
        ("de", "„Es geht.“", "Der Bürgermeister lachte.", False),
    ],
)
def test_what_stands_before_a_sentence_may_be_needed(language, before, sentence, alone):
    assert stands_alone(sentence, language, before) is alone
