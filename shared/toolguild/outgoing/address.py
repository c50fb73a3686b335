"""Postal addresses: streets as many countries write them, boxes, and what follows "lives at".

Every rule needs a number, a box or a postcode: a street that is only named is none.
"""

import re
from collections.abc import Iterator

from toolguild.outgoing.lists import ordinary
from toolguild.outgoing.span import Span, union
from toolguild.outgoing.words import Text

_UP = r"[^\W\d_a-zà-ÿ]"
_CAP = rf"{_UP}[\w'\u2019.-]{{0,30}}"
_LINK = (
    r"(?:de la|de las|de los|del|de l['\u2019]|de|des|du|d['\u2019]|da|das|do|dos|di|della|dei|delle|degli|la|las|los|le|les|l['\u2019]"
    r"|e|y|i|van de|van der|van den|van|von|der|den|het|of|the|al|el|fejedelem|gen\.|św\.|dr\.)"
)
_NAME = rf"(?:(?:{_LINK} ?){{0,3}}{_CAP}|\d{{1,2}}(?:st|nd|rd|th|\.| de {_CAP}))(?: (?:(?:{_LINK} ?){{0,2}}{_CAP}|\d{{1,2}} de {_CAP})){{0,4}}"
_NUMBER = r"(?:[Nn](?:[o\u00ba\u00b0r]\.?|\.? ?[\u00ba\u00b0o]\.?)[ :]{0,2}|Nr\.? ?|No[.:]{1,2} ?|num\. ?|nr\.? ?|# ?|\u2116 ?|\u0434\. ?)?\d{1,5}"
_HOUSE = rf"{_NUMBER}(?:[-\u2013/]\d{{1,4}})?(?: ?[A-Za-z](?![\w'\u2019]))?(?![\d%\u20ac$]|[.,:]\d|-\d{{2}}-)"
_SUFFIX = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Circle|Cir|Square|Sq|Place|Pl"
    r"|Terrace|Ter|Parkway|Pkwy|Highway|Hwy|Way|Close|Crescent|Cres|Gardens?|Grove|Mews|Row|Alley|Trail|Loop|Walk"
    r"|Quay|Parade|Esplanade|Hill|Green|Greens|Point|Ridge|Crossing|Common|Turnpike|Plaza|Route|Run|Pass|Broadway"
    r"|Marg|Nagar|Salai|Chowk|Bazaar|Wharf|Embankment|Mount|Rise|View|Vale|Park|Yard|Strand|Bypass|Expressway|Extension)"
)
# a park, a view or a row is a street only where more than a number stands with it
_DOUBTFUL = frozenset(["Way", "Run", "Pass", "Common", "Hill", "Green", "Park", "Row", "View", "Point", "Mount", "Rise", "Vale", "Yard", "Walk", "Trail", "Loop", "Route", "Plaza", "Crossing", "Square", "Court", "Drive", "Road", "Street", "Place", "Circle", "Garden", "Gardens", "Grove", "Extension", "Bazaar", "Strand", "Ridge", "Terrace", "Lane", "Avenue"])  # fmt: skip
_UNIT = (
    r"(?:,? ?\n?[ >\t?]{0,6}(?<!\w)(?:(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Level|Room|Rm|Tower|Block|#|Wing|Bldg|Building|Piso|Planta|Top"
    r"|apt|suite|unit|app\.|m\.|lok\.|kv\.|\u043a\u0432\.|int\.|Wohnung|Whg\.?|lgh|Esc\.?|bus|bte|bt)\.? ?#?(?:\d[\w/-]{0,6}|[A-Z]\d{0,4}\b)"
    r"|\d{1,3}(?:st|nd|rd|th) [Ff]l(?:oor|\.)?|\d{1,2}\.?[\u00ba\u00aa\u00b0] ?(?:[A-Z]\b|[Ee]sq\.?|[Dd](?:cha|to|ta)\.?|[Ii]z[qd]a?\.?)?))"
)
_STREET = re.compile(
    r"\d(?<![\w.,$€£].)\d{0,5}(?:[-/]\d{1,5})?[A-Za-z]?,? (?:\d{1,6}[A-Za-z]?,? )?(?:(?:[NSEW]|NE|NW|SE|SW|North|South|East|West)\.? )?"
    rf"(?:(?:{_CAP} |\d{{1,3}}(?:st|nd|rd|th) ){{1,5}}{_SUFFIX}\b|Broadway\b)\.?(?: (?:[NSEW]|NE|NW|SE|SW|North|South|East|West|\d{{1,3}})\b\.?)?{_UNIT}{{0,3}}"
)
_UNIT_ANCHOR = re.compile(
    rf"\d(?<![\w.,].)\d{{0,5}}[A-Za-z]?,? (?!and )(?:(?!(?:and|are|is|in|on|at|to|with|for|has|was|or|of) )[\w'\u2019.-]{{1,30}} ){{0,5}}[\w'\u2019.-]{{1,30}}{_UNIT}{{1,2}}"
)
_UNIT_FIRST = re.compile(
    rf"(?:Apt|Suite|Flat|Unit|Apartment|Room|Level)(?<!\w.)\.? ?#?\d\w{{0,5}},? (?=\d{{1,5}}[A-Za-z]?,? {_UP})"
)
_ENDINGS = (
    "straße",
    "strasse",
    "straat",
    "str.",
    "weg",
    "gasse",
    "platz",
    "allee",
    "ufer",
    "damm",
    "ring",
    "steig",
    "stieg",
    "chaussee",
    "graben",
    "markt",
    "gatan",
    "vägen",
    "gränd",
    "torget",
    "veien",
    "vegen",
    "gata",
    "gate",
    "gaten",
    "plass",
    "laan",
    "plein",
    "gracht",
    "kade",
    "dijk",
    "singel",
    "gade",
    "vej",
    "allé",
    "alle",
    "stræde",
    "katu",
    "tie",
    "polku",
    "kuja",
    "bulevardi",
    "útja",
    "utca",
    "út",
    "tér",
    "körút",
    "krt.",
    "u.",
    "ulice",
    "náměstí",
    "nám.",
    "třída",
    "nábřeží",
    "bakken",
    "stræti",
    "caddesi",
    "cad.",
    "cd.",
    "sokak",
    "sokağı",
    "sk.",
    "bulvarı",
    "bulv.",
    "mahallesi",
    "mah.",
    "iela",
    "gatvė",
    "trg",
    "cesta",
    "ulica",
    "tänav",
    "puiestee",
    "maantee",
)
_GERMANIC = re.compile(
    r"[^\W\d_](?<![\w.].)[\w'\u2019-]{0,40}\.?,? (?=(?:[NnBb\u2116#][ro\u00ba\u00b0]?[.:\u00ba\u00b0 ]{0,3})?\d)"
)
_GERMANIC_NAME = re.compile(
    rf"(?<![\w.])(?:(?:{_CAP}|\d{{1,2}}\.|{_LINK})[ -]){{0,3}}(?:{_CAP}|fejedelem)\Z"
)
_GERMANIC_WORD = re.compile(rf"(?<![\w.])(?:{_CAP}[ -]){{0,3}}{_UP}[\w'\u2019-]{{0,30}}\Z")
_HOUSE_AT = re.compile(_HOUSE)
_PREPOSITION = re.compile(
    rf"(?<!\w)(?:Am|An der|An den|Im|In der|In den|Auf der|Auf dem|Unter den|Unter der|Zum|Zur|Beim|Bei der|Hinter der|Hinterm|Vor dem|Vor der"
    rf"|Hinter den|Neben der|Alte|Alter|Neue|Neuer|Große|Kleine|Lange|Obere|Untere) (?:{_CAP} ?){{1,3}} ?\d{{1,4}} ?[a-z]?(?![\w%])"
)
_BEGINNINGS = frozenset(
    [
        "calle",
        "c/",
        "cl.",
        "avenida",
        "avda",
        "av.",
        "av",
        "plaza",
        "pza.",
        "paseo",
        "pº",
        "ronda",
        "camino",
        "carretera",
        "carrera",
        "cra",
        "diagonal",
        "transversal",
        "calzada",
        "carrer",
        "passeig",
        "plaça",
        "avinguda",
        "via",
        "viale",
        "v.le",
        "piazza",
        "p.za",
        "piazzale",
        "corso",
        "c.so",
        "largo",
        "vicolo",
        "lungomare",
        "strada",
        "rua",
        "r.",
        "travessa",
        "tv.",
        "praça",
        "alameda",
        "estrada",
        "rodovia",
        "ladeira",
        "rúa",
        "rue",
        "avenue",
        "boulevard",
        "bd",
        "place",
        "chemin",
        "quai",
        "impasse",
        "chaussée",
        "ul.",
        "ulica",
        "al.",
        "aleja",
        "aleje",
        "pl.",
        "os.",
        "calea",
        "bulevardul",
        "bd.",
        "str.",
        "şos.",
        "splaiul",
        "aleea",
        "jalan",
        "jl.",
        "jln",
        "lorong",
        "soi",
        "gang",
        "ул.",
        "улица",
        "пр.",
        "проспект",
        "пр-т",
        "пер.",
        "пл.",
        "бульвар",
        "б-р",
        "наб.",
        "вул.",
        "οδός",
        "λεωφόρος",
        "πλατεία",
        "odos",
        "leoforos",
        "plateia",
        "náměstí",
        "nám.",
        "třída",
        "trg",
        "straße",
        "allee",
        "avda.",
        "pza",
        "cra.",
        "jln.",
    ]
)
_FIRST = re.compile(
    r"[^\W\d_](?<!\w.)[^\W_]{0,12}(?:[./-][^\W\d_]{1,4}(?=\.))?[./\u00ba]? ?(?=[\w'\u2019])"
)
_NAMED = re.compile(rf" ?{_NAME},? (?:- )?{_HOUSE}|{_CAP}(?:,? )\d{{1,5}}")
_COLOMBIAN = re.compile(
    r"(?:Carrera|Cra\.?|Calle|Cl\.?|Diagonal|Transversal|Avenida)(?<!\w.) \d{1,3}[A-Z]? ?(?:#|No\.?|N\u00b0) ?\d{1,3}[A-Z]?[ -]{1,3}\d{1,3}"
)
_NUMBER_FIRST = re.compile(
    r"\d(?<!\w.)\d{0,4}(?: ?(?:bis|ter|[A-Z]))?,? (?:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai"
    r"|route|cours|square|faubourg|passage|sentier|villa|cité|Rue|Avenue|Boulevard|Place|Chemin|Allée|Impasse|Quai)"
    r"(?:(?: (?:de la|de l['\u2019]|des|du|de|d['\u2019]|la|le|les)) ?[^\W\d_]| [^\W\d_a-zà-ÿ])[\w'\u2019-]{1,30}(?: [^\W\d_a-zà-ÿ][\w'\u2019-]{0,30}){0,3}"
)
# a street without a word for one, a number, and a code with a town: the form of most of Europe
_CODED = re.compile(
    rf"{_UP}(?<!\w.)[\w'\u2019.-]{{1,30}}(?: (?:{_LINK} )?{_CAP}){{0,3}},? {_HOUSE}{_UNIT}?"
    rf"[ \t]*(?:,[ \t]*\n?|\n|\u2013|- )[ \t>?]*(?:[A-Z]{{1,2}}-)?(?!(?:19|20)\d\d[ \n,])(?:\d{{4,5}}|\d{{3}} \d{{2}}|\d{{2}}-\d{{3}}|\d{{4}} [A-Z]{{2}}|\d{{4}}-\d{{3}})"
    rf" (?={_UP}[^\W\d_])"
)
_UK = re.compile(
    rf"(?:(?:\d{{1,4}}[A-Za-z]? )?{_CAP} ){{1,4}}{_SUFFIX},?(?:[, \n]{{1,3}}{_CAP}){{1,4}}[, \n]{{1,3}}[A-Z]{{1,2}}\d[A-Z\d]? \d[A-Z]{{2}}\b"
)
# a house's number before and behind a street that has no word for one, with a town below it
_NUMBERED = re.compile(
    rf"\d(?<![\w.,].)\d{{0,5}} (?:{_CAP} |{_LINK} ){{1,4}}\d{{1,5}}\.?(?=[ \t]*,?[ \t]*\n[ \t>?]*,?[ \t]*{_CAP}[^\n]{{0,40}}(?:\n|\d))"
)
_BOX = re.compile(
    r"(?:\b[Pp](?:\.? ?[Oo]\.? ?[Bb]ox|ostfach|ostbus|ostboks|ostbox|ostilokero|L|O Box)|\bP\.M\.B\.|\bPMB|\bBP|\bB\.P\.|\bApartado(?: de [Cc]orreos| [Pp]ostal)?"
    r"|\bApdo\.?(?: de [Cc]orreos)?|\bC(?:asella [Pp]ostale|aixa [Pp]ostal|ase [Pp]ostale)|\bCP(?= \d{1,4},)|\bskr(?:ytka|\.) poczt(?:owa|\.)|\bBoîte [Pp]ostale"
    r"|\bGPO Box|\bLocked Bag|\bPrivate Bag|\bRR ?#?\d{1,3},? Box|\b(?:PSC|CMR|Unit|unit|psc) \d{1,5},? [Bb]ox|\bа/я) ?#?(?:n\.? ?[º°o]? ?)?\d{1,7}(?: \d{2}(?!\d)){0,3}"
    r"|\bPO [Bb]ox \d{1,6}"
)
_MILITARY = re.compile(
    r"(?:\b(?:USNS|USS|USCGC|USNV|USAV)\b [^\n]{2,30}[\n, ]{1,3})?\b[AFD]PO,? A[AEP],? \d{5}", re.I
)
_HOUSED = re.compile(
    r"(?:(?:House|Plot|Flat|Door|Shop|Blk|Block|Villa|Apartment|Apt|H\.|Unit|Bungalow|Lot|No)\b(?<!\w.)\.?,? ?(?:[Nn]o\.?:? ?)?#?[A-Z]?-?\d[\w/-]{0,7}"
    rf"|\b[A-Z]{{1,2}}-\d{{1,4}}),? (?:{_CAP}[^\n,;:]{{0,40}},? ){{1,6}}?(?:(?:[^\n,;:]{{2,30}}, )?{_CAP}[\w ]{{0,25}}[, -]{{1,3}})?(?P<code>\d{{6}}|\d{{4,5}})\b(?! [a-z])"
)
_LOCAL = re.compile(
    r"\b(?:Road|Rd|Street|St|Nagar|Marg|Sector|Avenue|Ave|Lane|Layout|Colony|Apartments?|Enclave|Vihar|Phase|Jalan|Jln|Jl|Taman|Lorong|Estate"
    r"|Society|Towers?|Cross|Main|Park|Garden|Court|Crescent|Close|Drive|Way|Barangay|Brgy|Village|Subdivision|Dhanmondi|Gulshan|Soi|Mo|Kio)\b"
)
_INDIAN = re.compile(
    rf"\d(?<![\w.,].)\d{{0,4}}[A-Z]?(?:/\d{{1,4}})?,? (?:{_CAP}[ ,]{{1,2}}){{1,7}}(?:- ?)?\d{{6}}\b"
)
_JAPANESE = re.compile(
    rf"\d{{1,3}}(?<![\w.-].)(?:-\d{{1,3}}){{1,3}},? {_CAP}(?:[ ,]{{1,2}}{_CAP}){{0,2}},? {_UP}[\w]{{1,20}}-(?:ku|shi|cho|machi|gun|son)(?:,? {_CAP}){{0,3}}(?:[ ,]{{1,2}}\d{{3}}-\d{{4}})?"
)
_EAST = re.compile(
    r"(?:\u3012? ?\d{3}-\d{4}[ \u3000]?)?[\u4e00-\u9fff\u30a0-\u30ff]{1,8}[\u90fd\u9053\u5e9c\u770c\u7701\u5e02][\u4e00-\u9fff\u3040-\u30ff]{1,24}[\d\uff10-\uff19\u4e00-\u5341]{1,4}"
    r"(?:[-\u2212\uff0d\u4e01\u76ee\u756a\u5730\u53f7\u865f\u5f04\u680b\u5ba4]{1,2}[\d\uff10-\uff19]{0,4}){1,6}"
    r"|[\uac00-\ud7a3]{2,8}(?:\uc2dc|\ub3c4) [\uac00-\ud7a3]{1,8}(?:\uad6c|\uc2dc|\uad70)(?: [\uac00-\ud7a3\d]{1,10}(?:\ub3d9|\uc74d|\uba74))?(?: [\uac00-\ud7a3\d]{1,12}(?:\ub85c|\uae38))? \d{1,4}(?:-\d{1,4})?"
)
_TAIL = re.compile(
    rf"(?:[ \t]*(?:,[ \t]*\n?|\n[ \t]*,?|[-\u2013/][ \t])[ \t>?]*|[ \t]+)"
    rf"(?:{_UNIT[3:-1]}|[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}\b|[A-Z]{{1,2}}[- ]?\d{{4,6}}(?:-\d{{3,4}})?\b|[A-Z]\d[A-Z] ?\d[A-Z]\d\b"
    rf"|\d{{4,6}}(?:-\d{{3,4}})?\b(?: [A-Z]{{2}}\b)?|\d{{2}}-\d{{3}}\b|\d{{3}} \d{{2}}\b|\d{{3}}-\d{{4}}\b|[A-Z]{{2}}\b(?! [a-z])"
    rf"|(?:{_CAP} (?:{_LINK} )?){{0,3}}{_CAP}(?:\b|(?<=\.)))"
)
_LIVES = (
    *("lives at", "live at", "living at", "lived at", "resides at", "residing at", "moved to", "ship to", "shipped to"),
    *("deliver to", "delivered to", "address is", "address of", "address:", "mail to", "sent to", "address"),
    *("billing address", "shipping address", "home address", "wohnhaft in", "wohnhaft", "wohnt in", "wohnt", "wohnen"),
    *("habite au", "habite", "demeurant", "vive en", "vivo en", "domiciled at", "located at", "office at", "house at"),
    *("adresse", "anschrift", "lieferadresse", "rechnungsanschrift", "indirizzo", "dirección", "domicilio", "abita in"),
    *("residente in", "residente en", "morada", "endereço", "adres", "adresa", "adress", "osoite", "lakcím", "адрес", "bor på", "street:", "street address"),
    *("bezorgen bij", "woont op", "mieszka przy", "send it to", "my address", "visit us at", "we're at"),
    *("is located on", "come to", "is at", "meet me at", "meet you at", "meet at", "lives on", "live on", "return to"),
    *("pick up at", "pickup at", "drop off at", "drops you off at", "moved into", "parcel went to", "new place is"),
    *("flat at", "apartment at", "home at", "property at", "premises at", "residing in", "domicilié", "domiciliée", "adrese"),
)  # fmt: skip
_FOLLOWS = re.compile(
    r"[\s:=\"']*(?:is[\s:]+|to[\s:]+|in[\s:]+|au[\s:]+|(?:of|for) [^\n:]{1,40}? is[\s:]+|de [^\W\d_]{3,12} ?[:\s]+)?"
    r"((?=[^\n.]{0,40}\d)(?:\d|[^\W\d_a-zà-ÿ]|[vr](?:ia|ua|ue) |ul\. )[^\n.!?;{}\[\]\"<>|]{3,80}(?:(?<=Apt)\.[^\n.!?;{}\[\]\"<>|]{1,40}|(?<=\bSt)\.[^\n.!?;{}\[\]\"<>|]{1,40})?)"
)
_CORNER = re.compile(
    rf" ((?:[\w.'\u2019-]+ ){{1,5}}(?:and|&) (?:(?:{_CAP}|\d\w{{0,4}})\b\.? ?){{1,4}}(?<! ))"
)
# the last word of an address is a name or has a number; what is said after it begins with neither
_LAST = re.compile(r".*(?<![^\W_])[A-ZÀ-ÖØ-Þ\d][\w'\u2019.-]*", re.S)
_STREETLIKE = re.compile(r"\d[\w/-]{0,6},? [^\W\d_]|[^\W\d_]{3,} \d{1,5}")
LABELS = (
    *("address", "street", "addr", "adresse", "anschrift", "straße", "strasse", "dirección", "direccion", "indirizzo"),
    *("straat", "adres", "endereço", "endereco", "morada", "rue", "calle", "gata", "adress", "ulica", "osoite", "domicilio"),
    *("lieferadresse", "address1", "address2", "streetaddress", "адрес", "住所", "地址", "주소"),
)  # fmt: skip


