"""`dateline ask --questions`: a row a question, in each form, gone on with where it was interrupted."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_helpers import MODEL, QUESTION, RIGHT, says, until
from commands import Run
from ollama_double import OllamaDouble, error_in_mid_stream, held_open
from processes import hear_ctrl_c

from rag.batch import Answers, Asked, read_questions, row_of
from rag.errors import QuestionError, StorageError

UNKNOWN, COUNTED = "What is the capital of Australia?", "How many articles mention Hama?"


@pytest.mark.parametrize(
    ("name", "content", "asked"),
    [
        ("q.txt", "\ufeffWho?\n\n  Why? \r\nWho?\n", [Asked("Who?"), Asked("Why?")]),
        ("q.csv", "Who?,x\n\"Why, then?\"\n", [Asked("Who?"), Asked("Why, then?")]),
        (
            "q.csv", "id,Question,since,Length\n1,Who?,2024-12-01,full\n2,Why?,,\n",
            [Asked("Who?", (("since", "2024-12-01"), ("source", "BBC"), ("length", "full"))), Asked("Why?")],
        ),
        (
            "q.jsonl", '{"question": "Who?", "author": "Ann"}\n"Why?"\n',
            [Asked("Who?", (("author", "Ann"),)), Asked("Why?")],
        ),
        ("q.csv", "Nr;Question\n1;Who,  then?\n", [Asked("Who, then?")]),
        ("q.jsonl", '"Who\u2028 or\\nwhat\\ud800?"\n', [Asked("Who or what\ufffd?")]),
        ("q.jsonl", "{no\n", "line 1 is no JSON"),
        ("q.csv", "question,since\nWho?,Thursday\n", "Of the question “Who\\?” in q.csv, since must be a date"),
        ("q.jsonl", '{"question": "Who?", "length": "huge"}', "length must be short or full, not 'huge'"),
        ("q.txt", "\n", "There is no question in"),
        ("q.pdf", "Who?", "ends with .txt, .csv or .jsonl"),
    ],
)  # fmt: skip
def test_questions_are_read_from_lines_tables_and_objects(
    tmp_path: Path, name: str, content: str, asked: list[Asked] | str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    common = {"source": "BBC"} if "since" in content else {}
    if isinstance(asked, str):
        with pytest.raises(QuestionError, match=asked):
            read_questions(tmp_path / name, {})
        return
    found = read_questions(tmp_path / name, common)  # type: ignore[arg-type]
    assert [one.question for one in found] == [one.question for one in asked]
    assert found[0] == asked[0]


@pytest.mark.parametrize("form", ["csv", "jsonl", "md"])
def test_what_was_written_is_known_again_and_other_files_are_left_as_they_are(tmp_path: Path, form: str) -> None:
    out = tmp_path / f"answers.{form}"
    asked = [Asked("'Tis it?"), Asked("=1+1 | --> ?", (("since", "2024-12-01"),)), Asked("-x")]
    rows = [row_of(one, None) | {"answer": "a\u2028b\x85\n\n- c --> d", "settings": "now"} for one in asked]
    answers = Answers(out, "now")
    for one, row in zip(asked, rows, strict=True):
        answers.add(one, row)
    answers.add(Asked("Failed?"), row_of(Asked("Failed?"), None, "Ollama is gone"))
    assert list(Answers(out, "now").rows) == asked
    assert list(Answers(out, "changed").rows) == []
    assert list(Answers(out, "now").rows) == []  # they were to be asked anew
    foreign = '{"question": "Who?"}\n' if form == "jsonl" else "question,answer\nWho?,Ann\n"
    out.write_text(foreign, "utf-8")
    with pytest.raises(StorageError, match="holds no answers: name another file"):
        Answers(out, "now")
    assert out.read_text("utf-8") == foreign


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[OllamaDouble]:
    with OllamaDouble(chat=says(RIGHT)) as double:
        monkeypatch.setenv("OLLAMA_HOST", double.url)
        yield double


def rows_of(path: Path) -> list[tuple[str, str, bool]]:
    """Question, answer, and whether there is an error."""
    text = path.read_text("utf-8-sig")
    if path.suffix == ".csv":
        rows = list(csv.DictReader(text.splitlines()))
    elif path.suffix == ".jsonl":
        rows = [json.loads(line) for line in text.splitlines()]
    else:
        assert "\n## " in f"\n{text}"
        rows = [json.loads(told) for told in re.findall(r"^<!-- dateline (.*) -->$", text, re.MULTILINE)]
    return [(row["question"], row["answer"], bool(row["error"])) for row in rows]


@pytest.mark.parametrize("form", ["csv", "jsonl", "md"])
def test_a_second_run_goes_on_where_one_was_interrupted(
    run: Run, ollama: OllamaDouble, seeds_dir: Path, tmp_path: Path, form: str
) -> None:
    questions, out = tmp_path / "questions.txt", tmp_path / f"answers.{form}"
    questions.write_text(f"{COUNTED}\n{QUESTION}\n{UNKNOWN}\n", "utf-8")
    command = [
        "ask", "--questions", questions, "--out", out, "--data-dir", seeds_dir, "--engine", "ollama", "--model", MODEL,
    ]  # fmt: skip
    ollama.chat = error_in_mid_stream()
    code, told, _ = run(*command)
    assert (code, "3 questions, 1 not answered by the articles, 1 failed" in told) == (1, True)
    assert [(question, failed) for question, _, failed in rows_of(out)] == [
        (COUNTED, False), (QUESTION, True), (UNKNOWN, False),
    ]  # fmt: skip
    whole = out.read_text("utf-8")
    out.write_text(whole[: len(whole) // 2 * 2 - 9], "utf-8")  # the last row is cut off
    ollama.chat, before = says(RIGHT), len(ollama.chats)
    code, told, _ = run(*command)
    assert (code, "0 failed" in told, len(ollama.chats) - before) == (0, True, 1)  # the others need no model
    found = rows_of(out)
    assert [question for question, *_ in found] == [COUNTED, QUESTION, UNKNOWN]
    assert "200 kilometres" in found[1][1] and "do not answer" in found[2][1]
    assert run(*command).code == 0
    assert (len(ollama.chats) - before, rows_of(out)) == (1, found)  # nothing is asked again


@pytest.mark.slow
def test_ctrl_c_leaves_whole_rows(ollama: OllamaDouble, seeds_dir: Path, tmp_path: Path) -> None:
    questions, out = tmp_path / "questions.txt", tmp_path / "answers.jsonl"
    questions.write_text(f"{COUNTED}\n{QUESTION}\n", "utf-8")
    ollama.chat = held_open(after=2)
    options = ["--data-dir", str(seeds_dir), "--engine", "ollama", "--model", MODEL, "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "rag.cli", "ask", "--questions", str(questions), *options],
        env=os.environ, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    until(lambda: bool(ollama.chats), seconds=60)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert [question for question, *_ in rows_of(out)] == [COUNTED]


def test_what_cannot_be_done_is_said(run: Run, seeds_dir: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.txt"
    questions.write_text("=cmd|' /C calc'!A0\n", "utf-8")
    where = ["--data-dir", seeds_dir, "--engine", "embedded"]
    for code, words, given in (
        (2, "Give a question, or a file", []),
        (2, "Give a question, or a file", ["Who?", "--questions", questions]),
        (2, "Say where the answers", ["--questions", questions]),
        (1, "is no file for answers", ["--questions", questions, "--out", tmp_path / "a.docx"]),
    ):
        result = run("ask", *given, *where)
        assert (result.code, words in result.err) == (code, True)
    assert run("ask", "--questions", questions, "--out", tmp_path / "a.csv", *where).code == 3
    assert list(csv.reader((tmp_path / "a.csv").read_text("utf-8-sig").splitlines()))[1][0] == "'=cmd|' /C calc'!A0"
