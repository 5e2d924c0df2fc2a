"""Is an answer right? Accepted strings found in it, in whatever form it says them.

`matches` is the one judge of right and wrong; `token_f1` is SQuAD's measure over the same tokens. Both compare
the tokens of `evals.normal`, where "twenty-five miles" is "25 mi." and "5 December" is "December 5, 2024"."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from evals.normal import Token, plain, tokens, without_marks
from evals.text import STOPWORDS, keys
from evals.types import Case


class Match(NamedTuple):
    """Whether an answer is right, and why. True in a condition if it is."""

    right: bool
    explanation: str

    def __bool__(self) -> bool:
        return self.right


def matches(text: str, case: Case) -> Match:
    """Whether `text` gives an accepted answer. A text that adds nothing to the question is never right, and no text is
    right by an accepted string that it denies ("not Homs") or that is only part of a known wrong answer it states."""
    if not tokens(text):
        return Match(False, "says nothing")
    if _repeats(text, case):
        return Match(False, "repeats the question and adds nothing")
    named = [" and ".join(f'"{string}"' for string in entry) for entry in case.accepted]
    for name, said in zip(named, given(text, case), strict=True):
        if said:
            return Match(True, f"says {name}, which is accepted")
    for pattern in case.patterns:
        for form in (" ".join(without_marks(text).split()), plain(text)):
            if found := re.search(pattern, form, re.IGNORECASE):
                return Match(True, f"says {quoted(found.group())}, which the pattern {pattern} accepts")
    wanted = [*named, *(f"/{pattern}/" for pattern in case.patterns)]
    more = f" and {len(wanted) - 5} more" if len(wanted) > 5 else ""
    return Match(False, f"says none of: {', '.join(wanted[:5])}{more}")


def given(text: str, case: Case) -> list[bool]:
    """For each entry of `case.accepted`: whether `text` says all of it."""
    return [all(states(text, string, case.question, case.wrong) for string in entry) for entry in case.accepted]


def wrong_said(text: str, case: Case) -> list[str] | None:
    """Those of `case.wrong` that `text` states; None if each of them is an accepted answer too, so that none is wrong.
    A wrong answer that is part of an accepted one which the text states ("Baltimore" in "East Baltimore") is not."""
    accepted = [string for entry in case.accepted for string in entry]
    forms = {_form(string) for string in accepted}
    wrong = [string for string in dict.fromkeys(case.wrong) if _form(string) not in forms]
    if case.wrong and not wrong:
        return None
    return [string for string in wrong if states(text, string, case.question, accepted)]


def states(text: str, string: str, question: str = "", within: Sequence[str] = ()) -> bool:
    """Whether `text` says `string`, in any form, undenied and not merely as part of one of `within`."""
    for said in _readings(text):
        larger = [place for other in within for place in _places(said, other, question)]
        for place in _places(said, string, question):
            part = any(place != other and other[0] <= place[0] and place[1] <= other[1] for other in larger)
            if not part and not _denied(said, place[0], question):
                return True
    return False


def token_f1(text: str, entry: Sequence[str]) -> float:
    """SQuAD's token F1 (Rajpurkar et al., 2016), 0 to 1, with the strings of an accepted entry, joined. The tokens are
    those of `evals.normal` in place of SQuAD's own; a day counts as its day, month and year."""
    said, right = Counter(keys(text)), Counter(keys(" ; ".join(entry)))
    shared = (said & right).total()
    return 2 * shared / (said.total() + right.total()) if shared else 0.0


def quoted(text: str, longest: int = 120) -> str:
    """`text` in quotation marks on one line, shortened."""
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= longest else f'"{line[: longest - 1].rstrip()}…"'


@lru_cache(maxsize=4096)
def _readings(text: str) -> tuple[tuple[Token, ...], ...]:
    """The ways to read `text`: as it is, days as month and year, and without what stands in brackets."""
    bare = re.sub(r"\s*\([^()]*\)", "", text)
    return tuple(dict.fromkeys(tokens(form, coarse=coarse) for form in (text, bare) for coarse in (False, True)))


@lru_cache(maxsize=4096)
def _wanted(string: str) -> tuple[tuple[Token, ...], ...]:
    """The ways in which `string` may be said: in full, or without what stands in brackets, or "in" before it."""
    ways = [tokens(form) for form in (string, re.sub(r"\s*[(\[][^()\[\]]*[)\]]?", " ", string))]
    ways = [way[1:] if len(way) > 1 and way[0].form in ("in", "on", "at") else way for way in ways]
    return tuple(dict.fromkeys(filter(None, ways)))


def _places(said: tuple[Token, ...], string: str, question: str) -> Iterator[tuple[int, int]]:
    """Where `said` has it: tokens [start, end)."""
    for wanted in _wanted(string):
        for start in range(len(said)):
            if end := _end_of(said, start, wanted, question):
                yield start, end


