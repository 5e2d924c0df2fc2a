"""The commands as a person types them: exact sentences, exit codes, no traceback."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from commands import Run
from filelock import FileLock
from ollama_double import OllamaDouble, cut_connection, held_open, pull_finished, recording, speaks
from processes import hear_ctrl_c

from rag import Assistant

QUESTION = "How far is Hama from Damascus?"
GOOD = "Hama is about 200 kilometres (125 miles) north of Damascus."


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server that answers the question, which the environment points to."""
    chat = speaks(lambda messages, options: GOOD, first_token=lambda messages: {"Yes": -0.05, "No": -3.0})
    with OllamaDouble(chat=chat) as double:
        monkeypatch.setenv("OLLAMA_HOST", double.url)
        yield double


@pytest.fixture
def on_ollama(seeds_dir: Path) -> list[str]:
    return ["--data-dir", str(seeds_dir), "--engine", "ollama", "--model", "qwen2.5-coder:1.5b"]


def test_an_answer_is_printed_with_its_quote(run: Run, ollama: OllamaDouble, on_ollama: list[str]) -> None:
    result = run("ask", QUESTION, *on_ollama)
    assert result.code == 0
    assert "125 miles) north of Damascus [1]." in result.out
    assert "[1] The Syrian army says it has withdrawn" in result.out
    assert "2024-12-05, 001_8034130e071ff64c.txt" in result.out


def test_a_bare_question_is_asked(run: Run, ollama: OllamaDouble, on_ollama: list[str]) -> None:
    assert "125 miles" in run(QUESTION, *on_ollama).out


def test_options_may_stand_before_the_question(run: Run, ollama: OllamaDouble, on_ollama: list[str]) -> None:
    assert "125 miles" in run(*on_ollama, QUESTION).out


def test_json_is_the_answers_own_form(run: Run, ollama: OllamaDouble, on_ollama: list[str], seeds_dir: Path) -> None:
    answer = json.loads(run("ask", QUESTION, "--json", *on_ollama).out)
    (citation,) = answer["citations"]
    with Assistant(seeds_dir) as dateline:
        assert dateline.article(citation["article"]).text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_refusal_has_exit_code_3(run: Run, ollama: OllamaDouble, on_ollama: list[str]) -> None:
    result = run("ask", "What is the capital of Australia?", *on_ollama)
    assert result.code == 3
    assert result.out.startswith("The articles do not answer “")


def test_a_question_in_arabic_gets_a_refusal_not_an_error(run: Run, ollama: OllamaDouble, on_ollama: list[str]) -> None:
    assert run("ask", "ما هي عاصمة أستراليا؟", *on_ollama).code in (0, 3)


def test_index_reports_what_it_did(run: Run, tmp_path: Path) -> None:
    result = run("index", "seeds", "--data-dir", tmp_path)
    assert result.code == 0
    assert result.out.startswith("2 added, 0 changed, 0 removed, 0 unchanged, 1 skipped.")
    again = json.loads(run("index", "seeds", "--json", "--data-dir", tmp_path).out)
    assert (again["added"], again["unchanged"]) == (0, 2)


def test_search_prints_passages(run: Run, seeds_dir: Path) -> None:
    hits = json.loads(run("search", "Latakia coast", "--json", "-k", "1", "--data-dir", seeds_dir).out)
    assert "Latakia" in hits[0]["passage"]["text"]


