"""Files of questions that readers send to the app, without a browser; `test_page.py` sends one in one."""

import csv
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_helpers import QUESTION, RIGHT, on_ollama, says, until
from ollama_double import OllamaDouble, error_in_mid_stream, slow

from rag.errors import QuestionError
from web.batch import MOST_QUESTIONS, Batches, Run
from web.engine_room import EngineRoom

UNKNOWN, COUNTED = "What is the capital of Australia?", "How many articles mention Hama?"


@pytest.fixture
def ollama() -> Iterator[OllamaDouble]:
    with OllamaDouble(chat=says(RIGHT)) as double:
        yield double


@pytest.fixture
def room(seeds_dir: Path, tmp_path: Path, ollama: OllamaDouble) -> Iterator[EngineRoom]:
    with on_ollama(shutil.copytree(seeds_dir, tmp_path / "data"), ollama) as dateline:
        yield EngineRoom(dateline)


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    path = tmp_path / "questions.txt"
    path.write_text(f"{COUNTED}\n{QUESTION}\n{UNKNOWN}\n", "utf-8")
    return path


def begun(batches: Batches, sent: Path, reader: str = "anna") -> Run:
    batches.begin(reader, sent, {})
    run = batches.of(reader)
    assert run
    return run


def test_what_was_stopped_or_failed_is_gone_on_with_and_what_was_done_is_asked_anew(
    room: EngineRoom, ollama: OllamaDouble, sent: Path, tmp_path: Path
) -> None:
    batches, gate = Batches(room, tmp_path / "answers"), threading.Event()
    ollama.chat = slow(gate, says(RIGHT))
    run = begun(batches, sent)
    until(lambda: bool(ollama.chats))
    assert f"1 of 3: {QUESTION}</p>" in run.html() and "The answers so far" in run.html()
    with pytest.raises(QuestionError, match="One file at a time"):
        batches.begin("anna", sent, {})
    batches.stop("anna")
    until(lambda: run.over)
    assert "Stopped. Send the file again to go on with it." in run.html()
    assert "1 question, 0 not answered by the articles, 0 failed." in run.html()
    gate.set()
    for chat, told, calls in (
        (error_in_mid_stream(), "3 questions, 1 not answered by the articles, 1 failed.", 1),
        (says(RIGHT), "3 questions, 1 not answered by the articles, 0 failed.", 1),  # what failed alone
        (says(RIGHT), "3 questions, 1 not answered by the articles, 0 failed.", 1),  # all: the others need no model
    ):
        ollama.chat, before = chat, len(ollama.chats)
        run = begun(batches, sent)
        until(lambda run=run: run.over)  # type: ignore[misc]
        assert told in run.html() and len(ollama.chats) - before == calls
    lines = (batches.file("anna", "jsonl") or b"").decode().splitlines()
    assert [json.loads(line)["question"] for line in lines] == [COUNTED, QUESTION, UNKNOWN]
    table = (batches.file("anna", "csv") or b"").decode("utf-8-sig").splitlines()
    assert "200 kilometres" in list(csv.DictReader(table))[1]["answer"]
    assert (batches.of("boris"), batches.file("boris", "md")) == (None, None)
    sent.write_text("Who?\n" + "".join(f"What is {number}?\n" for number in range(MOST_QUESTIONS)), "utf-8")
    with pytest.raises(QuestionError, match="1,001 questions are too many for the page"):
        batches.begin("boris", sent, {})


def test_questions_wait_for_their_readers_minute(room: EngineRoom, sent: Path, tmp_path: Path) -> None:
    slowly = EngineRoom(room.assistant, questions_per_minute=1)
    batches = Batches(slowly, tmp_path / "answers")
    run = begun(batches, sent)
    until(lambda: len(run.rows()) == 1)
    batches.close()
    until(lambda: run.over)
    assert (len(run.rows()), run.trouble[:8]) == (1, "Stopped.")  # and none is a row with an error