def postal(text: Text) -> Iterator[Span]:
    """Yield postal addresses with the town, region, code and country that follow them."""
    yield from union(_all(text))


def labelled(label: str) -> bool:
    """Whether a column or key is called so that it holds addresses of houses."""
    words = set(label.split())
    return any(word in words for word in LABELS) and not words & {
        "ip",
        "mac",
        "web",
        "mail",
        "email",
        "e",
        "memory",
        "wallet",
    }


def whole(cell: str) -> bool:
    """Whether a cell of a column of addresses is one."""
    bare = cell.strip()
    return 6 <= len(bare) <= 200 and _STREETLIKE.search(bare) is not None


_SMALL_STREET = r"|(?:fejedelem|útja|utca|körút|náměstí|nábřeží|třída|ulice|ulica|gate|gata|gatan|veien|vegen|plass|torg|allé|alle|laan|plein|katu|caddesi|sokak|bulevardi|cesta|iela|gatvė|street|road)"
_GATE = re.compile(
    r"[A-ZÀ-ÖØ-ÞĀ-ɎΑ-ΩА-Я](?<!\w.)[^\W\dA-Z_][\w'\u2019./-]{0,40}(?:[ ,]{1,2}(?:[A-ZÀ-ÖØ-ÞĀ-ɎΑ-ΩА-Я][\w'\u2019./-]{0,40}|[^\W\d_]{1,3}\.?(?!\w)"
    + _SMALL_STREET
    + r")){0,5}[,.]? ?(?:- |[#\u2116] ?|[Nn][.\u00ba\u00b0ro]{1,2}[.:]? ?|\u0434\. ?)?(?!(?:19|20)\d\d(?!\d))\d"
    r"|\d(?<![\w.:,$-].)\d{0,5}(?:[-/]\d{1,5})?[A-Za-z]?(?: bis| ter)?,? (?:\d{1,5},? )?(?:[NSEW]{1,2}\.? )?(?:[A-ZÀ-ÖØ-ÞĀ-ɎΑ-ΩА-Я][a-zà-ÿ'\u2019.\u0100-\u024f\u0370-\u04ff]"
    r"|(?:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai|route|cours|square|faubourg|passage) )"
    r"|(?<!\w)(?:rue|via|ul\.|al\.|os\.|calle|c/|rua|ул\.|пр\.) ?[^\W\d_]|\d-\d{1,3}(?:-\d{1,3})? [A-Z][a-z]"
)
# words that stand with an address that is written small, and with a box
_HINTS = (
    *("address", "lives", "live at", "ship", "deliver", "sent to", "mail to", "located", "moved", " box", "postf", "apartado"),
    *("apdo", "casella", "caixa", "case postale", "poczt", "postb", "boks", "bp ", "pmb", "p.m.b", " bag", "apo ", "fpo ", "dpo "),
    *("corner of", "apt", "suite"),
)  # fmt: skip
_DIGIT = re.compile(r"\d")
_BEFORE, _BEHIND = 100, 320  # letters around a hint that the rules look at


