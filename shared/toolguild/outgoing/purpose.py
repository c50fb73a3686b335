"""What personal data a task is for: decided from the user's own words, never from what a file says."""

import re
from collections.abc import Iterable

_PEOPLE = (
    r"(?:people|persons?|customers?|clients?|employees?|patients?|students?|pupils?|teachers?|authors?|speakers?"
    r"|contacts?|members?|users?|applicants?|candidates?|attendees?|participants?|guests?|players?|sellers?"
    r"|salespersons?|salespeople|sales ?reps?|managers?|owners?|tenants?|recipients?|senders?|signatories|witnesses"
    r"|staff|colleagues?|friends?|actors?|artists?|writers?|winners?|doctors?|drivers?|assignees?|reviewers?)"
)
_WORDS: dict[str, str] = {
    "email": r"e-?mails?(?: addresses)?|mail addresses|contact (?:details|data|information)",
    "phone": r"(?:tele)?phones?(?: numbers?)?|mobile numbers?|cell numbers?|fax numbers?|tel\.? numbers?"
    r"|contact (?:details|data|information)",
    "iban": r"ibans?|bank accounts?|account numbers?|bank details",
    "card": r"(?:credit|debit|payment) ?cards?(?: numbers?)?|card numbers?",
    "ssn": r"ssns?|social security(?: numbers?)?",
    "national_id": r"national ids?|identity numbers?|tax ids?|nhs numbers?|personal numbers?|id numbers?",
    "passport": r"passports?(?: numbers?)?",
    "licence": r"driv(?:er'?s|ing) licen[cs]es?",
    "ip": r"ip(?:v[46])?(?: addresses| address|s)?|client addresses",
    "mac": r"mac addresses|mac address|hardware addresses",
    "address": r"(?<!e-mail )(?<!email )(?<!mail )(?<!ip )(?<!mac )(?<!web )addresses|(?:postal|street|home|shipping"
    r"|billing|delivery) address|streets?",
    "postcode": r"post ?codes?|postal codes?|zip(?: ?codes?)?",
    "birth_date": r"birth ?dates?|dates? of birth|birthdays?|dobs?",
    "person": rf"(?:full|first|last|given|family|sur)[ -]?names?|{_PEOPLE}|who\b|names of {_PEOPLE}|persons?|signatures?"
    r"|by name|each name|all names|names and|and names",
}
_ASKED = {kind: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.I) for kind, words in _WORDS.items()}
_AWAY = re.compile(
    r"\b(?:remov\w*|redact\w*|mask\w*|anonymi[sz]\w*|pseudonymi[sz]\w*|strip\w*|without|hid(?:e|ing|den)|drop\w*|delet\w*"
    r"|exclud\w*|omit\w*|except|no|not|never|don't|do not|leave out|leaving out|scrub\w*|censor\w*|blank\w*|obscur\w*)\b",
    re.I,
)
_FILE = re.compile(r"[\w-]+\.[A-Za-z][A-Za-z0-9]{1,4}\b")  # what a file is called asks for nothing
_END = re.compile(r"[.;!?\n]|,? (?:and then|then|but)\b|, and \b")


def asked(words: Iterable[str]) -> frozenset[str]:
    """Return the kinds that a person's words ask for. What is to be removed or left out is not asked for."""
    wanted: set[str] = set()
    refused: set[str] = set()
    for text in words:
        for clause in _END.split(_FILE.sub(" ", text)):
            away = _AWAY.search(clause)
            for kind, pattern in _ASKED.items():
                for match in pattern.finditer(clause):
                    gone = away is not None and away.start() < match.start()
                    (refused if gone else wanted).add(kind)
    return frozenset(wanted - refused)
