"""A folder of files -> Articles. Whatever cannot be read is told with its reason; nothing is lost silently."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from index.captions import find_captions
from index.dates import native_date
from index.decode import MAX_ARTICLE_CHARS, Unreadable, one_at_most, read_text, too_long
from index.documents import read_epub, read_odt, read_rtf
from index.errors import CorpusError
from index.exports import apart
from index.feeds import read_feed
from index.fields import field_names, from_fields
from index.formats import Extract, Found, word
from index.mail import read_eml, read_mbox, read_mhtml
from index.pdf import read_pdf
from index.rows import read_csv, read_json, read_jsonl
from index.split import split_sentences
from index.types import Article, Skipped, Span
from index.webpage import page_text, read_html
from index.word import read_docx

__all__ = ["MAX_ARTICLE_CHARS", "find_files", "hash_file", "may_matter", "read_file"]

_TITLE_CHARS = 80
_LONGEST_TITLE = 300  # characters
_HIDDEN = (".", "~$")  # Word's lock files ("~$…") are hidden where Word runs
_ABOUT_FOLDER = re.compile(r"(?:README|SOURCES|LICEN[CS]E)(?:[._-].*)?")
_FRONT_MATTER = re.compile(r"(---|\+\+\+)[ \t]*\r?\n(.*?)^\1[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_FRONT_MATTER_LINE = re.compile(r"^(\w+):(.*)$", re.MULTILINE)
_MAIN_HEADING = re.compile(r"^#[ \t]+(.+)$|^(\S.*)\n=+[ \t]*\r?$", re.MULTILINE)
_OPENING_HEADING = re.compile(r"\s*#{1,6}[ \t]+(.+)$", re.MULTILINE)


def find_files(folder: Path, *, but: Path | None = None) -> tuple[dict[str, str], list[Skipped]]:
    """Every file below `folder` that may hold articles: its relative path, and its path, sorted; what is left out, why.

    Hidden files and folders are ignored without a word, and so is what is below `but`. A link to a folder is followed
    unless it leads to what is read anyway, so that loops end. Raises CorpusError if `folder` cannot be listed.
    """
    # Strings, not paths: a folder of a hundred thousand files is looked through in a second
    found = dict[str, str]()
    skipped = list[Skipped]()
    roots = list[Path]()  # what is read, without links
    folders = [("", os.fspath(folder))]
    while folders:
        above, place = folders.pop()
        try:
            entries = [entry for entry in os.scandir(place) if not entry.name.startswith(_HIDDEN)]
        except OSError as error:
            if not above:
                raise CorpusError(
                    f"The folder {folder} cannot be listed ({error.strerror or error}). "
                    "Name the folder with your articles: dateline index FOLDER"
                ) from error
            skipped.append(Skipped(_shown(above.rstrip("/")), _why(error)))
            continue
        roots = roots or [folder.resolve()]
        for entry in entries:
            relative = above + entry.name
            try:
                trouble = _look_at(entry, roots)
            except OSError as error:
                trouble = _why(error)
            if trouble:
                skipped.append(Skipped(_shown(relative), trouble))
            elif entry.is_file():
                found[relative] = entry.path
            elif but is None or entry.path != os.fspath(but):
                folders.append((f"{relative}/", entry.path))
    return dict(sorted(found.items())), sorted(skipped, key=lambda one: one.path)


def may_matter(path: Path, folder: Path) -> bool:
    """Whether a change of what lies, or lay, at `path` below `folder` may change what is read there.

    What is hidden does not, nor does a file that holds no articles; what is gone may have been a folder.
    """
    if any(part.startswith(_HIDDEN) for part in path.relative_to(folder).parts):
        return False
    return not path.is_file() or _no_article(path.name) is None


def hash_file(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal, read in blocks. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_file(path: Path, relative: str) -> tuple[list[Article], list[Skipped]]:
    """The articles of one file, whose ids begin with `relative`; and the records that are none, with reasons.

    Never raises for bad content, nor for a file that has gone or may not be read.
    """
    try:
        with one_at_most():
            found = _reader(relative)(path)
    except Unreadable as trouble:
        return [], [Skipped(relative, str(trouble))]
    except OSError as error:
        return [], [Skipped(relative, _why(error))]
    articles: list[Article] = []
    skipped: list[Skipped] = []
    for mark, item in found:
        try:
            with one_at_most():
                articles.append(_article(relative + mark, relative, item))
        except Unreadable as trouble:
            skipped.append(Skipped(relative + mark, str(trouble)))
    return articles, skipped


# --- the folder


def _look_at(entry: os.DirEntry[str], roots: list[Path]) -> str | None:
    """Why this entry is left out, or None. Adds the target of a link to a folder to `roots`."""
    try:
        entry.stat()
        is_folder, is_file = entry.is_dir(), entry.is_file()
    except OSError:
        if entry.is_symlink():
            return "a link that leads nowhere"
        raise
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return "its name is not valid UTF-8: rename it"
    if is_folder:
        return _follow(Path(entry), roots) if entry.is_symlink() else None
    if not is_file:
        return "not a regular file"
    return _no_article(entry.name)


def _no_article(name: str) -> str | None:
    """Why a file of this name holds no article, or None."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    if suffix in (".md", ".txt", "") and _ABOUT_FOLDER.fullmatch(stem):
        return "describes the folder, not an article"
    if suffix.lower() not in _READERS:
        return _unknown(suffix)
    return None


