"""Telephone numbers: as countries write them, and by the words before them in many languages."""

import re

from toolguild.outgoing.words import Text

# words that a number follows; a number directly behind one is a telephone's
_WORDS = (
    "phones?|phoned|cel|telephones?|telephone number|tel|tél|telf|tfno|tfn|tlf|tlfn|mobiles?|mobile phone|cell|cells|cellphone"
    "|cell phone|fax|telefax|telecopy|call|calls|called|calling|ring|rang|whats ?app|viber|telegram|signal|wechat|sms"
    "|text|texts|texted|dial|hotline|helpline|landline|reach|reachable|contact|handy|handynummer|telefon|telefons"
    "|telefonnummer|telefonisch|rufnummer|rückruf|durchwahl|festnetz|mobil|mobilnummer|mobilfunk|mobiltelefon|mobilnr"
    "|gsm|cep|cep tel|téléphone|telephonique|téléphonique|portable|fixe|joignable|appelez|appeler|rappeler|telefono"
    "|telefonico|cellulare|recapito|chiamami|chiamare|chiama|teléfono|telefónico|móvil|movil|celular|fijo|llámame|llamar"
    "|llame|llámenos|llama|telefone|telefones|telemóvel|telemovel|ligue|ligar|liga|contato|puhelin|matkapuhelin|puh"
    "|telefoon|telefoonnummer|mobiel|bel|bellen|belt|kom|komórka|komórkowy|nr tel|zadzwoń|dzwonić|ringa|ring mig|mobiltel"
    "|telefonszám|tlačítko|zavolejte|volejte|zastihnete|mobilní|ph|mob|fon|direct|direct line|direct dial|switchboard"
    "|front desk|(?:my|his|her|our|their) number(?: is|['’]s)?|messages?|answering|registered|work number|phone number|phone numbers|home number|callback|voicemail|pager|toll free"
    "|toll-free|freephone|тел|телефон|телефону|моб|мобильный|звоните|звони|позвони|факс|τηλ|τηλέφωνο|κινητό|טלפון|נייד|هاتف|الهاتف"
    "|جوال|موبايل|تلفن|फ़ोन|फोन|मोबाइल|電話|電話番号|携帯|携帯電話|連絡先|ファックス|电话|電话|手机|手機|联系电话|传真|전화"
    "|전화번호|연락처|휴대폰|휴대전화|핸드폰|팩스|điện thoại|đt|sđt|โทร|telepon|hp|no telp|simu"
)
# what stands between the word and the number, and still leaves no doubt
_BETWEEN = (
    r"(?:[\s:.,=#\"'()\[\]>*/|\uff1a\u2013-]|\b(?:numbers?|nummer|numéro|número|numero|no|nr|num|n[º°]|is|was|are|ist|est|es|at"
    r"|on|me|us|him|her|them|mich|uns|mě|mig|back|again|direct|under|unter|auf|an|au|al|ai|le|el|la|il|o|para|pelo|no|på|op|na|pod|of"
    r"|oder|or|ou|via|my|our|your|the|mobile|cell|work|home|office|private|line|para contato|call|int|and|und|y|to|w|m"
    r"|arbeit|dienstlich|privat|abends|evenings|reception|desk|if needed|up|please|instead|today|tomorrow|directly)\b){0,12}"
)
_DIRECT = re.compile(rf"(?<![^\W_])(?:{_WORDS}){_BETWEEN}\Z")
_CJK = re.compile(
    r"(?:電話|電話番号|携帯|連絡先|ファックス|电话|手机|手機|传真|전화|전화번호|연락처|휴대폰|휴대전화|팩스|โทร)[\s:.=\uff1a]{0,4}\Z"
)
_NEAR = re.compile(rf"(?<![^\W_])(?:{_WORDS})(?![^\W_])")
_LINE_LETTER = re.compile(
    r"(?:\A|[\n|,;/(])[ \t]*[tmfpwhco][:.][ \t]*\Z"
)  # T: M: F: of a signature
_BEHIND = re.compile(
    r"(?:[ \t]*[-\u2013(,\\]{0,2}[ \t]*(?:office|mobile|mobil|cell|fax|home|work|desk|direct|phone|tel|handy|\(mobile\)|\(cell\))\b"
    r"|[ \t]+(?:rang|called|phoned|texted)\b)", re.I
)  # fmt: skip
_NOT = re.compile(
    r"(?<![^\W_])(?:isbn|issn|orders?|invoice|tracking|lot|part|serial|version|v|id|ids|ref|reference|sku|ticket|case|doi|ean|upc"
    r"|gtin|asin|article|art|batch|build|memory|timestamp|commit|lat|lon|latitude|longitude|score|rfc|iso|din|price|prices"
    r"|quantity|qty|account|acct|konto|model|modell|item|product|produkt|section|nist|standard|pmid|arxiv|charge|bestell-nr"
    r"|bestellung|rechnung|facture|fattura|factura|faktura|commande|pedido|ordine|auftrag|vorgang|aktenzeichen|az|row"
    r"|seq|sequence|port|pid|uid|gid|error|code|exit|line|page|pages|pp|vol|sample|chr|population|total|sum|mean|count"
    r"|epoch|unix|barcode|matrix|catalog|catalogue|catalog no|edition|patent|zip|plz|size|bytes|elapsed|[a-zäöü]{4,}(?:nummer|number|nr)"
    r"|[a-z]{3,}-nr)[\s:.#=nor]{0,6}[a-z]{0,3}[\s:.#-]{0,3}\Z"
)
_OWN_NUMBER = re.compile(
    r"(?:telefon|telefoon|telephone|phone|handy|mobil|mobile|ruf|fax|puhelin|cell|work|home|contact)[a-z]*[- ]?(?:nummer|number|nr)"
)
_UNIT = re.compile(
    r"[ \t]?(?:%|€|\$|£|°|bytes?|[kmgt]i?b\b|rows?|users?|visitors?|views?|characters?|chars?|words?|lines?|people|inhabitants"
    r"|units?|items?|pieces?|stück|stimmen|eur\b|usd\b|gbp\b|chf\b|kg\b|t\b|ha\b|km\b|m[²³23]?\b|mm\b|ms\b|s\b|sec|hours?|min\b|mah"
    r"|times|samples|records|tonnes|tons|million|customers|sessions|followers|downloads|points|jobs|cases|votes|in \d{4}\b)", re.I
)  # fmt: skip
_NANP = re.compile(r"(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}([ .-]))\d{3}[ .-]\d{4}")
_GROUPED = re.compile(r"\d{2,4}([ .-])\d{2,4}\1\d{2,4}(?:\1\d{2,4})?")
_NATIONAL = re.compile(
    r"\(?0\d{1,5}\)?(?:([ ./-])\d{2,4}(?:\1\d{2,4}){1,4}|[ /-]\d{5,8}|[ /-]\d{3,4}[ -]\d{3,6})"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:[ \u2009\xa0]\d{3})+")
