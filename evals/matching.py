"""Is an answer right? Accepted strings found in it, in whatever form it says them.

`matches` is the one judge of right and wrong; `token_f1` is SQuAD's measure over the same tokens. Both compare
the tokens of `evals.normal`, where "twenty-five miles" is "25 mi." and "5 December" is "December 5, 2024".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from evals.normal import Token, plain, tokens, without_marks
from evals.refusing import reads_as_refusal
from evals.text import STOPWORDS, keys
from evals.types import Case

__all__ = ["Match", "given", "matches", "quoted", "reads_as_refusal", "states", "token_f1", "wrong_said"]


@dataclass(frozen=True, slots=True)
class Match:
    """Whether an answer is right, and why. True in a condition if it is."""

    entry: tuple[str, ...] | None
    """The entry of `accepted` that it says; an entry of several strings is said only if all of them are."""
    pattern: str | None
    explanation: str

    def __bool__(self) -> bool:
        return self.entry is not None or self.pattern is not None


def matches(text: str, case: Case) -> Match:
    """Which accepted answer `text` gives, if any.

    A text that adds nothing to the question is never right, and no text is right by an accepted string that it
    denies ("not Homs") or that is only part of a known wrong answer it states.
    """
    if not tokens(text):
        return Match(None, None, "says nothing")
    if _repeats(text, case):
        return Match(None, None, "repeats the question and adds nothing")
    for entry, said in zip(case.accepted, given(text, case), strict=True):
        if said:
            return Match(entry, None, f"says {_all_of(entry)}, which is accepted")
    for pattern in case.patterns:
        if found := _found_by(pattern, text):
            return Match(None, pattern, f"says {quoted(found)}, which the pattern {pattern} accepts")
    return Match(None, None, f"says none of: {_listed(case)}")


def given(text: str, case: Case) -> list[bool]:
    """For each entry of `case.accepted`: whether `text` says all of it."""
    return [all(_stated(text, string, case.question, within=case.wrong) for string in entry) for entry in case.accepted]


def states(text: str, string: str) -> bool:
    """Whether `text` says `string`, in any form, and does not deny it."""
    return _stated(text, string)


def wrong_said(text: str, case: Case) -> list[str] | None:
    """Those of `case.wrong` that `text` states; None if each of them is an accepted answer too, so that none is wrong.

    A wrong answer that is part of an accepted one which the text states ("Baltimore" in "East Baltimore") is not.
    """
    accepted = [string for entry in case.accepted for string in entry]
    forms = {_form(string) for string in accepted}
    wrong = [string for string in dict.fromkeys(case.wrong) if _form(string) not in forms]
    if case.wrong and not wrong:
        return None
    return [string for string in wrong if _stated(text, string, case.question, within=accepted)]


def token_f1(text: str, accepted: Sequence[Sequence[str]]) -> float:
    """SQuAD's token F1 (Rajpurkar et al., 2016), 0 to 1: the best over the entries, the strings of one joined.

    The tokens are those of `evals.normal` in place of SQuAD's own; a day counts as its day, month and year.
    """
    said = _counted(text)
    return max((_f1(said, _counted(" ; ".join(entry))) for entry in accepted), default=0.0)


def quoted(text: str, longest: int = 120) -> str:
    """`text` in quotation marks on one line, shortened."""
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= longest else f'"{line[: longest - 1].rstrip()}…"'


# --------------------------------------------------------------------------- where a string stands


_Place = tuple[int, int]
"""Tokens [start, end) of one reading of a text."""


def _is_part_of(place: _Place, other: _Place) -> bool:
    return place != other and other[0] <= place[0] and place[1] <= other[1]


def _stated(text: str, string: str, question: str = "", within: Sequence[str] = ()) -> bool:
    """Whether `text` says `string` undenied and not merely as part of one of `within`."""
    for said in _readings(text):
        larger = [place for other in within for place in _places(said, other, question)]
        for place in _places(said, string, question):
            if not _denied(said, place, question) and not any(_is_part_of(place, other) for other in larger):
                return True
    return False


@lru_cache(maxsize=4096)
def _readings(text: str) -> tuple[tuple[Token, ...], ...]:
    """The ways to read `text`: as it is, days as month and year, and without what stands in brackets."""
    bare = re.sub(r"\s*\([^()]*\)", "", text)
    found = [tokens(text), tokens(text, coarse=True), tokens(bare), tokens(bare, coarse=True)]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def _wanted(string: str) -> tuple[tuple[Token, ...], ...]:
    """The ways in which `string` may be said: in full, or without what stands in brackets, or "in" before it."""
    ways: list[tuple[Token, ...]] = []
    for form in (string, re.sub(r"\s*[(\[][^()\[\]]*[)\]]?", " ", string)):
        wanted = tokens(form)
        if len(wanted) > 1 and wanted[0].form in ("in", "on", "at"):
            wanted = wanted[1:]
        if wanted:
            ways.append(wanted)
    return tuple(dict.fromkeys(ways))


def _places(said: tuple[Token, ...], string: str, question: str) -> Iterator[_Place]:
    for wanted in _wanted(string):
        for start in range(len(said)):
            if end := _end_of(said, start, wanted, question):
                yield start, end


def _end_of(said: tuple[Token, ...], start: int, wanted: tuple[Token, ...], question: str) -> int | None:
    """Where `wanted` ends if it begins at `start`; None if it does not."""
    end = start + len(wanted)
    if end <= len(said) and all(map(Token.means, said[start:end], wanted)):
        return None if _in_another_unit(said, end, question) else end
    if wanted[0].number is not None and len(wanted) > 1 and said[start].means(wanted[0]):
        return start + 1 if _goes_without_unit(said, start, wanted, question) else None
    return _joined_end(said, start, wanted)


def _joined_end(said: tuple[Token, ...], start: int, wanted: tuple[Token, ...]) -> int | None:
    """As `_end_of` for what is written together or apart: "air base", "airbase"; "J. K.", "JK"."""
    if not all(token.is_word for token in wanted):
        return None
    whole, joined = "".join(token.form for token in wanted), ""
    for end in range(start, len(said)):
        if not said[end].is_word:
            return None
        joined += said[end].form
        if joined == whole:
            return end + 1
        if not whole.startswith(joined):
            return None
    return None


# ----------------------------------------------------------------------------------------- units


def _in_another_unit(said: tuple[Token, ...], end: int, question: str) -> bool:
    """Whether a bare number is followed by a unit that is not the one the question asks in."""
    if said[end - 1].number is None or said[end - 1].ordinal or end >= len(said) or not said[end].unit:
        return False
    asked = _units_asked(question)
    return bool(asked) and said[end].form not in asked


def _goes_without_unit(said: tuple[Token, ...], at: int, wanted: tuple[Token, ...], question: str) -> bool:
    """Whether the number at `at` may stand for `wanted`, a number with its unit or what it counts.

    It may if the question names the unit or nothing else follows that it could count: "3,559" for "3,559 people".
    """
    rest = [token for token in wanted[1:] if token.form != "old"]
    if len(rest) != 1 or not rest[0].is_word or wanted[0].ordinal or rest[0].capital or rest[0].form in ("am", "pm"):
        return False
    following = None if said[at].pause or at + 1 >= len(said) else said[at + 1]
    alone = following is None or (following.is_word and not following.unit and following.form in STOPWORDS)
    return alone and (not rest[0].unit or rest[0].form in _units_asked(question))


@lru_cache(maxsize=4096)
def _units_asked(question: str) -> frozenset[str]:
    """The units that a question asks in: "how many miles", "what percentage", "how old"."""
    asked = tokens(question)
    forms = {
        token.form
        for before, token in pairwise(asked)
        if token.unit and before.form in ("many", "much", "in", "what", "which", "of")
    }
    if any(token.form in ("old", "age", "aged") for token in asked):
        forms.add("year")
    if any(token.form in ("percentage", "share") for token in asked):
        forms.add("%")
    return frozenset(forms)


# -------------------------------------------------------------------------------------- negation

_NEGATORS = frozenset("not never nor neither except excluding".split())
_NEGATIVE = re.compile(
    r"(?:no|none|without|unable|against|illegal|missing)$"
    r"|forbid|lack|refus|fail|reject|den(?:y|ied|ies)|oppos|ban(?:s|ned)?$|prohibit|prevent|avoid|exclu"
)
_BETWEEN = frozenset("in on at by to from of for with as near into".split())
_NO_DENIAL = frozenset("only just until merely simply less more fewer later before long yet than even".split())
_AUXILIARIES = frozenset(
    "do does did has have had is are was were be been will would could can should may might must".split()
)


def _denied(said: tuple[Token, ...], place: _Place, question: str) -> bool:
    """Whether "not" or the like stands right before: "not Homs", "not in Homs", "did not capture Homs".

    Never where the question is in the negative: "Which city was not captured?"
    """
    if _is_negative(question):
        return False
    before = _clause_before(said, place[0])
    while before and before[-1] in _BETWEEN:
        preposition = before.pop()
        if before and (before[-1], preposition) in (("instead", "of"), ("apart", "from")):
            return True
    if not before:
        return False
    last, second, third = (["", "", "", *before])[:-4:-1]
    if last in _NEGATORS or (last == "no" and said[place[0]].number is None):
        return True
    if (second, last) in (("rather", "than"), ("other", "than"), ("no", "longer")):
        return True
    denied_verb = second == "never" or (second == "not" and third in _AUXILIARIES)
    return denied_verb and last not in _NO_DENIAL


def _clause_before(said: tuple[Token, ...], start: int) -> list[str]:
    """The words before token `start`, up to punctuation, at most eight."""
    words: list[str] = []
    for token in reversed(said[max(0, start - 8) : start]):
        if token.pause:
            break
        words.insert(0, token.form)
    return words


@lru_cache(maxsize=4096)
def _is_negative(question: str) -> bool:
    return any(token.form in _NEGATORS or _NEGATIVE.match(token.form) for token in tokens(question))


# --------------------------------------------------------------------------- the rest of the rules

_ASKING = STOPWORDS | frozenset("many much city country name year day date number kind type thing person".split())


def _repeats(text: str, case: Case) -> bool:
    """Whether `text` has no word, number or day that the question lacks.

    Where the accepted answer stands in the question ("Homs or Hama?", "Who won between Homs and Hama?"), a text
    repeats it only if it leaves nothing out.
    """
    asked, said = _keys(case.question), _keys(text)
    entries = [frozenset(key for string in entry for key in _keys(string)) for entry in case.accepted]
    answers = frozenset[str]().union(*entries)
    if any(key not in asked and (key not in STOPWORDS - {"no"} or key in answers) for key in said):
        return False
    in_question = any(entry <= asked for entry in entries)
    return not in_question or all(key in said for key in asked if key not in _ASKING)


def _keys(text: str) -> frozenset[str]:
    return frozenset(_counted(text))


@lru_cache(maxsize=8192)
def _counted(text: str) -> Counter[str]:
    return Counter(keys(text))


def _f1(said: Counter[str], right: Counter[str]) -> float:
    shared = (said & right).total()
    return 2 * shared / (said.total() + right.total()) if shared else 0.0


def _form(string: str) -> tuple[object, ...]:
    return tuple(token.day or token.stem or token.form for token in tokens(string))


def _found_by(pattern: str, text: str) -> str | None:
    compiled = re.compile(pattern, re.IGNORECASE)
    forms = (" ".join(without_marks(text).split()), plain(text))
    return next((found.group() for form in forms if (found := compiled.search(form))), None)


def _all_of(entry: Sequence[str]) -> str:
    return " and ".join(f'"{string}"' for string in entry)


def _listed(case: Case) -> str:
    wanted = [_all_of(entry) for entry in case.accepted] + [f"/{pattern}/" for pattern in case.patterns]
    return ", ".join(wanted[:5]) + (f" and {len(wanted) - 5} more" if len(wanted) > 5 else "")
