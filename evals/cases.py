"""Gold questions from a JSON Lines file, and the cases that can be made of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from evals.types import Case, GoldQuote, Split
from index.errors import DatelineError

SEEDS_GOLD = Path(__file__).parent / "gold" / "seeds.jsonl"
"""The gold questions on the two seed articles."""


class CasesError(DatelineError):
    """A file of gold questions cannot be used."""


def load(path: Path) -> list[Case]:
    """The cases of `path`, in its order: one JSON object with the fields of `Case` per line, blank lines skipped.

    `id`, `question`, `answerable` and `kind` are required; an entry of `accepted` may be a string or a list of
    strings. Raises CasesError, which names the line and what to do, at the first thing that is wrong: a mistyped
    field would otherwise be a wrong score later.
    """
    cases: list[Case] = []
    line_of: dict[str, int] = {}
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        case = _parsed(line, f"{path}, line {number}")
        if case.id in line_of:
            raise CasesError(
                f"{path}, line {number}: the id '{case.id}' is already that of line {line_of[case.id]}; "
                "give each question an id of its own."
            )
        line_of[case.id] = number
        cases.append(case)
    return cases


def spread(cases: Sequence[Case], count: int) -> list[Case]:
    """`count` cases at even distances over the list, always the same ones; all of them if there are fewer."""
    count = max(0, min(count, len(cases)))
    return [cases[i * len(cases) // count] for i in range(count)]


def of_split(cases: Sequence[Case], split: Split | None) -> list[Case]:
    """The cases of one half, or all of them for None."""
    return [case for case in cases if split is None or case.split == split]


def without_gold(cases: Sequence[Case]) -> list[Case]:
    """The answerable cases that have evidence, asked while the articles that hold it must not be used.

    What is left has no answer, so each of them is to be refused: an answer would come from elsewhere, such as the
    model's memory.
    """
    return [_bereft(case) for case in cases if case.answerable and case.evidence]


def _bereft(case: Case) -> Case:
    gold = (quote.article for quote in case.evidence)
    return replace(
        case,
        id=f"{case.id}-without-gold",
        kind="without-gold",
        answerable=False,
        accepted=(),
        patterns=(),
        wrong=(),
        several=False,
        evidence=(),
        exclude=tuple(dict.fromkeys((*case.exclude, *gold))),
    )


_Said = Annotated[str, StringConstraints(pattern=r"\S")]
"""A string with something in it: an empty one would match every answer."""
_Entry = Annotated[
    tuple[_Said, ...],
    Field(min_length=1),
    BeforeValidator(lambda entry: tuple(entry) if isinstance(entry, list) else (entry,)),
]
"""An accepted answer: a string, or a list of strings that must all be said."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Turn(_Strict):
    role: Literal["user", "assistant"]
    content: _Said


class _Quote(_Strict):
    article: _Said
    quote: _Said | None = None
    fact: int = 0


class _Line(_Strict):
    """A line as it may be written; `Case` says what the fields mean."""

    id: _Said
    question: _Said
    answerable: bool
    kind: _Said
    accepted: tuple[_Entry, ...] = ()
    patterns: tuple[_Said, ...] = ()
    wrong: tuple[_Said, ...] = ()
    several: bool = False
    evidence: tuple[_Quote, ...] = ()
    history: tuple[_Turn, ...] = ()
    split: Split = "test"
    as_of: date | None = None
    exclude: tuple[_Said, ...] = ()
    note: str = ""
    """For whoever keeps the questions; nothing reads it."""

    def case(self) -> Case:
        return Case(
            id=self.id,
            question=self.question,
            answerable=self.answerable,
            kind=self.kind,
            accepted=self.accepted,
            patterns=self.patterns,
            wrong=self.wrong,
            several=self.several,
            evidence=tuple(GoldQuote(item.article, item.quote, item.fact) for item in self.evidence),
            history=tuple({"role": turn.role, "content": turn.content} for turn in self.history),
            split=self.split,
            as_of=self.as_of,
            exclude=self.exclude,
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CasesError(f"There is no file {path}; name a JSON Lines file of gold questions.") from None
    except OSError as error:
        raise CasesError(f"{path} cannot be read ({error.strerror}); name a file that you may read.") from error
    except UnicodeDecodeError as error:
        raise CasesError(f"{path} is not in UTF-8 (byte {error.start}); save it as UTF-8.") from error


def _parsed(line: str, where: str) -> Case:
    try:
        case = _Line.model_validate_json(line).case()
    except ValidationError as error:
        raise CasesError(f"{where}: {_first_mistake(error)}.") from None
    if mistake := _mistake(case):
        raise CasesError(f"{where}: {mistake}.")
    return case


def _first_mistake(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if not place:
        return "this is not one JSON object; write each question as one object on one line"
    if first["type"] == "missing":
        return f"the field '{place}' is missing; add it"
    if first["type"] == "extra_forbidden":
        return f"there is no field '{place}'; rename or remove it"
    if first["type"] == "string_pattern_mismatch":
        return f"'{place}' is empty; write something there or leave it out"
    return f"'{place}' is {_shortly(first['input'])}, which does not do ({first['msg']}); mend it"


def _shortly(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False, default=str)
    return written if len(written) <= 60 else f"{written[:57]}..."


def _mistake(case: Case) -> str | None:
    """What the fields say against each other, and the remedy; None if they agree."""
    for pattern in case.patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            return f"the pattern {_shortly(pattern)} is no regular expression ({error}); mend it"
    given = case.accepted or case.patterns
    if case.answerable and not given:
        return "the question is answerable, but no answer is accepted; add one to 'accepted'"
    if not case.answerable and given:
        return "the question is not answerable, yet an answer is accepted; empty 'accepted' and 'patterns'"
    return None
