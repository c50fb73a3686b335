"""Results that nobody should get: working malware, phishing kits, recipes for weapons and drugs. By rules.

Every rule wants several signs together: a text *about* an attack, a detection rule, or a harmless tool that
uses one of the same calls has one of them.
"""

import re
from typing import NamedTuple

MAX_TEXT = 2_000_000  # letters of one text that are looked at


class Rule(NamedTuple):
    """What is harmful, and the signs of it: `needed` of them have to be in a text."""

    name: str
    what: str
    signs: tuple[re.Pattern[str], ...]
    needed: int


def _rule(name: str, what: str, needed: int, *signs: str) -> Rule:
    return Rule(name, what, tuple(re.compile(sign, re.I) for sign in signs), needed)


RULES: tuple[Rule, ...] = (
    _rule(
        "reverse-shell",
        "a program that hands a shell to another machine",
        1,
        r"(?:ba)?sh -i\s*(?:>&|&>|>)\s*/dev/tcp/[\w.]+/\d+",
        r"\bn(?:c|cat)(?:\.exe)? (?:-\w+ )*-\w*e\w* ?(?:/bin/|cmd|powershell)[^\n]{0,60}",
        r"\bmkfifo [^\n;|]{1,60}[;|][^\n]{0,80}sh -i[^\n]{0,40}\|\s*nc ",
        r"socket\.socket\([^\n]*\)[\s\S]{0,400}\bdup2\([^\n]{0,40}\b(?:0|1|2)\)[\s\S]{0,400}(?:/bin/(?:ba)?sh|pty\.spawn|cmd\.exe)",
        r"New-Object (?:System\.)?Net\.Sockets\.TCPClient\([\s\S]{0,600}\biex\b",
    ),
    _rule(
        "download-cradle",
        "a command that fetches and runs hidden code",
        1,
        r"powershell[^\n]{0,80}-e(?:nc|ncodedcommand)? [A-Za-z0-9+/=]{80}",
        r"\b(?:iex|invoke-expression)\b[^\n]{0,40}(?:net\.webclient|invoke-webrequest|iwr|downloadstring)[^\n]{0,200}https?://",
        r"exec\((?:base64\.b64decode|zlib\.decompress|marshal\.loads)\([^\n]{200}",
    ),
    _rule(
        "ransomware",
        "a program that encrypts somebody's files for money",
        3,
        r"\b(?:os\.walk|rglob\(|glob\(|Directory\.GetFiles|FindFirstFile|readdir)",
        r"\b(?:Fernet|AES\.new|ChaCha20|cipher\.encrypt|CryptEncrypt|createCipheriv|encrypt_file)\b",
        r"your (?:personal |important )?files (?:have been|are|were) (?:encrypted|locked)",
        r"\b(?:bitcoin|btc|monero|xmr)\b[^\n]{0,120}\b(?:address|wallet|send|pay|transfer)|(?:pay|send)[^\n]{0,80}\b(?:bitcoin|btc|monero)",
        r"vssadmin(?:\.exe)? delete shadows|wbadmin delete|\.locked['\"]|decrypt(?:ion)? key[^\n]{0,60}(?:pay|deadline)",
    ),
    _rule(
        "keylogger",
        "a program that records what somebody types and sends it away",
        2,
        r"pynput|SetWindowsHookEx|GetAsyncKeyState|keyboard\.(?:on_press|hook)|/dev/input/event",
        r"(?:requests\.post|smtplib\.SMTP|urlopen|send_webhook|discord(?:app)?\.com/api/webhooks|sendmail)\b[\s\S]{0,300}"
        r"\b(?:keys?|keystrokes?|log|buffer)\b",
    ),
    _rule(
        "credential-theft",
        "a program that takes the passwords kept on a machine",
        2,
        r"Login Data|logins\.json|key4\.db|sekurlsa::logonpasswords|lsass(?:\.exe|\.dmp)|CryptUnprotectData|mimikatz",
        r"\b(?:requests\.post|urlopen|webhook|sendmail|ftplib|smtplib)\b|Invoke-Mimikatz|privilege::debug|comsvcs\.dll",
    ),
    _rule(
        "phishing",
        "a page or letter that lures passwords out of people",
        3,
        r"(?:account|mailbox|card|access) (?:has been|was|will be|is) (?:suspended|locked|limited|blocked|deactivated|restricted)",
        r"(?:verify|confirm|update|validate) (?:your )?(?:account|identity|password|billing|payment|card|login)[^\n]{0,80}"
        r"(?:within|immediately|now|24|48|hours|to avoid|or (?:your|it))",
        r"<input[^>]{0,200}type=[\"']?password|https?://[^\s\"'>]{0,80}(?:login|signin|verify|secure|account)[^\s\"'>]{0,80}",
        r"\b(?:paypal|microsoft|office ?365|apple|amazon|netflix|dhl|bank of|wells fargo|hsbc|google|facebook|instagram|irs)\b",
        r"file_put_contents\([^\n]{0,80}(?:pass|cred|log)|\$_POST\[['\"]pass|mail\(\$|telegram\.org/bot",
    ),
    _rule(
        "explosive",
        "how to make an explosive",
        3,
        r"\b(?:TATP|triacetone triperoxide|HMTD|RDX|PETN|ANFO|nitroglycerin|pipe bomb|thermite|black powder|detonator|blasting cap)\b",
        r"\b(?:acetone|hydrogen peroxide|ammonium nitrate|nitric acid|sulfuric acid|hexamine|potassium chlorate|nitromethane)\b",
        r"\b(?:mix|add|stir|dissolve|drip|pour|combine|pack|fill)\b[^\n]{0,160}\b\d+(?:\.\d+)? ?(?:g|grams?|ml|millilit\w+|kg|cups?|parts?|%)",
        r"\b(?:shrapnel|fuse|initiat\w+|nails|ball bearings|detonat\w+|crowd)\b",
    ),
    _rule(
        "chemical-weapon",
        "how to make a chemical or biological weapon",
        3,
        r"\b(?:sarin|soman|tabun|VX|novichok|mustard gas|phosgene|ricin|botulinum|anthrax|bacillus anthracis|abrin)\b",
        r"\b(?:synthes\w+|distil\w*|purif\w+|extract\w*|cultur\w+|cultivat\w+|weaponi[sz]\w+|aerosoli[sz]\w+|reflux\w*)\b",
        r"\b(?:methylphosphonyl|isopropanol|thionyl chloride|phosphorus trichloride|castor beans?|agar|fermenter|precursor)\b",
        r"\b(?:mix|add|heat|stir|dissolve|filter|grind)\b[^\n]{0,160}\b\d+(?:\.\d+)? ?(?:g|grams?|ml|°|degrees|mg|kg|hours?|minutes?|mol)",
    ),
    _rule(
        "drug",
        "how to make a hard drug",
        3,
        r"\b(?:methamphetamine|crystal meth|fentanyl|MDMA|heroin|LSD)\b",
        r"\b(?:pseudoephedrine|red phosphorus|P2P|phenyl-?2-propanone|safrole|NPP|4-ANPP|anhydrous ammonia|lithium strips?|ergotamine)\b",
        r"\b(?:reflux|recrystalli[sz]e|distil\w*|synthes\w+|cook|react\w*|filter)\b",
        r"\b(?:mix|add|heat|stir|dissolve|drip)\b[^\n]{0,160}\b\d+(?:\.\d+)? ?(?:g|grams?|ml|°|degrees|mg|kg|hours?|mol)",
    ),
)  # fmt: skip
_ABOUT = re.compile(
    r"(?i)\b(?:yara|sigma rule|snort|suricata|rule [a-z_]+\s*\{|detection rule|ioc|cve-\d{4})\b"
)


class Harm(NamedTuple):
    """Which rule a text meets, and what that is in words."""

    rule: str
    what: str


def harms(text: str) -> tuple[Harm, ...]:
    """Return the rules that a text meets. A rule that finds attacks is none."""
    text = text[:MAX_TEXT]
    met = [
        Harm(rule.name, rule.what)
        for rule in RULES
        if sum(sign.search(text) is not None for sign in rule.signs) >= rule.needed
    ]
    return () if met and _ABOUT.search(text) else tuple(met)
