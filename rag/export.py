"""Answers to take away: Markdown, HTML and Word to read, JSON with everything, CSL-JSON and BibTeX to cite by.

A document is a run of blocks, which each form of document writes in its own way.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from pathlib import Path
from typing import Any, Literal, cast, get_args

from index.datadir import write_whole
from rag.errors import SettingsError, StorageError
from rag.markup import literal, on_one_line
from rag.wording import about, in_words, origin

Form = Literal["md", "html", "docx", "json", "csl.json", "bib"]
KINDS: Mapping[Form, str] = {
    "md": "text/markdown",
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
    "csl.json": "application/vnd.citationstyles.csl+json",
    "bib": "application/x-bibtex",
}
NAMES: Mapping[Form, str] = {
    "md": "Markdown", "html": "HTML", "docx": "Word", "json": "JSON with citations", "csl.json": "CSL-JSON",
    "bib": "BibTeX",
}  # fmt: skip
Kind = Literal["title", "question", "text", "item", "quote", "note", "heading", "source"]
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# braces by name: BibTeX counts them, also behind a backslash, and one alone would end the entry elsewhere
_LATEX = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
} | {sign: f"\\{sign}" for sign in "&%$#_"}  # fmt: skip
_HEAD = (
    '<meta name="viewport" content="width=device-width"><style>body{font:1rem/1.5 Georgia,serif;max-width:46rem;'
    "margin:2rem auto;padding:0 1rem}blockquote{border-left:3px solid #ccc;margin:.5rem 0;padding-left:.8rem}"
    ".note,cite{color:#555;font-size:.9rem;font-style:normal}</style>"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A question with what became of it."""

    question: str
    answer: Mapping[str, Any] | None
    """`Answer.to_dict()`; None if there is none."""
    trouble: str = ""
    """Then why."""
    asked: datetime | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else JSON has of it."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a cited article."""

    id: str
    title: str
    date: date | None
    source: str | None = None
    author: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a document."""

    kind: Kind
    text: str
    beside: str = ""
    """Of a quote: its number, and where it stands. Of a source: its address."""


def form_of(name: str) -> Form:
    """The form that a file's name asks for. Raises SettingsError."""
    for form in sorted(get_args(Form), key=len, reverse=True):
        if name.lower().endswith(f".{form}"):
            return cast("Form", form)
    known = ", ".join(f".{form}" for form in get_args(Form))
    raise SettingsError(f"{name} has no ending that an answer can be written as: name it with one of {known}.")


def exported(form: Form, title: str, told: Sequence[Told], source_of: Callable[[str], Source]) -> bytes:
    """The turns as a file of this form; `source_of` knows a cited article by its id."""
    cited = dict.fromkeys(one["article"] for each in told if each.answer for one in each.answer["citations"])
    sources = [source_of(article) for article in cited]
    if form == "json":
        turns = [{"question": one.question, "answer": one.answer, **one.more} for one in told]
        return _json({"title": title, "turns": turns})
    if form == "csl.json":
        return _json([_csl(one) for one in sources])
    if form == "bib":
        return "\n".join(map(_bibtex, sources)).encode()
    blocks = list(_blocks(title, told, sources))
    if form == "docx":
        return _docx(blocks)
    return (_markdown(blocks) if form == "md" else _html(title, blocks)).encode()


