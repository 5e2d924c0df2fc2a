"""The records of other people's data, as they are published; whatever is wrong with one is told with its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError

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


def _not_blank(words: str) -> str:
    if not words.strip():
        raise ValueError("it is blank")
    return words


def _day(value: Any) -> date | None:
    day = parse_date(value)
    if value is not None and day is None:
        raise ValueError("it is no date: write YYYY-MM-DD")
    return day


def _combinations(groups: Sequence[Sequence[str]]) -> None:
    if prod(map(len, groups)) > _MOST_COMBINATIONS:
        raise ValueError(f"its answers can be put together in more than {_MOST_COMBINATIONS:,} ways")


_Text = Annotated[str, BeforeValidator(_stored)]
_Words = Annotated[_Text, AfterValidator(_not_blank), AfterValidator(str.strip)]
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
    context: Annotated[_Text, AfterValidator(_not_blank)]
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
    return _records(path, "folder", TypeAdapter(list[Question]))


def read_squad(path: Path) -> Squad:
    return _valid(path, "squad", TypeAdapter(Squad), _json(path, "squad"), _dotted)


def read_ramdocs(path: Path) -> list[RamdocsRecord]:
    return _records(path, "ramdocs", TypeAdapter(list[RamdocsRecord]))


def read_passages(path: Path) -> list[PassagesRecord]:
    return _records(path, "passages", TypeAdapter(list[Annotated[PassagesRecord, BeforeValidator(_from_rgb)]]))


def _records(path: Path, form: Format, adapter: TypeAdapter[list[_T]]) -> list[_T]:
    """The records of a JSONL file, or of a JSON list."""
    text = _text(path)
    if text.lstrip().startswith("["):
        values = _json(path, form)
        return _valid(path, form, adapter, values, lambda loc: f"record {int(loc[0]) + 1}" + _field(loc[1:]))
    # not splitlines(): strings may hold U+2028
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise DatasetError(f"{path} is empty. Name the data to measure with: {ABOUT[form]}.")
    values = []
    for number, line in lines:
        try:
            values.append(json.loads(line))
        except ValueError as error:
            raise _bad(path, form, f"line {number}", f"it is not JSON ({error})") from error
    return _valid(path, form, adapter, values, lambda loc: f"line {lines[int(loc[0])][0]}" + _field(loc[1:]))


def _field(loc: tuple[int | str, ...]) -> str:
    return f", {_dotted(loc)}" if loc else ""


def _dotted(loc: tuple[int | str, ...]) -> str:
    """A field's place in the data: pydantic also names its own types there, as "list[str]"."""
    return ".".join(str(part) for part in loc if not (isinstance(part, str) and "[" in part))


def _valid(
    path: Path, form: Format, adapter: TypeAdapter[_T], value: Any, place: Callable[[tuple[int | str, ...]], str]
) -> _T:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _bad(path, form, place(first["loc"]), first["msg"].removeprefix("Value error, ")) from error


def _json(path: Path, form: Format) -> Any:
    try:
        return json.loads(_text(path))
    except ValueError as error:
        if _guess(path) in (form, None):
            raise DatasetError(f"{path} is not JSON ({error}). Name {ABOUT[form]}.") from error
        raise other_form(path, form) from error


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror}). Name a file that you may read.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 ({error}). Save it as UTF-8.") from error


def _bad(path: Path, form: Format, place: str, reason: str) -> DatasetError:
    """A bad record; or, where the file looks like another form, that."""
    if _guess(path) not in (form, None):
        return other_form(path, form)
    where = f"{path}, {place}" if place else f"{path}"
    return DatasetError(f"{where}: {reason}. Mend that record or take it out.")


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
    text = _text(path)
    for piece in (text, text.lstrip().partition("\n")[0]):
        try:
            value = json.loads(piece)
        except ValueError:
            continue
        first = value[0] if isinstance(value, list) and value else value
        names = set(first) if isinstance(first, dict) else set()
        return next((form for form, telltale in _TELLTALE.items() if telltale <= names), None)
    return None
