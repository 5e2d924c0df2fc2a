"""The hard half of the check: what a sentence says plainly must not be missing from what it cites, or denied there.

Every number, date and name must stand in the quotes. A denial must not meet an affirmation of the same thing, nor a
word its opposite. These rules withhold only where the quotes are plain; what they let pass is weighed elsewhere
(`rag.verify`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rag.days import Day, find_days, spell_with_weekday
from rag.evidence import Evidence
from rag.words import Number, content_words, find_names, find_numbers, fold, name_stands_in

_ABSENT = "is in no article found"
_SAME_DAY = re.compile(
    r"\b(?:(?:later|earlier) (?:that|the same|in the) day|(?:that|the same) (?:day|morning|afternoon|evening|night)"
    r"|hours (?:after|before|later|earlier)|today)\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"\W*(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|isn|aren|wasn|weren|don|doesn|didn|hasn)\b",
    re.IGNORECASE,
)
_OWNED = re.compile(r"(?:\b(?:the|its|his|her|their|our|my|your|a|an|this|that|whose)|['’]s?)\s+(?:very\s+)?$", re.I)


def lacking(sentence: str, cited: Sequence[Evidence], question: str = "") -> str | None:
    """Why `cited` cannot carry `sentence`, or None: the first number, date or name that stands in none of them, or
    what they say the opposite of.

    A number or year that `question` gives need not stand there again, unless the question asks whether it is so or the
    quotes give another one. Names and dates of the question must: "When did they capture Homs?" may be wrong in that.
    """
    days = [day for item in cited for day in days_of(item)]
    said_days = _answer_days(sentence, cited)
    plain = _without(sentence, said_days)
    return (
        _missing_day(sentence, said_days, days, cited)
        or _missing_number(plain, days, cited, question)
        or _missing_name(plain, days, cited)
        or contradicted(sentence, cited, question)
    )


def contradicted(sentence: str, cited: Sequence[Evidence], question: str = "") -> str | None:
    """What `cited` say the opposite of, as a reason; else None."""
    quotes = [item.quote for item in cited]
    return _denied(sentence, quotes) or _reversed(sentence, quotes, question)


def unsaid(sentence: str, cited: Sequence[Evidence], question: str) -> str:
    """The longest run of neighbouring content words of `sentence` that stand neither in `cited` nor in `question`.

    Empty if there are no two together: one may be said in another word.

    Days, numbers and names do not count: `lacking` looks for them, in whatever form.
    """
    plain = _without(sentence, _answer_days(sentence, cited))
    told = {root for item in cited for root in roots(f"{item.title}\n{item.quote}")} | set(roots(question))
    told |= {root for name in find_names(plain) for root in roots(name)}
    longest, run = list[re.Match[str]](), list[re.Match[str]]()
    for word in re.finditer(r"[^\W\d]+", plain):
        root = next(iter(roots(word.group())), None)
        if root in told:
            run = []
        elif root:
            run = [*run, word]
            longest = max(longest, run, key=len)
    return plain[longest[0].start() : longest[-1].end()] if len(longest) > 1 else ""


def days_of(item: Evidence) -> list[Day]:
    """The days that a statement names, read as written on the day of its article."""
    return find_days(item.quote, item.date)


def day_words(day: Day) -> list[str]:
    """The content words of a day written out with its weekday; empty if its year is unknown."""
    resolved = day.as_date()
    return content_words(spell_with_weekday(resolved)) if resolved else []


# ------------------------------------------------------------------------------------- days, numbers and names


def _missing_day(sentence: str, said: Sequence[Day], days: Sequence[Day], cited: Sequence[Evidence]) -> str | None:
    for day in said:
        if not any(day.same(other) for other in days) and not any(_is(day, other) for other in _same_days(cited)):
            return f"the date {sentence[day.start : day.end]} {_ABSENT}"
    return None


def _same_days(cited: Sequence[Evidence]) -> set[date]:
    """The days of the articles whose statements say "later that day" and name none."""
    return {item.date for item in cited if item.date and _SAME_DAY.search(item.quote) and not days_of(item)}


def _is(day: Day, other: date) -> bool:
    return (day.month, day.day) == (other.month, other.day) and day.year in (None, other.year)


def _missing_number(plain: str, days: Sequence[Day], cited: Sequence[Evidence], question: str) -> str | None:
    quoted = [number for item in cited for number in find_numbers(item.quote)]
    asked = [] if _YES_OR_NO.match(question) else find_numbers(question)
    for number in find_numbers(plain):
        if number.ordinal and number.value == 1 and not _OWNED.search(fold(plain)[: number.start]):
            continue  # "came first", "first sold in": an adverb
        if number.stands_in(quoted) or any(day.year == number.value for day in days):
            continue
        if not (number.stands_in(asked) and not _another(number, quoted)):
            return f"the number {number.written} {_ABSENT}"
    return None


def _another(number: Number, quoted: Iterable[Number]) -> bool:
    """Whether the quotes have a number of the same kind, or deny this one: what the question takes for granted is not
    so."""
    quoted = list(quoted)
    if any(other.denied and other.equals(number) for other in quoted):
        return True
    if number.ordinal:
        return any(other.ordinal for other in quoted)
    if number.unit is not None:
        return any(other.unit == number.unit for other in quoted)
    return _like_year(number) and any(_like_year(other) for other in quoted)


def _like_year(number: Number) -> bool:
    return 1000 <= number.value < 2100 and number.value.is_integer() and number.unit is None and not number.ordinal


def _missing_name(plain: str, days: Sequence[Day], cited: Sequence[Evidence]) -> str | None:
    dates = {resolved for day in days if (resolved := day.as_date())} | _same_days(cited)
    spelled = [spell_with_weekday(day) for day in dates]
    text = "\n".join([*(f"{item.title}\n{item.quote}" for item in cited), *spelled])
    missing = (name for name in find_names(plain) if not name_stands_in(name, text))
    return next((f"the name {name} {_ABSENT}" for name in missing), None)


def _answer_days(sentence: str, cited: Sequence[Evidence]) -> list[Day]:
    """Days of the answer; "Thursday" in it means what it means in the article it cites."""
    anchor = next((item.date for item in cited if item.date), None)
    return find_days(sentence, anchor)


def _without(sentence: str, days: Sequence[Day]) -> str:
    """`sentence` with the days blanked out, so that their digits are not taken for numbers."""
    for day in days:
        sentence = sentence[: day.start] + " " * (day.end - day.start) + sentence[day.end :]
    return sentence


# --------------------------------------------------------------------------------------------------- negation

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[.,;:!?\"“”()—–]")
_BREAKS = frozenset('.,;:!?"“”()—–') | {"but"}
_NOT = frozenset("not no never neither nor nobody none cannot without".split())
_NO_DENIAL = re.compile(  # these say "not", and deny nothing
    r"\bnot (?:only|just|merely|simply|least|to mention)\b|\bno (?:more|fewer|less|later|earlier) than\b"
    r"|\bno\.? (?=\d)|\bno doubt\b|\bwhether or not\b|(?:n't|not)\b[^.,;]{0,60}\buntil\b"
)
_UNWILLING = re.compile(
    r"\b(?:refus(?:e[ds]?|ing)|declin(?:e[ds]?|ing)|fail(?:ed|s|ing)?|unable) to\b"
    r"|\bden(?:y|ied|ies|ying) (?:that [^.,;]{0,40}?\b(?:had|has|have|was|were|is|are|would|will)\b|(?=[a-z]+ing\b))"
)
_PASSED_OVER = frozenset(  # between "not" and the word that it is about
    """longer yet ever even any also still now one anyone anything anywhere people make made making take took taken
    taking give gave given giving get got getting""".split()
)
_TOO_COMMON = frozenset(  # for a contradiction to rest on
    """say said tell told know known go went come came become became see seen saw clear comment respond specify
    disclose elaborate mention much many enough really possible likely sure certain hesitate expect expected believe
    believed think thought want wanted able there mean meant seem appear need needed use used""".split()
)
_IRREGULAR = dict(
    pair.split("/", 1)
    for pair in """withdrew/withdraw withdrawn/withdraw left/leave sold/sell bought/buy won/win lost/lose paid/pay
    fought/fight held/hold kept/keep led/lead met/meet sent/send built/build spent/spend caught/catch taught/teach
    brought/bring struck/strike wrote/write written/write spoke/speak spoken/speak broke/break broken/break
    chose/choose chosen/choose fell/fall fallen/fall rose/rise risen/rise grew/grow grown/grow flew/fly flown/fly
    began/begin begun/begin ran/run beaten/beat drove/drive driven/drive shot/shoot fled/flee stole/steal
    stolen/steal sank/sink sunk/sink froze/freeze frozen/freeze threw/throw thrown/throw found/find shown/show
    stood/stand lent/lend""".split()
)


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence as stems, and what it denies."""

    stems: frozenset[str]
    affirmed: frozenset[str]
    denied: frozenset[str]
    """The word that each denial falls on."""
    pairs: frozenset[tuple[str, str]]
    """(noun, next word) of "is not a member of": denied only of the two together."""


