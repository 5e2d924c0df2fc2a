"""Numbers of a text, in digits or words, in a form that can be compared: 1,500 = 1500 = "fifteen hundred"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.words import NUMBER_WORDS, TENS, fold

_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
           "m": 1e6, "mn": 1e6, "bn": 1e9, "k": 1e3, "dozen": 12.0, "mio": 1e6, "milliard": 1e9,
           "mrd": 1e9}  # fmt: skip
_ORDINALS = {
    word: n for n, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(), 1
    )
}  # fmt: skip
_UNITS = {
    unit: sign
    for sign, units in {
        "km": "km kms kilometre kilometer", "m": "metre meter", "mile": "mile", "ft": "foot feet ft", "%": "percent %",
        "$": "dollar usd", "€": "euro", "£": "pound", "year": "year", "month": "month", "week": "week", "day": "day",
        "hour": "hour", "minute": "minute", "kg": "kg kilogram", "t": "tonne ton", "acre": "acre", "ha": "hectare",
    }.items()
    for unit in units.split()
}  # fmt: skip
# fold() makes thin and no-break spaces plain ones: 12 500 = 12,500 = 12.500 = 12'500, and 12,5 = 12.5
_DIGITS = (
    r"\d{1,3}(?:(?P<group>[ '.,])\d{3})(?:(?P=group)\d{3})*(?:(?!(?P=group))[.,]\d++)?(?![\d'])(?!(?P=group)\d)"
    r"|\d{1,2}(?:,\d\d)+,\d{3}(?!\d)|\d++(?:\.\d++|,(?!\d{3}\b)\d++)?"
)
_NUMBER = re.compile(
    rf"(?P<currency>[$€£])?\s?(?P<digits>{_DIGITS})(?:(?P<ordinal>st|nd|rd|th)|(?P<scale_letter>bn|mn|m|k))?\b"
    r"|(?P<word>[a-z]+)(?:-(?P<second>[a-z]+))?"
)
_SCALE_AFTER = re.compile(
    r"[\s-]+(hundred|thousand|dozen|million|milliard|billion|trillion|mio|mrd)(?:s|(?<!billion)(?<!trillion)en?)?\b"
)
_DENIED = re.compile(r"\b(?:not|rather than|instead of)(?: (?:the|about|some|an?))?\s*$")
_IN_ERROR = r"(?:wrong|incorrect|mistaken|erroneous)ly"
_TOLD = r"(?:sa(?:id|ys)|stated?|reported|gave|given|put|wrote|written|named|identified|described|quoted|listed)"
_SAID_WRONGLY = re.compile(  # up to what is told, in the same clause; who "mistakenly shot three" did shoot three
    rf"\b(?:(?:earlier|previous) version|{_IN_ERROR} {_TOLD}|{_TOLD} {_IN_ERROR}|mis(?:stated|reported|identified))"
    r"\b[^.,:;]*$"
)
_UNIT_AFTER = re.compile(r"[\s-]*(?P<unit>%|[a-z]+)")


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text: 1,500 = 1500 = "fifteen hundred"; "third" = "3rd" is an ordinal."""

    value: float
    unit: str | None
    ordinal: bool
    start: int
    """Offset in the folded text; only its order means anything outside."""
    end: int
    written: str
    """As it is written, without its unit: "12.500", "1,2 million"."""
    grouped: float | None = None
    """The other value of "12.500", which is 12.5 to some and 12,500 to others."""
    denied: bool = False
    """ "Four were hurt, not fourteen" does not say fourteen."""

    def equals(self, other: Number) -> bool:
        """Whether both can be read as one value."""
        return bool({self.value, self.grouped} & {other.value, other.grouped} - {None})

    def stands_in(self, others: Iterable[Number]) -> bool:
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
    folded = fold(text)
    found: list[Number] = []
    for match in _NUMBER.finditer(folded):
        parsed = _from_digits(match) if match["digits"] else _from_words(match)
        if parsed is None:
            continue
        value, ordinal = parsed
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        end, scale = _scale_after(folded, match.end())
        if found and match["word"] and not ordinal and _joins(folded, found[-1], match.start(), value):
            before = found.pop()  # "two hundred and fifty"
            value, start = value + before.value, before.start
        grouped = float(match["digits"].replace(".", "")) if _either(match) else None
        written = folded[start:end]
        unit, end = _unit_after(folded, end)
        found.append(
            Number(
                # 1.1 million is 1,100,000 and not a ten-billionth more
                value=round(value * scale, 6),
                unit=match["currency"] or unit,
                ordinal=ordinal,
                start=start,
                end=end,
                written=written,
                grouped=grouped and round(grouped * scale * _SCALES.get(match["scale_letter"], 1.0), 6),
                denied=denies(folded, start),
            )
        )
    return [
        number for number in found if not (number.value == 1 and folded[number.start].isalpha() and not number.ordinal)
    ]


def denies(text: str, at: int) -> bool:
    """Whether what stands at `at` is denied there: "four, not fourteen" does not say fourteen, nor does "wrongly said
    fourteen"; in "wrongly said fourteen instead of four", four is right."""
    before = fold(text[max(0, at - 200) : at])
    return (_DENIED.search(before) is not None) != (_SAID_WRONGLY.search(before) is not None)


def _from_digits(match: re.Match[str]) -> tuple[float, bool]:
    digits, group = match["digits"], match["group"]
    if group and not _either(match):
        digits = digits.replace(group, "")
    elif digits.count(",") > 1:
        digits = digits.replace(",", "")  # 12,50,000
    value = float(digits.replace(",", ".")) * _SCALES.get(match["scale_letter"], 1.0)
    return value, bool(match["ordinal"])


def _either(match: re.Match[str]) -> bool:
    """Whether the one point of a number may part its thousands or begin its fraction."""
    return match["group"] == "." and re.fullmatch(r"\d+\.\d{3}", match["digits"]) is not None


def _from_words(match: re.Match[str]) -> tuple[float, bool] | None:
    word, second = match["word"], match["second"]
    if word in _ORDINALS:
        return float(_ORDINALS[word]), True
    value = NUMBER_WORDS.get(word)
    if value is None:
        return None
    if second in NUMBER_WORDS and word in TENS:
        value += NUMBER_WORDS[second]
    elif second in _ORDINALS and word in TENS:
        return value + _ORDINALS[second], True
    return value, False


def _scale_after(text: str, at: int) -> tuple[int, float]:
    scale = 1.0
    while match := _SCALE_AFTER.match(text, at):
        scale *= _SCALES[match.group(1)]
        at = match.end()
    return at, scale


def _unit_after(text: str, at: int) -> tuple[str | None, int]:
    match = _UNIT_AFTER.match(text, at)
    unit = match and (_UNITS.get(match["unit"]) or _UNITS.get(match["unit"].removesuffix("s")))
    return (unit, match.end()) if match and unit else (None, at)


def _joins(text: str, before: Number, start: int, value: float) -> bool:
    between = text[before.end : start]
    return before.value >= 100 and value < 100 and before.unit is None and between.strip() in ("and",)
