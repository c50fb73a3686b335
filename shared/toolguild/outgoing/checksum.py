"""Check digits: what tells an identifier from any other number."""

from collections.abc import Sequence

_VERHOEFF = [
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
]
_TURN = [
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
]
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
            *(2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        ),
        strict=True,
    )
)


def luhn(digits: str) -> bool:
    """Whether the last digit is right by ISO/IEC 7812 (cards, Swedish and Canadian numbers)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and digits.strip("0") != ""


def mod97(iban: str) -> bool:
    """Whether the check digits are right by ISO 13616; letters and digits only, upper case."""
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(one, 36)) for one in turned)) % 97 == 1


def weighted(digits: str, weights: Sequence[int], modulus: int = 11) -> int:
    """Return the weighted sum of the digits by this modulus."""
    return sum(int(one) * weight for one, weight in zip(digits, weights, strict=False)) % modulus


def nhs(digits: str) -> bool:
    """A number of the British National Health Service: ten digits, modulus 11."""
    check = 11 - weighted(digits[:9], range(10, 1, -1))
    return int(digits[9]) == check % 11 and check != 10 and len(set(digits)) > 1


def cpf(digits: str) -> bool:
    """A Brazilian CPF: eleven digits, two of them checks."""
    if len(set(digits)) == 1:
        return False
    first = weighted(digits[:9], range(10, 1, -1))
    second = weighted(digits[:10], range(11, 1, -1))
    return all(
        int(digit) == (0 if rest < 2 else 11 - rest)
        for digit, rest in ((digits[9], first), (digits[10], second))
    )


def bsn(digits: str) -> bool:
    """A Dutch burgerservicenummer: nine digits, the last one counted negatively."""
    return weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) == 0 and digits.strip("0") != ""


def pesel(digits: str) -> bool:
    """A Polish PESEL: eleven digits."""
    rest = weighted(digits[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), 10)
    return int(digits[10]) == (10 - rest) % 10 and len(set(digits)) > 1


def dni(text: str) -> bool:
    """A Spanish DNI or NIE: seven or eight digits and a letter by modulus 23."""
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def codice_fiscale(text: str) -> bool:
    """An Italian tax code: sixteen letters and digits, the last one a check."""
    even = sum(int(one) if one.isdigit() else ord(one) - 65 for one in text[1:15:2])
    odd = sum(_ODD[one] for one in text[0:15:2])
    return chr(65 + (odd + even) % 26) == text[15]


def verhoeff(digits: str) -> bool:
    """Whether the last digit is right by Verhoeff's scheme (Aadhaar)."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = int(_VERHOEFF[check][int(_TURN[place % 8][int(digit)])])
    return check == 0 and len(set(digits)) > 1


def nir(digits: str) -> bool:
    """A French numéro de sécurité sociale: thirteen digits and a key by modulus 97."""
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


def chinese(text: str) -> bool:
    """A Chinese resident identity number: seventeen digits and a check, perhaps X."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[weighted(text[:17], weights)] == text[17].upper()


def steuer_id(digits: str) -> bool:
    """A German tax identification number: eleven digits by ISO 7064, modulus 11, 10."""
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10]) and digits[0] != "0"
