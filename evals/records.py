"""Records from files of JSON, ours and other people's as published; what is wrong with one is told with its place."""

import json
from collections.abc import Iterator
from datetime import date
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from index.dates import parse_date
from index.decode import storable
from index.errors import DatelineError

_T = TypeVar("_T")
_MISTAKES = {"missing": "it is missing", "unexpected_keyword_argument": "there is no such field"}


def not_blank(words: str) -> str:
    """An empty string would match every answer."""
    if not words.strip():
        raise ValueError("it is blank")
    return words


Said = Annotated[str, AfterValidator(not_blank)]  # a string with something in it


def text_of(path: Path, error: type[DatelineError], what: str) -> str:
    """The text of a file; where there is none, `error` says to name `what`."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as reason:
        raise error(f"{path} cannot be read ({reason.strerror}). Name {what}.") from None
    except UnicodeDecodeError as reason:
        raise error(f"{path} is not UTF-8 ({reason}). Save it as UTF-8.") from None


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """The lines with something in them, each with its number from 1."""
    # not splitlines(): strings may hold U+2028
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def records(path: Path, adapter: TypeAdapter[_T], error: type[DatelineError], what: str) -> Iterator[tuple[int, _T]]:
    """Each line's number and what is on it. Raises `error` where the file can't be read or a line is not as it must
    be: a mistyped field would otherwise be a wrong score later."""
    for number, line in numbered(text_of(path, error, what)):
        yield number, valid(adapter, line, f"{path}, line {number}", error)


def valid(adapter: TypeAdapter[_T], given: Any, where: str, error: type[DatelineError]) -> _T:
    """What is `given`, JSON if it is text, as `adapter` reads it."""
    try:
        return adapter.validate_python(json.loads(given) if isinstance(given, str) else given)
    except ValidationError as reason:
        first = reason.errors(include_url=False)[0]
        # pydantic also names its own types there, as "list[str]"
        place = ".".join(str(part) for part in first["loc"] if not (isinstance(part, str) and "[" in part))
        told = _MISTAKES.get(first["type"], first["msg"].removeprefix("Value error, "))
        where += f", {place}" if place else ""
    except json.JSONDecodeError as reason:
        told = f"it is not JSON ({reason})"
    raise error(f"{where}: {told}. Mend that record or take it out.")


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


def _day(value: Any) -> date | None:
    day = parse_date(value)
    if value is not None and day is None:
        raise ValueError("it is no date: write YYYY-MM-DD")
    return day


def _few_ways(groups: list[list[str]]) -> list[list[str]]:
    if prod(map(len, groups)) > 1000:
        raise ValueError("its answers can be put together in more than 1,000 ways")
    return groups


# as the index stores characters, so that quotes stand in what it reads; of the same length
_Text = Annotated[str, BeforeValidator(lambda value: storable(value) if isinstance(value, str) else value)]
_Words = Annotated[_Text, AfterValidator(not_blank), AfterValidator(str.strip)]
_Id = Annotated[_Words, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
_Groups = Annotated[list[Annotated[list[_Words], Field(min_length=1)]], AfterValidator(_few_ways)]
"""The things that a right answer must say, each in any of its spellings."""


class Item(BaseModel, frozen=True):
    article: _Words
    quote: _Text | None = None


class Turn(BaseModel):
    role: Literal["user", "assistant"]
    content: _Words


class Question(BaseModel):
    id: _Id
    question: _Words
    answerable: bool
    answers: list[_Words] = []
    evidence: list[Item] = []
    wrong_answers: list[_Text] = []
    question_date: Annotated[date | None, BeforeValidator(_day)] = None
    type: _Words = "question"
    kind: _Words | None = None  # what sort of question it is, where `type` does not say it
    all: _Groups | None = None  # they stand for `answers`
    history: list[Turn] = []

    def model_post_init(self, context: object) -> None:
        if self.answerable and not (self.answers or self.all):
            raise ValueError("it is answerable, but has no answers")


class SquadAnswer(BaseModel):
    text: _Words
    answer_start: int


class SquadQuestion(BaseModel):
    id: _Id
    question: _Words
    answers: list[SquadAnswer] = []
    is_impossible: bool = False

    def model_post_init(self, context: object) -> None:
        if not self.answers and not self.is_impossible:
            raise ValueError("it has no answers, and is not marked is_impossible")


class Paragraph(BaseModel):
    context: Annotated[_Text, AfterValidator(not_blank)]
    qas: list[SquadQuestion]


class SquadArticle(BaseModel):
    paragraphs: list[Paragraph]


class Squad(BaseModel):
    data: list[SquadArticle]


class Document(BaseModel):
    text: _Text
    type: Literal["correct", "misinfo", "noise"]
    answer: _Text = ""


class Ramdocs(BaseModel):
    question: _Words
    documents: list[Document]
    gold_answers: Annotated[list[_Words], Field(min_length=1)]
    wrong_answers: list[_Text] = []


def _needed(answers: list[Any]) -> list[Any]:
    """Strings alone are spellings of one thing."""
    if not any(isinstance(answer, list) for answer in answers):
        return [answers] if answers else []
    return [answer if isinstance(answer, list) else [answer] for answer in answers]


class Passages(BaseModel):
    question: _Words
    answers: Annotated[_Groups, BeforeValidator(_needed)]
    positive: list[_Text | list[_Text]]
    negative: list[_Text] = []
    positive_wrong: list[_Text] = []
    wrong_answers: list[_Text] = []
    id: _Id | None = None
    type: _Words = "passages"

    def model_post_init(self, context: object) -> None:
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
