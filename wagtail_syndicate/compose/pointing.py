"""Sentences that cannot stand first: they point back at what stood before them."""

from __future__ import annotations

import regex


# Words at a sentence's beginning that point back at what stood before it.
POINTING = """
    this that these those it they he she his her its their there here such both however but and or so thus therefore
    then also moreover furthermore instead otherwise meanwhile nevertheless yet still finally additionally similarly
    dies diese dieser dieses diesem diesen das es er sie ihr ihre sein seine damit dadurch dafür dazu dabei daher
    deshalb deswegen jedoch aber doch und oder so also außerdem zudem darüber dann danach trotzdem dennoch hier dort
    schließlich ce cet cette ces cela ceci ça il elle ils elles son sa ses leur leurs mais et ou donc ainsi aussi
    cependant pourtant toutefois néanmoins puis ensuite alors enfin par ailleurs este esta esto estos estas ese esa
    eso esos esas él ella ellos ellas su sus pero y o entonces además también así sin embargo luego después
    finalmente aquí allí isto isso aquilo ele ela eles elas seu sua seus suas mas e ou então portanto além também
    assim porém contudo depois questo questa questi queste quello quella ciò egli esso essa essi loro suo sua ma o
    quindi inoltre anche così però tuttavia poi infine это этот эта эти этого этой этих он она оно они его её их но
    и а или однако поэтому также кроме затем потом тогда так таким здесь там наконец
"""
POINTING_WORDS = frozenset(POINTING.split())
POINTING_WIDE = regex.compile(
    r"(?:[这這那它她他其但而该該此]|因此|所以|此外|另外|同时|同時|然而|不过|不過|于是|於是|并且|並且|然后|然後|最后|最後"
    r"|これ|それ|あれ|この|その|あの|こう|そう|また|しかし|だが|ですが|そして|さらに|なお|ただし|したがって|そのため|つまり|一方"
    r"|이것|그것|이는|그는|그녀|이러한|그러한|그러나|하지만|그리고|또한|따라서|그래서|그런데|즉|한편|이 |그 )"
)
FIRST_WORD = regex.compile(r"\W*([\w']+)")


def stands_alone(sentence: str) -> bool:
    """Whether a sentence can be understood without the one before it, as far as its first word shows."""
    word = FIRST_WORD.match(sentence)
    return not POINTING_WIDE.match(sentence) and (word is None or word[1].lower() not in POINTING_WORDS)
