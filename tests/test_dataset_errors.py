"""Other people's data that is not as it should be: what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dataset_helpers import (
    MOON,
    WARSAW,
    asking,
    make_folder,
    message,
    ramdocs,
    read_squad,
    squad,
    squad_question,
    write_lines,
)

from evals.datasets import DatasetError, Format, read


@pytest.mark.parametrize("form", ["folder", "squad", "ramdocs", "passages"])
def test_a_missing_path_is_told(tmp_path: Path, form: Format) -> None:
    assert message(tmp_path / "gone", form, tmp_path / "s").startswith(f"There is no {tmp_path / 'gone'}. Name")


GOOD: dict[Format, list[Any]] = {
    "squad": [squad(MOON, squad_question(("Earth", 21)))],
    "ramdocs": [ramdocs(("In 1801.", "correct", "1801"), gold=["1801"])] * 2,
    "passages": [{"question": "Which?", "answers": ["Warsaw"], "positive": [WARSAW]}] * 2,
}


@pytest.mark.parametrize("form", ["folder", "squad", "ramdocs", "passages"])
@pytest.mark.parametrize("real", list(GOOD))
def test_data_of_another_form_is_told_which_form_it_looks_like(tmp_path: Path, form: Format, real: Format) -> None:
    data = write_lines(tmp_path / "data.json", *GOOD[real])
    if form == real:
        assert read(data, form, tmp_path / "s").cases
    else:
        expected = f'{data} is not of the form "{form}". It looks like the form "{real}": name that form.'
        assert message(data, form, tmp_path / "s") == expected


def test_a_folder_and_its_questions_are_known_as_such(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", {"articles/a.txt": MOON}, asking(), asking(id="q2"))
    assert 'looks like the form "folder"' in message(data, "squad", tmp_path / "s")
    assert "name the folder they are in" in message(data / "questions.jsonl", "squad", tmp_path / "s")
    assert "name the folder they are in" in message(data / "questions.jsonl", "folder", tmp_path / "s")


def test_a_folder_without_questions_is_told_what_it_needs(tmp_path: Path) -> None:
    assert "Name a folder with articles/ and questions.jsonl" in message(tmp_path, "folder", tmp_path / "s")


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"id": "q2"}, "question: Field required"),
        (asking(id="q2", answers=[]), "it is answerable, but has no answers"),
        (asking(id="q2", answers=["5", " "]), "answers.1: it is blank"),
        (asking(id="q2", question_date="soon"), "question_date: it is no date: write YYYY-MM-DD"),
        (asking(id="q2", all=[["5"], []]), "a group of 'all' is empty"),
        (asking(id="q2", history=[{"role": "bot", "content": "x"}]), "history.0.role: Input should be"),
        (asking(id="q2", evidence=[{"quote": "x"}]), "evidence.0.article: Field required"),
        (["q2"], "Input should be"),
    ],
)
def test_a_bad_record_is_told_with_its_line(tmp_path: Path, bad: Any, told: str) -> None:
    data = make_folder(tmp_path / "data", {"articles/a.txt": MOON}, asking(), bad)
    (data / "questions.jsonl").write_text("\n" + (data / "questions.jsonl").read_text())
    said = message(data, "folder", tmp_path / "s")
    assert said.startswith(f"{data / 'questions.jsonl'}, line 3")
    assert told in said
    assert said.endswith("Mend that record or take it out.")


def test_a_line_that_is_not_json_is_told(tmp_path: Path) -> None:
    data = write_lines(tmp_path / "data.jsonl", *GOOD["passages"])
    data.write_text(data.read_text() + '{"question":\n')
    assert f"{data}, line 3: it is not JSON" in message(data, "passages", tmp_path / "s")


def test_a_bad_record_of_squad_is_told_with_its_place(tmp_path: Path) -> None:
    value = squad(MOON, squad_question(("Earth", 21)), squad_question(id="s2"))
    with pytest.raises(DatasetError, match=r"data\.0\.paragraphs\.0\.qas\.1: it has no answers"):
        read_squad(tmp_path, value)


def test_a_bad_passage_is_told_with_its_line(tmp_path: Path) -> None:
    data = write_lines(tmp_path / "data.jsonl", *GOOD["passages"], {"question": "?", "answers": [7], "positive": ["x"]})
    assert f"{data}, line 3, answers.0: Input should be a valid string" in message(data, "passages", tmp_path / "s")


def test_two_questions_with_one_id_are_told(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", {"articles/a.txt": MOON}, asking(), asking())
    assert "several questions with the id q1" in message(data, "folder", tmp_path / "s")


@pytest.mark.parametrize("content", [b"", b"[]", b"\n \n"])
def test_a_file_without_a_question_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.jsonl").write_bytes(content)
    assert "Name the data to measure with" in message(tmp_path / "data.jsonl", "passages", tmp_path / "s")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_bytes(b"\xff\x00\xfe{")
    assert "is not UTF-8" in message(tmp_path / "data.json", "squad", tmp_path / "s")


def test_evidence_of_which_no_article_is_there_is_told(tmp_path: Path) -> None:
    evidence = [{"article": "articles/a.txt"}]
    data = make_folder(tmp_path / "data", {"articles/a.txt": MOON}, asking(evidence=evidence))
    assert "by their paths relative to it" in message(data, "folder", tmp_path / "s")


def test_an_empty_articles_folder_is_told(tmp_path: Path) -> None:
    data = make_folder(tmp_path / "data", {}, asking())
    (data / "articles").mkdir()
    assert "There are no articles in" in message(data, "folder", tmp_path / "s")
