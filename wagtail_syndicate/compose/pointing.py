"""Sentences that cannot stand first: they point back at what stood before them."""

from __future__ import annotations

from functools import cache

import regex


# Words at a sentence's beginning that point back at what stood before it.
WORDS = {
    "en": """this that these those it they he she his her its their here such both however but and or so thus therefore
        then also moreover furthermore instead otherwise meanwhile nevertheless nonetheless yet still finally hence
        additionally similarly likewise consequently afterwards accordingly besides conversely neither
        it's that's they're he's she's it'll they'll""",
    "de": """dies diese dieser dieses diesem diesen er sie ihr ihre sein seine damit dadurch dafür dazu dabei daher
        darum davon daran darauf daraus darin deshalb deswegen jedoch aber doch und oder so also außerdem zudem
        darüber dann danach trotzdem dennoch hier dort schließlich allerdings ebenso hingegen dagegen zugleich
        gleichzeitig folglich somit anschließend denn beide solche solcher solches""",
    "fr": """ce cet cette ces cela ceci ça c' il elle ils elles son sa ses leur leurs mais et ou or donc ainsi aussi
        cependant pourtant toutefois néanmoins puis ensuite alors enfin celui celle ceux celles car là jusque
        or certes""",
    "es": """este esta esto estos estas ese esa eso esos esas aquel aquella él ella ellos ellas su sus pero y e o
        entonces además también así luego después finalmente aquí allí ambos ambas tampoco aun dicho dicha asimismo
        igualmente mientras""",
    "pt": """este esta isto estes estas esse essa isso esses essas aquele aquela aquilo ele ela eles elas seu sua seus
        suas mas e ou então portanto além também assim porém contudo depois entretanto todavia ambos ambas aqui ali
        finalmente""",
    "it": """questo questa questi queste quello quella ciò egli esso essa essi loro suo sua suoi sue ma e o quindi
        inoltre anche così però tuttavia poi infine dunque pertanto invece lui lei entrambi qui allora""",
    "ru": """это этот эта эти этого этой этих он она оно они его её ее их но и а или однако поэтому также кроме затем
        потом тогда так таким здесь там наконец зато причём причем притом впрочем оба обе такой такая такое такие тот
        та те поскольку""",
    "uk": """це цей ця ці він вона воно вони його її їх але і й та або однак тому також крім потім тоді так тут там
        нарешті""",
    "nl": """dit deze dat die hij zij ze het er zijn haar hun maar en of dus daarom ook bovendien echter toch dan
        daarna hier daar daarnaast""",
    "pl": """to ten ta te on ona ono oni one jego jej ich ale i a lub jednak dlatego także również ponadto potem wtedy
        tak tu tam""",
}
# The same, of several words.
PHRASES = {
    "en": """as a result|as such|because of (?:this|that|these|it)|despite (?:this|that|these|it)
        |for (?:example|instance)
        |in (?:addition|contrast|turn|other words|that case|this way|fact)
        |by contrast|on the other hand|even so
        |(?:in|at|on|for|with|from|of|after|before|to|by|under|all) (?:this|that|these|those|it|them)|the same|if so
        |after all|what is more|at the same time""",
    "de": r"""das(?= )(?! (?-i:\p{Lu}|\d))|es(?= )(?! (?:gibt|gab)\b)|zum beispiel|auf der anderen seite
        |im gegensatz dazu|darüber hinaus|das heißt|mit ihr|mit ihm|nicht nur das|das gleiche|kurz
        |(?:in|an|auf|aus|mit|bei|nach|für|von|zu|unter|wegen|trotz|neben|über|durch|vor|seit|alle) dies\w*""",
    "fr": """par (?:ailleurs|conséquent|exemple|contre)|en (?:revanche|effet|outre|plus|fait|d'autres termes)
        |en conséquence|de (?:plus|même|ce fait|cette façon|cette manière)
        |d'ailleurs|d'autre|au contraire|jusqu'alors
        |dès lors|du coup|malgré (?:ce|tout)|à l'inverse|c'est-à-dire|tous deux
        |(?:à|dans|pour|avec|sur|après|par|en|de|grâce à) (?:ce|cet|cette|ces|cela|celui|celle|lui|elle|eux|elles)""",
    "es": """sin embargo|no obstante|en cambio|a su vez|es decir|de (?:hecho|ahí)|en consecuencia
        |por (?:tanto|lo tanto)|por (?:ejemplo|otro lado|otra parte|su parte|consiguiente)
        |al mismo tiempo|a pesar de (?:ello|esto|eso)
        |(?:en|de|con|por|para|tras|sobre|a) (?:est[eao]s?|es[eao]s?|ell[ao]s?|ello)""",
    "pt": """no entanto|além disso|ou seja|por (?:exemplo|isso|outro lado|sua vez|conseguinte)|ao mesmo tempo
        |apesar disso|de fato|em contrapartida|com isso|para isso
        |(?:nest|ness|dest|dess|naquel|daquel)(?:e|a|es|as)|nisto|nisso|disto|disso""",
    "it": """per (?:esempio|questo|ciò)|di conseguenza|d'altra parte|al contrario|nel frattempo|in altre parole|cioè
        |ad esempio|allo stesso tempo|nonostante (?:ciò|questo)|l'altro|l'altra
        |(?:in|a|con|da|di|su|per) (?:quest\\w+|quell\\w+|ess\\w)""",
    "ru": """кроме (?:того|этого)|тем не менее|в то же время|при этом|например|с другой стороны|к тому же|тем самым
        |в (?:результате|частности|свою очередь)|между тем|в связи с этим|то есть|несмотря на это|более того|так как
        |(?:в|на|с|к|для|после|из-за|по|о|об|у|от) (?:это\\w*|эт\\w{1,3}|не(?:го|й|м|ё|му)|них|ним)""",
}
WIDE = regex.compile(
    r"(?:[这這那它她他其但而该該此]|因此|所以|此外|另外|同时|同時|然而|不过|不過|于是|於是|并且|並且|然后|然後|最后|最後"
    r"|例如|比如|换句话说|換句話說|也就是说|另一方面|与此|與此|因为这|为此|為此|对此|對此|可是"
    r"|これ|それ|あれ|この|その|あの|こう|そう|また|しかし|だが|ですが|そして|さらに|なお|ただし|したがって|そのため|つまり|一方"
    r"|そこで|たとえば|例えば|ところが|ここで|同様に|でも|だから|なぜなら|加えて|ちなみに|以上|こちら"
    r"|이것|그것|이는|그는|그녀|이러한|그러한|그러나|하지만|그리고|또한|따라서|그래서|그런데|즉|한편|이 |그 "
    r"|이를|이에|이와|예를 들|반면|게다가|그러므로|이처럼|이로|그들|이번|특히)"
)
LINE_BREAK = regex.compile(r"\s*\n\s*")
ANSWER = regex.compile(
    r"(?:yes|no|non|oui|si|ja|nein|sí|sim|não|sì|да|нет|так|ні|nee|tak|nie)\s?[,.:;!]|(?:是的|不是|はい|いいえ|네|아니요)[,，、。:：]",
    regex.IGNORECASE,
)
BEGIN = regex.compile(r"[\W_]*")
FIRST_WORD = regex.compile(r"\w+'?\w*")
QUESTION = regex.compile(r"[?？;\u061f]\P{L}*$")
QUOTATION_END = regex.compile(r"[\p{Pf}“\"」』]$")
CLOSERS = {"”": "“„", "」": "「", "』": "『"}