def _denied(sentence: str, quotes: Iterable[str]) -> str | None:
    """Whether the quotes only affirm what the sentence denies, or only deny what it affirms."""
    said = _read(sentence)
    parts = [_read(part) for quote in quotes for part in _sentences(quote)]
    if any(_affirms(part, said, word) for word in said.denied - said.affirmed for part in parts):
        about = [part for part in parts if part.stems & said.denied]
        return None if any(part.denied for part in about) else "the articles say the opposite"
    affirmed = frozenset[str]().union(*(part.affirmed for part in parts))
    for part in [] if said.denied else parts:
        for word in (part.denied & said.affirmed) - affirmed:
            rest = {second for first, second in part.pairs if first == word}
            if _same_matter(said, part, word) and rest <= said.stems:
                return "the articles say the opposite"
    return None


def _affirms(part: _Said, said: _Said, word: str) -> bool:
    return word in part.affirmed and _same_matter(said, part, word)


def _same_matter(said: _Said, part: _Said, word: str) -> bool:
    """Whether `part` has at least half of what the sentence says beside `word`."""
    rest = said.stems - {word}
    return 2 * len(rest & part.stems) >= len(rest)


@lru_cache(maxsize=2000)
def _read(text: str) -> _Said:
    folded = _NO_DENIAL.sub(" ", fold(text).replace("can't", "cannot").replace("won't", "will not"))
    words = _WORD.findall(_UNWILLING.sub(" not ", folded.replace("n't", " not")))
    at_denied: dict[int, str] = {}
    pairs: set[tuple[str, str]] = set()
    for at, word in enumerate(words):
        targets = _targets(words, at + 1) if word in _NOT else []
        if targets:
            at_denied[targets[0][0]] = targets[0][1]
            verb = word not in ("no", "without") and words[at - 1] not in ("is", "are", "was", "were", "be", "been")
            pairs |= set() if verb else {(targets[0][1], second) for _, second in targets[1:]}
    stems = [(at, root) for at, word in enumerate(words) if (root := _root(word))]
    return _Said(
        stems=frozenset(stem for _, stem in stems),
        affirmed=frozenset(stem for at, stem in stems if at not in at_denied),
        denied=frozenset(at_denied.values()),
        pairs=frozenset(pairs),
    )


