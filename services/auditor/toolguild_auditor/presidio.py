"""Presidio beside the rules: its recognisers add to what the rules find, and take nothing away.

It runs without a language model: with spaCy's blank English pipeline, nothing is downloaded. Its names of
people need one, so `PERSON` is found only where the operator has installed a spaCy model and names it in
TOOLGUILD_SPACY_MODEL.
"""

import importlib
import os
from functools import cache
from typing import Any

from toolguild.errors import Misconfigured
from toolguild.outgoing import personal
from toolguild.outgoing.span import Span, settled

# what Presidio calls things, and what we call them; the other kinds of it are places, dates and organisations
KINDS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "IBAN_CODE": "iban",
    "CREDIT_CARD": "card",
    "US_SSN": "ssn",
    "IP_ADDRESS": "ip",
    "MAC_ADDRESS": "mac",
    "PERSON": "person",
    "US_PASSPORT": "passport",
    "US_DRIVER_LICENSE": "licence",
    "UK_NHS": "national_id",
    "UK_NINO": "national_id",
    "US_ITIN": "national_id",
    "ES_NIF": "national_id",
    "ES_NIE": "national_id",
    "IT_FISCAL_CODE": "national_id",
    "PL_PESEL": "national_id",
    "FI_PERSONAL_IDENTITY_CODE": "national_id",
    "IN_AADHAAR": "national_id",
    "IN_PAN": "national_id",
    "SG_NRIC_FIN": "national_id",
    "AU_TFN": "national_id",
    "AU_MEDICARE": "national_id",
}
SURE = 0.5  # Presidio's own score; its weak patterns take any number for a licence
MAX_TEXT = 200_000  # letters; Presidio is slow, the rules look through all of it


def found(text: str, label: str = "") -> tuple[Span, ...]:
    """Return what the rules find, and what Presidio finds besides."""
    spans = list(personal.candidates(text, label))
    if text and len(text) <= MAX_TEXT and not text.isspace():
        for one in analyzer().analyze(text=text, language="en"):
            kind = KINDS.get(one.entity_type)
            if kind is not None and one.score >= SURE:
                spans.append(Span(kind, one.start, one.end, min(one.score, 0.9)))
    return settled(spans)


@cache
def analyzer() -> Any:
    """Return Presidio's analyzer. Raises Misconfigured when it is not installed."""
    try:
        presidio = importlib.import_module("presidio_analyzer")
        engines = importlib.import_module("presidio_analyzer.nlp_engine")
        spacy = importlib.import_module("spacy")
        tldextract = importlib.import_module("tldextract")
    except ImportError as error:
        raise Misconfigured(
            'policy: output.personal.engine: presidio is not installed; pip install "toolguild[presidio]", or '
            "use engine: rules"
        ) from error
    # Left to itself it fetches a list of domains when the first e-mail address comes; it has one of its own.
    inner = importlib.import_module("tldextract.tldextract")
    inner.TLD_EXTRACTOR = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())  # type: ignore[attr-defined]
    model = os.environ.get("TOOLGUILD_SPACY_MODEL", "")
    engine = engines.SpacyNlpEngine(models=[{"lang_code": "en", "model_name": model or "blank"}])
    try:
        engine.nlp = {"en": spacy.load(model) if model else spacy.blank("en")}
    except OSError as error:
        raise Misconfigured(f"TOOLGUILD_SPACY_MODEL: {model} is not installed") from error
    registry = presidio.RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    return presidio.AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=["en"])