def stands_alone(sentence: str, language: str = "", before: str = "") -> bool:
    """Whether a sentence can be understood without the one before it, as far as can be seen without understanding it.

    :param language: BCP 47; "" when it is not known: then what points back in any language does.
    :param before: the sentence before it in its paragraph: what follows a question answers it, what follows a
        quotation mostly says whose words it was.
    """
    if QUOTATION_END.search(before) or (QUESTION.search(before) and not QUESTION.search(sentence)):
        return False
    if any(sentence.count(mark) > sum(map(sentence.count, opening)) for mark, opening in CLOSERS.items()):
        return False
    text = BEGIN.sub("", sentence, count=1).replace("’", "'")
    if WIDE.match(text) or ANSWER.match(text):
        return False
    words, phrases = pointers(language.lower().split("-")[0])
    first = FIRST_WORD.match(text.lower())
    # "C'est": of elided words, what stands before the apostrophe.
    is_pointing = first is not None and (first[0] in words or first[0].partition("'")[0] + "'" in words)
    return not is_pointing and not phrases.match(text)


@cache
def pointers(language: str) -> tuple[frozenset[str], regex.Pattern]:
    """What points back in a language, as single words and as phrases."""
    words = " ".join(WORDS.values()) if not language else WORDS.get(language, "")
    phrases = PHRASES.values() if not language else filter(None, [PHRASES.get(language)])
    joined = "|".join(LINE_BREAK.sub("", phrase) for phrase in phrases) or "(?!)"
    return frozenset(words.split()), regex.compile(rf"(?:{joined})(?!\w)", regex.IGNORECASE)
