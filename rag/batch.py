"""Many questions from a file, answered into another, one after the other; what was interrupted is gone on with."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from index.datadir import write_whole
from index.decode import storable
from rag.errors import EngineError, QuestionError, SettingsError, StorageError
from rag.export import unwritable
from rag.find import Wishes, narrowing
from rag.markup import cell, literal, not_cell, on_one_line
from rag.types import Answer, Length
from rag.wording import in_words, quoted

Form = Literal["csv", "jsonl", "md"]
_WISHES = ("since", "until", "as_of", "source", "author", "length")
_COLUMNS = ("question", "answer", "abstained", "quotes", "sources", "error", "settings", *_WISHES)
_OURS = frozenset({"question", "settings", "error"})
_MARK = "<!-- dateline "
_BOM = "\ufeff"  # by which spreadsheets know that it is UTF-8


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the file, and what is wished for its answer."""

    question: str
    wishes: tuple[tuple[str, str], ...] = ()

    def as_wishes(self) -> Wishes:
        return cast("Wishes", dict(self.wishes))


Row = dict[str, Any]
"""What a line of the answers' file holds, by `_COLUMNS`."""


def read_questions(path: Path, wishes: Wishes) -> list[Asked]:
    """A question a line (.txt), a row (.csv: the column "question", else the first), or an object (.jsonl).

    Columns and fields named like the filters, and "length", are wishes of that question; else `wishes` hold. Raises
    QuestionError, and SettingsError for `wishes`.
    """
    narrowing(wishes)  # else the first question would be told to be wrong
    common = {name: str(wish) for name, wish in wishes.items() if name in _WISHES and wish}
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"{path} cannot be read ({error}): name a file of questions in UTF-8.") from None
    kind = path.suffix.lower()
    if kind not in (".txt", ".csv", ".jsonl"):
        raise QuestionError(f"{path.name} is no file of questions: name one that ends with .txt, .csv or .jsonl.")
    rows: Iterator[Mapping[str, Any]]
    if kind == ".txt":
        rows = ({"question": line} for line in text.splitlines())
    elif kind == ".csv":
        rows = _of_table(text)
    else:
        rows = _of_lines(text, path)
    asked = [
        Asked(
            question,
            tuple((name, wish) for name in _WISHES if (wish := _told(row.get(name)) or common.get(name))),
        )
        for row in rows
        if (question := _told(row.get("question")))
    ]
    if not asked:
        raise QuestionError(f"There is no question in {path}: write one a line, or in a column named “question”.")
    for one in asked:  # now, and not after hours
        try:
            narrowing(one.as_wishes())
            if (length := one.as_wishes().get("length")) and length not in get_args(Length):
                raise SettingsError(f"length must be {' or '.join(get_args(Length))}, not {length!r}.")
        except SettingsError as error:
            raise QuestionError(f"Of the question “{one.question}” in {path.name}, {error}") from None
    return list(dict.fromkeys(asked))


