"""Pairs of news, labelled by the chat model: python -m evals.train.distil ARTICLES --out PAIRS.jsonl.gz.

The model writes a question about a sentence of an article. The statements that the search brings up for it, and the
sentence itself, are each asked: is the answer said here? How sure it is of Yes over No is what the judge learns
(Hinton et al. 2015). Then the model answers from what was found, as in real use, and is asked the same of its draft.
What it said is kept beside OUT, so that it goes on where it was interrupted.
"""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from llama_index.core.llms import ChatMessage, MessageRole

from evals.remember import RememberingAssistant
from index.types import Article
from rag import prompts
from rag.engines.base import Engine
from rag.evidence import Evidence, statements
from rag.verify import declines

_LEAST, _MOST = 60, 400  # characters of a sentence that a question is written about
_OTHERS = 6  # statements asked beside the one that the question was written about
_WRITE = (
    "Write one short question about the fact in the last sentence, as a newspaper reader would ask it. "
    "Use names instead of he, it or they. Write only the question."
)
_SAID = "Question: {question}\nAnswer: {answer}\nDo the statements say that this is the answer? Answer Yes or No."


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--questions", default=2500, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(folder: Path, out: Path, questions: int, seed: int) -> None:
    """Writes the pairs of as many QUESTIONS over the articles in FOLDER."""
    with RememberingAssistant(out.with_suffix(".said"), out.with_suffix(".index"), "embedded") as assistant:
        assistant.index(folder)
        places = list(_places(assistant))
        random.Random(seed).shuffle(places)
        with gzip.open(out, "wt", encoding="utf-8") as file:
            for done, (article, before, sentence) in enumerate(places[:questions], 1):
                for row in _pairs(assistant, article, before, sentence):
                    file.write(json.dumps(row) + "\n")
                if done % 10 == 0:
                    click.echo(f"{done:,} of {questions:,} questions")


def _places(assistant: RememberingAssistant) -> Iterator[tuple[Article, str, str]]:
    """Each sentence that a question may be written about, with its article and the two before it."""
    for id in assistant.articles.article_ids():
        article = assistant.article(id)
        told = [article.text[one.start : one.end] for one in assistant.articles.sentences(id) if one.kind == "prose"]
        for at, sentence in enumerate(told):
            if _LEAST <= len(sentence) <= _MOST and sentence[-1] in ".”\"'":
                yield article, " ".join(told[max(0, at - 2) : at]), sentence


def _pairs(
    assistant: RememberingAssistant, article: Article, before: str, sentence: str
) -> Iterator[dict[str, object]]:
    engine = assistant.engine
    question = _written(engine, _WRITE, f"{article.title}. {before} {sentence}", 48)
    if not question.endswith("?"):
        return
    hits = assistant.search(question, assistant.settings.passages)
    pool = statements(hits, assistant.articles)
    about = [item for item in pool if sentence in item.quote and item.article == article.id]
    others = [item for item in pool if item not in about][:_OTHERS]
    for item in (*about, *others):
        yield _row(question, None, item, engine.yes_minus_no(prompts.answered(question, [item]))[0])
    items = [*about, *others][:5]
    draft = _written(engine, prompts.INSTRUCTIONS, f"{prompts.statements(items)}\n\nQuestion: {question}", 80)
    if draft and not declines(draft):
        for item in items[:3]:
            asked = f"{prompts.statements([item])}\n\n{_SAID.format(question=question, answer=draft)}"
            yield _row(question, draft, item, engine.yes_minus_no(_messages(prompts.INSTRUCTIONS, asked))[0])


def _row(question: str, answer: str | None, item: Evidence, log_odds: float) -> dict[str, object]:
    label = round(1 / (1 + math.exp(-log_odds)), 4)
    return {
        "question": question, "answer": answer, "sentence": judged(item), "label": label, "log_odds": log_odds,
        "source": item.article, "kind": "distilled",
    }  # fmt: skip


def judged(item: Evidence) -> str:
    """A statement as the judge reads it: the article's title and day, and its words."""
    day = f" ({item.date:%-d %B %Y})" if item.date else ""
    return f"{item.title}{day}: {' '.join(item.quote.split())}"


def _written(engine: Engine, instructions: str, text: str, longest: int) -> str:
    return " ".join("".join(engine.stream(_messages(instructions, text), max_tokens=longest)).split())


def _messages(instructions: str, text: str) -> Sequence[ChatMessage]:
    return [
        ChatMessage(role=MessageRole.SYSTEM, content=instructions),
        ChatMessage(role=MessageRole.USER, content=text.replace("<|", "< |")),
    ]


if __name__ == "__main__":
    main()
