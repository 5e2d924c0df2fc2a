"""The commands as a person types them: exact sentences, exit codes, no traceback; and the public names."""

import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from app_helpers import MODEL, QUESTION, RIGHT, says, until
from commands import Run
from filelock import FileLock
from ollama_double import OllamaDouble, cut_connection, held_open, pull_finished
from processes import hear_ctrl_c

import rag
from rag import Assistant
from rag.errors import SettingsError
from rag.settings import Settings
from rag.types import Answer


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[OllamaDouble]:
    """A server that answers the question, which the environment points to."""
    with OllamaDouble(chat=says(RIGHT), pull=pull_finished()) as double:
        monkeypatch.setenv("OLLAMA_HOST", double.url)
        yield double


@pytest.fixture
def on_ollama(seeds_dir: Path) -> list[str]:
    return ["--data-dir", str(seeds_dir), "--engine", "ollama", "--model", MODEL]


def test_what_others_rely_on_is_there() -> None:
    assert set(rag.__all__) >= {
        "Answer", "AnswerDone", "AnswerSentence", "Article", "Assistant", "Citation", "DatelineError", "Event",
        "EvidenceFound", "Hit", "Passage", "SentenceChecked", "SyncReport", "TextDelta", "Withheld",
    }  # fmt: skip
    empty = Answer("q", "q", "t", True, (), (), (), (), (), "embedded", "m", "s").to_dict()
    assert list(empty) == [
        "question", "standalone_question", "text", "abstained", "sentences", "withheld", "citations", "hits", "notes",
        "engine", "model", "settings", "usage", "timings", "followups",
    ]  # fmt: skip
    assert list(empty["usage"]) == ["prompt_tokens", "cached_tokens", "completion_tokens"]
    assert list(empty["timings"]) == ["search", "first_token", "total", "checking"]


