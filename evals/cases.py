"""Gold questions from a JSON Lines file, and the cases that can be made of them."""

import json
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from evals.records import records
from evals.types import Case
from index.errors import DatelineError

_T = TypeVar("_T")
SEEDS_GOLD = Path(__file__).parent / "gold" / "seeds.jsonl"  # the gold questions on the two seed articles


class CasesError(DatelineError):
    """A file of gold questions cannot be used."""


def load(path: Path) -> list[Case]:
    """The cases of `path`, in its order: one JSON object with the fields of `Case` per line, blank lines skipped. `id`,
    `question`, `answerable` and `kind` are required; an entry of `accepted` may be a string or a list of strings.
    Raises CasesError, which names the line and what to do, at the first thing that is wrong."""
    found: dict[str, Case] = {}
    for number, line in records(path, TypeAdapter(_Line), CasesError, "a JSON Lines file of gold questions"):
        if line.id in found:
            where = f"{path}, line {number}"
            raise CasesError(f"{where}: the id '{line.id}' is taken already; give each question an id of its own.")
        found[line.id] = Case(**{field.name: getattr(line, field.name) for field in fields(Case)})
    return list(found.values())


def spread(cases: Sequence[_T], count: int) -> list[_T]:
    """`count` of the cases at even distances over the list, always the same ones; all of them if there are fewer."""
    count = max(0, min(count, len(cases)))
    return [cases[i * len(cases) // count] for i in range(count)]


def without_gold(cases: Sequence[Case]) -> list[Case]:
    """The answerable cases that have evidence, asked while the articles that hold it must not be used. What is left has
    no answer, so each of them is to be refused: an answer would come from elsewhere, such as the model's memory."""
    return [
        Case(
            f"{case.id}-without-gold", case.question, False, "without-gold", history=case.history, split=case.split,
            as_of=case.as_of, exclude=tuple(dict.fromkeys((*case.exclude, *(gold.article for gold in case.evidence)))),
        )
        for case in cases
        if case.answerable and case.evidence
    ]  # fmt: skip


@dataclass(config=ConfigDict(extra="forbid"), frozen=True, kw_only=True)
class _Line(Case):
    """A line as it may be written; `Case` says what the fields mean."""

    note: str = ""  # for whoever keeps the questions; nothing reads it

    def __post_init__(self) -> None:
        for pattern in self.patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"the pattern {json.dumps(pattern)} is no regular expression ({error})") from None
        roles = ("user", "assistant")
        if any(turn.keys() != {"role", "content"} or turn["role"] not in roles for turn in self.history):
            raise ValueError("a turn of the history needs a role, user or assistant, and its content")
        given = self.accepted or self.patterns
        if self.answerable and not given:
            raise ValueError("the question is answerable, but no answer is accepted; add one to 'accepted'")
        if not self.answerable and given:
            raise ValueError("it is not answerable, yet an answer is accepted; empty 'accepted' and 'patterns'")