def _windows(text: Text) -> list[tuple[int, int]]:
    """The parts of a text where an address can be: all others are passed over quickly."""
    places = [match.span() for match in _GATE.finditer(text.plain)]
    for hint in _HINTS:
        at = text.low.find(hint)
        while at >= 0:
            if _DIGIT.search(text.plain, at, at + 90):
                places.append((at, at + len(hint)))
            at = text.low.find(hint, at + len(hint))
    windows: list[tuple[int, int]] = []
    for start, end in sorted(places):
        begin, stop = max(0, start - _BEFORE), end + _BEHIND
        if windows and begin <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(stop, windows[-1][1]))
        else:
            windows.append((begin, stop))
    return windows


def _all(text: Text) -> Iterator[Span]:
    for begin, stop in _windows(text):
        yield from within(text, begin, stop)
    if not text.plain.isascii():
        for match in _EAST.finditer(text.plain):
            yield Span("address", *match.span(), 0.8)
    if text.label and labelled(text.label):
        for start, cell in text.cells():
            if cell and whole(cell):
                yield Span("address", start, start + len(cell), 0.8)


def within(text: Text, begin: int, stop: int) -> Iterator[Span]:
    """Yield what is an address between two places of a text, without asking whether there can be one."""
    plain = text.plain
    for pattern, score in _PATTERNS:
        for match in pattern.finditer(plain, begin, stop):
            if pattern is _STREET and not _plausible(match[0], plain, match.end()):
                continue
            if pattern is _HOUSED and not (len(match["code"]) == 6 or _LOCAL.search(match[0])):
                continue
            if pattern is _INDIAN and not _LOCAL.search(match[0]):
                continue
            if pattern is _CODED and _is_ordinary(match[0].split(",")[0].split()):
                continue
            yield Span("address", match.start(), _tail(plain, match.end()), score)
    for match in _PREPOSITION.finditer(plain, begin, stop):
        end = _tail(plain, match.end())
        if re.search(r"\d{4,5} [^\W\d_]", plain[match.end() : end]):
            yield Span("address", match.start(), end, 0.8)
    part = Text(plain[begin:stop], text.low[begin:stop], text.label)
    yield from _said(part, text, begin)
    for _, end in part.ends_of(("corner of",)):
        corner = _CORNER.match(plain, begin + end)
        if corner is not None:
            yield Span("address", *corner.span(1), 0.6)
    yield from _ending(text, begin, stop)
    yield from _beginning(text, begin, stop)