def test_an_answer_is_told_with_its_quote_however_it_is_asked_for(
    run: Run, ollama: OllamaDouble, on_ollama: list[str], seeds_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{QUESTION}\n\n"))  # an empty line ends the chat
    for words in (["ask", QUESTION, *on_ollama], [QUESTION, *on_ollama], [*on_ollama, QUESTION], ["chat", *on_ollama]):
        told = run(*words)
        assert (told.code, "125 miles) north of Damascus [1]." in told.out) == (0, True)
        assert "[1] The Syrian army says it has withdrawn" in told.out
        assert "5 December 2024, 001_8034130e071ff64c.txt" in " ".join(told.out.split())
    (citation,) = json.loads(run("ask", QUESTION, "--json", *on_ollama).out)["citations"]
    with Assistant(seeds_dir) as dateline:
        assert dateline.article(citation["article"]).text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_refusal_has_exit_code_3_in_whatever_language(run: Run, ollama: OllamaDouble, on_ollama: list[str]) -> None:
    refused = run("ask", "What is the capital of Australia?", *on_ollama)
    assert (refused.code, refused.out[:28]) == (3, "The articles do not answer “")
    assert "The passages found do not mention Australia." in " ".join(refused.out.split())
    assert run("ask", "ما هي عاصمة أستراليا؟", *on_ollama).code in (0, 3)


def test_a_folder_is_indexed_and_forgotten(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = ("--data-dir", tmp_path)
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "Nothing is indexed" in run("forget", "--yes", *where).out
    assert run("index", "seeds", *where).out.startswith("2 added, 0 changed, 0 removed, 0 unchanged, 1 skipped.")
    again = json.loads(run("index", "seeds", "--json", *where).out)
    assert (again["added"], again["unchanged"]) == (0, 2)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert "Nothing was deleted." in run("forget", *where).out
    assert len(list(tmp_path.iterdir())) > 1
    assert run("forget", "--yes", *where).code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_search_shows_words_in_bold_and_the_scores(run: Run, seeds_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    looked_for = ("search", "Latakia coast", "-k", "1", "--data-dir", seeds_dir)
    plain, verbose = run(*looked_for), run(*looked_for, "--verbose")
    assert ("Latakia" in plain.out, "\x1b" in plain.out) == (True, False)
    assert ("BM25" in plain.out, "BM25 #1, cosine 0." in verbose.out) == (False, True)
    assert "Latakia" in json.loads(run(*looked_for, "--json").out)[0]["passage"]["text"]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1mLatakia\x1b[0m" in run(*looked_for).out


def test_an_error_is_told_with_its_remedy(run: Run, ollama: OllamaDouble, seeds_dir: Path, tmp_path: Path) -> None:
    changed = shutil.copytree(seeds_dir, tmp_path / "changed")
    with sqlite3.connect(next(changed.glob("index-*/catalog.db"))) as catalog:
        catalog.execute("UPDATE meta SET value = 'of another model' WHERE key = 'fingerprint'")
    ask, on_ollama = ("ask", QUESTION), ("--engine", "ollama", "--model")
    for words, data, sentence in (
        (("ask", ""), seeds_dir, "Error: The question is empty: ask something"),
        (("ask", "x" * 100_000), seeds_dir, "Error: The question has 100,000 characters"),
        ((*ask, "--model", "missing.gguf"), seeds_dir, "Error: There is no model file missing.gguf"),
        ((*ask, *on_ollama, "qwen3:4b"), seeds_dir, "dateline pull qwen3:4b"),
        ((*ask, "--since", "Thursday"), seeds_dir, "Error: since must be a date like 2024-12-05"),
        (ask, tmp_path / "none", "dateline index FOLDER"),
        (ask, changed, "--replace"),
        (("index", "no-such-folder"), seeds_dir, "no-such-folder"),
        (("index", "tests"), seeds_dir, "--replace"),
        (("index", "seeds"), seeds_dir, "is writing to this index; wait until it has finished"),
        ((*ask, *on_ollama, MODEL), seeds_dir, "start it with `ollama serve`"),
    ):
        if "serve" in sentence:
            ollama.leave()
        with FileLock(data / "write.lock") if "writing" in sentence else nullcontext():
            told = run(words[0], "--data-dir", data, *words[1:])
        assert (told.code, sentence in told.err, told.err.count("\n")) == (1, True, 1), words
    assert not (tmp_path / "none").exists()
    told = run("doctor", *on_ollama, MODEL, "--data-dir", tmp_path)
    assert (told.code, "NOT OK index: Nothing is indexed yet" in told.out) == (1, True)
    assert (run("search").code, run("ask", "q", "--engine", "magic").code) == (2, 2)


def test_settings_come_from_defaults_the_environment_and_arguments_and_one_that_is_wrong_is_named() -> None:
    environ = {"DATELINE_SEED": "3", "DATELINE_PASSAGES": "7", "DATELINE_THRESHOLD": "bold", "DATELINE_TIMEOUT": "0.5"}
    known = Settings.load({"seed": "2", "data_dir": "~/news", "model": None}, environ)
    assert (known.seed, known.passages, known.threshold, known.timeout, known.model) == (2, 7, 0.25, 0.5, None)
    assert known.data_dir == Path.home() / "news"
    for name, value, told in (
        ("passages", "ten", "must be a number, not 'ten': change the argument or DATELINE_PASSAGES."),
        ("passages", 0, "must be 1 or more, not 0: set DATELINE_PASSAGES."),
        ("threshold", 2, "must be between 0 and 1, not 2.0"),
        ("timeout", "nan", "must be more than 0 seconds, not nan"),
        ("data_dir", "~nobody-of-this-name/news", "must be a path, not '~nobody-of-this-name/news'"),
        ("engine", "magic", "There is no engine 'magic': use one of auto, ollama, openai, embedded."),
        ("colour", "red", "There is no setting 'colour'; the settings are: answer_tokens, "),
    ):
        with pytest.raises(SettingsError, match=re.escape(told)):
            Settings.load({name: value}, {})


def test_pull_shows_ollamas_own_progress(run: Run, ollama: OllamaDouble) -> None:
    told = run("pull", "qwen3:4b")
    assert (told.code, told.out, "pulling manifest" in told.err) == (0, "qwen3:4b is on the Ollama server.\n", True)


def test_what_a_dying_model_wrote_is_kept_and_marked(run: Run, ollama: OllamaDouble, on_ollama: list[str]) -> None:
    ollama.chat = cut_connection()
    told = run("ask", QUESTION, *on_ollama)
    assert (told.code, told.out) == (1, "To determine how …\n[interrupted here; nothing of this was checked]\n")


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_no_traceback(ollama: OllamaDouble, on_ollama: list[str]) -> None:
    ollama.chat = held_open(after=2)
    process = subprocess.Popen(
        [sys.executable, "-m", "rag.cli", "ask", QUESTION, *on_ollama],
        env=os.environ, stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c,
    )  # fmt: skip
    until(lambda: bool(ollama.chats), seconds=60)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in err) == (130, False)