def _end_of(said: tuple[Token, ...], start: int, wanted: tuple[Token, ...], question: str) -> int | None:
    """Where `wanted` ends if it begins at `start`; None if it does not."""
    end = start + len(wanted)
    if end <= len(said) and all(map(Token.means, said[start:end], wanted)):
        return None if _in_another_unit(said, end, question) else end
    if wanted[0].is_number and len(wanted) > 1 and said[start].means(wanted[0]):
        return start + 1 if _goes_without_unit(said, start, wanted, question) else None
    # what is written together or apart: "air base", "airbase"; "J. K.", "JK"
    whole, joined = "".join(token.form for token in wanted if token.is_word), ""
    while whole.startswith(joined) and start < len(said) and said[start].is_word:
        joined, start = joined + said[start].form, start + 1
        if joined == whole and all(token.is_word for token in wanted):
            return start
    return None


_ASKING_FOR = frozenset("many much in what which of".split())
_IMPLIED = {"old": "year", "age": "year", "aged": "year", "percentage": "%", "share": "%"}


def _in_another_unit(said: tuple[Token, ...], end: int, question: str) -> bool:
    """Whether a bare number is followed by a unit that is not the one the question asks in."""
    if not said[end - 1].is_number or said[end - 1].form.endswith("th") or end >= len(said) or not said[end].unit:
        return False
    asked = _units_asked(question)
    return bool(asked) and said[end].form not in asked


def _goes_without_unit(said: tuple[Token, ...], at: int, wanted: tuple[Token, ...], question: str) -> bool:
    """Whether the number at `at` may stand for `wanted`, a number with its unit or what it counts. It may if the
    question names the unit or nothing else follows that it could count: "3,559" for "3,559 people"."""
    rest = [token for token in wanted[1:] if token.form != "old"]
    if len(rest) != 1 or not rest[0].is_word or rest[0].capital or rest[0].form in ("am", "pm"):
        return False
    alone = said[at].pause or at + 1 >= len(said) or said[at + 1].form in STOPWORDS
    return alone and (not rest[0].unit or rest[0].form in _units_asked(question))


@lru_cache(maxsize=4096)
def _units_asked(question: str) -> frozenset[str]:
    """The units that a question asks in: "how many miles", "what percentage", "how old"."""
    asked = tokens(question)
    named = {token.form for before, token in pairwise(asked) if token.unit and before.form in _ASKING_FOR}
    return frozenset(named | {_IMPLIED[token.form] for token in asked if token.form in _IMPLIED})


_NEGATIVE = re.compile(
    r"(?:not|never|nor|neither|except|excluding|no|none|without|unable|against|illegal|missing)$"
    r"|forbid|lack|refus|fail|reject|den(?:y|ied|ies)|oppos|ban(?:s|ned)?$|prohibit|prevent|avoid|exclu"
)
_PREPOSITIONS = "in|on|at|by|to|from|of|for|with|as|near|into"
_NO_DENIAL = "only|just|until|merely|simply|less|more|fewer|later|before|long|yet|than|even"
_AUXILIARY = "do|does|did|has|have|had|is|are|was|were|be|been|will|would|can|could|should|may|might|must"
_DENYING = re.compile(
    rf"\b(?:(?:not|never|nor|neither|except|excluding|rather than|other than|no longer)(?: (?:{_PREPOSITIONS}))*"
    rf"|(?:instead of|apart from)|(?:never|(?:{_AUXILIARY}) not) (?!(?:{_NO_DENIAL})\b)\w+(?: (?:{_PREPOSITIONS}))*) $"
)
_ASKING = STOPWORDS | frozenset("many much city country name year day date number kind type thing person".split())


def _denied(said: tuple[Token, ...], at: int, question: str) -> bool:
    """Whether "not" or the like stands right before: "not Homs", "not in Homs", "did not capture Homs". Never where the
    question is in the negative ("Which city was not captured?")."""
    clause = ""
    for token in said[max(0, at - 8) : at]:  # up to punctuation
        clause = "" if token.pause else f"{clause}{token.form} "
    denied = _DENYING.search(clause) or (clause.endswith("no ") and not said[at].is_number)
    return bool(denied) and not any(_NEGATIVE.match(token.form) for token in tokens(question))


def _repeats(text: str, case: Case) -> bool:
    """Whether `text` has no word, number or day that the question lacks. Where the accepted answer stands in the
    question ("Homs or Hama?", "Who won between Homs and Hama?"), a text repeats it only if it leaves nothing out."""
    asked, said = set(keys(case.question)), set(keys(text))
    entries = [{key for string in entry for key in keys(string)} for entry in case.accepted]
    answers = set[str]().union(*entries)
    if any(key not in asked and (key not in STOPWORDS - {"no"} or key in answers) for key in said):
        return False
    return not any(entry <= asked for entry in entries) or asked - _ASKING <= said


def _form(string: str) -> tuple[object, ...]:
    return tuple(token.day or token.stem for token in tokens(string))
