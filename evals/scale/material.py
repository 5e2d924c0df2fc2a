"""What an archive is made of: the sentences of real articles, with their names and numbers as blanks to be filled."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import CorpusError
from index.read import find_files, read_file
from index.split import sentences_of
from index.stopwords import STOPWORDS
from index.types import Article

_LONGEST, _SHORTEST = 400, 30  # characters of a sentence that is taken
_NEAR = 6  # articles that are taken for related
_BLANK = re.compile(r"\b[A-Z][a-z]{2,}\b|\b\d[\d,]*\d\b|\b\d\b")
_WORD = re.compile(r"[^\W\d_]{2,}")
# where one sentence may go on as another does; the words stay with the second half
_JOINT = re.compile(
    r"(?<=\w)(, | )(after|although|as|because|but|despite|when|where|which|while|who|with|including|following|that)\b "
)
_CALENDAR = frozenset(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August "
    "September October November December".split()
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in pieces: fixed words at even places, and between them what stood in each blank."""

    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Matter:
    """What articles on related matter say."""

    whole: tuple[Sentence, ...]
    heads: dict[str, tuple[Sentence, ...]]
    """Beginnings of sentences, by the word that their second half begins with."""
    tails: dict[str, tuple[Sentence, ...]]

    @cached_property
    def joints(self) -> tuple[str, ...]:
        """The words that second halves begin with, each as often as there is a beginning for it."""
        return tuple(word for word, heads in self.heads.items() for _ in heads)


@dataclass(frozen=True)
class Material:
    """The matters of an archive, the names that stand in them, commonest first, and a hash of it all."""

    matters: tuple[Matter, ...]
    names: tuple[str, ...]
    fingerprint: str


def read_material(folders: Sequence[Path]) -> Material:
    """What the articles in `folders` are good for. Raises CorpusError if they hold too little, or cannot be read."""
    articles = [article for folder in folders for article in _articles(folder)]
    told = [list(_sentences(article)) for article in articles]
    told = [sentences for sentences in told if sentences]
    if sum(map(len, told)) < 20:
        raise CorpusError(
            f"{', '.join(map(str, folders))}: fewer than 20 sentences that an archive could be made of: name a folder "
            "with more articles in it."
        )
    lower = {word for sentences in told for each in sentences for word in _WORD.findall(each) if word.islower()}
    names = Counter(word for sentences in told for each in sentences for word in _names(each, lower))
    cut = [[_cut(each, names) for each in sentences] for sentences in told]
    related = _related([" ".join(sentences) for sentences in told])
    return Material(
        tuple(_matter([each for at in near for each in told[at]], names) for near in related),
        tuple(name for name, _ in names.most_common()),
        sha256(repr(cut).encode()).hexdigest()[:16],
    )


def _articles(folder: Path) -> Iterator[Article]:
    for relative, path in find_files(folder)[0].items():
        yield from read_file(Path(path), relative)[0]


def _sentences(article: Article) -> Iterator[str]:
    for sentence in sentences_of(article):
        text = " ".join(article.text[sentence.start : sentence.end].split())
        if sentence.kind == "prose" and _SHORTEST <= len(text) <= _LONGEST:
            yield text


def _names(sentence: str, lower: set[str]) -> Iterator[str]:
    """Capitalised words that are no others: not a sentence's first, nor met in lower case anywhere."""
    for found in _BLANK.finditer(sentence):
        word = found[0]
        if found.start() > 1 and word[0].isalpha() and word.lower() not in lower and word not in _CALENDAR:
            yield word


def _cut(text: str, names: Counter[str]) -> Sentence:
    pieces, at = list[str](), 0
    for found in _BLANK.finditer(text):
        if found[0] in names or found[0][0].isdigit():
            pieces += [text[at : found.start()], found[0]]
            at = found.end()
    return Sentence((*pieces, text[at:]))


def _related(texts: Sequence[str]) -> list[list[int]]:
    """For each text: itself and those nearest to it (cosine of tf-idf), nearest first."""
    counts = [Counter(word for word in _WORD.findall(text.lower()) if word not in STOPWORDS) for text in texts]
    place = {word: at for at, word in enumerate(sorted(set().union(*counts)))}
    table: NDArray[np.float32] = np.zeros((len(texts), len(place)), np.float32)
    for row, count in zip(table, counts, strict=True):
        row[[place[word] for word in count]] = list(count.values())
    weighed = np.log1p(table) * np.log((len(texts) + 1) / (1 + (table > 0).sum(axis=0)) + 1)
    weighed /= np.maximum(np.linalg.norm(weighed, axis=1, keepdims=True), 1e-9)
    nearness = weighed @ weighed.T
    np.fill_diagonal(nearness, 2.0)
    return [list(map(int, row)) for row in np.argsort(-nearness, axis=1, kind="stable")[:, :_NEAR]]


def _matter(sentences: Sequence[str], names: Counter[str]) -> Matter:
    heads, tails = dict[str, list[Sentence]](), dict[str, list[Sentence]]()
    for text in sentences:
        joints = [found for found in _JOINT.finditer(text) if found.start() > 25 and len(text) - found.end() > 20]
        if joints and not any(mark in text for mark in '"“”'):  # half a quotation would be none
            joint = joints[len(joints) // 2]
            kind = joint[1] + joint[2]
            heads.setdefault(kind, []).append(_cut(text[: joint.start()], names))
            tails.setdefault(kind, []).append(_cut(text[joint.start() :], names))
    return Matter(
        tuple(_cut(text, names) for text in sentences),
        {kind: tuple(found) for kind, found in heads.items()},
        {kind: tuple(found) for kind, found in tails.items()},
    )