def _targets(words: Sequence[str], start: int) -> list[tuple[int, str]]:
    """Place and stem of the first two content words of the clause that a denial before `start` is about."""
    found: list[tuple[int, str]] = []
    for at in range(start, min(start + 7, len(words))):
        if words[at] in _BREAKS or (words[at] in _TOO_COMMON and not found):
            break
        stem = _root(words[at])
        if stem and words[at] not in _PASSED_OVER and not words[at].endswith("ly"):
            found.append((at, stem))
    return found[:2]


def roots(text: str) -> list[str]:
    """Stems of the content words of `text`, in order; "withdrew", "withdrawn" and "withdraw" have one."""
    return [root for word in _WORD.findall(fold(text)) if (root := _root(word))]


def _root(word: str) -> str | None:
    """Stem of a content word, irregular verbs in their first form; None for other words and for marks."""
    if word in _NOT or word in _BREAKS:
        return None
    return next(iter(content_words(_IRREGULAR.get(word, word))), None)


def _sentences(quote: str) -> list[str]:
    return re.split(r"(?<=[.!?])[”\"]?\s+", quote)


# -------------------------------------------------------------------------------------------------- opposites

_OPPOSITES = """before earlier_than | after later_than
larger bigger | smaller
largest biggest | smallest
older | younger
oldest eldest | youngest
highest | lowest
longest | shortest
fastest quickest | slowest
best | worst
first | last
increase increases increased increasing rises rose risen rising grows grew grown climbed jumped surged soared | \
decrease decreases decreased decreasing falls fell fallen falling dropped declined shrank slumped plunged
more_than over at_least above exceeding | less_than fewer_than under at_most below nearly almost
win wins won winning | lose loses lost losing
buys bought buying acquired | sells sold selling
approved approves accepted accepts | rejected rejects
convicted | acquitted
supports supported backed | opposes opposed
hired | fired sacked dismissed
opened opens | closed closes
majority | minority
victory | defeat
legal | illegal
inside | outside
morning | afternoon | evening | night"""
_SIDES = {
    word.replace("_", " "): (family, side)
    for family, line in enumerate(_OPPOSITES.split("\n"))
    for side, words in enumerate(line.split("|"))
    for word in words.split()
}
_COMPASS = re.compile(r"(?:north|south)?-?(?:east|west)?(?:ern(?:most)?|wards?|bound)?")
_SIDED = re.compile(
    rf"\b(?:{'|'.join(sorted(_SIDES, key=len, reverse=True))}|(?:north|south|east|west)[a-z-]*)\b", re.IGNORECASE
)
_COUNTS = "two three four five six seven eight nine ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_AMOUNT = re.compile(r"\s+(?:[$€£]?\d[\d.,]*|a (?:hundred|thousand|million)|half|" + "|".join(_COUNTS) + r")\b", re.I)
_A_TIME = re.compile(r"\s+(?:year|month|week|night|season|summer|winter|spring|autumn|decade|century|[A-Z]\w+day)")
_LEANS = re.compile(r"\W*(?:it|he|she|they|this|that)\b", re.IGNORECASE)
_NO_PLACE = re.compile(r"\d[\d.]*|mile|kilometr|kilomet|km|metr|meter")


