"""The columns of a catalog's tables, and the plain values that they stand for: the same in every database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from index.records import Entry, FileState, day_number
from index.types import Article, Kind, Passage, Skipped, Span


def vectors_of(held: bytes, rows: int = 1) -> NDArray[np.float32]:
    """Vectors as they are kept, in half precision: a cosine is off by a ten-thousandth."""
    return np.frombuffer(held, np.float16).reshape(rows, -1 if rows else 0).astype(np.float32)


def skipped_as_json(skipped: Iterable[Skipped]) -> str:
    return json.dumps([(each.path, each.reason) for each in skipped])


def skipped_of(told: str) -> list[Skipped]:
    return [Skipped(*pair) for pair in json.loads(told)] if told != "[]" else []  # nearly always none


def article_columns(entry: Entry) -> dict[str, str | None]:
    article = entry.article
    spans = {
        "captions": [(span.start, span.end) for span in article.caption_spans],
        "asides": [(span.start, span.end) for span in article.aside_spans],
        "pages": article.page_starts,
    }
    return {
        "id": article.id,
        "file": entry.file,
        "digest": entry.digest,
        "title": article.title,
        "text": article.text,
        "date": article.date.isoformat() if article.date else None,
        "source": article.source,
        "url": article.url,
        "author": article.author,
        "spans": json.dumps(spans),
    }


def passage_columns(row: int, passage: Passage, source: int, author: int) -> dict[str, str | int]:
    return {
        "row": row,
        "id": passage.id,
        "article": passage.article,
        "start": passage.start,
        "end": passage.end,
        "kind": passage.kind,
        "day": day_number(passage.date),
        "source": source,
        "author": author,
    }


def file_columns(file: FileState) -> dict[str, str]:
    return {
        "path": file.path,
        "sha256": file.sha256,
        "reading": file.reading,
        "skipped": skipped_as_json(file.skipped),
        "stamp": file.stamp,
    }


def article_of(columns: Sequence[str | None]) -> Article:
    id, title, text, day, source, url, author, spans = columns
    parts = json.loads(spans or "{}")
    return Article(
        id=id or "",
        title=title or "",
        text=text or "",
        date=day_of(day),
        source=source,
        url=url,
        author=author,
        caption_spans=tuple(Span(*pair) for pair in parts["captions"]),
        aside_spans=tuple(Span(*pair) for pair in parts["asides"]),
        page_starts=tuple(parts["pages"]),
    )


def day_of(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


def kind_of(kind: str) -> Kind:
    return "caption" if kind == "caption" else "prose"
