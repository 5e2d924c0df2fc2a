"""The records of other people's data, as they are published; whatever is wrong with one is told with its place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BeforeValidator, TypeAdapter

from evals.lines import not_blank, numbered, parsed, text_of, valid
from index.dates import parse_date
from index.decode import storable
from index.errors import DatelineError

Format = Literal["folder", "squad", "ramdocs", "passages"]
FORMATS: tuple[Format, ...] = get_args(Format)

_T = TypeVar("_T")
_MOST_COMBINATIONS = 1000
QUESTIONS = "questions.jsonl"
_TELLTALE: dict[Format, set[str]] = {
    "squad": {"data"},
    "ramdocs": {"documents", "gold_answers"},
    "passages": {"positive"},
    "folder": {"answerable", "evidence"},
}
ABOUT: dict[Format, str] = {
    "folder": f"a folder with articles/ and {QUESTIONS}",
    "squad": "one JSON file, SQuAD's",
    "ramdocs": f"a JSONL or JSON file, RAMDocs' own, or a folder with articles/ and {QUESTIONS}",
    "passages": "a JSONL file of questions with their positive and negative passages",
}


class DatasetError(DatelineError):
    """The data to be measured with is missing, of another form, or has a bad record."""


# --- what a record must be


def _stored(value: Any) -> Any:
    """As the index stores characters, so that quotes stand in what it reads; of the same length."""
    return storable(value) if isinstance(value, str) else value


def _day(value: Any) -> date | None:
    day = parse_date(value)
    if value is not None and day is None:
        raise ValueError("it is no date: write YYYY-MM-DD")
    return day


def _combinations(groups: Sequence[Sequence[str]]) -> None:
    if prod(map(len, groups)) > _MOST_COMBINATIONS:
        raise ValueError(f"its answers can be put together in more than {_MOST_COMBINATIONS:,} ways")


_Text = Annotated[str, BeforeValidator(_stored)]
_Words = Annotated[_Text, AfterValidator(not_blank), AfterValidator(str.strip)]
_Id = Annotated[_Words, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]


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
    all: list[list[_Words]] | None = None
    """The groups of which each needs one of its strings; they stand for `answers`."""
    history: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.answerable and not (self.answers or self.all):
            raise ValueError("it is answerable, but has no answers")
        if not all(self.all or []):
            raise ValueError("a group of 'all' is empty")
        _combinations(self.all or [])


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
class RamdocsRecord:
    question: _Words
    documents: list[Document]
    gold_answers: list[_Words]
    wrong_answers: list[_Text] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.gold_answers:
            raise ValueError("it has no gold_answers")


@dataclass(frozen=True)
class PassagesRecord:
    question: _Words
    answers: list[_Words | list[_Words]]
    positive: list[_Text | list[_Text]]
    negative: list[_Text] = field(default_factory=list)
    positive_wrong: list[_Text] = field(default_factory=list)
    wrong_answers: list[_Text] = field(default_factory=list)
    id: _Id | None = None
    type: _Words = "passages"

    def __post_init__(self) -> None:
        if self.positive and not all(self.needed()):
            raise ValueError("it has positive passages, but an answer is missing")
        _combinations(self.needed())

    def needed(self) -> list[list[str]]:
        """The spellings of each thing that a right answer must say."""
        if any(isinstance(answer, list) for answer in self.answers):
            return [answer if isinstance(answer, list) else [answer] for answer in self.answers]
        return [[answer for answer in self.answers if isinstance(answer, str)]]


def _from_rgb(record: Any) -> Any:
    """RGB's own fields under our names. Its rule (`checkanswer` in evalue.py): every item of `answer` is needed."""
    if not isinstance(record, dict) or not {"query", "answer"} <= record.keys():
        return record
    answer, fake = record["answer"], record.get("fakeanswer", [])
    needed = answer if isinstance(answer, list) else [answer]
    return {
        **record,
        "question": record["query"],
        "answers": [spellings if isinstance(spellings, list) else [spellings] for spellings in needed],
        "wrong_answers": fake if isinstance(fake, list) else [fake],
    }


# --- reading them


def read_questions(path: Path) -> list[Question]:
    """The records of a folder's questions.jsonl. Like all of these, raises DatasetError."""
    return _records(path, "folder", TypeAdapter(Question))


def read_squad(path: Path) -> Squad:
    return _records(path, "squad", TypeAdapter(Squad), whole=True)[0]


def read_ramdocs(path: Path) -> list[RamdocsRecord]:
    return _records(path, "ramdocs", TypeAdapter(RamdocsRecord))


def read_passages(path: Path) -> list[PassagesRecord]:
    return _records(path, "passages", TypeAdapter(Annotated[PassagesRecord, BeforeValidator(_from_rgb)]))


def _records(path: Path, form: Format, adapter: TypeAdapter[_T], *, whole: bool = False) -> list[_T]:
    """The records of a JSONL file, or of a JSON list; the one that the file is if `whole`."""
    text = text_of(path, DatasetError, ABOUT[form])
    try:
        if whole:
            given = [(str(path), parsed(text, str(path), DatasetError))]
        elif text.lstrip().startswith("["):
            listed = parsed(text, str(path), DatasetError)
            given = [(f"{path}, record {number}", record) for number, record in enumerate(listed, 1)]
        else:
            lines = ((f"{path}, line {number}", line) for number, line in numbered(text))
            given = [(where, parsed(line, where, DatasetError)) for where, line in lines]
        return [valid(adapter, record, where, DatasetError) for where, record in given]
    except DatasetError:
        if _guess(path) not in (form, None):
            raise other_form(path, form) from None
        raise


def other_form(path: Path, form: Format) -> DatasetError:
    guess = _guess(path)
    hint = f"Name {ABOUT[form]}."
    if guess == "folder" and path.is_file():
        hint = 'It looks like the questions of the form "folder": name the folder they are in, and that form.'
    elif guess not in (form, None):
        hint = f'It looks like the form "{guess}": name that form.'
    return DatasetError(f'{path} is not of the form "{form}". {hint}')


def _guess(path: Path) -> Format | None:
    """The form that a file or folder looks like, by the names of its first record's fields."""
    if path.is_dir():
        return "folder" if (path / QUESTIONS).is_file() else None
    text = text_of(path, DatasetError, "the data")
    for piece in (text, text.lstrip().partition("\n")[0]):
        try:
            value = json.loads(piece)
        except ValueError:
            continue
        first = value[0] if isinstance(value, list) and value else value
        names = set(first) if isinstance(first, dict) else set()
        return next((form for form, telltale in _TELLTALE.items() if telltale <= names), None)
    return None