def _follow(link: Path, roots: list[Path]) -> str | None:
    target = link.resolve()
    if any(target.is_relative_to(root) or root.is_relative_to(target) for root in roots):
        return "a link to a folder that is read anyway, or to one around it"
    roots.append(target)
    return None


def _shown(relative: str) -> str:
    return relative.encode(errors="surrogateescape").decode(errors="replace")


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it has vanished"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    return f"cannot be read: {os.strerror(error.errno) if error.errno else error}"


def _unknown(suffix: str) -> str:
    what = f"{suffix} files are not read" if suffix else "files without a suffix are not read"
    return f"{what}, only {', '.join(sorted(_READERS))}"


# --- one file


def _reader(name: str) -> Callable[[Path], list[Found]]:
    suffix = Path(name).suffix
    if suffix.lower() not in _READERS:
        raise Unreadable(_unknown(suffix))
    return _READERS[suffix.lower()]


def _article(identifier: str, relative: str, item: Extract | Unreadable) -> Article:
    """The article of an extract, with its captions found and its title chosen. Raises Unreadable."""
    if isinstance(item, Unreadable):
        raise item
    text = item.text
    if len(text) > MAX_ARTICLE_CHARS:
        raise too_long()
    captions, credits = find_captions(text)
    asides = tuple(sorted({*item.asides, *credits}, key=lambda span: (span.start, span.end)))
    if not any(text[start:end].strip() for start, end in _between(asides, len(text))):
        raise Unreadable("empty: there is no text in it" if text.strip() else "empty")
    title = (
        _shorten(item.title or "", _LONGEST_TITLE) or _first_sentence(text, (*captions, *asides)) or Path(relative).name
    )
    return Article(
        id=identifier,
        title=title,
        text=text,
        date=item.date,
        source=item.source,
        url=item.url,
        author=item.author,
        caption_spans=captions,
        aside_spans=asides,
        page_starts=item.page_starts,
    )


def _between(spans: tuple[Span, ...], length: int) -> list[tuple[int, int]]:
    """(start, end) of what stands outside of all `spans`, in order."""
    ordered = sorted(spans, key=lambda span: span.start)
    gaps, edge = [], 0
    for span in ordered:
        gaps.append((edge, span.start))
        edge = max(edge, span.end)
    return [(start, end) for start, end in [*gaps, (edge, length)] if start < end]


def _first_sentence(text: str, spans: tuple[Span, ...]) -> str | None:
    """The first sentence outside of `spans`, in one line, cut at a word to about 80 characters."""
    for start, end in _between(spans, len(text)):
        piece = text[start:end].lstrip()[:1000]
        for sentence in split_sentences(piece):
            words = " ".join(piece[sentence.start : sentence.end].split())
            if any(c.isalnum() for c in words):
                return _shorten(words, _TITLE_CHARS)
    return None


def _shorten(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    whole_words, _, _ = text[:limit].rpartition(" ")
    return (whole_words or text[: limit - 1]).rstrip(" ,;:–—-") + "…"


# --- plain text, native or not, and Markdown


def _read_txt(path: Path) -> list[Found]:
    text = read_text(path)
    day, prefix = native_date(text)
    return [("", Extract(text, date=day, asides=(prefix,) if prefix else ()))]


def _read_md(path: Path) -> list[Found]:
    text = read_text(path)
    block, fields = _front_matter(text)
    body = block.end if block else 0
    day, prefix = native_date(text, body)
    given = from_fields(fields, text)
    extract = replace(
        given,
        title=given.title or _heading(text, prefix.end if prefix else body),
        date=day or given.date,
        asides=tuple(span for span in (block, prefix) if span),
    )
    return [("", extract)]


def _heading(text: str, start: int) -> str | None:
    """The heading that the text opens with, else its first main heading, else None."""
    heading = _OPENING_HEADING.match(text, start) or _MAIN_HEADING.search(text, start)
    return word((heading[1] or heading[heading.re.groups]).rstrip(" \t\r#")) if heading else None


def _front_matter(text: str) -> tuple[Span | None, dict[str, Any]]:
    """The span of the YAML (---) or TOML (+++) block at the beginning and its fields; (None, {}) without one.

    A block that is neither, as `title: Hama: what next`, is read line by line.
    """
    import frontmatter

    block = _FRONT_MATTER.match(text)
    if not block:
        return None, {}
    try:
        fields = frontmatter.parse(block[0])[0] if block[1] == "---" else tomllib.loads(block[2].replace("\r\n", "\n"))
    except Exception:  # YAML's own errors, and ValueError for a date in its 13th month
        fields = dict(_FRONT_MATTER_LINE.findall(block[2]))
        fields = fields if field_names(fields) else {}
    return (Span(0, block.end()), fields) if fields else (None, {})  # or two rules with prose between them


_READERS: dict[str, Callable[[Path], list[Found]]] = {
    ".txt": apart(_read_txt, verbatim=True),
    ".md": _read_md,
    ".html": apart(read_html, all_of_it=page_text),
    ".htm": apart(read_html, all_of_it=page_text),
    ".pdf": apart(read_pdf),
    ".docx": apart(read_docx),
    ".rtf": apart(read_rtf),
    ".odt": apart(read_odt),
    ".epub": read_epub,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".eml": read_eml,
    ".mbox": read_mbox,
    ".mht": read_mhtml,
    ".mhtml": read_mhtml,
    ".xml": read_feed,
    ".rss": read_feed,
    ".atom": read_feed,
}