_PATTERNS = (
    (_STREET, 0.85),
    (_UNIT_ANCHOR, 0.8),
    (_UNIT_FIRST, 0.7),
    (_NUMBER_FIRST, 0.85),
    (_NUMBERED, 0.7),
    (_CODED, 0.75),
    (_UK, 0.8),
    (_COLOMBIAN, 0.85),
    (_HOUSED, 0.7),
    (_INDIAN, 0.7),
    (_JAPANESE, 0.8),
    (_MILITARY, 0.85),
    (_BOX, 0.9),
)


def _ending(text: Text, begin: int, stop: int) -> Iterator[Span]:
    """Streets whose name ends in the word for one, with the house's number behind it."""
    plain = text.plain
    for match in _GERMANIC.finditer(plain, begin, stop):
        word = match[0].strip(" ,")
        if not word.lower().endswith(_ENDINGS):
            continue
        house = _HOUSE_AT.match(plain, match.end())
        if house is None or _year(house[0]):
            continue
        glued = word.lower() not in _ENDINGS
        before = plain[max(0, match.start() - 70) : match.start() + (len(word) if glued else 0)]
        name = (_GERMANIC_WORD if glued else _GERMANIC_NAME).search(
            before.rstrip(" -").removesuffix(".") if glued else before.rstrip(" -")
        )
        if name is None:
            continue
        if (_is_ordinary(name[0].split()) and not glued) or (not glued and name[0] in _ARTICLES):
            continue
        start = max(0, match.start() - 70) + name.start()
        yield Span("address", start, _tail(plain, house.end()), 0.85)