_FREE = re.compile(r"(?:1[ -]?800|0800|1300|1800|0808|800)[ -]\d{2,4}[ -]?\d{3,4}")
_COUNTRY = re.compile(r"[^\W\d][^\n]{0,40}\n?[ \t>]*\b\d{4,6}[ \t]*\n[ \t>]*\Z")
_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4})(?:[ T-]+\d{1,2}.*)?", re.S
)
LABELS = frozenset(
    [
        "phone",
        "phones",
        "telephone",
        "tel",
        "mobile",
        "cell",
        "cellphone",
        "fax",
        "whatsapp",
        "gsm",
        "handy",
        "telefon",
        "mobil",
        "téléphone",
        "telephon",
        "telefono",
        "cellulare",
        "teléfono",
        "móvil",
        "movil",
        "celular",
        "telefone",
        "telemóvel",
        "puhelin",
        "telefoon",
        "phonenumber",
        "mobilenumber",
        "telefonnummer",
        "handynummer",
        "mobilnummer",
        "rufnummer",
        "telefax",
        "landline",
        "festnetz",
        "portable",
        "телефон",
        "電話",
        "电话",
        "手机",
        "전화",
        "msisdn",
    ]
)
_COUNTED = frozenset(
    [
        "count",
        "counts",
        "total",
        "sum",
        "mean",
        "avg",
        "average",
        "number_of",
        "sales",
        "price",
        "minutes",
        "model",
        "models",
        "visits",
        "sessions",
        "users",
        "units",
        "usage",
        "duration",
        "brand",
        "os",
        "type",
        "share",
        "rate",
        "percent",
        "subscribers",
        "subscriptions",
        "lines",
        "id",
        "version",
        "revenue",
        "traffic",
    ]
)


