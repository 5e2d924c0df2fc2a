"""What the tests of other people's data share: tiny data of each form, and what the index reads of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.datasets import Dataset, DatasetError, Format, read
from evals.types import Case
from index.read import find_files, read_file

WARSAW = "Warsaw is the capital of Poland. It lies on the Vistula. In 2012 it held 1.7 million people."
MOON = "The Moon circles the Earth. It has no air."


def write_lines(path: Path, *records: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def make_folder(path: Path, articles: dict[str, str], *questions: dict[str, Any]) -> Path:
    for name, text in articles.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(text.encode())
    write_lines(path / "questions.jsonl", *questions)
    return path


def asking(id: str = "q1", **fields: Any) -> dict[str, Any]:
    return {"id": id, "question": "What is it?", "answers": ["Warsaw"], "answerable": True, "evidence": [], **fields}


def folder_case(tmp_path: Path, articles: dict[str, str], form: Format = "folder", **fields: Any) -> Case:
    data = make_folder(tmp_path / "data", {f"articles/{name}": text for name, text in articles.items()})
    write_lines(data / "questions.jsonl", asking(**fields))
    (case,) = read(data, form, tmp_path / "scratch").cases
    return case


def squad(context: str, *qas: dict[str, Any]) -> dict[str, Any]:
    return {"version": "v2.0", "data": [{"title": "A_b", "paragraphs": [{"context": context, "qas": list(qas)}]}]}


def squad_question(*answers: tuple[str, int], id: str = "s1", **fields: Any) -> dict[str, Any]:
    found = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": id, "question": "What is it?", "answers": found, **fields}


def read_squad(tmp_path: Path, value: dict[str, Any]) -> Dataset:
    (tmp_path / "squad.json").write_text(json.dumps(value), encoding="utf-8")
    return read(tmp_path / "squad.json", "squad", tmp_path / "scratch")


def read_lines(tmp_path: Path, form: Format, *records: dict[str, Any]) -> Dataset:
    return read(write_lines(tmp_path / "data.jsonl", *records), form, tmp_path / "scratch")


def ramdocs(*documents: tuple[str, str, str], gold: list[str], wrong: list[str] | None = None) -> dict[str, Any]:
    return {
        "question": "When was it built?",
        "documents": [{"text": text, "type": kind, "answer": answer} for text, kind, answer in documents],
        "disambig_entity": [],
        "gold_answers": gold,
        "wrong_answers": wrong or [],
    }


def article_texts(dataset: Dataset) -> dict[str, str]:
    """What the index reads in the corpus."""
    files, _ = find_files(dataset.corpus)
    relative = [file.relative_to(dataset.corpus).as_posix() for file in files]
    return {found.id: found.text for name in relative for found in read_file(dataset.corpus / name, name)[0]}


def assert_quotes_stand(dataset: Dataset) -> None:
    texts = article_texts(dataset)
    evidence = [gold for case in dataset.cases for gold in case.evidence]
    assert evidence
    assert all(gold.quote in texts[gold.article] for gold in evidence if gold.quote is not None)


def message(path: Path, form: Format, scratch: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        read(path, form, scratch)
    return str(caught.value)
