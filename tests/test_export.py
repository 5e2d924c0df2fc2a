"""An answer as a file: read back with what reads such files."""

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import docx
import pytest
from app_helpers import MODEL, QUESTION, RIGHT, says
from commands import Run
from ollama_double import OllamaDouble
from test_render import parsed

from rag.export import KINDS, NAMES, Form, Source, Told, exported, form_of

TITLE = "50 % of a_b & {c \x07"
SOURCE = Source("a b/ü.txt", TITLE, date(2024, 12, 5), "The Messenger", "Mara Iveson", "https://example.org/a_b?b=1&c")
NOW = datetime(2024, 12, 6, 8, 30, tzinfo=UTC)


def told(text: str) -> Told:
    citation = {
        "number": 1, "article": SOURCE.id, "title": TITLE, "date": "2024-12-05", "page": None,
        "quote": "It\nrained <b>.", "start": 0, "end": 14, "carriers": [SOURCE.id],
    }  # fmt: skip
    answer = {"text": text, "citations": [citation], "notes": ["one note"], "model": "m", "abstained": False}
    return Told("Did it\n*rain*?", answer, asked=NOW)


def taken(form: Form, text: str = "As *told*:\n\n- It rained [1].\n- And more [1].") -> bytes:
    return exported(form, "Rain", [told(text), Told("Why?", None, "Stopped.")], lambda id: SOURCE)


def read_docx(content: bytes) -> list[tuple[str, str]]:
    paragraphs = docx.Document(io.BytesIO(content)).paragraphs
    return [(one.style.name if one.style else "", one.text) for one in paragraphs]


def test_a_document_has_questions_answers_lists_quotes_and_sources() -> None:
    word = read_docx(taken("docx"))
    assert [style for style, _ in word] == [
        "Title", "Heading 1", "Normal", "List Bullet", "List Bullet", "Quote", "Caption", "Caption", "Heading 1",
        "Caption", "Heading 1", "List Bullet",
    ]  # fmt: skip
    assert word[5][1].startswith("It rained <b>.\n[1] 50 % of a_b & {c \ufffd, 5 December 2024")
    html = parsed(taken("html").decode())
    assert [one.get_text() for one in html.select("h1, h2, li")] == [
        "Rain", "Did it *rain*?", "It rained [1].", "And more [1].", "Why?", "Sources",
        "Mara Iveson. 50 % of a_b & {c \x07. The Messenger. 5 December 2024. https://example.org/a_b?b=1&c",
    ]  # fmt: skip
    assert not html.select("b, a, img, script, link")
    markdown = taken("md").decode()
    assert "As \\*told\\*:\n\n- It rained \\[1\\].\n- And more \\[1\\].\n\n> **\\[1\\]** It rained \\<b\\>." in markdown
    assert "\n## Did it \\*rain\\*?\n" in markdown
    assert markdown.endswith("5 December 2024. <https://example.org/a_b?b=1&c>\n")
    assert markdown.index("## Why?") < markdown.index("*Stopped.*") < markdown.index("## Sources")


def test_a_bibliography_names_what_is_known_of_each_article_once() -> None:
    (item,) = json.loads(taken("csl.json"))
    assert item == {
        "id": SOURCE.id, "type": "article-newspaper", "title": TITLE, "container-title": "The Messenger",
        "URL": SOURCE.url, "author": [{"literal": "Mara Iveson"}], "issued": {"date-parts": [[2024, 12, 5]]},
    }  # fmt: skip
    entry = taken("bib").decode()
    assert (entry.count("{"), entry.splitlines()[0]) == (entry.count("}"), "@article{a-b-ü-txt,")
    fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, re.MULTILINE))
    assert fields == {
        "title": r"{50 \% of a\_b \& \textbraceleft{}c}", "author": "{Mara Iveson}", "journal": "The Messenger",
        "date": "2024-12-05", "year": "2024", "url": SOURCE.url, "note": r"a b/ü.txt",
    }  # fmt: skip
    bare = Source("x", "X", None, url="https://example.org/{")
    assert json.loads(exported("csl.json", "x", [told("x")], lambda id: bare)) == [
        {"id": "x", "type": "article-newspaper", "title": "X", "URL": bare.url}
    ]
    entry = exported("bib", "x", [told("x")], lambda id: bare).decode()
    assert entry == "@misc{x,\n  title = {{X}},\n  url = {https://example.org/%7B},\n  note = {x},\n}\n"


def test_every_form_has_a_name_and_an_ending() -> None:
    assert set(get_args(Form)) == set(KINDS) == set(NAMES)
    assert [form_of(f"My.Answer.{form.upper()}") for form in KINDS] == [*KINDS]


def test_the_command_writes_the_answer_beside_showing_it(run: Run, seeds_dir: Path, tmp_path: Path) -> None:
    reads: dict[str, Callable[[bytes], str]] = {
        "docx": lambda content: "\n".join(text for _, text in read_docx(content)),
        "md": bytes.decode, "html": bytes.decode, "json": bytes.decode,
    }  # fmt: skip
    with OllamaDouble(chat=says(RIGHT)) as ollama:
        where = ["--data-dir", seeds_dir, "--engine", "ollama", "--model", MODEL, "--out"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OLLAMA_HOST", ollama.url)
            for form, read in reads.items():
                out = tmp_path / f"answer.{form}"
                code, shown, _ = run("ask", QUESTION, *where, out)
                assert (code, "200 kilometres" in shown, "200 kilometres" in read(out.read_bytes())) == (0, True, True)
            assert run("ask", QUESTION, *where, tmp_path / "a.pdf").err.startswith(f"Error: {'a.pdf'} has no ending")
            assert "cannot be written" in run("ask", QUESTION, *where, tmp_path / "no" / "a.md").err