def labelled(label: str) -> bool:
    """Whether a column or key is called so that it holds telephone numbers."""
    words = set(label.split())
    return bool(words & LABELS) and not words & _COUNTED


def telephone(text: Text, run: str, digits: str, start: int) -> float:
    """Return how sure it is that a run of digits is a telephone number; 0: it is none."""
    size, end = len(digits), start + len(run)
    if not 7 <= size <= 15 or _is_date(run):
        return 0.0
    if run.count(".") == 1 and len(run) == size + 1:
        return 0.0  # a decimal number
    before = text.low[max(0, start - 56) : start]
    stripped = before.rstrip(" \t\"'(")
    if run[0] == "+":
        return _international(text, run, digits, end)
    unit = _UNIT.match(text.plain, end) is not None
    counted = _NOT.search(before[-32:]) is not None and _OWN_NUMBER.search(before[-32:]) is None
    lettered = any(one >= "a" for one in before)
    if counted or (unit and _THOUSANDS.fullmatch(run)):
        return 0.0
    if lettered and (_DIRECT.search(before) or _LINE_LETTER.search(before) or _CJK.search(before)):
        return 0.0 if unit or (size == len(run) and size < 9 and not _strong(before)) else 0.9
    grouped = size != len(run)
    if (
        (grouped or (size > 8 and text.plain[end : end + 1] == "-"))
        and _BEHIND.match(text.plain, end)
        and not _THOUSANDS.fullmatch(run)
    ):
        return 0.8
    if text.label and labelled(text.label):
        return 0.9
    if _NANP.fullmatch(run) or _FREE.fullmatch(run):
        return 0.85 if not stripped.endswith(("$", "€", "£", "#")) else 0.0
    if 9 <= size <= 12 and _NATIONAL.fullmatch(run) and run.count(".") != size // 2:
        return 0.7
    if grouped and size >= 8 and lettered and not _THOUSANDS.fullmatch(run) and not unit:
        line = before.rpartition("\n")[2][-34:]
        if _NEAR.search(line) and _phone_like(run):
            return 0.7
    return 0.6 if _below_an_address(text, run, start) else 0.0


def _strong(before: str) -> bool:
    """Whether the word before a short plain number speaks of a telephone and of nothing else."""
    return (
        re.search(
            r"(?:phone|tel|fax|telef\w*|mobil\w*|handy\w*|電話|电话|전화)[\s:.#nor\"'=]*\Z",
            before[-24:],
        )
        is not None
    )


def _international(text: Text, run: str, digits: str, end: int) -> float:
    if len(digits) < 8 or digits[0] == "0":
        return 0.0
    grouped = len(run) > len(digits) + 1
    if _UNIT.match(text.plain, end) or (_THOUSANDS.fullmatch(run[1:]) and not len(digits) > 10):
        return 0.0
    return 0.9 if grouped or len(digits) >= 10 else 0.6


def _phone_like(run: str) -> bool:
    """Whether groups of digits are long enough, and not a range or a list of small numbers."""
    groups = re.findall(r"\d+", run)
    return 2 <= len(groups) <= 6 and max(map(len, groups)) >= 2 and sum(len(one) == 1 for one in groups) <= 1 and (
        len(groups) > 2 or min(map(len, groups)) >= 2
    )  # fmt: skip


def _below_an_address(text: Text, run: str, start: int) -> bool:
    """Whether a grouped number is a whole line below one that ends in a postcode, as in a letter's head."""
    before = text.plain[max(0, start - 80) : start]
    behind = text.plain[start + len(run) : start + len(run) + 1]
    return (
        behind in ("", "\n")
        and _GROUPED.fullmatch(run) is not None
        and _COUNTRY.search(before) is not None
    )


def _is_date(run: str) -> bool:
    return _DATE.fullmatch(run) is not None