def test_search_shows_the_words_looked_for_in_bold_and_the_scores_to_who_asks_for_them(
    run: Run, seeds_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    looked_for = ("search", "Latakia coast", "-k", "1", "--data-dir", seeds_dir)
    plain, verbose = run(*looked_for), run(*looked_for, "--verbose")
    assert "Latakia" in plain.out
    assert "\x1b" not in plain.out
    assert ("BM25" in plain.out, "BM25 #1, cosine 0." in verbose.out) == (False, True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1mLatakia\x1b[0m" in run(*looked_for).out


def test_chat_answers_and_ends_at_an_empty_line(
    run: Run, ollama: OllamaDouble, on_ollama: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{QUESTION}\n\n"))
    result = run("chat", *on_ollama)
    assert result.code == 0
    assert "125 miles" in result.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ask", ""], "Error: The question is empty: ask something"),
        (["ask", "x" * 100_000], "Error: The question has 100,000 characters"),
        (["ask", QUESTION, "--engine", "ollama"], "start it with `ollama serve`"),
        (["ask", QUESTION, "--model", "missing.gguf"], "Error: There is no model file missing.gguf"),
        (["ask", QUESTION, "--since", "Thursday"], "Error: since must be a date like 2024-12-05"),
        (["index", "no-such-folder"], "no-such-folder"),
    ],
)
def test_an_error_is_one_sentence_with_its_remedy_and_exit_code_1(
    run: Run, seeds_dir: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    result = run(*arguments, "--data-dir", seeds_dir)
    assert result.code == 1
    assert sentence in result.err
    assert result.err.count("\n") == 1


def test_asking_an_empty_data_directory_names_the_command(run: Run, tmp_path: Path) -> None:
    result = run("ask", QUESTION, "--data-dir", tmp_path)
    assert result.code == 1
    assert "dateline index FOLDER" in result.err


def test_a_missing_model_is_named_with_the_command_that_gets_it(
    run: Run, ollama: OllamaDouble, seeds_dir: Path
) -> None:
    result = run("ask", QUESTION, "--engine", "ollama", "--model", "qwen3:4b", "--data-dir", seeds_dir)
    assert result.code == 1
    assert "dateline pull qwen3:4b" in result.err


def test_what_a_dying_model_wrote_is_kept_and_marked(
    run: Run, on_ollama: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaDouble(chat=cut_connection()) as double:
        monkeypatch.setenv("OLLAMA_HOST", double.url)
        result = run("ask", QUESTION, *on_ollama)
    assert result.code == 1
    assert result.out == "To determine how …\n[interrupted here; nothing of this was checked]\n"


def test_wrong_usage_has_exit_code_2(run: Run) -> None:
    assert run("search").code == 2
    assert run("ask", "q", "--engine", "magic").code == 2


def test_pull_shows_ollamas_own_progress(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with OllamaDouble(pull=pull_finished()) as double:
        monkeypatch.setenv("OLLAMA_HOST", double.url)
        result = run("pull", "qwen3:4b")
    assert result.code == 0
    assert "pulling manifest" in result.err
    assert "qwen3:4b is on the Ollama server." in result.out


def test_a_pull_without_network_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with OllamaDouble(pull=recording("pull_unreachable")) as double:
        monkeypatch.setenv("OLLAMA_HOST", double.url)
        assert run("pull", "qwen3:4b").code == 1


def test_doctor_says_what_to_do_about_a_missing_index(run: Run, ollama: OllamaDouble, tmp_path: Path) -> None:
    result = run("doctor", "--engine", "ollama", "--model", "qwen2.5-coder:1.5b", "--data-dir", tmp_path)
    assert result.code == 1
    assert "NOT OK index: Nothing is indexed yet" in result.out


def test_forget_deletes_the_data_directory_only_after_asking(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("index", "seeds", "--data-dir", tmp_path / "data")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert "Nothing was deleted." in run("forget", "--data-dir", tmp_path / "data").out
    assert (tmp_path / "data").exists()
    assert run("forget", "--yes", "--data-dir", tmp_path / "data").code == 0
    assert not (tmp_path / "data").exists()


def test_forget_touches_nothing_that_is_not_its_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "Nothing is indexed" in run("forget", "--yes", "--data-dir", tmp_path).out
    run("index", "seeds", "--data-dir", tmp_path)
    run("forget", "--yes", "--data-dir", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_second_writer_is_told_who_writes(run: Run, seeds_dir: Path) -> None:
    with FileLock(seeds_dir / "write.lock"):
        result = run("index", "seeds", "--data-dir", seeds_dir)
    assert result.code == 1
    assert "is writing to this index; wait until it has finished" in result.err


def test_an_index_of_another_embedder_is_refused_with_the_command_that_rebuilds_it(
    run: Run, seeds_dir: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(seeds_dir, data)
    with sqlite3.connect(next(data.glob("index-*/catalog.db"))) as catalog:
        catalog.execute("UPDATE meta SET value = 'of another model' WHERE key = 'fingerprint'")
    result = run("ask", QUESTION, "--data-dir", data)
    assert result.code == 1
    assert "dateline index" in result.err
    assert "--replace" in result.err


def test_indexing_another_folder_names_replace(run: Run, seeds_dir: Path, tmp_path: Path) -> None:
    result = run("index", tmp_path, "--data-dir", seeds_dir)
    assert result.code == 1
    assert "--replace" in result.err


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_no_traceback(on_ollama: list[str]) -> None:
    with OllamaDouble(chat=held_open(after=2)) as double:
        process = subprocess.Popen(
            [sys.executable, "-m", "rag.cli", "ask", QUESTION, *on_ollama],
            env={**os.environ, "OLLAMA_HOST": double.url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=hear_ctrl_c,
        )  # fmt: skip
        asked = threading.Event()
        waiting = threading.Thread(target=lambda: _wait_for_chat(double, process, asked))
        waiting.start()
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err


def _wait_for_chat(double: OllamaDouble, process: subprocess.Popen[str], asked: threading.Event) -> None:
    while process.poll() is None and not double.chats:
        asked.wait(0.05)
    if double.chats:
        asked.set()