def form_of(path: Path) -> Form:
    """The form of the answers' file. Raises QuestionError."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("csv", "jsonl", "md"):
        raise QuestionError(f"{path.name} is no file for answers: name one that ends with .csv, .jsonl or .md.")
    return cast("Form", kind)


class Answers:
    """The answers' file: rows by question, what was there before being kept if it may stay."""

    def __init__(self, path: Path, settings: str) -> None:
        """`settings`: of answers that may stay, see `Answer.settings`; failed questions are asked again.

        Raises QuestionError for another form, and StorageError; a file of something else is left as it is.
        """
        self._path, self._form = path, form_of(path)
        try:
            text = path.read_text("utf-8-sig", errors="replace") if path.exists() else ""
        except OSError as error:
            raise unwritable(path, error) from error
        before = list(_read(self._form, text))
        if text.strip() and not before and not text.startswith(_csv(_COLUMNS)):
            raise StorageError(f"{path} is there and holds no answers: name another file with --out.")
        self.rows: dict[Asked, Row] = {
            _asked(row): row for row in before if row["settings"] == settings and not row["error"]
        }
        self.finish(list(self.rows))

    def add(self, asked: Asked, row: Row) -> None:
        """Writes the row in one go; what a full disk cuts off is read as no row. Raises StorageError."""
        self.rows[asked] = row
        try:
            with self._path.open("ab") as file:
                file.write(_line(self._form, row).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise unwritable(self._path, error) from error

    def finish(self, order: Sequence[Asked]) -> None:
        """Puts the rows into this order. Raises StorageError."""
        try:
            write_whole(self._path, written(self._form, [self.rows[asked] for asked in order if asked in self.rows]))
        except OSError as error:
            raise unwritable(self._path, error) from error


def written(form: Form, rows: Sequence[Row]) -> bytes:
    """The rows as a file."""
    head = _BOM + _csv(_COLUMNS) if form == "csv" else ""
    return (head + "".join(_line(form, row) for row in rows)).encode()


def answer_all(
    ask: Callable[[Asked], Answer], questions: Sequence[Asked], answers: Answers
) -> Iterator[tuple[int, Row]]:
    """Has those answered that have no row yet; gives how many are done, and the row, for each.

    What the engine fails at is a row with its error; anything else that goes wrong is raised.
    """
    done = sum(asked in answers.rows for asked in questions)
    for asked in questions:
        if asked not in answers.rows:
            try:
                row = row_of(asked, ask(asked))
            except (EngineError, QuestionError) as error:
                row = row_of(asked, None, str(error))
            answers.add(asked, row)
            done += 1
            yield done, row
    answers.finish(questions)


def tally(rows: Collection[Row]) -> tuple[int, int]:
    """How many failed, and how many the articles do not answer."""
    return sum(bool(row["error"]) for row in rows), sum(row["abstained"] == "yes" for row in rows)


def told_of(rows: Collection[Row]) -> str:
    failed, abstained = tally(rows)
    count = f"{len(rows):,} question{'' if len(rows) == 1 else 's'}"
    return f"{count}, {abstained:,} not answered by the articles, {failed:,} failed"


def row_of(asked: Asked, answer: Answer | None, error: str = "") -> Row:
    """The row of a question with its answer, or with what went wrong."""
    told: Row = dict.fromkeys(_COLUMNS, "") | {"question": asked.question, "error": error} | dict(asked.wishes)
    if answer:
        sources = {one.article: f"{one.article} ({in_words(one.date)})" for one in answer.citations}
        told |= {
            "answer": answer.text,
            "abstained": "yes" if answer.abstained else "no",
            "quotes": [f"[{one.number}] {quoted(one.quote)}" for one in answer.citations],
            "sources": [*sources.values()],
            "settings": answer.settings,
        }
    return told


def _asked(row: Row) -> Asked:
    return Asked(row["question"], tuple((name, row[name]) for name in _WISHES if row.get(name)))


def _told(value: object) -> str:
    """On one line, as rows have it: what is read from them must be what was asked."""
    return storable(on_one_line(str(value or "")))


def _of_table(text: str) -> Iterator[Mapping[str, Any]]:
    for sign in ",;\t":  # spreadsheets write the second where numbers have a comma
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=sign))
        heads = [head.strip().lower() for head in rows[0]] if rows else []
        if "question" in heads:
            return iter([dict(zip(heads, row, strict=False)) for row in rows[1:]])
    return iter([{"question": row[0]} for row in csv.reader(io.StringIO(text, newline="")) if row])


def _of_lines(text: str, path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):  # JSON may hold what `splitlines` takes for the end of a line
        if line.strip():
            try:
                told = json.loads(line)
            except ValueError as error:
                raise QuestionError(
                    f"{path}, line {number} is no JSON ({error}): correct it, or take it out."
                ) from None
            yield told if isinstance(told, dict) else {"question": told}


def _line(form: Form, row: Row) -> str:
    """One row, which ends with its only line break, or with the only line that begins with `_MARK`."""
    if form == "jsonl":
        return json.dumps(row, ensure_ascii=False) + "\n"
    if form == "csv":
        cells = (" | ".join(one) if isinstance(one := row[name], list) else one for name in _COLUMNS)
        return _csv([cell(on_one_line(str(one))) for one in cells])
    body = row["answer"] or row["error"]
    paragraphs = "\n".join(
        f"- {literal(line[2:])}" if line.startswith("- ") else literal(line) for line in body.split("\n")
    )
    quotes = "".join(f"> {literal(quote)}\n>\n" for quote in row["quotes"])
    sources = f"*{literal('; '.join(row['sources']))}*\n\n" if row["sources"] else ""
    mark = json.dumps(row, ensure_ascii=False).replace("--", "\\u002d\\u002d")
    return f"## {literal(row['question'])}\n\n{paragraphs}\n\n{quotes}\n{sources}{_MARK}{mark} -->\n\n"


def _read(form: Form, text: str) -> Iterator[Row]:
    """The whole rows of a file; what was cut off at its end is none."""
    whole = text[: text.rfind("\n") + 1]
    if form == "csv":
        for row in csv.DictReader(io.StringIO(whole, newline="")):
            if row.keys() >= _OURS and row["settings"] is not None:
                plain = {name: not_cell(row.get(name) or "") for name in _COLUMNS}
                yield plain | {
                    name: [part for part in plain[name].split(" | ") if part] for name in ("quotes", "sources")
                }
        return
    for line in whole.split("\n"):
        told = line.removeprefix(_MARK).removesuffix(" -->") if form == "md" else line
        if form == "jsonl" or line.startswith(_MARK):
            try:
                row = json.loads(told)
            except ValueError:
                continue
            if isinstance(row, dict) and row.keys() >= _OURS:
                yield dict.fromkeys(_COLUMNS, "") | row


def _csv(cells: Sequence[str]) -> str:
    told = io.StringIO()
    csv.writer(told, lineterminator="\n").writerow(cells)
    return told.getvalue()