_ARTICLES = frozenset(
    [
        "Die",
        "Der",
        "Das",
        "Den",
        "Dem",
        "Auf",
        "Ein",
        "Eine",
        "Het",
        "De",
        "Een",
        "Im",
        "Am",
        "In",
        "An",
        "Den",
        "Det",
        "En",
        "Ett",
    ]
)


def _beginning(text: Text, begin: int, stop: int) -> Iterator[Span]:
    """Streets whose name begins with the word for one."""
    plain = text.plain
    for match in _FIRST.finditer(plain, begin, stop):
        word = match[0].rstrip()
        if word.lower() not in _BEGINNINGS:
            continue
        if word.islower() and word not in _SMALL:
            continue
        named = _NAMED.match(plain, match.end())
        if word in ("via", "rue", "corso", "plaza") and named is not None:
            named = named if _ENDED.match(plain, named.end()) else None
        if named is None or _year(re.findall(r"\d+", named[0])[-1]):
            continue
        name = re.split(r"[, ]+(?=\S*\d)", named[0])[0].split()
        if (
            not name
            or _is_ordinary(name)
            or (len(word) < 4 and word.isalpha() and len(name[0]) < 3)
        ):
            continue
        yield Span("address", match.start(), _tail(plain, named.end()), 0.85)


