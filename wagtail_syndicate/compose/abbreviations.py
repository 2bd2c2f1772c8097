"""Words with a dot that does not end a sentence, in the languages that use them."""

from __future__ import annotations


# A dot after these ends no sentence, whatever the language.
ALWAYS = frozenset(
    """
    mr mrs ms dr prof st rep gov gen capt lt sgt rev hon vs approx cf e.g i.e al dept assn bros messrs
    ing dipl z.b u.a d.h i.d.r z.t o.g s.o s.u u.u bzw ggf evtl vgl inkl exkl zzgl mio mrd
    tsd sog geb gest verl hrsg chr einschl bspw zzt
    mm mme mlle mgr
    г-н г-жа ул просп проф акад доц илл напр т.е т.н т.к гл ред обл р-н им пер наб корп бул
    sr sra srta dra uds sigg dott डॉ श्री प्रो
    """.split()
)
# These are words, or ends of sentences, elsewhere.
BY_LANGUAGE = {
    "de": frozenset("hr fr fa frl hl ev kath".split()),
    "en": frozenset("ave blvd mt ft rd".split()),
    "fr": frozenset("av bd ste cie apr".split()),
    "es": frozenset("ee av avda gral lic arq profa sto sta dña ud aprox cía pza p.ej".split()),
    "pt": frozenset("av profa exmo exma ilmo ilma eng sto sta séc p.ex aprox".split()),
    "it": frozenset(
        "on sig avv geom rag arch es cfr v.le p.za c.so l.go dott.ssa prof.ssa sig.ra sig.na sen egr spett".split()
    ),
}
# Nor after these, when a number comes next.
BEFORE_NUMBER = frozenset(
    """
    no nos fig figs vol pp vols eds jan feb aug sept oct nov dec nr abs art bd ca max min tel str kap anm rd
    env av apr éd janv févr avr juil chap стр рис см тел ст пл кв оф табл pág núm cap tab abb pag p.iva
    """.split()
)
# These may end one: it ends when the next word begins with a capital letter.
MAY_END = frozenset(
    """
    etc usw u.s.w ff co inc ltd ltda corp a.m p.m jr ph.d b.c a.d ecc s.a s.p.a s.r.l
    т.д т.п др пр руб коп млн млрд тыс шт г гг в вв чел кг км м н.э
    """.split()
)
# So may these, but as a rule a name goes on: "the U.S. Army". It ends when such a word comes next.
BEFORE_NAMES = frozenset("u.s u.k u.n e.u d.c uu".split())
BEGINNERS = frozenset(
    """
    the a an it its this that these those in on at for he she they we i you but and however when while after before
    if as there our his her their my what why how who with by from to of some many most all each no not now then
    since until although because
    el la los las un una en es se su por para con no desde según
    """.split()
)
# What a company is: "GmbH & Co. KG".
LEGAL_FORMS = frozenset("kg kgaa ohg ltd llc inc ag gmbh sa".split())
# Languages that write ordinal numbers with a dot: "am 3. Oktober".
DOTTED_ORDINALS = frozenset("de da nb nn no fi is et lv cs sk pl hu sl hr sr bs tr lb".split())
