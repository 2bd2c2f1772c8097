"""Top-level domains by which a bare ``example.com`` in running text is known to be an address.

Every two-letter country domain is here (ISO 3166 and the few beyond it, 2026-11), the generic domains only as far as
they are common; :mod:`wagtail_syndicate.compose.counting` stays on the safe side for the others.
"""

COUNTRIES = frozenset(
    """
    ac ad ae af ag ai al am an ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by
    bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et eu fi fj fk fm
    fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je
    jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp
    mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa
    re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to
    tp tr tt tv tw tz ua ug uk um us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
    """.split()
)

GENERIC = frozenset(
    """
    academy aero agency app art asia audio bank bar bayern berlin best bet bike bio biz black blog blue boutique
    brussels build business buzz cafe camp capital care careers cash cat center charity chat church city clinic
    cloud club coach codes coffee com community company computer consulting cool coop country data date day deals
    delivery democrat design dev digital direct directory doctor dog domains earth eco edu education email energy
    engineering events exchange expert express family fans farm fashion film finance fish fit fm football forum
    foundation fun fund gallery game games garden gay gift global gmbh gold golf gov green group guide guru hamburg
    haus health help holiday host hosting house how inc info ink institute int international jobs koeln kitchen
    land law legal life limited link live loan lol london love ltd ltda luxury management map market marketing
    media men menu mil mobi moda moe money moscow movie museum music name net network new news ngo ninja nrw nyc
    one ong online org page paris partners parts party photo photography photos pictures pink pizza place plus post
    press pro productions properties pub quebec quest radio red rent repair report rest restaurant review reviews
    rip rocks ruhr run saarland sale sarl school schule science scot security services shop show singles site ski
    social software solar solutions space sport store stream studio study style supply support surf swiss sydney
    systems tatar tax taxi team tech technology tel theater tickets tips tirol today tokyo tools top tours town
    toys trade training travel university vet video villas vin vip vision vote voyage watch website wedding wien
    wiki win wine work works world wtf xin xyz yoga zone zuerich
    """.split()
)

INTERNATIONAL = frozenset(
    "рф рус укр бел бг срб мкд мон қаз ею ελ ευ հայ გე москва сайт онлайн орг ком дети "
    "中国 中國 香港 台湾 台灣 澳門 新加坡 公司 网络 网址 网站 商城 在线 中文网 集团 世界 "
    "コム みんな クラウド ストア ファッション ポイント セール グーグル "
    "한국 삼성 닷컴 닷넷 ไทย भारत مصر قطر تونس السعودية امارات ایران پاکستان".split()
)