_ENDED = re.compile(r"[ \t]*(?:[,.;:)\n]|\Z|\d{5})")
_SMALL = frozenset(
    [
        "rue",
        "via",
        "rua",
        "ul.",
        "ulica",
        "al.",
        "pl.",
        "os.",
        "aleja",
        "calle",
        "viale",
        "piazza",
        "corso",
        "avenida",
        "plaza",
        "carrer",
        "náměstí",
        "třída",
        "улица",
        "проспект",
        "ул.",
        "пр.",
        "пер.",
        "пл.",
        "бульвар",
        "б-р",
        "наб.",
        "вул.",
        "пр-т",
    ]
)


def _said(part: Text, text: Text, begin: int) -> Iterator[Span]:
    for start, end in part.ends_of(_LIVES):
        before = text.low[max(0, begin + start - 7) : begin + start].rstrip()
        if before.endswith(("mail", "ip", "mac", "the", "web")):
            continue
        match = _FOLLOWS.match(text.plain, begin + end)
        if match is None or not _STREETLIKE.search(match[1]) or "@" in match[1]:
            continue
        last = _LAST.search(match[1])
        stop = match.start(1) + (last.end() if last is not None else len(match[1]))
        if text.plain[stop : stop + 1] == "\n":
            stop = _tail(text.plain, stop)
        yield Span("address", match.start(1), stop, 0.6)


