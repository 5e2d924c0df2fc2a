"""The records of other people's data, as they are published; whatever is wrong with one is told with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter

from evals.lines import not_blank, numbered, text_of, valid
from index.dates import parse_date
from index.decode import storable
from index.errors import DatelineError

Format = Literal["folder", "squad", "ramdocs", "passages"]
QUESTIONS = "questions.jsonl"
ABOUT: dict[Format, str] = {
    "folder": f"a folder with articles/ and {QUESTIONS}",
    "squad": "one JSON file, SQuAD's",
    "ramdocs": f"a JSONL or JSON file, RAMDocs' own, or a folder with articles/ and {QUESTIONS}",
    "passages": "a JSONL file of questions with their positive and negative passages",
}


class DatasetError(DatelineError):
    """The data to be measured with is missing, of another form, or has a bad record."""


def _stored(value: Any) -> Any:
    """As the index stores characters, so that quotes stand in what it reads; of the same length."""
    return storable(value) if isinstance(value, str) else value


def _day(value: Any) -> date | None:
    day = parse_date(value)
    if value is not None and day is None:
        raise ValueError("it is no date: write YYYY-MM-DD")
    return day


def _few_ways(groups: list[list[str]]) -> list[list[str]]:
    if prod(map(len, groups)) > 1000:
        raise ValueError("its answers can be put together in more than 1,000 ways")
    return groups


_Text = Annotated[str, BeforeValidator(_stored)]
_Words = Annotated[_Text, AfterValidator(not_blank), AfterValidator(str.strip)]
_Id = Annotated[_Words, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
_Groups = Annotated[list[Annotated[list[_Words], Field(min_length=1)]], AfterValidator(_few_ways)]
"""The things that a right answer must say, each in any of its spellings."""


@dataclass(frozen=True)
class Item:
    article: _Words
    quote: _Text | None = None


@dataclass(frozen=True)
class Turn:
    role: Literal["user", "assistant"]
    content: _Words


@dataclass(frozen=True)
class Question:
    id: _Id
    question: _Words
    answerable: bool
    answers: list[_Words] = field(default_factory=list)
    evidence: list[Item] = field(default_factory=list)
    wrong_answers: list[_Text] = field(default_factory=list)
    question_date: Annotated[date | None, BeforeValidator(_day)] = None
    type: _Words = "question"
    kind: _Words | None = None
    """What sort of question it is, where `type` does not say it."""
    all: _Groups | None = None
    """They stand for `answers`."""
    history: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.answerable and not (self.answers or self.all):
            raise ValueError("it is answerable, but has no answers")


@dataclass(frozen=True)
class SquadAnswer:
    text: _Words
    answer_start: int


@dataclass(frozen=True)
class SquadQuestion:
    id: _Id
    question: _Words
    answers: list[SquadAnswer] = field(default_factory=list)
    is_impossible: bool = False

    def __post_init__(self) -> None:
        if not self.answers and not self.is_impossible:
            raise ValueError("it has no answers, and is not marked is_impossible")


@dataclass(frozen=True)
class Paragraph:
    context: Annotated[_Text, AfterValidator(not_blank)]
    qas: list[SquadQuestion]


@dataclass(frozen=True)
class SquadArticle:
    paragraphs: list[Paragraph]


@dataclass(frozen=True)
class Squad:
    data: list[SquadArticle]


@dataclass(frozen=True)
class Document:
    text: _Text
    type: Literal["correct", "misinfo", "noise"]
    answer: _Text = ""


@dataclass(frozen=True)
class Ramdocs:
    question: _Words
    documents: list[Document]
    gold_answers: Annotated[list[_Words], Field(min_length=1)]
    wrong_answers: list[_Text] = field(default_factory=list)


def _needed(answers: list[Any]) -> list[Any]:
    """Strings alone are spellings of one thing."""
    if not any(isinstance(answer, list) for answer in answers):
        return [answers] if answers else []
    return [answer if isinstance(answer, list) else [answer] for answer in answers]


@dataclass(frozen=True)
class Passages:
    question: _Words
    answers: Annotated[_Groups, BeforeValidator(_needed)]
    positive: list[_Text | list[_Text]]
    negative: list[_Text] = field(default_factory=list)
    positive_wrong: list[_Text] = field(default_factory=list)
    wrong_answers: list[_Text] = field(default_factory=list)
    id: _Id | None = None
    type: _Words = "passages"

    def __post_init__(self) -> None:
        if self.positive and not self.answers:
            raise ValueError("it has positive passages, but an answer is missing")


def _from_rgb(record: Any) -> Any:
    """RGB's own fields under our names. Its rule (`checkanswer` in evalue.py): every item of `answer` is needed."""
    if not isinstance(record, dict) or not {"query", "answer"} <= record.keys():
        return record
    answer, fake = (one if isinstance(one, list) else [one] for one in (record["answer"], record.get("fakeanswer", [])))
    spelled = [spellings if isinstance(spellings, list) else [spellings] for spellings in answer]
    return {**record, "question": record["query"], "answers": spelled, "wrong_answers": fake}


_ADAPTERS: dict[Format, TypeAdapter[Any]] = {
    "folder": TypeAdapter(Question),
    "squad": TypeAdapter(Squad),
    "ramdocs": TypeAdapter(Ramdocs),
    "passages": TypeAdapter(Annotated[Passages, BeforeValidator(_from_rgb)]),
}


def read_records(path: Path, form: Format) -> list[Any]:
    """The records of a JSONL file, or of a JSON list; of SQuAD the one that the file is. Raises DatasetError."""
    text = text_of(path, DatasetError, ABOUT[form])
    pieces: list[tuple[str, Any]] = [(f"{path}, line {number}", line) for number, line in numbered(text)]
    if form == "squad":
        pieces = [(str(path), text)]
    elif text.lstrip().startswith("["):
        listed = valid(TypeAdapter(list[Any]), text, str(path), DatasetError)
        pieces = [(f"{path}, record {number}", record) for number, record in enumerate(listed, 1)]
    return [valid(_ADAPTERS[form], piece, where, DatasetError) for where, piece in pieces]
