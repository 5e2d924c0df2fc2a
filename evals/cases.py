"""Gold questions from a JSON Lines file, and the cases that can be made of them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, StrictBool, TypeAdapter
from pydantic.dataclasses import dataclass

from evals.lines import Said, records
from evals.types import Case, Split
from index.errors import DatelineError

_T = TypeVar("_T")
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
    found: dict[str, Case] = {}
    for number, line in records(path, _LINES, CasesError, "a JSON Lines file of gold questions"):
        where = f"{path}, line {number}"
        case = Case(**{field.name: getattr(line, field.name) for field in fields(Case)})
        if case.id in found:
            raise CasesError(f"{where}: the id '{case.id}' is taken already; give each question an id of its own.")
        if mistake := _mistake(case):
            raise CasesError(f"{where}: {mistake}.")
        found[case.id] = case
    return list(found.values())


def spread(cases: Sequence[_T], count: int) -> list[_T]:
    """`count` of the cases at even distances over the list, always the same ones; all of them if there are fewer."""
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


_Entry = Annotated[
    tuple[Said, ...],
    Field(min_length=1),
    BeforeValidator(lambda entry: entry if isinstance(entry, list) else [entry]),
]
"""An accepted answer: a string, or a list of strings that must all be said."""


@dataclass(config=ConfigDict(extra="forbid"), frozen=True, kw_only=True)
class _Line(Case):
    """A line as it may be written; `Case` says what the fields mean."""

    id: Said
    question: Said
    answerable: StrictBool
    kind: Said
    accepted: tuple[_Entry, ...] = ()
    patterns: tuple[Said, ...] = ()
    wrong: tuple[Said, ...] = ()
    history: tuple[dict[str, Said], ...] = ()
    note: str = ""
    """For whoever keeps the questions; nothing reads it."""


_LINES = TypeAdapter(_Line)


def _mistake(case: Case) -> str | None:
    """What the fields say against each other, and the remedy; None if they agree."""
    for pattern in case.patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            return f"the pattern {json.dumps(pattern)} is no regular expression ({error}); mend it"
    if any(turn.keys() != {"role", "content"} or turn["role"] not in ("user", "assistant") for turn in case.history):
        return "a turn of the history needs a role, user or assistant, and its content; mend it"
    given = case.accepted or case.patterns
    if case.answerable and not given:
        return "the question is answerable, but no answer is accepted; add one to 'accepted'"
    if not case.answerable and given:
        return "the question is not answerable, yet an answer is accepted; empty 'accepted' and 'patterns'"
    return None
