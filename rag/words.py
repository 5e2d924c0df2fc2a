"""Words, names and numbers in forms that can be compared: the plain half of every check.

A number that the articles do not have, or a name, is how a small model's inventions show themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein
from snowballstemmer import stemmer

STOPWORDS = frozenset(
    """a about above after again against all also although am among an and any are as at be because been before being
    below between both but by can could did do does doing down during each either else every few for from further had
    has have having he her here hers herself him himself his how however i if in into is it its itself just let like
    me more most much my neither no nor not of off on once only or other our ours out over own per same shall she
    should so some such than that the their theirs them themselves then there these they this those through to too
    under until up upon us very via was we were what when where whether which while who whom whose why will with
    within without would yet you your yours mr mrs ms""".split()
)
_ASKING = frozenset(
    """according ask answer compare define describe did do does explain find give has have how if is list many may
    might name please say says said show state summarise summarize tell translate was were what when where which who
    whom whose why will write in on at to from by for of and or but the a an yes""".split()
)
# words that begin a sentence without being names; other forms of verbs are known by their endings
_OPENERS = frozenset(
    """across amid among around aside beside besides beyond despite earlier except following former given including
    inside instead last later latest like meanwhile near next none nor once one other others outside perhaps regarding
    several since soon still such then therefore though thus today together tomorrow toward towards two three unless
    unlike until versus whereas whether yesterday yet""".split()
)
_NAMES_LIKE_VERBS = frozenset(
    """beijing boeing sterling harding fleming golding wyoming xiaoping jinping mohammed muhammad mohamed ahmed hamed
    khaled waleed saeed reed italy sicily emily kelly sally billy lily molly polly wembley""".split()
)
_VERB_ENDING = re.compile(r"[a-z]{2,}(?:ing|ed|ly)$")
_TOKEN = re.compile(r"\w+(?:[.,]\d+)*(?:['’]\w+)?")
_CAPITALISED = re.compile(r"[^\W\d_][\w]*(?:[-’'.][^\W\d_]\w*)*")


def fold(text: str) -> str:
    """Lower case, no diacritics, straight quotes: the form in which spellings are compared."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‘", "'"))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    # a stemmer of its own for each call: the library's objects are not safe across threads
    return str(stemmer("english").stemWord(word)) if word.isascii() else word


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning (Porter2), in order; numbers are kept as digits."""
    found = []
    for match in _TOKEN.finditer(fold(text)):
        word = match.group().split("'")[0].replace(",", "")
        if word in STOPWORDS or (len(word) == 1 and word.isascii() and not word.isdigit()):
            continue
        value = _NUMBER_WORDS.get(word)
        found.append(f"{value:g}" if value is not None else _stem(word))
    return found


# ---------------------------------------------------------------------------------------------- numbers

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMBER_WORDS: dict[str, float] = {word: float(n) for n, word in enumerate(_ONES)}
_NUMBER_WORDS |= {word: float(20 + 10 * n) for n, word in enumerate(_TENS)}
_NUMBER_WORDS |= {"dozen": 12.0}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
           "m": 1e6, "mn": 1e6, "bn": 1e9, "k": 1e3, "dozen": 12.0, "mio": 1e6, "milliard": 1e9,
           "mrd": 1e9}  # fmt: skip
_ORDINALS = {
    word: n for n, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(), 1
    )
}  # fmt: skip
_UNITS = {
    "km": "km", "kms": "km", "kilometre": "km", "kilometres": "km", "kilometer": "km", "kilometers": "km",
    "mile": "mile", "miles": "mile", "metre": "m", "metres": "m", "meter": "m", "meters": "m",
    "foot": "ft", "feet": "ft", "ft": "ft", "percent": "%", "%": "%", "dollar": "$", "dollars": "$", "usd": "$",
    "euro": "€", "euros": "€", "pound": "£", "pounds": "£", "year": "year", "years": "year", "month": "month",
    "months": "month", "week": "week", "weeks": "week", "day": "day", "days": "day", "hour": "hour",
    "hours": "hour", "minute": "minute", "minutes": "minute", "kg": "kg", "kilograms": "kg", "tonnes": "t",
    "tons": "t", "acres": "acre", "hectares": "ha",
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
    value = _NUMBER_WORDS.get(word)
    if value is None:
        return None
    if second in _NUMBER_WORDS and word in _TENS:
        value += _NUMBER_WORDS[second]
    elif second in _ORDINALS and word in _TENS:
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
    if match and match["unit"] in _UNITS:
        return _UNITS[match["unit"]], match.end()
    return None, at


def _joins(text: str, before: Number, start: int, value: float) -> bool:
    between = text[before.end : start]
    return before.value >= 100 and value < 100 and before.unit is None and between.strip() in ("and",)


# ------------------------------------------------------------------------------------------------ names

_SAME_NAME = [
    {"uk", "britain", "british", "united kingdom"},
    {"us", "usa", "america", "american", "united states"},
    {"un", "united nations"},
    {"eu", "european union"},
    {"turkey", "turkish", "turkiye"},
    {"france", "french"},
    {"china", "chinese"},
    {"spain", "spanish"},
    {"netherlands", "dutch"},
    {"germany", "german"},
    {"greece", "greek"},
    {"ireland", "irish"},
    {"denmark", "danish"},
    {"sweden", "swedish"},
    {"poland", "polish"},
    {"switzerland", "swiss"},
]
# seats of power that the news names for the state itself
_SEATS = {
    "moscow": "russia", "kremlin": "russia", "tehran": "iran", "washington": "us", "white house": "us",
    "pentagon": "us", "beijing": "china", "london": "uk", "downing street": "uk", "westminster": "uk",
    "ankara": "turkey", "paris": "france", "berlin": "germany", "kyiv": "ukraine", "kiev": "ukraine",
    "brussels": "eu", "damascus": "syria", "tokyo": "japan", "seoul": "south korea", "pyongyang": "north korea",
    "riyadh": "saudi", "cairo": "egypt", "ottawa": "canada", "canberra": "australia", "madrid": "spain",
    "islamabad": "pakistan", "warsaw": "poland", "minsk": "belarus", "taipei": "taiwan", "rome": "italy",
    "athens": "greece", "dublin": "ireland", "kabul": "afghanistan",
}  # fmt: skip
_STATE_OF_SYRIA = re.compile(r"\bsyria(?:n|'s)?\s(?:government|army|military|regime|president|authorities|forces)\b")
_DEMONYM_ENDINGS = ("n", "an", "ian", "i", "ish", "ese", "s", "es")
_NAME_PARTICLES = frozenset("al el bin ibn abu de der den van von la le da di du the of and".split())
_TWO_WORDS = re.compile(r"\b(?:White House|Downing Street)\b")


def find_names(text: str, *, question: bool = False) -> list[str]:
    """Capitalised words and acronyms of `text`, each once, without particles such as "al-".

    The first word of a sentence is capitalised anyway: it counts only if it is part of a longer name, or,
    in a question, if it is not a word that questions or phrases begin with ("Where", "Taking", "Despite"). In a
    question "White House" and "Downing Street" stay together: they are one name, that of a government.
    """
    found: dict[str, None] = {}
    if question:
        for seat in _TWO_WORDS.finditer(text):
            found[seat.group()] = None
        text = _TWO_WORDS.sub(lambda seat: seat.group().lower(), text)
    for match in _CAPITALISED.finditer(text):
        word = match.group()
        if not word[0].isupper() and not re.search(r"-[A-ZÀ-Þ]", word):
            continue
        if _opens_sentence(text, match.start()) and not _is_name_at_start(text, match, question):
            continue
        for part in re.split(r"[-.]", re.sub(r"['’]s?$", "", word)):
            name = re.sub(r"['’]s$", "", part)
            if len(name) > 1 and name[0].isupper() and (name == "US" or fold(name) not in _NAME_PARTICLES | STOPWORDS):
                found[name] = None
    return list(found)


def _opens_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip("“”\"'‘(*-— \n\t[")
    return not before or before[-1] in ".!?:"


def _is_name_at_start(text: str, match: re.Match[str], question: bool) -> bool:
    word = match.group()
    if fold(word) in STOPWORDS | _ASKING | _OPENERS:
        return False
    if word.isupper() and len(word) > 1:
        return True
    if _VERB_ENDING.fullmatch(word.lower()) and word.lower() not in _NAMES_LIKE_VERBS:
        return False
    following = _CAPITALISED.match(text, match.end() + 1)
    return question or bool(following and following.group()[0].isupper())


def name_stands_in(name: str, text: str, *, loosely: bool = False) -> bool:
    """Whether `name` occurs in `text`: itself, its demonym, an agreed equivalent, or spelled out if an acronym.

    `loosely` takes a seat of power for its state: "Moscow" stands in "Russia denied it". That is how questions are
    asked; in an answer it may be the city.
    """
    if loosely and (state := _SEATS.get(fold(name))) and _state_stands_in(state, text):
        return True
    if name == "US":  # folded, it is a pronoun
        return re.search(r"\bU\.?S\b|\bUSA\b|America|United States", text) is not None
    folded_name, folded = fold(name), fold(text)
    if re.search(r"\W", folded_name):  # "O'Mara", "al-Golani"
        parts = re.findall(r"\w+", folded_name)
        return re.search(r"\b" + r"\W{1,2}".join(map(re.escape, parts)) + r"\b", folded) is not None
    words = set(re.findall(r"\w+", folded))
    if folded_name in words or any(_kin(folded_name, word) for word in words):
        return True
    if any(folded_name in group and any(re.search(rf"\b{other}\b", folded) for other in group) for group in _SAME_NAME):
        return True
    return name.isupper() and 2 <= len(name) <= 6 and name in _initials(text)


def spelled_out(question: str, text: str) -> str:
    """`question` with what `text` calls the same behind a name that it does not use: "the SNA (Syrian National Army)".

    Acronyms by their initials, seats of power ("Moscow") by their states.
    """
    for name in dict.fromkeys(re.findall(r"\b[A-Z][a-zA-Z]+\b", question)):
        if re.search(rf"\b{name}\b", text):
            continue
        state = _SEATS.get(fold(name))
        meant = _phrase_with(name, text) if name.isupper() else None
        if state and _state_stands_in(state, text):
            meant = state.upper() if len(state) == 2 else state.title()
        if meant:
            question = re.sub(rf"\b{name}\b", f"{name} ({meant})", question, count=1)
    return question


def _phrase_with(initials: str, text: str) -> str | None:
    """The first phrase of `text` with these initials, small words between them not counted."""
    between = r"[\s-]+(?:(?:of|for|the|and|in|on|to|al|de)[\s-]+)*"
    match = re.search(r"\b" + between.join(rf"{letter}[^\W\d_]+" for letter in initials) + r"\b", text)
    return " ".join(match.group().split()) if match else None


def resembles_word_in(name: str, text: str) -> bool:
    """Whether a word of `text` is `name` with a slip of the pen: one edit in five letters, two in ten.

    The first letter must agree. A name of five letters must be a name in `text` too, and end alike: "Paris" is not
    "parts", nor "Maria" "Mario".
    """
    folded = fold(name)
    if len(folded) < 5:
        return False
    short = len(folded) == 5
    allowed = 2 if len(folded) >= 10 else 1
    return any(
        word[0] == folded[0]
        and (not short or word[-1] == folded[-1])
        and Levenshtein.distance(folded, word, score_cutoff=allowed) <= allowed
        for word in {fold(word) for word in re.findall(r"\w{4,}", text) if word[0].isupper() or not short}
    )


def _state_stands_in(state: str, text: str) -> bool:
    if state == "syria":  # news from Syria names the country in every line; Damascus is its government
        return _STATE_OF_SYRIA.search(fold(text)) is not None
    return name_stands_in(state.upper() if len(state) == 2 else state, text)


def _kin(a: str, b: str) -> bool:
    if len(a) > len(b):
        a, b = b, a
    return len(a) >= 4 and b.startswith(a) and b[len(a) :] in _DEMONYM_ENDINGS


def _initials(text: str) -> set[str]:
    """Every run of initials that capitalised phrases of `text` give: SOHR, and SO, OHR … within it."""
    runs: set[str] = set()
    initials = ""
    for word in [*re.findall(r"\w+", text), ""]:
        if word[:1].isupper():
            initials += word[0]
        elif word not in _NAME_PARTICLES | {"for", "in", "on", "to"}:
            runs |= {initials[i:j] for i in range(len(initials)) for j in range(i + 2, len(initials) + 1)}
            initials = ""
    return runs
