"""What the processes do that read: a file into articles, articles into sentences and passages; and what it may take.

Apart from `index.sync`, so that they load no more than that needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from index.decode import Unreadable, one_at_most
from index.read import read_file
from index.split import passages_of, sentences_of
from index.types import Article, Passage, Sentence, Skipped
from index.workers import Budget

Split = tuple[list[Sentence], list[Passage]]
_SECONDS, _MEMORY = 10, 1_000_000_000  # on a processor, and bytes, for anything at all
_OF_A_MEGABYTE = 10, 20_000_000  # the same besides, for each megabyte of a file
_OF_A_CHARACTER = 1 / 20_000, 200  # the same besides, for each character that is split


def read(file: tuple[Path, str, int]) -> tuple[list[Article], list[Skipped]]:
    """As `index.read.read_file`, of a path, the name below the folder and the size in bytes."""
    path, relative, _ = file
    return read_file(path, relative)


def to_read(file: tuple[Path, str, int]) -> Budget:
    seconds, memory = _OF_A_MEGABYTE
    return Budget(_SECONDS + seconds * file[2] / 1e6, int(_MEMORY + memory * file[2] / 1e6))


def split(articles: Sequence[Article]) -> list[Split | str]:
    """Sentences and passages of each, or why there are none."""
    found = list[Split | str]()
    for article in articles:
        try:
            with one_at_most():
                sentences = sentences_of(article)
                found.append((sentences, passages_of(article, sentences)))
        except Unreadable as trouble:
            found.append(str(trouble))
    return found


def to_split(articles: Sequence[Article]) -> Budget:
    characters, (seconds, memory) = sum(len(article.text) for article in articles), _OF_A_CHARACTER
    return Budget(_SECONDS + seconds * characters, int(_MEMORY + memory * characters))