@dataclass(frozen=True, slots=True)
class _Sided:
    """A word that has an opposite, and the stems before and after it in its sentence."""

    word: str
    family: int | str
    sides: frozenset[int | str]
    left: frozenset[str]
    right: frozenset[str]

    def alike(self, other: _Sided) -> int:
        return len(self.left & other.left) + len(self.right & other.right)

    def exchanged(self, other: _Sided) -> int:
        return len(self.left & other.right) + len(self.right & other.left)

    def turned(self, other: _Sided) -> bool:
        """Whether most of what stands before the word here stands after it there, and the reverse."""
        both = self.left & other.right and self.right & other.left
        return bool(both) and not self.alike(other) and 2 * self.exchanged(other) >= len(self.left) + len(self.right)


def _reversed(sentence: str, quotes: Iterable[str], question: str) -> str | None:
    """Whether the sentence has "north" where the quotes, of the same matter, have only another direction; or the same
    direction with the two places exchanged."""
    quoted = [sided for quote in quotes for sided in _sided(quote)]
    asked = {sided.family for sided in _sided(question)}
    for said in _sided(sentence):
        kin = [other for other in quoted if other.family == said.family]
        same = [other for other in kin if said.sides & other.sides]
        if not same and (other := next((o for o in kin if _contradicts(said, o, said.family in asked)), None)):
            return f"the articles say {other.word}, not {said.word}"
        turned = [other for other in same if said.family in ("compass", 0) and said.turned(other)]
        if same and len(turned) == len(same):
            return "the articles say it the other way round"
    return None


def _contradicts(said: _Sided, other: _Sided, asked: bool) -> bool:
    """Whether both speak of the same matter in the same order; a word of the question's own needs more to go on."""
    if (said.left and not said.left & other.left) or (said.right and not said.right & other.right):
        return False
    alike, exchanged = said.alike(other), said.exchanged(other)
    return alike >= 2 and not exchanged if asked else alike > exchanged


def _sided(text: str) -> list[_Sided]:
    found: list[_Sided] = []
    before = ""
    for part in _sentences(text):
        for match in _SIDED.finditer(part):
            if sided := _side(part, match, before if _LEANS.match(part) else ""):
                found.append(sided)
        before = part
    return found


def _side(part: str, match: re.Match[str], before: str) -> _Sided | None:
    word, left, right = match.group(), part[: match.start()], part[match.end() :]
    family, side = _SIDES.get(word.lower(), ("compass", word))
    sides: frozenset[int | str] = frozenset({side})
    if word[0].isupper() and left.strip():
        return None  # "South Africa", "CBS Morning News"
    if family == "compass":
        if not _COMPASS.fullmatch(word):
            return None  # "southpaw"
        sides = frozenset(re.findall("north|south|east|west", word))
    elif word.lower() in ("first", "last"):
        if _A_TIME.match(right) or not re.search(r"\w\s+$", left):
            return None
    elif family == _SIDES["more than"][0] and not _AMOUNT.match(right):
        return None
    front, comma, rest = right.partition(",")
    if comma and family == 0 and len(_core(left)) < 2:  # "After the vote, they left" = they left after the vote
        left, right = f"{left} {rest}", front
    return _Sided(word.lower(), family, sides, _core(f"{before} {left}"), _core(right))


def _core(text: str) -> frozenset[str]:
    return frozenset(root for root in roots(text) if not _NO_PLACE.fullmatch(root))