def _year(number: str) -> bool:
    return re.fullmatch(r"(?:19|20)\d\d", number.strip()) is not None


def _is_ordinary(words: list[str]) -> bool:
    """Whether all that names a street are ordinary words: a heading, not a street."""
    names = [one.strip(".,") for one in words if one[:1].isupper()]
    return bool(names) and all(one in _HEADINGS for one in names)


_HEADINGS = frozenset(
    [
        "Table",
        "Figure",
        "Chapter",
        "Section",
        "Page",
        "Step",
        "Stage",
        "Sample",
        "Exit",
        "Track",
        "Gate",
        "Room",
        "Level",
        "Box",
        "Unit",
        "Row",
        "Version",
        "Item",
        "Part",
        "Volume",
        "Issue",
        "Number",
        "Total",
        "Sum",
        "Year",
        "Month",
        "Day",
        "Week",
        "Platz",
        "Weg",
        "Straße",
        "Via",
        "Calle",
        "Real",
        "Block",
        "House",
        "Tower",
        "Floor",
        "In",
        "On",
        "At",
        "Am",
        "Im",
        "Um",
        "Zum",
        "Zur",
        "Der",
        "Die",
        "Das",
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "Januar",
        "Februar",
        "März",
        "Mai",
        "Juni",
        "Juli",
        "Oktober",
        "Dezember",
        "Python",
        "Windows",
        "Office",
        "Terminal",
        "Phase",
        "Model",
        "Type",
        "Class",
        "Group",
        "Team",
        "Route",
        "Highway",
        "Interstate",
        "Bus",
        "Line",
        "Seat",
        "Flight",
        "Turbo",
        "Corso",
        "Carrera",
        "Boulevard",
        "Avenue",
        "Place",
        "Strada",
        "Alle",
        "Ring",
        "Markt",
        "Largo",
        "Plaza",
        "Rodovia",
    ]
)


