"""Computing constant JavaScript expressions: methods of texts, and the decoders people hide code with."""

import base64
import binascii
import re
import urllib.parse
from collections.abc import Callable, Sequence

Plain = str | float
MAX_SIZE = 20_000

_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL
)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}


def unquote(literal: str) -> str:
    """Return the text of a string literal, quotes included in `literal`."""
    return unescape(literal[1:-1])


def unescape(text: str) -> str:
    """Return a text with its escapes resolved."""

    def resolve(match: re.Match[str]) -> str:
        digits = match[1] or match[2] or match[3]
        if digits:
            number = int(digits, 16)
            return chr(number) if number <= 0x10FFFF else ""
        return _LETTERS.get(match[4], match[4])

    return _ESCAPE.sub(resolve, text) if "\\" in text else text


def number(text: str) -> float | None:
    """Return the value of a number literal."""
    try:
        return float(int(text, 0)) if text[:2].lower() in ("0x", "0o", "0b") else float(text)
    except (ValueError, OverflowError):
        return None


def method(value: str, name: str, arguments: Sequence[Plain]) -> str | list[str] | None:
    """Return what a method of a constant text gives; None when it is not known."""
    if len(value) > MAX_SIZE:
        return None
    words = [one for one in arguments if isinstance(one, str)]
    numbers = [int(one) for one in arguments if isinstance(one, float) and abs(one) < MAX_SIZE]
    match name:
        case "toLowerCase" | "toLocaleLowerCase":
            return value.lower()
        case "toUpperCase" | "toLocaleUpperCase":
            return value.upper()
        case "trim" | "toString" | "valueOf" | "normalize":
            return value.strip() if name == "trim" else value
        case "concat":
            return value + "".join(words)
        case "split" if words:
            return value.split(words[0]) if words[0] else list(value)
        case "replace" | "replaceAll" if len(words) == 2:
            return value.replace(words[0], words[1], 1 if name == "replace" else -1)
        case "charAt" | "at" if numbers:
            return value[numbers[0] : numbers[0] + 1]
        case "slice" | "substring" | "substr" if numbers:
            end = numbers[1] if len(numbers) > 1 else len(value)
            return value[numbers[0] : numbers[0] + end if name == "substr" else end]
        case _:
            return None


def _from_base64(text: str) -> str:
    return base64.b64decode(text + "===").decode("latin-1")


_DECODERS: dict[str, Callable[[str], str]] = {
    "atob": _from_base64,
    "unescape": urllib.parse.unquote,
    "decodeURIComponent": urllib.parse.unquote,
    "decodeURI": urllib.parse.unquote,
}


def decode(path: str, arguments: Sequence[Plain]) -> str | None:
    """Return what a decoding function gives for constants; None when it is not known."""
    if path == "String.fromCharCode" or path == "String.fromCodePoint":
        codes = [int(one) for one in arguments if isinstance(one, float) and 0 <= one <= 0x10FFFF]
        return "".join(map(chr, codes)) if codes and len(codes) == len(arguments) else None
    if not arguments or not isinstance(arguments[0], str) or len(arguments[0]) > MAX_SIZE:
        return None
    try:
        if path in ("Buffer.from", "buffer.Buffer.from"):
            coding = arguments[1] if len(arguments) > 1 else "utf8"
            if coding == "hex":
                return bytes.fromhex(arguments[0]).decode("latin-1")
            return _from_base64(arguments[0]) if coding == "base64" else arguments[0]
        known = _DECODERS.get(path)
        return None if known is None else known(arguments[0])
    except (ValueError, binascii.Error):
        return None
