"""What is printed is shown and never obeyed; what is no text is a sentence."""

import asyncio
import io
import json
import re
import shutil
import sys
from pathlib import Path

import httpx
import pytest
from app_helpers import served
from checking import CheckedAssistant
from commands import Run
from ollama_double import OllamaDouble, speaks
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

from rag import Assistant
from rag.errors import ArticleMissing, QuestionError
from rag.printing import say, say_json
from rag.terminal import Console
from web.controller import Controller

TITLE, CLEAR, CLIPBOARD = "\x1b]0;owned\x07", "\x1b[2J\x1b[H", "\x1b]52;c;cm0gLXJm\x07"
ONE_BYTE = "\x9b2J\x9d0;owned\x9c"
HOSTILE = f"{TITLE}{CLEAR}{CLIPBOARD}{ONE_BYTE}\r\x08\x7f\u202egnp.exe\u2066\u2069"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NO_TEXT = "who heads it \udcff"
NOT_STATED = speaks(lambda messages, options: "Not stated.")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory over articles whose names, titles and sentences want to be obeyed."""
    folder = tmp_path_factory.mktemp("hostile")
    named = {"title": f"{HOSTILE}The bridge", "text": f"The mayor of {HOSTILE}Oslo opened the bridge."}
    tunnel = f"The mayor of Bergen{HOSTILE} opened the tunnel."
    for suffix, content in {"json": json.dumps(named), "xyz": "not read", "txt": tunnel}.items():
        (folder / f"{TITLE}{CLEAR}\u202e.{suffix}").write_bytes(content.encode())
    data = tmp_path_factory.mktemp("hostile-data")
    with Assistant(data) as assistant:
        assistant.index(folder)
    return data


def test_no_command_prints_what_a_terminal_would_obey(run: Run, hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = speaks(lambda messages, options: f"The mayor of Oslo{HOSTILE} opened the bridge.")
    with OllamaDouble(chat=drafts) as ollama, Assistant(hostile) as assistant:
        monkeypatch.setenv("OLLAMA_HOST", ollama.url)
        folder = assistant.articles.counts().folder
        assert folder
        for command in (
            ["search", "mayor"], ["index", folder], ["index", folder, "--json"], ["search", "mayor", "--json"],
            ["ask", "Who opened the bridge?", "--engine", "ollama"],
            ["ask", "Who opened the bridge?", "--engine", "ollama", "--json"],
            ["ask", f"{HOSTILE}Who opened the tunnel?", "--engine", "ollama", "--model", f"{HOSTILE}model"],
            ["search", "mayor", f"--{HOSTILE}"],
        ):  # fmt: skip
            printed = run(*command, "--data-dir", hostile)
            assert printed.out + printed.err
            assert not CONTROL.search(printed.out + printed.err), command


def test_json_loses_nothing_of_what_it_escapes_and_lines_and_tabs_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    everything = "".join(map(chr, [*range(0x300), *range(0x2000, 0x2070), 0xD800, 0x1F600, 0xDFFF]))
    say_json({"text": everything})
    printed = capsys.readouterr().out
    assert json.loads(printed) == {"text": everything}
    assert not CONTROL.search(printed) and "é" in printed  # what is harmless stays legible
    say("a\tb\r\nc \udcff")
    assert capsys.readouterr().out == "a\tb\nc \ufffd\n"


def test_a_terminal_without_the_letters_gets_json(run: Run, seeds_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for json_too in ((), ("--json",)):
        ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(sys, "stdout", ascii_only)
        assert run("search", "Hama", "-k", "1", "--data-dir", seeds_dir, *json_too).code == 0
        ascii_only.seek(0)
    assert json.loads(ascii_only.read())[0]["passage"]["text"]


def test_tables_drafts_and_bars_on_a_terminal_pass_the_same_door() -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=200, color_system=None)
    table = Table(HOSTILE)
    table.add_row(Text(HOSTILE))
    with Progress(TextColumn("{task.description}", markup=False), console=console, auto_refresh=False) as bar:
        bar.add_task(f"{HOSTILE}[/x]", total=None)
        console.print(table, HOSTILE, Text(HOSTILE, style="bold"))
    text = shown.getvalue()
    assert "gnp.exe" in text
    for wanted in (TITLE, CLEAR, CLIPBOARD, "\x9b", "\x08", "\x7f", "\u202e"):
        assert wanted not in text


@pytest.mark.parametrize(
    "arguments",
    [
        *(["ask", NO_TEXT, "--engine", "embedded"], ["search", NO_TEXT], ["ask", "who", "--model", "\udcff"]),
        *(["pull", "\udcff"], ["search", "who", "--data-dir", "data\udcff"], ["search", "who", "--since", "\udcff"]),
    ],
)
def test_bytes_that_are_no_text_are_one_sentence_with_its_remedy(
    run: Run, seeds_dir: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("DATELINE_DATA_DIR", str(seeds_dir))
    told = run(*arguments)
    assert (told.code, told.err.count("\n")) == (1, 1)
    assert re.search(r": (type it anew|change the argument)|a date like 2024-12-05", told.err)


def test_a_folder_whose_name_is_no_text_is_told_to_be_renamed(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "articles\udcff"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    told = run("index", folder, "--data-dir", tmp_path / "data")
    assert told.code == 1 and "is not valid UTF-8, which no database takes: rename it" in told.err


def test_chat_goes_on_after_a_line_that_is_no_text(run: Run, seeds_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.TextIOWrapper(io.BytesIO(b"who \xff\nWho is the Emperor of Mars?\n\n"), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", typed)
    with OllamaDouble(chat=NOT_STATED) as ollama:
        monkeypatch.setenv("OLLAMA_HOST", ollama.url)
        said = run("chat", "--engine", "ollama", "--data-dir", seeds_dir)
    assert (said.code, said.out.startswith("The articles do not answer “")) == (0, True)
    assert said.err.startswith("Error: The question holds bytes that are no text in UTF-8: type it anew")


def test_half_a_character_is_a_question_error_the_senders_fault_over_http_and_names_no_article(seeds_dir: Path) -> None:
    half, asking = "\ud800", {"role": "user", "content": "\ud800"}
    with OllamaDouble() as ollama, CheckedAssistant(seeds_dir, "ollama", ollama_host=ollama.url) as dateline:
        for what, ask in (
            ("The question", lambda: dateline.ask(half)),
            ("The query", lambda: dateline.search(half)),
            ("A message of the history", lambda: dateline.ask("Where?", [asking])),
        ):
            with pytest.raises(QuestionError, match=f"^{what} holds bytes"):
                ask()
        with pytest.raises(ArticleMissing):
            dateline.article(half)
        assert dateline.search("Hama", 1, exclude=[half])
        with served(dateline) as url, httpx.Client(base_url=url, trust_env=False, timeout=20) as http:
            for path, body, status in (
                ("/api/ask", {"question": half}, 400),
                ("/api/ask", {"question": "Where?", "history": [asking]}, 400),
                ("/api/ask", {"question": [half]}, 422),
                ("/v1/chat/completions", {"messages": [asking]}, 400),
            ):
                reply = http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
                assert (reply.status_code, "no text in UTF-8" in reply.text) == (status, status == 400), body


def test_half_a_character_on_the_page_is_asked_and_kept_as_a_replacement(seeds_dir: Path, tmp_path: Path) -> None:
    data = shutil.copytree(seeds_dir, tmp_path / "data")

    async def asked(question: str) -> None:
        await controller.begin("anna", id, question)
        await asyncio.gather(*controller.keeping)

    with OllamaDouble(chat=NOT_STATED) as ollama, CheckedAssistant(data, "ollama", ollama_host=ollama.url) as dateline:
        controller = Controller.of(dateline)
        kept = controller.conversations
        id = kept.begin("anna")
        asyncio.run(asked("Who is the Emperor of Mars \ud83d?"))
    kept.judged("anna", kept.turns("anna", id)[0].id, "up", "fine \ud83d")
    kept.rename("anna", id, "mayors \ud83d")
    (turn,) = kept.turns("anna", id)
    assert (turn.question, turn.comment) == ("Who is the Emperor of Mars \ufffd?", "fine \ufffd")
    assert turn.answer and turn.answer["abstained"]
    assert [one.title for one in kept.listed("anna", "mayors \ud83d")] == ["mayors \ufffd"]