def _plausible(found: str, text: str, end: int) -> bool:
    """Whether a number and a street's name are an address, and not a count of things."""
    words = found.replace(",", " ").split()
    last = next((one for one in reversed(words) if one[:1].isalpha()), "").strip(".")
    names = [one.strip(".") for one in words if one[:1].isupper()]
    coded = (
        re.match(r"[.]?[ \t]*(?:,|\n)[ \t>?]*(?:[^\W\d_a-z]|\d)", text[end : end + 40]) is not None
    )
    behind = (
        re.match(
            r" (?!and\b|with\b|in\b|on\b|at\b|for\b|by\b|is\b|was\b|to\b)(?:[a-zà-ÿ]|[A-Z][a-z])",
            text[end : end + 8],
        )
        is not None
    )
    if len(names) > 1 and names[0] in _COUNTED:
        return False
    if len(words) < 3 or (
        re.fullmatch(r"(?:19|20)\d\d|\d{1,2}00|\d0", words[0])
        and not coded
        and last in _DOUBTFUL
        and behind
    ):
        return coded and len(words) > 1
    if (
        len(names) > 1
        and all(one in ordinary() for one in names[:-1])
        and last in _DOUBTFUL
        and not coded
    ):
        return (
            last not in _PATHS
            and not behind
            and names[0] not in _HEADINGS
            and names[0] not in _COUNTED
            and not (names[0].endswith("s"))
        )
    return True


_PATHS = frozenset(
    [
        "Run",
        "Trail",
        "Walk",
        "Pass",
        "Loop",
        "Point",
        "Way",
        "Common",
        "Ridge",
        "Crossing",
        "Row",
        "View",
        "Route",
    ]
)
_COUNTED = frozenset(
    [
        "Star",
        "Point",
        "Hour",
        "Minute",
        "Day",
        "Year",
        "Mile",
        "Meter",
        "Square",
        "Row",
        "Seat",
        "Lane",
        "Way",
        "Court",
        "Tennis",
        "Road",
        "Street",
        "Park",
        "Acre",
        "Days",
    ]
)


def _tail(text: str, end: int) -> int:
    """Return where the town, the code and the country after a street end; a sentence ends it too."""
    for _ in range(8):
        match = _TAIL.match(text, end)
        if match is None or match[0][-1] == "." or len(match[0]) > 70:
            break
        gap = match[0][: len(match[0]) - len(match[0].lstrip(" \t,\n>?-\u2013/"))]
        if "," not in gap and "\n" not in gap and "-" not in gap and "/" not in gap:
            coded = re.search(r"\d|^\s[A-Z]{2}$", match[0]) or re.search(
                r"\d[\d -]*(?: [A-Z]{2})?$", text[max(0, end - 10) : end]
            )
            if not coded:
                break
        end = match.end()
    return end
