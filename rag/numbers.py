"""Numbers of a text, in digits or words, in a form that can be compared: 1,500 = 1500 = "fifteen hundred"."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from index.terms import fold
from rag.words import NUMBER_WORDS, TENS

_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()
_WORDS = NUMBER_WORDS | {word: float(n) for n, word in enumerate(_ORDINALS, 1)}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "dozen": 12.0, "million": 1e6, "mio": 1e6, "milliard": 1e9, "mrd": 1e9,
           "billion": 1e9, "trillion": 1e12, "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9}  # fmt: skip
_SCALE = re.compile(r"hundred|thousand|dozen|million|milliard|billion|trillion|mio|mrd")
_SAME_UNIT = (
    "km kms kilometre kilometer", "metre meter", "mile", "foot feet ft", "% percent", "$ dollar usd", "€ euro",
    "£ pound", "kg kilogram", "tonne ton", "acre", "hectare", "year", "month", "week", "day", "hour", "minute",
)  # fmt: skip
_UNITS = {word: words.split()[0] for words in _SAME_UNIT for word in words.split()}
# fold() makes thin and no-break spaces plain ones: 12 500 = 12,500 = 12.500 = 12'500, and 12,5 = 12.5
_DIGITS = (
    r"\d{1,3}(?:(?P<group>[ '.,])\d{3})(?:(?P=group)\d{3})*(?:(?!(?P=group))[.,]\d++)?(?![\d'])(?!(?P=group)\d)"
    r"|\d{1,2}(?:,\d\d)+,\d{3}(?!\d)|\d++(?:\.\d++|,(?!\d{3}\b)\d++)?"
)
_NUMBER = re.compile(
    rf"(?:(?:(?P<currency>[$€£])\s?)?(?P<digits>{_DIGITS})(?:(?P<ordinal>st|nd|rd|th)|(?P<letter>bn|mn|m|k))?"
    rf"|\b(?P<words>(?:(?:{'|'.join(TENS)})-)?(?:{'|'.join(_WORDS)})))\b"
    rf"(?P<scales>(?:[\s-]+(?:{_SCALE.pattern})(?:s|(?<!billion)(?<!trillion)en?)?\b)*)"
    rf"(?:[\s-]*(?P<unit>%|(?:{'|'.join(filter(str.isalpha, _UNITS))})(?=s?(?![a-z]))))?"
)
_DENIED = re.compile(r"\b(?:not|rather than|instead of)(?: (?:the|about|some|an?))?\s*$")
_IN_ERROR = r"(?:wrong|incorrect|mistaken|erroneous)ly"
_TOLD = r"(?:sa(?:id|ys)|stated?|reported|gave|given|put|wrote|written|named|identified|described|quoted|listed)"
_SAID_WRONGLY = re.compile(  # up to what is told, in the same clause; who "mistakenly shot three" did shoot three
    rf"\b(?:(?:earlier|previous) version|{_IN_ERROR} {_TOLD}|{_TOLD} {_IN_ERROR}|mis(?:stated|reported|identified))"
    r"\b[^.,:;]*$"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text: 1,500 = 1500 = "fifteen hundred"; "third" = "3rd" is an ordinal."""

    value: float
    unit: str | None
    ordinal: bool
    written: str
    """As it is written, without its unit: "12.500", "1,2 million"."""
    grouped: float | None = None
    """The other value of "12.500", which is 12.5 to some and 12,500 to others."""
    denied: bool = False
    """ "Four were hurt, not fourteen" does not say fourteen."""

    def equals(self, other: Self) -> bool:
        """Whether both can be read as one value."""
        return bool({self.value, self.grouped} & {other.value, other.grouped} - {None})

    def stands_in(self, others: Iterable[Self]) -> bool:
        """Whether one of `others` has this value and does not deny it, with the same unit where both name one."""
        return any(
            self.equals(other)
            and (self.denied or not other.denied)
            and other.ordinal == self.ordinal
            and (self.unit is None or other.unit is None or self.unit == other.unit)
            for other in others
        )


def find_numbers(text: str) -> list[Number]:
    """The numbers of `text`, in digits or words. "one" is left out: it is mostly a pronoun."""
    folded, found, start, end = fold(text), list[Number](), 0, 0
    for match in _NUMBER.finditer(folded):
        words = match["words"].split("-") if match["words"] else []
        value, grouped = (sum(_WORDS[word] for word in words), None) if words else _of_digits(match)
        ordinal = bool(match["ordinal"] or (words and words[-1] in _ORDINALS))
        joins = words and not ordinal and re.fullmatch(r"[a-z]\s+and\s+", folded[end - 1 : match.start()])
        if joins and found[-1].value >= 100 > value and not found[-1].unit:
            value += found.pop().value  # "two hundred and fifty"
        else:
            start = match.start()
        scale = math.prod(_SCALES[scale] for scale in _SCALE.findall(match["scales"])) * _SCALES.get(match["letter"], 1)
        if words == ["one"] and value * scale == 1:
            continue
        end = match.end("scales")
        unit = match["currency"] or _UNITS.get(match["unit"])
        # 1.1 million is 1,100,000 and not a ten-billionth more
        value, grouped = round(value * scale, 6), grouped and round(grouped * scale, 6)
        found.append(Number(value, unit, ordinal, folded[start:end], grouped, denies(folded, start)))
    return found


def denies(text: str, at: int) -> bool:
    """Whether what stands at `at` is denied there: "four, not fourteen" does not say fourteen, nor does "wrongly said
    fourteen"; in "wrongly said fourteen instead of four", four is right."""
    before = fold(text[max(0, at - 200) : at])
    return (_DENIED.search(before) is not None) != (_SAID_WRONGLY.search(before) is not None)


def _of_digits(match: re.Match[str]) -> tuple[float, float | None]:
    """The value, and the other one where the only point may part thousands or begin a fraction."""
    digits, group = match["digits"], match["group"]
    if group == "." and re.fullmatch(r"\d+\.\d{3}", digits):
        return float(digits), float(digits.replace(".", ""))
    if group or digits.count(",") > 1:
        digits = digits.replace(group or ",", "")  # also 12,50,000
    return float(digits.replace(",", ".")), None