def write_out(path: Path, content: bytes) -> None:
    """Writes all of it or nothing. Raises StorageError."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written ({error.strerror}): name another file with --out.")


def _blocks(title: str, told: Sequence[Told], sources: Sequence[Source]) -> Iterator[Block]:
    yield Block("title", on_one_line(title))
    for one in told:
        yield Block("question", on_one_line(one.question))
        if one.answer is None:
            yield Block("note", one.trouble)
            continue
        for part in one.answer["text"].split("\n"):
            if part.strip():
                yield Block("item", part[2:]) if part.startswith("- ") else Block("text", part)
        for citation in one.answer["citations"]:
            where = ", ".join(filter(None, [*about(citation), origin(citation["carriers"])]))
            yield Block("quote", on_one_line(citation["quote"]), f"[{citation['number']}] {where}")
        for note in one.answer["notes"]:
            yield Block("note", note)
        on = f", {in_words(one.asked.date())}, {one.asked:%H:%M} UTC" if one.asked else ""
        yield Block("note", f"{one.answer['model']}{on}")
    if sources:
        yield Block("heading", "Sources")
    for source in sources:
        known = [source.author, source.title, source.source, in_words(source.date), None if source.url else source.id]
        text = ". ".join(part.rstrip(".") for part in known if part) + "."
        yield Block("source", on_one_line(text), source.url or "")


def _markdown(blocks: Sequence[Block]) -> str:
    marks: dict[Kind, str] = {"title": "# ", "question": "## ", "heading": "## ", "item": "- ", "source": "- "}
    lines = list[str]()
    for block, before in zip(blocks, [None, *blocks[:-1]], strict=True):
        if block.kind == "quote":
            told = f"> **{literal(block.beside.partition(' ')[0])}** {literal(block.text)}\n>\n"
            told += f"> {literal(block.beside.partition(' ')[2])}"
        elif block.kind == "note":
            told = f"*{literal(block.text)}*"
        else:
            told = marks.get(block.kind, "") + literal(block.text)
            # an address in brackets is a link as it stands; escaped, some readers take the backslashes with it
            address = re.fullmatch(r"https?://[^\s<>]+", block.beside)
            told += f" <{address[0]}>" if address else f" {literal(block.beside)}".rstrip()
        together = before and before.kind == block.kind and block.kind in ("item", "source")
        lines += [told] if together or not lines else ["", told]
    return "\n".join(lines) + "\n"


def _html(title: str, blocks: Sequence[Block]) -> str:
    tags: dict[Kind, str] = {"title": "h1", "question": "h2", "heading": "h2", "item": "li", "source": "li"}
    body = ""
    for block in blocks:
        text = escape(block.text)
        if block.kind == "quote":
            body += f"<blockquote>{text}<br><cite>{escape(block.beside)}</cite></blockquote>\n"
        elif block.kind == "note":
            body += f'<p class="note">{text}</p>\n'
        else:
            tag = tags.get(block.kind, "p")
            body += f"<{tag}>{text}{escape(f' {block.beside}'.rstrip())}</{tag}>\n"
    body = re.sub(r"((?:<li>.*</li>\n)+)", r"<ul>\n\1</ul>\n", body)
    head = f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>{_HEAD}'
    return f"{head}\n{body}</html>\n"


def _docx(blocks: Sequence[Block]) -> bytes:
    import docx

    document = docx.Document()
    styles: dict[Kind, str] = {
        "title": "Title", "question": "Heading 1", "heading": "Heading 1", "item": "List Bullet",
        "source": "List Bullet", "quote": "Quote", "note": "Caption",
    }  # fmt: skip
    for block in blocks:
        written = document.add_paragraph(_NO_XML.sub("\ufffd", block.text), styles.get(block.kind))
        if block.beside:
            between = "\n" if block.kind == "quote" else " "
            written.add_run(between + _NO_XML.sub("\ufffd", block.beside)).italic = False
    if blocks:
        document.core_properties.title = _NO_XML.sub("\ufffd", blocks[0].text)[:255]
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _csl(one: Source) -> dict[str, Any]:
    """An item as the Citation Style Language has it (CSL 1.0.2)."""
    day = {"issued": {"date-parts": [[one.date.year, one.date.month, one.date.day]]}} if one.date else {}
    item = {
        "id": one.id,
        "type": "article-newspaper",
        "title": one.title,
        "container-title": one.source,
        "URL": one.url,
    }
    author = {"author": [{"literal": one.author}]} if one.author else {}
    return {name: value for name, value in item.items() if value} | author | day


def _bibtex(one: Source) -> str:
    """An entry in UTF-8, as biber reads it; LaTeX's own signs are written out.

    Its key is made of the article's id, so that two files put together cite what each cited.
    """
    kind, key = "article" if one.source else "misc", re.sub(r"\W+", "-", one.id).strip("-")
    address = re.sub(r"[{}\\\s]", lambda sign: f"%{ord(sign[0]):02X}", one.url or "")  # stands as it is
    fields = {
        "title": f"{{{_latex(one.title)}}}", "author": f"{{{_latex(one.author)}}}" if one.author else "",
        "journal": _latex(one.source or ""), "date": str(one.date or ""),
        "year": str(one.date.year) if one.date else "", "url": address, "note": _latex(one.id),
    }  # fmt: skip
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{kind}{{{key},\n{body}}}\n"


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in on_one_line(_NO_XML.sub("", text)))


def _json(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=2).encode()
