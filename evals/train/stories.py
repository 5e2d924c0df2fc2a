"""What search and judge put first for the questions of story sets: python -m evals.train.stories SETS… --out FILE.

A set is three invented articles (an event, another like it, and a sequel) with eight questions, every sentence that
answers each, and answers as a small model writes them, right and wrong. It is searched among the articles of all sets
of its file, by what serves, and each statement found becomes a pair for training, labelled by the sentences that it
holds: what must be told apart is what search really brings."""

import gzip
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from evals.progress import progress
from evals.types import Place
from index.static import StaticEmbedder
from index.types import Article
from rag.assistant import Assistant
from rag.crossencoder import CrossEncoder
from rag.evidence import PASSAGES, READ, gather
from rag.settings import HERE
from rag.words import content_words

_FIRST = 6  # statements of a question that are learned from, those of the highest rank
Rows = Iterator[dict[str, Any]]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path))
def main(files: tuple[Path, ...], out: Path) -> None:
    """Writes the pairs of all FILES into OUT."""
    with gzip.open(out, "wt", encoding="utf-8") as written:
        for file in files:
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                sets = [json.loads(line) for line in lines]
            for row in found(sets):
                written.write(json.dumps(row, ensure_ascii=False) + "\n")


def found(sets: Sequence[dict[str, Any]]) -> Rows:
    """The pairs of each question: question, perhaps an answer, sentence, title or what its article is about, label."""
    with tempfile.TemporaryDirectory() as scratch, progress() as told:
        folder = Path(scratch) / "articles"
        for one in sets:
            write_articles(one, folder)
        with Assistant(Path(scratch) / "data", **HERE) as assistant:
            assistant.index(folder)
            judge = CrossEncoder()
            for number, one in enumerate(sets, 1):
                yield from _of_set(one, assistant, judge)
                told(number, len(sets), "story sets")


def write_articles(one: dict[str, Any], folder: Path) -> None:
    """The articles of a set as files that `dateline index` reads, three sentences a paragraph."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, article in enumerate(one["articles"]):
        said = article["sentences"]
        text = "\n\n".join(" ".join(said[at : at + 3]) for at in range(0, len(said), 3))
        head = {name: article[name] for name in ("title", "date", "source") if article.get(name)}
        front = "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in head.items())
        (folder / _file_name(one, number)).write_text(f"---\n{front}\n---\n\n{text}\n", encoding="utf-8")


def _file_name(one: dict[str, Any], number: int) -> str:
    return f"{one['id']}-{number}.md"


def _of_set(one: dict[str, Any], assistant: Assistant, judge: CrossEncoder) -> Rows:
    texts = [assistant.article(_file_name(one, number)) for number in range(len(one["articles"]))]
    for asked in one["questions"]:
        yes, half = (list(_marked(asked.get(which, ()), one, texts)) for which in ("yes", "half"))
        question = asked["q"]
        hits = assistant.search(question, PASSAGES * 10)
        pool = gather(question, hits, assistant.articles, judge, StaticEmbedder(), limit=READ).pool
        first = list[tuple[dict[str, Any], int]]()
        for rank, item in enumerate(pool):
            said = Place(item.article, item.start, item.end)
            right, partly = (any(2 * said.shared(mark) > mark.end - mark.start for mark in one) for one in (yes, half))
            if not right and (rank >= _FIRST or partly):
                continue
            pair = {"question": question, "title": item.about, "sentence": item.told}
            yield pair | {"label": int(right)}
            first.append((pair, int(right)))
            if right:
                answers = [(asked["answer"], 1), *((wrong, 0) for wrong in asked.get("wrong", ())[:2])]
                yield from (pair | {"answer": said, "label": label} for said, label in answers)
            elif asked.get("answer") and rank == 0:
                yield pair | {"answer": asked["answer"], "label": 0}
        yield from drafted(asked.get("drafts", ()), first)


def drafted(drafts: Sequence[tuple[str, int]], found: Sequence[tuple[dict[str, Any], int]]) -> Rows:
    """Each draft with the statement that has most of its words, on which it would stand, and its label. A right one
    fits only what answers; a wrong one is also held against what does, which it comes nearest to."""

    def most_of(draft: str, label: int | None) -> list[dict[str, Any]]:
        said = set(content_words(draft))
        choice = [pair for pair, answers in found if label in (None, answers)]
        return sorted(choice, key=lambda pair: -len(said.intersection(content_words(pair["sentence"]))))[:1]

    for number, (draft, right) in enumerate(drafts):
        pairs = most_of(draft, 1) if right else most_of(draft, None) + most_of(draft, 1)
        rows = [pair | {"answer": draft, "label": right} for pair in pairs]
        if right and number % 2:
            rows += [pair | {"answer": draft, "label": 0} for pair in most_of(draft, 0)]
        yield from {row["sentence"]: row for row in rows}.values()


def _marked(marks: Sequence[Sequence[int]], one: dict[str, Any], texts: Sequence[Article]) -> Iterator[Place]:
    for number, at in marks:
        sentence = one["articles"][number]["sentences"][at]
        start = texts[number].text.find(sentence)
        yield Place(texts[number].id, start, start + len(sentence))


if __name__ == "__main__":
    main()
